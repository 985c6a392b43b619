"""Fine-tuning encoders as recognizers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner._version import __version__
from xlner.core.files import replace_folder, require_writable_folder
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import ValidationError
from xlner.evaluation.entities import Scores
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, load_tokenizer, require_torch, silence
from xlner.models.schedule import shuffled_batches
from xlner.models.subwords import SubwordTokenizer, longest_input, word_options
from xlner.models.training_state import TrainingState
from xlner.transfer.collapse import check_numbers, signs
from xlner.transfer.dev_scores import Predictor
from xlner.transfer.examples import make_examples, tag_names
from xlner.transfer.model import head_parameters, load_classifier, trained_parameters
from xlner.transfer.model_card import model_card, without_paths
from xlner.transfer.report import Epoch, TrainingReport
from xlner.transfer.sampling import counts, drawn
from xlner.transfer.steps import Steps
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet, checked, label_set

if TYPE_CHECKING:
    from xlner.transfer.adapters import Adapted

__all__ = ["Epoch", "TrainingOptions", "TrainingReport", "TrainingSet", "train"]

OnStep = Callable[[int, int, float], None]
"""Is told the step, the number of steps and the loss."""
OnEpoch = Callable[[Epoch], None]
_LOOKED_AT = 200
"""Training sentences that are labeled in the end to see whether anything was learned, where there is no dev set."""


def train(
    model: str,
    sets: Sequence[TrainingSet],
    folder: str | Path,
    tuning: TrainingOptions | None = None,
    *,
    overwrite: bool = False,
    checkpoint_every: int = 200,
    on_step: OnStep = lambda step, steps, loss: None,
    on_epoch: OnEpoch = lambda epoch: None,
) -> TrainingReport:
    """Fine-tune the encoder in `model`, a folder or a name on the hub, and write the recognizer to `folder`.

    It learns the tags of words (IOB2) at their first sub-words by cross-entropy, with AdamW (Loshchilov and Hutter
    2019). The weights of the epoch with the best mean F1 of the dev sets are kept, those of the last one where there
    are none. On a CPU the result follows from model, sentences and options alone, whatever the number of threads. The
    state goes to `FOLDER.training` every `checkpoint_every` steps and after each epoch; the same call goes on from
    there, to the same weights as without a break.

    `hf:FOLDER` is the recognizer; transformers loads it, too. See `TrainingReport.warnings` for signs that the model
    has not learned.

    Raises `InputError` where `folder` is not empty, unless `overwrite` is set, and where there is nothing to learn;
    `RunFolderError` where `FOLDER.training` belongs to another run; `BackendError` where the model cannot be loaded
    and where the loss is no number any more.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    run = _Run(model, sets, tuning or TrainingOptions())
    checkpoint = TrainingState(folder.with_name(f"{folder.name}.training"), run.identity, overwrite=overwrite)
    run.restore(checkpoint.load())
    while not run.done:
        loss = run.advance()
        on_step(run.step, run.steps, loss)
        if run.step % run.per_epoch == 0:
            on_epoch(run.end_epoch())
            checkpoint.save(run.state())
        elif run.step % checkpoint_every == 0:
            checkpoint.save(run.state())
    run.keep_best()
    report = run.report()
    replace_folder(folder, lambda part: run.save(part, folder.name, report))
    checkpoint.clear()
    return report


