"""Numbered lines of text files, whatever their encoding and line ends, and the first lines of a file to look at.

Text is UTF-8, or UTF-16 or UTF-32, which are recognized by their byte order mark or by their zero bytes. Lines end with
LF or CRLF, or with CR if the file has no LF. Compressed files are recognized by their name or their first bytes.
"""

from __future__ import annotations

import codecs
import gzip
import io
import stat
import sys
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, AnyStr, BinaryIO, cast

from xlner.core.encodings import GZIP, UTF_8, is_western, no_text, wide_encoding
from xlner.core.files import STANDARD_STREAM
from xlner.core.output_stream import reason
from xlner.core.sections import HEAD_BYTES, Section, section_of
from xlner.errors import InputError

Line = tuple[int, str | InputError]
"""A 1-based line number and the line without its end, or the reason why it cannot be read."""


class UndecodableLineError(InputError):
    """A line that is not in the encoding of its file. `text` is the line with U+FFFD for what cannot be decoded."""

    def __init__(
        self, message: str, *, text: str = "", path: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, path=path, line=line, hint=hint)
        self.text = text


def text_of(line: str | InputError) -> str:
    """The text of a line as far as it is known: U+FFFD is in the place of what cannot be decoded.

    >>> text_of("Ana"), text_of(UndecodableLineError("byte 4 is not UTF-8", text="An\ufffd"))
    ('Ana', 'An\ufffd')
    """
    if isinstance(line, InputError):
        return line.text if isinstance(line, UndecodableLineError) else ""
    return line


_HEAD_LINES = 32
_BLOCK = 1 << 20
_SECTION_BLOCK = 1 << 16
"""Bytes to read of a section at once. What the last block has behind the end of the section is not used."""
_LONGEST = 1 << 26
"""The most bytes or characters of a line: what has no line ends may have no end."""


@dataclass(slots=True)
class LineBlock:
    """Whole lines of a file as bytes in an encoding. `number` is that of the first line.

    >>> list(LineBlock(b"Ana\\nVigo\\n", 7, "a.txt").lines())
    [(7, 'Ana'), (8, 'Vigo')]
    """

    data: bytes
    number: int
    name: str
    encoding: str = UTF_8

    def lines(self) -> Iterable[Line]:
        """The numbered lines. They are decoded at once, or one by one if that fails."""
        text = self._text()
        if text is None or "\0" in text or "\ufeff" in text or len(self.data) >= _LONGEST:
            read = partial(io.BytesIO(self.data).readline, _LONGEST)
            return _one_by_one(iter(read, b""), read, self.name, self.encoding, self.number)
        lines = text.split("\n")
        if not lines[-1]:
            del lines[-1]
        if "\r" in text:
            lines = [line.rstrip("\r") for line in lines]
        return enumerate(lines, start=self.number)

    def _text(self) -> str | None:
        try:
            return self.data.decode(self.encoding)
        except UnicodeDecodeError:
            return None


class Lines(Iterator[Line]):
    """The numbered lines of a file, one by one or in blocks, see `read_lines`."""

    def __init__(self, blocks: Iterator[LineBlock | Iterable[Line]]) -> None:
        self._blocks = blocks
        self._lines = chain.from_iterable(b.lines() if isinstance(b, LineBlock) else b for b in blocks)

    def __iter__(self) -> Iterator[Line]:
        return self._lines

    def __next__(self) -> Line:
        return next(self._lines)

    def blocks(self) -> Iterator[LineBlock | Iterable[Line]]:
        """The lines in blocks, or one by one where they cannot be in one. Call it before the first line is read."""
        return self._blocks


_ahead: dict[str, tuple[object, BinaryIO, bytes]] = {}
"""Streams that can be read only once, with what they belong to and what was already read from them."""


def read_lines(path: str | Path, *, encoding: str = UTF_8) -> Lines:
    """The numbered lines of a file, or of standard input for `-`.

    `encoding` is that of a file that is not in UTF-16 or UTF-32. A line that is binary, too long or not in the encoding
    is an `InputError` instead. Raises `InputError` at the first line if the file is missing, is a folder, or is not
    text at all.

    >>> next(read_lines("examples/es.txt"))[0]
    1
    """
    return Lines(_read_blocks(path, encoding))


def _read_blocks(path: str | Path, encoding: str) -> Iterator[LineBlock | Iterable[Line]]:
    name = shown_name(path)
    section = section_of(path)
    if section is not None:
        yield from _section_blocks(path, name, section)
        return
    with _naming_errors(name):
        stream, head = _stream(path)
        head = _head(stream, 1, head)
        if encoding == UTF_8:
            head = head.removeprefix(codecs.BOM_UTF8)
        with io.BufferedReader(_Replay(head, stream)) as whole:
            if (other := no_text(head)) is not None:
                what, hint = other
                raise InputError(f"this is {what}, not text", path=name, hint=hint)
            wide = wide_encoding(head)
            if wide is None:
                yield from _blocks(whole, name, encoding)
            else:
                yield _wide_lines(whole, name, wide)


