"""Which columns of a file hold the words and the tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from xlner.errors import UsageError

CLEAR_TAG = re.compile(r"O|[BIESLUM]-[A-Za-z]\S*")
"""A tag that is hardly anything else: no prefix by itself, no B-52."""
Column = int | str
"""A column: its number from 1 (or from -1, counted from the end), or its name."""
TOKEN_NAMES = frozenset({"token", "tokens", "word", "words", "form"})
"""Names of columns of words, see `plain_name`."""
TAG_NAMES = frozenset(
    {
        *("tag", "tags", "ner", "nertag", "nertags", "ne", "netag", "label", "labels"),
        *("entity", "entities", "namedentity", "iob", "iob2", "iobtag", "bio", "biotag"),
    }
)
"""Names of columns of tags, see `plain_name`."""
SENTENCE_NAMES = frozenset({"sentence", "sentenceid", "sentenceidx", "sentencenumber", "sent", "sentid"})
"""Names of columns of the number or the identifier of a sentence, see `plain_name`."""


def plain_name(name: str) -> str:
    """The name of a column in lower case and without marks.

    >>> plain_name("NER_Tag")
    'nertag'
    """
    return "".join(c for c in name.lower() if c.isalnum())


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the words and of their tags.

    - `token`: the words. By default the first column, or the second one after a column 1, 2, 3 …
    - `tag`: the tags. By default the only column with tags.
    - `gold`, `predicted`: two columns of tags in one file, to compare them.

    Names are those of a header row, of `# global.columns`, of CoNLL-U, or of an attribute in its column MISC. Raises
    `UsageError` for the column 0, and for `tag` together with `gold` or `predicted`.

    >>> Columns.parse("token=2,tag=NER")
    Columns(token=2, tag='NER', gold=None, predicted=None)
    """

    token: Column | None = None
    tag: Column | None = None
    gold: Column | None = None
    predicted: Column | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) == 0:
                raise UsageError(f"{field.name}=0: columns are counted from 1", hint="or from -1, the last one")
        if self.tag is not None and (self.gold is not None or self.predicted is not None):
            raise UsageError("tag goes neither with gold nor with predicted", hint="name tag, or gold and predicted")

    @classmethod
    def parse(cls, value: str | Mapping[str, Column] | Columns) -> Columns:
        """Make columns from `token=2,tag=5`, or from a dictionary; raises `UsageError` for anything else."""
        if isinstance(value, Columns):
            return value
        pairs = [_pair(part) for part in value.split(",")] if isinstance(value, str) else list(value.items())
        known = [field.name for field in fields(cls)]
        for name, _ in pairs:
            if name not in known or [n for n, _ in pairs].count(name) > 1:
                problem = "is named twice" if name in known else "is not one of them"
                raise UsageError(f"columns {value!r}: {name!r} {problem}", hint=f"name {', '.join(known)}")
        return cls(**dict(pairs))

    def of(self, side: str) -> Columns:
        """The columns of one side of a comparison, `gold` or `predicted`, for a reader."""
        chosen: Column | None = getattr(self, side)
        return Columns(self.token, self.tag if chosen is None else chosen)


def _pair(text: str) -> tuple[str, Column]:
    name, sign, column = (part.strip() for part in text.partition("="))
    if not (name and sign and column):
        raise UsageError(f"{text!r} names no column", hint="write token=2,tag=5, or the names of columns")
    return name, int(column) if column.lstrip("-").isdecimal() else column
