"""Read gold and predicted sentences to compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.core.files import require_content
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError
from xlner.formats import format_of, raise_errors, read_pairs, read_sentences

READING = o.options(o.IGNORE, o.input_format(), o.SCHEME, o.REPAIR, o.TAG_NAMES)
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random number generator.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def reading(options: Mapping[str, Any], mode: str = "strict") -> dict[str, Any]:
    """How to read tags; mode `conlleval` reads all of them as the script conlleval does."""
    found = {name: options[name] for name in ("scheme", "repair", "tag_names")}
    if mode == "conlleval":
        found |= {"scheme": Scheme.AUTO.value, "repair": Repair.CONLLEVAL.value}
    return {"format": options["input_format"], **found}


def gold_sentences(path: str, options: Mapping[str, Any]) -> Iterator[Sentence]:
    """The sentences of a file of labeled sentences."""
    return raise_errors(read_sentences(path, require_tags=True, **options))


def predictions(path: str, options: Mapping[str, Any]) -> Iterator[Sentence | Pair]:
    """The sentences of a file; pairs, if the file has outcomes of projection."""
    if (options["format"] or format_of(path, default="text")) != "jsonl":
        yield from gold_sentences(path, options)
        return
    require_content(path)
    tags = {name: value for name, value in options.items() if name != "format"}
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
