"""Read what a run left in its folder: the pairs of its finished shards, its config and its identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.pair import Pair
from xlner.engines.plan import PLAN, Plan, read_plan
from xlner.engines.run_files import COMMAND, CONFIG, finished_shards, refuse_old_run
from xlner.engines.status import run_status
from xlner.errors import InputError, RunFolderError
from xlner.formats.by_name import read_pairs


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its folder tells it.

    - `identity`: what its results depend on.
    - `config`: the options of its command as TOML; empty if the folder has none.
    - `complete`: whether all shards of a planned run are finished; their sentences may have failed.

    >>> PastRun(Path("run"), {"pipeline": "e5:itermax|greedy"}).pipeline
    'e5:itermax|greedy'
    """

    path: Path
    identity: Mapping[str, Any]
    config: str = ""
    complete: bool = False

    @property
    def pipeline(self) -> str:
        """The fingerprint of its stages."""
        return str(self.identity.get("pipeline", ""))

    def pairs(self) -> Iterator[Pair | InputError]:
        """The pairs of the finished shards, in order; an `InputError` in the place of each line that is damaged."""
        for shard in finished_shards(self.path):
            yield from read_pairs(shard)


def read_past_run(folder: str | Path) -> PastRun:
    """Read the folder of a run. Raises `RunFolderError` if it is none, or its plan is damaged.

    >>> from tempfile import TemporaryDirectory
    >>> from xlner import RecognitionPipeline, Sentence
    >>> from xlner.engines import RunFolder
    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    >>> with TemporaryDirectory() as path:
    ...     with RunFolder(path, {"pipeline": pipeline.fingerprint}) as run:
    ...         made = list(run.run([Sentence(("Vigo",))], pipeline.run))
    ...     list(read_past_run(path).pairs()) == made
    True
    """
    path = Path(folder)
    refuse_old_run(path)
    plan = read_plan(path)
    if plan is None:
        raise RunFolderError(f"{path} is not the folder of a run: it has no {PLAN}", hint="give its --run-dir")
    return PastRun(path, plan.identity, _text(path / CONFIG), _is_complete(plan, path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_complete(plan: Plan, folder: Path) -> bool:
    """Whether all shards are finished; False if the plan does not say how many there are, as for items in memory."""
    return (folder / COMMAND).exists() and not run_status(plan, folder).missing
