"""`xlner reproduce`: run an experiment and compare it with published figures."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from xlner.cli.notes import note
from xlner.cli.options import bootstrap as bootstrap_option
from xlner.cli.options import comma_list
from xlner.errors import InputError, UsageError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.experiments.reproduce import MethodResult


def _by_name(values: tuple[str, ...], kind: str, what: str) -> dict[str, str]:
    made = {}
    for value in values:
        name, sign, spec = value.partition("=")
        if not sign or not re.fullmatch(r"[\w-]+", name) or not spec:
            raise UsageError(f"{kind} {value!r} has no {what.lower()}", hint=f"write --{kind} {what}=SPEC")
        made[name] = spec
    return made


def _by_language(value: str) -> tuple[str, str]:
    name, sign, spec = value.partition("=")
    return (name, spec) if sign and re.fullmatch(r"[\w-]+", name) else ("*", value)


@click.command()
@click.argument("recipe", metavar="RECIPE")
@click.option("--dataset", required=True, metavar="NAME", help="Dataset of the recipe.")
@click.option("--data", metavar="FOLDER", help="Folder with the dataset. By default it is downloaded from the hub.")
@click.option("--langs", metavar="CODES", help="Languages, separated by commas. By default all of the dataset.")
@click.option("--methods", metavar="NAMES", help="Methods, separated by commas. By default all of the recipe.")
@click.option("--backends", default="paper", show_default=True, metavar="NAME", help="Set of backends of the recipe.")
@click.option(
    "--aligner",
    "aligners",
    multiple=True,
    metavar="NAME=SPEC",
    help="Another aligner for all methods that align; links:FILE reads links, with {lang} in FILE for the language.",
)
@click.option(
    "--recognizer",
    "recognizers",
    multiple=True,
    metavar="LANG=SPEC",
    help="Recognizer of a source language, instead of that of the backends.",
)
@click.option(
    "--target-recognizer", metavar="SPEC", help="Recognizer of target sentences, instead of that of the backends."
)
@click.option(
    "--back-translator",
    "back_translators",
    multiple=True,
    metavar="[LANG=]SPEC",
    help="Translator of labeled sentences into one language or all, instead of that of the backends; {lang} stands for "
    "the language.",
)
@click.option(
    "-o",
    "--output",
    default="reproduced",
    show_default=True,
    metavar="FOLDER",
    help="Output folder for stages and results.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N sentences of a language.")
@bootstrap_option(default=1000)
@click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of intervals and tests.")
def reproduce(
    recipe: str,
    dataset: str,
    data: str | None,
    langs: str | None,
    methods: str | None,
    backends: str,
    aligners: tuple[str, ...],
    recognizers: tuple[str, ...],
    target_recognizer: str | None,
    back_translators: tuple[str, ...],
    output: str,
    limit: int | None,
    bootstrap: int,
    seed: int,
) -> int:
    """Run a published experiment and compare.

    RECIPE is politov2025, shkalikov-thesis, xlner, or a TOML file. Runs every method on every language; stages that
    methods share run once. The same command continues an interrupted experiment. Writes tables, tests and a plot to the
    output folder.

    \b
    xlner reproduce politov2025 --dataset europarl-ner --data europarl-ner --langs de,es --backends offline
    """
    from xlner.experiments.reproduce import Experiment, compare_methods, read_reproduction_recipe, write_report

    experiment = Experiment(
        read_reproduction_recipe(recipe),
        dataset,
        data,
        backends,
        output,
        langs=None if langs is None else comma_list(langs),
        methods=None if methods is None else comma_list(methods),
        aligners=_by_name(aligners, "aligner", "NAME"),
        recognizers=_by_name(recognizers, "recognizer", "LANG"),
        target_recognizer=target_recognizer,
        back_translators=dict(_by_language(value) for value in back_translators),
        limit=limit,
        samples=bootstrap,
        seed=seed,
    )
    results = experiment.run(note)
    reasons = {r.missing for r in results}
    if len(reasons) == 1 and None not in reasons:
        raise InputError(f"no method could run: {reasons.pop()}")
    plan = experiment.plan()
    tests = compare_methods(results, samples=bootstrap, seed=seed)
    title = f"{experiment.recipe.title}: {plan.dataset.title}"
    written = write_report(output, title, plan.backends, results, tests)
    _print(results)
    only = f", first {counted(limit, 'sentence')}" if limit else ""
    click.echo(f"{title}, backends {backends}{only}")
    note(f"wrote {', '.join(str(path) for path in written)}")
    failed = sum(r.scores.failed for r in results if r.scores is not None)
    missing = sum(r.missing is not None for r in results)
    if failed or missing:
        note(f"{missing} of {counted(len(results), 'result')} missing, {counted(failed, 'sentence')} failed")
    return 1 if failed or missing else 0


def _print(results: list[MethodResult]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from xlner.experiments.reproduce import method_means

    table = Table("language", "method", box=SIMPLE_HEAD)
    for name in ("F1", "interval", "projected", "published", "difference"):
        table.add_column(name, justify="right", no_wrap=name != "F1")
    for r in results:
        theirs = "" if r.published is None else f"{r.published.f1:.4f}"
        if r.scores is None or r.confidence_intervals is None:
            table.add_row(r.lang, r.method, "not run", "", "", theirs, "")
            continue
        counted = r.scores.projected
        projected = f"{counted.rate:.4f}" if counted is not None and counted.source else ""
        gain = "" if r.difference is None else f"{r.difference:+.4f}"
        table.add_row(
            r.lang, r.method, f"{r.scores.micro.f1:.4f}", str(r.confidence_intervals.micro), projected, theirs, gain
        )
    table.add_section()
    for mean in method_means(results, min_langs=2):
        gain = "" if mean.published is None else f"{mean.f1 - mean.published:+.4f}"
        theirs = "" if mean.published is None else f"{mean.published:.4f}"
        table.add_row(f"mean of {mean.langs}", mean.method, f"{mean.f1:.4f}", "", "", theirs, gain)
    console = Console(highlight=False)
    console.width = max(console.width, 140 if not sys.stdout.isatty() else 110)
    console.print(table)
