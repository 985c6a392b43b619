"""Labels of JSON records, in the forms that annotation tools and libraries write.

Labels are one tag per word, or spans: objects such as `{"start": 0, "end": 3, "label": "PER"}` or lists such as
`[0, 3, "PER"]`. Spans count characters if the record has only a text, and words if it has its words. Names such as
`start_offset` (doccano) and `start_char` (Stanza) always count characters. `ner` (GLiNER) counts words, the last one
included. A span of characters becomes the span of all words that share a character with it.

What could be labels but cannot be read for sure is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from xlner.core.entity import Entity, Span
from xlner.core.tags import is_tag
from xlner.errors import ValidationError
from xlner.text.offsets import words_in

LABEL_FIELDS = ("entities", "ner_tags", "ner", "tags", "labels", "label", "spans", "ents")
"""Fields that hold labels, best first."""
WORD_FIELDS = ("tokens", "words", "tokenized_text")
"""Fields that hold the words of a record, best first."""

_OF_WORDS = ("entities", "ner_tags", "ner", "tags")  # beside words these are the labels, whatever else the record has
_ALSO_TOPICS = ("tags", "labels", "label")  # these can also hold the topics of a text
_LABEL_NAME = re.compile(
    r"(?:^|[_\W])(?:ner|ne|nes|named_?entit\w+|entit(?:y|ies)|ents?|labels?|tags?|spans?|annotations?|bio|iob\d?|bilou|"
    r"mentions?|slots?|results?|predictions?|completions?)(?:$|[_\W])",
    re.IGNORECASE,
)
_OTHER_TAGS = re.compile(r"(?:^|_)(?:u?pos|xpos|upos|chunk|dep|morph|feats|lemma)", re.IGNORECASE)
_ONE_LETTER = frozenset("OoBIESLUM")
_LONGEST_SHOWN = 60

_LIST_OF_SPANS = 'write a list of spans, such as [{"start": 0, "end": 3, "label": "PER"}]'
_CHARACTERS, _BYTES, _WORDS, _LAST_WORD = "characters", "bytes", "words", "words, the last included"
_BOUNDS = (
    ("start", "end", None),
    ("start_offset", "end_offset", _CHARACTERS),
    ("start_char", "end_char", _CHARACTERS),
    ("start_pos", "end_pos", _CHARACTERS),
    ("startOffset", "endOffset", _CHARACTERS),
    ("char_start", "char_end", _CHARACTERS),
    ("start_byte", "limit_byte", _BYTES),
    ("token_start", "token_end", _LAST_WORD),
)
_LABELS = ("label", "entity_group", "entity", "type", "tag", "entity_type", "labels")


class Words(NamedTuple):
    """The words of a record, with its text and their offsets if they are known.

    `given` is True if the record has its words, and `placed` if it also says where they are.
    """

    tokens: Sequence[str]
    text: str | None = None
    offsets: tuple[Span, ...] | None = None
    given: bool = True
    placed: bool = False


class Found(NamedTuple):
    """Entities of a record, and the labels and spans that were changed to fit words."""

    entities: tuple[Entity, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    widened: int = 0


class _Mark(NamedTuple):
    """A labeled span. `unit` is what its bounds count, if its names say so; `text` what it covers, if known."""

    start: int
    end: int
    label: str
    score: float | None = None
    text: str | None = None
    unit: str | None = None


def shown(value: object) -> str:
    """A value in one short line, for messages.

    >>> shown({"a": 1}), len(shown("a" * 1000))
    ("{'a': 1}", 61)
    """
    try:
        text = " ".join(repr(value).split())
    except (RecursionError, ValueError):  # too deep, or an integer of too many digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def label_field(record: Mapping[str, Any], words: int | None) -> str | None:
    """The name of the field that holds the labels of a record; None if it has no labels.

    `words` is the number of words, if the record has them. Raises `ValidationError` if several fields hold labels, or
    if a field could hold labels but is not one of `LABEL_FIELDS`.

    >>> label_field({"text": "Ana", "label": [[0, 3, "PER"]]}, None)
    'label'
    >>> label_field({"text": "Ana", "label": "news"}, None)
    """
    if words is not None and record.get("entities"):
        return "entities"
    if words is not None and record.get("entities") is not None and "ner_tags" in record:  # as xlner writes them
        return "ner_tags" if record["ner_tags"] else "entities"
    present = [name for name in LABEL_FIELDS if name in record and _is_label_field(name, record[name], words)]
    filled = [name for name in present if record[name]]
    if len(filled) > 1 and (words is None or filled[0] not in _OF_WORDS):
        raise ValidationError(f'both "{filled[0]}" and "{filled[1]}" hold labels', hint="remove one of them")
    if filled:
        return filled[0]
    for name, value in record.items():
        if value and name not in present and _could_be_labels(name, value, words):
            raise ValidationError(
                f'"{name}" could hold labels: {shown(value)}',
                hint='write labels as "ner_tags", or as "entities" with start, end and label; or leave the field out',
            )
    return present[0] if present else None


def _is_label_field(name: str, value: object, words: int | None) -> bool:
    if value is None:
        return False
    if name not in _ALSO_TOPICS:
        return True
    if isinstance(value, str):
        return False  # a topic, or tags in a string, which `_could_be_labels` refuses
    if not isinstance(value, (list, tuple)):
        return isinstance(value, Mapping)
    topics = bool(value) and all(isinstance(v, str) for v in value) and not any(map(_begins_as_tag, value))
    return not topics or (name == "tags" and words is not None) or len(value) == words


def could_be_tag(value: object) -> bool:
    """Whether a value can be the tag of a word: what the scheme `auto` reads, or a prefix by itself.

    >>> [could_be_tag(value) for value in ("O", "B-PER", "PER-B", "E", "NN", 1)]
    [True, True, True, True, False, False]
    """
    return isinstance(value, str) and (value in _ONE_LETTER or is_tag(value))


def _begins_as_tag(value: str) -> bool:
    """Whether a text is a tag that begins with its prefix. A topic such as vitamin-B or i-phone is none."""
    return value[:1] in _ONE_LETTER and value[1:2] in ("", "-", "_") and could_be_tag(value)


def _could_be_labels(name: str, value: object, words: int | None) -> bool:
    """Whether a field that xlner does not know looks like labels."""
    if _OTHER_TAGS.search(name):
        return False
    named = _LABEL_NAME.search(name) is not None
    if isinstance(value, str):
        parts = re.split(r"[,\s]+", value.strip())
        return len(parts) > 1 and all(map(could_be_tag, parts))
    if isinstance(value, (list, tuple)):
        return _list_could_be_labels(value, words, named)
    return named and isinstance(value, Mapping)


def _list_could_be_labels(values: Sequence[object], words: int | None, named: bool) -> bool:
    first = values[0]
    if isinstance(first, Mapping):
        bounds = any(start in first for start, _, _ in _BOUNDS) or "offsets" in first
        return named or (bounds and any(key in first for key in _LABELS))
    if isinstance(first, (list, tuple)):
        return named or _is_triple(first)
    if isinstance(first, str):
        if not all(map(could_be_tag, values)):
            return False
        return len(values) == words or (named and (words is not None or any(_begins_as_tag(str(v)) for v in values)))
    return named and isinstance(first, int) and len(values) == words


def _is_triple(value: Sequence[object]) -> bool:
    return len(value) == 3 and _whole(value[0]) is not None and _whole(value[1]) is not None and type(value[2]) is str


def read_labels(name: str, value: Any, words: Words, decode: Callable[[Sequence[Any]], tuple[Entity, ...]]) -> Found:
    """The entities of a field. `decode` reads one tag per word.

    Raises `ValidationError` for anything that cannot be read for sure, and for spans that overlap.

    >>> ana = Words(["Ana", "Pons", "vive"], "Ana Pons vive", ((0, 3), (4, 8), (9, 13)), given=False)
    >>> read_labels("label", [[0, 8, "PER"]], ana, lambda tags: ()).entities
    (Entity(start=0, end=2, label='PER', score=None),)
    """
    if isinstance(value, Mapping):
        value = _spans_by_label(name, value)
    if not isinstance(value, (list, tuple)):
        hint = (
            f'write a list; in pandas: df["{name}"].map(ast.literal_eval)' if isinstance(value, str) else _LIST_OF_SPANS
        )
        raise ValidationError(f'"{name}" is {shown(value)}, not a list', hint=hint)
    if not value and name not in ("ner_tags", "tags"):
        return Found(())
    if not value or not isinstance(value[0], (Mapping, list, tuple)):
        if not words.given:
            raise ValidationError(
                f'"{name}" has no spans, and the record has no words for tags', hint='give "tokens" with the tags'
            )
        return Found(decode(value))
    if name == "entities" and words.given:
        own = _own_entities(value, words)
        if own is not None:
            return Found(own)
    renamed: dict[str, str] = {}
    marks = [_mark(name, item, renamed) for item in value]
    units = {mark.unit for mark in marks}
    if len(units) > 1:
        raise ValidationError(f'"{name}" has spans of several forms')
    is_list = not isinstance(value[0], Mapping)
    found = _placed(name, marks, _unit(name, marks, words, is_list), words)
    return found._replace(renamed=tuple(renamed.items()))


def _spans_by_label(name: str, labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The spans of CLUENER: `{"address": {"Vigo": [[3, 6]]}}` has the bounds of each text under its label."""
    spans = []
    for label, texts in labels.items():
        for text, places in texts.items() if isinstance(texts, Mapping) else [("", None)]:
            if not isinstance(places, list) or not all(isinstance(p, list) and len(p) == 2 for p in places):
                raise ValidationError(f'"{name}" is {shown(labels)}, not a list', hint=_LIST_OF_SPANS)
            spans += [{"start_char": p[0], "end_char": p[1], "label": label, "text": text} for p in places]
    return spans


