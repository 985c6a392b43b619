"""Files with a language each: `en=FILE`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import click

from xlner.cli.run import stopping_at_errors
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.formats import has_columns, read_sentences
from xlner.text.languages import canonical


def language_file(value: str) -> tuple[str, str]:
    """The canonical code of a language, and a file.

    >>> language_file("eng=train.conll")
    ('en', 'train.conll')
    """
    code, sign, path = value.partition("=")
    if not (code and sign and path):
        raise click.BadParameter(f"{value!r} is not LANG=FILE, such as en=train.conll")
    return canonical(code), path


class LabeledFiles:
    """Reads files of labeled sentences, and counts in `unread` the sentences that cannot be read."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._reading = {name: options[name] for name in ("scheme", "repair", "tag_names", "label_map")}
        self._reading["format"] = options["input_format"]
        self._columns = options["columns"]
        self._on_error, self._limit = options["on_error"], options["limit"]
        self.unread = 0

    def read(self, language: str, path: str) -> list[Sentence]:
        """The sentences of a file."""
        columns = self._columns if has_columns(path, self._reading["format"]) else None
        items = read_sentences(path, language=language, require_tags=True, columns=columns, **self._reading)
        read = list(stopping_at_errors(islice(items, self._limit), self._on_error))
        self.unread += sum(isinstance(item, InputError) for item in read)
        return [item for item in read if not isinstance(item, InputError)]

    def by_language(self, files: Sequence[tuple[str, str]]) -> dict[str, list[Sentence]]:
        """The sentences of each language, from all of its files in order."""
        found: dict[str, list[Sentence]] = {}
        for language, path in files:
            found.setdefault(language, []).extend(self.read(language, path))
        return found
