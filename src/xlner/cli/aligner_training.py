"""Aligners that are trained on the bitext that they align, on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from xlner.cli.notes import note
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import InputError, UsageError
from xlner.stages import Aligner, needs_training

Reader = Callable[[str, str], Iterator[Pair | InputError]]
"""Reads the pairs of a source and a target file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignerTraining:
    """How to train an aligner on the command line.

    `reading` is what the words of the bitext depend on, besides the files.
    """

    read: Reader
    on_error: str
    reading: Mapping[str, object]
    extra_bitext: Sequence[tuple[str, str]] = ()
    save_model: str | None = None
    run_dir: str | None = None
    resume: bool = False
    workers: int = 1

    def aligner(self, spec: str, source: str, target: str, stack: ExitStack) -> Aligner:
        """The aligner of a spec, trained on the files and the extra bitext if it has no model yet.

        The model is saved in `save_model`, in the run folder, or in a temporary folder that `stack` removes. Raises
        `UsageError` for training options with an aligner that needs no training, and for standard input.
        """
        from xlner.alignment import train_or_load
        from xlner.core.registry import load

        aligner = load("aligner", spec)
        if not needs_training(aligner):
            if self.extra_bitext or self.save_model:
                raise UsageError(
                    f"the aligner {spec!r} has nothing to learn", hint="leave out --extra-bitext and --save-model"
                )
            found: Aligner = aligner
            return found
        bitexts = [(source, target), *self.extra_bitext]
        if any(STANDARD_STREAM in pair for pair in bitexts):
            raise UsageError(f"the aligner {spec!r} reads its bitext twice", hint="give files, not standard input")
        model = self._model_folder(stack)
        trained: Aligner = train_or_load(
            aligner, self._pairs(spec, bitexts), model, self._identity(bitexts), overwrite=not self.resume
        )
        return trained

    def _model_folder(self, stack: ExitStack) -> Path:
        if self.save_model:
            return Path(self.save_model)
        if self.run_dir:
            return Path(self.run_dir) / "model"
        if self.workers > 1:
            raise UsageError("workers need to find what the aligner learns", hint="give --run-dir or --save-model")
        return Path(stack.enter_context(TemporaryDirectory(prefix="xlner-model-"))) / "model"

    def _pairs(self, spec: str, bitexts: Sequence[tuple[str, str]]) -> Iterator[Pair]:
        """Yield the pairs to train on. Says so on the first one, because a trained model reads none."""
        from xlner.cli.run import stopping_at_errors

        named = ", ".join(f"{source} and {target}" for source, target in bitexts)
        note(f"{spec} learns from {named}")
        for source, target in bitexts:
            for item in stopping_at_errors(self.read(source, target), self.on_error):
                if isinstance(item, Pair):
                    yield item

    def _identity(self, bitexts: Sequence[tuple[str, str]]) -> dict[str, object]:
        from xlner.engines import file_digest

        return {"files": [[file_digest(path) for path in pair] for pair in bitexts], **self.reading}
