"""Write files of any format. The format is guessed from the file name, or given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

from xlner.core import lexicon
from xlner.core.alignment import Alignment
from xlner.core.files import open_output
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import UsageError
from xlner.formats import conll, jsonl, pharaoh, text
from xlner.formats.format_names import known_format
from xlner.formats.writing import write_each


def write_sentences(
    sentences: Iterable[Sentence],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write sentences to a file, or to standard output for `-`. Return their number.

    `format` is `conll`, `conllu`, `jsonl` or `text`; by default it is guessed from the file name. The file appears when
    it is complete. Raises `InputError` for a file that cannot be written, `UnknownNameError` for an unknown format, and
    `UsageError` if the format cannot be guessed or is not one of sentences.

    >>> write_sentences([Sentence(("Ana", ",", "Vigo"))], "-", format="text")
    Ana, Vigo
    1
    """
    format = known_format(path, format)
    _require_format(format, "sentences", ("conll", "conllu", "jsonl", "text"))
    write = partial(_write_sentence, format=format, scheme=scheme)
    with open_output(path) as stream:
        return write_each(sentences, stream, write)


def write_lexicon(entries: Iterable[lexicon.LexiconEntry], path: str | Path) -> int:
    """Write the entries of a lexicon to a file, or to standard output for `-`. Return their number.

    >>> write_lexicon([lexicon.LexiconEntry("vive", "lives", 0.5)], "-")  # doctest: +NORMALIZE_WHITESPACE
    vive    lives   0.5
    1
    """
    with open_output(path) as stream:
        return write_each(entries, stream, lexicon.write)


def write_pairs(
    pairs: Iterable[Pair],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write pairs to a file, or to standard output for `-`. Return their number.

    `format` says what is written: `jsonl` everything, `conll` and `conllu` the labeled target sentence, `pharaoh` the
    links, `text` the text of the target sentence. By default it is guessed from the file name. The errors are those of
    `write_sentences`.

    >>> pair = Pair(Sentence(("Ola",)), Sentence(("Hello",)), Alignment(((0, 0),)))
    >>> write_pairs([pair], "-", format="pharaoh")
    0-0
    1
    """
    format = known_format(path, format)
    _require_format(format, "pairs", ("jsonl", "conll", "conllu", "pharaoh", "text"))
    write = partial(_write_pair, format=format, scheme=scheme)
    with open_output(path) as stream:
        return write_each(pairs, stream, write)


def _write_pair(stream: TextIO, pair: Pair, *, format: str, scheme: Scheme | str) -> None:
    if format == "jsonl":
        jsonl.write_pair(stream, pair, scheme)
    elif format == "conll":
        conll.write_pair(stream, pair, scheme)
    elif format == "conllu":
        conll.write_pair(stream, pair, scheme, conll.write_conllu)
    elif format == "pharaoh":
        pharaoh.write(stream, pair.alignment or Alignment(()))
    else:
        text.write_sentence(stream, pair.target)


def _write_sentence(stream: TextIO, sentence: Sentence, *, format: str, scheme: Scheme | str) -> None:
    if format == "conll":
        conll.write_sentence(stream, sentence, scheme)
    elif format == "conllu":
        conll.write_conllu(stream, sentence, scheme)
    elif format == "jsonl":
        jsonl.write_sentence(stream, sentence, scheme)
    else:
        text.write_sentence(stream, sentence)


def _require_format(format: str, what: str, formats: Sequence[str]) -> None:
    if format not in formats:
        raise UsageError(f"{what} cannot be written as {format!r}", hint=f"use one of {', '.join(formats)}")
