"""Cross-lingual named entity recognition by annotation projection.

Everything a user needs is importable from here. Names load on first use, so that `import xlner` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner._version import __version__

if TYPE_CHECKING:
    from xlner import evaluation, fakes
    from xlner.alignment.agreement import (
        agreement,
    )
    from xlner.alignment.lexical_weights import (
        LexicalWeights,
    )
    from xlner.alignment.lexicons import (
        learn_lexicon,
    )
    from xlner.alignment.symmetrization import (
        symmetrize,
    )
    from xlner.core import tags
    from xlner.core.alignment import (
        Alignment,
        GoldAlignment,
    )
    from xlner.core.entity import (
        Entity,
    )
    from xlner.core.labels import (
        LabelMap,
    )
    from xlner.core.pair import (
        Outcome,
        Pair,
        Projection,
        Reason,
    )
    from xlner.core.registry import (
        create,
        register,
    )
    from xlner.core.sentence import (
        Sentence,
    )
    from xlner.core.signature import (
        Signature,
    )
    from xlner.core.tags import (
        Repair,
        Scheme,
    )
    from xlner.errors import (
        BackendError,
        InputError,
        MissingExtraError,
        RunFolderError,
        StageError,
        UnknownNameError,
        ValidationError,
        XlnerError,
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
    from xlner.projection.fused import (
        FusedProjector,
    )
    from xlner.projection.markers.matching import (
        recover_entities,
    )
    from xlner.projection.markers.reading import (
        read_markers,
    )
    from xlner.projection.markers.styles import (
        Markers,
        MarkerStyle,
        write_markers,
    )
    from xlner.projection.markers.translation import (
        translate_labeled,
    )
    from xlner.projection.matching.match import (
        Match,
        Option,
        match,
    )
    from xlner.projection.multi_source import (
        MultiSourceProjector,
    )
    from xlner.projection.ner_candidates import (
        RecognizedProjector,
    )
    from xlner.projection.scores.alignment import (
        alignment_score,
    )
    from xlner.projection.scores.bounded import (
        bounded_score,
    )
    from xlner.projection.scores.evidence import (
        evidence_score,
    )
    from xlner.projection.scores.ner import (
        NerScore,
        ner_score,
    )
    from xlner.projection.scores.soft import (
        soft_score,
    )
    from xlner.projection.scores.surface import (
        surface_score,
    )
    from xlner.projection.scores.translation import (
        PhraseScorer,
        TranslationScore,
        translation_score,
    )
    from xlner.projection.strategies import (
        ExactProjector,
        GreedyProjector,
        HeuristicProjector,
        HullProjector,
    )
    from xlner.projection.tune import (
        Tuned,
        tune,
    )
    from xlner.stages import (
        Aligner,
        Projector,
        Recognizer,
        Translator,
    )
    from xlner.text import languages
    from xlner.text.detokenizer import (
        detokenize,
    )
    from xlner.text.tokenizer import (
        tokenize,
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
    "xlner.core.alignment": (
        "Alignment",
        "GoldAlignment",
    ),
    "xlner.text.detokenizer": ("detokenize",),
    "xlner.core.entity": ("Entity",),
    "xlner.errors": (
        "BackendError",
        "InputError",
        "MissingExtraError",
        "RunFolderError",
        "StageError",
        "UnknownNameError",
        "ValidationError",
        "XlnerError",
    ),
    "xlner.core.labels": ("LabelMap",),
    "xlner.core.pair": (
        "Outcome",
        "Pair",
        "Projection",
        "Reason",
    ),
    "xlner.core.registry": (
        "create",
        "register",
    ),
    "xlner.core.sentence": ("Sentence",),
    "xlner.core.signature": ("Signature",),
    "xlner.stages": (
        "Aligner",
        "Projector",
        "Recognizer",
        "Translator",
    ),
    "xlner.text.tokenizer": ("tokenize",),
    "xlner.alignment.agreement": ("agreement",),
    "xlner.alignment.lexical_weights": ("LexicalWeights",),
    "xlner.alignment.lexicons": ("learn_lexicon",),
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
    "xlner.projection.scores.bounded": ("bounded_score",),
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
    "xlner.projection.scores.evidence": ("evidence_score",),
    "xlner.projection.fused": ("FusedProjector",),
    "xlner.projection.markers.matching": ("recover_entities",),
    "xlner.projection.markers.reading": ("read_markers",),
    "xlner.projection.markers.translation": ("translate_labeled",),
    "xlner.projection.markers.styles": (
        "MarkerStyle",
        "Markers",
        "write_markers",
    ),
    "xlner.projection.matching.match": (
        "Match",
        "Option",
        "match",
    ),
    "xlner.projection.scores.ner": (
        "NerScore",
        "ner_score",
    ),
    "xlner.projection.ner_candidates": ("RecognizedProjector",),
    "xlner.projection.scores.alignment": ("alignment_score",),
    "xlner.projection.multi_source": ("MultiSourceProjector",),
    "xlner.projection.scores.soft": ("soft_score",),
    "xlner.projection.strategies": (
        "ExactProjector",
        "GreedyProjector",
        "HeuristicProjector",
        "HullProjector",
    ),
    "xlner.projection.scores.surface": ("surface_score",),
    "xlner.projection.scores.translation": (
        "PhraseScorer",
        "TranslationScore",
        "translation_score",
    ),
    "xlner.projection.tune": (
        "Tuned",
        "tune",
    ),
    "xlner.core.tags": (
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
    "languages": "xlner.text.languages",
    "tags": "xlner.core.tags",
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
