"""Parallel files on the command line: how they are read, and the pairs of them to train on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from xlner.cli.run import stopping_at_errors
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats import read_parallel

_OF_WORDS = ("source_lang", "scheme", "columns", "tag_names", "words", "segmenter")
READING = ("input_format", "lang", *_OF_WORDS)
"""Parameters of commands that say how SOURCE and TARGET are read."""


def read_bitext(source: str, target: str, options: Mapping[str, Any], **others: Any) -> Iterator[Pair | InputError]:
    """The pairs of two files, read as the options of a command say; `others` are those of `read_parallel`."""
    return read_parallel(
        source,
        target,
        target_lang=options["lang"],
        source_format=options["input_format"],
        target_format=options["input_format"],
        **{name: options[name] for name in _OF_WORDS},
        **others,
    )


def training_pairs(items: Iterable[Pair | InputError], options: Mapping[str, Any]) -> tuple[list[Pair], int]:
    """The pairs up to the limit, and how many could not be read. Raises `InputError` for the first with `stop`."""
    read = list(stopping_at_errors(islice(items, options["limit"]), options["on_error"]))
    pairs = [item for item in read if not isinstance(item, InputError)]
    return pairs, len(read) - len(pairs)
