"""Scores of word links: precision, recall, F1 and alignment error rate (AER)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from xlner.core.alignment import Alignment, GoldAlignment, Link
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


def evaluate_alignments(gold: Iterable[GoldAlignment], predicted: Iterable[Alignment]) -> AlignmentScores:
    """Compare predicted links with gold links, pair by pair.

    Raises `InputError` with the number of the pair if one side ends before the other, or if a predicted link is outside
    the sentences of the gold data.

    >>> gold = [GoldAlignment(frozenset({(0, 0), (1, 1)}))]
    >>> evaluate_alignments(gold, [Alignment(((0, 0), (1, 0)))]).aer
    0.5
    """
    n_predicted = sure = possible = correct_sure = correct_possible = pairs = 0
    digest = Digest()
    zeros = [False, False]
    for pairs, (g, p) in enumerate(_paired(gold, predicted), start=1):  # noqa: B007
        links = set(p.links)
        n_predicted += len(links)
        sure += len(g.sure)
        possible += len(g.possible)
        correct_sure += len(links & g.sure)
        correct_possible += len(links & g.possible)
        zeros[0] = zeros[0] or any(0 in link for link in g.possible)
        zeros[1] = zeros[1] or any(0 in link for link in links)
        text = _text(g.sure)
        digest.update_all((text, text if len(g.possible) == len(g.sure) else _text(g.possible)))
    facts = {"mode": "links", "pairs": pairs, "sure": sure, "possible": possible, "data": digest.hexdigest()}
    counts = (n_predicted, sure, possible, correct_sure, correct_possible)
    without_0 = {(False, True): "gold", (True, False): "predicted"}.get((zeros[0], zeros[1]))
    suspect = without_0 if n_predicted and possible else None
    return AlignmentScores(*counts, pairs, Signature.of(facts), suspect)


def _text(links: Iterable[Link]) -> str:
    return " ".join([f"{s}-{t}" for s, t in sorted(links)])


def _paired(gold: Iterable[GoldAlignment], predicted: Iterable[Alignment]) -> Iterator[tuple[GoldAlignment, Alignment]]:
    for number, (g, p) in enumerate(zip_longest(gold, predicted), start=1):
        if g is None or p is None:
            longer, shorter = ("predicted", "gold") if g is None else ("gold", "predicted")
            raise InputError(
                f"the {longer} data has this pair, but the {shorter} data ends before it",
                sentence=number,
                hint="compare files with the same pairs in the same order",
            )
        if g.lengths is not None:
            try:
                p.check(*g.lengths)
            except ValidationError as error:
                raise InputError(error.message, sentence=number, hint=error.hint) from None
        yield g, p
