"""Projection of SemEval-2016 opinion targets (Spanish, French): every strategy on the links of four aligners.

python benchmarks/absa_projection.py FOLDER   (with en.absa.train.tsv and en2xx/{gold,published.*}.train.tsv, *.talp)

*published* is the output of the projector of García-Ferrero et al. 2022 on AWESoME's and SimAlign's links.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from xlner import Alignment, Pair, Pipeline, Sentence, evaluate, read_alignments

ALIGNERS = {
    "AWESoME": "awesome.train",
    "SimAlign": "simalign.train.itermax",
    "mGiza": "mgiza.train.grow_diag_final-and",
    "fast_align": "fast_align.train.grow_diag_final-and",
}
STRATEGIES = (
    "heuristic",
    "heuristic?gap=2",
    "heuristic?gap=2&ratio=0.5",
    "hull",
    "greedy",
    "exact",
    "exact?max_length=6",
)


def main(folder: Path) -> None:
    """Print one row per language and aligner."""
    source = list(sentences(folder / "en.absa.train.tsv"))
    print(f"{'':16}{'published':>10}", *(f"{s:>26}" for s in STRATEGIES))
    for language in ("es", "fr"):
        gold = list(sentences(folder / f"en2{language}" / "gold.train.tsv"))
        for name, file in ALIGNERS.items():
            links = list(read_alignments(folder / f"en2{language}" / f"DeepL.50000.{file}.talp"))
            pairs = [Pair(t, s, a) for t, s, a in zip(gold, source, links, strict=True) if isinstance(a, Alignment)]
            published = folder / f"en2{language}" / f"published.{name.lower()}.train.tsv"
            known = f"{evaluate(gold, sentences(published)).micro.f1:.4f}" if published.exists() else ""
            scores = [
                evaluate(gold, (p.labelled for p in Pipeline(projector=s).run_pairs(pairs))).micro.f1
                for s in STRATEGIES
            ]
            print(f"{language} {name:13}{known:>10}", *(f"{f1:26.4f}" for f1 in scores), flush=True)


def sentences(path: Path) -> Iterator[Sentence]:
    """Sentences of a file with the tag in the second column."""
    rows: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        fields = line.strip("\r\n \t").split("\t" if "\t" in line.strip() else " ")
        if fields != [""]:
            rows.append((fields[0], fields[1]))
        elif rows:
            yield Sentence.from_tags([token for token, _ in rows], [tag for _, tag in rows])
            rows = []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
