"""Run the methods of an experiment on one language: which stages a method needs, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.batches import isolated
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.engines.run_folder import file_digest
from xlner.errors import InputError, UnknownNameError, UsageError, ValidationError
from xlner.experiments.recipe_files import require_known
from xlner.experiments.reproduce.backend_cache import BackendCache
from xlner.experiments.reproduce.language_data import LanguageData
from xlner.experiments.reproduce.recipe import Approach, Backends, Method
from xlner.experiments.reproduce.stage_store import Process, StageResult, StageStore
from xlner.formats import raise_errors, read_alignments
from xlner.pipeline import Pipeline
from xlner.pipeline.isolation import describe
from xlner.text.counts import counted
from xlner.text.segmenters import segmenter_fingerprint, segmenter_named
from xlner.text.suggestions import names_hint

LINKS = "links:"
"""Prefix of an aligner that is a file of links."""


class LanguageRunner:
    """Runs methods on one language of a dataset. Stages that methods share run once."""

    def __init__(
        self,
        backends: Backends,
        data: LanguageData,
        store: StageStore,
        cache: BackendCache,
        *,
        lang: str,
        source_lang: str,
        folder: str | Path | None,
        drop: Sequence[str] = (),
    ) -> None:
        self.backends, self.data, self.store, self.cache = backends, data, store, cache
        self.lang, self.source_lang, self.folder = lang, source_lang, folder
        self.drop = frozenset(drop)
        self._done: dict[tuple[str, ...], StageResult] = {}

    def run(self, method: Method) -> StageResult:
        """Return the labeled pairs of a method.

        Raises `UsageError` if the backends lack a stage that the method needs, and what building the stage raises.
        """
        log = self.store.log
        self.store = replace(self.store, log=lambda text: log(f"{self.lang}, {method.name}: {text}"))
        try:
            return self._run(method)
        finally:
            self.store = replace(self.store, log=log)

    def _run(self, method: Method) -> StageResult:
        if method.approach is Approach.TRANSFER:
            return self._as_labels(self.target_recognized())
        aligned = self.aligned(method.approach, str(method.aligner))
        if method.target_entities:
            aligned = self._with_target_entities(aligned)
        spec = self._filled(method.projector_for(self.lang))
        fingerprint = self.cache.fingerprint("projector", spec)
        return self._run_stage("projected", spec, fingerprint, aligned, lambda: self._projecting(spec))

    def input(self) -> StageResult:
        """Return the pairs of the dataset."""
        return StageResult(self.data.pairs, self.data.digest)

    def labeled_source(self) -> StageResult:
        """Return pairs whose source sentence has entities: gold ones, or those recognized in the translation.

        Entities with labels that the dataset drops are left out.
        """
        found = self._all_labeled()
        if not self.drop:
            return found
        pairs = tuple(_without_labels(pair, self.drop) for pair in found.pairs)
        return StageResult(pairs, f"{found.key} without {' '.join(sorted(self.drop))}")

    def _all_labeled(self) -> StageResult:
        if self.data.source_labeled:
            return self.input()
        spec, before = self._recognizer(), self.translated()
        fingerprint = self.cache.fingerprint("recognizer", spec, language=self.source_lang)
        return self._run_stage("recognized", spec, fingerprint, before, lambda: self._recognizing(spec))

    def translated(self) -> StageResult:
        """Return pairs with a source sentence: the given one, or a translation."""
        if all(pair.source is not None for pair in self.data.pairs):
            return self.input()
        spec = self._spec("translator")
        fingerprint = self.cache.translator_fingerprint(spec, (self.lang, self.source_lang))
        return self._run_stage("translated", spec, fingerprint, self.input(), lambda: self._translating(spec))

    def target_recognized(self) -> StageResult:
        """Return pairs whose target sentence has the entities that the target recognizer finds."""
        spec = self._spec("target_recognizer")
        fingerprint = self.cache.fingerprint("recognizer", spec, language=self.lang)
        before = self.input()
        return self._run_stage("target-recognized", spec, fingerprint, before, lambda: self._recognizing_target(spec))

    def back_translated(self) -> StageResult:
        """Return pairs whose source sentence is the labeled back-translation, in the target language."""
        spec, before = self._back_translator(), self.labeled_source()
        fingerprint = self.cache.translator_fingerprint(spec, (self.source_lang, self.lang))
        segmenter = self.backends.segmenters.get(self.lang)
        fingerprint += "" if segmenter is None else f" {segmenter_fingerprint(segmenter)}"
        return self._run_stage("back-translated", spec, fingerprint, before, lambda: self._translating_back(spec))

    def aligned(self, approach: Approach, name: str) -> StageResult:
        """Return pairs with the links of a named aligner. Pairs without source entities are not aligned."""
        if name not in self.backends.aligners:
            raise UnknownNameError(
                f"backends {self.backends.name!r} have no aligner {name!r}",
                hint=names_hint(name, self.backends.aligners),
            )
        spec = self._filled(self.backends.aligners[name])
        if spec.startswith(LINKS):
            if approach is Approach.BACK:
                raise UsageError(f"links from a file cannot align back-translations: {spec}", hint="name an aligner")
            return self._with_links(self.labeled_source(), spec.removeprefix(LINKS))
        before = self.labeled_source() if approach is Approach.FORWARD else self.back_translated()
        fingerprint = self.cache.fingerprint("aligner", spec)
        return self._run_stage("aligned", spec, fingerprint, before, lambda: self._aligning(spec))

    def _run_stage(
        self, name: str, spec: str, fingerprint: str, before: StageResult, build: Callable[[], Process]
    ) -> StageResult:
        fingerprint = f"{fingerprint} {self.lang}<{self.source_lang}"
        place = (name, fingerprint, before.key)
        if place not in self._done:
            self._done[place] = self.store.run(name, spec, fingerprint, before, build)
        return self._done[place]

    def _filled(self, spec: str) -> str:
        """Replace the names of other backends in braces by their specs."""
        spec = self._placed(spec)
        for name in re.findall(r"{([^}]*)}", spec):
            value = self._recognizer() if name == "recognizer" else self._spec(name.replace("-", "_"))
            spec = spec.replace(f"{{{name}}}", value)
        return spec

    def _placed(self, spec: str) -> str:
        """Replace `{lang}`, `{source-lang}` and `{data}` by the languages and the folder of the dataset."""
        known = {"lang": self.lang, "source-lang": self.source_lang, "data": str(self.folder or "")}
        for name, value in known.items():
            spec = spec.replace(f"{{{name}}}", value)
        return spec

    def _recognizer(self) -> str:
        """Return the recognizer of the source language, or that of all languages."""
        own = self.backends.recognizers.get(self.source_lang)
        return self._spec("recognizer") if own is None else self._placed(own)

    def _back_translator(self) -> str:
        """Return the back-translator into the target language, or that into all languages."""
        own = self.backends.back_translators.get(self.lang)
        return self._spec("back_translator") if own is None else self._placed(own)

    def _spec(self, stage: str) -> str:
        specs = {
            "translator": self.backends.translator,
            "recognizer": self.backends.recognizer,
            "back_translator": self.backends.back_translator,
            "target_recognizer": self.backends.target_recognizer,
            "scorer": self.backends.scorer,
        }
        require_known(stage, specs, "backend in braces")
        spec = specs[stage]
        if spec is None:
            raise UsageError(f"backends {self.backends.name!r} have no {stage.replace('_', '-')}")
        return self._placed(spec)

    def _translating(self, spec: str) -> Process:
        translator = self.cache.translator(spec, (self.lang, self.source_lang))
        return self._pipeline(translator=translator).run_pairs

    def _recognizing(self, spec: str) -> Process:
        recognizer = self.cache.get("recognizer", spec, language=self.source_lang)
        return self._pipeline(recognizer=recognizer).run_pairs

    def _recognizing_target(self, spec: str) -> Process:
        recognizer = self.cache.get("recognizer", spec, language=self.lang)
        pipeline = self._pipeline(recognizer=recognizer)

        def process(pairs: Iterable[Pair]) -> Iterator[Pair]:
            targets = [pair.target for pair in pairs]
            found = pipeline.run_pairs(Pair(t, t) for t in targets)
            for target, pair in zip(targets, found, strict=True):
                entities = pair.source.entities if pair.source is not None else ()
                yield Pair(target.with_entities(entities), error=pair.error)

        return process

    def _translating_back(self, spec: str) -> Process:
        from xlner.projection.markers.translation import translate_labeled

        translator = self.cache.translator(spec, (self.source_lang, self.lang))
        named = self.backends.segmenters.get(self.lang)
        segmenter = None if named is None else segmenter_named(named)

        def translate(batch: Sequence[Sentence]) -> list[Projection]:
            return translate_labeled(
                batch, translator, from_lang=self.source_lang, to_lang=self.lang, segmenter=segmenter
            )

        def process(pairs: Iterable[Pair]) -> Iterator[Pair]:
            rows = list(pairs)
            wanted = {k: p.source for k, p in enumerate(rows) if p.error is None and p.source is not None}
            made = dict(zip(wanted, isolated(translate, list(wanted.values())), strict=True))
            yield from (_with_back_translation(pair, made.get(k), self.lang) for k, pair in enumerate(rows))

        return process

    def _aligning(self, spec: str) -> Process:
        pipeline = self._pipeline(aligner=self.cache.get("aligner", spec))

        def process(pairs: Iterable[Pair]) -> Iterator[Pair]:
            rows = list(pairs)
            wanted = [k for k, pair in enumerate(rows) if pair.source is not None and pair.source.entities]
            made = dict(zip(wanted, pipeline.run_pairs(rows[k] for k in wanted), strict=True))
            yield from (made.get(k, pair) for k, pair in enumerate(rows))

        return process

    def _projecting(self, spec: str) -> Process:
        return self._pipeline(projector=self.cache.get("projector", spec)).run_pairs

    def _pipeline(self, **stages: Any) -> Pipeline:
        none: dict[str, Any] = dict.fromkeys(("translator", "recognizer", "aligner", "projector"))
        return Pipeline(**{**none, **stages}, target_lang=self.lang, source_lang=self.source_lang)

    def _with_links(self, before: StageResult, name: str) -> StageResult:
        path = Path(self.folder or "") / name
        links = list(raise_errors(read_alignments(path)))
        if len(links) < len(before.pairs):
            raise InputError(f"{counted(len(links), 'line')} for {counted(len(before.pairs), 'sentence')}", path=path)
        pairs = []
        for number, (pair, alignment) in enumerate(zip(before.pairs, links, strict=False), start=1):
            try:
                pairs.append(replace(pair, alignment=alignment))
            except ValidationError as error:
                raise InputError(error.message, path=path, line=number, hint=error.hint) from None
        return StageResult(tuple(pairs), f"{before.key}+{file_digest(path)}")

    def _with_target_entities(self, aligned: StageResult) -> StageResult:
        found = self.target_recognized()
        rows = zip(aligned.pairs, found.pairs, strict=True)
        pairs = tuple(replace(a, target=f.target, error=a.error or f.error) for a, f in rows)
        return StageResult(pairs, f"{aligned.key}+{found.key}")

    def _as_labels(self, found: StageResult) -> StageResult:
        pairs = tuple(p if p.error else replace(p, projection=Projection(p.target, ())) for p in found.pairs)
        return StageResult(pairs, found.key)


def _without_labels(pair: Pair, labels: Collection[str]) -> Pair:
    if pair.source is None:
        return pair
    return replace(pair, source=pair.source.with_entities(e for e in pair.source.entities if e.label not in labels))


def _with_back_translation(pair: Pair, made: Projection | Exception | None, lang: str) -> Pair:
    if made is None:
        return pair
    if isinstance(made, Exception):
        return replace(pair, error=describe(made, "translator"))
    return replace(pair, source=replace(made.sentence, language=lang))
