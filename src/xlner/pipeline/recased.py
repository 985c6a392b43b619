"""Run a pipeline over texts in ALL CAPS as if they were not, with results on the words as they are written."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.pipeline.any_pipeline import AnyPipeline
from xlner.text.recasing import is_all_caps, sentence_case, title_case


class RecasedPipeline:
    """Recases sentences in ALL CAPS before a pipeline translates or labels them.

    Target sentences get the case of a title: `O PRESIDENTE EN VIGO` becomes `O Presidente En Vigo`, which recognizers
    and translators read better. Labeled source sentences, as a `TrainingDataBuilder` takes them, get small letters
    outside their entities. The results have the original words, with the same offsets; only translations are in the
    new case.

    >>> from xlner import RecognitionPipeline
    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline = RecasedPipeline(RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl"))
    >>> next(pipeline.run_pairs([Pair(Sentence.from_text("O PRESIDENTE EN VIGO"))])).labeled.tags()
    ['O', 'O', 'O', 'B-LOC']
    """

    def __init__(self, pipeline: AnyPipeline) -> None:
        self.pipeline = pipeline

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the pipeline, and that it recases."""
        return f"{self.pipeline.fingerprint}|recase"

    @property
    def labels(self) -> Counter[str]:
        """The labels of all entities so far, ignored ones included."""
        return self.pipeline.labels

    def run_pairs(self, items: Iterable[Any]) -> Iterator[Pair]:
        """Run over pairs, or over source sentences: one pair for each, in order."""
        waiting: deque[Any] = deque()

        def recased() -> Iterator[Any]:
            for item in items:
                waiting.append(item)
                yield _recased(item)

        for pair in self.pipeline.run_pairs(recased()):
            yield _restored(pair, waiting.popleft())


def _recased(item: Any) -> Any:
    if isinstance(item, Sentence):
        return _sentence(item, by_entities=True)
    if isinstance(item, Pair):
        target = _sentence(item.target, by_entities=False)
        return item if target is item.target else replace(item, target=target)
    return item


def _sentence(sentence: Sentence, *, by_entities: bool) -> Sentence:
    whole = sentence.with_text()
    text = whole.text or ""
    if not is_all_caps(text):
        return sentence
    if by_entities:
        names = [span for entity in sentence.entities if (span := whole.char_span(entity)) is not None]
        recased = sentence_case(text, names, sentence.language)
    else:
        recased = title_case(text, sentence.language)
    tokens = tuple(recased[start:end] for start, end in whole.offsets or ())
    return replace(sentence, tokens=tokens, text=None if sentence.text is None else recased)


def _restored(pair: Pair, item: Any) -> Pair:
    """The pair with the words of the item as they were."""
    if isinstance(item, Sentence):
        if pair.source is None or pair.source.tokens == item.tokens:
            return pair
        return replace(pair, source=replace(pair.source, tokens=item.tokens, text=item.text))
    if not isinstance(item, Pair) or pair.target.tokens == item.target.tokens:
        return pair
    projection = pair.projection
    if projection is not None:
        own = replace(projection.sentence, tokens=item.target.tokens, text=item.target.text)
        projection = replace(projection, sentence=own)
    target = replace(pair.target, tokens=item.target.tokens, text=item.target.text)
    return replace(pair, target=target, projection=projection)
