"""JSON lines: everything that xlner knows about a sentence or a pair, one object per line.

An object has `tokens` (or `words`) with `entities` or with `ner_tags` (or `tags`), which are strings or numbers; or it
has only `text`. It may have `id` and `lang`. Unknown fields are kept and written back. The objects of pairs also have
`source`, `alignment`, `outcomes` and `error`.

Labels in the forms of other tools are read, too: see `xlner.formats.annotations`. A line may also be the pair of a text
and its labels, as in spaCy, and the file may be an array of objects.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any, TextIO

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.lines import Line
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.core.tags import DecodedTags, Scheme, decode
from xlner.errors import InputError, ValidationError, XlnerError
from xlner.formats import pharaoh
from xlner.formats.annotation_tasks import unfolded
from xlner.formats.annotations import read_labels
from xlner.formats.character_spans import Words
from xlner.formats.json_values import ArrayError, elements, load, require_writable, shown, writable
from xlner.formats.label_agreement import are_iob2, require_no_tags, same_labels
from xlner.formats.label_fields import LABEL_FIELDS, WORD_FIELDS, label_field
from xlner.formats.reading import ReadOptions, ReadReport, warn_of_data
from xlner.text.tokenizer import locate

_OWN = frozenset(
    {
        *("id", "text", "lang", "language", *WORD_FIELDS, "ner_tags", "entities", "offsets"),
        *("source", "alignment", "weights", "outcomes", "matching", "error"),
    }
)
_OF_PAIRS = frozenset({"source", "alignment", "outcomes", "error"})
# PAN-X, MasakhaNER2 and CoNLL-2003 agree on these numbers, but not on 7 and 8.
DEFAULT_TAG_NAMES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
_LABELS_OF_TOKENS = frozenset({"ner", "ent_type", "entityLabel", "label", "labels", "ner_tag", "bio", "iob"})
_LEFT_OUT = -100
_OTHER_LABELS = frozenset(LABEL_FIELDS) - {"entities", "ner_tags"}
_LINK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


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
    return _pairs(_records(lines, path), path, options, report)


def has_only_text(lines: Iterable[Line], path: str = "-") -> bool:
    """Return True if the first record has a text and no words.

    >>> has_only_text([(1, '[["Ana vive.", {"entities": []}]]')]), has_only_text([(1, '{"tokens": ["Ana"]}')])
    (True, False)
    """
    try:
        _, first = next(_records(lines, path), (0, "{}"))
        if isinstance(first, InputError):
            return False
        record = unfolded(_object(first) if isinstance(first, str) else first)
    except XlnerError:
        return False
    return isinstance(record.get("text"), str) and _word_field(record) is None


def _records(lines: Iterable[Line], path: str) -> Iterator[tuple[int, str | Mapping[str, Any] | InputError]]:
    """The lines that are not empty. The objects of an array are taken out of it."""
    filled = ((line, text) for line, text in lines if isinstance(text, InputError) or text.strip())
    for number, first in filled:
        if not isinstance(first, str):
            yield number, first
            continue
        if first.strip() == "{":
            yield from _not_over_several_lines(number, first, filled, path)
            break
        if first.lstrip().startswith("["):
            yield from _array(number, first, filled, path)
        else:
            yield number, first
        break
    yield from filled


def _not_over_several_lines(number: int, first: str, rest: Iterator[Line], path: str) -> Iterator[Line]:
    """The first two lines; raises `InputError` if an object begins in the first and goes on in the second."""
    second = next(rest, None)
    if second is not None and isinstance(second[1], str) and second[1].lstrip().startswith('"'):
        raise InputError(
            "an object over several lines", path=path, line=number, hint=f"write one per line: jq -c . {path} > NEW"
        )
    yield number, first
    if second is not None:
        yield second


def _array(
    number: int, first: str, rest: Iterator[Line], path: str
) -> Iterator[tuple[int, str | Mapping[str, Any] | InputError]]:
    """The objects of an array that begins in the line `first`; that line itself if no array of objects does.

    Errors are in the places of their objects. A line that cannot be read is one, and ends an array over several lines.
    """
    lines: list[tuple[int, str]] = [(number, first)]
    unread: Line | None = None
    try:
        values: Iterable[tuple[int, Any]] = list(elements(first))
    except ArrayError:
        for line, text in rest:
            if isinstance(text, InputError):
                unread = line, text
                break
            lines.append((line, text))
        values = elements("\n".join(text for _, text in lines))
    else:
        found = [value for _, value in values]
        if _record(found) is not None or all(_record(value) is None for value in found):
            yield number, first
            return
    starts, begun = list(accumulate((len(text) + 1 for _, text in lines), initial=0)), False
    try:
        for position, value in values:
            at = lines[bisect_right(starts, position) - 1][0]
            yield at, _in_array(value, path, at)
            begun = True
    except ArrayError as error:
        if not begun:
            yield from lines
        elif unread is None:
            at = lines[min(bisect_right(starts, error.position), len(lines)) - 1][0]
            yield at, InputError(f"{error.message}, in an array", path=path, line=at)
        else:
            yield unread
            for _ in rest:  # what follows in the array has no beginning
                pass
            return
    if unread is not None:
        yield unread


def _in_array(value: object, path: str, line: int) -> Mapping[str, Any] | InputError:
    if isinstance(value, ValidationError):
        return InputError(value.message, path=path, line=line, hint=value.hint)
    record = _record(value)
    return InputError("not an object", path=path, line=line) if record is None else record


def _record(value: object) -> Mapping[str, Any] | None:
    """An object, or a text and its labels as an object; None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
        return {**value[1], "text": value[0]}
    return None


