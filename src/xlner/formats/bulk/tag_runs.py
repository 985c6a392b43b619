"""Tags as bytes, decoded once for each distinct run of tags that follow one another without an O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.tags import Repair, Scheme, decode
from xlner.errors import ValidationError
from xlner.formats.reading import ReadReport

_PLAIN = re.compile(rb"[BIESLUM]-[A-Za-z][\w-]*", re.ASCII)
"""Tags whose meaning depends on no tag beyond an O, and that are nothing but tags."""


class RunEntities(NamedTuple):
    """The entities of several runs: the run of each, its first word and the word after its last, and its label.

    Words are counted within the run; a label is an index into the `labels` of its `TagRuns`.
    """

    run: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    label: NDArray[np.int64]


@dataclass(slots=True)
class TagRuns:
    """Decodes runs of tags by `xlner.core.tags.decode`, and keeps what it has decoded.

    >>> runs = TagRuns()
    >>> found = runs.entities(runs.numbers([(b"B-PER", b"I-PER"), (b"B-LOC",)]))
    >>> found.end.tolist(), [runs.labels[label] for label in found.label]
    ([2, 1], ['PER', 'LOC'])
    >>> runs.numbers([(b"I-PER",)]) is None  # a tag to repair
    True
    """

    scheme: Scheme | str = Scheme.AUTO
    repair: Repair | str = Repair.CONLLEVAL
    labels: list[str] = field(default_factory=list)
    _numbers: dict[tuple[bytes, ...], int] = field(default_factory=dict)
    _tags: list[list[str]] = field(default_factory=list)
    _decoded: list[tuple[Entity, ...]] = field(default_factory=list)
    _rows: list[tuple[int, int, int]] = field(default_factory=list)  # start, end and label of the entities of all runs
    _first: list[int] = field(default_factory=lambda: [0])  # the entities of run k are `_rows[_first[k]:_first[k + 1]]`
    _as_arrays: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def numbers(self, runs: Sequence[tuple[bytes, ...]]) -> list[int] | None:
        """The number of each run; None if a tag would be repaired, refused or read with a note."""
        known = self._numbers
        for run in set(runs).difference(known):
            if not self._learn(run):
                return None
        return [known[run] for run in runs]

    def entities(self, numbers: Sequence[int]) -> RunEntities:
        """The entities of the runs with these numbers, in order."""
        which = np.asarray(numbers, np.int64)
        first, known = self._arrays()
        counts = first[which + 1] - first[which]
        run = np.repeat(np.arange(len(which)), counts)
        within = np.arange(len(run)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = known[first[which][run] + within]
        return RunEntities(run, rows[:, 0], rows[:, 1], rows[:, 2])

    def _arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`_first` and `_rows` as arrays."""
        if self._as_arrays is None or len(self._as_arrays[0]) != len(self._first):
            rows = np.asarray(self._rows, np.int64).reshape(-1, 3)
            self._as_arrays = np.asarray(self._first, np.int64), rows
        return self._as_arrays

    def note_schemes(self, report: ReadReport, numbers: Iterable[int]) -> None:
        """Note in the report of a reader what these runs say about the scheme."""
        for number in numbers:
            report.note_scheme(self._tags[number], self._decoded[number])

    def _learn(self, run: tuple[bytes, ...]) -> bool:
        if not all(map(_PLAIN.fullmatch, run)):
            return False
        tags = [tag.decode() for tag in run]
        try:
            found = decode(tags, self.scheme, repair=self.repair)
        except ValidationError:
            return False
        if found.repaired:
            return False
        for entity in found.entities:
            if entity.label not in self.labels:
                self.labels.append(entity.label)
            self._rows.append((entity.start, entity.end, self.labels.index(entity.label)))
        self._first.append(len(self._rows))
        self._numbers[run] = len(self._tags)
        self._tags.append(tags)
        self._decoded.append(found.entities)
        return True
