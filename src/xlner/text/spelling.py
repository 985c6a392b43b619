"""Words in one script and one case, to compare how they are spelled."""

from __future__ import annotations

from functools import lru_cache

from xlner.errors import MissingExtraError


@lru_cache(maxsize=1 << 16)
def fold(token: str) -> str:
    """A token in lower-case ASCII without spaces; as it is where nothing would be left of it.

    Punctuation stays: without it, "Yahoo" and "Yahoo !" would be spelled alike and the longer one always chosen.

    >>> fold("Bédié"), fold("Москва"), fold("!")
    ('bedie', 'moskva', '!')
    """
    from anyascii import anyascii

    return "".join(anyascii(token).lower().split()) or token


def check_installed() -> None:
    """Raise `MissingExtraError` where `anyascii` or `rapidfuzz` is missing."""
    try:
        import anyascii
        import rapidfuzz  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "rapidfuzz", extra="surface") from None
    del anyascii
