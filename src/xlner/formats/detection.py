"""What the first lines of a file look like, whatever its name says.

Text is whatever looks like nothing else: lines that end in O or in B-52 by chance stay text. CoNLL has the same number
of columns in nearly all lines, and only tags in one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from xlner.errors import ValidationError
from xlner.formats.columns import CLEAR_TAG, SENTENCE_NAMES, TAG_NAMES, TOKEN_NAMES, plain_name
from xlner.formats.inline_marks import marks_in
from xlner.formats.json_values import load

_SAFE_LABEL = re.compile(r"[BIESLUM]-(?:[A-Z][A-Z0-9_/-]+|[a-z]+)")  # not E-Mail or S-Bahn
_LOOSE_TAG = re.compile(r"[Oo]|[BIESLUM](?:[-_]\S+)?|[biesl]-\S+|[A-Z]\w*[-_][BIESLU]|[A-Z]{3,}[A-Z_-]*")
_NEARLY_ALL = 0.9
_ROWS_WITHOUT_LABELS = 5
"""So many rows of a word and O are CoNLL; fewer can be text."""
_DOCSTART = "-DOCSTART-"
_COLUMN_NAMES = frozenset(
    {
        *TOKEN_NAMES,
        *TAG_NAMES,
        *SENTENCE_NAMES,
        *("id", "text", "lemma", "pos", "lang", "language", "source", "target", "score", "error"),
    }
)
_BRAT = re.compile(r"(?:[TREAMN]\d+|[#*]\d*)\t\S+ \S")
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html|tei)\b", re.IGNORECASE)
_LINKS = re.compile(r"\d+-\d+(?: \d+-\d+)+")
_TO_CONLL = "write CoNLL instead: a word, a tab and its tag on each line, and a blank line after each sentence"


class Look(NamedTuple):
    """What a file looks like: `format` is one of the formats, or None with a hint that says what to do about it.

    `has_tabs` is True for a table whose columns are separated by tabs, which may be CoNLL after all.
    """

    format: str | None
    what: str
    hint: str = ""
    has_tabs: bool = False


def detect(lines: Sequence[str]) -> Look | None:
    """What the first lines of a file are; None if they are plain text.

    >>> detect(["Ana B-PER", "vive O", "", "Vigo B-LOC"]).format, detect(["Ana vive en Vigo."])
    ('conll', None)
    """
    filled = [line for line in lines if line.strip()]
    looks = (test(filled) for test in _TESTS) if filled else iter(())
    return next((look for look in looks if look is not None), None)


def _json(lines: Sequence[str]) -> Look | None:
    first, second = lines[0].strip(), lines[1].strip() if len(lines) > 1 else ""
    if not first.startswith(("{", "[")):
        return None
    if first in ("{", "[", "[{") and second.startswith(('"', "{", "[")):
        return Look("jsonl", "JSON")
    try:
        value = load(first)
    except ValidationError:
        begun = re.match(r'(?:\[\s*)?(?:\[\s*"[^"]*"\s*,\s*)?\{\s*"[^"]*"\s*:', first)
        return Look("jsonl", "JSON") if begun else None
    last = value[-1] if isinstance(value, list) and value else value
    return Look("jsonl", "JSON") if isinstance(last, dict) else None


def _conll(lines: Sequence[str]) -> Look | None:
    marked = any(line.startswith(_DOCSTART) for line in lines)
    rows = [_columns(line) for line in lines if not line.startswith((_DOCSTART, "# ", "#\t"))]
    if rows and _is_header(rows[0]):
        rows = rows[1:]
    tabs = bool(rows) and sum("\t" in line for line in lines) >= _NEARLY_ALL * len(rows)
    return Look("conll", "CoNLL") if _is_table_of_tags(rows, tabs=tabs, marked=marked) else None


def _columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()


def _is_header(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and all(plain_name(cell) in _COLUMN_NAMES for cell in cells)


def _is_table_of_tags(rows: Sequence[Sequence[str]], *, tabs: bool, marked: bool = False) -> bool:
    """Whether nearly all rows have the same number of columns, one of them of tags."""
    if not rows:
        return False
    width, often = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or often < _NEARLY_ALL * len(rows):
        return False
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    if tabs and width == 10 and all(cell[:1].isdigit() for cell in columns[0]):
        return True  # CoNLL-U
    clear = tabs or width == 2
    places = range(width) if tabs else (0, width - 1) if clear else (width - 1,)
    return any(_are_tags(columns[place], clear=clear, marked=marked or (width > 3 and not tabs)) for place in places)


def _are_tags(cells: Sequence[str], *, clear: bool, marked: bool) -> bool:
    count = len(cells)
    outside = sum(cell in ("O", "o") for cell in cells)
    if sum(CLEAR_TAG.fullmatch(cell) is not None for cell in cells) >= _NEARLY_ALL * count:
        labels = [cell for cell in cells if cell != "O"]
        if labels:
            return count > 1 and (outside > 0 or all(map(_SAFE_LABEL.fullmatch, labels)))
        return marked or (clear and count >= _ROWS_WITHOUT_LABELS)
    loose = sum(_LOOSE_TAG.fullmatch(cell) is not None for cell in cells) >= _NEARLY_ALL * count
    return clear and loose and count >= 3 and outside >= 0.3 * count


def _webanno(lines: Sequence[str]) -> Look | None:
    if not lines[0].startswith("#FORMAT=WebAnno"):
        return None
    if lines[0].startswith("#FORMAT=WebAnno TSV 3"):
        return Look("webanno", "WebAnno TSV")
    return Look(None, "WebAnno TSV of an old version", "export it from INCEpTION as WebAnno TSV 3.3")


def _table(lines: Sequence[str]) -> Look | None:
    for separator in ",;\t|":
        rows = [[cell.strip().strip('"') for cell in line.split(separator)] for line in lines]
        is_table = separator != "\t" and _is_table_of_tags(rows, tabs=True)
        if is_table or (len(rows) > 1 and _is_header(rows[0]) and len(rows[1]) >= len(rows[0])):
            if separator == "\t":
                has_lists = any(cell.startswith(('["', "['")) for cell in rows[1])
                return Look("tsv", "a table", has_tabs=not (has_lists or _has_sentences(rows[0])))
            return Look("csv", "CSV" if separator in ",;" else "a table")
    return None


def _has_sentences(header: Sequence[str]) -> bool:
    """Whether a table has a column of sentences or of their texts, which CoNLL has not."""
    return any(plain_name(cell) in SENTENCE_NAMES or plain_name(cell) == "text" for cell in header)


def _other(lines: Sequence[str]) -> Look | None:
    if _MARKUP.match(lines[0]) and any("<xmi:XMI" in line for line in lines):
        return Look("xmi", "UIMA CAS XMI")
    if _MARKUP.match(lines[0]):
        return Look(None, "XML or HTML", "extract its text")
    if (marks := marks_in(lines)) is not None:
        return Look(None, marks, _TO_CONLL)
    if all(map(_BRAT.match, lines)):
        return Look("brat", "annotations of brat")
    if len(lines) > 1 and all(map(_LINKS.fullmatch, lines)):
        return Look(None, "word links", "give them with --alignment")
    return None


_TESTS: tuple[Callable[[Sequence[str]], Look | None], ...] = (_webanno, _json, _conll, _table, _other)
