"""Scores of entities, rounded in one way."""

from __future__ import annotations

_DECIMALS = 5


def rounded(score: float) -> float:
    """Round a score to five decimals. The last bits of a score depend on the machine and on the batch.

    >>> rounded(0.123456789)
    0.12346
    """
    return round(float(score), _DECIMALS)
