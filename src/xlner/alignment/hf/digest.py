"""Hashes of encoders and their tokenizers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from xlner.alignment.hf.loading import NOT_NEEDED


def digest(encoder: Any, tokenizer: Any) -> str:
    """A hash of all weights that are used, and of the tokenizer."""
    import torch

    sha = hashlib.sha256()
    for name, weights in sorted(encoder.state_dict().items()):
        if any(part in name for part in NOT_NEEDED):  # random if the folder does not have them
            continue
        sha.update(f"{name} {weights.dtype} {tuple(weights.shape)}".encode())
        sha.update(weights.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    sha.update(_tokenizer_state(tokenizer).encode("utf-8", "surrogatepass"))
    return sha.hexdigest()[:12]


def _tokenizer_state(tokenizer: Any) -> str:
    if tokenizer.is_fast:
        state: Mapping[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
        # Leave out what the last call set: truncation, padding, and the language.
        return json.dumps({k: v for k, v in state.items() if k not in ("truncation", "padding", "post_processor")})
    return f"{type(tokenizer).__name__} {sorted(tokenizer.get_vocab().items())}"
