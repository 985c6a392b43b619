"""Language adapters (experimental): small parts of a model that learn a language from text without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import replace_folder, require_writable_folder
from xlner.core.registry import Spec
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import BackendError, InputError, UsageError, ValidationError
from xlner.models.batching import padded_batches, token_budget
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, load_checkpoint, load_tokenizer, require_torch
from xlner.models.masking import Masked, Masking, prediction_head
from xlner.models.subwords import padded
from xlner.models.tokenizers import SubwordTokenizer, longest_input, word_options
from xlner.models.training import LoopOptions, OnStep, TrainingLoop, TrainingTask, train_only
from xlner.models.training_state import TrainingState
from xlner.transfer.bottleneck import BottleneckAdapted
from xlner.transfer.orthogonal import Orthogonality
from xlner.transfer.specs import Bottleneck, parse_parameters

_CPU_TOKENS = 2048
"""Sub-words that are computed at once, padding included."""
_HELD_OUT, _MOST_HELD_OUT = 20, 200
"""One of this many sequences is held out to measure the loss on, and at most this many."""

_Loss = Callable[[Any, Any], Any]
"""The sum of the cross-entropies of sub-words, given their states and their ids."""


@dataclass(frozen=True, slots=True)
class LanguageAdapterOptions:
    """How to train a language adapter (experimental).

    - `epochs`, `batch_size`: passes over the text, and sequences in a step.
    - `learning_rate`: the highest one. It rises for a tenth of the steps, then falls to 0.
    - `max_length`: longer sentences are read in windows of this number of sub-words.
    - `device`: `cpu`, `cuda`, `cuda:1` …; `auto` uses a GPU if there is one.
    - `seed`: determines everything that is random.

    Raises `ValidationError` for numbers out of range.

    >>> LanguageAdapterOptions(epochs=3).batch_size
    32
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
            raise ValidationError("learning_rate must be above 0, and seed must not be negative")


@dataclass(frozen=True, slots=True)
class LanguageAdapterReport:
    """The result of `train_language_adapter`.

    - `sequences`: how many were trained on.
    - `losses`: for each step the mean cross-entropy of the masked sub-words, plus the penalty.
    - `before`, `after`: the mean cross-entropy on held-out sequences; None if the text is too short.
    - `trained_parameters`: the number of weights of the adapter.
    - `orthogonality`: the mean |cosine| over all steps.

    >>> LanguageAdapterReport(1, (2.0,), None, None, 296, None).losses[-1]
    2.0
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
    options: LanguageAdapterOptions | None = None,
    *,
    spec: str = "orthogonal",
    overwrite: bool = False,
    checkpoint_every: int = 200,
    on_step: OnStep = lambda step, steps, loss: None,
) -> LanguageAdapterReport:
    """Train an adapter for a language by masked language modeling, and write it to `folder` (experimental).

    `model` is a folder or a name on the hub; it is not changed. Labels of the sentences are not used. `spec` is
    `orthogonal` or `bottleneck` with options, see `add_adapters`. If the model was saved with a head for masked
    language modeling, that head is used and frozen. Otherwise a temporary head is trained along with the adapter. It
    predicts only sub-words that occur in the text.

    Stack task adapters on the result with `orthogonal?language=FOLDER`. `hf:MODEL?adapter=FOLDER` replaces the language
    adapter that a recognizer was trained with. A language adapter only fits the model that it was trained on.

    The state is saved to `FOLDER.training` every `checkpoint_every` steps and after each epoch. After an interruption
    the same call resumes from there.

    Raises `InputError` if `folder` is not empty and `overwrite` is not set, or if there is no text; `RunFolderError` if
    `FOLDER.training` belongs to another run or is in use; `ValidationError` if the tokenizer has no mask token;
    `BackendError` if the model cannot be loaded or the loss is not a finite number; and the errors of `add_adapters`
    for the spec.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    task = _LanguageTask(model, sentences, _adapter_options(spec), options or LanguageAdapterOptions())
    loop = TrainingLoop(task, task.loop_options())
    with TrainingState.beside(folder, task.identity, overwrite=overwrite) as saved:
        before = task.held_out_loss()
        loop.run(saved, save_every=checkpoint_every, on_step=on_step)
        after = task.held_out_loss()
        replace_folder(folder, task.adapted.save)
        saved.clear()
    return LanguageAdapterReport(
        sequences=len(task.sequences),
        losses=tuple(loop.losses),
        before=before,
        after=after,
        trained_parameters=sum(weights.numel() for weights in task.adapted.trained),
        orthogonality=task.adapted.orthogonality(),
    )


def _adapter_options(spec: str) -> Bottleneck:
    options = parse_parameters(spec)
    if not isinstance(options, Bottleneck) or Spec.parse(spec).options.get("kind", "language") != "language":
        raise UsageError(f"{spec!r} is not a language adapter", hint="use bottleneck or orthogonal")
    return replace(options, kind="language")


