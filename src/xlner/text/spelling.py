"""Words in one script and one case, to compare their spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from xlner.errors import MissingExtraError

_I = str.maketrans("İı", "ii")
_HIDDEN = dict.fromkeys([0xAD, 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF])

_SEPARATED = re.compile("[\u0e00-\u109f\u1780-\u17ff]")  # Thai, Lao, Tibetan, Burmese, Khmer


def without_hidden(text: str) -> str:
    """Return a text without soft hyphens, word joiners and direction marks, which models have not learned.

    Zero-width spaces go as well, except in scripts that separate words with them.
    Joiners and non-joiners stay, because words of many scripts are spelled with them.

    >>> without_hidden("Bar\\u00adce\\u00adlo\\u00adna")
    'Barcelona'
    """
    if text.isascii():
        return text
    if "\u200b" in text and not _SEPARATED.search(text):
        text = text.replace("\u200b", "")
    return text.translate(_HIDDEN)


def fold_case(text: str) -> str:
    """Return a text without letter case, so that two spellings that differ only in case are equal.

    It is `str.casefold` with one letter i: Turkish `İstanbul` and `ISPARTA` are `istanbul` and `ısparta` in lower case,
    and Python would add a combining dot to the first.

    >>> fold_case("İSTANBUL") == fold_case("istanbul"), fold_case("DIYARBAKIR") == fold_case("Diyarbakır")
    (True, True)
    """
    if text.isascii():
        return text.lower()
    return text.translate(_I).casefold().replace("i\u0307", "i")


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
