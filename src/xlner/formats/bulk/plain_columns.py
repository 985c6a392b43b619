"""A plain block of CoNLL columns as arrays: where its words are, and its entities."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from xlner.formats.bulk.tag_runs import TagRuns
from xlner.formats.conll.blocks import DOCSTART
from xlner.formats.conll.layout import Layout
from xlner.formats.conll.writer import are_written_as_they_are

Ints = NDArray[np.int64]
_LF, _TAB, _SPACE, _HASH, _O = b"\n\t #O"
_DOCSTART = b"\n" + DOCSTART.encode()
_NOT_PLAIN = (b"\0", b"\r", codecs.BOM_UTF8, _DOCSTART)


@dataclass(frozen=True, slots=True)
class PlainColumns:
    """The rows of a plain block of CoNLL columns.

    - `data`: the block, with LF after each row, and a blank line after each sentence.
    - `word_starts`, `word_ends`: the position in `data` of the word of each row, shape `(n_rows,)`.
    - `tag_starts`, `tag_ends`: likewise of its tag; those of the word if there are no tags.
    - `offsets`: the rows of sentence `i` are `offsets[i]:offsets[i + 1]`, shape `(n_sentences + 1,)`.
    - `entity_starts`, `entity_ends`, `entity_labels`: the words of each entity, counted within its sentence, and its
      label, an index into the `labels` of the `TagRuns`. The entities of sentence `i` are
      `entity_offsets[i]:entity_offsets[i + 1]`.
    - `runs`: the number of each run of tags, see `TagRuns.note_schemes`.
    """

    data: bytes
    word_starts: Ints
    word_ends: Ints
    tag_starts: Ints
    tag_ends: Ints
    offsets: Ints
    entity_starts: Ints
    entity_ends: Ints
    entity_labels: Ints
    entity_offsets: Ints
    runs: list[int]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """The number of words of each sentence."""
        return np.diff(self.offsets)

    def words(self, sentence: int) -> list[str]:
        """The words of one sentence."""
        rows = slice(self.offsets[sentence], self.offsets[sentence + 1])
        places = zip(self.word_starts[rows].tolist(), self.word_ends[rows].tolist(), strict=True)
        return [self.data[start:end].decode() for start, end in places]


def plain_columns(data: bytes, width: int, layout: Layout, tags: TagRuns) -> PlainColumns | None:
    """The rows of a block that ends with a blank line; None if the block is not plain.

    Rows have `width` cells, separated by single tabs if the block has any, else by single spaces. The layout has no
    numbers of words, no attributes and no watched columns.

    >>> found = plain_columns(b"Ana\\tB-PER\\nvive\\tO\\n\\n", 2, Layout(0, 1), TagRuns())
    >>> found.words(0), found.entity_ends.tolist()
    (['Ana', 'vive'], [1])
    >>> plain_columns(b"# id = 7\\nAna\\tB-PER\\n\\n", 2, Layout(0, 1), TagRuns()) is None
    True
    """
    if not _is_text(data):
        return None
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == _LF)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    blank = starts == ends
    last = np.flatnonzero(blank)  # the lines after sentences
    if not len(last) or last[-1] != len(ends) - 1 or last[0] == 0 or (np.diff(last) == 1).any():
        return None
    row_starts, row_ends = starts[~blank], ends[~blank]
    cells = _cells(data, array, row_starts, row_ends, width)
    if cells is None:
        return None
    bounds = (
        np.concatenate((row_starts[:, None], cells + 1), axis=1),
        np.concatenate((cells, row_ends[:, None]), axis=1),
    )
    offsets = np.concatenate(([0], last - np.arange(len(last))))
    word_starts, word_ends = bounds[0][:, layout.token], bounds[1][:, layout.token]
    tag = layout.token if layout.tag is None else layout.tag
    tag_starts, tag_ends = bounds[0][:, tag], bounds[1][:, tag]
    if (word_ends <= word_starts).any() or (tag_ends <= tag_starts).any():
        return None
    rows = np.zeros(0, np.int64)
    if layout.tag is not None:
        rows = np.flatnonzero((tag_ends - tag_starts != 1) | (array[tag_starts] != _O))
    labeled = [data[a:b] for a, b in zip(tag_starts[rows].tolist(), tag_ends[rows].tolist(), strict=True)]
    entities = _entities(rows, labeled, offsets, tags)
    if entities is None:
        return None
    return PlainColumns(data, word_starts, word_ends, tag_starts, tag_ends, offsets, *entities)


def as_two_columns(found: PlainColumns) -> PlainColumns | None:
    """The same sentences with a word, a tab and a tag in each row; None if they may not be written so.

    >>> as_two_columns(plain_columns(b"Ana NNP x O\\n\\n", 4, Layout(0, 3), TagRuns())).data
    b'Ana\\tO\\n\\n'
    """
    data = found.data
    if data.count(b"\t") == len(found.word_starts) and (found.word_ends + 1 == found.tag_starts).all():
        return found if are_written_as_they_are(data) else None
    words = [data[a:b] for a, b in zip(found.word_starts.tolist(), found.word_ends.tolist(), strict=True)]
    sentences = [words[a:b] for a, b in pairwise(found.offsets.tolist())]
    made = b"".join(b"\tO\n".join(sentence) + b"\tO\n\n" for sentence in sentences)
    return plain_columns(made, 2, Layout(0, 1), TagRuns()) if are_written_as_they_are(made) else None


def _is_text(data: bytes) -> bool:
    """Whether a block has no document mark, no mark of byte order, no NUL or CR, and is UTF-8."""
    if any(other in data for other in _NOT_PLAIN) or data.startswith(_DOCSTART[1:]):
        return False
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cells(data: bytes, array: NDArray[np.uint8], starts: Ints, ends: Ints, width: int) -> Ints | None:
    """The positions of the separators in each row, shape `(n_rows, width - 1)`; None unless all rows are plain."""
    separator, other = (_TAB, b" ") if b"\t" in data else (_SPACE, b"\t")
    first = array[starts]
    if other in data or (first == _HASH).any() or (first == separator).any():
        return None
    found = np.flatnonzero(array == separator)
    if len(found) != len(starts) * (width - 1):
        return None
    cells = found.reshape(len(starts), width - 1)
    if width > 1 and not ((cells[:, 0] > starts).all() and (cells[:, -1] < ends - 1).all()):
        return None
    if separator == _SPACE and width > 2 and (np.diff(cells, axis=1) == 1).any():
        return None
    return cells


def _entities(
    rows: Ints, cells: Sequence[bytes], offsets: Ints, tags: TagRuns
) -> tuple[Ints, Ints, Ints, Ints, list[int]] | None:
    """Starts, ends and labels of entities, their offsets, and the numbers of runs; None if a tag is not plain.

    `rows` are those with another tag than O, and `cells` their tags.
    """
    sentence = np.searchsorted(offsets, rows, side="right") - 1
    begins = np.empty(len(rows), bool)
    begins[:1] = True
    begins[1:] = (np.diff(rows) != 1) | (np.diff(sentence) != 0)
    first = np.flatnonzero(begins)
    bounds = [*first.tolist(), len(cells)]
    runs = [tuple(cells[start:end]) for start, end in pairwise(bounds)]
    numbers = tags.numbers(runs)
    if numbers is None:
        return None
    found = tags.entities(numbers)
    at = rows[first] - offsets[sentence[first]]
    counts = np.bincount(sentence[first][found.run], minlength=len(offsets) - 1)
    shift = at[found.run]
    entity_offsets = np.concatenate(([0], np.cumsum(counts)))
    return found.start + shift, found.end + shift, found.label, entity_offsets, numbers
