"""The words of a record, and how to write a record without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlner.core.entity import Span
from xlner.errors import ValidationError
from xlner.formats.label_fields import WORD_FIELDS
from xlner.text.counts import counted
from xlner.text.tokenizer import locate

_LABELS_OF_TOKENS = frozenset({"ner", "ent_type", "entityLabel", "label", "labels", "ner_tag", "bio", "iob"})


def word_field(record: Mapping[str, Any]) -> str | None:
    """The name of the field that holds the words; None if the record has none.

    >>> word_field({"tokens": None, "words": ["Ana"]}), word_field({"text": "Ana"})
    ('words', None)
    """
    return next((name for name in WORD_FIELDS if record.get(name) is not None), None)


def tokens_of(record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The words of a record, if it has them. Words as objects (Prodigy, spaCy) must spell the whole text.

    >>> tokens_of({"tokens": [{"text": "Ana", "id": 0}]})
    ('Ana',)
    """
    name = word_field(record)
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
        raise ValidationError(f'"{name}" is not a list of strings', hint=instead_of(name, record))
    return tuple(tokens)


def placed_words(record: Mapping[str, Any], text: str) -> tuple[Span, ...] | None:
    """The words of a text as its `offsets` say; None if the record has none.

    >>> placed_words({"offsets": [[0, 3], [4, 8]]}, "Ana Pons")
    ((0, 3), (4, 8))
    """
    given = record.get("offsets")
    if given is None:
        return None
    if not isinstance(given, list) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and all(type(bound) is int for bound in pair)
        for pair in given
    ):
        raise ValidationError('"offsets" are not the bounds of words', hint="write [[0, 3], [4, 8]], or leave it out")
    if given and given[-1][1] > len(text):
        raise ValidationError(f'"offsets" end beyond the text of {counted(len(text), "character")}')
    return tuple((start, end) for start, end in given)


def instead_of(name: str, record: Mapping[str, Any]) -> str:
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


def offsets_of(
    record: Mapping[str, Any], text: str | None, tokens: Sequence[str]
) -> tuple[tuple[Span, ...] | None, bool]:
    """The offsets of the tokens as given, or as found in the text; and whether the tokens came with them."""
    if text is None:
        return None, False
    if record.get("offsets") is not None:
        return tuple((int(a), int(b)) for a, b in record["offsets"]), False
    found, given = locate(text, tokens), record.get(word_field(record) or "")
    return None if found is None else tuple(found), isinstance(next(iter(given or ()), None), Mapping)
