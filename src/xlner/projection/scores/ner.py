"""How likely a recognizer for the target language finds a candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.projection.scores.weighted_sum import score_fingerprint


def ner_score(
    pair: Pair,
    entities: Sequence[Entity],
    candidates: Sequence[Span],
    *,
    probabilities: NDArray[np.floating],
    classes: Sequence[str],
    spans_only: bool = False,
    alpha: float = 1.15,
    temperature: float = 1.0,
    threshold: float = 0.05,
) -> NDArray[np.float64]:
    """The mean probability that a candidate is an entity of the class, shape `(n_entities, n_candidates)`.

    For a candidate `[a, b)` and a class `c`, `m = (p_a(B-c) + Σ_{a<i<b} p_i(I-c)) / (b - a)` (Shkalikov's thesis, by
    its code).

    - `probabilities`, shape `(n_words, n_classes)`: those of the words of the target sentence.
    - `classes`: the names of its columns, such as `O`, `B-PER`, `I-PER`. If `B-` or `I-` of a label is missing, the
      other one is used for both; `PER` alone stands for both.
    - `spans_only`: every entity gets the score of the best class. Otherwise it gets the score of its own label, and 0
      if the model does not know the label.
    - `alpha`: if the most likely tags of the words are `B-c I-c …`, `m` is multiplied by `alpha^(b-a-1)`, because the
      mean over several words is rarely as high as the probability of one. A long candidate may score more than 1.
    - `temperature`: probabilities become `p^(1/temperature)`, scaled to sum to 1, as a temperature on logits does.
    - `threshold`: scores below it are 0.

    Raises `ValidationError` for a shape that does not fit, numbers that are not probabilities, and a temperature or
    alpha that is not positive.

    >>> from xlner import Sentence
    >>> pair = Pair(Sentence(("Ana", "Pardo")))
    >>> p = np.array([[0.1, 0.9, 0.0], [0.3, 0.0, 0.7]])
    >>> ner_score(pair, [Entity(0, 1, "PER")], [(0, 1), (0, 2)], probabilities=p, classes=["O", "B-PER", "I-PER"])
    array([[0.9 , 0.92]])
    """
    p = _probabilities(probabilities, len(pair.target), len(classes), alpha, temperature)
    spans = np.asarray(candidates, dtype=np.int64).reshape(-1, 2)
    # Of the given probabilities: a temperature keeps their order, but may round two of them to the same number.
    best = np.argmax(probabilities, axis=1) if p.size else np.zeros(len(p), dtype=np.intp)
    by_label = {label: _span_scores(p, best, spans, columns, alpha) for label, columns in _columns(classes).items()}
    nothing = np.zeros(len(spans))
    if spans_only:
        row = np.max([nothing, *by_label.values()], axis=0)
        scores = np.tile(row, (len(entities), 1))
    else:
        rows = [by_label.get(e.label, nothing) for e in entities]
        scores = np.array(rows).reshape(len(entities), len(spans))
    return np.where(scores >= threshold, scores, 0.0)


@dataclass(frozen=True, slots=True)
class NerScore:
    """`ner_score` with a function that gives the probabilities of a target sentence, shape `(n_words, n_classes)`.

    The other fields are the options of `ner_score`.

    >>> from xlner import Sentence
    >>> score = NerScore(("O", "PER"), lambda sentence: np.array([[0.25, 0.75]]))
    >>> score(Pair(Sentence(("Ana",))), [Entity(0, 1, "PER")], [(0, 1)]).tolist()
    [[0.75]]
    """

    classes: tuple[str, ...]
    probabilities: Callable[[Sentence], NDArray[np.floating]]
    spans_only: bool = False
    alpha: float = 1.15
    temperature: float = 1.0
    threshold: float = 0.05

    @property
    def fingerprint(self) -> str:
        """The options and the function."""
        options = "&".join(f"{f.name}={getattr(self, f.name)}" for f in fields(self) if f.name != "probabilities")
        return f"ner?{options}&probabilities={score_fingerprint(self.probabilities)}"

    def __call__(self, pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        """The scores of one pair."""
        return ner_score(
            pair,
            entities,
            candidates,
            probabilities=self.probabilities(pair.target),
            classes=self.classes,
            spans_only=self.spans_only,
            alpha=self.alpha,
            temperature=self.temperature,
            threshold=self.threshold,
        )


def _probabilities(
    given: NDArray[np.floating], n_words: int, n_classes: int, alpha: float, temperature: float
) -> NDArray[np.float64]:
    p = np.asarray(given, dtype=np.float64)
    if p.shape != (n_words, n_classes):
        raise ValidationError(f"probabilities of shape {p.shape} do not fit {n_words} words and {n_classes} classes")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValidationError("probabilities must be between 0 and 1")
    if not (0 < temperature < np.inf and 0 < alpha < np.inf):
        raise ValidationError(f"temperature {temperature} and alpha {alpha} must be positive")
    if temperature == 1:
        return p
    # Divide by the largest first, because high powers of small numbers would all be 0.
    top = p.max(axis=1, keepdims=True, initial=np.finfo(float).tiny)
    powers = (p / top) ** (1 / temperature)
    scaled: NDArray[np.float64] = powers / np.maximum(powers.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return scaled


def _columns(classes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The columns of `B-` and `I-` of each label."""
    begin = {c[2:]: k for k, c in enumerate(classes) if c.startswith("B-")}
    inside = {c[2:]: k for k, c in enumerate(classes) if c.startswith("I-")}
    bare = {c: k for k, c in enumerate(classes) if not c.startswith(("B-", "I-")) and c != "O"}
    either = bare | inside | begin
    return {label: (begin.get(label, at), inside.get(label, at)) for label, at in either.items()}


def _span_scores(
    p: NDArray[np.float64], best: NDArray[np.intp], spans: NDArray[np.int64], columns: tuple[int, int], alpha: float
) -> NDArray[np.float64]:
    """The score of each span for the label whose `B-` and `I-` are in these columns."""
    b, i = columns
    starts, ends = spans.T
    inside = np.concatenate([[0.0], p[:, i].cumsum()])
    tagged = np.concatenate([[0], (best == i).cumsum()])
    sizes = ends - starts
    means = (p[starts, b] + inside[ends] - inside[starts + 1]) / sizes
    is_entity = (best[starts] == b) & (tagged[ends] - tagged[starts + 1] == sizes - 1)
    scores: NDArray[np.float64] = means * np.where(is_entity, alpha ** (sizes - 1.0), 1.0)
    return scores
