"""The card of a trained model, as the hub wants it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from xlner._version import __version__
from xlner.errors import UnknownNameError
from xlner.transfer.report import TrainingReport
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet

_TAGS = ("token-classification", "named-entity-recognition", "cross-lingual", "xlner")
_HEAD = re.compile(r"\A---\n(.*?)^---$", re.MULTILINE | re.DOTALL)
_USE = """```python
from transformers import pipeline

recognizer = pipeline("token-classification", "{name}", aggregation_strategy="first")
```

or `xlner recognize TEXT --lang CODE --recognizer hf:{name}`, which reads words whole and long sentences in windows."""

_USE_WITH_ADAPTERS = """`xlner recognize TEXT --lang CODE --recognizer hf:{name}`. The model has adapters, for which the
classes of transformers have no place: they refuse it."""


def model_card(
    name: str, model: str, source: Path, *, sets: Sequence[TrainingSet], tuning: TrainingOptions, report: TrainingReport
) -> str:
    """Markdown with a YAML head: data, languages and families, scores with signatures, options.

    `model` is what the model was called, `source` its folder, whose own card tells its license; `name` that of the
    trained model. No other part of a path gets into the card.
    """
    head = _head(source)
    given = head.get("base_model") if Path(model).is_dir() else model
    base = given or Path(model).name
    licenses = {head.get("license", ""), *(s.license.lower() for s in sets)}
    parts = [
        _yaml(given, licenses, sets, "transformers" if _is_plain(tuning) else "xlner"),
        f"# {name}\n\nNamed entity recognition, fine-tuned from `{base}` with xlner {__version__}.",
        "## Use\n\n" + (_USE if _is_plain(tuning) else _USE_WITH_ADAPTERS).format(name=name),
        "## Training data\n\n" + _data(sets, report),
        "## Scores\n\n" + _scores(sets, report),
        "## Training\n\n" + _options(tuning, report),
        "## License\n\n" + _licenses(head.get("license", ""), sets),
    ]
    return "\n\n".join(parts) + "\n"


def _head(source: Path) -> dict[str, str]:
    """The single values in the head of the card of a model."""
    path = source / "README.md"
    found = _HEAD.match(path.read_text(encoding="utf-8")) if path.is_file() else None
    lines = found[1].splitlines() if found else []
    pairs = [line.partition(":") for line in lines if line[:1].isalpha()]
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs if value.strip()}


def _yaml(base: str | None, licenses: set[str], sets: Sequence[TrainingSet], library: str) -> str:
    (license,) = licenses if len(licenses) == 1 else ("",)
    lines = ["---", "language:", *(f"- {json.dumps(s.language.partition('-')[0])}" for s in sets)]
    lines += [f"license: {json.dumps(license)}"] if license else ["license: other", "license_name: see-below"]
    lines += [f"library_name: {library}", "pipeline_tag: token-classification"]
    lines += [f"base_model: {json.dumps(base)}"] if base else []
    return "\n".join([*lines, "tags:", *(f"- {tag}" for tag in _TAGS), "---"])


def _is_plain(tuning: TrainingOptions) -> bool:
    """Whether transformers loads the model: low-rank updates are merged into its weights, adapters are not."""
    return tuning.parameters == "full" or tuning.parameters.startswith("lora")


def _data(sets: Sequence[TrainingSet], report: TrainingReport) -> str:
    rows = [("language", "family", "sentences", "dev sentences", "origin", "license"), ("---",) * 6]
    for s in sets:
        numbers = (str(report.sentences[s.language]), str(len(s.dev)))
        rows.append((s.language, _family(s.language), *numbers, s.origin or "not stated", s.license or "not stated"))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _family(language: str) -> str:
    from xlner.text.language_families import language as known

    try:
        found = known(language)
    except UnknownNameError:
        return "not known"
    return f"{found.family}, {found.branch}" if found.branch else found.family


def _scores(sets: Sequence[TrainingSet], report: TrainingReport) -> str:
    best = report.best
    if not best.dev:
        return "There was no dev set."
    lines = [f"On the dev sets, which chose epoch {best.number} of {len(report.epochs)}:", ""]
    lines += ["| language | F1 | signature |", "|---|---|---|"]
    # A bar would end a cell.
    lines += [
        f"| {s.language} | {best.dev[s.language]:.4f} | `{best.signatures[s.language].replace('|', ', ')}` |"
        for s in sets
        if s.language in best.dev
    ]
    return "\n".join(lines)


def _options(tuning: TrainingOptions, report: TrainingReport) -> str:
    share = f"{report.trained_parameters:,} of {report.total_parameters:,} parameters"
    facts = f"{report.steps} steps, {share} trained, {report.seconds:.0f} s."
    options = {k: v for k, v in asdict(tuning).items() if k != "device" and v not in (None, ())}
    options["parameters"] = without_paths(tuning.parameters)
    options["labels"] = ", ".join(tuning.labels) or "all"
    listed = "\n".join(f"- {name}: {value}" for name, value in {**options, **report.extra}.items())
    warned = "".join(f"\n\n**Warning**: {text}." for text in report.warnings)
    return f"{facts}{warned}\n\n{listed}"


def without_paths(spec: str) -> str:
    """A spec in which folders go by their own names.

    >>> without_paths("orthogonal?language=models/gl&size=48")
    'orthogonal?language=gl&size=48'
    """
    return re.sub(r"[^=&()]*/([^=&()/]+)", r"\1", spec)


def _licenses(base: str, sets: Sequence[TrainingSet]) -> str:
    stated = ", ".join(f"{s.license or 'not stated'} ({s.language})" for s in sets)
    return f"Of the model it was trained from: {base or 'not stated'}. Of the training data: {stated}."
