"""Signs that a model has not learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from xlner.errors import BackendError
from xlner.evaluation.entities import Scores
from xlner.transfer.report import Epoch

_HARDLY = 0.95
_EXPLODED = 2.0
_WAY_OUT = "lower the learning rate, lengthen the warm-up, or try another seed"
_LONGER = f"train longer if there were but a few steps, else {_WAY_OUT}"


def check_numbers(loss: float, norm: float, step: int) -> None:
    """Raise `BackendError` where the loss or its gradient is no number any more: nothing good comes after that."""
    for name, value in (("loss", loss), ("norm of the gradient", norm)):
        if not math.isfinite(value):
            raise BackendError(f"training broke down at step {step}: the {name} is {value}", hint=_WAY_OUT)


def signs(epochs: Sequence[Epoch], entropy: float, found: Mapping[str, Scores]) -> tuple[str, ...]:
    """What looks as if the model had not learned, in plain words.

    `entropy` is the loss of a model that knows how often each tag is and nothing else; `found` has the scores on the
    dev sets, or on training sentences where there are none.
    """
    last = epochs[-1].loss
    signs = []
    if last > _EXPLODED * entropy:
        signs.append(
            f"the loss exploded: {last:.3g} in the last epoch, where a guess by frequency has {entropy:.3g}; {_LONGER}"
        )
    elif last > _HARDLY * entropy:
        signs.append(
            f"the loss stayed flat: {last:.3g} in the last epoch, where a guess by frequency has {entropy:.3g}; "
            "train longer, or with a higher or lower learning rate"
        )
    for name, scores in found.items():
        micro = scores.micro
        if micro.gold and not micro.predicted:
            signs.append(f"every word of {name} is O, where {micro.gold} entities are; {_LONGER}")
        elif micro.gold and not micro.correct:
            signs.append(f"none of the {micro.predicted} entities found in {name} is right; {_LONGER}")
    return tuple(signs)
