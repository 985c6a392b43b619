"""One configuration for Europarl-NER, German and Spanish, on stored links, chosen on other data.

python benchmarks/europarl_eflomal.py DATA
    (with europarl-ner/ and uner-pud/, each with eflomal's links of both directions and symmetrized ones)

Every configuration (links, their weights, score, cost of a word without a link, threshold) is run on UNER-PUD (pt, sv).
The one with the best mean is then run on Europarl-NER, and so are its variants without one of its components. Strict
F1, all labels.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

from xlner import Alignment, Pair, Pipeline, Sentence, evaluate, raise_errors, read_alignments, read_sentences
from xlner.alignment import LexicalWeights, agreement
from xlner.projection import CandidateOptions, match_spans, null_aware_coverage_score, weighted_coverage_score
from xlner.projection.scores.scored_pair import ScoredPair
from xlner.projection.scores.weighted_sum import Score, Term

LINKS = (("inter",), ("gdfa",), ("inter", "gdfa"), ("forward", "reverse", "gdfa"))
FLOORS = (None, 0.0, 0.25, 0.5)
NULL_COSTS = (0.0, 0.15, 0.3, 0.5, 0.75, 1.0)
SCORES = {"weighted_coverage": weighted_coverage_score, "null_aware_coverage": null_aware_coverage_score}
THRESHOLDS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6)
PROJECTORS = (
    "greedy",
    "exact?candidates=merged&gap=2",
    "heuristic",
    "heuristic?gap=2",
    "heuristic?gap=2&ratio=0.5",
    "heuristic?gap=2&ratio=0.3",
    "hull",
    "hull?restr_tgt=true",
)
ANYWHERE = CandidateOptions("aligned", max_length=1000)


class Data(NamedTuple):
    """Source and gold sentences with named sets of links."""

    source: list[Sentence]
    gold: list[Sentence]
    links: dict[str, list[Alignment]]


class Choice(NamedTuple):
    """A configuration: a projector's spec, or a score with its options and threshold on links weighed by `floor`."""

    links: tuple[str, ...]
    how: str
    floor: float | None = None
    threshold: float = 0.0
    null_cost: float | None = None

    def __str__(self) -> str:
        lexical = "" if self.floor is None else f", lexical {self.floor}"
        threshold = f" from {self.threshold}" if self.how in SCORES else ""
        cost = "" if self.null_cost is None else f" null {self.null_cost}"
        return f"{'+'.join(self.links)}{lexical}: {self.how}{cost}{threshold}"

    @property
    def score(self) -> Score:
        """The score function."""
        return (
            SCORES[self.how] if self.null_cost is None else partial(null_aware_coverage_score, null_cost=self.null_cost)
        )


def main(data: Path) -> None:
    """Print the best configurations on the selection sets, and the scores of the first on Europarl-NER."""
    results = dict(scored([read_pud(data / "uner-pud", language) for language in ("pt", "sv")]))
    ranked = sorted(results, key=lambda c: -selection(results[c]))
    print(f"{'selection, of ' + str(len(ranked)):60}  mean     pt    sv")
    plain = [c for c in ranked if c.how not in SCORES]
    for choice in [*ranked[:10], *plain[:5]]:
        print(f"{choice!s:60} {selection(results[choice]):.4f} ", *(f"{f1:.3f}" for f1 in results[choice]), flush=True)
    best = ranked[0]
    europarl = [read_europarl(data / "europarl-ner", language) for language in ("de", "es")]
    print(f"\n{'Europarl-NER':72}    de     es")
    for name, choice in {"selected": best, **ablations(best), "other": plain[0]}.items():
        print(f"{name:11} {choice!s:60}", *(f"{f1:.4f}" for f1 in next(scored(europarl, [choice]))[1]), flush=True)


def selection(f1s: Sequence[float]) -> float:
    """The mean over the selection sets."""
    return sum(f1s) / len(f1s)


def grid() -> list[Choice]:
    """All configurations; thresholds vary fastest."""
    weighted = [Choice(links, "weighted_coverage", *rest) for links, *rest in product(LINKS, FLOORS, THRESHOLDS)]
    null_aware = [
        Choice(links, "null_aware_coverage", floor, threshold, cost)
        for links, floor, cost, threshold in product(LINKS, FLOORS, NULL_COSTS, THRESHOLDS)
    ]
    return [*weighted, *null_aware, *(Choice(*values) for values in product(LINKS[:2], PROJECTORS))]


