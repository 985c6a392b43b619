"""Entity scores: counts per label and in total, with a signature of what was compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.signature import Signature
from xlner.errors import UnknownNameError
from xlner.evaluation.counts import Counts
from xlner.evaluation.paired_entities import inexact_pairs
from xlner.evaluation.paired_sentences import PairedSentence, paired_sentences
from xlner.evaluation.spans import GoldAndPredicted, Ints, spans_of_sentences
from xlner.evaluation.tag_spans import spans_of_tags

ANY_LABEL = "ENTITY"


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
    - `spans`: the gold and predicted spans that were compared.
    - `by_sentence`: the counts of each sentence and label, shape `(n_sentences, n_labels, 4)`, in the order correct,
      predicted, gold, partial. The labels are in the order of `spans.labels`.
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
    spans: GoldAndPredicted
    by_sentence: Ints
    signature: Signature
    failed: int = 0
    ignored: Mapping[str, int] | None = None
    projected: ProjectionCounts | None = None

    @property
    def sentences(self) -> int:
        """The number of sentences that were compared."""
        return len(self.by_sentence)

    @property
    def per_type(self) -> dict[str, Counts]:
        """The counts of each label that occurs in the gold or predicted data."""
        return dict(zip(self.spans.labels, map(counts_of, self.by_sentence.sum(axis=0)), strict=True))

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
    gold: Iterable[Sentence],
    predicted: Iterable[Sentence | Pair],
    *,
    mode: EvaluationMode | str = EvaluationMode.STRICT,
    ignore: Collection[str] = (),
) -> Scores:
    """Compare predicted sentences with gold sentences, one by one.

    Sentences without words are skipped on both sides. Predictions can be sentences, or the pairs of a pipeline; a pair
    is scored by its labeled target sentence, and its outcomes are counted. Entities whose label is in `ignore` are left
    out on both sides. Raises `InputError` at the first word that differs, and `UnknownNameError` for an unknown mode.

    >>> from xlner import Entity
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))]
    >>> evaluate(gold, [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"),))]).micro.recall
    0.5
    """
    tally = _Tally(ignore)
    spans = spans_of_sentences(tally.counting(paired_sentences(gold, predicted)))
    return _score(spans, _parse(mode), ignore, tally)


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
    return _score(spans_of_tags(gold, predicted), _parse(mode), ignore, _Tally(ignore))


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
            f"unknown evaluation mode {mode!r}", hint=f"one of {', '.join(EvaluationMode)}"
        ) from None


def _score(spans: GoldAndPredicted, mode: EvaluationMode, ignore: Collection[str], tally: _Tally) -> Scores:
    ignored = _occurrences(spans, ignore)
    spans = spans.without(ignore)
    if mode is EvaluationMode.SPAN:
        spans = spans.unlabeled(ANY_LABEL)
    n_sentences, n_labels = len(spans.offsets) - 1, len(spans.labels)
    rows = [spans.sentence_of(s.starts) * n_labels + s.labels for s in (spans.gold, spans.predicted)]
    counts = count(spans, (rows[0], rows[1]), n_sentences * n_labels, partial=mode is EvaluationMode.PARTIAL)
    facts = {"mode": mode, "ignore": tuple(ignore), "sentences": n_sentences, "data": spans.digest}
    by_sentence = counts.reshape(n_sentences, n_labels, 4)
    return Scores(mode, spans, by_sentence, Signature.of(facts), tally.failed, ignored, tally.projected)


def _occurrences(spans: GoldAndPredicted, labels: Collection[str]) -> dict[str, int]:
    numbers = np.concatenate([spans.gold.labels, spans.predicted.labels])
    number = {label: k for k, label in enumerate(spans.labels)}
    return {label: int((numbers == number.get(label, -1)).sum()) for label in labels}


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

    def counting(self, items: Iterable[PairedSentence]) -> Iterator[tuple[Sentence, Sentence]]:
        seen = False
        for item in items:
            self.failed += item.error is not None
            if item.pair is not None and item.pair.projection is not None:
                seen = True
                self._outcomes.update(not o.dropped for o in item.outcomes if o.entity.label not in self._ignore)
            yield item.gold, item.predicted
        if seen:
            self.projected = ProjectionCounts(self._outcomes.total(), self._outcomes[True])
