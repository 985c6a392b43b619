"""Projection by way of a marked back-translation, with another projector to fall back on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlner.core.entity import Entity
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, ValidationError
from xlner.projection.fallback import remaining, with_fallback
from xlner.projection.markers.matching import THRESHOLD, check_threshold
from xlner.projection.markers.styles import MarkerStyle
from xlner.projection.markers.translation import translate_labeled
from xlner.stages import Aligner, DirectedTranslator, Projector, Translator
from xlner.text.languages import canonical

_Outcomes = Mapping[int, Outcome]


class BackTranslationProjector:
    """Brackets the source entities, translates back and projects within the target language (Politov et al. 2025).

    The labeled source sentence, translated with markers (EasyProject, Chen et al. 2023), is a labeled sentence of
    the target language; `aligner` links it with the target sentence, and `forward` projects along these links. An
    entity that comes through neither step falls back to `forward` along the links of the pair itself, on the words
    that are still free; so does no entity of a pair without alignment, or where `fallback` is False.

    The stages are objects, or specs as `xlner.load` takes them. Built from a spec in a `Pipeline` or on the command
    line, the projector takes translator, aligner and languages of the run where the spec names no others:
    `back-translation?translator=(apertium?via=es)&forward=(heuristic?gap=2)`.

    Outcomes: `scores["similarity"]` is that of the marked text, beside the scores of `forward`. An entity that fell
    back has a score of 1 named for why: `markers:REASON` where its marker could not be read, `back:REASON` where
    the back-translation could not be projected. All stages get whole batches: two calls of the translator, one of
    the aligner, two of `forward`.

    Raises `UnknownNameError` for an unknown `marker`, stage or language, `ValidationError` for a `threshold` outside
    [0, 1), `BackendError` where the translator knows that it cannot translate so, or a stage cannot run here.

    >>> from xlner import Alignment, Entity
    >>> from xlner.fakes import EchoTranslator, OracleAligner
    >>> from xlner.projection.strategies import GreedyProjector
    >>> stages = EchoTranslator(), OracleAligner(), GreedyProjector()
    >>> projector = BackTranslationProjector(*stages, source_lang="en", target_lang="gl")
    >>> pair = Pair(Sentence(("En", "Vigo")), Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),)), Alignment(()))
    >>> projector.project([pair])[0].sentence.tags()
    ['O', 'B-LOC']
    """

    def __init__(
        self,
        translator: Translator | str = "apertium",
        aligner: Aligner | str = "e5",
        forward: Projector | str = "greedy",
        *,
        source_lang: str = "en",
        target_lang: str | None = None,
        marker: MarkerStyle | str = MarkerStyle.BRACKETS,
        spaced: bool = False,
        threshold: float = THRESHOLD,
        fallback: bool = True,
    ) -> None:
        check_threshold(threshold)
        self.marker = MarkerStyle.of(marker)
        self.source_lang = canonical(source_lang)
        self.target_lang = None if target_lang is None else canonical(target_lang)
        self.translator: Translator = _built("translator", translator)
        self._check_route()  # before a model is loaded for nothing
        self.aligner: Aligner = _built("aligner", aligner)
        self.forward: Projector = _built("projector", forward)
        self.spaced = spaced
        self.threshold = threshold
        self.fallback = fallback

    @property
    def reads_target_entities(self) -> bool:
        """True where the projector on the way needs the entities of target sentences."""
        return bool(getattr(self.forward, "reads_target_entities", False))

    @property
    def fingerprint(self) -> str:
        """What the result depends on, the stages included."""
        options = f"marker={self.marker} spaced={self.spaced} threshold={self.threshold} fallback={self.fallback}"
        stages = [
            str(getattr(s, "fingerprint", type(s).__qualname__)) for s in (self.translator, self.aligner, self.forward)
        ]
        return f"back-translation {self.source_lang}>{self.target_lang} {options} ({' | '.join(stages)})"

    @property
    def summary(self) -> str:
        """The directions that the translator has, for `xlner doctor`; raises `BackendError` where it has none."""
        return f"by translation {getattr(self.translator, 'summary', type(self.translator).__name__)}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair: one outcome per source entity, in order, disjoint in the target.

        Raises `ValidationError` for a pair without source, `BackendError` where a stage does not answer one for one or
        the target language is not known.
        """
        sources = [_source(pair) for pair in pairs]
        back = self._translate_back(sources)
        carried = self._carry(pairs, back)
        chosen = [_first_choice(b, c) for b, c in zip(back, carried, strict=True)]
        if self.fallback:
            chosen = self._fall_back(pairs, chosen)
        return [_projection(pair, outcomes) for pair, outcomes in zip(pairs, chosen, strict=True)]

    def _translate_back(self, sources: Sequence[Sentence]) -> list[Projection]:
        """The labeled sentence of the target language that each source sentence becomes."""
        made = [Projection(Sentence(()), ()) for _ in sources]
        todo = [k for k, source in enumerate(sources) if source.entities]
        done = translate_labeled(
            [sources[k] for k in todo],
            self.translator,
            from_lang=self.source_lang,
            to_lang=self._to_lang(),
            marker=self.marker,
            spaced=self.spaced,
            threshold=self.threshold,
        )
        for k, projection in zip(todo, done, strict=True):
            made[k] = projection
        return made

    def _to_lang(self) -> str:
        if self.target_lang is None:
            raise BackendError(
                "back-translation needs to know the target language", hint="give --lang, or target_lang in Python"
            )
        return self.target_lang

    def _check_route(self) -> None:
        if isinstance(self.translator, DirectedTranslator) and self.target_lang is not None:
            self.translator.check_direction(self.source_lang, self.target_lang)

    def _carry(self, pairs: Sequence[Pair], back: Sequence[Projection]) -> list[_Outcomes]:
        """Outcomes of the entities of each back-translation, by where they start in it."""
        todo = [k for k, b in enumerate(back) if b.sentence.entities]
        same_language = [Pair(pairs[k].target, back[k].sentence) for k in todo]
        links = self.aligner.align(same_language) if todo else []
        _check_count("aligner", len(links), len(todo))
        aligned = [replace(pair, alignment=a) for pair, a in zip(same_language, links, strict=True)]
        carried: list[_Outcomes] = [{} for _ in pairs]
        for k, projection in zip(todo, self._project(aligned), strict=True):
            carried[k] = {outcome.entity.start: outcome for outcome in projection.outcomes}
        return carried

    def _fall_back(self, pairs: Sequence[Pair], chosen: Sequence[Sequence[Outcome]]) -> list[list[Outcome]]:
        """Project what was dropped along the links of the pair, onto words that are free."""
        done = [list(outcomes) for outcomes in chosen]
        todo = [k for k, pair in enumerate(pairs) if pair.alignment is not None and any(o.dropped for o in chosen[k])]
        second = self._project([remaining(pairs[k], chosen[k]) for k in todo])
        for k, projection in zip(todo, second, strict=True):
            done[k] = with_fallback(pairs[k], chosen[k], projection.outcomes)
        return done

    def _project(self, pairs: Sequence[Pair]) -> list[Projection]:
        projections = self.forward.project(pairs) if pairs else []
        _check_count("projector", len(projections), len(pairs))
        return projections


