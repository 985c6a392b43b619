"""The results of an experiment as files: JSON, CSV, Markdown and a plot."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.errors import MissingExtraError
from xlner.evaluation import ErrorStage
from xlner.experiments.reproduce.recipe import Backends
from xlner.experiments.reproduce.results import MEAN, Comparison, Result, shown_means

COLUMNS = (
    "dataset",
    "lang",
    "method",
    "f1",
    "low",
    "high",
    "precision",
    "recall",
    "projected_ratio",
    "published_f1",
    "difference",
    "published_source",
    "failed",
    "missing",
    "signature",
)
REAL = 0.05
"""Differences of a smaller adjusted p-value are called real."""


def write_report(
    folder: str | Path, title: str, backends: Backends, results: Sequence[Result], tests: Sequence[Comparison]
) -> list[Path]:
    """Write `results.json`, `.csv` and `.md`, `comparisons.csv`, `errors.csv`, `seconds.csv`, and a plot.

    All but `seconds.csv` are the same however often a run was stopped. The plot, `results.png`, needs matplotlib.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rows = [row(result) for result in results]
    heading = f"{title}, backends {backends.name}"
    files = {
        "results.json": json.dumps(
            {"title": heading, "xlner": __version__, "backends": describe(backends), "results": rows}, indent=2
        ),
        "results.csv": _csv(COLUMNS, rows),
        "results.md": markdown(heading, backends, results, tests),
        "comparisons.csv": _csv(
            ("lang", "first", "second", "difference", "low", "high", "p", "p_holm"), map(_comparison, tests)
        ),
        "errors.csv": _csv(("dataset", "lang", "method", "stage", "errors", "f1_gain"), _blamed(results)),
        "seconds.csv": _csv(("dataset", "lang", "method", "seconds"), map(_seconds, results)),
    }
    for name, text in files.items():
        (target / name).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    written = [target / name for name in files]
    try:
        from xlner.experiments.reproduce.plot import plot

        plot(target / "results.png", heading, results)
    except MissingExtraError:
        return written
    return [*written, target / "results.png"]


def row(result: Result) -> dict[str, Any]:
    """A result as a flat record; scores rounded to four decimals."""
    made: dict[str, Any] = dict.fromkeys(COLUMNS)
    made |= {"dataset": result.dataset, "lang": result.lang, "method": result.method, "missing": result.missing}
    if result.published is not None:
        made |= {"published_f1": result.published.f1, "published_source": result.published.source}
    scores, found = result.scores, result.confidence_intervals
    if scores is None or found is None:
        return made
    counts = scores.micro
    made |= {"f1": _rounded(counts.f1), "precision": _rounded(counts.precision), "recall": _rounded(counts.recall)}
    made |= {"low": _rounded(found.micro.low), "high": _rounded(found.micro.high), "failed": scores.failed}
    made["difference"] = _rounded(result.difference)
    if scores.projected is not None and scores.projected.source:
        made["projected_ratio"] = _rounded(scores.projected.rate)
    made["signature"] = str(found.signature)
    return made


