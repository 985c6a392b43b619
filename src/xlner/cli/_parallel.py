"""Reading files that belong together line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from xlner.alignment.agreement import agreement
from xlner.alignment.lexical_weights import LexicalWeights
from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.formats import read_alignments

_END = object()


def parallel(
    source: Iterable[Sentence | InputError],
    target: Iterable[Sentence | InputError],
    alignment: Iterable[Alignment | InputError] | None,
    names: tuple[str, str, str],
) -> Iterator[Pair | InputError]:
    """Pairs of source and target sentences, with their links where there is a file of them.

    Raises `InputError` with the numbers of sentences where one file ends before another. A sentence that could not be
    read, or links that leave the two sentences, take the place of the pair.
    """
    sides: list[Iterable[object]] = [source, target]
    if alignment is not None:
        sides.append(alignment)
    for number, parts in enumerate(in_step(sides, names), start=1):
        yield _pair(parts, number, names)


def in_step(sides: Sequence[Iterable[object]], names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """The items of all sides, together; raises `InputError` with its number where one side ends before another."""
    for number, parts in enumerate(zip_longest(*sides, fillvalue=_END), start=1):
        ended = [name for name, part in zip(names, parts, strict=False) if part is _END]
        if ended:
            going = next(name for name, part in zip(names, parts, strict=False) if part is not _END)
            raise InputError(
                f"ends after {number - 1} sentences, but {going} goes on",
                path=ended[0],
                hint="the files must be parallel: one sentence in each for every pair, empty ones included",
            )
        yield parts


def agreed(paths: Sequence[str]) -> Iterator[Alignment | InputError]:
    """The links of a file; of several files those of all, weighted by how many of the files hold them.

    Raises `InputError` where a file cannot be opened, at once, and where one file ends before another.
    """
    files = [read_alignments(path) for path in paths]
    return files[0] if len(files) == 1 else _agreed(paths, files)


def _agreed(
    paths: Sequence[str], files: Sequence[Iterator[Alignment | InputError]]
) -> Iterator[Alignment | InputError]:
    for number, parts in enumerate(zip_longest(*files, fillvalue=_END), start=1):
        if _END in parts:
            going = next(path for path, part in zip(paths, parts, strict=True) if part is not _END)
            raise InputError(f"ends after {number - 1} lines, but {going} goes on", path=paths[parts.index(_END)])
        bad = next((part for part in parts if isinstance(part, InputError)), None)
        yield bad or agreement([part for part in parts if isinstance(part, Alignment)])


def weighed(counted: Iterable[Pair | InputError], pairs: Iterable[Pair | InputError]) -> Iterator[Pair | InputError]:
    """Pairs with their links weighed by the words' links in all of them, which are read for that first."""
    lexical = LexicalWeights.count(pair for pair in counted if isinstance(pair, Pair))
    for pair in pairs:
        yield replace(pair, alignment=lexical.weigh(pair)) if isinstance(pair, Pair) else pair


def _pair(parts: tuple[object, ...], number: int, names: tuple[str, str, str]) -> Pair | InputError:
    bad = next((part for part in parts if isinstance(part, InputError)), None)
    if bad is not None:
        return bad
    source, target, *rest = parts
    assert isinstance(source, Sentence)
    assert isinstance(target, Sentence)
    links = rest[0] if rest else None
    assert links is None or isinstance(links, Alignment)
    try:
        return Pair(target, source, links)
    except ValidationError as error:
        return InputError(error.message, path=names[2], line=number, hint=error.hint)
