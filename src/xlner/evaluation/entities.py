"""Entity scores: counts per label and in total, with a signature of what was compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.core.signature import Signature
from xlner.errors import UnknownNameError, ValidationError
from xlner.evaluation.counts import Counts
from xlner.evaluation.paired_entities import inexact_pairs
from xlner.evaluation.paired_sentences import PairedBlock, PairedSentence, paired_blocks
from xlner.evaluation.span_chunks import SpanChunks
from xlner.evaluation.spans import GoldAndPredicted, Ints, Spans
from xlner.evaluation.tag_spans import spans_of_tags
from xlner.text.suggestions import names_hint

ANY_LABEL = "ENTITY"
SmallInts = NDArray[np.signedinteger]
"""Integers of 8, 16, 32 or 64 bits."""


class EvaluationMode(StrEnum):
    """When a predicted entity counts as correct.

    >>> EvaluationMode("span").value
    'span'
    """

    STRICT = "strict"
    """Its span and its label are the same as in the gold data."""
    CONLLEVAL = "conlleval"
    """As strict; the signature says that invalid tags were read as in conlleval."""
    SPAN = "span"
    """Its span is the same as in the gold data. Labels are not compared."""
    PARTIAL = "partial"
    """As strict, but an entity that overlaps a gold entity with the same label counts half (MUC-5)."""


@dataclass(frozen=True, slots=True)
class ProjectionCounts:
    """The number of source entities, and how many of them were projected.

    >>> ProjectionCounts(source=4, projected=3).rate
    0.75
    """

    source: int = 0
    projected: int = 0

    @property
    def rate(self) -> float:
        """The share of the source entities that were projected; 0 if there are none."""
        return self.projected / self.source if self.source else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Entity scores.

    - `mode`: when a predicted entity counts as correct.
    - `labels`: the labels that occur in the gold or predicted data, sorted.
    - `by_sentence`: the counts of each sentence and label, shape `(n_sentences, n_labels, 4)`, in the order correct,
      predicted, gold, partial, as integers of the smallest type that holds them.
    - `signature`: what was compared, and how. Scores with equal signatures are comparable.
    - `failed`: the number of predicted sentences with an error. Their gold entities count as missed.
    - `ignored`: for each ignored label, the number of entities that were left out.
    - `projected`: how many source entities were projected; None if the predictions have no outcomes.

    >>> from xlner import Entity
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))]
    >>> scores = evaluate(gold, [gold[0].with_entities([Entity(1, 2, "LOC")])])
    >>> scores.micro.precision, scores.micro.recall, scores.macro_f1
    (1.0, 0.5, 0.5)
    """

    mode: EvaluationMode
    labels: tuple[str, ...]
    by_sentence: SmallInts
    signature: Signature
    failed: int = 0
    ignored: Mapping[str, int] | None = None
    projected: ProjectionCounts | None = None
    kept: GoldAndPredicted | None = field(default=None, repr=False)
    """The spans, if they were kept."""

    @property
    def spans(self) -> GoldAndPredicted:
        """The gold and predicted spans that were compared. Raises `ValidationError` if they were not kept."""
        if self.kept is None:
            raise ValidationError(
                "the spans of these scores were not kept", hint="call evaluate without keep_spans=False"
            )
        return self.kept

    @property
    def sentences(self) -> int:
        """The number of sentences that were compared."""
        return len(self.by_sentence)

    @property
    def per_type(self) -> dict[str, Counts]:
        """The counts of each label that occurs in the gold or predicted data."""
        return dict(zip(self.labels, map(counts_of, self.by_sentence.sum(axis=0)), strict=True))

    @property
    def micro(self) -> Counts:
        """The counts of all entities together."""
        return counts_of(self.by_sentence.sum(axis=(0, 1)))

    @property
    def macro_f1(self) -> float:
        """The mean F1 of all labels that occur in the gold or predicted data."""
        per_type = self.per_type.values()
        return sum(c.f1 for c in per_type) / len(per_type) if per_type else 0.0


