"""Write sentences and pairs as records, one per line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TextIO

from xlner.core.entity import Entity
from xlner.core.pair import Member, Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.formats import pharaoh
from xlner.formats.json_values import is_nested_too_deeply, writable
from xlner.formats.jsonl.plain_lines import plain_line
from xlner.formats.reading import warn_of_data


def write_sentence(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write one sentence as one line."""
    stream.write(plain_line(sentence, scheme) or dumped(sentence_record(sentence, scheme)) + "\n")


def write_pair(stream: TextIO, pair: Pair, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write one pair as one line: the labeled target sentence at the top level, the rest in separate fields."""
    record = sentence_record(pair.latest, scheme)
    stream.write(dumped({**record, **source_record(pair, scheme)}) + "\n")


def source_record(pair: Pair, scheme: Scheme | str = Scheme.IOB2) -> dict[str, object]:
    """The fields of a pair besides those of the target: the source, the links, the outcomes and the error."""
    record: dict[str, object] = {}
    if pair.source is not None:
        record["source"] = sentence_record(pair.source, scheme)
    if pair.alignment is not None:
        record["alignment"] = pharaoh.text_of(pair.alignment)
        if pair.alignment.weights is not None:
            record["weights"] = [round(w, 6) for w in pair.alignment.weights]
    if pair.projection is not None:
        record["outcomes"] = [_outcome_record(o) for o in pair.projection.outcomes]
        if pair.projection.ensemble_members:
            record["ensemble_members"] = [_member_record(m) for m in pair.projection.ensemble_members]
        if pair.projection.solver is not None and pair.projection.objective is not None:
            record["matching"] = {"solver": pair.projection.solver, "objective": round(pair.projection.objective, 6)}
    if pair.error is not None:
        record["error"] = pair.error
    return record


def dumped(record: Mapping[str, object]) -> str:
    """A record as JSON on one line. What JSON has no form for is replaced, with a `DataWarning`.

    >>> dumped({"text": "Coruña"})
    '{"text": "Coruña"}'
    """
    try:
        return _ENCODER.encode(record)
    except (ValueError, TypeError, RecursionError):
        replaced: set[str] = set()
        line = _ENCODER.encode(writable(_plain_records(record), replaced))
        _warn_of_replaced(replaced)
        return line


def _warn_of_replaced(replaced: set[str]) -> None:
    warn_of_data(f"JSON has no form for these values, which were replaced: {', '.join(sorted(replaced))}")


def _plain_records(record: Mapping[str, object]) -> dict[str, object]:
    """The record, with the pairs in lists of its meta as records."""

    def plain(value: object) -> object:
        if isinstance(value, (list, tuple)):
            return [source_record(item) if isinstance(item, Pair) else item for item in value]
        return value

    return {name: plain(value) for name, value in record.items()}


def _other_record(value: object) -> dict[str, object]:
    """The record of a pair in the meta of a sentence: another source of the same target."""
    if isinstance(value, Pair):
        return source_record(value)
    raise TypeError(f"a value of type {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_other_record)


def sentence_record(sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> dict[str, object]:
    """The fields of a sentence.

    >>> list(sentence_record(Sentence(("Vigo",), (Entity(0, 1, "LOC"),))))
    ['tokens', 'ner_tags', 'entities']
    """
    record: dict[str, object] = {}
    if sentence.id is not None:
        record["id"] = sentence.id
    if sentence.language is not None:
        record["lang"] = sentence.language
    if sentence.text is not None:
        record["text"] = sentence.text
    record["tokens"] = sentence.tokens
    if sentence.offsets is not None:
        record["offsets"] = sentence.offsets
    record["ner_tags"] = sentence.tags(scheme)
    record["entities"] = [_entity_record(e, sentence) for e in sentence.entities]
    for name, value in sentence.meta.items():
        record[name] = _not_too_deep(value) if isinstance(value, (Mapping, list, tuple)) else value
    return record


def _not_too_deep(value: object) -> object:
    """The value, or as much of it as readers accept. Python versions differ in how deep a value they can encode."""
    if not is_nested_too_deeply(value):
        return value
    replaced: set[str] = set()
    cut = writable(value, replaced, depth=1)
    _warn_of_replaced(replaced)
    return cut


def _entity_record(entity: Entity, sentence: Sentence | None = None) -> dict[str, object]:
    record: dict[str, object] = {"start": entity.start, "end": entity.end, "label": entity.label}
    if entity.score is not None:
        record["score"] = round(entity.score, 6)
    if sentence is not None:
        record["text"] = sentence.surface(entity)
        span = sentence.char_span(entity)
        if span is not None:
            record["char_start"], record["char_end"] = span
    return record


def _outcome_record(outcome: Outcome) -> dict[str, object]:
    record: dict[str, object] = {"entity": _entity_record(outcome.entity)}
    if outcome.projected:
        record["projected"] = [_entity_record(e) for e in outcome.projected]
    else:
        record["reason"] = outcome.reason
    if outcome.projected or outcome.scores:
        record["scores"] = {name: round(value, 6) for name, value in outcome.scores.items()}
    return record


def _member_record(member: Member) -> dict[str, object]:
    entities = [_entity_record(e) for e in member.entities]
    return {"name": member.name, "weight": member.weight, "entities": entities}
