"""Words in one script and one case, to compare their spelling."""

from __future__ import annotations

from functools import lru_cache

from xlner.errors import MissingExtraError


@lru_cache(maxsize=1 << 16)
def fold(token: str) -> str:
    """Return a word in lower-case ASCII without spaces; unchanged if nothing would be left of it.

    Punctuation stays. Without it "Yahoo" and "Yahoo !" would have the same spelling, and the longer one would always be
    chosen.

    >>> fold("Bédié"), fold("Москва"), fold("!")
    ('bedie', 'moskva', '!')
    """
    from anyascii import anyascii

    return "".join(anyascii(token).lower().split()) or token


def check_installed() -> None:
    """Raise `MissingExtraError` if `anyascii` or `rapidfuzz` is missing."""
    try:
        import anyascii
        import rapidfuzz  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "rapidfuzz", extra="surface") from None
    del anyascii
