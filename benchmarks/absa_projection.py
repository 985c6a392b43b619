"""Projection of SemEval-2016 opinion targets (Spanish, French): every strategy on the links of four aligners.

python benchmarks/absa_projection.py FOLDER   (with en.absa.train.tsv and en2xx/{gold,published.*}.train.tsv, *.talp)

*published* is the output of the projector of García-Ferrero et al. 2022 on the links of AWESoME and SimAlign.
*weighed* is `null_aware_coverage` on links with lexical weights and, for mGiza and fast_align, with the agreement of
both directions and the symmetrized links.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from xlner import Alignment, Pair, Pipeline, Sentence, evaluate, read_alignments
from xlner.alignment import LexicalWeights, agreement

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
    "heuristic?gap=3&ratio=0.45",
    "hull",
    "greedy",
    "exact",
    "exact?max_length=6",
)
NULL_AWARE = "fused:null-aware-coverage?candidates=aligned&max_length=100"
DIRECTIONS = ("forward", "reverse")


def main(folder: Path) -> None:
    """Print one row per language and aligner."""
    source = list(sentences(folder / "en.absa.train.tsv"))
    print(
        f"{'':16}{'published':>10}",
        *(f"{s:>26}" for s in (*STRATEGIES, "null_aware_coverage", "null_aware_coverage, weighed")),
    )
    for language in ("es", "fr"):
        gold = list(sentences(folder / f"en2{language}" / "gold.train.tsv"))
        for name, file in ALIGNERS.items():
            at = folder / f"en2{language}"
            links = read_links(at / f"DeepL.50000.{file}.talp")
            pairs = [Pair(t, s, a) for t, s, a in zip(gold, source, links, strict=True)]
            published = at / f"published.{name.lower()}.train.tsv"
            known = f"{evaluate(gold, sentences(published)).micro.f1:.4f}" if published.exists() else ""
            scores = [f1(gold, strategy, pairs) for strategy in (*STRATEGIES, NULL_AWARE)]
            others = [at / f"DeepL.50000.{file.replace('grow_diag_final-and', d)}.talp" for d in DIRECTIONS]
            agreeing = [read_links(other) for other in others] if "grow" in file else []
            scores.append(f1(gold, NULL_AWARE, weighed(pairs, agreeing)))
            print(f"{language} {name:13}{known:>10}", *(f"{score:26.4f}" for score in scores), flush=True)


def f1(gold: list[Sentence], strategy: str, pairs: list[Pair]) -> float:
    """F1 of a projector."""
    return evaluate(gold, (p.labeled for p in Pipeline(projector=strategy).run_pairs(pairs))).micro.f1


def weighed(pairs: list[Pair], others: list[list[Alignment]]) -> list[Pair]:
    """The pairs with weighted links."""
    rows = zip(pairs, *others, strict=True)
    agreed = [replace(p, alignment=agreement([p.alignment, *more])) for p, *more in rows]
    lexical = LexicalWeights.count(agreed)
    return [replace(p, alignment=lexical.weigh(p)) for p in agreed]


def read_links(path: Path) -> list[Alignment]:
    """The links of a file."""
    return [links for links in read_alignments(path) if isinstance(links, Alignment)]


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
