"""Aligners that learn from the bitext they are to align, on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import BackendError, InputError

Reader = Callable[[str, str], Iterator[Pair | InputError]]
"""Reads the pairs of a source and a target file."""


def ready_to_align(
    spec: str, files: tuple[str, str], read: Reader, options: Mapping[str, Any], stack: ExitStack
) -> Any:
    """The aligner of a spec; one that has to learn first does so from the files and the extra bitext.

    Its model is kept where `--save-model` says, in the run folder, or until `stack` is closed. Raises `BackendError`
    for options of training with an aligner that does not learn, `InputError` for standard input, which can be read only
    once.
    """
    from xlner.alignment.statistical.training import train_or_load
    from xlner.core.registry import load
    from xlner.stages import needs_training

    aligner = load("aligner", spec)
    extra: Sequence[tuple[str, str]] = options["extra_bitext"]
    if not needs_training(aligner):
        if extra or options["save_model"]:
            raise BackendError(
                f"the aligner {spec!r} has nothing to learn", hint="leave out --extra-bitext and --save-model"
            )
        return aligner
    bitexts = [files, *((source, target) for source, target in extra)]
    if any(STANDARD_STREAM in pair for pair in bitexts):
        raise InputError(f"the aligner {spec!r} reads its bitext twice", hint="give files, not standard input")
    folder = _model_folder(options, stack)
    pairs = _readable(spec, bitexts, read, options["on_error"])
    return train_or_load(aligner, pairs, folder, _digests(bitexts, options), overwrite=not options["resume"])


def _model_folder(options: Mapping[str, Any], stack: ExitStack) -> Path:
    if options["save_model"]:
        return Path(options["save_model"])
    if options["run_dir"]:
        return Path(options["run_dir"]) / "model"
    return Path(stack.enter_context(TemporaryDirectory(prefix="xlner-model-"))) / "model"


def _readable(spec: str, bitexts: Sequence[tuple[str, str]], read: Reader, on_error: str) -> Iterator[Pair]:
    from xlner.cli._run import stopping_at_errors

    click.echo(
        f"xlner: {spec} learns from {', '.join(f'{source} and {target}' for source, target in bitexts)}", err=True
    )
    for source, target in bitexts:
        for item in stopping_at_errors(read(source, target), on_error):
            if isinstance(item, Pair):
                yield item


def _digests(bitexts: Sequence[tuple[str, str]], options: Mapping[str, Any]) -> dict[str, object]:
    from xlner.engines.run_folder import file_digest

    reading = {name: options[name] for name in ("input_format", "lang", "source_lang")}
    return {"files": [[file_digest(path) for path in pair] for pair in bitexts], **reading}
