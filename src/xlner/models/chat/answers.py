"""Read the answers of chat endpoints: the text of an answer, or the message of an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from xlner.errors import StageError, UnansweredError

_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
"""What a model that reasons may write before its answer."""
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})


def parse(data: bytes) -> Any:
    """Return the JSON of an answer; None if it is not JSON.

    >>> parse(b'{"a": 1}'), parse(b"<html>")
    ({'a': 1}, None)
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def read_answer(body: Any) -> str:
    """Return the text of an answer, without the thoughts before it.

    Raises `UnansweredError` if there is no text. Raises `StageError` for an answer that is cut off or filtered: parts
    of the same text may have a better one.

    >>> read_answer({"choices": [{"message": {"content": " Ola "}, "finish_reason": "stop"}]})
    'Ola'
    """
    try:
        choice = body["choices"][0]
        text = choice["message"]["content"]
    except (LookupError, TypeError):
        raise UnansweredError("the answer of the chat endpoint has no message") from None
    if choice.get("finish_reason") == "length":
        raise StageError(
            "the answer of the chat endpoint is cut off", hint="raise max_tokens, or the limit of the endpoint"
        )
    if choice.get("finish_reason") == "content_filter" or not isinstance(text, str):
        raise StageError("the chat endpoint gave no text, or its filter removed the answer")
    if not is_text(text):
        raise UnansweredError("the answer of the chat endpoint has a lone surrogate")
    return _THOUGHTS.sub("", text).strip()


def tokens_of(body: Any) -> tuple[int, int]:
    """Return the tokens of the question and of the answer; 0 if the endpoint does not count them.

    >>> tokens_of({"usage": {"prompt_tokens": 9, "completion_tokens": 2}}), tokens_of({}), tokens_of({"usage": None})
    ((9, 2), (0, 0), (0, 0))
    """
    usage = body.get("usage") if isinstance(body, Mapping) else None
    if not isinstance(usage, Mapping):
        return 0, 0
    numbers = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = (max(n, 0) if isinstance(n, int) else 0 for n in numbers)
    return tokens_in, tokens_out


def error_message(body: Any) -> str | None:
    """Return the message of an error, or None.

    >>> error_message({"error": {"message": "too long"}}), error_message({"error": "overloaded"}), error_message([])
    ('too long', 'overloaded', None)
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        error = error.get("message")
    return None if error is None else str(error)


def is_too_long(status: int, body: Any) -> bool:
    """Return whether an endpoint refuses a text because it is too long.

    >>> is_too_long(413, None), is_too_long(400, {"error": {"code": "context_length_exceeded"}}), is_too_long(400, {})
    (True, True, False)
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    return status == 413 or (isinstance(code, str) and code in _TOO_LONG)


def is_text(text: str) -> bool:
    r"""Return whether a string can be written: it has no lone surrogates.

    >>> is_text("Vigo"), is_text("\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
