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
from typing import Any

from xlner.core.entity import Entity
from xlner.errors import ValidationError
from xlner.formats.character_spans import Found, Mark, Words, in_characters, index_in_utf16, same_text
from xlner.formats.json_values import shown
from xlner.formats.label_fields import BOUNDS, CHARACTERS, LABEL_KEYS, LAST_WORD, UTF_16, WORDS, is_triple, whole

_LIST_OF_SPANS = 'write a list of spans, such as [{"start": 0, "end": 3, "label": "PER"}]'


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
    unit = _unit(name, marks, words, is_list)
    if unit == CHARACTERS and is_list and name == "label":
        unit = _python_or_browser(marks, words)
    found = _placed(name, marks, unit, words)
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
    return isinstance(text, str) and same_text("".join(tokens), text)


def _mark(name: str, item: Any, renamed: dict[str, str]) -> Mark:
    if isinstance(item, (list, tuple)):
        if not is_triple(item):
            raise ValidationError(f'"{name}" has {shown(item)}, which is not [start, end, label]', hint=_in_order(item))
        start, end, label = item
        return Mark(int(start), int(end), _one_word(label, renamed))
    if not isinstance(item, Mapping):
        raise ValidationError(f'"{name}" has {shown(item)} among spans')
    offsets = item.get("globalOffsets")
    if isinstance(offsets, Mapping):  # Label Studio, for HTML
        item = dict(item) | dict(offsets)
    bounds = next((b for b in BOUNDS if b[0] in item), None)
    if bounds is None:
        raise ValidationError(
            f'"{name}" has {shown(item)}, which has no place in the text', hint="give its start and its end"
        )
    places = []
    for key in bounds[:2]:
        place = whole(item.get(key))
        if place is None:
            problem = f"whose {key} is not a whole number" if key in item else f'without "{key}"'
            raise ValidationError(f'"{name}" has {shown(item)}, {problem}')
        places.append(place)
    label, score = _label(name, item)
    text = item.get("text")
    start, end = places
    return Mark(start, end, _one_word(label, renamed), score, text if isinstance(text, str) else None, bounds[2])


def _in_order(item: Sequence[object]) -> str | None:
    """A list of three in the order of a span."""
    label = next((part for part in item if isinstance(part, str)), None)
    bounds = [part for part in item if whole(part) is not None]
    if label is None or len(bounds) != 2 or len(item) != 3:
        return _LIST_OF_SPANS
    return f'write [{bounds[0]}, {bounds[1]}, "{label}"]'


def _label(name: str, item: Mapping[str, Any]) -> tuple[str, float | None]:
    """The label of a span, and its score."""
    key = next((k for k in LABEL_KEYS if item.get(k) is not None), None)
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


def _unit(name: str, marks: Sequence[Mark], words: Words, is_list: bool) -> str:
    """What the bounds of the spans count. Raises `ValidationError` if that is not known."""
    unit = marks[0].unit
    if unit is not None:
        return unit
    if not words.given or words.placed or name == "char_spans":
        return CHARACTERS
    if name == "ner" and is_list:
        return LAST_WORD
    known = [mark for mark in marks if mark.text is not None]
    fitting = [u for u in (WORDS, CHARACTERS, LAST_WORD) if known and all(_fits(m, u, words) for m in known)]
    if name == "entities" and not is_list:
        beyond = words.offsets is not None and any(mark.end > len(words.tokens) for mark in marks)
        return CHARACTERS if fitting == [CHARACTERS] or (beyond and not known) else WORDS
    if not fitting:
        raise ValidationError(
            f'"{name}" in a record with words could count words or characters',
            hint='leave the words out if it counts characters, or write {"start": 0, "end": 1, "label": "PER"} in '
            '"entities", where the end is the word after the last',
        )
    return fitting[0]


def _python_or_browser(marks: Sequence[Mark], words: Words) -> str:
    """What the spans of doccano count: UTF-16 if it made them, and characters if a program did.

    Raises `ValidationError` if both are the bounds of words, but of other ones.
    """
    text, offsets = words.text, words.offsets
    if text is None or offsets is None or max(text, default="") <= "\uffff":
        return CHARACTERS
    index = index_in_utf16(text)
    spans = [(mark.start, mark.end) for mark in marks]
    others = [(index(start), index(end)) for start, end in spans]
    if not spans or spans == others:
        return CHARACTERS
    starts, ends = ({bound[k] for bound in offsets} for k in (0, 1))
    fit, others_fit = (all(a in starts and b in ends for a, b in found) for found in (spans, others))
    if fit and others_fit:
        raise ValidationError(
            '"label" could count characters or, as in doccano, UTF-16',
            hint='give --input-format doccano, or write {"start_char": 0, "end_char": 3, "label": "PER"}',
        )
    return UTF_16 if others_fit else CHARACTERS


def _fits(mark: Mark, unit: str, words: Words) -> bool:
    """Whether a span covers the text that it says."""
    if unit == CHARACTERS:
        return words.text is not None and same_text(words.text[mark.start : mark.end], mark.text)
    end = mark.end + (unit == LAST_WORD)
    return 0 <= mark.start < end <= len(words.tokens) and same_text("".join(words.tokens[mark.start : end]), mark.text)


def _placed(name: str, marks: Sequence[Mark], unit: str, words: Words) -> Found:
    if unit in (WORDS, LAST_WORD):
        after = int(unit == LAST_WORD)
        return Found(tuple(Entity(m.start, m.end + after, m.label, m.score) for m in marks))
    return in_characters(name, marks, unit, words)
