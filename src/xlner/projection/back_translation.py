"""Projection by a marked back-translation, with another projector as the fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlner.core.batches import require_one_each
from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError
from xlner.projection.fallback import remaining, with_fallback
from xlner.projection.markers.matching import THRESHOLD, check_threshold
from xlner.projection.markers.styles import MarkerStyle
from xlner.projection.markers.translation import markers_of, translate_labeled_each
from xlner.stages import (
    Aligner,
    DirectedTranslator,
    Projector,
    TargetEntityProjector,
    Translator,
    check_stopped,
    fingerprint_of,
    summary_of,
    without_errors,
)
from xlner.text.languages import canonical

_Outcomes = Mapping[int, Outcome]


@dataclass(frozen=True, slots=True)
class BackTranslationOptions:
    """Options of `BackTranslationProjector`, which documents them.

    >>> BackTranslationOptions("en", "gl").fallback
    True
    """

    source_lang: str
    target_lang: str | None
    marker: MarkerStyle = MarkerStyle.BRACKETS
    spaced: bool = False
    threshold: float = THRESHOLD
    fallback: bool = True


class BackTranslationProjector:
    """Translates the marked source sentence and projects within the target language (Politov et al. 2025).

    1. The source sentence is translated with markers around its entities (EasyProject, Chen et al. 2023). The result
       is a labeled sentence of the target language: the back-translation.
    2. The aligner links the back-translation with the target sentence, and `forward` projects along these links.
    3. An entity that was lost in step 1 or 2 falls back to `forward` along the links of the pair itself, onto words
       that are still free.

    Options:

    - `translator`, `aligner`, `forward`: the stages, as objects or as specs. If the projector is built from a spec in a
      `Pipeline` or on the command line, translator, aligner and languages are those of the run, unless the spec names
      others: `back-translation?translator=(apertium?via=es)&forward=(heuristic?gap=2)`.
    - `source_lang`, `target_lang`: language codes.
    - `marker`: `brackets`, `tags`, `labels` or `letters`, by default those that the translator was trained with, or
      brackets; `spaced` writes a space inside each marker, see `write_markers`.
    - `threshold`: the similarity above which a marked text is taken for its entity, see `recover_entities`.
    - `fallback`: False leaves out step 3, which also needs a pair with an alignment.

    The scores of an outcome are those of `forward` and the `similarity` of the marked text. An entity that fell back
    has a score of 1 whose name says why: `markers:REASON` if its marker could not be read, `back:REASON` if the
    back-translation could not be projected. All stages get whole batches: the translator two calls, the aligner one,
    `forward` two.

    Raises `UnknownNameError` for an unknown `marker`, stage or language, `ValidationError` for a `threshold` outside
    [0, 1), and `BackendError` if a stage cannot run here or the translator does not have the direction.

    >>> from xlner import Alignment, Entity
    >>> from xlner.fakes import EchoTranslator, OracleAligner
    >>> stages = EchoTranslator(), OracleAligner(), "greedy"
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
        marker: MarkerStyle | str | None = None,
        spaced: bool = False,
        threshold: float = THRESHOLD,
        fallback: bool = True,
    ) -> None:
        check_threshold(threshold)
        self.translator: Translator = _built("translator", translator)
        self.options = BackTranslationOptions(
            canonical(source_lang),
            None if target_lang is None else canonical(target_lang),
            markers_of(self.translator) if marker is None else MarkerStyle.of(marker),
            spaced,
            threshold,
            fallback,
        )
        self._check_direction()  # before the other stages load their models
        self.aligner: Aligner = _built("aligner", aligner)
        self.forward: Projector = _built("projector", forward)

    @property
    def reads_target_entities(self) -> bool:
        """True if `forward` needs the entities of target sentences."""
        return isinstance(self.forward, TargetEntityProjector) and self.forward.reads_target_entities

    @property
    def fingerprint(self) -> str:
        """The options and the fingerprints of the stages."""
        stages = " | ".join(map(fingerprint_of, (self.translator, self.aligner, self.forward)))
        return f"{options_fingerprint('back-translation', self.options)} ({stages})"

    @property
    def summary(self) -> str:
        """The directions of the translator, for `xlner doctor`. Raises `BackendError` if it has none."""
        return f"by translation: {summary_of(self.translator)}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair: one outcome per source entity, disjoint in the target.

        Raises `ValidationError` for a pair without source, `BackendError` if the target language is not known,
        `StageError` if a stage does not give one result per sentence, and the error of the first sentence that is not
        translated.
        """
        return without_errors(self.project_each(pairs))

    def project_each(self, pairs: Sequence[Pair]) -> list[Projection | Exception]:
        """Do the same, with the errors of an `IsolatingTranslator` in the places of projections."""
        made = self._translate_back([pair.require_source() for pair in pairs])
        ready = [(pair, back) for pair, back in zip(pairs, made, strict=True) if isinstance(back, Projection)]
        found = iter(self._chosen([pair for pair, _ in ready], [back for _, back in ready]))
        return [next(found) if isinstance(back, Projection) else back for back in made]

    def check_stopped(self) -> None:
        """Raise `StoppedError` if the translator has stopped."""
        check_stopped(self.translator)

    def _chosen(self, pairs: Sequence[Pair], back: Sequence[Projection]) -> list[Projection]:
        """The projection of each pair by its back-translation."""
        projected = self._project_back(pairs, back)
        chosen = [_outcomes_by_back_translation(b, p) for b, p in zip(back, projected, strict=True)]
        if self.options.fallback:
            chosen = self._fall_back(pairs, chosen)
        return [_projection(pair, outcomes) for pair, outcomes in zip(pairs, chosen, strict=True)]

    def _translate_back(self, sources: Sequence[Sentence]) -> list[Projection | Exception]:
        """The labeled back-translation of each source sentence or its error; empty if it has no entities."""
        made: list[Projection | Exception] = [Projection(Sentence(()), ()) for _ in sources]
        todo = [k for k, source in enumerate(sources) if source.entities]
        done = translate_labeled_each(
            [sources[k] for k in todo],
            self.translator,
            from_lang=self.options.source_lang,
            to_lang=self._to_lang(),
            marker=self.options.marker,
            spaced=self.options.spaced,
            threshold=self.options.threshold,
        )
        for k, projection in zip(todo, done, strict=True):
            made[k] = projection
        return made

    def _to_lang(self) -> str:
        if self.options.target_lang is None:
            raise BackendError(
                "back-translation needs to know the target language", hint="give --lang, or target_lang in Python"
            )
        return self.options.target_lang

    def _check_direction(self) -> None:
        if isinstance(self.translator, DirectedTranslator) and self.options.target_lang is not None:
            self.translator.check_direction(self.options.source_lang, self.options.target_lang)

    def _project_back(self, pairs: Sequence[Pair], back: Sequence[Projection]) -> list[_Outcomes]:
        """The outcomes of the entities of each back-translation, by their start in it."""
        todo = [k for k, b in enumerate(back) if b.sentence.entities]
        same_language = [Pair(pairs[k].target, back[k].sentence) for k in todo]
        links = self.aligner.align(same_language) if todo else []
        require_one_each("aligner", len(links), len(todo))
        aligned = [replace(pair, alignment=a) for pair, a in zip(same_language, links, strict=True)]
        found: list[_Outcomes] = [{} for _ in pairs]
        for k, projection in zip(todo, self._project_forward(aligned), strict=True):
            found[k] = {outcome.entity.start: outcome for outcome in projection.outcomes}
        return found

    def _fall_back(self, pairs: Sequence[Pair], chosen: Sequence[Sequence[Outcome]]) -> list[list[Outcome]]:
        """Project dropped entities along the links of the pair, onto words that are free."""
        done = [list(outcomes) for outcomes in chosen]
        todo = [k for k, pair in enumerate(pairs) if pair.alignment is not None and any(o.dropped for o in chosen[k])]
        again = self._project_forward([remaining(pairs[k], chosen[k]) for k in todo])
        for k, projection in zip(todo, again, strict=True):
            done[k] = with_fallback(pairs[k], chosen[k], projection.outcomes)
        return done

    def _project_forward(self, pairs: Sequence[Pair]) -> list[Projection]:
        projections = self.forward.project(pairs) if pairs else []
        require_one_each("projector", len(projections), len(pairs))
        return projections


def _built(kind: str, stage: Any) -> Any:
    return load(kind, stage) if isinstance(stage, str) else stage


def _outcomes_by_back_translation(back: Projection, projected: _Outcomes) -> list[Outcome]:
    """The outcomes of the source entities, with their scores in both steps."""
    made = []
    for marked in back.outcomes:
        if marked.dropped:
            scores = {**marked.scores, f"markers:{marked.reason}": 1.0}
            made.append(replace(marked, scores=scores))
            continue
        outcome = projected[marked.projected[0].start]
        scores = {**marked.scores, **outcome.scores}
        if outcome.dropped:
            scores[f"back:{outcome.reason}"] = 1.0
        made.append(replace(outcome, entity=marked.entity, scores=scores))
    return made


def _projection(pair: Pair, outcomes: Sequence[Outcome]) -> Projection:
    projected: list[Entity] = [entity for outcome in outcomes for entity in outcome.projected]
    return Projection(pair.target.with_entities(projected), tuple(outcomes))
