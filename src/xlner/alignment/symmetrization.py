"""Symmetrization: one alignment from two alignments in opposite directions."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Set
from types import MappingProxyType

from xlner.core.alignment import Alignment, Link
from xlner.errors import UnknownNameError
from xlner.text.suggestions import names_hint

Links = Set[Link]
Method = Callable[[Links, Links], Links]

_ADJACENT = ((-1, 0), (0, -1), (1, 0), (0, 1))
MOSES = (*_ADJACENT, (-1, -1), (-1, 1), (1, -1), (1, 1))
"""The neighbors of a link in the order of Moses. The order matters if two links compete for a word."""
ZENKEL = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, 0), (1, -1), (1, 1))
"""The order that reproduces the outputs of GIZA++ and fast_align published by Zenkel et al. 2020."""


def symmetrize(forward: Alignment, reverse: Alignment, method: str = "grow-diag-final-and") -> Alignment:
    """Combine two alignments of one pair with a method of `METHODS`. The links of both are `(source, target)`.

    The weight of a link is the mean of its weights in both directions. A link counts 0 in an alignment that lacks it,
    and 1 in an alignment without weights. If neither alignment has weights, the result has none. The methods `forward`
    and `reverse` return that alignment unchanged.

    Raises `UnknownNameError`, which lists the known names, for an unknown method.

    >>> symmetrize(Alignment(((0, 0), (1, 1))), Alignment(((0, 0), (2, 2))), "union").links
    ((0, 0), (1, 1), (2, 2))
    """
    name = canonical_method(method)
    if name in _ONE_DIRECTION:
        return forward if name == "forward" else reverse
    links = tuple(sorted(METHODS[name](frozenset(forward.links), frozenset(reverse.links))))
    weights = None
    if forward.weights is not None or reverse.weights is not None:
        of_forward, of_reverse = _weights(forward), _weights(reverse)
        weights = tuple((of_forward.get(link, 0.0) + of_reverse.get(link, 0.0)) / 2 for link in links)
    return Alignment(links, weights, reverse.similarity if forward.similarity is None else forward.similarity)


def canonical_method(method: str) -> str:
    """Return the name in `METHODS` for a name or alias. Raises `UnknownNameError`, which lists the known names.

    >>> canonical_method("gdfa")
    'grow-diag-final-and'
    """
    name = ALIASES.get(method, method)
    if name not in METHODS:
        raise UnknownNameError(
            f"unknown symmetrization method {method!r}", hint=names_hint(method, sorted({*METHODS, *ALIASES}))
        )
    return name


def intersection(forward: Links, reverse: Links) -> Links:
    """The links in both directions."""
    return forward & reverse


def union(forward: Links, reverse: Links) -> Links:
    """The links in either direction."""
    return forward | reverse


def grow_diag(forward: Links, reverse: Links) -> Links:
    """Grow the intersection (Koehn, Och and Marcu 2003; the program of Moses).

    Repeatedly adds links of the union that are neighbors of a link, including diagonal ones, if one of the two words
    has no link yet.

    >>> sorted(grow_diag({(0, 0), (1, 1)}, {(0, 0), (1, 0), (3, 3)}))
    [(0, 0), (1, 0), (1, 1)]
    """
    return _target_first(_grow, forward, reverse)


def grow_diag_final(forward: Links, reverse: Links) -> Links:
    """`grow_diag`, then links of `forward`, then of `reverse`, if one of the two words has no link yet.

    >>> sorted(grow_diag_final({(0, 0), (1, 1)}, {(0, 0), (1, 0), (1, 3)}))
    [(0, 0), (1, 0), (1, 1), (1, 3)]
    """
    return _target_first(lambda f, r: _final(_grow(f, r), f, r), forward, reverse)


def grow_diag_final_and(forward: Links, reverse: Links) -> Links:
    """`grow_diag`, then links of `forward`, then of `reverse`, if neither word has a link yet.

    >>> sorted(grow_diag_final_and({(0, 0), (1, 1)}, {(0, 0), (1, 0), (1, 3), (4, 4)}))
    [(0, 0), (1, 0), (1, 1), (4, 4)]
    """
    return _target_first(lambda f, r: _final(_grow(f, r), f, r, both=True), forward, reverse)


def grow_diagonal(forward: Links, reverse: Links) -> Links:
    """`grow_diag`, but a link is added only if neither word has a link.

    The manual of Moses describes this method; its program does not follow it. The scripts of Zenkel, Wuebker and DeNero
    2020 do, and this function reproduces their outputs for GIZA++ and fast_align.

    >>> sorted(grow_diagonal({(0, 0), (1, 1)}, {(0, 0), (1, 0), (3, 3)}))
    [(0, 0), (1, 1)]
    """
    return _grow(forward, reverse, both=True, neighbors=ZENKEL)


def grow_diagonal_final(forward: Links, reverse: Links) -> Links:
    """`grow_diagonal`, then links of `forward`, then of `reverse`, if neither word has a link yet."""
    return _final(grow_diagonal(forward, reverse), forward, reverse, both=True)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "forward": lambda forward, _: forward,
        "reverse": lambda _, reverse: reverse,
        "intersection": intersection,
        "union": union,
        "grow-diag": grow_diag,
        "grow-diag-final": grow_diag_final,
        "grow-diag-final-and": grow_diag_final_and,
        "grow-diagonal": grow_diagonal,
        "grow-diagonal-final": grow_diagonal_final,
    }
)
"""All methods by name."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {"gd": "grow-diag", "gdf": "grow-diag-final", "gdfa": "grow-diag-final-and", "inter": "intersection"}
)
"""Other common names of the methods."""

