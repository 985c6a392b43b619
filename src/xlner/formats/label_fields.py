"""Which field of a JSON record holds its labels, and what labels look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xlner.core.tags import is_tag
from xlner.errors import ValidationError
from xlner.formats.json_values import shown

LABEL_FIELDS = ("entities", "ner_tags", "ner", "tags", "labels", "label", "spans", "char_spans", "ents")
"""Fields that hold labels, best first."""
WORD_FIELDS = ("tokens", "words", "tokenized_text")
"""Fields that hold the words of a record, best first."""
CHARACTERS, BYTES, UTF_16 = "characters", "bytes", "UTF-16"
WORDS, LAST_WORD = "words", "words, the last included"
"""What the bounds of a span count."""
BOUNDS = (
    ("start", "end", None),
    ("start_offset", "end_offset", CHARACTERS),
    ("start_char", "end_char", CHARACTERS),
    ("start_pos", "end_pos", CHARACTERS),
    ("startOffset", "endOffset", CHARACTERS),
    ("char_start", "char_end", CHARACTERS),
    ("start_byte", "limit_byte", BYTES),
    ("start_utf16", "end_utf16", UTF_16),
    ("token_start", "token_end", LAST_WORD),
)
"""Names of the bounds of a span, and what they count, if the names say so."""
LABEL_KEYS = ("label", "entity_group", "entity", "type", "tag", "entity_type", "labels")
"""Names of the label of a span."""
_OF_WORDS = ("entities", "ner_tags", "ner", "tags")  # beside words these are the labels, whatever else the record has
_ALSO_TOPICS = ("tags", "labels", "label")  # these can also hold the topics of a text
_LABEL_NAME = re.compile(
    r"(?:^|[_\W])(?:ner|ne|nes|named_?entit\w+|entit(?:y|ies)|ents?|labels?|tags?|spans?|annotations?|bio|iob\d?|bilou|"
    r"mentions?|slots?|results?|predictions?|completions?)(?:$|[_\W])",
    re.IGNORECASE,
)
_OTHER_TAGS = re.compile(r"(?:^|_)(?:u?pos|xpos|upos|chunk|dep|morph|feats|lemma)", re.IGNORECASE)
_ONE_LETTER = frozenset("OoBIESLUM")


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
    known = present if words is None else (*present, *WORD_FIELDS)  # words such as E and B-52 look like tags
    for name, value in record.items():
        if value and name not in known and _could_be_labels(name, value, words):
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
        bounds = any(start in first for start, _, _ in BOUNDS) or "offsets" in first
        return named or (bounds and any(key in first for key in LABEL_KEYS))
    if isinstance(first, (list, tuple)):
        return named or is_triple(first)
    if isinstance(first, str):
        if not all(map(could_be_tag, values)):
            return False
        return len(values) == words or (named and (words is not None or any(_begins_as_tag(str(v)) for v in values)))
    return named and isinstance(first, int) and len(values) == words


def is_triple(value: Sequence[object]) -> bool:
    """Whether a list is a span: its start, its end and its label.

    >>> is_triple([0, 3, "PER"]), is_triple(["PER", 0, 3])
    (True, False)
    """
    return len(value) == 3 and whole(value[0]) is not None and whole(value[1]) is not None and type(value[2]) is str


def whole(value: object) -> int | None:
    """A whole number as an int; None for anything else.

    >>> whole(3.0), whole(0.5), whole(True)
    (3, None, None)
    """
    if type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None
