"""Drawing training sentences from several languages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from xlner.core.sentence import Sentence
from xlner.errors import ValidationError


def counts(sizes: Mapping[str, int], total: int | None = None, temperature: float = 1.0) -> dict[str, int]:
    """The number of sentences to draw from each language, given the number that each has.

    The share of a language is proportional to `size ** (1 / temperature)` (Devlin et al. 2019; Conneau et al. 2020). A
    temperature of 1 keeps the proportions, infinity makes all shares equal. The result adds up to `total`, by default
    the sum of the sizes: shares are rounded down, and the languages with the largest fractions get one sentence more. A
    language may get more sentences than it has; they are then repeated, see `drawn`. A language without sentences gets
    none.

    Raises `ValidationError` if there are no sentences, or if the total or the temperature is below 1.

    >>> counts({"de": 3000, "en": 1000}, 400)
    {'de': 300, 'en': 100}
    >>> counts({"de": 3000, "en": 1000, "nl": 10}, 1000, math.inf)
    {'de': 334, 'en': 333, 'nl': 333}
    """
    if not temperature >= 1:
        raise ValidationError(f"temperature {temperature} is not at least 1")
    if min(sizes.values(), default=0) < 0 or sum(sizes.values()) < 1:
        raise ValidationError("there are no sentences to choose from")
    total = sum(sizes.values()) if total is None else total
    if total < 1:
        raise ValidationError(f"a total of {total} sentences is not at least 1")
    # Exact fractions, so that equal weights give equal shares.
    weights = {code: Fraction(_weight(size, temperature)) for code, size in sizes.items()}
    shares = {code: total * weight / sum(weights.values()) for code, weight in weights.items()}
    made = {code: math.floor(share) for code, share in shares.items()}
    by_rest = sorted(shares, key=lambda code: (made[code] - shares[code], code))
    for code in by_rest[: total - sum(made.values())]:
        made[code] += 1
    return made


def drawn(sentences: Sequence[Sentence], count: int, rng: np.random.Generator) -> list[Sentence]:
    """Draw `count` sentences in random order. A sentence is repeated only after all others have been drawn as often.

    >>> made = drawn([Sentence(("a",)), Sentence(("b",))], 5, np.random.default_rng(0))
    >>> sorted(s.tokens[0] for s in made[:4])
    ['a', 'a', 'b', 'b']
    """
    order: list[int] = []
    while len(order) < count:
        order += rng.permutation(len(sentences)).tolist()
    return [sentences[i] for i in order[:count]]


def _weight(size: int, temperature: float) -> float | int:
    if size == 0:
        return 0
    if temperature == 1:
        return size
    return 1 if math.isinf(temperature) else size ** (1 / temperature)
