"""Error attribution: which stage an error comes from.

Errors are traced from the target words along their links to the source entities. The result is a guess if the data do
not determine the stage: a wrong link and a wrong source entity can look the same. If the words of an entity point to
different stages, the error is attributed to the earliest one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.evaluation.paired_sentences import PairedSentence
from xlner.text.counts import counted
from xlner.text.spelling import fold_case


class ErrorStage(StrEnum):
    """The stages that an error can come from, in the order in which they run.

    >>> list(ErrorStage)[0].value
    'translation'
    """

    TRANSLATION = "translation"
    RECOGNITION = "recognition"
    ALIGNMENT = "alignment"
    PROJECTION = "projection"
    ENSEMBLE = "ensemble"


_STAGE_OF_FAILURE = {
    "translator": ErrorStage.TRANSLATION,
    "recognizer": ErrorStage.RECOGNITION,
    "aligner": ErrorStage.ALIGNMENT,
    "projector": ErrorStage.PROJECTION,
    "ensemble": ErrorStage.ENSEMBLE,
}
_ORDER = tuple(ErrorStage)


@dataclass(frozen=True, slots=True)
class Attribution:
    """The stage that an error comes from, and the evidence for it.

    >>> Attribution(ErrorStage.ALIGNMENT, "'Vigo' has no link").stage.value
    'alignment'
    """

    stage: ErrorStage
    why: str


@dataclass(frozen=True, slots=True)
class ErrorAttributor:
    """Attributes the errors of one sentence to stages.

    - `target`, `source`: the two sentences.
    - `outcomes`: the outcomes of the source entities.
    - `links`: for each target word, the source words that it is linked to.
    - `gold`: all gold entities; `wrong` are those that were not predicted exactly.
    - `aligned`: whether the pair has an alignment.
    - `projected`: the projected entities, if the final labels differ from them (an ensemble changed them); None
      otherwise.
    - `failure`: the attribution if a stage failed on this sentence.
    """

    target: Sentence
    source: Sentence
    outcomes: tuple[Outcome, ...]
    links: tuple[frozenset[int], ...]
    gold: tuple[Entity, ...]
    wrong: tuple[Entity, ...]
    aligned: bool
    projected: frozenset[tuple[Span, str]] | None
    failure: Attribution | None

    @classmethod
    def of(cls, item: PairedSentence, wrong: Sequence[Entity]) -> ErrorAttributor | None:
        """The attributor of a sentence; None if nothing is known about its stages."""
        pair = item.pair
        if pair is None or ((pair.projection is None or pair.source is None) and _failure(pair) is None):
            return None
        links: list[set[int]] = [set() for _ in pair.target.tokens]
        for s, t in pair.alignment.links if pair.alignment is not None else ():
            links[t].add(s)
        return cls(
            target=pair.target,
            source=pair.source if pair.source is not None else Sentence(()),
            outcomes=item.outcomes,
            links=tuple(map(frozenset, links)),
            gold=item.gold.entities,
            wrong=tuple(wrong),
            aligned=pair.alignment is not None,
            projected=_projected_if_changed(pair),
            failure=_failure(pair),
        )

    def missed(self, gold: Entity) -> Attribution:
        """Why a gold entity was missed."""
        if self.failure:
            return self.failure
        if self.projected is not None and (gold.span, gold.label) in self.projected:
            return Attribution(
                ErrorStage.ENSEMBLE, "it was projected, but the other members of the ensemble outvoted it"
            )
        linked = self._linked(gold)
        return self._linked_elsewhere(linked) if linked else self._unlinked(gold)

    def _linked_elsewhere(self, linked: frozenset[int]) -> Attribution:
        """Why a gold entity with links was missed."""
        owners = [o for o in self.outcomes if linked & _words(o.entity)]
        if not owners:
            return Attribution(ErrorStage.RECOGNITION, f"{self._source_words(linked)} was not recognized")
        for owner in owners:
            if owner.dropped:
                return Attribution(ErrorStage.PROJECTION, f"{self._name(owner)} was dropped: {owner.reason}")
        if all(self._is_right(e) for o in owners for e in o.projected):
            return Attribution(
                ErrorStage.ALIGNMENT, f"it is linked to {self._name(owners[0])}, which belongs to another entity"
            )
        return Attribution(ErrorStage.PROJECTION, f"{self._name(owners[0])} was projected elsewhere")

    def spurious(self, predicted: Entity) -> Attribution:
        """Why an entity was predicted where the gold data has none."""
        origin = self._origin(predicted)
        if origin is None or self._is_changed(predicted):
            return self._by_ensemble()
        for gold in self.wrong:
            if self._linked(gold) & _words(origin.entity):
                return Attribution(ErrorStage.PROJECTION, f"{self._name(origin)} belongs to {self._quoted(gold)}")
        for gold in self.wrong:
            if gold.label == origin.entity.label and not self._linked(gold):
                return Attribution(
                    ErrorStage.ALIGNMENT, f"{self._name(origin)} is linked to this, but not to {self._quoted(gold)}"
                )
        return Attribution(
            ErrorStage.RECOGNITION, f"{self._name(origin)} was recognized, but the gold data has no entity here"
        )

    def split(self, predicted: Sequence[Entity]) -> Attribution:
        """Why several entities were predicted instead of one."""
        if any(map(self._is_changed, predicted)):
            return self._by_ensemble()
        origins = {id(o): o for o in map(self._origin, predicted) if o is not None}
        if len(origins) > 1:
            return Attribution(ErrorStage.RECOGNITION, f"recognized as {counted(len(origins), 'entity', 'entities')}")
        return Attribution(ErrorStage.PROJECTION, "projected in pieces") if origins else self._by_ensemble()

    def merged(self, gold: Sequence[Entity], predicted: Entity) -> Attribution:
        """Why one entity was predicted instead of several."""
        origin = self._origin(predicted)
        if origin is None or self._is_changed(predicted):
            return self._by_ensemble()
        if all(self._linked(g) & _words(origin.entity) for g in gold):
            return Attribution(ErrorStage.RECOGNITION, f"{self._name(origin)} was recognized as one entity")
        return Attribution(ErrorStage.PROJECTION, f"{self._name(origin)} was projected onto more than its words")

    def differing(self, gold: Entity, predicted: Entity) -> Attribution:
        """Why an entity has the wrong label or boundaries."""
        origin = self._origin(predicted)
        if origin is None or self._is_changed(predicted):
            return self._by_ensemble()
        if gold.label not in (predicted.label, origin.entity.label):
            return Attribution(ErrorStage.RECOGNITION, f"{self._name(origin)} was recognized as {origin.entity.label}")
        if gold.span == predicted.span:
            return Attribution(ErrorStage.PROJECTION, f"{self._name(origin)} changed its label")
        found = self._boundary(gold, predicted, _words(origin.entity))
        return min(found, key=lambda attribution: _ORDER.index(attribution.stage))

    def _boundary(self, gold: Entity, predicted: Entity, entity: frozenset[int]) -> Iterator[Attribution]:
        """An attribution for each word that is in only one of the two entities."""
        for t in sorted(_words(gold) - _words(predicted)):
            word = repr(self.target.tokens[t])
            if not self.links[t]:
                yield Attribution(ErrorStage.ALIGNMENT, f"{word} has no link")
            elif self.links[t] & entity:
                yield Attribution(ErrorStage.PROJECTION, f"{word} is linked, but was left out")
            else:
                yield Attribution(
                    ErrorStage.RECOGNITION, f"{self._source_words(self.links[t])} was not in the recognized entity"
                )
        for t in sorted(_words(predicted) - _words(gold)):
            word = repr(self.target.tokens[t])
            shared = self.links[t] & entity
            if not shared:
                yield Attribution(ErrorStage.PROJECTION, f"{word} was added without a link")
            elif shared & self._linked(gold):
                yield Attribution(ErrorStage.ALIGNMENT, f"{word} has a wrong link")
            else:
                yield Attribution(ErrorStage.RECOGNITION, f"{self._source_words(shared)} was in the recognized entity")

    def _unlinked(self, gold: Entity) -> Attribution:
        """Why a gold entity without links was missed."""
        if not self.source.tokens:
            return Attribution(ErrorStage.TRANSLATION, "the translation is empty")
        if not self.aligned:
            return Attribution(ErrorStage.RECOGNITION, "nothing was recognized in the translation")
        for outcome in self.outcomes:
            if outcome.dropped and outcome.entity.label == gold.label and not self._is_linked(outcome.entity):
                return Attribution(ErrorStage.ALIGNMENT, f"{self._name(outcome)} has no link")
        entity = list(map(fold_case, self.target.tokens[gold.start : gold.end]))
        words = list(map(fold_case, self.source.tokens))
        if any(words[k : k + len(entity)] == entity for k in range(len(words))):
            return Attribution(ErrorStage.ALIGNMENT, "its words are in the translation, but have no links")
        return Attribution(ErrorStage.TRANSLATION, "nothing in the translation is linked to it")

    def _by_ensemble(self) -> Attribution:
        return Attribution(ErrorStage.ENSEMBLE, "it is not one of the projected entities")

    def _is_changed(self, predicted: Entity) -> bool:
        """Return True if an entity differs from the projected ones."""
        return self.projected is not None and (predicted.span, predicted.label) not in self.projected

    def _origin(self, predicted: Entity) -> Outcome | None:
        """The outcome that put a predicted entity where it is."""
        return next((o for o in self.outcomes if any(e.span == predicted.span for e in o.projected)), None)

    def _linked(self, entity: Entity) -> frozenset[int]:
        """Source words linked to a target entity."""
        return frozenset().union(*self.links[entity.start : entity.end])

    def _is_linked(self, source: Entity) -> bool:
        return any(_words(source) & linked for linked in self.links)

    def _is_right(self, projected: Entity) -> bool:
        """Return True if a projected entity is in the gold data."""
        return any(projected.span == gold.span and projected.label == gold.label for gold in self.gold)

    def _name(self, outcome: Outcome) -> str:
        return repr(self.source.surface(outcome.entity))

    def _quoted(self, gold: Entity) -> str:
        return repr(self.target.surface(gold))

    def _source_words(self, words: Collection[int]) -> str:
        return repr(" ".join(self.source.tokens[s] for s in sorted(words)))


def _words(entity: Entity) -> frozenset[int]:
    return frozenset(range(entity.start, entity.end))


def _projected_if_changed(pair: Pair) -> frozenset[tuple[Span, str]] | None:
    """The projected entities of a pair, if its final labels differ from them."""
    outcomes = () if pair.projection is None else pair.projection.outcomes
    projected = frozenset((e.span, e.label) for o in outcomes for e in o.projected)
    return None if projected == {(e.span, e.label) for e in pair.labeled.entities} else projected


def _failure(pair: Pair) -> Attribution | None:
    """The stage that failed on a pair."""
    if pair.error is None:
        return None
    stage = _STAGE_OF_FAILURE.get(pair.error.partition(":")[0])
    return None if stage is None else Attribution(stage, f"failed: {pair.error.partition(': ')[2]}")
