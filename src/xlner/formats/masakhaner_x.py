"""MasakhaNER-X: JSON lines of raw text with entities as byte ranges of the UTF-8 text.

The text is tokenized by the default tokenizer. An entity consists of all words that its range overlaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from xlner.core.entity import Entity
from xlner.core.lines import Line
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError, XlnerError
from xlner.formats.json_values import load, shown
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.text.offsets import words_in


def read(
    lines: Iterable[Line], path: str = "-", options: ReadOptions | None = None, report: ReadReport | None = None
) -> Iterator[Item]:
    """Yield one sentence, or an `InputError`, for each line that is not empty.

    >>> line = '{"text": "É Vigo.", "spans": [{"start_byte": 3, "limit_byte": 7, "label": "LOC"}]}'
    >>> next(read([(1, line)])).tags()
    ['O', 'B-LOC', 'O']
    """
    options, report = options or ReadOptions(), report or ReadReport()
    filled = ((line, text) for line, text in lines if isinstance(text, InputError) or text.strip())
    for number, (line, text) in enumerate(filled, start=1):
        item = text if isinstance(text, InputError) else _read_line(text, path, line, options)
        if isinstance(item, InputError):
            report.bad += 1
            item.sentence = number
        report.sentences += isinstance(item, Sentence)
        yield item


def _read_line(text: str, path: str, line: int, options: ReadOptions) -> Item:
    try:
        return _sentence(load(text), options)
    except (XlnerError, TypeError, ValueError, KeyError, AttributeError) as error:
        reason = error.message if isinstance(error, XlnerError) else shown(error)
        return InputError(f"not a record of MasakhaNER-X: {reason}", path=path, line=line)


def _sentence(record: Mapping[str, Any], options: ReadOptions) -> Sentence:
    language = options.language or record.get("language")
    sentence = Sentence.from_text(record["text"], language=language, id=record.get("example_id"))
    data = record["text"].encode("utf-8")
    entities = []
    for span in record["spans"]:
        start, end = (len(data[: span[side]].decode("utf-8")) for side in ("start_byte", "limit_byte"))
        words = words_in(sentence.offsets or (), start, end)
        if words is None:
            raise ValidationError(f"a span without words: bytes {span['start_byte']} to {span['limit_byte']}")
        entities.append(Entity(*words, span["label"]))
    return replace(sentence, entities=tuple(entities))
