"""Language adapters: what a model does not know of a language yet, learned from text without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import replace_folder, require_writable_folder
from xlner.core.registry import Spec
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, InputError, ValidationError
from xlner.models.batching import padded_batches
from xlner.models.hub import model_folder
from xlner.models.loading import device_named, load_checkpoint, load_tokenizer, require_torch
from xlner.models.schedule import rate, shuffled_batches
from xlner.models.subwords import SubwordTokenizer, longest_input, padded, word_options
from xlner.transfer.bottleneck import BottleneckAdapted
from xlner.transfer.masking import Masked, Masking
from xlner.transfer.orthogonal import Orthogonality
from xlner.transfer.specs import Bottleneck, parse_parameters

_BATCH_TOKENS = {"cpu": 2048}
_BATCH_TOKENS_GPU = 16384
_MAX_NORM = 1.0
_HELD_OUT, _MOST_HELD_OUT = 20, 200
"""Of so many sequences one is kept to measure on, and no more than that."""

Progress = Callable[[int, int, float], None]
"""Is told the step, the number of steps and the loss."""


@dataclass(frozen=True, slots=True)
class LanguageAdapterOptions:
    """How to train a language adapter.

    A step learns from `batch_size` sequences. The learning rate rises for a tenth of the steps, then falls to 0.
    Sentences of more than `max_length` sub-words are read in windows.

    Raises `ValidationError` for values that cannot be.
    """

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-3
    max_length: int = 128
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size, self.max_length) < 1:
            raise ValidationError("epochs, batch_size and max_length must be at least 1")
        if not 0 < self.learning_rate < float("inf") or self.seed < 0:
            raise ValidationError("learning_rate must be above 0, seed not negative")


@dataclass(frozen=True, slots=True)
class LanguageAdapterReport:
    """What became of the training of a language adapter.

    `sequences` were trained on; `losses` are those of the steps: the mean cross-entropy of the masked sub-words and the
    penalty; `before` and `after` the cross-entropy on sequences that were kept aside (None where there were too few).
    """

    sequences: int
    losses: tuple[float, ...]
    before: float | None
    after: float | None
    trained_parameters: int
    orthogonality: Orthogonality | None


def train_language_adapter(
    model: str,
    sentences: Iterable[Sentence],
    folder: str | Path,
    tuning: LanguageAdapterOptions | None = None,
    *,
    spec: str = "orthogonal",
    overwrite: bool = False,
    on_step: Progress = lambda step, steps, loss: None,
) -> LanguageAdapterReport:
    """Train an adapter for a language by masked language modeling, and write it to `folder`; labels are not used.

    `model` is a folder or a name on the hub, and stays as it is; `spec` says what the adapter is like, `orthogonal` or
    `bottleneck` with options, see `add_adapters`. A model that was saved with its head for masked language modeling
    guesses with that, kept as it is. Other models get a head that learns besides and is thrown away then: it guesses
    among the sub-words of the text, by the word vectors of the model.

    Task adapters stand on it with `orthogonal?language=FOLDER`, and `hf:MODEL?adapter=FOLDER` puts it in the place of
    the language adapter that a model was trained with. It fits the very model that it was trained on, no other.

    Raises `InputError` where `folder` is not empty, unless `overwrite` is set, and where there is no text;
    `ValidationError` where the tokenizer cannot mask; what `add_adapters` raises for the spec, and `BackendError` where
    the model cannot be loaded.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    run = _Run(model, sentences, _options(spec), tuning or LanguageAdapterOptions())
    before = run.held_out_loss()
    losses = []
    for step in range(run.steps):
        losses.append(run.advance(step))
        on_step(step + 1, run.steps, losses[-1])
    after = run.held_out_loss()
    replace_folder(folder, run.adapted.save)
    n_trained = sum(weights.numel() for weights in run.adapted.trained)
    return LanguageAdapterReport(
        len(run.sequences), tuple(losses), before, after, n_trained, run.adapted.orthogonality()
    )


def _options(spec: str) -> Bottleneck:
    options = parse_parameters(spec)
    if not isinstance(options, Bottleneck) or Spec.parse(spec).options.get("kind", "language") != "language":
        raise ValidationError(f"{spec!r} is no language adapter", hint="use bottleneck or orthogonal")
    return replace(options, kind="language")


