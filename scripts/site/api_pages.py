"""One page for each public package: its public names with their docstrings, and examples."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from importlib import import_module
from pathlib import Path

from doctest_fences import fenced
from generated import Generated

import xlner

_SOURCE = Path(xlner.__file__).parent
_GROUPS = ("experiments",)
"""Packages that only hold others."""


def public_packages() -> list[str]:
    """The packages and modules that `xlner` exports, and those inside of a package that only holds others."""
    modules = [name for name in sorted(xlner.__all__) if inspect.ismodule(getattr(xlner, name))]
    inner = {name: sorted(import_module(f"xlner.{name}").__all__) for name in _GROUPS}
    return [
        f"xlner.{m}" for name in modules for m in ([f"{name}.{i}" for i in inner[name]] if name in inner else [name])
    ]


def public_names(package: str) -> dict[str, str]:
    """Each public name of a package, with the full name of what it is where it is defined."""
    folder = _SOURCE.parent.joinpath(*package.split("."))
    stub = folder / "__init__.pyi"
    if not stub.exists():
        module = import_module(package)
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == package
        ]
        return {name: f"{package}.{name}" for name in names}
    found = {}
    for statement in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            for name in statement.names:
                found[name.asname or name.name] = f"{package}.{statement.module}.{name.name}"
    return found


@cache
def api_pages() -> list[Generated]:
    """The page of `xlner` itself, which links to the names of the others, and theirs."""
    pages = [Generated(f"api/{package}.md", package, _page(package)) for package in public_packages()]
    return [Generated("api/index.md", "Python", _index()), *pages]


def _page(package: str) -> str:
    about = inspect.getdoc(import_module(package)) or ""
    lines = [f"# {package}", "", fenced(about), ""]
    for _, definition in sorted(public_names(package).items()):
        lines += [f"::: {definition}", ""]
    return "\n".join(lines)


def _index() -> str:
    lines = ["# Python", "", fenced((inspect.getdoc(xlner) or "").partition("\n\n")[2]), ""]
    lines += [
        "Every command of the program calls one public function; [the commands](../commands/index.md) are there.",
        "",
    ]
    lines += ["| name in `xlner` | what it is |", "|---|---|"]
    homes = {definition: package for package in public_packages() for definition in public_names(package).values()}
    for name in sorted(n for n in xlner.__all__ if not inspect.ismodule(getattr(xlner, n)) and n != "__version__"):
        value = getattr(xlner, name)
        definition = f"{value.__module__}.{value.__qualname__}"
        first = (inspect.getdoc(value) or "").partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| [`{name}`]({homes[definition]}.md#{definition}) | {first.replace('|', chr(92) + '|')} |")
    lines += ["", "| package | about |", "|---|---|"]
    for package in public_packages():
        about = (inspect.getdoc(import_module(package)) or "").partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| [`{package}`]({package}.md) | {about} |")
    return "\n".join([*lines, ""])
