"""Reading files that belong together line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from xlner._alignment import Alignment
from xlner._errors import InputError, ValidationError
from xlner._pair import Pair
from xlner._sentence import Sentence

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
