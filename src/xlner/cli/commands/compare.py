"""`xlner compare`: test whether systems differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli import scored_files as s
from xlner.cli.commands.evaluate import MODES
from xlner.cli.json_output import show_json
from xlner.cli.tables import make_console, make_table

if TYPE_CHECKING:
    from xlner.evaluation import Difference, Interval, Scores


@click.command()
@click.argument("gold", metavar="GOLD")
@click.argument("baseline", metavar="BASELINE")
@click.argument("systems", metavar="SYSTEM…", nargs=-1, required=True)
@click.option("--mode", type=click.Choice(MODES), default="strict", show_default=True, help="As in evaluate.")
@o.bootstrap(default=1000)
@click.option(
    "--trials", type=click.IntRange(min=1), default=10_000, show_default=True, help="Trials of the randomization test."
)
@s.SEED
@o.PLOT
@s.READING
@s.JSON
def compare(gold: str, baseline: str, systems: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Test whether systems differ.

    Compares the micro F1 of every SYSTEM with that of BASELINE on the same GOLD data: the difference, its interval, and
    the p-value of a paired approximate randomization test. For several systems p is also adjusted (Holm 1979).

    \b
    xlner compare gold.conll greedy.conll exact.conll heuristic.conll
    """
    from xlner.evaluation import compare as difference
    from xlner.evaluation import confidence_intervals, holm, plot_comparison

    numbers = {"samples": options["bootstrap"], "seed": options["seed"]}
    scores = [_scores(gold, path, options) for path in (baseline, *systems)]
    s.note_unknown_labels(scores[0].ignored or {}, {label: 0 for found in scores for label in found.per_type})
    bounds = [confidence_intervals(found, **numbers).micro for found in scores]
    differences = [difference(scores[0], found, trials=options["trials"], **numbers) for found in scores[1:]]
    adjusted = holm([d.p for d in differences])
    signature = differences[0].signature.extended({name: options[name] for name in ("scheme", "repair")})
    rows = list(zip((baseline, *systems), scores, bounds, [None, *differences], [None, *adjusted], strict=True))
    if options["plot"] is not None:
        plot_comparison(options["plot"], [(path, found.micro.f1, interval) for path, found, interval, *_ in rows])
    if as_json:
        record = {"systems": [_record(*row) for row in rows], "signature": str(signature)}
        show_json(record)
    else:
        _print(rows, str(signature))
    return 0


def _scores(gold: str, path: str, options: dict[str, Any]) -> Scores:
    from xlner.evaluation import evaluate

    mode = options["mode"]
    files = s.ScoredFiles(gold, path, s.reading(options, mode))
    with files.naming():
        scores = evaluate(*files.sides(), mode=mode, ignore=options["ignore"], keep_spans=False)
    if mode != "span":
        files.note_labels(options["ignore"])
    return scores


def _record(
    path: str, scores: Scores, interval: Interval, difference: Difference | None, adjusted: float | None
) -> dict[str, Any]:
    record: dict[str, Any] = {"system": path, "f1": scores.micro.f1, "interval": [interval.low, interval.high]}
    if difference is not None:
        bounds = [difference.interval.low, difference.interval.high]
        record |= {"difference": difference.f1, "difference_interval": bounds}
        record |= {"p": difference.p, "p_holm": adjusted}
    return record


def _print(rows: list[tuple[str, Scores, Interval, Difference | None, float | None]], signature: str) -> None:
    several = ["p (Holm)"] if len(rows) > 2 else []
    table = make_table("system", "F1", "95 % interval", "difference", "95 % interval", "p", *several)
    for path, scores, interval, difference, adjusted in rows:
        cells = [f"{scores.micro.f1:.4f}", str(interval)]
        if difference is not None:
            bounds = difference.interval
            cells += [f"{difference.f1:+.4f}", f"[{bounds.low:+.4f}, {bounds.high:+.4f}]", f"{difference.p:.4f}"]
            cells += [f"{adjusted:.4f}"] if several else []
        table.add_row(path, *cells)
    console = make_console()
    console.print(table)
    console.print(signature, style="dim")
