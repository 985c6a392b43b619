"""Routes from one language to another: a single mode, or the shortest chain of modes through pivots."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise

from xlner.text import languages
from xlner.translation.apertium.modes import Mode, language, rank

MAX_HOPS = 3
"""Modes in a route."""

_PREFERRED_PIVOTS = ("es", "ca", "en", "fr", "pt", "it")
"""Preferred among routes of equal length: the languages that Apertium has worked on most."""


def direct(modes: Iterable[Mode], from_lang: str, to_lang: str) -> Mode | None:
    """Return the best mode without a pivot: plain names come before variants such as `spa-eng_US`."""
    from_names, to_names = languages.apertium(from_lang), languages.apertium(to_lang)
    fitting = [
        (start, end, mode.name)
        for mode in modes
        if (start := rank(mode.source, from_names)) is not None and (end := rank(mode.target, to_names)) is not None
    ]
    return Mode.parse(min(fitting)[-1]) if fitting else None


def shortest(modes: Sequence[Mode], from_lang: str, to_lang: str) -> tuple[Mode, ...] | None:
    """Return the shortest chain of modes from one language to the other, or None. Ties are broken by fixed rules.

    >>> modes = [m for name in ("pt-es", "spa-eng", "spa-eng_US") if (m := Mode.parse(name))]
    >>> [mode.name for mode in shortest(modes, "pt", "en")]
    ['pt-es', 'spa-eng']
    """
    if mode := direct(modes, from_lang, to_lang):
        return (mode,)
    goals = _ends(modes, to_lang)
    queue: deque[tuple[str, ...]] = deque((start,) for start in sorted(_ends(modes, from_lang) - goals))
    seen = {path[-1] for path in queue}
    while queue:
        path = queue.popleft()
        if path[-1] in goals:
            return _modes_along(modes, path, from_lang, to_lang)
        following = {language(mode.target) or "" for mode in modes if language(mode.source) == path[-1]} - seen
        if len(path) <= MAX_HOPS:
            seen |= following
            queue.extend((*path, step) for step in sorted(following, key=_pivot_order))
    return None


def legs(from_lang: str, to_lang: str, pivots: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of languages on a route through the given pivots. A pivot that is one of the ends is left out.

    >>> legs("pt", "en", ["spa"]), legs("es", "en", ["spa"])
    ([('pt', 'spa'), ('spa', 'en')], [('es', 'en')])
    """
    ends = {languages.canonical(from_lang), languages.canonical(to_lang)}
    return list(pairwise([from_lang, *(code for code in pivots if languages.canonical(code) not in ends), to_lang]))


def _ends(modes: Iterable[Mode], code: str) -> set[str]:
    """The languages in the graph that a code stands for. Apertium has `hr` under `hbs`, together with `sr`."""
    names = languages.apertium(code)
    found = {language(name) for mode in modes for name in (mode.source, mode.target) if rank(name, names) is not None}
    return {key for key in found if key}


def _pivot_order(key: str) -> tuple[int, str]:
    return (_PREFERRED_PIVOTS.index(key) if key in _PREFERRED_PIVOTS else len(_PREFERRED_PIVOTS), key)


def _modes_along(modes: Sequence[Mode], path: Sequence[str], from_lang: str, to_lang: str) -> tuple[Mode, ...]:
    chain = []
    for position, (start, end) in enumerate(pairwise(path)):
        from_names = languages.apertium(from_lang) if position == 0 else ()
        to_names = languages.apertium(to_lang) if position == len(path) - 2 else ()
        leg = [mode for mode in modes if (language(mode.source), language(mode.target)) == (start, end)]
        chain.append(min(leg, key=lambda mode: (_fit(mode.source, from_names), _fit(mode.target, to_names), mode.name)))
    return tuple(chain)


def _fit(name: str, wanted: tuple[str, ...]) -> tuple[int, bool]:
    """How well a name fits. For a pivot, where no name is wanted, plain names come first."""
    place = rank(name, wanted)
    return (len(wanted) + 1 if place is None else place, "_" in name)
