"""A recognizer alone, straight on the sentences to be labeled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from xlner.core.pair import Pair, Projection
from xlner.errors import InputError
from xlner.pipeline.pipeline import DEFAULT_BATCH_WORDS, DEFAULT_WINDOW, Pipeline
from xlner.stages import Recognizer


class RecognitionPipeline(Pipeline):
    """Labels sentences with a recognizer of their own language, or of many: there is nothing to project.

    With a model that was trained on other languages this is zero-shot model transfer. Labels that sentences have
    already are replaced. `ignore` drops entities with these labels.

    Raises `UnknownNameError` for a spec that names nothing, `BackendError` where the recognizer cannot run here.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> recognition = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    >>> [pair.labeled.tags() for pair in recognition.run_texts(["Vivo en Vigo"])]
    [['O', 'O', 'B-LOC']]
    """

    def __init__(
        self,
        recognizer: Recognizer | str,
        *,
        lang: str,
        ignore: Collection[str] = (),
        window: int = DEFAULT_WINDOW,
        batch_words: int = DEFAULT_BATCH_WORDS,
    ) -> None:
        languages = {"target_lang": lang, "source_lang": lang}
        super().__init__(
            None, recognizer, None, None, **languages, ignore=ignore, window=window, batch_words=batch_words
        )

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Label the targets of pairs: one result per pair, in order, with its entities or its error."""
        plain = (p if isinstance(p, InputError) else _unlabeled(p) for p in pairs)
        return map(_labeled, super().run_pairs(plain))


def _unlabeled(pair: Pair) -> Pair:
    """A pair whose source, where the chain recognizes entities, is the target itself."""
    sentence = pair.target.with_entities(())
    return Pair(sentence, sentence, error=pair.error)


def _labeled(pair: Pair) -> Pair:
    if pair.error is not None or pair.source is None:
        return replace(pair, source=None)
    return Pair(pair.target, projection=Projection(pair.target.with_entities(pair.source.entities), ()))
