"""Fine-tuning an encoder for word alignment on raw parallel text (Dou and Neubig 2021)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner._version import __version__
from xlner.alignment.hf.architecture import chosen_layer, max_length, padding_id
from xlner.alignment.hf.digest import digest
from xlner.alignment.hf.loading import encoder_of, load_model, load_tokenizer
from xlner.alignment.hf.objectives import SelfTraining, TextPair, TranslationLanguageModeling
from xlner.alignment.hf.states import Forward, single_threaded_torch
from xlner.alignment.hf.subwords import Pieces
from xlner.core.files import replace_folder, require_writable_folder
from xlner.core.pair import Pair
from xlner.core.signature import Digest
from xlner.errors import InputError, ValidationError
from xlner.models.layers import layer_modules
from xlner.models.loading import require_torch, silence
from xlner.models.schedule import rate, shuffled_batches
from xlner.models.threads import cpus
from xlner.models.training_state import TrainingState

OBJECTIVES = ("so", "tlm", "so+tlm")
_SHARD = 8
"""Pairs whose gradients are computed together. They are added up in order: the number of threads changes nothing."""

Progress = Callable[[int, int, float], None]
"""Is told the step, the number of steps and the loss."""


@dataclass(frozen=True, slots=True)
class AlignerTrainingOptions:
    """How to train.

    `objective`: self-training (`so`), the translation language model (`tlm`), or the sum of both. `layer` is the one
    that self-training works on, by default as in `HfEncoder`; layers above it stay as they are unless `tlm` trains
    them. `prefix` goes before every sentence. The learning rate rises for a tenth of the steps, then falls to 0.
    `temperature` and `threshold` are those of the softmax that finds the links. Pairs with a side of more than
    `max_length` sub-words are left out. `train_embeddings` trains the word vectors too, which needs much memory.

    Raises `ValidationError` for values that cannot be.
    """

    objective: str = "so"
    layer: int | None = None
    prefix: str = ""
    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-4
    temperature: float = 0.02
    threshold: float = 0.1
    max_length: int = 128
    train_embeddings: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise ValidationError(f"unknown objective {self.objective!r}", hint=f"known: {', '.join(OBJECTIVES)}")
        if min(self.epochs, self.batch_size, self.max_length) < 1:
            raise ValidationError("epochs, batch_size and max_length must be at least 1")
        if not (self.learning_rate > 0 and self.temperature > 0 and 0 <= self.threshold < 1):
            raise ValidationError("learning_rate and temperature must be above 0, threshold from 0 to below 1")


@dataclass(frozen=True, slots=True)
class AlignerTrainingReport:
    """Pairs used and left out, and the mean loss of each step."""

    used: int
    left_out: int
    losses: tuple[float, ...]


def train_aligner(
    model: str,
    pairs: Sequence[Pair],
    folder: str | Path,
    training: AlignerTrainingOptions | None = None,
    *,
    overwrite: bool = False,
    checkpoint_every: int = 50,
    on_step: Progress = lambda step, steps, loss: None,
) -> AlignerTrainingReport:
    """Fine-tune the encoder in `model`, a folder or a name on the hub, and write it to `folder`.

    There is no dropout, so that on a CPU the result follows from model, pairs and options alone. The state goes to
    `FOLDER.training` every `checkpoint_every` steps; the same call goes on from there, to the same weights as without a
    break.

    Raises `InputError` where `folder` is not empty, unless `overwrite` is set, and where no pair can be used;
    `RunFolderError` where `FOLDER.training` belongs to another run; what `HfEncoder` raises for the model.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    run = _Run(model, pairs, training or AlignerTrainingOptions())
    checkpoint = TrainingState(folder.with_name(f"{folder.name}.training"), run.identity, overwrite=overwrite)
    run.restore(checkpoint.load())
    while run.step < run.steps:
        loss = run.advance()
        on_step(run.step, run.steps, loss)
        if run.step % checkpoint_every == 0:
            checkpoint.save(run.state())
    report = AlignerTrainingReport(len(run.texts), run.left_out, tuple(run.losses))
    replace_folder(folder, lambda part: run.save(part, report))
    checkpoint.clear()
    return report


