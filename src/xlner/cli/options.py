"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from xlner.cli.config import load_config
from xlner.core.figures import require_matplotlib, require_plot
from xlner.core.files import require_output
from xlner.core.labels import LabelMap
from xlner.core.registry import DEFAULT_ALIGNER, DEFAULT_RECOGNIZER
from xlner.core.tags import Repair, Scheme
from xlner.errors import UsageError
from xlner.formats.format_names import FORMATS
from xlner.formats.reading import WORDS as TEXT_WORDS
from xlner.formats.registry import all_formats, readable, writable
from xlner.text.segmenters import SEGMENTERS
from xlner.text.suggestions import closest

Command = TypeVar("Command", bound=Callable[..., Any])

READ_FORMATS = readable()
WRITTEN_FORMATS = writable()
DEFAULT_PROJECTOR = "greedy"
DEFAULT_TRANSLATOR = "apertium"


def comma_list(value: str | Sequence[str]) -> tuple[str, ...]:
    """Words separated by commas, or a list from a config."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def number_list(value: str | Sequence[float]) -> tuple[float, ...]:
    """Numbers separated by commas, or a list from a config."""
    try:
        return tuple(finite(float(part)) for part in (value.split(",") if isinstance(value, str) else value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of numbers, such as 2,1") from None


def finite(value: float | str) -> float:
    """A number that is neither infinite nor NaN."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a finite number")
    return number


class FiniteFloat(click.FloatRange):
    """A number in a range; NaN is in none."""

    name = "float"

    def _describe_range(self) -> str:
        return super()._describe_range() if (self.min, self.max) != (None, None) else ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Combine option decorators into one; the help text keeps their order."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _check_output(_: click.Context, __: click.Parameter, path: str) -> str:
    """Refuse an output that cannot be written before anything else is done."""
    require_output(path)
    return path


def _check_map(_: click.Context, __: click.Parameter, pairs: Sequence[str] | None) -> str | None:
    """Refuse an unknown label map before anything else is done."""
    return None if pairs is None else LabelMap.parse(",".join(pairs)).name


def _one_recognizer(_: click.Context, __: click.Parameter, specs: Sequence[str]) -> str | None:
    """The spec of a recognizer, or of the ensemble of several."""
    if len(specs) < 2:
        return specs[0] if specs else None
    joined = next((spec for spec in specs if "+" in spec), None)
    if joined is not None:
        raise UsageError(f"{joined} is several recognizers already", hint="give one --recognizer for each of them")
    return f"ensemble?members=({'+'.join(specs)})"


def recognizer_option(**attributes: Any) -> Callable[[Command], Command]:
    """An option for a recognizer, or for several that vote."""
    return click.option("--recognizer", multiple=True, metavar="SPEC", callback=_one_recognizer, **attributes)


