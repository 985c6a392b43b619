"""Check what a stage gave for one sentence: a plugin can give anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import StageError
from xlner.text.counts import counted


def entities_of(result: object) -> Sequence[Entity]:
    """What a recognizer gave; raises `StageError` unless it is a list of entities."""
    if not isinstance(result, (list, tuple)) or not all(isinstance(entity, Entity) for entity in result):
        raise _instead(result, "a list of entities")
    return result


def alignment_of(result: object) -> Alignment:
    """What an aligner gave; raises `StageError` unless it is an alignment."""
    if not isinstance(result, Alignment):
        raise _instead(result, "an alignment")
    return result


def projection_of(result: object, pair: Pair) -> Projection:
    """What a projector gave, on the sentence of the pair.

    Raises `StageError` unless it is a projection onto the words of the target, with one outcome for each entity of the
    source, in order.
    """
    projection = _projected(result, pair.require_source())
    if projection.sentence.tokens != pair.target.tokens:
        raise StageError("gave a projection onto another sentence")
    made, target = projection.sentence, pair.target
    if (made.text, made.offsets, made.language, made.id) == (target.text, target.offsets, target.language, target.id):
        return projection
    return replace(projection, sentence=replace(target, entities=made.entities, meta=made.meta))


def labeled_translation_of(result: object, source: Sentence) -> Pair | StageError:
    """The pair that a translator gave which takes labels along; an error unless it has one outcome for each entity."""
    try:
        projection = _projected(result, source)
    except StageError as error:
        return error
    return Pair(projection.sentence.with_entities(()), source, projection=projection)


def _projected(result: object, source: Sentence) -> Projection:
    if not isinstance(result, Projection) or not isinstance(result.sentence, Sentence):
        raise _instead(result, "a projection")
    if not all(isinstance(outcome, Outcome) for outcome in result.outcomes):
        raise _instead(result.outcomes, "outcomes")
    given = [(o.entity.span, o.entity.label) for o in result.outcomes]
    wanted = [(e.span, e.label) for e in source.entities]
    if len(given) != len(wanted):
        raise StageError(f"gave {counted(len(given), 'outcome')} for {counted(len(wanted), 'entity', 'entities')}")
    if given != wanted:
        raise StageError("gave the outcomes of other entities")
    return result


def _instead(result: object, wanted: str) -> StageError:
    try:
        shown = f"{type(result).__name__} {str(result)[:40]!r}"
    except Exception:  # an object of another program, whose text is its own affair
        shown = type(result).__name__
    return StageError(f"gave {shown} instead of {wanted}")
