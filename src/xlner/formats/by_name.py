"""Read and write files of any format. The format is guessed from the file name, or given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

from xlner.core import lexicon
from xlner.core.alignment import Alignment, GoldAlignment
from xlner.core.files import STANDARD_STREAM, open_output, require_content
from xlner.core.labels import LabelMap
from xlner.core.lines import head_lines, read_lines, shown_name
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError, UsageError
from xlner.formats import conll, gold_alignments, jsonl, link_files, parquet, pharaoh, text
from xlner.formats.columns import Column, Columns
from xlner.formats.datasets import is_spec, locate
from xlner.formats.datasets.read import read_located
from xlner.formats.detection import detect
from xlner.formats.link_files import Links
from xlner.formats.reading import WORDS, Item, ReadOptions, ReadReport, warn_of_data
from xlner.formats.relabeling import relabeled
from xlner.formats.writing import write_each
from xlner.text.languages import canonical
from xlner.text.segmenters import segmenter_named
from xlner.text.tokenizer import Segmenter

_SUFFIXES = {
    ".conll": "conll",
    ".conll02": "conll",
    ".conll03": "conll",
    ".conllu": "conllu",
    ".conllup": "conll",
    ".v4_gold_conll": "conll",
    ".v4_auto_conll": "conll",
    ".gold_conll": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".tsv": "conll",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".talp": "pharaoh",
    ".pharaoh": "pharaoh",
    ".parquet": "parquet",
}
_NO_TEXT = {
    ".csv": "CSV",
    ".xls": "a table of an office program",
    ".xlsx": "a table of an office program",
    ".ods": "a table of an office program",
    ".doc": "a document of an office program",
    ".docx": "a document of an office program",
    ".odt": "a document of an office program",
    ".rtf": "a document of an office program",
    ".pdf": "a PDF document",
    ".html": "HTML",
    ".htm": "HTML",
    ".xml": "XML",
    ".ann": "annotations of brat",
}
FORMATS = ("conll", "conllu", "jsonl", "text", "pharaoh", "parquet")
"""The names of the formats."""
COLUMN_FORMATS = ("conll", "conllu")
"""The formats with columns."""


def format_of(
    path: str | Path, default: str | None = None, *, formats: Sequence[str] = FORMATS, option: str | None = None
) -> str:
    """Guess the format of a file from its name.

    Returns `default` for an unknown suffix, and raises `UsageError` if that is None. The error names the `option` that
    takes one of the `formats`.

    >>> format_of("data/es.train.iob2"), format_of("es.jsonl.gz")
    ('conll', 'jsonl')
    """
    if is_spec(path):
        return "conll"
    suffix = _suffix(path)
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if default is not None:
        return default
    suffixes = " ".join(suffix for suffix, format in _SUFFIXES.items() if format in formats)
    named = "name the format" if option is None else f"give {option}"
    raise UsageError(
        f"cannot tell the format of {str(path)!r} from its name",
        hint=f"{named} ({', '.join(formats)}) or use one of the suffixes {suffixes}",
    )


def _suffix(path: str | Path) -> str:
    name = Path(path)
    return name.with_suffix("").suffix.lower() if name.suffix == ".gz" else name.suffix.lower()


def detect_format(path: str | Path, given: str | None = None, default: str | None = None) -> str:
    """The format of an input: as given, or guessed from its name and its first lines.

    The first lines decide where the name says text, CoNLL or nothing: a file of tags or JSON is not text, whatever its
    name says, and a `DataWarning` says so. Returns `default` for an unknown suffix; that of standard input and of a
    name without suffix is text.

    Raises `UnknownNameError` for an unknown format, `UsageError` for an unknown suffix without a default, and
    `InputError` for a file that cannot be read or looks like something else, such as CSV.

    >>> detect_format("examples/es.txt"), detect_format("es.txt", given="conll")
    ('text', 'conll')
    """
    if given is not None:
        return _format(path, given)
    if default is None and str(path) == STANDARD_STREAM:
        default = "text"
    named = format_of(path, default=default or "")
    if named not in ("text", "", *COLUMN_FORMATS) or is_spec(path):
        return named
    shown = shown_name(path)
    chosen = f"--input-format {named or 'text'} reads it as {named or 'text'}"
    what = _NO_TEXT.get(_suffix(path))
    if what is not None:
        raise InputError(
            f"this is {what}", path=shown, hint=f"write CoNLL, JSONL or one sentence per line; or {chosen}"
        )
    require_content(path)
    look = detect(head_lines(path))
    if look is None or (named in COLUMN_FORMATS and (look.format == "conll" or look.has_tabs)):
        if not named and not _suffix(path):
            return "text"
        return named or format_of(path, formats=(*COLUMN_FORMATS, "jsonl", "text"), option="--input-format")
    if look.format is None:
        raise InputError(f"this looks like {look.what}", path=shown, hint=f"{look.hint}; or {chosen}")
    warn_of_data(f"{shown} looks like {look.what}, and is read as {look.format}; {chosen}")
    return look.format


def read_sentences(
    path: str | Path,
    *,
    format: str | None = None,
    language: str | None = None,
    scheme: Scheme | str = Scheme.AUTO,
    repair: Repair | str = Repair.CONLLEVAL,
    require_tags: bool = False,
    tag_names: Sequence[str] | None = None,
    label_map: LabelMap | str | None = None,
    columns: str | Mapping[str, Column] | Columns | None = None,
    words: str | None = None,
    segmenter: Segmenter | str | None = None,
    report: ReadReport | None = None,
) -> Iterator[Item]:
    """Read the sentences of a file, of a data set or of standard input, in order.

    - `path`: a file, the spec of a data set (`NAME:FOLDER?lang=CODE&split=SPLIT`, see `xlner.formats.datasets`), or `-`
      for standard input.
    - `format`: one of `FORMATS`; by default guessed, see `detect_format`.
    - `language`: a language code for all sentences.
    - `scheme`, `repair`: how to decode tags, see `xlner.core.tags.decode`.
    - `require_tags`: refuse sentences without labels.
    - `tag_names`: the names of numeric tags, in order.
    - `label_map`: other labels for the entities, such as `PERSON=PER,GPE=LOC`; see `xlner.LabelMap`.
    - `columns`: the columns of the words and the tags of CoNLL, such as `token=2,tag=5`; see `Columns`.
    - `words`: how text becomes words: by the `tokenizer`, the default, or at `spaces` if it is tokenized already.
    - `segmenter`: splits scripts without spaces into words: a function, or a name such as `jieba`.
    - `report`: counts sentences, errors and repaired tags while reading.

    A sentence that cannot be read is yielded as an `InputError`; `raise_errors` raises these. Raises `InputError` for a
    file that cannot be read or is empty or whose columns are not certain, `UnknownNameError` for an unknown format, and
    `UsageError` if the format cannot be guessed or is not one of sentences, or if it has no columns to name.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".conll") as file:
    ...     _ = file.write("Ana B-PER\\nvive O\\n"), file.flush()
    ...     [sentence.tags() for sentence in read_sentences(file.name)]
    [['B-PER', 'O']]
    """
    report = ReadReport() if report is None else report
    language = None if language is None else canonical(language)
    chosen = None if columns is None else Columns.parse(columns)
    names = None if tag_names is None else tuple(tag_names)
    found = segmenter_named(segmenter) if isinstance(segmenter, str) else segmenter
    options = ReadOptions(scheme, repair, require_tags, language, names, chosen, _known_words(words), found)
    return relabeled(_read_sentences(path, format, options, report), label_map, path)


def _read_sentences(path: str | Path, format: str | None, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    if is_spec(path):
        return read_located(locate(str(path)), options, report)
    format = detect_format(path, format)
    if options.columns is not None:
        _require_columns(options.columns, format)
    require_content(path)
    if format == "parquet":
        return parquet.read(path, options, report)
    lines = read_lines(path)
    if format in COLUMN_FORMATS:
        return conll.ConllReader(str(path), options, report, conllu=format == "conllu").read(lines)
    if format == "jsonl":
        return jsonl.read(lines, str(path), options, report)
    if format == "text":
        if options.require_tags:
            raise InputError(
                "plain text has no entities",
                path=path,
                hint="give CoNLL or JSONL with labels, or name a recognizer: --recognizer multilingual",
            )
        return text.read(lines, options, report)
    raise UsageError(f"sentences cannot be read from format {format!r}", hint="use conll, jsonl or text")


def has_columns(path: str | Path, format: str | None = None) -> bool:
    """Return True if the columns of a file can be named.

    >>> has_columns("examples/es.conll"), has_columns("es.jsonl")
    (True, False)
    """
    return detect_format(path, format, "text") in COLUMN_FORMATS


def _require_columns(columns: Columns, format: str) -> None:
    """Raise `UsageError` if a format has no columns, or if two columns of tags are named for one reader."""
    if format not in COLUMN_FORMATS:
        raise UsageError(f"{format} has no columns to name", hint="leave out --columns")
    if columns.gold is not None or columns.predicted is not None:
        raise UsageError("gold and predicted are columns to compare", hint="name one column: --columns tag=N")


def read_pairs(
    path: str | Path,
    *,
    scheme: Scheme | str = Scheme.AUTO,
    repair: Repair | str = Repair.CONLLEVAL,
    require_tags: bool = False,
    tag_names: Sequence[str] | None = None,
    label_map: LabelMap | str | None = None,
    report: ReadReport | None = None,
) -> Iterator[Pair | InputError]:
    """Read the pairs of a JSONL file from xlner, in order. The options are those of `read_sentences`.

    A pair that cannot be read is yielded as an `InputError`. Raises `InputError` for a file that cannot be read.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
    ...     _ = write_pairs([Pair(Sentence(("Ola",)), Sentence(("Hello",)))], file.name)
    ...     [pair.source.tokens for pair in read_pairs(file.name)]
    [('Hello',)]
    """
    options = ReadOptions(scheme, repair, require_tags, None, None if tag_names is None else tuple(tag_names))
    return relabeled(jsonl.read_pairs(read_lines(path), str(path), options, report), label_map, path)


def input_files(path: str | Path) -> tuple[Path, ...]:
    """The files of a path or of the spec of a data set."""
    return locate(str(path)).files if is_spec(path) else (Path(path),)


def read_alignments(path: str | Path, *, one_based: bool = False) -> Iterator[Alignment | InputError]:
    """Read the links of each pair, in any of the formats of `xlner.formats.link_files`.

    A line that cannot be read is yielded as an `InputError`. Words are numbered from 0, or from 1 with `one_based`.
    Raises `InputError` for a file that cannot be read or is empty.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".talp") as file:
    ...     _ = file.write("0-0 1-2\\n"), file.flush()
    ...     [alignment.links for alignment in read_alignments(file.name)]
    [((0, 0), (1, 2))]
    """
    require_content(path)
    return pharaoh.read(read_lines(path), path=str(path), one_based=one_based)


def read_links(path: str | Path, *, one_based: bool = False) -> Iterator[Links | InputError]:
    """Read the links of each line with all that the file says about them, see `xlner.formats.link_files`.

    The errors are those of `read_alignments`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".talp") as file:
    ...     _ = file.write("0-0:0.5 1p2:0.25\\n"), file.flush()
    ...     next(read_links(file.name)).weights
    (0.5, 0.25)
    """
    require_content(path)
    return link_files.read(read_lines(path), path=str(path), one_based=one_based)


def read_gold_alignments(path: str | Path, *, one_based: bool = False) -> Iterator[GoldAlignment | InputError]:
    """Read the sure and possible links of each pair, in any of the formats of `xlner.formats.link_files`.

    A line that cannot be read is yielded as an `InputError`. Words are numbered from 0, or from 1 with `one_based`.
    Raises `InputError` for a file that cannot be read or is empty.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".gold") as file:
    ...     _ = file.write("0-0 1p2\\n"), file.flush()
    ...     [sorted(alignment.possible - alignment.sure) for alignment in read_gold_alignments(file.name)]
    [[(1, 2)]]
    """
    require_content(path)
    return gold_alignments.read(read_lines(path), path=str(path), one_based=one_based)


def read_lexicon(path: str | Path) -> Iterator[lexicon.LexiconEntry | InputError]:
    """Read the entries of a lexicon, see `xlner.core.lexicon`.

    A line that cannot be read is yielded as an `InputError`. Raises `InputError` for a file that cannot be read or is
    empty.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".tsv") as file:
    ...     _ = file.write("vive\\tlives\\t0.5\\n"), file.flush()
    ...     list(read_lexicon(file.name))
    [LexiconEntry(source='vive', target='lives', weight=0.5)]
    """
    require_content(path)
    return lexicon.read(read_lines(path), path=str(path))


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
    format = _format(path, format)
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
    format = _format(path, format)
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


def _format(path: str | Path, format: str | None) -> str:
    if format is None:
        return format_of(path, default="text" if str(path) == STANDARD_STREAM else None)
    if format not in FORMATS:
        raise UnknownNameError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
    return format


def _known_words(words: str | None) -> str:
    if words is None:
        return WORDS[0]
    if words not in WORDS:
        raise UnknownNameError(f"unknown words {words!r}", hint=f"one of {', '.join(WORDS)}")
    return words
