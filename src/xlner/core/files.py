"""Files and folders: numbered lines of text in, and outputs that appear under their name once they are complete."""

from __future__ import annotations

import codecs
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, TextIO, TypeVar

from xlner.errors import InputError, RunFolderError

_Stream = TypeVar("_Stream", bound=IO[Any])
_MODEL_FILES = ("config.json", "adapter.json")
_PARTIAL = ".part"
"""The end of the names of temporary files."""


def require_room(folder: Path, overwrite: bool) -> None:
    """Raise `InputError` if a model cannot be written to `folder`.

    The folder may be missing or empty. With `overwrite` it may also hold another model, but no other files.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if overwrite and folder.is_dir() and not any((folder / name).is_file() for name in _MODEL_FILES):
        raise InputError("holds no model and is not replaced", path=folder, hint="name another folder")
    if folder.exists() and not (overwrite and folder.is_dir()):
        hint = "give --overwrite to replace it" if folder.is_dir() else "name a folder"
        raise InputError("exists already", path=folder, hint=hint)


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Create a folder or replace it as a whole: `write` fills a new folder, which then takes the name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        write(new)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        new.rename(folder)


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[IO[bytes]]:
    """A binary stream to write a file with; the file appears under its name once the block has ended without an error.

    The data goes to a temporary file in the same folder, `NAME.RANDOM.part`. With `durable` it is on the disk before
    the file is renamed.
    """
    with _replacing(path, durable, lambda partial: partial.open("xb")) as stream:
        yield stream


@contextmanager
def replacing_text(path: Path, *, durable: bool = False) -> Iterator[TextIO]:
    """The same as `replacing` for text in UTF-8 with LF."""
    with _replacing(path, durable, lambda partial: partial.open("x", encoding="utf-8", newline="\n")) as stream:
        yield stream


@contextmanager
def _replacing(
    path: Path, durable: bool, open_new: Callable[[Path], AbstractContextManager[_Stream]]
) -> Iterator[_Stream]:
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        with open_new(partial) as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_durably(path: Path, data: str | bytes) -> None:
    """Write a whole file so that it is complete and on the disk, or not there, even after a power failure."""
    with replacing(path, durable=True) as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write an object as indented JSON in UTF-8."""
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def lock_folder(folder: Path, what: str = "run folder") -> IO[str]:
    """Create a folder if needed, and keep other processes out of it until the result is closed.

    Temporary files that a killed process left in it are removed. There is no lock on Windows. Raises `RunFolderError`,
    which calls the folder `what`, if it cannot be created or is in use by another process.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise RunFolderError(f"{what} {folder} cannot be made: {error.strerror}") from None
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass
    except OSError:
        lock.close()
        raise RunFolderError(f"{what} {folder} is in use by another process") from None
    for left in folder.glob(f"*{_PARTIAL}"):
        left.unlink(missing_ok=True)
    return lock


STANDARD_STREAM = "-"


Line = tuple[int, str | InputError]
"""1-based line number and the line without its end, or why it cannot be read."""


def read_lines(path: str | Path, *, encoding: str = "utf-8") -> Iterator[Line]:
    """Numbered lines of a UTF-8 file, or of standard input for `-`; LF or CRLF, byte order mark or none.

    A line that is binary or not in the encoding comes as an `InputError`. Raises `InputError` for a file that is
    missing or a folder, and for UTF-16.
    """
    name = "standard input" if str(path) == STANDARD_STREAM else str(path)
    with _open_bytes(path) as stream:
        for number, raw in enumerate(stream, start=1):
            if number == 1 and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise InputError("this is UTF-16", path=name, hint=f"convert it: iconv -f utf-16 -t utf-8 {name} > NEW")
            yield number, _decoded(raw, name, number, encoding)


def _decoded(raw: bytes, name: str, number: int, encoding: str) -> str | InputError:
    if b"\0" in raw:
        return InputError("this is a binary file", path=name, line=number, hint="give UTF-8 text")
    try:
        return raw.decode("utf-8-sig" if (number, encoding) == (1, "utf-8") else encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        hint = f"convert the file, for example: iconv -f latin1 -t utf-8 {name} > NEW"
        return InputError(f"byte {error.start + 1} is not UTF-8", path=name, line=number, hint=hint)


def require_content(path: str | Path) -> None:
    """Raise `InputError` for a file that does not exist or holds nothing."""
    if str(path) == STANDARD_STREAM:
        return
    try:
        mode, size = Path(path).stat().st_mode, Path(path).stat().st_size
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    if stat.S_ISDIR(mode):
        raise InputError("this is a folder", path=path, hint="give a file")
    if stat.S_ISREG(mode) and size == 0:
        raise InputError("the file is empty", path=path, hint="give at least one sentence")


def _open_bytes(path: str | Path) -> AbstractContextManager[IO[bytes]]:
    if str(path) == STANDARD_STREAM:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None


def require_other_file(output: str | Path, *inputs: str | Path) -> None:
    """Raise `InputError` where the output would take the place of an input."""
    for path in inputs:
        if STANDARD_STREAM in (str(output), str(path)) or not (Path(output).exists() and Path(path).exists()):
            continue
        if Path(output).samefile(path):
            raise InputError("the output would replace its own input", path=output, hint="name another output")


@contextmanager
def open_output(path: str | Path) -> Iterator[TextIO]:
    """A text stream to write to; a file appears under its name only once it is complete."""
    if str(path) == STANDARD_STREAM:
        yield sys.stdout
        sys.stdout.flush()
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(replacing_text(Path(path)))
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", path=path) from None
        yield stream


def cached_folder(path: Path, make: Callable[[Path], None]) -> Path:
    """The folder `path`, which `make` fills if it does not exist yet.

    The folder is complete or not there, also if several processes make it at the same time.
    """
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        make(partial)
        partial.replace(path)
    except OSError:
        if not path.is_dir():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path
