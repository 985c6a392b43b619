"""Signs that a model has not learned anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlner.evaluation.entities import Scores
from xlner.text.counts import counted
from xlner.transfer.report import Epoch

_FLAT, _EXPLODED = 0.95, 2.0
"""From these multiples of the entropy of the tags, the loss counts as flat, and as exploded."""
_ADVICE = (
    "train longer if there were only a few steps; "
    "otherwise lower the learning rate, lengthen the warm-up, or try another seed"
)


def signs_of_collapse(epochs: Sequence[Epoch], entropy: float, found: Mapping[str, Scores]) -> tuple[str, ...]:
    """Messages about a model that does not seem to have learned anything.

    `entropy` is that of the tags: the loss of a model that only knows how frequent each tag is. `found` holds the
    scores on the dev sets, or on training sentences if there are no dev sets.
    """
    last = epochs[-1].loss
    compared = f"{last:.3g} in the last epoch, while guessing by frequency has {entropy:.3g}"
    signs = []
    if last > _EXPLODED * entropy:
        signs.append(f"the loss exploded: {compared}; {_ADVICE}")
    elif last > _FLAT * entropy:
        signs.append(f"the loss stayed flat: {compared}; train longer, or with a higher or lower learning rate")
    for name, scores in found.items():
        micro = scores.micro
        if micro.gold and not micro.predicted:
            there = counted(micro.gold, "entity", "entities")
            signs.append(f"all words of {name} were tagged O, but the data has {there}; {_ADVICE}")
        elif micro.gold and not micro.correct:
            signs.append(
                f"none of {counted(micro.predicted, 'entity', 'entities')} found in {name} is correct; {_ADVICE}"
            )
    return tuple(signs)
