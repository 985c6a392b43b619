"""Windows of sentences that are processed side by side: one is translated while other stages work on the one before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event, Lock


class CancelledError(BaseException):
    """Ends a window whose results nobody wants."""


@dataclass(slots=True)
class Turns:
    """What the windows of one run share: translators take one window at a time, and all end when it is `cancelled`."""

    translator: Lock = field(default_factory=Lock)
    cancelled: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True)
class Window:
    """A window that is processed: set when its first translations are made, and when it is done.

    All stages but the translator wait until `before`, the window before it, is done.
    """

    turns: Turns
    before: Event
    translated: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)


_window: ContextVar[Window | None] = ContextVar("window", default=None)


@contextmanager
def in_window(window: Window) -> Iterator[None]:
    """Let all that runs meanwhile in this thread belong to a window.

    >>> before = Event()
    >>> before.set()
    >>> window = Window(Turns(), before)
    >>> with in_window(window):
    ...     wait_for_turn()
    >>> window.translated.is_set(), window.done.is_set()
    (True, True)
    """
    token = _window.set(window)
    try:
        yield
    finally:
        _window.reset(token)
        window.translated.set()
        window.done.set()


@contextmanager
def translating() -> Iterator[None]:
    """Use the translator, when no other window does."""
    window = _window.get()
    if window is None:
        yield
        return
    with window.turns.translator:
        yield


def wait_for_turn() -> None:
    """Wait until the window before this one is done, for all stages but the translator."""
    window = _window.get()
    if window is not None:
        window.translated.set()
        window.before.wait()
        check_cancelled()


def check_cancelled() -> None:
    """Raise `CancelledError` if nobody wants the results of this window."""
    window = _window.get()
    if window is not None and window.turns.cancelled.is_set():
        raise CancelledError
