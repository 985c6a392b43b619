"""Weighted sums of named scores, and presets of them.

Other packages add scores with an entry point in the group `xlner.scores`, whose value is a `Score`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.core.plugins import plugins
from xlner.errors import UnknownNameError, UsageError, ValidationError
from xlner.projection.scores.alignment import alignment_score
from xlner.projection.scores.coverage import coverage_score
from xlner.projection.scores.null_aware_coverage import null_aware_coverage_score
from xlner.projection.scores.surface import surface_score
from xlner.projection.scores.weighted_coverage import weighted_coverage_score
from xlner.text.suggestions import names_hint

Score = Callable[[Pair, Sequence[Entity], Sequence[Span]], NDArray[np.float64]]
"""A score of all entities with all candidates of a pair, shape `(n_entities, n_candidates)`, 0 or more."""

BUILT_IN_SCORES: Mapping[str, Score] = {
    "alignment": alignment_score,
    "coverage": coverage_score,
    "null_aware_coverage": null_aware_coverage_score,
    "weighted_coverage": weighted_coverage_score,
    "surface": surface_score,
}
"""Scores that need only the pair."""

GROUP = "xlner.scores"
"""The group of entry points."""

LINK_SCORES = frozenset({"alignment", "coverage", "null_aware_coverage", "weighted_coverage"})
"""Built-in scores that need an alignment."""

MODEL_SCORES = ("ner", "ner_spans", "translation")
"""Scores that need a model. Their names are reserved, so that presets can use them."""

DEFAULT_PRESET = "align+surface"

_SPEC_HINTS = dict.fromkeys(("ner", "ner_spans"), ", or name a recognizer in the spec: ?recognizer=hf:MODEL")
_SPEC_HINTS |= {"translation": ", or name a translator in the spec: ?scorer=nllb:MODEL"}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a weighted sum: the name of a score, its weight, and the threshold below which it counts as 0.

    Raises `ValidationError` for a weight or threshold that is negative or not finite.

    >>> Term("surface", 0.5, 0.7)
    Term(name='surface', weight=0.5, threshold=0.7)
    """

    name: str
    weight: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.weight < math.inf and 0 <= self.threshold < math.inf):
            raise ValidationError(
                f"weight {self.weight} or threshold {self.threshold} of score {self.name!r} is negative or not finite"
            )

    def __str__(self) -> str:
        text = f"{self.name}:{self.weight:g}"
        return f"{text}:{self.threshold:g}" if self.threshold else text


# The first eight are the sums of Shkalikov's thesis, named as in its tables. The thesis states both thresholds, the
# length scaling (see `ner_score`) and the weights of the eighth sum. For the others it states none; here each score
# has the weight that it has in the eighth, and a score alone the weight 1.
_ALIGN, _NER, _NER_SPANS = Term("alignment", 0.5), Term("ner", 0.5, 0.05), Term("ner_spans", 0.5, 0.05)
_NMT = Term("translation", 1.0, 0.1)

PRESETS: Mapping[str, tuple[Term, ...]] = {
    "align": (Term("alignment"),),
    "ner": (Term("ner", 1.0, 0.05),),
    "nmt": (_NMT,),
    "align+ner": (_ALIGN, _NER),
    "align+ner-spans": (_ALIGN, _NER_SPANS),
    "align+nmt": (_ALIGN, _NMT),
    "ner-spans+nmt": (_NER_SPANS, _NMT),
    "align+ner-spans+nmt": (_ALIGN, _NER_SPANS, _NMT),
    # Not in the thesis. Chosen on MasakhaNER2 dev (lug, pcm, twi) and Europarl-NER (es, de) with e5 links. Against
    # alignment alone, align+surface gains 1.4 to 2.1 points of F1 on MasakhaNER2 and loses 0.2 on Europarl-NER, where
    # a surface weight of 1 with a threshold of 0.7 loses up to 8.7: similar words are often not names.
    "surface": (Term("surface", 1.0, 0.7),),
    "align+surface": (Term("alignment", 1.0, 0.6), Term("surface", 0.5, 0.9)),
    "coverage+surface": (Term("coverage", 1.0, 0.6), Term("surface", 0.5, 0.9)),
    "weighted-coverage+surface": (Term("weighted_coverage", 1.0, 0.4), Term("surface", 0.5, 0.9)),
    # For names that are copied: a span that is spelled almost like the entity outweighs any links. Chosen on the same
    # sets, PUD, opinion targets and xSID. The weight need not follow the share of names that are found verbatim: with
    # the threshold of 0.9, a large one does no harm where few are.
    "copied-surface": (Term("alignment", 1.0, 0.6), Term("surface", 4.0, 0.9)),
    # For weighted links. Chosen on UNER-PUD (pt, sv) by benchmarks/europarl_eflomal.py.
    "null-aware-coverage": (Term("null_aware_coverage", 1.0, 0.6),),
}
"""Weighted sums by name. Terms in `MODEL_SCORES` need a function that computes them."""


def preset(name: str) -> tuple[Term, ...]:
    """The terms of a preset. Raises `UnknownNameError`, with the known names, for any other name.

    >>> [str(term) for term in preset("align+surface")]
    ['alignment:1:0.6', 'surface:0.5:0.9']
    """
    if name not in PRESETS:
        raise UnknownNameError(f"unknown preset {name!r}", hint=names_hint(name, PRESETS))
    return PRESETS[name]


