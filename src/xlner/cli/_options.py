"""Options that several commands share."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError

Command = TypeVar("Command", bound=Callable[..., Any])

SENTENCE_FORMATS = ("conll", "jsonl", "text")
DEFAULT_ALIGNER = "e5:itermax"
DEFAULT_PROJECTOR = "greedy"
DEFAULT_RECOGNIZER = "spacy"
DEFAULT_TRANSLATOR = "apertium"


def comma_list(value: str | Sequence[str]) -> tuple[str, ...]:
    """Words with commas between them, or a list in a recipe."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def number_list(value: str | Sequence[float]) -> tuple[float, ...]:
    """Numbers with commas between them, or a list in a recipe."""
    try:
        return tuple(float(part) for part in (value.split(",") if isinstance(value, str) else value))
    except ValueError:
        raise click.BadParameter(f"{value!r} are no numbers with commas between them") from None


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several option decorators as one, in the order of the help text."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def option_names(command: click.Command) -> dict[str, str]:
    """How the options of a command are called on the command line and in recipes, by parameter."""
    return {
        p.name: max(p.opts, key=len).removeprefix("--")
        for p in command.params
        if isinstance(p, click.Option) and p.name
    }


def _load_config(context: click.Context, _: click.Parameter, path: str | None) -> str | None:
    """Take the values of a TOML file as defaults; unknown keys are errors."""
    if path is None:
        return None
    try:
        recipe = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", path=path) from None
    names = {option: parameter for parameter, option in option_names(context.command).items()}
    names.pop("config")
    several = {p.name for p in context.command.params if isinstance(p, click.Option) and p.multiple}
    values = {}
    for key, value in recipe.items():
        if key.replace("_", "-") not in names:
            close = get_close_matches(key, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(names))}"
            raise UnknownNameError(f"{path}: unknown key {key!r}", hint=hint)
        if not isinstance(value, (str, int, float, list)):
            raise InputError(f"{key} must be a string, a number, true, false or a list", path=path)
        name = names[key.replace("_", "-")]
        values[name] = [value] if name in several and isinstance(value, str) else value
    context.default_map = {**(context.default_map or {}), **values}
    return path


OUTPUT = click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; - is standard output.")
ON_ERROR = click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do with input that cannot be read: stop, or go on, count it and put the error in its place.",
)
SCHEME = click.option(
    "--scheme",
    type=click.Choice([s.value for s in Scheme], case_sensitive=False),
    default=Scheme.AUTO.value,
    show_default=True,
    help="Tag scheme of the input.",
)
REPAIR = click.option(
    "--repair",
    type=click.Choice([r.value for r in Repair]),
    default=Repair.CONLLEVAL.value,
    show_default=True,
    help="What a tag out of place means: an entity begins (conlleval), nothing (discard), an error (none).",
)
TAG_NAMES = click.option(
    "--tag-names", type=comma_list, metavar="A,B,…", help="Names of numeric tags in JSONL, in the order of their ids."
)
IGNORE = click.option(
    "--ignore", type=comma_list, default="", metavar="A,B,…", help="Leave out entities with these labels."
)
LIMIT = click.option("--limit", type=click.IntRange(min=1), help="Stop after so many sentences.")
BATCH_WORDS = click.option(
    "--batch-words", type=click.IntRange(min=1), default=4096, show_default=True, help="Words in a batch, at most."
)
ALIGNER = click.option("--aligner", default=DEFAULT_ALIGNER, show_default=True, metavar="SPEC", help="Links words.")
PROJECTOR = click.option(
    "--projector", default=DEFAULT_PROJECTOR, show_default=True, metavar="SPEC", help="Carries entities over."
)
CONFIDENCE = options(
    click.option(
        "--min-confidence",
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="X",
        help="Drop entities with less confidence, from 0 to 1.",
    ),
    click.option("--calibration", metavar="FILE", help="Make confidence a probability; see xlner calibrate."),
)
FILTER = click.option(
    "--filter",
    "filters",
    type=comma_list,
    default="",
    metavar="A,B:X,…",
    help="Write only sentences that pass: complete, confidence:0.5, entities:1, unique … (docs/confidence.md).",
)
ON_WARNING = click.option(
    "--on-warning",
    type=click.Choice(["keep", "drop", "stop"]),
    default="keep",
    show_default=True,
    help="What to do with a translation that looks wrong at every attempt: keep it and say so in the output, put an "
    "error in its place, or stop.",
)
RUN = options(
    click.option(
        "--run-dir",
        metavar="DIR",
        help="Keep finished parts of 250 sentences here; the same command goes on.",
    ),
    click.option("--resume/--overwrite", default=True, help="Go on with the run in DIR (default), or start it anew."),
)
CONFIG = click.option(
    "--config",
    is_eager=True,
    expose_value=False,
    callback=_load_config,
    metavar="FILE",
    help="TOML file with values for these options; the command line wins.",
)


def input_format() -> Callable[[Command], Command]:
    """An option for the format of the input."""
    return click.option(
        "--input-format",
        "input_format",
        type=click.Choice(SENTENCE_FORMATS),
        help="Input format; told by the file name otherwise.",
    )


def output_format(formats: Sequence[str]) -> Callable[[Command], Command]:
    """An option for the format of the output."""
    return click.option(
        "--output-format",
        "output_format",
        type=click.Choice(formats),
        help="Output format; told by the file name otherwise.",
    )
