"""The glossary: the words that CONTRIBUTING.md defines."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = "| term | meaning | not |"


def glossary(contributing: Path) -> str:
    """The page, with one row for each term; raises `ValueError` if the table is not there."""
    text = contributing.read_text(encoding="utf-8")
    if _HEAD not in text:
        raise ValueError(f"{contributing} has no table with the columns of the glossary")
    rows = [
        re.split(r" *(?<!\\)\| *", line)[1:3] for line in text.partition(_HEAD)[2].split("\n\n")[0].splitlines()[2:]
    ]
    terms = sorted(rows, key=lambda row: row[0].casefold())
    lines = ["# Glossary", "", "One name for one thing: these words have one meaning in xlner.", ""]
    lines += ["| term | meaning |", "|---|---|", *(f"| **{term}** | {meaning} |" for term, meaning in terms)]
    return "\n".join([*lines, ""])
