"""Reading and writing by file name, whatever the format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from xlner.core import lexicon
from xlner.core.alignment import Alignment, GoldAlignment
from xlner.core.files import STANDARD_STREAM, open_output, read_lines, require_content
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError
from xlner.formats import conll, gold, jsonl, parquet, pharaoh, text
from xlner.formats.datasets import is_spec, locate
from xlner.formats.datasets.read import read_located
from xlner.formats.reading import FORMATS, Item, ReadOptions, ReadReport, format_of
from xlner.text.languages import canonical


def read_sentences(
    path: str | Path,
    *,
    format: str | None = None,
    language: str | None = None,
    scheme: Scheme | str = Scheme.AUTO,
    repair: Repair | str = Repair.CONLLEVAL,
    require_tags: bool = False,
    tag_names: Sequence[str] | None = None,
    report: ReadReport | None = None,
) -> Iterator[Item]:
    """Sentences of a file, of a data set's spec or of standard input (`-`), one item for each, in order.

    A spec is `NAME:FOLDER?lang=CODE&split=SPLIT`, see `xlner.formats.datasets`. `format` is told by the file name
    unless given; `require_tags` refuses sentences without labels. Raises `InputError` for a file that cannot be read
    or is empty, `UnknownNameError` where the format is not to be told; a bad sentence is yielded as an `InputError` in
    its place.
    """
    report = ReadReport() if report is None else report
    language = None if language is None else canonical(language)
    options = ReadOptions(scheme, repair, require_tags, language, None if tag_names is None else tuple(tag_names))
    if is_spec(path):
        return read_located(locate(str(path)), options, report)
    format = _format(path, format)
    require_content(path)
    if format == "parquet":
        return parquet.read(path, options, report)
    lines = read_lines(path)
    if format == "conll":
        return conll.ConllReader(str(path), options, report).read(lines)
    if format == "jsonl":
        return jsonl.read(lines, str(path), options, report)
    if format == "text":
        if require_tags:
            raise InputError("plain text has no entities", path=path, hint="give labeled sentences, CoNLL or JSONL")
        return _counted(text.read(lines, language=language), report)
    raise UnknownNameError(f"sentences cannot be read from format {format!r}", hint="use conll, jsonl or text")


def read_pairs(
    path: str | Path,
    *,
    scheme: Scheme | str = Scheme.AUTO,
    repair: Repair | str = Repair.CONLLEVAL,
    require_tags: bool = False,
    tag_names: Sequence[str] | None = None,
) -> Iterator[Pair | InputError]:
    """The pairs of a JSONL file that xlner wrote; options as `read_sentences` has them."""
    options = ReadOptions(scheme, repair, require_tags, None, None if tag_names is None else tuple(tag_names))
    return jsonl.read_pairs(read_lines(path), str(path), options)


def input_files(path: str | Path) -> tuple[Path, ...]:
    """The files that a path or the spec of a data set stands for."""
    return locate(str(path)).files if is_spec(path) else (Path(path),)


def read_alignments(path: str | Path, *, one_based: bool = False) -> Iterator[Alignment | InputError]:
    """The links of every line of a Pharaoh file; a bad line as an `InputError` in its place.

    Words count from 0, or from 1 with `one_based`.
    """
    require_content(path)
    return pharaoh.read(read_lines(path), path=str(path), one_based=one_based)


def read_gold_alignments(path: str | Path, *, one_based: bool = False) -> Iterator[GoldAlignment | InputError]:
    """Sure and possible links of every line of a Pharaoh or XL-WA file; a bad line as an `InputError` in its place.

    Words count from 0, or from 1 with `one_based`.
    """
    require_content(path)
    return gold.read(read_lines(path), path=str(path), one_based=one_based)


def read_lexicon(path: str | Path) -> Iterator[lexicon.LexiconEntry | InputError]:
    """The entries of a lexicon, see `xlner.core.lexicon`; a bad line as an `InputError` in its place."""
    require_content(path)
    return lexicon.read(read_lines(path), path=str(path))


def write_sentences(
    sentences: Iterable[Sentence],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write sentences to a file or to standard output (`-`); returns how many."""
    format = _format(path, format)
    count = 0
    with open_output(path) as stream:
        for sentence in sentences:
            _write_sentence(stream, sentence, format, scheme)
            count += 1
    return count


def write_lexicon(entries: Iterable[lexicon.LexiconEntry], path: str | Path) -> int:
    """Write the entries of a lexicon to a file or to standard output (`-`); returns how many."""
    count = 0
    with open_output(path) as stream:
        for entry in entries:
            lexicon.write(stream, entry)
            count += 1
    return count


def write_pairs(
    pairs: Iterable[Pair],
    path: str | Path,
    *,
    format: str | None = None,
    scheme: Scheme | str = Scheme.IOB2,
) -> int:
    """Write pairs to a file or to standard output (`-`); returns how many.

    `jsonl` keeps everything, `conll` the labeled target, `pharaoh` the links, `text` the target text.
    """
    format = _format(path, format)
    count = 0
    with open_output(path) as stream:
        for pair in pairs:
            _write_pair(stream, pair, format, scheme)
            count += 1
    return count


def _write_pair(stream: TextIO, pair: Pair, format: str, scheme: Scheme | str) -> None:
    if format == "jsonl":
        jsonl.write_pair(stream, pair, scheme)
    elif format == "conll":
        conll.write_pair(stream, pair, scheme)
    elif format == "pharaoh":
        pharaoh.write(stream, pair.alignment or Alignment(()))
    else:
        text.write_sentence(stream, pair.target)


def _write_sentence(stream: TextIO, sentence: Sentence, format: str, scheme: Scheme | str) -> None:
    if format == "conll":
        conll.write_sentence(stream, sentence, scheme)
    elif format == "jsonl":
        jsonl.write_sentence(stream, sentence, scheme)
    elif format == "text":
        text.write_sentence(stream, sentence)
    else:
        raise UnknownNameError(f"sentences cannot be written as {format!r}", hint="use conll, jsonl or text")


def _format(path: str | Path, format: str | None) -> str:
    if format is None:
        return format_of(path, default="text" if str(path) == STANDARD_STREAM else None)
    if format not in FORMATS:
        raise UnknownNameError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
    return format


def _counted(items: Iterable[Item], report: ReadReport) -> Iterator[Item]:
    for item in items:
        report.bad += isinstance(item, InputError)
        report.sentences += isinstance(item, Sentence)
        yield item
