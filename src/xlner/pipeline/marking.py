"""How labels go through a translator: by the links it knows of, by its own way, or by markers in the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, UnknownNameError
from xlner.projection.markers.styles import MarkerStyle
from xlner.stages import Translator


class MarkerChoice(StrEnum):
    """What marks the entities on their way through the translator."""

    AUTO = "auto"
    """What the translator does best: it tells which word became which, labels in a way of its own, or gets brackets."""
    BRACKETS = MarkerStyle.BRACKETS.value
    TAGS = MarkerStyle.TAGS.value
    LABELS = MarkerStyle.LABELS.value


@dataclass(frozen=True, slots=True)
class Marking:
    """A way through a translator: labeled source sentences in, pairs with their projections out.

    `linked`: the pairs have the links of all of their words, so that nothing else has to align them.
    """

    name: str
    linked: bool
    translate: Callable[[Sequence[Sentence]], list[Pair]]


def marking(translator: Translator, markers: MarkerChoice | str, *, from_lang: str, to_lang: str) -> Marking:
    """The way that `markers` names, through this translator.

    A translator with a method `translate_linked` (texts in; translations with linked ranges out) or
    `translate_labeled` (sentences in, projections out) is taken at its word with `auto`. Raises `UnknownNameError`
    for unknown markers, `BackendError` where the translator cannot do here what it says.

    >>> from xlner import Entity
    >>> from xlner.fakes import EchoTranslator
    >>> way = marking(EchoTranslator(), "auto", from_lang="en", to_lang="gl")
    >>> way.name, way.translate([Sentence(("Vigo",), (Entity(0, 1, "LOC"),))])[0].labeled.tags()
    ('brackets', ['B-LOC'])
    """
    try:
        markers = MarkerChoice(markers)
    except ValueError:
        raise UnknownNameError(f"unknown markers {markers!r}", hint=f"known: {', '.join(MarkerChoice)}") from None
    direction = {"from_lang": from_lang, "to_lang": to_lang}
    if markers is MarkerChoice.AUTO and hasattr(translator, "translate_linked"):
        translator.translate_linked([], **direction)  # raises where it cannot
        return Marking("links", True, lambda sentences: _by_links(translator, sentences, direction))
    if markers is MarkerChoice.AUTO and hasattr(translator, "translate_labeled"):
        return Marking("own", False, lambda sentences: _by_itself(translator, sentences, direction))
    style = MarkerChoice.BRACKETS if markers is MarkerChoice.AUTO else markers
    return Marking(str(style), False, lambda sentences: _by_markers(translator, sentences, direction, style))


def _by_links(translator: Any, sentences: Sequence[Sentence], direction: dict[str, str]) -> list[Pair]:
    """From the first to the last word that an entity became: words that were added between are part of the name."""
    from xlner.projection.range_projectors import HullProjector
    from xlner.translation.linked import composed, word_links

    texts = [composed(sentence) for sentence in sentences]
    made = translator.translate_linked([text for text, _ in texts], **direction)
    _check_count(len(made), len(sentences))
    pairs = []
    for sentence, (_, offsets), linked in zip(sentences, texts, made, strict=True):
        target = Sentence.from_text(linked.text, language=direction["to_lang"])
        back = [(translated, original) for original, translated in linked.links]
        pairs.append(Pair(target, sentence, Alignment(tuple(word_links(back, target.offsets or (), offsets)))))
    projected = HullProjector().project(pairs)
    return [Pair(p.target, p.source, p.alignment, made) for p, made in zip(pairs, projected, strict=True)]


def _by_itself(translator: Any, sentences: Sequence[Sentence], direction: dict[str, str]) -> list[Pair]:
    return _pairs(sentences, translator.translate_labeled(sentences, **direction))


def _by_markers(
    translator: Translator, sentences: Sequence[Sentence], direction: dict[str, str], style: MarkerChoice
) -> list[Pair]:
    from xlner.projection.markers.translation import translate_labeled

    from_lang, to_lang = direction["from_lang"], direction["to_lang"]
    made = translate_labeled(sentences, translator, from_lang=from_lang, to_lang=to_lang, marker=style.value)
    return _pairs(sentences, made)


def _pairs(sentences: Sequence[Sentence], made: Sequence[Projection]) -> list[Pair]:
    _check_count(len(made), len(sentences))
    return [
        Pair(p.sentence.with_entities(()), sentence, projection=p) for sentence, p in zip(sentences, made, strict=True)
    ]


def _check_count(given: int, wanted: int) -> None:
    if given != wanted:
        raise BackendError(f"the translator gave {given} translations for {wanted} texts")
