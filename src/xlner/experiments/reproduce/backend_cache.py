"""The backends of an experiment: each is built once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xlner.core.registry import Spec, backend_class, load, options_of
from xlner.errors import BackendError, MissingExtraError, NotDownloadedError
from xlner.experiments.progress import Log
from xlner.experiments.reproduce.fingerprint_cache import FingerprintCache
from xlner.stages import DirectedTranslator, fingerprint_of

Direction = tuple[str, str]
"""The languages that a translator translates from and to."""


class BackendCache:
    """Backends by kind and spec, shared by all methods and languages, with their fingerprints.

    One translator serves several directions if checking a direction does not change its fingerprint. A translator that
    has a model or rules for each direction is built once per direction. Messages go to `log`.
    """

    def __init__(self, folder: Path, log: Log) -> None:
        self._fingerprints = FingerprintCache(folder / "fingerprints.json", log)
        self._built: dict[tuple[str, str, str], Any] = {}
        self._translators: dict[str, tuple[Any, str]] = {}
        self._missing: dict[tuple[str, str], BackendError] = {}

    def get(self, kind: str, spec: str, **defaults: object) -> Any:
        """Return a backend. `defaults` are options that apply if the backend takes them and its spec does not set them.

        Raises what `load` raises.
        """
        key = (kind, spec, _context(kind, spec, defaults))
        if key not in self._built:
            self._built[key] = self._build(kind, spec, lambda: load(kind, spec, **defaults))
        return self._built[key]

    def fingerprint(self, kind: str, spec: str, **defaults: object) -> str:
        """Return the fingerprint of the same backend, which is built only if its fingerprint is not known."""
        context = _context(kind, spec, defaults)
        return self._fingerprints.get(kind, spec, context, lambda: self.get(kind, spec, **defaults))

    def translator(self, spec: str, direction: Direction) -> Any:
        """Return a translator for a direction; raises `BackendError` if it cannot translate in this direction."""
        key = ("translator", spec, _arrow(direction))
        if key not in self._built:
            self._built[key] = self._build("translator", spec, lambda: self._directed(spec, direction))
        return self._built[key]

    def translator_fingerprint(self, spec: str, direction: Direction) -> str:
        """Return the fingerprint of the same translator, which is built only if its fingerprint is not known."""
        return self._fingerprints.get("translator", spec, _arrow(direction), lambda: self.translator(spec, direction))

    def _build(self, kind: str, spec: str, build: Callable[[], Any]) -> Any:
        """Build a backend. A missing model is not looked for again, because an unreachable hub times out slowly."""
        if (kind, spec) in self._missing:
            raise self._missing[kind, spec]
        try:
            return build()
        except (NotDownloadedError, MissingExtraError) as error:
            self._missing[kind, spec] = error
            raise

    def _directed(self, spec: str, direction: Direction) -> Any:
        made, before = self._translators.get(spec, (None, ""))
        if made is not None:
            _check_direction(made, direction)
            if fingerprint_of(made) == before:
                return made
        made = load("translator", spec)
        _check_direction(made, direction)
        self._translators[spec] = (made, fingerprint_of(made))
        return made


def _check_direction(translator: Any, direction: Direction) -> None:
    if isinstance(translator, DirectedTranslator):
        translator.check_direction(*direction)


def _arrow(direction: Direction) -> str:
    return f"{direction[0]}>{direction[1]}"


def _context(kind: str, spec: str, defaults: dict[str, object]) -> str:
    """Return the defaults that the backend takes; a recognizer with another language is another backend."""
    parsed = Spec.parse(spec)
    taken = options_of(backend_class(kind, parsed.name), parsed)
    return " ".join(f"{name}={value}" for name, value in sorted(defaults.items()) if name in taken)