def ablations(best: Choice) -> dict[str, Choice]:
    """The configuration without each of its components."""
    without = {
        "links": best._replace(links=("inter",)),
        "lexical": best._replace(floor=None),
        "score": best._replace(how="weighted_coverage", null_cost=None),
        "null cost": best._replace(null_cost=1.0) if best.how == "null_aware_coverage" else best,
        "threshold": best._replace(threshold=0.0),
    }
    return {f"- {name}": choice for name, choice in without.items() if choice != best}


def scored(sets: Sequence[Data], choices: Sequence[Choice] | None = None) -> Iterator[tuple[Choice, list[float]]]:
    """Each configuration with its F1 on each of the sets."""
    runs = [Runs(data) for data in sets]
    for choice in grid() if choices is None else choices:
        yield choice, [run.f1(choice) for run in runs]


class Runs:
    """The configurations on one set. Results that several of them share are computed once."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.weighed = cache(self._weighed)
        self.scored = cache(self._scored)

    def f1(self, choice: Choice) -> float:
        """F1 of a configuration."""
        if choice.how not in SCORES:
            done = Pipeline(projector=choice.how).run_pairs(self.weighed(choice.links, None))
            return evaluate(self.data.gold, (p.labeled for p in done)).micro.f1
        self._forget_others(choice)
        terms = (Term(choice.how),)
        made = []
        for s in self.scored(choice.links, choice.floor, choice.how, choice.null_cost):
            spans = s.scored_spans(terms, choice.threshold)
            made.append(s.project(match_spans(spans, len(s.pair.target)).chosen, terms, spans).sentence)
        return evaluate(self.data.gold, made).micro.f1

    def _forget_others(self, choice: Choice) -> None:
        """Keep the scores of one kind at a time, because those of all kinds would fill the memory."""
        if choice.threshold == THRESHOLDS[0]:
            self.scored.cache_clear()

    def _weighed(self, links: tuple[str, ...], floor: float | None) -> list[Pair]:
        held = zip(*(self.data.links[name] for name in links), strict=True)
        rows = zip(self.data.source, self.data.gold, held, strict=True)
        pairs = [Pair(Sentence(t.tokens), s, agreement(a)) for s, t, a in rows]
        if floor is None:
            return pairs
        lexical = LexicalWeights.count(pairs)
        return [Pair(p.target, p.source, lexical.weigh(p, floor=floor)) for p in pairs]

    def _scored(
        self, links: tuple[str, ...], floor: float | None, how: str, null_cost: float | None
    ) -> list[ScoredPair]:
        score = Choice(links, how, null_cost=null_cost).score
        return [ScoredPair.of(pair, ANYWHERE, {how: score}) for pair in self.weighed(links, floor)]


def read_europarl(folder: Path, language: str) -> Data:
    """Europarl-NER."""
    sides = [list(raise_errors(read_sentences(folder / f"{la}-europarl.test.conll02"))) for la in ("en", language)]
    names = ("forward", "reverse", "inter", "gdfa")
    return Data(*sides, {n: read_links(folder / f"europarl.en-{language}.eflomal.{n}.talp") for n in names})


def read_pud(folder: Path, language: str) -> Data:
    """UNER-PUD."""
    sides = [list(iob2(folder / f"{la}_pud-ud-test.iob2")) for la in ("en", language)]
    names = ("forward", "reverse", "inter", "gdfa")
    return Data(*sides, {n: read_links(folder / f"pud.en-{language}.eflomal.{n}.talp") for n in names})


def read_links(path: Path) -> list[Alignment]:
    """The links of a file; raises the first error."""
    return list(raise_errors(read_alignments(path)))  # type: ignore[type-var]


def iob2(path: Path) -> Iterator[Sentence]:
    """Sentences of Universal NER: number, token, tag and more, tab between them."""
    rows: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        fields = line.split("\t")
        if len(fields) > 2:
            rows.append((fields[1], fields[2]))
        elif rows and not line:
            yield Sentence.from_tags([token for token, _ in rows], [tag for _, tag in rows])
            rows = []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
