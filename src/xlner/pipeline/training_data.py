"""Build training data in another language: labeled sentences in, labeled translations out (translate-train)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial

from xlner._version import __version__
from xlner.core.alignment import Alignment
from xlner.core.entity_edges import checked_projection
from xlner.core.labels import without_labels
from xlner.core.pair import Pair, Projection
from xlner.core.registry import DEFAULT_ALIGNER
from xlner.core.sentence import Sentence
from xlner.core.stage_results import alignment_of
from xlner.errors import InputError, UnansweredError, UnknownNameError, ValidationError
from xlner.pipeline.discontinuous import without_discontinuous
from xlner.pipeline.isolation import describe, in_batches, windows
from xlner.pipeline.label_translation import MarkerChoice, MarkersLeftError, label_translation
from xlner.pipeline.stage_runner import (
    DEFAULT_BATCH_WORDS,
    DEFAULT_WINDOW,
    StageRunner,
    build_aligner,
    build_stage,
    check_direction,
    failed,
    put_result,
    text_to_translate,
    translated_sentence,
)
from xlner.pipeline.verbatim_words import with_source_words, with_verbatim_links
from xlner.projection.calibration import Calibration
from xlner.projection.confidence import rated, weights_digest, without_unsure
from xlner.projection.fallback import remaining, with_fallback
from xlner.stages import Aligner, Projector, Translator, check_stopped, fingerprint_of, project_each
from xlner.text.languages import canonical
from xlner.text.suggestions import names_hint
from xlner.translation.guards.guarded_translator import CheckedTranslation, GuardedTranslator
from xlner.translation.guards.statistics import TranslationStatistics
from xlner.translation.guards.warnings import find_warnings


class BuildMethod(StrEnum):
    """How labels get into the translation.

    >>> BuildMethod("align")
    <BuildMethod.ALIGN: 'align'>
    """

    MARKERS = "markers"
    """They are translated with the text; entities that get lost are found by alignment."""
    ALIGN = "align"
    """The plain translation is aligned with the source, and all entities are projected."""


class TrainingDataBuilder:
    """Translates labeled source sentences together with their labels.

    - `from_lang`, `to_lang`: the language of the sentences, and the language to build for.
    - `method`: `markers` translates the labels with the text, `align` projects all of them; see `BuildMethod`.
    - `markers`: how entities are marked; see `MarkerChoice`.
    - `fallback`: with `markers`, find lost entities by alignment and projection. A sentence that fails with markers,
      that has remains of them, or whose translation looks wrong with them and better without, is then translated
      without markers and aligned. Without `fallback`, remains of markers are an error of the sentence.
    - `check`: align all sentences that have entities, so that the confidences rest on links, too.
    - `calibration`, `min_confidence`: as for `xlner.projection.ConfidentProjector`.
    - `rate`: give every entity its confidence as score. Without it, scores are those of the projector; a
      `min_confidence` needs it.
    - `ignore`: labels of entities to leave out.
    - `on_warning`: what to do with a translation that looks wrong: `keep` (with the warnings in the `meta` of the
      target), `drop` or `stop`.
    - `window`, `batch_words`: as for `Pipeline`.

    An entity that would hold words of another one is dropped as `discontinuous`.

    A translator that gives word links needs no aligner. The outcome of an entity that alignment found has a score of 1
    named `markers:REASON`. `labels` counts the labels of all source entities so far, ignored ones included.

    Raises `UnknownNameError` for an unknown backend, option or method, `BackendError` if a stage cannot run here or
    not in this direction, and `ValidationError` for bad values.

    >>> from xlner import Entity
    >>> builder = TrainingDataBuilder("echo", "oracle", to_lang="gl")
    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),), id="1")
    >>> made = next(builder.run([vigo]))
    >>> made.labeled.tags(), made.labeled.id, made.labeled.language
    (['O', 'B-LOC'], '1', 'gl')
    """

    def __init__(
        self,
        translator: Translator | str = "apertium",
        aligner: Aligner | str = DEFAULT_ALIGNER,
        projector: Projector | str = "greedy",
        *,
        to_lang: str,
        from_lang: str = "en",
        method: BuildMethod | str = BuildMethod.MARKERS,
        markers: MarkerChoice | str = MarkerChoice.AUTO,
        fallback: bool = True,
        check: bool = False,
        calibration: Calibration | None = None,
        min_confidence: float = 0.0,
        rate: bool = True,
        ignore: Collection[str] = (),
        on_warning: str = "keep",
        window: int = DEFAULT_WINDOW,
        batch_words: int = DEFAULT_BATCH_WORDS,
    ) -> None:
        self.runner = StageRunner(window, batch_words)
        if not 0 <= min_confidence <= 1:
            raise ValidationError(f"min_confidence {min_confidence} is not between 0 and 1")
        if min_confidence and not rate:
            raise ValidationError("min_confidence needs confidences", hint="leave out rate=False")
        self.from_lang, self.to_lang = canonical(from_lang), canonical(to_lang)
        if self.from_lang == self.to_lang:
            raise ValidationError(f"the sentences are already in {self.to_lang}", hint="name another language")
        try:
            self.method = BuildMethod(method)
        except ValueError:
            raise UnknownNameError(f"unknown method {method!r}", hint=names_hint(method, BuildMethod)) from None
        self.fallback, self.check = fallback, check
        self.calibration, self.min_confidence, self.rate = calibration, min_confidence, rate
        self.ignore = frozenset(ignore)
        self.labels: Counter[str] = Counter()
        self.translator: Translator = build_stage("translator", translator)
        check_direction(self.translator, self.from_lang, self.to_lang)  # before any model is loaded
        self._guard = GuardedTranslator(self.translator, on_warning=on_warning, batch_words=batch_words)
        self._labels_translated = (
            label_translation(self.translator, markers, from_lang=self.from_lang, to_lang=self.to_lang)
            if self.method is BuildMethod.MARKERS
            else None
        )
        by_labels = self._labels_translated
        aligned = by_labels is None or (not by_labels.linked and (fallback or check))
        self.aligner: Aligner | None = build_aligner(aligner) if aligned else None
        self.projector: Projector = build_stage("projector", projector)

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on."""
        by_labels = self._labels_translated
        method = f"markers={by_labels.name} fallback={self.fallback} check={self.check}" if by_labels else "align"
        calibration = "none" if self.calibration is None else self.calibration.digest
        stages = map(fingerprint_of, (self._guard, self.aligner, self.projector))
        languages = f"{self.from_lang}>{self.to_lang}"
        confidence = f"{self.min_confidence} {weights_digest()} {calibration}" if self.rate else "none"
        options = (f"confidence={confidence}", f"ignore={','.join(sorted(self.ignore))}")
        return "|".join([f"xlner {__version__} build {method}", *stages, languages, *options])

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """Build from labeled source sentences: one pair per sentence, in order, with its translation or its error.

        The sentence is the `source` of its pair. The `target` is the translation with the same `id`; it is empty if
        there is an error. Raises `StoppedError` after the pairs of a window in which the translator stopped.
        """
        statistics = TranslationStatistics()  # a new one for each call, so that a shard gives the same result again
        for window in windows(sentences, self.runner.window):
            pairs = [self._source_pair(item) for item in window]
            todo = [k for k, pair in enumerate(pairs) if pair.error is None and pair.require_source().tokens]
            ready = [pairs[k] for k in todo]
            done = self._rate(self._project(self._align(self._translate(ready, statistics))))
            for k, pair in zip(todo, done, strict=True):
                pairs[k] = _with_source_id(pair)
            yield from pairs
            check_stopped(self.translator, self.projector)

    run_pairs = run
    """The same, under the name that other pipelines have."""

    def _source_pair(self, item: Sentence | InputError) -> Pair:
        """A pair without a translation yet."""
        if isinstance(item, InputError):
            return Pair(Sentence((), language=self.to_lang), error=str(item))
        self.labels.update(e.label for e in item.entities)
        source = item.with_entities(without_labels(item.entities, self.ignore))
        empty = Sentence((), language=self.to_lang, id=source.id)
        if source.meta.get("error"):  # its labels are missing because an earlier stage failed
            return Pair(empty, source, error=f"source: {source.meta['error']}")
        return Pair(empty, source, projection=None if source.tokens else Projection(empty, ()))

    def _translate(self, pairs: Sequence[Pair], statistics: TranslationStatistics) -> list[Pair]:
        """Translate with labels; what fails or looks wrong also without them, if it can be aligned then."""
        if self._labels_translated is None:
            return [self._plain(*found) for found in zip(pairs, self._check_plain(pairs, statistics), strict=True)]
        sources = [pair.require_source() for pair in pairs]
        made = in_batches(self._labels_translated.translate, sources, length=len, budget=self.runner.batch_words)
        for source, result in zip(sources, made, strict=True):
            if isinstance(result, Pair) and result.target.tokens:
                statistics.add(text_to_translate(source), result.target.text or "")
        checked = [self._check(source, result, statistics) for source, result in zip(sources, made, strict=True)]
        again = [k for k, found in enumerate(checked) if _is_made_again(found)] if self.aligner else []
        plain = dict(zip(again, self._check_plain([pairs[k] for k in again], statistics), strict=True))
        return [
            self._plain(pair, plain[k])
            if k in plain and plain[k].badness < checked[k].badness
            else self._kept(pair, result, checked[k])
            for k, (pair, result) in enumerate(zip(pairs, made, strict=True))
        ]

    def _check_plain(self, pairs: Sequence[Pair], statistics: TranslationStatistics) -> list[CheckedTranslation]:
        texts = [text_to_translate(pair.require_source()) for pair in pairs]
        return self._guard.translate_checked(
            texts, from_lang=self.from_lang, to_lang=self.to_lang, statistics=statistics
        )

    def _check(
        self, source: Sentence, result: Pair | Exception, statistics: TranslationStatistics
    ) -> CheckedTranslation:
        """A translation that was made with labels, and what looks wrong about it."""
        if isinstance(result, Exception):
            return CheckedTranslation("", error=result)
        text, languages = result.target.text or "", {"from_lang": self.from_lang, "to_lang": self.to_lang}
        return CheckedTranslation(
            text, find_warnings(text_to_translate(source), text, **languages, statistics=statistics)
        )

    def _plain(self, pair: Pair, checked: CheckedTranslation) -> Pair:
        """The pair with its plain translation, or the error of that."""

        def put(pair: Pair, found: CheckedTranslation) -> Pair:
            target = with_source_words(translated_sentence(found, self.to_lang), pair.require_source())
            return replace(pair, target=target)

        return put_result("translator", pair, checked, put)

    def _kept(self, pair: Pair, made: Pair | Exception, checked: CheckedTranslation) -> Pair:
        """The pair that was made with labels, or the error if its translation cannot be kept."""
        if isinstance(made, Exception):
            return failed(pair, describe(made, "markers" if isinstance(made, MarkersLeftError) else "translator"))
        decided = self._guard.apply_policy(text_to_translate(pair.require_source()), checked)
        if decided.error is not None:
            return failed(pair, describe(decided.error, "translator"))
        return _with_meta(made, decided.meta)

    def _align(self, pairs: list[Pair]) -> list[Pair]:
        """Align pairs that have no labels yet, or have lost some."""
        if self.aligner is None:
            return pairs

        def wanted(pair: Pair) -> bool:
            if pair.alignment is not None or not pair.require_source().entities:
                return False
            return pair.projection is None or self.check or (self.fallback and _has_lost(pair))

        def put(pair: Pair, alignment: Alignment) -> Pair:
            return replace(pair, alignment=with_verbatim_links(pair, alignment_of(alignment)))

        return self.runner.run("aligner", self.aligner.align, pairs, wanted, put, on_error=_fallback_failed)

    def _project(self, pairs: list[Pair]) -> list[Pair]:
        """Project entities of pairs that have no labels yet; then lost entities, onto words that are still free."""
        translated = {k for k, pair in enumerate(pairs) if pair.projection is not None}
        pairs = [self._without_discontinuous(pair) for pair in pairs]
        project = partial(project_each, self.projector)
        pairs = self.runner.run("projector", project, pairs, _is_unlabeled, _with_projection)
        if self.fallback and translated:
            lost = [k for k in sorted(translated) if pairs[k].alignment is not None and _has_lost(pairs[k])]
            found = self.runner.run(
                "projector",
                lambda batch: project([remaining(p, p.require_projection().outcomes) for p in batch]),
                [pairs[k] for k in lost],
                lambda _: True,
                _with_found_again,
                on_error=_fallback_failed,
            )
            for k, pair in zip(lost, found, strict=True):
                pairs[k] = pair
        return [_without_entities(self._without_discontinuous(pair)) for pair in pairs]

    def _without_discontinuous(self, pair: Pair) -> Pair:
        """The pair without entities that hold words of another one."""
        exact = self._labels_translated is not None and self._labels_translated.linked
        return without_discontinuous(pair, exact=exact)

    def _rate(self, pairs: list[Pair]) -> list[Pair]:
        """Score every entity with its confidence, and drop those below the least."""
        if not self.rate:
            return pairs
        todo = [k for k, pair in enumerate(pairs) if pair.projection is not None]
        projections = [pairs[k].require_projection() for k in todo]
        for k, found in zip(todo, rated([pairs[k] for k in todo], projections, self.calibration), strict=True):
            pairs[k] = replace(pairs[k], projection=without_unsure(found, self.min_confidence))
        return pairs