def _section_blocks(path: str | Path, name: str, section: Section) -> Iterator[LineBlock | Iterable[Line]]:
    with Path(path).open("rb") as stream:
        if section.head:
            yield LineBlock(stream.read(section.head).removeprefix(codecs.BOM_UTF8), 1, name)
        stream.seek(section.offset)
        yield from _blocks_from(stream, name, UTF_8, [], section.line, size=_SECTION_BLOCK)


def head_lines(path: str | Path) -> list[str]:
    """The first lines of a file, at most 32 and 64 KiB. A first line that is longer is cut.

    What cannot be decoded is replaced by U+FFFD.

    `read_lines` yields them again, also those of standard input and other streams that can be read only once.

    >>> head_lines("examples/es.txt")[0].split()[0]
    'La'
    """
    with _naming_errors(shown_name(path)):
        stream, head = _stream(path)
        head = _head(stream, _HEAD_LINES, head)
        if str(path) != STANDARD_STREAM and stat.S_ISREG(Path(path).stat().st_mode):
            stream.close()
        else:
            _ahead[str(path)] = (_owner(path), stream, head)
    is_whole = head.count(b"\n") < _HEAD_LINES and len(head) < HEAD_BYTES
    text = head.decode(wide_encoding(head) or "utf-8-sig", errors="replace")
    lines = text.split("\n" if "\n" in text else "\r")
    return [line.removesuffix("\r") for line in (lines if is_whole else lines[:-1] or lines)[:_HEAD_LINES]]


def shown_name(path: str | Path) -> str:
    """What messages call a path: `-` is standard input.

    >>> shown_name("-")
    'standard input'
    """
    return "standard input" if str(path) == STANDARD_STREAM else str(path)


def _owner(path: str | Path) -> object:
    """What a stream belongs to: there can be another standard input later."""
    return _standard_input() if str(path) == STANDARD_STREAM else None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("standard input is closed", hint="give a file")
    return sys.stdin.buffer


@contextmanager
def _naming_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"cannot be decompressed: {error}", path=name) from None
    except IsADirectoryError as error:
        raise InputError(f"cannot be read: {reason(error)}", path=name) from None


