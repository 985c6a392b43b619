"""Labeled text as HTML for notebooks: small, without scripts, and with all text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from xlner.core.palette import colors_of
from xlner.text.printable import printable

Marked = tuple[int, int, str, float | None]
"""A span of characters with its label and its score."""

_LINE = "line-height:2;margin:.2em 0"
_MARK = "color:inherit;background:{0}33;border-bottom:2px solid {0};border-radius:.25em;padding:.1em .25em"
_LABEL = "font-size:.7em;font-weight:600;opacity:.8;margin-inline-start:.35em"
_FAINT = "opacity:.7;font-size:.9em"
_BOX = "border-inline-start:3px solid #8c8c8c66;padding-inline-start:.6em"
_LONGEST = 2000
"""Characters of a text: a notebook is no place for a book."""


def labeled_html(
    text: str, spans: Sequence[Marked], language: str | None = None, colors: Mapping[str, str] | None = None
) -> str:
    """A text with labeled spans in color. Each label has one of the `colors`, by default those of `colors_of`.

    >>> "<mark" in labeled_html("en Vigo", [(3, 7, "LOC", None)])
    True
    """
    colors = colors or colors_of(label for _, _, label, _ in spans)
    parts, position = [], 0
    for start, end, label, score in spans:
        if end > _LONGEST:
            break
        title = "" if score is None else f' title="{score:.3f}"'
        name = f'<span style="{_LABEL}">{_safe(label)}</span>'
        style = _MARK.format(colors[label])
        parts.append(f'{_safe(text[position:start])}<mark style="{style}"{title}>{_safe(text[start:end])}{name}</mark>')
        position = end
    parts.append(_safe(text[position:_LONGEST]) + ("…" if len(text) > _LONGEST else ""))
    lang = "" if language is None else f' lang="{_safe(language)}"'
    return f'<div dir="auto"{lang} style="{_LINE}">{"".join(parts)}</div>'


def dropped_html(dropped: Iterable[tuple[str, str]]) -> str:
    """What was not projected, with the reasons; nothing if there is nothing.

    >>> dropped_html([])
    ''
    """
    shown = "; ".join(f"{_safe(name)}: {_safe(reason)}" for name, reason in dropped)
    return f'<div style="{_FAINT}">not projected: {shown}</div>' if shown else ""


def boxed_html(parts: Iterable[str], error: str | None) -> str:
    """Parts that belong together, and the error if there is one.

    >>> boxed_html(["<p>"], None).count("<")
    3
    """
    last = "" if error is None else f'<div style="{_LINE}"><b>error</b>: {_safe(error)}</div>'
    return f'<div style="{_BOX}">{"".join(parts)}{last}</div>'


def _safe(text: str) -> str:
    """Text that is no markup, and has no invisible marks that change its direction."""
    return escape(printable(text, lines=True))
