"""Files of the formats that hold one sentence per line or block: opened, read and written line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from xlner.core.alignment import Alignment
from xlner.core.files import open_output, require_content
from xlner.core.lines import Line, read_lines
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.errors import InputError
from xlner.formats import conll, jsonl, pharaoh, text
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.writing import WriteOptions, write_each, write_whole


def _lines(path: str | Path) -> Iterator[Line]:
    require_content(path)
    return read_lines(path)


def read_conll(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of CoNLL columns."""
    return conll.ConllReader(str(path), options, report).read(_lines(path))


def read_conll_blocks(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item | SentenceBlock]:
    """Yield the sentences of CoNLL columns, many of them at once where the lines are plain."""
    return conll.ConllReader(str(path), options, report).read_blocks(_lines(path))


def read_conllu(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of CoNLL-U."""
    return conll.ConllReader(str(path), options, report, conllu=True).read(_lines(path))


def read_jsonl(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of JSON."""
    return jsonl.read(_lines(path), str(path), options, report)


def read_text(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of plain text. Raises `InputError` if labels are required."""
    lines = _lines(path)
    if options.require_tags:
        raise InputError(
            "plain text has no entities",
            path=path,
            hint="give CoNLL or JSONL with labels; xlner recognize writes them",
        )
    return text.read(lines, options, report)


def write_conll(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write sentences as CoNLL columns; return their number."""
    with open_output(path) as stream:
        return write_each(sentences, stream, partial(conll.write_sentence, scheme=options.scheme))


def write_conllu(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write sentences as CoNLL-U; return their number."""
    with open_output(path) as stream:
        return write_each(sentences, stream, partial(conll.write_conllu, scheme=options.scheme))


def write_jsonl(sentences: Iterable[Sentence | SentenceBlock], path: str | Path, options: WriteOptions) -> int:
    """Write sentences as JSON lines, whole blocks of them at once; return their number."""
    write = partial(jsonl.write_sentence, scheme=options.scheme)
    number = 0
    with open_output(path) as stream:
        for item in sentences:
            if isinstance(item, Sentence):
                number += 1
                write_whole(stream, item, number, write)
            else:
                stream.write(jsonl.lines_of(item, options.scheme))
                number += len(item)
    return number


def write_jsonl_pairs(pairs: Iterable[Pair], path: str | Path, options: WriteOptions) -> int:
    """Write pairs as JSON lines; return their number."""
    with open_output(path) as stream:
        return write_each(pairs, stream, partial(jsonl.write_pair, scheme=options.scheme))


def write_text(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write the texts of sentences; return their number."""
    with open_output(path) as stream:
        return write_each(sentences, stream, text.write_sentence)


def write_links(pairs: Iterable[Pair], path: str | Path, options: WriteOptions) -> int:
    """Write the word links of pairs; return their number."""
    with open_output(path) as stream:
        return write_each(pairs, stream, _write_links)


def _write_links(stream: TextIO, pair: Pair) -> None:
    pharaoh.write(stream, pair.alignment or Alignment(()))
