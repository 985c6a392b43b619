"""Verbatim text: what a translation keeps as it is, because every letter of it counts.

| kind | examples |
|---|---|
| addresses | `https://x.org/a?b=1`, `www.x.org`, `x.org/a`, `doi:10.1/x`, `10.1000/182` |
| e-mail | `ana@x.org`, `git@x.org:ana/code.git` |
| @names, #tags | `@ana`, `@ana@x.org`, `#Vigo`, `#日本`, `$TSLA` |
| file paths | `/etc/passwd`, `~/.bashrc`, `C:\\Users\\Ana`, `src/main.py`, `report.pdf` |
| codes | `ISBN 978-3-16-148410-0`, `v2.3.1`, `AB-1234/X`, `5d41402abc`, `user_id`, `192.168.0.1`, `+34 600 123 456` |

Numbers, dates and ordinary words with digits (`20-year-old`, `19th`, `1990s`, `5 km`, `Boeing-747`) are not verbatim:
they are written differently in other languages.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from xlner.text.offsets import Span

if TYPE_CHECKING:
    import regex

_SIGN = re.compile(r"[@＠#＃/\\_$%:\d]|\w\.\w")
"""What every verbatim text has. Most sentences have none of it."""
_CHUNK = re.compile(r"(?<!\S)\S*?(?:[@＠#＃/\\_$\d]|\w\.\w|:\S|%[A-Z_])\S*")
"""What verbatim text is in: letters between spaces that have one of its signs. Nothing else is searched, for speed."""
_NUMBER = re.compile(r"[(\"'“«€£]*\d{1,6}(?:[.,:/-]\d{1,6})?[)\"'”».,;:!?%€£]*")
"""The usual chunk with digits: a year, a price, a time."""
_SPACELESS = (
    r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}"
)
_SPACED = re.compile(r"\+\d|IS[BS]N|[A-Z]{2}\d\d ")
"""The beginning of a code with spaces."""
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|app|dev|tv|eu|gal|cat|eus|ly|gl|"
    "(?:co|com|org|net|ac|gov|edu)\\.[a-z]{2}|ru|uk|fr|nl|pl|jp|cn|ch|cz|dk|gr|hu|kr|tr|ua|br|pt"
)
_EXTENSIONS = (
    "txt|pdf|docx?|xlsx?|pptx?|od[tsp]|csv|tsv|jsonl?|xml|html?|ya?ml|md|rst|tex|bib|py|ipynb|js|ts|java|rb|php|cpp|hpp|rs|"
    "sh|bat|exe|dll|zip|gz|tgz|tar|bz2|xz|7z|rar|jpe?g|png|gif|svg|webp|bmp|tiff?|mp[34]|wav|flac|ogg|avi|mkv|mov|log|ini|"
    "tmp|bak|dat|bin|lock|css|scss|jsx|tsx|vue|kt|swift|lua|ps1|cmd|msi|dmg|img|srt|vtt|heic|ttf|woff2?|psd|"
    "cfg|conf|toml|sql|db|iso|deb|rpm|apk|jar|conll|conllu|epub"
)
_FOLDERS = "bin|boot|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var"
_NUMBERS = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4})"  # a date
    r"|\d{1,3}(?:\.\d{3})+"  # a number with thousands
    r"|\d+(?:[AP]M|ST|ND|RD|TH|S|H|MIN|[KCM]?M[23]?|[KM]?G|[KMGT]B|K?W|[KM]?HZ|º|ª)",  # a number with a unit
    re.IGNORECASE,
)
_AT_THE_END = ".,;:!?'’*…&"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


@cache
def _pattern() -> regex.Pattern[str]:
    import regex

    # Repetitions are bounded, so that no text takes more than a time that grows with its length.
    spaceless = f"[{_SPACELESS}]"
    alnum = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{spaceless}]"
    letter = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--{spaceless}]"
    start, end = rf"(?<!{letter})", rf"(?!{letter})"
    free = rf"(?<![{letter}@＠./\\-])"
    stop = r"\s\p{C}<>\"“”„«»‹›`|。，、；：！？（）「」『』【】《》〈〉…"
    rest = rf"(?:[^{stop}{_SPACELESS}]|(?<=[/=_#{_SPACELESS}-]){spaceless})"
    host = rf"(?:{alnum}[{alnum}-]{{0,62}}\.)+[[\p{{L}}]--{spaceless}]{{2,}}"
    part = r"[\p{L}\p{M}\p{N}.+%@~-]"
    folder = rf"{part}{{1,200}}/"
    name = r"[^\s\p{C}<>\"|?*]"
    user = rf"(?:[@＠]{letter}[{letter}.-]{{0,63}}|[{alnum}._%+-]{{0,63}}[{alnum}_%+-])"
    run = r"(?:\p{Lu}{1,4}|[\p{Lu}\p{N}]{0,40}\p{N}[\p{Lu}\p{N}]{0,40})"
    in_run = r"[\p{Lu}\p{N}_./:+-]{0,80}"
    version_end = r"[0-9A-Za-z.+~-]{0,40}"
    return regex.compile(
        rf"""(?V1x)
        # addresses
        {start}(?:[A-Za-z][A-Za-z0-9+.-]{{0,20}}://|localhost(?=[:/])|www[0-9]?\.(?=[^\s.])){rest}+
        | {start}(?i:mailto|doi|urn|tel|magnet|arxiv):(?=[^\s:]){rest}+
        | {start}10\.[0-9]{{4,9}}/{rest}+
        # e-mail and @names with a host
        | {free}{user}[@＠]{host}(?::[\w.~-]+/[\w./~-]+)?
        # addresses without a scheme
        | {free}//(?={host}/){rest}+
        | {free}(?i:(?:[a-z0-9-]{{1,63}}\.)+(?:{_DOMAINS}))(?::[0-9]+)?(?:[/?#]{rest}*|(?![{letter}-]|\.[{letter}]))
        | {free}(?i:(?:[a-z0-9-]{{1,63}}\.)+[a-z]{{2,}}/){rest}+
        # @names, #tags, $variables, :emoji:
        | (?<![{letter}@＠.])(?:[@＠](?:{letter}+(?:[.-]{letter}+)*|{spaceless}+))+
        | (?<![{letter}&\#＃])(?:[\#＃][\p{{L}}\p{{M}}\p{{N}}_\u200c\u200d·・]+)+
        | (?<![{letter}$])\$\{{?[A-Z_]{{2,}}\}}?{end}
        | (?<![{letter}%])%[A-Z_]{{2,}}%{end}
        | {free}[ru]/[A-Za-z0-9_-]{{3,}}{end}(?!/)
        | (?<![{letter}:]):[a-z][a-z0-9_+-]*:{end}
        # file paths: of Windows, of Unix, and names with a known ending
        | {free}[A-Za-z]:(?:\\|/(?!/)){name}*
        | (?<![\\{letter}])\\\\[\w.-]+\\{name}+
        | {start}[\w.-]{{1,100}}(?:\\[\w.-]+)+
        | {free}(?:~|\.\.?)/[\w.+%/@~-]*
        | {free}/(?:{folder})+{part}*
        | {free}/(?:{_FOLDERS}){end}
        | {free}/?(?:{folder})*[{letter}+-][{letter}.+-]{{0,200}}\.(?i:{_EXTENSIONS}){end}(?!\.[{letter}])
        | {free}(?:{folder})+{part}{{0,200}}\.(?:[a-z][a-z0-9]{{0,4}}|[A-Z][A-Z0-9]{{0,4}}){end}
        # codes: numbers with hyphens, long numbers, hashes, addresses of machines
        | {start}[0-9]+(?:-[0-9]+){{3,}}(?:-?[Xx])?{end}
        | {start}[0-9]{{12,}}{end}
        | {start}[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}{end}
        | {start}(?:[0-9A-Fa-f]{{1,4}}:){{3,7}}[0-9A-Fa-f]{{1,4}}{end}
        | {start}[0-9]+(?:\.[0-9]+){{3}}(?:[:/][0-9]+)?{end}(?!\.[0-9])
        # versions
        | {start}[vV]\.?[0-9]+(?:\.[0-9a-z]+)*(?:[-+~]{version_end}[0-9A-Za-z])?{end}
        | {start}[0-9]+(?:\.[0-9]+){{2,}}(?:[-+~]?[A-Za-z]{version_end})?{end}
        | {start}[0-9]+(?:\.[0-9]+)+-?(?:a|b|rc|alpha|beta|dev|post|pre)\.?[0-9]*{end}
        # names in programs
        | {start}[a-z_][a-z0-9_]+(?:\.[a-z_][a-z0-9_]+){{2,}}{end}
        | {start}__{letter}+?__{end}
        | {start}_*{alnum}+(?:_+{alnum}+)+_*{end}
        # letters and digits mixed
        | {start}[A-Z]{{2,5}}\([0-9]{{2,4}}\)(?![{letter}])
        | {start}[0-9]+/[0-9]+\([A-Z]+\)
        | {start}(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{{7,}}{end}
        | {start}(?=[A-Za-z0-9]{{6,80}}{end})[A-Za-z0-9]*(?:[A-Za-z][0-9]+[A-Za-z]|[0-9][A-Za-z]+[0-9])[A-Za-z0-9]*
        | {start}(?={in_run}\p{{N}})(?={in_run}\p{{Lu}}){run}(?:[-_./:+]{run})*{end}(?![-.]{letter})
        """
    )


@cache
def _spaced_pattern() -> regex.Pattern[str]:
    """Codes with spaces in them: book numbers, bank accounts, telephone numbers."""
    import regex

    return regex.compile(
        r"""(?x)(?<!\w)(?:
            (?:ISBN|ISSN)(?:-?1[03])?:?[ ]?[0-9][0-9 -]{6,15}[0-9Xx]
            | [A-Z]{2}[0-9]{2}(?:[ ][0-9A-Z]{4}){3,7}(?:[ ][0-9A-Z]{1,3})?
            | (?<![.+])\+[0-9]{1,3}(?:[ .-]?\(?[0-9]+\)?){2,}
        )(?!\w)"""
    )


@lru_cache(maxsize=1 << 12)
def verbatim_spans(text: str) -> tuple[Span, ...]:
    """Return where verbatim text is, as half-open ranges of code points, in order. Marks around it do not belong to it.

    >>> text = "See (https://x.org/a_(b)), @ana and #Vigo's v2.3.1!"
    >>> [text[a:b] for a, b in verbatim_spans(text)]
    ['https://x.org/a_(b)', '@ana', '#Vigo', 'v2.3.1']
    """
    if _SIGN.search(text) is None:
        return ()
    found: list[Span] = []
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        if not _NUMBER.fullmatch(text, start, end):
            matches = (match.span() for match in _pattern().finditer(text, start, end))
            found += [span for a, b in matches if (span := _trimmed(text, a, b)) is not None]
    spaced = (
        [_trimmed(text, *m.span()) or m.span() for m in _spaced_pattern().finditer(text)]
        if _SPACED.search(text)
        else []
    )
    return tuple(sorted([*spaced, *(span for span in found if not any(_overlap(span, other) for other in spaced))]))


def without_verbatim(text: str) -> str:
    """Return the text with nothing in the place of its verbatim parts.

    >>> without_verbatim("Ana (@ana) vive en Vigo")
    'Ana () vive en Vigo'
    """
    spans = verbatim_spans(text)
    if not spans:
        return text
    ends = [0, *(end for _, end in spans)]
    return "".join(text[a:b] for a, b in zip(ends, [*(start for start, _ in spans), len(text)], strict=True))


def is_verbatim(text: str) -> bool:
    """Return whether nothing in a text is to be translated: it has no letters and digits but verbatim ones.

    >>> is_verbatim("@ana #Vigo 😂"), is_verbatim("#Vigo e"), is_verbatim("?!")
    (True, False, True)
    """
    return not any(character.isalnum() for character in without_verbatim(text))


def lost_verbatim(text: str, translation: str) -> list[str]:
    """Return the verbatim parts of a text that its translation does not have, or has less often.

    >>> lost_verbatim("https://youtu.be/dQw4 e #Vigo", "https://youtu.be/dqw4 and #Vigo")
    ['https://youtu.be/dQw4']
    """
    lost = []
    # The longest first: `@ana` is also a part of `@ana_pardo`.
    for part in sorted((text[a:b] for a, b in verbatim_spans(text)), key=len, reverse=True):
        place = translation.find(part)
        if place < 0:
            lost.append(part)
        else:
            translation = f"{translation[:place]}\0{translation[place + len(part) :]}"
    return lost


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """The range without the marks that follow it; None for numbers, which are no codes."""
    if text.startswith(("'s", "’s"), end - 2) and end - start > 3:
        end -= 2
    while end > start and text[start] != ":":  # the colon of :smile: belongs to it
        last = text[end - 1]
        opening = _BRACKETS.get(last)
        inside = opening is not None and text.count(opening, start, end) >= text.count(last, start, end)
        if inside or (opening is None and last not in _AT_THE_END):
            break
        end -= 1
    if not any(character.isalnum() for character in text[start:end]) or _NUMBERS.fullmatch(text, start, end):
        return None
    return (start, end)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
