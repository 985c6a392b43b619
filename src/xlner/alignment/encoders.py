"""Aligners made of two parts: an encoder that gives word vectors, and a decoder that turns similarities into links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

from xlner.alignment.decoders import Decoder, Option, make_decoder, option_types
from xlner.alignment.word_vectors import WordVectors, link
from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError

_PAIRS = 256
"""Pairs whose word vectors are held at a time."""


@runtime_checkable
class Encoder(Protocol):
    """Gives the words of sentences their vectors."""

    @property
    def fingerprint(self) -> str:
        """`name?option=value&…`: everything that the vectors depend on besides the sentences."""
        ...

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """The vectors of each sentence, whatever its length; they do not depend on the sentences beside it."""
        ...


class EncoderAligner:
    """Links words whose vectors are similar: any encoder with any decoder.

    `decoder` is a decoder, or a name or alias in `xlner.alignment.decoders` with its options as further options;
    `similarity` puts the cosines of all words into the alignments, for scores that use them. Where the encoder gives a
    word several vectors, one per sub-word, two words are linked when any of their sub-words are.

    Both sides of up to 256 pairs go to the encoder at once, each distinct sentence a single time.

    Raises `UnknownNameError` for an unknown decoder or option, `ValidationError` for numbers out of range.

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
        self._decode = make_decoder(decoder, **decoder_options) if isinstance(decoder, str) else decoder
        self._similarity = similarity

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, type]:
        """The options of the decoder that a spec names."""
        return option_types(given.get("decoder", "itermax"))

    @cached_property
    def fingerprint(self) -> str:
        """What the result depends on besides the pairs: encoder and decoder with their options."""
        decoder, _, options = self._decode.fingerprint.partition("?")
        name, _, encoder = self.encoder.fingerprint.partition("?")
        similarity = "similarity=true" if self._similarity else ""
        return f"{name}:{decoder}?{'&'.join(filter(None, (encoder, options, similarity)))}"

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair, with their weights; raises `ValidationError` for a pair without source."""
        alignments: list[Alignment] = []
        for start in range(0, len(pairs), _PAIRS):
            sides = [_both_sides(pair) for pair in pairs[start : start + _PAIRS]]
            distinct = {_key(sentence): sentence for both in sides for sentence in both}
            vectors = dict(zip(distinct, self.encoder.encode(list(distinct.values())), strict=True))
            for source, target in sides:
                lengths = (len(source), len(target)) if self._similarity else None
                alignments.append(link(vectors[_key(source)], vectors[_key(target)], self._decode, lengths=lengths))
        return alignments


def _key(sentence: Sentence) -> tuple[tuple[str, ...], str | None]:
    return sentence.tokens, sentence.language


def _both_sides(pair: Pair) -> tuple[Sentence, Sentence]:
    if pair.source is None:
        raise ValidationError("a pair without a source sentence cannot be aligned")
    return pair.source, pair.target
