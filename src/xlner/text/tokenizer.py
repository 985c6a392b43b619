"""The default tokenizer: Unicode words with offsets into the original text. It changes and drops nothing.

Words keep inner hyphens, dots between capitals and digits, the dot of a title before a name (`Mr.`), and invisible
characters between letters, such as soft hyphens and joiners; letters keep their combining marks. Apostrophes split
after an elision in languages that elide (Catalan `l'` + `Ajuntament`), and before a clitic (`Ana` + `'s`, `porta` +
`'m`) there and in English. Elsewhere, and after a short part with a hyphen (`anar-se'n`), they are part of the word.
Hebrew acronyms keep their quotation mark. An emoji is one word, with all of its parts. In scripts without spaces each
character with its marks is a word, unless a segmenter is given; a run of katakana is one word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from xlner.errors import ValidationError
from xlner.text.languages import NO_ONE_LANGUAGE, base
from xlner.text.offsets import Span

if TYPE_CHECKING:
    import regex

Segmenter = Callable[[str], Iterable[str]]
"""Splits a run of letters of a script without spaces into words, which must spell the run when joined."""

_BETWEEN_SPACES = re.compile(r"[^ \t\r\n]+")
_APOSTROPHES = "'\u2019\u02bc\u00b4\u055a\uff07"
_LIKE_A_LETTER = "\u2018"  # between letters: Uzbek `o‘`, Hawaiian `Hawai‘i`
_ELIDING = frozenset({"ca", "fr", "it", "oc", "ast", "an", "sc", "co", "fur", "lij", "pms", "scn", "vec", "wa", "frp"})
_TITLES = "(?:M(?:rs?|s|mes?|lles?|essrs)|Dra?|Prof|Sr(?:a|es|ta)?|St)"
_VOWELS, _ENCLITIC = "aeiouàèéíòóúü", "m|t|l|n|ls|ns"  # of Catalan verbs
_AFTER_APOSTROPHE = r"(?i:(?<=\baujourd.)hui|(?<=\bquelqu.)une?|(?<=\bpresqu.)[iî]les?)\b"  # one word in French
_PROLONGED = "\u30fc\uff70\uff9e\uff9f"  # kana that lengthen or voice the one before
_SPACELESS = (
    r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    rf"\p{{Script=Khmer}}\p{{Script=Myanmar}}\p{{Script=Tibetan}}{_PROLONGED}"
)
_MARKS = r"\p{M}\u200c\u200d"  # letters keep them: accents, and what joins letters or keeps them apart
_ZERO_WIDTH_SPACE = "\u200b"
_SPACE_OF = frozenset({"th", "lo", "km", "my", "bo", "dz"})  # it separates words in these languages, and in no others
_COMMON = "[A-Za-z0-9_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0386\u0388-\u03f5\u0400-\u0481]"  # the same, faster
_JOINERS = rf"\-\u2010\u2011\u00b7\u2027\u05f4\u05f3\u055b\u055c\u055e&@{_LIKE_A_LETTER}"
_GRAVE = (  # between letters, as in Uzbek O`zbekiston, unless it begins or ends `code`
    r"(?=`\p{L})(?<=[\p{L}\p{M}])(?<!(?:^|[^\p{L}\p{M}`])`[^`\n]*)`(?![\p{L}\p{M}\p{N}_]+`(?!\p{L}))"
)
_SEPARATORS = "\u1361"  # the Ethiopic word space
_KATAKANA = rf"[\p{{Script=Katakana}}{_PROLONGED}]"
_STACKED = r"(?<=[\u1039\u17d2])"  # after a mark that puts the next letter below: Burmese, Khmer
_HEBREW = r"[\p{Script=Hebrew}--\p{P}]"
_QUOTATION = '"\u201c\u201d'
_INNER = rf"{_JOINERS}`{_APOSTROPHES}{_QUOTATION}\p{{Cf}}"  # all that may stand between letters, to look ahead
_HEBREW_ACRONYM = (
    # before the last letter: צה"ל
    rf"(?<=\p{{Script=Hebrew}})(?:[{_QUOTATION}]|'')(?={_HEBREW}\p{{M}}*(?![\p{{L}}\p{{M}}\p{{N}}]))"
    # or before the last letter and a suffix, מנכ"לית, unless the mark opens a quotation that ends later
    rf"|(?<=\p{{Script=Hebrew}}{{2}})[{_QUOTATION}](?={_HEBREW}(?:י|ים|ית|יים|יות|ות|ניק|ניקים)(?![\p{{L}}\p{{M}}\p{{N}}])"
    rf"(?![^{_QUOTATION}\n]*[{_QUOTATION}](?!\p{{L}})))"
)


@cache
def _pattern(language: str | None) -> regex.Pattern[str]:
    import regex

    first = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_SPACELESS}]]"
    letters = rf"{first}{_COMMON}*+[[\p{{L}}{_MARKS}\p{{N}}_]--[{_SPACELESS}]]*+"
    invisible = rf"[\p{{Cf}}--[{_ZERO_WIDTH_SPACE}]]" if language in _SPACE_OF else r"\p{Cf}"
    before = clitic = elision = ""
    if language == "en":
        before = r"(?!(?:s|re|ve|ll|d|m|t|S)\b)"  # the clitic becomes a word of its own
        clitic = rf"| [{_APOSTROPHES}](?:s|re|ve|ll|d|m|t|S)\b"
    elif language in _ELIDING:
        before = r"(?<=[\-\u2010\u2011]\p{L}{1,3}.)(?=\p{L})(?![sS]\b)"  # anar-se'n, Val-d'Isère
        clitic = rf"| (?<=[\p{{L}}{_MARKS}])[{_APOSTROPHES}][sS]\b"
        elided = rf"(?:[\p{{L}}{_MARKS}]+[{_APOSTROPHES}]|(?<!\p{{L}})\p{{L}}{{1,2}}{_LIKE_A_LETTER})"
        elision = rf"| {elided}(?={first})(?![sS]\b)"
        if language == "ca":  # porta + 'm
            clitic += rf"| (?<=\p{{L}}[{_VOWELS}])[{_APOSTROPHES}](?:{_ENCLITIC})\b"
            elision += rf"(?!(?<=\p{{L}}[{_VOWELS}].)(?:{_ENCLITIC})\b)"
        elif language == "fr":
            elision += rf"(?!{_AFTER_APOSTROPHE})"
            before = rf"(?:{before}|(?={_AFTER_APOSTROPHE}))"
    joiner = rf"(?:[{_JOINERS}]|{_GRAVE}|{_HEBREW_ACRONYM}|[{_APOSTROPHES}]{before})"
    return regex.compile(
        rf"""(?V1x)(?=\S)(?:
        (?:https?://|www\.)[^\s<>"]*[\p{{L}}\p{{N}}/]     # addresses
        | [\p{{L}}\p{{N}}._+-]+@[\p{{L}}\p{{N}}-]+(?:\.[\p{{L}}\p{{N}}-]+)+
        {elision}
        | (?:(?:\p{{Lu}}\p{{M}}*){{1,2}}\.){{2,}}(?!\p{{L}})  # U.S., EE.UU.
        | (?<![\p{{L}}\p{{M}}\p{{N}}])\p{{Lu}}\p{{M}}*\.(?=\s?\p{{Lu}})  # initials: J. Ribas
        | \b{_TITLES}\.(?=\s?\p{{Lu}})                    # Mr. Cox
        | [0-9\#*]\ufe0f?\u20e3                          # keycaps
        | \p{{N}}+(?:[.,:/]\p{{N}}+)+                     # 1.234,5 and 12:30
        | {letters}(?:(?=[{_INNER}])(?:{invisible}*+{joiner}{invisible}*+|{invisible}++){letters})*\u05f3?
        {clitic}
        | {_KATAKANA}[{_MARKS}{_PROLONGED}\p{{Script=Katakana}}]*
        | [{_SPACELESS}](?:[{_MARKS}{_PROLONGED}\u0e33\u0eb3]|{_STACKED}[{_SPACELESS}])*
        | (?=\p{{Extended_Pictographic}}|\p{{Regional_Indicator}})\X  # emoji
        | ([^\s\p{{Cc}}\p{{Cf}}{_SEPARATORS}])\p{{M}}*+(?:\1)*   # a mark, repeated
        )""",
    )


def tokenize(text: str, language: str | None = None, *, segmenter: Segmenter | None = None) -> list[Span]:
    """Return the offsets of the words in a text, as half-open ranges of code points, in order.

    They cover everything except spaces, the Ethiopic word space, and characters that do not show. `segmenter` splits
    runs of scripts without spaces; without one each character is a word. Raises `ValidationError` if it changes the
    text.

    >>> text = "L'Ana viu a Vic."
    >>> [text[a:b] for a, b in tokenize(text, "ca")]
    ["L'", 'Ana', 'viu', 'a', 'Vic', '.']
    """
    language = None if language is None or language in NO_ONE_LANGUAGE else base(language)
    spans = [m.span() for m in _pattern(language).finditer(text)]
    return spans if segmenter is None else _resegment(text, spans, segmenter)


def split_at_spaces(text: str) -> list[Span]:
    """Return the offsets of the words of a text that is tokenized already: what is between spaces or tabs.

    As for aligners, a no-break space is part of a word.

    >>> split_at_spaces("said &quot; hi &quot; .")
    [(0, 4), (5, 11), (12, 14), (15, 21), (22, 23)]
    """
    return [match.span() for match in _BETWEEN_SPACES.finditer(text)]


def _resegment(text: str, spans: list[Span], segmenter: Segmenter) -> list[Span]:
    """Replace runs of adjacent words of scripts without spaces by the words of the segmenter."""
    import regex

    out: list[Span] = []
    kept = iter(spans)
    runs = [m.span() for m in regex.finditer(rf"(?V1)[{_SPACELESS}][{_SPACELESS}{_MARKS}]*", text)]
    pending = next(kept, None)
    for start, end in runs:
        while pending is not None and pending[0] < start:
            out.append(pending)
            pending = next(kept, None)
        while pending is not None and pending[0] < end:
            pending = next(kept, None)
        position = start
        for word in segmenter(text[start:end]):
            if not text.startswith(word, position):
                raise ValidationError(f"the segmenter changed {text[start:end]!r}: {word!r} does not follow")
            if word.strip():
                out.append((position, position + len(word)))
            position += len(word)
        if position != end:
            raise ValidationError(f"the segmenter changed {text[start:end]!r}: {text[position:end]!r} is missing")
    if pending is not None:
        out.append(pending)
    return [*out, *kept]


def locate(text: str, tokens: Iterable[str]) -> list[Span] | None:
    """Return the offsets of given words in a text, found from left to right; None if one is not found.

    >>> locate("Ana, in Vigo", ["Ana", ",", "Vigo"])
    [(0, 3), (3, 4), (8, 12)]
    """
    spans: list[Span] = []
    position = 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0:
            return None
        position = start + len(token)
        spans.append((start, position))
    return spans
