"""Files and folders: inputs that can be read, and outputs that appear under their names only when complete."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from xlner.core.output_stream import (
    TEMPORARY,
    cannot_be_written,
    discard,
    keep_folder,
    open_in_place,
    open_temporary,
    put_in_place,
    reason,
)
from xlner.errors import InputError, RunFolderError

STANDARD_STREAM = "-"
"""The path that stands for standard input or standard output."""

LOCK = ".lock"
"""The file that keeps other processes out of a folder."""
_MODEL_FILES = ("config.json", "adapter.json")
_COMPRESSED_AT_ONCE = 1 << 16
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def require_content(path: str | Path, *, least: str = "give at least one sentence") -> None:
    """Raise `InputError` if a file does not exist, is a folder, or is empty; `least` says what it needs.

    >>> require_content("missing.conll")
    Traceback (most recent call last):
    xlner.errors.InputError: missing.conll: cannot be read: No such file or directory
    """
    if str(path) == STANDARD_STREAM:
        return
    try:
        if not str(path):
            raise InputError("the input has no name", hint="name a file, or - for standard input")
        found = Path(path).stat()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {reason(error)}", path=path) from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError("this is a folder", path=path, hint="give a file")
    if stat.S_ISREG(found.st_mode) and found.st_size == 0:
        raise InputError("the file is empty", path=path, hint=least)


def is_device(path: str | Path) -> bool:
    """Whether a path is neither a file nor a folder, such as `/dev/null` or a pipe: its name says nothing.

    >>> is_device("/dev/null"), is_device("README.md")
    (True, False)
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def require_output(path: str | Path) -> None:
    """Raise `InputError` if a file cannot be written there: a folder, or a file in a folder that does not exist."""
    if str(path) == STANDARD_STREAM:
        return
    if not str(path):
        raise InputError("the output has no name", hint="name a file, or - for standard output")
    place = Path(path)
    try:
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if place.exists():
            allowed = os.access(place, os.W_OK)
        else:
            folder = Path(os.path.realpath(place)).parent
            if place.is_symlink() and not folder.exists():
                target = place.readlink()
                raise InputError(f"cannot be written: its folder does not exist; it is a link to {target}", path=path)
            folder.stat()
            allowed = os.access(folder, os.W_OK | os.X_OK)
        if not allowed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        raise cannot_be_written(path, error) from None


def require_other_file(output: str | Path, *inputs: str | Path) -> None:
    """Raise `InputError` if the output is the same file as one of the inputs."""
    for path in inputs:
        if STANDARD_STREAM in (str(output), str(path)) or not Path(output).is_file():
            continue
        if Path(path).exists() and Path(output).samefile(path):
            raise InputError("the output would replace its own input", path=output, hint="name another output")


def require_writable_folder(folder: Path, overwrite: bool) -> None:
    """Raise `InputError` unless a model can be written to this folder.

    That is so if the folder does not exist, if it is empty, or if it holds a model and `overwrite` is set.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError("exists already", path=folder, hint="name a folder")
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise InputError("exists already", path=folder, hint="give --overwrite to replace it")
    if not any((folder / name).is_file() for name in _MODEL_FILES):
        raise InputError("holds no model and will not be replaced", path=folder, hint="name another folder")


@contextmanager
def replacing(path: str | Path, *, durable: bool = False, keep: bool = False) -> Iterator[IO[bytes]]:
    """Open a stream whose content replaces a file when the block ends without an exception.

    Until then the content is in a hidden file of a unique name in the same folder, so that readers never see half a
    file, and several processes may write the same file at once. With `durable` the content is on the disk before it
    takes its place. An existing file keeps its mode, and a symbolic link stays one. What is not a regular file, such
    as a device or a pipe, is written to directly.

    After an exception the old file is as it was. With `keep` what was written before the exception is kept in
    `PATH.part`, or in `PATH.part-2` … if that exists, and a note of the exception says so; unless it cannot be written.

    Raises `InputError` if the file cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as stream:
    ...         _ = stream.write(b"Vigo")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    direct = open_in_place(path)
    if direct is not None:
        with direct:
            yield direct
        return
    target = Path(os.path.realpath(path))
    temporary, stream = open_temporary(target, path)
    try:
        yield stream
        put_in_place(temporary, stream, target, durable=durable)
    except BaseException as error:
        kept = discard(temporary, stream, target, keep=keep)
        if kept is not None:
            error.add_note(f"what was written before is in {kept}")
        if stream.error is not None and isinstance(error, Exception):
            raise stream.error from None  # a library that wrote into the stream may have raised another one
        raise


def write_durably(path: str | Path, data: str | bytes) -> None:
    """Replace the content of a file, see `replacing`. The content is on the disk when this returns."""
    with replacing(path, durable=True) as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)


