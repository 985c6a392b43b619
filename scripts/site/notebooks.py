"""Notebooks as pages of the site: text, code, and what the code has printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def notebook_page(path: Path) -> str:
    """The Markdown of a notebook with its stored outputs; labeled text stays in color."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(part for cell in cells for part in _parts(cell)) + "\n"


def _parts(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    printed = "".join("".join(output.get("text", "")) for output in cell["outputs"])  # in any number of pieces
    if printed:
        yield _text(printed)
    for shown in (output["data"] for output in cell["outputs"] if "data" in output):
        yield "".join(shown["text/html"]) if "text/html" in shown else _text("".join(shown["text/plain"]))


def _text(text: str) -> str:
    return "```text\n{}\n```".format(text.rstrip("\n"))
