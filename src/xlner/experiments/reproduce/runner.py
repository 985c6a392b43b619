"""Running an experiment: every method on every language, what they share once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.pair import Pair
from xlner.errors import UnknownNameError, XlnerError
from xlner.evaluation import confidence_intervals, evaluate
from xlner.experiments.reproduce.backends import BackendShelf
from xlner.experiments.reproduce.data import Data, load
from xlner.experiments.reproduce.published import published
from xlner.experiments.reproduce.recipe import Approach, Backends, DatasetPlan, Method, ReproductionRecipe
from xlner.experiments.reproduce.results import Result, blame
from xlner.experiments.reproduce.routes import Stages
from xlner.experiments.reproduce.stages import Say, Store
from xlner.formats import write_pairs

OTHERS = "*"
"""All languages that are not named."""


def _say_nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Experiment:
    """A recipe made concrete: one dataset in a folder, or without one from the hub, backends, languages and methods.

    `aligners` adds aligners to those of the backends, or replaces them, and `recognizers` recognizers by source
    language; `target_recognizer` takes the place of that of the backends, `back_translators` that of translators back,
    by target language, `*` for all others. Signatures say so. None of `langs` or `methods` means all. Raises
    `UnknownNameError` for what the recipe does not have.
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

    def plan(self) -> tuple[DatasetPlan, Backends, tuple[Method, ...], tuple[str, ...]]:
        """Dataset, backends, methods and languages."""
        dataset = self.recipe.dataset(self.dataset)
        backends, known = self.recipe.with_backends(self.backends, self.aligners or {}, self.recognizers or {})
        if dataset.translator is not None:
            backends = replace(backends, translator=dataset.translator)
        if self.target_recognizer is not None:
            backends = replace(backends, target_recognizer=self.target_recognizer)
        if self.back_translators:
            own = {**backends.back_translators, **self.back_translators}
            others = own.pop(OTHERS, backends.back_translator)
            backends = replace(backends, back_translator=others, back_translators=own)
        names = [method.name for method in known]
        for name in self.methods or ():
            if name not in names:
                raise UnknownNameError(f"unknown method {name!r}", hint=f"known: {', '.join(names)}")
        methods = tuple(m for m in known if self.methods is None or m.name in self.methods)
        return dataset, backends, methods, dataset.langs if self.langs is None else tuple(self.langs)

    def changes(self) -> list[str]:
        """The backends that are not those that the recipe has under that name."""
        own = self.recipe.backends[self.backends]
        made = [f"recognizer.{lang}={spec}" for lang, spec in (self.recognizers or {}).items()]
        made += [f"aligner.{name}={spec}" for name, spec in (self.aligners or {}).items() if name in own.aligners]
        made += [f"back-translator.{lang}={spec}" for lang, spec in (self.back_translators or {}).items()]
        return made + [f"target-recognizer={spec}" for spec in (self.target_recognizer,) if spec is not None]

    def run(self, say: Say = _say_nothing) -> list[Result]:
        """One result per language and method, in this order; `say` is told what is going on.

        A language or method that cannot be run has a result that says why. Stages are kept below `out` and read
        from there the next time; labeled sentences are written to `out/labeled`.
        """
        dataset, _, methods, langs = self.plan()
        shelf = BackendShelf(Path(self.out) / "stages", say)
        results = []
        for lang in langs:
            source_lang = dataset.source_langs.get(lang, self.recipe.source_lang)
            try:
                data = load(dataset, self.folder, lang, source_lang=source_lang, limit=self.limit)
            except XlnerError as error:
                say(f"{lang}: {error}")
                results += [Result(self.dataset, lang, m.name, missing=str(error)) for m in methods]
                continue
            results += self._run_language(lang, source_lang, data, shelf, say)
        return results

    def _run_language(self, lang: str, source_lang: str, data: Data, shelf: BackendShelf, say: Say) -> list[Result]:
        dataset, backends, methods, _ = self.plan()
        store = Store(Path(self.out) / "stages" / self.dataset / lang, lambda text: say(f"{lang}, {text}"))
        stages = Stages(backends, data, store, shelf, lang=lang, source_lang=source_lang, folder=self.folder)
        results = []
        for method in methods:
            start = time.perf_counter()
            figures = published(self.dataset, lang, method.published)
            try:
                pairs = stages.run(method).pairs
            except XlnerError as error:
                say(f"{lang}, {method.name}: cannot be run: {error}")
                results.append(Result(self.dataset, lang, method.name, published=figures, missing=str(error)))
                continue
            seconds = time.perf_counter() - start
            self._keep(lang, method, pairs)
            scores = evaluate(data.gold, pairs, ignore=dataset.ignore)
            found = confidence_intervals(scores, samples=self.samples, seed=self.seed)
            # Figures of one method with other backends are not to be compared by mistake.
            facts: dict[str, object] = {"recipe": self.recipe.name, "backends": backends.name}
            facts |= {"changed": changes} if (changes := self.changes()) else {}
            found = replace(found, signature=found.signature.extended(facts))
            blamed = blame(data.gold, pairs, ignore=dataset.ignore, transfer=method.route is Approach.TRANSFER)
            results.append(Result(self.dataset, lang, method.name, scores, found, figures, blamed, seconds=seconds))
        return results

    def _keep(self, lang: str, method: Method, pairs: Sequence[Pair]) -> None:
        folder = Path(self.out) / "labeled" / self.dataset / lang
        folder.mkdir(parents=True, exist_ok=True)
        write_pairs(pairs, folder / f"{method.name}.jsonl")
