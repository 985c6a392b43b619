"""The record that flows through the stages, and what the last stage says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError


class Reason(StrEnum):
    """Why a source entity was not projected."""

    UNALIGNED = "unaligned"
    """No word of it has a link."""
    NO_CANDIDATE = "no-candidate"
    """No target span could carry it."""
    BELOW_THRESHOLD = "below-threshold"
    """Every candidate scored too low."""
    OVERLAP = "overlap"
    """Its candidates lost to those of other entities."""
    OVER_LIMIT = "over-limit"
    """A required number of projections could not be met."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source entity: target entities it was projected to, or the reason it was dropped.

    `scores` holds the parts of the score of the first projected entity by name.

    >>> Outcome(Entity(0, 1, "LOC"), reason=Reason.UNALIGNED).dropped
    True
    """

    entity: Entity
    projected: tuple[Entity, ...] = ()
    reason: Reason | None = None
    scores: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if bool(self.projected) == (self.reason is not None):
            raise ValidationError("an outcome has projected entities or a reason, and not both")

    @property
    def dropped(self) -> bool:
        """True where nothing was projected."""
        return not self.projected


@dataclass(frozen=True, slots=True)
class Projection:
    """The labeled target sentence, and one outcome per source entity in the order of the source.

    `solver` says how a matcher found the spans, and `objective` the sum of their scores: `single`, `dp`, `milp`
    and `assignment` prove that no choice has a larger one, `greedy` proves nothing. None where nothing was matched.
    """

    sentence: Sentence
    outcomes: tuple[Outcome, ...]
    solver: str | None = field(default=None, compare=False)
    objective: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A target sentence and what the stages have found out about it so far.

    Before translation `source` is None. `error` says why a stage could not process this pair; later stages leave
    such a pair alone. Raises `ValidationError` where a link of `alignment` leaves the two sentences.

    >>> Pair(Sentence(("Vigo",)), Sentence(("Vigo",)), Alignment(((0, 0),))).source.tokens
    ('Vigo',)
    """

    target: Sentence
    source: Sentence | None = None
    alignment: Alignment | None = None
    projection: Projection | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        if self.alignment is not None:
            if self.source is None:
                raise ValidationError("a pair with an alignment needs a source sentence")
            self.alignment.check(len(self.source), len(self.target))

    @property
    def labeled(self) -> Sentence:
        """The target sentence with the projected entities; with none where the pair failed."""
        return self.projection.sentence if self.projection is not None else self.target.with_entities(())