def _built(kind: str, stage: Any) -> Any:
    return load(kind, stage) if isinstance(stage, str) else stage


def _source(pair: Pair) -> Sentence:
    if pair.source is None:
        raise ValidationError("a pair needs a source sentence to be projected")
    return pair.source


def _check_count(stage: str, given: int, wanted: int) -> None:
    if given != wanted:
        raise BackendError(f"the {stage} gave {given} results for {wanted} sentences")


def _first_choice(back: Projection, carried: _Outcomes) -> list[Outcome]:
    """Outcomes of the source entities by way of the back-translation."""
    made = []
    for marked in back.outcomes:
        if marked.dropped:
            scores = {**marked.scores, f"markers:{marked.reason}": 1.0}
            made.append(replace(marked, scores=scores))
            continue
        outcome = carried[marked.projected[0].start]
        scores = {**marked.scores, **outcome.scores}
        if outcome.dropped:
            scores[f"back:{outcome.reason}"] = 1.0
        made.append(replace(outcome, entity=marked.entity, scores=scores))
    return made


def _projection(pair: Pair, outcomes: Sequence[Outcome]) -> Projection:
    projected: list[Entity] = [entity for outcome in outcomes for entity in outcome.projected]
    return Projection(pair.target.with_entities(projected), tuple(outcomes))
