"""The program of the package `eflomal`, a process of its own: it is under the GPL, so it is never imported."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from xlner.alignment.statistical.directions import Bitext, Words
from xlner.alignment.statistical.eflomal_priors import Priors
from xlner.errors import BackendError, MissingExtraError

LONGEST = 1000
"""Words of a sentence; the program ends at one of 1024."""
_MODEL = "3"
"""IBM 1, then hidden Markov, then with fertilities."""
_HEADER = "{:010d} {:010d}\n"
_SIDES = ("source", "target")

Aligned = tuple[Bitext, str, str]
"""A pair, and its forward and reverse links as lines of `source-target`."""


@dataclass(frozen=True, slots=True)
class Program:
    """Where the program is, and its options; `length` scales the number of sampling iterations."""

    path: Path
    version: str
    length: float = 1.0
    samplers: int = 3
    null_prior: float = 0.2

    def align(self, bitext: Iterable[Bitext], priors: Priors | None = None, seen: int = 0) -> Iterator[Aligned]:
        """Each pair with the links of both directions; `priors` are out of a training on `seen` other pairs.

        Every sentence has words, at most `LONGEST`. The bitext goes to the program through temporary files, which are
        gone when the iterator ends. Raises `BackendError` with the last line of its errors where the program fails.
        """
        with TemporaryDirectory(prefix="xlner-eflomal-") as name:
            folder = Path(name)
            pairs, vocabularies = _write_bitext(bitext, folder)
            if pairs == 0:
                return
            files = {"-s": "source", "-t": "target", "-f": "fwd", "-r": "rev"}
            if priors is not None:
                priors.write(folder / "priors", *vocabularies)
                files["-p"] = "priors"
            self._run([part for flag, name in files.items() for part in (flag, str(folder / name))], pairs + seen)
            sides = [_sentences(folder / name, words) for name, words in zip(_SIDES, vocabularies, strict=True)]
            with (folder / "fwd").open(encoding="ascii") as forward, (folder / "rev").open(encoding="ascii") as reverse:
                for source, target in zip(*sides, strict=True):
                    lines = forward.readline(), reverse.readline()
                    if not all(line.endswith("\n") for line in lines):
                        raise BackendError("eflomal ended before it had written all links")
                    yield (source, target), lines[0].strip(), lines[1].strip()

    def _settings(self, pairs: int) -> list[str]:
        """Fewer iterations for more pairs, as the package itself has it."""
        last = max(2, round(self.length * 5000 / math.sqrt(pairs)))
        first = max(2, last // 4)
        iterations = ["-1", first, "-2", first, "-3", last]
        return [str(part) for part in ("-m", _MODEL, *iterations, "-n", self.samplers, "-N", self.null_prior, "-q")]

    def _run(self, files: Sequence[str], pairs: int) -> None:
        command = [str(self.path), *files, *self._settings(pairs)]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        except OSError as error:
            raise BackendError(f"eflomal cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise BackendError(f"eflomal ended with exit code {done.returncode}: {said[-1]}")


def installed() -> tuple[Path, str]:
    """The program and the version of its package; raises `MissingExtraError` where it is not installed."""
    spec = find_spec("eflomal")  # looks for the package without importing it
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    for place in places:
        path = Path(place) / "bin" / "eflomal"
        if path.is_file():
            try:
                return path, version("eflomal")
            except PackageNotFoundError:
                return path, "unknown"
    raise MissingExtraError("eflomal", extra="eflomal")


def _write_bitext(bitext: Iterable[Bitext], folder: Path) -> tuple[int, list[dict[str, int]]]:
    """Both sides as numbers of words; returns how many pairs there are, and the numbers of the words, from 0."""
    vocabularies: list[dict[str, int]] = [{} for _ in _SIDES]
    pairs = 0
    with ExitStack() as stack:
        streams = [stack.enter_context((folder / name).open("w", encoding="ascii")) for name in _SIDES]
        for stream in streams:
            stream.write(_HEADER.format(0, 0))
        for pair in bitext:
            pairs += 1
            for words, numbers, stream in zip(pair, vocabularies, streams, strict=True):
                ids = [numbers.setdefault(word, len(numbers)) for word in words]
                stream.write(f"{len(ids)} {' '.join(map(str, ids))}\n")
        for numbers, stream in zip(vocabularies, streams, strict=True):  # only now known, and wanted in front
            stream.seek(0)
            stream.write(_HEADER.format(pairs, len(numbers)))
    return pairs, vocabularies


def _sentences(path: Path, numbers: Mapping[str, int]) -> Iterator[Words]:
    """The sentences of a file that `_write_bitext` wrote."""
    words = list(numbers)
    with path.open(encoding="ascii") as stream:
        next(stream)
        for line in stream:
            yield tuple(words[int(number)] for number in line.split()[1:])
