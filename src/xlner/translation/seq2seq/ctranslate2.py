"""Runs sequence-to-sequence models with CTranslate2, converted once and kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from xlner.core.files import cached_folder
from xlner.errors import BackendError, MissingExtraError, UnknownNameError
from xlner.models.cache import cache_dir
from xlner.models.loading import silence, wanted_device
from xlner.models.threads import cpus
from xlner.text.suggestions import names_hint
from xlner.translation.seq2seq.generation import DecodingOptions, Ids

_WORKERS = 4
"""Batches that run at the same time on a CPU, at most. Each has its share of the threads."""
_PRECISIONS = ("float32", "float16", "bfloat16", "int8", "int8_float32", "int8_float16", "int16")


class ConvertibleModel(Protocol):
    """What the conversion needs of a model."""

    name: str
    folder: Path
    config: dict[str, Any]
    tokenizer: Any

    @property
    def version(self) -> str:
        """The commit of the model, or a hash of its files."""
        ...


def require_ctranslate2() -> None:
    """Raise `MissingExtraError` if CTranslate2 is not installed."""
    try:
        import ctranslate2  # noqa: F401
    except ImportError:
        raise MissingExtraError("CTranslate2", extra="ct2") from None


class Ct2Generator:
    """A model converted to CTranslate2. By default the precision is `int8` on a CPU and `float16` on a GPU.

    The converted model stays in the cache, under a name made from the version of the model, the precision and the
    version of CTranslate2. Raises `BackendError` if it cannot be converted or run.
    """

    def __init__(self, model: ConvertibleModel, *, device: str, dtype: str) -> None:
        import ctranslate2

        self.device, index = device_and_index(device)
        self.precision = _precision(dtype, self.device)
        self._words = words(model)
        self._ids = {word: k for k, word in enumerate(self._words)}
        self.folder = converted(model, self.precision)
        self.workers, threads = _workers(self.device)
        try:
            with _threads_of_torch_kept():
                self.translator = ctranslate2.Translator(
                    str(self.folder),
                    device=self.device,
                    device_index=index,
                    compute_type=self.precision,
                    inter_threads=self.workers,
                    intra_threads=threads,
                )
        except (RuntimeError, ValueError) as error:
            raise BackendError(f"CTranslate2 cannot run {model.name} in {self.precision}: {error}") from None

    def generate(self, batch: Sequence[Ids], *, forced: int | None, limit: int, search: DecodingOptions) -> list[Ids]:
        """Return the best translation of each text, as ids."""
        texts = [[self._words[k] for k in row] for row in batch]
        first = [] if forced is None else [self._words[forced]]
        found = self.translator.translate_batch(
            texts,
            target_prefix=[first] * len(texts) if first else None,
            beam_size=search.beams,
            length_penalty=search.length_penalty,
            no_repeat_ngram_size=search.no_repeat,
            max_batch_size=-(-len(texts) // self.workers),
            max_input_length=0,
            max_decoding_length=limit,
        )
        return [[self._ids[word] for word in result.hypotheses[0]] for result in found]


def ct2_fingerprint(device: str, dtype: str) -> str:
    """Return the version and the precision that `Ct2Generator` uses, without converting a model."""
    import ctranslate2

    return f"ctranslate2 {ctranslate2.__version__} {_precision(dtype, device_and_index(device)[0])}"


def words(model: ConvertibleModel) -> list[str]:
    """Return a distinct word for every id of a model. Ids that the tokenizer has no word for get a made-up one."""
    size = int(model.config["vocab_size"])
    seen: set[str] = set()
    named = []
    for k, word in enumerate(model.tokenizer.convert_ids_to_tokens(list(range(size)))):
        named.append(word if word is not None and word not in seen else f"madeupword{k}")
        seen.add(named[-1])
    return named


class _Vocabulary:
    """A tokenizer for the converter. Some tokenizers leave the last ids out of `get_vocab`."""

    num_madeup_words = 0

    def __init__(self, model: ConvertibleModel) -> None:
        self._tokenizer = model.tokenizer
        self._words = words(model)

    def get_vocab(self) -> dict[str, int]:
        return {word: k for k, word in enumerate(self._words)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


def converted(model: ConvertibleModel, precision: str) -> Path:
    """Return the folder of the converted model. Convert it first if it is not in the cache."""
    import ctranslate2

    made_with = f"{model.version} {precision} {ctranslate2.__version__}"
    name = model.folder.name if "snapshots" not in model.folder.parts else model.name.replace("/", "--")
    digest = hashlib.sha256(made_with.encode()).hexdigest()[:12]
    return cached_folder(
        cache_dir() / "ct2" / f"{name}-{precision}-{digest}", lambda path: _convert(model, precision, path)
    )


def _convert(model: ConvertibleModel, precision: str, path: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_tokenizer(self, tokenizer_class: Any, model_name_or_path: str, **kwargs: Any) -> Any:
            return _Vocabulary(model)

    try:
        with silence():
            Converter(str(model.folder)).convert(str(path), quantization=precision, force=True)
    except (ValueError, KeyError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise BackendError(
            f"{model.name} cannot be converted to CTranslate2: {error}", hint="run it with engine=transformers"
        ) from None


def device_and_index(name: str) -> tuple[str, int]:
    """The kind and the number of the device with a name."""
    import ctranslate2

    name = wanted_device(name)
    if name == "auto":
        return ("cuda", 0) if ctranslate2.get_cuda_device_count() else ("cpu", 0)
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdecimal()):
        raise UnknownNameError(f"unknown device {name!r}", hint="with engine=ct2: auto, cpu, cuda or cuda:1")
    return kind, int(index or 0)


def _workers(device: str) -> tuple[int, int]:
    """The number of batches that run at the same time, and the threads of each.

    Threads within a batch wait for each other: with two of them, a batch of four sentences takes twice as long as with
    one.
    """
    if device != "cpu":
        return 1, 0
    threads = cpus()
    each = max(1, threads // _WORKERS)
    return threads // each, each


@contextmanager
def _threads_of_torch_kept() -> Iterator[None]:
    """Restore the number of threads of torch: CTranslate2 sets that of OpenMP, which is the same."""
    import torch

    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _precision(name: str, device: str) -> str:
    if name == "auto":
        return "float16" if device == "cuda" else "int8"
    if name not in _PRECISIONS:
        raise UnknownNameError(
            f"unknown precision {name!r}", hint=names_hint(name, _PRECISIONS, "with engine=ct2: auto,")
        )
    return name
