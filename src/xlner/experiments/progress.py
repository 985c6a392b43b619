"""Where long experiments report what they are doing."""

from __future__ import annotations

from collections.abc import Callable

Log = Callable[[str], None]
"""Called with one line of text at a time; `print` is one."""


def no_log(_: str) -> None:
    """Ignore a message."""
