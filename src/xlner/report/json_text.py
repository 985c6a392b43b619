"""Compact JSON that a browser reads back the same, whatever the texts hold."""

from __future__ import annotations

import json

_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def json_text(value: object) -> str:
    r"""A value as compact JSON. A lone surrogate, which UTF-8 cannot hold, is escaped.

    >>> json_text(["é", "\ud800"]), json_text(["é"])
    ('["\\u00e9","\\ud800"]', '["é"]')
    """
    text = _PLAIN.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPED.encode(value)
    return text
