"""Hidden states of one layer of a Hugging Face encoder; what lies above that layer is not run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from xlner.alignment._batches import padded_batches
from xlner.alignment._e5_weights import FloatArray

_BUDGET = {"cuda": 32768, "cpu": 1024}
"""Tokens of a batch, padding included, by kind of device."""
_USUAL_LENGTH = 512
"""The window for models that say nothing about theirs."""


class _Reached(Exception):  # noqa: N818 - no error
    """Ends the forward pass, with the states that the next layer was to get."""

    def __init__(self, states: Any) -> None:
        super().__init__()
        self.states = states


class LayerStates:
    """Sequences of ids to the states of `layer`, 0 being the embeddings; the same as `hidden_states[layer]`.

    Sequences are computed in batches of about the same length, padded with the id `pad` and masked.
    """

    def __init__(self, encoder: Any, layer: int, *, pad: int, batch_tokens: int | None) -> None:
        self._encoder = encoder
        self._layer = layer
        self._pad = pad
        self._budget = batch_tokens or _BUDGET.get(encoder.device.type, _BUDGET["cpu"])
        layers = layer_modules(encoder)
        self._next = layers[layer] if layers is not None and layer < len(layers) else None

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """States of shape (length, hidden) of each sequence, in single precision."""
        import torch

        lengths = [len(sequence) for sequence in sequences]
        found: list[FloatArray | None] = [None] * len(sequences)
        with torch.inference_mode(), self._stopping():
            for batch in padded_batches(lengths, self._budget):
                states = self._run([sequences[i] for i in batch]).float().cpu().numpy()
                for row, index in enumerate(batch):
                    # A copy: a view would keep the whole batch.
                    found[index] = states[row, : lengths[index]].copy()
        return cast(list[FloatArray], found)

    def _run(self, batch: Sequence[Sequence[int]]) -> Any:
        ids, mask = padded(batch, self._pad, self._encoder.device)
        if self._layer == self._encoder.config.num_hidden_layers:
            return self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if self._next is None:
            output = self._encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            return output.hidden_states[self._layer]
        try:
            self._encoder(input_ids=ids, attention_mask=mask)
        except _Reached as reached:
            return reached.states
        raise AssertionError("the layer after the last one wanted was not reached")

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Hooked up for as long as it takes, since the model may be in use for other things."""
        if self._next is None:
            yield
            return

        def stop(module: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            raise _Reached(positional[0] if positional else named["hidden_states"])

        handle = self._next.register_forward_pre_hook(stop, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()


def padded(batch: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:
    """Ids and attention mask of a batch, shape (n_sequences, longest)."""
    import torch

    longest = max(map(len, batch))
    ids = torch.tensor([[*sequence, *[pad] * (longest - len(sequence))] for sequence in batch])
    lengths = torch.tensor([len(sequence) for sequence in batch])
    mask = (torch.arange(longest) < lengths[:, None]).long()
    return ids.to(device), mask.to(device)


def layer_modules(encoder: Any) -> Any:
    """The list of the layers of an encoder; None where layers are not kept in one list (ALBERT shares one layer)."""
    from torch.nn import ModuleList

    n_layers = encoder.config.num_hidden_layers
    lists = (module for module in encoder.modules() if isinstance(module, ModuleList))
    return next((module for module in lists if len(module) == n_layers), None)


def max_length(encoder: Any, tokenizer: Any) -> int:
    """The longest sequence that both take."""
    from torch.nn import Embedding

    limits = [tokenizer.model_max_length]
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if positions and positions > 0:
        # RoBERTa counts positions from the one after that of padding.
        tables = (
            m for n, m in encoder.named_modules() if n.endswith("position_embeddings") and isinstance(m, Embedding)
        )
        padding = next((table.padding_idx for table in tables), None)
        limits.append(positions if padding is None else positions - padding - 1)
    limit = min(limits)
    return limit if limit < 1_000_000 else _USUAL_LENGTH
