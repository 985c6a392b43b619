"""Word alignment with the word vectors of any Hugging Face encoder, or of the encoder of a translation model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.hf.architecture import chosen_layer, drop_layers_above, padding_id
from xlner.alignment.hf.digest import digest
from xlner.alignment.hf.loading import encoder_of, load_encoder, load_tokenizer
from xlner.alignment.hf.states import LayerStates
from xlner.alignment.word_vectors import POOLS, WordVectors, word_vectors
from xlner.core.options import content_option, options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import MissingArgumentError, UnknownNameError, UsageError
from xlner.models.loading import device_named, dtype_named, require_torch
from xlner.models.tokenizers import WordByWordTokenizer, longest_input
from xlner.models.trained_adapters import adapter_folder, add_adapter
from xlner.text.suggestions import names_hint

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class HfEncoderOptions:
    """Options of `HfEncoder`; see there."""

    layer: int | None = None
    pool: str = "mean"
    prefix: str = ""
    dtype: str = AUTO
    adapter: str | None = content_option(None)
    revision: str | None = content_option(None)
    device: str = speed_option(AUTO)
    batch_tokens: int | None = speed_option(None)
    threads: int | None = speed_option(None)


class _Loaded(NamedTuple):
    """An encoder and everything that is made from it."""

    encoder: Any
    tokenizer: Any
    subwords: WordByWordTokenizer
    states: LayerStates
    max_length: int


class HfEncoder(PicklesWithoutCache):
    """Word vectors from one layer of a Hugging Face encoder (BERT, XLM-R, mDeBERTa, LaBSE, NLLB, M2M-100, mT5, …).

    - `model`: a folder, a name on the hub, or a loaded model. A loaded model is not changed and can still translate. Of
      a translation model, only the encoder is used.
    - `tokenizer`: the tokenizer of a loaded model. If the tokenizer has languages, the language of each sentence is
      set.
    - `layer`: the layer that the states come from; 0 is the embeddings. The default is two thirds of the layers, such
      as layer 8 of 12 (SimAlign, AWESoME). For a translation model it is layer 12 or the last layer (Ebing and Glavaš
      2025).
    - `pool`: how sub-word states become word vectors: `mean`, `first`, or `subword`, which keeps all of them.
    - `prefix`: text before every sentence (`query:` for e5 models).
    - `adapter`: a folder or a name on the hub with an adapter for the encoder: LoRA of PEFT, a bottleneck adapter of
      AdapterHub, or a language adapter of xlner; see `xlner.models.trained_adapters`. Not for a loaded model.
    - `revision`: a branch, tag or commit of a model on the hub.
    - `device`, `dtype`: names that torch knows. `auto` uses a GPU and half precision if there is a GPU.
    - `batch_tokens`: the largest number of tokens in a batch.
    - `threads`: the number of batches that are computed in parallel. The default is the number of CPUs of this process,
      or one on a GPU.

    Sentences beyond the model's limit are read in overlapping windows. Words without sub-words have no vector. In
    `options`, `layer` and `dtype` have the values in use.

    Raises `MissingExtraError` if torch or transformers is not installed, `BackendError` if the model or tokenizer
    cannot be loaded or the device does not exist, `UnknownNameError` for an unknown pool, device or dtype, and
    `UsageError` for numbers below 1 and for a loaded model without its tokenizer.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        layer: int | None = None,
        pool: str = "mean",
        prefix: str = "",
        adapter: str | None = None,
        device: str = AUTO,
        dtype: str = AUTO,
        revision: str | None = None,
        batch_tokens: int | None = None,
        threads: int | None = None,
    ) -> None:
        if pool not in POOLS:
            raise UnknownNameError(f"unknown pool {pool!r}", hint=names_hint(pool, POOLS))
        if min(1 if number is None else number for number in (batch_tokens, threads)) < 1:
            raise UsageError("threads and batch_tokens must be at least 1")
        require_torch()
        if not isinstance(model, str) and tokenizer is None:
            raise UsageError("a loaded model needs its tokenizer")
        if not isinstance(model, str) and adapter is not None:
            raise UsageError("an adapter cannot be added to a loaded model", hint="name the model, or add it before")
        self._model, self._given_tokenizer = model, tokenizer
        self.options = HfEncoderOptions(layer, pool, prefix, dtype, adapter, revision, device, batch_tokens, threads)
        encoder = self._loaded.encoder
        self.options = replace(
            self.options,
            layer=chosen_layer(encoder.config, layer),
            dtype=str(encoder.dtype).removeprefix("torch."),
        )

    @cached_property
    def fingerprint(self) -> str:
        """The options, the version of transformers, and a hash of the weights and the tokenizer."""
        import transformers

        model = digest(self._loaded.encoder, self._loaded.tokenizer)
        return f"{options_fingerprint('hf', self.options)}&model={model}&transformers={transformers.__version__}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """Return the vectors of each sentence. Raises `ValidationError` for a language the model does not know."""
        loaded = self._loaded
        texts = loaded.subwords(sentences)
        return word_vectors(texts, loaded.states, max_length=loaded.max_length, pool=self.options.pool)

    @cached_property
    def _loaded(self) -> _Loaded:
        options, from_files = self.options, isinstance(self._model, str)
        tokenizer = (
            load_tokenizer(self._model, options.revision) if self._given_tokenizer is None else self._given_tokenizer
        )
        encoder = load_encoder(self._model, options.revision) if from_files else encoder_of(self._model)
        layer = chosen_layer(encoder.config, options.layer)
        if from_files:
            if options.adapter is not None:
                add_adapter(encoder, adapter_folder(options.adapter))
            place = device_named(options.device)
            encoder.to(place).to(dtype_named(options.dtype, place))
        states = LayerStates(
            encoder,
            layer,
            pad=padding_id(encoder.config, tokenizer),
            batch_tokens=options.batch_tokens,
            threads=options.threads,
        )
        limit = longest_input(encoder, tokenizer)
        if from_files:
            drop_layers_above(encoder, layer)
        return _Loaded(encoder, tokenizer, WordByWordTokenizer(tokenizer, options.prefix), states, limit)


class HfAligner(EncoderAligner):
    """Links words with similar vectors from one layer of a Hugging Face encoder.

    - `model`: a folder or a name on the hub. For a model that is already loaded, pass an `HfEncoder` to an
      `EncoderAligner`.
    - `decoder`: a name or alias in `xlner.alignment.decoders`. Options of the decoder are further options, as in
      `hf:FOLDER?decoder=softmax&threshold=0.01`.
    - `similarity`: adds the cosines of all words to the alignments, for scores that use them.
    - `layer`, `pool`, `prefix`, `adapter`, `device`, `dtype`, `revision`, `batch_tokens`, `threads`: see `HfEncoder`.

    Raises what `HfEncoder` and `EncoderAligner` raise, and `MissingArgumentError` without a model.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        decoder: str = "itermax",
        layer: int | None = None,
        pool: str = "mean",
        prefix: str = "",
        adapter: str | None = None,
        similarity: bool = False,
        device: str = AUTO,
        dtype: str = AUTO,
        revision: str | None = None,
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
            adapter=adapter,
            device=device,
            dtype=dtype,
            revision=revision,
            batch_tokens=batch_tokens,
            threads=threads,
        )
        super().__init__(encoder, decode, similarity=similarity)
