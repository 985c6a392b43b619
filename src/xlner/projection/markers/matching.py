"""Find the entity of each marked text, which makes a projection of the markers that were read."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from xlner.core.entity import Entity, Span, overlaps
from xlner.core.pair import Outcome, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.projection.markers.reading import Diagnosis, Mark, Unmarked, read_markers
from xlner.projection.markers.styles import WrittenMarkers, trimmed
from xlner.projection.matching.assignment import assign
from xlner.text.offsets import words_in
from xlner.text.spelling import fold_case
from xlner.text.tokenizer import Segmenter

THRESHOLD = 0.5
"""The similarity that EasyProject requires."""


def similarity(first: str, second: str) -> float:
    """The similarity of two texts in [0, 1]: `2 · matches / (|first| + |second|)` in lower case, 0 if one is empty.

    >>> similarity("Vigo", "VIGO"), similarity("", "Vigo")
    (1.0, 0.0)
    """
    first, second = fold_case(first.strip()), fold_case(second.strip())
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def check_threshold(threshold: float) -> None:
    """Raise `ValidationError` for a threshold outside [0, 1).

    >>> check_threshold(0.5)
    """
    if not 0 <= threshold < 1:
        raise ValidationError(f"threshold {threshold} is outside [0, 1)")


def recover_entities(
    source: Sentence,
    markers: WrittenMarkers,
    translations: Sequence[str],
    *,
    surfaces: Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    language: str | None = None,
    segmenter: Segmenter | None = None,
) -> Projection:
    """Project the entities of a sentence onto the translation of its marked text (EasyProject, Chen et al. 2023).

    - `translations`: translations of one marked text. The one with the most recovered entities is used; in a tie the
      one with the largest sum of similarities, then the first.
    - `surfaces`: the translation of each entity alone. A tag that names its entity needs no similarity. Other marked
      texts, and tags whose names were not written, are assigned to entities one to one, with the largest total
      similarity, each above `threshold` (EasyProject takes the last one above it). Half a marker counts if it stands
      next to the surface of its entity.
    - Without `surfaces`, the markers of one name are assigned in order, but only if there are as many as entities, or
      if all entities of that name have the same label.

    Projected spans are disjoint and cover whole tokens of the text without markers. `segmenter` splits text in scripts
    without spaces into words.

    Reasons: `no-candidate` for a lost marker, `below-threshold` if the remaining marked texts are too different from
    the entity, `overlap` if other entities took its texts, `discontinuous` if its marked text is around that of
    another. `scores["similarity"]` is that of the projected text, or of the most similar one.

    Raises `ValidationError` if there is not one marker and one surface per entity, and for a `threshold` outside
    [0, 1).

    >>> vigo = Sentence(("Ana", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(2, 3, "LOC")))
    >>> recover_entities(vigo, WrittenMarkers(("", "")), ["En [Vigo], [Ana]"], surfaces=["Ana", "Vigo"]).sentence.tags()
    ['O', 'B-LOC', 'O', 'B-PER']
    """
    check_threshold(threshold)
    n = len(source.entities)
    if len(markers.names) != n or (surfaces is not None and len(surfaces) != n):
        raise ValidationError(f"{n} entities need {n} markers and surfaces", hint="pass one of each per entity")
    tries = [
        _recover_one(
            _Task(source.entities, markers, surfaces, threshold), read_markers(text, markers), language, segmenter
        )
        for text in translations or ("",)
    ]
    return max(tries, key=_quality)


def _quality(projection: Projection) -> tuple[int, float]:
    taken = [outcome for outcome in projection.outcomes if not outcome.dropped]
    return (len(taken), sum(outcome.scores.get("similarity", 0.0) for outcome in taken))


@dataclass(frozen=True, slots=True)
class _Task:
    """The entities to find, their markers and surfaces."""

    entities: tuple[Entity, ...]
    markers: WrittenMarkers
    surfaces: Sequence[str] | None
    threshold: float


class _Candidate(NamedTuple):
    """A marked text: token span, text, name of its marker, and whether the marker is whole."""

    span: Span
    text: str
    name: str
    whole: bool


class _Fit(NamedTuple):
    """How well a marked text fits an entity: its weight in the assignment, and its similarity if known."""

    weight: float
    similarity: float | None


def _recover_one(task: _Task, read: Unmarked, language: str | None, segmenter: Segmenter | None) -> Projection:
    sentence = Sentence.from_text(read.text, language=language, segmenter=segmenter)
    candidates = _candidates(task, read, sentence)
    if task.surfaces is None:
        fits = _in_order(task, candidates)
    else:
        fits = [_fits(task, i, surface, candidates) for i, surface in enumerate(task.surfaces)]
    allowed = [{j: m for j, m in row.items() if m.weight > task.threshold} for row in fits]
    placed, around = _place_inside_out(task, allowed, candidates)
    used = set(placed.values())
    left = {c.name for j, c in enumerate(candidates) if j not in used}
    outcomes = []
    for i, entity in enumerate(task.entities):
        if i in placed:
            outcomes.append(_projected(entity, candidates[placed[i]].span, fits[i][placed[i]].similarity))
        elif i in around:
            outcomes.append(Outcome(entity, reason=Reason.DISCONTINUOUS))
        elif allowed[i]:
            outcomes.append(Outcome(entity, reason=Reason.OVERLAP))
        elif left.intersection(_open_to(task.markers.names[i])):
            best = max((m.similarity or 0.0 for m in fits[i].values()), default=0.0)
            outcomes.append(Outcome(entity, reason=Reason.BELOW_THRESHOLD, scores={"similarity": best}))
        else:
            outcomes.append(Outcome(entity, reason=Reason.NO_CANDIDATE))
    found = [entity for outcome in outcomes for entity in outcome.projected]
    return Projection(sentence.with_entities(found), tuple(outcomes))


def _projected(entity: Entity, span: Span, score: float | None) -> Outcome:
    scores = {} if score is None else {"similarity": score}
    return Outcome(entity, (Entity(*span, entity.label, score),), scores=scores)


def _candidates(task: _Task, read: Unmarked, sentence: Sentence) -> list[_Candidate]:
    """The texts of whole marks in their order, then the texts that half marks may belong to."""
    offsets = sentence.offsets or ()
    whole = [(m.start, m.end, m.name) for m in read.marks if not m.half and m.diagnosis is not Diagnosis.EMPTY]
    guessed = [] if task.surfaces is None else _guesses(task.surfaces, task.markers, read, offsets)
    made = []
    for k, (start, end, name) in enumerate([*whole, *guessed]):
        span = words_in(offsets, start, end)
        if span is not None:
            made.append(_Candidate(span, read.text[start:end], name, k < len(whole)))
    return made


def _guesses(
    surfaces: Sequence[str], markers: WrittenMarkers, read: Unmarked, offsets: Sequence[Span]
) -> list[tuple[int, int, str]]:
    """The ranges that markers with only one half left may have been around, by position.

    This repairs a lost slash, `<1>Vigo<1>`, swapped brackets, `]Vigo[`, and a single bracket, `[Vigo`. A range only
    becomes an entity if it is similar to it.
    """
    halves = [mark for mark in read.marks if mark.half]
    ranges = set()
    for name in {half.name for half in halves}:
        places = sorted({place for m in read.marks if m.name == name for place in (m.start, m.end)})
        ranges |= {(*trimmed(read.text, a, b), name) for a, b in pairwise(places)}
    for own, surface in zip(markers.names, map(str.strip, surfaces), strict=True):
        near = [half for half in halves if half.name in _open_to(own)]
        ranges |= {(*beside, half.name) for half in near for beside in _beside(half, surface, read.text, offsets)}
    return sorted(ranges - {(m.start, m.end, m.name) for m in read.marks})


def _beside(half: Mark, surface: str, text: str, offsets: Sequence[Span]) -> Iterator[Span]:
    """The range of the surface, whatever its spaces, if it stands in whole tokens right next to the half marker."""
    wanted = _letters(surface)
    at = bisect_left(offsets, (half.start, half.start))
    if half.diagnosis is Diagnosis.UNCLOSED:
        spans = ((offsets[at][0], offsets[k][1]) for k in range(at, len(offsets)))
    else:
        spans = ((offsets[k][0], offsets[at - 1][1]) for k in reversed(range(at)))
    for start, end in spans:
        if start < half.start < end or text[half.start : start].strip() or text[end : half.start].strip():
            return
        found = _letters(text[start:end])
        if len(found) >= len(wanted):
            if found == wanted:
                yield (start, end)
            return


def _letters(text: str) -> str:
    return fold_case("".join(text.split()))


def _open_to(name: str | None) -> tuple[str, ...]:
    """The names of the marks that an entity may take: its own name, and the empty name of unknown tags."""
    return () if name is None else (name, "")


def _fits(task: _Task, entity: int, surface: str, candidates: Sequence[_Candidate]) -> dict[int, _Fit]:
    """The candidates that an entity may take, weighted by similarity, plus 1 if the marker names the entity.

    A guessed range must be more similar than `(1 + threshold) / 2`, because it may include neighboring words.
    """
    name = task.markers.names[entity]
    unique = name != "" and task.markers.names.count(name) == 1
    known: dict[str, float] = {}  # a translator that loops repeats the same text
    fits = {}
    for j, candidate in enumerate(candidates):
        if candidate.name in _open_to(name):
            if candidate.text not in known:
                known[candidate.text] = similarity(candidate.text, surface)
            score = known[candidate.text]
            own = unique and candidate.whole and candidate.name == name
            enough = candidate.whole or score > (1 + task.threshold) / 2
            fits[j] = _Fit(score + own if enough else 0.0, score)
    return fits


def _in_order(task: _Task, candidates: Sequence[_Candidate]) -> list[dict[int, _Fit]]:
    """Assign the markers of one name to the entities of that name in order, if that cannot give a wrong label."""
    fits: list[dict[int, _Fit]] = [{} for _ in task.entities]
    counts = Counter(candidate.name for candidate in candidates)
    for name in counts:
        owners = [i for i, other in enumerate(task.markers.names) if other == name]
        labels = {task.entities[i].label for i in owners}
        if len(labels) == 1 or counts[name] == len(owners):
            marked = [j for j, candidate in enumerate(candidates) if candidate.name == name]
            for i, j in zip(owners, marked, strict=False):
                fits[i][j] = _Fit(task.threshold + 1, None)
    return fits


def _place_inside_out(
    task: _Task, allowed: Sequence[dict[int, _Fit]], candidates: Sequence[_Candidate]
) -> tuple[dict[int, int], set[int]]:
    """Assign candidates to entities; none that has the marked text of an entity inside that is left without.

    Also returns the entities that lost a candidate because of that; their rows of `allowed` lose it, too. An entity
    whose own text has that of the other, as `Bank of England` has `England`, keeps it.
    """
    surfaces = task.surfaces or [""] * len(allowed)
    spans = [c.span for c in candidates]
    around: set[int] = set()
    while True:
        placed = _place(allowed, spans)
        lost = [(i, j) for i, row in enumerate(allowed) if i not in placed for j in row if candidates[j].whole]
        holding = (
            i
            for i, j in placed.items()
            if any(_is_inside(spans[inner], spans[j]) and surfaces[k] not in surfaces[i] for k, inner in lost)
        )
        outer = next(holding, None)
        if outer is None:
            return placed, around
        del allowed[outer][placed[outer]]
        around.add(outer)


def _is_inside(inner: Span, outer: Span) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def _place(allowed: Sequence[Mapping[int, _Fit]], spans: Sequence[Span]) -> dict[int, int]:
    """Assign candidates to entities without overlap: the best of overlapping ones stays, the others try again."""
    placed: dict[int, int] = {}
    while True:
        taken = [spans[j] for j in placed.values()]
        weights = [
            {j: m.weight for j, m in row.items() if not any(overlaps(spans[j], t) for t in taken)}
            for row in ({} if i in placed else row for i, row in enumerate(allowed))
        ]
        chosen = [(i, j) for i, j in enumerate(assign(weights)) if j is not None]
        if not chosen:
            return placed
        for i, j in sorted(chosen, key=lambda c: (-weights[c[0]][c[1]], c[0])):
            if not any(overlaps(spans[j], spans[other]) for other in placed.values()):
                placed[i] = j
