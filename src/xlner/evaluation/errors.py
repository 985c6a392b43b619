"""What is wrong: every wrong entity with its kind of error and, where the run can tell, the stage to blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xlner.core.entity import Entity
from xlner.core.labels import without_labels
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.evaluation.attribution import Attribution, ErrorAttributor, Stage
from xlner.evaluation.counts import Counts
from xlner.evaluation.groups import groups
from xlner.evaluation.paired_sentences import PairedSentence, paired_sentences


class ErrorKind(StrEnum):
    """How a gold entity, or several, and what was predicted in its place differ."""

    BOUNDARY_LEFT = "boundary left"
    """The label is right, the entity begins too early or too late."""
    BOUNDARY_RIGHT = "boundary right"
    """The label is right, the entity ends too early or too late."""
    BOUNDARY_BOTH = "boundary both"
    """The label is right, both ends are wrong."""
    TYPE = "type"
    """The span is right, the label is wrong."""
    TYPE_AND_BOUNDARY = "type and boundary"
    """The spans overlap, and label and span are wrong."""
    SPLIT = "split"
    """Several entities in the place of one."""
    MERGED = "merged"
    """One entity in the place of several."""
    MISSED = "missed"
    """Nothing was predicted on the words of a gold entity."""
    SPURIOUS = "spurious"
    """No gold entity has any of the words."""


@dataclass(frozen=True, slots=True)
class EntityError:
    """One error: the gold and the predicted entities that it is about, and where.

    `sentence` is the 1-based number of the sentence among those with words. `blame` is None where the predictions came
    without the outcomes of projection.
    """

    kind: ErrorKind
    gold: tuple[Entity, ...]
    predicted: tuple[Entity, ...]
    sentence: int
    where: PairedSentence
    blame: Attribution | None

    @property
    def stage(self) -> Stage | None:
        """The stage to blame."""
        return self.blame.stage if self.blame is not None else None


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """All errors in the order of the sentences. Every wrong gold and every wrong predicted entity is in one of them."""

    errors: tuple[EntityError, ...]
    counts: Counts

    def by_kind(self) -> dict[ErrorKind, tuple[EntityError, ...]]:
        """Errors of each kind that there is."""
        return {kind: found for kind in ErrorKind if (found := tuple(e for e in self.errors if e.kind is kind))}

    def by_stage(self) -> dict[Stage | None, tuple[EntityError, ...]]:
        """Errors that each stage is to blame for; those of which nothing is known under None."""
        stages = (*Stage, None)
        return {stage: found for stage in stages if (found := tuple(e for e in self.errors if e.stage is stage))}

    def gain(self, errors: Iterable[EntityError]) -> float:
        """How much higher micro F1 would be if these errors had not been made."""
        errors = list(errors)
        gold, predicted = sum(len(e.gold) for e in errors), sum(len(e.predicted) for e in errors)
        c = self.counts
        return Counts(c.correct + gold, c.predicted - predicted + gold, c.gold).f1 - c.f1


def find_errors(
    gold: Iterable[Sentence], predicted: Iterable[Sentence | Pair], *, ignore: Collection[str] = ()
) -> ErrorReport:
    """Compare predicted with gold sentences, one for one, and say what is wrong with each entity that is not right.

    Pairs, as a pipeline gives them, are also traced back through projection, alignment and recognition. `ignore` takes
    entities with these labels out on both sides. Raises `InputError` with the first position where the words differ.

    >>> gold = [Sentence(("Ana", "Pardo", "in", "Vigo"), (Entity(0, 2, "PER"), Entity(3, 4, "LOC")))]
    >>> report = find_errors(gold, [gold[0].with_entities([Entity(1, 2, "PER")])])
    >>> [str(error.kind) for error in report.errors]
    ['boundary left', 'missed']
    """
    errors: list[EntityError] = []
    totals: Counter[str] = Counter()
    for number, item in enumerate(paired_sentences(gold, predicted), start=1):
        wanted = without_labels(item.gold.entities, ignore)
        found = without_labels(item.predicted.entities, ignore)
        right = {_key(e) for e in wanted} & {_key(e) for e in found}
        totals.update(correct=len(right), predicted=len(found), gold=len(wanted))
        wrong = [[e for e in side if _key(e) not in right] for side in (wanted, found)]
        if wrong[0] or wrong[1]:
            errors.extend(_errors_of(item, number, *wrong))
    return ErrorReport(tuple(errors), Counts(totals["correct"], totals["predicted"], totals["gold"]))


def examples(errors: Sequence[EntityError], count: int) -> list[EntityError]:
    """So many errors from all over the data, evenly spaced.

    >>> examples([], 3)
    []
    """
    step = max(1, len(errors) // count) if count else 1
    return list(errors[::step][:count])


def _errors_of(item: PairedSentence, number: int, gold: list[Entity], predicted: list[Entity]) -> Iterator[EntityError]:
    blamer = ErrorAttributor.of(item, gold)
    for group in groups([_key(e) for e in gold], [_key(e) for e in predicted]):
        wanted = tuple(gold[k] for k in group.gold)
        found = tuple(predicted[k] for k in group.predicted)
        kind = _kind(wanted, found)
        yield EntityError(kind, wanted, found, number, item, _blame(blamer, kind, wanted, found))


def _key(entity: Entity) -> tuple[int, int, str]:
    return (entity.start, entity.end, entity.label)


def _kind(gold: Sequence[Entity], predicted: Sequence[Entity]) -> ErrorKind:
    if not gold or not predicted:
        return ErrorKind.MISSED if gold else ErrorKind.SPURIOUS
    if len(gold) > 1 or len(predicted) > 1:
        return ErrorKind.MERGED if len(gold) > 1 else ErrorKind.SPLIT
    wanted, found = gold[0], predicted[0]
    if wanted.span == found.span:
        return ErrorKind.TYPE
    if wanted.label != found.label:
        return ErrorKind.TYPE_AND_BOUNDARY
    if wanted.end == found.end:
        return ErrorKind.BOUNDARY_LEFT
    return ErrorKind.BOUNDARY_RIGHT if wanted.start == found.start else ErrorKind.BOUNDARY_BOTH


def _blame(
    blamer: ErrorAttributor | None, kind: ErrorKind, gold: tuple[Entity, ...], predicted: tuple[Entity, ...]
) -> Attribution | None:
    if blamer is None:
        return None
    if kind is ErrorKind.MISSED:
        return blamer.missed(gold[0])
    if kind is ErrorKind.SPURIOUS:
        return blamer.spurious(predicted[0])
    if kind is ErrorKind.SPLIT:
        return blamer.split(predicted)
    if kind is ErrorKind.MERGED:
        return blamer.merged(gold, predicted[0])
    return blamer.differing(gold[0], predicted[0])
