"""A cache of log probabilities on disk, so that no pair of phrases is scored twice, even in another run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from xlner.models.cache import cache_dir

_QUERY_SIZE = 500
"""Keys in one query."""
_TIMEOUT = 30.0
"""Seconds to wait for another process."""


class ScoreCache:
    """Log probabilities of pairs of texts by one model, per direction.

    One SQLite file holds those of all models. Several processes may use it at the same time.
    """

    def __init__(self, model: str, path: Path | None = None) -> None:
        self.model = model
        self.path = path or cache_dir() / "translation-scores.sqlite"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, value REAL) WITHOUT ROWID")

    def get(self, direction: str, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        """Return the log probabilities of the known pairs."""
        keys = {self._key(direction, pair): pair for pair in pairs}
        names = list(keys)
        found = {}
        with closing(self._connect()) as connection:
            for start in range(0, len(names), _QUERY_SIZE):
                some = names[start : start + _QUERY_SIZE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT key, value FROM scores WHERE key IN ({marks})", some)
                found.update({keys[key]: float(value) for key, value in rows})
        return found

    def put(self, direction: str, scores: Mapping[tuple[str, str], float]) -> None:
        """Store the log probabilities of these pairs."""
        rows = [(self._key(direction, pair), value) for pair, value in scores.items()]
        with closing(self._connect()) as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", rows)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_TIMEOUT)

    def _key(self, direction: str, pair: tuple[str, str]) -> bytes:
        return blake2b("\0".join((self.model, direction, *pair)).encode(), digest_size=16).digest()
