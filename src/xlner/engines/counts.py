"""Counts of shards: nested dictionaries that add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def add(total: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Add counts to a total, and return it. Numbers are added up; of other values the first one is kept.

    >>> add({"LOC": 1, "by": {"x": 1}, "first": ""}, {"PER": 1, "by": {"x": 2}, "first": "no", "any": True})
    {'LOC': 1, 'by': {'x': 3}, 'first': 'no', 'PER': 1, 'any': True}
    """
    for name, value in more.items():
        if isinstance(value, Mapping):
            add(total.setdefault(name, {}), value)
        elif isinstance(value, (bool, str)) or value is None:
            total[name] = total.get(name) or value
        else:
            total[name] = total.get(name, 0) + value
    return total


def since(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted since an earlier moment. Zeros are left out.

    >>> since({"LOC": 1, "by": {"x": 1}}, {"LOC": 3, "PER": 1, "by": {"x": 1}})
    {'LOC': 2, 'PER': 1}
    """
    found: dict[str, Any] = {}
    for name, value in now.items():
        old = before.get(name)
        if isinstance(value, Mapping):
            new: Any = since(old or {}, value)
        else:
            new = value if isinstance(value, (bool, str)) or value is None else value - (old or 0)
        if new:
            found[name] = new
    return found
