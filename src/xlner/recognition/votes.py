"""Word-level class probabilities of several methods, their weighted mean, and the entities that follow from it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xlner.core.batches import require_one_each
from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import UsageError, ValidationError
from xlner.recognition.tag_set import TagSet
from xlner.stages import ProbabilisticRecognizer, Recognizer
from xlner.text.counts import counted

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vote:
    """The class probabilities that one method gives the words of a sentence.

    - `labels`: for each label an array of shape `(n_words, 2)`: the probabilities that an entity with this label starts
      at a word, and that it continues there. The rest up to 1 is the probability of `O`.
    - `weights`: shape `(n_words,)`, how much the vote counts at each word; 0 if the method has no opinion.
    """

    labels: dict[str, FloatArray]
    weights: FloatArray

    @classmethod
    def of_probabilities(cls, classes: Sequence[str], probabilities: NDArray[np.floating]) -> Vote:
        """Return the vote for class probabilities of shape `(n_words, n_classes)`.

        Classes are `O`, `B-PER`, `I-PER`, or `PER` for both. Let p(k) be the probability of `PER` at word k. As if
        words were independent, the entity continues with probability p(k) p(k-1), and starts with the rest of p(k).

        Raises `ValidationError` if the numbers of classes and columns differ.

        >>> Vote.of_probabilities(["O", "PER"], np.array([[0.5, 0.5], [0.0, 1.0]])).labels["PER"].tolist()
        [[0.5, 0.0], [0.5, 0.5]]
        """
        p = np.asarray(probabilities, dtype=np.float64)
        if p.ndim != 2 or p.shape[1] != len(classes):
            raise ValidationError(f"probabilities of shape {p.shape} do not fit {len(classes)} classes")
        labels: dict[str, FloatArray] = {}
        for column, name in zip(p.T, classes, strict=True):
            if name == "O":
                continue
            prefix, dash, rest = name.partition("-")
            if dash and prefix in ("B", "I"):
                labels.setdefault(rest, np.zeros((len(p), 2)))[:, "BI".index(prefix)] += column
                continue
            before = np.concatenate([[0.0], column[:-1]])[: len(column)]
            labels.setdefault(name, np.zeros((len(p), 2)))
            labels[name] += np.stack([column * (1 - before), column * before], axis=1)
        return cls(labels, np.ones(len(p)))

    @classmethod
    def of_entities(cls, entities: Sequence[Entity], n_words: int) -> Vote:
        """Return the vote for entities: their words have their label, with the confidence of the entity.

        >>> Vote.of_entities([Entity(0, 2, "PER", 0.75)], 2).labels["PER"].tolist()
        [[0.75, 0.0], [0.0, 0.75]]
        """
        labels: dict[str, FloatArray] = {}
        for e in entities:
            rows = labels.setdefault(e.label, np.zeros((n_words, 2)))
            rows[e.start, 0] = rows[e.start + 1 : e.end, 1] = confidence_of(e)
        return cls(labels, np.ones(n_words))

    def without(self, ignored: Collection[str]) -> Vote:
        """Return the vote with the probability of these labels added to `O`."""
        return replace(self, labels={label: p for label, p in self.labels.items() if label not in ignored})


def confidence_of(entity: Entity) -> float:
    """Return the score of an entity, clipped to [0, 1]; 1 if it has none.

    >>> confidence_of(Entity(0, 1, "PER")), confidence_of(Entity(0, 1, "PER", 1.5))
    (1.0, 1.0)
    """
    return 1.0 if entity.score is None else min(max(entity.score, 0.0), 1.0)


def votes_of(recognizer: Recognizer, sentences: Sequence[Sentence]) -> list[Vote]:
    """Return the votes of a recognizer, from its class probabilities or, if it has none, from its entities.

    Raises `StageError` if the number of results is not that of the sentences, and `ValidationError` if the
    probabilities do not fit the words.
    """
    if not isinstance(recognizer, ProbabilisticRecognizer):
        found = recognizer.recognize(sentences)
        require_one_each("recognizer", len(found), len(sentences))
        return [Vote.of_entities(e, len(s)) for e, s in zip(found, sentences, strict=True)]
    rows = recognizer.probabilities(sentences)
    require_one_each("recognizer", len(rows), len(sentences))
    votes = [Vote.of_probabilities(recognizer.classes, p) for p in rows]
    for vote, sentence in zip(votes, sentences, strict=True):
        if len(vote.weights) != len(sentence):
            raise ValidationError(f"class probabilities of {len(vote.weights)} words for {len(sentence)}")
    return votes


def mean_probabilities(
    votes: Sequence[Vote], weights: Sequence[float], labels: Sequence[str] = ()
) -> tuple[list[str], FloatArray]:
    """Return the classes of all votes and the mean of their probabilities, shape `(n_words, n_classes)`.

    A vote counts with its weight in `weights` times its own weight at the word. A label that a vote lacks has
    probability 0 there. A word at which all weights are 0 is `O`. `labels` are always among the classes.

    >>> first, second = Vote.of_entities([Entity(0, 1, "PER")], 1), Vote.of_entities([Entity(0, 1, "LOC", 0.5)], 1)
    >>> classes, p = mean_probabilities([first, second], [1, 3])
    >>> classes, p.tolist()
    (['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER'], [[0.375, 0.375, 0.0, 0.25, 0.0]])
    """
    names = sorted({*labels, *(label for vote in votes for label in vote.labels)})
    shares = np.array([weight * vote.weights for vote, weight in zip(votes, weights, strict=True)])
    total = shares.sum(axis=0)
    shares = shares / np.where(total > 0, total, 1.0)
    p = np.zeros((len(total), 1 + 2 * len(names)))
    for vote, share in zip(votes, shares, strict=True):
        for label, rows in vote.labels.items():
            column = 1 + 2 * names.index(label)
            p[:, column : column + 2] += share[:, None] * rows
    p[:, 0] = np.maximum(1 - p[:, 1:].sum(axis=1), 0.0)
    return ["O", *(f"{prefix}-{name}" for name in names for prefix in "BI")], p


def decode_entities(classes: Sequence[str], probabilities: FloatArray) -> list[Entity]:
    """Return the entities of the most likely tags that IOB2 allows, scored by the mean probability of their tags.

    >>> decode_entities(["O", "B-PER", "I-PER"], np.array([[0.5, 0.4, 0.1], [0.1, 0.0, 0.9]]))
    [Entity(start=0, end=2, label='PER', score=0.65)]
    """
    return TagSet(tuple(classes), Scheme.IOB2).entities(probabilities, constrained=True)


def check_weights(weights: Sequence[float] | None, number: int) -> tuple[float, ...]:
    """Return the weights of `number` votes; equal weights for None.

    Raises `UsageError` for another number of weights, and if weights are negative or all 0.

    >>> check_weights(None, 2)
    (1.0, 1.0)
    """
    checked = (1.0,) * number if weights is None else tuple(float(w) for w in weights)
    if len(checked) != number:
        raise UsageError(
            f"{counted(len(checked), 'weight')} for {number} members of the ensemble", hint="give one for each"
        )
    if not all(0 <= w < math.inf for w in checked) or not any(checked):
        raise UsageError(f"weights {', '.join(f'{w:g}' for w in checked)} must not be negative, nor all 0")
    return checked