class _Run:
    """Model, data and what has been done."""

    def __init__(self, name: str, sets: Sequence[TrainingSet], tuning: TrainingOptions) -> None:
        require_torch()
        self.tuning, self.name = tuning, name
        self.sets = checked(sets, tuning.labels)
        self._source = path = model_folder(name)
        self.model = load_classifier(path, tag_names(label_set(self.sets)), tuning.seed)
        self.model.to(device_named(tuning.device))
        self.tokenizer = load_tokenizer(path, **word_options(self.model.config))
        subwords = SubwordTokenizer(self.tokenizer, self._max_length())
        pad = self.tokenizer.pad_token_id or 0
        self.drawn = self._drawn()
        classes = {tag: k for k, tag in self.model.config.id2label.items()}
        self._examples = make_examples([s for part in self.drawn.values() for s in part], subwords, classes)
        self._adapted = self._adapt()
        self._steps = Steps(self.model, self._trained(), self._examples.items, tuning, pad=pad, adapted=self._adapted)
        self._predictor = Predictor(self.model, subwords, pad)
        self.identity = self._identity()
        self.per_epoch = -(-len(self._examples.items) // tuning.batch_size)
        self.steps = tuning.epochs * self.per_epoch
        self.step, self.seconds = 0, 0.0
        self.losses, self.epochs = list[float](), list[Epoch]()
        self._best: list[Any] | None = None
        self._batches: tuple[int, list[list[int]]] = (-1, [])

    def _max_length(self) -> int:
        longest = longest_input(self.model, self.tokenizer)
        wanted = self.tuning.max_length or longest
        if wanted > longest:
            raise ValidationError(f"max_length {wanted} is more than the {longest} that the model takes")
        return wanted

    def _drawn(self) -> dict[str, list[Sentence]]:
        """The sentences to train on, by language; those of one language do not hang on the other ones."""
        sizes = {s.language: len(s.train) for s in self.sets}
        wanted = counts(sizes, self.tuning.total, self.tuning.temperature)
        return {
            s.language: drawn(
                s.train, wanted[s.language], np.random.default_rng([self.tuning.seed, *s.language.encode()])
            )
            for s in self.sets
        }

    def _adapt(self) -> Adapted | None:
        if self.tuning.parameters == "full":
            return None
        from xlner.transfer.adapters import add_adapters

        return add_adapters(self.model, self.tuning.parameters, seed=self.tuning.seed)

    def _trained(self) -> list[Any]:
        if self._adapted is not None:
            trained = [*self._adapted.trained, *head_parameters(self.model)]
        else:
            freezing = {name: getattr(self.tuning, name) for name in ("freeze_embeddings", "freeze_layers")}
            trained = trained_parameters(self.model, **freezing)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        for parameter in trained:
            parameter.requires_grad_(True)
        return trained

    def _identity(self) -> dict[str, Any]:
        used: dict[str, Sequence[Sentence]] = {f"train {code}": part for code, part in self.drawn.items()}
        used |= {f"dev {s.language}": s.dev for s in self.sets if s.dev}
        digests = {name: _digest(part) for name, part in used.items()}
        options = {**asdict(self.tuning), "labels": list(self.tuning.labels)}
        return {**options, "model": folder_version(self._source), "sentences": digests}

    @property
    def done(self) -> bool:
        """Whether all steps are done, or enough epochs have brought nothing."""
        patience, best = self.tuning.patience, self.best_epoch
        stopped = patience and self.epochs and self.epochs[-1].dev and len(self.epochs) - best >= patience
        at_end = self.step == len(self.epochs) * self.per_epoch
        return self.step >= self.steps or bool(stopped and at_end)

    @property
    def best_epoch(self) -> int:
        """The number of the first of the epochs with the best mean F1; of the last one where there are no dev sets."""
        scores = [e.mean_f1 for e in self.epochs]
        known = [s for s in scores if s is not None]
        return scores.index(max(known)) + 1 if known else len(self.epochs)

    def advance(self) -> float:
        """One step; returns the mean loss of its words."""
        began = time.perf_counter()
        epoch = self.step // self.per_epoch
        if self._batches[0] != epoch:
            lengths = [len(e) for e in self._examples.items]
            rng = np.random.default_rng([self.tuning.seed, epoch])
            self._batches = (epoch, shuffled_batches(lengths, self.tuning.batch_size, rng))
        loss, norm = self._steps.advance(self.step, self.steps, self._batches[1][self.step % self.per_epoch])
        self.step += 1
        check_numbers(loss, norm, self.step)
        self.losses.append(loss)
        self.seconds += time.perf_counter() - began
        return loss

    def end_epoch(self) -> Epoch:
        """Score the dev sets, and remember the weights where they are the best so far."""
        began = time.perf_counter()
        found = {s.language: self._predictor.scores(s.dev) for s in self.sets if s.dev}
        loss = float(np.mean(self.losses[-self.per_epoch :]))
        dev = {code: scores.micro.f1 for code, scores in found.items()}
        signatures = {code: str(scores.signature) for code, scores in found.items()}
        self.epochs.append(Epoch(len(self.epochs) + 1, loss, dev, signatures))
        if dev and self.best_epoch == len(self.epochs):
            self._best = [parameter.detach().cpu().clone() for parameter in self._steps.trained]
        self.seconds += time.perf_counter() - began
        return self.epochs[-1]

    def keep_best(self) -> None:
        """Put the weights of the best epoch into the model."""
        if self._best is not None:
            self._put(self._best)

    def _put(self, weights: Sequence[Any]) -> None:
        for parameter, saved in zip(self._steps.trained, weights, strict=True):
            parameter.data.copy_(saved)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "weights": [parameter.detach() for parameter in self._steps.trained],
            "best": self._best,
            "optimizer": self._steps.optimizer.state_dict(),
        }

    def restore(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a state; from the start for None."""
        if state is None:
            return
        self.step, self.seconds, self.losses = state["step"], state["seconds"], state["losses"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        self._put(state["weights"])
        self._best = state["best"]
        self._steps.optimizer.load_state_dict(state["optimizer"])

    def report(self) -> TrainingReport:
        """What became of it; the best weights must be in the model."""
        found = self._signs()
        if self._examples.unreadable:
            found = (*found, f"{self._examples.unreadable} words have no sub-words, nothing was learned of them")
        return TrainingReport(
            steps=self.step,
            losses=tuple(self.losses),
            epochs=tuple(self.epochs),
            best_epoch=self.best_epoch,
            trained_parameters=sum(p.numel() for p in self._steps.trained),
            total_parameters=sum(p.numel() for p in self.model.parameters()),
            sentences={code: len(part) for code, part in self.drawn.items()},
            windows=len(self._examples.items),
            seconds=self.seconds,
            warnings=found,
            extra={} if self._adapted is None else self._adapted.measures(),
        )

    def _signs(self) -> tuple[str, ...]:
        looked_at: dict[str, Scores] = {
            f"the dev set of {s.language}": self._predictor.scores(s.dev) for s in self.sets if s.dev
        }
        if not looked_at:
            some = [s for part in self.drawn.values() for s in part][:_LOOKED_AT]
            looked_at = {"the training sentences": self._predictor.scores(some)}
        return signs(self.epochs, self._examples.entropy(), looked_at)

    def save(self, folder: Path, name: str, report: TrainingReport) -> None:
        """Write the model under a name: its weights, its tokenizer, a card, and what became of the training."""
        with silence():
            if self._adapted is None:
                self.model.save_pretrained(folder)
            else:
                self._adapted.save(folder)
        self.tokenizer.save_pretrained(folder)
        facts = {"xlner": __version__, **self.identity, **asdict(report), "at_most_epochs": self.tuning.epochs}
        facts["parameters"] = without_paths(self.tuning.parameters)
        (folder / "training.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        card = model_card(name, self.name, self._source, sets=self.sets, tuning=self.tuning, report=report)
        (folder / "README.md").write_text(card, encoding="utf-8")


def _digest(sentences: Sequence[Sentence]) -> str:
    words = (text for s in sentences for text in (*s.tokens, *s.tags(), str(len(s))))
    return Digest(words).hexdigest()
