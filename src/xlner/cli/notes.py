"""What commands say on standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import click

from xlner.core.data_warnings import hearing_data_warnings
from xlner.text.printable import printable

_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


def note(text: str) -> None:
    """Print one line on standard error. What a terminal would act upon is shown escaped."""
    if not _SILENT.get():
        click.echo(f"xlner: {printable(text)}", err=True)


@contextmanager
def silent() -> Iterator[None]:
    """Print no notes meanwhile: another process has."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


class _NoteHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        note(f"note: {' '.join(record.getMessage().split())}")


@contextmanager
def noting_logs() -> Iterator[None]:
    """Print what xlner logs as notes: it can hold what a program or an endpoint said."""
    logger, handler = logging.getLogger("xlner"), _NoteHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def noting_data_warnings() -> Iterator[None]:
    """Print each `DataWarning` as a note, once."""
    said: set[str] = set()

    def hear(text: str) -> None:
        if text not in said:
            said.add(text)
            note(f"note: {' '.join(text.split())}")

    with hearing_data_warnings(hear):
        yield
