"""Write files of any format. The format is guessed from the file name, or given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO, cast

from xlner.core import lexicon
from xlner.core.alignment import Alignment
from xlner.core.files import open_output
from xlner.core.labeled_block import LabeledBlock
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock, one_by_one
from xlner.core.tags import Scheme
from xlner.errors import UsageError
from xlner.formats import conll, jsonl, pharaoh, text
from xlner.formats.format_names import known_format
from xlner.formats.line_formats import write_jsonl
from xlner.formats.registry import all_formats, format_named
from xlner.formats.writing import WriteOptions, write_each


def write_sentences(
    sentences: Iterable[Sentence | SentenceBlock],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write sentences to a file, or to standard output for `-`. Return their number.

    They can come in the blocks of `read_blocks`. `format` is one of `FORMATS` that has a writer; by default it is
    guessed from the file name. The file appears when it is complete.

    Raises `InputError` for a file that cannot be written, `UnknownNameError` for an unknown format, `UsageError` if the
    format cannot be guessed or is not one of sentences, and `MissingExtraError` if it needs a package that is not
    installed.

    >>> write_sentences([Sentence(("Ana", ",", "Vigo"))], "-", format="text")
    Ana, Vigo
    1
    """
    chosen = format_named(known_format(path, format))
    if chosen.writer is None:
        raise _cannot_be_written("sentences", chosen.name)
    if chosen.name == "jsonl":
        return write_jsonl(sentences, path, WriteOptions(scheme))
    return chosen.write(one_by_one(sentences), path, WriteOptions(scheme))


def write_lexicon(entries: Iterable[lexicon.LexiconEntry], path: str | Path) -> int:
    """Write the entries of a lexicon to a file, or to standard output for `-`. Return their number.

    >>> write_lexicon([lexicon.LexiconEntry("vive", "lives", 0.5)], "-")  # doctest: +NORMALIZE_WHITESPACE
    vive    lives   0.5
    1
    """
    with open_output(path) as stream:
        return write_each(entries, stream, lexicon.write)


def write_pairs(
    pairs: Iterable[Pair | LabeledBlock],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write pairs to a file, or to standard output for `-`. Return their number.

    `format` says what is written: `jsonl` everything, `pharaoh` the links, and any other one of `FORMATS` the labeled
    target sentence. By default it is guessed from the file name. The errors are those of `write_sentences`.

    >>> from xlner import Alignment
    >>> pair = Pair(Sentence(("Ola",)), Sentence(("Hello",)), Alignment(((0, 0),)))
    >>> write_pairs([pair], "-", format="pharaoh")
    0-0
    1
    """
    chosen = format_named(known_format(path, format))
    options = WriteOptions(scheme, predicted=True)
    if chosen.pair_writer is not None:
        return chosen.write_pairs(cast("Iterable[Pair]", pairs), path, options)  # blocks are CoNLL
    if chosen.writer is None:
        raise _cannot_be_written("pairs", chosen.name)
    return chosen.write(cast("Iterable[Sentence]", _results(pairs)), path, options)


def line_writer(format: str, scheme: Scheme | str = Scheme.IOB2) -> Callable[[TextIO, Pair], object] | None:
    """The function that writes one pair in a format of lines or blocks; None for any other format.

    What it writes of many pairs, one after the other, is what `write_pairs` writes.

    >>> line_writer("csv") is None
    True
    """
    writers: dict[str, Callable[[TextIO, Pair], object]] = {
        "jsonl": partial(jsonl.write_pair, scheme=scheme),
        "conll": lambda stream, pair: conll.write_sentence(stream, _result(pair), scheme),
        "conllu": lambda stream, pair: conll.write_conllu(stream, _result(pair), scheme),
        "pharaoh": lambda stream, pair: pharaoh.write(stream, pair.alignment or Alignment(())),
        "text": lambda stream, pair: text.write_sentence(stream, _result(pair)),
    }
    return writers.get(format)


def _results(pairs: Iterable[Pair | LabeledBlock]) -> Iterator[Sentence | LabeledBlock]:
    """The labeled target sentences, and blocks as they are."""
    for pair in pairs:
        yield pair if isinstance(pair, LabeledBlock) else _result(pair)


def _result(pair: Pair) -> Sentence:
    """The labeled target sentence, with its error in its meta."""
    sentence = pair.labeled
    return sentence if pair.error is None else replace(sentence, meta={**sentence.meta, "error": pair.error})


def _cannot_be_written(what: str, format: str) -> UsageError:
    known = [f.name for f in all_formats().values() if f.writer is not None or (what == "pairs" and f.pair_writer)]
    return UsageError(f"{what} cannot be written as {format!r}", hint=f"use one of {', '.join(known)}")
