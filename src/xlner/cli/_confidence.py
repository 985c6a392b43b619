"""Confidence from the command line: calibration files, and a pipeline whose projector says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.errors import InputError, ValidationError

if TYPE_CHECKING:
    from xlner.pipeline import Pipeline
    from xlner.projection.calibration import Calibration

FILE_OF_LINKS = "links from a file"


def add_confidence(pipeline: Pipeline, options: Mapping[str, Any]) -> None:
    """Let the projector of a pipeline say how sure it is, as the options ask for."""
    from xlner.projection.confidence import ConfidentProjector

    if pipeline.projector is None:
        return
    calibration = read_calibration(options["calibration"])
    if calibration is not None:
        _note_other_stages(calibration, fingerprint(pipeline.projector), fingerprint(pipeline.aligner))
    pipeline.projector = ConfidentProjector(
        pipeline.projector, calibration=calibration, min_confidence=options["min_confidence"]
    )


def read_calibration(path: str | None) -> Calibration | None:
    """The calibration in a file; raises `InputError` where it cannot be read or is none."""
    from xlner.projection.calibration import Calibration

    if path is None:
        return None
    try:
        return Calibration.from_json(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=path) from None
    except ValidationError as error:
        raise InputError(error.message, path=path, hint=error.hint) from None


def fingerprint(stage: object) -> str:
    """What the results of a stage depend on; without an aligner, that links come from a file."""
    return FILE_OF_LINKS if stage is None else str(getattr(stage, "fingerprint", type(stage).__qualname__))


def _note_other_stages(calibration: Calibration, projector: str, aligner: str) -> None:
    for kind, fitted, used in (
        ("projector", calibration.projector, projector),
        ("aligner", calibration.aligner, aligner),
    ):
        if fitted != used:
            click.echo(f"xlner: note: calibrated with another {kind}: {fitted or 'unknown'}", err=True)
