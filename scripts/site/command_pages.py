"""One page for each command of the program, from the program itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import click
from generated import Generated

from xlner.cli import GROUPS, app

_EXAMPLE = "xlner "


@cache
def command_pages() -> list[Generated]:
    """The page with all commands, and one for each, in the order of the help text."""
    pages = [Generated("commands/index.md", "Commands", _index())]
    for commands in GROUPS.values():
        for command in commands:
            pages.append(Generated(f"commands/{command.name}.md", str(command.name), _page(command)))
    return pages


def _index() -> str:
    context = click.Context(app, info_name="xlner")
    lines = ["# Commands", "", *_paragraphs(app), "", "```console", "$ xlner label --help", "```", ""]
    for title, commands in GROUPS.items():
        lines += [f"## {title}", "", "| command | what it does |", "|---|---|"]
        lines += [f"| [`{c.name}`]({c.name}.md) | {_cell(c.get_short_help_str(200))} |" for c in commands]
        lines.append("")
    return "\n".join([*lines, *_options(app, context), ""])


def _page(command: click.Command) -> str:
    parent = click.Context(app, info_name="xlner")
    lines = []
    for level, (inner, context) in enumerate(_all(command, parent)):
        lines += [f"#{'#' * bool(level)} {context.command_path}", "", "```text", *_usage(inner, context), "```", ""]
        lines += [*_paragraphs(inner), "", *_options(inner, context), ""]
    return "\n".join(lines)


def _all(command: click.Command, parent: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and those inside it, each with its context."""
    context = click.Context(command, info_name=command.name, parent=parent)
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _all(command.commands[name], context)


def _usage(command: click.Command, context: click.Context) -> list[str]:
    return [" ".join([context.command_path, *command.collect_usage_pieces(context)])]


def _paragraphs(command: click.Command) -> list[str]:
    """The help of a command: examples as code, all else as paragraphs."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", (command.help or "").replace("\b\n", "\b")):
        text = paragraph.replace("\b", "").strip()
        if paragraph.lstrip().startswith("\b") or text.startswith(_EXAMPLE):
            lines += ["```console", *(f"$ {line.strip()}" for line in text.splitlines()), "```", ""]
        else:
            lines += [_plain(" ".join(text.split())), ""]
    return lines


def _options(command: click.Command, context: click.Context) -> list[str]:
    rows = []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            record = parameter.get_help_record(context)
            if record is not None:
                names, meaning = record
                rows.append(f"| {_names(parameter, names)} | {_cell(meaning)} |")
    return ["| option | meaning |", "|---|---|", *rows] if rows else []


def _names(option: click.Option, shown: str) -> str:
    """The names and the value as code, with an anchor for the longest name: a link can lead to an option."""
    anchor = max(option.opts, key=len).lstrip("-")
    names = ", ".join(option.opts) + "".join(f" / {name}" for name in option.secondary_opts)
    value = shown.rpartition(max(option.opts, key=len))[2].strip() if not option.secondary_opts else ""
    return f'<span id="{anchor}"></span>`{names}`' + (f"<br>`{value}`" if value else "")


def _cell(text: str) -> str:
    return _plain(" ".join(text.split())).replace("|", "\\|")


def _plain(text: str) -> str:
    """Help is plain text: nothing in it is markup."""
    return re.sub(r"([\\`*_<>\[\]#])", r"\\\1", text)
