"""Model cards in the format of the Hugging Face hub."""

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

or `xlner recognize TEXT --lang CODE --recognizer hf:{name}`, which labels whole words and reads long
sentences in overlapping windows."""

_USE_WITH_ADAPTERS = """`xlner recognize TEXT --lang CODE --recognizer hf:{name}`.

Transformers does not load the model, because it has adapters."""


def model_card(
    name: str,
    model: str,
    source: Path,
    *,
    sets: Sequence[TrainingSet],
    options: TrainingOptions,
    report: TrainingReport,
) -> str:
    """The model card: Markdown with a YAML header.

    It has the training data, languages with their families, scores with signatures, and the options.

    - `name`: the name of the trained model.
    - `model`, `source`: the name and the folder of the model it was trained from. The license is read from its card.

    No paths of folders appear in the card, only their names.
    """
    head = _head(source)
    given = head.get("base_model") if Path(model).is_dir() else model
    base = given or Path(model).name
    licenses = {head.get("license", ""), *(s.license.lower() for s in sets)}
    parts = [
        _yaml(given, licenses, sets, "transformers" if _is_plain(options) else "xlner"),
        f"# {name}\n\nNamed entity recognition, fine-tuned from `{base}` with xlner {__version__}.",
        "## Use\n\n" + (_USE if _is_plain(options) else _USE_WITH_ADAPTERS).format(name=name),
        "## Training data\n\n" + _data(sets, report),
        "## Scores\n\n" + _scores(sets, report),
        "## Training\n\n" + _options(options, report),
        "## License\n\n" + _licenses(head.get("license", ""), sets),
    ]
    return "\n\n".join(parts) + "\n"


def _head(source: Path) -> dict[str, str]:
    """The values in the YAML header of the card in a model folder. Lists are left out."""
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


def _is_plain(options: TrainingOptions) -> bool:
    """True if transformers can load the model. Low-rank updates are merged into its weights, adapters are not."""
    return options.parameters == "full" or options.parameters.startswith("lora")


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
        return "unknown"
    return f"{found.family}, {found.branch}" if found.branch else found.family


def _scores(sets: Sequence[TrainingSet], report: TrainingReport) -> str:
    best = report.best
    if not best.dev:
        return "The model was trained without a dev set."
    lines = [f"On the dev sets, for epoch {best.number} of {len(report.epochs)}, which has the best mean F1:", ""]
    lines += ["| language | F1 | signature |", "|---|---|---|"]
    # A vertical bar would end the table cell.
    lines += [
        f"| {s.language} | {best.dev[s.language]:.4f} | `{best.signatures[s.language].replace('|', ', ')}` |"
        for s in sets
        if s.language in best.dev
    ]
    return "\n".join(lines)


def _options(options: TrainingOptions, report: TrainingReport) -> str:
    share = f"{report.trained_parameters:,} of {report.total_parameters:,} parameters"
    facts = f"{report.steps} steps, {share} trained, {report.seconds:.0f} s."
    values = {k: v for k, v in asdict(options).items() if k != "device" and v not in (None, ())}
    values["parameters"] = without_paths(options.parameters)
    values["labels"] = ", ".join(options.labels) or "all"
    listed = "\n".join(f"- {name}: {value}" for name, value in {**values, **report.extra}.items())
    warned = "".join(f"\n\n**Warning**: {text}." for text in report.warnings)
    return f"{facts}{warned}\n\n{listed}"


def without_paths(spec: str) -> str:
    """Replace the paths of folders in a spec by the names of the folders.

    >>> without_paths("orthogonal?language=models/gl&size=48")
    'orthogonal?language=gl&size=48'
    """
    return re.sub(r"[^=&()]*/([^=&()/]+)", r"\1", spec)


def _licenses(base: str, sets: Sequence[TrainingSet]) -> str:
    stated = ", ".join(f"{s.license or 'not stated'} ({s.language})" for s in sets)
    return f"Base model: {base or 'not stated'}. Training data: {stated}."
