"""Several recognizers combined into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, UsageError
from xlner.recognition.votes import FloatArray, Vote, check_weights, decode_entities, mean_probabilities, votes_of
from xlner.stages import ProbabilisticRecognizer, Recognizer, check_stopped, fingerprint_of

_USUAL = ("PER", "ORG", "LOC", "MISC", "DATE")
"""The labels that members without class probabilities are expected to have."""
_REMEMBERED = 4096
"""Sentences whose probabilities are remembered."""


@dataclass(frozen=True, slots=True)
class EnsembleOptions:
    """Options of `EnsembleRecognizer`; see there."""

    weights: tuple[float, ...]


class EnsembleRecognizer(PicklesWithoutCache):
    """The weighted mean of the class probabilities that several recognizers give to words.

    - `members`: recognizers, or their specs joined by `+`, as in `ensemble:hf:./one+hf:./other`. Specs with options go
      in parentheses: `ensemble?members=(hf:./one?pool=mean+hf:./other)&weights=2,1`. A member without class
      probabilities, such as `spacy`, votes only at the words of its entities, with their scores or with 1. What only
      it has found is then kept if the others do not firmly disagree.
    - `weights`: one number per member; equal by default.
    - `language`: passed to the specs of members that have this option.

    Raises `MissingArgumentError` without members, `UsageError` for weights that do not fit and if no member has
    probabilities, and what the members raise.

    >>> class Guess:
    ...     def __init__(self, probability):
    ...         self.classes, self.probability = ("O", "B-LOC", "I-LOC"), probability
    ...     def recognize(self, sentences):
    ...         return [[] for _ in sentences]
    ...     def probabilities(self, sentences):
    ...         return [np.array([[1 - self.probability, self.probability, 0]] * len(s)) for s in sentences]
    >>> ensemble = EnsembleRecognizer([Guess(0.9), Guess(0.3)], weights=[2, 1])
    >>> ensemble.recognize([Sentence(("Vigo",))])
    [[Entity(start=0, end=1, label='LOC', score=0.7)]]
    """

    classes: Sequence[str]
    """The IOB2 classes of all members, `O` first."""

    def __init__(
        self,
        members: str | Sequence[Recognizer | str] | None = None,
        *,
        weights: str | Sequence[float] | None = None,
        language: str | None = None,
    ) -> None:
        if not members:
            raise MissingArgumentError("ensemble needs recognizers", hint="write ensemble:hf:FOLDER+hf:FOLDER")
        specs = members.split("+") if isinstance(members, str) else members
        numbers = parse_weights(weights) if isinstance(weights, str) else weights
        self.options = EnsembleOptions(check_weights(numbers, len(specs)))
        loaded = [load("recognizer", m, language=language) if isinstance(m, str) else m for m in specs]
        self.members: list[Recognizer] = loaded
        probabilistic = [member for member in loaded if isinstance(member, ProbabilisticRecognizer)]
        if not probabilistic:
            raise UsageError("no member gives class probabilities", hint="name one that does, such as multilingual")
        classes = {c for member in probabilistic for c in member.classes}
        labels = {c.split("-", 1)[1] if c[:2] in ("B-", "I-") else c for c in classes} - {"O"}
        self._labels = sorted(labels | (set(_USUAL) if len(probabilistic) < len(loaded) else set()))
        self.classes = ("O", *(f"{prefix}-{label}" for label in self._labels for prefix in "BI"))

    @property
    def fingerprint(self) -> str:
        """The weights and the fingerprints of the members."""
        return f"{options_fingerprint('ensemble', self.options)}&members={[fingerprint_of(m) for m in self.members]}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence from the most likely tags that IOB2 allows, with scores."""
        return [decode_entities(classes, p) for classes, p in self._means(sentences)]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """Return the class probabilities of the words of each sentence, shape `(n_words, n_classes)`; see `classes`.

        Raises `BackendError` if a member without probabilities has found an entity with a label of its own.
        """
        found = []
        for classes, p in self._means(sentences):
            if tuple(classes) != self.classes:
                raise BackendError(
                    f"a member without class probabilities has labels of its own: {', '.join(classes)}",
                    hint="map its labels to PER, ORG, LOC, MISC and DATE",
                )
            found.append(p.astype(np.float32))
        return found

    def check_stopped(self) -> None:
        """Raise `StoppedError` if a member has stopped."""
        check_stopped(*self.members)

    def _means(self, sentences: Sequence[Sentence]) -> list[tuple[list[str], FloatArray]]:
        """The classes and their probabilities for each sentence.

        Recent ones are remembered, because an ensemble of routes asks for the entities and the probabilities.
        """
        missing = list({s: s for s in sentences if s not in self._recent})
        votes = zip(*(_votes(member, missing) for member in self.members), strict=True)
        for sentence, of_sentence in zip(missing, votes, strict=True):
            self._recent[sentence] = mean_probabilities(of_sentence, self.options.weights, self._labels)
        found = [self._recent[sentence] for sentence in sentences]
        while len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return found

    @cached_property
    def _recent(self) -> dict[Sentence, tuple[list[str], FloatArray]]:
        return {}


def _votes(member: Recognizer, sentences: Sequence[Sentence]) -> list[Vote]:
    votes = votes_of(member, sentences)
    if isinstance(member, ProbabilisticRecognizer):
        return votes
    return [replace(vote, weights=_inside(vote)) for vote in votes]


def _inside(vote: Vote) -> FloatArray:
    """1 for words in entities, 0 for others."""
    inside = np.zeros_like(vote.weights)
    for rows in vote.labels.values():
        inside[rows.any(axis=1)] = 1
    return inside


def parse_weights(text: str) -> tuple[float, ...]:
    """Parse numbers separated by commas. Raises `UsageError` for anything else.

    >>> parse_weights("2, 0.5")
    (2.0, 0.5)
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"weights {text!r} are not numbers", hint="write them as 2,1") from None
