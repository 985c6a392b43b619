"""Rows of `xlner doctor` about the machine: devices, caches and the network."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from xlner.errors import MissingExtraError
from xlner.text.counts import counted

_HUB = "https://huggingface.co"
_PATIENCE = 3.0
"""Seconds to wait for the hub."""


def hub_row() -> dict[str, Any]:
    """Whether models and data sets can be downloaded."""
    row: dict[str, Any] = {"kind": "network", "name": "hub"}
    address = os.environ.get("HF_ENDPOINT") or _HUB
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return {**row, "works": False, "details": "HF_HUB_OFFLINE is set: nothing is downloaded"}
    try:
        with urlopen(Request(address, method="HEAD"), timeout=_PATIENCE):
            return {**row, "works": True, "details": f"{address} can be reached"}
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return {**row, "works": False, "details": f"{address} cannot be reached: {reason}"}


def machine_rows() -> list[dict[str, Any]]:
    """CPUs and memory, PyTorch with its devices, the cache of the hub, and the cache of xlner."""
    return [_memory(), _torch(), _cache(), _own_cache()]


def _memory() -> dict[str, Any]:
    from xlner.engines.worker_memory import memory_of_machine
    from xlner.models.threads import cpus

    row: dict[str, Any] = {"kind": "device", "name": "cpu", "works": True}
    processors = f"{cpus()} CPUs"
    memory = memory_of_machine()
    if memory is None:
        return {**row, "details": processors}
    total, free = (size / 1e9 for size in memory)
    shown = f"{processors}; {free:.1f} of {total:.1f} GB of memory are free for all --workers together"
    return {**row, "details": shown}


def _torch() -> dict[str, Any]:
    row: dict[str, Any] = {"kind": "device", "name": "torch"}
    if find_spec("torch") is None:
        return {**row, "works": False, "details": str(MissingExtraError("PyTorch", extra="hf"))}
    import torch

    devices = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    shown = ", ".join([*devices, f"cpu with {torch.get_num_threads()} threads"])
    return {**row, "works": True, "details": f"{torch.__version__}: {shown}"}


def _cache() -> dict[str, Any]:
    from xlner.models.hub import hub_cache

    folder = hub_cache()
    models = sorted(folder.glob("models--*"))
    size = sum(blob.stat().st_size for model in models for blob in (model / "blobs").glob("*"))
    details = f"{_readable(folder)}: {counted(len(models), 'model')}, {size / 1e9:.1f} GB"
    return {"kind": "cache", "name": "hub", "works": True, "details": details}


def _own_cache() -> dict[str, Any]:
    from xlner.models.cache import cache_dir

    folder = cache_dir()
    converted = sum(1 for path in (folder / "ct2").glob("*") if path.is_dir())
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    details = f"{_readable(folder)}: {counted(converted, 'converted model')}, {size / 1e9:.1f} GB"
    return {"kind": "cache", "name": "xlner", "works": True, "details": details}


def _readable(path: Path) -> str:
    """A path with `~` for the home folder.

    >>> _readable(Path.home() / "x")
    '~/x'
    """
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)
