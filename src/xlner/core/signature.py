"""Signatures: what a score was measured on, and how, as one string. Scores with equal signatures are comparable."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from xlner._version import __version__

_SIZE = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Signature:
    """Named facts about a score or a run, in a fixed order.

    >>> str(Signature.of({"scheme": "IOB2", "ignore": ("DATE", "MISC"), "data": "1f"}, version="0.1.0"))
    'scheme:IOB2|ignore:DATE,MISC|data:1f|xlner:0.1.0'
    """

    facts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, facts: Mapping[str, object], *, version: str = __version__) -> Signature:
        """Make a signature from facts. Collections are sorted and joined by commas; an empty one is `none`."""
        return cls((*((name, _text(value)) for name, value in facts.items()), ("xlner", version)))

    def extended(self, facts: Mapping[str, object]) -> Signature:
        """The same signature with more facts, inserted before the version.

        >>> str(Signature.of({"mode": "strict"}, version="0.1.0").extended({"seed": 0}))
        'mode:strict|seed:0|xlner:0.1.0'
        """
        more = tuple((name, _text(value)) for name, value in facts.items())
        return Signature((*self.facts[:-1], *more, self.facts[-1]))

    def __str__(self) -> str:
        return "|".join(f"{name}:{value}" for name, value in self.facts)


def _text(value: object) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(sorted(map(str, value))) or "none"
    return str(value)


class Digest:
    """A running SHA-256 hash of a sequence of strings. The boundaries between the strings count.

    >>> Digest(["ab", "c"]).hexdigest() == Digest(["a", "bc"]).hexdigest()
    False
    """

    def __init__(self, strings: Iterable[str] = ()) -> None:
        self._hash = hashlib.sha256()
        for string in strings:
            self.update(string)

    def update(self, string: str) -> None:
        """Add one string."""
        data = string.encode("utf-8", "surrogatepass")
        self._hash.update(_SIZE.pack(len(data)))
        self._hash.update(data)

    def update_all(self, strings: Iterable[str]) -> None:
        """Add strings one by one.

        >>> digest = Digest()
        >>> digest.update_all(["ab", "c"])
        >>> digest.hexdigest() == Digest(["ab", "c"]).hexdigest()
        True
        """
        data = [string.encode("utf-8", "surrogatepass") for string in strings]
        self._hash.update(b"".join(chain.from_iterable(zip(map(_SIZE.pack, map(len, data)), data, strict=True))))

    def hexdigest(self, length: int = 12) -> str:
        """The first `length` hexadecimal digits of the hash."""
        return self._hash.hexdigest()[:length]
