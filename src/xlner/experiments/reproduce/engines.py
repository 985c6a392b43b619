"""Which engines compute the offline encoder in an experiment: their results differ a little."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature

from xlner.core.registry import Spec, backend_class
from xlner.errors import BackendError, UnknownNameError
from xlner.experiments.reproduce.recipe import Backends
from xlner.models.e5.engines import engine_named


def engines_of(backends: Backends) -> str | None:
    """Return the engines of the aligners and recognizers that have one; None if none has.

    Without an option, they have that of the environment, or the default of this machine.

    >>> engines_of(Backends("small", recognizer="multilingual?engine=numpy", aligners={"mine": "e5?engine=numpy"}))
    'numpy'
    >>> engines_of(Backends("small", recognizer="spacy"))
    """
    return ",".join(sorted(set(_engines(backends)))) or None


def _engines(backends: Backends) -> Iterator[str]:
    recognizers = (backends.recognizer, backends.target_recognizer, *backends.recognizers.values())
    for kind, specs in (("recognizer", recognizers), ("aligner", backends.aligners.values())):
        for spec in map(Spec.parse, filter(None, specs)):
            try:
                engine = signature(backend_class(kind, spec.name)).parameters.get("engine")
            except (BackendError, UnknownNameError):  # such as the links of a file
                continue
            if engine is not None and engine.default is None:
                yield engine_named(spec.options.get("engine"))