def evaluate(
    gold: Iterable[Sentence | SentenceBlock],
    predicted: Iterable[Sentence | Pair | SentenceBlock],
    *,
    mode: EvaluationMode | str = EvaluationMode.STRICT,
    ignore: Collection[str] = (),
    keep_spans: bool = True,
) -> Scores:
    """Compare predicted sentences with gold sentences, one by one.

    Sentences without words are skipped on both sides. Predictions can be sentences, or the pairs of a pipeline; a pair
    is scored by its labeled target sentence, and its outcomes are counted. Entities whose label is in `ignore` are left
    out on both sides. Both sides can be streams: only counts are kept, and the spans unless `keep_spans` is False.

    Raises `InputError` at the first word that differs, and `UnknownNameError` for an unknown mode.

    >>> from xlner import Entity
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))]
    >>> evaluate(gold, [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"),))]).micro.recall
    0.5
    """
    tally = _Tally(ignore)
    counter = _Counter(_parse(mode), ignore, keep_spans=keep_spans)
    chunks = SpanChunks()
    for chunk in chunks.read(tally.counting(paired_blocks(gold, predicted))):
        counter.add(chunk)
    return counter.scores(tuple(chunks.labels), chunks.digest.hexdigest(), tally)


def evaluate_tags(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    mode: EvaluationMode | str = EvaluationMode.CONLLEVAL,
    ignore: Collection[str] = (),
) -> Scores:
    """Compare tag sequences as conlleval and seqeval do.

    The tags may be in any scheme and need not be valid: a stray `I-` begins an entity. Raises `InputError` if the
    numbers of sequences or of their tags differ, and `ValidationError` for a tag that is neither `O` nor a prefix and
    a label.

    >>> evaluate_tags([["I-PER", "I-PER", "O"]], [["B-PER", "I-PER", "I-LOC"]]).micro
    Counts(correct=1, predicted=2, gold=1, partial=0)
    """
    spans = spans_of_tags(gold, predicted)
    counter = _Counter(_parse(mode), ignore, keep_spans=True)
    counter.add(spans)
    return counter.scores(spans.labels, spans.digest, _Tally(ignore))


def count(spans: GoldAndPredicted, rows: tuple[Ints, Ints], n_rows: int, *, partial: bool = False) -> Ints:
    """Count correct, predicted, gold and partial entities per row, shape `(n_rows, 4)`.

    `rows` are the rows of the gold and of the predicted entities. A correct or partial entity counts in the row of the
    gold entity.
    """
    in_gold, in_predicted = rows
    correct, _ = spans.exact()
    columns = [in_gold[correct], in_predicted, in_gold, in_gold[_partial(spans) if partial else np.zeros(0, int)]]
    return np.stack([np.bincount(column, minlength=n_rows) for column in columns], axis=1)


def counts_of(row: Ints) -> Counts:
    """Make `Counts` from an array of four counts.

    >>> counts_of(np.array([1, 2, 3, 0]))
    Counts(correct=1, predicted=2, gold=3, partial=0)
    """
    return Counts(*row.tolist())


def _parse(mode: EvaluationMode | str) -> EvaluationMode:
    try:
        return EvaluationMode(mode)
    except ValueError:
        raise UnknownNameError(
            f"unknown evaluation mode {mode!r}", hint=names_hint(mode, EvaluationMode, "one of")
        ) from None


class _Counter:
    """Counts the entities of chunks of spans whose labels have the same numbers in all chunks."""

    def __init__(self, mode: EvaluationMode, ignore: Collection[str], *, keep_spans: bool) -> None:
        self._mode = mode
        self._ignore = ignore
        self._keep_spans = keep_spans
        self._ignored = dict.fromkeys(ignore, 0)
        self._counts: list[SmallInts] = []
        self._spans: list[GoldAndPredicted] = []
        self._size = 0

    def add(self, spans: GoldAndPredicted) -> None:
        """Count the entities of a chunk."""
        numbers = [spans.labels.index(label) for label in self._ignored if label in spans.labels]
        for number in numbers:
            found = sum(int((side.labels == number).sum()) for side in (spans.gold, spans.predicted))
            self._ignored[spans.labels[number]] += found
        if numbers:
            spans = replace(spans, gold=_without(spans.gold, numbers), predicted=_without(spans.predicted, numbers))
        if self._mode is EvaluationMode.SPAN:
            spans = spans.unlabeled(ANY_LABEL)
        n_sentences, n_labels = len(spans.offsets) - 1, len(spans.labels)
        rows = [spans.sentence_of(s.starts) * n_labels + s.labels for s in (spans.gold, spans.predicted)]
        partial = self._mode is EvaluationMode.PARTIAL
        counts = count(spans, (rows[0], rows[1]), n_sentences * n_labels, partial=partial)
        self._counts.append(_small(counts.reshape(n_sentences, n_labels, 4)))
        if self._keep_spans:
            self._spans.append(spans)

    def scores(self, labels: Sequence[str], digest: str, tally: _Tally) -> Scores:
        """The scores of all chunks. `labels` are all labels by number."""
        is_labeled = self._mode is not EvaluationMode.SPAN
        names = sorted(label for label in labels if label not in self._ignore) if is_labeled else [ANY_LABEL]
        order = [labels.index(name) for name in names] if is_labeled else [0]
        by_sentence = _joined(self._counts, order)
        kept = _joined_spans(self._spans, names, order, digest) if self._keep_spans else None
        facts = {"mode": self._mode, "ignore": tuple(self._ignore), "sentences": len(by_sentence), "data": digest}
        return Scores(
            self._mode,
            tuple(names),
            by_sentence,
            Signature.of(facts),
            tally.failed,
            self._ignored,
            tally.projected,
            kept,
        )


