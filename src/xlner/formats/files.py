"""Files and streams as numbered lines of text; what every format shares."""

from __future__ import annotations

import codecs
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, TypeVar

from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import InputError, UnknownNameError

STANDARD_STREAM = "-"
_SUFFIXES = {
    ".conll": "conll",
    ".conll02": "conll",
    ".conll03": "conll",
    ".conllu": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".tsv": "conll",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".talp": "pharaoh",
    ".pharaoh": "pharaoh",
    ".parquet": "parquet",
}
FORMATS = ("conll", "jsonl", "text", "pharaoh", "parquet")

Read = TypeVar("Read")
Item = Sentence | InputError
"""A sentence, or why it could not be read."""
Line = tuple[int, str | InputError]
"""1-based line number and the line without its end, or why it cannot be read."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read labeled sentences.

    `require_tags` refuses sentences without any labels; `language` is put on every sentence; `tag_names` gives the
    names of numeric tags in order.
    """

    scheme: Scheme | str = Scheme.AUTO
    repair: Repair | str = Repair.CONLLEVAL
    require_tags: bool = False
    language: str | None = None
    tag_names: tuple[str, ...] | None = None


@dataclass(slots=True)
class ReadReport:
    """What a reader had to put up with; filled in as it goes."""

    sentences: int = 0
    bad: int = 0
    repaired_tags: int = 0


def format_of(path: str | Path, default: str | None = None) -> str:
    """The format that a file name stands for; raises `UnknownNameError` where the suffix says nothing.

    >>> format_of("data/es.train.iob2")
    'conll'
    """
    from xlner.formats.datasets import is_spec

    if is_spec(path):
        return "conll"
    suffix = Path(path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if default is not None:
        return default
    raise UnknownNameError(
        f"cannot tell the format of {str(path)!r} from its name",
        hint=f"name the format ({', '.join(FORMATS)}) or use one of the suffixes {' '.join(_SUFFIXES)}",
    )


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


def raise_errors(items: Iterable[Read | InputError]) -> Iterator[Read]:
    """The sentences, or whatever else was read; raises the first `InputError` among them."""
    for item in items:
        if isinstance(item, InputError):
            raise item
        yield item
