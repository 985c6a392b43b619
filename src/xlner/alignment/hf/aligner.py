"""Word alignment by the word vectors of any Hugging Face encoder, or of the encoder half of a translation model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoders import EncoderAligner
from xlner.alignment.hf.architecture import chosen_layer, drop_layers_above, padding_id
from xlner.alignment.hf.digest import digest
from xlner.alignment.hf.loading import encoder_of, load_encoder, load_tokenizer
from xlner.alignment.hf.states import LayerStates
from xlner.alignment.word_vectors import POOLS, WordVectors, word_vectors
from xlner.core.sentence import Sentence
from xlner.errors import MissingArgumentError, ValidationError
from xlner.models.loading import device_named, dtype_named, require_torch
from xlner.models.tokenizers import WordByWordTokenizer, longest_input

AUTO = "auto"


class HfEncoder:
    """Word vectors of one layer of a Hugging Face encoder (BERT, XLM-R, mDeBERTa, LaBSE, NLLB, M2M-100, mT5, Marian …).

    `model` is a folder, a name on the hub, or a loaded model; a loaded one needs its `tokenizer`, stays as it is, and
    can go on translating. Of a translation model the encoder is used, and the language of each sentence set where the
    tokenizer has languages. `layer` counts from 0, the embeddings; by default it is two thirds of the layers, which is
    layer 8 of 12 (SimAlign, AWESoME), and layer 12, or the last, of a translation model (Ebing and Glavaš 2025).
    `pool` makes word vectors of sub-word states: `mean`, `first`, or `subword` for all of them. `prefix` goes before
    every sentence (`query:` for e5 models). `device` and `dtype` are names that torch knows; `auto` takes a GPU and
    half precision where there is one. `batch_tokens` bounds the tokens of a batch, of which each of
    `threads` threads computes one at a time (default: the CPUs of this process, or one where there is a GPU).

    Sentences beyond the model's limit are read in overlapping windows; words without sub-words have no vector.

    Raises `MissingExtraError` where torch or transformers is not installed, `BackendError` where the model or its
    tokenizer cannot be loaded or the device is not there, `UnknownNameError` for an unknown device or dtype,
    `ValidationError` for a layer the model does not have and for other bad options.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        layer: int | None = None,
        pool: str = "mean",
        prefix: str = "",
        device: str = AUTO,
        dtype: str = AUTO,
        batch_tokens: int | None = None,
        threads: int | None = None,
    ) -> None:
        if pool not in POOLS:
            raise ValidationError(f"unknown pool {pool!r}", hint=f"known: {', '.join(POOLS)}")
        if min(1 if number is None else number for number in (batch_tokens, threads)) < 1:
            raise ValidationError("threads and batch_tokens must be at least 1")
        require_torch()
        own = isinstance(model, str)
        if not own and tokenizer is None:
            raise ValidationError("a loaded model needs its tokenizer")
        self._tokenizer = load_tokenizer(model) if tokenizer is None else tokenizer
        self._encoder = load_encoder(model) if own else encoder_of(model)
        self._layer = chosen_layer(self._encoder.config, layer)
        if own:
            place = device_named(device)
            self._encoder.to(place).to(dtype_named(dtype, place))
        self._pool = pool
        self._prefix = prefix
        self._subwords = WordByWordTokenizer(self._tokenizer, prefix)
        self._states = LayerStates(
            self._encoder,
            self._layer,
            pad=padding_id(self._encoder.config, self._tokenizer),
            batch_tokens=batch_tokens,
            threads=threads,
        )
        self._max_length = longest_input(self._encoder, self._tokenizer)
        if own:
            drop_layers_above(self._encoder, self._layer)

    @cached_property
    def fingerprint(self) -> str:
        """Layer, pooling, prefix, number format and a hash of weights and tokenizer."""
        import transformers

        dtype = str(self._encoder.dtype).removeprefix("torch.")
        options = f"layer={self._layer}&pool={self._pool}&prefix={self._prefix}&dtype={dtype}"
        return f"hf?{options}&model={digest(self._encoder, self._tokenizer)}&transformers={transformers.__version__}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """The vectors of each sentence; raises `ValidationError` for a language that the model does not know."""
        return word_vectors(self._subwords(sentences), self._states, max_length=self._max_length, pool=self._pool)


class HfAligner(EncoderAligner):
    """Links words whose vectors, out of one layer of a Hugging Face encoder, are similar.

    `model` is a folder or a name on the hub; for a model that is loaded already, give an `HfEncoder` to an
    `EncoderAligner`. `decoder` is a name or alias in `xlner.alignment.decoders`, and further options are those of the
    decoder, as in `hf:FOLDER?decoder=softmax&threshold=0.01`; `similarity` puts the cosines of all words into the
    alignments. See `HfEncoder` for the other options and the errors.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        decoder: str = "itermax",
        layer: int | None = None,
        pool: str = "mean",
        prefix: str = "",
        similarity: bool = False,
        device: str = AUTO,
        dtype: str = AUTO,
        batch_tokens: int | None = None,
        threads: int | None = None,
        **decoder_options: Option,
    ) -> None:
        decode = make_decoder(decoder, **decoder_options)
        require_torch()
        if model is None:
            raise MissingArgumentError("hf needs a model", hint="write hf:NAME or hf:FOLDER")
        encoder = HfEncoder(
            model,
            layer=layer,
            pool=pool,
            prefix=prefix,
            device=device,
            dtype=dtype,
            batch_tokens=batch_tokens,
            threads=threads,
        )
        super().__init__(encoder, decode, similarity=similarity)
