"""Apertium's stream format: plain text in, with what is special in it protected, and plain text out again."""

from __future__ import annotations

import re

# What Apertium's own text reader puts after the last word. The full stop tells the tagger that the sentence is over;
# without the blanks after it some programs hold the last word back and wait forever.
_END = ".[][\n]"
_END_IN_OUTPUT = re.compile(r"\.?\[\]\[\n\]$")

# ICU, which all the programs read with, takes U+FFFF for the end of the input: one answer becomes two, and every
# later sentence gets its neighbor's. The other characters are no text either; surrogates cannot even be encoded.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SPECIAL = re.compile(r"[\[\]{}^$/\\@<>]")
_ESCAPED_OR_BLANK = re.compile(r"\\(.)|[\[\]]", re.DOTALL)
_MARKS = "*@#"


def clean(text: str) -> str:
    r"""The text on one line and without characters that are not text.

    >>> clean(" one\ntwo\x00 ")
    'one two'
    """
    return _NO_TEXT.sub(" ", text).strip()


def encode(text: str) -> bytes:
    r"""One message for the first program, without the NUL that ends it.

    >>> encode("5 km [~3 mi]")
    b'5 km \\[[~]3 mi\\].[][\n]'
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    # A tilde asks the last program to join words, and there is no escape for it: it must travel as a blank.
    return (escaped.replace("~", "[~]") + _END).encode()


def complete(answer: bytes) -> bool:
    """Whether an answer has its end: the only line break that a message holds."""
    return b"\n" in answer


def decode(answer: bytes, source: str) -> str:
    r"""The text of an answer to the message made from `source`.

    >>> decode(b"a \\[*unknown\\] e\\@mail.[][\n]", "un [unknown] e@mail")
    'a [unknown] e@mail'
    """
    text = _END_IN_OUTPUT.sub("", answer.decode(errors="replace"))
    text = _ESCAPED_OR_BLANK.sub(lambda match: match[1] or "", text)
    return strip_marks(" ".join(text.split("\n")), source).strip()


def strip_marks(text: str, source: str) -> str:
    """Drop the `*`, `@` and `#` that programs put before words they do not know, but none that the source has.

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
    # Those that stand in the source just so are the last to go.
    words.sort(key=lambda span: (text[slice(*span)] in source, span))
    doomed = {start for start, _ in words[:surplus]}
    return "".join(character for place, character in enumerate(text) if place not in doomed)
