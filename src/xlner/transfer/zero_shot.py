"""Zero-shot transfer: the scores of a recognizer on languages that it was not trained on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlner.core.registry import load
from xlner.core.resampling import Floats, bootstrap, percentiles
from xlner.core.sentence import Sentence
from xlner.core.signature import Signature
from xlner.errors import InputError
from xlner.evaluation.confidence_intervals import LEVEL, SAMPLES, Interval, f1_of
from xlner.evaluation.entities import EvaluationMode, Scores, evaluate
from xlner.stages import Recognizer


@dataclass(frozen=True, slots=True, eq=False)
class TargetScores:
    """What a recognizer found in the sentences of one target, its scores, and the confidence interval of the F1.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> from xlner import Entity
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> found = zero_shot(DictionaryRecognizer({"Vigo": "LOC"}), {"gl": gold}, samples=10)
    >>> found.targets["gl"].f1
    1.0
    """

    predicted: Sequence[Sentence]
    scores: Scores
    interval: Interval

    @property
    def f1(self) -> float:
        """The F1 of all entities."""
        return self.scores.micro.f1


@dataclass(frozen=True, slots=True, eq=False)
class ZeroShot:
    """The scores of all targets, and the confidence interval of their mean F1.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> from xlner import Entity
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> found = zero_shot(DictionaryRecognizer({"Vigo": "LOC"}), {"gl": gold}, samples=10)
    >>> found.mean_f1
    1.0
    """

    targets: Mapping[str, TargetScores]
    interval: Interval
    signature: Signature

    @property
    def mean_f1(self) -> float:
        """The mean F1 of the targets."""
        return sum(t.f1 for t in self.targets.values()) / len(self.targets)


def zero_shot(
    recognizer: Recognizer | str,
    targets: Mapping[str, Sequence[Sentence]],
    *,
    ignore: Collection[str] = (),
    samples: int = SAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> ZeroShot:
    """Label the sentences of each target, and compare the result with their gold entities.

    - `recognizer`: a recognizer, or the spec of one, such as `hf:FOLDER`.
    - `ignore`: labels to leave out on both sides, for example those that only the gold sentences have.
    - `samples`, `level`, `seed`: confidence intervals are percentiles over bootstrap samples of the sentences of each
      target. The interval of the mean F1 holds for these targets, and not for other ones.

    Raises `InputError` if there are no targets, or if a target has no entities.

    >>> from xlner import Entity
    >>> from xlner.fakes import DictionaryRecognizer
    >>> gold = [Sentence(("in", "Vigo"), (Entity(1, 2, "LOC"),))]
    >>> zero_shot(DictionaryRecognizer({"Vigo": "LOC"}), {"gl": gold}).mean_f1
    1.0
    """
    if not targets:
        raise InputError("there are no targets")
    recognizer = load("recognizer", recognizer) if isinstance(recognizer, str) else recognizer
    found: dict[str, TargetScores] = {}
    sampled: list[Floats] = []
    for number, (name, gold) in enumerate(targets.items()):
        if not any(e.label not in ignore for s in gold for e in s.entities):
            raise InputError(f"no sentence of target {name} has an entity to find", hint="give labeled sentences")
        predicted = [s.with_entities(e) for s, e in zip(gold, recognizer.recognize(gold), strict=True)]
        scores = evaluate(gold, predicted, mode=EvaluationMode.STRICT, ignore=ignore)
        # A seed for each target: with the same one, targets of equal size would be resampled in the same way.
        rows = scores.by_sentence.sum(axis=1)
        sampled.append(f1_of(bootstrap(rows, samples=samples, seed=seed + number)))
        found[name] = TargetScores(predicted, scores, Interval(*percentiles(sampled[-1], level), level))
    facts = {
        "mode": EvaluationMode.STRICT,
        "ignore": tuple(ignore),
        "targets": tuple(targets),
        "bootstrap": samples,
        "level": level,
        "seed": seed,
        "numpy": np.__version__,
    }
    mean = Interval(*percentiles(np.mean(sampled, axis=0), level), level)
    return ZeroShot(found, mean, Signature.of(facts))
