"""Scripts that are written without spaces between words."""

from __future__ import annotations


def has_spaces(character: str) -> bool:
    """False for scripts without spaces: Thai, Lao, Tibetan, Burmese, Khmer, kana and logograms.

    >>> has_spaces("Y"), has_spaces("京"), has_spaces("ก"), has_spaces("я")
    (True, False, False, True)
    """
    code = ord(character)
    return not (0x0E00 <= code < 0x1000 or 0x1000 <= code < 0x10A0 or 0x1780 <= code < 0x1800 or code >= 0x2E80) or (
        0xAC00 <= code < 0xD7B0
    )


def starts_without_space(word: str) -> bool:
    """True for a word that no space precedes in a text: one that begins with a letter of a script without spaces.

    >>> starts_without_space("京都"), starts_without_space("NHK"), starts_without_space("。")
    (True, False, False)
    """
    return word[:1].isalpha() and not has_spaces(word[0])
