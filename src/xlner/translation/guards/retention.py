"""What translations keep of their texts: names, numbers, brackets, full stops; other words hardly ever."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]")
_STOP = re.compile(r"[.!?…。！？؟۔।။።॥։][\"'’”»)\]）」』*\s]*$")
_END = "\n"
"""Stands for the full stop at the end of a text, whichever it is."""
_PRIOR = {"number": 0.9, "mark": 0.8, "first": 0.4, "name": 0.7, "word": 0.1, "end": 0.95}
"""Kinds of tokens, and how often they are kept, about."""
_WORDS = ("first", "name", "word")
"""Kinds that tell a copy: that a mark is kept says nothing about the words."""
_PRIOR_WEIGHT = 20
_WEIGHT_OF_KIND = 2.0
_MOST = 2.0
"""No single token counts for more than so many powers of ten."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How improbable it is, in powers of ten, that what is `lost` would be lost, and the words `kept` would be kept.

    `strangest` is that of the one word that is least often kept.
    """

    lost: float = 0.0
    kept: float = 0.0
    strangest: float = 0.0


@dataclass(slots=True)
class Retention:
    """How often each token of the texts is in their translations too, by all translations seen so far.

    A token that is new is taken to be like others of its kind. A text is judged by the translations of other texts.

    >>> retention = Retention()
    >>> retention.add("Ana vive en Vigo.", "Ana lives in Vigo.")
    >>> retention.evidence("Rosa vive en Lugo.", "Rosa lives in Lugo.").lost < 0.1
    True
    >>> retention.evidence("Rosa vive en Lugo.", "Rosa lives").lost > 1
    True
    """

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen_of_kind: Counter[str] = field(default_factory=Counter)
    kept_of_kind: Counter[str] = field(default_factory=Counter)
    own: dict[str, frozenset[str]] = field(default_factory=dict)
    """What the translation that was added for a text kept of it."""

    def add(self, text: str, translation: str) -> None:
        """Count a translation in; only one of each text."""
        if text in self.own:
            return
        there = tokens(text)
        here = there.keys() & tokens(translation).keys()
        self.own[text] = frozenset(here)
        for token, kind in there.items():
            if (token, kind) not in self.seen:  # kinds are about new tokens
                self.seen_of_kind[kind] += 1
                self.kept_of_kind[kind] += token in here
            self.seen[token, kind] += 1
            self.kept[token, kind] += token in here

    def evidence(self, text: str, translation: str) -> Evidence:
        """What speaks against a translation of this text."""
        here = tokens(translation)
        own = self.own.get(text)
        lost = kept = strangest = 0.0
        for token, kind in tokens(text).items():
            # The first word of a text may be a name, or not; of a new one neither is taken to be strange.
            of_kind = self._rate_of_kind("name" if kind == "first" and token in here else kind)
            n = self.seen[token, kind] - (own is not None)
            k = self.kept[token, kind] - (own is not None and token in own)
            rate = (k + _WEIGHT_OF_KIND * of_kind) / (n + _WEIGHT_OF_KIND)
            if token in here:
                if kind not in _WORDS:
                    continue
                strange = min(_MOST, -math.log10(rate))
                kept += strange
                strangest = max(strangest, strange)
            else:
                lost += min(_MOST, -math.log10(1 - rate))
        return Evidence(lost, kept, strangest)

    def _rate_of_kind(self, kind: str) -> float:
        kept = self.kept_of_kind[kind] + _PRIOR_WEIGHT * _PRIOR[kind]
        return kept / (self.seen_of_kind[kind] + _PRIOR_WEIGHT)


def tokens(text: str) -> Mapping[str, str]:
    """The distinct tokens of a text, each with its kind.

    >>> tokens("A ONU ten 193 membros")
    {'a': 'first', 'onu': 'name', 'ten': 'word', '193': 'number', 'membros': 'word'}
    """
    found: dict[str, str] = {}
    for place, match in enumerate(_TOKEN.finditer(text)):
        token = match[0]
        if token[0].isdigit():
            kind = "number"
        elif not token[0].isalpha():
            kind = "mark"
        elif token[0].isupper():
            kind = "name" if place else "first"
        else:
            kind = "word"
        found.setdefault(token.casefold(), kind)
    if _STOP.search(text):
        found[_END] = "end"
    return found
