"""Which stage an error comes from: traced back from the target words over their links to the source entities.

A guess where the run cannot tell: a wrong link and a wrong source entity can look the same. Where several words of an
entity point to several stages, the earliest stage is blamed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.evaluation.paired_sentences import PairedSentence


class Stage(StrEnum):
    """The stages, in their order."""

    TRANSLATION = "translation"
    RECOGNITION = "recognition"
    ALIGNMENT = "alignment"
    PROJECTION = "projection"
    ENSEMBLE = "ensemble"


_FAILED = {
    "translator": Stage.TRANSLATION,
    "recognizer": Stage.RECOGNITION,
    "aligner": Stage.ALIGNMENT,
    "projector": Stage.PROJECTION,
    "ensemble": Stage.ENSEMBLE,
}
_ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Attribution:
    """The stage to blame, and why."""

    stage: Stage
    why: str


@dataclass(frozen=True, slots=True)
class ErrorAttributor:
    """Traces the errors of one sentence. `links` has the source words of each target word, `wrong` the gold entities
    that were not predicted as they are; `projected` what projection made, where the labels are not just that."""

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
        """The tracer of a sentence; None where nothing is known about its stages."""
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
            projected=_outvoted(pair),
            failure=_failure(pair),
        )

    def missed(self, gold: Entity) -> Attribution:
        """Why nothing was predicted there."""
        if self.failure:
            return self.failure
        if self.projected is not None and (gold.span, gold.label) in self.projected:
            return Attribution(Stage.ENSEMBLE, "it was projected, and the other members of the ensemble outvoted that")
        linked = self._linked(gold)
        return self._misdirected(linked) if linked else self._unlinked(gold)

    def _misdirected(self, linked: frozenset[int]) -> Attribution:
        """What became of the source entities that a missed one is linked to."""
        owners = [o for o in self.outcomes if linked & _words(o.entity)]
        if not owners:
            return Attribution(Stage.RECOGNITION, f"{self._source_words(linked)} was not recognized")
        for owner in owners:
            if owner.dropped:
                return Attribution(Stage.PROJECTION, f"{self._name(owner)} was dropped: {owner.reason}")
        if all(self._is_right(e) for o in owners for e in o.projected):
            return Attribution(Stage.ALIGNMENT, f"it is linked to {self._name(owners[0])}, which belongs elsewhere")
        return Attribution(Stage.PROJECTION, f"{self._name(owners[0])} was projected elsewhere")

    def spurious(self, predicted: Entity) -> Attribution:
        """Why something was predicted there."""
        origin = self._origin(predicted)
        if origin is None or self._by_others(predicted):
            return self._from_nowhere()
        for gold in self.wrong:
            if self._linked(gold) & _words(origin.entity):
                return Attribution(Stage.PROJECTION, f"{self._name(origin)} belongs to {self._quoted(gold)}")
        for gold in self.wrong:
            if gold.label == origin.entity.label and not self._linked(gold):
                return Attribution(
                    Stage.ALIGNMENT, f"{self._name(origin)} has links here, and none to {self._quoted(gold)}"
                )
        return Attribution(
            Stage.RECOGNITION, f"{self._name(origin)} was recognized, and the gold data has nothing there"
        )

    def split(self, predicted: Sequence[Entity]) -> Attribution:
        """Why there are several entities in the place of one."""
        if any(map(self._by_others, predicted)):
            return self._from_nowhere()
        origins = {id(o): o for o in map(self._origin, predicted) if o is not None}
        if len(origins) > 1:
            return Attribution(Stage.RECOGNITION, f"recognized as {len(origins)} entities")
        return Attribution(Stage.PROJECTION, "projected in pieces") if origins else self._from_nowhere()

    def merged(self, gold: Sequence[Entity], predicted: Entity) -> Attribution:
        """Why there is one entity in the place of several."""
        origin = self._origin(predicted)
        if origin is None or self._by_others(predicted):
            return self._from_nowhere()
        if all(self._linked(g) & _words(origin.entity) for g in gold):
            return Attribution(Stage.RECOGNITION, f"{self._name(origin)} was recognized as one entity")
        return Attribution(Stage.PROJECTION, f"{self._name(origin)} was projected over more than its words")

    def differing(self, gold: Entity, predicted: Entity) -> Attribution:
        """Why an entity has a wrong label or wrong ends."""
        origin = self._origin(predicted)
        if origin is None or self._by_others(predicted):
            return self._from_nowhere()
        if gold.label not in (predicted.label, origin.entity.label):
            return Attribution(Stage.RECOGNITION, f"{self._name(origin)} was recognized as {origin.entity.label}")
        if gold.span == predicted.span:
            return Attribution(Stage.PROJECTION, f"{self._name(origin)} changed its label")
        reasons = list(self._boundary(gold, predicted, _words(origin.entity)))
        return min(reasons, key=lambda blame: _ORDER.index(blame.stage))

    def _boundary(self, gold: Entity, predicted: Entity, entity: frozenset[int]) -> Iterator[Attribution]:
        """What is wrong with each word that only one of the two has."""
        for t in sorted(_words(gold) - _words(predicted)):
            word = repr(self.target.tokens[t])
            if not self.links[t]:
                yield Attribution(Stage.ALIGNMENT, f"{word} has no link")
            elif self.links[t] & entity:
                yield Attribution(Stage.PROJECTION, f"{word} is linked but was left out")
            else:
                yield Attribution(
                    Stage.RECOGNITION, f"{self._source_words(self.links[t])} was not in the recognized entity"
                )
        for t in sorted(_words(predicted) - _words(gold)):
            word = repr(self.target.tokens[t])
            shared = self.links[t] & entity
            if not shared:
                yield Attribution(Stage.PROJECTION, f"{word} was added without a link")
            elif shared & self._linked(gold):
                yield Attribution(Stage.ALIGNMENT, f"{word} has a link too many")
            else:
                yield Attribution(Stage.RECOGNITION, f"{self._source_words(shared)} was in the recognized entity")

    def _unlinked(self, gold: Entity) -> Attribution:
        """What an entity without links lacks."""
        if not self.source.tokens:
            return Attribution(Stage.TRANSLATION, "the translation is empty")
        if not self.aligned:
            return Attribution(Stage.RECOGNITION, "nothing was recognized in the translation")
        for outcome in self.outcomes:
            if outcome.dropped and outcome.entity.label == gold.label and not self._is_linked(outcome.entity):
                return Attribution(Stage.ALIGNMENT, f"{self._name(outcome)} has no link")
        name = [w.casefold() for w in self.target.tokens[gold.start : gold.end]]
        words = [w.casefold() for w in self.source.tokens]
        if any(words[k : k + len(name)] == name for k in range(len(words))):
            return Attribution(Stage.ALIGNMENT, "its words are in the translation, but not linked")
        return Attribution(Stage.TRANSLATION, "nothing in the translation is linked to it")

    def _from_nowhere(self) -> Attribution:
        return Attribution(Stage.ENSEMBLE, "it is none of the projected entities")

    def _by_others(self, predicted: Entity) -> bool:
        """True where an entity is not what projection made."""
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
        """True where a projected entity is in the gold data."""
        return any(projected.span == gold.span and projected.label == gold.label for gold in self.gold)

    def _name(self, outcome: Outcome) -> str:
        return repr(self.source.surface(outcome.entity))

    def _quoted(self, gold: Entity) -> str:
        return repr(self.target.surface(gold))

    def _source_words(self, words: Collection[int]) -> str:
        return repr(" ".join(self.source.tokens[s] for s in sorted(words)))


def _words(entity: Entity) -> frozenset[int]:
    return frozenset(range(entity.start, entity.end))


def _outvoted(pair: Pair) -> frozenset[tuple[Span, str]] | None:
    """What projection made of a pair whose labels are something else."""
    outcomes = () if pair.projection is None else pair.projection.outcomes
    projected = frozenset((e.span, e.label) for o in outcomes for e in o.projected)
    return None if projected == {(e.span, e.label) for e in pair.labeled.entities} else projected


def _failure(pair: Pair) -> Attribution | None:
    """The stage that could not process a pair."""
    if pair.error is None:
        return None
    stage = _FAILED.get(pair.error.partition(":")[0])
    return None if stage is None else Attribution(stage, f"failed: {pair.error.partition(': ')[2]}")
