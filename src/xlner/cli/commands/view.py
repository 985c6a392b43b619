"""`xlner view`: write a page that shows a run."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli import results as r
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.cli.scored_files import ScoredFiles
from xlner.core.files import STANDARD_STREAM, require_other_file, require_output
from xlner.core.lines import shown_name
from xlner.errors import InputError, UsageError
from xlner.formats import ReadReport, detect_format, format_of, raise_errors, read_sentences
from xlner.text.counts import counted

_DOCUMENTS = frozenset({".docx", ".md", ".pdf", ".png", ".svg"})
"""Ends of the names of files that people look at, and that are no HTML."""
_HTML = "html"
_PAGE_MARK = b'<meta name="generator" content="xlner">'


@click.command()
@click.argument("results", metavar="RUN_OR_FILE")
@click.option("-o", "--output", metavar="FILE", help="The page; by default the name of RUN_OR_FILE with .html.")
@click.option("--gold", metavar="GOLD", help="The same sentences with gold labels: the page shows the errors, too.")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=50_000,
    show_default=True,
    metavar="N",
    help="Of more sentences than N, list a random sample. The counts are of all.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random number generator.")
@o.IGNORE
@o.READING
def view(**options: Any) -> int:
    """Write a page that shows a run.

    RUN_OR_FILE is the folder of --run-dir, JSONL that xlner wrote, or a labeled file of any format. The page is one
    HTML file: source, target, entities, links, what happened to each entity, warnings and errors, with filters and a
    summary. Nothing in it is loaded from a network. Corrections that are made and saved on it are for
    xlner apply-corrections.

    \b
    xlner view es.jsonl
    xlner view runs/es -o es.html --gold gold.conll --ignore DATE
    """
    from xlner.report import write_page

    path = options["results"]
    output = options["output"] or _page_of(path)
    require_output(output)
    if options["output"] is None:
        _require_page(output)
    require_other_file(output, path, *([options["gold"]] if options["gold"] else []))
    _require_html(output)
    results = r.results_of(path, options)
    _require_labels(path, options["input_format"])
    gold, items = None, results.read()
    naming: AbstractContextManager[None] = nullcontext()
    if options["gold"] is not None:
        files, reports = ScoredFiles(options["gold"], path, {}), (ReadReport(), ReadReport())
        sentences = read_sentences(options["gold"], require_tags=True, report=reports[0], **r.reading(options))
        gold = files.noting(raise_errors(sentences), 0, reports[0])
        items = files.noting(results.read(reports[1]), 1, reports[1])
        naming = files.naming()
    with naming, progress(path, options["input_format"], None) as advance:
        written = write_page(
            items,
            output,
            title=results.title,
            gold=gold,
            ignore=options["ignore"],
            facts=results.facts,
            most=options["most"],
            seed=options["seed"],
            on_progress=advance,
        )
    _say(written.sentences, written.shown, written.failed, output)
    return EXIT_SOME_FAILED if written.failed else 0


def _require_labels(path: str, format: str | None) -> None:
    """Raise `UsageError` for plain text, which has nothing to show."""
    is_file = path == STANDARD_STREAM or Path(path).is_file()
    if is_file and detect_format(path, format, "text") == "text":
        raise UsageError(
            f"{shown_name(path)} is plain text, without labels",
            hint=f"label it first: xlner label {path} --lang CODE -o labeled.jsonl; then xlner view labeled.jsonl",
        )


def _require_html(output: str) -> None:
    """Raise `UsageError` for a name that says another format."""
    suffix = Path(output).suffix.lower()
    if suffix in _DOCUMENTS or format_of(output, _HTML) != _HTML:
        raise UsageError(f"the page is HTML, not {suffix[1:].upper()}", hint="name it with -o FILE.html")


def _page_of(path: str) -> str:
    if path == STANDARD_STREAM:
        raise UsageError("the page of standard input has no name", hint="name it with -o FILE.html")
    return f"{path.rstrip('/').removesuffix('.gz').removesuffix('.jsonl')}.html"


def _require_page(path: str) -> None:
    """Raise `InputError` if there is a file of this name that nobody named, and that is no page of xlner."""
    place = Path(path)
    if place.exists() and _PAGE_MARK not in _beginning(place):
        raise InputError(
            "exists already, and is not a page of xlner", path=path, hint="name the page with -o FILE.html"
        )


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def _say(sentences: int, shown: int, failed: int, output: str) -> None:
    listed = f", a random sample of {shown} listed" if shown < sentences else ""
    errors = f", {failed} with an error" if failed else ""
    name = "standard output" if output == STANDARD_STREAM else output
    note(f"{counted(sentences, 'sentence')}{listed}{errors}; the page is {name}")
