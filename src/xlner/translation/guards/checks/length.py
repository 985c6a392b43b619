"""`too-short` and `too-long`: the length of a translation compared with what is usual in the run."""

from __future__ import annotations

from xlner.translation.guards.statistics import TranslationStatistics

LIMIT_DEVIATIONS = 5.0
"""Robust standard deviations from the usual log length ratio beyond which a length is wrong."""
MIN_LIMIT = 0.4
"""Log length ratio up to which no length is wrong, however little lengths scatter: two thirds, or three halves."""
LOSS_COUNTS_FROM = 0.4
"""Fraction of the limit beyond which lost names, numbers and marks count. Longer translations may drop some."""
LOSS_EQUAL_TO_LIMIT = 1.5
"""Powers of ten of improbable loss that weigh as much as reaching the limit."""

RETRY_DEVIATIONS = 3.0
"""Robust standard deviations below the usual ratio, of letters or of words, that lead to a second attempt."""
RETRY_MIN_LIMIT_LETTERS = 0.25
"""Log ratio of letters down to which no second attempt is made: four fifths of the usual length."""
RETRY_MIN_LIMIT_WORDS = 0.3
"""Log ratio of words down to which no second attempt is made: three quarters of the usual number."""
RETRY_LOSS = 2.0
"""Powers of ten of improbable loss that lead to a second attempt, whatever the length."""


def is_too_short(text: str, translation: str, deviation: float, statistics: TranslationStatistics) -> bool:
    """Return whether a translation is far too short, or a little short with improbable losses."""
    short = -deviation / _limit(statistics)
    if short > 1:
        return True
    if short <= LOSS_COUNTS_FROM:
        return False
    return short + statistics.improbability(text, translation).lost / LOSS_EQUAL_TO_LIMIT > 1


def is_too_long(deviation: float, statistics: TranslationStatistics) -> bool:
    """Return whether a translation is far too long."""
    return deviation / _limit(statistics) > 1


def is_rather_short(text: str, translation: str, statistics: TranslationStatistics, *, spaced: bool) -> bool:
    """Return whether a translation has few letters, few words (if both languages have spaces), or improbable losses."""
    fewest_letters = -max(RETRY_MIN_LIMIT_LETTERS, RETRY_DEVIATIONS * statistics.spread)
    if statistics.deviation(text, translation) < fewest_letters:
        return True
    fewest_words = -max(RETRY_MIN_LIMIT_WORDS, RETRY_DEVIATIONS * statistics.spread_of_words)
    if spaced and statistics.deviation_of_words(text, translation) < fewest_words:
        return True
    return statistics.improbability(text, translation).lost > RETRY_LOSS


def _limit(statistics: TranslationStatistics) -> float:
    return max(MIN_LIMIT, LIMIT_DEVIATIONS * statistics.spread)