def parse_weights(text: str) -> tuple[Term, ...]:
    """Parse terms written as `name:weight` or `name:weight:threshold`, separated by commas.

    Raises `UsageError` for a number that cannot be read, for a score named twice, and if all weights are 0;
    `ValidationError` for a negative number.

    >>> parse_weights("alignment:1,surface:0.5:0.7")[1].threshold
    0.7
    """
    terms = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, *numbers = item.split(":")
        try:
            weight, threshold = map(float, (*numbers, *("1", "0")[len(numbers) :]))
        except ValueError:
            raise UsageError(f"cannot read weight {item!r}", hint="write name:weight[:threshold],…") from None
        terms.append(Term(name, weight, threshold))
    if len({t.name for t in terms}) < len(terms):
        raise UsageError(f"weights {text!r} name a score twice")
    if not any(t.weight for t in terms):
        raise UsageError(f"weights {text!r} have no weight above 0")
    return tuple(terms)


def terms_of(preset_name: str | None, weights: str | None) -> tuple[Term, ...]:
    """The terms of a preset or of written weights; those of the default preset if neither is given.

    Raises `UsageError` if both are given.

    >>> terms_of(None, "alignment:1")
    (Term(name='alignment', weight=1.0, threshold=0.0),)
    """
    if preset_name is not None and weights is not None:
        raise UsageError(f"preset {preset_name!r} and weights {weights!r} exclude each other", hint="give one of them")
    return preset(preset_name or DEFAULT_PRESET) if weights is None else parse_weights(weights)


def weights_text(terms: Sequence[Term]) -> str:
    """Terms written as `parse_weights` reads them.

    >>> weights_text(preset("align+surface"))
    'alignment:1:0.6,surface:0.5:0.9'
    """
    return ",".join(map(str, terms))


def resolve(terms: Sequence[Term], given: Mapping[str, Score]) -> dict[str, Score]:
    """The function of each term: from `given`, built in, or from another package.

    Raises `UnknownNameError` for a term with an unknown name, and for a given name that is not a term; `UsageError` for
    the score of a model that is not given.

    >>> list(resolve([Term("coverage")], {}))
    ['coverage']
    """
    unused = sorted(given.keys() - {t.name for t in terms})
    if unused:
        raise UnknownNameError(
            f"no weight for the given score {unused[0]!r}",
            hint="name it in weights, or check the spelling of the option",
        )
    known = {**BUILT_IN_SCORES, **given}
    if not known.keys() >= {t.name for t in terms} - set(MODEL_SCORES):  # asking for those of others takes a while
        known = {**plugins(GROUP, "score", callable), **known}
    for term in terms:
        if term.name in MODEL_SCORES and term.name not in known:
            raise UsageError(
                f"score {term.name!r} needs a model",
                hint=f"pass a function: FusedProjector(…, {term.name}=…){_SPEC_HINTS.get(term.name, '')}",
            )
        if term.name not in known:
            every = dict.fromkeys((*BUILT_IN_SCORES, *MODEL_SCORES, *known))
            raise UnknownNameError(f"unknown score {term.name!r}", hint=names_hint(term.name, every))
    return {t.name: known[t.name] for t in terms}


def score_fingerprint(score: Callable[..., object]) -> str:
    """A string that identifies a function: its `fingerprint` if it has one, else its module and name.

    For a method it includes the fingerprint of the object.

    >>> score_fingerprint(alignment_score)
    'xlner.projection.scores.alignment.alignment_score'
    """
    fingerprint = getattr(score, "fingerprint", None)
    if fingerprint is not None:
        return str(fingerprint)
    name = f"{score.__module__}.{getattr(score, '__qualname__', type(score).__qualname__)}"
    owner = getattr(getattr(score, "__self__", None), "fingerprint", None)
    return name if owner is None else f"{name} of {owner}"


def weighted_sum(terms: Sequence[Term], scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """`Σ_k w_k · c_k · [c_k ≥ θ_k]` of the scores of all terms, which have the same shape.

    >>> weighted_sum([Term("a", 2.0), Term("b", 1.0, 0.5)], [np.array([[0.25]]), np.array([[0.4]])]).tolist()
    [[0.5]]
    """
    total = np.zeros(scores[0].shape)
    for term, score in zip(terms, scores, strict=True):
        total += term.weight * np.where(score >= term.threshold, score, 0.0)
    return total


def compute_scores(
    functions: Mapping[str, Score], pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]
) -> list[NDArray[np.float64]]:
    """The scores of a pair by all functions, each of shape `(n_entities, n_candidates)`.

    Raises `ValidationError` for a score with another shape, and for one that is negative or not finite.

    >>> from xlner import Sentence
    >>> vigo, pair = Entity(0, 1, "LOC"), Pair(Sentence(("Vigo",)))
    >>> compute_scores({"one": lambda *_: np.ones((1, 1))}, pair, [vigo], [(0, 1)])[0].tolist()
    [[1.0]]
    """
    shape = (len(entities), len(candidates))
    found = []
    for name, function in functions.items():
        score = np.asarray(function(pair, entities, candidates), dtype=np.float64)
        if score.shape != shape:
            raise ValidationError(f"score {name!r} has shape {score.shape}, not {shape}")
        if not ((score >= 0) & np.isfinite(score)).all():
            raise ValidationError(f"score {name!r} has values that are negative or not finite")
        found.append(score)
    return found
