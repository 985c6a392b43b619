"""The command line: parses, calls one function, prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from xlner._version import __version__
from xlner.cli.align import align
from xlner.cli.build import build
from xlner.cli.calibrate import calibrate
from xlner.cli.compare import compare
from xlner.cli.convert import convert
from xlner.cli.datasets import datasets
from xlner.cli.doctor import doctor
from xlner.cli.encoder import encoder
from xlner.cli.errors import errors
from xlner.cli.evaluate import evaluate
from xlner.cli.evaluate_alignment import evaluate_alignment
from xlner.cli.families import families
from xlner.cli.label import label
from xlner.cli.lexicon import lexicon
from xlner.cli.project import project
from xlner.cli.recognize import recognize
from xlner.cli.reproduce import reproduce
from xlner.cli.symmetrize import symmetrize
from xlner.cli.train import train
from xlner.cli.train_aligner import train_aligner
from xlner.cli.train_language_adapter import train_language_adapter
from xlner.cli.translate import translate
from xlner.cli.zero_shot import zero_shot
from xlner.errors import XlnerError

EXIT_BAD_USAGE = 2
EXIT_INTERRUPTED = 130


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output has seen enough; click would exit with 1
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="xlner")
def app() -> None:
    """Label text in any language: translate it, recognize entities in the translation, align the words, and project
    the entities back.

    Exit codes: 0 fine, 1 the run finished but some sentences failed, 2 bad usage or input.
    """


for command in (
    label,
    translate,
    recognize,
    project,
    build,
    align,
    symmetrize,
    lexicon,
    train_aligner,
    train_language_adapter,
    encoder,
    train,
    zero_shot,
    families,
    evaluate,
    evaluate_alignment,
    compare,
    errors,
    calibrate,
    reproduce,
    convert,
    datasets,
    doctor,
):
    app.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """CommandRun the command line and exit; every error that xlner foresees is one line on standard error."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = app(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except XlnerError as error:
        click.echo(f"xlner: {error}", err=True)
        return EXIT_BAD_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("xlner: interrupted", err=True)
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0