class _Run:
    """Model, text and optimizer."""

    def __init__(
        self, name: str, sentences: Iterable[Sentence], options: Bottleneck, tuning: LanguageAdapterOptions
    ) -> None:
        require_torch()
        import torch

        self._tuning = tuning
        source = model_folder(name)
        self._device = device_named(tuning.device)
        self._model, head = _encoder_and_head(source)
        tokenizer = load_tokenizer(source, **word_options(self._model.config))
        if tokenizer.mask_token_id is None:
            raise ValidationError("the tokenizer has no mask token: language adapters cannot be trained with it")
        self._pad = tokenizer.pad_token_id or 0
        subwords = SubwordTokenizer(tokenizer, min(tuning.max_length, longest_input(self._model, tokenizer)))
        every = [
            s for text in subwords([s.tokens for s in sentences]) for s in text.sequences(subwords.head, subwords.tail)
        ]
        every = [s for s in every if len(s) > len(subwords.head) + len(subwords.tail)]
        if not every:
            raise InputError("there is no text to train on")
        n_held_out = min(len(every) // _HELD_OUT, _MOST_HELD_OUT)
        self.sequences, self._held_out = every[n_held_out:], every[:n_held_out]
        self.steps = tuning.epochs * -(-len(self.sequences) // tuning.batch_size)
        special = {*subwords.head, *subwords.tail, self._pad}
        candidates = np.array(sorted({i for s in every for i in s} - special), dtype=np.int64)
        self._masking = Masking(int(tokenizer.mask_token_id), candidates, len(subwords.head), len(subwords.tail))
        self.adapted = BottleneckAdapted(self._model, options, seed=tuning.seed)
        for weights in self._model.parameters():
            weights.requires_grad_(False)
        for weights in self.adapted.trained:
            weights.requires_grad_(True)
        self._guess, extra = head or _new_head(self._model, candidates, tuning.seed)
        self._model.to(self._device).eval()
        self._extra = extra.to(self._device) if extra is not None else None
        self._trained = [*self.adapted.trained, *(self._extra.parameters() if self._extra is not None else ())]
        self._optimizer = torch.optim.AdamW(self._trained, lr=tuning.learning_rate, weight_decay=0.0)

    def advance(self, step: int) -> float:
        """One step; returns its loss."""
        import torch

        per_epoch = self.steps // self._tuning.epochs
        rng = np.random.default_rng([self._tuning.seed, step])
        order = np.random.default_rng([self._tuning.seed, step // per_epoch])
        batches = shuffled_batches([len(s) for s in self.sequences], self._tuning.batch_size, order)
        masked = [self._masking(self.sequences[k], rng) for k in batches[step % per_epoch]]
        n_wanted = sum(len(m.positions) for m in masked)
        n_tokens = sum(len(m.shown) for m in masked)
        loss = 0.0
        for part in self._parts(masked):
            shared = self._loss(part) / n_wanted
            penalty = self.adapted.penalty()
            if penalty is not None:
                shared = shared + penalty * (sum(len(m.shown) for m in part) / n_tokens)
            shared.backward()
            loss += float(shared.detach())
        for group in self._optimizer.param_groups:
            group["lr"] = self._tuning.learning_rate * rate(step, self.steps)
        torch.nn.utils.clip_grad_norm_(self._trained, _MAX_NORM)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return loss

    def held_out_loss(self) -> float | None:
        """The mean cross-entropy on the text kept aside, always with the same sub-words masked."""
        import torch

        masked = [self._masking(s, np.random.default_rng([self._tuning.seed, k])) for k, s in enumerate(self._held_out)]
        if not masked:
            return None
        with torch.inference_mode():
            total = sum(float(self._loss(part)) for part in self._parts(masked))
        return total / sum(len(m.positions) for m in masked)

    def _parts(self, masked: Sequence[Masked]) -> list[list[Masked]]:
        budget = _BATCH_TOKENS.get(self._device.type, _BATCH_TOKENS_GPU)
        return [[masked[k] for k in part] for part in padded_batches([len(m.shown) for m in masked], budget)]

    def _loss(self, masked: Sequence[Masked]) -> Any:
        """The sum of the cross-entropies of what is to be guessed."""
        import torch

        ids, mask = (torch.from_numpy(x).to(self._device) for x in padded([m.shown for m in masked], self._pad))
        states = self._model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        rows = [row for row, m in enumerate(masked) for _ in m.positions]
        columns = [position for m in masked for position in m.positions]
        wanted = torch.tensor([i for m in masked for i in m.wanted], device=self._device)
        return self._guess(states[rows, columns], wanted)


def _encoder_and_head(folder: Path) -> tuple[Any, tuple[Callable[[Any, Any], Any], None] | None]:
    """A model, and where it was saved with one, the cross-entropy by its head for masked language modeling."""
    import torch
    import transformers

    try:
        saved = (transformers.AutoConfig.from_pretrained(folder).architectures or [""])[0]
    except (OSError, ValueError) as error:
        raise BackendError(f"{folder} holds no model: {error}") from None
    if not (saved.endswith("ForMaskedLM") and hasattr(transformers, saved)):
        return load_checkpoint("AutoModel", folder, dtype=torch.float32)[0], None
    model, _ = load_checkpoint("AutoModelForMaskedLM", folder, dtype=torch.float32)
    heads = [part for part in model.children() if part is not model.base_model]
    if len(heads) != 1:
        raise BackendError(f"the head of {saved} is not known here", hint="save the encoder alone, with AutoModel")

    def guess(states: Any, wanted: Any) -> Any:
        return torch.nn.functional.cross_entropy(heads[0](states).float(), wanted, reduction="sum")

    return model, (guess, None)


def _new_head(model: Any, candidates: Any, seed: int) -> tuple[Callable[[Any, Any], Any], Any]:
    """The cross-entropy by a linear layer, GELU, layer normalization and the word vectors of the candidates."""
    import torch

    width = model.config.hidden_size
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width))
    ids = torch.from_numpy(candidates)
    vectors = model.get_input_embeddings().weight.detach()[ids].float()

    def guess(states: Any, wanted: Any) -> Any:
        logits = head(states.float()) @ vectors.to(states.device).T
        places = torch.searchsorted(ids.to(wanted.device), wanted)
        return torch.nn.functional.cross_entropy(logits, places, reduction="sum")

    return guess, head
