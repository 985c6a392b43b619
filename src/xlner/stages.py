"""The four stages as protocols: each takes a batch and returns a batch of the same length and order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence


@runtime_checkable
class Translator(Protocol):
    """Turns texts of one language into texts of another, one for one."""

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text; language codes as `xlner.text.languages.canonical` gives them."""
        ...


@runtime_checkable
class Recognizer(Protocol):
    """Finds entities in tokenized sentences."""

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence; token spans, disjoint."""
        ...


@runtime_checkable
class Aligner(Protocol):
    """Links the words of source and target sentences."""

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair; every pair has a source."""
        ...


@runtime_checkable
class Projector(Protocol):
    """Carries source entities over to the target sentence."""

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """The labeled target sentence and outcomes of each pair; every pair has a source and an alignment."""
        ...
