"""Word alignment by the word vectors of any Hugging Face encoder, or of the encoder half of a translation model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from xlner._errors import ValidationError
from xlner._sentence import Sentence
from xlner.alignment._hf_load import encoder_of, load_encoder, load_tokenizer, require_transformers
from xlner.alignment._hf_pieces import Pieces
from xlner.alignment._hf_states import LayerStates, layer_modules, max_length
from xlner.alignment._subwords import word_vectors
from xlner.alignment._word_vectors import POOLS, WordVectors
from xlner.alignment.decoders import Option, make_decoder
from xlner.alignment.encoders import EncoderAligner

AUTO = "auto"
_TRANSLATION_LAYER = 12


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
    tokenizer cannot be loaded, `ValidationError` for a layer the model does not have and for other bad options.
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
        torch, _ = require_transformers()
        own = isinstance(model, str)
        if not own and tokenizer is None:
            raise ValidationError("a loaded model needs its tokenizer")
        self._tokenizer = load_tokenizer(model) if tokenizer is None else tokenizer
        self._encoder = load_encoder(model) if own else encoder_of(model)
        self._layer = _layer(self._encoder.config, layer)
        if own:
            self._encoder.to(_device(torch, device)).to(_dtype(torch, dtype, _device(torch, device)))
        self._pool = pool
        self._prefix = prefix
        self._pieces = Pieces(self._tokenizer, prefix)
        self._states = LayerStates(
            self._encoder, self._layer, pad=_pad(self), batch_tokens=batch_tokens, threads=threads
        )
        self._max_length = max_length(self._encoder, self._tokenizer)
        if own:
            _drop_layers_above(self._encoder, self._layer)

    @cached_property
    def fingerprint(self) -> str:
        """Layer, pooling, prefix, number format and a hash of weights and tokenizer."""
        _, transformers = require_transformers()
        dtype = str(self._encoder.dtype).removeprefix("torch.")
        options = f"layer={self._layer}&pool={self._pool}&prefix={self._prefix}&dtype={dtype}"
        return f"hf?{options}&model={_digest(self._encoder, self._tokenizer)}&transformers={transformers.__version__}"

    def encode(self, sentences: Sequence[Sentence]) -> list[WordVectors]:
        """The vectors of each sentence; raises `ValidationError` for a language that the model does not know."""
        return word_vectors(self._pieces.of(sentences), self._states, max_length=self._max_length, pool=self._pool)


class HfAligner(EncoderAligner):
    """Links words whose vectors, out of one layer of a Hugging Face encoder, are similar.

    `model` is a folder or a name on the hub; for a model that is loaded already, give an `HfEncoder` to an
    `EncoderAligner`. `decoder` is a name or alias in `xlner.alignment.decoders`, and further options are those of the
    decoder, as in `hf:FOLDER?decoder=softmax&threshold=0.01`; `similarity` puts the cosines of all words into the
    alignments. See `HfEncoder` for the other options and the errors.
    """

    def __init__(
        self,
        model: str,
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


def _layer(config: Any, layer: int | None) -> int:
    n_layers: int = config.num_hidden_layers
    if layer is None:
        return min(_TRANSLATION_LAYER, n_layers) if config.is_encoder_decoder else round(n_layers * 2 / 3)
    if not 0 <= layer <= n_layers:
        raise ValidationError(f"the model has no layer {layer}", hint=f"0 to {n_layers}")
    return layer


def _drop_layers_above(encoder: Any, layer: int) -> None:
    """Free the memory of layers that are not run; one more stays, at which the forward pass stops."""
    layers = layer_modules(encoder)
    if layers is not None:
        del layers[layer + 1 :]


def _device(torch: Any, name: str) -> Any:
    if name == AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValidationError(f"unknown device {name!r}", hint="auto, cpu, cuda, cuda:1 …") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValidationError("there is no GPU that torch can use", hint="device=cpu")
    return device


def _dtype(torch: Any, name: str, device: Any) -> Any:
    if name == AUTO:
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValidationError(f"unknown dtype {name!r}", hint="auto, float32, float16, bfloat16")
    return dtype


def _pad(encoder: HfEncoder) -> int:
    """The id to pad with. RoBERTa counts the positions of ids that are not the one in its configuration."""
    config = encoder._encoder.config
    for pad in (getattr(config, "pad_token_id", None), encoder._tokenizer.pad_token_id):
        if pad is not None:
            return int(pad)
    return 0


def _digest(encoder: Any, tokenizer: Any) -> str:
    """A hash of all weights that are used, and of how words are cut."""
    import torch

    digest = hashlib.sha256()
    for name, weights in sorted(encoder.state_dict().items()):
        digest.update(f"{name} {weights.dtype} {tuple(weights.shape)}".encode())
        digest.update(weights.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    digest.update(_tokenizer_state(tokenizer).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _tokenizer_state(tokenizer: Any) -> str:
    if tokenizer.is_fast:
        state: Mapping[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
        # What a call leaves behind, and the language that was set last, are no part of it.
        return json.dumps({k: v for k, v in state.items() if k not in ("truncation", "padding", "post_processor")})
    return f"{type(tokenizer).__name__} {sorted(tokenizer.get_vocab().items())}"
