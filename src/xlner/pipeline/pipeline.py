"""Label sentences through another language: translate, recognize, align, project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xlner._version import __version__
from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.entity_edges import checked_projection, trimmed
from xlner.core.labels import without_labels
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.core.stage_results import alignment_of, entities_of
from xlner.core.turns import translating
from xlner.errors import InputError, StoppedError, ValidationError
from xlner.pipeline.cells import by_cell
from xlner.pipeline.distinct import each_distinct
from xlner.pipeline.isolation import windows
from xlner.pipeline.stage_runner import (
    DEFAULT_BATCH_WORDS,
    DEFAULT_WINDOW,
    StageRunner,
    build_aligner,
    build_stage,
    check_direction,
    put_result,
    text_to_translate,
    translated_sentence,
    unread,
)
from xlner.pipeline.texts import sentences_of
from xlner.pipeline.verbatim_words import with_verbatim_links
from xlner.projection.calibration import Calibration
from xlner.stages import (
    Aligner,
    ExternalTranslator,
    Projector,
    Recognizer,
    TargetEntityProjector,
    Translator,
    check_stopped,
    fingerprint_of,
    project_each,
    recognize_each,
    translate_each,
)
from xlner.text.languages import canonical

if TYPE_CHECKING:
    from xlner.translation.guards.guarded_translator import CheckedTranslation, GuardedTranslator
    from xlner.translation.guards.statistics import TranslationStatistics


class Pipeline:
    """Labels target sentences through a source language.

    A stage is an object with the method of `xlner.stages.Translator`, `Recognizer`, `Aligner` or `Projector`, or a
    spec such as `"apertium"`, `"spacy:en_core_web_sm"`, `"e5:itermax"` or `"greedy"`. A stage that is None is skipped;
    then every pair must come with what that stage would add.

    - `target_lang`, `source_lang`: the language to label, and the language to recognize entities in.
    - `ignore`: labels of source entities to leave out.
    - `on_warning`: what to do with a translation that still looks wrong after a second attempt: `keep` (with the
      warnings in the `meta` of the source sentence), `drop` or `stop`. None does not check translations.
    - `window`: how many pairs are read ahead.
    - `batch_words`: the most words in a batch, padding included.

    A projector that translates and aligns by itself uses the translator and the aligner of the pipeline, unless its
    spec names others. Sentences without entities are not aligned, unless there is no projector. `labels` counts the
    labels of all source entities so far, ignored ones included.

    Raises `UnknownNameError` for an unknown backend or option, `BackendError` if a backend cannot run here, and
    `ValidationError` for bad sizes or a translator without `target_lang`.

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
        self.runner = StageRunner(window, batch_words)
        self.target_lang = None if target_lang is None else canonical(target_lang)
        self.source_lang = canonical(source_lang)
        self.ignore = frozenset(ignore)
        self.labels: Counter[str] = Counter()
        if translator is not None and self.target_lang is None:
            raise ValidationError("a translator needs to know the target language", hint="give target_lang")
        self.translator: Translator | None = build_stage("translator", translator)
        self._guard: GuardedTranslator | None = None
        if self.translator is not None and on_warning is not None:
            from xlner.translation.guards.guarded_translator import GuardedTranslator

            self._guard = GuardedTranslator(self.translator, on_warning=on_warning, batch_words=batch_words)
        check_direction(self.translator, str(self.target_lang), self.source_lang)  # before any model is loaded
        self.recognizer: Recognizer | None = build_stage("recognizer", recognizer, language=self.source_lang)
        self.aligner: Aligner | None = build_aligner(aligner)
        self.projector: Projector | None = build_stage(
            "projector",
            projector,
            translator=self.translator,
            aligner=self.aligner,
            source_lang=self.source_lang,
            target_lang=self.target_lang,
        )
        self._target_entities = (
            isinstance(self.projector, TargetEntityProjector) and self.projector.reads_target_entities
        )

    @property
    def window(self) -> int:
        """How many pairs are read ahead."""
        return self.runner.window

    @property
    def batch_words(self) -> int:
        """The most words in a batch, padding included."""
        return self.runner.batch_words

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on: stages with their options and versions, languages, ignored labels."""
        stages = (self._guard or self.translator, self.recognizer, self.aligner, self.projector)
        languages = f"{self.target_lang}<{self.source_lang}"
        ignored = f"ignore={','.join(sorted(self.ignore))}"
        return "|".join([f"xlner {__version__}", *map(fingerprint_of, stages), languages, ignored])

    @property
    def translates_ahead(self) -> bool:
        """Whether the next sentences can be translated while other stages work: elsewhere, and by no other stage.

        Not with a smaller `window` than the default: then somebody waits for the first results, and must not wait until
        more is read.
        """
        if not isinstance(self.translator, ExternalTranslator) or not self.translator.is_external:
            return False
        if self.window < DEFAULT_WINDOW:
            return False
        return _translator_of(self.projector) is None and _translator_of(self.aligner) is None

    def with_confidence(self, calibration: Calibration | None = None, min_confidence: float = 0.0) -> Pipeline:
        """A pipeline with the same stages that scores every projected entity with a confidence in [0, 1].

        `calibration` and `min_confidence` are those of `xlner.projection.ConfidentProjector`. Without a projector it
        is the same pipeline.

        >>> confident = Pipeline("echo", None, "oracle", target_lang="gl").with_confidence(min_confidence=0.5)
        >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)))
        >>> next(confident.run_pairs([pair])).labeled.entities[0].score > 0.9
        True
        """
        from xlner.projection.confidence import ConfidentProjector

        confident = copy(self)
        confident.labels = Counter()
        if self.projector is not None:
            confident.projector = ConfidentProjector(
                self.projector, calibration=calibration, min_confidence=min_confidence
            )
        return confident

    def for_source(self, source_lang: str) -> Pipeline:
        """A pipeline with the same stages for another source language.

        >>> Pipeline(source_lang="en").for_source("es").source_lang
        'es'
        """
        other = copy(self)
        other.labels = Counter()
        other.source_lang = canonical(source_lang)
        return other

    def run_texts(self, texts: Iterable[str]) -> Iterator[Pair]:
        """Label texts, one sentence each; see `run`. Raises `ValidationError` for a single string."""
        return self.run(sentences_of(texts, self.target_lang))

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """Label target sentences: one pair per sentence, in order, with its projection or its error."""
        return self.run_pairs(s if isinstance(s, InputError) else Pair(s) for s in sentences)

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Complete pairs that may already have a source or an alignment: one result per pair, in order.

        The cells of a text with tabs are processed one by one, see `xlner.pipeline.cells`.
        An `InputError` becomes an empty pair with that error. Raises `StoppedError` after the pairs of the window in
        which a stage stopped.
        """
        return self._run_pairs(pairs) if self.translator is None else by_cell(pairs, self._run_pairs)

    def _run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        statistics = self._new_statistics()  # for each call, so that a shard gives the same result again
        for window in windows(pairs, self.window):
            read = [unread(p) if isinstance(p, InputError) else p for p in window]
            yield from self._run_window(read, statistics)

    def _run_window(self, pairs: list[Pair], statistics: TranslationStatistics | None) -> Iterator[Pair]:
        stopped: StoppedError | None = None

        def process(found: list[Pair]) -> list[Pair]:
            nonlocal stopped
            with translating():
                translated = self._translate(found, statistics)
                stopped = _why_stopped(self.translator)  # before it goes on with another window
            return self._project(self._align(self._recognize(translated)))

        yield from each_distinct(pairs, process, target_entities=self._target_entities)
        if stopped is not None:
            raise stopped
        check_stopped(self.recognizer, self.projector)

    def _new_statistics(self) -> TranslationStatistics | None:
        if self._guard is None:
            return None
        from xlner.translation.guards.statistics import TranslationStatistics

        return TranslationStatistics()

    def _translate(self, pairs: list[Pair], statistics: TranslationStatistics | None) -> list[Pair]:
        translator, guard = self.translator, self._guard
        if translator is None:
            return pairs
        direction = {"from_lang": str(self.target_lang), "to_lang": self.source_lang}

        def wanted(pair: Pair) -> bool:
            return pair.source is None and bool(pair.target.tokens)

        def put(pair: Pair, checked: CheckedTranslation) -> Pair:
            return replace(pair, source=translated_sentence(checked, self.source_lang))

        def translate(batch: Sequence[Pair]) -> list[CheckedTranslation]:
            from xlner.translation.guards.guarded_translator import CheckedTranslation
            from xlner.translation.shield import shielded

            texts = [text_to_translate(pair.target) for pair in batch]
            made = shielded(texts, partial(translate_each, translator, **direction), by=translator)
            return [
                CheckedTranslation("", error=t) if isinstance(t, Exception) else CheckedTranslation(t) for t in made
            ]

        if guard is None:
            return self.runner.run("translator", translate, pairs, wanted, put)
        todo = [k for k, pair in enumerate(pairs) if pair.error is None and wanted(pair)]
        texts = [text_to_translate(pairs[k].target) for k in todo]
        out = list(pairs)
        for k, checked in zip(todo, guard.translate_checked(texts, **direction, statistics=statistics), strict=True):
            out[k] = put_result("translator", pairs[k], checked, put)
        return out

    def _recognize(self, pairs: list[Pair]) -> list[Pair]:
        def recognize(batch: Sequence[Pair]) -> Sequence[Sequence[Entity] | Exception]:
            sources = [pair.require_source() for pair in batch]
            if self.recognizer is None:
                return [source.entities for source in sources]
            return recognize_each(self.recognizer, sources)

        def put(pair: Pair, entities: Sequence[Entity]) -> Pair:
            source = pair.require_source()
            labeled = source.with_entities(entities_of(entities))
            found = labeled.entities if self.recognizer is None else trimmed(source, labeled.entities)
            self.labels.update(e.label for e in found)
            kept = without_labels(found, self.ignore)
            return replace(pair, source=labeled if kept == labeled.entities else source.with_entities(kept))

        return self.runner.run("recognizer", recognize, pairs, lambda pair: pair.source is not None, put)

    def _align(self, pairs: list[Pair]) -> list[Pair]:
        if self.aligner is None:
            return pairs

        def put(pair: Pair, alignment: Alignment) -> Pair:
            return replace(pair, alignment=with_verbatim_links(pair, alignment_of(alignment)))

        def wanted(pair: Pair) -> bool:
            if pair.source is None or pair.alignment is not None:
                return False
            return self.projector is None or bool(pair.source.entities)  # alignment is the slowest stage

        return self.runner.run("aligner", self.aligner.align, pairs, wanted, put)

    def _project(self, pairs: list[Pair]) -> list[Pair]:
        if self.projector is None:
            return pairs

        def put(pair: Pair, projection: Projection) -> Pair:
            return replace(pair, projection=checked_projection(projection, pair))

        project = partial(project_each, self.projector)
        done = self.runner.run("projector", project, pairs, lambda p: p.alignment is not None, put)
        return [_unprojected(p) if p.projection is None and p.error is None else p for p in done]


def _why_stopped(translator: Translator | None) -> StoppedError | None:
    try:
        check_stopped(translator)
    except StoppedError as stopped:
        return stopped
    return None


def _translator_of(stage: object) -> object:
    """The translator that a stage uses, or the one inside of it; None if there is none."""
    while stage is not None and not hasattr(stage, "translator"):
        stage = getattr(stage, "projector", None)
    return getattr(stage, "translator", None)


def _unprojected(pair: Pair) -> Pair:
    """The result for a pair that was not projected: an error if its source or alignment is missing."""
    if pair.target.tokens and pair.source is None:
        return replace(pair, error="pipeline: no source sentence; give a translator, or pairs with a source")
    if pair.source is not None and pair.source.entities:
        return replace(pair, error="pipeline: no word links; give an aligner, or pairs with an alignment")
    return replace(pair, projection=Projection(pair.target.with_entities(()), ()))
