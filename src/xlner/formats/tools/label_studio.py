"""Label Studio: an array of tasks with annotations, which people made, or predictions, which programs made.

The names of the control and of the text are those of the template for named entities:
`<View><Labels name="label" toName="text">…</Labels><Text name="text" value="$text"/></View>`. Regions count UTF-16.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from xlner.core.sentence import Sentence
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.tools.json_records import read_json, require
from xlner.formats.tools.text_records import of_person, text_record, write_array
from xlner.formats.writing import WriteOptions


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the text of each task with its annotation, or with its prediction if nobody has annotated it."""
    return read_json(path, options, report, partial(require, tool="Label Studio", names=("data",)))


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write tasks: entities with scores, and those of a pipeline, as predictions; all others as annotations.

    What a person has reviewed is an annotation, without scores.
    """
    return write_array((_task(*of_person(sentence, options.predicted)) for sentence in sentences), path)


def _task(sentence: Sentence, predicted: bool) -> dict[str, object]:
    record = text_record(sentence)
    regions, scores = [], []
    for number, (start, end, entity) in enumerate(record.in_utf16()):
        covered = record.text[record.spans[number][0] : record.spans[number][1]]
        value: dict[str, object] = {"start": start, "end": end, "text": covered, "labels": [entity.label]}
        region: dict[str, object] = {
            "id": f"e{number}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": value,
        }
        if entity.score is not None:
            region["score"] = round(entity.score, 6)
            scores.append(entity.score)
        regions.append(region)
    data = {"text": record.text, **record.fields}
    if not (predicted or scores):
        return {"data": data, "annotations": [{"result": regions}]}
    prediction: dict[str, object] = {"model_version": "xlner", "result": regions}
    if scores:
        prediction["score"] = round(min(scores), 6)
    return {"data": data, "predictions": [prediction]}
