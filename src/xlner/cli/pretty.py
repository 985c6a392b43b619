"""Print labeled sentences for people: entities in color, the source above the target."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from xlner.core.files import open_output
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.text.printable import printable

_COLORS = {"PER": "bold blue", "ORG": "bold magenta", "LOC": "bold green", "MISC": "bold yellow", "DATE": "bold cyan"}
_OTHER_COLOR = "bold red"


class _PipeConsole(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit with 1, the exit code for failed sentences


def print_pairs(pairs: Iterable[Pair], output: str) -> None:
    """Print pairs as they come."""
    with open_output(output) as stream:
        console = _PipeConsole(file=stream, highlight=False, soft_wrap=True)
        for number, pair in enumerate(pairs, start=1):
            margin = f"{number:>5} "
            if pair.source is not None:
                console.print(Text(margin, style="dim"), marked(pair.source, dim=True), sep="")
                margin = " " * len(margin)
            if pair.error is not None:
                console.print(Text(margin), marked(pair.target), sep="")
                console.print(Text(f"{' ' * len(margin)}failed: {printable(pair.error)}", style="bold red"))
            else:
                console.print(Text(margin, style="dim"), marked(pair.labeled), sep="")
            console.print()


def marked(sentence: Sentence, *, dim: bool = False) -> Text:
    """The text of a sentence with its entities in brackets and colored."""
    sentence = sentence.with_text()
    text = sentence.text or ""
    plain = "dim" if dim else ""
    out = Text()
    position = 0
    for entity in sentence.entities:
        start, end = sentence.char_span(entity) or (position, position)
        style = _COLORS.get(entity.label, _OTHER_COLOR)
        out.append(_shown(text[position:start]), style=plain)
        out.append(f"[{_shown(text[start:end])}", style=style)
        out.append(f" {printable(entity.label)}]", style=f"{style} dim")
        position = end
    out.append(_shown(text[position:]), style=plain)
    return out


def _shown(text: str) -> str:
    """Tabs and line breaks as blanks, so that a sentence stays on its line; no escape codes from the input."""
    return printable("".join(" " if c.isspace() else c for c in text))
