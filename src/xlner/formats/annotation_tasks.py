"""Tasks of annotation tools as records: Label Studio, Argilla, Prodigy and doccano."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlner.errors import ValidationError
from xlner.formats.label_fields import WORD_FIELDS, is_triple, whole


def unfolded(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of Label Studio or a record of Argilla as a record with a text and labels; any other record as it is.

    Raises `ValidationError` for a task with several annotations, and for an example that was rejected in Prodigy.

    >>> value = {"start": 0, "end": 3, "labels": ["PER"]}
    >>> unfolded({"data": {"text": "Ana"}, "annotations": [{"result": [{"type": "labels", "value": value}]}]})
    {'text': 'Ana', 'label': [{'labels': ['PER'], 'start_utf16': 0, 'end_utf16': 3}]}
    """
    if isinstance(record.get("fields"), Mapping) and not record.keys().isdisjoint(("suggestions", "responses")):
        return _of_argilla(record)
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
    if not isinstance(data, Mapping) or not any(
        isinstance(record.get(k), list) for k in ("annotations", "predictions")
    ):
        return record
    return _of_label_studio(record, data)


def _of_label_studio(record: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The text of a task with its annotation, or with its prediction if nobody has annotated it."""
    name = _text_field(data, "data")
    made: dict[str, Any] = {"text": data[name], **{k: v for k, v in data.items() if k != name}}
    if record.get("id") is not None:
        made.setdefault("id", record["id"])
    kept = [a for a in record.get("annotations") or () if isinstance(a, Mapping) and not a.get("was_cancelled")]
    if len(kept) > 1:
        raise ValidationError(f"{len(kept)} annotations of one text", hint="keep one for each text")
    if not kept:
        kept = [p for p in record.get("predictions") or () if isinstance(p, Mapping)]
        if len(kept) > 1:
            raise ValidationError(f"{len(kept)} predictions for one text", hint="keep one for each text")
    if kept:
        results = kept[0].get("result") or []
        made["label"] = [_region(r) for r in results if isinstance(r, Mapping) and "labels" in str(r.get("type"))]
    return made


def _region(result: Mapping[str, Any]) -> Any:
    """A labeled region. Label Studio runs in a browser, where texts are UTF-16."""
    value = result["value"]
    if not isinstance(value, Mapping):
        return value
    if whole(value.get("start")) is None or whole(value.get("end")) is None:
        return value  # of HTML
    made = {k: v for k, v in value.items() if k not in ("start", "end")}
    if "score" not in made and result.get("score") is not None:
        made["score"] = result["score"]
    return {**made, "start_utf16": value["start"], "end_utf16": value["end"]}


def _of_argilla(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The text of a record with the response to its question about spans, or with the suggestion if there is none."""
    fields, metadata = record["fields"], record.get("metadata")
    name = _text_field(fields, "fields")
    made: dict[str, Any] = {"text": fields[name], **{k: v for k, v in fields.items() if k != name}}
    made |= {k: v for k, v in (metadata if isinstance(metadata, Mapping) else {}).items() if k not in made}
    if record.get("id") is not None:
        made["id"] = record["id"]
    answers: list[Any] = [
        answer["value"]
        for given in (record.get("responses") or {}).values()
        for answer in (given if isinstance(given, list) else [])
        if isinstance(answer, Mapping) and _are_spans(answer.get("value")) and answer.get("status") != "discarded"
    ]
    if len(answers) > 1:
        raise ValidationError(f"{len(answers)} responses with spans to one text", hint="keep one for each text")
    if answers:
        made["label"] = _of_characters(answers[0], None)
        return made
    suggested: list[Any] = [
        s for s in (record.get("suggestions") or {}).values() if isinstance(s, Mapping) and _are_spans(s.get("value"))
    ]
    if len(suggested) > 1:
        raise ValidationError(f"{len(suggested)} suggestions of spans in one text", hint="keep one for each text")
    if suggested:
        made["label"] = _of_characters(suggested[0]["value"], suggested[0].get("score"))
    return made


def _are_spans(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) and "start" in v and "end" in v for v in value)


def _of_characters(spans: Sequence[Mapping[str, Any]], scores: object) -> list[dict[str, Any]]:
    given = scores if isinstance(scores, list) and len(scores) == len(spans) else [None] * len(spans)
    made = []
    for span, score in zip(spans, given, strict=True):
        one = {k: v for k, v in span.items() if k not in ("start", "end")}
        if score is not None:
            one.setdefault("score", score)
        made.append({**one, "start_char": span["start"], "end_char": span["end"]})
    return made


def _text_field(fields: Mapping[str, Any], where: str) -> str:
    strings = [name for name, value in fields.items() if isinstance(value, str)]
    name = "text" if "text" in strings else strings[0] if len(strings) == 1 else None
    if name is None:
        raise ValidationError(f'"{where}" has no "text"', hint="name the text in the settings of the project")
    return name


def in_utf16(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of doccano, whose labels count UTF-16, as a record that says so.

    >>> in_utf16({"text": "Ana", "label": [[0, 3, "PER"]]})
    {'text': 'Ana', 'label': [{'start_utf16': 0, 'end_utf16': 3, 'label': 'PER'}]}
    """
    made = dict(record)
    for name in ("label", "labels", "entities"):
        spans = made.get(name)
        if not isinstance(spans, list):
            continue
        if all(isinstance(s, (list, tuple)) and is_triple(s) for s in spans):
            made[name] = [{"start_utf16": s[0], "end_utf16": s[1], "label": s[2]} for s in spans]
        elif all(isinstance(s, Mapping) and "start_offset" in s and "end_offset" in s for s in spans):
            made[name] = [
                {"start_utf16": s["start_offset"], "end_utf16": s["end_offset"], "label": s.get("label")} for s in spans
            ]
    return made
