"""The similarity of the spellings of entity and candidate, in any scripts: names often survive translation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.text.spelling import check_installed, fold

_DECIMALS = 12
"""Scores are rounded to this many decimals, so that thresholds do not depend on the last bits."""
_CUTOFF_SLACK = 1e-6
"""How far below the threshold the comparison may stop early; the exact threshold is applied after rounding."""


def surface_score(
    pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span], *, threshold: float = 0.0
) -> NDArray[np.float64]:
    """`2 · LCS(s, t) / (|s| + |t|)` of the folded spellings, in [0, 1], shape `(n_entities, n_candidates)`.

    Spellings are transliterated to lower-case ASCII (see `fold`) and have their spaces removed; `LCS` is the length of
    the longest common subsequence in characters. Scores below `threshold` are 0 and are faster: spellings whose lengths
    rule them out are not compared. Each distinct pair of spellings is compared once.

    Raises `MissingExtraError` if the packages of the extra `surface` are not installed, and `ValidationError` for a
    pair without source sentence.

    >>> from xlner import Sentence
    >>> pair = Pair(Sentence(("в", "Москве")), Sentence(("Moskva",)))
    >>> surface_score(pair, [Entity(0, 1, "LOC")], [(0, 2), (1, 2)]).round(2).tolist()
    [[0.77, 0.83]]
    """
    source = pair.require_source()
    check_installed()
    sources = [fold(t) for t in source.tokens] if entities else []
    targets = [fold(t) for t in pair.target.tokens] if candidates else []
    spelled = ["".join(sources[e.start : e.end]) for e in entities]
    found = ["".join(targets[start:end]) for start, end in candidates]
    rows, columns = list(dict.fromkeys(spelled)), list(dict.fromkeys(found))
    scores = _similarities(rows, columns, threshold)
    return scores[np.ix_(_positions(spelled, rows), _positions(found, columns))]


def _similarities(rows: Sequence[str], columns: Sequence[str], threshold: float) -> NDArray[np.float64]:
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    if not rows or not columns:
        return np.zeros((len(rows), len(columns)))
    scorer, cutoff = Indel.normalized_similarity, max(threshold - _CUTOFF_SLACK, 0.0)
    scores = np.asarray(cdist(rows, columns, scorer=scorer, score_cutoff=cutoff, dtype=np.float64)).round(_DECIMALS)
    return np.where(scores >= threshold, scores, 0.0)


def _positions(texts: Sequence[str], distinct: Sequence[str]) -> NDArray[np.intp]:
    at = {text: k for k, text in enumerate(distinct)}
    return np.array([at[text] for text in texts], dtype=np.intp)
