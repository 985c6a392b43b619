"""Fingerprints of stages, derived from the frozen dataclasses that hold their options."""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_CHANGES_RESULTS = "changes_results"


def speed_option(default: Any) -> Any:
    """A dataclass field for an option that changes the speed of a stage but not its results, such as a device.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Options:
    ...     layer: int = 7
    ...     threads: int = speed_option(1)
    >>> options_fingerprint("e5", Options(threads=2))
    'e5?layer=7'
    """
    return field(default=default, metadata={_CHANGES_RESULTS: False})


def content_option(default: Any = MISSING) -> Any:
    """A field whose value need not be part of the fingerprint, because what it stands for is, such as a file's content.

    The same file under another path then gives the same fingerprint.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Options:
    ...     file: str = content_option()
    >>> options_fingerprint("lexicon", Options("en-gl.tsv"))
    'lexicon'
    """
    return field(default=default, metadata={_CHANGES_RESULTS: False})


def options_fingerprint(name: str, options: DataclassInstance) -> str:
    """The name and all options that change results, as `name?key=value&key=value`.

    All fields count except those of `speed_option` and `content_option`, so that a new option cannot be forgotten.
    """
    parts = [f"{f.name}={getattr(options, f.name)}" for f in fields(options) if f.metadata.get(_CHANGES_RESULTS, True)]
    return f"{name}?{'&'.join(parts)}" if parts else name
