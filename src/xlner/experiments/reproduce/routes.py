"""From a method to labeled pairs: which stages it needs, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.engines.run_folder import file_digest
from xlner.errors import InputError, ValidationError
from xlner.experiments.reproduce.backends import BackendShelf
from xlner.experiments.reproduce.data import Data
from xlner.experiments.reproduce.recipe import Approach, Backends, Method
from xlner.experiments.reproduce.stages import Process, Staged, Store
from xlner.formats import read_alignments
from xlner.pipeline import Pipeline
from xlner.pipeline.isolation import describe, isolated

LINKS = "links:"


class Stages:
    """The stages of one language of a dataset; every method that asks for one gets the same."""

    def __init__(
        self,
        backends: Backends,
        data: Data,
        store: Store,
        shelf: BackendShelf,
        *,
        lang: str,
        source_lang: str,
        folder: str | Path | None,
    ) -> None:
        self.backends, self.data, self.store, self.shelf = backends, data, store, shelf
        self.lang, self.source_lang, self.folder = lang, source_lang, folder
        self._done: dict[tuple[str, ...], Staged] = {}

    def run(self, method: Method) -> Staged:
        """The labeled pairs of a method.

        Raises `ValidationError` where the backends lack a stage that the method needs, and what building it raises.
        """
        say = self.store.say
        self.store = replace(self.store, say=lambda text: say(f"{method.name}: {text}"))
        try:
            return self._run(method)
        finally:
            self.store = replace(self.store, say=say)

    def _run(self, method: Method) -> Staged:
        if method.route is Approach.TRANSFER:
            return self._as_labels(self.target_recognized())
        aligned = self.aligned(method.route, str(method.aligner))
        if method.target_entities:
            aligned = self._with_target_entities(aligned)
        spec = self._filled(str(method.projector))
        by = self.shelf.fingerprint("projector", spec)
        return self._stage("projected", spec, by, aligned, lambda: self._projecting(spec))

    def input(self) -> Staged:
        """The pairs of the dataset as they are."""
        return Staged(self.data.pairs, self.data.digest)

    def labeled_source(self) -> Staged:
        """Pairs whose source sentence has entities: gold ones, or recognized in the translation."""
        if self.data.source_labeled:
            return self.input()
        spec, before = self._recognizer(), self.translated()
        by = self.shelf.fingerprint("recognizer", spec, language=self.source_lang)
        return self._stage("recognized", spec, by, before, lambda: self._recognizing(spec))

    def translated(self) -> Staged:
        """Pairs with a source sentence: the given one, or a translation."""
        if all(pair.source is not None for pair in self.data.pairs):
            return self.input()
        spec, route = self._spec("translator"), (self.lang, self.source_lang)
        by = self.shelf.translator_fingerprint(spec, route)
        return self._stage("translated", spec, by, self.input(), lambda: self._translating(spec))

    def target_recognized(self) -> Staged:
        """Pairs whose target sentence has the entities that the target recognizer finds."""
        spec = self._spec("target_recognizer")
        by = self.shelf.fingerprint("recognizer", spec, language=self.lang)
        return self._stage("target-recognized", spec, by, self.input(), lambda: self._recognizing_target(spec))

    def back_translated(self) -> Staged:
        """Pairs whose source sentence is the labeled back-translation, in the target language."""
        spec, before = self._back_translator(), self.labeled_source()
        by = self.shelf.translator_fingerprint(spec, (self.source_lang, self.lang))
        return self._stage("back-translated", spec, by, before, lambda: self._translating_back(spec))

    def aligned(self, route: Approach, name: str) -> Staged:
        """Pairs with the links of the aligner of that name, where the source sentence has entities."""
        if name not in self.backends.aligners:
            raise ValidationError(
                f"backends {self.backends.name!r} have no aligner {name!r}",
                hint=f"known: {', '.join(self.backends.aligners)}",
            )
        spec = self._filled(self.backends.aligners[name])
        if spec.startswith(LINKS):
            if route is Approach.BACK:
                raise ValidationError(f"given links cannot align back-translations: {spec}")
            return self._with_links(self.labeled_source(), spec.removeprefix(LINKS))
        before = self.labeled_source() if route is Approach.FORWARD else self.back_translated()
        by = self.shelf.fingerprint("aligner", spec)
        return self._stage("aligned", spec, by, before, lambda: self._aligning(spec))

    def _stage(self, name: str, spec: str, by: str, before: Staged, build: Callable[[], Process]) -> Staged:
        by = f"{by} {self.lang}<{self.source_lang}"
        place = (name, by, before.key)
        if place not in self._done:
            self._done[place] = self.store.stage(name, spec, by, before, build)
        return self._done[place]

    def _filled(self, spec: str) -> str:
        """A spec with the specs of other backends in place of their names in braces."""
        spec = self._placed(spec)
        for name in re.findall(r"{([^}]*)}", spec):
            value = self._recognizer() if name == "recognizer" else self._spec(name.replace("-", "_"))
            spec = spec.replace(f"{{{name}}}", value)
        return spec

    def _placed(self, spec: str) -> str:
        """A spec with the languages and the folder of the dataset in place of their names in braces."""
        known = {"lang": self.lang, "source-lang": self.source_lang, "data": str(self.folder or "")}
        for name, value in known.items():
            spec = spec.replace(f"{{{name}}}", value)
        return spec

    def _recognizer(self) -> str:
        """The recognizer of the source language, or else that of all languages."""
        own = self.backends.recognizers.get(self.source_lang)
        return self._spec("recognizer") if own is None else self._placed(own)

    def _back_translator(self) -> str:
        """The translator back into the target language, or else that into all languages."""
        own = self.backends.back_translators.get(self.lang)
        return self._spec("back_translator") if own is None else self._placed(own)

    def _spec(self, stage: str) -> str:
        spec: str | None = getattr(self.backends, stage, None)
        if spec is None:
            raise ValidationError(f"backends {self.backends.name!r} have no {stage.replace('_', '-')}")
        return self._placed(spec)

    def _translating(self, spec: str) -> Process:
        translator = self.shelf.translator(spec, (self.lang, self.source_lang))
        return self._pipeline(translator=translator).run_pairs

    def _recognizing(self, spec: str) -> Process:
        recognizer = self.shelf.get("recognizer", spec, language=self.source_lang)
        return self._pipeline(recognizer=recognizer).run_pairs

    def _recognizing_target(self, spec: str) -> Process:
        recognizer = self.shelf.get("recognizer", spec, language=self.lang)
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

        translator = self.shelf.translator(spec, (self.source_lang, self.lang))

        def translate(batch: Sequence[Sentence]) -> list[Projection]:
            return translate_labeled(batch, translator, from_lang=self.source_lang, to_lang=self.lang)

        def process(pairs: Iterable[Pair]) -> Iterator[Pair]:
            rows = list(pairs)
            wanted = {k: p.source for k, p in enumerate(rows) if p.error is None and p.source is not None}
            made = dict(zip(wanted, isolated(translate, list(wanted.values())), strict=True))
            yield from (_with_back_translation(pair, made.get(k), self.lang) for k, pair in enumerate(rows))

        return process

    def _aligning(self, spec: str) -> Process:
        pipeline = self._pipeline(aligner=self.shelf.get("aligner", spec))

        def process(pairs: Iterable[Pair]) -> Iterator[Pair]:
            rows = list(pairs)
            wanted = [k for k, pair in enumerate(rows) if pair.source is not None and pair.source.entities]
            made = dict(zip(wanted, pipeline.run_pairs(rows[k] for k in wanted), strict=True))
            yield from (made.get(k, pair) for k, pair in enumerate(rows))

        return process

    def _projecting(self, spec: str) -> Process:
        return self._pipeline(projector=self.shelf.get("projector", spec)).run_pairs

    def _pipeline(self, **stages: Any) -> Pipeline:
        given: Mapping[str, Any] = {
            "translator": None,
            "recognizer": None,
            "aligner": None,
            "projector": None,
            **stages,
        }
        return Pipeline(**given, target_lang=self.lang, source_lang=self.source_lang)

    def _with_links(self, before: Staged, name: str) -> Staged:
        path = Path(self.folder or "") / name
        links = list(_readable(read_alignments(path)))
        if len(links) < len(before.pairs):
            raise InputError(f"{len(links)} lines for {len(before.pairs)} sentences", path=path)
        pairs = []
        for number, (pair, alignment) in enumerate(zip(before.pairs, links, strict=False), start=1):
            try:
                pairs.append(replace(pair, alignment=alignment))
            except ValidationError as error:
                raise InputError(error.message, path=path, line=number, hint=error.hint) from None
        return Staged(tuple(pairs), f"{before.key}+{file_digest(path)}")

    def _with_target_entities(self, aligned: Staged) -> Staged:
        found = self.target_recognized()
        rows = zip(aligned.pairs, found.pairs, strict=True)
        pairs = tuple(replace(a, target=f.target, error=a.error or f.error) for a, f in rows)
        return Staged(pairs, f"{aligned.key}+{found.key}")

    def _as_labels(self, found: Staged) -> Staged:
        pairs = tuple(p if p.error else replace(p, projection=Projection(p.target, ())) for p in found.pairs)
        return Staged(pairs, found.key)


def _with_back_translation(pair: Pair, made: Projection | Exception | None, lang: str) -> Pair:
    if made is None:
        return pair
    if isinstance(made, Exception):
        return replace(pair, error=describe(made, "translator"))
    return replace(pair, source=replace(made.sentence, language=lang))


def _readable(links: Iterable[Alignment | InputError]) -> Iterator[Alignment]:
    for item in links:
        if isinstance(item, InputError):
            raise item
        yield item
