"""Files and folders: numbered lines of text in, and outputs that appear under their name once they are complete."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, TextIO

from xlner.errors import InputError

_MODEL_FILES = ("config.json", "adapter.json")


def require_room(folder: Path, overwrite: bool) -> None:
    """Raise `InputError` where a folder has something in it that is not to be replaced, or is no model's."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if overwrite and folder.is_dir() and not any((folder / name).is_file() for name in _MODEL_FILES):
        raise InputError("holds no model, and is not replaced", path=folder, hint="name another folder")
    if folder.exists() and not (overwrite and folder.is_dir()):
        hint = "give --overwrite to replace it" if folder.is_dir() else "name a folder"
        raise InputError("exists already", path=folder, hint=hint)


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Have a folder written beside its place, then put it there, with nothing of an old one left."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        part = Path(scratch) / "new"
        part.mkdir()
        write(part)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        part.rename(folder)


def write_durably(path: Path, data: str | bytes) -> None:
    """Write a file beside its place, have it reach the disk, then put it there."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


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
    partial = Path(f"{path}.part")
    try:
        stream = partial.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=path) from None
    try:
        with stream:
            yield stream
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(path)


def cached_folder(path: Path, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills the first time; it is there whole or not at all, whoever else makes it meanwhile."""
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        make(partial)
        partial.replace(path)
    except OSError:
        if not path.is_dir():  # nobody else was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path
