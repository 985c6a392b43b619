"""Links between words with similar spelling: names, numbers and punctuation often survive translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xlner.core.alignment import Alignment
from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair
from xlner.errors import UsageError
from xlner.text.spelling import check_installed, fold

_DECIMALS = 6
"""Similarities and scores are rounded, so that ties do not depend on the machine."""
_MIN_LETTERS = 4
"""Letters a word needs for its spelling to be compared: shorter words are similar by chance."""
_SAME_MARKS = str.maketrans("«»„“”‘’´`¿¡，。；：、", '"""""\'\'\'\'?!,.;:,')


@dataclass(frozen=True, slots=True)
class SurfaceOptions:
    """Options of `SurfaceAligner`; see there."""

    threshold: float = 0.7
    distance: float = 0.5


class SurfaceAligner:
    """Links words with similar spelling, one to one; words at the same relative position come first.

    - `threshold`: the lowest spelling similarity that counts.
    - `distance`: the penalty for a difference in position. If the relative positions of two words differ by `d`, their
      score is the similarity minus `distance · d`.

    The similarity of two words is 1 if they are the same word, the same number (only the digits count, so `1.234,5` is
    `1,234.5`), or the same punctuation mark in any shape. Words of at least 4 letters have the Indel similarity
    `2 · LCS(s, t) / (|s| + |t|)` of their lower-case ASCII spellings. Pairs are linked in descending order of their
    score until no pair is left. The weight of a link is the similarity.

    Identical short lower-case words (`a`, `in`, `die`) have different meanings in different languages and are not
    linked. Raises `MissingExtraError` without the packages of the extra `surface`, and `UsageError` for numbers out of
    range.

    >>> from xlner import Sentence
    >>> pair = Pair(Sentence(("Путин", "в", "Москве")), Sentence(("Putin", "in", "Moscow")))
    >>> SurfaceAligner().align([pair])[0].links
    ((0, 0),)
    """

    def __init__(self, *, threshold: float = 0.7, distance: float = 0.5) -> None:
        if not (0 < threshold <= 1 and distance >= 0):
            raise UsageError("threshold must be above 0 and at most 1, distance at least 0")
        check_installed()
        self.options = SurfaceOptions(float(threshold), float(distance))

    @property
    def fingerprint(self) -> str:
        """What the links depend on, except the pairs."""
        from importlib.metadata import version

        versions = f"anyascii={version('anyascii')}&rapidfuzz={version('rapidfuzz')}"
        return f"{options_fingerprint('surface', self.options)}&{versions}"

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair. Raises `ValidationError` for a pair without a source."""
        return [self._one(pair) for pair in pairs]

    def _one(self, pair: Pair) -> Alignment:
        source = pair.require_source().tokens
        if not (source and pair.target.tokens):
            return Alignment(())
        similarity = spelling_similarity(source, pair.target.tokens, self.options.threshold)
        positions = [np.arange(n) / max(n - 1, 1) for n in similarity.shape]
        differences = np.abs(positions[0][:, None] - positions[1])
        links = _best_first(similarity, (similarity - self.options.distance * differences).round(_DECIMALS))
        return Alignment(tuple(links), tuple(float(similarity[link]) for link in links))


def spelling_similarity(source: Sequence[str], target: Sequence[str], threshold: float) -> NDArray[np.float64]:
    """Return how similar the spelling of words is, shape (n_source, n_target); 0 if it is below `threshold`.

    >>> spelling_similarity(["Petersburg", "1,5", "in"], ["Петербург", "1.5", "in"], 0.6).round(2).tolist()
    [[0.95, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    left, right = [_compared_form(word) for word in source], [_compared_form(word) for word in target]
    similarity = np.zeros((len(left), len(right)))
    alphabetic = [[k for k, form in enumerate(side) if form.isalpha()] for side in (left, right)]
    if all(alphabetic):
        words = [[side[k] for k in indices] for side, indices in zip((left, right), alphabetic, strict=True)]
        scores = cdist(*words, scorer=Indel.normalized_similarity, score_cutoff=threshold, dtype=np.float64)
        long = [np.array([len(word) >= _MIN_LETTERS for word in side]) for side in words]
        similarity[np.ix_(*alphabetic)] = np.where(long[0][:, None] & long[1], scores, 0.0)
    for s, form in enumerate(left):
        for t, other in enumerate(right):
            if form and form == other:
                similarity[s, t] = 1.0
    return similarity.round(_DECIMALS)


@lru_cache(maxsize=1 << 16)
def _compared_form(word: str) -> str:
    """The part of a word that is compared: digits, a plain mark, or letters; empty for short lower-case words."""
    if any(c.isdigit() for c in word):
        return fold(word) if any(c.isalpha() for c in word) else "".join(c for c in fold(word) if c.isdigit()) or word
    if not any(c.isalpha() for c in word):
        return word.translate(_SAME_MARKS)
    if len(word) < _MIN_LETTERS and word.islower():
        return ""
    return fold(word)


def _best_first(similarity: NDArray[np.float64], scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """One-to-one links, highest score first. Ties go to the lower source index, then to the lower target index."""
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
