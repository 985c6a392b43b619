"""`xlner leaderboard`: every method on every data set at hand, as a page."""

from __future__ import annotations

import click

from xlner.cli.notes import note
from xlner.cli.options import bootstrap as bootstrap_option
from xlner.cli.options import comma_list
from xlner.core.files import open_output, require_output
from xlner.text.counts import counted

_INTRODUCTION = """\
F1 with 95 % intervals, for the methods and data sets that run on one machine without a network. The page is made by

    xlner leaderboard DATA -o leaderboard.md

from the recipe `leaderboard`. `DATA` has a folder for each data set, with the name in the recipe. The best method of a
table is the first. Add models of the hub with `--backends offline --backends hub`, and rows with a `[[method]]` in a
recipe of your own: what was computed before is kept in the folder of `--work`. The signatures say what a figure
depends on, see [evaluation.md](evaluation.md)."""


@click.command()
@click.argument("data", metavar="DATA")
@click.option("-o", "--output", default="-", show_default=True, metavar="FILE", help="Output page, in Markdown.")
@click.option("--work", default="leaderboard", show_default=True, metavar="FOLDER", help="Folder for stages.")
@click.option("--recipe", default="leaderboard", show_default=True, metavar="NAME", help="Recipe, or a TOML file.")
@click.option(
    "--backends",
    multiple=True,
    default=("offline",),
    show_default=True,
    metavar="NAME",
    help="Set of backends of the recipe; repeat it for several.",
)
@click.option("--datasets", metavar="NAMES", help="Data sets, separated by commas. By default all that are there.")
@click.option("--methods", metavar="NAMES", help="Methods, separated by commas. By default all of the recipe.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N sentences of a language.")
@bootstrap_option(default=1000)
@click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of intervals.")
def leaderboard(
    data: str,
    output: str,
    work: str,
    recipe: str,
    backends: tuple[str, ...],
    datasets: str | None,
    methods: str | None,
    limit: int | None,
    bootstrap: int,
    seed: int,
) -> int:
    """Compare all methods on all data sets.

    DATA is a folder with a folder for each data set of the recipe, with its name. Data sets and languages that are not
    there are left out. The same command continues an interrupted run, and adds methods and backends to a finished one.

    \b
    xlner leaderboard data -o leaderboard.md
    xlner leaderboard data -o leaderboard.md --backends offline --backends hub
    """
    from xlner.experiments.page import markdown_page
    from xlner.experiments.reproduce import leaderboard_page, read_reproduction_recipe, run_leaderboard

    require_output(output)
    found = read_reproduction_recipe(recipe)
    standings = run_leaderboard(
        found,
        data,
        work,
        backends=backends,
        datasets=None if datasets is None else comma_list(datasets),
        methods=None if methods is None else comma_list(methods),
        limit=limit,
        samples=bootstrap,
        seed=seed,
        log=note,
    )
    with open_output(output) as stream:
        stream.write(markdown_page(leaderboard_page(found, standings, _INTRODUCTION)))
    missing = sum(result.missing is not None for standing in standings for result in standing.results)
    if missing:
        note(f"{counted(missing, 'result')} missing; the page says why")
    return 1 if missing else 0
