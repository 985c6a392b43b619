"""The command line: each command parses its options, calls a public function, and prints the result."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from xlner._version import __version__
from xlner.cli.commands.align import align
from xlner.cli.commands.apply_corrections import apply_corrections
from xlner.cli.commands.build import build
from xlner.cli.commands.calibrate import calibrate
from xlner.cli.commands.compare import compare
from xlner.cli.commands.convert import convert
from xlner.cli.commands.datasets import datasets
from xlner.cli.commands.doctor import doctor
from xlner.cli.commands.encoder import encoder
from xlner.cli.commands.errors import errors
from xlner.cli.commands.evaluate import evaluate
from xlner.cli.commands.evaluate_alignment import evaluate_alignment
from xlner.cli.commands.export import export
from xlner.cli.commands.families import families
from xlner.cli.commands.label import label
from xlner.cli.commands.leaderboard import leaderboard
from xlner.cli.commands.lexicon import lexicon
from xlner.cli.commands.project import project
from xlner.cli.commands.recognize import recognize
from xlner.cli.commands.reproduce import reproduce
from xlner.cli.commands.review import review
from xlner.cli.commands.run import run
from xlner.cli.commands.symmetrize import symmetrize
from xlner.cli.commands.train import train
from xlner.cli.commands.train_aligner import train_aligner
from xlner.cli.commands.train_language_adapter import train_language_adapter
from xlner.cli.commands.train_multilingual import train_multilingual
from xlner.cli.commands.train_translator import train_translator
from xlner.cli.commands.translate import translate
from xlner.cli.commands.view import view
from xlner.cli.commands.zero_shot import zero_shot
from xlner.cli.failures import Terminated, discard_output, flush_output, report_failure
from xlner.cli.notes import noting_data_warnings, noting_logs

GROUPS: dict[str, tuple[click.Command, ...]] = {
    "Label and build": (label, project, build),
    "Single stages": (translate, recognize, align, symmetrize, lexicon),
    "Evaluate": (evaluate, compare, errors, zero_shot, evaluate_alignment, calibrate),
    "See and correct": (view, review, apply_corrections),
    "Train": (train, train_multilingual, train_aligner, train_translator, train_language_adapter),
    "Experiments": (reproduce, leaderboard, families),
    "Data and setup": (convert, export, datasets, encoder, doctor),
    "Many machines": (run,),
}
"""The commands in the order of the help text."""


class _App(click.Group):
    """Shows commands in groups, and exits quietly if the reader of its output has closed the pipe."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in self.commands)
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(str(c.name).ljust(width), c.get_short_help_str(formatter.width - width)) for c in commands]
                )

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would exit with 1, the exit code for failed sentences
            discard_output()
            return 0


@dataclass(slots=True)
class _Debug:
    """Whether tracebacks are wanted."""

    wanted: bool = False


def _debug_option(*, hidden: bool) -> Callable[[click.Command], click.Command]:
    """Add `--debug` to a command; it is known before any other option is read."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        debug = context.find_object(_Debug)
        if debug is not None and value:
            debug.wanted = True

    option = click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        hidden=hidden,
        callback=remember,
        help="Show the traceback of an error.",
    )

    def add(command: click.Command) -> click.Command:
        command.params.append(option)
        return command

    return add


def _use_device(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Use a device in this command and in the processes that it starts."""
    if name is None:
        return
    from xlner.models.loading import DEVICE

    before = os.environ.get(DEVICE)
    os.environ[DEVICE] = name
    context.call_on_close(lambda: os.environ.pop(DEVICE) if before is None else os.environ.update({DEVICE: before}))


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="xlner")
@click.option(
    "--device",
    metavar="NAME",
    expose_value=False,
    callback=_use_device,
    help="Where models run: cpu, cuda, cuda:1 …; by default a GPU if there is one. ?device= of a stage wins.",
)
def app() -> None:
    """Label text in any language: translate it, recognize entities in the translation, align the words, and project
    the entities back.

    Exit codes: 0 success, 1 some sentences failed, 2 bad usage or input, or the run stopped, 3 unexpected
    error, 130 interrupted, 143 terminated.
    """


_debug_option(hidden=False)(app)


for command in (command for commands in GROUPS.values() for command in commands):
    app.add_command(_debug_option(hidden=True)(command))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. Any error is printed as one line on standard error."""
    if sys.stderr is None:  # it is closed
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if arguments is None:
        _collect_less_garbage()
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # who ignores it, as for all children, means it
            signal.signal(signal.SIGTERM, _terminate)
    sys.exit(flush_output(_run(arguments)))


def _collect_less_garbage() -> None:
    """Look for cyclic garbage less often, and not at the end of the process: models and records have few cycles."""
    gc.set_threshold(20_000, 20, 20)
    atexit.register(gc.freeze)


def _terminate(*_: object) -> None:
    """End as after an interrupt, with the note on what is kept; a second signal ends the process at once."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated


def _run(arguments: Sequence[str] | None) -> int:
    debug = _Debug()
    try:
        with noting_data_warnings(), noting_logs():
            code = app(arguments, standalone_mode=False, obj=debug)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return report_failure(error, debug=debug.wanted)
    return code if isinstance(code, int) else 0
