"""Scores of word links: precision, recall, F1 and alignment error rate (AER)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xlner.core.alignment import Alignment, GoldAlignment, Link
from xlner.core.link_block import LinkBlock, matching_blocks
from xlner.core.signature import Digest, Signature
from xlner.errors import InputError, ValidationError


@dataclass(frozen=True, slots=True)
class AlignmentScores:
    """Counts of links over all pairs, and the scores of Och and Ney (2003).

    A are the predicted links, S the sure gold links, and P the possible gold links, which include the sure ones. If all
    gold links are sure, the alignment error rate is 1 - F1.

    >>> scores = AlignmentScores(4, 2, 5, 2, 3, 1, Signature(()))
    >>> scores.precision, scores.recall, round(scores.f1, 3), round(scores.aer, 3)
    (0.75, 1.0, 0.857, 0.167)
    """

    predicted: int
    """|A|"""
    sure: int
    """|S|"""
    possible: int
    """|P|"""
    correct_sure: int
    """|A ∩ S|"""
    correct_possible: int
    """|A ∩ P|"""
    pairs: int
    signature: Signature
    one_based: str | None = None
    """`gold` or `predicted` if only the links of that side have no 0, as if they counted words from 1; else None."""

    @property
    def precision(self) -> float:
        """|A ∩ P| / |A|; 0 if there are no predicted links."""
        return self.correct_possible / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """|A ∩ S| / |S|; 0 if there are no sure links."""
        return self.correct_sure / self.sure if self.sure else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def aer(self) -> float:
        """The alignment error rate, 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|); 0 if there are no links at all."""
        total = self.predicted + self.sure
        return 1 - (self.correct_sure + self.correct_possible) / total if total else 0.0


def evaluate_alignments(
    gold: Iterable[GoldAlignment | LinkBlock], predicted: Iterable[Alignment | LinkBlock]
) -> AlignmentScores:
    """Compare predicted links with gold links, pair by pair, or block by block where both sides have blocks.

    Raises `InputError` with the number of the pair if one side ends before the other, or if a predicted link is outside
    the sentences of the gold data.

    >>> gold = [GoldAlignment(frozenset({(0, 0), (1, 1)}))]
    >>> evaluate_alignments(gold, [Alignment(((0, 0), (1, 0)))]).aer
    0.5
    """
    tally = _Tally()
    for row in matching_blocks(gold, predicted):
        tally.add(*row)
    return tally.scores()


class _Tally:
    """Counts of the links of all pairs so far."""

    def __init__(self) -> None:
        self.predicted = self.sure = self.possible = self.correct_sure = self.correct_possible = self.pairs = 0
        self._digest = Digest()
        self._gold_has_0 = self._predicted_has_0 = False

    def add(self, gold: object, predicted: object) -> None:
        """Count one pair, or a block of pairs on both sides."""
        if isinstance(gold, LinkBlock) and isinstance(predicted, LinkBlock):
            self._add_block(gold, predicted)
            return
        number = self.pairs + 1
        if gold is None or predicted is None:
            longer, shorter = ("predicted", "gold") if gold is None else ("gold", "predicted")
            raise InputError(
                f"the {longer} data has this pair, but the {shorter} data ends before it",
                sentence=number,
                hint="compare files with the same pairs in the same order",
            )
        if isinstance(gold, Alignment):  # of a block
            gold = GoldAlignment(frozenset(gold.links))
        assert isinstance(gold, GoldAlignment)
        assert isinstance(predicted, Alignment)
        if gold.lengths is not None:
            try:
                predicted.check(*gold.lengths)
            except ValidationError as error:
                raise InputError(error.message, sentence=number, hint=error.hint) from None
        self.pairs = number
        links = set(predicted.links)
        self.predicted += len(links)
        self.sure += len(gold.sure)
        self.possible += len(gold.possible)
        self.correct_sure += len(links & gold.sure)
        self.correct_possible += len(links & gold.possible)
        self._gold_has_0 = self._gold_has_0 or any(0 in link for link in gold.possible)
        self._predicted_has_0 = self._predicted_has_0 or any(0 in link for link in links)
        text = _text(gold.sure)
        self._digest.update_all((text, text if len(gold.possible) == len(gold.sure) else _text(gold.possible)))

    def _add_block(self, gold: LinkBlock, predicted: LinkBlock) -> None:
        import numpy as np

        wanted, found = gold.keys(), predicted.keys()
        correct = len(np.intersect1d(wanted, found, assume_unique=True))
        self.pairs += len(gold)
        self.predicted += len(found)
        self.sure += len(wanted)
        self.possible += len(wanted)
        self.correct_sure += correct
        self.correct_possible += correct
        self._gold_has_0 = self._gold_has_0 or _has_0(gold)
        self._predicted_has_0 = self._predicted_has_0 or _has_0(predicted)
        texts = LinkBlock.of_keys(wanted, len(gold)).text().split("\n")[:-1]
        self._digest.update_all(text for text in texts for _ in ("sure", "possible"))

    def scores(self) -> AlignmentScores:
        """The scores of all pairs."""
        data = self._digest.hexdigest()
        facts = {"mode": "links", "pairs": self.pairs, "sure": self.sure, "possible": self.possible, "data": data}
        counts = (self.predicted, self.sure, self.possible, self.correct_sure, self.correct_possible)
        without_0 = {(False, True): "gold", (True, False): "predicted"}.get((self._gold_has_0, self._predicted_has_0))
        suspect = without_0 if self.predicted and self.possible else None
        return AlignmentScores(*counts, self.pairs, Signature.of(facts), suspect)


def _has_0(block: LinkBlock) -> bool:
    return not (block.source.all() and block.target.all())


def _text(links: Iterable[Link]) -> str:
    return " ".join([f"{s}-{t}" for s, t in sorted(links)])