def _own_entities(value: Sequence[Any], words: Words) -> tuple[Entity, ...] | None:
    """Entities as xlner writes them, which count words; None if they are not such entities for sure."""
    entities, tokens, said = [], words.tokens, True
    for item in value:
        if type(item) is not dict:
            return None
        start, end, label, text = item.get("start"), item.get("end"), item.get("label"), item.get("text")
        if not (type(start) is int and type(end) is int and type(label) is str and label.split() == [label]):
            return None
        score = item.get("score")
        if not (score is None or type(score) in (float, int)):
            return None
        if text is not None and text != " ".join(tokens[start:end]) and not _covers(tokens[start:end], text):
            return None
        said = said and text is not None
        entities.append(Entity(start, end, label, score))
    return tuple(entities) if said or _are_words(entities, words) else None


def _are_words(entities: Sequence[Entity], words: Words) -> bool:
    """Whether entities that do not say their texts count words for sure.

    Raises `ValidationError` if they could as well count characters, because all of them begin and end where words do.
    """
    if words.offsets is None:
        return True
    starts, ends = (
        dict(zip(places, range(len(words.tokens)), strict=True)) for places in zip(*words.offsets, strict=True)
    )
    if not all(e.start in starts and e.end in ends for e in entities):
        return True
    if any(e.end > len(words.tokens) for e in entities):
        return False
    if all((e.start, e.end) == (starts[e.start], ends[e.end] + 1) for e in entities):
        return True
    raise ValidationError(
        '"entities" could count words or characters',
        hint='give the "text" of each entity, or leave out "tokens" if they count characters',
    )


