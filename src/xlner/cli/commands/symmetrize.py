"""`xlner symmetrize`: combine the word links of both directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.core.alignment import Alignment, Link
from xlner.core.files import open_output, require_other_file
from xlner.core.link_block import LinkBlock, matching_blocks
from xlner.errors import UsageError
from xlner.formats import raise_errors, read_alignment_blocks
from xlner.text.counts import counted

Row = tuple[Alignment | LinkBlock, Alignment | LinkBlock]
"""The links of a pair, or of the same number of pairs, in both files."""
_WINDOW = 1000
"""Pairs to look at before the first is written."""


@click.command()
@click.argument("forward", metavar="FORWARD")
@click.argument("reverse", metavar="REVERSE")
@o.OUTPUT
@click.option(
    "--method",
    default="grow-diag-final-and",
    show_default=True,
    metavar="NAME",
    help="forward, reverse, intersection, union, grow-diag, grow-diag-final or grow-diag-final-and; grow-diagonal and "
    "grow-diagonal-final only add links between words that have no link yet.",
)
@click.option("--swap", is_flag=True, help="Swap the links of REVERSE, which are target-source, as GIZA++ makes them.")
@o.ONE_BASED
@click.option("--one-based-forward", is_flag=True, help="Only FORWARD counts words from 1.")
@click.option("--one-based-reverse", is_flag=True, help="Only REVERSE counts words from 1.")
def symmetrize(
    forward: str,
    reverse: str,
    output: str,
    method: str,
    swap: bool,
    one_based: bool | None,
    one_based_forward: bool,
    one_based_reverse: bool,
) -> int:
    """Combine word links of both directions.

    FORWARD and REVERSE are word links in Pharaoh format for the same pairs, made by aligning source to target and
    target to source. The output is in Pharaoh format and counts from 0.

    \b
    xlner symmetrize en-es.forward.talp en-es.reverse.talp --method intersection
    """
    from xlner.alignment import symmetrize as combine
    from xlner.alignment import symmetrize_block
    from xlner.formats import pharaoh

    require_other_file(output, forward, reverse)
    combine(Alignment(()), Alignment(()), method)  # raises for an unknown method before anything is read
    from_1 = [bool(one_based) or one_based_forward, bool(one_based) or one_based_reverse]
    rows = _both((forward, reverse), from_1)
    if one_based is None:
        rows = _counted_alike(rows, (forward, reverse), from_1)
    count = 0
    with open_output(output) as stream:
        for one, other in rows:
            second = other.reversed() if swap else other
            if isinstance(one, LinkBlock) and isinstance(second, LinkBlock):
                stream.write(symmetrize_block(one, second, method).text())
                count += len(one)
            elif isinstance(one, Alignment) and isinstance(second, Alignment):
                pharaoh.write(stream, combine(one, second, method))
                count += 1
    note(f"links of {counted(count, 'pair')}")
    return 0


def _both(paths: Sequence[str], from_1: Sequence[bool]) -> Iterator[Row]:
    """The links of both files, pair by pair or in blocks."""
    from xlner.formats.parallel import ended_early

    forward, reverse = paths
    files: list[Iterator[Alignment | LinkBlock]] = [
        raise_errors(read_alignment_blocks(path, one_based=b)) for path, b in zip(paths, from_1, strict=True)
    ]
    pairs = 0
    for one, other in matching_blocks(files[0], files[1]):
        if one is None or other is None:
            shorter, longer = (forward, reverse) if one is None else (reverse, forward)
            raise ended_early(shorter, longer, pairs)
        pairs += len(one) if isinstance(one, LinkBlock) else 1
        yield one, other


def _counted_alike(rows: Iterator[Row], paths: Sequence[str], from_1: Sequence[bool]) -> Iterator[Row]:
    """The rows. Raises `UsageError` for a file whose links never have a 0, unless it is known to count from 1."""
    window: list[Row] = []
    left = _WINDOW
    found: tuple[list[Link], list[Link]] = ([], [])
    while left > 0 and (row := next(rows, None)) is not None:
        window.append(row)
        for side, item in enumerate(row):
            alignments = item.cut(min(left, len(item)))[0].alignments() if isinstance(item, LinkBlock) else [item]
            found[side].extend(chain.from_iterable(alignment.links for alignment in alignments))
        left -= len(row[0]) if isinstance(row[0], LinkBlock) else 1
    never = [
        bool(links) and not known and not any(0 in link for link in links)
        for links, known in zip(found, from_1, strict=True)
    ]
    if any(never):
        option = "--one-based" if all(never) else ("--one-based-forward", "--one-based-reverse")[never[1]]
        names = " and ".join(path for path, is_so in zip(paths, never, strict=True) if is_so)
        raise UsageError(
            f"{names}: no word has the number 0, as if words were counted from 1",
            hint=f"give {option}, or --zero-based if both files count from 0",
        )
    yield from chain(window, rows)
