"""Read files that belong together line by line: sources, targets and word links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from xlner.alignment.agreement import agreement
from xlner.alignment.lexical_weights import LexicalWeights
from xlner.core.alignment import Alignment
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UsageError, ValidationError
from xlner.formats.by_name import has_columns, read_alignments, read_sentences
from xlner.formats.columns import Column, Columns
from xlner.formats.reading import ReadReport

_END: Any = object()
Row = TypeVar("Row")


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
    columns: str | Mapping[str, Column] | Columns | None = None,
    require_source_tags: bool = False,
    require_target_tags: bool = False,
    weigh_links: bool = False,
    source_report: ReadReport | None = None,
    target_report: ReadReport | None = None,
) -> Iterator[Pair | InputError]:
    """Read source sentences, target sentences and word links as pairs, in order.

    - `source`, `target`: files with the same number of sentences, as `read_sentences` reads them.
    - `alignment`: a file of word links in Pharaoh format, or several. The links of several files are put together;
      the weight of a link is the share of the files that have it.
    - `source_lang`, `target_lang`: language codes for the sentences.
    - `source_format`, `target_format`: formats; guessed from the file names if None.
    - `scheme`, `repair`, `tag_names`: how to read tags, as for `read_sentences`.
    - `columns`: the columns of the words and the tags, as for `read_sentences`, of those files that have columns.
    - `require_source_tags`, `require_target_tags`: refuse sentences without labels.
    - `weigh_links`: weight the links of a pair by how often their words are linked in all pairs; reads the files twice.

    A sentence that cannot be read, or a link outside its sentences, gives an `InputError` instead of the pair. Raises
    `InputError` if a file cannot be opened or ends before another, and `UsageError` if `weigh_links` has no links or
    would read standard input twice, or if `columns` are named and no file has any.

    >>> pairs = read_parallel("examples/en-es.conll", "examples/es.txt", source_lang="en", target_lang="es")
    >>> next(pairs).source.language
    'en'
    """
    paths = [alignment] if isinstance(alignment, (str, Path)) else list(alignment or ())
    names = [str(source), str(target), ", ".join(map(str, paths))]

    with_columns = [has_columns(source, source_format), has_columns(target, target_format)]
    if not any(with_columns):
        with_columns = [True, False]  # the reader of the source says that there are none
    tags: dict[str, Any] = {"scheme": scheme, "repair": repair, "tag_names": tag_names}

    def read(source_report: ReadReport | None, target_report: ReadReport | None) -> Iterator[Pair | InputError]:
        files: list[Iterable[object]] = [
            read_sentences(
                source,
                format=source_format,
                language=source_lang,
                require_tags=require_source_tags,
                columns=columns if with_columns[0] else None,
                report=source_report,
                **tags,
            ),
            read_sentences(
                target,
                format=target_format,
                language=target_lang,
                require_tags=require_target_tags,
                columns=columns if with_columns[1] else None,
                report=target_report,
                **tags,
            ),
        ]
        if paths:
            files.append(_agreed([read_alignments(path) for path in paths], list(map(str, paths))))
        return (_pair(parts, number, names[2]) for number, parts in enumerate(in_step(files, names), start=1))

    if not weigh_links:
        return read(source_report, target_report)
    if not paths:
        raise UsageError("weighing links needs an alignment", hint="give files of word links")
    if STANDARD_STREAM in (str(source), str(target), *map(str, paths)):
        raise UsageError("weighing links reads files twice, not standard input", hint="save the input first")
    return _weighed(read(None, None), read(source_report, target_report))


def in_step(columns: Sequence[Iterable[Row]], names: Sequence[str]) -> Iterator[tuple[Row, ...]]:
    """One tuple for each row; raises `InputError` with the number of the row if one column ends before another.

    >>> list(in_step(["ab", "AB"], ["lower.txt", "upper.txt"]))
    [('a', 'A'), ('b', 'B')]
    """
    for number, parts in enumerate(zip_longest(*columns, fillvalue=_END), start=1):
        ended = [name for name, part in zip(names, parts, strict=False) if part is _END]
        if ended:
            longer = next(name for name, part in zip(names, parts, strict=False) if part is not _END)
            raise InputError(
                f"ends after {number - 1} sentences, but {longer} goes on",
                path=ended[0],
                hint="the files must be parallel: one sentence in each for every pair, empty ones included",
            )
        yield parts


def _agreed(files: Sequence[Iterator[Alignment | InputError]], names: Sequence[str]) -> Iterator[object]:
    """The links of one file, or the weighted links of several."""
    if len(files) == 1:
        yield from files[0]
        return
    for parts in in_step(files, names):
        bad = next((part for part in parts if isinstance(part, InputError)), None)
        yield bad or agreement([part for part in parts if isinstance(part, Alignment)])


def _weighed(counted: Iterable[Pair | InputError], pairs: Iterable[Pair | InputError]) -> Iterator[Pair | InputError]:
    lexical = LexicalWeights.count(pair for pair in counted if isinstance(pair, Pair))
    for pair in pairs:
        yield replace(pair, alignment=lexical.weigh(pair)) if isinstance(pair, Pair) else pair


def _pair(parts: Sequence[Any], number: int, links_name: str) -> Pair | InputError:
    bad = next((part for part in parts if isinstance(part, InputError)), None)
    if bad is not None:
        return bad
    source, target, links = parts if len(parts) == 3 else (*parts, None)
    try:
        return Pair(target, source, links)
    except ValidationError as error:
        return InputError(error.message, path=links_name, line=number, hint=error.hint)
