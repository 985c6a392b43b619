"""Aligners as in papers, and those of encoders that are often used: each is an encoder, a layer and a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from xlner.alignment.decoders import Option, make_decoder, option_types
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.hf.aligner import AUTO, HfEncoder


class PublishedAligner(EncoderAligner):
    """Links the sub-words of one layer of an encoder, with the settings of a paper. Words are linked if sub-words are.

    - `decoder`: a name or alias in `xlner.alignment.decoders`. Its options are further options.
    - `model`: a folder or a name on the hub; `revision` is a branch, tag or commit of it.
    - `adapter`: an adapter for the encoder, see `HfEncoder`.
    - `similarity`: adds the cosines of all words to the alignments.
    - Other options and errors: see `HfEncoder`.

    Differences from the programs of the papers:

    - The programs truncate sentences that exceed the model's limit; here they are read in overlapping windows.
    - The programs compute in float32; here a GPU uses half precision by default.
    - Similarities are computed from cosines rounded to five decimals, so links do not depend on the machine.

    >>> sorted(cls.__name__ for cls in PublishedAligner.__subclasses__())
    ['AccAligner', 'AwesomeAligner', 'LabseAligner', 'MmbertAligner', 'SimAligner', 'TransAligner']
    """

    default_model: ClassVar[str]
    default_layer: ClassVar[int]
    default_decoder: ClassVar[str]
    decoder_defaults: ClassVar[Mapping[str, Option]] = {}
    """Options of the default decoder."""

    def __init__(
        self,
        decoder: str | None = None,
        *,
        model: str | None = None,
        layer: int | None = None,
        pool: str = "subword",
        adapter: str | None = None,
        similarity: bool = False,
        device: str = AUTO,
        dtype: str = AUTO,
        revision: str | None = None,
        batch_tokens: int | None = None,
        **decoder_options: Option,
    ) -> None:
        usual = decoder is None or decoder == self.default_decoder
        options = {**(self.decoder_defaults if usual else {}), **decoder_options}
        decode = make_decoder(decoder or self.default_decoder, **options)
        encoder = HfEncoder(
            model or self.default_model,
            layer=self.default_layer if layer is None else layer,
            pool=pool,
            adapter=adapter,
            device=device,
            dtype=dtype,
            revision=revision,
            batch_tokens=batch_tokens,
        )
        super().__init__(encoder, decode, similarity=similarity)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, type]:
        """The options of the decoder that a spec names."""
        return option_types(given.get("decoder", cls.default_decoder))


class SimAligner(PublishedAligner):
    """SimAlign (Jalili Sabet et al. 2020): the sub-word similarities of layer 8 of multilingual BERT.

    SimAlign has the decoders `inter`, `itermax` and `mwmf`. Its null threshold is a percentile over a corpus; here it
    is an entropy. For options and further differences from the program `simalign` 0.4 see `PublishedAligner`.
    """

    default_model = "bert-base-multilingual-cased"
    default_layer = 8
    default_decoder = "itermax"


class AwesomeAligner(PublishedAligner):
    """AWESoME without fine-tuning (Dou and Neubig 2021): the softmax of sub-word dot products, threshold 0.001.

    The states are those of layer 8 of multilingual BERT. AWESoME has the decoders `softmax` and `entmax`. The program
    assumes the ids of the special tokens of BERT; here the tokenizer of any model defines them. For options and further
    differences from the program `awesome-align` 0.1.7 see `PublishedAligner`.
    """

    default_model = "bert-base-multilingual-cased"
    default_layer = 8
    default_decoder = "softmax"


class TransAligner(PublishedAligner):
    """TransAlign (Ebing and Glavaš 2025): layer 12 of the encoder of NLLB-200, with the decoder of AWESoME.

    Give the LoRA adapter of the paper as `transalign?adapter=FOLDER`. The language of each sentence is set in the
    tokenizer. For options see `PublishedAligner`.
    """

    default_model = "facebook/nllb-200-distilled-600M"
    default_layer = 12
    default_decoder = "softmax"


class AccAligner(PublishedAligner):
    """AccAlign (Wang et al. 2022): layer 6 of LaBSE, with the decoder of AWESoME and a threshold of 0.1.

    Give the adapter of the paper, which is one of AdapterHub, as `accalign?adapter=FOLDER`. For options see
    `PublishedAligner`.
    """

    default_model = "sentence-transformers/LaBSE"
    default_layer = 6
    default_decoder = "softmax"
    decoder_defaults: ClassVar[Mapping[str, Option]] = {"threshold": 0.1}


class LabseAligner(PublishedAligner):
    """LaBSE (Feng et al. 2022), 109 languages: layer 6, and the links of `itermax`. For options see `PublishedAligner`.

    Layer 6 is the one that Wang et al. 2022 found to be the best for alignment.
    """

    default_model = "sentence-transformers/LaBSE"
    default_layer = 6
    default_decoder = "itermax"


class MmbertAligner(PublishedAligner):
    """mmBERT (Marone et al. 2025), a ModernBERT for over 1,800 languages: layer 15 of 22, and the links of `itermax`.

    Layer 15 is two thirds of the way up, as layer 8 of SimAlign; it was not measured. For options see
    `PublishedAligner`.
    """

    default_model = "jhu-clsp/mmBERT-base"
    default_layer = 15
    default_decoder = "itermax"
