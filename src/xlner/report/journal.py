"""The journal of a review: a file that every decision is appended to before it counts."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xlner.core.output_stream import cannot_be_written
from xlner.errors import DataWarning, InputError
from xlner.report.corrections import HEAD, Decision, is_head, read_corrections


class Journal:
    """A file of decisions that one process at a time appends to.

    `append` returns when the decision is on the disk. What a killed process has left of a line, which nobody was told
    is saved, is removed with a `DataWarning`. Raises `InputError` if the file is no journal, is in use by another
    process, or cannot be written.

    >>> import tempfile
    >>> from xlner.report.corrections import Action
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for _ in range(2):
    ...         with Journal(Path(folder) / "es.corrections.jsonl", "es.jsonl") as journal:
    ...             journal.append(Decision("1", 1, "0f", Action.REVIEWED))
    ...     len(journal.decisions)
    1
    """

    def __init__(self, path: str | Path, about: str) -> None:
        self.path = Path(path)
        self.decisions: list[Decision] = []
        try:
            self._stream = self.path.open("ab+", buffering=0)
        except (OSError, ValueError) as error:
            raise cannot_be_written(path, error) from None
        try:
            self._lock()
            self._mend(_line({**HEAD, "file": about}))
            if self._size():
                self.decisions = read_corrections(self.path)
            else:
                self._write(_line({**HEAD, "file": about}))
                _sync_folder(self.path.parent)
            self._keys = {decision.key for decision in self.decisions}
        except BaseException:
            self.close()
            raise

    def append(self, decision: Decision) -> None:
        """Save a decision. One with a key that is saved already is not saved again."""
        if decision.key not in self._keys:
            self._write(_line(decision.as_record()))
            self.decisions.append(decision)
            self._keys.add(decision.key)

    def close(self) -> None:
        """Let other processes use the file."""
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            import fcntl

            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError:
            raise InputError("is in use by another xlner review", path=self.path, hint="stop that one first") from None

    def _size(self) -> int:
        return os.fstat(self._stream.fileno()).st_size

    def _write(self, line: bytes) -> None:
        """Append a line that is on the disk when this returns; nothing of it if that fails."""
        start, left = self._size(), memoryview(line)
        try:
            while left:
                left = left[self._stream.write(left) :]
            os.fsync(self._stream.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._stream.fileno(), start)
            raise cannot_be_written(self.path, error) from None

    def _mend(self, head: bytes) -> None:
        """Remove a last line without an end, as a killed process leaves it; of a single line only a part of `head`.

        A whole decision gets its end. A file that is no journal stays as it is.
        """
        self._stream.seek(0)
        data = self._stream.readall()
        whole = data.rfind(b"\n") + 1
        is_own = is_head(data[: data.index(b"\n")]) if whole else head.startswith(data)
        if whole == len(data) or not is_own:
            return
        if whole and _is_decision(data[whole:]):
            self._write(b"\n")
            return
        os.ftruncate(self._stream.fileno(), whole)
        message = f"{self.path}: a decision that was not saved as a whole was removed"
        warnings.warn(message, DataWarning, stacklevel=3)


def _is_decision(line: bytes) -> bool:
    try:
        Decision.of(json.loads(line))
    except (ValueError, RecursionError):  # also a `ValidationError`
        return False
    return True


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file on the disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