def _covers(tokens: Sequence[str], text: object) -> bool:
    return isinstance(text, str) and _same("".join(tokens), text)


def _mark(name: str, item: Any, renamed: dict[str, str]) -> _Mark:
    if isinstance(item, (list, tuple)):
        if not _is_triple(item):
            raise ValidationError(f'"{name}" has {shown(item)}, which is not [start, end, label]', hint=_in_order(item))
        start, end, label = item
        return _Mark(int(start), int(end), _one_word(label, renamed))
    if not isinstance(item, Mapping):
        raise ValidationError(f'"{name}" has {shown(item)} among spans')
    offsets = item.get("globalOffsets")
    if isinstance(offsets, Mapping):  # Label Studio, for HTML
        item = dict(item) | dict(offsets)
    bounds = next((b for b in _BOUNDS if b[0] in item), None)
    if bounds is None:
        raise ValidationError(
            f'"{name}" has {shown(item)}, which has no place in the text', hint="give its start and its end"
        )
    places = []
    for key in bounds[:2]:
        place = _whole(item.get(key))
        if place is None:
            problem = f"whose {key} is not a whole number" if key in item else f'without "{key}"'
            raise ValidationError(f'"{name}" has {shown(item)}, {problem}')
        places.append(place)
    label, score = _label(name, item)
    text = item.get("text")
    start, end = places
    return _Mark(start, end, _one_word(label, renamed), score, text if isinstance(text, str) else None, bounds[2])


