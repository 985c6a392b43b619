"""Write sentences as two columns, or as the ten columns of CoNLL-U."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.formats.conll import comments, misc
from xlner.formats.conll.blocks import DOCSTART
from xlner.formats.conll.layout import CONLLU, is_word

_LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*:.")
_FIRST_PREFIX = re.compile(rf"(?:\A|\n\n){_LANGUAGE_PREFIX.pattern}".encode())


def write_sentence(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write a sentence as two tab-separated columns, after its comments."""
    if sentence.meta.get("docstart"):
        stream.write(f"{DOCSTART}\tO\n\n")
    unsafe = comments.unsafe(sentence.tokens)
    if DOCSTART in sentence.tokens:
        unsafe |= {i: t for i, t in enumerate(sentence.tokens) if t == DOCSTART}
    if sentence.tokens and all(map(_LANGUAGE_PREFIX.match, sentence.tokens)):
        unsafe[0] = sentence.tokens[0]  # without it, the reader would remove the prefixes
    _write_comments(stream, sentence, unsafe)
    cells: Sequence[str] = sentence.tokens
    if unsafe:
        cells = [_cell(token) if i in unsafe else token for i, token in enumerate(sentence.tokens)]
    rows = [f"{cell}\t{tag}\n" for cell, tag in zip(cells, sentence.tags(scheme), strict=True)]
    stream.write("".join([*rows, "\n"]))


def are_written_as_they_are(rows: bytes) -> bool:
    """True if sentences are surely written as these rows of two columns, which have no spaces and no comments.

    >>> are_written_as_they_are(b"Vigo\\tO\\n\\n"), are_written_as_they_are(b"en:Vigo\\tO\\n\\n")
    (True, False)
    """
    has_prefix = b":" in rows and _FIRST_PREFIX.search(rows)
    return comments.are_safe(rows) and not has_prefix and DOCSTART.encode() not in rows


def write_conllu(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write a sentence as CoNLL-U, with its tags as `NER=` in the column MISC, after its comments.

    The other columns are those of the file that the sentence was read from, if that was CoNLL-U, or empty.
    """
    if sentence.meta.get("docstart"):
        stream.write("# newdoc\n")
    unsafe = comments.unsafe(sentence.tokens)
    _write_comments(stream, sentence, unsafe)
    forms = [_cell(token) if i in unsafe else token for i, token in enumerate(sentence.tokens)]
    rows = _given_rows(sentence, forms) or _new_rows(sentence, forms)
    tags = iter(sentence.tags(scheme))
    name = next((name for row in rows for name in misc.entity_attributes(row[-1])), "NER")
    for row in rows:
        if is_word(row[0]):
            row[-1] = misc.with_attribute(row[-1], name, misc.escaped(next(tags)))
    stream.writelines("\t".join(row) + "\n" for row in rows)
    stream.write("\n")


def _given_rows(sentence: Sentence, forms: Sequence[str]) -> list[list[str]] | None:
    """The rows that a sentence was read from, if its words are still the same."""
    given = sentence.meta.get("conllu")
    if not isinstance(given, (tuple, list)):
        return None
    rows = [line.split("\t") for line in given if isinstance(line, str) and comments.is_row(line)]
    if any(len(row) != len(CONLLU) for row in rows) or [row[1] for row in rows if is_word(row[0])] != list(forms):
        return None
    return rows


def _new_rows(sentence: Sentence, forms: Sequence[str]) -> list[list[str]]:
    spaces = _spaces(sentence)
    empty = ["_"] * (len(CONLLU) - 3)
    return [
        [str(i), form, *empty, "_" if space else "SpaceAfter=No"]
        for i, (form, space) in enumerate(zip(forms, spaces, strict=True), start=1)
    ]


def _write_comments(stream: TextIO, sentence: Sentence, unsafe: dict[int, str]) -> None:
    stream.writelines(f"{comment}\n" for comment in comments.lines_of(sentence, unsafe))


def _cell(token: str) -> str:
    return "\u00a0" + comments.cell(token)[1:] if token == DOCSTART else comments.cell(token)


def _spaces(sentence: Sentence) -> Sequence[bool]:
    """For each token, whether a space follows it in the text, or there is no text that could tell."""
    if not sentence.offsets:
        return [True] * len(sentence)
    starts = [start for start, _ in sentence.offsets[1:]]
    return [end < start for (_, end), start in zip(sentence.offsets, starts, strict=False)] + [True]