_ONE_DIRECTION = frozenset({"forward", "reverse"})


def _weights(alignment: Alignment) -> dict[Link, float]:
    return dict(zip(alignment.links, alignment.weights or (1.0,) * len(alignment), strict=True))


def _target_first(method: Method, forward: Links, reverse: Links) -> Links:
    """Apply a method with source and target swapped: Moses iterates over links by target word first."""
    return _swapped(method(_swapped(forward), _swapped(reverse)))


def _swapped(links: Iterable[Link]) -> Links:
    return {(t, s) for s, t in links}


class _LinkSet:
    """Links, and the words on both sides that have a link."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = set(links)
        self.first = {first for first, _ in self.links}
        self.second = {second for _, second in self.links}

    def accepts(self, link: Link, *, both: bool) -> bool:
        """Whether the link is new and one of its words, or with `both` each of them, has no link yet."""
        first, second = link[0] not in self.first, link[1] not in self.second
        return link not in self.links and (first and second if both else first or second)

    def add(self, link: Link) -> None:
        self.links.add(link)
        self.first.add(link[0])
        self.second.add(link[1])


def _grow(
    forward: Links, reverse: Links, *, both: bool = False, neighbors: tuple[tuple[int, int], ...] = MOSES
) -> Links:
    """Iterate over the links in order, including those added meanwhile, until a pass adds none."""
    chosen = _LinkSet(forward & reverse)
    # Words with links keep them, so that the others never fit.
    left = {link for link in (forward | reverse) - chosen.links if chosen.accepts(link, both=both)}
    beside = {(first - down, second - right) for first, second in left for down, right in neighbors}
    before = -1
    while len(chosen.links) > before:
        before = len(chosen.links)
        todo = sorted(chosen.links & beside, reverse=True)
        while todo:
            first, second = here = todo.pop()
            for down, right in neighbors:
                link = (first + down, second + right)
                if link in left and chosen.accepts(link, both=both):
                    chosen.add(link)
                    if link > here:
                        insort(todo, link, key=lambda other: (-other[0], -other[1]))
    return chosen.links


def _final(links: Links, *directions: Links, both: bool = False) -> Links:
    chosen = _LinkSet(links)
    for direction in directions:
        for link in sorted(direction - chosen.links):
            if chosen.accepts(link, both=both):
                chosen.add(link)
    return chosen.links
