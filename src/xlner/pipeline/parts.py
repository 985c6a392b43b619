"""Cut sentences into parts, process each part by itself, and put the results together again: one for each sentence."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.pair import Member, Outcome, Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import InputError

Item = Pair | InputError


@dataclass(frozen=True, slots=True)
class Cutting:
    """How sentences are cut.

    - `name`: what a part is called in errors, such as `sentence`.
    - `cut`: gives the ranges of words of the parts; one part or none for a sentence that stays whole.
    - `separator`: what is between the translations of parts into a language.
    """

    name: str
    cut: Callable[[Sentence], Sequence[Span]]
    separator: Callable[[str | None], str]


def by_part(items: Iterable[Item], process: Callable[[Iterator[Item]], Iterable[Pair]], how: Cutting) -> Iterator[Pair]:
    """Process the parts of each pair, and join the results: one for each pair, in order.

    All words, offsets and links of a result are those of the whole pair. A pair in which a part fails has its error,
    and the entities of the other parts. A pair that has a source or an error already stays whole.

    >>> halves = Cutting("half", lambda sentence: [(0, 1), (1, len(sentence))], lambda language: " ")
    >>> read = []
    >>> both = Pair(Sentence(("a", "b")))
    >>> joined = by_part([both], lambda parts: (read.append(part.target.tokens) or part for part in parts), halves)
    >>> [pair.target.tokens for pair in joined], read
    ([('a', 'b')], [('a',), ('b',)])
    """
    waiting: deque[tuple[Item, Sequence[Span]]] = deque()

    def parts() -> Iterator[Item]:
        for item in items:
            spans = how.cut(item.target) if isinstance(item, Pair) and item.source is None and not item.error else ()
            waiting.append((item, spans))
            if isinstance(item, InputError) or len(spans) < 2:
                yield item
            else:
                yield from (Pair(slice_of(item.target, span)) for span in spans)

    done = iter(process(parts()))
    for first in done:
        item, spans = waiting.popleft()
        if isinstance(item, InputError) or len(spans) < 2:
            yield first
        else:
            yield _joined(item, spans, [first, *(next(done) for _ in spans[1:])], how)


def slice_of(sentence: Sentence, span: Span) -> Sentence:
    """The words of a range as a sentence of their own, with the entities that are inside.

    >>> slice_of(Sentence.from_text("Vivo en Vigo."), (1, 3)).text
    'en Vigo'
    """
    start, end = span
    entities = tuple(_moved(e, -start) for e in sentence.entities if start <= e.start and e.end <= end)
    tokens = sentence.tokens[start:end]
    if sentence.text is None or sentence.offsets is None:
        return replace(sentence, tokens=tokens, entities=entities)
    first, last = sentence.offsets[start][0], sentence.offsets[end - 1][1]
    offsets = tuple((a - first, b - first) for a, b in sentence.offsets[start:end])
    return replace(sentence, tokens=tokens, entities=entities, text=sentence.text[first:last], offsets=offsets)


@dataclass(frozen=True, slots=True)
class _Part:
    """The result of a part, and the numbers of source and target words before it."""

    pair: Pair
    source: int
    target: int


def _joined(whole: Pair, spans: Sequence[Span], done: Sequence[Pair], how: Cutting) -> Pair:
    before = accumulate((len(pair.source or ()) for pair in done), initial=0)
    parts = [_Part(pair, start, span[0]) for pair, start, span in zip(done, before, spans, strict=False)]
    errors = [f"{how.name} {k} of {len(done)}: {pair.error}" for k, pair in enumerate(done, start=1) if pair.error]
    return replace(
        whole,
        source=_joined_source([pair.source for pair in done if pair.source is not None], how),
        alignment=_joined_links(parts),
        projection=_joined_projection(whole.target, parts),
        error="; ".join(errors) or None,
    )


def _joined_source(sources: Sequence[Sentence], how: Cutting) -> Sentence | None:
    """The translations of the parts as one sentence."""
    if not sources:
        return None
    tokens: list[str] = []
    entities: list[Entity] = []
    offsets: list[Span] = []
    text = ""
    for number, sentence in enumerate(sources):
        written = sentence.with_text()
        text += how.separator(sentence.language) if number else ""
        entities += [_moved(entity, len(tokens)) for entity in sentence.entities]
        tokens += sentence.tokens
        offsets += [(a + len(text), b + len(text)) for a, b in written.offsets or ()]
        text += written.text or ""
    meta = _joined_meta(sources)
    return replace(
        sources[0], tokens=tuple(tokens), entities=tuple(entities), text=text, offsets=tuple(offsets), meta=meta
    )


def _joined_meta(sentences: Sequence[Sentence]) -> dict[str, object]:
    """The first value of each field, and all values of lists, such as translation warnings."""
    meta: dict[str, object] = {}
    for sentence in sentences:
        for name, value in sentence.meta.items():
            known = meta.setdefault(name, value)
            if known is not value and isinstance(known, list) and isinstance(value, list):
                meta[name] = [*known, *(v for v in value if v not in known)]
    return meta


def _joined_links(parts: Sequence[_Part]) -> Alignment | None:
    """The links of all parts; without weights unless all of them have weights."""
    aligned = [(part.pair.alignment, part) for part in parts if part.pair.alignment is not None]
    if not aligned:
        return None
    links = tuple((s + part.source, t + part.target) for found, part in aligned for s, t in found.links)
    weighted = all(found.weights is not None or not found.links for found, _ in aligned)
    weights = tuple(w for found, _ in aligned for w in found.weights or ()) if weighted else None
    return Alignment(links, weights if links else None)


def _joined_projection(target: Sentence, parts: Sequence[_Part]) -> Projection | None:
    made = [(part.pair.projection, part) for part in parts if part.pair.projection is not None]
    if not made:
        return None
    entities = [_moved(entity, part.target) for found, part in made for entity in found.sentence.entities]
    outcomes = tuple(_moved_outcome(outcome, part) for found, part in made for outcome in found.outcomes)
    solvers = {found.solver for found, _ in made if found.solver is not None}
    objectives = [found.objective for found, _ in made if found.objective is not None]
    return Projection(
        target.with_entities(entities),
        outcomes,
        solvers.pop() if len(solvers) == 1 else None,
        sum(objectives) if objectives else None,
        _joined_members(made),
    )


def _joined_members(made: Sequence[tuple[Projection, _Part]]) -> tuple[Member, ...]:
    """The members of the ensemble, each with what it found in all parts; parts without words have none."""
    voted = [(found.ensemble_members, part) for found, part in made if found.ensemble_members]
    if not voted:
        return ()
    return tuple(
        replace(member, entities=tuple(_moved(e, part.target) for of_part, part in voted for e in of_part[k].entities))
        for k, member in enumerate(voted[0][0])
    )


def _moved_outcome(outcome: Outcome, part: _Part) -> Outcome:
    projected = tuple(_moved(entity, part.target) for entity in outcome.projected)
    return replace(outcome, entity=_moved(outcome.entity, part.source), projected=projected)


def _moved(entity: Entity, by: int) -> Entity:
    return replace(entity, start=entity.start + by, end=entity.end + by)
