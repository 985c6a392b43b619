"""Run an experiment: every method on every language, with the stages that methods share done once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.pair import Pair
from xlner.errors import XlnerError
from xlner.evaluation import confidence_intervals, evaluate
from xlner.experiments.progress import Log, no_log
from xlner.experiments.recipe_files import require_known
from xlner.experiments.reproduce.backend_cache import BackendCache
from xlner.experiments.reproduce.engines import engines_of
from xlner.experiments.reproduce.language_data import LanguageData, read_language_data
from xlner.experiments.reproduce.language_runner import LanguageRunner
from xlner.experiments.reproduce.published import published_result
from xlner.experiments.reproduce.recipe import Approach, Backends, DatasetPlan, Method, ReproductionRecipe
from xlner.experiments.reproduce.results import MethodResult, attribute_errors, proj_ratio
from xlner.experiments.reproduce.stage_store import StageStore
from xlner.formats import write_pairs

ALL_OTHERS = "*"
"""The key of `back_translators` for all languages that are not named."""


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What an experiment runs: one dataset, one set of backends, methods and languages.

    >>> from xlner.experiments.reproduce import read_reproduction_recipe
    >>> experiment = Experiment(read_reproduction_recipe("xlner"), "europarl-ner", None, backends="offline", out="out")
    >>> experiment.plan().langs
    ('de', 'es', 'it')
    """

    dataset: DatasetPlan
    backends: Backends
    methods: tuple[Method, ...]
    langs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A recipe with everything that a run needs; see docs/reproducing.md for an example.

    - `dataset`: the name of a dataset of the recipe. `folder`: where it is; None reads it from the hub.
    - `backends`: the name of a set of backends of the recipe.
    - `out`: the folder for stages, results and labeled sentences.
    - `langs`, `methods`: the languages and methods to run; all by default.
    - `aligners`: further aligners by name, or replacements of those of the backends.
    - `recognizers`: recognizers by source language, instead of those of the backends.
    - `target_recognizer`: replaces that of the backends.
    - `back_translators`: back-translators by target language, or by `*` for all others, instead of those of the
      backends.
    - `limit`: use only the first sentences of each language.
    - `samples`, `seed`: bootstrap samples of intervals, and their seed.

    Signatures name everything that differs from the backends of the recipe. Raises `UnknownNameError` for a dataset,
    backends or method that the recipe does not have.
    """

    recipe: ReproductionRecipe
    dataset: str
    folder: str | Path | None
    backends: str
    out: str | Path
    langs: Sequence[str] | None = None
    methods: Sequence[str] | None = None
    aligners: Mapping[str, str] | None = None
    recognizers: Mapping[str, str] | None = None
    target_recognizer: str | None = None
    back_translators: Mapping[str, str] | None = None
    limit: int | None = None
    samples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        self.plan()

    def plan(self) -> ExperimentPlan:
        """Return what the experiment runs, with all replacements made."""
        dataset = self.recipe.dataset(self.dataset)
        recipe = replace(self.recipe, methods=self.recipe.methods_for(dataset))
        backends, known = recipe.with_backends(self.backends, self.aligners or {}, self.recognizers or {})
        if dataset.translator is not None:
            backends = replace(backends, translator=dataset.translator)
        if self.target_recognizer is not None:
            backends = replace(backends, target_recognizer=self.target_recognizer)
        if self.back_translators:
            own = {**backends.back_translators, **self.back_translators}
            others = own.pop(ALL_OTHERS, backends.back_translator)
            backends = replace(backends, back_translator=others, back_translators=own)
        for name in self.methods or ():
            require_known(name, [method.name for method in known], "method")
        methods = tuple(m for m in known if self.methods is None or m.name in self.methods)
        return ExperimentPlan(dataset, backends, methods, dataset.langs if self.langs is None else tuple(self.langs))

    def changes(self) -> list[str]:
        """Return the backends that differ from those that the recipe has under the same name."""
        own = self.recipe.backends[self.backends]
        made = [f"recognizer.{lang}={spec}" for lang, spec in (self.recognizers or {}).items()]
        made += [f"aligner.{name}={spec}" for name, spec in (self.aligners or {}).items() if name in own.aligners]
        made += [f"back-translator.{lang}={spec}" for lang, spec in (self.back_translators or {}).items()]
        return made + [f"target-recognizer={spec}" for spec in (self.target_recognizer,) if spec is not None]

    def run(self, log: Log = no_log) -> list[MethodResult]:
        """Return one result per language and method, in this order. Progress messages go to `log`.

        A language or method that cannot be run has a result with the reason. Stages are kept below `out/stages` and
        are not run again; labeled sentences are written to `out/labeled`.
        """
        plan = self.plan()
        cache = BackendCache(Path(self.out) / "stages", log)
        results: list[MethodResult] = []
        for lang in plan.langs:
            source_lang = plan.dataset.source_langs.get(lang, self.recipe.source_lang)
            try:
                data = read_language_data(plan.dataset, self.folder, lang, source_lang=source_lang, limit=self.limit)
            except XlnerError as error:
                if all(str(error) != result.missing for result in results):  # a folder that is not there is one mistake
                    log(f"{lang}: {error}")
                results += [MethodResult(self.dataset, lang, m.name, missing=str(error)) for m in plan.methods]
                continue
            store = StageStore(Path(self.out) / "stages" / self.dataset / lang, log)
            runner = LanguageRunner(
                plan.backends,
                data,
                store,
                cache,
                lang=lang,
                source_lang=source_lang,
                folder=self.folder,
                drop=plan.dataset.drop,
            )
            results += [self._run_method(plan, method, runner, log) for method in plan.methods]
        return results

    def _run_method(self, plan: ExperimentPlan, method: Method, runner: LanguageRunner, log: Log) -> MethodResult:
        start = time.perf_counter()
        published = published_result(self.dataset, runner.lang, method.published)
        result = MethodResult(self.dataset, runner.lang, method.name, published=published)
        try:
            pairs = runner.run(method).pairs
        except XlnerError as error:
            log(f"{runner.lang}, {method.name}: cannot be run: {error}")
            return replace(result, missing=str(error))
        seconds = time.perf_counter() - start
        self._write_labeled(runner.lang, method, pairs)
        return replace(self._score(plan, method, runner.data, pairs, result), seconds=seconds)

    def _score(
        self, plan: ExperimentPlan, method: Method, data: LanguageData, pairs: Sequence[Pair], result: MethodResult
    ) -> MethodResult:
        ignore = plan.dataset.ignore
        scores = evaluate(data.gold, pairs, ignore=ignore)
        intervals = confidence_intervals(scores, samples=self.samples, seed=self.seed)
        # Results of one method with different backends or engines must not have the same signature.
        facts: dict[str, object] = {"recipe": self.recipe.name, "backends": plan.backends.name}
        facts |= {"changed": changes} if (changes := self.changes()) else {}
        facts |= {"engine": engines} if (engines := engines_of(plan.backends)) else {}
        intervals = replace(intervals, signature=intervals.signature.extended(facts))
        transfer = method.approach is Approach.TRANSFER
        errors = attribute_errors(data.gold, pairs, ignore=ignore, transfer=transfer)
        ratio = proj_ratio(data.gold, [pair.labeled for pair in pairs], ignore=ignore)
        return replace(result, scores=scores, confidence_intervals=intervals, errors_by_stage=errors, proj_ratio=ratio)

    def _write_labeled(self, lang: str, method: Method, pairs: Sequence[Pair]) -> None:
        folder = Path(self.out) / "labeled" / self.dataset / lang
        folder.mkdir(parents=True, exist_ok=True)
        write_pairs(pairs, folder / f"{method.name}.jsonl")
