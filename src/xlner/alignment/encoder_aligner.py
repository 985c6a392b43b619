"""Aligners with two parts: an encoder that computes word vectors, and a decoder that turns similarities into links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from xlner.alignment.decoders import Decoder, Option, make_decoder, option_types
from xlner.alignment.word_vectors import WordVectors, link
from xlner.core.alignment import Alignment
from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.models.threads import single_threaded_blas

_PAIRS_PER_BATCH = 256
"""Pairs whose word vectors are held in memory at a time."""


@runtime_checkable
class Encoder(Protocol):
    """Computes the vectors of the words of sentences.

    >>> import numpy as np
    >>> class Encoder1:
    ...     fingerprint = "ones"
    ...     def encode(self, sentences):
    ...         return [WordVectors(np.ones((len(s), 1), np.float32)) for s in sentences]
    >>> EncoderAligner(Encoder1()).fingerprint.partition("?")[0]
    'ones:itermax'
    """

    @property
    def fingerprint(self) -> str:
        """`name?option=value&…`: everything that the vectors depend on, except the sentences."""
        ...

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """The vectors of each sentence, whatever its length. They do not depend on the other sentences."""
        ...


@dataclass(frozen=True, slots=True)
class EncoderAlignerOptions:
    """Options of an `EncoderAligner`, in addition to those of its encoder and its decoder."""

    similarity: bool = False


class EncoderAligner:
    """Links words whose vectors are similar, with any encoder and any decoder.

    - `encoder`: an object that fulfills `Encoder`.
    - `decoder`: a decoder, or a name or alias in `xlner.alignment.decoders`. Options of the decoder are further
      keywords.
    - `similarity`: adds the cosines of all words to the alignments, for scores that use them.

    If the encoder returns one vector per sub-word, two words are linked when any of their sub-words are linked. The
    encoder gets both sides of up to 256 pairs at once, each distinct sentence once.

    Raises `UnknownNameError` for an unknown decoder or option, and `UsageError` for numbers out of range.

    >>> import numpy as np
    >>> class Lengths:
    ...     fingerprint = "lengths?"
    ...     def encode(self, sentences):
    ...         vectors = (np.array([[len(t), 1.0] for t in s.tokens], dtype=np.float32) for s in sentences)
    ...         return [WordVectors.pool(v, np.ones(len(v), dtype=np.intp)) for v in vectors]
    >>> pair = Pair(Sentence(("Vigo", "é")), Sentence(("a", "Vigo")))
    >>> EncoderAligner(Lengths(), "inter").align([pair])[0].links
    ((0, 1), (1, 0))
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: str | Decoder = "itermax",
        *,
        similarity: bool = False,
        **decoder_options: Option,
    ) -> None:
        self.encoder = encoder
        self.decoder = make_decoder(decoder, **decoder_options) if isinstance(decoder, str) else decoder
        self.options = EncoderAlignerOptions(similarity)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, type]:
        """The options of the decoder that a spec names."""
        return option_types(given.get("decoder", "itermax"))

    @property
    def fingerprint(self) -> str:
        """Everything that the links depend on, except the pairs: the encoder, the decoder and their options."""
        encoder, _, encoder_options = self.encoder.fingerprint.partition("?")
        decoder, _, decoder_options = self.decoder.fingerprint.partition("?")
        own = options_fingerprint("", self.options).removeprefix("?")
        return f"{encoder}:{decoder}?{'&'.join(filter(None, (encoder_options, decoder_options, own)))}"

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair and their weights. Raises `ValidationError` for a pair without a source."""
        alignments: list[Alignment] = []
        for start in range(0, len(pairs), _PAIRS_PER_BATCH):
            sides = [_both_sides(pair) for pair in pairs[start : start + _PAIRS_PER_BATCH]]
            distinct = {_key(sentence): sentence for both in sides for sentence in both}
            vectors = dict(zip(distinct, self.encoder.encode(list(distinct.values())), strict=True))
            with single_threaded_blas():
                for source, target in sides:
                    lengths = (len(source), len(target)) if self.options.similarity else None
                    alignments.append(link(vectors[_key(source)], vectors[_key(target)], self.decoder, lengths=lengths))
        return alignments


def _key(sentence: Sentence) -> tuple[tuple[str, ...], str | None]:
    return sentence.tokens, sentence.language


def _both_sides(pair: Pair) -> tuple[Sentence, Sentence]:
    return pair.require_source(), pair.target
