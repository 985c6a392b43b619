"""Confidence of projected entities: how well it ranks on each set, cross-validated over kinds of data, and its weights.

python benchmarks/confidence.py FOLDER   (with europarl-ner, uner-pud, absa-projection, xsid-0.7, masakhaner2-parallel)

The evidence of projected entities (xlner/projection/evidence.py) is fitted by logistic regression to whether they are
right. Each set is rated with weights fitted on the other kinds of data only; *own* has the weights of the package.
Source entities are gold, and links are e5:itermax or given; for MasakhaNER2, which is left out of the fit, the entities
are recognized. *gain* is the gain in precision at the confidence that keeps 80 % of the entities, *most* the largest
gain that is possible. *fifths* is the precision of each fifth of the entities, the least confident first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absa_projection import sentences
from numpy.typing import NDArray
from several_sources import read, without_labels

from xlner import Alignment, Pair, Pipeline, Sentence, load, raise_errors, read_alignments, read_sentences
from xlner.core.entity_edges import trimmed_projection
from xlner.projection.confidence import WEIGHTS, confidences
from xlner.projection.evidence import Evidence, evidence

Floats = NDArray[np.float64]
KEPT = 0.8
PROJECTORS = ("greedy", "heuristic", "hull", "exact")
"""The weights are fitted on the spans of all of them, and tested on those of the first."""
ABSA = ("awesome.train", "simalign.train.itermax", "mgiza.train.grow_diag_final-and")
ABSA += ("fast_align.train.grow_diag_final-and",)


class Judged(NamedTuple):
    """The evidence of the entities of one projector on one set, and which of them are right."""

    kind: str
    name: str
    projector: str
    found: Evidence
    right: NDArray[np.bool_]


def main(folder: Path) -> None:
    """Print one row per set, then the weights."""
    rows = [judged(kind, name, p, pairs, gold) for kind, name, pairs, gold in sets(folder) for p in PROJECTORS]
    tested = [row for row in rows if row.projector == PROJECTORS[0]]
    print(f"{'':24}{'entities':>9}{'precision':>10}{'most':>7}{'gain':>7}{'own':>7}{'AUC':>7}{'ECE':>7}  fifths")
    gains: dict[str, list[float]] = {}
    fits = {kind: fitted([row for row in rows if row.kind != kind]) for kind in {row.kind for row in rows}}
    for row in tested:
        rated, own = rate(row.found, *fits[row.kind]), confidences(row.found)
        most = min(1.0, row.right.sum() / round(KEPT * len(row.right))) - row.right.mean()
        gains.setdefault(row.kind, []).append(gain(rated, row.right))
        cells = (row.right.mean(), most, gains[row.kind][-1], gain(own, row.right), auc(rated, row.right))
        numbers = "".join(f"{x:{10 if k == 0 else 7}.3f}" for k, x in enumerate((*cells, ece(rated, row.right))))
        parts = " ".join(f"{x:.2f}" for x in fifths(rated, row.right))
        print(f"{row.name:24}{len(row.right):9}{numbers}  {parts}")
    print("mean gain:", ", ".join(f"{kind} {np.mean(values):.3f}" for kind, values in gains.items()))
    weights, typical, bias = fitted(rows)
    for name, weight, value in zip(WEIGHTS, weights, typical, strict=True):
        print(f"{name:16}{weight:7.2f}, typical {value:.2f}")
    print(f"{'bias':16}{bias:7.2f}")


def judged(kind: str, name: str, projector: str, pairs: Sequence[Pair], gold: Sequence[Sentence]) -> Judged:
    """The entities that a projector makes on a set."""
    ready = [k for k, pair in enumerate(pairs) if pair.source is not None and pair.source.entities]
    chosen = [pairs[k] for k in ready]
    made = load("projector", projector).project(chosen)
    made = [trimmed_projection(pair.require_source(), p) for pair, p in zip(chosen, made, strict=True)]
    wanted = [{(e.span, e.label) for e in gold[k].entities} for k in ready]
    right = [
        (e.span, e.label) in answers
        for answers, projection in zip(wanted, made, strict=True)
        for outcome in projection.outcomes
        for e in outcome.projected
    ]
    return Judged(kind, name, projector, evidence(chosen, made), np.array(right))


def columns(found: Evidence) -> Floats:
    """The evidence that has a weight; shape (entities, fields)."""
    return np.stack([getattr(found, name) for name in WEIGHTS], axis=1)


def fitted(rows: Sequence[Judged]) -> tuple[Floats, Floats, float]:
    """Weights, typical values and bias: ridge logistic regression by Newton's method, every text with equal weight."""
    rows = [row for row in rows if row.kind != "masakhaner2"]
    texts = [row.name.partition(",")[0] for row in rows]
    x = np.concatenate([columns(row.found) for row in rows])
    y = np.concatenate([row.right for row in rows]).astype(float)
    w = np.concatenate(
        [np.full(len(r.right), 1000 / len(r.right) / texts.count(t)) for r, t in zip(rows, texts, strict=True)]
    )
    typical = np.nanmean(x, axis=0)
    x = np.where(np.isnan(x), typical, x)
    spread = x.std(axis=0)
    z = np.c_[(x - typical) / spread, np.ones(len(x))]
    ridge = np.diag([1.0] * len(typical) + [0.0])
    t = np.zeros(z.shape[1])
    for _ in range(40):
        p = 1 / (1 + np.exp(-z @ t))
        t -= np.linalg.solve((z * (w * p * (1 - p))[:, None]).T @ z + ridge, z.T @ (w * (p - y)) + ridge @ t)
    weights = t[:-1] / spread
    return weights, typical, float(t[-1] - weights @ typical)


