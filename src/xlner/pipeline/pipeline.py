"""The chain: translate, recognize, align, project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from unicodedata import normalize

from xlner._version import __version__
from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.labels import without_labels
from xlner.core.pair import Pair, Projection
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import InputError, StageError, ValidationError
from xlner.pipeline.isolation import describe, in_batches, windows
from xlner.stages import Aligner, DirectedTranslator, Projector, Recognizer, Translator
from xlner.text.languages import canonical
from xlner.translation.guards.guarded_translator import CheckedTranslation, GuardedTranslator
from xlner.translation.guards.statistics import TranslationStatistics

DEFAULT_WINDOW = 1000
DEFAULT_BATCH_WORDS = 4096

R = TypeVar("R")


class Pipeline:
    """Labels target sentences through a source language.

    Stages are objects with the methods of `xlner.stages.Translator`, `Recognizer`, `Aligner` and `Projector`, or specs
    such as `"apertium"`, `"spacy:en_core_web_sm"`, `"e5:itermax"`, `"greedy"`. A stage that is None is left out: then
    every pair must come with what it would have made. A projector that translates and aligns does so with the other
    stages, where its spec names none.

    Translations are checked and, where they look wrong, attempted again; `on_warning` says what is done with one that
    stays suspicious (see `xlner.translation.OnWarning`), None switches the checks off. Findings are in
    the `meta` of the source sentence. `ignore` drops source entities with these labels; `labels` counts those of all
    source entities so far. Sentences without entities are not aligned, except where there is no projector.

    Raises `UnknownNameError` for a spec that names nothing, `BackendError` where a backend cannot run here.

    >>> pipeline = Pipeline("echo", None, "oracle", "greedy", target_lang="gl")
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)))
    >>> next(pipeline.run_pairs([pair])).labeled.tags()
    ['B-LOC']
    """

    def __init__(
        self,
        translator: Translator | str | None = None,
        recognizer: Recognizer | str | None = None,
        aligner: Aligner | str | None = None,
        projector: Projector | str | None = "greedy",
        *,
        target_lang: str | None = None,
        source_lang: str = "en",
        ignore: Collection[str] = (),
        on_warning: str | None = "keep",
        window: int = DEFAULT_WINDOW,
        batch_words: int = DEFAULT_BATCH_WORDS,
    ) -> None:
        if window < 1 or batch_words < 1:
            raise ValidationError(f"window {window} and batch_words {batch_words} must be at least 1")
        self.target_lang = None if target_lang is None else canonical(target_lang)
        self.source_lang = canonical(source_lang)
        if translator is not None and self.target_lang is None:
            raise ValidationError("a translator needs to know the target language", hint="give target_lang")
        self.translator: Translator | None = _build("translator", translator)
        self._guard: GuardedTranslator | None = None
        if self.translator is not None and on_warning is not None:
            self._guard = GuardedTranslator(self.translator, on_warning=on_warning, batch_words=batch_words)
        self._check_route()  # before models are loaded for nothing
        self.recognizer: Recognizer | None = _build("recognizer", recognizer, language=self.source_lang)
        self.aligner: Aligner | None = _build("aligner", aligner)
        if self.aligner is not None and getattr(self.aligner, "trained", True) is False:
            self.aligner.align([])  # raises: it has to learn first
        self.projector: Projector | None = _build(
            "projector",
            projector,
            translator=self.translator,
            aligner=self.aligner,
            source_lang=self.source_lang,
            target_lang=self.target_lang,
        )
        self.ignore = frozenset(ignore)
        self.labels: Counter[str] = Counter()
        self.window = window
        self.batch_words = batch_words

    @property
    def fingerprint(self) -> str:
        """What the results depend on: stages with their options and versions, languages, ignored labels."""
        stages = (self._guard or self.translator, self.recognizer, self.aligner, self.projector)
        parts = [_fingerprint(stage) for stage in stages]
        ignored = ",".join(sorted(self.ignore))
        return "|".join([f"xlner {__version__}", *parts, f"{self.target_lang}<{self.source_lang}", f"ignore={ignored}"])

    def run_texts(self, texts: Iterable[str]) -> Iterator[Pair]:
        """Label texts, one sentence each; see `run`. Raises `ValidationError` for a single string."""
        if isinstance(texts, str):
            raise ValidationError("run_texts takes a list of sentences, not one string", hint="write [text]")
        return self.run(Sentence.from_text(text, language=self.target_lang) for text in texts)

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """Label target sentences: one pair per sentence, in order, with its projection or its error."""
        return self.run_pairs(s if isinstance(s, InputError) else Pair(s) for s in sentences)

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Complete pairs that may already have a source or an alignment: one result per pair, in order.

        Reads `window` pairs ahead. What could not be read comes out as an empty pair with that error.
        """
        calibration = (
            TranslationStatistics()
        )  # of this call, so that a part of a run that is done again comes out the same
        for window in windows(pairs, self.window):
            yield from self._run_window([_unread(p) if isinstance(p, InputError) else p for p in window], calibration)

    def _run_window(self, window: Sequence[Pair], calibration: TranslationStatistics) -> list[Pair]:
        """Process each distinct pair once."""
        first: dict[tuple[object, ...], int] = {}
        owners = [first.setdefault(_content(pair), k) for k, pair in enumerate(window)]
        distinct = sorted(first.values())
        pairs = self._translate([window[k] for k in distinct], calibration)
        for stage in (self._recognize, self._align, self._project):
            pairs = stage(pairs)
        done = dict(zip(distinct, pairs, strict=True))
        return [_restored(done[owner], window[k]) for k, owner in enumerate(owners)]

    def _translate(self, pairs: Sequence[Pair], calibration: TranslationStatistics) -> list[Pair]:
        translator, guard = self.translator, self._guard
        if translator is None:
            return list(pairs)
        direction = {"from_lang": str(self.target_lang), "to_lang": self.source_lang}

        def wanted(pair: Pair) -> bool:
            return pair.source is None and bool(pair.target.tokens)

        def put(pair: Pair, made: CheckedTranslation) -> Pair:
            if made.error is not None:
                raise made.error
            source = Sentence.from_text(made.text, language=self.source_lang)
            if not source.tokens:
                raise StageError("the translation is empty")
            return replace(pair, source=replace(source, meta=made.meta))

        def translate(batch: Sequence[Pair]) -> list[CheckedTranslation]:
            return [CheckedTranslation(text) for text in translator.translate([_text(p) for p in batch], **direction)]

        if guard is None:
            return self._stage("translator", translate, put, pairs, wanted)
        todo = [k for k, pair in enumerate(pairs) if pair.error is None and wanted(pair)]
        made = guard.translate_checked([_text(pairs[k]) for k in todo], **direction, statistics=calibration)
        out = list(pairs)
        for k, checked in zip(todo, made, strict=True):
            out[k] = _put("translator", put, pairs[k], checked)
        return out

    def _recognize(self, pairs: Sequence[Pair]) -> list[Pair]:
        recognizer = self.recognizer

        def recognize(batch: Sequence[Pair]) -> Sequence[Sequence[Entity]]:
            sources = [p.source for p in batch if p.source is not None]
            return recognizer.recognize(sources) if recognizer is not None else [s.entities for s in sources]

        def put(pair: Pair, entities: Sequence[Entity]) -> Pair:
            self.labels.update(e.label for e in entities)
            kept = without_labels(entities, self.ignore)
            return replace(pair, source=pair.source.with_entities(kept) if pair.source else None)

        return self._stage("recognizer", recognize, put, pairs, lambda p: p.source is not None)

    def _align(self, pairs: Sequence[Pair]) -> list[Pair]:
        aligner = self.aligner
        if aligner is None:
            return list(pairs)

        def put(pair: Pair, alignment: Alignment) -> Pair:
            return replace(pair, alignment=alignment)

        def wanted(pair: Pair) -> bool:
            if pair.source is None or pair.alignment is not None:
                return False
            return self.projector is None or bool(pair.source.entities)  # links are for entities; most costly stage

        return self._stage("aligner", aligner.align, put, pairs, wanted)

    def _project(self, pairs: Sequence[Pair]) -> list[Pair]:
        projector = self.projector
        if projector is None:
            return list(pairs)

        def put(pair: Pair, projection: Projection) -> Pair:
            return replace(pair, projection=projection)

        done = self._stage("projector", projector.project, put, pairs, lambda p: p.alignment is not None)
        return [_without_entities(p) if p.projection is None and p.error is None else p for p in done]

    def _stage(
        self,
        name: str,
        stage: Callable[[Sequence[Pair]], Sequence[R]],
        put: Callable[[Pair, R], Pair],
        pairs: Sequence[Pair],
        wanted: Callable[[Pair], bool],
    ) -> list[Pair]:
        """Run one stage on the pairs that want it and have no error yet, and put its results or errors on them."""
        out = list(pairs)
        todo = [k for k, pair in enumerate(pairs) if pair.error is None and wanted(pair)]
        results = in_batches(stage, [pairs[k] for k in todo], length=_length, budget=self.batch_words)
        for k, result in zip(todo, results, strict=True):
            out[k] = _put(name, put, pairs[k], result)
        return out

    def _check_route(self) -> None:
        """Check the direction before any work is done, where the translator can tell."""
        if isinstance(self.translator, DirectedTranslator) and self.target_lang is not None:
            self.translator.check_direction(self.target_lang, self.source_lang)


