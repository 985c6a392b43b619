"""Translate labeled sentences with markers, which makes training data in other languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xlner.core.batches import require_one_each
from xlner.core.pair import Projection
from xlner.core.sentence import Sentence
from xlner.errors import StageError
from xlner.projection.markers.matching import THRESHOLD, recover_entities
from xlner.projection.markers.styles import MarkerStyle, write_markers
from xlner.stages import MarkingTranslator, Translator, translate_each, without_errors
from xlner.text.tokenizer import Segmenter


def markers_of(translator: Translator) -> MarkerStyle:
    """The markers that a translator was trained with; brackets if it does not say.

    >>> from xlner.fakes import EchoTranslator
    >>> markers_of(EchoTranslator())
    <MarkerStyle.BRACKETS: 'brackets'>
    """
    return MarkerStyle.of(translator.markers) if isinstance(translator, MarkingTranslator) else MarkerStyle.BRACKETS


def translate_labeled(
    sentences: Sequence[Sentence],
    translator: Translator,
    *,
    from_lang: str,
    to_lang: str,
    marker: MarkerStyle | str = MarkerStyle.BRACKETS,
    spaced: bool = False,
    threshold: float = THRESHOLD,
    segmenter: Segmenter | None = None,
) -> list[Projection]:
    """Translate sentences with their entities (EasyProject, Chen et al. 2023): one projection each, in order.

    Calls the translator twice, each time with every distinct text once: with the marked sentences, and with the
    entities alone, which tell marked texts apart. Texts with no visible character are not sent. The sentence of a
    projection is the tokenized translation with the `id` of the original. See `recover_entities` for the outcomes.
    `segmenter` splits translations in scripts without spaces into words.

    Raises `UnknownNameError` for an unknown `marker`, `StageError` if the translator does not give one translation per
    text, and the error of the first text without a translation.

    >>> from xlner import Entity
    >>> from xlner.fakes import EchoTranslator
    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> translate_labeled([vigo], EchoTranslator(), from_lang="en", to_lang="gl")[0].sentence.tags()
    ['O', 'B-LOC']
    """
    made = translate_labeled_each(
        sentences,
        translator,
        from_lang=from_lang,
        to_lang=to_lang,
        marker=marker,
        spaced=spaced,
        threshold=threshold,
        segmenter=segmenter,
    )
    return without_errors(made)


def translate_labeled_each(
    sentences: Sequence[Sentence],
    translator: Translator,
    *,
    from_lang: str,
    to_lang: str,
    marker: MarkerStyle | str = MarkerStyle.BRACKETS,
    spaced: bool = False,
    threshold: float = THRESHOLD,
    segmenter: Segmenter | None = None,
) -> list[Projection | Exception]:
    """Do what `translate_labeled` does, with the errors of an `IsolatingTranslator` in the places of projections.

    A sentence that has a translation has a `StageError` if one of its entities alone has none.

    >>> from xlner.fakes import EchoTranslator
    >>> translate_labeled_each([Sentence(("Vigo",))], EchoTranslator(), from_lang="en", to_lang="gl")[0].sentence.tokens
    ('Vigo',)
    """
    sentences = [sentence.with_text() for sentence in sentences]
    marked = [write_markers(sentence, marker, spaced=spaced) for sentence in sentences]
    texts = _translations(translator, (m.text for m in marked), from_lang, to_lang)
    translated = [texts.get(written.text, "") for written in marked]
    surfaces = [
        [] if isinstance(text, Exception) else [sentence.surface(entity) for entity in sentence.entities]
        for sentence, text in zip(sentences, translated, strict=True)
    ]
    alone = _translations(translator, (s for some in surfaces for s in some), from_lang, to_lang)
    made: list[Projection | Exception] = []
    for sentence, written, text, originals in zip(sentences, marked, translated, surfaces, strict=True):
        entities = [alone.get(original, "") for original in originals]
        failed = next((found for found in entities if isinstance(found, Exception)), None)
        if isinstance(text, Exception):
            made.append(text)
        elif failed is not None:
            made.append(StageError(f"an entity alone has no translation: {failed}"))
        else:
            projection = recover_entities(
                sentence,
                written.markers,
                [text],
                surfaces=[str(found) for found in entities],
                threshold=threshold,
                language=to_lang,
                segmenter=segmenter,
            )
            made.append(replace(projection, sentence=replace(projection.sentence, id=sentence.id)))
    return made


def _translations(
    translator: Translator, texts: Iterable[str], from_lang: str, to_lang: str
) -> dict[str, str | Exception]:
    """The translation of each distinct visible text or its error, from one call."""
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))
    if not distinct:
        return {}
    made = translate_each(translator, distinct, from_lang=from_lang, to_lang=to_lang)
    require_one_each("translator", len(made), len(distinct))
    return dict(zip(distinct, made, strict=True))
