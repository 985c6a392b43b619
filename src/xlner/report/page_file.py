"""The HTML file of a page: its frame with style and script, and its data in compressed chunks."""

from __future__ import annotations

import base64
import hashlib
import html
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TextIO

from xlner.core.palette import css_colors
from xlner.report.json_text import json_text

CHUNK = 1000
"""Sentences in a chunk of the index, which is unpacked as a whole."""
DETAILS = 100
"""Sentences in a chunk of details: a page of the list may need one chunk for each of its sentences."""
_SCRIPTS = (*("dom", "data", "facets", "summary", "links", "decisions", "sentence", "editor", "saving", "main"),)
"""The files of the script, in their order."""


def write_head(stream: TextIO, title: str, *, connect: bool = False) -> None:
    """Write everything before the data. With `connect`, the script may talk to the server that the page is from.

    A policy in the page allows exactly this style and this script, and nothing from anywhere else.
    """
    head, body = _frame()
    style, script = _style(), _script()
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            *(["connect-src 'self'"] if connect else []),
            *("base-uri 'none'", "form-action 'none'"),
        ]
    )
    head = head.replace("{policy}", html.escape(policy)).replace("{title}", html.escape(title or "xlner"))
    stream.write(f"{head}<style>{style}</style>\n{body}<script>{script}</script>\n")


def write_chunk(stream: TextIO, name: str, records: Sequence[str]) -> None:
    """Write JSON texts as one chunk: an array, compressed (raw deflate) and in base64. No browser runs such a script.

    >>> import sys
    >>> write_chunk(sys.stdout, "index", ["1", "2"])
    <script type="text/plain" data-chunk="index">izbUMYoFAA==</script>
    """
    data = f"[{','.join(records)}]".encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.b64encode(deflate.compress(data) + deflate.flush()).decode("ascii")
    stream.write(f'<script type="text/plain" data-chunk="{name}">{packed}</script>\n')


def write_tail(stream: TextIO, summary: object) -> None:
    """Write the summary and the end of the file."""
    write_chunk(stream, "summary", [json_text(summary)])
    stream.write("</body>\n</html>\n")


@cache
def _resource(name: str) -> str:
    return (files("xlner.report") / "page" / name).read_text(encoding="utf-8")


def _frame() -> tuple[str, str]:
    head, _, body = _resource("page.html").partition("<!-- style -->\n")
    return head, body


@cache
def _style() -> str:
    return css_colors() + _resource("page.css")


@cache
def _script() -> str:
    parts = "\n".join(_resource(f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();\n'


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
