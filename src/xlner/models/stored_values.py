"""Values on disk by hashed keys, so that nothing is computed or paid for twice, even in another run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from xlner.errors import BackendError

_QUERY_SIZE = 500
"""Keys in one query."""
_TIMEOUT = 30.0
"""Seconds to wait for another process."""


class StoredValues:
    """One table of a SQLite file: numbers or texts by keys. Several processes may use it at the same time.

    Raises `BackendError` if the file cannot be made, read or written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     values = StoredValues(Path(folder) / "values.sqlite", "texts")
    ...     values.put({key_of("a"): "one"})
    ...     values.get([key_of("a"), key_of("b")]) == {key_of("a"): "one"}
    True
    """

    def __init__(self, path: Path, table: str) -> None:
        self.path, self.table = path, table
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, value) WITHOUT ROWID")

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Return the values of the known keys."""
        found: dict[bytes, Any] = {}
        with self._connected() as connection:
            for start in range(0, len(keys), _QUERY_SIZE):
                some = keys[start : start + _QUERY_SIZE]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM {self.table} WHERE key IN ({marks})"
                found.update(connection.execute(query, some))
        return found

    def put(self, values: Mapping[bytes, float | str]) -> None:
        """Store values; they replace those with the same keys."""
        with self._connected() as connection:
            connection.executemany(f"INSERT OR REPLACE INTO {self.table} VALUES (?, ?)", list(values.items()))

    def remove(self, keys: Sequence[bytes]) -> None:
        """Remove the values of keys; those that are not known do not matter."""
        with self._connected() as connection:
            connection.executemany(f"DELETE FROM {self.table} WHERE key = ?", [(key,) for key in keys])

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_TIMEOUT)) as connection, connection:
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise BackendError(
                f"the cache {self.path} cannot be used: {error}",
                hint="delete the file, or set XLNER_CACHE to a folder that can be written to",
            ) from None


def key_of(*parts: str) -> bytes:
    """Return a hash of texts.

    >>> len(key_of("model", "text")), key_of("a", "b") == key_of("ab")
    (16, False)
    """
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()
