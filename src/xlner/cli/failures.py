"""How a command ends that fails: one line, with the fix or with the way to see more."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from contextlib import suppress

import click

from xlner.cli.notes import note
from xlner.errors import XlnerError
from xlner.text.printable import printable

EXIT_BAD_USAGE = 2
EXIT_UNEXPECTED = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
_OTHER_NAMES = {
    "--from": ("--source-lang", "--lang"),
    "--source-lang": ("--from", "--lang"),
    "--src-lang": ("--source-lang", "--from", "--lang"),
    "--to": ("--lang",),
    "--lang": ("--to",),
    "--target-lang": ("--lang", "--to"),
    "--tgt-lang": ("--lang", "--to"),
    "--language": ("--lang", "--to"),
}
"""Options for languages of other commands and programs, and what they can mean here, the first that there is."""
_OF_INPUT = {"--from": ("--lang",), "--lang": ("--from",), "--language": ("--lang", "--from")}
"""The same for commands with one text, INPUT, whose language is meant."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end, as Slurm and Docker do, with SIGTERM."""


def report_failure(error: BaseException, *, debug: bool) -> int:
    """Print one line about an exception, after its traceback with `debug`; return the exit code."""
    if debug:
        lines = traceback.format_exception(error)
        click.echo(printable("".join(lines), lines=True), err=True, nl=False)
    if isinstance(error, click.NoSuchOption):
        error = _with_other_name(error)
    if isinstance(error, click.ClickException):
        shown = io.StringIO()
        error.show(shown)
        click.echo(printable(shown.getvalue(), lines=True), err=True, nl=False)
        return error.exit_code
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    if isinstance(cause, Terminated):
        text, code = "terminated", EXIT_TERMINATED
    elif isinstance(cause, KeyboardInterrupt) or cause is None:
        text, code = "interrupted", EXIT_INTERRUPTED
    elif isinstance(cause, XlnerError):
        text, code = str(cause), EXIT_BAD_USAGE
    elif isinstance(cause, OSError) and cause.strerror:
        text, code = f"{_system_error(cause)}{_way_out(debug)}", EXIT_BAD_USAGE
    elif isinstance(cause, ValueError) and "embedded null" in str(cause):  # from the system, without the name
        text, code = f"no file can have a name with a NUL character{_way_out(debug)}", EXIT_BAD_USAGE
    elif isinstance(cause, MemoryError):
        text, code = f"out of memory; a smaller --batch-words needs less{_way_out(debug)}", EXIT_UNEXPECTED
    else:
        text, code = f"unexpected {_described(cause)}{_way_out(debug)}", EXIT_UNEXPECTED
    note("; ".join([text, *(" ".join(n.split()) for n in getattr(cause, "__notes__", ()))]))
    return code


def _with_other_name(error: click.NoSuchOption) -> click.NoSuchOption:
    """The error that suggests the option with the same meaning in this command, if there is one."""
    params = error.ctx.command.params if error.ctx is not None else []
    names = {**_OTHER_NAMES, **_OF_INPUT} if any(p.name == "input" for p in params) else _OTHER_NAMES
    known = {name for p in params for name in p.opts}
    other = next((name for name in names.get(error.option_name, ()) if name in known), None)
    if other is None:
        return error
    return click.NoSuchOption(error.option_name, f"{error.message} Did you mean {other!r}?", ctx=error.ctx)


def _described(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".removesuffix(": ").split())


def _system_error(error: OSError) -> str:
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:  # a library writes to a temporary file
        return f"{error.strerror}; free some space, or set TMPDIR to a folder with some"
    return str(error.strerror)


def _way_out(debug: bool) -> str:
    return "" if debug else "; --debug shows where"


def flush_output(code: int) -> int:
    """Write out what standard output still holds; return the exit code, which is another one if that fails."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except (OSError, ValueError) as error:
        discard_output()
        if not code:
            return report_failure(error, debug=False)
    return code


def discard_output() -> None:
    """Let nobody read what is still written to standard output, so that the interpreter can end quietly."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