def _holds_records(value: object) -> bool:
    """Whether the sentences of a file are in this field of its only object."""
    record = _record(value[0]) if isinstance(value, list) and value else None
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
            yield record
            continue
        try:
            pair = parser.pair(_object(record) if isinstance(record, str) else record)
        except XlnerError as error:
            report.bad += 1
            yield InputError(error.message, path=path, line=line, sentence=number, hint=error.hint)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            report.bad += 1
            yield InputError(f"malformed record: {shown(error)}", path=path, line=line, sentence=number)
        else:
            report.sentences += 1
            report.line = line
            yield pair
    if parser.widened:
        what = "1 span of characters begins or ends" if parser.widened == 1 else f"{parser.widened} spans begin or end"
        warn_of_data(f"{path}: {what} inside a word, and now {'covers' if parser.widened == 1 else 'cover'} all of it")


def _object(text: str) -> Mapping[str, Any]:
    record = _record(load(text))
    if record is None:
        raise ValidationError("not a JSON object", hint='write one object per line, such as {"text": "…"}')
    return record


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
            None if alignment is None else _alignment(alignment, record.get("weights")),
            None if outcomes is None else _projection(labeled, outcomes, record.get("matching") or {}),
            error,
        )

    def sentence(self, record: Mapping[str, Any]) -> Sentence:
        record = unfolded(record)
        text, tokens = record.get("text"), _tokens(record)
        if text is not None and not isinstance(text, str):
            raise ValidationError(f'"text" is {shown(text)}, not a string', hint=_instead_of("text", record))
        if text is None and tokens is None:
            empty = next((name for name in ("text", *WORD_FIELDS) if name in record), None)
            if empty is not None:
                raise ValidationError(f'"{empty}" is null', hint='give a "text" or "tokens", or leave the record out')
            inside = next((name for name, value in record.items() if _holds_records(value)), None)
            raise ValidationError(
                f'neither "tokens" nor "text", but {shown(sorted(map(str, record)))}',
                hint=f"write one sentence per object: jq -c '.[\"{inside}\"][]' {self.path} > NEW"
                if inside is not None
                else _instead_of("tokens", record),
            )
        language = self.options.language or record.get("lang") or record.get("language")
        if language is not None and not isinstance(language, str):
            raise ValidationError(f'"lang" is {shown(language)}, not the code of a language')
        id_ = None if record.get("id") is None else str(record["id"])
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
            made = self.options.sentence(text or "", language, id_)
            words = Words(made.tokens, text, made.offsets, given=False)
        else:
            offsets, placed = _offsets(record, text, tokens)
            if text is not None and offsets is None:
                meta["text"], text = text, None  # it differs from the tokens, for example in quotation marks
            words = Words(tokens, text, offsets, placed=placed)
        entities = () if labels is None else self._labels(labels, record, words, meta)
        return Sentence(tuple(words.tokens), entities, text, words.offsets, language, id_, meta)

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
            raise ValidationError(f"{length} tokens but {len(tags)} tags")
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


def _word_field(record: Mapping[str, Any]) -> str | None:
    return next((name for name in WORD_FIELDS if record.get(name) is not None), None)


def _has_only_own_tags(record: Mapping[str, Any], words: Words, entities: Sequence[Entity]) -> bool:
    """Whether a record has entities and their tags as xlner writes them, and no other labels."""
    tags = record.get("ner_tags")
    if not isinstance(tags, list) or len(tags) != len(words.tokens):
        return False
    return _OTHER_LABELS.isdisjoint(record) and are_iob2(tags, entities)


