"""Where an entity begins and ends: at words, not at marks or emoji, and within one cell of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.core.stage_results import projection_of

_PAIRED = {")": "(", "]": "[", "}": "{", "”": "“", "’": "‘", "»": "«", "›": "‹", "」": "「", "』": "『", "》": "《"}
_PAIRED |= {"）": "（", "】": "【", '"': '"', "''": "``"}
_OPENING = {opening: closing for closing, opening in _PAIRED.items()}
_KEYCAP = "\u20e3"
_SENTENCE_END = frozenset(".!?")
_OF_NAMES = frozenset("+#%‰°*€$£¥₽₹™®©ฯ॰")
"""Marks that end names, amounts and abbreviations: `Disney +`, `5 %`, `กรุงเทพฯ`."""


def trimmed(sentence: Sentence, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Return the entities of a recognizer without what does not belong to a name.

    That is what is behind a tab, and marks and emoji at both ends. Marks that belong to the name stay: brackets and
    quotation marks whose other half is inside it, those such as `+` and `%` after it, and a period in the middle of a
    sentence. An entity without any word is left out.

    >>> vigo = Sentence.from_text("«Vigo», Ana\\tCidade")
    >>> [vigo.surface(e) for e in trimmed(vigo, [Entity(0, 4, "LOC"), Entity(4, 6, "PER")])]
    ['Vigo', 'Ana']
    """
    moved = (_moved(entity, trimmed_span(sentence, entity.span)) for entity in entities)
    return tuple(entity for entity in moved if entity is not None)


def checked_projection(result: object, pair: Pair) -> Projection:
    """What a projector gave for a pair, checked by `projection_of` and trimmed by `trimmed_projection`.

    Whatever rates a projection rates this one: the spans that are written. Raises `StageError` as `projection_of` does.
    """
    return trimmed_projection(pair.require_source(), projection_of(result, pair))


def trimmed_projection(source: Sentence, projection: Projection) -> Projection:
    """Return the projection with its entities trimmed as by `trimmed`.

    A mark that the source entity has at the same end stays. An entity without any word is dropped for want of a
    candidate, unless the source entity has no word either.
    """
    sentence = projection.sentence
    if all(_is_clean(sentence, entity.span) for entity in sentence.entities):
        return projection
    changed: dict[Entity, Entity | None] = {}
    for outcome in projection.outcomes:
        like = source.tokens[slice(*outcome.entity.span)]
        changed |= {entity: _moved(entity, trimmed_span(sentence, entity.span, like)) for entity in outcome.projected}
    for entity in sentence.entities:
        if entity not in changed:  # that of another source
            changed[entity] = _moved(entity, trimmed_span(sentence, entity.span))
    entities = [changed[entity] for entity in sentence.entities]
    return replace(
        projection,
        sentence=sentence.with_entities(entity for entity in entities if entity is not None),
        outcomes=tuple(_with(outcome, changed) for outcome in projection.outcomes),
    )


def trimmed_span(sentence: Sentence, span: Span, like: Sequence[str] = ()) -> Span | None:
    """Return a span without the marks at its ends that the words `like` do not have there; None if nothing is left.

    >>> yahoo = Sentence(("Yahoo", "!", "!"))
    >>> trimmed_span(yahoo, (0, 2)), trimmed_span(yahoo, (0, 2), ["Yahoo", "!"]), trimmed_span(yahoo, (1, 3))
    ((0, 1), (0, 2), None)
    """
    if _is_clean(sentence, span) or (like and not any(map(_is_word, like))):
        return span
    found, tokens = _in_one_cell(sentence, span), sentence.tokens
    while (shorter := _without_marks(tokens, found, like)) != found:  # a mark stays only if its other half does
        found = shorter
    return found if any(map(_is_word, tokens[slice(*found)])) else None


def _without_marks(tokens: Sequence[str], span: Span, like: Sequence[str]) -> Span:
    """The span without the marks at its end, then at its start, that do not belong to it as it is."""
    start, end = span
    while start < end and not (_is_word(tokens[end - 1]) or tokens[end - 1] in like[-1:]):
        if not _ends(tokens, start, end):
            end -= 1
        else:
            break
    while start < end and not (_is_word(tokens[start]) or tokens[start] in like[:1]):
        if not _begins(tokens, start, end):
            start += 1
        else:
            break
    return start, end


def _is_clean(sentence: Sentence, span: Span) -> bool:
    """True for most spans: they begin and end with a letter or digit, and the text has no tab.

    Also for a span beyond the sentence, which is an error of its own.
    """
    if span[1] > len(sentence.tokens):
        return True
    first, last = sentence.tokens[span[0]], sentence.tokens[span[1] - 1]
    return first[:1].isalnum() and last[-1:].isalnum() and (sentence.text is None or "\t" not in sentence.text)


def _is_word(token: str) -> bool:
    return any(c.isalnum() for c in token) and _KEYCAP not in token


def _in_one_cell(sentence: Sentence, span: Span) -> Span:
    """The part of a span between tabs that has most words, the first of equals."""
    return max(cells(sentence, span), key=lambda part: sum(map(_is_word, sentence.tokens[slice(*part)])))


def cells(sentence: Sentence, span: Span) -> list[Span]:
    """Return the parts of a span between tabs; the span itself if it has none.

    >>> cells(Sentence.from_text("Ana Pons\\tVigo"), (0, 3))
    [(0, 2), (2, 3)]
    """
    if sentence.text is None or sentence.offsets is None or "\t" not in sentence.text:
        return [span]
    start, end = span
    between = enumerate(pairwise(sentence.offsets[start:end]), start=start + 1)
    tabs = [k for k, (a, b) in between if "\t" in sentence.text[a[1] : b[0]]]
    return list(pairwise([start, *tabs, end]))


def _ends(tokens: Sequence[str], start: int, end: int) -> bool:
    """True if a name may end with the mark before `end`."""
    mark = tokens[end - 1]
    if mark in _PAIRED:
        return _PAIRED[mark] in tokens[start + 1 : end - 1]
    if mark in _SENTENCE_END:
        return end < len(tokens) and (tokens[end][:1].islower() or tokens[end] in (",", ";", ")"))
    return end - start > 1 and set(mark) <= _OF_NAMES


def _begins(tokens: Sequence[str], start: int, end: int) -> bool:
    """True if a name may begin with the mark at `start`."""
    mark = tokens[start]
    return (mark in _OPENING and _OPENING[mark] in tokens[start + 1 : end - 1]) or mark in ("€", "$", "£", "¥")


def _moved(entity: Entity, span: Span | None) -> Entity | None:
    if span is None or span == entity.span:
        return None if span is None else entity
    return replace(entity, start=span[0], end=span[1])


def _with(outcome: Outcome, changed: Mapping[Entity, Entity | None]) -> Outcome:
    """The outcome with the changed entities; dropped if all of them are gone."""
    if outcome.dropped:
        return outcome
    made = tuple(entity for old in outcome.projected if (entity := changed[old]) is not None)
    if made:
        return replace(outcome, projected=made)
    return replace(outcome, projected=(), reason=Reason.NO_CANDIDATE, scores={})