class _LanguageTask(TrainingTask):
    def __init__(
        self, name: str, sentences: Iterable[Sentence], adapter: Bottleneck, options: LanguageAdapterOptions
    ) -> None:
        require_torch()

        self._options = options
        source = model_folder(name)
        self._device = device_named(options.device)
        self._model, loss_of_head = _encoder_and_loss(source)
        tokenizer = load_tokenizer(source, **word_options(self._model.config))
        if tokenizer.mask_token_id is None:
            raise ValidationError("the tokenizer has no mask token, which language adapters need")
        self._pad = tokenizer.pad_token_id or 0
        subwords = SubwordTokenizer(tokenizer, min(options.max_length, longest_input(self._model, tokenizer)))
        every = _sequences(subwords, sentences)
        n_held_out = min(len(every) // _HELD_OUT, _MOST_HELD_OUT)
        self.sequences, self._held_out = every[n_held_out:], every[:n_held_out]
        self.lengths = [len(s) for s in self.sequences]
        self.identity = {
            **asdict(options),
            "adapter": asdict(adapter),
            "model": folder_version(source),
            "text": Digest(str(k) for s in every for k in (*s, len(s))).hexdigest(),
        }
        special = {*subwords.head, *subwords.tail, self._pad}
        candidates = np.array(sorted({i for s in every for i in s} - special), dtype=np.int64)
        self._masking = Masking(int(tokenizer.mask_token_id), candidates, len(subwords.head), len(subwords.tail))
        self.adapted = BottleneckAdapted(self._model, adapter, seed=options.seed)
        self.parameters = list(self.adapted.trained)
        if loss_of_head is not None:
            self._cross_entropy = loss_of_head
        else:
            head = prediction_head(self._model.config.hidden_size, options.seed)
            self._cross_entropy = _loss_of_new_head(self._model, head, candidates)
            self.parameters += head.to(self._device).parameters()
        train_only(self._model, self.parameters)
        self._model.to(self._device).eval()

    def loop_options(self) -> LoopOptions:
        o = self._options
        return LoopOptions(epochs=o.epochs, batch_size=o.batch_size, learning_rate=o.learning_rate, seed=o.seed)

    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        rng = np.random.default_rng([self._options.seed, step])
        masked = [self._masking(self.sequences[k], rng) for k in batch]
        n_wanted = sum(len(m.positions) for m in masked)
        n_tokens = sum(len(m.shown) for m in masked)
        total = 0.0
        for part in self._parts(masked):
            loss = self._loss(part) / n_wanted
            penalty = self.adapted.penalty()
            if penalty is not None:
                loss = loss + penalty * (sum(len(m.shown) for m in part) / n_tokens)
            loss.backward()
            total += float(loss.detach())
        return total

    def state(self) -> Mapping[str, Any]:
        return self.adapted.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self.adapted.restore(state)

    def held_out_loss(self) -> float | None:
        """The mean cross-entropy on the held-out sequences, with the same sub-words masked in each call."""
        import torch

        rngs = (np.random.default_rng([self._options.seed, k]) for k in range(len(self._held_out)))
        masked = [self._masking(s, rng) for s, rng in zip(self._held_out, rngs, strict=True)]
        if not masked:
            return None
        with torch.inference_mode():
            total = sum(float(self._loss(part)) for part in self._parts(masked))
        return total / sum(len(m.positions) for m in masked)

    def _parts(self, masked: Sequence[Masked]) -> list[list[Masked]]:
        budget = token_budget(self._device, cpu=_CPU_TOKENS)
        return [[masked[k] for k in part] for part in padded_batches([len(m.shown) for m in masked], budget)]

    def _loss(self, masked: Sequence[Masked]) -> Any:
        """The sum of the cross-entropies of the sub-words to predict."""
        import torch

        ids, mask = (torch.from_numpy(x).to(self._device) for x in padded([m.shown for m in masked], self._pad))
        states = self._model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        rows = [row for row, m in enumerate(masked) for _ in m.positions]
        columns = [position for m in masked for position in m.positions]
        wanted = torch.tensor([i for m in masked for i in m.wanted], device=self._device)
        return self._cross_entropy(states[rows, columns], wanted)


def _sequences(subwords: SubwordTokenizer, sentences: Iterable[Sentence]) -> list[list[int]]:
    """The sequences that the model reads, without empty ones; raises `InputError` if there are none."""
    texts = [text for text in subwords([s.tokens for s in sentences]) if text.ids]
    if not texts:
        raise InputError("there is no text to train on")
    return [s for text in texts for s in text.sequences(text.windows(subwords.max_length))]


def _encoder_and_loss(folder: Path) -> tuple[Any, _Loss | None]:
    """A model, and the loss by its head for masked language modeling if it was saved with one."""
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
        raise BackendError(f"the head of {saved} is not supported", hint="save the encoder alone, with AutoModel")

    def loss(states: Any, wanted: Any) -> Any:
        return torch.nn.functional.cross_entropy(heads[0](states).float(), wanted, reduction="sum")

    return model, loss


def _loss_of_new_head(model: Any, head: Any, candidates: Any) -> _Loss:
    """The loss by a new head and the word vectors of the candidates."""
    import torch

    ids = torch.from_numpy(candidates)
    vectors = model.get_input_embeddings().weight.detach()[ids].float()

    def loss(states: Any, wanted: Any) -> Any:
        logits = head(states.float()) @ vectors.to(states.device).T
        places = torch.searchsorted(ids.to(wanted.device), wanted)
        return torch.nn.functional.cross_entropy(logits, places, reduction="sum")

    return loss
