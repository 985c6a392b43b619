"""Types of entities that are described in words, for recognizers that need no training."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xlner.core.options import speed_option
from xlner.errors import UsageError, ValidationError

DEFAULT_TYPES = "person=PER,organization=ORG,location=LOC"
_WORDS = re.compile(r"\w+(?:[-_]\w+)*|\S")


@dataclass(frozen=True, slots=True)
class OpenTypeOptions:
    """Options of `GlinerRecognizer` and `Gliner2Recognizer`; see there.

    Raises `ValidationError` for a threshold out of range.
    """

    labels: str = DEFAULT_TYPES
    threshold: float = 0.5
    device: str = speed_option("auto")
    batch_size: int = speed_option(8)

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise ValidationError(f"threshold {self.threshold} is not between 0 and 1")


def parse_types(text: str) -> dict[str, str]:
    """Return the types to look for and their labels. A type without a label is its own label.

    Raises `UsageError` for empty types and labels, labels with spaces, and types that occur twice.

    >>> parse_types("person=PER, sports team")
    {'person': 'PER', 'sports team': 'sports_team'}
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        name, sign, label = (word.strip() for word in part.partition("="))
        label = label if sign else "_".join(name.split())
        if not name or label.split() != [label] or name in found:
            raise UsageError(
                f"cannot parse the types {text!r}", hint=f"write person,place or with labels {DEFAULT_TYPES}"
            )
        found[name] = label
    return found


def types_text(types: dict[str, str]) -> str:
    """Return types as text that `parse_types` reads.

    >>> types_text({"person": "PER", "place": "place"})
    'person=PER,place=place'
    """
    return ",".join(f"{name}={label}" for name, label in types.items())


def count_words(text: str) -> int:
    """Return the number of words of a text as GLiNER and GLiNER2 count them.

    >>> count_words("Ana-Rosa, 7")
    3
    """
    return sum(1 for _ in _WORDS.finditer(text))
