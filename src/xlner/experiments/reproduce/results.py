"""The results of an experiment: one per language and method, means over languages, and paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.evaluation import ConfidenceIntervals, Difference, ErrorStage, Scores, compare, find_errors, holm
from xlner.experiments.reproduce.published import PublishedResult

UNKNOWN_STAGE = "unknown"
"""The stage of an error that cannot be attributed."""


@dataclass(frozen=True, slots=True)
class StageErrors:
    """The number of errors that are attributed to a stage, and how much F1 would gain without them.

    >>> StageErrors("alignment", errors=3, f1_gain=0.01).stage
    'alignment'
    """

    stage: str
    errors: int
    f1_gain: float


@dataclass(frozen=True, slots=True, eq=False)
class MethodResult:
    """The result of one method on one language.

    - `scores`, `confidence_intervals`: None if the method could not be run; `missing` is then the reason.
    - `published`: the published result to compare with.
    - `proj_ratio`: see the function `proj_ratio`.
    - `errors_by_stage`: the error attribution, as `xlner errors` shows it.
    - `seconds`: the time that this start took; stages that were already done take almost none.

    >>> MethodResult("masakhaner2", "yor", "model-transfer", missing="no recognizer").difference is None
    True
    """

    dataset: str
    lang: str
    method: str
    scores: Scores | None = None
    confidence_intervals: ConfidenceIntervals | None = None
    published: PublishedResult | None = None
    errors_by_stage: tuple[StageErrors, ...] = ()
    proj_ratio: float | None = None
    missing: str | None = None
    seconds: float = 0.0

    @property
    def difference(self) -> float | None:
        """F1 minus the published F1; None unless both are known."""
        if self.scores is None or self.published is None:
            return None
        return self.scores.micro.f1 - self.published.f1


@dataclass(frozen=True, slots=True)
class MethodMean:
    """The mean F1 of a method over the languages that it has scores for.

    `langs` is the number of languages. `published` is the published mean over the same languages; None unless all of
    them have a published result.

    >>> MethodMean("default", langs=2, f1=0.91, published=None).f1
    0.91
    """

    method: str
    langs: int
    f1: float
    published: float | None


@dataclass(frozen=True, slots=True)
class MethodComparison:
    """A paired test of two methods on one language.

    `difference` is the second method minus the first. `p_holm` is its p-value, adjusted for all pairs of the language.

    >>> from xlner import evaluate
    >>> gold = [Sentence.from_tags(["Vigo"], ["B-LOC"])]
    >>> scores = evaluate(gold, gold)
    >>> both = [MethodResult("mine", "gl", name, scores) for name in ("exact", "greedy")]
    >>> compare_methods(both, samples=10, seed=0)[0].p_holm
    1.0
    """

    lang: str
    first: str
    second: str
    difference: Difference
    p_holm: float


def attribute_errors(
    gold: Sequence[Sentence], pairs: Sequence[Pair], *, ignore: Sequence[str], transfer: bool
) -> tuple[StageErrors, ...]:
    """Return the errors of a method by stage. With `transfer`, all of them are errors of recognition.

    >>> gold = [Sentence.from_tags(["Vigo"], ["B-LOC"])]
    >>> attribute_errors(gold, [Pair(Sentence(("Vigo",)))], ignore=(), transfer=True)
    (StageErrors(stage='recognition', errors=1, f1_gain=1.0),)
    """
    report = find_errors(gold, pairs, ignore=ignore)
    by_stage = {ErrorStage.RECOGNITION: report.errors} if transfer else report.by_stage()
    return tuple(StageErrors(str(stage or UNKNOWN_STAGE), len(e), report.gain(e)) for stage, e in by_stage.items() if e)


def proj_ratio(gold: Sequence[Sentence], predicted: Sequence[Sentence], *, ignore: Sequence[str]) -> float | None:
    """Return the mean over sentences of the number of predicted entities divided by that of gold entities.

    Politov et al. 2025 publish this number. It says nothing about the entities being right, and is above 1 if more are
    predicted than there are. Sentences without gold entities do not count; None if there are no others. Labels in
    `ignore` do not count.

    >>> two, one = Sentence.from_tags(["Ana", "Vigo"], ["B-PER", "B-LOC"]), Sentence.from_tags(["Vigo"], ["B-LOC"])
    >>> proj_ratio([two, one], [two, Sentence(("Vigo",))], ignore=["PER"])
    0.5
    """
    left_out = frozenset(ignore)

    def count(sentence: Sentence) -> int:
        return sum(entity.label not in left_out for entity in sentence.entities)

    ratios = [count(p) / n for g, p in zip(gold, predicted, strict=True) if (n := count(g))]
    return fmean(ratios) if ratios else None


def method_means(results: Sequence[MethodResult], *, min_langs: int = 1) -> list[MethodMean]:
    """Return one mean for each method with scores in at least `min_langs` languages, in the order of the results.

    >>> method_means([])
    []
    """
    made = []
    for method in dict.fromkeys(r.method for r in results):
        done = [r for r in results if r.method == method and r.scores is not None]
        if len(done) < max(1, min_langs):
            continue
        ours = [r.scores.micro.f1 for r in done if r.scores is not None]
        theirs = [r.published.f1 for r in done if r.published is not None]
        made.append(MethodMean(method, len(done), fmean(ours), fmean(theirs) if len(theirs) == len(ours) else None))
    return made


def compare_methods(results: Sequence[MethodResult], *, samples: int, seed: int) -> list[MethodComparison]:
    """Test every pair of methods on every language by approximate randomization with `samples` permutations.

    >>> compare_methods([], samples=1000, seed=0)
    []
    """
    made = []
    for lang in dict.fromkeys(r.lang for r in results):
        done = [(r.method, r.scores) for r in results if r.lang == lang and r.scores is not None]
        pairs = list(combinations(done, 2))
        found = [compare(a, b, samples=samples, seed=seed) for (_, a), (_, b) in pairs]
        adjusted = holm([d.p for d in found])
        rows = zip(pairs, found, adjusted, strict=True)
        made += [MethodComparison(lang, a, b, difference, p) for ((a, _), (b, _)), difference, p in rows]
    return made
