"""Read gold and predicted sentences to compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.core.files import STANDARD_STREAM, require_content
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UsageError
from xlner.formats import Columns, detect_format, has_columns, raise_errors, read_pairs, read_sentences

READING = o.options(o.IGNORE, o.input_format(), o.SCHEME, o.REPAIR, o.TAG_NAMES, o.COLUMNS)
PREDICTED = click.argument("predicted", metavar="[PRED]", required=False)
"""The file of predictions, or none if they are in a column of the file of gold labels."""
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random number generator.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def reading(options: Mapping[str, Any], mode: str = "strict") -> dict[str, Any]:
    """How to read tags; mode `conlleval` reads all of them as the script conlleval does."""
    found = {name: options[name] for name in ("scheme", "repair", "tag_names", "columns")}
    if mode == "conlleval":
        found |= {"scheme": Scheme.AUTO.value, "repair": Repair.CONLLEVAL.value}
    return {"format": options["input_format"], **found}


def predicted_file(gold: str, predicted: str | None, options: Mapping[str, Any]) -> str:
    """The file of predictions. Raises `UsageError` if there is neither a file nor a column of predictions."""
    columns, format = options["columns"], options["input_format"]
    if predicted is not None:
        if columns is not None and not (has_columns(gold, format) or has_columns(predicted, format)):
            raise UsageError("--columns needs CoNLL", hint="leave it out, or give --input-format conll")
        return predicted
    found = Columns.parse(columns or {})
    if found.gold is None or found.predicted is None:
        raise UsageError(
            "there are no predictions",
            hint="give a file PRED, or both columns of GOLD, which conlleval has as the last two: "
            "--columns token=1,gold=-2,predicted=-1",
        )
    if gold == STANDARD_STREAM:
        raise UsageError("GOLD is read twice, which standard input cannot be", hint="save it first")
    return gold


def gold_sentences(path: str, options: Mapping[str, Any], side: str = "gold") -> Iterator[Sentence]:
    """The sentences of a file of labeled sentences."""
    columns = options["columns"]
    if columns is not None:
        columns = Columns.parse(columns).of(side) if has_columns(path, options["format"]) else None
    return raise_errors(read_sentences(path, require_tags=True, **{**options, "columns": columns}))


def predictions(path: str, options: Mapping[str, Any]) -> Iterator[Sentence | Pair]:
    """The sentences of a file; pairs, if the file has outcomes of projection."""
    if detect_format(path, options["format"], "text") != "jsonl":
        yield from gold_sentences(path, options, "predicted")
        return
    require_content(path)
    tags = {name: value for name, value in options.items() if name not in ("format", "columns")}
    for pair in raise_errors(read_pairs(path, require_tags=True, **tags)):
        yield pair.target if pair.projection is None and pair.error is None else pair


@contextmanager
def naming(gold: str, predicted: str) -> Iterator[None]:
    """Add the names of the files to errors about differences between them."""
    try:
        yield
    except InputError as error:
        if error.path is not None:
            raise
        raise InputError(
            error.message, path=f"{gold} and {predicted}", sentence=error.sentence, hint=error.hint
        ) from None


def note_unknown_labels(ignored: Mapping[str, int], labels: Mapping[str, object]) -> None:
    """Print a hint for each ignored label that no entity has."""
    known = {*labels, *(label for label, count in ignored.items() if count)}
    for label, count in ignored.items():
        if not count:
            close = get_close_matches(label.upper(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"labels here: {', '.join(sorted(known)) or 'none'}"
            note(f"--ignore {label}: no entity has this label; {hint}")
