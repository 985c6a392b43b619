"""Put the answers of a chat model about entities onto the words of a translation."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.entity import Entity, Span, overlaps
from xlner.core.pair import Outcome, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import StageError
from xlner.models.chat.places import places
from xlner.models.chat.question import Answer

NOTHING = "NONE"
"""The answer about an entity that a translation does not have."""
_QUOTES = "\"'“”‘’«»„`"


def placed_or_error(
    source: Sentence, translation: str, answers: Sequence[Answer], language: str
) -> Projection | Exception:
    """Return what `placed` returns, or the error if a question about an entity has no answer.

    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> str(placed_or_error(vigo, "Vigo", [StageError("no message")], "gl"))
    "no answer for the entity 'Vigo': no message"
    """
    for entity, answer in zip(source.entities, answers, strict=True):
        if isinstance(answer, StageError):
            return StageError(f"no answer for the entity {source.surface(entity)!r}: {answer.message}")
    return placed(source, translation, [answer for answer in answers if isinstance(answer, str)], language)


def placed(source: Sentence, translation: str, answers: Sequence[str], language: str) -> Projection:
    """Return the translation with each entity at the words of its answer.

    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),), id="1")
    >>> placed(vigo, "En Vigo", ["«vigo»"], "gl").sentence.tags()
    ['O', 'B-LOC']
    """
    return placed_on(source, Sentence.from_text(translation, language=language, id=source.id), answers)


def placed_on(source: Sentence, target: Sentence, answers: Sequence[str]) -> Projection:
    """Return a target sentence with text, with each entity of the source at the words of its answer.

    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> placed_on(vigo, Sentence.from_text("En Vigo"), [""]).outcomes[0].reason.value
    'no-candidate'
    """
    taken: list[Span] = []
    outcomes: dict[int, Outcome] = {}
    for k in sorted(range(len(answers)), key=lambda k: -len(answers[k])):  # the longest has the fewest places
        entity = source.entities[k]
        spans = places_of(target, answers[k])
        free = next((span for span in spans if not any(overlaps(span, other) for other in taken)), None)
        if free is None:
            outcomes[k] = Outcome(entity, reason=Reason.OVERLAP if spans else Reason.NO_CANDIDATE)
        else:
            taken.append(free)
            outcomes[k] = Outcome(entity, (Entity(*free, entity.label),))
    _free_inner(source, outcomes, {k: places_of(target, answers[k]) for k, o in outcomes.items() if o.dropped})
    found = [entity for outcome in outcomes.values() for entity in outcome.projected]
    return Projection(target.with_entities(found), tuple(outcomes[k] for k in range(len(answers))))


def _free_inner(source: Sentence, outcomes: dict[int, Outcome], places: dict[int, list[Span]]) -> None:
    """Give dropped entities their places inside another one, which is dropped, unless that one has their names, too."""
    for m, outer in list(outcomes.items()):  # from the longest to the shortest
        for place in outcomes[m].projected:
            taken: list[Span] = []
            for k, spans in places.items():
                entity = source.entities[k]
                inside = [s for s in spans if s != place.span and place.start <= s[0] and s[1] <= place.end]
                free = next((s for s in inside if not any(overlaps(s, other) for other in taken)), None)
                if free and outcomes[k].dropped and source.surface(entity) not in source.surface(outer.entity):
                    taken.append(free)
                    outcomes[k] = Outcome(entity, (Entity(*free, entity.label),))
                    outcomes[m] = Outcome(outer.entity, reason=Reason.DISCONTINUOUS)


def places_of(target: Sentence, answer: str) -> list[Span]:
    """The places of an answer in a sentence, in whole words; without regard to case if it is not there as written."""
    wanted = " ".join(answer.split())
    bare = wanted.strip(_QUOTES).strip()
    for phrase in dict.fromkeys((wanted, bare, bare.rstrip(".,;:"))):
        if phrase and phrase != NOTHING:
            spans = places(target, phrase) or places(target, phrase, ignore_case=True)
            if spans:
                return spans
    return []
