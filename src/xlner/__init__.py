"""Cross-lingual named entity recognition by annotation projection.

Everything a user needs is importable from here. Names load on first use, so that `import xlner` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner._version import __version__

if TYPE_CHECKING:
    from xlner import evaluation, fakes, languages, tags
    from xlner._alignment import (
        Alignment,
        GoldAlignment,
    )
    from xlner._detokenize import (
        detokenize,
    )
    from xlner._entity import (
        Entity,
    )
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
    from xlner._labels import (
        LabelMap,
    )
    from xlner._pair import (
        Outcome,
        Pair,
        Projection,
        Reason,
    )
    from xlner._registry import (
        create,
        register,
    )
    from xlner._sentence import (
        Sentence,
    )
    from xlner._signature import (
        Signature,
    )
    from xlner._stages import (
        Aligner,
        Projector,
        Recognizer,
        Translator,
    )
    from xlner._tokenize import (
        tokenize,
    )
    from xlner.alignment.agreement import (
        agreement,
    )
    from xlner.alignment.lexical import (
        LexicalWeights,
    )
    from xlner.alignment.phrases import (
        learn_lexicon,
    )
    from xlner.alignment.symmetrization import (
        symmetrize,
    )
    from xlner.evaluation import (
        AlignmentScores,
        Counts,
        Scores,
        compare,
        evaluate,
        evaluate_alignments,
        evaluate_tags,
        find_errors,
        intervals,
    )
    from xlner.evaluation.reliability import (
        reliability,
    )
    from xlner.formats import (
        read_alignments,
        read_gold_alignments,
        read_pairs,
        read_sentences,
        strict,
        write_pairs,
        write_sentences,
    )
    from xlner.pipeline import (
        Builder,
        Pipeline,
        Recognition,
        RunFolder,
    )
    from xlner.pipeline.filters import (
        SentenceFilters,
    )
    from xlner.projection.back_translation import (
        BackTranslationProjector,
    )
    from xlner.projection.batch import (
        Batch,
        BatchResult,
    )
    from xlner.projection.bounded import (
        bounded_score,
    )
    from xlner.projection.calibration import (
        Calibration,
    )
    from xlner.projection.candidate_sets import (
        CandidateOptions,
        CandidateSet,
    )
    from xlner.projection.candidates import (
        aligned_words,
        between_aligned,
        merged_ranges,
        ngrams,
    )
    from xlner.projection.confidence import (
        ConfidentProjector,
    )
    from xlner.projection.evidence import (
        evidence_score,
    )
    from xlner.projection.fused import (
        FusedProjector,
    )
    from xlner.projection.marker_matching import (
        recover_entities,
    )
    from xlner.projection.marker_reading import (
        read_markers,
    )
    from xlner.projection.marker_translation import (
        translate_labeled,
    )
    from xlner.projection.markers import (
        Markers,
        MarkerStyle,
        write_markers,
    )
    from xlner.projection.matching import (
        Match,
        Option,
        match,
    )
    from xlner.projection.ner import (
        NerScore,
        ner_score,
    )
    from xlner.projection.recognized import (
        RecognizedProjector,
    )
    from xlner.projection.scores import (
        alignment_score,
    )
    from xlner.projection.several import (
        MultiSourceProjector,
    )
    from xlner.projection.soft import (
        soft_score,
    )
    from xlner.projection.strategies import (
        ExactProjector,
        GreedyProjector,
        HeuristicProjector,
        HullProjector,
    )
    from xlner.projection.surface import (
        surface_score,
    )
    from xlner.projection.translation import (
        PhraseScorer,
        TranslationScore,
        translation_score,
    )
    from xlner.projection.tune import (
        Tuned,
        tune,
    )
    from xlner.tags import (
        Repair,
        Scheme,
    )
    from xlner.transfer.adapters import (
        add_adapters,
    )
    from xlner.transfer.ensemble import (
        Ensemble,
    )
    from xlner.transfer.language_adapters import (
        LanguageTuning,
        train_language_adapter,
    )
    from xlner.transfer.report import (
        TrainingReport,
    )
    from xlner.transfer.training import (
        train,
    )
    from xlner.transfer.training_sets import (
        TrainingSet,
    )
    from xlner.transfer.tuning import (
        Tuning,
    )
    from xlner.transfer.zero_shot import (
        ZeroShot,
        zero_shot,
    )

_HOMES = {
    "xlner._alignment": (
        "Alignment",
        "GoldAlignment",
    ),
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
    "xlner._pair": (
        "Outcome",
        "Pair",
        "Projection",
        "Reason",
    ),
    "xlner._registry": (
        "create",
        "register",
    ),
    "xlner._sentence": ("Sentence",),
    "xlner._signature": ("Signature",),
    "xlner._stages": (
        "Aligner",
        "Projector",
        "Recognizer",
        "Translator",
    ),
    "xlner._tokenize": ("tokenize",),
    "xlner.alignment.agreement": ("agreement",),
    "xlner.alignment.lexical": ("LexicalWeights",),
    "xlner.alignment.phrases": ("learn_lexicon",),
    "xlner.alignment.symmetrization": ("symmetrize",),
    "xlner.evaluation": (
        "AlignmentScores",
        "Counts",
        "Scores",
        "compare",
        "evaluate",
        "evaluate_alignments",
        "evaluate_tags",
        "find_errors",
        "intervals",
    ),
    "xlner.evaluation.reliability": ("reliability",),
    "xlner.formats": (
        "read_alignments",
        "read_gold_alignments",
        "read_pairs",
        "read_sentences",
        "strict",
        "write_pairs",
        "write_sentences",
    ),
    "xlner.pipeline": (
        "Builder",
        "Pipeline",
        "Recognition",
        "RunFolder",
    ),
    "xlner.pipeline.filters": ("SentenceFilters",),
    "xlner.projection.back_translation": ("BackTranslationProjector",),
    "xlner.projection.batch": (
        "Batch",
        "BatchResult",
    ),
    "xlner.projection.bounded": ("bounded_score",),
    "xlner.projection.calibration": ("Calibration",),
    "xlner.projection.candidate_sets": (
        "CandidateOptions",
        "CandidateSet",
    ),
    "xlner.projection.candidates": (
        "aligned_words",
        "between_aligned",
        "merged_ranges",
        "ngrams",
    ),
    "xlner.projection.confidence": ("ConfidentProjector",),
    "xlner.projection.evidence": ("evidence_score",),
    "xlner.projection.fused": ("FusedProjector",),
    "xlner.projection.marker_matching": ("recover_entities",),
    "xlner.projection.marker_reading": ("read_markers",),
    "xlner.projection.marker_translation": ("translate_labeled",),
    "xlner.projection.markers": (
        "MarkerStyle",
        "Markers",
        "write_markers",
    ),
    "xlner.projection.matching": (
        "Match",
        "Option",
        "match",
    ),
    "xlner.projection.ner": (
        "NerScore",
        "ner_score",
    ),
    "xlner.projection.recognized": ("RecognizedProjector",),
    "xlner.projection.scores": ("alignment_score",),
    "xlner.projection.several": ("MultiSourceProjector",),
    "xlner.projection.soft": ("soft_score",),
    "xlner.projection.strategies": (
        "ExactProjector",
        "GreedyProjector",
        "HeuristicProjector",
        "HullProjector",
    ),
    "xlner.projection.surface": ("surface_score",),
    "xlner.projection.translation": (
        "PhraseScorer",
        "TranslationScore",
        "translation_score",
    ),
    "xlner.projection.tune": (
        "Tuned",
        "tune",
    ),
    "xlner.tags": (
        "Repair",
        "Scheme",
    ),
    "xlner.transfer.adapters": ("add_adapters",),
    "xlner.transfer.ensemble": ("Ensemble",),
    "xlner.transfer.language_adapters": (
        "LanguageTuning",
        "train_language_adapter",
    ),
    "xlner.transfer.report": ("TrainingReport",),
    "xlner.transfer.training": ("train",),
    "xlner.transfer.training_sets": ("TrainingSet",),
    "xlner.transfer.tuning": ("Tuning",),
    "xlner.transfer.zero_shot": (
        "ZeroShot",
        "zero_shot",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {
    "evaluation": "xlner.evaluation",
    "fakes": "xlner.fakes",
    "languages": "xlner.languages",
    "tags": "xlner.tags",
}

__all__ = [
    "Aligner",
    "Alignment",
    "AlignmentScores",
    "BackTranslationProjector",
    "BackendError",
    "Batch",
    "BatchResult",
    "Builder",
    "Calibration",
    "CandidateOptions",
    "CandidateSet",
    "ConfidentProjector",
    "Counts",
    "Ensemble",
    "Entity",
    "ExactProjector",
    "FusedProjector",
    "GoldAlignment",
    "GreedyProjector",
    "HeuristicProjector",
    "HullProjector",
    "InputError",
    "LabelMap",
    "LanguageTuning",
    "LexicalWeights",
    "MarkerStyle",
    "Markers",
    "Match",
    "MissingExtraError",
    "MultiSourceProjector",
    "NerScore",
    "Option",
    "Outcome",
    "Pair",
    "PhraseScorer",
    "Pipeline",
    "Projection",
    "Projector",
    "Reason",
    "Recognition",
    "RecognizedProjector",
    "Recognizer",
    "Repair",
    "RunFolder",
    "RunFolderError",
    "Scheme",
    "Scores",
    "Sentence",
    "SentenceFilters",
    "Signature",
    "StageError",
    "TrainingReport",
    "TrainingSet",
    "TranslationScore",
    "Translator",
    "Tuned",
    "Tuning",
    "UnknownNameError",
    "ValidationError",
    "XlnerError",
    "ZeroShot",
    "__version__",
    "add_adapters",
    "agreement",
    "aligned_words",
    "alignment_score",
    "between_aligned",
    "bounded_score",
    "compare",
    "create",
    "detokenize",
    "evaluate",
    "evaluate_alignments",
    "evaluate_tags",
    "evaluation",
    "evidence_score",
    "fakes",
    "find_errors",
    "intervals",
    "languages",
    "learn_lexicon",
    "match",
    "merged_ranges",
    "ner_score",
    "ngrams",
    "read_alignments",
    "read_gold_alignments",
    "read_markers",
    "read_pairs",
    "read_sentences",
    "recover_entities",
    "register",
    "reliability",
    "soft_score",
    "strict",
    "surface_score",
    "symmetrize",
    "tags",
    "tokenize",
    "train",
    "train_language_adapter",
    "translate_labeled",
    "translation_score",
    "tune",
    "write_markers",
    "write_pairs",
    "write_sentences",
    "zero_shot",
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
