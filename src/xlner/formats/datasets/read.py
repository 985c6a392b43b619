"""Read the files of a spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from xlner.core.files import require_content
from xlner.core.lines import read_lines
from xlner.formats import conll, masakhaner_x, parquet
from xlner.formats.datasets.locate import Located
from xlner.formats.reading import Item, ReadOptions, ReadReport, numbered
from xlner.formats.registry import format_named

_UTF_8, _LATIN_1 = "utf-8", "iso-8859-1"


def read_located(located: Located, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Read the sentences of all files. Each has the language code of the data set, unless the options give another."""
    options = replace(options, language=options.language or located.language)
    for path in located.files:
        require_content(path)
    for path in located.files:
        yield from _read_file(path, located, options, report)


def _read_file(path: Path, located: Located, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    if located.format == "parquet":
        return parquet.read(path, options, report, located.dataset.tag_names)
    if located.format not in ("conll", "masakhaner-x"):
        return format_named(located.format).read(path, options, report)
    lines = read_lines(path, encoding=_encoding(path) if located.dataset.legacy else _UTF_8)
    if located.format == "masakhaner-x":
        return numbered(masakhaner_x.read(lines, str(path), options, report))
    return conll.ConllReader(str(path), options, report).read(lines)


def _encoding(path: Path) -> str:
    """ISO 8859-1, as in the shared tasks, unless the file is a copy in UTF-8."""
    try:
        path.read_text(encoding=_UTF_8)
    except UnicodeDecodeError:
        return _LATIN_1
    return _UTF_8
