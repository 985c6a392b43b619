"""`xlner zero-shot`: score a recognizer on many languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.json_output import show_json
from xlner.cli.language_files import LabeledFiles, language_file
from xlner.cli.notes import note
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.cli.scored_files import JSON, SEED
from xlner.cli.tables import make_console, make_table
from xlner.core.registry import Spec, names
from xlner.errors import UsageError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.transfer.zero_shot import ZeroShot


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("targets", metavar="LANG=FILE…", nargs=-1, required=True, type=language_file)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    help="Write the predictions: LANG.conll, and LANG.2.conll for a second file of a language.",
)
@o.bootstrap(default=1000)
@SEED
@o.IGNORE
@o.READING
@o.ON_ERROR
@o.LIMIT
@JSON
@o.CONFIG
def zero_shot(model: str, targets: Sequence[tuple[str, str]], as_json: bool, **options: Any) -> int:
    """Score a recognizer on many languages.

    MODEL is a folder that xlner train wrote, or the spec of any recognizer. It need not be trained on the languages.
    Each FILE has labeled sentences in CoNLL or JSONL; --limit applies to each file.

    \b
    xlner zero-shot e5-ner de=de.conll fi=fi.conll lug=lug.jsonl --ignore DATE
    """
    from xlner.transfer import zero_shot as score_targets

    files = LabeledFiles(options)
    gold = {name: files.read(code, path) for name, (code, path) in zip(_names(targets), targets, strict=True)}
    found = score_targets(
        _recognizer(model),
        gold,
        ignore=options["ignore"],
        samples=options["bootstrap"],
        seed=options["seed"],
    )
    if options["output"]:
        _write(found, Path(options["output"]))
    if as_json:
        show_json(_record(found))
    else:
        _print(found)
    if files.unread:
        note(f"{counted(files.unread, 'sentence')} could not be read")
    return EXIT_SOME_FAILED if files.unread else 0


def _recognizer(model: str) -> str:
    """The spec of a recognizer; that of the model if it is a folder. Raises `UsageError` for anything else."""
    if Path(model).is_dir():
        return f"hf:{model}"
    if Spec.parse(model).name not in names("recognizer"):
        raise UsageError(
            f"{model} is neither a folder nor a recognizer",
            hint="xlner train writes folders; xlner doctor lists recognizers",
        )
    return model


def _names(targets: Sequence[tuple[str, str]]) -> list[str]:
    """The language of each target, with a number from its second file on.

    >>> _names([("pt", "a.conll"), ("de", "b.conll"), ("pt", "c.conll")])
    ['pt', 'de', 'pt.2']
    """
    codes = [code for code, _ in targets]
    before = [codes[:k].count(code) for k, code in enumerate(codes)]
    return [f"{code}.{n + 1}" if n else code for code, n in zip(codes, before, strict=True)]


def _write(found: ZeroShot, folder: Path) -> None:
    from xlner.formats import write_sentences

    folder.mkdir(parents=True, exist_ok=True)
    for name, target in found.targets.items():
        write_sentences(target.predicted, folder / f"{name}.conll")


def _record(found: ZeroShot) -> dict[str, Any]:
    targets = {}
    for name, target in found.targets.items():
        counts = target.scores.micro
        targets[name] = {
            "sentences": target.scores.sentences,
            **{key: getattr(counts, key) for key in ("precision", "recall", "f1", "correct", "predicted", "gold")},
            "interval": [target.interval.low, target.interval.high],
            "signature": str(target.scores.signature),
        }
    mean = {"f1": found.mean_f1, "interval": [found.interval.low, found.interval.high]}
    return {"targets": targets, "mean": mean, "signature": str(found.signature)}


def _print(found: ZeroShot) -> None:
    console = make_console()
    table = make_table("target", "sentences", "precision", "recall", "F1", "95 % interval", "predicted", "gold")
    for name, target in found.targets.items():
        c = target.scores.micro
        ratios = (f"{value:.4f}" for value in (c.precision, c.recall, c.f1))
        table.add_row(name, str(target.scores.sentences), *ratios, str(target.interval), str(c.predicted), str(c.gold))
    if len(found.targets) > 1:
        table.add_section()
        table.add_row("mean", "", "", "", f"{found.mean_f1:.4f}", str(found.interval), "", "")
    console.print(table)
    console.print(str(found.signature), style="dim")
