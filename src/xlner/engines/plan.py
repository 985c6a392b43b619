"""The plan of a run: how its input is cut into shards, and where each of them begins in the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from xlner.core.files import write_durably
from xlner.core.sections import Section, reading_sections
from xlner.engines.windows import WINDOW
from xlner.errors import RunFolderError, ValidationError, XlnerError
from xlner.formats.item_starts import HEAD_ITEMS, NoStartsError, Start, item_starts

PLAN = "plan.json"
LARGEST_SHARD = 10_000
"""Sentences of a shard of a large input."""
FEWEST_SHARDS = 100
"""Shards of an input of at least 100,000 sentences."""
START_OVER = "use another folder, or --overwrite to start over"
_FURTHER = (0, 1, 2, 5)
"""How many items later the head can end, if it cannot end where it should."""

Reader = Callable[[], Iterable[Any]]
"""Reads all items of the input from its beginning. Each call reads again."""


@dataclass(frozen=True, slots=True)
class FileStarts:
    """Where the shards begin in one file, and how many bytes its head has.

    >>> FileStarts(0, ((0, 1),)).starts
    ((0, 1),)
    """

    head: int
    starts: tuple[Start, ...]


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the input: its number and the number of its first sentence, both from 0, and how many it has.

    If there are `sections`, they begin with `head` items that are not of the shard. Without sections the input is read
    from its beginning.

    >>> Shard(1, 1000, 500).end
    1500
    """

    number: int
    start: int
    count: int
    head: int = 0
    sections: Mapping[str, Section] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The number of the sentence after the last one."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is cut into shards.

    - `identity`: everything that the results depend on, such as options, versions and hashes of the input.
    - `sentences`: how many there are; 0 if that is not known beforehand.
    - `head`: how many items of each file decide how the others are read.
    - `files`: where the shards begin in each file, by path; empty if workers have to read from the beginning.

    >>> plan = Plan({"input": "a"}, 1000, 2500)
    >>> plan.shards, plan.shard(2).count, plan.difference(Plan({"input": "b"}, 1000, 2500))
    (3, 500, 'input')
    """

    identity: Mapping[str, Any]
    shard_size: int
    sentences: int = 0
    head: int = 0
    files: Mapping[str, FileStarts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.shard_size < 1:
            raise ValidationError(f"shard_size {self.shard_size} holds no sentence", hint="use 1 or more")

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.sentences // self.shard_size)

    def shard(self, number: int) -> Shard:
        """The shard with a number from 0."""
        start = number * self.shard_size
        count = min(self.shard_size, self.sentences - start)
        if start <= self.head:
            return Shard(number, start, count)
        sections = {path: Section(file.head, *file.starts[number]) for path, file in self.files.items()}
        return Shard(number, start, count, self.head if sections else 0, sections)

    @property
    def pipeline(self) -> str | None:
        """The fingerprint of the pipeline, which is `pipeline` in the identity; None if it is not known."""
        return self.identity.get("pipeline")

    @property
    def run(self) -> str:
        """A hash that identifies the run."""
        content = [self.identity, self.shard_size, self.sentences]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def difference(self, other: Plan) -> str:
        """The keys of the identity that differ, for a message."""
        old, new = self.identity, other.identity
        return ", ".join(sorted(key for key in {*old, *new} if old.get(key) != new.get(key)))

    def as_saved(self) -> Plan:
        """The plan with the identity as it is read back from JSON."""
        return replace(self, identity=json.loads(json.dumps(self.identity)))

    def save(self, folder: Path) -> None:
        """Write the plan into the folder of a run."""
        files = {path: {"head": file.head, "starts": file.starts} for path, file in self.files.items()}
        record = {
            "identity": self.identity,
            "shard_size": self.shard_size,
            "sentences": self.sentences,
            "head": self.head,
            "files": files,
        }
        write_durably(folder / PLAN, json.dumps(record, ensure_ascii=False) + "\n")


def read_plan(folder: Path) -> Plan | None:
    """The plan of a run; None if there is none. Raises `RunFolderError` if it is damaged.

    >>> read_plan(Path("docs")) is None
    True
    """
    path = folder / PLAN
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        sizes = [record["shard_size"], record["sentences"], record["head"]]
        files = {
            name: FileStarts(file["head"], tuple((int(offset), int(line)) for offset, line in file["starts"]))
            for name, file in record["files"].items()
        }
        if not isinstance(record["identity"], dict) or any(type(n) is not int or n < 0 for n in sizes) or not sizes[0]:
            raise ValueError
        plan = Plan(record["identity"], sizes[0], sizes[1], sizes[2], files)
        if any(len(file.starts) != plan.shards for file in files.values()):
            raise ValueError
        return plan
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RunFolderError(f"{path} is damaged", hint=START_OVER) from None


def size_for(sentences: int) -> int:
    """How many sentences a shard has: from 1,000 to 10,000, so that there are 100 shards if possible.

    >>> size_for(2_000), size_for(300_000), size_for(100_000_000)
    (1000, 3000, 10000)
    """
    return max(WINDOW, min(LARGEST_SHARD, -(-sentences // FEWEST_SHARDS // WINDOW) * WINDOW))


def make_plan(
    identity: Mapping[str, Any],
    read: Reader,
    files: Mapping[str, str],
    *,
    limit: int | None = None,
    shard_size: int | None = None,
    is_settled: Callable[[], bool] = lambda: True,
) -> Plan:
    """Cut an input into shards, in one pass over its files.

    - `read`: reads the items of the input; each call begins anew.
    - `files`: the format of each file, or `links`; the files are read in step. A file in another format is counted by
      reading it, and every worker reads it from its beginning.
    - `limit`: how many sentences to use; None for all.
    - `shard_size`: sentences in a shard; see `size_for` for the default.
    - `is_settled`: whether the items read last have decided how all others are read.

    Raises what reading raises if the files cannot be cut.

    >>> from xlner import read_sentences
    >>> plan = make_plan({}, lambda: read_sentences("examples/es.txt"), {"examples/es.txt": "text"}, shard_size=2)
    >>> plan.shard(1).sections["examples/es.txt"].line
    3
    """
    step = shard_size or WINDOW
    found = _starts(files, step, read, is_settled)
    starts: Mapping[str, tuple[int, list[Start]]] = {}
    if found is None:
        sentences, head = sum(1 for _ in islice(read(), limit)), 0
    else:
        sentences, head, starts = found
        sentences = sentences if limit is None else min(limit, sentences)
    size = shard_size or size_for(sentences)
    shards = -(-sentences // size)
    kept = {path: FileStarts(end, tuple(every[:: size // step][:shards])) for path, (end, every) in starts.items()}
    return Plan(identity, size, sentences, head, kept).as_saved()


def _starts(
    files: Mapping[str, str], step: int, read: Reader, is_settled: Callable[[], bool]
) -> tuple[int, int, dict[str, tuple[int, list[Start]]]] | None:
    """The number of items, the number of those in the head, and its end and every `step`th start by file.

    None if the files cannot be cut.
    """
    if not files:
        return None
    wanted = max(HEAD_ITEMS.get(format, 0) for format in files.values())
    ends = {wanted + more for more in _FURTHER}
    counts: set[int] = set()
    heads: dict[str, dict[int, Start]] = {}
    every: dict[str, list[Start]] = {}
    try:
        for path, format in files.items():
            heads[path], every[path], count = {}, [], 0
            for count, start in enumerate(item_starts(path, format), start=1):
                if (count - 1) % step == 0:
                    every[path].append(start)
                if count - 1 in ends:
                    heads[path][count - 1] = start
            counts.add(count)
    except NoStartsError:
        return None
    if len(counts) != 1:
        return None  # reading says which file ends before another
    (count,) = counts
    if wanted == 0 or count <= wanted:
        return count, wanted, {path: (0, starts) for path, starts in every.items()}
    for end in sorted(ends):
        if end < count and _is_head(end, {path: at[end] for path, at in heads.items()}, read) and is_settled():
            return count, end, {path: (heads[path][end][0], starts) for path, starts in every.items()}
    return None


def _is_head(items: int, ends: Mapping[str, Start], read: Reader) -> bool:
    """Whether the bytes before these ends have so many items, and no other bytes are needed to read them."""
    nothing = {path: Section(offset, Path(path).stat().st_size, line) for path, (offset, line) in ends.items()}
    try:
        with reading_sections(nothing):
            return sum(1 for _ in read()) == items
    except XlnerError:
        return False