OUTPUT = click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    callback=_check_output,
    help="Output file; - is standard output.",
)
ON_ERROR = click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do with a sentence that cannot be read: stop, or write its error instead and continue.",
)
SCHEME = click.option(
    "--input-scheme",
    "scheme",
    type=click.Choice([s.value for s in Scheme], case_sensitive=False),
    default=Scheme.AUTO.value,
    show_default=True,
    help="Tag scheme of the input; auto reads any but IO, which has labels without prefixes.",
)
COLUMNS = click.option(
    "--columns",
    metavar="token=N,tag=N",
    help="Columns of the words and the tags in CoNLL or a table, by number or by name; needed if several have tags.",
)
REPAIR = click.option(
    "--repair",
    type=click.Choice([r.value for r in Repair]),
    default=Repair.CONLLEVAL.value,
    show_default=True,
    help="How to read an I- tag that continues nothing: as the beginning of an entity (conlleval), as O (discard), or "
    "as an error (none).",
)
TAG_NAMES = click.option(
    "--tag-names",
    type=comma_list,
    metavar="A,B,…",
    help="Names of numeric tags in JSONL, in the order of their ids; by default O,B-PER,I-PER,B-ORG,I-ORG,B-LOC,I-LOC.",
)
MAP = click.option(
    "--map",
    "label_map",
    type=comma_list,
    metavar="A=B,…",
    callback=_check_map,
    help="Read labels as others: PERSON=PER,GPE=LOC; A=O leaves out entities; ontonotes has names of its own.",
)
IGNORE = click.option(
    "--ignore", type=comma_list, default="", metavar="A,B,…", help="Leave out entities with these labels."
)
LIMIT = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N sentences.")
BATCH_WORDS = click.option(
    "--batch-words",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    metavar="N",
    help="The most words in a batch: its sentences times the length of the longest, source and target together.",
)
TRANSLATOR = click.option(
    "--translator", default=DEFAULT_TRANSLATOR, show_default=True, metavar="SPEC", help="Translator."
)
RECOGNIZER = recognizer_option(
    default=(DEFAULT_RECOGNIZER,), show_default=True, help="Recognizer of entities. Repeatable: several vote."
)
ALIGNER = click.option("--aligner", default=DEFAULT_ALIGNER, show_default=True, metavar="SPEC", help="Word aligner.")
LEXICAL = options(
    click.option(
        "--lexical",
        is_flag=True,
        help="Weight links by how often their words are linked in the whole text: in the first 2,000 sentences, which "
        "are aligned twice, or in given links, which are read twice. The default projector is then "
        "fused:null-aware-coverage.",
    ),
    click.option(
        "--lexical-table",
        metavar="FILE",
        help="The same with counts of links from another text; xlner lexicon --counts makes the file.",
    ),
)
PROJECTOR = click.option(
    "--projector", default=DEFAULT_PROJECTOR, show_default=True, metavar="SPEC", help="Projector of entities."
)
MIN_CONFIDENCE = click.option(
    "--min-confidence",
    type=FiniteFloat(0, 1),
    default=0.0,
    metavar="X",
    help="Drop entities with a confidence below X, from 0 to 1.",
)
CONFIDENCE = options(
    MIN_CONFIDENCE,
    click.option(
        "--calibration", metavar="FILE", help="Turn confidences into probabilities; xlner calibrate makes the file."
    ),
)
FILTER = click.option(
    "--filter",
    "filters",
    type=comma_list,
    default="",
    metavar="A,B:X,…",
    help="Write only sentences that pass: complete, confidence:0.5, entities:1, unique … (docs/confidence.md).",
)
ON_WARNING = click.option(
    "--on-warning",
    type=click.Choice(["keep", "drop", "stop"]),
    default="keep",
    show_default=True,
    help="What to do with a translation that still looks wrong after a second attempt: keep it with its warnings, "
    "write an error instead, or stop.",
)


def _check_run_dir(_: click.Context, __: click.Parameter, folder: str | None) -> str | None:
    """Refuse a folder with other files before anything else is done."""
    if folder is not None:
        from xlner.engines.run_files import require_run_folder

        require_run_folder(Path(folder))
    return folder


ENGINES = ("local", "parts", "slurm", "ray")
RUN = options(
    click.option(
        "--run-dir",
        metavar="DIR",
        callback=_check_run_dir,
        help="Keep finished shards of the run in DIR. After a crash the same command continues there.",
    ),
    click.option("--resume/--overwrite", default=True, help="Continue the run in DIR (default), or start over."),
    click.option(
        "--retry-failed", is_flag=True, help="Run the failed sentences of the run in DIR again, and no others of them."
    ),
    click.option(
        "--shard-size",
        type=click.IntRange(1),
        metavar="N",
        help="Sentences in a shard; by default from 1,000 to 10,000, by the size of the input.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        metavar="N",
        help="Processes that work side by side. They share out the CPUs and GPUs; each needs the memory of one run.",
    ),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default=ENGINES[0],
        show_default=True,
        help="Where a run with --run-dir executes: here (local); on any machines that run `xlner run work` (parts); as "
        "a job array (slurm); or in --workers actors of a Ray cluster (ray).",
    ),
    click.option(
        "--parts", type=click.IntRange(1), default=1, metavar="N", help="Parts of a run for --engine parts or slurm."
    ),
    click.option(
        "--slurm",
        default="",
        metavar="K=V,…",
        help="Options of sbatch for --engine slurm, such as partition=gpu,gres=gpu:1,time=4:00:00.",
    ),
    click.option("--dry-run", is_flag=True, help="With --engine slurm: plan the run and print the script, no more."),
    click.option(
        "--address",
        default="",
        metavar="ADDRESS",
        help="The cluster for --engine ray: HOST:PORT, local for this machine alone, or auto (default) for the one "
        "that this machine belongs to.",
    ),
    click.option(
        "--cpus-per-worker",
        type=click.FloatRange(0, min_open=True),
        default=1.0,
        metavar="N",
        help="CPUs of each worker of --engine ray; default: 1.",
    ),
    click.option(
        "--gpus-per-worker",
        type=click.FloatRange(0),
        default=0.0,
        metavar="N",
        help="GPUs of each worker of --engine ray, such as 1 or 0.5; default: none.",
    ),
)


