"""The weights of an adapter in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.errors import BackendError


def adapter_weights(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Read the first of the files `names` that there is: safetensors, or a file of PyTorch with tensors alone.

    Raises `BackendError` if there is none, or if it cannot be read.
    """
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise BackendError(f"{folder} has no weights of an adapter", hint=f"it needs {' or '.join(names)}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: dict[str, Any] = load_file(path)
        else:
            import torch

            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # safetensors and torch have their own errors for damaged files
        raise BackendError(f"{path} cannot be read: {error}") from None
    return found
