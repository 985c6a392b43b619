"""Read files that belong together in plain blocks, and by the careful readers elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from xlner.core.files import STANDARD_STREAM
from xlner.core.lines import read_lines
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats.bulk.block_file import BlockFile
from xlner.formats.bulk.links_file import LinksFile
from xlner.formats.bulk.plain_pairs import PlainPairs, plain_pairs
from xlner.formats.bulk.text_file import TextFile
from xlner.formats.bulk.two_columns import as_two_columns
from xlner.formats.columns import Columns
from xlner.formats.conll import ConllReader
from xlner.formats.conll.plain import PlainRows
from xlner.formats.format_names import detect_format
from xlner.formats.given_links import Row, TextSide, in_words_of_links
from xlner.formats.parallel import noting_words, pairs_of_rows, read_parallel, rows_in_step
from xlner.formats.reading import WORDS, Item, ReadOptions, ReadReport
from xlner.text.languages import canonical
from xlner.text.segmenters import segmenter_named

BLOCK = 1000
"""Pairs of a block: as many as a pipeline reads ahead, so that its windows are the same with blocks and without."""
_FIRST = 100
"""Pairs that tell the readers about columns and links."""
_HONORED = frozenset(
    {
        *("source_lang", "target_lang", "source_format", "target_format", "scheme", "repair", "columns"),
        *("require_source_tags", "require_target_tags", "words", "segmenter"),
        "tag_names",  # CoNLL has no numbers of tags
    }
)
"""The options that blocks are read with; with any other, all pairs come one by one."""


def read_parallel_blocks(
    source: str | Path,
    target: str | Path,
    alignment: Sequence[str | Path],
    *,
    source_report: ReadReport | None = None,
    target_report: ReadReport | None = None,
    block: int = BLOCK,
    **reading: Any,
) -> Iterator[Pair | InputError | PlainPairs]:
    """What `read_parallel` reads, with the same options, in blocks of pairs where these are plain.

    `block` is the number of pairs in a block. The source is CoNLL, the target CoNLL or text, and the links are in given
    files. For other files, and with `label_map`, `weigh_links` or `one_based`, all pairs come one by one. So do the
    first ones, from which the readers find out about columns and links.

    >>> pairs = read_parallel_blocks("examples/en-es.conll", "examples/es.txt", ())
    >>> next(pairs).source.tokens[0]
    'The'
    """
    careful = read_parallel(
        source, target, alignment, source_report=source_report, target_report=target_report, **reading
    )
    if not _can_be_plain(source, target, alignment, reading):
        return careful
    return _BlockReader.of(source, target, alignment, (source_report, target_report), reading).read(block)


def _can_be_plain(
    source: str | Path, target: str | Path, alignment: Sequence[str | Path], reading: dict[str, Any]
) -> bool:
    """Whether the files are of formats that have plain blocks, and blocks are read with all options that are given."""
    formats = detect_format(source, reading.get("source_format")), detect_format(target, reading.get("target_format"))
    paths = (source, target, *alignment)
    rereadable = all(str(path) != STANDARD_STREAM and Path(path).is_file() for path in paths)
    has_others = any(reading[name] for name in reading.keys() - _HONORED)
    with_text = formats[1] == "text" and not reading.get("require_target_tags")
    are_known = formats[0] == "conll" and (formats[1] == "conll" or with_text)
    return rereadable and are_known and bool(alignment) and not has_others


@dataclass(slots=True)
class _Numbers(Iterator[int]):
    """The numbers of rows, of which some are left out."""

    last: int = 0

    def __next__(self) -> int:
        self.last += 1
        return self.last


@dataclass(slots=True)
class _ColumnFile:
    """A file of columns with its reader."""

    lines: BlockFile
    reader: ConllReader

    @classmethod
    def of(cls, path: str | Path, options: ReadOptions, report: ReadReport | None) -> _ColumnFile:
        reader = ConllReader(str(path), options, ReadReport() if report is None else report)
        return cls(BlockFile(read_lines(path)), reader)

    @property
    def language(self) -> str | None:
        """The language of the sentences."""
        return self.reader.options.language

    def read(self) -> Iterator[Item]:
        """The sentences one by one."""
        return self.reader.read(self.lines)

    def plain(self, count: int) -> PlainRows | None:
        """The next sentences, if they are plain; the place in the file stays."""
        data = self.lines.sentences(count)
        return self.reader.plain(data, self.lines.number) if data else None

    def skip(self, found: PlainRows) -> None:
        """Go on behind these sentences."""
        self.lines.skip()
        self.reader.passed(found)


@dataclass(slots=True)
class _BlockReader:
    """Reads a source, a target and links, block by block or pair by pair."""

    source: _ColumnFile
    target: _ColumnFile | TextFile
    links: list[LinksFile]
    one_based: bool | None
    names: list[str]
    reports: tuple[ReadReport | None, ReadReport | None]
    rows: _Numbers = field(default_factory=_Numbers)
    pairs: _Numbers = field(default_factory=_Numbers)

    @classmethod
    def of(
        cls,
        source: str | Path,
        target: str | Path,
        alignment: Sequence[str | Path],
        reports: tuple[ReadReport | None, ReadReport | None],
        reading: dict[str, Any],
    ) -> _BlockReader:
        how: dict[str, Any] = {name: reading[name] for name in ("scheme", "repair") if name in reading}
        columns = reading.get("columns")
        how["columns"] = None if columns is None else Columns.parse(columns)

        def options(side: str, **more: Any) -> ReadOptions:
            language, required = reading.get(f"{side}_lang"), reading.get(f"require_{side}_tags", False)
            code = None if language is None else canonical(language)
            return ReadOptions(language=code, require_tags=required, **more)

        links = [LinksFile.of(path) for path in alignment]
        names = [str(source), str(target), *map(str, alignment)]
        given = _ColumnFile.of(source, options("source", **how), reports[0])
        made: _ColumnFile | TextFile
        if detect_format(target, reading.get("target_format")) == "text":
            words, segmenter = reading.get("words"), reading.get("segmenter")
            found = segmenter_named(segmenter) if isinstance(segmenter, str) else segmenter
            how = {"words": words or WORDS[0], "segmenter": found}
            made = TextFile.of(target, options("target", **how), reports[1], undecided=words is None)
        else:
            made = _ColumnFile.of(target, options("target", **how), reports[1])
        return cls(given, made, links, reading.get("one_based"), names, reports)

    def read(self, size: int) -> Iterator[Pair | InputError | PlainPairs]:
        """The pairs, in order."""
        left = size  # of the pairs that a pipeline reads ahead
        with closing(self._careful()) as careful:
            while True:
                made = self._plain(left) if self.rows.last == self.pairs.last else None  # no row was read ahead
                if made is not None:
                    yield made
                    left = size
                    continue
                before = self.pairs.last
                count = left if before else min(_FIRST, left)
                yield from islice(careful, count)
                if self.pairs.last < before + count:
                    return
                left = left - count or size

    def _careful(self) -> Generator[Pair | InputError, None, None]:
        files: list[Iterator[object]] = [self.source.read(), self.target.read()]
        files += [links.reader.read(links.lines) for links in self.links]
        rows = rows_in_step(files, self.names, self.rows)
        if isinstance(self.target, TextFile) and self.target.undecided:
            side = TextSide(self.names[1], 1, replace(self.target.options, words=WORDS[0]))
            decided = self._deciding(in_words_of_links(rows, [side], ", ".join(self.names[2:])), self.target)
            rows = noting_words(decided, [side], self.reports)
        yield from pairs_of_rows(rows, self.names[2:], self.pairs, one_based=self.one_based)

    @staticmethod
    def _deciding(rows: Iterator[Row | str], target: TextFile) -> Iterator[Row | str]:
        """The rows; how their text is split also holds for blocks."""
        for row in rows:
            if isinstance(row, str):
                target.decide(row)
            yield row

    def _plain(self, size: int) -> PlainPairs | None:
        """The next block, if it is plain: as many pairs as asked for, or the last ones of all files."""
        links = [file.plain(size) for file in self.links]
        given = [block for block in links if block is not None]
        if len(given) < len(links):
            return None
        source = self.source.plain(size)
        target = None if source is None else self.target.plain(size)
        if source is None or target is None:
            return None
        rows, texts = (target, self.target.texts) if isinstance(self.target, TextFile) else (as_two_columns(target), ())
        languages = self.source.language, self.target.language
        made = None if rows is None else plain_pairs(source, rows, given, texts, languages)
        if made is None:
            return None
        for file, block in zip(self.links, given, strict=True):
            file.skip(block)
        self.source.skip(source)
        self.target.skip(target)
        self.rows.last += len(made)
        self.pairs.last += len(made)
        return made