def _in_order(item: Sequence[object]) -> str | None:
    """A list of three in the order of a span."""
    label = next((part for part in item if isinstance(part, str)), None)
    bounds = [part for part in item if _whole(part) is not None]
    if label is None or len(bounds) != 2 or len(item) != 3:
        return _LIST_OF_SPANS
    return f'write [{bounds[0]}, {bounds[1]}, "{label}"]'


def _whole(value: object) -> int | None:
    """A whole number as an int; None for anything else."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _label(name: str, item: Mapping[str, Any]) -> tuple[str, float | None]:
    """The label of a span, and its score."""
    key = next((k for k in _LABELS if item.get(k) is not None), None)
    label: Any = None if key is None else item[key]
    score = item.get("score")
    if key == "labels" and isinstance(label, (list, tuple)) and len(label) == 1:
        (label,) = label
    if isinstance(label, Mapping):  # Flair
        label, score = label.get("value"), label.get("confidence", score)
    if not isinstance(label, str):
        problem = "no label" if label is None else f"the label {shown(label)}, which is not a name"
        raise ValidationError(f'"{name}" has {shown(item)} with {problem}')
    if key == "entity" and re.match(r"[BI]-", label):
        raise ValidationError(
            f'"{name}" has the tag {label} of a part of a word', hint='run the model with aggregation_strategy="simple"'
        )
    if score is not None and not (isinstance(score, (int, float)) and type(score) is not bool):
        raise ValidationError(f'"{name}" has the score {shown(score)}, which is not a number')
    return label, score


def _one_word(label: str, renamed: dict[str, str]) -> str:
    """A label without white space, which tags cannot have."""
    new = "_".join(label.split())
    if new != label and new:
        renamed[label] = new
    return new


def _unit(name: str, marks: Sequence[_Mark], words: Words, is_list: bool) -> str:
    """What the bounds of the spans count. Raises `ValidationError` if that is not known."""
    unit = marks[0].unit
    if unit is not None:
        return unit
    if not words.given or words.placed:
        return _CHARACTERS
    if name == "ner" and is_list:
        return _LAST_WORD
    known = [mark for mark in marks if mark.text is not None]
    fitting = [u for u in (_WORDS, _CHARACTERS, _LAST_WORD) if known and all(_fits(m, u, words) for m in known)]
    if name == "entities" and not is_list:
        beyond = words.offsets is not None and any(mark.end > len(words.tokens) for mark in marks)
        return _CHARACTERS if fitting == [_CHARACTERS] or (beyond and not known) else _WORDS
    if not fitting:
        raise ValidationError(
            f'"{name}" in a record with words could count words or characters',
            hint='leave the words out if it counts characters, or write {"start": 0, "end": 1, "label": "PER"} in '
            '"entities", where the end is the word after the last',
        )
    return fitting[0]


def _fits(mark: _Mark, unit: str, words: Words) -> bool:
    """Whether a span covers the text that it says."""
    if unit == _CHARACTERS:
        return words.text is not None and _same(words.text[mark.start : mark.end], mark.text)
    end = mark.end + (unit == _LAST_WORD)
    return 0 <= mark.start < end <= len(words.tokens) and _same("".join(words.tokens[mark.start : end]), mark.text)


def _same(found: str, text: str | None) -> bool:
    """Whether two texts are equal, whatever their spaces and however their accents are composed."""
    if text is None or found == text:
        return text is not None
    found, text = "".join(found.split()), "".join(text.split())
    return found == text or (not found.isascii() and normalize("NFC", found) == normalize("NFC", text))


def _placed(name: str, marks: Sequence[_Mark], unit: str, words: Words) -> Found:
    if unit in (_WORDS, _LAST_WORD):
        after = int(unit == _LAST_WORD)
        return Found(tuple(Entity(m.start, m.end + after, m.label, m.score) for m in marks))
    if words.text is None or words.offsets is None:
        raise ValidationError(
            f'"{name}" counts characters, but the words are not in the text', hint='leave out "tokens"'
        )
    spans = sorted(_in_characters(name, marks, unit, words.text), key=lambda span: span[:3])
    for (_, before, *_), (after, *_) in pairwise(spans):
        if after < before:
            raise ValidationError(f'spans of "{name}" overlap at character {after}', hint="keep one of them")
    entities: list[Entity] = []
    widened = 0
    for start, end, label, score in spans:
        found = words_in(words.offsets, start, end)
        if found is None:
            raise ValidationError(f'"{name}" has a span without words: characters {start} to {end}')
        first, last = found
        if entities and first < entities[-1].end:
            raise ValidationError(
                f'two spans of "{name}" share the word {shown(words.tokens[first])}',
                hint='give "tokens" that separate them',
            )
        covered = (words.offsets[first][0], words.offsets[last - 1][1])
        widened += covered[0] < start or end < covered[1]
        entities.append(Entity(first, last, label, score))
    return Found(tuple(entities), widened=widened)


def _in_characters(name: str, marks: Sequence[_Mark], unit: str, text: str) -> list[tuple[int, int, str, float | None]]:
    """The spans in code points. If they say what they cover, other units are tried, too."""
    counts: list[Callable[[str], int]] = [_bytes] if unit == _BYTES else [len, _utf16, _bytes, _composed, _decomposed]
    if text.isascii():
        counts = [len]
    known = [mark for mark in marks if mark.text is not None]
    for count in counts:
        index = _index_in(text, count)
        for after in (0, 1) if known else (0,):  # some tools include the last character
            spans = [(index(m.start), index(m.end + after)) for m in marks]
            if all(a is not None and b is not None and a < b for a, b in spans) and all(
                _same(text[a:b], m.text) for m, (a, b) in zip(marks, spans, strict=True) if m.text is not None
            ):
                return [
                    (a, b, m.label, m.score)
                    for m, (a, b) in zip(marks, spans, strict=True)
                    if a is not None and b is not None
                ]
        if not known:
            break
    for m in marks:
        if not 0 <= m.start < m.end <= len(text):
            raise ValidationError(
                f'"{name}" has the span {shown((m.start, m.end))}, but the text has {len(text)} characters'
            )
    wrong = next((m for m in known if not _same(text[m.start : m.end], m.text)), marks[0])
    raise ValidationError(
        f'"{name}" has a span of {shown(wrong.text)} at characters {wrong.start} to {wrong.end}, where the text has '
        f"{shown(text[wrong.start : wrong.end])}",
        hint='count the characters (code points) of "text" from 0',
    )


def _utf16(char: str) -> int:
    return 1 + (char > "\uffff")


def _composed(char: str) -> int:
    """The characters of the text in NFC, where accents are part of their letters."""
    return int(not combining(char))


def _decomposed(char: str) -> int:
    return len(normalize("NFD", char))


def _bytes(char: str) -> int:
    return len(char.encode("utf-8"))


def _index_in(text: str, count: Callable[[str], int]) -> Callable[[int], int | None]:
    """A function from a bound to the index of its character; None for a bound that is not in the text."""
    if count is len:
        return lambda bound: bound if 0 <= bound <= len(text) else None
    return {bound: index for index, bound in enumerate(accumulate(map(count, text), initial=0))}.get


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
