"""A page of headings, paragraphs, lists, tables and images, as Markdown or as one HTML file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlner.core.palette import LIGHT

_STYLE = (
    f"body{{font:16px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:{LIGHT.text};"
    f"background:{LIGHT.back}}}"
    "table{border-collapse:collapse;font-size:90%;display:block;overflow-x:auto;margin:1em 0}"
    f"th,td{{padding:.2em .6em;border-bottom:1px solid {LIGHT.rule};text-align:right;white-space:nowrap}}"
    "th:first-child,td:first-child{text-align:left}img{max-width:100%}code{overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class BulletList:
    """A bulleted list."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row."""

    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG file in the folder of the page, with its alternative text."""

    path: Path
    text: str


Block = Heading | Paragraph | BulletList | Table | Image


def markdown_page(blocks: Sequence[Block]) -> str:
    """Return the page as Markdown.

    >>> markdown_page([Heading("A"), Table(("x", "y"), (("1", "2"),))])
    '## A\\n\\n| x | y |\\n|---|---|\\n| 1 | 2 |\\n'
    """
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case BulletList(texts):
            return "\n".join(f"- {text}" for text in texts)
        case Table(header, cells):
            lines = [header, tuple("---" for _ in header), *cells]
            return "\n".join(_bar(line, number == 1) for number, line in enumerate(lines))
        case Image(path, text):
            return f"![{text}]({path.name})"


def _bar(cells: Sequence[str], rule: bool) -> str:
    if rule:
        return f"|{'|'.join(cells)}|"
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def html_page(title: str, blocks: Sequence[Block]) -> str:
    """Return the page as one HTML file with its images embedded.

    >>> "<p>a &lt; b</p>" in html_page("T", [Paragraph("a < b")])
    True
    """
    body = "\n".join(map(_html, blocks))
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n{body}\n</body></html>\n"


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{_inline(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case BulletList(texts):
            return "<ul>" + "".join(f"<li>{_inline(text)}</li>" for text in texts) + "</ul>"
        case Table(header, cells):
            lines = ["".join(f"<th>{_inline(cell)}</th>" for cell in header)]
            lines += ["".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in cells]
            return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
        case Image(path, text):
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            return f'<img alt="{html.escape(text)}" src="data:image/png;base64,{data}">'


def _inline(text: str) -> str:
    """Escape text for HTML; `code` in backquotes becomes a code element."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
