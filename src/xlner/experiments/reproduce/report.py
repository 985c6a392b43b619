"""The report of an experiment: JSON, CSV, Markdown and a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.errors import MissingExtraError
from xlner.evaluation import ErrorStage
from xlner.experiments.page import Block, BulletList, Heading, Paragraph, Table, markdown_page
from xlner.experiments.reproduce.fingerprint_cache import unpinned_commits
from xlner.experiments.reproduce.recipe import Backends
from xlner.experiments.reproduce.results import MethodComparison, MethodResult, StageErrors, method_means
from xlner.experiments.tables import Row, csv_text, decimals, rounded, write_files

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
    "proj_ratio",
    "published_proj_ratio",
    "published_f1",
    "difference",
    "published_source",
    "failed",
    "missing",
    "signature",
)
SIGNIFICANT = 0.05
"""A difference with a smaller adjusted p-value is significant."""

_HEADER = (
    "language",
    "method",
    "F1",
    "95 % interval",
    "precision",
    "recall",
    "projected",
    "proj_ratio",
    "published proj_ratio",
    "published",
    "difference",
)


def write_report(
    folder: str | Path,
    title: str,
    backends: Backends,
    results: Sequence[MethodResult],
    comparisons: Sequence[MethodComparison],
) -> list[Path]:
    """Write the report into a folder and return the paths of its files; see docs/reproducing.md for an example.

    The files are `results.json`, `results.csv`, `results.md`, `comparisons.csv`, `errors.csv` and `seconds.csv`, and
    `results.png` if matplotlib is installed. All but `seconds.csv` are the same however often a run was stopped.
    """
    target = Path(folder)
    rows = [result_row(result) for result in results]
    heading = f"{title}, backends {backends.name}"
    record = {"title": heading, "xlner": __version__, **_backends_used(backends), "results": rows}
    written = write_files(
        target,
        {
            "results.json": json.dumps(record, indent=2),
            "results.csv": csv_text(rows, COLUMNS),
            "results.md": markdown_page(report(heading, backends, results, comparisons)),
            "comparisons.csv": csv_text(
                map(_comparison_row, comparisons),
                ("lang", "first", "second", "difference", "low", "high", "p", "p_holm"),
            ),
            "errors.csv": csv_text(_error_rows(results), ("dataset", "lang", "method", "stage", "errors", "f1_gain")),
            "seconds.csv": csv_text(map(_seconds_row, results), ("dataset", "lang", "method", "seconds")),
        },
    )
    try:
        from xlner.experiments.reproduce.plot import draw_plot

        draw_plot(target / "results.png", heading, results)
    except MissingExtraError:
        return written
    return [*written, target / "results.png"]


def result_row(result: MethodResult) -> dict[str, Any]:
    """Return a result as a row with the keys of `COLUMNS`; scores are rounded to four decimals."""
    made: dict[str, Any] = dict.fromkeys(COLUMNS)
    made |= {"dataset": result.dataset, "lang": result.lang, "method": result.method, "missing": result.missing}
    if result.published is not None:
        made |= {"published_f1": result.published.f1, "published_source": result.published.source}
        made["published_proj_ratio"] = rounded(result.published.proj_ratio)
    scores, found = result.scores, result.confidence_intervals
    if scores is None or found is None:
        return made
    counts = scores.micro
    made |= {"f1": rounded(counts.f1), "precision": rounded(counts.precision), "recall": rounded(counts.recall)}
    made |= {"low": rounded(found.micro.low), "high": rounded(found.micro.high), "failed": scores.failed}
    made["difference"] = rounded(result.difference)
    if scores.projected is not None and scores.projected.source:
        made["projected_ratio"] = rounded(scores.projected.rate)
    made["proj_ratio"] = rounded(result.proj_ratio)
    made["signature"] = str(found.signature)
    return made


def report(
    title: str, backends: Backends, results: Sequence[MethodResult], comparisons: Sequence[MethodComparison]
) -> list[Block]:
    """Return the page: backends, results and their means, errors by stage, significant differences, signatures."""
    used = _backends_used(backends)
    specs, commits = (tuple(f"{name}: `{text}`" for name, text in found.items()) for found in used.values())
    blocks: list[Block] = [Heading(title, 1), Paragraph(f"xlner {__version__}. Backends:")]
    blocks += [BulletList(specs)] if specs else []
    blocks += [Paragraph("Commits of models without a `revision`:"), BulletList(commits)] if commits else []
    blocks += [Table(_HEADER, (*map(_cells, results), *_mean_cells(results)))]
    return [*blocks, *_error_blocks(results), *_comparison_blocks(comparisons), *_signature_blocks(results)]


def _backends_used(backends: Backends) -> dict[str, dict[str, str]]:
    """The specs by stage, and the commits of the models in them whose spec does not say which one it is."""
    specs = specs_by_stage(backends)
    return {"backends": specs, "commits": unpinned_commits(specs.values())}


def specs_by_stage(backends: Backends) -> dict[str, str]:
    """Return the specs of all backends by stage.

    >>> specs_by_stage(Backends("small", recognizer="echo", aligners={"itermax": "e5:itermax"}))
    {'recognizer': 'echo', 'aligner itermax': 'e5:itermax'}
    """
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


def _cells(result: MethodResult) -> tuple[str, ...]:
    row = result_row(result)
    if result.missing is not None:
        reason = f"not run: {result.missing}"
        return (result.lang, result.method, reason, *[""] * 6, decimals(row["published_f1"]), "")
    shown = ("precision", "recall", "projected_ratio", "proj_ratio", "published_proj_ratio", "published_f1")
    numbers = [decimals(row[name]) for name in shown]
    interval = f"{row['low']:.4f} – {row['high']:.4f}"
    difference = decimals(row["difference"], sign=True)
    return (result.lang, result.method, decimals(row["f1"]), interval, *numbers, difference)


def _mean_cells(results: Sequence[MethodResult]) -> Iterator[tuple[str, ...]]:
    for mean in method_means(results, min_langs=2):
        gain = None if mean.published is None else mean.f1 - mean.published
        where = f"mean of {mean.langs}"
        theirs = decimals(mean.published)
        yield (where, mean.method, decimals(mean.f1), *[""] * 6, theirs, decimals(gain, sign=True))


def _error_blocks(results: Sequence[MethodResult]) -> Iterator[Block]:
    """Yield a table of errors by stage with one row for each method and language."""
    found = dict.fromkeys(errors.stage for r in results for errors in r.errors_by_stage)
    stages = [
        *(stage for stage in ErrorStage if stage in found),
        *(name for name in found if name not in set(ErrorStage)),
    ]
    if not stages:
        return
    yield Paragraph("Errors by stage, and what F1 would gain without them (`xlner errors` shows examples):")
    rows = []
    for r in results:
        if r.scores is not None:
            by_stage = {e.stage: f"{e.errors} ({e.f1_gain:+.4f})" for e in r.errors_by_stage}
            rows.append((r.lang, r.method, *(by_stage.get(stage, "0") for stage in stages)))
    yield Table(("language", "method", *stages), tuple(rows))


def _comparison_blocks(comparisons: Sequence[MethodComparison]) -> Iterator[Block]:
    """Yield a list that shows for each method the methods that it is significantly better than."""
    if not comparisons:
        return
    yield Paragraph(
        f"Significant differences (paired approximate randomization, Holm-adjusted p < {SIGNIFICANT}); each method is "
        "better than:"
    )
    lines = []
    for lang in dict.fromkeys(c.lang for c in comparisons):
        here = [c for c in comparisons if c.lang == lang]
        for method in dict.fromkeys(name for c in here for name in (c.first, c.second)):
            worse = [_loser(c) for c in here if c.p_holm < SIGNIFICANT and _winner(c) == method]
            lines.append(f"{lang}, {method}: {', '.join(worse) or 'none'}")
    yield BulletList(tuple(lines))


def _winner(comparison: MethodComparison) -> str:
    return comparison.second if comparison.difference.f1 > 0 else comparison.first


def _loser(comparison: MethodComparison) -> str:
    return comparison.first if comparison.difference.f1 > 0 else comparison.second


def _signature_blocks(results: Sequence[MethodResult]) -> Iterator[Block]:
    signatures = dict.fromkeys(
        f"{r.lang}: `{r.confidence_intervals.signature}`" for r in results if r.confidence_intervals is not None
    )
    if signatures:
        yield Paragraph("Signatures:")
        yield BulletList(tuple(signatures))


def _place(result: MethodResult) -> Row:
    return {"dataset": result.dataset, "lang": result.lang, "method": result.method}


def _error_rows(results: Sequence[MethodResult]) -> Iterator[Row]:
    for result in results:
        yield from ({**_place(result), **_error_row(errors)} for errors in result.errors_by_stage)


def _error_row(errors: StageErrors) -> Row:
    return {"stage": errors.stage, "errors": errors.errors, "f1_gain": rounded(errors.f1_gain)}


def _seconds_row(result: MethodResult) -> Row:
    return {**_place(result), "seconds": round(result.seconds, 1)}


def _comparison_row(comparison: MethodComparison) -> Row:
    found = comparison.difference
    return {
        "lang": comparison.lang,
        "first": comparison.first,
        "second": comparison.second,
        "difference": rounded(found.f1),
        "low": rounded(found.interval.low),
        "high": rounded(found.interval.high),
        "p": rounded(found.p),
        "p_holm": rounded(comparison.p_holm),
    }
