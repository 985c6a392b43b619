"""`xlner train`: fine-tune an encoder as a recognizer of entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.json_output import show_json
from xlner.cli.language_files import LabeledFiles, language_file
from xlner.cli.notes import note
from xlner.cli.progress import show_step
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.cli.scored_files import JSON, SEED
from xlner.errors import UsageError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.transfer.report import Epoch, TrainingReport
    from xlner.transfer.training_sets import TrainingSet

_TUNING = (
    *("epochs", "batch_size", "learning_rate", "weight_decay", "warm_up", "patience", "max_length", "batch_tokens"),
    *("dropout", "freeze_embeddings", "freeze_layers", "parameters", "total", "temperature", "labels", "dtype"),
    *("device", "seed"),
)
_FILES: dict[str, Any] = {"type": language_file, "multiple": True, "metavar": "LANG=FILE"}
_AT_LEAST_1 = click.IntRange(min=1)
_SCHEDULE = o.options(
    click.option("--epochs", type=_AT_LEAST_1, default=3, show_default=True),
    click.option("--batch-size", type=_AT_LEAST_1, default=32, show_default=True, help="Sentences in a training step."),
    click.option(
        "--learning-rate",
        type=o.FiniteFloat(),
        help="Peak learning rate; by default 5e-5, or 5e-4 if only some parameters are trained.",
    ),
    click.option(
        "--weight-decay",
        type=o.FiniteFloat(),
        default=0.01,
        show_default=True,
        help="Weight decay, except for biases and norms.",
    ),
    click.option(
        "--warm-up",
        type=o.FiniteFloat(),
        default=0.1,
        show_default=True,
        help="Share of the steps in which the learning rate rises.",
    ),
    click.option(
        "--patience",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Stop after this many epochs without a better mean F1 on the dev sets; 0 never stops early.",
    ),
    click.option("--dropout", type=o.FiniteFloat(), help="Dropout of hidden states; by default that of the model."),
)
_SIZE = o.options(
    click.option(
        "--parameters",
        default="full",
        show_default=True,
        metavar="SPEC",
        help="full, lora?rank=8 …; bottleneck and orthogonal are experimental.",
    ),
    click.option(
        "--freeze-embeddings/--train-embeddings",
        default=True,
        show_default=True,
        help="Freeze the embeddings, most of a multilingual model.",
    ),
    click.option(
        "--freeze-layers",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Freeze this many of the lowest layers, too.",
    ),
    click.option(
        "--max-length", type=_AT_LEAST_1, help="The most sub-words in a window; by default the limit of the model."
    ),
    click.option("--batch-tokens", type=_AT_LEAST_1, help="The most sub-words in a forward pass, padding included."),
    click.option("--dtype", default="auto", show_default=True, help="Precision: float32 or bfloat16."),
    click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 …"),
)
_SAMPLE = o.options(
    click.option(
        "--total", type=_AT_LEAST_1, help="Draw this many sentences from all languages together; by default all."
    ),
    click.option(
        "--temperature",
        type=float,
        default=1.0,
        show_default=True,
        help="Sampling of the languages: 1 by their sizes, inf equally.",
    ),
    click.option("--labels", type=o.comma_list, default="", metavar="A,B,…", help="Labels to learn; by default all."),
)


@click.command()
@click.argument("model", metavar="MODEL")
@click.option("-o", "--output", required=True, metavar="DIR", help="Output folder for the recognizer.")
@click.option("--train", "train_files", help="Labeled sentences to train on. Repeatable.", required=True, **_FILES)
@click.option("--dev", "dev_files", help="Labeled sentences to measure on after each epoch. Repeatable.", **_FILES)
@_SCHEDULE
@_SIZE
@_SAMPLE
@SEED
@click.option("--license", default="", metavar="ID", help="License of the training data, for the model card.")
@o.READING
@o.ON_ERROR
@o.LIMIT
@click.option("--checkpoint-every", type=_AT_LEAST_1, default=200, show_default=True, help="Steps between checkpoints.")
@click.option(
    "--resume/--overwrite", default=True, help="Continue an interrupted training in DIR (default), or replace it."
)
@JSON
@o.CONFIG
def train(model: str, output: str, as_json: bool, **options: Any) -> int:
    """Fine-tune an encoder as a recognizer.

    MODEL is a folder or a name on the Hugging Face hub. Files are CoNLL or JSONL; files of one language are joined, and
    --limit applies to each file. With dev sets the weights of the best epoch are kept. An interrupted training
    continues where it stopped, and ends with the same weights. Exit code 1 means that the model does not seem to have
    learned, or that some sentences could not be read.

    \b
    xlner encoder export e5
    xlner train e5 --train en=train.conll --dev en=dev.conll --learning-rate 2e-4 -o e5-ner
    xlner train e5 --train en=en.conll --train de=de.conll --total 4000 --temperature inf -o e5-ner
    xlner recognize noticias.txt --lang es --recognizer hf:e5-ner
    """
    from xlner.transfer import TrainingOptions, train

    files = LabeledFiles(options)
    sets = _sets(files, options)
    tuning = TrainingOptions(**{name: options[name] for name in _TUNING})
    report = train(
        model,
        sets,
        output,
        tuning,
        overwrite=not options["resume"],
        checkpoint_every=options["checkpoint_every"],
        on_step=show_step,
        on_epoch=_show_epoch,
    )
    if as_json:
        show_json(asdict(report))
    _conclude(report, files.unread)
    return EXIT_SOME_FAILED if report.warnings or files.unread else 0


def _sets(files: LabeledFiles, options: dict[str, Any]) -> list[TrainingSet]:
    from xlner.transfer.training_sets import TrainingSet

    learned, measured = files.by_language(options["train_files"]), files.by_language(options["dev_files"])
    only = sorted(set(measured) - set(learned))
    if only:
        raise UsageError(f"--dev {only[0]} has no --train of the same language", hint="score it with xlner zero-shot")
    origins = {code: _names(options["train_files"], code) for code in learned}
    return [
        TrainingSet(code, sentences, measured.get(code, ()), origins[code], options["license"])
        for code, sentences in learned.items()
    ]


def _names(files: Sequence[tuple[str, str]], code: str) -> str:
    return ", ".join(Path(path.partition("?")[0]).name for language, path in files if language == code)


def _show_epoch(epoch: Epoch) -> None:
    dev = "".join(f", {code} {f1:.4f}" for code, f1 in epoch.dev.items())
    mean = f", mean {epoch.mean_f1:.4f}" if epoch.mean_f1 is not None and len(epoch.dev) > 1 else ""
    scores = f"; F1{dev[1:]}{mean}" if dev else ""
    note(f"epoch {epoch.number}: loss {epoch.loss:.4f}{scores}")


def _conclude(report: TrainingReport, unread: int) -> None:
    sentences = ", ".join(f"{count} {code}" for code, count in report.sentences.items())
    kept = f"; kept epoch {report.best_epoch}" if report.best.dev else ""
    note(
        f"trained {report.trained_parameters:,} of {report.total_parameters:,} parameters on sentences: "
        f"{sentences}; {counted(report.steps, 'step')}, {report.seconds:.0f} s{kept}"
    )
    if unread:
        note(f"{counted(unread, 'sentence')} could not be read")
    for text in report.warnings:
        note(f"warning: {text}")
