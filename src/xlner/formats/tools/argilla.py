"""Argilla: an array of records, as `dataset.records.from_json` takes them.

The field is `text`, and the question about spans is `spans`. Labels are written as suggestions: a response needs the
identifier of the user who gave it. What `metadata` cannot hold, such as lists, is JSON there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.formats.annotation_tasks import unfolded
from xlner.formats.json_values import load
from xlner.formats.jsonl import dumped
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.tools.json_records import read_json, require
from xlner.formats.tools.text_records import of_person, text_record, write_array
from xlner.formats.writing import WriteOptions

_JSON = "json:"


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the text of each record with its response, or with its suggestion if there is none."""
    return read_json(path, options, report, _plain)


def _plain(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: _given_value(value) for name, value in unfolded(require(record, "Argilla", ("fields",))).items()}


def _given_value(value: object) -> object:
    """What `_plain_value` was given. Other text that begins like JSON of ours stays text."""
    if not isinstance(value, str) or not value.startswith(_JSON):
        return value
    try:
        return load(value.removeprefix(_JSON))
    except ValidationError:
        return value


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write records with suggestions; those of the agent `gold` are the labels of people."""
    return write_array((_record(*of_person(sentence, options.predicted)) for sentence in sentences), path)


def _record(sentence: Sentence, predicted: bool) -> dict[str, object]:
    record = text_record(sentence)
    scores = [None if entity.score is None else round(entity.score, 6) for *_, entity in record.spans]
    spans: list[dict[str, object]] = [{"start": a, "end": b, "label": entity.label} for a, b, entity in record.spans]
    scored = any(score is not None for score in scores)
    suggestion: dict[str, object] = {"value": spans, "agent": "xlner" if predicted or scored else "gold"}
    if scored and None not in scores:
        suggestion["score"] = scores
    else:
        for span, score in zip(spans, scores, strict=True):
            if score is not None:
                span["score"] = score
    metadata = {name: _plain_value(value) for name, value in record.fields.items() if name != "id"}
    made: dict[str, object] = {"id": record.fields["id"]} if "id" in record.fields else {}
    return {**made, "fields": {"text": record.text}, "metadata": metadata, "suggestions": {"spans": suggestion}}


def _plain_value(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and not value.startswith(_JSON)):
        return value
    return _JSON + dumped({"": value})[len('{"": ') : -1]
