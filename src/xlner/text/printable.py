"""Text that a terminal can show as it is."""

from __future__ import annotations

import re

_ACTIVE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text with control characters, changes of the writing direction and lone surrogates as escapes.

    A terminal would act upon these: they move, color or hide what is around them. With `lines`, line breaks and tabs
    stay. The escapes are those of JSON, so that JSON stays JSON.

    >>> print(printable("Vigo\x1b[31m\n"))
    Vigo\u001b[31m\u000a
    """
    return (_BUT_LINES if lines else _ACTIVE).sub(lambda match: f"\\u{ord(match[0]):04x}", text)