def rate(found: Evidence, weights: Floats, typical: Floats, bias: float) -> Floats:
    """The confidence with other weights."""
    x = columns(found)
    odds = np.where(np.isnan(x), typical, x) @ weights + bias
    return np.where(np.isnan(found.recognized), 1.0, found.recognized) / (1 + np.exp(-odds))


def gain(rated: Floats, right: NDArray[np.bool_]) -> float:
    """The gain in precision if the most confident `KEPT` are kept; of equals, the expected one."""
    kept = round(KEPT * len(rated))
    least = np.sort(rated)[-kept]
    above, equal = rated > least, rated == least
    correct = right[above].sum() + (kept - above.sum()) * right[equal].mean()
    return float(correct / kept - right.mean())


def auc(rated: Floats, right: NDArray[np.bool_]) -> float:
    """How probable it is that a right entity has more confidence than a wrong one."""
    _, place, counts = np.unique(rated, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n = right.sum()
    return float((ranks[right].sum() - n * (n + 1) / 2) / (n * (len(right) - n)))


def ece(rated: Floats, right: NDArray[np.bool_]) -> float:
    """The expected calibration error over ten bins."""
    bins = np.minimum((rated * 10).astype(int), 9)
    return float(sum(abs(rated[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / len(rated))


def fifths(rated: Floats, right: NDArray[np.bool_]) -> list[float]:
    """The precision of each fifth of the entities."""
    _, place = np.unique(rated, return_inverse=True)
    expected = (np.bincount(place, right) / np.bincount(place))[place]
    return [float(expected[part].mean()) for part in np.array_split(np.argsort(rated, kind="stable"), 5)]


def sets(folder: Path) -> Iterator[tuple[str, str, list[Pair], list[Sentence]]]:
    """The kind and name of each set, its pairs with links, and its gold sentences."""
    for kind, place, codes in (("europarl", "europarl-ner", ("es", "de")), ("pud", "uner-pud", ("pt", "sv"))):
        source = read(folder / place, kind, "en")
        for code in codes:
            gold = read(folder / place, kind, code)
            given = folder / place / f"{kind}.en-{code}.eflomal.gdfa.talp"
            yield kind, f"{kind} {code}, eflomal", with_links(source, gold, given), gold
            yield kind, f"{kind} {code}, e5", aligned(source, gold), gold
    source = list(sentences(folder / "absa-projection" / "en.absa.train.tsv"))
    for code in ("es", "fr"):
        at = folder / "absa-projection" / f"en2{code}"
        gold = list(sentences(at / "gold.train.tsv"))
        for name in ABSA:
            pairs = with_links(source, gold, at / f"DeepL.50000.{name}.talp")
            yield "absa", f"absa {code}, {name.partition('.')[0]}", pairs, gold
        yield "absa", f"absa {code}, e5", aligned(source, gold), gold
    slots: dict[str, Any] = {"format": "conll", "columns": "token=2,tag=4"}
    source, *others = (
        list(raise_errors(read_sentences(folder / "xsid-0.7" / f"{code}.valid.conll", **slots)))
        for code in ("en", "de", "it", "nl")
    )
    for code, gold in zip(("de", "it", "nl"), others, strict=True):
        yield "xsid", f"xsid {code}, e5", aligned(source, gold), gold
    for code in ("lug", "pcm", "twi", "ewe"):
        pairs, gold = recognized(folder / "masakhaner2-parallel" / f"{code}.dev.jsonl")
        yield "masakhaner2", f"masakhaner2 {code}, e5", pairs, gold


def with_links(source: Sequence[Sentence], gold: Sequence[Sentence], path: Path) -> list[Pair]:
    """The pairs with the links of a file."""
    links = raise_errors(read_alignments(path))
    return [Pair(t, s, a) for t, s, a in zip(without_labels(gold), source, links, strict=True)]


def aligned(source: Sequence[Sentence], gold: Sequence[Sentence]) -> list[Pair]:
    """The pairs with the links of e5."""
    pairs = [Pair(t, s) for t, s in zip(without_labels(gold), source, strict=True)]
    return list(Pipeline(aligner="e5:itermax", projector=None).run_pairs(pairs))


def recognized(path: Path) -> tuple[list[Pair], list[Sentence]]:
    """The pairs with recognized source entities and links, and the gold sentences without dates."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    gold = [Sentence.from_tags(row["tokens"], row["tags"]) for row in rows]
    gold = [s.with_entities(e for e in s.entities if e.label != "DATE") for s in gold]
    sources = [Sentence.from_text(row["src"], language=row["src_lang"]) for row in rows]
    pairs = [Pair(t, s) for t, s in zip(without_labels(gold), sources, strict=True)]
    pipeline = Pipeline(None, "multilingual", "e5:itermax", None, ignore=("DATE", "MISC"))
    done = pipeline.run_pairs(pairs)
    return [p if p.alignment is not None else replace(p, alignment=Alignment(())) for p in done], gold


if __name__ == "__main__":
    main(Path(sys.argv[1]))
