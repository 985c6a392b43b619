"""`xlner symmetrize`: combine the word links of both directions."""

from __future__ import annotations

from collections.abc import Iterator

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.core.alignment import Alignment
from xlner.core.files import open_output, require_other_file
from xlner.formats import raise_errors, read_alignments


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
def symmetrize(forward: str, reverse: str, output: str, method: str, swap: bool) -> int:
    """Combine word links of both directions.

    FORWARD and REVERSE are word links in Pharaoh format for the same pairs, made by aligning source to target and
    target to source. The output is in Pharaoh format.

    \b
    xlner symmetrize en-es.forward.talp en-es.reverse.talp --method intersection
    """
    from xlner.alignment import symmetrize as combine
    from xlner.formats import pharaoh

    require_other_file(output, forward, reverse)
    combine(Alignment(()), Alignment(()), method)  # raises for an unknown method before anything is read
    count = 0
    with open_output(output) as stream:
        for one, other in _both(forward, reverse):
            pharaoh.write(stream, combine(one, other.reversed() if swap else other, method))
            count += 1
    note(f"links of {count} pairs")
    return 0


def _both(forward: str, reverse: str) -> Iterator[tuple[Alignment, Alignment]]:
    from xlner.formats.parallel import in_step

    files = [raise_errors(read_alignments(path)) for path in (forward, reverse)]
    return ((one, other) for one, other in in_step(files, (forward, reverse)))
