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
        load,
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
        confidence_intervals,
        evaluate,
        evaluate_alignments,
        evaluate_tags,
        find_errors,
    )
    from xlner.evaluation.reliability import (
        reliability,
    )
    from xlner.formats import (
        raise_errors,
        read_alignments,
        read_gold_alignments,
        read_pairs,
        read_sentences,
        write_pairs,
        write_sentences,
    )
    from xlner.pipeline import (
        Pipeline,
        RecognitionPipeline,
        RunFolder,
        TrainingDataBuilder,
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
        match_spans,
    )
    from xlner.projection.multi_source import (
        MultiSourceProjector,
    )
    from xlner.projection.ner_candidates import (
        NerCandidatesProjector,
    )
    from xlner.projection.scores.alignment import (
        alignment_score,
    )
    from xlner.projection.scores.coverage import (
        coverage_score,
    )
    from xlner.projection.scores.ner import (
        NerScore,
        ner_score,
    )
    from xlner.projection.scores.null_aware_coverage import (
        null_aware_coverage_score,
    )
    from xlner.projection.scores.surface import (
        surface_score,
    )
    from xlner.projection.scores.translation import (
        PhraseScorer,
        TranslationScore,
        translation_score,
    )
    from xlner.projection.scores.weighted_coverage import (
        weighted_coverage_score,
    )
    from xlner.projection.strategies import (
        ExactProjector,
        GreedyProjector,
        HeuristicProjector,
        HullProjector,
    )
    from xlner.projection.weight_tuning import (
        TunedWeights,
        tune_weights,
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
        LanguageAdapterOptions,
        train_language_adapter,
    )
    from xlner.transfer.report import (
        TrainingReport,
    )
    from xlner.transfer.training import (
        train,
    )
    from xlner.transfer.training_options import (
        TrainingOptions,
    )
    from xlner.transfer.training_sets import (
        TrainingSet,
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
        "load",
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
        "confidence_intervals",
    ),
    "xlner.evaluation.reliability": ("reliability",),
    "xlner.formats": (
        "read_alignments",
        "read_gold_alignments",
        "read_pairs",
        "read_sentences",
        "raise_errors",
        "write_pairs",
        "write_sentences",
    ),
    "xlner.pipeline": (
        "TrainingDataBuilder",
        "Pipeline",
        "RecognitionPipeline",
        "RunFolder",
    ),
    "xlner.pipeline.filters": ("SentenceFilters",),
    "xlner.projection.back_translation": ("BackTranslationProjector",),
    "xlner.projection.batch": (
        "Batch",
        "BatchResult",
    ),
    "xlner.projection.scores.coverage": ("coverage_score",),
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
    "xlner.projection.scores.null_aware_coverage": ("null_aware_coverage_score",),
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
        "match_spans",
    ),
    "xlner.projection.scores.ner": (
        "NerScore",
        "ner_score",
    ),
    "xlner.projection.ner_candidates": ("NerCandidatesProjector",),
    "xlner.projection.scores.alignment": ("alignment_score",),
    "xlner.projection.multi_source": ("MultiSourceProjector",),
    "xlner.projection.scores.weighted_coverage": ("weighted_coverage_score",),
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
    "xlner.projection.weight_tuning": (
        "TunedWeights",
        "tune_weights",
    ),
    "xlner.core.tags": (
        "Repair",
        "Scheme",
    ),
    "xlner.transfer.adapters": ("add_adapters",),
    "xlner.transfer.ensemble": ("Ensemble",),
    "xlner.transfer.language_adapters": (
        "LanguageAdapterOptions",
        "train_language_adapter",
    ),
    "xlner.transfer.report": ("TrainingReport",),
    "xlner.transfer.training": ("train",),
    "xlner.transfer.training_sets": ("TrainingSet",),
    "xlner.transfer.training_options": ("TrainingOptions",),
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
    "LanguageAdapterOptions",
    "LexicalWeights",
    "MarkerStyle",
    "Markers",
    "Match",
    "MissingExtraError",
    "MultiSourceProjector",
    "NerCandidatesProjector",
    "NerScore",
    "Option",
    "Outcome",
    "Pair",
    "PhraseScorer",
    "Pipeline",
    "Projection",
    "Projector",
    "Reason",
    "RecognitionPipeline",
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
    "TrainingDataBuilder",
    "TrainingOptions",
    "TrainingReport",
    "TrainingSet",
    "TranslationScore",
    "Translator",
    "TunedWeights",
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
    "compare",
    "confidence_intervals",
    "coverage_score",
    "detokenize",
    "evaluate",
    "evaluate_alignments",
    "evaluate_tags",
    "evaluation",
    "fakes",
    "find_errors",
    "languages",
    "learn_lexicon",
    "load",
    "match_spans",
    "merged_ranges",
    "ner_score",
    "ngrams",
    "null_aware_coverage_score",
    "raise_errors",
    "read_alignments",
    "read_gold_alignments",
    "read_markers",
    "read_pairs",
    "read_sentences",
    "recover_entities",
    "register",
    "reliability",
    "surface_score",
    "symmetrize",
    "tags",
    "tokenize",
    "train",
    "train_language_adapter",
    "translate_labeled",
    "translation_score",
    "tune_weights",
    "weighted_coverage_score",
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
