"""Entity scores: what was found, per type and together, and what the numbers were measured on."""

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
from xlner.evaluation.matching import inexact_pairs
from xlner.evaluation.paired_sentences import PairedSentence, paired_sentences
from xlner.evaluation.spans import GoldAndPredicted, Ints, spans_of_sentences
from xlner.evaluation.tag_spans import spans_of_tags

ANY_LABEL = "ENTITY"


class EvaluationMode(StrEnum):
    """When a predicted entity is correct."""

    STRICT = "strict"
    """Its span and its label are exactly right."""
    CONLLEVAL = "conlleval"
    """The same; says that invalid tags were read as conlleval reads them."""
    SPAN = "span"
    """Its span is exactly right; labels are not compared."""
    PARTIAL = "partial"
    """As strict; one that overlaps a gold entity of its label counts half (MUC-5)."""


@dataclass(frozen=True, slots=True)
class Projected:
    """How many source entities there were, and how many of them were projected.

    >>> Projected(source=4, projected=3).rate
    0.75
    """

    source: int = 0
    projected: int = 0

    @property
    def rate(self) -> float:
        """Share of the source entities that were projected; 0 where there are none."""
        return self.projected / self.source if self.source else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Counts per type and together, with the signature that says what was compared and how.

    `by_sentence` has the counts of every sentence and type, shape `(n_sentences, n_types, 4)`: correct, predicted,
    gold, partial; types in the order of `sides.labels`. `failed` is the number of predicted sentences that carry an
    error; their missing entities count as missed. `ignored` says how many entities of each ignored label were left
    out. `projected` is there where the predictions came with the outcomes of projection.
    """

    mode: EvaluationMode
    sides: GoldAndPredicted
    by_sentence: Ints
    signature: Signature
    failed: int = 0
    ignored: Mapping[str, int] | None = None
    projected: Projected | None = None

    @property
    def sentences(self) -> int:
        """How many sentences were compared."""
        return len(self.by_sentence)

    @property
    def per_type(self) -> dict[str, Counts]:
        """Counts of each type that occurs in the gold or the predicted data."""
        return dict(zip(self.sides.labels, map(counts_of, self.by_sentence.sum(axis=0)), strict=True))

    @property
    def micro(self) -> Counts:
        """All entities together."""
        return counts_of(self.by_sentence.sum(axis=(0, 1)))

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of all types that occur in the gold or the predicted data."""
        per_type = self.per_type.values()
        return sum(c.f1 for c in per_type) / len(per_type) if per_type else 0.0


def evaluate(
    gold: Iterable[Sentence],
    predicted: Iterable[Sentence | Pair],
    *,
    mode: EvaluationMode | str = EvaluationMode.STRICT,
    ignore: Collection[str] = (),
) -> Scores:
    """Compare predicted with gold sentences, one for one; sentences without words are skipped on both sides.

    `ignore` takes entities with these labels out on both sides. Pairs stand for their labeled target sentence, and
    their outcomes are counted. Raises `InputError` with the first position where the words differ.

    >>> from xlner import Entity
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))]
    >>> evaluate(gold, [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"),))]).micro.recall
    0.5
    """
    tally = _Tally(ignore)
    sides = spans_of_sentences(tally.counting(paired_sentences(gold, predicted)))
    return _score(sides, _parse(mode), ignore, tally)


def evaluate_tags(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    mode: EvaluationMode | str = EvaluationMode.CONLLEVAL,
    ignore: Collection[str] = (),
) -> Scores:
    """Compare tag sequences as conlleval and seqeval do, in any scheme, valid or not: a stray `I-` begins an entity.

    Raises `InputError` where the numbers of sequences or of their tags differ, `ValidationError` for a tag that is
    neither `O` nor a prefix of a scheme with a label.

    >>> evaluate_tags([["I-PER", "I-PER", "O"]], [["B-PER", "I-PER", "I-LOC"]]).micro
    Counts(correct=1, predicted=2, gold=1, partial=0)
    """
    return _score(spans_of_tags(gold, predicted), _parse(mode), ignore, _Tally(ignore))


def count(sides: GoldAndPredicted, rows: tuple[Ints, Ints], n_rows: int, *, partial: bool = False) -> Ints:
    """Correct, predicted, gold and partial entities per row, shape `(n_rows, 4)`.

    `rows` has the row of each gold and of each predicted entity; what is correct or partial counts in the row of its
    gold entity.
    """
    in_gold, in_predicted = rows
    correct, _ = sides.exact()
    columns = [in_gold[correct], in_predicted, in_gold, in_gold[_partial(sides) if partial else np.zeros(0, int)]]
    return np.stack([np.bincount(column, minlength=n_rows) for column in columns], axis=1)


def counts_of(row: Ints) -> Counts:
    """A row of four counts with their names.

    >>> counts_of(np.array([1, 2, 3, 0]))
    Counts(correct=1, predicted=2, gold=3, partial=0)
    """
    return Counts(*row.tolist())


def _parse(mode: EvaluationMode | str) -> EvaluationMode:
    try:
        return EvaluationMode(mode)
    except ValueError:
        raise UnknownNameError(f"unknown mode {mode!r}", hint=f"one of {', '.join(EvaluationMode)}") from None


def _score(sides: GoldAndPredicted, mode: EvaluationMode, ignore: Collection[str], tally: _Tally) -> Scores:
    ignored = _occurrences(sides, ignore)
    sides = sides.without(ignore)
    if mode is EvaluationMode.SPAN:
        sides = sides.unlabeled(ANY_LABEL)
    n_sentences, n_labels = len(sides.offsets) - 1, len(sides.labels)
    rows = [sides.sentence_of(s.starts) * n_labels + s.labels for s in (sides.gold, sides.predicted)]
    counts = count(sides, (rows[0], rows[1]), n_sentences * n_labels, partial=mode is EvaluationMode.PARTIAL)
    facts = {"mode": mode, "ignore": tuple(ignore), "sentences": n_sentences, "data": sides.digest}
    by_sentence = counts.reshape(n_sentences, n_labels, 4)
    return Scores(mode, sides, by_sentence, Signature.of(facts), tally.failed, ignored, tally.projected)


def _occurrences(sides: GoldAndPredicted, labels: Collection[str]) -> dict[str, int]:
    numbers = np.concatenate([sides.gold.labels, sides.predicted.labels])
    number = {label: k for k, label in enumerate(sides.labels)}
    return {label: int((numbers == number.get(label, -1)).sum()) for label in labels}


def _partial(sides: GoldAndPredicted) -> Ints:
    """Numbers of the gold entities that count half: not exact, but paired with one of their own label."""
    gold, predicted = sides.gold.labels.tolist(), sides.predicted.labels.tolist()
    half = [g for g, p in inexact_pairs(sides) if g is not None and p is not None and gold[g] == predicted[p]]
    return np.array(half, dtype=np.int64)


class _Tally:
    """Failures and outcomes, counted while sentences go by."""

    def __init__(self, ignore: Collection[str]) -> None:
        self.failed = 0
        self.projected: Projected | None = None
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
            self.projected = Projected(self._outcomes.total(), self._outcomes[True])
