"""Read files that belong together line by line: sources, targets and word links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, zip_longest
from pathlib import Path
from typing import Any, TypeVar

from xlner.alignment.agreement import agreement
from xlner.alignment.lexical_weights import LexicalWeights
from xlner.core.alignment import Alignment
from xlner.core.files import STANDARD_STREAM
from xlner.core.labels import LabelMap
from xlner.core.lines import Line, head_lines, read_lines
from xlner.core.pair import Pair, PairError
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UsageError, ValidationError
from xlner.formats import jsonl
from xlner.formats.by_name import read_links, read_sentences
from xlner.formats.columns import Column, Columns
from xlner.formats.format_names import COLUMN_FORMATS, detect_format
from xlner.formats.given_links import Row, TextSide, check_sides, counted_from_0, in_words_of_links
from xlner.formats.link_files import Links
from xlner.formats.reading import WORDS, ReadOptions, ReadReport
from xlner.text.counts import counted
from xlner.text.languages import canonical
from xlner.text.segmenters import segmenter_named
from xlner.text.tokenizer import Segmenter

_END: Any = object()
_SPACES = WORDS[1]
Item = TypeVar("Item")
_GivenColumns = str | Mapping[str, Column] | Columns | None


@dataclass(frozen=True, slots=True)
class _Side:
    """The file of the sources or of the targets, and how it differs from the other one in the way it is read."""

    path: str | Path
    format: str
    language: str | None
    require_tags: bool
    columns: _GivenColumns
    words: str | None

    def read(self, report: ReadReport | None, how: Mapping[str, Any]) -> Iterator[Sentence | InputError]:
        """The sentences. `how` are the options of `read_sentences` that are the same for both files."""
        return read_sentences(
            self.path,
            format=self.format,
            language=self.language,
            require_tags=self.require_tags,
            columns=self.columns,
            words=self.words,
            report=report,
            **how,
        )

    def has_only_text(self) -> bool:
        """True for text, and for JSONL whose first record has a text and no words."""
        if self.format != "jsonl":
            return self.format == "text"
        return jsonl.has_only_text(_first_lines(self.path), str(self.path))

    def text(self, position: int, segmenter: Segmenter | str | None) -> TextSide:
        """This side as text without words."""
        found = segmenter_named(segmenter) if isinstance(segmenter, str) else segmenter
        language = None if self.language is None else canonical(self.language)
        options = ReadOptions(language=language, segmenter=found)
        return TextSide(str(self.path), position, options, self.format == "text")


def read_parallel(
    source: str | Path,
    target: str | Path,
    alignment: str | Path | Sequence[str | Path] | None = None,
    *,
    source_lang: str | None = None,
    target_lang: str | None = None,
    source_format: str | None = None,
    target_format: str | None = None,
    scheme: Scheme | str = Scheme.AUTO,
    repair: Repair | str = Repair.CONLLEVAL,
    tag_names: Sequence[str] | None = None,
    label_map: LabelMap | str | None = None,
    columns: str | Mapping[str, Column] | Columns | None = None,
    require_source_tags: bool = False,
    require_target_tags: bool = False,
    weigh_links: bool = False,
    words: str | None = None,
    segmenter: Segmenter | str | None = None,
    one_based: bool | None = None,
    source_report: ReadReport | None = None,
    target_report: ReadReport | None = None,
) -> Iterator[Pair | InputError]:
    """Read source sentences, target sentences and word links as pairs, in order.

    - `source`, `target`: files with the same number of sentences, as `read_sentences` reads them.
    - `alignment`: a file of word links, or several; see `xlner.formats.link_files` for their formats. The links of
      several files are put together; the weight of a link is the share of the files that have it.
    - `source_lang`, `target_lang`: language codes for the sentences.
    - `source_format`, `target_format`: formats; guessed from the file names if None.
    - `scheme`, `repair`, `tag_names`, `label_map`: how to read tags, as for `read_sentences`.
    - `columns`: the columns of the words and the tags, as for `read_sentences`, of those files that have columns.
    - `require_source_tags`, `require_target_tags`: refuse sentences without labels.
    - `weigh_links`: weight the links of a pair by how often their words are linked in all pairs; reads the files twice.
    - `words`, `segmenter`: how text becomes words, as for `read_sentences`. Without `words` the links decide, if there
      are any: they may count the words of the tokenizer, or those of text that is tokenized already.
    - `one_based`: whether the links count words from 1. If None, they must not look as if they did.

    A sentence that cannot be read, or a link outside its sentences, gives an `InputError` instead of the pair; it is a
    `PairError` if the target could be read. Raises `InputError` if a file cannot be opened or ends before another, and
    `UsageError` if the links do not tell which words they count, or if `weigh_links` has no links or would read
    standard input twice, or if `columns` are named and no file has any.

    >>> pairs = read_parallel("examples/en-es.conll", "examples/es.txt", source_lang="en", target_lang="es")
    >>> next(pairs).source.language
    'en'
    """
    paths = [alignment] if isinstance(alignment, (str, Path)) else list(alignment or ())
    if weigh_links:
        _check_weighing(source, target, paths)
    formats = detect_format(source, source_format), detect_format(target, target_format)
    undecided = words is None and bool(paths)
    split = [_SPACES if undecided and format == "text" else words for format in formats]
    chosen = _columns_of(formats, columns)
    sides = (
        _Side(source, formats[0], source_lang, require_source_tags, chosen[0], split[0]),
        _Side(target, formats[1], target_lang, require_target_tags, chosen[1], split[1]),
    )
    texts = [side.text(k, segmenter) for k, side in enumerate(sides) if undecided and side.has_only_text()]
    how = {"scheme": scheme, "repair": repair, "tag_names": tag_names, "label_map": label_map, "segmenter": segmenter}
    read = partial(_pairs_of_files, sides, paths, texts=texts, one_based=one_based, how=how)
    pairs = read((source_report, target_report))
    return _weighed(read((None, None)), pairs) if weigh_links else pairs


def _check_weighing(source: str | Path, target: str | Path, paths: Sequence[str | Path]) -> None:
    """Raise `UsageError` for files whose links cannot be counted before they are read."""
    if not paths:
        raise UsageError("weighing links needs an alignment", hint="give files of word links")
    if STANDARD_STREAM in map(str, (source, target, *paths)):
        raise UsageError("weighing links reads files twice, not standard input", hint="save the input first")


def _pairs_of_files(
    sides: Sequence[_Side],
    paths: Sequence[str | Path],
    reports: Sequence[ReadReport | None],
    *,
    texts: Sequence[TextSide],
    one_based: bool | None,
    how: Mapping[str, Any],
) -> Iterator[Pair | InputError]:
    """The pairs of both sides and their files of links, in which `texts` are the sides that links may split."""
    links_names = list(map(str, paths))
    files: list[Iterable[object]] = [side.read(report, how) for side, report in zip(sides, reports, strict=True)]
    files += [read_links(path, one_based=bool(one_based)) for path in paths]
    rows = rows_in_step(files, [*(str(side.path) for side in sides), *links_names], count(1))
    if texts:
        rows = noting_words(in_words_of_links(rows, texts, ", ".join(links_names)), texts, reports)
    return pairs_of_rows(rows, links_names, count(1), one_based=one_based if paths else False)


def pairs_of_rows(
    rows: Iterator[Row], links_names: Sequence[str], numbers: Iterable[int], *, one_based: bool | None
) -> Iterator[Pair | InputError]:
    """The pairs of rows of a source, a target and the links of each file.

    `links_names` are the names of the files of links, and `numbers` the numbers of the rows.

    Raises `UsageError` if links seem to count words from 1 and `one_based` is None.
    """
    if one_based is None:
        rows = counted_from_0(rows, ", ".join(links_names))
    return (_pair(parts, number, links_names) for parts, number in zip(rows, numbers, strict=False))


def in_step(columns: Sequence[Iterable[Item]], names: Sequence[str]) -> Iterator[tuple[Item, ...]]:
    """One tuple for each row; raises `InputError` with the number of the row if one column ends before another.

    >>> list(in_step(["ab", "AB"], ["lower.txt", "upper.txt"]))
    [('a', 'A'), ('b', 'B')]
    """
    return rows_in_step(columns, names, count(1))


def rows_in_step(
    columns: Sequence[Iterable[Item]], names: Sequence[str], numbers: Iterable[int]
) -> Iterator[tuple[Item, ...]]:
    """The same with the numbers of the rows, of which some can be left out.

    Blank lines at the end of files of links, beyond the sentences of the first two columns, are no rows.

    >>> next(rows_in_step(["ab", "AB"], ["lower.txt", "upper.txt"], [7]))
    ('a', 'A')
    """
    blank: str | None = None
    rows = zip_longest(*columns, fillvalue=_END)
    for parts, number in zip(rows, numbers, strict=False):
        blank = blank or _blank_side(parts, names, number)
        ended = [name for name, part in zip(names, parts, strict=False) if part is _END]
        if ended:
            if all(map(_is_beyond, chain([parts], rows))):
                return
            longer = next(name for name, part in zip(names, parts, strict=False) if part is not _END)
            raise ended_early(ended[0], longer, number - 1, blank)
        yield parts


def ended_early(path: str, longer: str, sentences: int, reason: str | None = None) -> InputError:
    """The error for a file that ends while a longer one goes on.

    >>> ended_early("a.txt", "b.txt", 3).message
    'ends after 3 sentences, but b.txt goes on'
    """
    return InputError(
        f"ends after {counted(sentences, 'sentence')}, but {longer} goes on",
        path=path,
        hint="the files must be parallel: one sentence in each for every pair, empty ones included"
        + (f"; {reason}" if reason else ""),
    )


def _is_beyond(parts: Sequence[object]) -> bool:
    """Whether a row has neither source nor target, and no links."""
    links = [part for part in parts[2:] if part is not _END]
    return all(part is _END for part in parts[:2]) and all(part == Links() for part in links)


def _blank_side(parts: Sequence[object], names: Sequence[str], number: int) -> str | None:
    """Which of the first two files has an empty sentence where the other one has words; None if neither or both."""
    sides = [part for part in parts[:2] if isinstance(part, Sentence)]
    if len(sides) < 2 or bool(sides[0].tokens) == bool(sides[1].tokens):
        return None
    empty, other = (names[1], names[0]) if sides[0].tokens else (names[0], names[1])
    return f"sentence {number} of {empty} is empty, but that of {other} has words"


def _first_lines(path: str | Path) -> Iterable[Line]:
    """The lines of a file; of a stream that can be read only once, those of its first 64 KiB."""
    is_file = str(path) != STANDARD_STREAM and Path(path).is_file()
    return read_lines(path) if is_file else enumerate(head_lines(path), start=1)


def _columns_of(formats: Sequence[str], columns: _GivenColumns) -> list[_GivenColumns]:
    """The columns of each file that has any; if none has, those of the first one, whose reader says so."""
    found = [columns if format in COLUMN_FORMATS else None for format in formats]
    return found if any(format in COLUMN_FORMATS for format in formats) else [columns, *found[1:]]


def noting_words(
    rows: Iterable[Row | str], sides: Sequence[TextSide], reports: Sequence[ReadReport | None]
) -> Iterator[Row]:
    """The rows; how their text is split goes into the reports."""
    found = [report for side in sides if (report := reports[side.position]) is not None]
    for report in found:
        report.unsettled = True
    for row in rows:
        if not isinstance(row, str):
            yield row
            continue
        for report in found:
            report.words, report.unsettled = row, False


def _weighed(counted: Iterable[Pair | InputError], pairs: Iterable[Pair | InputError]) -> Iterator[Pair | InputError]:
    lexical = LexicalWeights.count(pair for pair in counted if isinstance(pair, Pair))
    for pair in pairs:
        yield replace(pair, alignment=lexical.weigh(pair)) if isinstance(pair, Pair) else pair


def _pair(parts: Sequence[Any], number: int, links_names: Sequence[str]) -> Pair | InputError:
    source, target, *files = parts
    bad = next((part for part in parts if isinstance(part, InputError)), None)
    if bad is not None:
        return PairError.of(bad, target) if isinstance(target, Sentence) else bad
    try:
        return Pair(target, source, _agreed(files, source, target))
    except ValidationError as error:
        unfit = [name for name, links in zip(links_names, files, strict=True) if not _fits(links, source, target)]
        path = ", ".join(unfit or links_names)
        hint = _hint(error, files, source, target)
        return PairError(error.message, target=target, path=path, sentence=number, hint=hint)


def _fits(links: Links, source: Sentence, target: Sentence) -> bool:
    try:
        check_sides(links, source, target)
        links.alignment.check(len(source), len(target))
    except ValidationError:
        return False
    return True


def _agreed(files: Sequence[Links], source: Sentence, target: Sentence) -> Alignment | None:
    """The links of one file, or the weighted links of several; None without a file."""
    for links in files:
        check_sides(links, source, target)
    if len(files) == 1:
        return files[0].alignment
    return agreement([links.alignment for links in files]) if files else None


def _hint(error: ValidationError, files: Sequence[Links], source: Sentence, target: Sentence) -> str | None:
    """The hint of an error, with the options for links that count other words, and the way to swap their sides."""
    if "out of range" not in error.message:
        return error.hint
    links = [link for file in files for link in file.sure + file.possible]
    if all(s < len(target) and t < len(source) for s, t in links):
        return (
            "the links fit if they go from target to source; swap them: xlner symmetrize FILE FILE --swap "
            "--method reverse; or give --one-based if they count from 1"
        )
    return f"{error.hint}; give --one-based if they count from 1, --words spaces if the text is tokenized already"
