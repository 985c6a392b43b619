"""The fingerprints of backends, kept on disk so that a second start does not have to load the backends.

The fingerprint of a backend covers everything that its results depend on, but only a built backend has one, and some
backends load their model to compute it. Each fingerprint is therefore stored with a digest of what can be examined
without building: the files that the spec names, the commits of the models that it names, and the installed packages. As
long as the digest is unchanged, the stored fingerprint is used. Otherwise the backend is built and asked again; a file
that was only touched gives the same fingerprint as before.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

from xlner.core.files import write_durably
from xlner.core.registry import Spec, backend_class, names
from xlner.errors import BackendError, UnknownNameError, XlnerError
from xlner.experiments.progress import Log
from xlner.models.hub import hub_cache
from xlner.stages import fingerprint_of

_SYSTEM_PACKAGES = "/var/lib/dpkg/status"
"""Changes whenever Debian installs a package, such as a language pair of Apertium."""
_ENVIRONMENT = ("APERTIUM_MODES",)
"""Environment variables that change what a backend finds."""


class FingerprintCache:
    """Fingerprints by kind, spec and context in a JSON file. Messages go to `log`."""

    def __init__(self, path: Path, log: Log) -> None:
        self._path, self._log = path, log
        self._known: dict[str, dict[str, str]] = _read(path)
        self._checked: dict[str, str] = {}

    def get(self, kind: str, spec: str, context: str, build: Callable[[], Any]) -> str:
        """Return the fingerprint of the backend that `build` returns.

        `context` is everything that the backend depends on beyond its spec. A backend that cannot be built here keeps
        its stored fingerprint, so that its finished stages can still be read; without one, the error of `build` is
        raised.
        """
        key = f"{kind} {spec} {context}".strip()
        if key not in self._checked:
            self._checked[key] = self._check(key, kind, spec, build)
        return self._checked[key]

    def _check(self, key: str, kind: str, spec: str, build: Callable[[], Any]) -> str:
        known = self._known.get(key)
        if known is not None and known["environment"] == environment_digest(kind, spec):
            return known["fingerprint"]
        try:
            made = backend_fingerprint(build(), spec)
        except BackendError as error:
            if known is None:
                raise
            self._log(f"{spec} cannot be built here; its finished stages are used as they are: {error}")
            return known["fingerprint"]
        # The digest is computed after building, because building may download the model.
        self._known[key] = {"environment": environment_digest(kind, spec), "fingerprint": made}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, json.dumps(self._known, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return made


def backend_fingerprint(backend: object, spec: str) -> str:
    """Return the fingerprint of a backend. One without its own gets its class, its spec, and the files in its spec."""
    made = fingerprint_of(backend)
    return made if made != type(backend).__qualname__ else f"{made} {spec} {_digest(_files(_mentioned(spec)))}"


def environment_digest(kind: str, spec: str) -> str:
    """Return a digest of everything that can be known about a backend without building it."""
    parsed = Spec.parse(spec)
    target = names(kind).get(parsed.name, "")
    mentioned = [*_mentioned(spec), *_defaults(kind, parsed.name)]
    environment = [os.environ.get(name, "") for name in _ENVIRONMENT]
    return _digest([target, *_files(mentioned), *_commits(mentioned), *installed_packages(), *environment])


def unpinned_commits(specs: Iterable[str]) -> dict[str, str]:
    """Return the commits in the cache of the hub of models that are named without a `revision`.

    >>> unpinned_commits(["hf:a/b?revision=1f2e", "apertium"])
    {}
    """
    models = [name for spec in specs if "revision" not in Spec.parse(spec).options for name in _mentioned(spec)]
    heads = {name: _refs(name) / "main" for name in models if name}
    return {name: head.read_text(encoding="utf-8").strip() for name, head in heads.items() if head.is_file()}


def _mentioned(spec: str) -> list[str]:
    """Return all strings in a spec that may name a file or a model, including those in specs inside it.

    >>> _mentioned("fused:ner?recognizer=(hf:a/b?pool=max)&gap=1")
    ['ner', 'hf:a/b?pool=max', 'a/b', 'max', '1']
    """
    parsed = Spec.parse(spec)
    found = [] if parsed.argument is None else [parsed.argument]
    for value in parsed.options.values():
        found.append(value)
        if ":" in value:
            with suppress(XlnerError):  # a value that only looks like a spec
                found += _mentioned(value)
    return found


def _defaults(kind: str, name: str) -> list[str]:
    """Return the default strings of a backend, which are the models of a spec that names none."""
    try:
        cls = backend_class(kind, name)
    except (BackendError, UnknownNameError):
        return []
    given = [p.default for p in signature(cls).parameters.values()]
    return [value for value in (*given, getattr(cls, "default", None)) if isinstance(value, str)]


def _files(mentioned: list[str]) -> Iterator[str]:
    """Yield path, size and time of each file that is mentioned or is in a folder that is mentioned."""
    for name in mentioned:
        path = Path(name).expanduser()
        if not name or not path.exists():
            continue
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            yield f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}"


def _commits(mentioned: list[str]) -> Iterator[str]:
    """Yield the commits of branches and tags of the models that are mentioned, from the cache of the hub."""
    for name in mentioned:
        refs = _refs(name)
        if name and refs.is_dir():
            yield from (f"{ref} {ref.read_text(encoding='utf-8')}" for ref in sorted(refs.rglob("*")) if ref.is_file())


def _refs(model: str) -> Path:
    """Where the cache of the hub keeps the commits of the branches and tags of a model."""
    return hub_cache() / f"models--{model.replace('/', '--')}" / "refs"


@cache
def installed_packages() -> tuple[str, ...]:
    """Return the installed Python packages with versions, and the time when a system package was last installed.

    >>> any(name.startswith("numpy-") for name in installed_packages())
    True
    """
    folders = [folder for place in sys.path if (folder := Path(place or ".")).is_dir()]
    found = [path.name for folder in folders for path in sorted(folder.glob("*.dist-info"))]
    system = Path(_SYSTEM_PACKAGES)
    return (*found, str(system.stat().st_mtime_ns if system.is_file() else 0))


def _digest(strings: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(strings).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the stored fingerprints, or none if the file is missing or damaged."""
    keys = ("environment", "fingerprint")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {key: {name: entry[name] for name in keys} for key, entry in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
