"""Types of entities that are described in words, for recognizers that need no training."""

from __future__ import annotations

from xlner.errors import UsageError

DEFAULT_TYPES = "person=PER,organization=ORG,location=LOC"


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
