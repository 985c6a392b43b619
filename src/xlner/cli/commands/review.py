"""`xlner review`: correct results in a browser."""

from __future__ import annotations

import getpass
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli import results as r
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.core.files import STANDARD_STREAM
from xlner.errors import UsageError


@click.command()
@click.argument("results", metavar="RUN_OR_FILE")
@click.option(
    "--least-sure",
    type=click.IntRange(min=1),
    metavar="N",
    help="Review N sentences: those with the least sure entities, warnings or sources that disagree, and few alike.",
)
@click.option("--journal", metavar="FILE", help="Where decisions are kept; by default RUN_OR_FILE.corrections.jsonl.")
@click.option("--who", metavar="NAME", help="Your name, for the journal; by default that of your account.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=0,
    help="Port of the server; by default a free one.",
)
@click.option("--open", "browse", is_flag=True, help="Open the page in your browser.")
@o.READING
def review(**options: Any) -> int:
    """Correct results in a browser.

    Serves the page of xlner view on this machine alone, under an address with a secret. There, accept, change, add and
    delete entities by mouse or by keyboard. Each decision is on the disk before it is shown; the same command goes on
    where you stopped. The page exports the corrected results.

    \b
    xlner review es.jsonl --least-sure 50
    """
    from xlner.report import Journal, ReviewSession, serve_review
    from xlner.report.server import require_server

    path = options["results"]
    if path == STANDARD_STREAM:
        raise UsageError("standard input cannot be reviewed: it is read again for each export", hint="save it first")
    require_server()
    results = r.results_of(path, options)
    who = options["who"] or _account()
    with Journal(options["journal"] or journal_of(path), Path(path).name) as journal:
        session = ReviewSession(
            results.read, journal, results.title, who, facts=results.facts, least_sure=options["least_sure"]
        )

        def ready(address: str) -> None:
            reading.close()
            note(f"decisions are kept in {journal.path}; stop with Ctrl-C")
            click.echo(address)
            if options["browse"]:
                click.launch(address)

        with ExitStack() as reading, suppress(KeyboardInterrupt):  # the way to stop it
            advance = reading.enter_context(progress(path, options["input_format"], None))
            serve_review(session, port=options["port"], on_ready=ready, on_progress=advance)
        note(session.progress())
    return 0


def journal_of(path: str) -> str:
    """The journal beside a file or a run folder."""
    return f"{path.rstrip('/')}.corrections.jsonl"


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
