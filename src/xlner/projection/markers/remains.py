"""Remains of markers in a translation: halves, names and brackets that could not be read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from xlner.projection.markers.styles import CURLY, SQUARE, WrittenMarkers

_ANGLES = re.compile(r"[<＜〈>＞〉]|&[lg]t;")
_BRACKETS = re.compile(f"[{re.escape(''.join((*SQUARE, *CURLY, '()（）')))}]")


def has_remains(text: str, translation: str, markers: WrittenMarkers, labels: Collection[str] = ()) -> bool:
    """Return whether a translation has signs of markers that the text itself does not have.

    `translation` is without the markers that could be read. Signs are brackets, the names of tags after `/`, numbers
    that are names of tags, and `labels` that were written as names.

    >>> markers = WrittenMarkers(("loc",), None)
    >>> has_remains("In Vigo", "En LOC Vigo", markers, ["LOC"]), has_remains("In Vigo", "En Vigo", markers)
    (True, False)
    """
    return bool(_signs(translation, markers, labels) - _signs(text, markers, labels))


def _signs(text: str, markers: WrittenMarkers, labels: Collection[str]) -> Counter[str]:
    if markers.brackets is not None:
        return Counter(_BRACKETS.findall(text))
    signs = Counter(_ANGLES.findall(text))
    names = [name for name in dict.fromkeys(markers.names) if name]
    if names:
        halves = "|".join(map(re.escape, names))
        signs.update(match[0].casefold() for match in re.finditer(rf"(?i)[/／\\]\s?(?:{halves})\b", text))
    words = [*labels, *filter(str.isdecimal, names)]
    if words:
        signs.update(re.findall(rf"\b(?:{'|'.join(map(re.escape, words))})\b", text))
    return signs
