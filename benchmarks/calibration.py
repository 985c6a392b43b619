"""Calibration of confidence: expected calibration error and Brier score before and after, on held-out sentences.

python benchmarks/calibration.py EUROPARL PUD ABSA   (folders as in the other benchmarks)

A calibration is fitted on the even sentences of a set, with `greedy` and the given links, and tested on its odd
sentences and on the whole of other sets.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absa_projection import sentences
from several_sources import read, without_labels

from xlner import Alignment, Pair, Pipeline, Sentence, load, read_alignments
from xlner.evaluation.reliability import Reliability, reliability
from xlner.projection.calibration import Calibration
from xlner.projection.confidence import ConfidentProjector

Rows = tuple[list[float], list[bool]]
EUROPARL = ("europarl en→es, {0}", "europarl en→de, {0}")
FITS = {
    "pud en→pt, e5": ("pud en→pt, e5", "pud en→sv, e5", *(name.format("e5") for name in EUROPARL)),
    "pud en→pt, eflomal": (
        *("pud en→pt, eflomal", "pud en→sv, eflomal"),
        *(name.format("eflomal") for name in EUROPARL),
    ),
    "absa en→es, AWESoME": (
        *("absa en→es, AWESoME", "absa en→fr, AWESoME"),
        *(name.format(links) for links in ("e5", "eflomal") for name in EUROPARL),
    ),
}


def main(europarl: Path, pud: Path, absa: Path) -> None:
    """Print one row per calibration and test set, and one reliability table."""
    rows: dict[str, list[Rows]] = {}
    aligner = load("aligner", "e5")
    for data, folder, languages in (("pud", pud, ("pt", "sv")), ("europarl", europarl, ("es", "de"))):
        source = read(folder, data, "en")
        for code in languages:
            gold = read(folder, data, code)
            pairs = [Pair(t, s) for t, s in zip(without_labels(gold), source, strict=True)]
            linked = list(Pipeline(aligner=aligner, projector=None).run_pairs(pairs))
            rows[f"{data} en→{code}, e5"] = judged(linked, gold)
            links = folder / f"{data}.en-{code}.eflomal.gdfa.talp"
            rows[f"{data} en→{code}, eflomal"] = judged(with_links(pairs, links), gold)
    for code in ("es", "fr"):
        gold = list(sentences(absa / f"en2{code}" / "gold.train.tsv"))
        source = list(sentences(absa / "en.absa.train.tsv"))
        pairs = [Pair(t, s) for t, s in zip(without_labels(gold), source, strict=True)]
        links = absa / f"en2{code}" / "DeepL.50000.awesome.train.talp"
        rows[f"absa en→{code}, AWESoME"] = judged(with_links(pairs, links), gold)
    report(rows)


def report(rows: dict[str, list[Rows]]) -> None:
    """The tables."""
    print(f"{'fitted on half of':22}{'tested on':28}{'entities':>9}{'correct':>8}{'ECE':>16}{'Brier':>16}")
    for name, tests in FITS.items():
        fitted = Calibration.fit(*rows[name][0])
        for test in tests:
            raw, correct = rows[name][1] if test == name else joined(rows[test])
            before = reliability(raw, correct)
            after = reliability([fitted(x) for x in raw], correct)
            ece, brier = f"{before.ece:.3f} → {after.ece:.3f}", f"{before.brier:.3f} → {after.brier:.3f}"
            print(f"{name:22}{test:28}{len(raw):9}{after.accuracy:8.3f}{ece:>16}{brier:>16}", flush=True)
        show(reliability([fitted(x) for x in rows[name][1][0]], rows[name][1][1]))


def show(table: Reliability) -> None:
    """A reliability table in one line."""
    cells = [f"{b.low:.1f}-{b.high:.1f}: {b.confidence:.2f}/{b.accuracy:.2f} ({b.count})" for b in table.bins]
    print(f"{'':4}confidence/correct (entities) of the other half: {', '.join(cells)}\n")


def judged(pairs: Sequence[Pair], gold: Sequence[Sentence]) -> list[Rows]:
    """The raw confidence of all projected entities and whether they are correct, for even and for odd sentences."""
    halves: list[Rows] = [([], []), ([], [])]
    done = Pipeline(projector=ConfidentProjector(load("projector", "greedy"))).run_pairs(pairs)
    for number, (pair, sentence) in enumerate(zip(done, gold, strict=True)):
        wanted = {(e.span, e.label) for e in sentence.entities}
        for entity in pair.labeled.entities:
            halves[number % 2][0].append(entity.score or 0.0)
            halves[number % 2][1].append((entity.span, entity.label) in wanted)
    return halves


def joined(halves: Sequence[Rows]) -> Rows:
    """Both halves."""
    return halves[0][0] + halves[1][0], halves[0][1] + halves[1][1]


def with_links(pairs: Sequence[Pair], path: Path) -> list[Pair]:
    """The pairs with the links of a file."""
    links = read_alignments(path)
    return [Pair(p.target, p.source, a) for p, a in zip(pairs, links, strict=True) if isinstance(a, Alignment)]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
