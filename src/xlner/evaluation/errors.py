"""Error analysis: the kind of each error and, if the predictions include it, the stage that it comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xlner.core.entity import Entity
from xlner.core.labels import without_labels
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.evaluation.attribution import Attribution, ErrorAttributor, ErrorStage
from xlner.evaluation.counts import Counts
from xlner.evaluation.overlap_groups import overlap_groups
from xlner.evaluation.paired_sentences import PairedBlock, PairedSentence, paired_blocks, paired_sentences


class ErrorKind(StrEnum):
    """How gold entities and the entities predicted instead of them differ.

    >>> ErrorKind("missed").name
    'MISSED'
    """

    BOUNDARY_LEFT = "boundary left"
    """The label is right, but the entity begins at the wrong word."""
    BOUNDARY_RIGHT = "boundary right"
    """The label is right, but the entity ends at the wrong word."""
    BOUNDARY_BOTH = "boundary both"
    """The label is right, but both boundaries are wrong."""
    TYPE = "type"
    """The span is right, but the label is wrong."""
    TYPE_AND_BOUNDARY = "type and boundary"
    """The spans overlap, but label and span are wrong."""
    SPLIT = "split"
    """Several entities were predicted instead of one."""
    MERGED = "merged"
    """One entity was predicted instead of several."""
    MISSED = "missed"
    """No predicted entity has any word of the gold entity."""
    SPURIOUS = "spurious"
    """No gold entity has any word of the predicted entity."""


@dataclass(frozen=True, slots=True)
class EntityError:
    """One error.

    - `kind`: the kind of error.
    - `gold`, `predicted`: the entities that differ; one of the two may be empty.
    - `sentence`: the 1-based number of the sentence, not counting sentences without words.
    - `where`: the sentence with gold and predicted entities.
    - `attribution`: the stage that the error comes from; None if the predictions do not tell what each stage did.

    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> (error,) = find_errors(gold, [Pair(gold[0].with_entities(()), error="translator: too long")]).errors
    >>> error.kind.value, error.stage.value, error.attribution.why
    ('missed', 'translation', 'failed: too long')
    """

    kind: ErrorKind
    gold: tuple[Entity, ...]
    predicted: tuple[Entity, ...]
    sentence: int
    where: PairedSentence
    attribution: Attribution | None

    @property
    def stage(self) -> ErrorStage | None:
        """The stage that the error comes from; None if it is not known."""
        return self.attribution.stage if self.attribution is not None else None


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """All errors in the order of the sentences, and the counts of all entities.

    Each wrong gold entity and each wrong predicted entity is in exactly one error.

    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> report = find_errors(gold, [gold[0].with_entities([Entity(0, 1, "ORG")])])
    >>> {str(kind): report.gain(errors) for kind, errors in report.by_kind().items()}
    {'type': 1.0}
    """

    errors: tuple[EntityError, ...]
    counts: Counts

    def by_kind(self) -> dict[ErrorKind, tuple[EntityError, ...]]:
        """The errors of each kind that occurs."""
        return {kind: found for kind in ErrorKind if (found := tuple(e for e in self.errors if e.kind is kind))}

    def by_stage(self) -> dict[ErrorStage | None, tuple[EntityError, ...]]:
        """The errors that come from each stage; those of unknown stage under None."""
        stages = (*ErrorStage, None)
        return {stage: found for stage in stages if (found := tuple(e for e in self.errors if e.stage is stage))}

    def gain(self, errors: Iterable[EntityError]) -> float:
        """How much higher the micro F1 would be without these errors."""
        errors = list(errors)
        gold, predicted = sum(len(e.gold) for e in errors), sum(len(e.predicted) for e in errors)
        c = self.counts
        return Counts(c.correct + gold, c.predicted - predicted + gold, c.gold).f1 - c.f1


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence, the counts of its entities, and its errors.

    >>> gold = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> (judged,) = judged_sentences([gold], [gold.with_entities(())])
    >>> judged.counts.gold, [str(error.kind) for error in judged.errors]
    (1, ['missed'])
    """

    item: PairedSentence
    counts: Counts
    errors: tuple[EntityError, ...]


def find_errors(
    gold: Iterable[Sentence | SentenceBlock],
    predicted: Iterable[Sentence | Pair | SentenceBlock],
    *,
    ignore: Collection[str] = (),
) -> ErrorReport:
    """Compare predicted sentences with gold sentences, one by one, and classify each error.

    If the predictions are the pairs of a pipeline, each error is also attributed to a stage. Entities whose label is in
    `ignore` are left out on both sides. Raises `InputError` at the first word that differs.

    >>> gold = [Sentence(("Ana", "Pardo", "in", "Vigo"), (Entity(0, 2, "PER"), Entity(3, 4, "LOC")))]
    >>> report = find_errors(gold, [gold[0].with_entities([Entity(1, 2, "PER")])])
    >>> [str(error.kind) for error in report.errors]
    ['boundary left', 'missed']
    """
    errors: list[EntityError] = []
    counts = Counts(0, 0, 0)
    number = 1
    found: tuple[Counts, Sequence[EntityError]]
    for item in paired_blocks(gold, predicted):
        if isinstance(item, PairedBlock):
            found = _judged_block(item, number, ignore)
            number += len(item.gold)
        else:
            found = _judged(item, number, ignore)
            number += 1
        counts = Counts.total((counts, found[0]))
        errors += found[1]
    return ErrorReport(tuple(errors), counts)


