"""One alignment out of two that were made in opposite directions."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Set
from types import MappingProxyType

from xlner.core.alignment import Alignment, Link
from xlner.errors import UnknownNameError

Links = Set[Link]
Method = Callable[[Links, Links], Links]

_STRAIGHT = ((-1, 0), (0, -1), (1, 0), (0, 1))
_MOSES = (*_STRAIGHT, (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Where Moses looks for neighbors, in its order; matters where two links compete for a word."""
_PUBLISHED = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, 0), (1, -1), (1, 1))
"""The order that reproduces the outputs which were published for GIZA++ and fast_align by Zenkel et al. 2020."""


def symmetrize(forward: Alignment, reverse: Alignment, method: str = "grow-diag-final-and") -> Alignment:
    """The links of two alignments of one pair, both source first, put together by a method of `METHODS`.

    The weight of a link is the mean of its weights in both directions, 0 where it is missing from one and 1 where an
    alignment has no weights; without any weights there are none. `forward` and `reverse` are left as they are.

    Raises `UnknownNameError` with the known names for another method.

    >>> symmetrize(Alignment(((0, 0), (1, 1))), Alignment(((0, 0), (2, 2))), "union").links
    ((0, 0), (1, 1), (2, 2))
    """
    name = ALIASES.get(method, method)
    if name not in METHODS:
        raise UnknownNameError(
            f"unknown method {method!r} to symmetrize", hint=f"known: {', '.join(sorted({*METHODS, *ALIASES}))}"
        )
    if name in _AS_THEY_ARE:
        return forward if name == "forward" else reverse
    links = tuple(sorted(METHODS[name](frozenset(forward.links), frozenset(reverse.links))))
    weights = None
    if forward.weights is not None or reverse.weights is not None:
        there, back = _weights(forward), _weights(reverse)
        weights = tuple((there.get(link, 0.0) + back.get(link, 0.0)) / 2 for link in links)
    return Alignment(links, weights, reverse.similarity if forward.similarity is None else forward.similarity)


def intersection(forward: Links, reverse: Links) -> Links:
    """Links of both."""
    return forward & reverse


def union(forward: Links, reverse: Links) -> Links:
    """Links of either."""
    return forward | reverse


def grow_diag(forward: Links, reverse: Links) -> Links:
    """The intersection and, again and again, links of the union beside what is there, diagonally too, where one of the
    two words has no link yet (Koehn, Och and Marcu 2003; the program of Moses).

    >>> sorted(grow_diag({(0, 0), (1, 1)}, {(0, 0), (1, 0), (3, 3)}))
    [(0, 0), (1, 0), (1, 1)]
    """
    return _as_in_moses(_grow, forward, reverse)


def grow_diag_final(forward: Links, reverse: Links) -> Links:
    """`grow_diag`, and then links of `forward` and after them of `reverse` where one of the two words has none yet.

    >>> sorted(grow_diag_final({(0, 0), (1, 1)}, {(0, 0), (1, 0), (1, 3)}))
    [(0, 0), (1, 0), (1, 1), (1, 3)]
    """
    return _as_in_moses(lambda f, r: _final(_grow(f, r), f, r), forward, reverse)


def grow_diag_final_and(forward: Links, reverse: Links) -> Links:
    """`grow_diag`, and then links of `forward` and after them of `reverse` where neither word has one yet.

    >>> sorted(grow_diag_final_and({(0, 0), (1, 1)}, {(0, 0), (1, 0), (1, 3), (4, 4)}))
    [(0, 0), (1, 0), (1, 1), (4, 4)]
    """
    return _as_in_moses(lambda f, r: _final(_grow(f, r), f, r, both=True), forward, reverse)


def grow_diagonal(forward: Links, reverse: Links) -> Links:
    """`grow_diag` where neither word may have a link: so the manual of Moses says, unlike its program, and the scripts
    of Zenkel, Wuebker and DeNero 2020 do, whose outputs of GIZA++ and fast_align it reproduces.

    >>> sorted(grow_diagonal({(0, 0), (1, 1)}, {(0, 0), (1, 0), (3, 3)}))
    [(0, 0), (1, 1)]
    """
    return _grow(forward, reverse, both=True, neighbors=_PUBLISHED)


def grow_diagonal_final(forward: Links, reverse: Links) -> Links:
    """`grow_diagonal`, and then links of `forward` and after them of `reverse` where neither word has one yet."""
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
"""Every method by its name."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {"gd": "grow-diag", "gdf": "grow-diag-final", "gdfa": "grow-diag-final-and", "inter": "intersection"}
)
"""Other names of methods, as peers call them."""

_AS_THEY_ARE = frozenset({"forward", "reverse"})


def _weights(alignment: Alignment) -> dict[Link, float]:
    return dict(zip(alignment.links, alignment.weights or (1.0,) * len(alignment), strict=True))


def _as_in_moses(method: Method, forward: Links, reverse: Links) -> Links:
    """Moses goes through links by target word first."""
    return _turned(method(_turned(forward), _turned(reverse)))


def _turned(links: Iterable[Link]) -> Links:
    return {(t, s) for s, t in links}


class _Covered:
    """Links, and the words on both sides that have one."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = set(links)
        self.first = {first for first, _ in self.links}
        self.second = {second for _, second in self.links}

    def takes(self, link: Link, *, both: bool) -> bool:
        """Whether this is a new link and one of its words, or both, have none yet."""
        first, second = link[0] not in self.first, link[1] not in self.second
        return link not in self.links and (first and second if both else first or second)

    def add(self, link: Link) -> None:
        self.links.add(link)
        self.first.add(link[0])
        self.second.add(link[1])


def _grow(
    forward: Links, reverse: Links, *, both: bool = False, neighbors: tuple[tuple[int, int], ...] = _MOSES
) -> Links:
    """Passes in order over the links that are there, those added on the way included, until one adds nothing."""
    chosen, pool = _Covered(forward & reverse), forward | reverse
    before = -1
    while len(chosen.links) > before:
        before = len(chosen.links)
        todo = sorted(chosen.links, reverse=True)
        while todo:
            first, second = here = todo.pop()
            for down, right in neighbors:
                link = (first + down, second + right)
                if link in pool and chosen.takes(link, both=both):
                    chosen.add(link)
                    if link > here:
                        insort(todo, link, key=lambda other: (-other[0], -other[1]))
    return chosen.links


def _final(links: Links, *directions: Links, both: bool = False) -> Links:
    chosen = _Covered(links)
    for direction in directions:
        for link in sorted(direction):
            if chosen.takes(link, both=both):
                chosen.add(link)
    return chosen.links
