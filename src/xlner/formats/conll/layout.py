"""Find the columns of the words and the tags in the first sentences of a file.

A column of chunks or clauses, next to one of entities, is none of the two. Where several columns can be the tags, an
error names them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from xlner.core.tags import Scheme, is_tag, label_of
from xlner.errors import InputError
from xlner.formats.columns import TAG_NAMES, TOKEN_NAMES, Column, Columns, plain_name
from xlner.formats.conll.blocks import Block
from xlner.text.counts import counted

CONLLU = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
"""The columns of CoNLL-U."""
_NUMBER = re.compile(r"[0-9]+")
_RANGE_OR_EMPTY = re.compile(r"[0-9]+[-.][0-9]+")
_CHUNKS = (
    "NP",
    "VP",
    "PP",
    "ADVP",
    "ADJP",
    "SBAR",
    "PRT",
    "CONJP",
    "INTJ",
    "LST",
    "UCP",
    "NC",
    "VC",
    "PC",
    "AC",
    "ADVC",
)
_SYNTAX = frozenset({*_CHUNKS, "CLS"})  # of CoNLL-2000 and CoNLL-2003 (en, de), and the clauses of LST20
_CERTAIN = re.compile(r"[BIESLUM]-[A-Za-z]{2}\S*")
_OTHER_SPACE = re.compile(r"(?<=\S)([\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])(\S+)$")
_TAG_SHARE = 0.8  # of the cells of a column of tags, and of the sentences with numbered words; the rest are mistakes


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the words and the tags of a row are, as positions from 0.

    - `tag`: the tags, or None if there are none.
    - `index`: the numbers of the words, if there are any; other rows are no words.
    - `misc`: the attributes of CoNLL-U, if they hold the tags; `attribute` is the one to read, if it was named.
    - `watched`: columns with nothing but O so far. A label there would make the choice of `tag` uncertain.
    - `chosen`: whether the column of the tags was named, so that `_` and `-` in it mean O.
    """

    token: int
    tag: int | None
    index: int | None = None
    misc: int | None = None
    attribute: str | None = None
    watched: tuple[int, ...] = ()
    chosen: bool = False


def header(row: Sequence[str], columns: Columns | None = None) -> tuple[str, ...] | None:
    """The names of the columns, if the first row of a file has them, or has those that were named.

    >>> header(["TOKEN", "NE-COARSE-LIT"]), header(["Word", "B-MISC"])
    (('TOKEN', 'NE-COARSE-LIT'), None)
    """
    if columns is not None and {columns.token, columns.tag}.intersection(row):
        return tuple(row)
    names = [plain_name(name) for name in row]
    if not TOKEN_NAMES.intersection(names) or any(map(is_tag, row)):
        return None
    tags = (
        plain in TAG_NAMES or name.lower().startswith(("ne-", "ner")) for plain, name in zip(names, row, strict=True)
    )
    return tuple(row) if any(tags) else None


def find(
    width: int,
    blocks: Sequence[Block],
    columns: Columns | None,
    *,
    names: Sequence[str] | None,
    scheme: Scheme | str,
    require_tags: bool,
    path: str,
) -> Layout:
    """The layout of rows with so many cells, from the first blocks that have them.

    Raises `InputError` if several columns can be the tags, or if there is no such column.
    """
    rows = [row for block in blocks for row in block.rows if len(row) == width]
    finder = _Finder(width=width, rows=rows, names=names, scheme=scheme, path=path, line=blocks[0].lines[0])
    if columns is not None and not (width <= 2 and finder.lacks(columns)):
        return finder.chosen(columns, blocks, require_tags)
    return finder.guessed(blocks, None, require_tags)


