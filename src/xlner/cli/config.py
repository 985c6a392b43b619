"""Config files: TOML files with values for the options of a command."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from xlner.core.output_stream import reason
from xlner.errors import InputError, UnknownNameError
from xlner.text.suggestions import names_hint


def option_names(command: click.Command) -> dict[str, str]:
    """The names of the options of a command on the command line and in configs, by parameter."""
    return {
        p.name: max(p.opts, key=len).removeprefix("--")
        for p in command.params
        if isinstance(p, click.Option) and p.name
    }


def load_config(context: click.Context, _: click.Parameter, path: str | None) -> str | None:
    """Use the values of a TOML file as defaults.

    Raises `InputError` for a file that cannot be read and for a value of the wrong type, and `UnknownNameError` for an
    unknown key.
    """
    if path is None:
        return None
    try:
        config = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not TOML: {error}", path=path) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {reason(error)}", path=path) from None
    names = {option: parameter for parameter, option in option_names(context.command).items()}
    for own in ("config", "debug"):
        names.pop(own, None)
    options = {p.name: p for p in context.command.params if isinstance(p, click.Option)}
    values = {}
    for key, value in config.items():
        if key.replace("_", "-") not in names:
            raise UnknownNameError(f"{path}: unknown key {key!r}", hint=names_hint(key, sorted(names)))
        option = options[names[key.replace("_", "-")]]
        wanted = _wanted(option, value)
        if wanted is not None:
            raise InputError(f"{key} must be {wanted}", path=path)
        values[option.name] = [value] if option.multiple and isinstance(value, str) else value
    context.default_map = {**(context.default_map or {}), **values}
    return path


def _wanted(option: click.Option, value: object) -> str | None:
    """What the value of an option must be; None if it is that."""
    numbers = (click.types.IntParamType, click.types.FloatParamType)
    if option.is_flag:
        fits, wanted = isinstance(value, bool), "true or false"
    elif any(isinstance(member, float) and math.isnan(member) for member in _flat(value)):
        fits, wanted = False, "a number, and not NaN"
    elif isinstance(option.type, numbers):
        whole = isinstance(option.type, click.types.IntParamType)
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        wanted = "a whole number" if whole else "a number"
    elif option.nargs > 1:
        of_size = isinstance(value, list) and all(isinstance(v, list) and len(v) == option.nargs for v in value)
        fits, wanted = of_size and _are(value, str), f"a list of lists of {option.nargs} strings"
    elif option.multiple:
        fits, wanted = isinstance(value, (str, list)) and _are(value, str), "a string or a list of strings"
    elif isinstance(option.type, click.types.FuncParamType):  # a list, separated by commas on the command line
        numeric = option.type.name == "number_list"
        fits = isinstance(value, (str, list)) and all(
            isinstance(member, (str, int, float) if numeric else str) and type(member) is not bool
            for member in ([value] if isinstance(value, str) else value)
        )
        wanted = "a string or a list of numbers" if numeric else "a string or a list of strings"
    else:
        fits, wanted = isinstance(value, str), "a string"
    return None if fits else wanted


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for member in value:
            yield from _flat(member)
    else:
        yield value


def _are(value: object, *types: type) -> bool:
    return all(isinstance(member, types) and not isinstance(member, bool) for member in _flat(value))
