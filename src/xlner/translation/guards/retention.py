"""What translations keep of their texts: names, numbers, brackets and full stops, but hardly any other word."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from xlner.text.spelling import fold_case

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]")
_STOP = re.compile(r"[.!?…。！？؟۔།။።॥։][\"'’”»)\]）」』*\s]*$")
_END = "\n"
"""Stands for the full stop at the end of a text, in any script."""
PRIOR_RATE = {"number": 0.9, "mark": 0.8, "first": 0.4, "name": 0.7, "word": 0.1, "end": 0.95}
"""Rough fraction of tokens of each kind that translations keep, before any were seen."""
PRIOR_WEIGHT = 20
"""Tokens that the prior rate of a kind counts for."""
KIND_WEIGHT = 2.0
"""Occurrences that the rate of its kind counts for in the rate of a token."""
MAX_IMPROBABILITY = 2.0
"""Powers of ten that a single token counts for at most, so that several are needed for more."""
_WORD_KINDS = ("first", "name", "word")
"""Kinds that are evidence of a copy. That a mark is kept says nothing about the words."""


@dataclass(frozen=True, slots=True)
class Improbability:
    """How improbable it is, in powers of ten, that a translation lost the tokens it lost and kept the words it kept.

    `strangest` is the improbability of the one kept word that is kept least often.

    >>> Improbability()
    Improbability(lost=0.0, kept=0.0, strangest=0.0)
    """

    lost: float = 0.0
    kept: float = 0.0
    strangest: float = 0.0


@dataclass(slots=True)
class Retention:
    """How often each token of the texts is in their translations too, counted over all translations so far.

    A new token is assumed to be like others of its kind. A text is judged by the translations of other texts.

    >>> retention = Retention()
    >>> retention.add("Ana vive en Vigo.", "Ana lives in Vigo.")
    >>> retention.improbability("Rosa vive en Lugo.", "Rosa lives in Lugo.").lost < 0.1
    True
    >>> retention.improbability("Rosa vive en Lugo.", "Rosa lives").lost > 1
    True
    """

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Texts with each token, by token and kind."""
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Texts whose translation has the token too."""
    seen_of_kind: Counter[str] = field(default_factory=Counter)
    """Distinct tokens of each kind."""
    kept_of_kind: Counter[str] = field(default_factory=Counter)
    """Distinct tokens of each kind that were kept where they were first seen."""
    own: dict[str, frozenset[str]] = field(default_factory=dict)
    """The tokens that the translation of each text kept."""

    def add(self, text: str, translation: str) -> None:
        """Count a translation. Only the first one of each text counts."""
        if text in self.own:
            return
        there = tokens(text)
        here = there.keys() & tokens(translation).keys()
        self.own[text] = frozenset(here)
        for token, kind in there.items():
            if (token, kind) not in self.seen:  # the rate of a kind is for new tokens
                self.seen_of_kind[kind] += 1
                self.kept_of_kind[kind] += token in here
            self.seen[token, kind] += 1
            self.kept[token, kind] += token in here

    def improbability(self, text: str, translation: str) -> Improbability:
        """Return how improbable it is what this translation lost and kept."""
        here = tokens(translation)
        own = self.own.get(text)
        lost = kept = strangest = 0.0
        for token, kind in tokens(text).items():
            # The first word of a text may be a name or not. A new one counts as the less surprising of the two.
            of_kind = self._rate_of_kind("name" if kind == "first" and token in here else kind)
            n = self.seen[token, kind] - (own is not None)
            k = self.kept[token, kind] - (own is not None and token in own)
            rate = (k + KIND_WEIGHT * of_kind) / (n + KIND_WEIGHT)
            if token in here:
                if kind not in _WORD_KINDS:
                    continue
                strange = min(MAX_IMPROBABILITY, -math.log10(rate))
                kept += strange
                strangest = max(strangest, strange)
            else:
                lost += min(MAX_IMPROBABILITY, -math.log10(1 - rate))
        return Improbability(lost, kept, strangest)

    def _rate_of_kind(self, kind: str) -> float:
        kept = self.kept_of_kind[kind] + PRIOR_WEIGHT * PRIOR_RATE[kind]
        return kept / (self.seen_of_kind[kind] + PRIOR_WEIGHT)


@lru_cache(maxsize=1 << 12)  # a translation is added, then judged twice
def tokens(text: str) -> Mapping[str, str]:
    """Return the distinct tokens of a text, each with its kind.

    >>> dict(tokens("A ONU ten 193 membros"))
    {'a': 'first', 'onu': 'name', 'ten': 'word', '193': 'number', 'membros': 'word'}
    """
    found: dict[str, str] = {}
    fold = str.lower if text.isascii() else fold_case
    for place, token in enumerate(_TOKEN.findall(text)):
        letter = token[0]
        if not letter.isalpha():
            kind = "number" if letter.isdigit() else "mark"
        elif letter.isupper():
            kind = "name" if place else "first"
        else:
            kind = "word"
        found.setdefault(fold(token), kind)
    if _STOP.search(text):
        found[_END] = "end"
    return MappingProxyType(found)
