"""The rules of the published programs, written out on lists of tags, and how often ours differ on real data.

`python -m tests.published_rules DATA` prints a table: for each rule, on how many pairs the result is the same, and how
many differences have which reason. It fails if a difference has none. DATA has the folders `europarl-ner` and
`uner-pud` with files of links.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import numpy as np

from xlner import Entity, Pair, Projection, Sentence, read_sentences
from xlner.core.registry import load
from xlner.formats import raise_errors
from xlner.formats.by_name import read_alignments
from xlner.projection.markers.matching import recover_entities
from xlner.projection.markers.styles import WrittenMarkers
from xlner.projection.scores.ner import ner_score

Scores = dict[tuple[int, int, int], float]
"""Scores by entity, start and end."""


def seqeval_chunks(tags: list[str]) -> list[tuple[str, int, int]]:
    """The entities that seqeval reads by default: `I-` after another label begins one."""
    found: list[tuple[str, int, int]] = []
    for i, tag in enumerate(tags):
        if tag == "O":
            continue
        label, before = tag[2:], tags[i - 1] if i else "O"
        if tag[0] == "B" or before == "O" or before[2:] != label:
            found.append((label, i, i + 1))
        else:
            found[-1] = (label, found[-1][1], i + 1)
    return found


def linked_ranges(pair: Pair, entity: Entity, gap: int, keep_first: bool) -> list[tuple[int, int]]:
    """Runs of words linked to the entity, then joined from left to right if the hole between them is small enough."""
    links = pair.require_alignment().links
    linked = [any((s, t) in links for s in range(entity.start, entity.end)) for t in range(len(pair.target))]
    runs, at = [], 0
    for yes, group in groupby(linked):
        length = len(list(group))
        if yes:
            runs.append((at, at + length))
        at += length
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        begins = keep_first and (entity.start, start) in links
        if joined and gap and start - joined[-1][1] <= gap and not begins:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def tags_of_the_paper(pair: Pair, gap: int, ratio: float) -> list[str]:
    """Every range over the ratio is written onto the tags, whatever they were."""
    tags = ["O"] * len(pair.target)
    for entity in pair.require_source().entities:
        for start, end in linked_ranges(pair, entity, gap, keep_first=False):
            if (end - start) / len(entity) > ratio:
                tags[start] = f"B-{entity.label}"
                tags[start + 1 : end] = [f"I-{entity.label}"] * (end - start - 1)
    return tags


def tags_of_the_thesis(pair: Pair, gap: int, ratio: float, top_k: int | None, keep_first: bool) -> list[str]:
    """The shortest entity first; its ranges over the ratio, the shortest ones with `top_k`, unless a word is taken."""
    tags = ["O"] * len(pair.target)
    for entity in sorted(pair.require_source().entities, key=len):
        ranges = linked_ranges(pair, entity, gap, keep_first)
        ranges = [r for r in ranges if (r[1] - r[0]) / len(entity) > ratio]
        if top_k is not None:
            ranges = sorted(ranges, key=lambda r: r[1] - r[0])[:top_k]
        for start, end in ranges:
            if all(tag == "O" for tag in tags[start:end]):
                tags[start] = f"B-{entity.label}"
                tags[start + 1 : end] = [f"I-{entity.label}"] * (end - start - 1)
    return tags


def scores_of_the_papers(pair: Pair, most: int, stop: Iterable[str] = ()) -> Scores:
    """The score `2 · links / (|s| + |t|)` of each entity and range; none without a link."""
    links, words = pair.require_alignment().links, pair.target.tokens
    scores = {}
    for k, entity in enumerate(pair.require_source().entities):
        linked = [sum(entity.start <= s < entity.end and t == i for s, t in links) for i in range(len(words))]
        for i in range(len(words)):
            for j, n in enumerate(accumulate(linked[i : i + most]), start=i + 1):
                if n and set(stop).isdisjoint(words[i:j]):
                    scores[k, i, j] = 2 * n / (len(entity) + j - i)
    return scores


def without(scores: Scores, taken: tuple[int, int, int], *, once: bool) -> Scores:
    """What can still be chosen: disjoint spans, with `once` of other entities."""
    k, i, j = taken
    return {(e, a, b): s for (e, a, b), s in scores.items() if not (once and e == k) and (b <= i or j <= a)}


def chosen_spans(found: Projection) -> set[tuple[int, int, int]]:
    return {(k, e.start, e.end) for k, o in enumerate(found.outcomes) for e in o.projected}


def chosen_greedily(scores: Scores, *, once: bool = True) -> set[tuple[int, int, int]]:
    """The first span of the list with the best score, again and again."""
    chosen = set()
    while scores:
        best = max(scores, key=lambda key: scores[key])
        chosen.add(best)
        scores = without(scores, best, once=once)
    return chosen


def takes_the_best(found: Projection, scores: Scores, *, once: bool = True) -> bool:
    """Whether each choice has the best score among the spans that are free."""
    chosen = chosen_spans(found)
    while scores:
        best = max(scores.values())
        taken = [key for key in scores if key in chosen and scores[key] == best]
        if not taken:
            return False
        chosen.remove(taken[0])
        scores = without(scores, taken[0], once=once)
    return not chosen


def best_total(scores: Scores, n: int, least: int, most: int) -> float | None:
    """The largest sum of scores of disjoint spans, each of `n` entities with so many; None if there are none."""
    ends = max((j for _, _, j in scores), default=0)
    by_start: Mapping[int, list[tuple[int, int, float]]] = defaultdict(list)
    for (k, i, j), score in scores.items():
        by_start[i].append((k, j, score))

    @cache
    def from_word(at: int, counts: tuple[int, ...]) -> float | None:
        if at == ends:
            return 0.0 if min(counts, default=least) >= least else None
        totals = [from_word(at + 1, counts)]
        for k, j, score in by_start[at]:
            if counts[k] < most:
                rest = from_word(j, (*counts[:k], counts[k] + 1, *counts[k + 1 :]))
                totals.append(None if rest is None else rest + score)
        return max((total for total in totals if total is not None), default=None)

    return from_word(0, (0,) * n)


def total_score(found: Projection, scores: Scores) -> float:
    return sum(scores[key] for key in chosen_spans(found))


def ner_score_of_the_thesis(
    rows: Sequence[Sequence[float]],
    classes: Sequence[str],
    span: tuple[int, int],
    label: str,
    alpha: float,
    least: float,
) -> float:
    """The mean probability of the tags of a span, larger by a power of `alpha` if they are the most likely ones."""
    start, end = span
    begin, inside = classes.index(f"B-{label}"), classes.index(f"I-{label}")
    total, tags = rows[start][begin], [np.argmax(rows[start]) == begin]
    for i in range(start + 1, end):
        total += rows[i][inside]
        tags.append(np.argmax(rows[i]) == inside)
    mean = total / (end - start) * (alpha ** (end - start - 1) if all(tags) else 1)
    return float(mean) if mean >= least else 0.0


def easyproject(text: str, surfaces: Sequence[str]) -> list[tuple[str, int]]:
    """The bracketed texts that are like an entity, each with the last entity whose similarity is over a half."""
    made = []
    for found in re.findall(r"\[(.*?)\]", text):
        if like := alike(found, surfaces):
            made.append((found.strip(), like[-1]))
    return made


def alike(text: str, surfaces: Sequence[str]) -> list[int]:
    return [k for k, s in enumerate(surfaces) if SequenceMatcher(None, text.lower(), s.lower()).ratio() > 0.5]


def our_brackets(text: str, surfaces: Sequence[str]) -> list[tuple[str, int]]:
    """The same of ours."""
    n = len(surfaces)
    source = Sentence(tuple(f"w{k}" for k in range(n)), tuple(Entity(k, k + 1, "PER") for k in range(n)))
    found = recover_entities(source, WrittenMarkers(("",) * n), [text], surfaces=surfaces)
    placed = [(e.start, e.end, k) for k, o in enumerate(found.outcomes) for e in o.projected]
    return [(found.sentence.surface(Entity(a, b, "PER")), k) for a, b, k in sorted(placed)]


# --- On real data ---

_SAME = "equal"
_TIE = "equally good span"
_INFEASIBLE = "no solution for all entities"
_ONE_TO_ONE = "one text for one entity"
_HALF = "half a bracket counts"
_FOLDED = "ß is ss"
_UNKNOWN = "**without a reason**"
_MOST_ENTITIES = 6
"""In sentences that the exact rule is tried on: it counts on for every set of them."""


@dataclass(frozen=True)
class _Data:
    pairs: list[Pair]
    probable: list[Sentence]


def _read(data: Path) -> _Data:
    pairs: list[Pair] = []
    for folder, source, target, links, langs in (
        (
            "europarl-ner",
            "en-europarl.test.conll02",
            "{}-europarl.test.conll02",
            "europarl.en-{}.eflomal.{}.talp",
            "de es",
        ),
        ("uner-pud", "en_pud-ud-test.iob2", "{}_pud-ud-test.iob2", "pud.en-{}.eflomal.{}.talp", "pt sv"),
    ):
        sources = list(raise_errors(read_sentences(data / folder / source)))
        for lang in langs.split():
            targets = list(raise_errors(read_sentences(data / folder / target.format(lang))))
            for kind in ("inter", "gdfa", "forward"):
                alignments = raise_errors(read_alignments(data / folder / links.format(lang, kind)))
                pairs += [Pair(t, s, a) for t, s, a in zip(targets, sources, alignments, strict=True)]
    probable = list(raise_errors(read_sentences(data / "europarl-ner" / "es-europarl.test.conll02")))[:200]
    return _Data(pairs, probable)


def _table(data: _Data) -> Iterator[tuple[str, Counter[str]]]:
    """The rules, and the pairs by how ours compare."""
    pairs = data.pairs
    heuristics = {
        "heuristic of the paper": ("ranges=all", lambda p: tags_of_the_paper(p, 1, 0.8)),
        "heuristic of the thesis": ("ranges=free", lambda p: tags_of_the_thesis(p, 1, 0.8, None, False)),
        "the same, one range": ("ranges=free&top_k=1", lambda p: tags_of_the_thesis(p, 1, 0.8, 1, False)),
    }
    for rule, (options, tags) in heuristics.items():
        made = load("projector", f"heuristic?{options}&gap=1&ratio=0.8&keep_first=false").project(pairs)
        same = (
            [(e.label, e.start, e.end) for e in f.sentence.entities] == seqeval_chunks(tags(p))
            for f, p in zip(made, pairs, strict=True)
        )
        yield rule, Counter(_SAME if yes else _UNKNOWN for yes in same)
    for rule, spec, most, stop, once in (
        ("n-grams of the paper", "greedy:ngrams?constraint=<=&n=1&threshold=0&stop_tokens=! ?", 999, ("!", "?"), True),
        ("greedy of the thesis, at most 1", "greedy:ngrams?max_length=10&constraint=<=&n=1", 10, (), True),
        ("greedy of the thesis, at least 0", "greedy:ngrams?max_length=10&constraint=>=&n=0", 10, (), False),
    ):
        made = load("projector", spec).project(pairs)
        yield (
            rule,
            Counter(
                _greedy(f, scores_of_the_papers(p, most, stop), once=once) for f, p in zip(made, pairs, strict=True)
            ),
        )
    spec = "fused:align?candidates=ner&matcher=greedy&constraint=<=&n=1&threshold=0"
    found = Counter[str]()
    for f, p in zip(load("projector", spec).project(pairs), pairs, strict=True):
        spans = {(e.start, e.end) for e in p.target.entities}
        scores = {key: s for key, s in scores_of_the_papers(p, 999).items() if key[1:] in spans}
        found[_greedy(f, scores, once=True)] += 1
    yield "NER candidates, gold entities", found
    few = [p for p in pairs if len(p.require_source().entities) <= _MOST_ENTITIES]
    for sign, n, least, most in (("<=", 1, 0, 1), ("<=", 2, 0, 2), ("=", 1, 1, 1)):
        made = load("projector", f"exact:ngrams?max_length=10&constraint={sign}&n={n}").project(few)
        yield (
            f"exact of the thesis, {sign} {n}",
            Counter(_exact(f, scores_of_the_papers(p, 10), least, most) for f, p in zip(made, few, strict=True)),
        )
    yield "NER score of the thesis, sentences", Counter(_ner_scores(data.probable))
    for kind in ("clean", "noisy", "broken"):
        yield f"EasyProject, {kind} brackets", Counter(_brackets(pairs, kind))


def _greedy(found: Projection, scores: Scores, *, once: bool) -> str:
    if chosen_spans(found) == chosen_greedily(scores, once=once):
        return _SAME
    return _TIE if takes_the_best(found, scores, once=once) else _UNKNOWN


def _exact(found: Projection, scores: Scores, least: int, most: int) -> str:
    """Which of the best sets a solver finds is its own affair: an equal sum is an equal result."""
    best = best_total(scores, len(found.outcomes), least, most)
    if best is None:
        return _INFEASIBLE
    return _SAME if abs(total_score(found, scores) - best) < 1e-9 else _UNKNOWN


def _ner_scores(sentences: Sequence[Sentence]) -> Iterator[str]:
    recognizer: Any = load("recognizer", "multilingual?engine=numpy")
    labels = ("PER", "ORG", "LOC")
    for sentence, rows in zip(sentences, recognizer.probabilities(sentences), strict=True):
        n = len(sentence)
        spans = [(i, j) for i in range(n) for j in range(i + 1, min(n, i + 10) + 1)]
        entities = [Entity(0, 1, label) for label in labels]
        options = {"probabilities": rows, "classes": recognizer.classes, "spans_only": False}
        found = ner_score(Pair(sentence), entities, spans, **options, alpha=1.15, threshold=0.05)
        wanted = [
            [ner_score_of_the_thesis(rows, recognizer.classes, s, label, 1.15, 0.05) for s in spans] for label in labels
        ]
        near = np.isclose(found, wanted) | (np.abs(np.maximum(found, wanted) - 0.05) < 1e-6)
        yield _SAME if near.all() else _UNKNOWN


def _brackets(pairs: Sequence[Pair], kind: str) -> Iterator[str]:
    """Sentences with brackets around their entities.

    Clean ones are compared with the entities of the translation, noisy ones with those of the source, as if these had
    not been translated. Of broken ones a bracket is missing.
    """
    for number, pair in enumerate(dict.fromkeys(replace(p, alignment=None) for p in pairs)):
        source, target = pair.require_source(), pair.target
        if not target.entities or len(source.entities) != len(target.entities) or {"[", "]"} & set(target.tokens):
            continue
        whole = text = _bracketed(target)
        given = (source if kind == "noisy" else target).with_text()
        surfaces = [given.surface(e) for e in given.entities]
        if kind == "broken":
            marks = [m.start() for m in re.finditer(r"[\[\]]", text)]
            at = marks[number % len(marks)]
            text = text[:at] + text[at + 1 :]
        program, ours = easyproject(text, surfaces), our_brackets(text, surfaces)
        if program == ours:
            yield _SAME
        elif kind == "broken":
            yield _HALF if [t for t, _ in ours] == [t for t, _ in our_brackets(whole, surfaces)] else _UNKNOWN
        elif easyproject(text.casefold(), [s.casefold() for s in surfaces]) == [(t.casefold(), k) for t, k in ours]:
            yield _FOLDED
        else:
            likes = [alike(t, surfaces) for t in re.findall(r"\[(.*?)\]", text)]
            counts = Counter(k for like in likes for k in like)
            several = any(len(like) > 1 for like in likes) or max(counts.values(), default=0) > 1
            yield _ONE_TO_ONE if several else _UNKNOWN


def _bracketed(sentence: Sentence) -> str:
    sentence = sentence.with_text()
    text, offsets = sentence.text or "", sentence.offsets or ()
    for e in reversed(sentence.entities):
        start, end = offsets[e.start][0], offsets[e.end - 1][1]
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def main(data: str) -> int:
    """Print the table; return how many differences have no reason."""
    print(f"| rule | pairs | {_SAME} | different |\n|---|---|---|---|")
    unknown = 0
    for rule, counts in _table(_read(Path(data))):
        others = ", ".join(f"{n:,} {reason}" for reason, n in counts.most_common() if reason != _SAME)
        print(f"| {rule} | {counts.total():,} | {counts[_SAME]:,} | {others} |", flush=True)
        unknown += counts[_UNKNOWN]
    return unknown


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1])))
