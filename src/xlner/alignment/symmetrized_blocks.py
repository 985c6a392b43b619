"""Symmetrization of many pairs at once, with the results of `symmetrize`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.symmetrization import MOSES, ZENKEL, canonical_method
from xlner.core.link_block import STEP, LinkBlock, each_once

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def symmetrize_block(forward: LinkBlock, reverse: LinkBlock, method: str = "grow-diag-final-and") -> LinkBlock:
    """Combine two alignments of each pair with a method of `METHODS`, see `symmetrize`. The links of both are from
    source to target.

    Raises `UnknownNameError`, which lists the known names, for an unknown method.

    >>> block = LinkBlock(np.array([0, 1]), np.array([0, 1]), np.array([0, 2]))
    >>> other = LinkBlock(np.array([0, 2]), np.array([0, 2]), np.array([0, 2]))
    >>> symmetrize_block(block, other, "union").text()
    '0-0 1-1 2-2\\n'
    """
    name = canonical_method(method)
    if name in ("forward", "reverse"):
        return (forward if name == "forward" else reverse).distinct()
    target_first = name in ("grow-diag", "grow-diag-final", "grow-diag-final-and")
    sides = [block.keys(target_first=target_first) for block in (forward, reverse)]
    if name == "intersection":
        keys = _common(*sides)
    elif name == "union":
        keys = each_once(np.concatenate(sides))
    else:
        keys = _Growth(sides, both=not target_first).keys(
            MOSES if target_first else ZENKEL, final=None if "final" not in name else name != "grow-diag-final"
        )
    found = LinkBlock.of_keys(keys, len(forward), target_first=target_first)
    return found.distinct() if target_first else found


class _Growth:
    """The links of both directions, and which others of either can still be chosen.

    Pairs do not depend on each other, so that the next link of each pair is looked at in one step.
    """

    def __init__(self, sides: Sequence[Ints], *, both: bool) -> None:
        self._sides, self._both = sides, both
        self._common = _common(*sides)
        union = each_once(np.concatenate(sides))
        others = union[_places(self._common, union) < 0]
        words = [_words(others, self._common, side) for side in (0, 1)]
        self._linked = [linked for _, linked in words]  # whether a word has a link
        fits = self._fits([numbers for numbers, _ in words], both=both)
        self._left = others[fits]  # words with links keep them, so that the others never fit
        self._words = [numbers[fits] for numbers, _ in words]
        self._chosen = np.zeros(len(self._left), np.bool_)

    def keys(self, neighbors: Sequence[tuple[int, int]], *, final: bool | None) -> Ints:
        """The links that are chosen by growing, and then those of each direction that fit.

        `final` says whether both words must be without a link then, or one of them; None leaves this out.
        """
        self._grow([first * STEP + second for first, second in neighbors])
        for side in () if final is None else self._sides:
            self._add(np.flatnonzero(_places(side, self._left) >= 0), both=final is True)
        return each_once(np.concatenate((self._common, self._left[self._chosen])))

    def _fits(self, words: Sequence[Ints], *, both: bool) -> Flags:
        first, second = (~linked[word] for linked, word in zip(self._linked, words, strict=True))
        return first & second if both else first | second

    def _add(self, at: Ints, *, both: bool) -> None:
        """Choose those of these links that fit, in each pair one after the other."""
        for step in _steps(self._left[at]):
            self._choose(at[step], both=both)

    def _choose(self, at: Ints, *, both: bool) -> Ints:
        """Choose those of these links, one of each pair, that are not chosen and fit."""
        at = at[~self._chosen[at]]
        at = at[self._fits([word[at] for word in self._words], both=both)]
        self._chosen[at] = True
        for linked, word in zip(self._linked, self._words, strict=True):
            linked[word[at]] = True
        return at

    def _grow(self, deltas: Sequence[int]) -> None:
        """Choose neighbors of chosen links, from the first link to the last one, until there are none."""
        beside = np.zeros(len(self._common), np.bool_)
        for delta in deltas:
            at = _places(self._common, self._left - delta)
            beside[at[at >= 0]] = True
        visited = each_once(np.concatenate((self._common[beside], self._left)))
        number = _places(self._left, visited)
        is_common = number < 0
        near = np.stack([_places(self._left, visited + delta) for delta in deltas], axis=1)
        active = np.arange(len(visited))
        while len(active):
            grew = []
            for step in _steps(visited[active]):
                at = active[step]
                at = at[is_common[at] | self._chosen[number[at]]]
                for candidates in near[at][:, (near[at] >= 0).any(axis=0)].T:
                    grew.append(self._choose(candidates[candidates >= 0], both=self._both))
            pairs = each_once(np.concatenate([self._left[at] for at in grew] or [active[:0]]) // STEP**2)
            active = active[_places(pairs, visited[active] // STEP**2) >= 0]


def _common(first: Ints, second: Ints) -> Ints:
    """The sorted keys that both have."""
    return first[_places(second, first) >= 0]


def _places(keys: Ints, wanted: Ints) -> Ints:
    """The position of each of these in the sorted keys; -1 for what is not there."""
    if not len(keys):
        return np.full(len(wanted), -1)
    at = keys.searchsorted(wanted)
    return np.where(keys.take(at, mode="clip") == wanted, at, -1)


def _words(links: Ints, common: Ints, side: int) -> tuple[Ints, Flags]:
    """A number for the first (0) or second (1) word of each link, and whether a word has one of the common links."""
    of_links, of_common = ((keys // STEP, keys // STEP**2 * STEP + keys % STEP)[side] for keys in (links, common))
    words = each_once(of_links)
    return words.searchsorted(of_links), _places(each_once(of_common), words) >= 0


def _steps(keys: Ints) -> Iterator[Ints]:
    """The positions of the first link of each pair, then of the second ones, and so on.

    >>> [step.tolist() for step in _steps(np.array([0, 1, STEP**2]))]
    [[0, 2], [1]]
    """
    pairs = keys // STEP**2
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    counts = np.diff(starts, append=len(keys))
    for k in range(int(counts.max(initial=0))):
        yield starts[counts > k] + k
