"""Import of spaCy without PyTorch.

thinc, the library under spaCy, imports PyTorch wherever it is installed: two seconds and 180 MB that only pipelines
with a transformer need. Here thinc is told that there is none. As soon as anything imports PyTorch, such as the package
of a transformer pipeline, thinc learns of it.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_TORCH = "torch"
_COMPAT = "thinc.compat"
_LIBRARIES = ("thinc", "spacy")
"""Packages whose modules keep copies of what `thinc.compat` knows, with those whose names begin like theirs."""
_lock = threading.Lock()
"""Two finders would ask each other for PyTorch without end."""


def import_spacy() -> ModuleType:
    """Import spaCy, and not PyTorch with it. Raises `ImportError` if spaCy is not installed.

    >>> import_spacy().__name__
    'spacy'
    """
    with _lock:
        if _COMPAT not in sys.modules and _TORCH not in sys.modules:
            _import_thinc()
    return importlib.import_module("spacy")


def _import_thinc() -> None:
    finder = _TorchFinder()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(_COMPAT)
    except BaseException:
        sys.meta_path.remove(finder)
        raise
    finally:
        finder.hidden_from = None
    if _TORCH in sys.modules:  # another thread imported it meanwhile
        _tell_thinc()


class _TorchFinder(MetaPathFinder):
    """Hides PyTorch from the thread that creates it, and later tells thinc when PyTorch is imported."""

    def __init__(self) -> None:
        self.hidden_from: int | None = threading.get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _TORCH:
            return None
        if self.hidden_from == threading.get_ident():
            raise ModuleNotFoundError("thinc is imported without PyTorch", name=name)
        if self.hidden_from is not None:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            self._tell_thinc_after(spec.loader)
        return spec

    def _tell_thinc_after(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            sys.meta_path.remove(self)
            _tell_thinc()

        loader.exec_module = exec_module


def _tell_thinc() -> None:
    """Let thinc look for PyTorch again, and give what it found to the modules that have copies."""
    compat = sys.modules[_COMPAT]
    importlib.reload(compat)
    found = {name: value for name, value in vars(compat).items() if _TORCH in name or name == "has_gpu"}
    for name, module in list(sys.modules.items()):
        if name.startswith(_LIBRARIES):
            copies = vars(module)
            copies.update({key: value for key, value in found.items() if key in copies})
