"""Fine-tuning encoders as recognizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner._version import __version__
from xlner.core.files import replace_folder, require_writable_folder, write_json
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import ValidationError
from xlner.evaluation.entities import Scores
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, load_tokenizer, require_torch, silence
from xlner.models.tokenizers import SubwordTokenizer, longest_input, word_options
from xlner.models.training import LoopOptions, OnStep, TrainingLoop, TrainingTask, set_weights, train_only
from xlner.models.training_state import TrainingState
from xlner.text.counts import counted
from xlner.transfer.collapse import signs_of_collapse
from xlner.transfer.dev_scores import Predictor
from xlner.transfer.examples import make_examples, tag_names
from xlner.transfer.gradients import BatchGradients
from xlner.transfer.model import head_parameters, load_classifier, trained_parameters
from xlner.transfer.model_card import model_card, without_paths
from xlner.transfer.report import Epoch, TrainingReport
from xlner.transfer.sampling import counts, drawn
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet, checked, label_set

if TYPE_CHECKING:
    from xlner.transfer.adapters import Adapted

OnEpoch = Callable[[Epoch], None]
"""Called after each epoch."""
_CHECKED_SENTENCES = 200
"""Training sentences that are labeled at the end to look for signs of collapse if there is no dev set."""


def train(
    model: str,
    sets: Sequence[TrainingSet],
    folder: str | Path,
    options: TrainingOptions | None = None,
    *,
    overwrite: bool = False,
    checkpoint_every: int = 200,
    on_step: OnStep = lambda step, steps, loss: None,
    on_epoch: OnEpoch = lambda epoch: None,
) -> TrainingReport:
    """Fine-tune the encoder in `model`, a folder or a name on the hub, and write the recognizer to `folder`.

    The recognizer learns the IOB2 tag of each word at its first sub-word, with cross-entropy and AdamW (Loshchilov and
    Hutter 2019). It keeps the weights of the epoch with the best mean F1 on the dev sets, or those of the last epoch if
    there are no dev sets. On a CPU the result depends only on the model, the sentences and the options, not on the
    number of threads.

    The state is saved to `FOLDER.training` every `checkpoint_every` steps and after each epoch. After an interruption
    the same call resumes from there and reaches the same weights.

    Use the result as the recognizer `hf:FOLDER`, or load it with transformers. `TrainingReport.warnings` lists signs
    that the model has not learned anything.

    Raises `InputError` if `folder` is not empty and `overwrite` is not set, or if there is nothing to learn;
    `RunFolderError` if `FOLDER.training` belongs to another run or is in use; and `BackendError` if the model cannot be
    loaded or the loss is not a finite number.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    task = _RecognizerTask(model, sets, options or TrainingOptions(), on_epoch)
    loop = TrainingLoop(task, task.loop_options())
    with TrainingState.beside(folder, task.identity, overwrite=overwrite) as saved:
        loop.run(saved, save_every=checkpoint_every, on_step=on_step)
        task.keep_best()
        report = task.report(loop)
        replace_folder(folder, lambda new: task.save(new, folder.name, report))
        saved.clear()
    return report