def _put(name: str, put: Callable[[Pair, R], Pair], pair: Pair, result: R | Exception) -> Pair:
    """The pair with the result of a stage, or with its error."""
    try:
        if isinstance(result, Exception):
            raise result
        return put(pair, result)
    except Exception as error:  # a result that does not fit its sentence is that sentence's error, too
        return replace(pair, error=describe(error, name))


def _text(pair: Pair) -> str:
    """What to translate. Translators know composed letters; the target itself keeps its text and offsets."""
    return normalize("NFC", pair.target.with_text().text or "")


def _build(kind: str, stage: Any, **defaults: object) -> Any:
    return load(kind, stage, **defaults) if isinstance(stage, str) else stage


def _fingerprint(stage: object) -> str:
    if stage is None:
        return "none"
    return str(getattr(stage, "fingerprint", type(stage).__qualname__))


def _length(pair: Pair) -> int:
    return len(pair.target) + (len(pair.source) if pair.source else 0)


def _content(pair: Pair) -> tuple[object, ...]:
    """What the result for a pair depends on."""
    source = pair.source
    similarity = None if pair.alignment is None else pair.alignment.similarity
    return (
        pair.target.tokens,
        pair.target.text,
        pair.target.language,
        None if source is None else (source.tokens, source.text, source.entities),
        pair.alignment,
        None if similarity is None else id(similarity),
        pair.error,
    )


def _restored(done: Pair, original: Pair) -> Pair:
    """The result of the first of several equal pairs, with the identity of this one."""
    if done.target is original.target:
        return done
    projection = done.projection
    if projection is not None:
        labeled = original.target.with_entities(projection.sentence.entities)
        projection = replace(projection, sentence=labeled)
    return replace(done, target=original.target, projection=projection)


def _unread(error: InputError) -> Pair:
    return Pair(Sentence(()), error=str(error))


def _without_entities(pair: Pair) -> Pair:
    """The result for a pair that was not projected: nothing to project is no error, a missing part is one."""
    if pair.target.tokens and pair.source is None:
        return replace(pair, error="pipeline: no source sentence for this sentence")
    if pair.source is not None and pair.source.entities:
        return replace(pair, error="pipeline: no alignment for this sentence")
    return replace(pair, projection=Projection(pair.target.with_entities(()), ()))
