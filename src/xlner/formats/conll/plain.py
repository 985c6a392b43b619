"""Plain rows as arrays: words with tags `O`, `B-` and `I-`, and one blank line after each sentence.

What is not plain, such as comments, empty sentences and CRLF, is left to `xlner.formats.conll.reader`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence_block import SentenceBlock
from xlner.formats.conll.blocks import DOCSTART

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

_LF, _TAB, _SPACE, _HASH, _DASH, _OUTSIDE = b"\n\t #-O"
_KEY_BYTES = 8
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_KEY_BYTES + 1)], dtype="<u8")


class PlainRows(NamedTuple):
    """Sentences, and what is said about their tags: see `ReadReport`.

    - `repaired`: for each sentence the number of tags `I-` that begin an entity.
    - `are_iob1`, `parted`: whether all entities begin as in IOB1, and whether a `B-` parts two of them.
    """

    block: SentenceBlock
    repaired: Ints
    are_iob1: bool
    parted: bool


class PlainReader:
    """Reads rows of words and tags.

    - `width`, `token`, `tag`: the number of columns, and the positions of the words and of the tags.
    - `language`: that of the sentences.

    >>> found = PlainReader(2, 0, 1).read(b"Ana\\tB-PER\\nvive\\tO\\n\\n", 1)
    >>> found.block.words, found.block.ends.tolist(), found.block.names
    (b'Ana\\nvive\\n', [1], ('PER',))
    """

    def __init__(self, width: int, token: int, tag: int, language: str | None = None) -> None:
        self.width, self.token, self.tag = width, token, tag
        self.language = language
        self._tags = _Tags()

    def reads(self, width: int, token: int, tag: int) -> bool:
        """Whether these are the columns that it reads."""
        return (self.width, self.token, self.tag) == (width, token, tag)

    def read(self, data: bytes, number: int) -> PlainRows | None:
        """The sentences of whole lines from the line `number` on; None if they are not plain."""
        if not data.endswith(b"\n\n") or data[:1] == b"\n" or b"\r" in data or b"\0" in data or not _is_utf_8(data):
            return None
        separator = _TAB if b"\t" in data else _SPACE
        if separator == _TAB and b" " in data:
            return None
        codes = np.frombuffer(data, np.uint8)
        lines = np.flatnonzero(codes == _LF)  # where they end
        is_blank = np.diff(lines, prepend=-1) == 1
        rows = np.flatnonzero(~is_blank)
        separators = np.flatnonzero(codes == separator)
        if len(separators) != len(rows) * (self.width - 1) or (is_blank[1:] & is_blank[:-1]).any():
            return None
        starts = lines[rows - 1] + 1
        starts[0] = 0
        cells = _Cells(codes, starts, separators.reshape(len(rows), self.width - 1), lines[rows])
        needed = range(self.width) if separator == _SPACE else (0, self.token, self.tag)  # spaces hold no empty cell
        if any((cells.right(column) <= cells.left(column)).any() for column in needed) or cells.have_marks(data):
            return None
        tags = self._tags.of(data, codes, cells.left(self.tag), cells.right(self.tag))
        if tags is None:
            return None
        begins_sentence = is_blank[rows - 1]
        begins_sentence[0] = True
        first = np.flatnonzero(begins_sentence)
        block = SentenceBlock(
            words=cells.joined(self.token),
            lengths=np.diff(first, append=len(rows)),
            starts=rows[:0],
            ends=rows[:0],
            labels=rows[:0],
            names=tuple(self._tags.labels),
            lines=number + rows[first],
            language=self.language,
        )
        return _labeled(block, begins_sentence, *tags)


class _Cells(NamedTuple):
    """The cells of rows: where the rows start, where the separators in them are, and where they end."""

    codes: Bytes
    starts: Ints
    separators: Ints
    ends: Ints

    def left(self, column: int) -> Ints:
        return self.starts if not column else self.separators[:, column - 1] + 1

    def right(self, column: int) -> Ints:
        return self.ends if column == self.separators.shape[1] else self.separators[:, column]

    def have_marks(self, data: bytes) -> bool:
        """Whether a row can be a comment or the mark of a document."""
        first = self.codes[self.starts]
        if (first == _HASH).any():
            return True
        return bool((first == _DASH).any()) and DOCSTART.encode() in data

    def joined(self, column: int) -> bytes:
        """The cells of a column, each with a line feed after it."""
        edges = np.zeros(len(self.codes) + 1, dtype=np.int8)
        edges[self.left(column)] = 1
        edges[self.right(column) + 1] -= 1  # where the next cell begins right there, both cancel out
        codes = self.codes.copy()
        codes[self.right(column)] = _LF
        return codes[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)].tobytes()


class _Tags:
    """The plain tags of a file. The number of a tag is twice that of its label, and one more for `B-`."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._numbers: dict[bytes, int] = {}
        self._keys = np.zeros(0, dtype="<u8")  # the short tags in order, as integers, and their numbers
        self._numbers_of_keys = np.zeros(0, dtype=np.int64)

    def of(self, data: bytes, codes: Bytes, lefts: Ints, rights: Ints) -> tuple[Ints, Ints] | None:
        """The rows with a tag that is not O, and the numbers of these tags; None if one is not plain."""
        lengths = rights - lefts
        rows = np.flatnonzero((lengths != 1) | (codes[lefts] != _OUTSIDE))
        lefts, lengths = lefts[rows], lengths[rows]
        if not len(rows) or lengths.max() > _KEY_BYTES:
            cells = [data[a:b] for a, b in zip(lefts.tolist(), (lefts + lengths).tolist(), strict=True)]
            if not all(map(self._knows, set(cells))):
                return None
            return rows, np.array([self._numbers[cell] for cell in cells], dtype=np.int64)
        windows = np.ndarray(len(data), "<u8", data + bytes(_KEY_BYTES), strides=(1,))
        keys = windows[lefts] & _MASKS[lengths]
        numbers = self._of_keys(keys)
        return None if numbers is None else (rows, numbers)

    def _of_keys(self, keys: NDArray[np.uint64]) -> Ints | None:
        at = self._keys.searchsorted(keys)
        if not len(self._keys) or (self._keys.take(at, mode="clip") != keys).any():
            cells = [int(key).to_bytes(_KEY_BYTES, "little").rstrip(b"\0") for key in np.unique(keys)]
            if not all(map(self._knows, cells)):
                return None
            short = [cell for cell in self._numbers if len(cell) <= _KEY_BYTES]
            by_key = sorted((int.from_bytes(cell, "little"), self._numbers[cell]) for cell in short)
            self._keys = np.array([key for key, _ in by_key], dtype="<u8")
            self._numbers_of_keys = np.array([number for _, number in by_key], dtype=np.int64)
            at = self._keys.searchsorted(keys)
        return self._numbers_of_keys[at]

    def _knows(self, tag: bytes) -> bool:
        if tag in self._numbers:
            return True
        prefix, label = tag[:2], tag[2:].decode("utf-8", errors="replace")
        if prefix not in (b"B-", b"I-") or label.split() != [label] or ":" in label or "|" in label:
            return False
        if label not in self.labels:
            self.labels.append(label)
        self._numbers[tag] = 2 * self.labels.index(label) + (prefix == b"B-")
        return True


def _labeled(block: SentenceBlock, begins_sentence: Flags, rows: Ints, numbers: Ints) -> PlainRows:
    """The block with the entities of its tags, which are not O in these rows."""
    begins, labels = (numbers & 1).astype(np.bool_), numbers >> 1
    follows = np.zeros(len(rows), dtype=np.bool_)  # the row before has a tag with the same label
    follows[1:] = (np.diff(rows) == 1) & (np.diff(labels) == 0) & ~begins_sentence[rows[1:]]
    at = np.flatnonzero(begins | ~follows)
    starts, ends = rows[at], rows[np.append(at[1:], len(rows))[: len(at)] - 1] + 1
    sentence_ends = np.cumsum(block.lengths)
    stray = sentence_ends.searchsorted(starts[~begins[at]], side="right")
    repaired = np.bincount(stray, minlength=len(block))
    are_iob1 = bool((begins[at] == follows[at]).all())
    labeled = block.with_entities(starts, ends, labels[at])
    return PlainRows(labeled, repaired, are_iob1, bool(follows[at].any()))


def _is_utf_8(data: bytes) -> bool:
    """Whether the bytes are UTF-8 without a byte order mark."""
    try:
        return data.isascii() or "\ufeff" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
