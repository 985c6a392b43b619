"""A progress bar on standard error, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from xlner.core.files import STANDARD_STREAM
from xlner.formats import detect_format


@contextmanager
def progress(
    path: str, format: str | None, limit: int | None, *, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show how many sentences of a file are done, the rate and the time left; yield the function that advances the bar.

    The format is guessed if it is None, and so is the `total` number of sentences.
    """
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    total = _count_sentences(path, format) if total is None else total
    if total is not None and limit is not None:
        total = min(limit, total)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sentences"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sentences", total=total, rate="")

        def advance(n: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=n, rate=f"{speed:.1f}/s" if speed else "")

        yield advance


def show_step(step: int, steps: int, loss: float) -> None:
    """Show the step and the loss of a training on one line of a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\rstep {step} of {steps}, loss {loss:.4f}{'' if step < steps else chr(10)}", nl=False, err=True)


def _count_sentences(path: str, format: str | None) -> int | None:
    """Estimate the number of sentences of a file; None for standard input and data sets."""
    if path == STANDARD_STREAM or not Path(path).is_file():
        return None
    format = detect_format(path, format, "text")
    count, inside = 0, False
    with Path(path).open("rb") as stream:
        for line in stream:
            blank = not line.strip()
            if format in ("conll", "conllu"):
                count += inside and blank
                inside = not blank
            else:
                count += format == "text" or not blank
    return count + inside
