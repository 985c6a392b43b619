"""The comments of a sentence: its identifier, its text, its error, and what columns cannot hold.

Comments are written as they were read. What would be read back in another way is in one comment with a JSON object:
`# xlner = {"id": "a\\nb", "tokens": {"0": "New\\tYork"}}`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.formats.conll.blocks import is_comment
from xlner.text.offsets import Span
from xlner.text.tokenizer import locate

_EMPTY = "# empty sentence"
_NEW_DOCUMENT = "# newdoc"
_OWN = "xlner"
_KEY_VALUE = re.compile(r"#\s*([\w.-]+)\s*=\s?(.*)")
_MULTICONER = re.compile(r"#\s*id\s+(\S+)\s+domain=\S*")
_GLOBAL = ("global.columns", "global.Entity")
_ASCII = bytes(range(33, 127)) + b"\n\t"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(slots=True)
class Remarks:
    """What the comments of a sentence say.

    `tokens` are the exact tokens by position where the columns hold them in another form, or None if all are exact.
    `names` are those of `# global.columns`, and `mention` the fields of `# global.Entity`.
    """

    comments: tuple[str, ...] = ()
    id: str | None = None
    text: str | None = None
    error: str | None = None
    offsets: tuple[Span, ...] | None = None
    tokens: Mapping[int, str] | None = None
    names: tuple[str, ...] | None = None
    mention: tuple[str, ...] | None = None
    meta: dict[str, object] = field(default_factory=dict)


def read(lines: Sequence[str]) -> Remarks:
    """What the comments of a sentence say."""
    kept: list[str] = []
    values: dict[str, str] = {}
    own: dict[str, Any] = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line)
        key = match[1] if match else None
        if match and key == _OWN and not own and (own := _own(match[2])):
            continue
        if match and key is not None:
            values[key] = match[2]
        elif found := _MULTICONER.fullmatch(line):
            values["id"] = found[1]
        if line not in (_EMPTY, _NEW_DOCUMENT) and key not in _GLOBAL:
            kept.append(line)
    kept += own.get("comments", ())
    remarks = Remarks(
        tuple(kept),
        own.get("id", values.get("sent_id") or values.get("id")),
        own.get("text", values.get("text")),
        own.get("error", values.get("error")),
        own.get("offsets"),
        own.get("tokens"),
        tuple(values["global.columns"].split()) if "global.columns" in values else None,
        tuple(values["global.Entity"].strip().split("-")) if "global.Entity" in values else None,
    )
    if kept:
        remarks.meta["comments"] = remarks.comments
    if _NEW_DOCUMENT in lines:
        remarks.meta["docstart"] = True
    if remarks.error is not None:
        remarks.meta["error"] = remarks.error
    return remarks


def _own(text: str) -> dict[str, Any]:
    """The values of our own comment; none if it is not one."""
    try:
        record = json.loads(text)
        found: dict[str, Any] = {key: record[key] for key in ("id", "text", "error") if key in record}
        if not all(isinstance(value, str) for value in found.values()):
            return {}
        if "comments" in record:
            found["comments"] = [str(comment) for comment in record["comments"]]
        if "tokens" in record:
            found["tokens"] = {int(position): str(token) for position, token in record["tokens"].items()}
        if "offsets" in record:
            found["offsets"] = tuple((int(start), int(end)) for start, end in record["offsets"])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return {}
    return found


def exact(cells: list[str], tokens: Mapping[int, str]) -> list[str]:
    """The tokens, exact where the columns hold them in another form. Raises `ValidationError` if there are fewer."""
    if tokens and not 0 <= min(tokens) <= max(tokens) < len(cells):
        raise ValidationError("the comment xlner has tokens beyond the sentence", hint="remove the comment")
    return [tokens.get(position, cell) for position, cell in enumerate(cells)]


def lines_of(sentence: Sentence, tokens: Mapping[int, str]) -> list[str]:
    """The comments to write before a sentence. `tokens` are those that its cells do not hold as they are."""
    if sentence.text is None and sentence.id is None and not sentence.meta and not tokens:  # quick: nothing to say
        return [] if sentence.tokens else [_EMPTY]
    given = sentence.meta.get("comments", ())
    given = [str(c) for c in given] if isinstance(given, (tuple, list)) else []
    plain = [comment for comment in given if _is_plain(comment)]
    own: dict[str, object] = {}
    if other := [comment for comment in given if not _is_plain(comment)]:
        own["comments"] = other
    known = read(plain)
    error = sentence.meta.get("error")
    error = None if error is None else str(error)
    for name, now, value in (
        ("id", known.id, sentence.id),
        ("text", known.text, sentence.text if sentence.text is not None else known.text),
        ("error", known.error, error),
    ):
        if now == value:
            continue
        plain = [comment for comment in plain if not _says(comment, name)]
        if value is not None:
            _add(plain, own, name, value)
    text, offsets = sentence.text, sentence.offsets
    if text is not None and offsets is not None and not _are_found(text, sentence.tokens, offsets):
        own["offsets"] = offsets
    if tokens:
        own["tokens"] = tokens
    if own:
        plain.append(f"# {_OWN} = {json.dumps(own)}")
    return plain if sentence.tokens else [*plain, _EMPTY]


def text_line(text: str, words: Sequence[str]) -> str | None:
    """The only comment of a sentence with a text and the words found in it; None if there may be others.

    >>> text_line("Ana vive.", ["Ana", "vive", "."]), text_line("Ana\\tvive.", ["Ana", "vive", "."])
    ('# text = Ana vive.\\n', None)
    """
    is_plain = text.isprintable() and text == text.strip(" ") and text.replace(" ", "") == "".join(words)
    return f"# text = {text}\n" if is_plain else None


def _are_found(text: str, tokens: Sequence[str], offsets: Sequence[Span]) -> bool:
    """True if a reader finds the tokens in the text where they are."""
    if text.replace(" ", "") == "".join(tokens) and "" not in tokens:  # quick: there are only spaces between them
        return [text[start:end] for start, end in offsets] == list(tokens)
    return locate(text, tokens) == list(offsets)


def _add(plain: list[str], own: dict[str, object], name: str, value: str) -> None:
    line = f"# {name} = {value}"
    match = _KEY_VALUE.fullmatch(line)
    if match and match[2] == value and value and _is_line(line):
        plain.append(line)
    else:
        own[name] = value


def _says(comment: str, name: str) -> bool:
    """True if a comment holds the identifier, the text or the error of its sentence."""
    match = _KEY_VALUE.fullmatch(comment)
    if match is None:
        return name == "id" and _MULTICONER.fullmatch(comment) is not None
    return match[1] == name or (name == "id" and match[1] == "sent_id")


def _is_plain(comment: str) -> bool:
    """True if a comment is read back as it is and says nothing about the whole file."""
    if comment in (_EMPTY, _NEW_DOCUMENT) or not _is_line(comment):
        return False
    match = _KEY_VALUE.fullmatch(comment)
    return match is None or match[1] not in (*_GLOBAL, _OWN)


def _is_line(comment: str) -> bool:
    """True if a comment is one line that no reader takes for a token."""
    return is_comment(comment) and comment == comment.strip(" \t") and not _UNSAFE.search(comment.replace("\t", ""))


def _is_safe(token: str) -> bool:
    """True if a token is read back as it is from a cell that tabs separate."""
    return bool(token) and _UNSAFE.search(token) is None and token == token.strip(" ") and token[0] != "\ufeff"


def unsafe(tokens: Sequence[str]) -> dict[int, str]:
    """The tokens that are not safe, by position.

    >>> unsafe(["New\\tYork", "is", ""])
    {0: 'New\\tYork', 2: ''}
    """
    joined = "".join(tokens)
    if joined.isprintable() and " " not in joined and "" not in tokens:  # quick: nearly all sentences are
        return {}
    return {position: token for position, token in enumerate(tokens) if not _is_safe(token)}


def are_safe(rows: bytes) -> bool:
    """True if all tokens in rows without spaces are safe.

    >>> are_safe(b"Vigo\\tO\\n"), are_safe(b"Vi\\x7fgo\\tO\\n")
    (True, False)
    """
    if not rows.translate(None, _ASCII):  # quick: there is nothing else
        return True
    joined = rows.translate(None, b"\n\t").decode()
    return joined.isprintable() or _UNSAFE.search(joined) is None


def is_row(line: str) -> bool:
    """True if a line can be written as it is: it is one line, and not blank."""
    return bool(line.strip()) and line[0] != "#" and _UNSAFE.search(line.replace("\t", "")) is None


def cell(token: str) -> str:
    """A token as one cell. What would break the line becomes a no-break space."""
    return _UNSAFE.sub(_replacement, token).lstrip(" \ufeff").rstrip(" ") or "\u00a0"


def _replacement(match: re.Match[str]) -> str:
    return "\ufffd" if unicodedata.category(match[0]) == "Cs" else "\u00a0"
