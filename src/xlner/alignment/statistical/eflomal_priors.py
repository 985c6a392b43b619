"""Counts from an aligned bitext, which eflomal uses as priors for new pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.statistical.bitext import Bitext
from xlner.core.alignment import Link

_IntArray = NDArray[np.int64]


class PriorCounts:
    """Counts of links, jumps and fertilities, collected over pairs.

    >>> counts = PriorCounts()
    >>> counts.add((("the", "house"), ("casa",)), {(1, 0)}, {(1, 0)})
    >>> counts.lexical, counts.forward_jumps
    (Counter({(1, 0): 1}), Counter({2: 1, 1: 1}))
    """

    def __init__(self) -> None:
        self.source_words: dict[str, int] = {}
        self.target_words: dict[str, int] = {}
        self.lexical: Counter[tuple[int, int]] = Counter()
        self.forward_fertilities: Counter[tuple[int, int]] = Counter()
        self.reverse_fertilities: Counter[tuple[int, int]] = Counter()
        self.forward_jumps: Counter[int] = Counter()
        self.reverse_jumps: Counter[int] = Counter()

    def add(self, bitext: Bitext, forward: set[Link], reverse: set[Link]) -> None:
        """Count one pair. In `forward` each target word has at most one link, in `reverse` each source word."""
        source = [self.source_words.setdefault(word, len(self.source_words)) for word in bitext[0]]
        target = [self.target_words.setdefault(word, len(self.target_words)) for word in bitext[1]]
        self.lexical.update((source[s], target[t]) for s, t in forward)
        self.forward_fertilities.update((source[s], n) for s, n in Counter(s for s, _ in forward).items())
        self.reverse_fertilities.update((target[t], n) for t, n in Counter(t for _, t in reverse).items())
        self.forward_jumps.update(_jumps([s for s, _ in sorted(forward, key=lambda link: link[1])], len(source)))
        self.reverse_jumps.update(_jumps([t for _, t in sorted(reverse)], len(target)))

    def save(self, folder: Path) -> None:
        """Write `priors.npz` and the vocabularies."""
        (folder / "source.words").write_text("".join(f"{word}\n" for word in self.source_words), encoding="utf-8")
        (folder / "target.words").write_text("".join(f"{word}\n" for word in self.target_words), encoding="utf-8")
        np.savez(
            folder / "priors.npz",
            lexical=_table(self.lexical, 3),
            forward_fertilities=_table(self.forward_fertilities, 3),
            reverse_fertilities=_table(self.reverse_fertilities, 3),
            forward_jumps=_table({(jump,): n for jump, n in self.forward_jumps.items()}, 2),
            reverse_jumps=_table({(jump,): n for jump, n in self.reverse_jumps.items()}, 2),
        )


@dataclass(frozen=True, slots=True)
class Priors:
    """Counts from a model folder: rows of word numbers, or a jump, and their count."""

    source_words: Mapping[str, int]
    target_words: Mapping[str, int]
    lexical: _IntArray
    forward_fertilities: _IntArray
    reverse_fertilities: _IntArray
    forward_jumps: _IntArray
    reverse_jumps: _IntArray

    @classmethod
    def load(cls, folder: Path) -> Priors:
        """Read the files written by `PriorCounts.save`."""
        with np.load(folder / "priors.npz") as tables:
            arrays = {name: tables[name] for name in tables.files}
        return cls(_words(folder / "source.words"), _words(folder / "target.words"), **arrays)

    def write(self, path: Path, source_numbers: Mapping[str, int], target_numbers: Mapping[str, int]) -> None:
        """Write the counts of the words of a bitext, numbered from 0 by the mappings, in the program's format."""
        source, target = (
            _renumbering(self.source_words, source_numbers),
            _renumbering(self.target_words, target_numbers),
        )
        lexical = self.lexical[(source[self.lexical[:, 0]] > 0) & (target[self.lexical[:, 1]] > 0)]
        forward = self.forward_fertilities[source[self.forward_fertilities[:, 0]] > 0]
        reverse = self.reverse_fertilities[target[self.reverse_fertilities[:, 0]] > 0]
        sizes = map(len, (lexical, self.forward_jumps, self.reverse_jumps, forward, reverse))
        with path.open("w", encoding="ascii") as stream:
            stream.write(f"{len(source_numbers) + 1} {len(target_numbers) + 1} {' '.join(map(str, sizes))}\n")
            for s, t, n in lexical.tolist():
                stream.write(f"{source[s]} {target[t]} {n}\n")
            for jump, n in [*self.forward_jumps.tolist(), *self.reverse_jumps.tolist()]:
                stream.write(f"{jump} {n}\n")
            for numbers, rows in ((source, forward), (target, reverse)):
                for word, fertility, n in rows.tolist():
                    stream.write(f"{numbers[word]} {fertility} {n}\n")


def _jumps(positions: list[int], length: int) -> list[int]:
    """The distance of each linked position from the previous one; the sentence starts at -1 and ends at `length`."""
    return [after - before for before, after in zip([-1, *positions], [*positions, length], strict=True)]


def _renumbering(words: Mapping[str, int], numbers: Mapping[str, int]) -> _IntArray:
    """For each word of the model, its number in the bitext, from 1; 0 if the bitext does not have it."""
    table = np.zeros(len(words) + 1, dtype=np.int64)
    for word, number in numbers.items():
        if word in words:
            table[words[word]] = number + 1
    return table


def _table(counts: Mapping[Any, int], columns: int) -> _IntArray:
    return np.array([(*key, n) for key, n in sorted(counts.items())], dtype=np.int64).reshape(-1, columns)


def _words(path: Path) -> dict[str, int]:
    return {word: number for number, word in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1])}
