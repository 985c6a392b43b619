"""The program of the package `eflomal`, run as a separate process. The package is under the GPL and never imported."""

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

from xlner.alignment.statistical.bitext import Bitext, Words
from xlner.alignment.statistical.eflomal_priors import Priors
from xlner.errors import BackendError, MissingExtraError

MAX_WORDS = 1000
"""Words in a sentence. The program fails at 1024 words."""
_MODEL = "3"
"""IBM model 1, then a hidden Markov model, then a model with fertilities."""
_HEADER = "{:010d} {:010d}\n"
_SIDES = ("source", "target")

Aligned = tuple[Bitext, str, str]
"""A pair and its forward and reverse links, as lines of `source-target`."""


@dataclass(frozen=True, slots=True)
class Program:
    """The path and version of the program, and its options. `length` scales the number of sampling iterations."""

    path: Path
    version: str
    length: float = 1.0
    samplers: int = 3
    null_prior: float = 0.2

    def align(self, bitext: Iterable[Bitext], priors: Priors | None = None, seen: int = 0) -> Iterator[Aligned]:
        """Yield each pair with the links of both directions. `priors` come from a training on `seen` other pairs.

        Every sentence has between 1 and `MAX_WORDS` words. The bitext is passed to the program in temporary files,
        which are deleted when the iterator ends. If the program fails, raises `BackendError` with the last line of the
        program's standard error.
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
                        raise BackendError("eflomal ended before writing all links")
                    yield (source, target), lines[0].strip(), lines[1].strip()

    def _settings(self, pairs: int) -> list[str]:
        """The options of the program. As in the package, more pairs mean fewer iterations."""
        last = max(2, round(self.length * 5000 / math.sqrt(pairs)))
        first = max(2, last // 4)
        iterations = ["-1", first, "-2", first, "-3", last]
        return [str(part) for part in ("-m", _MODEL, *iterations, "-n", self.samplers, "-N", self.null_prior, "-q")]

    def _run(self, files: Sequence[str], pairs: int) -> None:
        command = [str(self.path), *files, *self._settings(pairs)]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        except OSError as error:
            raise BackendError(f"cannot run eflomal: {error.strerror}") from None
        if done.returncode != 0:
            errors = done.stderr.decode(errors="replace").strip().splitlines() or ["no error message"]
            raise BackendError(f"eflomal ended with exit code {done.returncode}: {errors[-1]}")


def installed() -> tuple[Path, str]:
    """Return the program and the version of its package. Raises `MissingExtraError` if it is not installed."""
    spec = find_spec("eflomal")  # finds the package without importing it
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
    """Write both sides as word numbers. Returns the number of pairs, and the number of each word, from 0."""
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
        for numbers, stream in zip(vocabularies, streams, strict=True):  # the header is known only now
            stream.seek(0)
            stream.write(_HEADER.format(pairs, len(numbers)))
    return pairs, vocabularies


def _sentences(path: Path, numbers: Mapping[str, int]) -> Iterator[Words]:
    """Yield the sentences of a file written by `_write_bitext`."""
    words = list(numbers)
    with path.open(encoding="ascii") as stream:
        next(stream)
        for line in stream:
            yield tuple(words[int(number)] for number in line.split()[1:])
