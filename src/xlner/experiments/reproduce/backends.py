"""The backends of an experiment: each built once, when there is something for it to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xlner.core.registry import Spec, backend_class, load, options_of
from xlner.errors import BackendError, MissingExtraError, NotDownloadedError
from xlner.experiments.reproduce.fingerprints import Fingerprints
from xlner.stages import DirectedTranslator

Approach = tuple[str, str]
"""From and to which language a translator translates."""


class BackendShelf:
    """Backends by kind and spec, for all methods and languages, with their fingerprints.

    A translator serves several routes where its fingerprint says that they do not differ; one that has a model or
    rules for each route is built for each. `say` is told what cannot be built any more.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._fingerprints = Fingerprints(folder / "fingerprints.json", say)
        self._built: dict[tuple[str, str, str], Any] = {}
        self._translators: dict[str, tuple[Any, object]] = {}
        self._missing: dict[tuple[str, str], BackendError] = {}

    def get(self, kind: str, spec: str, **defaults: object) -> Any:
        """A backend, with those of `defaults` that it takes and its spec does not have; raises what `load` raises."""
        key = (kind, spec, _context(kind, spec, defaults))
        if key not in self._built:
            self._built[key] = self._tried(kind, spec, lambda: load(kind, spec, **defaults))
        return self._built[key]

    def fingerprint(self, kind: str, spec: str, **defaults: object) -> str:
        """What the results of the same backend depend on; builds it only where that is not known."""
        context = _context(kind, spec, defaults)
        return self._fingerprints.of(kind, spec, context, lambda: self.get(kind, spec, **defaults))

    def translator(self, spec: str, route: Approach) -> Any:
        """A translator that has a route; raises what it says where it does not."""
        key = ("translator", spec, _arrow(route))
        if key not in self._built:
            self._built[key] = self._tried("translator", spec, lambda: self._routed(spec, route))
        return self._built[key]

    def translator_fingerprint(self, spec: str, route: Approach) -> str:
        """The same as `fingerprint`, of a translator."""
        return self._fingerprints.of("translator", spec, _arrow(route), lambda: self.translator(spec, route))

    def _tried(self, kind: str, spec: str, build: Callable[[], Any]) -> Any:
        """What `build` returns; what is missing is not looked for again: the hub takes its time to be unreachable."""
        if (kind, spec) in self._missing:
            raise self._missing[kind, spec]
        try:
            return build()
        except (NotDownloadedError, MissingExtraError) as error:
            self._missing[kind, spec] = error
            raise

    def _routed(self, spec: str, route: Approach) -> Any:
        made, before = self._translators.get(spec, (None, None))
        if made is not None:
            _ask_for(made, route)
            if getattr(made, "fingerprint", None) == before:
                return made
        made = load("translator", spec)
        _ask_for(made, route)
        self._translators[spec] = (made, getattr(made, "fingerprint", None))
        return made


def _ask_for(translator: Any, route: Approach) -> None:
    if isinstance(translator, DirectedTranslator):
        translator.check_direction(*route)


def _arrow(route: Approach) -> str:
    return f"{route[0]}>{route[1]}"


def _context(kind: str, spec: str, defaults: dict[str, object]) -> str:
    """The defaults that the backend takes: a recognizer for one language is another than that for the next."""
    parsed = Spec.parse(spec)
    taken = options_of(backend_class(kind, parsed.name), parsed)
    return " ".join(f"{name}={value}" for name, value in sorted(defaults.items()) if name in taken)
