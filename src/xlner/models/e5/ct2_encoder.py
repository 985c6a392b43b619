"""The lower layers of the encoder in CTranslate2, with 8 bits per weight; converted once and kept in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import cached_folder
from xlner.errors import BackendError
from xlner.models.cache import cache_dir
from xlner.models.e5.weights import E5File
from xlner.models.threads import cpus
from xlner.models.windows import FloatArray

_PRECISION = "int8"


class Ct2Encoder:
    """The states of one layer. Raises `BackendError` if CTranslate2 cannot convert or run the model."""

    def __init__(self, file: E5File, layer: int) -> None:
        import ctranslate2

        self.max_length = file.sizes.positions
        name = f"e5-{file.sha256()[:12]}-layer{layer}-{_PRECISION}-{ctranslate2.__version__}"
        folder = cache_dir() / "ct2" / name
        try:
            cached_folder(folder, lambda path: _convert(file, layer, path))
            self._encoder = ctranslate2.Encoder(
                str(folder), compute_type=_PRECISION, inter_threads=cpus(), intra_threads=1
            )
        except (RuntimeError, ValueError, AttributeError, TypeError, OSError) as error:
            hint = f"delete {folder} if it is damaged, or use engine=numpy"
            raise BackendError(f"CTranslate2 cannot run the encoder: {error}", hint=hint) from None

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        lengths = np.array([len(s) for s in sequences], np.int32)
        states = np.array(self._encoder.forward_batch([list(s) for s in sequences]).last_hidden_state)
        return [rows[:length] for rows, length in zip(states, lengths.tolist(), strict=True)]


def _convert(file: E5File, layers: int, folder: Path) -> None:
    from ctranslate2 import specs

    sizes, unknown = file.sizes, file.vocabulary.unknown
    encoder = specs.TransformerEncoderSpec(
        layers,
        sizes.heads,
        pre_norm=False,
        activation=specs.common_spec.Activation.GELU,
        layernorm_embedding=True,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = file.matrix("emb.word", sizes.vocabulary, sizes.hidden)
    types = file.floats("emb.type", sizes.types, sizes.hidden)
    encoder.position_encodings.encodings = file.floats("emb.pos", sizes.positions, sizes.hidden) + types[0]
    _norm(file, "emb.ln", encoder.layernorm_embedding)
    for number, layer in enumerate(encoder.layer):
        name, hidden, inner = f"l{number}", sizes.hidden, sizes.inner
        _linear(file, [f"{name}.{part}" for part in "qkv"], hidden, hidden, layer.self_attention.linear[0])
        _linear(file, [f"{name}.ao"], hidden, hidden, layer.self_attention.linear[1])
        _norm(file, f"{name}.aln", layer.self_attention.layer_norm)
        _linear(file, [f"{name}.fi"], inner, hidden, layer.ffn.linear_0)
        _linear(file, [f"{name}.fo"], hidden, inner, layer.ffn.linear_1)
        _norm(file, f"{name}.oln", layer.ffn.layer_norm)
    model = specs.TransformerEncoderModelSpec(encoder)
    model.config.unk_token = str(unknown)
    model.config.layer_norm_epsilon = float(sizes.epsilon)
    model.register_vocabulary(map(str, range(sizes.vocabulary)))
    model.validate()
    model.optimize(quantization=_PRECISION)
    model.register_vocabulary(map(str, range(unknown + 1)))  # it is only given ids, and all pieces would take 25 MB
    model.save(str(folder))


def _linear(file: E5File, names: Sequence[str], outputs: int, inputs: int, spec: Any) -> None:
    spec.weight = np.concatenate([file.matrix(f"{name}.w", outputs, inputs) for name in names])
    spec.bias = np.concatenate([file.floats(f"{name}.b", outputs) for name in names])


def _norm(file: E5File, name: str, spec: Any) -> None:
    spec.gamma, spec.beta = (file.floats(f"{name}.{part}", file.sizes.hidden) for part in "wb")
