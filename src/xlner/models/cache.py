"""Where xlner keeps what it can make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """The folder that the environment variable XLNER_CACHE names, else `xlner` in the user's cache of the platform."""
    named = os.environ.get("XLNER_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "xlner" / "cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/xlner").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "xlner"