def _check_plot(_: click.Context, __: click.Parameter, path: str | None) -> str | None:
    """Refuse a plot that cannot be drawn or written before anything else is done."""
    if path is not None:
        require_plot(path)
        require_matplotlib()
        require_output(path)
    return path


PLOT = click.option(
    "--plot",
    metavar="FILE",
    callback=_check_plot,
    help="Draw a plot as well: SVG or PNG, by the name of FILE; in dark colors if it ends in .dark.svg or .dark.png.",
)
RECASE = click.option(
    "--recase",
    is_flag=True,
    help="Read sentences in ALL CAPS as if they were not, as translators and recognizers need. Results keep capitals.",
)
SPLIT = click.option(
    "--split",
    is_flag=True,
    help="INPUT has documents: cut each into sentences, and write one result with the offsets of the document.",
)
CONFIG = click.option(
    "--config",
    is_eager=True,
    expose_value=False,
    callback=load_config,
    metavar="FILE",
    help="TOML file with values for these options. Options on the command line take precedence.",
)
WORDS = options(
    click.option(
        "--words",
        type=click.Choice(TEXT_WORDS),
        help="How text becomes words: by the tokenizer, the default, or at spaces if it is tokenized already. Given "
        "links decide if they can.",
    ),
    click.option(
        "--segmenter",
        type=click.Choice(SEGMENTERS),
        help="How the tokenizer splits scripts without spaces: into characters, the default, or into words by jieba "
        "(Chinese), fugashi or sudachi (Japanese), or pythainlp (Thai), each of them an extra.",
    ),
)
ONE_BASED = click.option(
    "--one-based/--zero-based",
    default=None,
    help="Whether given links count words from 1 or from 0. By default from 0, unless they look as if from 1.",
)
SOURCE_LANG = click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")


class FormatName(click.ParamType[str]):
    """The name of a format: one of those given, or of another package."""

    name = "format"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in self.names or (value not in FORMATS and value in all_formats()):
            return str(value)
        near = closest(str(value), self.names)
        meant = f" Did you mean {near!r}?" if near else ""
        raise click.BadParameter(f"{value!r} is not one of {', '.join(self.names)}.{meant}", ctx, param)


def input_format(formats: Sequence[str] = READ_FORMATS) -> Callable[[Command], Command]:
    """An option for the format of the input."""
    return click.option(
        "--input-format",
        type=FormatName(formats),
        metavar="FORMAT",
        help=f"Input format: {', '.join(formats)}. Guessed from the file name and the first lines by default.",
    )


READING = options(input_format(), SCHEME, REPAIR, TAG_NAMES, MAP, COLUMNS)
"""How labeled files are read."""


def output_format(formats: Sequence[str]) -> Callable[[Command], Command]:
    """An option for the format of the output."""
    return click.option(
        "--output-format",
        type=FormatName(formats),
        metavar="FORMAT",
        help=f"Output format: {', '.join(formats)}. Guessed from the file name by default.",
    )


def bootstrap(default: int | None, minimum: int = 2) -> Callable[[Command], Command]:
    """An option for the number of bootstrap samples."""
    return click.option(
        "--bootstrap",
        type=click.IntRange(min=minimum),
        default=default,
        show_default=default is not None,
        metavar="N",
        help="Compute 95 % confidence intervals from N bootstrap samples.",
    )
