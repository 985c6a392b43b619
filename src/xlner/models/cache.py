"""Where xlner keeps what it can make again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp


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


def cached_folder(path: Path, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills the first time; it is there whole or not at all, whoever else makes it meanwhile."""
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        make(partial)
        partial.replace(path)
    except OSError:
        if not path.is_dir():  # nobody else was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path
