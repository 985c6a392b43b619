"""WebAnno TSV 3.3, which INCEpTION reads and writes: a table of words with a header that names the layers.

Offsets count UTF-16 of the whole document. Read is the layer of named entities, or the one that `--columns tag=LAYER`
names. Spaces before the first word of a sentence have no place and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from xlner.core.files import open_output, require_content
from xlner.core.lines import Line, read_lines
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.formats.character_spans import Mark, Words, in_characters, index_in_utf16
from xlner.formats.label_fields import CHARACTERS
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data, warn_of_widened
from xlner.formats.tools.text_records import utf16_positions
from xlner.formats.writing import WriteOptions, begun, write_whole
from xlner.text.counts import counted

NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_HEADER = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={NAMED_ENTITY}|value\n\n"
_TEXT, _ID = "#Text=", "#Sentence.id="
_ROW = re.compile(r"(\d+-\d+)(\.\d+)?\t(\d+)-(\d+)\t([^\t]*)(?:\t(.*))?")
_PARTS = re.compile(r"(?<!\\)\|")
_NUMBERED = re.compile(r"(.*?)(?<!\\)\[(\d+)\]")
_ESCAPED_VALUE = re.compile(r"\\(->|.)", re.DOTALL)
_RESERVED = re.compile(r"->|[\\\[\]|_;\t\n*]")
_OF_TEXT = {"\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\b": "\\b", "\\": "\\\\"}
_IN_TEXT = {escape[1]: char for char, escape in _OF_TEXT.items()}
_ESCAPED_TEXT = re.compile(r"\\(.)", re.DOTALL)
_LINGUISTIC = re.compile(r"\.(?:POS|Lemma|MorphologicalFeatures|Stem|SurfaceForm|Token|Chunk|SemPred|SemArg)$")


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of a document."""
    require_content(path)
    return _read(read_lines(path), str(path), options, report)


@dataclass(slots=True)
class _Block:
    """The lines of one sentence."""

    line: int
    texts: list[str] = field(default_factory=list)
    id: str | None = None
    rows: list[tuple[int, str]] = field(default_factory=list)
    error: InputError | None = None


