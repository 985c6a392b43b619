"""Examples in docstrings as code: `>>>` alone is a quotation in Markdown."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\n|```).+|\n(?=\n>>> )\n.*)*", re.MULTILINE)
_LITERAL = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def fenced(text: str) -> str:
    """The text with each example, up to the next blank line, in a fence."""
    parts = []
    end = 0
    for literal in _LITERAL.finditer(text):
        parts += [_with_fences(text[end : literal.start()]), literal[0]]
        end = literal.end()
    return "".join([*parts, _with_fences(text[end:])])


def _with_fences(text: str) -> str:
    return _EXAMPLE.sub(lambda example: f"```pycon\n{example[0]}\n```", text)


class DoctestFences(Extension):
    """Puts the examples of every docstring into fences."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
