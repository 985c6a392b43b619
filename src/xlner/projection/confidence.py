"""Confidence in a projection: how probable it is that an entity is right, and a projector that drops uncertain ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.batches import listed
from xlner.core.entity import Entity
from xlner.core.entity_edges import checked_projection
from xlner.core.options import options_fingerprint
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.signature import Digest
from xlner.errors import StageError, ValidationError
from xlner.projection.calibration import Calibration
from xlner.projection.evidence import Evidence, evidence
from xlner.stages import Projector, TargetEntityProjector, check_stopped, fingerprint_of, project_each, without_errors

CONFIDENCE = "confidence"
"""The name of the confidence among the scores of an outcome."""


class _Weight(NamedTuple):
    """The weight of one kind of evidence, and the value that counts where it is not known."""

    weight: float
    typical: float


WEIGHTS = {
    "source_linked": _Weight(4.66, 0.99),
    "links": _Weight(-9.58, 0.52),
    "outside": _Weight(-1.41, 0.02),
    "neighbors": _Weight(0.31, 1.34),
    "bounded": _Weight(0.64, 1.81),
    "weakest": _Weight(2.49, 0.81),
    "growth": _Weight(-1.73, 0.05),
    "lost_capitals": _Weight(-1.24, 0.1),
    "next_capitals": _Weight(-1.57, 0.01),
    "small_words": _Weight(-1.63, 0.05),
}
"""The weight of each field of `Evidence` for the log odds that a span is right, by benchmarks/confidence.py."""
_BIAS = -0.55


def weights_digest() -> str:
    """A short hash of the weights, for fingerprints.

    >>> weights_digest() == weights_digest()
    True
    """
    return Digest([repr(WEIGHTS), repr(_BIAS)]).hexdigest()


def confidences(found: Evidence) -> NDArray[np.float64]:
    """The probability that each entity is right, estimated by logistic regression on evidence; shape (n,).

    It is the probability of the span, times the score of the recognizer where that is known. Evidence that is not known
    counts as usual.

    >>> from xlner import Alignment, Sentence, load
    >>> links = Alignment(((0, 0), (0, 1)))
    >>> pair = Pair(Sentence(("Vigo", "fala")), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), links)
    >>> confidences(evidence([pair], load("projector", "hull").project([pair]))).round(2).tolist()
    [0.61]
    """
    odds = np.full(len(found.growth), _BIAS)
    for name, (weight, typical) in WEIGHTS.items():
        values: NDArray[np.float64] = getattr(found, name)
        odds += weight * np.where(np.isnan(values), typical, values)
    recognized = np.where(np.isnan(found.recognized), 1.0, found.recognized)
    made: NDArray[np.float64] = recognized / (1 + np.exp(-odds))
    return made


def rated(
    pairs: Sequence[Pair], projections: Sequence[Projection], calibration: Calibration | None = None
) -> list[Projection]:
    """The projections with a confidence in [0, 1] as the score of every projected entity.

    It is `confidences` of the `evidence`, mapped by the calibration if there is one. Outcomes keep their scores and get
    `confidence`, that of their first projected entity. Raises `ValidationError` if a projection does not have one
    outcome for each source entity of its pair.

    >>> from xlner import Alignment, Sentence, load
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
    >>> round(rated([pair], load("projector", "greedy").project([pair]))[0].sentence.entities[0].score, 2)
    0.96
    """
    values = iter(confidences(evidence(pairs, projections)).tolist())
    return [_with_scores(projection, values, calibration) for projection in projections]


def _with_scores(projection: Projection, values: Iterator[float], calibration: Calibration | None) -> Projection:
    """The projection with the next values as the scores of its entities."""
    if not any(outcome.projected for outcome in projection.outcomes):
        return projection
    outcomes = []
    for outcome in projection.outcomes:
        if outcome.dropped:
            outcomes.append(outcome)
            continue
        raw = [next(values) for _ in outcome.projected]
        scores = raw if calibration is None else list(map(calibration, raw))
        made = tuple(Entity(e.start, e.end, e.label, x) for e, x in zip(outcome.projected, scores, strict=True))
        outcomes.append(Outcome(outcome.entity, made, scores={**outcome.scores, CONFIDENCE: scores[0]}))
    return _with_outcomes(projection, outcomes)


def without_unsure(projection: Projection, min_confidence: float) -> Projection:
    """The projection without the entities whose score is below `min_confidence`.

    An outcome that keeps no entity is dropped as `below-threshold` and keeps its scores.

    >>> from xlner import Sentence
    >>> unsure = Outcome(Entity(0, 1, "PER"), (Entity(0, 1, "PER", 0.4),), scores={"confidence": 0.4})
    >>> made = without_unsure(Projection(Sentence(("Ana",), unsure.projected), (unsure,)), 0.5)
    >>> made.sentence.entities, made.outcomes[0].reason.value, made.outcomes[0].scores
    ((), 'below-threshold', {'confidence': 0.4})
    """
    return _with_outcomes(projection, [_confident_part(o, min_confidence) for o in projection.outcomes])


def _confident_part(outcome: Outcome, min_confidence: float) -> Outcome:
    kept = tuple(e for e in outcome.projected if e.score is None or e.score >= min_confidence)
    if len(kept) == len(outcome.projected):
        return outcome
    if not kept:
        return replace(outcome, projected=(), reason=Reason.BELOW_THRESHOLD)
    scores = outcome.scores if kept[0].score is None else {**outcome.scores, CONFIDENCE: kept[0].score}
    return replace(outcome, projected=kept, scores=scores)


def _with_outcomes(projection: Projection, outcomes: Sequence[Outcome]) -> Projection:
    entities = [e for o in outcomes for e in o.projected]
    sentence = projection.sentence.with_entities(entities)
    return Projection(sentence, tuple(outcomes), projection.solver, projection.objective)


@dataclass(frozen=True, slots=True)
class ConfidenceOptions:
    """Options of `ConfidentProjector`, which documents them.

    >>> ConfidenceOptions().min_confidence
    0.0
    """

    min_confidence: float = 0.0


class ConfidentProjector:
    """Another projector, with a confidence in [0, 1] as the score of every entity that it projects.

    - `calibration`: maps the confidence to a probability; made from labeled pairs by `xlner calibrate`. Without one,
      the confidence orders entities and is a rough estimate of the probability.
    - `min_confidence`: entities below it are dropped as `below-threshold`.

    See `rated` for the confidence. It is that of the trimmed entities, see `xlner.core.entity_edges`. Raises
    `ValidationError` for a `min_confidence` outside [0, 1].

    >>> from xlner import Alignment, Sentence
    >>> from xlner.projection import MatchingProjector
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
    >>> ConfidentProjector(MatchingProjector()).project([pair])[0].sentence.entities[0].score > 0.9
    True
    """

    def __init__(
        self, projector: Projector, *, calibration: Calibration | None = None, min_confidence: float = 0.0
    ) -> None:
        if not 0 <= min_confidence <= 1:
            raise ValidationError(f"min_confidence {min_confidence} is not between 0 and 1")
        self.projector = projector
        self.calibration = calibration
        self.options = ConfidenceOptions(min_confidence)

    @property
    def reads_target_entities(self) -> bool:
        """True if the projector needs the entities of target sentences."""
        return isinstance(self.projector, TargetEntityProjector) and self.projector.reads_target_entities

    @property
    def fingerprint(self) -> str:
        """The options, the weights of evidence, the calibration and the fingerprint of the projector."""
        calibration = "none" if self.calibration is None else self.calibration.digest
        name = options_fingerprint("confidence", self.options)
        return f"{fingerprint_of(self.projector)} {name} weights={weights_digest()} calibration={calibration}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair and give each projected entity its confidence.

        Raises `StageError` if the projector gives anything but one projection for each pair.
        """
        return without_errors(self.project_each(pairs))

    def project_each(self, pairs: Sequence[Pair]) -> list[Projection | Exception]:
        """Do the same, with errors in the places of projections."""
        made = listed(project_each(self.projector, pairs), len(pairs))
        checked = [_checked(p, pair) for pair, p in zip(pairs, made, strict=True)]
        ready = [(pair, p) for pair, p in zip(pairs, checked, strict=True) if isinstance(p, Projection)]
        found = iter(self._rated([pair for pair, _ in ready], [p for _, p in ready]))
        return [next(found) if isinstance(p, Projection) else p for p in checked]

    def check_stopped(self) -> None:
        """Raise `StoppedError` if the projector has stopped."""
        check_stopped(self.projector)

    def _rated(self, pairs: Sequence[Pair], projections: Sequence[Projection]) -> list[Projection]:
        found = rated(pairs, projections, self.calibration)
        least = self.options.min_confidence
        return [without_unsure(p, least) for p in found] if least else found


def _checked(result: object, pair: Pair) -> Projection | Exception:
    try:
        return result if isinstance(result, Exception) else checked_projection(result, pair)
    except StageError as error:
        return error
