"""What every reader shares: the format of a file name, reading options, and what a reader reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError

_SUFFIXES = {
    ".conll": "conll",
    ".conll02": "conll",
    ".conll03": "conll",
    ".conllu": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".tsv": "conll",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".talp": "pharaoh",
    ".pharaoh": "pharaoh",
    ".parquet": "parquet",
}
FORMATS = ("conll", "jsonl", "text", "pharaoh", "parquet")

Read = TypeVar("Read")
Item = Sentence | InputError
"""A sentence, or why it could not be read."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read labeled sentences.

    `require_tags` refuses sentences without any labels; `language` is put on every sentence; `tag_names` gives the
    names of numeric tags in order.
    """

    scheme: Scheme | str = Scheme.AUTO
    repair: Repair | str = Repair.CONLLEVAL
    require_tags: bool = False
    language: str | None = None
    tag_names: tuple[str, ...] | None = None


@dataclass(slots=True)
class ReadReport:
    """What a reader had to put up with; filled in as it goes."""

    sentences: int = 0
    bad: int = 0
    repaired_tags: int = 0


def format_of(path: str | Path, default: str | None = None) -> str:
    """The format that a file name stands for; raises `UnknownNameError` where the suffix says nothing.

    >>> format_of("data/es.train.iob2")
    'conll'
    """
    from xlner.formats.datasets import is_spec

    if is_spec(path):
        return "conll"
    suffix = Path(path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if default is not None:
        return default
    raise UnknownNameError(
        f"cannot tell the format of {str(path)!r} from its name",
        hint=f"name the format ({', '.join(FORMATS)}) or use one of the suffixes {' '.join(_SUFFIXES)}",
    )


def raise_errors(items: Iterable[Read | InputError]) -> Iterator[Read]:
    """The sentences, or whatever else was read; raises the first `InputError` among them."""
    for item in items:
        if isinstance(item, InputError):
            raise item
        yield item
