"""Apertium's stream format: plain text in, with special characters escaped, and plain text out."""

from __future__ import annotations

import re

# What Apertium's own text reader puts after the last word. The full stop ends the sentence for the tagger. Without the
# blanks after it, some programs keep the last word and wait forever.
_END = ".[][\n]"
_END_IN_OUTPUT = re.compile(r"\.?\[\]\[\n\]$")

# All programs read with ICU, which takes U+FFFF for the end of the input: one answer becomes two, and every later
# sentence gets the answer of its neighbor. The other characters are not text either; surrogates cannot be encoded.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SPECIAL = re.compile(r"[\[\]{}^$/\\@<>]")
_ESCAPED_OR_BLANK = re.compile(r"\\(.)|[\[\]]", re.DOTALL)
_MARKS = "*@#"


def clean(text: str) -> str:
    r"""Return the text on one line, without characters that are not text.

    >>> clean(" one\ntwo\x00 ")
    'one two'
    """
    return _NO_TEXT.sub(" ", text).strip()


def encode(text: str) -> bytes:
    r"""Return the message for the first program, without the NUL that ends it.

    >>> encode("5 km [~3 mi]")
    b'5 km \\[[~]3 mi\\].[][\n]'
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    # A tilde tells the last program to join words, and cannot be escaped. It is sent as a blank instead.
    return (escaped.replace("~", "[~]") + _END).encode()


def numbered(message: bytes, number: int) -> bytes:
    r"""Return the message with a number in the blank at its end. All programs pass blanks on.

    >>> numbered(b"casa.[][\n]", 7)
    b'casa.[7][\n]'
    """
    before, _, after = message.rpartition(b"[]")
    return b"%s[%d]%s" % (before, number, after)


def unnumbered(answer: bytes, number: int) -> bytes | None:
    r"""Return the answer without its number; None if it is not the answer to the message with this number.

    An answer has the number and, after it, the only line break.

    >>> unnumbered(b"house.[7][\n]", 7), unnumbered(b"house.[7][\n]", 8), unnumbered(b"house.", 7)
    (b'house.[][\n]', None, None)
    """
    before, found, after = answer.rpartition(b"[%d]" % number)
    return before + b"[]" + after if found and b"\n" in after and b"\n" not in before else None


def decode(answer: bytes, source: str) -> str:
    r"""Return the text of the answer to the message made from `source`.

    >>> decode(b"a \\[*unknown\\] e\\@mail.[][\n]", "un [unknown] e@mail")
    'a [unknown] e@mail'
    """
    text = _END_IN_OUTPUT.sub("", answer.decode(errors="replace"))
    text = _ESCAPED_OR_BLANK.sub(lambda match: match[1] or "", text)
    return strip_marks(" ".join(text.split("\n")), source).strip()


def strip_marks(text: str, source: str) -> str:
    """Remove the `*`, `@` and `#` that programs put before unknown words, but keep those that the source has.

    >>> strip_marks("the *foo is #1 of #bars", "el foo es #1 de bars")
    'the foo is #1 of bars'
    """
    for mark in _MARKS:
        surplus = text.count(mark) - source.count(mark)
        if surplus > 0:
            text = _drop(text, source, mark, surplus)
    return text


def _drop(text: str, source: str, mark: str, surplus: int) -> str:
    words = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(mark)}\w+", text)]
    # Words that the source has with the same mark are removed last.
    words.sort(key=lambda span: (text[slice(*span)] in source, span))
    doomed = {start for start, _ in words[:surplus]}
    return "".join(character for place, character in enumerate(text) if place not in doomed)
