"""`xlner families`: study which training languages help which targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlner.cli.notes import note
from xlner.cli.options import bootstrap as bootstrap_option
from xlner.cli.options import comma_list
from xlner.errors import UsageError

if TYPE_CHECKING:
    from xlner.experiments.families import Analysis


def _numbers(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    try:
        return None if value is None else tuple(map(int, comma_list(value)))
    except ValueError:
        raise UsageError(f"{value!r} is not a list of numbers", hint=f"write --{parameter.name} 1,2,3") from None


@click.command()
@click.option("--recipe", required=True, metavar="RECIPE", help="open, european, european-xlmr, or a TOML file.")
@click.option(
    "--model",
    metavar="MODEL",
    help="Encoder to train: a folder, or a name on the Hugging Face hub. The recipe open trains the offline encoder.",
)
@click.option("--data", required=True, metavar="FOLDER", help="Folder with the files that the recipe names.")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Output folder for runs and the report.")
@click.option("--conditions", type=comma_list, metavar="NAMES", help="Run only these conditions and the baseline.")
@click.option("--seeds", callback=_numbers, metavar="N,N,…", help="Seeds instead of those of the recipe.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="cpu, cuda, cuda:1 …")
@bootstrap_option(default=2000)
@click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of intervals and tests.")
@click.option("--keep-models", is_flag=True, help="Keep the trained models.")
@click.option("--resume/--overwrite", default=True, help="Continue the runs in FOLDER (default), or start them again.")
def families(
    recipe: str,
    model: str | None,
    data: str,
    output: str,
    conditions: tuple[str, ...] | None,
    seeds: tuple[int, ...] | None,
    device: str,
    bootstrap: int,
    seed: int,
    keep_models: bool,
    resume: bool,
) -> int:
    """Study language families in zero-shot transfer.

    Trains the encoder on each set of languages of the recipe, with the same total number of sentences, and tests it on
    languages that it was not trained on. The same command continues an interrupted study. Writes tables, tests, plots
    and a page with the conclusion that they support.

    \b
    xlner encoder export e5
    xlner families --recipe european --model e5 --data data -o study
    """
    from xlner.experiments.families import Study, analyze, read_family_recipe, write_report

    chosen = read_family_recipe(recipe).restricted(conditions, seeds)
    study = Study(chosen, model, data, output, keep_models=keep_models, overwrite=not resume, device=device)
    sentences, runs = study.run(note)
    analysis = analyze(chosen, sentences, runs, samples=bootstrap, seed=seed)
    written = write_report(output, analysis, runs, model or "offline")
    _print(analysis)
    for line in analysis.conclusion:
        click.echo(line)
    note(f"wrote {', '.join(str(path) for path in written)}")
    return 0


def _print(analysis: Analysis) -> None:
    from xlner.cli.tables import make_console, make_table

    table = make_table("group", "from", "to", "languages", "F1 from", "F1 to", "gain", "interval", "p")
    for mean in analysis.means:
        means = [f"{100 * value:.1f}" for value in mean.means]
        interval = f"{100 * mean.here.low:+.1f} … {100 * mean.here.high:+.1f}"
        cells = [mean.group, mean.first, mean.second, str(len(mean.by_language)), *means, f"{100 * mean.gain:+.1f}"]
        table.add_row(*cells, interval, f"{mean.p_here:.4f}")
    make_console().print(table)
