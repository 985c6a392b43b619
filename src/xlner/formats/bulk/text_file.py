"""A file of text as plain rows, with the comments that CoNLL has before each sentence of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from xlner.core.entity import Span
from xlner.core.lines import read_lines
from xlner.errors import InputError
from xlner.formats import text
from xlner.formats.bulk.block_file import BlockFile
from xlner.formats.conll import comments
from xlner.formats.conll.plain import PlainRows, is_text
from xlner.formats.conll.writer import are_written_as_they_are
from xlner.formats.given_links import WINDOW
from xlner.formats.jsonl.blocks import PlacedText
from xlner.formats.reading import WORDS, Item, ReadOptions, ReadReport
from xlner.text.tokenizer import split_at_spaces, tokenize

_SPACES = WORDS[1]


@dataclass(slots=True)
class TextFile:
    """A file of text with its reader.

    - `options`: how text becomes words; `undecided` says that links will tell. Until then text is split at spaces, and
      blocks are plain only if the tokenizer gives the same words.
    """

    lines: BlockFile
    options: ReadOptions
    report: ReadReport
    undecided: bool
    texts: Sequence[PlacedText] = ()
    """Those of the last plain sentences."""

    @classmethod
    def of(cls, path: str | Path, options: ReadOptions, report: ReadReport | None, *, undecided: bool) -> TextFile:
        """The file at a path."""
        options = replace(options, words=_SPACES) if undecided else options
        return cls(BlockFile(read_lines(path)), options, ReadReport() if report is None else report, undecided)

    @property
    def language(self) -> str | None:
        """The language of the sentences."""
        return self.options.language

    def read(self) -> Iterator[Item]:
        """The sentences one by one."""
        for item in text.read(self.lines, self.options, self.report):
            if isinstance(item, InputError):
                item.sentence = item.line  # a line is a sentence
            yield item

    def decide(self, words: str) -> None:
        """Split blocks so from here on."""
        self.options, self.undecided = replace(self.options, words=words), False

    def plain(self, count: int) -> PlainRows | None:
        """The next sentences, if they are plain; the place in the file stays."""
        if self.undecided and count != WINDOW:  # links are asked about so many sentences at once
            return None
        data = self.lines.lines(count)
        if not data or not is_text(data) or b"\t" in data:  # a tab is no space for the ends of entities
            return None
        lines = data.decode().split("\n")[:-1]
        self.texts = [PlacedText(line, self._words(line)) for line in lines]
        words = [[line[start:end] for start, end in spans] for line, spans in self.texts]
        return _rows(list(map(self._comments, lines, words)), words) if all(words) else None

    def _words(self, line: str) -> Sequence[Span]:
        """Where the words of a line are; nothing if the links have to decide about it."""
        at_spaces = split_at_spaces(line)
        if self.options.words == _SPACES and not self.undecided:
            return at_spaces
        spans = tokenize(line, self.options.language, segmenter=self.options.segmenter)
        return () if self.undecided and list(spans) != at_spaces else spans

    def _comments(self, line: str, words: Sequence[str]) -> str:
        """The lines before the rows of a sentence."""
        found = comments.text_line(line, words)
        if found is not None:
            return found
        return "".join([f"{comment}\n" for comment in comments.lines_of(self.options.sentence(line), {})])

    def skip(self, found: PlainRows) -> None:
        """Go on behind these sentences."""
        self.lines.skip()
        self.report.sentences += len(found)


def _rows(before: Sequence[str], words: Sequence[Sequence[str]]) -> PlainRows | None:
    """Sentences in two columns with lines before each of them, all tags O; None if they may not be written so."""
    rows = ["\tO\n".join([*sentence, ""]) for sentence in words]
    bare = "\n".join([*rows, ""]).encode()
    if not are_written_as_they_are(bare):
        return None
    data = "\n".join([*map(str.__add__, before, rows), ""]).encode()
    offsets = np.cumsum([0, *map(len, words)])
    tabs = np.flatnonzero(np.frombuffer(bare, np.uint8) == ord("\t"))
    starts = np.concatenate(([0], tabs[:-1] + len("\tO\n")))
    starts[offsets[1:-1]] += len("\n")
    shift = np.repeat(np.cumsum([len(lines.encode()) for lines in before]), np.diff(offsets))
    ends = tabs + shift
    none = np.zeros(0, np.int64)
    return PlainRows(
        data,
        line=1,
        word_starts=starts + shift,
        word_ends=ends,
        tag_starts=ends + 1,
        tag_ends=ends + 2,
        offsets=offsets,
        tagged=none,
        starts=none,
        ends=none,
        labels=none,
        names=(),
        repaired=np.zeros(len(words), np.int64),
        are_iob1=True,
        parted=False,
    )
