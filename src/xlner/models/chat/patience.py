"""How long to wait for a chat endpoint, and how often to ask it again."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from xlner.errors import ValidationError

_LONGEST_WAIT = 60.0
"""Seconds before a further attempt, at most."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a whole request may take, number of further attempts, and seconds before the first of them.

    Each further wait is twice as long, up to a minute, with a little random time added. An endpoint may say how long
    to wait instead. After `stop_after` questions in a row without an answer no more are asked.
    """

    timeout: float = 120.0
    retries: int = 5
    wait: float = 1.0
    stop_after: int = 25

    def __post_init__(self) -> None:
        if not 0 < self.timeout < math.inf or self.retries < 0 or not 0 <= self.wait < math.inf or self.stop_after < 1:
            raise ValidationError(
                f"timeout {self.timeout} must be over 0, retries {self.retries} and wait {self.wait} at least 0, "
                f"stop_after {self.stop_after} at least 1"
            )

    def before(self, attempt: int, said: str | None) -> float:
        """Return the seconds to wait before further attempt number `attempt`, from 1; `said` is a `Retry-After`.

        >>> Patience(wait=2.0).before(3, "7"), 8 <= Patience(wait=2.0).before(3, None) <= 10
        (7.0, True)
        """
        try:
            seconds = float(said or "")
        except ValueError:  # no header, or a date
            seconds = math.nan
        if math.isnan(seconds):
            return min(self.wait * 2.0 ** (attempt - 1), _LONGEST_WAIT) * random.uniform(1, 1.25)
        return min(max(seconds, 0.0), _LONGEST_WAIT)
