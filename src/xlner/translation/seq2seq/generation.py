"""Runs sequence-to-sequence models with PyTorch: ids in, ids out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xlner.models.loading import device_named, dtype_named, load_model

Ids = list[int]


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """Options of the beam search.

    - `beams`: hypotheses that are kept; 1 is greedy.
    - `length_penalty`: hypotheses are compared by their log probability divided by `length ** length_penalty`.
    - `no_repeat`: no sequence of this many ids occurs twice; 0 allows all.
    """

    beams: int = 4
    length_penalty: float = 1.0
    no_repeat: int = 0


class Generator(Protocol):
    """Runs a model."""

    def generate(self, batch: Sequence[Ids], *, forced: int | None, limit: int, search: DecodingOptions) -> list[Ids]:
        """Return the best translation of each text, of at most `limit` ids, beginning with `forced` if given."""
        ...


class TorchGenerator:
    """Runs `generate` of transformers, without sampling."""

    def __init__(self, folder: Path, *, device: str, dtype: str) -> None:
        self.device = device_named(device)
        self.dtype = dtype_named(dtype, self.device)
        self.model = load_model("AutoModelForSeq2SeqLM", folder, device=self.device, dtype=self.dtype)
        # Every call gives its limit. A forced end at the limit would hide that the limit was reached.
        self.model.generation_config.max_length = None
        self.model.generation_config.forced_eos_token_id = None
        self.pad = int(self.model.config.pad_token_id)
        start = self.model.generation_config.decoder_start_token_id
        self.start = int(self.model.config.decoder_start_token_id if start is None else start)

    def generate(self, batch: Sequence[Ids], *, forced: int | None, limit: int, search: DecodingOptions) -> list[Ids]:
        """Pad to the longest text and generate. The results have special ids and padding in them."""
        import torch

        ids, mask = padded(batch, self.pad, self.device)
        options: dict[str, Any] = {} if forced is None else {"forced_bos_token_id": forced}
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=search.beams,
                length_penalty=search.length_penalty,
                no_repeat_ngram_size=search.no_repeat,
                max_new_tokens=limit,
                do_sample=False,
                **options,
            )
        rows: list[Ids] = made.tolist()
        return rows


def torch_fingerprint(device: str, dtype: str) -> str:
    """Return the versions and the precision that `TorchGenerator` uses, without loading a model."""
    import torch
    import transformers

    precision = dtype_named(dtype, device_named(device))
    return f"transformers {transformers.__version__} torch {torch.__version__.partition('+')[0]} {precision}"


def padded(batch: Sequence[Ids], pad: int, device: Any) -> tuple[Any, Any]:
    """Return ids and attention mask of a batch as tensors of shape `(len(batch), longest)`."""
    import torch

    longest = max(map(len, batch))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in batch], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch], device=device)
    return ids, mask
