"""Word-level class probabilities of several methods, their weighted mean, and the entities that it makes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme, decode
from xlner.errors import BackendError, ValidationError
from xlner.recognition.viterbi import best_path, transitions
from xlner.stages import Recognizer

FloatArray = NDArray[np.float64]

_DECIMALS = 5
"""Scores are rounded: they must not hang on the last bits, which depend on the machine and the batch."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one method says of the words of a sentence.

    `labels` holds the probability of each label by word, each an array of the shape `(n_words, 2)`: that an entity of
    it begins here, and that one goes on. What they lack to 1 is `O`. `weights`, of the shape `(n_words,)`, says how
    much the method has to say of a word; 0 is nothing at all.
    """

    labels: dict[str, FloatArray]
    weights: FloatArray

    @classmethod
    def of_probabilities(cls, classes: Sequence[str], probabilities: NDArray[np.floating]) -> Vote:
        """The vote of class probabilities of the shape `(n_words, n_classes)`, as recognizers give them.

        `classes` are `O`, `B-PER`, `I-PER`. A class `PER` stands for both: with p(k) for word k, it goes on with the
        probability p(k) p(k-1), as if words were independent, and begins with the rest of p(k).

        Raises `ValidationError` where classes and columns differ in number.

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
        """The vote of bare entities: the words of each have its label with the probability of its score, or of 1.

        >>> Vote.of_entities([Entity(0, 2, "PER", 0.75)], 2).labels["PER"].tolist()
        [[0.75, 0.0], [0.0, 0.75]]
        """
        labels: dict[str, FloatArray] = {}
        for e in entities:
            made = labels.setdefault(e.label, np.zeros((n_words, 2)))
            made[e.start, 0] = made[e.start + 1 : e.end, 1] = certainty(e)
        return cls(labels, np.ones(n_words))

    def without(self, ignored: Collection[str]) -> Vote:
        """The vote with these labels taken for `O`."""
        return replace(self, labels={label: p for label, p in self.labels.items() if label not in ignored})


def certainty(entity: Entity) -> float:
    """The score of an entity, cut off to [0, 1]; 1 where it has none."""
    return 1.0 if entity.score is None else min(max(entity.score, 0.0), 1.0)


def votes_of(recognizer: Recognizer, sentences: Sequence[Sentence]) -> list[Vote]:
    """The votes of a recognizer: of its class probabilities, or of its entities where it has none.

    Raises `BackendError` for a recognizer that gives results for another number of sentences or words.
    """
    source: Any = recognizer
    if not hasattr(recognizer, "probabilities"):
        found = recognizer.recognize(sentences)
        _check_number(len(found), len(sentences))
        return [Vote.of_entities(e, len(s)) for e, s in zip(found, sentences, strict=True)]
    rows = source.probabilities(sentences)
    _check_number(len(rows), len(sentences))
    votes = [Vote.of_probabilities(source.classes, p) for p in rows]
    for vote, sentence in zip(votes, sentences, strict=True):
        if len(vote.weights) != len(sentence):
            raise ValidationError(f"class probabilities of {len(vote.weights)} words for {len(sentence)}")
    return votes


def _check_number(found: int, wanted: int) -> None:
    if found != wanted:
        raise BackendError(f"a recognizer gave {found} results for {wanted} sentences")


def mean(votes: Sequence[Vote], weights: Sequence[float], labels: Sequence[str] = ()) -> tuple[list[str], FloatArray]:
    """The classes of all votes, and the mean of their probabilities, shape `(n_words, n_classes)`.

    A vote counts with its weight here times its own weight of the word. A label that a vote does not know has the
    probability 0 there. A word that no vote has anything to say of is `O`. `labels` are classes in any case.

    >>> sure, unsure = Vote.of_entities([Entity(0, 1, "PER")], 1), Vote.of_entities([Entity(0, 1, "LOC", 0.5)], 1)
    >>> classes, p = mean([sure, unsure], [1, 3])
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


def entities_of(classes: Sequence[str], probabilities: FloatArray) -> list[Entity]:
    """The entities of the most likely tags that IOB2 allows; scored by the mean probability of their tags.

    >>> entities_of(["O", "B-PER", "I-PER"], np.array([[0.5, 0.4, 0.1], [0.1, 0.0, 0.9]]))
    [Entity(start=0, end=2, label='PER', score=0.65)]
    """
    best = best_path(probabilities, transitions(classes, Scheme.IOB2), outside=0)
    found = decode([classes[k] for k in best], Scheme.IOB2).entities
    sure = probabilities[np.arange(len(best)), best]
    return [replace(e, score=round(float(sure[e.start : e.end].mean()), _DECIMALS)) for e in found]


def checked_weights(weights: Sequence[float] | None, number: int) -> tuple[float, ...]:
    """The weights of so many votes; equal ones where none are given.

    Raises `ValidationError` for another number of them, and where they are negative or all 0.
    """
    made = (1.0,) * number if weights is None else tuple(float(w) for w in weights)
    if len(made) != number:
        raise ValidationError(f"{len(made)} weights for {number} members of the ensemble", hint="give one for each")
    if not all(0 <= w < math.inf for w in made) or not any(made):
        raise ValidationError(f"weights {', '.join(f'{w:g}' for w in made)} must not be negative, nor all 0")
    return made
