"""Fine-tuning an encoder for word alignment on raw parallel text (Dou and Neubig 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner._version import __version__
from xlner.alignment.hf.architecture import chosen_layer, padding_id
from xlner.alignment.hf.digest import digest
from xlner.alignment.hf.loading import encoder_of, load_model, load_tokenizer
from xlner.alignment.hf.objectives import SelfTraining, TextPair, TranslationLanguageModeling
from xlner.alignment.hf.states import Forward
from xlner.core.files import replace_folder, require_writable_folder, write_json
from xlner.core.pair import Pair
from xlner.core.signature import Digest
from xlner.errors import InputError, UnknownNameError, ValidationError
from xlner.models.layers import layer_modules
from xlner.models.loading import device_named, require_torch, silence
from xlner.models.masking import Masking, prediction_head
from xlner.models.threads import cpus, single_threaded_torch
from xlner.models.tokenizers import WordByWordTokenizer, longest_input
from xlner.models.training import LoopOptions, OnStep, TrainingLoop, TrainingTask, train_only
from xlner.models.training_state import TrainingState
from xlner.text.suggestions import names_hint

OBJECTIVES = ("so", "tlm", "so+tlm")
_SHARD = 8
"""Pairs whose gradients are computed together. The sums are made in order, so the number of threads changes nothing."""


@dataclass(frozen=True, slots=True)
class AlignerTrainingOptions:
    """How to fine-tune an encoder for alignment.

    - `objective`: `so` for self-training, `tlm` for translation language modeling, `so+tlm` for the sum of both.
    - `layer`: the layer that self-training works on; the default is that of `HfEncoder`. Layers above it are trained
      only by `tlm`.
    - `prefix`: text before every sentence.
    - `epochs`, `batch_size`: passes over the pairs, and pairs in a step.
    - `learning_rate`: the highest one. It rises for a tenth of the steps, then falls to 0.
    - `temperature`, `threshold`: those of the softmax that finds the links, see `SelfTraining`.
    - `max_length`: pairs with more sub-words than this on one side are left out.
    - `train_embeddings`: also train the word vectors. This needs much memory.
    - `seed`: determines the order of the pairs and everything else that is random.

    Raises `UnknownNameError` for an unknown objective, and `ValidationError` for numbers out of range.

    >>> AlignerTrainingOptions(objective="so+tlm", layer=8).batch_size
    32
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
            raise UnknownNameError(f"unknown objective {self.objective!r}", hint=names_hint(self.objective, OBJECTIVES))
        if min(self.epochs, self.batch_size, self.max_length) < 1:
            raise ValidationError("epochs, batch_size and max_length must be at least 1")
        if not (self.learning_rate > 0 and self.temperature > 0 and 0 <= self.threshold < 1):
            raise ValidationError("learning_rate and temperature must be above 0, threshold from 0 to below 1")


@dataclass(frozen=True, slots=True)
class AlignerTrainingReport:
    """The result of `train_aligner`.

    - `used`, `left_out`: pairs that were trained on, and pairs that are empty or too long.
    - `losses`: the mean loss of the pairs of each step.

    >>> AlignerTrainingReport(used=2, left_out=0, losses=(-0.5, -0.75)).losses[-1]
    -0.75
    """

    used: int
    left_out: int
    losses: tuple[float, ...]


