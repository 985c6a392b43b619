"""doccano: one text per line with `label`, a list of `[start, end, label]` that counts UTF-16."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from xlner.core.sentence import Sentence
from xlner.formats.annotation_tasks import in_utf16
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.tools.json_records import read_json
from xlner.formats.tools.text_records import TextRecord, records, write_lines
from xlner.formats.writing import WriteOptions


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each text."""
    return read_json(path, options, report, in_utf16)


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one text per line. Scores have no place."""
    return write_lines(map(_record, records(sentences)), path)


def _record(record: TextRecord) -> dict[str, object]:
    label = [[start, end, entity.label] for start, end, entity in record.in_utf16()]
    return {"text": record.text, "label": label, **record.fields}
