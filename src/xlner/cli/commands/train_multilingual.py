"""`xlner train-multilingual`: train a recognizer for many languages on top of the offline encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.json_output import show_json
from xlner.cli.notes import note
from xlner.cli.progress import show_step
from xlner.cli.run_options import on_command_line
from xlner.cli.scored_files import JSON
from xlner.core.files import require_other_file
from xlner.errors import InputError, UsageError
from xlner.formats import raise_errors, read_sentences
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.core.sentence import Sentence
    from xlner.transfer.multilingual.recipe import LabeledCorpus


@click.command("train-multilingual")
@click.argument("recipe", metavar="RECIPE")
@click.option("-o", "--output", required=True, metavar="FILE", help="Output file for the fine-tuned layers.")
@click.option("--data", default=".", show_default=True, metavar="DIR", help="Folder that the files of RECIPE are in.")
@click.option("--states", metavar="DIR", help="Keep the states of the lower layers in DIR, for later runs.")
@click.option(
    "--layers", metavar="FILE", help="Train no layers: keep those of FILE, and fit only the classifiers of RECIPE."
)
@click.option("--seed", type=click.IntRange(min=0), help="Use this seed instead of that of RECIPE.")
@click.option(
    "--checkpoint-every",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Steps between checkpoints.",
)
@click.option(
    "--resume/--overwrite", default=True, help="Continue an interrupted training of FILE (default), or replace it."
)
@JSON
@o.CONFIG
def train_multilingual(recipe: str, output: str, as_json: bool, **options: Any) -> int:
    """Train a recognizer for many languages.

    Trains the upper layers of the offline encoder on labeled sentences in several languages. RECIPE is a TOML file that
    names the sets, how many sentences to take from each, which types each annotates, and how to train; see
    docs/recognizers.md. An interrupted training continues where it stopped. Languages in its table [classifiers] get a
    classifier of their own in the end.

    \b
    xlner train-multilingual recipe.toml --data corpora -o my.npz
    xlner recognize new.txt --lang yo --recognizer multilingual:my.npz
    """
    from dataclasses import replace

    from xlner.transfer import fit_classifiers, read_multilingual_recipe, train_multilingual

    require_other_file(output, recipe)
    folder = Path(options["data"])
    chosen = read_multilingual_recipe(recipe)
    if options["seed"] is not None:
        chosen = replace(chosen, seed=options["seed"])

    def read(s: LabeledCorpus, part: str) -> Sequence[Sentence]:
        path = folder / (s.train if part == "train" else s.dev)
        if not path.is_file():
            raise InputError(f"does not exist; set {s.name!r} of {recipe} needs it", path=path, hint="give --data DIR")
        return list(raise_errors(read_sentences(str(path), language=s.language, require_tags=True)))

    if options["layers"]:
        overwrite = "--resume" if options["resume"] else "--overwrite"
        for name, text in {"states": "--states", "checkpoint_every": "--checkpoint-every", "resume": overwrite}.items():
            if on_command_line(name):
                raise UsageError(f"--layers has no use for {text}", hint="leave it out")
        counts = fit_classifiers(chosen, read, options["layers"], output, on_language=_show_language)
        if as_json:
            show_json({"classifiers": counts})
        note(f"wrote {output}")
        return 0
    report = train_multilingual(
        chosen,
        read,
        output,
        states_folder=options["states"],
        overwrite=not options["resume"],
        checkpoint_every=options["checkpoint_every"],
        on_step=show_step,
        on_epoch=_show_epoch,
    )
    if as_json:
        show_json(asdict(report))
    total = sum(report.sentences.values())
    note(f"trained on {counted(total, 'sentence')}; wrote {output}")
    return 0


def _show_language(language: str, sentences: int) -> None:
    note(f"classifier of {language}: {sentences:,} sentences")


def _show_epoch(number: int, loss: float, dev: Mapping[str, float]) -> None:
    mean = f", mean dev F1 {sum(dev.values()) / len(dev):.3f}" if dev else ""
    note(f"epoch {number}: loss {loss:.4f}{mean}")
