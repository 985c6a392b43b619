"""Read CoNLL columns, see `xlner.formats.conll`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlner.core.lines import Line, LineBlock
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import UNNAMED, DecodedTags, Repair, Scheme, decode, is_tag, parse_repair, parse_scheme
from xlner.errors import InputError, ValidationError
from xlner.formats.conll import brackets, comments, misc, ranges
from xlner.formats.conll.blocks import Block, Splitter, cells
from xlner.formats.conll.column_finder import ColumnFinder
from xlner.formats.conll.layout import CONLLU, Layout, is_word
from xlner.formats.conll.segments import segments
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data, without_frames
from xlner.text.counts import counted
from xlner.text.tokenizer import locate

if TYPE_CHECKING:
    from xlner.formats.conll.plain import PlainReader, PlainRows

_NO_TAG = ("_", "-")  # in a column that was named
_LANGUAGE_PREFIX = re.compile(r"^([a-z]{2,3}(?:-[a-z]+)*):(?=.)")
_SCORE = re.compile(r"\S+:(?:[01]|[01]?[.,][0-9]+(?:e-[0-9]+)?)")
_LEAST_PLAIN = 1 << 14
"""Bytes of lines that are worth the arrays of plain rows."""


@dataclass(slots=True)
class ConllReader:
    """Reads the sentences of one file, and counts them in `report`. With `conllu`, the file must have ten columns."""

    path: str
    options: ReadOptions = field(default_factory=ReadOptions)
    report: ReadReport = field(default_factory=ReadReport)
    conllu: bool = False
    _prefixed: bool | None = None
    _said: bool = False
    _tagged: bool | None = None
    _is_mixed: bool = False
    _mention: tuple[str, ...] | None = None
    _columns: ColumnFinder = field(init=False)
    _splitter: Splitter | None = None
    _number: int = 0
    _plain: PlainReader | None = None

    def __post_init__(self) -> None:
        self._columns = ColumnFinder(self.path, self.options, self.report, self.conllu)

    def read(self, lines: Iterable[Line]) -> Iterator[Item]:
        """Yield one sentence, or an `InputError`, for each block of lines.

        Raises `InputError` if the columns of the words and the tags are not certain. Where this is `settled`, sentences
        can be taken out of the lines by other means.
        """
        for item in self._read(lines):
            if isinstance(item, (Sentence, InputError)):
                yield item
            else:
                yield from self._one_by_one(item)

    def read_blocks(self, lines: Iterable[Line]) -> Iterator[Item | SentenceBlock]:
        """The same sentences, many of them at once where the lines are plain."""
        for item in self._read(lines):
            if isinstance(item, (Sentence, InputError)):
                yield item
            else:
                self._count(item)
                yield item.block(self.options.language)

    def _count(self, plain: PlainRows) -> None:
        self.report.sentences += len(plain)
        self.report.repaired_tags += int(plain.repaired.sum())
        self.report.line = int(plain.lines[-1])

    def _one_by_one(self, plain: PlainRows) -> Iterator[Sentence]:
        report = self.report
        numbers = zip(plain.lines.tolist(), plain.repaired.tolist(), strict=True)
        sentences = plain.block(self.options.language).sentences()
        for sentence, (line, repaired) in zip(sentences, numbers, strict=True):
            report.sentences += 1
            report.repaired_tags += repaired
            report.line = line
            yield sentence

    def _read(self, lines: Iterable[Line]) -> Iterator[Item | PlainRows]:
        columns = self._columns
        found = columns.after_header(self._blocks(lines))
        while (block := columns.ahead.popleft() if columns.ahead else next(found, None)) is not None:
            if not isinstance(block, Block):
                self._number += len(block)
                yield block
                continue
            if _ends_document(block):
                continue
            self._number += 1
            if block.rows:
                columns.look_at(block, found)
            try:
                sentence = self._sentence(block, self._number)
            except InputError as error:
                self.report.bad += 1
                error.sentence = self._number
                yield without_frames(error)
            else:
                self.report.sentences += 1
                self.report.line = block.lines[0] if block.lines else None
                yield sentence

    def plain(self, data: bytes, line: int) -> PlainRows | None:
        """The sentences of whole lines, if they are plain; call `passed` to go on behind them.

        None before it is known how to read them, and where the last sentence of the other lines may go on.
        """
        columns = self._columns
        if columns.looking or columns.ahead or self._splitter is None or not self._splitter.settled or not data:
            return None
        layout = self._plain_layout(width := len(cells(_first_line(data))))
        scheme, repair = parse_scheme(self.options.scheme), parse_repair(self.options.repair)
        if layout is None or scheme not in (Scheme.AUTO, Scheme.IOB2):
            return None
        if self._plain is None or self._plain.columns != (width, layout.token, layout.tag):
            from xlner.formats.conll.plain import PlainReader

            self._plain = PlainReader(width, layout.token, layout.tag, ends=scheme is Scheme.AUTO)
        plain = self._plain.read(data, line)
        if plain is None or (repair is not Repair.CONLLEVAL and plain.repaired.any()):
            return None
        if self.report.iob1 is not False and not (plain.are_iob1 and (self.report.iob1 or not plain.parted)):
            return None  # a sentence of it changes what is known of the scheme
        return plain

    def passed(self, plain: PlainRows) -> None:
        """Count sentences that were taken out of the lines."""
        self._number += len(plain)
        if self._splitter is not None:
            self._splitter.passed(_first_line(plain.data))
        self._count(plain)

    def _plain_layout(self, width: int) -> Layout | None:
        """Where the words and the tags of rows with so many cells are, if that is all it takes to read them.

        None if it is not known yet, if the cells have numbers, attributes or the prefix of a language, or if a later
        row can have tags elsewhere.
        """
        layout = self._columns.layouts.get(width)
        if layout is None or self._prefixed is not False or layout.index is not None or layout.misc is not None:
            return None
        lacks_tags = layout.tag is None and self.options.require_tags
        return None if layout.watched or lacks_tags else layout

    def _blocks(self, lines: Iterable[Line]) -> Iterator[Block | PlainRows]:
        """The blocks of a file; many of them at once, if they are plain, as soon as it is known how to read them."""
        splitter = self._splitter = Splitter(bare_labels=self._is_io)
        for segment in segments(lines):
            if isinstance(segment, LineBlock):
                is_large = len(segment.data) >= _LEAST_PLAIN
                plain = self.plain(segment.data, segment.number) if is_large else None
                if plain is not None:
                    splitter.passed(_first_line(plain.data))
                    yield plain
                    continue
            yield from splitter.split(segment.lines() if isinstance(segment, LineBlock) else segment)
        yield from splitter.finish()

    @property
    def _is_io(self) -> bool:
        return parse_scheme(self.options.scheme) is Scheme.IO

    def _sentence(self, block: Block, number: int) -> Sentence:
        if block.unreadable:
            raise block.unreadable
        remarks = comments.read(block.comments) if block.comments else comments.Remarks()
        meta = remarks.meta
        if block.docstart:
            meta["docstart"] = True
        if block.width == len(CONLLU) and self._columns.layouts[block.width].misc is not None:
            meta["conllu"] = tuple("\t".join(row) for row in block.rows)  # for `write_conllu`
        self._mention = remarks.mention or self._mention
        language, text, offsets = self.options.language, remarks.text, remarks.offsets
        tokens: list[str] = []
        decoded = DecodedTags((), ())
        try:
            if block.rows:
                tokens, decoded = self._words(block, number)
                if remarks.tokens is not None:
                    tokens = comments.exact(tokens, remarks.tokens)
                elif self._columns.layouts[block.width].index is None:
                    tokens, prefix = self._without_prefix(tokens)
                    language = language or prefix
            if text is None:
                offsets = None
            elif offsets is None:
                located = locate(text, tokens)
                offsets = None if located is None else tuple(located)
            self.report.repaired_tags += len(decoded.repaired)
            return Sentence(
                tuple(tokens),
                decoded.entities,
                text if offsets is not None else None,
                offsets,
                language,
                remarks.id,
                meta,
            )
        except ValidationError as error:
            raise self._error(error.message, block.lines[0] if block.lines else None, number, error.hint) from None

    def _words(self, block: Block, number: int) -> tuple[list[str], DecodedTags]:
        """The words and the entities of a block."""
        layout, rows, lines = self._columns.layouts[block.width], block.rows, block.lines
        if len(set(map(len, rows))) > 1:
            raise self._uneven(block, number)
        values = self._values(rows, layout)
        if layout.index is not None:
            words = [position for position, row in enumerate(rows) if is_word(row[layout.index])]
            if len(words) < len(rows) and values:
                empty = (None,) if layout.misc is not None else ("O", "", *_NO_TAG)
                spread = ranges.spread([row[layout.index] for row in rows], values, empty)
                values = [spread[position] for position in words]
            rows, lines = [rows[position] for position in words], [lines[position] for position in words]
        tokens = [row[layout.token] for row in rows]
        if "" in tokens:
            raise self._error("the word is empty", lines[tokens.index("")], number, "write a word and its tag")
        if layout.misc is not None:
            return tokens, misc.entities(values, self._mention, self.options.scheme, self.options.repair)
        if not self.options.require_tags:  # else it is an error
            self._note_mixed(layout.tag is not None, lines, number)
        if layout.tag is None:
            if self.options.require_tags and tokens:
                hint = "write two columns, the token and its tag"
                raise self._error(f"no tag column, only {tokens[0]!r}", lines[0], number, hint)
            return tokens, DecodedTags((), ())
        return tokens, self._decoded([value or "" for value in values], lines, number, layout, block.width)

    def _note_mixed(self, tagged: bool, lines: Sequence[int], number: int) -> None:
        """Warn where sentences with tags and sentences of words alone meet for the first time."""
        if self._tagged is not None and tagged is not self._tagged and not self._is_mixed:
            self._is_mixed = True
            this, others = ("tags", "words alone") if tagged else ("words alone", "tags")
            warn_of_data(
                f"{self.path}:{lines[0]} (sentence {number}): this sentence has {this}, and sentences before it have "
                f"{others}; sentences of words alone are read without entities"
            )
        self._tagged = tagged

    def _decoded(self, tags: list[str], lines: Sequence[int], number: int, layout: Layout, width: int) -> DecodedTags:
        """The entities of a column of tags or brackets."""
        scheme = self.options.scheme
        if tags and tags[0][:1] in ("(", "*") and brackets.are_brackets(tags):
            tags, scheme = brackets.to_tags(tags), Scheme.IOB2
        if layout.chosen or self._columns.names:
            tags = ["O" if tag in _NO_TAG else tag for tag in tags]
        try:
            decoded = decode(tags, scheme, repair=self.options.repair)
        except ValidationError:
            self._check_tags(tags, lines, number, layout, width)
            raise
        self.report.note_scheme(tags, decoded.entities)
        if any(":" in e.label and _SCORE.fullmatch(e.label) for e in decoded.entities):
            position = next(position for position, tag in enumerate(tags) if _SCORE.fullmatch(tag))
            hint = "cells must not have scores: write the tag alone, such as B-PER"
            raise self._error(f"{tags[position]!r} is a tag with a score", lines[position], number, hint)
        if any("|" in e.label and any(map(is_tag, e.label.split("|")[1:])) for e in decoded.entities):
            position = next(position for position, tag in enumerate(tags) if "|" in tag)
            hint = "write one tag for each word"
            raise self._error(f"{tags[position]!r} is of nested entities", lines[position], number, hint)
        if not self._said and any(e.label == UNNAMED for e in decoded.entities) and ("B" in tags or "I" in tags):
            self._said = True
            warn_of_data(f"{self.path}: tags without labels: the entities are called {UNNAMED}")
        return decoded

    def _values(self, rows: Sequence[Sequence[str]], layout: Layout) -> list[str | None]:
        """The tag of each line, or its attribute in MISC."""
        if layout.misc is not None:
            name = layout.attribute or ""
            return [misc.attributes(row[layout.misc]).get(name) for row in rows]
        return [] if layout.tag is None else [row[layout.tag] for row in rows]

    def _uneven(self, block: Block, number: int) -> InputError:
        position = next(position for position, row in enumerate(block.rows) if len(row) != block.width)
        problem = (
            f"{counted(len(block.rows[position]), 'column')}, but the first line of the sentence has {block.width}"
        )
        hint = "write a token and its tag on each line, separated by a tab or spaces"
        return self._error(problem, block.lines[position], number, hint)

    def _check_tags(self, tags: Sequence[str], lines: Sequence[int], number: int, layout: Layout, width: int) -> None:
        """Raise `InputError` for the first cell that is no tag at all."""
        for line, tag in zip(lines, tags, strict=True):
            try:
                decode([tag], self.options.scheme)
            except ValidationError as error:
                hint = "the last column must be O, or a prefix and a label such as B-PER"
                hint += f"; {error.hint}" if error.hint else ""
                if tag in _NO_TAG and width > 1:
                    token = layout.token + 1
                    hint += f"; --columns token={token},tag={(layout.tag or 0) + 1} reads {' and '.join(_NO_TAG)} as O"
                if not layout.chosen and width > 2:
                    hint += f"; --columns token={layout.token + 1},tag=N names the column of the tags"
                if not layout.chosen and not self.options.require_tags:
                    hint += f"; --columns token={layout.token + 1} reads the words alone"
                raise self._error(f"{tag!r} is not a tag", line, number, hint) from None

    def _without_prefix(self, tokens: list[str]) -> tuple[list[str], str | None]:
        """Remove the language prefix of WikiANN (`en:`) if all tokens of the first sentence have the same one."""
        if self._prefixed is False:
            return tokens, None
        found = [_LANGUAGE_PREFIX.match(t) for t in tokens]
        if self._prefixed is None:
            self._prefixed = all(found) and len({m[1] for m in found if m}) == 1
        if not self._prefixed or not all(found):
            return tokens, None
        return [t[m.end() :] for t, m in zip(tokens, found, strict=True) if m], found[0][1] if found[0] else None

    def _error(self, problem: str, line: int | None, number: int, hint: str | None) -> InputError:
        return InputError(problem, path=self.path, line=line, sentence=number, hint=hint)


def _first_line(data: bytes) -> str:
    return data[: data.find(b"\n")].decode("utf-8", errors="replace")


def _ends_document(block: Block) -> bool:
    """Whether a block without words is nothing but the end of a document of CoNLL-2012."""
    return not block.rows and bool(block.comments) and all(c.startswith("#end document") for c in block.comments)