def _read(lines: Iterable[Line], path: str, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    layers: list[list[str]] = []
    block: _Block | None = None
    parser: _Parser | None = None
    for number, line in lines:
        if isinstance(line, str) and line.startswith("#T_"):
            layers.append(line.partition("=")[2].split("|"))
            layers[-1].append(line[:5])
            continue
        if isinstance(line, str) and not line.strip() and (block is None or block.rows or block.texts):
            if block is not None:
                parser = parser or _Parser(path, options, report, layers)
                yield parser.item(block)
            block = None
            continue
        if isinstance(line, str) and line.startswith("#FORMAT="):
            continue
        block = block or _Block(number)
        if isinstance(line, InputError):
            block.error = line
        elif line.startswith(_TEXT):
            block.texts.append(line.removeprefix(_TEXT))
        elif line.startswith(_ID):
            block.id = line.removeprefix(_ID)
        elif not line.startswith("#"):
            block.rows.append((number, line))
    parser = parser or _Parser(path, options, report, layers)
    if block is not None and (block.rows or block.texts or block.error):
        yield parser.item(block)
    if parser.widened:
        warn_of_widened(path, parser.widened, "entity", "entities")


class _Parser:
    def __init__(self, path: str, options: ReadOptions, report: ReadReport, layers: Sequence[list[str]]) -> None:
        self.path = path
        self.options = options
        self.report = report
        self.column = self._column(layers)
        self.widened = 0
        self.number = 0
        self.before: set[str] = set()

    def _column(self, layers: Sequence[list[str]]) -> int | None:
        """The column of the labels, counted after that of the word. None if the document has no layer for them."""
        spans = {layer[0]: layer for layer in layers if layer[-1] == "#T_SP"}
        wanted = None if self.options.columns is None else self.options.columns.tag
        name, _, feature = (str(wanted) if wanted is not None else NAMED_ENTITY).partition("|")
        if name not in spans and wanted is None:
            others = [other for other in spans if not _LINGUISTIC.search(other)]
            if others:
                raise InputError(
                    f"no named entities, but the layer {' and '.join(others)}",
                    path=self.path,
                    hint=f"name the layer: --columns tag={others[0]}",
                )
            return None
        if name not in spans:
            raise InputError(f"no layer {name!r}", path=self.path, hint=f"layers: {', '.join(spans) or 'none'}")
        features = spans[name][1:-1]
        known = [f for f in (feature, "value", "label", "type") if f in features] or features[:1]
        before = 0
        for layer in layers:
            if layer is spans[name]:
                return before + (features.index(known[0]) if known else 0)
            before += max(1, len(layer) - 2)
        raise AssertionError

    def item(self, block: _Block) -> Item:
        self.number += 1
        try:
            if block.error is not None:
                raise block.error
            sentence = self._sentence(block)
        except (ValidationError, InputError) as error:
            self.report.bad += 1
            if isinstance(error, InputError):
                return error
            return InputError(error.message, path=self.path, line=block.line, sentence=self.number, hint=error.hint)
        self.report.sentences += 1
        self.report.line = block.line
        return sentence

    def _sentence(self, block: _Block) -> Sentence:
        text = "\n".join(map(_plain_text, block.texts))
        rows = [_ROW.fullmatch(row) for _, row in block.rows]
        bad = next((number for (number, _), row in zip(block.rows, rows, strict=True) if row is None), None)
        if bad is not None:
            raise InputError("not a row of WebAnno TSV", path=self.path, line=bad, sentence=self.number)
        found = [row for row in rows if row is not None]
        index, base = index_in_utf16(text), int(found[0][3]) if found else 0
        units: list[tuple[int, int]] = []
        for row in found:
            start, end = index(int(row[3]) - base), index(int(row[4]) - base)
            if (
                start is None
                or end is None
                or not start <= end
                or (not row[2] and text[start:end] != _plain_text(row[5]))
            ):
                raise ValidationError(f"the word {row[5]!r} is not at {row[3]}-{row[4]} in the text")
            units.append((start, end))
        offsets = tuple(unit for unit, row in zip(units, found, strict=True) if not row[2])
        tokens = tuple(text[a:b] for a, b in offsets)
        marks = self._marks(found, units)
        words = Words(tokens, text, offsets, placed=True)
        made = in_characters("WebAnno", marks, CHARACTERS, words) if marks else None
        self.widened += 0 if made is None else made.widened
        entities = () if made is None else made.entities
        if self.column is None and self.options.require_tags:
            raise ValidationError("no layer of named entities", hint="give labeled sentences")
        return Sentence(tokens, entities, text, offsets, self.options.language, block.id)

    def _marks(self, rows: Sequence[re.Match[str]], units: Sequence[tuple[int, int]]) -> list[Mark]:
        """The labeled spans of the chosen column."""
        column = self.column
        if column is None:
            return []
        spans: dict[str, tuple[int, int, str]] = {}
        for k, (row, (start, end)) in enumerate(zip(rows, units, strict=True)):
            cells = (row[6] or "").split("\t")
            cell = cells[column] if column < len(cells) else "_"
            if cell in ("_", ""):
                continue
            for part in _PARTS.split(cell):
                numbered = _NUMBERED.fullmatch(part)
                value, key = (numbered[1], numbered[2]) if numbered else (part, f"row {k}")
                if value == "*":
                    raise ValidationError(
                        f"an entity without a label on {row[5]!r}", hint="give it a label, or remove it"
                    )
                if key in self.before:
                    raise ValidationError(
                        f"entity [{key}] goes on from the sentence before", hint="end it in its sentence"
                    )
                label = "_".join(_ESCAPED_VALUE.sub(_unescaped, value).split())
                first, last, _ = spans.get(key, (start, end, label))
                spans[key] = (min(first, start), max(last, end), label)
        self.before.update(key for key in spans if key.isdigit())
        return [Mark(start, end, label) for start, end, label in spans.values()]


def _unescaped(match: re.Match[str]) -> str:
    return {"t": "\t", "n": "\n"}.get(match[1], match[1])


def _plain_text(text: str) -> str:
    return _ESCAPED_TEXT.sub(lambda match: _IN_TEXT.get(match[1], match[1]), text)


def _escaped_text(text: str) -> str:
    return "".join(_OF_TEXT.get(c, f"\\{c}" if c < " " else c) for c in text)


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write sentences as one document; return their number. Scores have no place."""
    document = _Document()
    number = lost = 0
    sentences = begun(sentences)
    with open_output(path) as stream:
        stream.write(_HEADER)
        for number, sentence in enumerate(sentences, start=1):
            lost += "error" in sentence.meta
            write_whole(stream, sentence, number, document.write)
    if lost:
        warn_of_data(
            f"{path}: WebAnno TSV has no place for the errors of {counted(lost, 'sentence')} without entities there"
        )
    return number


@dataclass(slots=True)
class _Document:
    """Where in the document the next sentence begins, in UTF-16, and the numbers of sentences and entities so far."""

    begin: int = 0
    number: int = 0
    entities: int = 0

    def write(self, stream: TextIO, sentence: Sentence) -> None:
        self.number += 1
        made = sentence.with_text()
        offsets = made.offsets or ()
        text = (made.text or "")[offsets[0][0] if offsets else 0 :]
        left = len(made.text or "") - len(text)
        position = utf16_positions(text)
        values = ["_"] * len(made)
        for entity in made.entities:
            label = _RESERVED.sub(lambda match: "\\" + match[0], entity.label)
            if len(entity) > 1:
                self.entities += 1
                label += f"[{self.entities}]"
            values[entity.start : entity.end] = [label] * len(entity)
        stream.write("\n")
        if made.id is not None and made.id.split() == [made.id]:
            stream.write(f"{_ID}{made.id}\n")
        stream.writelines(f"{_TEXT}{_escaped_text(line)}\n" for line in text.split("\n"))
        for k, ((a, b), value) in enumerate(zip(offsets, values, strict=True), start=1):
            start, end = (self.begin + position[bound - left] for bound in (a, b))
            stream.write(f"{self.number}-{k}\t{start}-{end}\t{_escaped_text(text[a - left : b - left])}\t{value}\t\n")
        self.begin += position[len(text)] + 1
