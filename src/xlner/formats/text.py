"""Plain text, one sentence per line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from xlner.core.lines import Line
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.formats.reading import Item, ReadOptions, ReadReport


def read(lines: Iterable[Line], options: ReadOptions | None = None, report: ReadReport | None = None) -> Iterator[Item]:
    """Yield one sentence per line, split into words as the options say. An empty line is an empty sentence.

    >>> next(read([(1, "Ana vive en Vigo.")])).tokens
    ('Ana', 'vive', 'en', 'Vigo', '.')
    """
    options = options or ReadOptions()
    report = ReadReport() if report is None else report
    for _, line in lines:
        if isinstance(line, InputError):
            report.bad += 1
            yield line
        else:
            report.sentences += 1
            yield options.sentence(line)


def write_sentence(stream: TextIO, sentence: Sentence) -> None:
    """Write the text of a sentence as one line, without its entities."""
    text = sentence.with_text().text or ""
    stream.write(" ".join(text.splitlines()) + "\n")