def markdown(title: str, backends: Backends, results: Sequence[Result], tests: Sequence[Comparison]) -> str:
    """The results as a page: backends, a table, means over languages, what is to blame, which differences are real."""
    lines = [f"# {title}", "", f"xlner {__version__}. Backends:", ""]
    lines += [f"- {name}: `{spec}`" for name, spec in describe(backends).items()]
    lines += [
        "",
        "| language | method | F1 | 95 % interval | precision | recall | projected | published | difference |",
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    lines += [_line(result) for result in results]
    for mean in shown_means(results):
        theirs = "" if mean.published is None else f"{mean.published:.4f}"
        gain = "" if mean.published is None else f"{mean.f1 - mean.published:+.4f}"
        lines.append(f"| {MEAN} of {mean.langs} | {mean.method} | {mean.f1:.4f} | | | | | {theirs} | {gain} |")
    lines += ["", *_stages(results), *_tests(tests)]
    lines += [*_signatures(results)]
    return "\n".join(lines) + "\n"


def describe(backends: Backends) -> dict[str, str]:
    """The backend specs by stage."""
    stages = {
        "translator": backends.translator,
        "recognizer": backends.recognizer,
        "back-translator": backends.back_translator,
        "target-recognizer": backends.target_recognizer,
        "scorer": backends.scorer,
    }
    stages |= {f"recognizer {lang}": spec for lang, spec in backends.recognizers.items()}
    stages |= {f"back-translator {lang}": spec for lang, spec in backends.back_translators.items()}
    stages |= {f"aligner {name}": spec for name, spec in backends.aligners.items()}
    return {name: spec for name, spec in stages.items() if spec is not None}


def _line(result: Result) -> str:
    r = row(result)
    if result.missing is not None:
        return f"| {r['lang']} | {r['method']} | not run: {result.missing} | | | | | {_shown(r['published_f1'])} | |"
    interval = f"{r['low']:.4f} – {r['high']:.4f}"
    cells = [r["lang"], r["method"], _shown(r["f1"]), interval, _shown(r["precision"]), _shown(r["recall"])]
    cells += [_shown(r["projected_ratio"]), _shown(r["published_f1"])]
    difference = "" if r["difference"] is None else f"{r['difference']:+.4f}"
    return f"| {' | '.join([*cells, difference])} |"


def _stages(results: Sequence[Result]) -> Iterator[str]:
    """Errors by stage, one row for each method and language."""
    found = dict.fromkeys(b.stage for r in results for b in r.blamed)
    stages = [
        *(stage for stage in ErrorStage if stage in found),
        *(name for name in found if name not in set(ErrorStage)),
    ]
    if not stages:
        return
    yield "Errors by the stage to blame, and what F1 would gain without them (`xlner errors` shows examples):"
    yield ""
    yield f"| language | method | {' | '.join(stages)} |"
    yield f"|---|---|{'---|' * len(stages)}"
    for r in results:
        if r.scores is not None:
            by_stage = {b.stage: f"{b.errors} ({b.f1_gain:+.4f})" for b in r.blamed}
            yield f"| {r.lang} | {r.method} | {' | '.join(by_stage.get(stage, '0') for stage in stages)} |"
    yield ""


def _blamed(results: Sequence[Result]) -> Iterator[Mapping[str, Any]]:
    for r in results:
        for b in r.blamed:
            place = {"dataset": r.dataset, "lang": r.lang, "method": r.method}
            yield {**place, "stage": b.stage, "errors": b.errors, "f1_gain": _rounded(b.f1_gain)}


def _seconds(result: Result) -> Mapping[str, Any]:
    place = {"dataset": result.dataset, "lang": result.lang, "method": result.method}
    return {**place, "seconds": round(result.seconds, 1)}


def _tests(tests: Sequence[Comparison]) -> Iterator[str]:
    if not tests:
        return
    yield f"Real differences (paired approximate randomization, Holm-adjusted p < {REAL}); better than:"
    yield ""
    for lang in dict.fromkeys(t.lang for t in tests):
        here = [t for t in tests if t.lang == lang]
        for method in dict.fromkeys(name for t in here for name in (t.first, t.second)):
            beaten = [_loser(t) for t in here if t.p_holm < REAL and _winner(t) == method]
            yield f"- {lang}, {method}: {', '.join(beaten) or 'none'}"
    yield ""


def _winner(test: Comparison) -> str:
    return test.second if test.difference.f1 > 0 else test.first


def _loser(test: Comparison) -> str:
    return test.first if test.difference.f1 > 0 else test.second


def _signatures(results: Sequence[Result]) -> Iterator[str]:
    signatures = dict.fromkeys(
        f"{r.lang}: `{r.confidence_intervals.signature}`" for r in results if r.confidence_intervals is not None
    )
    if signatures:
        yield "Signatures:"
        yield ""
        yield from (f"- {signature}" for signature in signatures)


def _comparison(test: Comparison) -> Mapping[str, Any]:
    found = test.difference
    return {
        "lang": test.lang,
        "first": test.first,
        "second": test.second,
        "difference": _rounded(found.f1),
        "low": _rounded(found.interval.low),
        "high": _rounded(found.interval.high),
        "p": _rounded(found.p),
        "p_holm": _rounded(test.p_holm),
    }


def _csv(columns: Sequence[str], rows: Iterator[Mapping[str, Any]] | Sequence[Mapping[str, Any]] | Any) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