class _Finder:
    """Looks at the first rows of one width."""

    def __init__(
        self,
        *,
        width: int,
        rows: Sequence[Sequence[str]],
        names: Sequence[str] | None,
        scheme: Scheme | str,
        path: str,
        line: int,
    ) -> None:
        self.width, self.rows, self.path, self.line = width, rows, path, line
        self.names = tuple(names) if names is not None and len(names) == width else None
        self.is_io = str(scheme).lower() == "io"

    def lacks(self, columns: Columns) -> bool:
        """True if a named column is not here. Two columns are then the words and the tags, as in other files."""
        named = [column for column in (columns.token, columns.tag) if column is not None]
        return any(
            abs(column) > self.width if isinstance(column, int) else self.names is None or column not in self.names
            for column in named
        )

    def chosen(self, columns: Columns, blocks: Sequence[Block], require_tags: bool) -> Layout:
        """The layout with these columns."""
        if columns.tag is None:
            return self.guessed(blocks, self._position(columns.token), require_tags)
        index = self._index(blocks, columns.token)
        if self.names is None and index == 0 and self.width == len(CONLLU):
            self.names = CONLLU
        token = self._position(columns.token)
        token = self._token(index, blocks) if token is None else token
        misc = self._misc()
        if isinstance(columns.tag, str) and columns.tag not in (self.names or ()) and misc is not None:
            return Layout(token, None, index, misc, columns.tag, chosen=True)
        return Layout(token, self._position(columns.tag), index, chosen=True)

    def guessed(self, blocks: Sequence[Block], token: int | None, require_tags: bool) -> Layout:
        """The layout, as far as the rows tell it. `token` is the column of the words, if it was named."""
        index = self._index(blocks, None if token is None else token + 1)
        word = self._token(index, blocks) if token is None else token
        tagged = [c for c in range(self.width) if c not in (word, index) and self._has_tags(c)]
        if not tagged and index == 0 and (self.names is None and self.width == len(CONLLU)):
            self.names = CONLLU
        misc = self._misc()
        if not tagged and misc is not None:
            return Layout(word, None, index, misc)
        if not tagged and token is None:
            self._require_order()
        if tagged and self.names is None:
            sparse = [c for c in range(self.width) if c not in (word, index, *tagged) and self._has_sparse_tags(c)]
            tagged = sorted([*tagged, *sparse])
        if not tagged:
            return Layout(word, self._last(word, index, token is not None and not require_tags), index)
        tag, watched = self._decided(tagged, word, numbered=index is not None)
        return Layout(word, tag, index, watched=watched)

    def _misc(self) -> int | None:
        """The attributes of CoNLL-U and CoNLL-U Plus."""
        names = self.names or ()
        return names.index("MISC") if {"ID", "FORM", "MISC"}.issubset(names) else None

    def _last(self, word: int, index: int | None, may_lack: bool) -> int | None:
        """The last column, where no column is one of tags: what is wrong with it is said sentence by sentence."""
        numbered_words = self.width == 2 and index == 0
        return None if self.width == 1 or may_lack or numbered_words else self.width - 1

    def _decided(self, tagged: Sequence[int], word: int, *, numbered: bool) -> tuple[int, tuple[int, ...]]:
        """The only column that can be the tags, and those that could turn out to be tags.

        Where words are numbered, a column without labels is one of nested entities. Elsewhere it may be a prediction.
        """
        entities = [c for c in tagged if not self._is_syntax(c)] or list(tagged)
        if len(entities) == 1:
            return entities[0], ()
        named = [c for c in entities if self.names and plain_name(self.names[c]) in TAG_NAMES]
        if len(named) == 1:
            return named[0], ()
        filled = [c for c in entities if self._labels(c)]
        *others, last = entities
        if not filled or (filled == [last] and self._like_conll2003(word, last)):
            return last, tuple(others)
        if numbered and len(filled) == 1:
            return filled[0], tuple(c for c in entities if c != filled[0])
        raise self.several(entities, word)

    def _like_conll2003(self, word: int, tag: int) -> bool:
        """True for token, part of speech, chunk and tag, where the first sentences have no chunks."""
        return (self.width, word, tag) == (4, 0, 3) and not self._has_tags(1)

    def several(self, tagged: Sequence[int], word: int) -> InputError:
        """The error for several columns of tags."""
        shown = ", ".join(f"{self._shown(c)} ({', '.join(sorted(self._labels(c))[:3]) or 'only O'})" for c in tagged)
        token, *tags = (self._shown(c) for c in (word, *tagged))
        both = f"; evaluate also takes gold={tags[0]},predicted={tags[1]}" if len(tags) == 2 else ""
        return InputError(
            f"{len(tagged)} columns have tags: {shown}",
            path=self.path,
            line=self.line,
            hint=f"choose one: --columns token={token},tag={tags[0]}{both}",
        )

    def _shown(self, column: int) -> str:
        return self.names[column] if self.names else str(column + 1)

    def _position(self, column: Column | None) -> int | None:
        if column is None:
            return None
        if isinstance(column, int):
            if abs(column) > self.width:
                raise self._no_column(column)
            return column - 1 if column > 0 else self.width + column
        names = self.names or ()
        if column not in names:
            raise self._no_column(column)
        return names.index(column)

    def _no_column(self, column: Column) -> InputError:
        if isinstance(column, int):
            problem, hint = (
                f"{counted(self.width, 'column')}, but column {column} was named",
                f"name one of 1 to {self.width}",
            )
        elif self.names:
            problem, hint = f"no column is named {column!r}", f"the names are {', '.join(self.names)}"
        else:
            problem = f"the columns have no names, but column {column!r} was named"
            hint = f"give the number of the column, from 1 to {self.width}"
        return InputError(problem, path=self.path, line=self.line, hint=hint)

    def _token(self, index: int | None, blocks: Sequence[Block]) -> int:
        """The column of the words: by its name, or the first one after the numbers that is not empty."""
        named = [position for position, name in enumerate(self.names or ()) if plain_name(name) in TOKEN_NAMES]
        if named:
            return named[0]
        if self.width > 2 and index is None and self._repeats(blocks):
            raise InputError(
                "the first column numbers or names the sentences",
                path=self.path,
                line=self.line,
                hint=f"name the columns: --columns token=2,tag={self.width}, or token=1 if these are words; a "
                "blank line must follow each sentence",
            )
        filled = [c for c in range(self.width) if c != index and any(cells[c] for cells in self.rows)]
        return filled[0] if filled and self.width > 2 else int(index == 0)

    def _index(self, blocks: Sequence[Block], token: Column | None) -> int | None:
        """The column of the numbers of words: the first one, if it counts up."""
        if self.width < 2 or token in (1, "ID") or (self.names and plain_name(self.names[0]) in TOKEN_NAMES):
            return None
        if self.names and self.names[0] == "ID":
            return 0
        if self.width == 2 and self._has_tags(1):
            return None
        found = [n for block in blocks if (n := _numbers(block, self.width)) is not None]
        ends = [None, *(numbers[-1] if numbers else None for numbers in found)]
        counting = [numbers for numbers, end in zip(found, ends, strict=False) if numbers and _counts_up(numbers, end)]
        if len(counting) < _TAG_SHARE * len(found) or not counting:
            return None
        if max(map(len, counting)) > 1 or token is not None or self.width == len(CONLLU) or self._has_unused(2):
            return 0
        if self.width > 2 and len(counting) < 3:
            raise InputError(
                "the first column can be the words or their numbers",
                path=self.path,
                line=self.line,
                hint=f"name the columns: --columns token=2,tag={self.width} or token=1,tag={self.width}",
            )
        return 0 if self.width > 2 else None

    def _repeats(self, blocks: Sequence[Block]) -> bool:
        """True if the first column numbers or names the sentences: it changes seldom from word to word."""
        first = [[row[0] for row in block.rows if len(row) == self.width] for block in blocks]
        followed = [after in (before, "") for column in first for before, after in pairwise(column)]
        return sum(followed) > 0.5 * len(followed) and len(followed) > 1

    def _has_unused(self, start: int) -> bool:
        """True if a column has only _ or -, as in CoNLL-U and Universal NER."""
        return any(all(cells[c] in ("_", "-") for cells in self.rows) for c in range(start, self.width))

    def _has_tags(self, column: int) -> bool:
        cells = [cells[column] for cells in self.rows]
        if self.is_io:
            return "O" in cells
        used = [cell for cell in cells if cell != "_"] if self.names else cells
        if column == len(CONLLU) - 1 and any("=" in cell for cell in used):
            return False  # attributes of CoNLL-U: NER=B-A-B is no tag B of the label NER=B-A
        return bool(used) and sum(map(is_tag, used)) >= _TAG_SHARE * len(used)

    def _has_sparse_tags(self, column: int) -> bool:
        """True for a column with tags on some lines, and _ or - on all others, as in Universal NER."""
        used = {cells[column] for cells in self.rows}.difference(("_", "-", "", "O"))
        return bool(used) and all(map(_CERTAIN.fullmatch, used))

    def _require_order(self) -> None:
        """Raise `InputError` for columns that are not as they are in other files, where no column of tags was found."""
        first = [cells[0] for cells in self.rows]
        label = next((cell for cell in first if _CERTAIN.fullmatch(cell)), None)
        if self.width == 2 and label is not None and all(map(is_tag, first)):
            raise InputError(
                f"the first column has tags, such as {label}",
                path=self.path,
                line=self.line,
                hint="name the columns: --columns token=2,tag=1",
            )
        space = next((m for cell in first if self.width == 1 and (m := _OTHER_SPACE.search(cell))), None)
        if space is not None and is_tag(space[2]):
            raise InputError(
                f"the columns are separated by U+{ord(space[1]):04X}",
                path=self.path,
                line=self.line,
                hint="separate them by a tab: perl -CSD -pe 's/\\x{" + f"{ord(space[1]):04X}" + "}/\\t/g' FILE > NEW",
            )

    def _labels(self, column: int) -> set[str]:
        cells = {cells[column] for cells in self.rows}
        if self.is_io:
            return cells - {"O", "_"}
        return {label for cell in cells if (label := label_of(cell)) is not None}

    def _is_syntax(self, column: int) -> bool:
        labels = self._labels(column)
        return bool(labels) and labels <= _SYNTAX


