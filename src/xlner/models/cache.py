"""The cache folder of xlner."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """The value of the environment variable XLNER_CACHE; by default `xlner` in the cache folder of the user.

    Everything in it can be made again.
    """
    named = os.environ.get("XLNER_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "xlner" / "cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/xlner").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "xlner"
