"""Streams to outputs: where a path leads, and errors that name the output."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from xlner.errors import InputError

PARTIAL = ".part"
"""The suffix of temporary files, and of outputs that are not complete."""
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.part")
"""The names of temporary files; other files that end in `.part` are not ours."""
_LONGEST_NAME = 255  # bytes, on most file systems
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(self|thread-self|\d+))/fd/(\d+)")
_MOST_LINKS = 40
_HINTS: dict[int | None, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space, or name another output"),
    errno.EISDIR: "name a file",
    errno.ENOENT: "make its folder first, or name another output",
}
_BUFFER = 1 << 16


def cannot_be_written(path: str | Path, error: OSError | ValueError) -> InputError:
    """The error for an output that cannot be written.

    >>> print(cannot_be_written("a.txt", OSError(28, "No space left on device")))
    a.txt: cannot be written: No space left on device; free some space, or name another output
    """
    hint = _HINTS.get(error.errno) if isinstance(error, OSError) else None
    return InputError(f"cannot be written: {reason(error)}", path=path, hint=hint)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be opened. The system raises a `ValueError` for a name that no file can have.

    >>> reason(ValueError("embedded null byte"))
    'no file can have this name'
    """
    return error.strerror or str(error) if isinstance(error, OSError) else "no file can have this name"


class _NamedFile(io.FileIO):
    """A file whose errors name the output; `error` is the first one."""

    def __init__(self, descriptor: int, path: str | Path) -> None:
        super().__init__(descriptor, "wb")
        self.path = path
        self.error: InputError | BrokenPipeError | None = None

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)
        except BrokenPipeError as error:  # its reader wants no more
            self.error = error
            raise
        except OSError as error:
            self.error = cannot_be_written(self.path, error)
            raise self.error from None


class OutputStream(io.BufferedWriter):
    """A buffered stream whose errors are `InputError`s that name the output."""

    def __init__(self, descriptor: int, path: str | Path) -> None:
        self._file = _NamedFile(descriptor, path)
        super().__init__(self._file, _BUFFER)

    @property
    def error(self) -> InputError | BrokenPipeError | None:
        """Why a part of the content could not be written."""
        return self._file.error

    @property
    def path(self) -> str | Path:
        """The name of the output."""
        return self._file.path


def open_in_place(path: str | Path) -> OutputStream | None:
    """A stream into what is there and is not a regular file: a device, a pipe, an open file such as `/dev/stdout`.

    None if a regular file belongs there. Raises `InputError` if it cannot be opened.
    """
    try:
        descriptor = _descriptor(path)
        if descriptor is not None:
            return OutputStream(os.dup(descriptor), path)
        try:
            mode = Path(path).stat().st_mode
        except FileNotFoundError:
            return None
        return None if stat.S_ISREG(mode) else OutputStream(os.open(path, os.O_WRONLY), path)
    except (OSError, ValueError) as error:
        raise cannot_be_written(path, error) from None


def _descriptor(path: str | Path) -> int | None:
    """The number of the open file that a path stands for, such as 1 for `/dev/stdout`.

    If the file behind it is a regular one, to open its name again would lose what it holds already.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links are followed one by one
    for _ in range(_MOST_LINKS):
        match = _DESCRIPTOR.fullmatch(str(place))
        if match is not None:
            return int(match[2]) if match[1] in {None, "self", "thread-self", str(os.getpid())} else None
        try:
            place = Path(os.path.normpath(place.parent / place.readlink()))
        except OSError:
            return None
    return None


def open_temporary(target: Path, path: str | Path) -> tuple[Path, OutputStream]:
    """A new hidden file in the folder of `target`, with the mode and the owner of `target` if that exists.

    Raises `InputError`, which names `path`, if it cannot be made or `target` is write-protected.
    """
    end = f".{secrets.token_hex(4)}{PARTIAL}"
    kept = os.fsencode(target.name)[: _LONGEST_NAME - len(end) - 1]
    temporary = target.with_name(f".{os.fsdecode(kept)}{end}")
    try:
        old = target.stat() if target.exists() else None
        if old is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666 if old is None else 0o600)
        if old is not None:
            _copy_rights(old, descriptor, temporary)
    except (OSError, ValueError) as error:
        raise cannot_be_written(path, error) from None
    return temporary, OutputStream(descriptor, path)


def _copy_rights(old: os.stat_result, descriptor: int, temporary: Path) -> None:
    if hasattr(os, "fchown"):
        with suppress(OSError):  # only the superuser can give files away
            os.fchown(descriptor, old.st_uid, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))


def put_in_place(temporary: Path, stream: OutputStream, target: Path, *, durable: bool) -> None:
    """Close a temporary file and give it the name of its target. Raises `InputError` if that fails."""
    try:
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
        stream.close()
        temporary.replace(target)
    except OSError as error:
        raise cannot_be_written(stream.path, error) from None


def discard(temporary: Path, stream: OutputStream, target: Path, *, keep: bool) -> Path | None:
    """Close a temporary file and remove it, or move it beside its target if `keep` is set; where it is then.

    It is `TARGET.part`, or `TARGET.part-2` … if that exists. A file that is empty, or whose end could not be written,
    is removed.
    """
    with suppress(OSError, InputError):
        stream.close()
    kept = None
    with suppress(OSError):
        if keep and stream.error is None and temporary.stat().st_size:
            kept = _partial_name(target, _make_file)
            temporary.replace(kept)
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
    return kept


def keep_folder(new: Path, target: Path) -> Path | None:
    """Move a folder beside its target, to a name as that of `discard`; where it is then. None if it has no content."""
    with suppress(OSError):
        if any(path.is_file() and path.stat().st_size for path in new.rglob("*")):
            kept = _partial_name(target, Path.mkdir)
            new.replace(kept)
            return kept
    return None


def _partial_name(target: Path, make: Callable[[Path], object]) -> Path:
    """Take a name beside the target that nothing has. `make` makes an empty file or folder there."""
    for number in count(1):
        place = target.with_name(f"{target.name}{PARTIAL}{f'-{number}' * (number > 1)}")
        with suppress(FileExistsError):
            make(place)
            return place
    raise AssertionError


def _make_file(place: Path) -> None:
    os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
