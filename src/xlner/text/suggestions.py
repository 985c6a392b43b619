"""Which known name was meant by one that nothing has."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.65
"""How similar a name has to be; at 0.6, `size` would mean `silent`."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one, in small letters or capitals; None if none is like it.

    >>> closest("aperitum", ["apertium", "nllb"]), closest("NLLB", ["apertium", "nllb"]), closest("x", ["nllb"])
    ('apertium', 'nllb', None)
    """
    from difflib import get_close_matches

    names = {str(n).casefold(): str(n) for n in known}
    found = get_close_matches(name.casefold(), names, n=1, cutoff=_ALIKE)
    return names[found[0]] if found else None


def names_hint(name: object, known: Iterable[str], listed: str = "known:") -> str:
    """Return the hint for a name that nothing has: the name that was meant, if one is like it, and all known names.

    >>> names_hint("aperitum", ["apertium", "nllb"]), names_hint("x", ["a", "b"], "one of")
    ("did you mean 'apertium'? known: apertium, nllb", 'one of a, b')
    """
    names = [str(n) for n in known]
    near = closest(str(name), names)
    return f"{f'did you mean {near!r}? ' if near else ''}{listed} {', '.join(names) or 'none'}"
