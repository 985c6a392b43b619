"""The results of stages on disk, each in a run folder named after everything that the result depends on.

Methods that share a stage find the same folder, and so does a second start. A stage that was stopped resumes after its
last finished shard. A finished stage builds no backend.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlner._version import __version__
from xlner.core.pair import Pair
from xlner.engines import RunFolder
from xlner.engines.run_folder import DEFAULT_SHARD_SIZE
from xlner.experiments.progress import Log
from xlner.text.counts import counted

Process = Callable[[Iterable[Pair]], Iterator[Pair]]


@dataclass(frozen=True, slots=True)
class StageResult:
    """The pairs that a stage returned, and the key that identifies them."""

    pairs: tuple[Pair, ...]
    key: str


@dataclass(frozen=True, slots=True)
class StageStore:
    """The folder with the stages of one language of a dataset.

    Messages go to `log`; a long stage reports its progress every `log_interval` seconds.
    """

    folder: Path
    log: Log
    shard_size: int = DEFAULT_SHARD_SIZE
    log_interval: float = 20.0

    def run(
        self, stage: str, spec: str, fingerprint: str, before: StageResult, build: Callable[[], Process]
    ) -> StageResult:
        """Return the result of a stage: read from its folder, or computed by what `build` returns.

        `fingerprint` is that of the backend. A stage is identified by its name, this fingerprint, the key of its input
        `before`, and the version of xlner; `spec` is only for messages. Raises `RunFolderError` if the folder cannot
        be used.
        """
        identity = {"stage": stage, "by": fingerprint, "input": before.key, "xlner": __version__}
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        made, total = 0, len(before.pairs)
        start = last = time.perf_counter()
        built = cache(build)

        def process(shard: Iterable[Pair]) -> Iterator[Pair]:
            nonlocal made, last
            pairs = list(shard)
            now = time.perf_counter()
            if not made:
                self.log(f"{stage} by {spec}")
            elif now - last >= self.log_interval:
                last = now
                self.log(f"{stage}: {made} of {counted(total, 'sentence')}, {made / (now - start):.1f} per second")
            made += len(pairs)
            return built()(pairs)

        with RunFolder(self.folder / f"{stage}-{key}", identity, shard_size=self.shard_size) as run:
            pairs = tuple(run.run(before.pairs, process))
        if made:
            reused = f", {total - made} were already done" if made < total else ""
            self.log(f"{stage}: {counted(made, 'sentence')} in {time.perf_counter() - start:.1f} s{reused}")
        return StageResult(pairs, key)
