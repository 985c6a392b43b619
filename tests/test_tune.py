from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from xlner import Alignment, Entity, Pair, Sentence, ValidationError, evaluate, load
from xlner.core.entity import Span
from xlner.errors import UnknownNameError
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.weight_tuning import TunedWeights, tune_weights

NAMES = ("Ana", "Bea", "Carlos", "Vigo", "Pardo", "Toledo", "Quito", "Lima", "Ines", "Mateo", "Sofia", "Oslo")


def copied_names() -> tuple[list[Pair], list[Sentence]]:
    """Sentences whose names are copied; every other one has its link on the word beside."""
    pairs, gold = [], []
    for k, name in enumerate(NAMES):
        source = Sentence((name, "sleeps"), (Entity(0, 1, "PER"),))
        target = Sentence(("odi", name, "ne"))
        pairs.append(Pair(target, source, Alignment(((0, 1 + k % 2),))))
        gold.append(target.with_entities([Entity(1, 2, "PER")]))
    return pairs, gold


@pytest.fixture(scope="module")
def tuned() -> TunedWeights:
    return tune_weights(*copied_names(), folds=4, samples=200)


def test_what_helps_is_found_and_its_gain_is_sure(tuned: TunedWeights) -> None:
    assert (tuned.f1, tuned.baseline, tuned.gain, tuned.training_f1) == (1.0, 0.5, 0.5, 1.0)
    assert 0 < tuned.low <= tuned.gain <= tuned.high
    assert "surface:" in tuned.weights
    assert len(tuned.by_fold) == 4


def test_the_projector_does_what_was_measured(tuned: TunedWeights) -> None:
    pairs, gold = copied_names()
    done = [p.sentence for p in tuned.projector().project(pairs)]
    assert evaluate(gold, done).micro.f1 == tuned.training_f1
    assert load("projector", tuned.spec).fingerprint == tuned.projector().fingerprint


def test_the_report_says_it_all(tuned: TunedWeights) -> None:
    report = tuned.report()
    assert "F1 1.000 in 4-fold cross-validation" in report
    assert "alignment alone 0.500: gain +0.500 [" in report
    assert "chance" not in report
    assert report.count("\n") == 7


def test_tuning_is_deterministic(tuned: TunedWeights) -> None:
    assert tune_weights(*copied_names(), folds=4, samples=200) == tuned
    assert tune_weights(*copied_names(), folds=4, samples=200, seed=1).setting == tuned.setting


def test_a_score_that_does_not_help_gains_nothing() -> None:
    pairs, gold = copied_names()
    right = [Pair(p.target, p.source, Alignment(((0, 1),))) for p in pairs]
    found = tune_weights(right, gold, folds=3, samples=50)
    assert found.gain == found.low == found.high == 0
    assert found.weights == "alignment:1"
    assert "may be chance" in found.report()


def test_given_scores_are_tuned_too() -> None:
    pairs, gold = copied_names()

    def second(pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        return np.array([[float(c == (1, 2)) for c in candidates]] * len(entities))

    found = tune_weights(pairs, gold, names=("alignment", "oracle", "coverage"), folds=2, samples=20, oracle=second)
    assert found.f1 == 1
    assert "oracle" in found.weights
    done = found.projector(oracle=second, unused=second).project(pairs)
    assert evaluate(gold, [p.sentence for p in done]).micro.f1 == 1
    with pytest.raises(UnknownNameError):
        tune_weights(pairs, gold, names=("alignment", "oracle"))


def test_candidates_and_ignored_labels_are_kept() -> None:
    pairs, gold = copied_names()
    options = CandidateOptions("ngrams+aligned", 3, stop_tokens=frozenset({"ne"}))
    found = tune_weights(pairs, gold, candidates=options, ignore=("PER",), folds=2, samples=5)
    assert (found.f1, found.baseline) == (0, 0)
    assert found.candidates == options
    assert load("projector", found.spec).fingerprint == found.projector().fingerprint


def test_pairs_without_entities_count_their_gold_as_missed() -> None:
    target = Sentence(("Ana",))
    pairs = [Pair(target, Sentence(("Ana",)), Alignment(()))] * 2
    found = tune_weights(pairs, [target.with_entities([Entity(0, 1, "PER")])] * 2, folds=2, samples=5)
    assert found.f1 == found.training_f1 == 0


def test_what_does_not_fit_is_refused() -> None:
    pairs, gold = copied_names()
    with pytest.raises(ValidationError, match="12 pairs but 11"):
        tune_weights(pairs, gold[1:])
    with pytest.raises(ValidationError, match="pair 1 and its gold sentence"):
        tune_weights(pairs, gold[::-1])
    for folds in (1, 13):
        with pytest.raises(ValidationError, match="folds"):
            tune_weights(pairs, gold, folds=folds)
