"""Scores put together: weighted sums of named scores, and the sums that have a name of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.errors import UnknownNameError, ValidationError
from xlner.projection.scores.alignment import alignment_score
from xlner.projection.scores.coverage import coverage_score
from xlner.projection.scores.null_aware_coverage import null_aware_coverage_score
from xlner.projection.scores.surface import surface_score
from xlner.projection.scores.weighted_coverage import weighted_coverage_score

Score = Callable[[Pair, Sequence[Entity], Sequence[Span]], NDArray[np.float64]]
"""A score of all entities with all candidates of a pair, shape `(n_entities, n_candidates)`, 0 or more."""

SCORES: Mapping[str, Score] = {
    "alignment": alignment_score,
    "coverage": coverage_score,
    "null_aware_coverage": null_aware_coverage_score,
    "weighted_coverage": weighted_coverage_score,
    "surface": surface_score,
}
"""Scores that need nothing but the pair."""

NEED_LINKS = frozenset({"alignment", "coverage", "null_aware_coverage", "weighted_coverage"})
GIVEN = ("ner", "ner_spans", "translation")
"""Scores that need a model, known by name so that presets can speak of them."""
_FROM_SPEC = dict.fromkeys(("ner", "ner_spans"), ", or name a recognizer: ?recognizer=hf:MODEL")
_FROM_SPEC |= {"translation": ", or name a translator: ?scorer=nllb:MODEL"}


@dataclass(frozen=True, slots=True)
class Part:
    """A score in a sum: its name, its weight, and the value below which it counts as 0.

    Raises `ValidationError` for a weight or threshold that is negative or not finite.

    >>> Part("surface", 0.5, 0.7)
    Part(name='surface', weight=0.5, threshold=0.7)
    """

    name: str
    weight: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.weight < math.inf and 0 <= self.threshold < math.inf):
            raise ValidationError(f"weight {self.weight} or threshold {self.threshold} of {self.name} is negative")

    def __str__(self) -> str:
        text = f"{self.name}:{self.weight:g}"
        return f"{text}:{self.threshold:g}" if self.threshold else text


# The eight sums of Shkalikov's thesis, by the names that its results have. It states the weights of the last one, the
# length scaling (see `ner_score`) and both thresholds. The weights of the others are ours: those that the last one
# gives the same scores; one score alone needs none.
_ALIGN, _NER, _NER_SPANS = Part("alignment", 0.5), Part("ner", 0.5, 0.05), Part("ner_spans", 0.5, 0.05)
_NMT = Part("translation", 1.0, 0.1)

PRESETS: Mapping[str, tuple[Part, ...]] = {
    "align": (Part("alignment"),),
    "ner": (Part("ner", 1.0, 0.05),),
    "nmt": (_NMT,),
    "align+ner": (_ALIGN, _NER),
    "align+ner-spans": (_ALIGN, _NER_SPANS),
    "align+nmt": (_ALIGN, _NMT),
    "ner-spans+nmt": (_NER_SPANS, _NMT),
    "align+ner-spans+nmt": (_ALIGN, _NER_SPANS, _NMT),
    # Ours, chosen on MasakhaNER2 dev (lug, pcm, twi) and Europarl-NER (es, de) with e5 links. Against alignment alone,
    # align+surface gains 1.4 to 2.1 points of F1 on the former and loses 0.2 on the latter, where a surface weight of 1
    # from 0.7 on loses up to 8.7: words that are alike are not yet names.
    "surface": (Part("surface", 1.0, 0.7),),
    "align+surface": (Part("alignment", 1.0, 0.6), Part("surface", 0.5, 0.9)),
    "coverage+surface": (Part("coverage", 1.0, 0.6), Part("surface", 0.5, 0.9)),
    "weighted-coverage+surface": (Part("weighted_coverage", 1.0, 0.4), Part("surface", 0.5, 0.9)),
    # For links with weights, chosen on UNER-PUD (pt, sv) by benchmarks/europarl_eflomal.py.
    "null-aware-coverage": (Part("null_aware_coverage", 1.0, 0.6),),
}
"""Sums by name; parts named in `GIVEN` need a function that gives them."""


def preset(name: str) -> tuple[Part, ...]:
    """The parts of a preset; raises `UnknownNameError` with the known names.

    >>> [str(part) for part in preset("align+surface")]
    ['alignment:1:0.6', 'surface:0.5:0.9']
    """
    if name not in PRESETS:
        raise UnknownNameError(f"unknown preset {name!r}", hint=f"known: {', '.join(PRESETS)}")
    return PRESETS[name]


def parse_weights(text: str) -> tuple[Part, ...]:
    """Parts written as `name:weight` or `name:weight:threshold`, separated by commas.

    Raises `ValidationError` for numbers that cannot be read, a score named twice, and where all weights are 0.

    >>> parse_weights("alignment:1,surface:0.5:0.7")[1].threshold
    0.7
    """
    parts = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, *numbers = item.split(":")
        try:
            weight, threshold = map(float, (*numbers, *("1", "0")[len(numbers) :]))
        except ValueError:
            raise ValidationError(f"cannot read weight {item!r}", hint="write name:weight[:threshold],…") from None
        parts.append(Part(name, weight, threshold))
    if len({p.name for p in parts}) < len(parts):
        raise ValidationError(f"weights {text!r} name a score twice")
    if not any(p.weight for p in parts):
        raise ValidationError(f"weights {text!r} leave nothing to score with")
    return tuple(parts)


def weights_text(parts: Sequence[Part]) -> str:
    """Parts as `parse_weights` reads them.

    >>> weights_text(preset("align+surface"))
    'alignment:1:0.6,surface:0.5:0.9'
    """
    return ",".join(map(str, parts))


def resolve(parts: Sequence[Part], given: Mapping[str, Score]) -> dict[str, Score]:
    """The function of each part, from `given` or of our own.

    Raises `UnknownNameError` for a part that nothing computes and for a given score that no part names.
    """
    unused = sorted(given.keys() - {p.name for p in parts})
    if unused:
        raise UnknownNameError(f"no weight for the given score {unused[0]!r}", hint="name it in weights")
    known = {**SCORES, **given}
    for part in parts:
        if part.name in GIVEN and part.name not in known:
            raise UnknownNameError(
                f"score {part.name!r} needs a model",
                hint=f"pass a function: FusedProjector(…, {part.name}=…){_FROM_SPEC.get(part.name, '')}",
            )
        if part.name not in known:
            raise UnknownNameError(f"unknown score {part.name!r}", hint=f"known: {', '.join((*SCORES, *GIVEN))}")
    return {p.name: known[p.name] for p in parts}


def fused_score(parts: Sequence[Part], scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """`Σ_k w_k · c_k · [c_k ≥ θ_k]` of the scores of all parts, which have the same shape.

    >>> fused_score([Part("a", 2.0), Part("b", 1.0, 0.5)], [np.array([[0.25]]), np.array([[0.4]])]).tolist()
    [[0.5]]
    """
    total = np.zeros(scores[0].shape)
    for part, score in zip(parts, scores, strict=True):
        total += part.weight * np.where(score >= part.threshold, score, 0.0)
    return total


def compute(
    functions: Mapping[str, Score], pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]
) -> list[NDArray[np.float64]]:
    """All scores of a pair; raises `ValidationError` where one has another shape, or a number below 0 or not finite."""
    shape = (len(entities), len(candidates))
    found = []
    for name, function in functions.items():
        score = np.asarray(function(pair, entities, candidates), dtype=np.float64)
        if score.shape != shape:
            raise ValidationError(f"score {name!r} has shape {score.shape} where {shape} is needed")
        if not ((score >= 0) & np.isfinite(score)).all():
            raise ValidationError(f"score {name!r} has numbers that are negative or not finite")
        found.append(score)
    return found
