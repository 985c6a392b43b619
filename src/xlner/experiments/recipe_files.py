"""Recipes in TOML: those that come with a package, and those of users."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from xlner.errors import InputError, UnknownNameError


def read_recipe_file(package: str, name: str | Path) -> tuple[str, dict[str, Any], str]:
    """The name, the content and the place of a recipe in `recipes/` of a package, by name, or of one in a TOML file.

    Raises `UnknownNameError` for a name that is neither, `InputError` for a file that cannot be read or is not TOML.
    """
    path = Path(name)
    if path.suffix == ".toml":
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", path=path) from None
        except UnicodeDecodeError:
            raise InputError("not UTF-8", path=path) from None
        name = path.stem
    else:
        builtin = resources.files(package) / "recipes" / f"{name}.toml"
        if not builtin.is_file():
            known = ", ".join(recipes_of(package))
            raise UnknownNameError(f"unknown recipe {str(name)!r}", hint=f"known: {known}; or a file with suffix .toml")
        text = builtin.read_text(encoding="utf-8")
    try:
        return str(name), tomllib.loads(text), str(path)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", path=path) from None


def recipes_of(package: str) -> list[str]:
    """The names of the recipes that come with a package."""
    found = (resources.files(package) / "recipes").iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml"))


def check_keys(table: Mapping[str, Any], known: set[str], where: str) -> None:
    """Raise `UnknownNameError` for a key that means nothing."""
    for key in table:
        if key not in known:
            raise UnknownNameError(f"{where}: unknown key {key!r}", hint=f"known: {', '.join(sorted(known))}")
