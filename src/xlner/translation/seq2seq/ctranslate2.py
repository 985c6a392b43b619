"""Running sequence-to-sequence models with CTranslate2, converted once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.core.files import cached_folder
from xlner.errors import BackendError, MissingExtraError, UnknownNameError
from xlner.models.cache import cache_dir
from xlner.models.loading import silence
from xlner.models.threads import cpus
from xlner.translation.seq2seq.generation import DecodingOptions, Ids

if TYPE_CHECKING:
    from xlner.translation.seq2seq.checkpoint import Seq2SeqCheckpoint

_WORKERS = 4
"""Batches that are computed side by side on a CPU, at most; each has its share of the threads."""
_PRECISIONS = ("float32", "float16", "bfloat16", "int8", "int8_float32", "int8_float16", "int16")


def require_ctranslate2() -> None:
    """Raise `MissingExtraError` where CTranslate2 is not installed."""
    try:
        import ctranslate2  # noqa: F401
    except ImportError:
        raise MissingExtraError("CTranslate2", extra="ct2") from None


class Ct2Generator:
    """A model converted to CTranslate2: `int8` on a CPU and `float16` on a GPU unless told otherwise.

    The converted model is kept in the cache, under a name made from the version of the model, the precision and the
    version of CTranslate2. Raises `BackendError` where it cannot be converted or run.
    """

    def __init__(self, checkpoint: Seq2SeqCheckpoint) -> None:
        import ctranslate2

        self.checkpoint = checkpoint
        self.device, index = _device(checkpoint.loading.device)
        self.precision = _precision(checkpoint.loading.dtype, self.device)
        self._words = words(checkpoint)
        self._ids = {word: k for k, word in enumerate(self._words)}
        self.folder = converted(checkpoint, self.precision)
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
            raise BackendError(f"CTranslate2 cannot run {checkpoint.name} in {self.precision}: {error}") from None

    @property
    def fingerprint(self) -> str:
        """Version and precision."""
        import ctranslate2

        return f"ctranslate2 {ctranslate2.__version__} {self.precision}"

    def generate(self, batch: Sequence[Ids], *, forced: int | None, limit: int, search: DecodingOptions) -> list[Ids]:
        """The best translation of each, as ids."""
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


def words(checkpoint: Seq2SeqCheckpoint) -> list[str]:
    """A word for every id of a model, each once: those of the tokenizer, and made-up ones for ids without a word."""
    size = int(checkpoint.config["vocab_size"])
    seen: set[str] = set()
    named = []
    for k, word in enumerate(checkpoint.tokenizer.convert_ids_to_tokens(list(range(size)))):
        named.append(word if word is not None and word not in seen else f"madeupword{k}")
        seen.add(named[-1])
    return named


class _Vocabulary:
    """A tokenizer as the converter sees it. Tokenizers do not all say in `get_vocab` what the last ids stand for."""

    num_madeup_words = 0

    def __init__(self, checkpoint: Seq2SeqCheckpoint) -> None:
        self._tokenizer = checkpoint.tokenizer
        self._words = words(checkpoint)

    def get_vocab(self) -> dict[str, int]:
        return {word: k for k, word in enumerate(self._words)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


def converted(checkpoint: Seq2SeqCheckpoint, precision: str) -> Path:
    """The folder of the converted model, made where it is not there yet."""
    import ctranslate2

    made_with = f"{checkpoint.version} {precision} {ctranslate2.__version__}"
    name = checkpoint.folder.name if "snapshots" not in checkpoint.folder.parts else checkpoint.name.replace("/", "--")
    digest = hashlib.sha256(made_with.encode()).hexdigest()[:12]
    return cached_folder(
        cache_dir() / "ct2" / f"{name}-{precision}-{digest}", lambda path: _convert(checkpoint, precision, path)
    )


def _convert(checkpoint: Seq2SeqCheckpoint, precision: str, path: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_tokenizer(self, tokenizer_class: Any, model_name_or_path: str, **kwargs: Any) -> Any:
            return _Vocabulary(checkpoint)

    try:
        with silence():
            Converter(str(checkpoint.folder)).convert(str(path), quantization=precision, force=True)
    except (ValueError, KeyError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise BackendError(
            f"{checkpoint.name} cannot be converted to CTranslate2: {error}", hint="run it with engine=transformers"
        ) from None


def _device(name: str) -> tuple[str, int]:
    import ctranslate2

    if name == "auto":
        return ("cuda", 0) if ctranslate2.get_cuda_device_count() else ("cpu", 0)
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdecimal()):
        raise UnknownNameError(f"unknown device {name!r}", hint="with ct2: auto, cpu, cuda or cuda:1")
    return kind, int(index or 0)


def _workers(device: str) -> tuple[int, int]:
    """How many batches to compute side by side, and the threads of each.

    Threads that share out single operations wait for each other: with two, a batch of four sentences takes twice the
    time that it takes with one.
    """
    if device != "cpu":
        return 1, 0
    threads = cpus()
    each = max(1, threads // _WORKERS)
    return threads // each, each


@contextmanager
def _threads_of_torch_kept() -> Iterator[None]:
    """CTranslate2 sets the number of OpenMP's threads, which is that of torch, too."""
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
        raise UnknownNameError(f"unknown precision {name!r}", hint=f"with ct2: auto, {', '.join(_PRECISIONS)}")
    return name
