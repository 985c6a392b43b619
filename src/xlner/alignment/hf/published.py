"""Aligners as two papers use them: SimAlign (Jalili Sabet et al. 2020) and AWESoME (Dou and Neubig 2021)."""

from __future__ import annotations

from collections.abc import Mapping

from xlner.alignment.decoders import Option, make_decoder, option_types
from xlner.alignment.encoders import EncoderAligner
from xlner.alignment.hf.aligner import AUTO, HfEncoder

_MODEL = "bert-base-multilingual-cased"
_LAYER = 8


class SimAligner(EncoderAligner):
    """SimAlign: multilingual BERT, layer 8, similarities of sub-words; words are linked when any of theirs are.

    The links are those of the program of that name, version 0.4. `decoder` is any decoder; `model` a folder or name on
    the hub. See `HfEncoder` for the other options and the errors.
    """

    def __init__(
        self,
        decoder: str = "itermax",
        *,
        model: str = _MODEL,
        layer: int = _LAYER,
        pool: str = "subword",
        similarity: bool = False,
        device: str = AUTO,
        dtype: str = AUTO,
        batch_tokens: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = HfEncoder(model, layer=layer, pool=pool, device=device, dtype=dtype, batch_tokens=batch_tokens)
        super().__init__(encoder, decode, similarity=similarity)


class AwesomeAligner(EncoderAligner):
    """AWESoME without fine-tuning: multilingual BERT, layer 8, softmax of the dot products of sub-words over 0.001.

    `decoder` is any decoder; `model` a folder or name on the hub. See `HfEncoder` for the other options and the errors.
    """

    def __init__(
        self,
        decoder: str = "softmax",
        *,
        model: str = _MODEL,
        layer: int = _LAYER,
        pool: str = "subword",
        similarity: bool = False,
        device: str = AUTO,
        dtype: str = AUTO,
        batch_tokens: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = HfEncoder(model, layer=layer, pool=pool, device=device, dtype=dtype, batch_tokens=batch_tokens)
        super().__init__(encoder, decode, similarity=similarity)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, type]:
        """The options of the decoder that a spec names."""
        return option_types(given.get("decoder", "softmax"))
