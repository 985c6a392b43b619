"""What the processors of this machine are good at, without importing PyTorch to find out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_BFLOAT16 = frozenset({"amx_bf16", "avx512_bf16"})
"""Instructions with which PyTorch computes faster in bfloat16."""


def torch_precision() -> str:
    """The precision in which PyTorch computes here: half precision on a GPU; on a CPU bfloat16 if it is faster."""
    if has_gpu():
        return "float16"
    return "bfloat16" if has_bfloat16() else "float32"


@cache
def has_bfloat16() -> bool:
    """True if the processor has instructions for bfloat16, as far as Linux says."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return not _BFLOAT16.isdisjoint(text.partition("\n\n")[0].split())


@cache
def has_gpu() -> bool:
    """True if PyTorch can use a GPU."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):  # so that PyTorch need not be imported to find out
        return False
    import torch

    return bool(torch.cuda.is_available())
