"""Which encoding the bytes of a text have, and which bytes are no text."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from unicodedata import category

UTF_8 = "utf-8"
GZIP = b"\x1f\x8b"
"""The first bytes of a file that gzip has compressed."""
_MARKS = (  # the mark of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"%PDF-", "a PDF document", "extract its text, for example with pdftotext"),
    (b"PK\x03\x04", "a ZIP archive, or a document of an office program", "extract it, or save it as plain text"),
    (b"PAR1\x15", "a parquet file", "give it the suffix .parquet"),
    (b"BZh91AY&SY", "a bzip2 file", "decompress it: bunzip2"),
    (b"\xfd7zXZ\0", "an xz file", "decompress it: unxz"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "decompress it: unzstd"),
)
_THREE_OTHERS = re.compile(rb"[\x80-\xff]{3}")


def no_text(head: bytes) -> tuple[str, str] | None:
    """What a file is that begins with these bytes and is no text, and how to make one of it; None for any other.

    >>> no_text(b"PAR1\\x15"), no_text(b"Vigo")
    (('a parquet file', 'give it the suffix .parquet'), None)
    """
    return next(((what, hint) for start, what, hint in _NO_TEXT if head.startswith(start)), None)


def wide_encoding(head: bytes) -> str | None:
    """The encoding of a text in UTF-16 or UTF-32; None for any other.

    >>> wide_encoding("Vigo".encode("utf-16-le")), wide_encoding(b"Vigo")
    ('utf-16-le', None)
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    some = head[:4096]
    zeros = some.count(0)
    if not zeros or (zeros < 0.4 * len(some) and _is_text(some.replace(b"\0", b""), UTF_8)):
        return None
    even, odd = any(not byte for byte in some[::2]), any(not byte for byte in some[1::2])
    guesses = ["utf-32-le", "utf-32-be"] if even and odd else ["utf-16-be"] if even else ["utf-16-le"]
    found = next((encoding for encoding in guesses if zeros > 1 and _is_text(some, encoding)), None)
    if found is not None:
        return found
    # of a text without ASCII letters only the line ends have a zero byte, and characters such as U+3000
    ends = (("utf-16-le", some[1::2]), ("utf-16-be", some[::2]))  # with the bytes that are never a line end
    return next((e for e, others in ends if b"\n" not in others and _is_text(some, e, "\n", not_utf_8=True)), None)


def _is_text(data: bytes, encoding: str, needed: str = "", *, not_utf_8: bool = False) -> bool:
    """Whether bytes are characters that texts have, and no others; the needed one among them."""
    if not_utf_8:
        with suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(UTF_8)().decode(data)
            return False
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    return needed in text and all(char in "\t\n\r\f" or category(char) not in ("Cc", "Cn", "Co", "Cs") for char in text)


def is_western(raw: bytes) -> bool:
    """Whether a line is like one of a Western European language: ASCII letters, and others only between them.

    >>> is_western("Peña".encode("cp1252")), is_western("Вена".encode("cp1251"))
    (True, False)
    """
    others = sum(byte > 127 for byte in raw)
    letters = sum(chr(byte).isalpha() for byte in raw if byte <= 127)
    return 2 * others <= letters and not _THREE_OTHERS.search(raw) and b"\0" not in raw