def is_syntax(tag: str) -> bool:
    """Return True for the tag of a chunk or a clause.

    >>> is_syntax("B-NP"), is_syntax("B-LOC")
    (True, False)
    """
    return label_of(tag) in _SYNTAX


def is_word(number: str) -> bool:
    """Return True if the first cell of a row is the number of a word, not a range of words or an empty node.

    >>> is_word("8"), is_word("8-9"), is_word("8.1")
    (True, False, False)
    """
    return _RANGE_OR_EMPTY.fullmatch(number) is None


def _numbers(block: Block, width: int) -> list[int] | None:
    """The numbers in the first column of a block; empty if it has anything else, None for a block of another width."""
    first = [row[0] for row in block.rows if len(row) == width]
    if not first:
        return None
    words = [number for number in first if is_word(number)]
    return [int(number) for number in words] if all(map(_NUMBER.fullmatch, words)) else []


def _counts_up(numbers: Sequence[int], before: int | None) -> bool:
    """True for 0, 1, 2 … or 1, 2, 3 …, and where the numbers go on after those of the sentence before."""
    starts = (0, 1) if before is None else (0, 1, before + 1)
    return numbers[0] in starts and list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def unwatched(layout: Layout, column: int) -> Layout:
    """The same layout, without watching a column."""
    return replace(layout, watched=tuple(c for c in layout.watched if c != column))
