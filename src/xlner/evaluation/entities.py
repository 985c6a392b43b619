"""Strict entity scores: an entity counts where its span and its label are exactly right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from xlner._errors import InputError
from xlner._labels import without_labels
from xlner._sentence import Sentence
from xlner._signature import Digest, Signature


@dataclass(frozen=True, slots=True)
class Counts:
    """Entities that are correct, predicted, and in the gold data.

    >>> Counts(correct=1, predicted=2, gold=4).f1
    0.3333333333333333
    """

    correct: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted entities that are correct; 0 where there are none."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold entities that were found; 0 where there are none."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where there is nothing to count."""
        total = self.predicted + self.gold
        return 2 * self.correct / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts per type and together, with the signature that says what was compared and how.

    `failed` is the number of predicted sentences that carry an error; their missing entities count as missed.
    """

    per_type: Mapping[str, Counts]
    sentences: int
    failed: int
    signature: Signature

    @property
    def micro(self) -> Counts:
        """All entities together."""
        all_counts = self.per_type.values()
        return Counts(
            sum(c.correct for c in all_counts), sum(c.predicted for c in all_counts), sum(c.gold for c in all_counts)
        )

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of all types that occur in the gold or the predicted data."""
        return sum(c.f1 for c in self.per_type.values()) / len(self.per_type) if self.per_type else 0.0


def evaluate(gold: Iterable[Sentence], predicted: Iterable[Sentence], *, ignore: Collection[str] = ()) -> Scores:
    """Compare predicted with gold sentences, one for one; sentences without words are skipped on both sides.

    `ignore` takes entities with these labels out on both sides. Raises `InputError` with the first position where the
    words differ.

    >>> from xlner import Entity
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))]
    >>> evaluate(gold, [Sentence(("Ana", "Vigo"), (Entity(0, 1, "PER"),))]).micro.recall
    0.5
    """
    correct: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    digest = Digest()
    sentences = failed = 0
    for sentences, (g, p) in enumerate(_matched(gold, predicted), start=1):  # noqa: B007
        failed += "error" in p.meta
        right = {(e.start, e.end, e.label) for e in without_labels(g.entities, ignore)}
        given = {(e.start, e.end, e.label) for e in without_labels(p.entities, ignore)}
        wanted.update(label for _, _, label in right)
        found.update(label for _, _, label in given)
        correct.update(label for _, _, label in right & given)
        for token, tag in zip(g.tokens, g.tags(), strict=True):
            digest.update(token)
            digest.update(tag)
    per_type = {t: Counts(correct[t], found[t], wanted[t]) for t in sorted({*found, *wanted})}
    facts = {"mode": "strict", "ignore": tuple(ignore), "sentences": sentences, "data": digest.hexdigest()}
    return Scores(per_type, sentences, failed, Signature.of(facts))


def _matched(gold: Iterable[Sentence], predicted: Iterable[Sentence]) -> Iterator[tuple[Sentence, Sentence]]:
    sides = ((s for s in side if s.tokens) for side in (gold, predicted))
    for number, (g, p) in enumerate(zip_longest(*sides), start=1):
        if g is None or p is None:
            longer, shorter = ("predicted", "gold") if g is None else ("gold", "predicted")
            raise InputError(
                f"the {longer} data has this sentence, the {shorter} data ends before it",
                sentence=number,
                hint="compare files with the same sentences in the same order",
            )
        if g.tokens != p.tokens:
            at = next(k for k, (a, b) in enumerate(zip_longest(g.tokens, p.tokens)) if a != b)
            raise InputError(
                f"word {at + 1} is {_word(g, at)} in the gold data and {_word(p, at)} in the predicted data",
                sentence=number,
                hint="compare files with the same words",
            )
        yield g, p


def _word(sentence: Sentence, position: int) -> str:
    return repr(sentence.tokens[position]) if position < len(sentence) else "missing"
