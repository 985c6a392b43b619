"""The errors of texts that Apertium did not translate."""

from __future__ import annotations

from xlner.errors import StageError, UnansweredError
from xlner.translation.apertium.processes import ChainError

_SNIPPET = 60
"""Characters of a text that an error message shows."""


class UntriedError(UnansweredError):
    """Apertium did not try to translate a text, because several texts before it failed."""


def failure(mode: str, text: str, error: ChainError) -> StageError:
    """Return the error of a text.

    >>> str(failure("spa-eng", "Hola", ChainError("no answer in 30 s", final=True)))
    "Apertium mode spa-eng failed on 'Hola': no answer in 30 s"
    """
    if error.stopped:
        return UntriedError(f"Apertium mode {mode} failed: {error}")
    snippet = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
    kind = UnansweredError if error.final else StageError
    return kind(f"Apertium mode {mode} failed on {snippet!r}: {error}")
