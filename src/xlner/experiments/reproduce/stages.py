"""Stages whose results are kept: each in a run folder that is named after all that it depends on.

What two methods share they find under the same name, and so does a second start. A stage that was stopped goes on
from its last finished shard. Backends are built when there is something for them to do: a finished stage loads none.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xlner._version import __version__
from xlner.core.pair import Pair
from xlner.engines import RunFolder
from xlner.engines.run_folder import DEFAULT_SHARD_SIZE

_SILENCE = 20.0
"""Seconds in which a long stage says nothing."""

Process = Callable[[Iterable[Pair]], Iterator[Pair]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Staged:
    """The pairs that a stage made, and the key that names them."""

    pairs: tuple[Pair, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Store:
    """The folder with the stages of one language of a dataset."""

    folder: Path
    say: Say
    shard_size: int = DEFAULT_SHARD_SIZE

    def stage(self, name: str, spec: str, by: str, before: Staged, build: Callable[[], Process]) -> Staged:
        """The pairs of a stage: read from its folder, or made by what `build` returns.

        `by` says what the result depends on besides its input, as the fingerprint of a backend does; together with the
        key of that input and the version of xlner it is the stage's identity. Raises `RunFolderError` where the folder
        cannot be used.
        """
        identity = {"stage": name, "by": by, "input": before.key, "xlner": __version__}
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        made, total = 0, len(before.pairs)
        start = told = time.perf_counter()

        def process(shard: Iterable[Pair]) -> Iterator[Pair]:
            nonlocal made, told
            pairs = list(shard)
            now = time.perf_counter()
            if not made:
                self.say(f"{name} by {spec}")
            elif now - told >= _SILENCE:
                told = now
                self.say(f"{name}: {made} of {total} sentences, {made / (now - start):.1f} a second")
            made += len(pairs)
            return work()(pairs)

        work = _once(build)
        with RunFolder(self.folder / f"{name}-{key}", identity, shard_size=self.shard_size) as run:
            pairs = tuple(run.run(before.pairs, process))
        if made:
            reused = f", {total - made} were there" if made < total else ""
            self.say(f"{name}: {made} sentences in {time.perf_counter() - start:.1f} s{reused}")
        return Staged(pairs, key)


def _once(build: Callable[[], Process]) -> Callable[[], Process]:
    built: list[Process] = []

    def get() -> Process:
        if not built:
            built.append(build())
        return built[0]

    return get
