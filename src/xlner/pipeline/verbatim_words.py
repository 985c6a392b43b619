"""Words of verbatim text, which a sentence and its translation share: cut alike, and linked with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.text.offsets import words_in
from xlner.text.verbatim import verbatim_spans


def with_source_words(target: Sentence, source: Sentence) -> Sentence:
    """Cut verbatim text of a translation into the words that it has in the source; the entities stay on their text.

    >>> source = Sentence(("In", "#Vigo"))
    >>> with_source_words(Sentence.from_text("En #Vigo"), source).tokens
    ('En', '#Vigo')
    """
    source = source.with_text()
    offsets = list(target.offsets or ())
    for there, here in _same_parts(source, target):
        inside = [span for span in source.offsets or () if there[0] <= span[0] and span[1] <= there[1]]
        own = [k for k, (start, end) in enumerate(offsets) if here[0] <= start and end <= here[1]]
        if own and inside and _covers(inside, there) and _covers([offsets[k] for k in own], here):
            shift = here[0] - there[0]
            offsets[own[0] : own[-1] + 1] = [(start + shift, end + shift) for start, end in inside]
    if tuple(offsets) == target.offsets:
        return target
    text = target.text or ""
    cut = replace(target, tokens=tuple(text[a:b] for a, b in offsets), offsets=tuple(offsets), entities=())
    try:
        return cut.with_entities(_moved(entity, target, cut) for entity in target.entities)
    except ValidationError:  # one word would be in two entities
        return target


def with_words_of(projection: Projection, source: Sentence) -> Projection:
    """The projection onto a translation whose verbatim text is cut into the words that it has in the source.

    >>> made = Projection(Sentence.from_text("En #Vigo").with_entities([Entity(2, 3, "LOC")]), ())
    >>> with_words_of(made, Sentence(("In", "#Vigo"))).sentence.tags()
    ['O', 'B-LOC']
    """
    before = projection.sentence
    after = with_source_words(before, source)
    if after is before:
        return projection
    outcomes = tuple(
        replace(o, projected=tuple(_moved(entity, before, after) for entity in o.projected)) if o.projected else o
        for o in projection.outcomes
    )
    return replace(projection, sentence=after, outcomes=outcomes)


def with_verbatim_links(pair: Pair, alignment: Alignment) -> Alignment:
    """Link the words of verbatim text with themselves, and with nothing else.

    >>> pair = Pair(Sentence(("En", "#Vigo")), Sentence(("In", "#Vigo")))
    >>> with_verbatim_links(pair, Alignment(((0, 0), (0, 1)))).links
    ((0, 0), (1, 1))
    """
    source = pair.require_source().with_text()
    if not verbatim_spans(source.text or ""):
        return alignment
    target = pair.target.with_text()
    same = [link for there, here in _same_parts(source, target) for link in _links(source, target, there, here)]
    if not same:
        return alignment
    sources, targets = {s for s, _ in same}, {t for _, t in same}
    kept = [k for k, (s, t) in enumerate(alignment.links) if s not in sources and t not in targets]
    links = (*(alignment.links[k] for k in kept), *same)
    weights = alignment.weights
    if weights is not None:
        weights = (*(weights[k] for k in kept), *(max(weights, default=1.0) for _ in same))
    return replace(alignment, links=links, weights=weights)


def _same_parts(source: Sentence, target: Sentence) -> Iterator[tuple[Span, Span]]:
    """Where each verbatim part of the source is in the target; the first one with the first one, and so on."""
    text, translation = source.text or "", target.text or ""
    found = verbatim_spans(text)
    free = list(verbatim_spans(translation)) if found else []
    for start, end in found:
        same = next((span for span in free if translation[span[0] : span[1]] == text[start:end]), None)
        if same is not None:
            free.remove(same)
            yield (start, end), same


def _links(source: Sentence, target: Sentence, there: Span, here: Span) -> Iterator[tuple[int, int]]:
    shift = here[0] - there[0]
    for s, (a, b) in enumerate(source.offsets or ()):
        if there[0] <= a and b <= there[1]:
            for t, (c, d) in enumerate(target.offsets or ()):
                if max(a + shift, c) < min(b + shift, d):
                    yield (s, t)


def _covers(words: list[Span], span: Span) -> bool:
    return words[0][0] == span[0] and words[-1][1] == span[1]


def _moved(entity: Entity, before: Sentence, after: Sentence) -> Entity:
    """The entity on the words that its text has after a cut."""
    start, end = before.char_span(entity) or (0, 0)
    first, last = words_in(after.offsets or (), start, end) or entity.span
    return replace(entity, start=first, end=last)
