"""Tables with commas or tabs, and a row of names: one row per word, or one row per sentence with its text.

A table of words has a column of words and one of tags. A column `sentence` says where a sentence begins: each new value
does, and so does a blank row. A table with a column `text` and none of words, or with lists of words in its cells, has
the fields of JSON as columns. Words are written, with the text, the language, the identifier and the error of a
sentence in its first row.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from xlner.core.files import open_output, require_content
from xlner.core.lines import Line, read_lines, text_of
from xlner.core.sentence import Sentence
from xlner.core.tags import decode
from xlner.errors import InputError, ValidationError
from xlner.formats import jsonl
from xlner.formats.columns import CLEAR_TAG, SENTENCE_NAMES, TAG_NAMES, TOKEN_NAMES, Column, plain_name
from xlner.formats.json_values import load, shown
from xlner.formats.label_fields import LABEL_FIELDS, WORD_FIELDS
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data
from xlner.formats.writing import WriteOptions, begun, write_whole
from xlner.text.counts import counted
from xlner.text.tokenizer import locate

_HEADER = ("sentence", "token", "tag", "score", "text", "lang", "id", "error")
_SCORES = frozenset({"score", "confidence", "probability"})
_DELIMITERS = ",;\t|"
_LONGEST = 1 << 26
_LISTED = re.compile(r"""\[\s*(?:["'\[{\]]|-?[0-9])|\{""")
"""How a cell with a list or an object begins."""
_LIST_OF_WORDS = re.compile(r"""\[\s*(["']).*\1\s*\]""", re.DOTALL)
_NO_WORDS = "[]"
"""The cell of a sentence without words. It could also be a word: the next rows tell whether cells have lists."""


@dataclass(frozen=True, slots=True)
class _UnreadRow:
    """Why a row cannot be read, and its cells as far as they are known."""

    error: InputError
    cells: Sequence[str]


Row = tuple[int, list[str] | _UnreadRow]


def read_csv(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of a table with commas, semicolons, bars or tabs: what parts the first row best."""
    return _read(path, options, report, None)


def read_tsv(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of a table with tabs."""
    return _read(path, options, report, "\t")


def _read(path: str | Path, options: ReadOptions, report: ReadReport, delimiter: str | None) -> Iterator[Item]:
    require_content(path)
    rows = _rows(read_lines(path), str(path), delimiter)
    first = next(rows, (1, []))
    if isinstance(first[1], _UnreadRow):
        rows.close()  # the error that is raised holds the rows
        raise first[1].error
    names = [plain_name(cell) for cell in first[1]]
    looked_at: list[Row] = []
    for row in rows:
        looked_at.append(row)
        if not isinstance(row[1], _UnreadRow) and any(row[1]) and _NO_WORDS not in row[1]:
            break
    all_rows = chain(looked_at, rows)
    has_lists = bool(looked_at) and _has_lists(first[1], looked_at[-1], str(path), options)
    if has_lists or (options.columns is None and "text" in names and TOKEN_NAMES.isdisjoint(names)):
        return jsonl.read_records(_records(all_rows, first[1], str(path)), str(path), options, report)
    return _Words(str(path), options, report, first).read(all_rows)


def _has_lists(header: Sequence[str], row: Row, path: str, options: ReadOptions) -> bool:
    """Whether a row has all words of a sentence in one cell, as a list."""
    if isinstance(row[1], _UnreadRow):
        return False
    for name, cell in zip(header, row[1], strict=False):
        if plain_name(name) not in TOKEN_NAMES or not _LIST_OF_WORDS.fullmatch(cell):
            continue
        if name.strip() in WORD_FIELDS and options.columns is None:
            return True
        hint = "call the columns tokens and ner_tags, and give no --columns"
        raise InputError(f"the column {name} has lists of words: {shown(cell)}", path=path, line=row[0], hint=hint)
    return False


def _rows(lines: Iterator[Line], path: str, delimiter: str | None) -> Generator[Row]:
    """The rows with the numbers of their last lines, the first one included. A blank line is a row without cells.

    A line that is no row costs no other line, also if it opens a quotation that ends lines later.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    waiting: deque[Line] = deque(islice(lines, 1))
    head = text_of(waiting[0][1]) if waiting else ""
    chosen = delimiter or max(_DELIMITERS, key=lambda mark: len(_cells(head, mark)))
    taken: list[Line] = []
    width = 0

    def texts() -> Iterator[str]:
        while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
            taken.append(line)
            yield f"{text_of(line[1])}\n"

    while True:
        reader = csv.reader(texts(), delimiter=chosen, strict=True)
        error: InputError | None = None
        while error is None:
            taken.clear()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                error = _no_row(str(problem), path, taken[0][0])
            else:
                width = width or len(row)
                unread = next((text for _, text in taken if isinstance(text, InputError)), None)
                if _are_rows([text_of(text) for _, text in taken], chosen, width):
                    error = _no_row(f"a quotation over {counted(len(taken), 'row')}", path, taken[0][0])
                else:
                    yield taken[-1][0], row if unread is None else _UnreadRow(unread, row)
        waiting.extendleft(reversed(taken[1:]))
        begin = text_of(taken[0][1])
        cells = begin.split(chosen)
        yield taken[0][0], _UnreadRow(error, cells if len(cells) == width else _cells(begin, chosen))


def _are_rows(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether the lines of one row look like a row each. With commas, a cell of the first one is a quotation mark."""
    if len(lines) < 2 or (delimiter != "\t" and '"' not in lines[0].split(delimiter)[:-1]):
        return False
    return all(len(line.split(delimiter)) == width > 1 for line in lines)


def _no_row(problem: str, path: str, line: int) -> InputError:
    return InputError(f"not a row of a table: {problem}", path=path, line=line, hint='double a quote: ""')


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _records(
    rows: Iterable[Row], header: Sequence[str], path: str
) -> Iterator[tuple[int, Mapping[str, Any] | InputError]]:
    """Rows with a sentence each as records. Cells of lists and objects are JSON."""
    names = [name.strip() for name in header]
    is_text_alone = [plain_name(name) for name in names] == ["text"]
    for line, row in rows:
        if isinstance(row, _UnreadRow):
            yield line, row.error
            continue
        if not any(row):
            if row and is_text_alone:  # "" in quotes, not a blank line
                yield line, {"text": ""}
            continue
        if len(row) != len(names):
            yield (
                line,
                InputError(f"{counted(len(row), 'cell')}, but {counted(len(names), 'column')}", path=path, line=line),
            )
            continue
        try:
            yield (
                line,
                {
                    ("text" if plain_name(n) == "text" else n): _value(n, cell)
                    for n, cell in zip(names, row, strict=True)
                    if cell
                },
            )
        except ValidationError as error:
            yield line, InputError(error.message, path=path, line=line, hint=error.hint)


def _value(name: str, cell: str) -> Any:
    known = name in (*LABEL_FIELDS, *WORD_FIELDS, "offsets")
    listed = _LISTED.match(cell) if known else _LIST_OF_WORDS.fullmatch(cell)
    try:
        return load(cell, hint="write lists as JSON, in Python with json.dumps") if listed else cell
    except ValidationError as error:
        if known:
            raise ValidationError(f"{error.message}, in a cell of {name}", hint=error.hint) from None
        return cell


@dataclass(slots=True)
class _Places:
    """The columns of a table of words, counted from 0."""

    token: int
    tag: int | None
    sentence: int | None = None
    score: int | None = None
    others: Mapping[str, int] | None = None


class _Words:
    """Reads a table with one row per word."""

    def __init__(self, path: str, options: ReadOptions, report: ReadReport, first: Row) -> None:
        self.path = path
        self.options = options
        self.report = report
        assert not isinstance(first[1], _UnreadRow)
        self.first = first
        self.width = len(first[1])
        names = [plain_name(cell) for cell in first[1]]
        self.has_header = self._is_header(first[1], names)
        self.places = self._by_name(first[1], names) if self.has_header else self._by_number(first[1])

    def _is_header(self, row: Sequence[str], names: Sequence[str]) -> bool:
        """Whether the first row has names: some that are known, one that was named, or no tag where the tags are."""
        if any(name in TOKEN_NAMES | SENTENCE_NAMES | TAG_NAMES for name in names):
            return True
        columns = self.options.columns
        if columns is None:
            return False
        if isinstance(columns.token, str) or isinstance(columns.tag, str):
            return True
        return columns.tag is not None and CLEAR_TAG.fullmatch(row[self._numbered(columns.tag, len(row))]) is None

    def _by_name(self, header: Sequence[str], names: Sequence[str]) -> _Places:
        columns = self.options.columns
        token = self._named(None if columns is None else columns.token, header, names, TOKEN_NAMES, "words")
        if token is None:
            raise InputError(
                f"no column of words among {', '.join(header)}",
                path=self.path,
                line=self.first[0],
                hint="name it: --columns token=N,tag=N",
            )
        tag = self._named(None if columns is None else columns.tag, header, names, TAG_NAMES, "tags")
        place = {name: names.index(name) for name in ("text", "lang", "language", "id", "error") if name in names}
        sentence = next((k for k, name in enumerate(names) if name in SENTENCE_NAMES), None)
        score = next((k for k, name in enumerate(names) if name in _SCORES), None)
        used = {token, tag, sentence, score, *place.values()}
        left = [header[k] for k in range(len(header)) if k not in used and header[k].strip()]
        if left:
            warn_of_data(f"{self.path}: columns that are not read: {', '.join(left)}")
        return _Places(token, tag, sentence, score, place)

    def _named(
        self, chosen: Column | None, header: Sequence[str], names: Sequence[str], known: frozenset[str], what: str
    ) -> int | None:
        """The column of a number, of a name, or of one of the known names; `InputError` if several have these."""
        if isinstance(chosen, int):
            return self._numbered(chosen, len(header))
        if chosen is not None:
            found = [k for k, name in enumerate(header) if name.strip() == chosen]
        else:
            found = [k for k, name in enumerate(names) if name in known]
        if len(found) > 1 or (chosen is not None and not found):
            problem = f"several columns of {what}" if found else f"no column {chosen!r}"
            listed = ", ".join(header)
            raise InputError(
                f"{problem} among {listed}",
                path=self.path,
                line=self.first[0],
                hint="name them: --columns token=N,tag=N",
            )
        return found[0] if found else None

    def _numbered(self, column: int, width: int) -> int:
        place = column - 1 if column > 0 else width + column
        if not 0 <= place < width:
            raise InputError(f"no column {column}: there are {width}", path=self.path, line=self.first[0])
        return place

    def _by_number(self, row: Sequence[str]) -> _Places:
        columns = self.options.columns
        if columns is not None and isinstance(columns.token, int) and isinstance(columns.tag, int):
            return _Places(self._numbered(columns.token, len(row)), self._numbered(columns.tag, len(row)))
        if len(row) == 2 and any(map(CLEAR_TAG.fullmatch, row)):
            tag = 1 if CLEAR_TAG.fullmatch(row[1]) else 0
            return _Places(1 - tag, tag)
        raise InputError(
            f"no row of names, but {', '.join(row)!r}",
            path=self.path,
            line=self.first[0],
            hint="write a first row such as sentence,token,tag, or give --columns token=N,tag=N",
        )

    def read(self, rows: Iterator[Row]) -> Iterator[Item]:
        """Yield one sentence for each group of rows."""
        group: list[Row] = []
        current: str | None = None
        number = 0
        for row in rows if self.has_header else chain([self.first], rows):
            blank = isinstance(row[1], list) and not any(row[1])
            value = self._sentence_of(row)
            if group and (blank or (value and value != current)):
                number += 1
                yield self._item(group, number)
                lost = [] if blank or self._sentence_of(group[-1]) is not None else group[-1:]
                group = lost  # a row that cannot be read may be the first of this sentence
            current = value or current
            if not blank:
                group.append(row)
        if group:
            yield self._item(group, number + 1)

    def _sentence_of(self, row: Row) -> str | None:
        """What says in which sentence a row is, empty if it is in that of the row before; None if it is not known."""
        place, cells = self.places.sentence, row[1]
        if not isinstance(cells, _UnreadRow):
            return "" if place is None else _cell(cells, place)
        if place is None or place >= len(cells.cells) or "\ufffd" in cells.cells[place]:
            return None
        return cells.cells[place]

    def _item(self, group: Sequence[Row], number: int) -> Item:
        try:
            sentence = self._sentence(group)
        except ValidationError as error:
            self.report.bad += 1
            return InputError(error.message, path=self.path, line=group[0][0], sentence=number, hint=error.hint)
        except InputError as error:
            self.report.bad += 1
            return InputError(error.message, path=error.path, line=error.line, sentence=number, hint=error.hint)
        self.report.sentences += 1
        self.report.line = group[0][0]
        return sentence

    def _sentence(self, group: Sequence[Row]) -> Sentence:
        tokens: list[str] = []
        tags: list[str] = []
        scores: list[float | None] = []
        for line, cells in group:
            if isinstance(cells, _UnreadRow):
                raise cells.error
            if any(cells[self.width :]):
                raise ValidationError(
                    f"{counted(len(cells), 'cell')} in line {line}, but {counted(self.width, 'column')}",
                    hint='quote words with commas: ","',
                )
            token = _cell(cells, self.places.token)
            tag = "" if self.places.tag is None else _cell(cells, self.places.tag)
            if not token and tag:
                raise ValidationError(f"a tag without a word in line {line}", hint="give the word")
            if token:
                tokens.append(token)
                tags.append(tag)
                scores.append(self._score(cells, line))
        if self.places.tag is None and self.options.require_tags:
            raise ValidationError("no column of tags", hint="name it: --columns token=N,tag=N")
        if self.places.tag is None:
            tags = ["O"] * len(tokens)
        decoded = decode(tags, self.options.scheme, repair=self.options.repair)
        self.report.repaired_tags += len(decoded.repaired)
        self.report.note_scheme(tags, decoded.entities)
        entities = tuple(replace(e, score=scores[e.start]) for e in decoded.entities)
        first = group[0][1]
        assert not isinstance(first, _UnreadRow)
        return self._with_fields(Sentence(tuple(tokens), entities), first)

    def _with_fields(self, sentence: Sentence, cells: Sequence[str]) -> Sentence:
        """The sentence with what is in its first row."""
        known = {name: _cell(cells, k) for name, k in (self.places.others or {}).items()}
        text = known.get("text") or None
        found = None if text is None else locate(text, sentence.tokens)
        meta: dict[str, object] = {"error": known["error"]} if known.get("error") else {}
        if text is not None and found is None:
            meta["text"] = text
        return replace(
            sentence,
            text=None if found is None else text,
            offsets=None if found is None else tuple(found),
            language=self.options.language or known.get("lang") or known.get("language") or None,
            id=known.get("id") or None,
            meta=meta,
        )

    def _score(self, cells: Sequence[str], line: int) -> float | None:
        if self.places.score is None or not _cell(cells, self.places.score):
            return None
        try:
            return float(_cell(cells, self.places.score))
        except ValueError:
            raise ValidationError(f"a score that is not a number in line {line}") from None


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def write_csv(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one row per word, with commas; return the number of sentences."""
    return _write(sentences, path, options, ",")


def write_tsv(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one row per word, with tabs; return the number of sentences."""
    return _write(sentences, path, options, "\t")


def _write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions, delimiter: str) -> int:
    number = 0
    sentences = begun(sentences)
    with open_output(path) as stream:
        _writer(stream, delimiter).writerow(_HEADER)
        for number, sentence in enumerate(sentences, start=1):
            rows = list(_rows_of(sentence, number, options))
            write_whole(stream, rows, number, lambda out, made: _writer(out, delimiter).writerows(made))
    return number


def _writer(stream: TextIO | io.StringIO, delimiter: str) -> Any:
    return csv.writer(stream, delimiter=delimiter, lineterminator="\n")


def _rows_of(sentence: Sentence, number: int, options: WriteOptions) -> Iterator[tuple[object, ...]]:
    text = sentence.text if sentence.text is not None else sentence.meta.get("text")
    rest = (text or "", sentence.language or "", sentence.id or "", sentence.meta.get("error") or "")
    scores = {e.start: f"{e.score:.6g}" for e in sentence.entities if e.score is not None}
    if not sentence.tokens:
        yield (number, "", "", "", *rest)
    for k, (token, tag) in enumerate(zip(sentence.tokens, sentence.tags(options.scheme), strict=True)):
        yield (number, token, tag, scores.get(k, ""), *(rest if k == 0 else ("",) * len(rest)))
