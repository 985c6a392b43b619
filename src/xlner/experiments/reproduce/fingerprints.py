"""What backends depend on, remembered from one start to the next, so that a second one need not load them to ask.

A fingerprint says exactly what a result depends on, but to tell it a backend must be built, and some read their model
for it. So it is kept beside stamps that cost nothing: the files that the spec names, the commits of the models that
it names, and the packages that are installed. While the stamps are the same, so is the fingerprint. Where they
are not, the backend is asked again, and what it says decides: a file that was only touched changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

from xlner.core.files import write_durably
from xlner.core.registry import Spec, backend_class, names
from xlner.errors import BackendError, UnknownNameError, UsageError
from xlner.models.hub import hub_cache

_SYSTEM_PACKAGES = "/var/lib/dpkg/status"
"""Changes whenever Debian installs a package: Apertium's language pairs are such."""
_ENVIRONMENT = ("APERTIUM_MODES",)


class Fingerprints:
    """Fingerprints by what was asked for, in a file. `say` is told where one had to be taken on trust."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path, self._say = path, say
        self._known: dict[str, dict[str, str]] = _read(path)
        self._checked: dict[str, str] = {}

    def of(self, kind: str, spec: str, context: str, build: Callable[[], Any]) -> str:
        """The fingerprint of what `build` returns; `context` is what it depends on besides the spec.

        Where it cannot be built here but was somewhere else, what was remembered counts: its finished stages can still
        be read. Raises what `build` raises where nothing was.
        """
        key = f"{kind} {spec} {context}".strip()
        if key not in self._checked:
            self._checked[key] = self._check(key, kind, spec, build)
        return self._checked[key]

    def _check(self, key: str, kind: str, spec: str, build: Callable[[], Any]) -> str:
        known = self._known.get(key)
        if known is not None and known["stamps"] == stamps(kind, spec):
            return known["fingerprint"]
        try:
            made = fingerprint_of(build(), spec)
        except BackendError as error:
            if known is None:
                raise
            self._say(f"{spec} cannot be built here, its finished stages are taken as they are: {error}")
            return known["fingerprint"]
        # Stamped afterwards: building may have downloaded the model.
        self._known[key] = {"stamps": stamps(kind, spec), "fingerprint": made}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, json.dumps(self._known, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return made


def fingerprint_of(backend: Any, spec: str) -> str:
    """The fingerprint of a backend; of one that has none its class, its spec, and the files that the spec names."""
    made = getattr(backend, "fingerprint", None)
    return str(made) if made is not None else f"{type(backend).__qualname__} {spec} {_digest(_files(_named(spec)))}"


def stamps(kind: str, spec: str) -> str:
    """A hash of all that can be known about a backend without building it."""
    parsed = Spec.parse(spec)
    target = names(kind).get(parsed.name, "")
    mentioned = [*_named(spec), *_defaults(kind, parsed.name)]
    environment = [os.environ.get(name, "") for name in _ENVIRONMENT]
    return _digest([target, *_files(mentioned), *_commits(mentioned), *_packages(), *environment])


def _named(spec: str) -> list[str]:
    """Every name in a spec that may be one of a file or a model, those in specs within it included.

    >>> _named("fused:ner?recognizer=(hf:a/b?pool=max)&gap=1")
    ['ner', 'hf:a/b?pool=max', 'a/b', 'max', '1']
    """
    parsed = Spec.parse(spec)
    found = [] if parsed.argument is None else [parsed.argument]
    for value in parsed.options.values():
        found.append(value)
        if ":" in value:
            with suppress(UsageError):  # looks like a spec, and is none
                found += _named(value)
    return found


def _defaults(kind: str, name: str) -> list[str]:
    """Strings that the constructor of a backend has as defaults, and that its class has: the models of no spec."""
    try:
        cls = backend_class(kind, name)
    except (BackendError, UnknownNameError):
        return []
    given = [p.default for p in signature(cls).parameters.values()]
    return [value for value in (*given, getattr(cls, "default", None)) if isinstance(value, str)]


def _files(mentioned: list[str]) -> Iterator[str]:
    """Names, sizes and times of the files that are named, and of those in folders that are."""
    for name in mentioned:
        path = Path(name).expanduser()
        if not name or not path.exists():
            continue
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            yield f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}"


def _commits(mentioned: list[str]) -> Iterator[str]:
    """What branches and tags of models in the cache of the hub stand for."""
    for name in mentioned:
        refs = hub_cache() / f"models--{name.replace('/', '--')}" / "refs"
        if name and refs.is_dir():
            yield from (f"{ref} {ref.read_text(encoding='utf-8')}" for ref in sorted(refs.rglob("*")) if ref.is_file())


@cache
def _packages() -> tuple[str, ...]:
    """The Python packages of this interpreter with their versions, and when the system's last changed."""
    folders = [folder for place in sys.path if (folder := Path(place or ".")).is_dir()]
    found = [path.name for folder in folders for path in sorted(folder.glob("*.dist-info"))]
    system = Path(_SYSTEM_PACKAGES)
    return (*found, str(system.stat().st_mtime_ns if system.is_file() else 0))


def _digest(parts: Any) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(path: Path) -> dict[str, dict[str, str]]:
    """What is remembered; nothing where the file is not there or is damaged."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {key: {"stamps": entry["stamps"], "fingerprint": entry["fingerprint"]} for key, entry in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
