"""Projection of the gold English entities of Europarl-NER: strict F1 of every projector on every set of links.

python benchmarks/europarl_projection.py FOLDER   (with xx-europarl.test.conll02 and europarl.en-xx.eflomal.*.talp)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from xlner import Entity, Pair, Pipeline, Sentence, evaluate, load, raise_errors, read_alignments, read_sentences
from xlner.core.entity import overlaps
from xlner.projection.candidates import aligned_words, merged_ranges

PROJECTORS = ("heuristic", "heuristic?gap=2", "greedy")
COLUMNS = ("reference", *PROJECTORS)
ALIGNERS = ("e5:intersection", "e5:itermax")
STORED = ("inter", "gdfa")


def main(folder: Path) -> None:
    """Print one row per language and set of links."""
    source = list(raise_errors(read_sentences(folder / "en-europarl.test.conll02", language="en")))
    print(f"{'':4}{'links':24}", *(f"{p:>16}" for p in COLUMNS), f"{'pairs/s':>10}")
    for language in ("es", "de"):
        gold = list(raise_errors(read_sentences(folder / f"{language}-europarl.test.conll02", language=language)))
        pairs = [Pair(t, s) for s, t in zip(source, gold, strict=True)]
        for spec in ALIGNERS:
            aligner = load("aligner", spec)
            start = time.perf_counter()
            linked = list(Pipeline(aligner=aligner, projector=None).run_pairs(pairs))
            rate = len(pairs) / (time.perf_counter() - start)
            report(language, spec, linked, gold, f"{rate:10.1f}")
        for name in STORED:
            links = read_alignments(folder / f"europarl.en-{language}.eflomal.{name}.talp")
            linked = [Pair(p.target, p.source, a) for p, a in zip(pairs, links, strict=True)]  # type: ignore[arg-type]
            report(language, f"eflomal {name}", linked, gold, "")


def report(language: str, links: str, pairs: list[Pair], gold: list[Sentence], rate: str) -> None:
    """Project with every projector and print the scores."""
    scores = [evaluate(gold, map(reference_heuristic, pairs)).micro.f1]
    for projector in PROJECTORS:
        done = Pipeline(projector=projector).run_pairs(pairs)
        scores.append(evaluate(gold, (p.labeled for p in done)).micro.f1)
    print(f"{language:4}{links:24}", *(f"{f1:16.4f}" for f1 in scores), rate, flush=True)


def reference_heuristic(pair: Pair) -> Sentence:
    """The heuristic of earlier code: the shortest entity and the shortest range first, one range tried."""
    assert pair.source is not None
    assert pair.alignment is not None
    entities = sorted(pair.source.entities, key=len)
    chosen: list[Entity] = []
    for entity, words in zip(entities, aligned_words(entities, pair.alignment), strict=True):
        ranges = [r for r in merged_ranges(words, 1) if (r[1] - r[0]) / len(entity) > 0.8]
        shortest = min(ranges, key=lambda r: r[1] - r[0], default=None)
        if shortest and not any(overlaps(shortest, e.span) for e in chosen):
            chosen.append(Entity(*shortest, entity.label))
    return pair.target.with_entities(chosen)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