class _RecognizerTask(TrainingTask):
    def __init__(
        self, name: str, sets: Sequence[TrainingSet], options: TrainingOptions, on_epoch: OnEpoch = lambda epoch: None
    ) -> None:
        require_torch()
        self._options, self._name, self._on_epoch = options, name, on_epoch
        self._sets = checked(sets, options.labels)
        self._source = path = model_folder(name)
        self._model = load_classifier(path, tag_names(label_set(self._sets)), options.seed)
        self._model.to(device_named(options.device))
        self._tokenizer = load_tokenizer(path, **word_options(self._model.config))
        subwords = SubwordTokenizer(self._tokenizer, self._max_length())
        pad = self._tokenizer.pad_token_id or 0
        self._drawn = self._draw()
        classes = {tag: k for k, tag in self._model.config.id2label.items()}
        self._examples = make_examples([s for part in self._drawn.values() for s in part], subwords, classes)
        self.lengths = [len(e) for e in self._examples.items]
        self._adapted = self._adapt()
        self.parameters = self._trained()
        train_only(self._model, self.parameters)
        self._gradients = BatchGradients(
            self._model, self.parameters, self._examples.items, options, pad=pad, adapted=self._adapted
        )
        self._predictor = Predictor(self._model, subwords, pad)
        self.identity = self._identity()
        self._epochs = list[Epoch]()
        self._best: list[Any] | None = None

    def loop_options(self) -> LoopOptions:
        o = self._options
        return LoopOptions(
            epochs=o.epochs,
            batch_size=o.batch_size,
            learning_rate=o.rate,
            weight_decay=o.weight_decay,
            warm_up=o.warm_up,
            max_norm=o.max_norm,
            fused=self._model.device.type in ("cpu", "cuda"),
            seed=o.seed,
        )

    def computing(self) -> AbstractContextManager[None]:
        return self._gradients.computing()

    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        return self._gradients.compute(step, batch)

    def end_epoch(self, losses: Sequence[float]) -> None:
        """Score the dev sets, and keep a copy of the weights if they are the best so far."""
        found = {s.language: self._predictor.scores(s.dev) for s in self._sets if s.dev}
        dev = {code: scores.micro.f1 for code, scores in found.items()}
        signatures = {code: str(scores.signature) for code, scores in found.items()}
        self._epochs.append(Epoch(len(self._epochs) + 1, float(np.mean(losses)), dev, signatures))
        if dev and self._best_epoch == len(self._epochs):
            self._best = [parameter.detach().cpu().clone() for parameter in self.parameters]
        self._on_epoch(self._epochs[-1])

    def finished(self) -> bool:
        patience = self._options.patience
        return bool(
            patience and self._epochs and self._epochs[-1].dev and len(self._epochs) - self._best_epoch >= patience
        )

    def state(self) -> Mapping[str, Any]:
        adapted = {} if self._adapted is None else dict(self._adapted.state())
        return {"epochs": [asdict(epoch) for epoch in self._epochs], "best": self._best, "adapted": adapted}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        self._best = state["best"]
        if self._adapted is not None:
            self._adapted.restore(state["adapted"])

    def keep_best(self) -> None:
        """Put the weights of the best epoch into the model."""
        if self._best is not None:
            set_weights(self.parameters, self._best)

    def report(self, loop: TrainingLoop) -> TrainingReport:
        """The report; the best weights must be in the model."""
        warnings = self._warnings()
        if self._examples.unreadable:
            warnings = (*warnings, f"not learned: {counted(self._examples.unreadable, 'word')} without sub-words")
        return TrainingReport(
            steps=loop.step,
            losses=tuple(loop.losses),
            epochs=tuple(self._epochs),
            best_epoch=self._best_epoch,
            trained_parameters=sum(p.numel() for p in self.parameters),
            total_parameters=sum(p.numel() for p in self._model.parameters()),
            sentences={code: len(part) for code, part in self._drawn.items()},
            windows=len(self._examples.items),
            seconds=loop.seconds,
            warnings=warnings,
            extra={} if self._adapted is None else self._adapted.measures(),
        )

    def save(self, folder: Path, name: str, report: TrainingReport) -> None:
        """Write the weights, the tokenizer, a model card, and a record of the training. `name` is that of the model."""
        with silence():
            if self._adapted is None:
                self._model.save_pretrained(folder)
            else:
                self._adapted.save(folder)
        self._tokenizer.save_pretrained(folder)
        facts = {"xlner": __version__, **self.identity, **asdict(report), "at_most_epochs": self._options.epochs}
        facts["parameters"] = without_paths(self._options.parameters)
        write_json(folder / "training.json", facts)
        card = model_card(name, self._name, self._source, sets=self._sets, options=self._options, report=report)
        (folder / "README.md").write_text(card, encoding="utf-8")

    @property
    def _best_epoch(self) -> int:
        """The number of the first epoch with the best mean F1; that of the last epoch if there are no dev sets."""
        scores = [e.mean_f1 for e in self._epochs]
        known = [s for s in scores if s is not None]
        return scores.index(max(known)) + 1 if known else len(self._epochs)

    def _max_length(self) -> int:
        longest = longest_input(self._model, self._tokenizer)
        wanted = self._options.max_length or longest
        if wanted > longest:
            raise ValidationError(f"max_length {wanted} is more than the {longest} that the model takes")
        return wanted

    def _draw(self) -> dict[str, list[Sentence]]:
        """The sentences to train on, by language. Those of one language do not depend on the other languages."""
        sizes = {s.language: len(s.train) for s in self._sets}
        wanted = counts(sizes, self._options.total, self._options.temperature)
        return {
            s.language: drawn(
                s.train, wanted[s.language], np.random.default_rng([self._options.seed, *s.language.encode()])
            )
            for s in self._sets
        }

    def _adapt(self) -> Adapted | None:
        if self._options.parameters == "full":
            return None
        from xlner.transfer.adapters import add_adapters

        return add_adapters(self._model, self._options.parameters, seed=self._options.seed)

    def _trained(self) -> list[Any]:
        if self._adapted is not None:
            return [*self._adapted.trained, *head_parameters(self._model)]
        return trained_parameters(
            self._model,
            freeze_embeddings=self._options.freeze_embeddings,
            freeze_layers=self._options.freeze_layers,
        )

    def _identity(self) -> dict[str, Any]:
        used: dict[str, Sequence[Sentence]] = {f"train {code}": part for code, part in self._drawn.items()}
        used |= {f"dev {s.language}": s.dev for s in self._sets if s.dev}
        digests = {name: _digest(part) for name, part in used.items()}
        options = {**asdict(self._options), "labels": list(self._options.labels)}
        return {**options, "model": folder_version(self._source), "sentences": digests}

    def _warnings(self) -> tuple[str, ...]:
        found: dict[str, Scores] = {
            f"the dev set of {s.language}": self._predictor.scores(s.dev) for s in self._sets if s.dev
        }
        if not found:
            some = [s for part in self._drawn.values() for s in part][:_CHECKED_SENTENCES]
            found = {"the training sentences": self._predictor.scores(some)}
        return signs_of_collapse(self._epochs, self._examples.entropy(), found)


def _digest(sentences: Sequence[Sentence]) -> str:
    words = (text for s in sentences for text in (*s.tokens, *s.tags(), str(len(s))))
    return Digest(words).hexdigest()
