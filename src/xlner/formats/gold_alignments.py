"""Gold word links, in which some are sure and others merely possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xlner.core.alignment import GoldAlignment
from xlner.core.lines import Line
from xlner.errors import InputError, ValidationError
from xlner.formats import link_files
from xlner.formats.link_files import Links


def read(lines: Iterable[Line], *, path: str = "-", one_based: bool = False) -> Iterator[GoldAlignment | InputError]:
    """Yield the links of each line, or an `InputError` for a bad line. A line may have no links.

    The formats are those of `xlner.formats.link_files`.

    >>> sorted(next(read([(1, "1-1 2p3")], one_based=True)).possible)
    [(0, 0), (1, 2)]
    """
    for sentence, links in enumerate(link_files.read(lines, path=path, one_based=one_based), start=1):
        if isinstance(links, InputError):
            yield links
            continue
        try:
            yield gold_alignment(links)
        except ValidationError as error:
            yield InputError(error.message, path=path, sentence=sentence, hint=error.hint)


def gold_alignment(links: Links) -> GoldAlignment:
    """The links of one pair as gold links. Raises `ValidationError` for a link outside of the sentences."""
    return GoldAlignment(frozenset(links.sure), frozenset(links.possible), links.lengths)