class _Replay(io.RawIOBase):
    """A stream that begins with bytes that were already read from it. Standard input stays open."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        super().__init__()
        self.head = memoryview(head)
        self.stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: Any = self.head[: len(buffer)]
        self.head = self.head[len(data) :]
        if not data:
            data = _read_some(self.stream, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        if sys.stdin is None or self.stream is not sys.stdin.buffer:
            self.stream.close()


class _Decompressed(gzip.GzipFile):
    """Closes what it reads from, which `GzipFile` leaves open."""

    def __init__(self, compressed: io.BufferedReader[Any]) -> None:
        super().__init__(fileobj=compressed)
        self._compressed = compressed

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._compressed.close()


_opened: list[weakref.ref[BinaryIO]] = []
"""The standard input that was read already, if there is one."""


def _require_unread(stream: BinaryIO) -> None:
    """Raise `InputError` if standard input is read for the second time: it has nothing left."""
    if _opened and _opened[0]() is stream:
        raise InputError("standard input can be read only once", hint="save it first, and name the file")
    _opened[:] = [weakref.ref(stream)]


def _read_some(stream: BinaryIO, size: int) -> bytes:
    """At most `size` bytes, without waiting for more if there are any."""
    return cast(bytes, getattr(stream, "read1", stream.read)(size))


def _stream(path: str | Path) -> tuple[BinaryIO, bytes]:
    """A stream of decompressed bytes, and what was already read from it."""
    owner, ahead, head = _ahead.pop(str(path), (None, None, b""))
    if ahead is not None and owner is _owner(path):
        return ahead, head
    if str(path) == STANDARD_STREAM:
        _require_unread(_standard_input())
    try:
        opened = _standard_input() if str(path) == STANDARD_STREAM else Path(path).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {reason(error)}", path=path) from None
    start = _read_some(opened, HEAD_BYTES)
    if start.startswith(GZIP) or Path(path).suffix == ".gz":
        return cast(BinaryIO, _Decompressed(io.BufferedReader(_Replay(start, opened)))), b""
    return opened, start


def _head(stream: BinaryIO, lines: int, head: bytes) -> bytes:
    """What the stream begins with, `head` first: a number of lines, or 64 KiB if there are fewer in them.

    A stream that cannot be read is closed.
    """
    try:
        while head.count(b"\n") < lines and len(head) < HEAD_BYTES:
            more = _read_some(stream, HEAD_BYTES)
            if not more:
                break
            head += more
    except (OSError, EOFError, zlib.error):
        _Replay(b"", stream).close()
        raise
    return head


def _blocks(stream: io.BufferedReader[Any], name: str, encoding: str) -> Iterator[LineBlock | Iterable[Line]]:
    """The lines of a text whose line ends are bytes of their own, as soon as they can be read.

    Lines that are not in a block are those of a file whose lines end with CR, and those from one on that is too long.
    """
    read = partial(stream.readline, _LONGEST)
    first = read()
    second = b"" if _is_cut(first, b"\n") else read()
    if not second:
        yield _one_by_one(_separated(read, b"\r", b"\n", first), read, name, encoding)
        return
    yield from _blocks_from(stream, name, encoding, [first + second], 1)


def _blocks_from(
    stream: io.BufferedReader[Any],
    name: str,
    encoding: str,
    parts: list[bytes],
    number: int,
    *,
    size: int | None = None,
) -> Iterator[LineBlock | Iterable[Line]]:
    """The lines from number `number` on, at most `size` bytes or a block at once; `parts` are already read."""
    is_open = True
    while is_open:
        more = stream.read1(size or _BLOCK)
        end = more.rfind(b"\n") + 1
        if not end and more and sum(map(len, parts)) >= _LONGEST:
            rest = partial(io.BufferedReader(_Replay(b"".join((*parts, more)), stream)).readline, _LONGEST)
            yield _one_by_one(iter(rest, b""), rest, name, encoding, number)
            return
        if not end and more:
            parts.append(more)
            continue
        block = LineBlock(b"".join((*parts, more[:end])), number, name, encoding)
        parts, is_open = [more[end:]], bool(more)
        number += block.data.count(b"\n")
        if block.data:
            yield block


def _one_by_one(
    raws: Iterator[bytes], read: Callable[[], bytes], name: str, encoding: str, start: int = 1
) -> Iterator[Line]:
    """The lines from one that may be too long or no text; `read` reads the rest of a line that is too long."""
    for number, raw in enumerate(raws, start=start):
        if _is_cut(raw, b"\n"):  # maybe inside a character
            yield number, _binary(name, number) if b"\0" in raw else _too_long(name, number)
            _skip_line(read, b"\n")
            continue
        try:
            line = raw.decode(encoding)
        except UnicodeDecodeError as error:
            yield number, _undecodable(raw, error.start, name, number, encoding)
            continue
        if line[:1] == "\ufeff" and number > 1 and encoding == UTF_8:  # files put together have marks inside
            line = line[1:]
        yield number, _binary(name, number) if "\0" in line else line.rstrip("\r\n")


def _wide_lines(stream: BinaryIO, name: str, encoding: str) -> Iterator[Line]:
    text = io.TextIOWrapper(stream, encoding, newline="\n")
    read = partial(text.readline, _LONGEST)
    number = 0
    try:
        for number, line in enumerate(_separated(read, "\r", "\n"), start=1):
            if _is_cut(line, "\n"):
                yield number, _too_long(name, number)
                _skip_line(read, "\n")
            elif "\0" in line:
                yield number, InputError("a character NUL", path=name, line=number, hint="remove it")
            else:
                yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not all of it is {encoding.upper()}: {error.reason}", path=name, line=number + 1, hint="save it as UTF-8"
        ) from None


def _separated(read: Callable[[], AnyStr], cr: AnyStr, lf: AnyStr, first: AnyStr | None = None) -> Iterator[AnyStr]:
    """The lines with their ends. A text without LF has lines that end with CR.

    The rest of a first line that is too long is left to be skipped.
    """
    first = read() if first is None else first
    if _is_cut(first, lf):
        return chain((first,), iter(read, lf[:0]))
    second = read()
    if not second and cr in first.rstrip(cr + lf):
        return iter(first.removesuffix(lf).removesuffix(cr).split(cr))
    return chain(filter(None, (first, second)), iter(read, lf[:0]))


def _is_cut(line: AnyStr, lf: AnyStr) -> bool:
    """Whether a line is too long: what was read of it ends before the line does."""
    return len(line) >= _LONGEST and not line.endswith(lf)


def _skip_line(read: Callable[[], AnyStr], lf: AnyStr) -> None:
    while (more := read()) and not more.endswith(lf):
        pass


def _binary(name: str, number: int) -> InputError:
    return InputError("this is a binary file", path=name, line=number, hint="give UTF-8 text")


def _too_long(name: str, number: int) -> InputError:
    return InputError(
        "a line of more than 64 MiB", path=name, line=number, hint=f"if it is a JSON array: jq -c '.[]' {name} > NEW"
    )


def _undecodable(raw: bytes, position: int, name: str, number: int, encoding: str) -> InputError:
    other = "cp1252" if is_western(raw) else "ENCODING"
    command = f"iconv -f {other} -t utf-8" + ("" if name == shown_name(STANDARD_STREAM) else f" {name} > NEW")
    return UndecodableLineError(
        f"byte {position + 1} is not UTF-8",
        text=raw.decode(encoding, errors="replace").rstrip("\r\n"),
        path=name,
        line=number,
        hint=f"convert it from its encoding: {command} (cp1252 is Western European; others are cp1250 for Central "
        "European, cp1251 and koi8-r for Cyrillic, gb18030 for Chinese, shift_jis and euc-jp for Japanese, euc-kr for "
        "Korean, utf-16le for any text of Windows)",
    )
