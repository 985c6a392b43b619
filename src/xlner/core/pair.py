"""The record that flows through the stages, and the result of the last stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.notebook import boxed_html, dropped_html
from xlner.core.palette import colors_of
from xlner.core.readable import LONGEST_IN_PAIR, marked_text, short
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.text.counts import counted


class Reason(StrEnum):
    """Why a source entity was not projected."""

    UNALIGNED = "unaligned"
    """None of its words has a link."""
    NO_CANDIDATE = "no-candidate"
    """It has no candidate in the target sentence."""
    BELOW_THRESHOLD = "below-threshold"
    """All of its candidates score below the threshold."""
    OVERLAP = "overlap"
    """Its candidates overlap spans that other entities were projected to."""
    DISCONTINUOUS = "discontinuous"
    """Its words in the target sentence are around words of another entity."""
    OVER_LIMIT = "over-limit"
    """The required number of projections cannot be met."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one source entity: the target entities it was projected to, or the reason it was dropped.

    `scores` holds the parts of the score of the first projected entity by name. Raises `ValidationError` unless there
    is exactly one of projected entities and a reason.

    >>> Outcome(Entity(0, 1, "LOC"), reason=Reason.UNALIGNED).dropped
    True
    """

    entity: Entity
    projected: tuple[Entity, ...] = ()
    reason: Reason | None = None
    scores: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if bool(self.projected) == (self.reason is not None):
            raise ValidationError("an outcome has either projected entities or a reason, and not both")

    @property
    def dropped(self) -> bool:
        """True if nothing was projected."""
        return not self.projected


@dataclass(frozen=True, slots=True)
class Member:
    """What a member of an ensemble finds in a target sentence by itself, and the weight of its vote.

    >>> Member("multilingual", 2.0, (Entity(0, 1, "LOC", 0.9),)).weight
    2.0
    """

    name: str
    weight: float
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Projection:
    """The labeled target sentence, and one outcome per source entity, in the order of the source.

    `objective` is the sum of the scores of the matched spans, and `solver` the algorithm that found them: `single`,
    `dp`, `milp` and `assignment` prove that the sum is the maximum, `greedy` does not. Both are None without matching.
    If an ensemble labeled the sentence, `ensemble_members` has what each member found, and the outcomes are those of
    projection alone.

    >>> vigo = Entity(0, 1, "LOC")
    >>> Projection(Sentence(("Vigo",), (vigo,)), (Outcome(vigo, (vigo,)),)).sentence.tags()
    ['B-LOC']
    """

    sentence: Sentence
    outcomes: tuple[Outcome, ...]
    solver: str | None = field(default=None, compare=False)
    objective: float | None = None
    ensemble_members: tuple[Member, ...] = ()

    def __repr__(self) -> str:
        shown = marked_text(self.sentence.tokens, self.sentence.entities)
        return f"<Projection {', '.join([repr(shown), *self._facts()])}>"

    def _repr_html_(self) -> str:
        dropped = ((o.entity.label, str(o.reason)) for o in self.outcomes if o.dropped)
        return self.sentence._repr_html_() + dropped_html(dropped)

    def _facts(self) -> list[str]:
        """How many entities were projected, and how many were not, by reason."""
        reasons = Counter(str(o.reason) for o in self.outcomes if o.dropped)
        kept = len(self.outcomes) - reasons.total()
        return [f"{kept} of {len(self.outcomes)} projected", *(f"{n} {name}" for name, n in sorted(reasons.items()))]


class PairError(InputError):
    """Input that makes no pair, with the target sentence, which could be read.

    >>> PairError("the source is bad", line=2, target=Sentence(("Vigo",))).target.tokens
    ('Vigo',)
    """

    def __init__(self, message: str, *, target: Sentence, **place: Any) -> None:
        super().__init__(message, **place)
        self.target = target

    @classmethod
    def of(cls, error: InputError, target: Sentence) -> PairError:
        """The same error with the target sentence."""
        place = {"path": error.path, "line": error.line, "sentence": error.sentence, "hint": error.hint}
        return cls(error.message, target=target, **place)


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """A target sentence and what the stages have added to it so far.

    `source` is None before translation. `error` says why a stage could not process this pair; later stages skip such
    a pair. Raises `ValidationError` for an alignment without a source, or with a link outside the two sentences.

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

    def __repr__(self) -> str:
        target = self.latest
        parts = [f"target={marked_text(target.tokens, target.entities, LONGEST_IN_PAIR)!r}"]
        if self.source is not None:
            parts.append(f"source={marked_text(self.source.tokens, self.source.entities, LONGEST_IN_PAIR)!r}")
        parts += [] if self.alignment is None else [counted(len(self.alignment), "link")]
        parts += [] if self.projection is None else self.projection._facts()
        parts += [] if self.error is None else [f"error={short(self.error)}"]
        return f"<Pair {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        target = self.latest
        source, outcomes = self.source, () if self.projection is None else self.projection.outcomes
        sides = [side for side in (source, target) if side is not None]
        colors = colors_of(entity.label for side in sides for entity in side.entities)
        lost = [outcome for outcome in outcomes if outcome.dropped]
        names = [o.entity.label if source is None else source.surface(o.entity) for o in lost]
        reasons = [str(outcome.reason) for outcome in lost]
        parts = [side._repr_html_(colors) for side in sides]
        return boxed_html([*parts, dropped_html(zip(names, reasons, strict=True))], self.error)

    def require_source(self) -> Sentence:
        """Return the source sentence; raise `ValidationError` if there is none.

        >>> Pair(Sentence(("Vigo",)), Sentence(("Vigo",))).require_source().tokens
        ('Vigo',)
        """
        if self.source is None:
            raise ValidationError("this pair has no source sentence", hint="translate the target, or give its source")
        return self.source

    def require_alignment(self) -> Alignment:
        """Return the word links; raise `ValidationError` if there are none.

        >>> Pair(Sentence(("Vigo",)), Sentence(("Vigo",)), Alignment(((0, 0),))).require_alignment().links
        ((0, 0),)
        """
        if self.alignment is None:
            raise ValidationError("this pair has no alignment", hint="align its words, or give its links")
        return self.alignment

    def require_projection(self) -> Projection:
        """Return the projection; raise `ValidationError` if there is none.

        >>> Pair(Sentence(("Vigo",)), projection=Projection(Sentence(("Vigo",)), ())).require_projection().outcomes
        ()
        """
        if self.projection is None:
            raise ValidationError("this pair has no projection", hint=self.error or "project its entities first")
        return self.projection

    @property
    def labeled(self) -> Sentence:
        """The target sentence with the projected entities; without entities if the pair failed."""
        return self.projection.sentence if self.projection is not None else self.target.with_entities(())

    @property
    def latest(self) -> Sentence:
        """The target sentence as the last stage left it: with the projected entities, or as it was read."""
        return self.target if self.projection is None else self.projection.sentence

    @property
    def result(self) -> Sentence:
        """The same, but without entities if the pair failed: those of the input are no result.

        >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
        >>> Pair(vigo).result.tags(), Pair(vigo, error="no translation").result.tags()
        (['B-LOC'], ['O'])
        """
        return self.latest if self.error is None else self.labeled
