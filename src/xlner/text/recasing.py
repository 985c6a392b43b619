"""Texts in ALL CAPS in the case of a title or of a sentence, letter for letter: every offset stays what it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from xlner.text.languages import base_if_known
from xlner.text.offsets import Span
from xlner.text.verbatim import verbatim_spans, without_verbatim

MIN_LETTERS = 8
"""Letters below which a text in capitals may be just an abbreviation or two."""
_LETTERS = re.compile(r"[^\W\d_]+")
_APOSTROPHES = "'’ʼ"
_CLITICS = frozenset({"ll", "re", "ve"})
_DOTLESS = frozenset({"tr", "az"})


def is_all_caps(text: str) -> bool:
    """Return whether a text has several words, all in capitals, verbatim text aside.

    >>> is_all_caps("O PRESIDENTE CHEGOU A VIGO"), is_all_caps("A BBC e a CNN"), is_all_caps("BBC")
    (True, False, False)
    """
    if any(map(str.islower, text)) and not verbatim_spans(text):
        return False
    text = without_verbatim(text)
    words = [word for word in _LETTERS.findall(text) if len(word) > 1]
    return len(words) > 1 and sum(map(len, words)) >= MIN_LETTERS and text.isupper()


def title_case(text: str, language: str | None = None) -> str:
    """Return the text with a capital at the beginning of each word, and small letters after it.

    It has the same length. Single letters and verbatim text stay as they are.

    >>> title_case("O'NEILL'S AB-12 DOESN'T RUN")
    "O'Neill's AB-12 Doesn't Run"
    """
    return _recased(text, language, lambda start: True)


def sentence_case(text: str, names: Iterable[Span], language: str | None = None) -> str:
    """Return the text in small letters, but with capitals at its beginning and at those of the words of names.

    `names` are ranges of code points.

    >>> sentence_case("JAPAN GET LUCKY WIN IN SYRIA", [(0, 5), (23, 28)])
    'Japan get lucky win in Syria'
    """
    spans = list(names)
    first = next((m.start() for m in _LETTERS.finditer(text)), 0)
    return _recased(text, language, lambda at: at == first or any(start <= at < end for start, end in spans))


def _recased(text: str, language: str | None, is_name: Callable[[int], bool]) -> str:
    dotless = base_if_known(language) in _DOTLESS
    verbatim = verbatim_spans(text)
    out = list(text)
    for match in _LETTERS.finditer(text):
        start, end = match.span()
        if any(a < end and start < b for a, b in verbatim):
            continue
        small = _lower(match[0], dotless=dotless)
        capital = is_name(start) and not _continues(text, start, small)
        if capital or (len(small) == 1 and is_name(start) and text[start - 1 : start] not in tuple(_APOSTROPHES)):
            small = match[0][0] + small[1:]
        out[start:end] = small
    return "".join(out)


def _continues(text: str, start: int, word: str) -> bool:
    """Whether a run of letters continues the word before its apostrophe: `'s`, `'ll`, but not `O'Neill`."""
    if start == 0 or text[start - 1] not in _APOSTROPHES:
        return False
    before = re.search(r"[^\W\d_]*$", text[: start - 1])
    return len(word) == 1 or word in _CLITICS or before is None or not 0 < len(before[0]) <= 2


def _lower(word: str, *, dotless: bool) -> str:
    small = word.replace("I", "ı").replace("İ", "i") if dotless else word.replace("İ", "i")
    lower = small.lower()
    return lower if len(lower) == len(word) else "".join(c.lower() if len(c.lower()) == 1 else c for c in small)
