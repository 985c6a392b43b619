"""Scores by the length of the sentence and of the entity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from xlner.errors import ValidationError
from xlner.evaluation.counts import Counts
from xlner.evaluation.entities import EvaluationMode, Scores, count, counts_of

SENTENCE_LENGTHS = (1, 11, 21, 31, 41)
ENTITY_LENGTHS = (1, 2, 3, 4)
"""The shortest length in each bucket, in words. The last bucket has no upper limit."""


def by_sentence_length(scores: Scores, starts: Sequence[int] = SENTENCE_LENGTHS) -> dict[str, Counts]:
    """Counts of all labels together, by the number of words in the sentence.

    `starts` are the shortest lengths of the buckets. Raises `ValidationError` unless they rise from 1.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 2, "PER"),))]
    >>> by_sentence_length(evaluate(gold, gold))["1-10"].f1
    1.0
    """
    names = _names(starts)
    bucket = np.searchsorted(starts, np.diff(scores.spans.offsets), side="right") - 1
    totals = np.zeros((len(names), 4), dtype=np.int64)
    np.add.at(totals, bucket, scores.by_sentence.sum(axis=1))
    return dict(zip(names, map(counts_of, totals), strict=True))


def by_entity_length(scores: Scores, starts: Sequence[int] = ENTITY_LENGTHS) -> dict[str, Counts]:
    """Counts of all labels together, by the number of words in the entity.

    Recall is grouped by the length of the gold entities, precision by that of the predicted ones. `starts` are the
    shortest lengths of the buckets. Raises `ValidationError` unless they rise from 1, and for scores in mode `partial`,
    in which the two entities of a match can differ in length.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 2, "PER"),))]
    >>> by_entity_length(evaluate(gold, gold))["2"].gold
    1
    """
    if scores.mode is EvaluationMode.PARTIAL:
        raise ValidationError("scores in mode partial have no single entity length", hint="use another mode")
    names = _names(starts)
    spans = (scores.spans.gold, scores.spans.predicted)
    rows = [np.searchsorted(starts, s.ends - s.starts, side="right") - 1 for s in spans]
    totals = count(scores.spans, (rows[0], rows[1]), len(names))
    return dict(zip(names, map(counts_of, totals), strict=True))


def _names(starts: Sequence[int]) -> list[str]:
    """The names of the buckets.

    >>> _names((1, 2, 5))
    ['1', '2-4', '5+']
    """
    if not starts or starts[0] != 1 or any(b <= a for a, b in pairwise(starts)):
        raise ValidationError(f"bucket starts {tuple(starts)} do not rise from 1")
    bounded = [f"{a}" if b == a + 1 else f"{a}-{b - 1}" for a, b in pairwise(starts)]
    return [*bounded, f"{starts[-1]}+"]
