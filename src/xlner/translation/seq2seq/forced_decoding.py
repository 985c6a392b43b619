"""Log probabilities of given translations: each text is encoded once, and shared beginnings are decoded once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xlner.core.memory import within_memory
from xlner.models.batching import padded_batches
from xlner.translation.seq2seq.checkpoint import Seq2SeqCheckpoint
from xlner.translation.seq2seq.generation import Ids, TorchGenerator, padded


@dataclass(frozen=True, slots=True)
class Side:
    """A model and a direction."""

    checkpoint: Seq2SeqCheckpoint
    from_lang: str
    to_lang: str

    @property
    def generator(self) -> TorchGenerator:
        made = self.checkpoint.generator
        assert isinstance(made, TorchGenerator)
        return made


@dataclass(frozen=True, slots=True)
class _Row:
    """One row for the decoder: a source, target ids, and the pairs whose target ids are the beginning of these."""

    source: int
    ids: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    """Number of each pair, and how many of the ids it has."""


def forced_log_probabilities(side: Side, pairs: Sequence[tuple[str, str]], batch_tokens: int) -> list[float]:
    """Return `1/|b| · Σ_t log p(b_t | b_<t, a)` for each pair of texts `(a, b)`; the end of `b` counts as a token.

    `batch_tokens` limits the tokens in a batch, because the logits have one number per token and vocabulary entry.
    """
    checkpoint = side.checkpoint
    sources = list(dict.fromkeys(a for a, _ in pairs))
    targets = list(dict.fromkeys(b for _, b in pairs))
    prompt = checkpoint.prompt(side.from_lang, side.to_lang)
    source_ids = checkpoint.encode(sources, prompt)
    target_ids = dict(zip(targets, checkpoint.tokenizer(targets, add_special_tokens=False)["input_ids"], strict=True))
    place = {text: k for k, text in enumerate(sources)}
    rows = list(_rows([(place[a], tuple(target_ids[b])) for a, b in pairs]))
    states = _encoded(side.generator, source_ids, batch_tokens)
    start = [side.generator.start, *([] if prompt.forced is None else [prompt.forced])]
    found = [0.0] * len(pairs)
    for batch in padded_batches([len(row.ids) + 1 for row in rows], within_memory(batch_tokens)):
        chosen = [rows[k] for k in batch]
        for row, (tokens, ends) in zip(chosen, _decoded(side, chosen, states, start), strict=True):
            sums = [0.0]
            for value in tokens:
                sums.append(sums[-1] + value)
            for pair, size in row.pairs:
                found[pair] = (sums[size] + ends[size]) / (size + 1)
    return found


def _rows(pairs: Sequence[tuple[int, tuple[int, ...]]]) -> Iterator[_Row]:
    """One row per target, unless it is the beginning of another one with the same source."""
    by_source: defaultdict[int, list[tuple[tuple[int, ...], int]]] = defaultdict(list)
    for number, (source, ids) in enumerate(pairs):
        by_source[source].append((ids, number))
    for source, members in by_source.items():
        members.sort(reverse=True)  # a beginning comes right after what it begins
        longest: tuple[int, ...] | None = None
        inside: list[tuple[int, int]] = []
        for ids, number in members:
            if longest is None or longest[: len(ids)] != ids:
                if longest is not None:
                    yield _Row(source, longest, tuple(inside))
                longest, inside = ids, []
            inside.append((number, len(ids)))
        if longest is not None:
            yield _Row(source, longest, tuple(inside))


def _encoded(generator: TorchGenerator, ids: Sequence[Ids], batch_tokens: int) -> list[Any]:
    """The encoder states of each text, of shape `(length, width)`."""
    import torch

    encoder = generator.model.get_encoder()
    states: list[Any] = [None] * len(ids)
    with torch.inference_mode():
        for batch in padded_batches([len(row) for row in ids], within_memory(4 * batch_tokens)):
            rows, mask = padded([ids[k] for k in batch], generator.pad, generator.device)
            made = encoder(input_ids=rows, attention_mask=mask).last_hidden_state
            for k, state in zip(batch, made, strict=True):
                states[k] = state[: len(ids[k])]
    return states


def _decoded(
    side: Side, rows: Sequence[_Row], states: Sequence[Any], start: Ids
) -> Iterator[tuple[list[float], list[float]]]:
    """For each row the log probability of each id, and of the end after 0, 1, 2 … ids."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    generator, end = side.generator, int(side.checkpoint.tokenizer.eos_token_id)
    memory = [states[row.source] for row in rows]
    mask = pad_sequence([torch.ones(len(m), dtype=torch.long, device=generator.device) for m in memory], True)
    inputs, _ = padded([[*start, *row.ids] for row in rows], generator.pad, generator.device)
    with torch.inference_mode():
        logits = generator.model(
            encoder_outputs=(pad_sequence(memory, True),),
            attention_mask=mask,
            decoder_input_ids=inputs,
            use_cache=False,
        ).logits[:, len(start) - 1 :]
        norm = torch.logsumexp(logits.float(), dim=-1)
        said, _ = padded([[*row.ids, 0] for row in rows], 0, generator.device)
        tokens = (logits.gather(-1, said.unsqueeze(-1)).squeeze(-1).float() - norm).tolist()
        ends = (logits[..., end].float() - norm).tolist()
    for row, ours, theirs in zip(rows, tokens, ends, strict=True):
        yield ours[: len(row.ids)], theirs[: len(row.ids) + 1]
