"""Plain rows as they are written: a word, a tab and a tag."""

from __future__ import annotations

from itertools import pairwise

from xlner.formats.conll.plain import PlainReader, PlainRows
from xlner.formats.conll.writer import are_written_as_they_are


def as_two_columns(found: PlainRows) -> PlainRows | None:
    """The same sentences with a word, a tab and a tag in each row; None if they may not be written so.

    Where rows are made anew, their tags are O.

    >>> as_two_columns(PlainReader(4, 0, 3).read(b"Ana NNP x B-PER\\n\\n")).data
    b'Ana\\tO\\n\\n'
    """
    data = found.data
    if data.count(b"\t") == len(found.word_starts) and (found.word_ends + 1 == found.tag_starts).all():
        return found if are_written_as_they_are(data) else None
    words = [data[a:b] for a, b in zip(found.word_starts.tolist(), found.word_ends.tolist(), strict=True)]
    sentences = [words[a:b] for a, b in pairwise(found.offsets.tolist())]
    made = b"".join(b"\tO\n".join(sentence) + b"\tO\n\n" for sentence in sentences)
    return PlainReader(2, 0, 1).read(made, found.line) if are_written_as_they_are(made) else None
