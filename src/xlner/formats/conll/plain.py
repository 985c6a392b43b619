"""Plain rows as arrays: words with tags such as `O`, `B-PER` and `S-PER`, and one blank line after each sentence.

What is not plain, such as comments, empty sentences and CRLF, is left to `xlner.formats.conll.reader`.
"""

from __future__ import annotations

from dataclasses import dataclass
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
_INSIDE, _BEGIN, _END, _SINGLE = range(4)
_ROLES = {"I": _INSIDE, "B": _BEGIN, "M": _INSIDE, "E": _END, "L": _END, "S": _SINGLE, "U": _SINGLE, "W": _SINGLE}
_IOB = 2
"""How many of these there are without marks of the end."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """The rows of whole sentences, and the facts about their tags that a `ReadReport` counts.

    - `data`: the lines; `line`: the number of the first one.
    - `word_starts`, `word_ends`: the position in `data` of the word of each row, shape `(n_rows,)`.
    - `tag_starts`, `tag_ends`: likewise of its tag; those of the word if there are no tags.
    - `offsets`: the rows of sentence `i` are `offsets[i]:offsets[i + 1]`, shape `(n_sentences + 1,)`.
    - `tagged`: the rows whose tag is not O.
    - `starts`, `ends`, `labels`: the first row of each entity, the row after its last one, and its label as a position
      in `names`.
    - `repaired`: for each sentence the number of tags inside or at the end of an entity that begin one.
    - `are_iob1`, `parted`: whether all entities begin as in IOB1, and whether a `B-` parts two of them.
    """

    data: bytes
    line: int
    word_starts: Ints
    word_ends: Ints
    tag_starts: Ints
    tag_ends: Ints
    offsets: Ints
    tagged: Ints
    starts: Ints
    ends: Ints
    labels: Ints
    names: tuple[str, ...]
    repaired: Ints
    are_iob1: bool
    parted: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """The number of words of each sentence."""
        return np.diff(self.offsets)

    @property
    def lines(self) -> Ints:
        """The first line of each sentence."""
        return self.line + self.offsets[:-1] + np.arange(len(self))

    def sentences_of(self, rows: Ints) -> Ints:
        """The sentence of each of these rows."""
        return self.offsets.searchsorted(rows, side="right") - 1

    def words(self, sentence: int) -> list[str]:
        """The words of one sentence."""
        rows = slice(self.offsets[sentence], self.offsets[sentence + 1])
        places = zip(self.word_starts[rows].tolist(), self.word_ends[rows].tolist(), strict=True)
        return [self.data[start:end].decode() for start, end in places]

    def block(self, language: str | None = None) -> SentenceBlock:
        """The sentences without their places in the file."""
        words = self._joined_words()
        found = (self.starts, self.ends, self.labels, self.names)
        return SentenceBlock(words, self.lengths, *found, lines=self.lines, language=language)

    def _joined_words(self) -> bytes:
        """The words, each with a line feed after it."""
        codes = np.frombuffer(self.data, np.uint8).copy()
        edges = np.zeros(len(codes) + 1, dtype=np.int8)
        edges[self.word_starts] = 1
        edges[self.word_ends + 1] -= 1  # where the next cell begins right there, both cancel out
        codes[self.word_ends] = _LF
        return codes[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)].tobytes()


class PlainReader:
    """Reads rows of words and tags.

    - `width`, `token`, `tag`: the number of columns, and the positions of the words and of the tags, if there are any.
    - `ends`: whether tags can mark the end of an entity, such as `E-PER`, or be those of all of it, such as `S-PER`.

    >>> found = PlainReader(2, 0, 1).read(b"Ana\\tB-PER\\nvive\\tO\\n\\n")
    >>> found.words(0), found.ends.tolist(), found.names
    (['Ana', 'vive'], [1], ('PER',))
    >>> PlainReader(2, 0, 1).read(b"# id = 7\\nAna\\tB-PER\\n\\n") is None
    True
    """

    def __init__(self, width: int, token: int, tag: int | None, *, ends: bool = False) -> None:
        self.columns = (width, token, tag)
        self._tags = _Tags(ends=ends)

    def read(self, data: bytes, line: int = 1) -> PlainRows | None:
        """The sentences of whole lines, of which `line` is the number of the first; None if they are not plain."""
        if not data.endswith(b"\n\n") or data[:1] == b"\n" or not is_text(data):
            return None
        width, token, tag = self.columns
        codes = np.frombuffer(data, np.uint8)
        lines = np.flatnonzero(codes == _LF)  # where they end
        before = np.empty_like(lines)
        before[0], before[1:] = -1, lines[:-1]
        is_row = lines - before > 1
        last = np.flatnonzero(~is_row)  # the blank lines
        if len(last) > 1 and (last[1:] - last[:-1] == 1).any():
            return None
        starts, ends = before[is_row] + 1, lines[is_row]
        separators = _separators(data, codes, starts, ends, width)
        if separators is None or _have_marks(data, codes[starts]):
            return None
        words = _cells(starts, separators, ends, token)
        tags = words if tag is None else _cells(starts, separators, ends, tag)
        if (words[1] <= words[0]).any() or (tags[1] <= tags[0]).any():
            return None
        offsets = np.zeros(len(last) + 1, np.int64)
        offsets[1:] = last - np.arange(len(last))
        found = _NO_TAGS if tag is None else self._tags.of(data, codes, *tags)
        if found is None:
            return None
        names = tuple(self._tags.labels)
        return PlainRows(data, line, *words, *tags, offsets, names=names, **_entities(offsets, found)._asdict())


def _separators(data: bytes, codes: Bytes, starts: Ints, ends: Ints, width: int) -> Ints | None:
    """Where the separators of each row are, shape `(n_rows, width - 1)`; None if the rows are not plain.

    They are single tabs, else single spaces; no row begins or ends with one.
    """
    separator, other = (_TAB, b" ") if b"\t" in data else (_SPACE, b"\t")
    if other in data:
        return None
    found = np.flatnonzero(codes == separator)
    if len(found) != len(starts) * (width - 1):
        return None
    rows = found.reshape(len(starts), width - 1)
    if width == 1:
        return rows
    if (rows[:, 0] <= starts).any() or (rows[:, -1] >= ends - 1).any():
        return None
    doubled = separator == _SPACE and width > 2 and (np.diff(rows, axis=1) == 1).any()
    return None if doubled else rows


def _cells(starts: Ints, separators: Ints, ends: Ints, column: int) -> tuple[Ints, Ints]:
    """Where the cells of a column start and end."""
    left = separators[:, column - 1] + 1 if column else starts
    return left, ends if column == separators.shape[1] else separators[:, column]


def _have_marks(data: bytes, first: Bytes) -> bool:
    """Whether a row, of which this is the first byte, can be a comment or the mark of a document."""
    if (first == _HASH).any():
        return True
    return bool((first == _DASH).any()) and DOCSTART.encode() in data


class _Found(NamedTuple):
    """The rows with a tag that is not O, the roles and the labels of these tags, and whether all are `B-` and `I-`."""

    rows: Ints
    roles: Ints
    labels: Ints
    are_iob: bool


_NO_TAGS = _Found(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), are_iob=True)


class _Tags:
    """The plain tags of a file. Each has a number: the position of its prefix, and that of its label times `_STEP`."""

    def __init__(self, *, ends: bool) -> None:
        self.labels: list[str] = []
        self._prefixes = "".join(_ROLES) if ends else "".join(_ROLES)[:_IOB]
        self._numbers: dict[bytes, int] = {}
        self._keys = np.zeros(0, dtype="<u8")  # the short tags in order, as integers, and their numbers
        self._numbers_of_keys = np.zeros(0, dtype=np.int64)

    def of(self, data: bytes, codes: Bytes, lefts: Ints, rights: Ints) -> _Found | None:
        """The tags in these places; None if one is not plain."""
        lengths = rights - lefts
        rows = np.flatnonzero((lengths != 1) | (codes[lefts] != _OUTSIDE))
        numbers = self._numbers_of(data, lefts[rows], lengths[rows])
        if numbers is None:
            return None
        labels, prefixes = np.divmod(numbers, len(_ROLES))
        return _Found(rows, _ROLE_OF[prefixes], labels, bool((prefixes < _IOB).all()))

    def _numbers_of(self, data: bytes, lefts: Ints, lengths: Ints) -> Ints | None:
        if not len(lefts):
            return lefts
        if lengths.max() > _KEY_BYTES:
            cells = [data[a:b] for a, b in zip(lefts.tolist(), (lefts + lengths).tolist(), strict=True)]
            if not all(map(self._knows, set(cells))):
                return None
            return np.array([self._numbers[cell] for cell in cells], dtype=np.int64)
        windows = np.ndarray(len(data), "<u8", data + bytes(_KEY_BYTES), strides=(1,))
        return self._of_keys(windows[lefts] & _MASKS[lengths])

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
        prefix, hyphen, label = tag[:1].decode("ascii", errors="replace"), tag[1:2], tag[2:].decode(errors="replace")
        is_plain = prefix and prefix in self._prefixes and hyphen == b"-"
        if not is_plain or label.split() != [label] or ":" in label or "|" in label:
            return False
        if label not in self.labels:
            self.labels.append(label)
        self._numbers[tag] = len(_ROLES) * self.labels.index(label) + self._prefixes.index(prefix)
        return True


_ROLE_OF = np.array(list(_ROLES.values()))


class _Entities(NamedTuple):
    """What `PlainRows` has about tags."""

    tagged: Ints
    starts: Ints
    ends: Ints
    labels: Ints
    repaired: Ints
    are_iob1: bool
    parted: bool


def _entities(offsets: Ints, found: _Found) -> _Entities:
    """The entities of these tags."""
    rows, roles, labels, are_iob = found
    follows = np.zeros(len(rows), dtype=np.bool_)  # the row before has an entity that can go on here
    follows[1:] = (rows[1:] - rows[:-1] == 1) & (labels[1:] == labels[:-1])
    sentence = offsets.searchsorted(rows, side="right")
    follows[1:] &= sentence[1:] == sentence[:-1]
    goes_on = (roles == _INSIDE) | (roles == _END)
    if not are_iob:
        follows[1:] &= (roles[:-1] == _INSIDE) | (roles[:-1] == _BEGIN)
    at = np.flatnonzero(~(goes_on & follows))
    starts, ends = rows[at], rows[np.append(at[1:], len(rows))[: len(at)] - 1] + 1
    stray = at[goes_on[at]]
    repaired = np.bincount(sentence[stray] - 1, minlength=len(offsets) - 1)
    parted = follows[at]
    are_iob1 = are_iob and bool((goes_on[at] != parted).all())
    return _Entities(rows, starts, ends, labels[at], repaired, are_iob1, bool(parted.any()))


def is_text(data: bytes) -> bool:
    """Whether the bytes are UTF-8 without a byte order mark, CR and NUL."""
    if b"\r" in data or b"\0" in data:
        return False
    try:
        return data.isascii() or "\ufeff" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