def _without(spans: Spans, numbers: Collection[int]) -> Spans:
    """The spans without those of some labels; all labels keep their numbers."""
    keep = ~np.isin(spans.labels, list(numbers))
    return Spans(spans.starts[keep], spans.ends[keep], spans.labels[keep])


def _small(counts: Ints) -> SmallInts:
    """The same counts as integers of the smallest type that holds them."""
    highest = int(counts.max(initial=0))
    return counts.astype(next(t for t in (np.int8, np.int16, np.int32, np.int64) if highest <= np.iinfo(t).max))


def _joined(chunks: list[SmallInts], order: Sequence[int]) -> SmallInts:
    """The counts of all chunks, with the labels in another order. Takes the chunks out of the list."""
    kind = np.result_type(np.int8, *chunks)
    joined = np.zeros((sum(map(len, chunks)), len(order), 4), dtype=kind)
    end = len(joined)
    while chunks:
        chunk = chunks.pop()
        start = end - len(chunk)
        for column, number in enumerate(order):
            if number < chunk.shape[1]:
                joined[start:end, column] = chunk[:, number]
        end = start
    return joined


def _joined_spans(
    chunks: Sequence[GoldAndPredicted], names: Sequence[str], order: Sequence[int], digest: str
) -> GoldAndPredicted:
    """The spans of all chunks, with other numbers of the labels."""
    numbers = np.zeros(max(order, default=0) + 1, dtype=np.int64)
    numbers[list(order)] = np.arange(len(order))
    words = np.cumsum([0, *(int(chunk.offsets[-1]) for chunk in chunks)]).tolist()
    offsets = [chunk.offsets[:-1] + at for chunk, at in zip(chunks, words, strict=False)]
    gold, predicted = (
        Spans(
            *(
                np.concatenate([np.zeros(0, dtype=np.int64), *column])
                for column in (
                    [side.starts + at for side, at in zip(sides, words, strict=False)],
                    [side.ends + at for side, at in zip(sides, words, strict=False)],
                    [numbers[side.labels] for side in sides],
                )
            )
        )
        for sides in ([chunk.gold for chunk in chunks], [chunk.predicted for chunk in chunks])
    )
    return GoldAndPredicted(np.concatenate([*offsets, [words[-1]]]), tuple(names), gold, predicted, digest)


def _partial(spans: GoldAndPredicted) -> Ints:
    """The numbers of the gold entities that count half: not exact, but paired with one of the same label."""
    gold, predicted = spans.gold.labels.tolist(), spans.predicted.labels.tolist()
    half = [g for g, p in inexact_pairs(spans) if g is not None and p is not None and gold[g] == predicted[p]]
    return np.array(half, dtype=np.int64)


class _Tally:
    """Counts failed sentences and outcomes while the sentences are read."""

    def __init__(self, ignore: Collection[str]) -> None:
        self.failed = 0
        self.projected: ProjectionCounts | None = None
        self._ignore = ignore
        self._outcomes: Counter[bool] = Counter()

    def counting(self, items: Iterable[PairedSentence | PairedBlock]) -> Iterator[PairedSentence | PairedBlock]:
        seen = False
        for item in items:
            if isinstance(item, PairedSentence):
                self.failed += item.error is not None
                if item.pair is not None and item.pair.projection is not None:
                    seen = True
                    self._outcomes.update(not o.dropped for o in item.outcomes if o.entity.label not in self._ignore)
            yield item
        if seen:
            self.projected = ProjectionCounts(self._outcomes.total(), self._outcomes[True])