def judged_sentences(
    gold: Iterable[Sentence | SentenceBlock],
    predicted: Iterable[Sentence | Pair | SentenceBlock],
    *,
    ignore: Collection[str] = (),
) -> Iterator[JudgedSentence]:
    """Compare one sentence after the other, as `find_errors` does, and keep none of them in memory.

    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> [judged.counts.correct for judged in judged_sentences(gold, gold)]
    [1]
    """
    for number, item in enumerate(paired_sentences(gold, predicted), start=1):
        counts, errors = _judged(item, number, ignore)
        yield JudgedSentence(item, counts, errors)


def _judged(item: PairedSentence, number: int, ignore: Collection[str]) -> tuple[Counts, tuple[EntityError, ...]]:
    """The counts and the errors of a sentence."""
    wanted = without_labels(item.gold.entities, ignore)
    found = without_labels(item.predicted.entities, ignore)
    right = {_key(e) for e in wanted} & {_key(e) for e in found}
    wrong = [[e for e in side if _key(e) not in right] for side in (wanted, found)]
    errors = tuple(_errors_of(item, number, *wrong)) if wrong[0] or wrong[1] else ()
    return Counts(len(right), len(found), len(wanted)), errors


def _judged_block(block: PairedBlock, number: int, ignore: Collection[str]) -> tuple[Counts, list[EntityError]]:
    """The counts and the errors of many sentences, the first of which has this number."""
    import numpy as np

    from xlner.evaluation.spans import GoldAndPredicted, Spans

    labels: dict[str, int] = {}
    sides = []
    for side in block:
        kept = side.with_names([None if name in ignore else name for name in side.names])
        numbers = np.array([labels.setdefault(name, len(labels)) for name in kept.names], dtype=np.int64)
        sides.append(Spans(kept.starts, kept.ends, numbers[kept.labels]))
    offsets = np.concatenate(([0], np.cumsum(block.gold.lengths)))
    spans = GoldAndPredicted(offsets, tuple(labels), sides[0], sides[1], "")
    right = spans.exact()
    places = np.concatenate([side.starts[~are_right] for side, are_right in zip(sides, right, strict=True)])
    wrong = np.flatnonzero(np.bincount(spans.sentence_of(places)))
    errors: list[EntityError] = []
    others = block.predicted.entities_at(wrong)
    for k, sentence, entities in zip(wrong.tolist(), block.gold.at(wrong), others, strict=True):
        predicted = Sentence(sentence.tokens, entities, language=block.predicted.language)  # shares the words
        errors += _judged(PairedSentence(sentence, predicted, None), number + k, ignore)[1]
    return Counts(int(right[0].sum()), len(sides[1].starts), len(sides[0].starts)), errors


def examples(errors: Sequence[EntityError], count: int) -> list[EntityError]:
    """At most `count` of the errors, evenly spaced over the data.

    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))] * 6
    >>> errors = find_errors(gold, [s.with_entities(()) for s in gold]).errors
    >>> [error.sentence for error in examples(errors, 3)]
    [1, 3, 5]
    """
    step = max(1, len(errors) // count) if count else 1
    return list(errors[::step][:count])


def _errors_of(item: PairedSentence, number: int, gold: list[Entity], predicted: list[Entity]) -> Iterator[EntityError]:
    attributor = ErrorAttributor.of(item, gold)
    for group in overlap_groups([_key(e) for e in gold], [_key(e) for e in predicted]):
        wanted = tuple(gold[k] for k in group.gold)
        found = tuple(predicted[k] for k in group.predicted)
        kind = _kind(wanted, found)
        yield EntityError(kind, wanted, found, number, item, _attribution(attributor, kind, wanted, found))


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


def _attribution(
    attributor: ErrorAttributor | None, kind: ErrorKind, gold: tuple[Entity, ...], predicted: tuple[Entity, ...]
) -> Attribution | None:
    if attributor is None:
        return None
    if kind is ErrorKind.MISSED:
        return attributor.missed(gold[0])
    if kind is ErrorKind.SPURIOUS:
        return attributor.spurious(predicted[0])
    if kind is ErrorKind.SPLIT:
        return attributor.split(predicted)
    if kind is ErrorKind.MERGED:
        return attributor.merged(gold, predicted[0])
    return attributor.differing(gold[0], predicted[0])
