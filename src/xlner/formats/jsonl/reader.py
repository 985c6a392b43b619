"""Read records as sentences or pairs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from xlner.core.entity import Entity
from xlner.core.lines import Line
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import DecodedTags, decode
from xlner.errors import InputError, ValidationError, XlnerError
from xlner.formats.annotation_tasks import unfolded
from xlner.formats.annotations import read_labels
from xlner.formats.character_spans import Words
from xlner.formats.json_values import require_writable, shown
from xlner.formats.jsonl.outcomes import alignment_of, projection_of
from xlner.formats.jsonl.records import parsed, record_of, records_of
from xlner.formats.jsonl.words import instead_of, offsets_of, placed_words, tokens_of, word_field
from xlner.formats.label_agreement import are_iob2, require_no_tags, same_labels
from xlner.formats.label_fields import LABEL_FIELDS, WORD_FIELDS, label_field
from xlner.formats.reading import ReadOptions, ReadReport, warn_of_data, warn_of_widened
from xlner.text.counts import counted

_OWN = frozenset(
    {
        *("id", "text", "lang", "language", *WORD_FIELDS, "ner_tags", "entities", "offsets"),
        *("source", "alignment", "weights", "outcomes", "matching", "ensemble_members", "error"),
    }
)
MALFORMED = (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
"""What a record with other types than expected raises."""
_OF_PROJECTION = ("matching", "ensemble_members")
_OF_PAIRS = frozenset({"source", "alignment", "outcomes", "error"})
# PAN-X, MasakhaNER2 and CoNLL-2003 agree on these numbers, but not on 7 and 8.
DEFAULT_TAG_NAMES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
_LEFT_OUT = -100
_OTHER_LABELS = frozenset(LABEL_FIELDS) - {"entities", "ner_tags"}


def read(
    lines: Iterable[Line],
    path: str = "-",
    options: ReadOptions | None = None,
    report: ReadReport | None = None,
) -> Iterator[Sentence | InputError]:
    """Yield one sentence, or an `InputError`, for each line that is not empty.

    >>> next(read([(1, '{"text": "In Vigo.", "label": [[3, 7, "LOC"]]}')])).tags()
    ['O', 'B-LOC', 'O']
    """
    yield from map(_sentence_of, read_pairs(lines, path, options, report))


def read_records(
    records: Iterable[tuple[int, Mapping[str, Any] | InputError]],
    path: str,
    options: ReadOptions,
    report: ReadReport | None = None,
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
    """Yield one pair, or an `InputError`, for each line that is not empty.

    Raises `InputError` for one object over several lines.
    """
    return _pairs(records_of(lines, path), path, options, report)


def has_only_text(lines: Iterable[Line], path: str = "-") -> bool:
    """Return True if the first record has a text and no words.

    >>> has_only_text([(1, '[["Ana vive.", {"entities": []}]]')]), has_only_text([(1, '{"tokens": ["Ana"]}')])
    (True, False)
    """
    try:
        _, first = next(records_of(lines, path), (0, "{}"))
        if isinstance(first, InputError):
            return False
        record = unfolded(parsed(first) if isinstance(first, str) else first)
    except XlnerError:
        return False
    return isinstance(record.get("text"), str) and word_field(record) is None


def _holds_records(value: object) -> bool:
    """Whether the sentences of a file are in this field of its only object."""
    record = record_of(value[0]) if isinstance(value, list) and value else None
    return record is not None and not record.keys().isdisjoint(("text", *WORD_FIELDS))


def _pairs(
    records: Iterable[tuple[int, str | Mapping[str, Any] | InputError]],
    path: str,
    options: ReadOptions | None,
    report: ReadReport | None,
) -> Iterator[Pair | InputError]:
    report = ReadReport() if report is None else report
    parser = _Parser(path, options or ReadOptions(), report)
    for number, (line, record) in enumerate(records, start=1):
        if isinstance(record, InputError):
            report.bad += 1
            record.sentence = number
            yield record
            continue
        try:
            pair = parser.pair(parsed(record) if isinstance(record, str) else record)
        except XlnerError as error:
            report.bad += 1
            yield InputError(error.message, path=path, line=line, sentence=number, hint=error.hint)
        except MALFORMED as error:
            report.bad += 1
            yield InputError(f"malformed record: {shown(error)}", path=path, line=line, sentence=number)
        else:
            report.sentences += 1
            report.line = line
            yield pair
    if parser.widened:
        warn_of_widened(path, parser.widened, "span of characters", "spans of characters")


class _Parser:
    def __init__(self, path: str, options: ReadOptions, report: ReadReport) -> None:
        self.path = path
        self.options = options
        self.tag_names = options.tag_names
        self.report = report
        self.renamed: set[str] = set()
        self.widened = 0
        self.said_null = False

    def pair(self, record: Mapping[str, Any]) -> Pair:
        record = unfolded(record)
        labeled = self.sentence(record)
        if _OF_PAIRS.isdisjoint(record):
            return Pair(labeled)
        source, alignment, outcomes, error = (record.get(k) for k in ("source", "alignment", "outcomes", "error"))
        if source is not None and not isinstance(source, Mapping):
            raise ValidationError(
                f'"source" is {shown(source)}, not a sentence',
                hint="rename this field: it is for the sentence in the source language",
            )
        if error is not None and not isinstance(error, str):
            raise ValidationError(f'"error" is {shown(error)}, not a string')
        return Pair(
            labeled if outcomes is None else labeled.with_entities(()),
            None if source is None else self.sentence(source),
            None if alignment is None else alignment_of(alignment, record.get("weights")),
            None if outcomes is None else projection_of(labeled, outcomes, *(record.get(k) for k in _OF_PROJECTION)),
            error,
        )

    def sentence(self, record: Mapping[str, Any]) -> Sentence:
        text, tokens = record.get("text"), tokens_of(record)
        if text is not None and not isinstance(text, str):
            raise ValidationError(f'"text" is {shown(text)}, not a string', hint=instead_of("text", record))
        if text is None and tokens is None:
            empty = next((name for name in ("text", *WORD_FIELDS) if name in record), None)
            if empty is not None:
                raise ValidationError(f'"{empty}" is null', hint='give a "text" or "tokens", or leave the record out')
            inside = next((name for name, value in record.items() if _holds_records(value)), None)
            raise ValidationError(
                f'neither "tokens" nor "text", but {shown(sorted(map(str, record)))}',
                hint=f"write one sentence per object: jq -c '.[\"{inside}\"][]' {self.path} > NEW"
                if inside is not None
                else instead_of("tokens", record),
            )
        language = self.options.language or record.get("lang") or record.get("language") or None
        if language is not None and not isinstance(language, str):
            raise ValidationError(f'"lang" is {shown(language)}, not the code of a language')
        id_ = _id(record.get("id"))
        labels = label_field(record, None if tokens is None else len(tokens))
        if labels is None and self.options.require_tags:
            raise ValidationError('neither "ner_tags" nor "entities"', hint="give labeled sentences")
        if labels is None and tokens is not None and not self.said_null:
            self._say_null(record)
        meta: dict[str, object] = {}
        for name, value in record.items():
            if name in _OWN or name == labels or (name in LABEL_FIELDS and (value is None or value == [])):
                continue
            if not isinstance(value, str):
                require_writable(name, value)
            meta[name] = value
        if tokens is None:
            words = self._words(record, text or "", language)
        else:
            offsets, placed = offsets_of(record, text, tokens)
            if text is not None and offsets is None:
                meta["text"], text = text, None  # it differs from the tokens, for example in quotation marks
            words = Words(tokens, text, offsets, placed=placed)
        entities = () if labels is None else self._labels(labels, record, words, meta)
        return Sentence(tuple(words.tokens), entities, text, words.offsets, language, id_, meta)

    def _words(self, record: Mapping[str, Any], text: str, language: str | None) -> Words:
        """The words of a record that has only a text: where its `offsets` say, or those of the tokenizer."""
        placed = placed_words(record, text)
        if placed is not None:
            return Words([text[a:b] for a, b in placed], text, placed, placed=True)
        made = self.options.sentence(text, language)
        return Words(made.tokens, text, made.offsets, given=False)

    def _say_null(self, record: Mapping[str, Any]) -> None:
        null = next((name for name in LABEL_FIELDS if name in record and record[name] is None), None)
        if null is not None:
            self.said_null = True
            warn_of_data(f'{self.path}: "{null}" is null in a record with words, which is read without entities')

    def _labels(
        self, name: str, record: Mapping[str, Any], words: Words, meta: dict[str, object]
    ) -> tuple[Entity, ...]:
        """The entities of the field `name`. Other fields with the same labels are removed from `meta`."""
        entities = self._entities(name, record[name], words)
        if name not in ("ner_tags", "tags") and "ner_tags" not in record:  # beside it, spans are as xlner writes them
            require_no_tags(name, entities)
        if words.given and not (name == "entities" and _has_only_own_tags(record, words, entities)):
            for other in same_labels(record, name, entities, len(words.tokens), partial(self._others, words=words)):
                meta.pop(other, None)
        return entities

    def _others(self, name: str, value: object, words: Words) -> tuple[Entity, ...]:
        """The entities of another field, which is only compared: nothing is counted."""
        return read_labels(name, value, words, lambda tags: self._decode(tags, len(words.tokens))[1].entities).entities

    def _entities(self, name: str, value: object, words: Words) -> tuple[Entity, ...]:
        found = read_labels(name, value, words, lambda tags: self._decoded(tags, len(words.tokens)))
        self.widened += found.widened
        for label, new in found.renamed:
            if label not in self.renamed:
                self.renamed.add(label)
                warn_of_data(f"{self.path}: the label {label!r} is read as {new!r}, because tags cannot have spaces")
        return found.entities

    def _decode(self, tags: Sequence[Any], length: int) -> tuple[list[str], DecodedTags]:
        if len(tags) != length:
            raise ValidationError(f"{counted(length, 'token')} but {counted(len(tags), 'tag')}")
        names = [self._tag(tag) for tag in tags]
        return names, decode(names, self.options.scheme, repair=self.options.repair)

    def _decoded(self, tags: Sequence[Any], length: int) -> tuple[Entity, ...]:
        names, decoded = self._decode(tags, length)
        self.report.repaired_tags += len(decoded.repaired)
        self.report.note_scheme(names, decoded.entities)
        return decoded.entities

    def _tag(self, tag: object) -> str:
        if isinstance(tag, str):
            return tag
        if type(tag) is float and tag.is_integer():  # as pandas writes a column with gaps
            tag = int(tag)
        if type(tag) is not int:
            raise ValidationError(f"{shown(tag)} is not a tag", hint="give each word a tag, and O to all other words")
        names = self.tag_names or DEFAULT_TAG_NAMES
        if not 0 <= tag < len(names):
            raise ValidationError(
                f"tag id {shown(tag)} has no name",
                hint="give the names of all ids in order, such as --tag-names O,B-PER,I-PER,…"
                if tag != _LEFT_OUT
                else "it marks the sub-words that a training leaves out: give words with a tag for each of them",
            )
        if self.tag_names is None and tag:
            self.tag_names = DEFAULT_TAG_NAMES
            warn_of_data(
                f"{self.path}: the numbers of tags have no names, and are read as {','.join(DEFAULT_TAG_NAMES)}; "
                "if these are not their names, give --tag-names with all of them in order"
            )
        return names[tag]


def _id(value: object) -> str | None:
    """An identifier as a string; one of several parts as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else str(value)


def _has_only_own_tags(record: Mapping[str, Any], words: Words, entities: Sequence[Entity]) -> bool:
    """Whether a record has entities and their tags as xlner writes them, and no other labels."""
    tags = record.get("ner_tags")
    if not isinstance(tags, list) or len(tags) != len(words.tokens):
        return False
    return _OTHER_LABELS.isdisjoint(record) and are_iob2(tags, entities)