@contextmanager
def replacing_text(path: str | Path, *, durable: bool = False, keep: bool = False) -> Iterator[TextIO]:
    """The same as `replacing` for UTF-8 text with LF as line end, compressed if the name ends in `.gz`."""
    with replacing(path, durable=durable, keep=keep) as stream, _compressing(stream, path) as data:
        text = io.TextIOWrapper(data, encoding="utf-8", newline="\n")
        try:
            yield text
        finally:
            text.detach()  # flushes, and leaves the file open for `replacing`


@contextmanager
def _compressing(stream: IO[bytes], path: str | Path) -> Iterator[Any]:
    """The stream, or one that compresses into it. Equal texts give equal files, however they are written."""
    if Path(path).suffix != ".gz":
        yield stream
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as compressed:
        blocks = _InBlocks(compressed)
        yield blocks
        blocks.end()


class _InBlocks(io.RawIOBase):
    """Hands bytes on in blocks of one size, because what is compressed together depends on it."""

    def __init__(self, to: gzip.GzipFile) -> None:
        super().__init__()
        self._to = to
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._kept += data
        while len(self._kept) >= _COMPRESSED_AT_ONCE:
            self._to.write(self._kept[:_COMPRESSED_AT_ONCE])
            del self._kept[:_COMPRESSED_AT_ONCE]
        return len(data)

    def end(self) -> None:
        """Hand on what is left."""
        self._to.write(self._kept)
        self._kept.clear()


@contextmanager
def open_output(path: str | Path) -> Iterator[TextIO]:
    """Open a text stream to a file or to standard output for `-`.

    After an exception what was written to the file is kept beside it, see `replacing`.

    >>> with open_output("-") as stream:
    ...     _ = stream.write("Vigo B-LOC")
    Vigo B-LOC
    """
    if str(path) == STANDARD_STREAM:
        with _standard_output() as stream:
            yield stream
        return
    with replacing_text(path, keep=True) as stream:
        yield stream


@contextmanager
def open_output_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    """The same as `open_output` for bytes that are UTF-8 text with LF as line end."""
    if str(path) != STANDARD_STREAM:
        with replacing(path, keep=True) as stream, _compressing(stream, path) as data:
            yield data
        return
    with _standard_output() as text:
        if isinstance(text, io.TextIOWrapper) and not text.isatty():
            text.flush()
            yield text.buffer
            return
        whole = io.BytesIO()  # a terminal shows what it can
        yield whole
        text.write(whole.getvalue().decode("utf-8"))


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output as UTF-8 with LF as line end, whatever the locale says."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise InputError("cannot be written: it is closed", path="standard output", hint="name an output with -o")
    if isinstance(stream, io.TextIOWrapper):
        if stream.isatty():
            stream.reconfigure(errors="replace")  # it shows what it can
        else:
            stream.reconfigure(encoding="utf-8", newline="\n")
    try:
        yield stream
        stream.flush()
    except OSError as error:
        if error.errno in _DISK_ERRORS:
            raise cannot_be_written("standard output", error) from None
        raise


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Replace the content of a file by an object as indented JSON in UTF-8."""
    write_durably(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def lock_folder(folder: Path, what: str = "run folder") -> IO[str]:
    """Create a folder if needed, and keep other processes out of it until the result is closed.

    Temporary files that a killed process of xlner left in it are removed, and no others. There is no lock on Windows.
    Raises `RunFolderError`, which calls the folder `what`, if it cannot be created or is in use by another process.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666), "r+")
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{what} {folder} cannot be created: {reason(error)}") from None
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass
    except OSError:
        lock.close()
        raise RunFolderError(f"{what} {folder} is in use by another process") from None
    for left in folder.iterdir():
        if TEMPORARY.fullmatch(left.name):
            left.unlink(missing_ok=True)
    return lock


def replace_folder(folder: Path, write: Callable[[Path], None], *, keep: bool = False) -> None:
    """Call `write` with a new folder, then put that folder in the place of `folder`.

    Nothing of an old folder is left, except its mode. If `write` raises an exception, the old folder stays as it is.
    With `keep` the files written before the exception are kept in `FOLDER.part`, as by `replacing`.
    """
    folder = Path(os.path.realpath(folder))
    with _scratch_folder(folder) as new:
        try:
            write(new)
        except BaseException as error:
            kept = keep_folder(new, folder) if keep else None
            if kept is not None:
                error.add_note(f"what was written before is in {kept}")
            raise
        if not folder.exists():
            new.rename(folder)
            return
        new.chmod(stat.S_IMODE(folder.stat().st_mode))
        old = new.with_name("old")
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise


def cached_folder(path: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder, after calling `make` to fill it if it does not exist.

    The folder is complete or does not exist, even if several processes make it at once: the first one wins.
    """
    if path.is_dir():
        return path
    with _scratch_folder(path) as new:
        try:
            make(new)
            new.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    return path


@contextmanager
def _scratch_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder that can be renamed to `path`; removed at the end if it was not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()  # unlike the scratch folder, with the mode that folders have
        yield new
