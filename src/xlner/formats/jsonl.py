"""JSON lines: everything that xlner knows about a sentence or a pair, one object per line.

An object has `tokens` (or `words`) with `entities` or with `ner_tags` (or `tags`), which are strings or numbers; or it
has only `text`. It may have `id` and `lang`. Unknown fields are kept and written back. The objects of pairs also have
`source`, `alignment`, `outcomes` and `error`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TextIO

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.files import Line
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme, decode
from xlner.errors import InputError, ValidationError
from xlner.formats.reading import ReadOptions, ReadReport
from xlner.text.tokenizer import locate

_OWN = frozenset(
    {
        *("id", "text", "lang", "language", "tokens", "words", "ner_tags", "tags", "entities", "offsets"),
        *("source", "alignment", "weights", "outcomes", "matching", "error"),
    }
)
# PAN-X, MasakhaNER2 and CoNLL-2003 agree on these numbers, but not on 7 and 8.
DEFAULT_TAG_NAMES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")


def read(
    lines: Iterable[Line],
    path: str = "-",
    options: ReadOptions | None = None,
    report: ReadReport | None = None,
) -> Iterator[Sentence | InputError]:
    """Yield one sentence, or an `InputError`, for each line that is not empty.

    >>> next(read([(1, '{"tokens": ["Vigo"], "ner_tags": [5]}')])).tags()
    ['B-LOC']
    """
    yield from map(_sentence_of, read_pairs(lines, path, options, report))


def read_records(
    records: Iterable[tuple[int, Mapping[str, Any]]], path: str, options: ReadOptions, report: ReadReport | None = None
) -> Iterator[Sentence | InputError]:
    """Yield one sentence, or an `InputError`, for each numbered record that another reader has parsed."""
    yield from map(_sentence_of, _pairs(records, path, options, report))


def _sentence_of(item: Pair | InputError) -> Sentence | InputError:
    if isinstance(item, InputError):
        return item
    sentence = item.labeled if item.projection else item.target
    return sentence if item.error is None else replace(sentence, meta={**sentence.meta, "error": item.error})


def read_pairs(
    lines: Iterable[Line],
    path: str = "-",
    options: ReadOptions | None = None,
    report: ReadReport | None = None,
) -> Iterator[Pair | InputError]:
    """Yield one pair, or an `InputError`, for each line that is not empty."""
    filled = ((line, text) for line, text in lines if isinstance(text, InputError) or text.strip())
    return _pairs(filled, path, options, report)


def _pairs(
    records: Iterable[tuple[int, str | Mapping[str, Any] | InputError]],
    path: str,
    options: ReadOptions | None,
    report: ReadReport | None,
) -> Iterator[Pair | InputError]:
    report = ReadReport() if report is None else report
    parser = _Parser(options or ReadOptions(), report)
    for number, (line, record) in enumerate(records, start=1):
        if isinstance(record, InputError):
            report.bad += 1
            yield record
            continue
        try:
            yield parser.pair(_object(record) if isinstance(record, str) else record)
            report.sentences += 1
        except (ValidationError, TypeError, ValueError, KeyError) as error:
            report.bad += 1
            reason = error.message if isinstance(error, ValidationError) else f"malformed record: {error}"
            hint = error.hint if isinstance(error, ValidationError) else None
            yield InputError(reason, path=path, line=line, sentence=number, hint=hint)


def _object(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"not JSON: {error.msg} at column {error.colno}", hint="write one object per line"
        ) from None
    if not isinstance(record, dict):
        raise ValidationError("not a JSON object", hint='write one object per line, such as {"text": "…"}')
    return record


class _Parser:
    def __init__(self, options: ReadOptions, report: ReadReport) -> None:
        self.options = options
        self.tag_names = options.tag_names or DEFAULT_TAG_NAMES
        self.report = report

    def pair(self, record: Mapping[str, Any]) -> Pair:
        labeled = self.sentence(record)
        source = record.get("source")
        alignment = record.get("alignment")
        outcomes = record.get("outcomes")
        return Pair(
            labeled if outcomes is None else labeled.with_entities(()),
            None if source is None else self.sentence(source),
            None if alignment is None else _alignment(alignment, record.get("weights")),
            None if outcomes is None else _projection(labeled, outcomes, record.get("matching") or {}),
            record.get("error"),
        )

    def sentence(self, record: Mapping[str, Any]) -> Sentence:
        text = record.get("text")
        tokens = record.get("tokens", record.get("words"))
        language = self.options.language or record.get("lang") or record.get("language")
        id_ = None if record.get("id") is None else str(record["id"])
        meta: dict[str, object] = {k: v for k, v in record.items() if k not in _OWN}
        if tokens is None:
            if not isinstance(text, str):
                raise ValidationError('neither "tokens" nor "text"', hint='give one of them; "text" must be a string')
            made = Sentence.from_text(text, language=language, id=id_)
            return replace(made, entities=self._entities(record, len(made)), meta=meta)
        if not isinstance(tokens, list) or not all(isinstance(t, str) for t in tokens):
            raise ValidationError('"tokens" is not a list of strings')
        offsets = _offsets(record, text, tokens)
        if text is not None and offsets is None:
            meta["text"], text = text, None  # it differs from the tokens, for example in quotation marks
        return Sentence(tuple(tokens), self._entities(record, len(tokens)), text, offsets, language, id_, meta)

    def _entities(self, record: Mapping[str, Any], length: int) -> tuple[Entity, ...]:
        if "entities" in record:
            return tuple(_entity(e) for e in record["entities"])
        tags = record.get("ner_tags", record.get("tags"))
        if tags is None:
            if self.options.require_tags:
                raise ValidationError('neither "ner_tags" nor "entities"', hint="give labeled sentences")
            return ()
        if len(tags) != length:
            raise ValidationError(f"{length} tokens but {len(tags)} tags")
        decoded = decode([self._tag(t) for t in tags], self.options.scheme, repair=self.options.repair)
        self.report.repaired_tags += len(decoded.repaired)
        return decoded.entities

    def _tag(self, tag: str | int) -> str:
        if isinstance(tag, str):
            return tag
        if not 0 <= tag < len(self.tag_names):
            raise ValidationError(
                f"tag id {tag} has no name",
                hint="give the names of all ids in order, such as --tag-names O,B-PER,I-PER,…",
            )
        return self.tag_names[tag]


def _offsets(record: Mapping[str, Any], text: str | None, tokens: Sequence[str]) -> tuple[Span, ...] | None:
    """The offsets of the tokens as given, or as found in the text."""
    if text is None:
        return None
    found = record["offsets"] if record.get("offsets") is not None else locate(text, tokens)
    return None if found is None else tuple((int(a), int(b)) for a, b in found)


def _alignment(links: str, weights: Sequence[float] | None) -> Alignment:
    pairs = [part.split("-") for part in links.split()]
    return Alignment(tuple((int(s), int(t)) for s, t in pairs), None if weights is None else tuple(weights))


def _entity(record: Mapping[str, Any]) -> Entity:
    return Entity(int(record["start"]), int(record["end"]), str(record["label"]), record.get("score"))


def _projection(labeled: Sentence, outcomes: Iterable[Mapping[str, Any]], matching: Mapping[str, Any]) -> Projection:
    return Projection(labeled, tuple(map(_outcome, outcomes)), matching.get("solver"), matching.get("objective"))


def _outcome(record: Mapping[str, Any]) -> Outcome:
    reason = record.get("reason")
    return Outcome(
        _entity(record["entity"]),
        tuple(map(_entity, record.get("projected", ()))),
        None if reason is None else Reason(reason),
        record.get("scores", {}),
    )


def write_sentence(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write one sentence as one line."""
    _dump(stream, _sentence_record(sentence, scheme))


