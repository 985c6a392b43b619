"""Tasks of annotation tools as records: Label Studio, Prodigy and doccano."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlner.errors import ValidationError
from xlner.formats.label_fields import WORD_FIELDS


def unfolded(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of Label Studio as a record with a text and labels; any other record as it is.

    Raises `ValidationError` for a task with several annotations, and for an example that was rejected in Prodigy.

    >>> value = {"start": 0, "end": 3, "labels": ["PER"]}
    >>> unfolded({"data": {"text": "Ana"}, "annotations": [{"result": [{"type": "labels", "value": value}]}]})
    {'text': 'Ana', 'label': [{'start': 0, 'end': 3, 'labels': ['PER']}]}
    """
    if "data" not in record and "answer" not in record:
        return record
    if record.get("answer") in ("reject", "ignore") and record.get("spans"):
        raise ValidationError(
            f'the "answer" to these spans was {record["answer"]!r}',
            hint="export only the accepted ones from Prodigy: prodigy db-out DATASET --answer accept > NEW",
        )
    data = record.get("data")
    if isinstance(data, str) and record.keys().isdisjoint(("text", *WORD_FIELDS)):
        return {"text": data, **{name: value for name, value in record.items() if name != "data"}}  # doccano
    if not isinstance(data, Mapping) or not isinstance(record.get("annotations"), list):
        return record
    strings = [name for name, value in data.items() if isinstance(value, str)]
    name = "text" if "text" in strings else strings[0] if len(strings) == 1 else None
    if name is None:
        raise ValidationError('"data" has no "text"', hint="name the text in the settings of the project")
    kept = [a for a in record["annotations"] if isinstance(a, Mapping) and not a.get("was_cancelled")]
    if len(kept) > 1:
        raise ValidationError(f"{len(kept)} annotations of one text", hint="keep one for each text")
    made: dict[str, Any] = {"text": data[name], **{k: v for k, v in data.items() if k != name}}
    if record.get("id") is not None:
        made["id"] = record["id"]
    if kept:
        results = kept[0].get("result") or []
        made["label"] = [r["value"] for r in results if isinstance(r, Mapping) and "labels" in str(r.get("type"))]
    return made
