"""Prodigy: one text per line with `tokens` and `spans`, which count characters and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xlner.core.sentence import Sentence
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.tools.json_records import read_json, require
from xlner.formats.tools.text_records import of_person, text_record, write_lines
from xlner.formats.writing import WriteOptions


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each text. Rejected ones are errors."""
    return read_json(path, options, report, _plain)


def _plain(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = require(record, "Prodigy", ("text",))
    return {name: value for name, value in found.items() if (name, value) != ("answer", "accept")}


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one text per line, accepted if its labels are not those of a pipeline, or were reviewed."""
    return write_lines((_record(*of_person(sentence, options.predicted)) for sentence in sentences), path)


def _record(sentence: Sentence, predicted: bool) -> dict[str, object]:
    made = sentence.with_text()
    record, offsets = text_record(made, ("answer", "meta", "data")), made.offsets or ()
    tokens = [
        {"text": record.text[a:b], "start": a, "end": b, "id": k, "ws": record.text[b : b + 1] == " "}
        for k, (a, b) in enumerate(offsets)
    ]
    spans: list[dict[str, object]] = []
    for start, end, entity in record.spans:
        span: dict[str, object] = {"start": start, "end": end, "token_start": entity.start, "token_end": entity.end - 1}
        span["label"] = entity.label
        if entity.score is not None:
            span["score"] = round(entity.score, 6)
        spans.append(span)
    spelled = "".join("".join(record.text[a:b] for a, b in offsets).split()) == "".join(record.text.split())
    fields = {name: value for name, value in record.fields.items() if name != "offsets" or not spelled}
    answer = {} if predicted else {"answer": "accept"}
    return {"text": record.text, "tokens": tokens, "spans": spans, **fields, **answer}
