"""Translate sentences together with their labels: by links, by the translator itself, or by markers in the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xlner.core.alignment import Alignment
from xlner.core.batches import require_one_each
from xlner.core.linked_translation import LinkedTranslation
from xlner.core.pair import Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.core.stage_results import labeled_translation_of
from xlner.errors import StageError, UnknownNameError
from xlner.pipeline.discontinuous import without_discontinuous
from xlner.pipeline.verbatim_words import with_source_words, with_words_of
from xlner.projection.markers.remains import has_remains
from xlner.projection.markers.styles import MarkerStyle, write_markers
from xlner.projection.markers.translation import markers_of
from xlner.stages import (
    IsolatingLabelTranslator,
    IsolatingLinkTranslator,
    LabelingTranslator,
    LinkingTranslator,
    Translator,
)
from xlner.text.suggestions import names_hint
from xlner.translation.shield import ShieldedTranslator


class MarkerChoice(StrEnum):
    """How entities are marked for the translator.

    >>> MarkerChoice("tags")
    <MarkerChoice.TAGS: 'tags'>
    """

    AUTO = "auto"
    """The best that the translator offers: word links, then labels that it translates itself, then the markers that it
    was trained with, then brackets."""
    BRACKETS = MarkerStyle.BRACKETS.value
    """`[Vigo]`"""
    TAGS = MarkerStyle.TAGS.value
    """`<1>Vigo</1>`"""
    LABELS = MarkerStyle.LABELS.value
    """`<LOC>Vigo</LOC>`"""
    LETTERS = MarkerStyle.LETTERS.value
    """`<a>Vigo</a>`"""


class MarkersLeftError(StageError):
    """A translation has remains of markers, which nothing can tell from its words.

    >>> str(MarkersLeftError())
    'remains of markers are in the translation; use --method align'
    """

    def __init__(self) -> None:
        super().__init__("remains of markers are in the translation", hint="use --method align")


@dataclass(frozen=True, slots=True)
class LabelTranslation:
    """A function that translates labeled sentences: sentences in, pairs with their projections, or errors, out.

    With `linked` the pairs have links for all of their words, so that no aligner is needed.

    >>> from xlner.fakes import EchoTranslator
    >>> label_translation(EchoTranslator(), "tags", from_lang="en", to_lang="gl").name
    'tags'
    """

    name: str
    linked: bool
    translate: Callable[[Sequence[Sentence]], Sequence[Pair | Exception]]


def label_translation(
    translator: Translator, markers: MarkerChoice | str, *, from_lang: str, to_lang: str
) -> LabelTranslation:
    """The label translation that `markers` names, with this translator.

    With `auto` it is `links` for a `LinkingTranslator`, `own` for a `LabelingTranslator`, the markers of a
    `MarkingTranslator`, and `brackets` for any other. Raises `UnknownNameError` for unknown markers, and `BackendError`
    if the translator cannot give links here.

    >>> from xlner import Entity
    >>> from xlner.fakes import EchoTranslator
    >>> found = label_translation(EchoTranslator(), "auto", from_lang="en", to_lang="gl")
    >>> found.name, found.translate([Sentence(("Vigo",), (Entity(0, 1, "LOC"),))])[0].labeled.tags()
    ('brackets', ['B-LOC'])
    """
    try:
        markers = MarkerChoice(markers)
    except ValueError:
        raise UnknownNameError(f"unknown markers {markers!r}", hint=names_hint(markers, MarkerChoice)) from None
    if markers is MarkerChoice.AUTO and isinstance(translator, LinkingTranslator):
        translator.translate_linked([], from_lang=from_lang, to_lang=to_lang)  # raises if it cannot give links here
        return LabelTranslation("links", True, lambda sentences: _by_links(translator, sentences, from_lang, to_lang))
    if markers is MarkerChoice.AUTO and isinstance(translator, LabelingTranslator):
        return LabelTranslation("own", False, lambda sentences: _by_itself(translator, sentences, from_lang, to_lang))
    style = markers_of(translator) if markers is MarkerChoice.AUTO else MarkerStyle(markers.value)
    return LabelTranslation(
        str(style), False, lambda sentences: _by_markers(translator, sentences, from_lang, to_lang, style)
    )


def _by_links(
    translator: LinkingTranslator, sentences: Sequence[Sentence], from_lang: str, to_lang: str
) -> list[Pair | Exception]:
    """Project onto the first to the last linked word: words added in between are part of the entity."""
    from xlner.projection import HullProjector
    from xlner.translation.linked import composed, word_links

    texts = [composed(sentence) for sentence in sentences]
    made = _linked(translator, [text for text, _ in texts], from_lang, to_lang)
    require_one_each("translator", len(made), len(sentences))
    pairs = []
    for sentence, (_, offsets), linked in zip(sentences, texts, made, strict=True):
        if isinstance(linked, Exception):
            continue
        target = with_source_words(Sentence.from_text(linked.text, language=to_lang), sentence)
        links = [(translated, original) for original, translated in linked.links]
        pairs.append(Pair(target, sentence, Alignment(tuple(word_links(links, target.offsets or (), offsets)))))
    projected = HullProjector().project(pairs)
    done = iter([_with_inner(replace(pair, projection=p)) for pair, p in zip(pairs, projected, strict=True)])
    return [linked if isinstance(linked, Exception) else next(done) for linked in made]


def _linked(
    translator: LinkingTranslator, texts: Sequence[str], from_lang: str, to_lang: str
) -> Sequence[LinkedTranslation | Exception]:
    if isinstance(translator, IsolatingLinkTranslator):
        return translator.translate_linked_each(texts, from_lang=from_lang, to_lang=to_lang)
    return translator.translate_linked(texts, from_lang=from_lang, to_lang=to_lang)


def _with_inner(pair: Pair) -> Pair:
    """The pair without its discontinuous entities, and with those that they took the words of."""
    kept = without_discontinuous(pair, exact=True)
    if kept is pair:
        return pair
    from xlner.projection import HullProjector

    outcomes = kept.require_projection().outcomes
    whole = [o.entity for o in outcomes if o.reason is not Reason.DISCONTINUOUS]
    (again,) = HullProjector().project([replace(pair, source=pair.require_source().with_entities(whole))])
    others = iter(again.outcomes)
    merged = tuple(o if o.reason is Reason.DISCONTINUOUS else next(others) for o in outcomes)
    return replace(pair, projection=replace(again, outcomes=merged))


def _by_itself(
    translator: LabelingTranslator, sentences: Sequence[Sentence], from_lang: str, to_lang: str
) -> list[Pair | Exception]:
    if isinstance(translator, IsolatingLabelTranslator):
        return _pairs(sentences, translator.translate_labeled_each(sentences, from_lang=from_lang, to_lang=to_lang))
    return _pairs(sentences, translator.translate_labeled(sentences, from_lang=from_lang, to_lang=to_lang))


def _by_markers(
    translator: Translator, sentences: Sequence[Sentence], from_lang: str, to_lang: str, style: MarkerStyle
) -> list[Pair | Exception]:
    from xlner.projection.markers.translation import translate_labeled_each

    translator = ShieldedTranslator(translator)
    made = translate_labeled_each(sentences, translator, from_lang=from_lang, to_lang=to_lang, marker=style)
    return _pairs(
        sentences,
        [
            MarkersLeftError() if isinstance(p, Projection) and _has_remains(sentence, p, style) else p
            for sentence, p in zip(sentences, made, strict=True)
        ],
    )


def _has_remains(source: Sentence, made: Projection, style: MarkerStyle) -> bool:
    source = source.with_text()
    written = write_markers(source, style).markers
    labels = {entity.label for entity in source.entities} if style is MarkerStyle.LABELS else ()
    return has_remains(source.text or "", made.sentence.text or "", written, labels)


def _pairs(sentences: Sequence[Sentence], made: Sequence[Projection | Exception]) -> list[Pair | Exception]:
    require_one_each("translator", len(made), len(sentences))
    return [
        p if isinstance(p, Exception) else _with_words_of_source(labeled_translation_of(p, sentence))
        for sentence, p in zip(sentences, made, strict=True)
    ]


def _with_words_of_source(made: Pair | StageError) -> Pair | StageError:
    if isinstance(made, StageError):
        return made
    projection = with_words_of(made.require_projection(), made.require_source())
    return replace(made, target=projection.sentence.with_entities(()), projection=projection)
