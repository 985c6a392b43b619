"""Which tags a word may have, in a set that does not annotate all types."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray


def allowed_tags(tags: Sequence[str], labels: Collection[str], known: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the known tags each word may have, shape (n_words, n_known).

    A word has its tag. If it is `O`, or of a type that the set does not annotate reliably, it may be `O` and all types
    that are not in `labels`.

    >>> allowed_tags(["B-PER", "O"], ["PER"], ["O", "B-PER", "B-DATE"]).tolist()
    [[False, True, False], [True, False, True]]
    """
    outside = np.array([tag == "O" or tag[2:] not in labels for tag in known])
    place = {tag: k for k, tag in enumerate(known) if tag[2:] in labels}
    result = np.zeros((len(tags), len(known)), dtype=np.bool_)
    for row, tag in zip(result, tags, strict=True):
        if tag in place:
            row[place[tag]] = True
        else:
            row[:] = outside
    return result
