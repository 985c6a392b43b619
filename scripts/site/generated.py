"""A page that is made while the site is built."""

from __future__ import annotations

from typing import NamedTuple


class Generated(NamedTuple):
    """Where the page is on the site, what the navigation calls it, and its Markdown."""

    path: str
    title: str
    text: str
