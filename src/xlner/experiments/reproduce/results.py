"""What an experiment found: one result per language and method, the means over languages, and paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.evaluation import ConfidenceIntervals, Difference, ErrorStage, Scores, compare, find_errors, holm
from xlner.experiments.reproduce.published import Published

MEAN = "mean"


@dataclass(frozen=True, slots=True)
class AttributedErrors:
    """How many errors a stage is to blame for, and how much higher F1 would be without them."""

    stage: str
    errors: int
    f1_gain: float


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One method on one language: its scores, or in `missing` why it has none.

    `blamed` has its errors by stage, as `xlner errors` traces them. `seconds` is what this start took for it; stages
    that were there already take next to nothing.
    """

    dataset: str
    lang: str
    method: str
    scores: Scores | None = None
    confidence_intervals: ConfidenceIntervals | None = None
    published: Published | None = None
    blamed: tuple[AttributedErrors, ...] = ()
    missing: str | None = None
    seconds: float = 0.0

    @property
    def difference(self) -> float | None:
        """Our F1 minus the published one, where there are both."""
        if self.scores is None or self.published is None:
            return None
        return self.scores.micro.f1 - self.published.f1


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean F1 of a method over the languages that it has scores for, ours and published.

    `published` is over the same languages; None unless all of them have figures.
    """

    method: str
    langs: int
    f1: float
    published: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the second of two methods differs from the first on one language; `p_holm` is adjusted for all pairs."""

    lang: str
    first: str
    second: str
    difference: Difference
    p_holm: float


def blame(
    gold: Sequence[Sentence], pairs: Sequence[Pair], *, ignore: Sequence[str], transfer: bool
) -> tuple[AttributedErrors, ...]:
    """The errors of a method by stage; of model transfer there is but one."""
    report = find_errors(gold, pairs, ignore=ignore)
    by_stage = {ErrorStage.RECOGNITION: report.errors} if transfer else report.by_stage()
    return tuple(AttributedErrors(stage or "unknown", len(e), report.gain(e)) for stage, e in by_stage.items() if e)


def means(results: Sequence[Result]) -> list[Mean]:
    """One mean per method, in the order of the results.

    >>> means([])
    []
    """
    made = []
    for method in dict.fromkeys(r.method for r in results):
        done = [r for r in results if r.method == method and r.scores is not None]
        if not done:
            continue
        ours = [r.scores.micro.f1 for r in done if r.scores is not None]
        theirs = [r.published.f1 for r in done if r.published is not None]
        made.append(Mean(method, len(done), fmean(ours), fmean(theirs) if len(theirs) == len(ours) else None))
    return made


def shown_means(results: Sequence[Result]) -> list[Mean]:
    """The means of methods that have results in several languages."""
    return [mean for mean in means(results) if mean.langs > 1]


def comparisons(results: Sequence[Result], *, samples: int, seed: int) -> list[Comparison]:
    """Every pair of methods on every language, tested by approximate randomization."""
    made = []
    for lang in dict.fromkeys(r.lang for r in results):
        done = [(r.method, r.scores) for r in results if r.lang == lang and r.scores is not None]
        pairs = list(combinations(done, 2))
        found = [compare(a, b, samples=samples, seed=seed) for (_, a), (_, b) in pairs]
        adjusted = holm([d.p for d in found])
        rows = zip(pairs, found, adjusted, strict=True)
        made += [Comparison(lang, a, b, difference, p) for ((a, _), (b, _)), difference, p in rows]
    return made
