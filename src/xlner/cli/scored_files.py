"""Read gold and predicted sentences to compare them."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.core.files import STANDARD_STREAM, require_content
from xlner.core.labels import instead_of, suggested_map
from xlner.core.pair import Pair, PairError
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UsageError
from xlner.formats import Columns, ReadReport, detect_format, has_columns, raise_errors, read_blocks, read_pairs

Item = TypeVar("Item", bound=Sentence | Pair | InputError | SentenceBlock)

READING = o.options(o.IGNORE, o.READING)
PREDICTED = click.argument("predicted", metavar="[PRED]", required=False)
"""The file of predictions, or none if they are in a column of the file of gold labels."""
_SIDES = ("gold", "predicted")
_SHOWN_LABELS = 8
_KEPT_LINES = 1 << 18
"""More sentences than one side can be read ahead of the other."""
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random number generator.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def reading(options: Mapping[str, Any], mode: str = "strict") -> dict[str, Any]:
    """How to read tags; mode `conlleval` reads all of them as the script conlleval does."""
    found = {name: options[name] for name in ("scheme", "repair", "tag_names", "label_map", "columns")}
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


class _Lines:
    """The first lines of the sentences that were read last, by their numbers from 1."""

    def __init__(self) -> None:
        self._lines = array("q")
        self._dropped = 0

    def extend(self, lines: Sequence[int]) -> None:
        """Add the lines of the next sentences; 0 for a sentence without one."""
        if len(self._lines) > _KEPT_LINES:
            self._dropped += len(self._lines) - _KEPT_LINES // 2
            del self._lines[: -_KEPT_LINES // 2]
        self._lines.extend(lines)

    def of(self, sentence: int) -> int | None:
        """The first line of a sentence; None if it is not known."""
        at = sentence - 1 - self._dropped
        return self._lines[at] or None if 0 <= at < len(self._lines) else None


@dataclass(frozen=True, slots=True)
class ScoredFiles:
    """A file of gold labels and one of predictions, which are read in step. `reading` is how to read their tags."""

    gold: str
    predicted: str
    reading: Mapping[str, Any]
    lines: tuple[_Lines, _Lines] = field(default_factory=lambda: (_Lines(), _Lines()))
    """The first lines of the sentences of both that have words and were read last."""
    labels: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))
    """The labels of both, as far as they have been read."""

    def sides(self) -> tuple[Iterator[Sentence | SentenceBlock], Iterator[Sentence | Pair | SentenceBlock]]:
        """The gold sentences, and the predicted ones; pairs, if their file has outcomes of projection.

        Many sentences come at once where both files allow it.
        """
        reports = ReadReport(), ReadReport()
        gold, predicted = self._sentences(self.gold, 0, reports[0]), self._predictions(reports[1])
        return self.noting(gold, 0, reports[0]), self.noting(predicted, 1, reports[1])

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Add the names of the files, and the lines of the sentence, to errors about differences between them."""
        try:
            yield
        except InputError as error:
            if error.path is not None:
                raise
            places = f"{self._place(0, error.sentence)} and {self._place(1, error.sentence)}"
            raise InputError(error.message, path=places, sentence=error.sentence, hint=error.hint) from None

    def note_labels(self, ignore: Collection[str] = ()) -> None:
        """Say so if the files share no label, or have other names for the same label."""
        gold, predicted = (labels.difference(ignore) for labels in self.labels)
        found = suggested_map(gold, predicted)
        if not gold or not predicted or not (found or gold.isdisjoint(predicted)):
            return
        wanted = ",".join(f"{old}={new}" for old, new in found.items()) or "OLD=NEW"
        names = f"{self.gold} has {_listed(gold)}, {self.predicted} has {_listed(predicted)}"
        what = "the files share no label" if gold.isdisjoint(predicted) else "labels of the files differ"
        note(f"{what}: {names}; rename them with --map {wanted}")

    def _place(self, side: int, sentence: int | None) -> str:
        name = (self.gold, self.predicted)[side]
        line = None if sentence is None else self.lines[side].of(sentence)
        return name if line is None else f"{name}:{line}"

    def noting(self, items: Iterable[Item], side: int, report: ReadReport) -> Iterator[Item]:
        """The items, after noting their lines and labels; `side` is 0 for gold items and 1 for predicted ones."""
        labels, lines = self.labels[side], self.lines[side]
        for item in items:
            if isinstance(item, SentenceBlock):
                lines.extend(item.lines.tolist())
                labels.update(item.counts())
                yield item
                continue
            sentence = _sentence_of(item)
            if sentence.tokens:
                lines.extend([report.line or 0])
            if sentence.entities:
                labels.update(entity.label for entity in sentence.entities)
            yield item

    def _sentences(self, path: str, side: int, report: ReadReport) -> Iterator[Sentence | SentenceBlock]:
        columns = self.reading["columns"]
        if columns is not None:
            columns = Columns.parse(columns).of(_SIDES[side]) if has_columns(path, self.reading["format"]) else None
        options = {**self.reading, "columns": columns, "report": report}
        return raise_errors(read_blocks(path, require_tags=True, **options))

    def _predictions(self, report: ReadReport) -> Iterator[Sentence | Pair | SentenceBlock]:
        if detect_format(self.predicted, self.reading["format"], "text") != "jsonl":
            yield from self._sentences(self.predicted, 1, report)
            return
        require_content(self.predicted)
        tags = {name: value for name, value in self.reading.items() if name not in ("format", "columns")}
        for pair in raise_errors(read_pairs(self.predicted, require_tags=True, report=report, **tags)):
            yield pair.target if pair.projection is None and pair.error is None else pair


def _sentence_of(item: Sentence | Pair | InputError) -> Sentence:
    """The labeled sentence; for what could not be read the words that are known, if any."""
    if isinstance(item, InputError):
        return item.target if isinstance(item, PairError) else Sentence(())
    return item if isinstance(item, Sentence) else item.labeled


def _listed(labels: Collection[str]) -> str:
    shown = sorted(labels)[:_SHOWN_LABELS]
    return ", ".join([*shown, "…"] if len(shown) < len(labels) else shown)


def note_unknown_labels(ignored: Mapping[str, int], labels: Mapping[str, object]) -> None:
    """Print a hint for each ignored label that no entity has."""
    known = {*labels, *(label for label, count in ignored.items() if count)}
    for label, count in ignored.items():
        if not count:
            note(f"--ignore {label}: no entity has this label; {instead_of(label, known)}")
