"""Import of spaCy without PyTorch and without its own command line, which take most of the time.

thinc, the library under spaCy, imports PyTorch wherever it is installed: two seconds and 180 MB that only pipelines
with a transformer need. Here thinc is told that there is none. As soon as anything imports PyTorch, such as the package
of a transformer pipeline, thinc learns of it.

spaCy imports its command line for the function `spacy.info`: a third of a second for an HTTP client, templates and
colors. Here it is imported when `spacy.info` or `spacy.cli` is used.
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
_INFO = "spacy.cli.info"
"""The only module of its command line that spaCy imports, and with it all others."""
_lock = threading.Lock()
"""Two finders would ask each other for PyTorch without end."""


def import_spacy() -> ModuleType:
    """Import spaCy, and neither PyTorch nor its command line with it. Raises `ImportError` without spaCy.

    >>> import_spacy().__name__
    'spacy'
    """
    with _lock:
        if _COMPAT not in sys.modules and _TORCH not in sys.modules:
            _import_thinc()
        if "spacy" not in sys.modules:
            _import_without_command_line()
    return importlib.import_module("spacy")


def _import_without_command_line() -> None:
    stand_in = ModuleType(_INFO)
    stand_in.__dict__["info"] = _info
    sys.modules[_INFO] = stand_in
    try:
        spacy = importlib.import_module("spacy")
    finally:
        del sys.modules[_INFO]
    spacy.__dict__["__getattr__"] = _attribute


def _info(*args: Any, **kwargs: Any) -> Any:
    """`spacy.info`, which imports what it needs when it is called."""
    return importlib.import_module(_INFO).info(*args, **kwargs)


def _attribute(name: str) -> ModuleType:
    """The attribute `spacy.cli`, which is there from the beginning where spaCy imports it."""
    if name == "cli":
        return importlib.import_module("spacy.cli")
    raise AttributeError(f"module 'spacy' has no attribute {name!r}")


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
