"""Read files of any format. The format is guessed from the file name and the first lines, or given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xlner.core import lexicon
from xlner.core.alignment import Alignment, GoldAlignment
from xlner.core.files import require_content
from xlner.core.labels import LabelMap
from xlner.core.lines import read_lines
from xlner.core.pair import Pair
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError, UsageError
from xlner.formats import gold_alignments, jsonl, link_files, pharaoh
from xlner.formats.columns import Column, Columns
from xlner.formats.datasets import is_spec, locate
from xlner.formats.datasets.read import read_located
from xlner.formats.format_names import DATA_FILES, NAMED_COLUMNS, detect_format, split_of_folder
from xlner.formats.line_formats import read_conll_blocks
from xlner.formats.link_files import Links
from xlner.formats.reading import WORDS, Item, ReadOptions, ReadReport
from xlner.formats.registry import Format, format_named, readable
from xlner.formats.relabeling import relabeled, relabeled_blocks
from xlner.text.languages import canonical
from xlner.text.segmenters import segmenter_named
from xlner.text.suggestions import names_hint
from xlner.text.tokenizer import Segmenter

_LEAST_LINKS = "give a line of links for each pair, empty ones included"


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
    - `columns`: the columns of the words and the tags of CoNLL or of a table, such as `token=2,tag=5`; see `Columns`.
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
    options = _options(
        scheme=scheme,
        repair=repair,
        require_tags=require_tags,
        language=language,
        tag_names=tag_names,
        columns=columns,
        words=words,
        segmenter=segmenter,
    )
    chosen = None if is_spec(path) else _readable(path, format, options)
    return relabeled(_sentences(path, chosen, options, report), label_map, path)


def read_blocks(
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
) -> Iterator[Item | SentenceBlock]:
    """Read the sentences of `read_sentences`, but many of them at once where a large CoNLL file is plain.

    Plain rows are words with tags `O`, `B-` and `I-`, without comments. What else there is comes as one sentence or
    `InputError` each, in order. The options and the errors are those of `read_sentences`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".conll") as file:
    ...     _ = file.write("Ana\\tB-PER\\nvive\\tO\\n\\n" * 10_000), file.flush()
    ...     sum(len(item) for item in read_blocks(file.name) if isinstance(item, SentenceBlock)) > 5_000
    True
    """
    options = _options(
        scheme=scheme,
        repair=repair,
        require_tags=require_tags,
        language=language,
        tag_names=tag_names,
        columns=columns,
        words=words,
        segmenter=segmenter,
    )
    chosen = None if is_spec(path) else _readable(path, format, options)
    labels = LabelMap.parse(label_map) if isinstance(label_map, str) else label_map
    if chosen is None or chosen.name != "conll" or (labels is not None and labels.trim):
        return relabeled(_sentences(path, chosen, options, report), labels, path)
    report = ReadReport() if report is None else report
    return relabeled_blocks(read_conll_blocks(path, options, report), labels, path)


def _options(
    *,
    scheme: Scheme | str,
    repair: Repair | str,
    require_tags: bool,
    language: str | None,
    tag_names: Sequence[str] | None,
    columns: str | Mapping[str, Column] | Columns | None,
    words: str | None,
    segmenter: Segmenter | str | None,
) -> ReadOptions:
    """The options of `read_sentences` as readers take them."""
    return ReadOptions(
        scheme,
        repair,
        require_tags,
        None if language is None else canonical(language),
        None if tag_names is None else tuple(tag_names),
        None if columns is None else Columns.parse(columns),
        _known_words(words),
        segmenter_named(segmenter) if isinstance(segmenter, str) else segmenter,
    )


def _sentences(
    path: str | Path, format: Format | None, options: ReadOptions, report: ReadReport | None
) -> Iterator[Item]:
    """The sentences of a file in a format, or of the spec of a data set."""
    report = ReadReport() if report is None else report
    return read_located(locate(str(path)), options, report) if format is None else format.read(path, options, report)


def _readable(path: str | Path, format: str | None, options: ReadOptions) -> Format:
    chosen = format_named(detect_format(path, format))
    if options.columns is not None:
        _require_columns(options.columns, chosen.name)
    if chosen.reader is None:
        raise UsageError(
            f"sentences cannot be read from format {chosen.name!r}", hint=f"use one of {', '.join(readable())}"
        )
    return chosen


def _require_columns(columns: Columns, format: str) -> None:
    """Raise `UsageError` if a format has no columns, or if two columns of tags are named for one reader."""
    if format not in NAMED_COLUMNS:
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
    >>> from xlner import Pair, Sentence, write_pairs
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
    ...     _ = write_pairs([Pair(Sentence(("Ola",)), Sentence(("Hello",)))], file.name)
    ...     [pair.source.tokens for pair in read_pairs(file.name)]
    [('Hello',)]
    """
    options = ReadOptions(scheme, repair, require_tags, None, None if tag_names is None else tuple(tag_names))
    return relabeled(jsonl.read_pairs(read_lines(path), str(path), options, report), label_map, path)


def input_files(path: str | Path) -> tuple[Path, ...]:
    """The files of a path, of a folder, or of the spec of a data set.

    >>> [path.name for path in input_files("examples")][:2]
    ['ca.conll', 'ca.txt']
    """
    if is_spec(path):
        return locate(str(path)).files
    place, _ = split_of_folder(path)
    if not place.is_dir():
        return (place,)
    data = {file for pattern in DATA_FILES for file in place.glob(pattern)}
    return tuple(sorted(data or (file for file in place.iterdir() if file.is_file())))


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
    require_content(path, least=_LEAST_LINKS)
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
    require_content(path, least=_LEAST_LINKS)
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
    require_content(path, least=_LEAST_LINKS)
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
    require_content(path, least="give at least one entry")
    return lexicon.read(read_lines(path), path=str(path))


def _known_words(words: str | None) -> str:
    if words is None:
        return WORDS[0]
    if words not in WORDS:
        raise UnknownNameError(f"unknown words {words!r}", hint=names_hint(words, WORDS, "one of"))
    return words
