"""Recipes as TOML files: those that ship with a package, and those of users."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from importlib import resources
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from xlner.errors import InputError, UnknownNameError, ValidationError
from xlner.text.suggestions import names_hint

T = TypeVar("T")


def read_recipe_file(package: str, name: str | Path) -> tuple[str, dict[str, Any], str]:
    """Return the name, the content and the path of a recipe.

    `name` is the path of a TOML file, or the name of a recipe in the folder `recipes` of `package`. Raises
    `UnknownNameError` for a name that is neither and `InputError` for a file that cannot be read or is not TOML.

    >>> read_recipe_file("xlner.experiments.reproduce", "politov2025")[1]["title"]
    'Politov et al. 2025'
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
            known = names_hint(name, builtin_recipe_names(package))
            raise UnknownNameError(f"unknown recipe {str(name)!r}", hint=f"{known}; or a file with suffix .toml")
        text = builtin.read_text(encoding="utf-8")
    try:
        return str(name), tomllib.loads(text), str(path)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", path=path) from None


def builtin_recipe_names(package: str) -> list[str]:
    """Return the names of the recipes that ship with a package, sorted."""
    found = (resources.files(package) / "recipes").iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml"))


def check_keys(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raise `UnknownNameError` if a table has a key that is not in `known`."""
    for key in table:
        if key not in known:
            raise UnknownNameError(f"{where}: unknown key {key!r}", hint=names_hint(key, sorted(known)))


def require_known(name: str, known: Collection[str], what: str) -> None:
    """Raise `UnknownNameError` if a name is not in `known`; the hint lists the known names."""
    if name not in known:
        raise UnknownNameError(f"unknown {what} {name!r}", hint=names_hint(name, known))


def require_distinct(names: Collection[object], what: str) -> None:
    """Raise `ValidationError` if a name occurs twice.

    >>> require_distinct(["en", "de", "en"], "conditions")
    Traceback (most recent call last):
    xlner.errors.ValidationError: several conditions are called 'en'
    """
    all_names = list(names)
    for name in all_names:
        if all_names.count(name) > 1:
            raise ValidationError(f"several {what} are called {name!r}")


def record_from_table(cls: type[T], table: Mapping[str, Any], where: str, **fixed: Any) -> T:
    """Build a dataclass from a TOML table. Keys have hyphens where fields have underscores; arrays become tuples.

    `fixed` are fields that the table does not set. Raises `UnknownNameError` for an unknown key and `ValidationError`
    for a missing key or an invalid value; messages start with `where`.
    """
    if not isinstance(table, Mapping):
        raise ValidationError(f"{where}: {table!r} is not a table")
    known = {f.name.replace("_", "-"): f for f in fields(cls) if f.name not in fixed}  # type: ignore[arg-type]
    check_keys(table, known, where)
    for key, entry in known.items():
        if key not in table and entry.default is MISSING and entry.default_factory is MISSING:
            raise ValidationError(f"{where}: {key!r} is missing")
    hints = get_type_hints(cls)
    for key, value in table.items():
        if not _fits(value, hints[known[key].name]):
            raise ValidationError(f"{where}: {key} = {value!r} is of the wrong type")
    values = {known[key].name: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    try:
        return cls(**fixed, **values)
    except ValidationError as error:
        raise ValidationError(f"{where}: {error.message}", hint=error.hint) from None
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{where}: {error}") from None


def tables(data: Mapping[str, Any], key: str, path: str) -> list[Any]:
    """Return an array of tables, which is empty if the key is missing; raises `ValidationError` if it is none."""
    found = data.get(key, [])
    if not isinstance(found, list):
        raise ValidationError(f"{path}: {key!r} is not an array of tables", hint=f"write [[{key}]]")
    return found


def named_tables(data: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
    """Return tables by name, none if the key is missing; raises `ValidationError` if they have no names."""
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise ValidationError(f"{path}: {key!r} has no names", hint=f"write [{key}.NAME]")
    return found


def _fits(value: object, hint: Any) -> bool:
    """Return whether a value of TOML fits the type of a field; elements of arrays and tables are not checked."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if origin is tuple:
        return isinstance(value, list)
    if origin is Mapping:
        return isinstance(value, dict)
    if isinstance(hint, type) and issubclass(hint, str):
        return isinstance(value, str)
    return type(value) is hint or (hint is float and type(value) is int)
