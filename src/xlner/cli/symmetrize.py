"""`xlner symmetrize`: one file of links out of two."""

from __future__ import annotations

from collections.abc import Iterator

import click

from xlner.cli import _options as o
from xlner.core.alignment import Alignment
from xlner.core.files import open_output, require_other_file
from xlner.errors import InputError
from xlner.formats import read_alignments


@click.command()
@click.argument("forward", metavar="FORWARD")
@click.argument("reverse", metavar="REVERSE")
@o.OUTPUT
@click.option(
    "--method",
    default="grow-diag-final-and",
    show_default=True,
    metavar="NAME",
    help="forward, reverse, intersection, union, grow-diag, grow-diag-final, grow-diag-final-and, or grow-diagonal and "
    "grow-diagonal-final, which add links between words without any only.",
)
@click.option("--swap", is_flag=True, help="The links of REVERSE are target-source, as GIZA++ makes them.")
def symmetrize(forward: str, reverse: str, output: str, method: str, swap: bool) -> int:
    """Put links of both directions together.

    FORWARD and REVERSE are word links in Pharaoh format, made by aligning source to target and target to source, for
    the same pairs. Writes Pharaoh format.

    \b
    xlner symmetrize en-es.forward.talp en-es.reverse.talp --method intersection
    """
    from xlner.alignment.symmetrization import symmetrize as put_together
    from xlner.formats import pharaoh

    require_other_file(output, forward, reverse)
    put_together(Alignment(()), Alignment(()), method)  # an unknown method is told before anything is read
    count = 0
    with open_output(output) as stream:
        for there, back in _both(forward, reverse):
            pharaoh.write(stream, put_together(there, back.reversed() if swap else back, method))
            count += 1
    click.echo(f"xlner: links of {count} pairs", err=True)
    return 0


def _both(forward: str, reverse: str) -> Iterator[tuple[Alignment, Alignment]]:
    from xlner.cli._parallel import in_step

    for parts in in_step((read_alignments(forward), read_alignments(reverse)), (forward, reverse)):
        for part in parts:
            if isinstance(part, InputError):
                raise part
        there, back = parts
        assert isinstance(there, Alignment)
        assert isinstance(back, Alignment)
        yield there, back