def _is_made_again(checked: CheckedTranslation) -> bool:
    return bool(checked.badness) and not isinstance(checked.error, UnansweredError)


def _has_lost(pair: Pair) -> bool:
    return pair.projection is not None and any(outcome.dropped for outcome in pair.projection.outcomes)


def _is_unlabeled(pair: Pair) -> bool:
    return pair.projection is None and pair.alignment is not None


def _with_meta(pair: Pair, meta: dict[str, object]) -> Pair:
    return replace(pair, target=replace(pair.target, meta={**pair.target.meta, **meta})) if meta else pair


def _with_projection(pair: Pair, projection: Projection) -> Pair:
    return replace(pair, projection=checked_projection(projection, pair))


def _with_found_again(pair: Pair, second: Projection) -> Pair:
    """The pair with the lost entities that a second projection found; their outcomes say why they were lost first."""
    found = pair.require_projection().outcomes
    second = checked_projection(second, remaining(pair, found))
    first = [replace(o, scores={**o.scores, f"markers:{o.reason}": 1.0}) if o.dropped else o for o in found]
    outcomes = with_fallback(pair, first, second.outcomes)
    entities = [entity for outcome in outcomes for entity in outcome.projected]
    return replace(pair, projection=Projection(pair.target.with_entities(entities), tuple(outcomes)))


def _fallback_failed(pair: Pair, error: str) -> Pair:
    """The pair with an error; a pair that has labels already keeps them, with the error in its `meta`."""
    return failed(pair, error) if pair.projection is None else _with_meta(pair, {"fallback_error": error})


def _without_entities(pair: Pair) -> Pair:
    """The result for a pair without entities to project."""
    if pair.error is not None or pair.projection is not None or pair.require_source().entities:
        return pair
    return replace(pair, projection=Projection(pair.target, ()))


def _with_source_id(pair: Pair) -> Pair:
    """The pair with the `id` of the source on its target, and the `meta` of the target on the labeled sentence."""
    target = replace(pair.target, id=pair.require_source().id)
    if pair.projection is None:
        return replace(pair, target=target)
    labeled = target.with_entities(pair.projection.sentence.entities)
    return replace(pair, target=target, projection=replace(pair.projection, sentence=labeled))
