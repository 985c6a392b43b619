"""A cache of log probabilities on disk, so that no pair of phrases is scored twice, even in another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlner.models.cache import cache_dir
from xlner.models.stored_values import StoredValues, key_of


class ScoreCache:
    """Log probabilities of pairs of texts by one model, per direction.

    One SQLite file holds those of all models. Several processes may use it at the same time.
    """

    def __init__(self, model: str, path: Path | None = None) -> None:
        self.model = model
        self._values = StoredValues(path or cache_dir() / "translation-scores.sqlite", "scores")

    def get(self, direction: str, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        """Return the log probabilities of the known pairs."""
        keys = {key_of(self.model, direction, *pair): pair for pair in pairs}
        return {keys[key]: float(value) for key, value in self._values.get(list(keys)).items()}

    def put(self, direction: str, scores: Mapping[tuple[str, str], float]) -> None:
        """Store the log probabilities of these pairs."""
        self._values.put({key_of(self.model, direction, *pair): value for pair, value in scores.items()})