class _Run:
    """Model, data and optimizer."""

    def __init__(self, name: str, pairs: Sequence[Pair], training: AlignerTrainingOptions) -> None:
        require_torch()
        import torch

        self.training = training
        self.tokenizer = load_tokenizer(name)
        self.model, self._missing = load_model(name, heads=True)
        self._encoder = encoder_of(self.model)
        self.layer = chosen_layer(self._encoder.config, training.layer)
        self.texts, self.left_out = _usable(self.tokenizer, self._encoder, pairs, training)
        self.identity = self._identity()
        self.step, self.losses = 0, list[float]()
        self.steps = training.epochs * -(-len(self.texts) // training.batch_size)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self._device)
        self._objectives = self._make_objectives(torch)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self._trained = self._make_trained()
        for parameter in self._trained:
            parameter.requires_grad_(True)
        self._optimizer = torch.optim.AdamW(self._trained, lr=training.learning_rate, weight_decay=0.0)

    def _identity(self) -> dict[str, Any]:
        data = Digest(word for pair in self.texts for text in pair for word in map(str, text.pieces))
        options = {**asdict(self.training), "layer": self.layer}
        return {**options, "model": digest(self._encoder, self.tokenizer), "pairs": data.hexdigest()}

    def _make_objectives(self, torch: Any) -> list[SelfTraining | TranslationLanguageModeling]:
        pad = padding_id(self._encoder.config, self.tokenizer)
        made: list[SelfTraining | TranslationLanguageModeling] = []
        if "so" in self.training.objective:
            forward = Forward(self._encoder, self.layer, pad)
            made.append(SelfTraining(forward, self.training.temperature, self.training.threshold))
        self._head = None
        if "tlm" in self.training.objective:
            if self.tokenizer.mask_token_id is None:
                raise ValidationError("the tokenizer has no mask token", hint="train with the objective so")
            self._head = _head(torch, self._encoder.config.hidden_size, self.training.seed).to(self._device)
            candidates = np.unique([piece for pair in self.texts for text in pair for piece in text.pieces])
            vectors = self.model.get_input_embeddings().weight.detach()[torch.from_numpy(candidates)].to(self._device)
            forward = Forward(self._encoder, self._encoder.config.num_hidden_layers, pad)
            limit = max_length(self._encoder, self.tokenizer)
            made.append(
                TranslationLanguageModeling(
                    forward, self._head, vectors, candidates, self.tokenizer.mask_token_id, limit
                )
            )
        return made

    def _make_trained(self) -> list[Any]:
        layers = layer_modules(self._encoder)
        if layers is None:
            trained = list(self._encoder.encoder.parameters())
        else:
            highest = len(layers) if self._head is not None else self.layer
            trained = [parameter for layer in layers[:highest] for parameter in layer.parameters()]
        if self.training.train_embeddings:
            trained.append(self.model.get_input_embeddings().weight)
        if self._head is not None:
            trained += list(self._head.parameters())
        if not trained:
            raise ValidationError("there is nothing to train below layer 0", hint="choose a higher layer")
        return trained

    def advance(self) -> float:
        """One step; returns the mean loss of its pairs."""
        batch = self._batches(self.step // self._per_epoch())[self.step % self._per_epoch()]
        shards = [batch[i : i + _SHARD] for i in range(0, len(batch), _SHARD)]
        loss = 0.0
        # The update, too: sums over several threads of torch would depend on their number.
        with single_threaded_torch(), ThreadPoolExecutor(self._threads()) as pool:
            for number, objective in enumerate(self._objectives):
                with objective.forward.stopping():
                    done = list(pool.map(lambda job: self._gradients(objective, number, *job), enumerate(shards)))  # noqa: B023
                for part, gradients in done:
                    loss += part
                    self._add(gradients, 1 / len(batch))
            self._update()
        self.losses.append(loss / len(batch))
        return self.losses[-1]

    def _threads(self) -> int:
        return cpus() if self._device.type == "cpu" else 1

    def _per_epoch(self) -> int:
        return self.steps // self.training.epochs

    def _batches(self, epoch: int) -> list[list[int]]:
        return shuffled_batches(
            [len(s.pieces) + len(t.pieces) for s, t in self.texts],
            self.training.batch_size,
            np.random.default_rng([self.training.seed, epoch]),
        )

    def _gradients(self, objective: Any, number: int, shard: int, indices: list[int]) -> tuple[float, Any]:
        import torch

        rng = np.random.default_rng([self.training.seed, self.step, shard, number, 1])
        loss = objective([self.texts[i] for i in indices], rng)
        return float(loss.detach()), torch.autograd.grad(loss, self._trained, allow_unused=True)

    def _add(self, gradients: Sequence[Any], factor: float) -> None:
        for parameter, gradient in zip(self._trained, gradients, strict=True):
            if gradient is not None:
                scaled = gradient * factor
                parameter.grad = scaled if parameter.grad is None else parameter.grad + scaled

    def _update(self) -> None:
        import torch

        for group in self._optimizer.param_groups:
            group["lr"] = self.training.learning_rate * rate(self.step, self.steps)
        torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1

    def state(self) -> dict[str, Any]:
        """All that `restore` needs."""
        weights = [parameter.detach() for parameter in self._trained]
        optimizer = self._optimizer.state_dict()
        return {"step": self.step, "losses": self.losses, "weights": weights, "optimizer": optimizer}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go on from a state; from the start for None."""
        if state is None:
            return
        self.step, self.losses = state["step"], state["losses"]
        for parameter, saved in zip(self._trained, state["weights"], strict=True):
            parameter.data.copy_(saved)
        self._optimizer.load_state_dict(state["optimizer"])

    def save(self, folder: Path, report: AlignerTrainingReport) -> None:
        """Write the model, its tokenizer and what became of the training."""
        kept = {name: weights for name, weights in self.model.state_dict().items() if name not in self._missing}
        with silence():
            self.model.save_pretrained(folder, state_dict=kept)
        self.tokenizer.save_pretrained(folder)
        facts = {"xlner": __version__, **self.identity, **asdict(report)}
        (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _head(torch: Any, hidden: int, seed: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(hidden, hidden), torch.nn.GELU(), torch.nn.LayerNorm(hidden))


def _usable(
    tokenizer: Any, encoder: Any, pairs: Sequence[Pair], training: AlignerTrainingOptions
) -> tuple[list[TextPair], int]:
    """The sub-words of the pairs that can be trained on, and how many pairs cannot."""
    pieces = Pieces(tokenizer, training.prefix)
    room = max_length(encoder, tokenizer)
    usable: list[TextPair] = []
    for pair in _with_source(pairs):
        source, target = pieces.of([side for side in (pair.source, pair.target) if side is not None])
        longest = max(len(text.head) + len(text.pieces) + len(text.tail) for text in (source, target))
        shortest = min(len(text.pieces) for text in (source, target))
        if shortest > 0 and longest <= room and max(len(source.pieces), len(target.pieces)) <= training.max_length:
            usable.append((source, target))
    if not usable:
        raise InputError(
            f"none of {len(pairs)} pairs can be trained on", hint="give longer text, or a larger max_length"
        )
    return usable, len(pairs) - len(usable)


def _with_source(pairs: Sequence[Pair]) -> Iterator[Pair]:
    for pair in pairs:
        if pair.source is None:
            raise ValidationError("a pair without a source sentence cannot be trained on")
        yield pair
