"""A page with every method on every data set at hand, beside the best published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from xlner._version import __version__
from xlner.errors import InputError
from xlner.experiments.page import Block, BulletList, Heading, Paragraph, Table
from xlner.experiments.progress import Log, no_log
from xlner.experiments.recipe_files import require_known
from xlner.experiments.reproduce.experiment import Experiment
from xlner.experiments.reproduce.language_data import has_language
from xlner.experiments.reproduce.published import best_published
from xlner.experiments.reproduce.recipe import DatasetPlan, ReproductionRecipe
from xlner.experiments.reproduce.report import specs_by_stage
from xlner.experiments.reproduce.results import MethodResult
from xlner.text.counts import counted

_MOST_COLUMNS = 12
"""With more languages, each has a row of the table instead of a column."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The results of one data set with one set of backends.

    >>> Standing(DatasetPlan("mine", "Mine", ("gl",), target=("gl.conll",)), "offline", ()).langs
    ()
    """

    dataset: DatasetPlan
    backends: str
    results: tuple[MethodResult, ...]

    @property
    def langs(self) -> tuple[str, ...]:
        """The languages with a result."""
        return tuple(dict.fromkeys(result.lang for result in self.results))


def run_leaderboard(
    recipe: ReproductionRecipe,
    data: str | Path,
    out: str | Path,
    *,
    backends: Sequence[str],
    datasets: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    limit: int | None = None,
    samples: int = 1000,
    seed: int = 0,
    log: Log = no_log,
) -> list[Standing]:
    """Run the methods of a recipe on its data sets, each in the folder of `data` with its name.

    Languages and data sets that are not there are left out. Stages are kept in `out`, so that a run with more methods,
    data sets or backends computes only what is new.

    Raises `UnknownNameError` for names that the recipe does not have, and `InputError` if none of the data sets is
    there.
    """
    for method in methods or ():
        require_known(method, [m.name for m in recipe.methods], "method")
    standings, there = [], []
    for name in datasets or recipe.datasets:
        plan = recipe.dataset(name)
        folder = Path(data) / name
        langs = [lang for lang in plan.langs if has_language(plan, folder, lang)]
        there += [name] if langs else []
        here = [m.name for m in recipe.methods_for(plan) if methods is None or m.name in methods]
        for chosen in backends if langs and here else ():
            experiment = Experiment(
                recipe,
                name,
                folder,
                chosen,
                Path(out) / chosen,
                langs=langs,
                methods=here,
                limit=limit,
                samples=samples,
                seed=seed,
            )
            standings.append(Standing(plan, chosen, tuple(experiment.run(log))))
    if there and not standings:
        raise InputError(f"none of the methods is for {', '.join(there)}", path=data)
    if not standings:
        known = ", ".join(datasets or recipe.datasets)
        raise InputError("none of the data sets is there", path=data, hint=f"folders: {known}")
    return standings


def leaderboard_page(recipe: ReproductionRecipe, standings: Sequence[Standing], introduction: str) -> list[Block]:
    """Return the page: a table for each data set, its signatures, and the backends."""
    blocks: list[Block] = [Heading(recipe.title, 1), *(Paragraph(part) for part in introduction.split("\n\n") if part)]
    for dataset in dict.fromkeys(standing.dataset for standing in standings):
        here = [standing for standing in standings if standing.dataset == dataset]
        blocks += [Heading(dataset.title), _table(here), *_notes(here)]
    blocks.append(Heading("Backends"))
    for name in dict.fromkeys(standing.backends for standing in standings):
        specs = specs_by_stage(recipe.backends[name])
        blocks += [Paragraph(f"`{name}`, xlner {__version__}:")]
        blocks += [BulletList(tuple(f"{stage}: `{spec}`" for stage, spec in specs.items()))]
    return blocks


def _table(standings: Sequence[Standing]) -> Table:
    langs = tuple(dict.fromkeys(lang for standing in standings for lang in standing.langs))
    rows = sorted(
        (row for standing in standings for row in _rows(standing, langs)), key=lambda row: row[0], reverse=True
    )
    cells = [row for _, row in rows]
    best = [best_published(standings[0].dataset.name, lang) for lang in langs]
    if any(best):
        shown = ["" if found is None else f"{found.f1:.3f} ({found.source})" for found in best]
        mean = f"{fmean(f.f1 for f in best if f is not None):.3f}" if all(best) else ""
        cells.append(("best published", "", *shown, mean))
    columns = (*langs, "mean")
    if len(langs) <= _MOST_COLUMNS:
        return Table(("method", "backends", *columns), tuple(cells))
    names = (f"{method}, {backends}" if backends else method for method, backends, *_ in cells)
    return Table(("language", *names), tuple(zip(columns, *(row[2:] for row in cells), strict=True)))


def _rows(standing: Standing, langs: Sequence[str]) -> Iterator[tuple[tuple[int, float], tuple[str, ...]]]:
    """The rank of each method, and its row. Means over fewer languages come last: they say nothing about the others."""
    for method in dict.fromkeys(result.method for result in standing.results):
        by_lang = {result.lang: result for result in standing.results if result.method == method}
        scored = [r.scores.micro.f1 for r in by_lang.values() if r.scores is not None]
        if not scored:
            continue
        mean = f"{fmean(scored):.3f}" if len(scored) == len(langs) else ""
        cells = (_cell(by_lang[lang]) if lang in by_lang else "" for lang in langs)
        yield (len(scored), fmean(scored)), (method, standing.backends, *cells, mean)


def _cell(result: MethodResult) -> str:
    found = result.confidence_intervals
    if result.scores is None or found is None:
        return "not run"
    return f"{result.scores.micro.f1:.3f} ({found.micro.low:.3f}–{found.micro.high:.3f})"


def _notes(standings: Sequence[Standing]) -> Iterator[Block]:
    results = [result for standing in standings for result in standing.results]
    missing = dict.fromkeys(f"{r.method}, {r.lang}: not run: {r.missing}" for r in results if r.missing is not None)
    failed: dict[tuple[str, int], list[str]] = {}
    for r in results:
        if r.scores is not None and r.scores.failed:
            failed.setdefault((r.lang, r.scores.failed), []).append(r.method)
    signatures = dict.fromkeys(
        f"{r.lang}: `{r.confidence_intervals.signature}`" for r in results if r.confidence_intervals is not None
    )
    errors = (f"{lang}: {counted(n, 'sentence')} failed: {', '.join(names)}" for (lang, n), names in failed.items())
    yield BulletList((*missing, *errors, *signatures))