def write_pair(stream: TextIO, pair: Pair, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write one pair as one line: the labeled target sentence at the top level, the rest in separate fields."""
    record = _sentence_record(pair.labeled if pair.projection else pair.target, scheme)
    _dump(stream, {**record, **source_record(pair, scheme)})


def source_record(pair: Pair, scheme: Scheme | str = Scheme.IOB2) -> dict[str, object]:
    """The fields of a pair besides those of the target: the source, the links, the outcomes and the error."""
    record: dict[str, object] = {}
    if pair.source is not None:
        record["source"] = _sentence_record(pair.source, scheme)
    if pair.alignment is not None:
        record["alignment"] = " ".join(f"{s}-{t}" for s, t in pair.alignment.links)
        if pair.alignment.weights is not None:
            record["weights"] = [round(w, 6) for w in pair.alignment.weights]
    if pair.projection is not None:
        record["outcomes"] = [_outcome_record(o) for o in pair.projection.outcomes]
        if pair.projection.solver is not None and pair.projection.objective is not None:
            record["matching"] = {"solver": pair.projection.solver, "objective": round(pair.projection.objective, 6)}
    if pair.error is not None:
        record["error"] = pair.error
    return record


def _dump(stream: TextIO, record: Mapping[str, object]) -> None:
    stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False, default=_other_record) + "\n")


def _other_record(value: object) -> dict[str, object]:
    """The record of a pair in the meta of a sentence: another source of the same target."""
    if isinstance(value, Pair):
        return source_record(value)
    raise ValidationError(f"meta has a value of type {type(value).__name__}, which JSON has no form for")


def _sentence_record(sentence: Sentence, scheme: Scheme | str) -> dict[str, object]:
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
    record.update(sentence.meta)
    return record


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
