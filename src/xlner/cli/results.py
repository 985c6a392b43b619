"""The results that a page shows: a file, or the folder of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.cli.notes import note
from xlner.core.files import STANDARD_STREAM, require_content

if TYPE_CHECKING:
    from xlner.core.pair import Pair
    from xlner.core.sentence import Sentence
    from xlner.errors import InputError
    from xlner.report import RunFacts


@dataclass(frozen=True, slots=True)
class Results:
    """What a file or a run folder has; `read` reads it, again with each call, and `facts` are about the run.

    A report that `read` is given has the lines of a file.
    """

    path: str
    read: Callable[..., Iterable[Pair | Sentence | InputError]]
    facts: RunFacts

    @property
    def title(self) -> str:
        """The name of the file or folder."""
        return "standard input" if self.path == STANDARD_STREAM else Path(self.path).name


def reading(options: dict[str, Any]) -> dict[str, Any]:
    """How to read tags and labels."""
    return {name: options[name] for name in ("scheme", "repair", "tag_names", "label_map", "columns")}


def results_of(path: str, options: dict[str, Any]) -> Results:
    """The results at a path. Raises `InputError` if there are none."""
    from xlner.report import RunFacts, read_results

    chosen = {**reading(options), "format": options["input_format"]}
    if path == STANDARD_STREAM or not Path(path).is_dir():
        require_content(path)
        return Results(path, lambda report=None: read_results(path, report=report, **chosen), RunFacts())
    from xlner.engines import read_past_run

    run = read_past_run(path)
    if not run.complete:
        note(f"{path}: the run did not come to its end; its finished shards are read")
    command = f"xlner {run.identity.get('command', '')}".strip()
    return Results(path, lambda report=None: run.pairs(), RunFacts(command, run.pipeline, run.config, path))
