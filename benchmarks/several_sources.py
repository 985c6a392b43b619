"""Projection from one source, from another, and from both at once: strict F1 and how often agreed entities are correct.

python benchmarks/several_sources.py EUROPARL PUD   (folders with xx-europarl.test.conll02 and xx_pud-ud-test.iob2)

Gold source entities, `e5` links. *both* keeps entities that any source supports, *agreed* those that both support, and
*first leads* those that the first one supports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from xlner import Pair, Pipeline, Sentence, evaluate, load, raise_errors, read_sentences
from xlner.evaluation.reliability import reliability
from xlner.projection.multi_source import AGREEMENT, MultiSourceProjector

TASKS = (("europarl", ("en", "de"), "es"), ("europarl", ("en", "es"), "de"), ("pud", ("en", "sv"), "pt"))
SINGLE = ("exact", "heuristic")
SEVERAL = {
    "both": MultiSourceProjector(),
    "both, mean": MultiSourceProjector(combine="mean"),
    "both, coverage": MultiSourceProjector(weights="coverage:1"),
    "agreed": MultiSourceProjector(min_agreement=1.0),
    "first leads": MultiSourceProjector(source_weights=(2, 1), min_agreement=0.5),
}
PUD_COLUMNS = slice(1, 3)


def main(europarl: Path, pud: Path) -> None:
    """Print one table per target."""
    aligner = load("aligner", "e5")
    for data, sources, target in TASKS:
        folder = europarl if data == "europarl" else pud
        sentences = {code: read(folder, data, code) for code in (*sources, target)}
        gold = sentences[target]
        groups = [
            list(Pipeline(aligner=aligner, projector=None).run_pairs(map(Pair, without_labels(gold), sentences[code])))
            for code in sources
        ]
        print(f"\n{data} {'+'.join(sources)} → {target}, {len(gold)} sentences")
        print(f"{'':20}{'precision':>10}{'recall':>10}{'F1':>10}")
        for code, pairs in zip(sources, groups, strict=True):
            for spec in SINGLE:
                found = [p.sentence for p in load("projector", spec).project(pairs)]
                show(f"{code}, {spec}", gold, found)
        for name, projector in SEVERAL.items():
            done = projector.project_groups(list(zip(*groups, strict=True)))
            show(name, gold, [made[0].sentence for made in done])
            if name == "both":
                show_agreement(gold, done)


def show(name: str, gold: Sequence[Sentence], found: Sequence[Sentence]) -> None:
    """One row."""
    c = evaluate(gold, found).micro
    print(f"{name:20}{c.precision:10.4f}{c.recall:10.4f}{c.f1:10.4f}", flush=True)


def show_agreement(gold: Sequence[Sentence], done: Sequence[tuple]) -> None:  # type: ignore[type-arg]
    """The share of correct entities by the number of sources that support them, and the quality of their confidence."""
    rows: dict[float, list[bool]] = {}
    confidence, correct = [], []
    for sentence, made in zip(gold, done, strict=True):
        wanted = {(e.span, e.label) for e in sentence.entities}
        supported = {o.projected[0]: o.scores[AGREEMENT] for p in made for o in p.outcomes if o.projected}
        for entity, agreement in supported.items():
            right = (entity.span, entity.label) in wanted
            rows.setdefault(agreement, []).append(right)
            confidence.append(entity.score or 0.0)
            correct.append(right)
    for agreement, row in sorted(rows.items(), reverse=True):
        print(f"{'':4}agreement {agreement:.2f}: {len(row):4} entities, {sum(row) / len(row):.3f} right")
    table = reliability(confidence, correct)
    print(f"{'':4}confidence, not calibrated: ECE {table.ece:.3f}, Brier {table.brier:.3f}")


def read(folder: Path, data: str, code: str) -> list[Sentence]:
    """The gold sentences of one language."""
    if data == "europarl":
        return list(raise_errors(read_sentences(folder / f"{code}-europarl.test.conll02", language=code)))
    text = (folder / f"{code}_pud-ud-test.iob2").read_text(encoding="utf-8")
    blocks = [[line.split("\t") for line in b.split("\n") if line and line[0] != "#"] for b in text.split("\n\n")]
    columns = [list(zip(*(fields[PUD_COLUMNS] for fields in block), strict=True)) for block in blocks if block]
    return [Sentence.from_tags(tokens, tags) for tokens, tags in columns]


def without_labels(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences without their entities."""
    return [s.with_entities(()) for s in sentences]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
