"""Cross-lingual named entity recognition by annotation projection.

Everything a user needs is importable from here. Names load on first use, so that `import xlner` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner._version import __version__

if TYPE_CHECKING:
    from xlner import fakes, languages, tags
    from xlner._alignment import Alignment, GoldAlignment
    from xlner._detokenize import detokenize
    from xlner._entity import Entity
    from xlner._errors import (
        BackendError,
        InputError,
        MissingExtraError,
        RunFolderError,
        StageError,
        UnknownNameError,
        ValidationError,
        XlnerError,
    )
    from xlner._labels import LabelMap
    from xlner._pair import Outcome, Pair, Projection, Reason
    from xlner._registry import create, register
    from xlner._sentence import Sentence
    from xlner._signature import Signature
    from xlner._stages import Aligner, Projector, Recognizer, Translator
    from xlner._tokenize import tokenize
    from xlner.alignment.symmetrization import symmetrize
    from xlner.evaluation import AlignmentScores, Counts, Scores, evaluate, evaluate_alignments
    from xlner.formats import (
        read_alignments,
        read_gold_alignments,
        read_pairs,
        read_sentences,
        strict,
        write_pairs,
        write_sentences,
    )
    from xlner.pipeline import Pipeline, RunFolder
    from xlner.tags import Repair, Scheme

_HOMES = {
    "xlner._alignment": ("Alignment", "GoldAlignment"),
    "xlner._detokenize": ("detokenize",),
    "xlner._entity": ("Entity",),
    "xlner._errors": (
        "BackendError",
        "InputError",
        "MissingExtraError",
        "RunFolderError",
        "StageError",
        "UnknownNameError",
        "ValidationError",
        "XlnerError",
    ),
    "xlner._labels": ("LabelMap",),
    "xlner._pair": ("Outcome", "Pair", "Projection", "Reason"),
    "xlner._registry": ("create", "register"),
    "xlner._sentence": ("Sentence",),
    "xlner._signature": ("Signature",),
    "xlner._stages": ("Aligner", "Projector", "Recognizer", "Translator"),
    "xlner.tags": ("Repair", "Scheme"),
    "xlner._tokenize": ("tokenize",),
    "xlner.alignment.symmetrization": ("symmetrize",),
    "xlner.evaluation": ("AlignmentScores", "Counts", "Scores", "evaluate", "evaluate_alignments"),
    "xlner.formats": (
        "read_alignments",
        "read_gold_alignments",
        "read_pairs",
        "read_sentences",
        "strict",
        "write_pairs",
        "write_sentences",
    ),
    "xlner.pipeline": ("Pipeline", "RunFolder"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {"fakes": "xlner.fakes", "languages": "xlner.languages", "tags": "xlner.tags"}

__all__ = [
    "Aligner",
    "Alignment",
    "AlignmentScores",
    "BackendError",
    "Counts",
    "Entity",
    "GoldAlignment",
    "InputError",
    "LabelMap",
    "MissingExtraError",
    "Outcome",
    "Pair",
    "Pipeline",
    "Projection",
    "Projector",
    "Reason",
    "Recognizer",
    "Repair",
    "RunFolder",
    "RunFolderError",
    "Scheme",
    "Scores",
    "Sentence",
    "Signature",
    "StageError",
    "Translator",
    "UnknownNameError",
    "ValidationError",
    "XlnerError",
    "__version__",
    "create",
    "detokenize",
    "evaluate",
    "evaluate_alignments",
    "fakes",
    "languages",
    "read_alignments",
    "read_gold_alignments",
    "read_pairs",
    "read_sentences",
    "register",
    "strict",
    "symmetrize",
    "tags",
    "tokenize",
    "write_pairs",
    "write_sentences",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        value = import_module(_MODULES[name])
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'xlner' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
