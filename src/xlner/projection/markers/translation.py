"""Translate labeled sentences with markers, which makes training data in other languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xlner.core.pair import Projection
from xlner.core.sentence import Sentence
from xlner.projection.markers.matching import THRESHOLD, recover_entities
from xlner.projection.markers.styles import MarkerStyle, write_markers
from xlner.stages import Translator, require_one_each


def translate_labeled(
    sentences: Sequence[Sentence],
    translator: Translator,
    *,
    from_lang: str,
    to_lang: str,
    marker: MarkerStyle | str = MarkerStyle.BRACKETS,
    spaced: bool = False,
    threshold: float = THRESHOLD,
) -> list[Projection]:
    """Translate sentences with their entities (EasyProject, Chen et al. 2023): one projection each, in order.

    Calls the translator twice, each time with every distinct text once: with the marked sentences, and with the
    entities alone, which tell marked texts apart. Texts with no visible character are not sent. The sentence of a
    projection is the tokenized translation with the `id` of the original. See `recover_entities` for the outcomes.

    Raises `UnknownNameError` for an unknown `marker`, and `StageError` if the translator does not give one
    translation per text.

    >>> from xlner import Entity
    >>> from xlner.fakes import EchoTranslator
    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> translate_labeled([vigo], EchoTranslator(), from_lang="en", to_lang="gl")[0].sentence.tags()
    ['O', 'B-LOC']
    """
    sentences = [sentence.with_text() for sentence in sentences]
    marked = [write_markers(sentence, marker, spaced=spaced) for sentence in sentences]
    surfaces = [[sentence.surface(entity) for entity in sentence.entities] for sentence in sentences]
    texts = _translations(translator, (m.text for m in marked), from_lang, to_lang)
    alone = _translations(translator, (s for some in surfaces for s in some), from_lang, to_lang)
    made = []
    for sentence, written, originals in zip(sentences, marked, surfaces, strict=True):
        projection = recover_entities(
            sentence,
            written.markers,
            [texts.get(written.text, "")],
            surfaces=[alone.get(original, "") for original in originals],
            threshold=threshold,
            language=to_lang,
        )
        made.append(replace(projection, sentence=replace(projection.sentence, id=sentence.id)))
    return made


def _translations(translator: Translator, texts: Iterable[str], from_lang: str, to_lang: str) -> dict[str, str]:
    """The translation of each distinct visible text, from one call."""
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))
    if not distinct:
        return {}
    made = translator.translate(distinct, from_lang=from_lang, to_lang=to_lang)
    require_one_each("translator", len(made), len(distinct))
    return dict(zip(distinct, made, strict=True))
