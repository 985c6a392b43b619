"""Learn how often a projection with a given confidence is right, and measure the result by cross-validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.entity import Span
from xlner.core.pair import Pair
from xlner.errors import InputError, ValidationError
from xlner.pipeline.pipeline import Pipeline
from xlner.projection.calibration import Calibration
from xlner.stages import fingerprint_of

FOLDS = 5
LINKS_FROM_A_FILE = "links from a file"
"""The aligner of a calibration if the pairs came with their links."""


@dataclass(frozen=True, slots=True)
class JudgedConfidences:
    """The confidences of projected entities, and which of the entities are right.

    `sentences` has the number of the sentence of each entity, from 0; `errors` the sentences that failed, by number.

    >>> judged = JudgedConfidences((0.2,) * 3 + (0.8,) * 3, (False,) * 3 + (True,) * 3, tuple(range(6)))
    >>> judged.fit().points
    ((0.15, 0.25), (0.85, 0.75))
    """

    confidences: tuple[float, ...]
    correct: tuple[bool, ...]
    sentences: tuple[int, ...]
    errors: tuple[tuple[int, str], ...] = ()
    projector: str = ""
    aligner: str = ""

    def fit(self) -> Calibration:
        """A calibration from all entities; raises `ValidationError` if there are none."""
        return Calibration.fit(self.confidences, self.correct, projector=self.projector, aligner=self.aligner)

    def cross_validated(self, folds: int = FOLDS) -> list[float]:
        """Each confidence, calibrated on the sentences of the other folds; sentence k is in fold `k % folds`.

        A confidence stays as it is if the other folds have no entity. Raises `ValidationError` for less than 2 folds.

        >>> JudgedConfidences((0.5,), (True,), (0,)).cross_validated()
        [0.5]
        """
        if folds < 2:
            raise ValidationError(f"cross-validation needs at least 2 folds, not {folds}")
        found = list(self.confidences)
        for fold in range(folds):
            others = [k for k, number in enumerate(self.sentences) if number % folds != fold]
            if not others:
                continue
            fitted = Calibration.fit([self.confidences[k] for k in others], [self.correct[k] for k in others])
            for k, number in enumerate(self.sentences):
                if number % folds == fold:
                    found[k] = fitted(self.confidences[k])
        return found


def judge_confidences(pipeline: Pipeline, gold: Iterable[Pair]) -> JudgedConfidences:
    """Project onto targets with gold entities, which are hidden from the pipeline, and compare.

    A projected entity is right if a gold entity has the same span and label.

    >>> from xlner import Entity, Sentence
    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> judged = judge_confidences(Pipeline(aligner="oracle"), [Pair(vigo, vigo)])
    >>> judged.confidences[0] > 0.9, judged.correct
    (True, (True,))
    """
    confident = pipeline.with_confidence()
    answers: list[set[tuple[Span, str]]] = []

    def hidden() -> Iterator[Pair]:
        for pair in gold:
            answers.append({(e.span, e.label) for e in pair.target.entities})
            yield replace(pair, target=pair.target.with_entities(()))

    rows: list[tuple[float, bool, int]] = []
    errors = []
    for number, done in enumerate(confident.run_pairs(hidden())):
        if done.error is not None:
            errors.append((number, done.error))
        for entity in done.labeled.entities:
            rows.append((entity.score or 0.0, (entity.span, entity.label) in answers[number], number))
    confidences, correct, sentences = zip(*rows, strict=True) if rows else ((), (), ())
    return JudgedConfidences(confidences, correct, sentences, tuple(errors), *_stages(pipeline))


def read_calibration(path: str | Path) -> Calibration:
    """Read the calibration that `xlner calibrate` wrote to a file; raises `InputError` if the file has none.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile("w") as file:
    ...     _ = file.write(Calibration(((0.5, 0.75),)).to_json())
    ...     file.flush()
    ...     read_calibration(file.name).points
    ((0.5, 0.75),)
    """
    try:
        return Calibration.from_json(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=path) from None
    except ValidationError as error:
        raise InputError(error.message, path=path, hint=error.hint) from None


def calibration_warnings(calibration: Calibration | None, pipeline: Pipeline) -> list[str]:
    """Say which stages of a pipeline differ from those that a calibration was learned with.

    >>> calibration_warnings(Calibration(((0.5, 0.5),), aligner="e5"), Pipeline(projector=None))
    ['calibrated with another aligner: e5']
    """
    if calibration is None:
        return []
    learned = {"projector": calibration.projector, "aligner": calibration.aligner}
    used = dict(zip(learned, _stages(pipeline), strict=True))
    return [
        f"calibrated with another {kind}: {name or 'unknown'}"
        for kind, name in learned.items()
        if name != used[kind] and not (kind == "projector" and pipeline.projector is None)
    ]


def _stages(pipeline: Pipeline) -> Sequence[str]:
    """The fingerprints of projector and aligner."""
    aligner = LINKS_FROM_A_FILE if pipeline.aligner is None else fingerprint_of(pipeline.aligner)
    return fingerprint_of(pipeline.projector), aligner
