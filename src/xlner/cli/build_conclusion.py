"""What `build` says and saves at its end: entities by label."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from xlner.cli.json_output import show_json
from xlner.cli.notes import note
from xlner.core.files import write_durably

if TYPE_CHECKING:
    from xlner.pipeline import BuildReport, LabelCount

_REPORT = "report.json"


def conclude_build(report: BuildReport, run_dir: str | Path | None, *, as_json: bool) -> None:
    """Show the report of a run, and save it in the folder of the run."""
    if run_dir is not None:
        write_durably(Path(run_dir, _REPORT), json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n")
    if as_json:
        show_json(report.as_dict())
    for line in _table(report):
        note(line)


def _table(report: BuildReport) -> Iterator[str]:
    """Entities by label, and notes, as lines."""
    rows = [("label", "source", "built", "written", "not built")]
    rows += [_row(label, count) for label, count in [*sorted(report.labels.items()), ("all", report.total)]]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    for label, *counts, dropped in rows:
        cells = [label.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(counts, widths[1:], strict=True)), dropped]
        yield "  ".join(cells).rstrip()
    for title, by_reason in (
        ("found by alignment", report.found_by_alignment),
        ("translations look wrong", report.translation_warnings),
        ("sentences failed", report.failed),
    ):
        if by_reason:
            yield f"{title}: {_listed(by_reason)}"


def _row(label: str, count: LabelCount) -> tuple[str, str, str, str, str]:
    return (label, str(count.source), str(count.built), str(count.written), _listed(count.dropped))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
