"""Recognize text that has its labels in it: `<PER>Ana</PER>`, `[Ana](PER)`, `Ana_B-PER`, a line of tags …

Links of Markdown and elements of HTML are text. A mark is certain if its label is one that data sets use, such as PER,
or an unknown one in capitals where nothing else has this form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlner.formats.columns import CLEAR_TAG

_NEARLY_ALL = 0.9
_KNOWN = (
    r"(?:PERS?|PERSON|LOC|LOCATION|ORG|ORGANI[SZ]ATION|MISC|GPE|NORP|FAC|DRV|persName|placeName|orgName|per|pers|"
    r"person|loc|location|org|organi[sz]ation|misc|gpe|Person|Location|Organi[sz]ation|Misc)"
)
_UPPER = r"(?:PERS?|PERSON|LOC|LOCATION|ORG|ORGANI[SZ]ATION|MISC|GPE|NORP|FAC)"
_CAPITALS = rf"(?:{_KNOWN}|[A-Z][A-Z_]{{2,}}[A-Z])"
_PREFIX = r"[BIESLUM]-"
_HTML = r"(?!(?:BODY|HEAD|TITLE|TABLE|THEAD|TBODY|SPAN|FONT|CENTER|STRONG|CODE|SMALL|FORM|ADDRESS|BLOCKQUOTE|CITE)\b)"
_FILES = r"(?!(?:LICEN[SC]E|README|CONTRIBUTING|CHANGE(?:LOG|S)|AUTHORS|COPYING|NOTICE|TODO|NEWS|INSTALL|HISTORY)\))"
_MARKS = (
    re.compile(r"<(?:ENAMEX|NUMEX|TIMEX|START:\w+)\b[^>]*>"),
    re.compile(rf"<{_HTML}(?P<name>(?:{_PREFIX})?{_CAPITALS})(?:\s[^<>]*)?>[^<>]+</(?P=name)>"),
    re.compile(rf"\[[^][]+\]\({_FILES}(?:{_PREFIX})?{_CAPITALS}(?::[^()]*)?\)"),  # Rasa
    re.compile(r'\[[^][]+\]\{\s*"entity"\s*:'),  # Rasa
    re.compile(rf"\S <{_PREFIX}(?:{_KNOWN}|[A-Z][A-Z_]+)>(?=\s|$)"),  # Flair
    re.compile(rf"[\[{{](?:[A-Z]+:)?{_UPPER}[ :][^][{{}}]+[\]}}]"),
    re.compile(rf"[\[{{][^][{{}}]*[^][{{}}\s]\s*[/|:]\s*{_UPPER}[\]}}]|\w\]_?{_UPPER}\b|\b{_UPPER}\[\w"),
    re.compile(
        rf"\[{_PREFIX}{_UPPER}\]|<\w+\s[^<>]*\b(?:type|class|label|ner?|category)=[\"']?{_UPPER}\b[^<>]*>[^<>]+</"
    ),
    re.compile(rf"[^\W\dA-Z_]/{_UPPER}(?=[\s.,;]).*[^\W\dA-Z_]/{_UPPER}(?=[\s.,;]|$)|\w\({_UPPER}\).*\w\({_UPPER}\)"),
    re.compile(rf"\w[/_|\\]{_PREFIX}{_KNOWN}\b"),
)
_SLASHED = re.compile(r"\S+[/_|\\:#](?:O|[BIESLUM]-\S+|[A-Z]{3,})")
_PREFIXED = re.compile(r"\S+[/_|\\:#][BIESLUM]-\S+")


def marks_in(lines: Sequence[str]) -> str | None:
    """How the lines hold labels; None if they are plain text.

    >>> marks_in(["<PER>Ana Pons</PER> vive."]), marks_in(["See [the guide](guide.md) and [LICENSE](LICENSE)."])
    ('text with entities between marks', None)
    """
    words = " ".join(lines).split()
    tagged = [word for word in words if _SLASHED.fullmatch(word)]
    if len(tagged) >= _NEARLY_ALL * len(words) and any(word[-1] == "O" for word in tagged):
        if len(tagged) > 2 and any(word.endswith("/O") for word in tagged):
            return "words with a tag after a slash"
        if len(words) > len(lines) and any(map(_PREFIXED.fullmatch, tagged)):
            return "words with a tag after a mark"
    if any(mark.search(line) for line in lines for mark in _MARKS):
        return "text with entities between marks"
    cells = [tuple(line.split("\t")) for line in lines]
    if _are_tagged(cells) and any(len(first.split()) > 1 for first, *_ in cells):  # one word and its tag are CoNLL
        return "a text and its tags in two columns"
    if len(lines) > 1 and _are_tagged(list(zip(lines[::2], lines[1::2], strict=False))):
        return "lines of words and lines of tags"
    return None


def _are_tagged(pairs: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all pairs are words and as many tags, with a label, and several words or pairs."""
    found = [cells[1].split() for cells in pairs if len(cells) == 2 and _is_tagged(*cells)]
    labels = any(tag != "O" for tags in found for tag in tags)
    return labels and len(found) >= _NEARLY_ALL * len(pairs) and sum(map(len, found)) > 1


def _is_tagged(words: str, tags: str) -> bool:
    return len(words.split()) == len(tags.split()) and all(map(CLEAR_TAG.fullmatch, tags.split()))
