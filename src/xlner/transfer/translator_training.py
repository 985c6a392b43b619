"""Fine-tuning a translation model on parallel text, plain or with markers around entities."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.core.files import replace_folder, require_writable_folder, write_json
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.core.signature import Digest
from xlner.errors import InputError, UsageError, ValidationError
from xlner.models.loading import silence
from xlner.models.training import LoopOptions, OnStep, TrainingLoop, TrainingTask, train_only
from xlner.models.training_state import TrainingState
from xlner.projection.markers.styles import MarkerStyle
from xlner.text.languages import canonical
from xlner.transfer.lora import LoraAdapted
from xlner.transfer.marked_pairs import marked_texts
from xlner.transfer.specs import Lora, parse_parameters
from xlner.translation.guards import language_identification
from xlner.translation.guards.checks.language import MIN_NATS
from xlner.translation.seq2seq.checkpoint import Seq2SeqCheckpoint
from xlner.translation.seq2seq.generation import TorchGenerator, padded
from xlner.translation.seq2seq.translators import Seq2SeqTranslator

FULL_RATE, LORA_RATE = 1e-5, 1e-4
"""Learning rates where none is given: small ones, see `TranslatorTrainingOptions`."""
_IGNORED = -100
"""The label that the loss of transformers leaves out."""


@dataclass(frozen=True, slots=True)
class TranslatorTrainingOptions:
    """How to fine-tune a translation model.

    - `markers`: the markers around entities that the model learns to keep: `brackets`, `tags`, `labels` or `letters`;
      None for plain text.
    - `parameters`: `full`, or `lora?rank=8&alpha=16&targets=attention`, see `xlner.transfer.add_adapters`.
    - `epochs`, `batch_size`: passes over the pairs, and pairs in a step.
    - `learning_rate`: the highest one. It rises for a tenth of the steps, then falls to 0. The default is 1e-5, and
      1e-4 for LoRA. Chirkova et al. 2023 (arXiv 2310.09917) found that fine-tuned models answer in a wrong language
      mostly because the learning rate was too high.
    - `max_length`: pairs with more tokens than this on one side are left out.
    - `check_languages`: languages to translate into after each epoch, for the share of translations in another
      language. By default the language of the targets. The trained direction is the last one to fail: name others that
      you need.
    - `check_sentences`: how many sources are translated for it.
    - `seed`: determines the order of the pairs, and the first weights of LoRA.

    Raises `UnknownNameError` for unknown markers or parameters, `UsageError` for parameters that are adapters, and
    `ValidationError` for numbers out of range.

    >>> TranslatorTrainingOptions().rate, TranslatorTrainingOptions(parameters="lora").rate
    (1e-05, 0.0001)
    """

    markers: str | None = None
    parameters: str = "full"
    epochs: int = 1
    batch_size: int = 16
    learning_rate: float | None = None
    max_length: int = 256
    check_languages: tuple[str, ...] = ()
    check_sentences: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.markers is not None:
            MarkerStyle.of(self.markers)
        if not isinstance(parse_parameters(self.parameters), (Lora, type(None))):
            raise UsageError(f"a translator cannot be trained with {self.parameters}", hint="use full or lora")
        if min(self.epochs, self.batch_size, self.max_length) < 1 or self.check_sentences < 0 or not self.rate > 0:
            raise ValidationError(
                "epochs, batch_size, max_length and learning_rate must be above 0, check_sentences at least 0"
            )

    @property
    def rate(self) -> float:
        """The learning rate in use."""
        if self.learning_rate is not None:
            return self.learning_rate
        return FULL_RATE if parse_parameters(self.parameters) is None else LORA_RATE


@dataclass(frozen=True, slots=True)
class TranslatorEpoch:
    """What is known after an epoch; number 0 is the model before the training.

    `loss` is the mean of the steps, per token. `wrong_language` is the share of translations in another language, for
    each language that was checked; None for one that cannot be identified.

    >>> TranslatorEpoch(1, 0.5, {"gl": 0.25}).text()
    'epoch 1: loss 0.5000, wrong language gl 25 %'
    """

    number: int
    loss: float | None
    wrong_language: Mapping[str, float | None] = field(default_factory=dict)

    def text(self) -> str:
        """One line for people."""
        loss = "" if self.loss is None else f"loss {self.loss:.4f}, "
        shares = ", ".join(
            f"{code} {'cannot be identified' if share is None else f'{share:.0%}'.replace('%', ' %')}"
            for code, share in self.wrong_language.items()
        )
        return f"{f'epoch {self.number}' if self.number else 'before'}: {loss}wrong language {shares or 'not checked'}"


@dataclass(frozen=True, slots=True)
class TranslatorTrainingReport:
    """The result of `train_translator`: pairs that were trained on, pairs that were left out, and the epochs.

    >>> TranslatorTrainingReport(used=2, left_out=0, epochs=()).used
    2
    """

    used: int
    left_out: int
    epochs: tuple[TranslatorEpoch, ...]


OnEpoch = Callable[[TranslatorEpoch], None]


def train_translator(
    model: str,
    pairs: Sequence[Pair],
    folder: str | Path,
    options: TranslatorTrainingOptions | None = None,
    *,
    from_lang: str,
    to_lang: str,
    overwrite: bool = False,
    checkpoint_every: int = 200,
    on_step: OnStep = lambda step, steps, loss: None,
    on_epoch: OnEpoch = lambda epoch: None,
) -> TranslatorTrainingReport:
    """Fine-tune a translation model on the sources and targets of pairs, and write it to `folder`.

    `model` is the spec of a translator on a model of transformers: `nllb:FOLDER`, `marian:NAME` … The result is a
    folder for the same translator. There is no dropout. LoRA is merged into the weights. An interrupted training
    resumes from `FOLDER.training` with the same call.

    Raises `InputError` if `folder` is not empty and `overwrite` is not set, if a pair has no source sentence, or if no
    pair can be used; `UsageError` for another kind of translator; `RunFolderError` if `FOLDER.training` belongs to
    another run or is in use; and `BackendError` if the model cannot be loaded, does not know a language, or the loss is
    not a finite number.
    """
    folder = Path(folder)
    require_writable_folder(folder, overwrite)
    options = options or TranslatorTrainingOptions()
    translator = load("translator", model, dtype="float32")
    if not isinstance(translator, Seq2SeqTranslator) or translator.options.engine != "transformers":
        raise UsageError(f"{model} cannot be trained", hint="name a model of transformers, such as nllb:FOLDER")
    task = _TranslatorTask(translator, pairs, options, (canonical(from_lang), canonical(to_lang)), on_epoch)
    loop_options = LoopOptions(
        epochs=options.epochs, batch_size=options.batch_size, learning_rate=options.rate, seed=options.seed
    )
    loop = TrainingLoop(task, loop_options)
    with TrainingState.beside(folder, task.identity, overwrite=overwrite) as saved:
        if saved.is_new():
            task.check(None)
        loop.run(saved, save_every=checkpoint_every, on_step=on_step)
        report = TranslatorTrainingReport(len(task.lengths), task.left_out, tuple(task.epochs))
        replace_folder(folder, lambda new: task.save(new, report))
        saved.clear()
    return report


class _TranslatorTask(TrainingTask):
    def __init__(
        self,
        translator: Seq2SeqTranslator,
        pairs: Sequence[Pair],
        options: TranslatorTrainingOptions,
        languages: tuple[str, str],
        on_epoch: OnEpoch,
    ) -> None:
        self._translator, self._options, self._on_epoch = translator, options, on_epoch
        self._languages = languages
        self._checkpoint: Seq2SeqCheckpoint = translator.checkpoint(*languages)
        self._examples, self._sources, self.left_out = self._usable(pairs)
        self.lengths = [len(source) + len(target) for source, target in self._examples]
        self.epochs: list[TranslatorEpoch] = []
        self.identity = self._identity()
        generator = self._checkpoint.generator
        assert isinstance(generator, TorchGenerator)
        self._generator, self._model = generator, generator.model
        parameters = parse_parameters(options.parameters)
        self._lora: LoraAdapted | None = None
        if isinstance(parameters, Lora):
            self._lora = LoraAdapted(self._model, parameters, seed=options.seed)
        trained = self._model.parameters() if self._lora is None else self._lora.trained
        self.parameters = [weights for weights in trained if weights.requires_grad]
        train_only(self._model, self.parameters)

    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        sources, targets = zip(*(self._examples[k] for k in batch), strict=True)
        ids, mask = padded(sources, self._generator.pad, self._generator.device)
        labels, _ = padded(targets, _IGNORED, self._generator.device)
        loss = self._model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        return float(loss.detach())

    def end_epoch(self, losses: Sequence[float]) -> None:
        self.check(sum(losses) / len(losses))

    def state(self) -> Mapping[str, Any]:
        return {"epochs": [[e.number, e.loss, dict(e.wrong_language)] for e in self.epochs]}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.epochs = [TranslatorEpoch(number, loss, shares) for number, loss, shares in state["epochs"]]

    def check(self, loss: float | None) -> None:
        """Record an epoch, with the share of translations in another language than the one asked for."""
        from_lang, to_lang = self._languages
        wanted = self._options.check_languages or (to_lang,)
        shares = {code: self._wrong(from_lang, canonical(code)) for code in wanted} if self._sources else {}
        self.epochs.append(TranslatorEpoch(len(self.epochs), loss, shares))
        self._on_epoch(self.epochs[-1])

    def save(self, folder: Path, report: TranslatorTrainingReport) -> None:
        """Write the model, its tokenizer, and a record of the training."""
        if self._lora is None:
            with silence():
                self._model.save_pretrained(folder)
        else:
            self._lora.save(folder)
        self._checkpoint.tokenizer.save_pretrained(folder)
        settings = self._checkpoint.folder / "generation_config.json"  # the generator has changed those in memory
        if settings.is_file():
            shutil.copy(settings, folder / settings.name)
        write_json(folder / "training.json", {"xlner": __version__, **self.identity, **asdict(report)})

    def _wrong(self, from_lang: str, to_lang: str) -> float | None:
        if not language_identification.knows(to_lang):
            return None
        made = self._translator.translate(self._sources, from_lang=from_lang, to_lang=to_lang)
        nats = [
            language_identification.another_language(text, translation, from_lang, to_lang)
            for text, translation in zip(self._sources, made, strict=True)
        ]
        return sum(value > MIN_NATS for value in nats) / len(nats)

    def _usable(self, pairs: Sequence[Pair]) -> tuple[list[tuple[list[int], list[int]]], list[str], int]:
        """The ids of sources and targets that can be trained on, sources to check, and the number of other pairs."""
        for number, pair in enumerate(pairs, start=1):
            if pair.error is None and pair.source is None:
                raise InputError(
                    "this pair has no source sentence", sentence=number, hint="translators learn from both"
                )
        written = [marked_texts(pair, self._options.markers) for pair in pairs if pair.error is None]
        texts = [both for both in written if both is not None and all(text.strip() for text in both)]
        checkpoint = self._checkpoint
        prompt = checkpoint.prompt(*self._languages)
        head = [] if prompt.forced is None else [prompt.forced]
        sources = checkpoint.encode([source for source, _ in texts], prompt)
        tokenizer = checkpoint.tokenizer
        targets = tokenizer(text_target=[target for _, target in texts], add_special_tokens=False, verbose=False)
        rows = [[*head, *ids, tokenizer.eos_token_id] for ids in targets["input_ids"]] if texts else []
        limit = min(self._options.max_length, checkpoint.max_input)
        kept = [k for k in range(len(texts)) if max(len(sources[k]), len(rows[k])) <= limit]
        if not kept:
            raise InputError(f"none of {len(pairs)} pairs can be trained on", hint="see max_length and markers")
        plain = (pair.require_source().with_text().text or "" for pair in pairs if pair.error is None)
        checked = [" ".join(text.split()) for text in plain if text.strip()][: self._options.check_sentences]
        return [(sources[k], rows[k]) for k in kept], checked, len(pairs) - len(kept)

    def _identity(self) -> dict[str, Any]:
        data = Digest(str(number) for example in self._examples for ids in example for number in ids)
        direction = dict(zip(("from_lang", "to_lang"), self._languages, strict=True))
        model = {"model": self._checkpoint.version, "pairs": data.hexdigest()}
        return {**asdict(self._options), **direction, **model}
