"""Several recognizers as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import MissingArgumentError, UnknownNameError
from xlner.recognition.votes import checked_weights, entities_of, mean, votes_of
from xlner.stages import Recognizer


class EnsembleRecognizer:
    """The weighted mean of the word-level class probabilities of several recognizers.

    `members` are recognizers, or their specs with `+` between them: `ensemble:hf:./one+hf:./other`; specs with options
    in parentheses, `ensemble?members=(hf:./one?pool=mean+hf:./other)&weights=2,1`. All of them need class
    probabilities, such as `hf` gives. `language` is passed on to those that want to know it.

    Raises `MissingArgumentError` without members, `UnknownNameError` for one without probabilities, `ValidationError`
    for weights that do not fit, and whatever members raise.

    >>> EnsembleRecognizer.name
    'ensemble'
    """

    name = "ensemble"

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
        self.weights = checked_weights(numbers, len(specs))
        self.members = [load("recognizer", m, language=language) if isinstance(m, str) else m for m in specs]
        for member in self.members:
            if not hasattr(member, "probabilities"):
                raise UnknownNameError(
                    f"{type(member).__name__} gives no class probabilities", hint="take recognizers such as hf:MODEL"
                )
        known: list[Any] = self.members
        labels = {c.split("-", 1)[1] if c[:2] in ("B-", "I-") else c for m in known for c in m.classes}
        self._labels = sorted(labels - {"O"})
        self.classes = ("O", *(f"{prefix}-{label}" for label in self._labels for prefix in "BI"))

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        parts = [getattr(m, "fingerprint", type(m).__qualname__) for m in self.members]
        return f"ensemble {' + '.join(f'{w:g}*({p})' for w, p in zip(self.weights, parts, strict=True))}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence by the most likely tags that IOB2 allows, with scores."""
        return [entities_of(self.classes, p) for p in self._means(sentences)]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """The class probabilities of the words of each sentence, shape `(n_words, n_classes)`; see `classes`."""
        return [p.astype(np.float32) for p in self._means(sentences)]

    def _means(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float64]]:
        votes = zip(*(votes_of(member, sentences) for member in self.members), strict=True)
        return [mean(of_sentence, self.weights, self._labels)[1] for of_sentence in votes]


def parse_weights(text: str) -> tuple[float, ...]:
    """Numbers with commas between them; raises `UnknownNameError` for anything else.

    >>> parse_weights("2, 0.5")
    (2.0, 0.5)
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UnknownNameError(f"weights {text!r} are no numbers", hint="write them as 2,1") from None
