"""Aligners as in two papers: SimAlign (Jalili Sabet et al. 2020) and AWESoME (Dou and Neubig 2021)."""

from __future__ import annotations

from collections.abc import Mapping

from xlner.alignment.decoders import Option, make_decoder, option_types
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.hf.aligner import AUTO, HfEncoder

_MODEL = "bert-base-multilingual-cased"
_LAYER = 8


class SimAligner(EncoderAligner):
    """SimAlign: the sub-word similarities of layer 8 of multilingual BERT. Words are linked if any sub-words are.

    - `decoder`: a name or alias in `xlner.alignment.decoders`; SimAlign has `inter`, `itermax` and `mwmf`.
    - `model`: a folder or a name on the hub; `revision` is a branch, tag or commit of it.
    - `similarity`: adds the cosines of all words to the alignments.
    - Other options and errors: see `HfEncoder`.

    The links are those of the program `simalign` 0.4, with these differences:

    - The program truncates sentences that exceed the model's limit; here they are read in overlapping windows.
    - The program computes in float32 on the device it is given; here a GPU uses half precision by default.
    - Cosines are rounded to five decimals, so links do not depend on the machine.
    - The null threshold is an entropy, not a percentile over a corpus.
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
        revision: str | None = None,
        batch_tokens: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = HfEncoder(
            model, layer=layer, pool=pool, device=device, dtype=dtype, revision=revision, batch_tokens=batch_tokens
        )
        super().__init__(encoder, decode, similarity=similarity)


class AwesomeAligner(EncoderAligner):
    """AWESoME without fine-tuning: the softmax of sub-word dot products, layer 8 of multilingual BERT, threshold 0.001.

    - `decoder`: a name or alias in `xlner.alignment.decoders`; AWESoME has `softmax` and `entmax`.
    - `model`: a folder or a name on the hub; `revision` is a branch, tag or commit of it.
    - `similarity`: adds the cosines of all words to the alignments.
    - Other options and errors: see `HfEncoder`.

    Differences from the program `awesome-align` 0.1.7:

    - The program truncates sentences that exceed the model's limit; here they are read in overlapping windows.
    - The program computes in float32; here a GPU uses half precision by default.
    - Dot products are computed from cosines rounded to five decimals, so links do not depend on the machine.
    - The program assumes the ids of the special tokens of BERT; here the tokenizer of any model defines them.
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
        revision: str | None = None,
        batch_tokens: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        encoder = HfEncoder(
            model, layer=layer, pool=pool, device=device, dtype=dtype, revision=revision, batch_tokens=batch_tokens
        )
        super().__init__(encoder, decode, similarity=similarity)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, type]:
        """The options of the decoder that a spec names."""
        return option_types(given.get("decoder", "softmax"))
