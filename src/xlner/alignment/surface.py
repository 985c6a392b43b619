"""Links between words that are spelled alike: names, numbers and punctuation often survive translation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.errors import ValidationError
from xlner.text.spelling import check_installed, fold

_DECIMALS = 6
_SHORTEST = 4
"""Letters that a word needs to be compared by its spelling: shorter ones look alike by chance."""
_SAME_MARKS = str.maketrans("«»„“”‘’´`¿¡，。；：、", '"""""\'\'\'\'?!,.;:,')


class SurfaceAligner:
    """Links words that are spelled alike, one to one, those of the same relative position first.

    Two words are alike where one of these holds, in this order: they are the same or the same number (digits alone
    count, so `1.234,5` is `1,234.5`); the same mark of punctuation, whatever its shape; or they have at least 4
    letters and the Indel similarity `2 · LCS(s, t) / (|s| + |t|)` of their lower-case ASCII spellings is at least
    `threshold`. A word that stands elsewhere by the share `d` of the sentence loses `distance · d`; the best pair
    that is left is linked, as long as one is left. The weight of a link is the similarity.

    Short lower-case words that are the same (`a`, `in`, `die`) mean different things in different languages and are
    not linked. Raises `MissingExtraError` without the packages of the extra `surface`, `ValidationError` for numbers
    out of range.
    """

    def __init__(self, *, threshold: float = 0.7, distance: float = 0.5) -> None:
        if not (0 < threshold <= 1 and distance >= 0):
            raise ValidationError("threshold must be over 0 and at most 1, distance at least 0")
        check_installed()
        self._threshold, self._distance = threshold, distance

    @property
    def fingerprint(self) -> str:
        """What the links depend on besides the pairs."""
        from importlib.metadata import version

        versions = f"anyascii={version('anyascii')}&rapidfuzz={version('rapidfuzz')}"
        return f"surface?threshold={self._threshold:g}&distance={self._distance:g}&{versions}"

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair; raises `ValidationError` for a pair without source."""
        return [self._one(pair) for pair in pairs]

    def _one(self, pair: Pair) -> Alignment:
        if pair.source is None:
            raise ValidationError("a pair without a source sentence cannot be aligned")
        if not (pair.source.tokens and pair.target.tokens):
            return Alignment(())
        similarity = alikeness(pair.source.tokens, pair.target.tokens, self._threshold)
        places = [np.arange(n) / max(n - 1, 1) for n in similarity.shape]
        apart = np.abs(places[0][:, None] - places[1])
        links = _best_first(similarity, (similarity - self._distance * apart).round(_DECIMALS))
        return Alignment(tuple(links), tuple(float(similarity[link]) for link in links))


def alikeness(source: Sequence[str], target: Sequence[str], threshold: float) -> NDArray[np.float64]:
    """How alike words are spelled, shape (n_source, n_target); 0 where that is below `threshold`.

    >>> alikeness(["Petersburg", "1,5", "in"], ["Петербург", "1.5", "in"], 0.6).round(2).tolist()
    [[0.95, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    left, right = [_form(word) for word in source], [_form(word) for word in target]
    similarity = np.zeros((len(left), len(right)))
    spelled = [[k for k, form in enumerate(side) if form.isalpha()] for side in (left, right)]
    if all(spelled):
        words = [[side[k] for k in places] for side, places in zip((left, right), spelled, strict=True)]
        scores = cdist(*words, scorer=Indel.normalized_similarity, score_cutoff=threshold, dtype=np.float64)
        long = [np.array([len(word) >= _SHORTEST for word in side]) for side in words]
        similarity[np.ix_(*spelled)] = np.where(long[0][:, None] & long[1], scores, 0.0)
    for s, form in enumerate(left):
        for t, other in enumerate(right):
            if form and form == other:
                similarity[s, t] = 1.0
    return similarity.round(_DECIMALS)


@lru_cache(maxsize=1 << 16)
def _form(word: str) -> str:
    """What a word is compared by: digits, a plain mark, letters; nothing for short lower-case words."""
    if any(c.isdigit() for c in word):
        return fold(word) if any(c.isalpha() for c in word) else "".join(c for c in fold(word) if c.isdigit()) or word
    if not any(c.isalpha() for c in word):
        return word.translate(_SAME_MARKS)
    if len(word) < _SHORTEST and word.islower():
        return ""
    return fold(word)


def _best_first(similarity: NDArray[np.float64], scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """One-to-one links, highest score first; ties go to the lower source index, then to the lower target index."""
    rows, columns = np.nonzero(similarity)
    links: list[tuple[int, int]] = []
    free_rows, free_columns = set(rows.tolist()), set(columns.tolist())
    for k in np.argsort(-scores[rows, columns], kind="stable").tolist():
        s, t = int(rows[k]), int(columns[k])
        if s in free_rows and t in free_columns:
            free_rows.discard(s)
            free_columns.discard(t)
            links.append((s, t))
    return links