def train_aligner(
    model: str,
    pairs: Sequence[Pair],
    folder: str | Path,
    options: AlignerTrainingOptions | None = None,
    *,
    overwrite: bool = False,
    checkpoint_every: int = 50,
    on_step: OnStep = lambda step, steps, loss: None,
) -> AlignerTrainingReport:
    """Fine-tune the encoder in `model`, a folder or a name on the hub, and write it to `folder`.

    There is no dropout: on a CPU the result depends only on the model, the pairs and the options. The state is saved to
    `FOLDER.training` every `checkpoint_every` steps and after each epoch. After an interruption the same call resumes
    from there and reaches the same weights.

    Raises `InputError` if `folder` is not empty and `overwrite` is not set, or if no pair can be used;
    `RunFolderError` if `FOLDER.training` belongs to another run or is in use; `BackendError` if the model cannot be
    loaded or the loss is not a finite number; and what `HfEncoder` raises for the model.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    task = _AlignerTask(model, pairs, options or AlignerTrainingOptions())
    loop = TrainingLoop(task, task.loop_options())
    with TrainingState.beside(folder, task.identity, overwrite=overwrite) as saved:
        loop.run(saved, save_every=checkpoint_every, on_step=on_step)
        report = AlignerTrainingReport(len(task.texts), task.left_out, tuple(loop.losses))
        replace_folder(folder, lambda new: task.save(new, report))
        saved.clear()
    return report


class _AlignerTask(TrainingTask):
    def __init__(self, name: str, pairs: Sequence[Pair], options: AlignerTrainingOptions) -> None:
        require_torch()

        self._options = options
        self._tokenizer = load_tokenizer(name)
        self._model, self._missing = load_model(name, heads=True)
        self._encoder = encoder_of(self._model)
        self._layer = chosen_layer(self._encoder.config, options.layer)
        self.texts, self.left_out = _usable(self._tokenizer, self._encoder, pairs, options)
        self.lengths = [len(source.ids) + len(target.ids) for source, target in self.texts]
        self.identity = self._identity()
        self._device = device_named()
        self._model.to(self._device)
        self._head: Any = None
        self._objectives = self._make_objectives()
        self.parameters = self._trained()
        train_only(self._model, self.parameters)

    def loop_options(self) -> LoopOptions:
        o = self._options
        return LoopOptions(epochs=o.epochs, batch_size=o.batch_size, learning_rate=o.learning_rate, seed=o.seed)

    def computing(self) -> AbstractContextManager[None]:
        # The update included: sums over several threads of PyTorch would depend on their number.
        return single_threaded_torch()

    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        shards = [batch[i : i + _SHARD] for i in range(0, len(batch), _SHARD)]
        loss = 0.0
        with ThreadPoolExecutor(cpus() if self._device.type == "cpu" else 1) as pool:
            for number, objective in enumerate(self._objectives):
                jobs = [(objective, [self._options.seed, step, k, number, 1], shard) for k, shard in enumerate(shards)]
                with objective.forward.stopping():
                    done = list(pool.map(lambda job: self._gradients(*job), jobs))
                for part, gradients in done:
                    loss += part
                    self._add(gradients, 1 / len(batch))
        return loss / len(batch)

    def save(self, folder: Path, report: AlignerTrainingReport) -> None:
        """Write the model, its tokenizer, and a record of the training."""
        kept = {name: weights for name, weights in self._model.state_dict().items() if name not in self._missing}
        with silence():
            self._model.save_pretrained(folder, state_dict=kept)
        self._tokenizer.save_pretrained(folder)
        write_json(folder / "training.json", {"xlner": __version__, **self.identity, **asdict(report)})

    def _gradients(self, objective: Any, seeds: Sequence[int], shard: Sequence[int]) -> tuple[float, Any]:
        import torch

        loss = objective([self.texts[i] for i in shard], np.random.default_rng(seeds))
        return float(loss.detach()), torch.autograd.grad(loss, self.parameters, allow_unused=True)

    def _add(self, gradients: Sequence[Any], factor: float) -> None:
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            if gradient is not None:
                scaled = gradient * factor
                parameter.grad = scaled if parameter.grad is None else parameter.grad + scaled

    def _identity(self) -> dict[str, Any]:
        data = Digest(word for pair in self.texts for text in pair for word in map(str, text.ids))
        options = {**asdict(self._options), "layer": self._layer}
        return {**options, "model": digest(self._encoder, self._tokenizer), "pairs": data.hexdigest()}

    def _make_objectives(self) -> list[SelfTraining | TranslationLanguageModeling]:
        import torch

        options, pad = self._options, padding_id(self._encoder.config, self._tokenizer)
        made: list[SelfTraining | TranslationLanguageModeling] = []
        if "so" in options.objective:
            forward = Forward(self._encoder, self._layer, pad)
            made.append(SelfTraining(forward, options.temperature, options.threshold))
        if "tlm" in options.objective:
            if self._tokenizer.mask_token_id is None:
                raise ValidationError("the tokenizer has no mask token", hint="train with the objective so")
            config = self._encoder.config
            self._head = prediction_head(config.hidden_size, options.seed).to(self._device)
            candidates = np.unique([piece for pair in self.texts for text in pair for piece in text.ids])
            vectors = self._model.get_input_embeddings().weight.detach()[torch.from_numpy(candidates)].to(self._device)
            forward = Forward(self._encoder, config.num_hidden_layers, pad)
            masking = Masking(self._tokenizer.mask_token_id, candidates)
            limit = longest_input(self._encoder, self._tokenizer)
            made.append(TranslationLanguageModeling(forward, self._head, vectors, masking, limit))
        return made

    def _trained(self) -> list[Any]:
        layers = layer_modules(self._encoder)
        if layers is None:
            trained = list(self._encoder.encoder.parameters())
        else:
            highest = len(layers) if self._head is not None else self._layer
            trained = [parameter for layer in layers[:highest] for parameter in layer.parameters()]
        if self._options.train_embeddings:
            trained.append(self._model.get_input_embeddings().weight)
        if self._head is not None:
            trained += list(self._head.parameters())
        if not trained:
            raise ValidationError("there is nothing to train below layer 0", hint="choose a higher layer")
        return trained


def _usable(
    tokenizer: Any, encoder: Any, pairs: Sequence[Pair], options: AlignerTrainingOptions
) -> tuple[list[TextPair], int]:
    """The sub-words of the pairs that can be trained on, and the number of the other pairs."""
    subwords = WordByWordTokenizer(tokenizer, options.prefix)
    limit = longest_input(encoder, tokenizer)
    usable: list[TextPair] = []
    for pair in _with_source(pairs):
        source, target = subwords([side for side in (pair.source, pair.target) if side is not None])
        sizes = (len(source.ids), len(target.ids))
        longest = max(len(source.sequence()), len(target.sequence()))
        if min(sizes) > 0 and longest <= limit and max(sizes) <= options.max_length:
            usable.append((source, target))
    if not usable:
        raise InputError(
            f"none of {len(pairs)} pairs can be trained on", hint="give longer text, or a larger max_length"
        )
    return usable, len(pairs) - len(usable)


def _with_source(pairs: Sequence[Pair]) -> Iterator[Pair]:
    for pair in pairs:
        pair.require_source()
        yield pair