def _tokens(record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The words of a record, if it has them. Words as objects (Prodigy, spaCy) must spell the whole text."""
    name = _word_field(record)
    if name is None:
        return None
    tokens = record[name]
    types = set(map(type, tokens)) if isinstance(tokens, list) else set()
    if types == {dict}:
        labeled = _LABELS_OF_TOKENS.intersection(*tokens)
        if labeled:
            raise ValidationError(f'each of the "{name}" has a label in "{min(labeled)}"', hint='give "ner_tags"')
        text = record.get("text")
        made = [t.get("text", text[t["start"] : t["end"]] if isinstance(text, str) else None) for t in tokens]
        if isinstance(text, str) and "".join("".join(map(str, made)).split()) != "".join(text.split()):
            return None
        tokens, types = made, set(map(type, made))
    if not isinstance(tokens, list) or not types <= {str}:
        raise ValidationError(f'"{name}" is not a list of strings', hint=_instead_of(name, record))
    return tuple(tokens)


def _instead_of(name: str, record: Mapping[str, Any]) -> str:
    """How to write a record whose text or tokens are missing or of another form."""
    value = record.get(name)
    lists = [key for key, column in record.items() if isinstance(column, list) and column and _are_lists(column)]
    if isinstance(value, str):  # a list of pandas in a table
        return f'write a list, such as ["Ana", "lives"]; in pandas: df["{name}"].map(ast.literal_eval)'
    if isinstance(value, Mapping) or {"columns", "data"} <= record.keys() or _is_of_rows(record):
        return 'write one sentence per object; in pandas: to_json(orient="records", lines=True)'
    if name in lists:  # a whole data set, by columns
        columns = ", ".join(f'"{key}": .[{k}]' for k, key in enumerate(lists))
        parts = ", ".join(f'."{key}"' for key in lists)
        return f"write one sentence per object: jq -c '[{parts}] | transpose[] | {{{columns}}}' FILE > NEW"
    if name == "text" and isinstance(value, list):
        return 'if these are the words, name them "tokens"; else write one sentence per object'
    if value is not None:
        return f'write the words of one sentence, without null: "{name}": ["Ana", "lives"]'
    return 'write one sentence per object, with its "text" or its "tokens"'


def _are_lists(values: list[Any]) -> bool:
    return all(isinstance(value, list) for value in values)


def _is_of_rows(record: Mapping[str, Any]) -> bool:
    return bool(record) and all(isinstance(row, Mapping) and {"text", "tokens"} & row.keys() for row in record.values())


def _offsets(
    record: Mapping[str, Any], text: str | None, tokens: Sequence[str]
) -> tuple[tuple[Span, ...] | None, bool]:
    """The offsets of the tokens as given, or as found in the text; and whether the tokens came with them."""
    if text is None:
        return None, False
    if record.get("offsets") is not None:
        return tuple((int(a), int(b)) for a, b in record["offsets"]), False
    found, given = locate(text, tokens), record.get(_word_field(record) or "")
    return None if found is None else tuple(found), isinstance(next(iter(given or ()), None), Mapping)


def _alignment(links: object, weights: object) -> Alignment:
    if not isinstance(links, str):
        raise ValidationError(f'"alignment" is {shown(links)}, not a string of links', hint='write "0-0 1-2"')
    found = []
    for part in links.split():
        match = _LINK.fullmatch(part)
        if match is None:
            raise ValidationError(f'"alignment" has {shown(part)}, which is not a link', hint='write "0-0 1-2"')
        found.append((int(match[1]), int(match[2])))
    if weights is None:
        return Alignment(tuple(found))
    if not isinstance(weights, list) or not all(map(_is_number, weights)):
        raise ValidationError('"weights" is not a list of numbers')
    return Alignment(tuple(found), tuple(weights))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and type(value) is not bool and math.isfinite(value)


def _entity(record: object) -> Entity:
    """An entity of an outcome."""
    if not isinstance(record, Mapping):
        raise ValidationError(f"{shown(record)} is not an entity")
    start, end, label, score = (record.get(name) for name in ("start", "end", "label", "score"))
    if not (type(start) is int and type(end) is int and isinstance(label, str)) or not (
        score is None or _is_number(score)
    ):
        raise ValidationError(f"{shown(record)} is not an entity", hint="give its start, end and label")
    return Entity(start, end, label, score)


def _projection(labeled: Sentence, outcomes: object, matching: object) -> Projection:
    if not isinstance(outcomes, list) or not isinstance(matching, Mapping):
        raise ValidationError('"outcomes" is not a list, or "matching" not an object')
    solver, objective = matching.get("solver"), matching.get("objective")
    if not isinstance(solver, (str, type(None))) or not (objective is None or _is_number(objective)):
        raise ValidationError(f'"matching" is {shown(matching)}', hint="it has a solver and an objective")
    return Projection(labeled, tuple(map(_outcome, outcomes)), solver, objective)


def _outcome(record: object) -> Outcome:
    if not isinstance(record, Mapping) or not isinstance(record.get("projected", []), list):
        raise ValidationError(f"{shown(record)} is not an outcome")
    reason, scores = record.get("reason"), record.get("scores", {})
    if not isinstance(scores, Mapping) or not all(map(_is_number, scores.values())):
        raise ValidationError(f"{shown(scores)} are not scores")
    return Outcome(
        _entity(record.get("entity")),
        tuple(map(_entity, record.get("projected", ()))),
        None if reason is None else Reason(reason),
        scores,
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
        record["alignment"] = pharaoh.text_of(pair.alignment)
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
    try:
        line = _ENCODER.encode(record)
    except (ValueError, TypeError, RecursionError):
        replaced: set[str] = set()
        line = _ENCODER.encode(writable(_plain_records(record), replaced))
        warn_of_data(f"JSON has no form for these values, which were replaced: {', '.join(sorted(replaced))}")
    stream.write(line + "\n")


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
