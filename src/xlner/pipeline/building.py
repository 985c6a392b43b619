"""Labeled sentences in, labeled translations out: training data for another language (translate-train)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from xlner._version import __version__
from xlner.core.labels import without_labels
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import InputError, StageError, UnknownNameError, ValidationError
from xlner.pipeline.isolation import describe, in_batches, windows
from xlner.pipeline.marking import MarkerChoice, marking
from xlner.pipeline.pipeline import DEFAULT_BATCH_WORDS, DEFAULT_WINDOW
from xlner.projection.calibration import Calibration as Confidences
from xlner.projection.confidence import rated, without_unsure
from xlner.projection.fallback import remaining, with_fallback
from xlner.stages import Aligner, DirectedTranslator, Projector, Translator
from xlner.text.languages import canonical
from xlner.translation.guards.guarded_translator import CheckedTranslation, GuardedTranslator
from xlner.translation.guards.statistics import TranslationStatistics
from xlner.translation.guards.warnings import find_warnings


class BuildMethod(StrEnum):
    """How labels get into the translation."""

    MARKERS = "markers"
    """They go through the translator; alignment for those that are lost on the way."""
    ALIGN = "align"
    """The plain translation is aligned with the sentence, and the labels projected."""


class TrainingDataBuilder:
    """Translates labeled source sentences, labels included.

    On the route `markers` entities go through the translator with `markers` (see
    `xlner.pipeline.marking.MarkerChoice`). What is lost there is projected, along the links of `aligner`, by
    `projector`; so are all entities of a sentence that the translator fails on with markers, or whose translation looks
    wrong with them and better without; nothing is with `fallback=False`. On the route `align` everything is. A
    translator that tells which word became which needs no aligner. An outcome that fell back has a score of 1 named
    `markers:REASON`.

    Every projected entity has a confidence as its score; `calibration` and `min_confidence` are those of
    `ConfidentProjector`. `check` aligns all sentences with entities, so that links speak for or against markers.
    `on_warning` says what becomes of a translation that looks wrong; warnings are in the `meta` of the target.
    `ignore` drops entities with these labels; `labels` counts those of all entities so far.

    Raises `UnknownNameError` for a name of nothing, `BackendError` where a stage cannot run here, or not in this
    direction, `ValidationError` for options that make no sense.

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
        aligner: Aligner | str = "e5:itermax",
        projector: Projector | str = "greedy",
        *,
        to_lang: str,
        from_lang: str = "en",
        route: BuildMethod | str = BuildMethod.MARKERS,
        markers: MarkerChoice | str = MarkerChoice.AUTO,
        fallback: bool = True,
        check: bool = False,
        calibration: Confidences | None = None,
        min_confidence: float = 0.0,
        ignore: Collection[str] = (),
        on_warning: str = "keep",
        window: int = DEFAULT_WINDOW,
        batch_words: int = DEFAULT_BATCH_WORDS,
    ) -> None:
        if window < 1 or batch_words < 1 or not 0 <= min_confidence <= 1:
            raise ValidationError(
                f"window {window} and batch_words {batch_words} must be at least 1, "
                f"min_confidence {min_confidence} from 0 to 1"
            )
        self.from_lang, self.to_lang = canonical(from_lang), canonical(to_lang)
        if self.from_lang == self.to_lang:
            raise ValidationError(f"the sentences are in {self.to_lang} already", hint="name another language")
        try:
            self.route = BuildMethod(route)
        except ValueError:
            raise UnknownNameError(f"unknown route {route!r}", hint=f"known: {', '.join(BuildMethod)}") from None
        self.translator: Translator = _built("translator", translator)
        if isinstance(self.translator, DirectedTranslator):  # before models are loaded for nothing
            self.translator.check_direction(self.from_lang, self.to_lang)
        self._guard = GuardedTranslator(self.translator, on_warning=on_warning, batch_words=batch_words)
        by_markers = self.route is BuildMethod.MARKERS
        self._marking = marking(self.translator, markers, **self._direction) if by_markers else None
        linked = self._marking is not None and self._marking.linked
        needed = not by_markers or (not linked and (fallback or check))
        self.aligner: Aligner | None = _built("aligner", aligner) if needed else None
        if self.aligner is not None and getattr(self.aligner, "trained", True) is False:
            self.aligner.align([])  # raises: it has to learn first
        self.projector: Projector = _built("projector", projector)
        self.fallback, self.check = fallback, check
        self.calibration, self.min_confidence = calibration, min_confidence
        self.ignore = frozenset(ignore)
        self.labels: Counter[str] = Counter()
        self.window, self.batch_words = window, batch_words

    @property
    def fingerprint(self) -> str:
        """What the results depend on."""
        way = f"markers={self._marking.name} fallback={self.fallback} check={self.check}" if self._marking else "align"
        sure = f"{self.min_confidence} {'none' if self.calibration is None else self.calibration.digest}"
        stages = [_fingerprint(stage) for stage in (self._guard, self.aligner, self.projector)]
        end = [f"{self.from_lang}>{self.to_lang}", f"confidence={sure}", f"ignore={','.join(sorted(self.ignore))}"]
        return "|".join([f"xlner {__version__} build {way}", *stages, *end])

    @property
    def _direction(self) -> dict[str, str]:
        return {"from_lang": self.from_lang, "to_lang": self.to_lang}

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """One pair for each labeled source sentence, in order: its translation with labels, or its error.

        The sentence is the `source` of its pair, and the translation, with the same `id`, the `target`, which is empty
        where there is an error.
        """
        calibration = (
            TranslationStatistics()
        )  # of this call, so that a part of a run that is done again comes out the same
        for window in windows(sentences, self.window):
            yield from self._run_window(window, calibration)

    run_pairs = run
    """What a run folder calls."""

    def _run_window(self, window: Sequence[Sentence | InputError], calibration: TranslationStatistics) -> list[Pair]:
        out = [self._begun(item) for item in window]
        todo = [k for k, pair in enumerate(out) if pair.error is None and pair.source]
        pairs = [out[k] for k in todo]
        pairs = self._by_markers(pairs, calibration) if self._marking else self._plainly(pairs, calibration)
        pairs = self._project(self._align(pairs))
        for k, pair in zip(todo, self._rate(pairs), strict=True):
            out[k] = _named(pair)
        return out

    def _begun(self, item: Sentence | InputError) -> Pair:
        nothing = Sentence((), language=self.to_lang)
        if isinstance(item, InputError):
            return Pair(nothing, error=str(item))
        self.labels.update(e.label for e in item.entities)
        source = item.with_entities(without_labels(item.entities, self.ignore))
        nothing = replace(nothing, id=source.id)
        if source.meta.get("error"):  # it has no labels because something failed before
            return Pair(nothing, source, error=f"source: {source.meta['error']}")
        return Pair(nothing, source, projection=None if source.tokens else Projection(nothing, ()))

    def _by_markers(self, pairs: Sequence[Pair], calibration: TranslationStatistics) -> list[Pair]:
        """Translate with markers; what fails or looks wrong also without them, if that can be aligned."""
        assert self._marking is not None
        translate = self._marking.translate
        made = in_batches(translate, [_source(p) for p in pairs], length=len, budget=self.batch_words)
        for pair, result in zip(pairs, made, strict=True):
            if isinstance(result, Pair) and result.target.tokens:
                calibration.add(_text(pair), _target_text(result))
        first = [self._checked(p, r, calibration) for p, r in zip(pairs, made, strict=True)]
        doubtful = [k for k, (_, checked) in enumerate(first) if checked.badness] if self.aligner else []
        texts = [_text(pairs[k]) for k in doubtful]
        plain = self._guard.translate_checked(texts, **self._direction, statistics=calibration)
        done: dict[int, Pair] = {}
        for k, other in zip(doubtful, plain, strict=True):
            if other.badness < first[k][1].badness:
                done[k] = self._translated(pairs[k], other)
        return [done[k] if k in done else self._kept(*first[k], pairs[k]) for k in range(len(pairs))]

    def _checked(
        self, pair: Pair, result: Pair | Exception, calibration: TranslationStatistics
    ) -> tuple[Pair, CheckedTranslation]:
        """A pair as the translator made it, and its translation with what looks wrong about it."""
        if isinstance(result, Exception):
            return pair, CheckedTranslation("", error=result)
        text = _target_text(result)
        warnings = find_warnings(_text(pair), text, **self._direction, statistics=calibration)
        return result, CheckedTranslation(text, warnings)

    def _kept(self, made: Pair, checked: CheckedTranslation, original: Pair) -> Pair:
        """The pair as it was made with markers, or with an error where its translation cannot be kept."""
        checked = self._guard.apply_policy(_text(original), checked)
        if checked.error is not None:
            return replace(original, error=describe(checked.error, "translator"))
        return _with_meta(made, checked.meta)

    def _plainly(self, pairs: Sequence[Pair], calibration: TranslationStatistics) -> list[Pair]:
        texts = [_text(pair) for pair in pairs]
        made = self._guard.translate_checked(texts, **self._direction, statistics=calibration)
        return [self._translated(pair, checked) for pair, checked in zip(pairs, made, strict=True)]

    def _translated(self, pair: Pair, checked: CheckedTranslation) -> Pair:
        """The pair with its plain translation, or the error of that."""
        target = Sentence.from_text(checked.text, language=self.to_lang)
        error = checked.error or (None if target.tokens else StageError("the translation is empty"))
        if error is not None:
            return replace(pair, error=describe(error, "translator"))
        return replace(pair, target=replace(target, meta=checked.meta))

    def _align(self, pairs: list[Pair]) -> list[Pair]:
        """Align what has lost or not yet got its labels."""
        aligner = self.aligner
        if aligner is None:
            return pairs
        lost = [self.fallback and _lost(pair) for pair in pairs]
        todo = [
            k for k, pair in enumerate(pairs) if _unaligned(pair) and (pair.projection is None or lost[k] or self.check)
        ]
        made = in_batches(aligner.align, [pairs[k] for k in todo], length=_length, budget=self.batch_words)
        return _put("aligner", pairs, todo, made, lambda pair, links: replace(pair, alignment=links))

    def _project(self, pairs: list[Pair]) -> list[Pair]:
        """Project what has no labels yet, then what was lost, onto words that are free."""
        first = [k for k, p in enumerate(pairs) if p.error is None and p.projection is None and p.alignment is not None]
        pairs = self._stage(pairs, first, [pairs[k] for k in first], lambda pair, made: replace(pair, projection=made))
        if self.fallback:
            second = [
                k for k, pair in enumerate(pairs) if k not in set(first) and pair.alignment is not None and _lost(pair)
            ]
            rest = [remaining(pairs[k], _outcomes(pairs[k])) for k in second]
            pairs = self._stage(pairs, second, rest, _with_second_choice)
        return [_without_entities(pair) for pair in pairs]

    def _stage(
        self, pairs: list[Pair], todo: list[int], inputs: list[Pair], put: Callable[[Pair, Any], Pair]
    ) -> list[Pair]:
        made = in_batches(self.projector.project, inputs, length=_length, budget=self.batch_words)
        return _put("projector", pairs, todo, made, put)

    def _rate(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Say how sure each entity is, and leave out those that are not sure enough."""
        todo = [k for k, pair in enumerate(pairs) if pair.projection is not None]
        found = rated([pairs[k] for k in todo], [_projection(pairs[k]) for k in todo], self.calibration)
        out = list(pairs)
        for k, projection in zip(todo, found, strict=True):
            out[k] = replace(pairs[k], projection=without_unsure(projection, self.min_confidence))
        return out


def _built(kind: str, stage: Any) -> Any:
    return load(kind, stage) if isinstance(stage, str) else stage


def _fingerprint(stage: object) -> str:
    return "none" if stage is None else str(getattr(stage, "fingerprint", type(stage).__qualname__))


def _source(pair: Pair) -> Sentence:
    assert pair.source is not None
    return pair.source


def _projection(pair: Pair) -> Projection:
    assert pair.projection is not None
    return pair.projection


def _text(pair: Pair) -> str:
    """What to translate, in composed letters."""
    return normalize("NFC", _source(pair).with_text().text or "")


def _target_text(pair: Pair) -> str:
    return pair.target.text or ""


def _length(pair: Pair) -> int:
    return len(pair.target) + len(pair.source or ())


def _outcomes(pair: Pair) -> tuple[Outcome, ...]:
    return pair.projection.outcomes if pair.projection is not None else ()


def _lost(pair: Pair) -> bool:
    return any(outcome.dropped for outcome in _outcomes(pair))


def _unaligned(pair: Pair) -> bool:
    return pair.error is None and pair.alignment is None and bool(_source(pair).entities)


def _with_meta(pair: Pair, meta: dict[str, object]) -> Pair:
    return replace(pair, target=replace(pair.target, meta={**pair.target.meta, **meta})) if meta else pair


def _put(
    stage: str,
    pairs: Sequence[Pair],
    todo: Sequence[int],
    made: Sequence[Any],
    put: Callable[[Pair, Any], Pair],
) -> list[Pair]:
    """The pairs with the results of a stage. Its error ends a pair without labels; one that has some keeps them."""
    out = list(pairs)
    for k, result in zip(todo, made, strict=True):
        try:
            if isinstance(result, Exception):
                raise result
            out[k] = put(pairs[k], result)
        except Exception as error:  # a result that does not fit its sentence is that sentence's error, too
            text = describe(error, stage)
            labeled = pairs[k].projection is not None
            out[k] = _with_meta(pairs[k], {"fallback_error": text}) if labeled else replace(pairs[k], error=text)
    return out


def _with_second_choice(pair: Pair, second: Projection) -> Pair:
    first = [replace(o, scores={**o.scores, f"markers:{o.reason}": 1.0}) if o.dropped else o for o in _outcomes(pair)]
    outcomes = with_fallback(pair, first, second.outcomes)
    entities = [entity for outcome in outcomes for entity in outcome.projected]
    return replace(pair, projection=Projection(pair.target.with_entities(entities), tuple(outcomes)))


def _without_entities(pair: Pair) -> Pair:
    """The result for a pair without entities to project."""
    if pair.error is not None or pair.projection is not None or _source(pair).entities:
        return pair
    return replace(pair, projection=Projection(pair.target, ()))


def _named(pair: Pair) -> Pair:
    """The pair with the name of its source, and what is known of the translation, on the target."""
    target = replace(pair.target, id=_source(pair).id)
    if pair.projection is None:
        return replace(pair, target=target)
    labeled = target.with_entities(pair.projection.sentence.entities)
    return replace(pair, target=target, projection=replace(pair.projection, sentence=labeled))
