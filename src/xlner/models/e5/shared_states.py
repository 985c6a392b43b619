"""The states of a lower layer, shared by all stages of a process that build on that layer.

An aligner that compares the states of layer 7 and a recognizer whose fine-tuned layers follow layer 7 read the same
sentences. The weights are in memory once, and the states of recent sentences are remembered, also for repeated ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakSet

from xlner.models.e5.engines import Lower, make_lower
from xlner.models.e5.weights import E5File
from xlner.models.windows import FloatArray

REMEMBERED = 1 << 17
"""Sub-words whose states are remembered for several stages: those of about 1,500 pairs of sentences, in 200 MB."""
REMEMBERED_ALONE = 1 << 14
"""Sub-words whose states are remembered for one stage, which reads a sentence again only if it is repeated: 25 MB."""


@cache
def shared_states(file: E5File, layer: int, engine: str) -> SharedStates:
    """The shared states of a layer of the model in a file, computed by an engine."""
    return SharedStates(make_lower(engine, file, layer))


class SharedStates:
    """Computes the states of one layer, in any number of threads. `users` are the stages that read them.

    The states of the sequences that were read last are remembered.
    """

    def __init__(self, transformer: Lower) -> None:
        self.users: WeakSet[Any] = WeakSet()
        self.transformer = transformer
        self._known: dict[tuple[int, ...], FloatArray] = {}
        self._size = 0
        self._lock = Lock()

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The states of each sequence, shape (length, hidden). They must not be changed."""
        keys = [tuple(sequence) for sequence in sequences]
        with self._lock:
            found = {key: self._known.pop(key) for key in dict.fromkeys(keys) if key in self._known}
            self._known.update(found)  # to the end, as the ones read last: the first ones are forgotten
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            made = dict(zip(missing, self.transformer(missing), strict=True))
            self._remember(made)
            found |= made
        return [found[key] for key in keys]

    def _remember(self, made: dict[tuple[int, ...], FloatArray]) -> None:
        with self._lock:
            for key, rows in made.items():
                if key not in self._known:
                    # A copy, because the rows are a view of a whole batch, which would stay in memory with them.
                    self._known[key] = rows.copy()
                    self._size += len(rows)
            limit = REMEMBERED if len(self.users) > 1 else REMEMBERED_ALONE
            while self._size > limit:
                oldest = next(iter(self._known))
                self._size -= len(self._known.pop(oldest))
