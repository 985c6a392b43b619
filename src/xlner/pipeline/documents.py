"""Run a pipeline over the sentences of documents, and put its results together again: one pair for each document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from xlner.core.entity import Span
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.pipeline.any_pipeline import AnyPipeline
from xlner.pipeline.parts import Cutting, by_part
from xlner.text.languages import spaceless
from xlner.text.sentence_splitter import split_sentences
from xlner.text.verbatim import verbatim_spans

Splitter = Callable[[str], Sequence[str]]
"""Cuts a text into sentences. Joined, they must be the text again."""


class DocumentPipeline:
    """Labels documents sentence by sentence. All words, offsets and links of a result are those of the document.

    - `pipeline`: labels the sentences: a `Pipeline`, an `Ensemble` or a `RecognitionPipeline`.
    - `splitter`: cuts a text into sentences; `xlner.text.sentence_splitter.split_sentences` by default. No cut goes
      through a word, a verbatim part such as an address, or an entity of the document.

    A document in which a sentence fails has its error, and the entities of the other sentences. Pairs that have a
    source already are not cut.

    >>> from xlner import RecognitionPipeline
    >>> from xlner.fakes import DictionaryRecognizer
    >>> sentences = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    >>> (done,) = DocumentPipeline(sentences).run_pairs([Pair(Sentence.from_text("Chove. Vivo en Vigo."))])
    >>> [(e.span, done.target.char_span(e)) for e in done.labeled.entities]
    [((4, 5), (15, 19))]
    """

    def __init__(self, pipeline: AnyPipeline, splitter: Splitter = split_sentences) -> None:
        self.pipeline = pipeline
        self.splitter = splitter

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the pipeline, and the name of the splitter."""
        return f"{self.pipeline.fingerprint}|split={getattr(self.splitter, '__qualname__', self.splitter)}"

    @property
    def labels(self) -> Counter[str]:
        """The labels of all entities so far, ignored ones included."""
        return self.pipeline.labels

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Label the documents: one pair for each, in order."""
        how = Cutting("sentence", self._sentences, lambda language: "" if spaceless(language) else " ")
        return by_part(pairs, self.pipeline.run_pairs, how)

    def _sentences(self, target: Sentence) -> list[Span]:
        """The ranges of words of the sentences."""
        return list(pairwise([0, *_cuts(target, self.splitter), len(target)]))


def _cuts(target: Sentence, splitter: Splitter) -> list[int]:
    """The numbers of the words with which new sentences begin."""
    whole = target.with_text()
    text, offsets = whole.text or "", whole.offsets or ()
    kept = [*verbatim_spans(text), *(span for e in target.entities if (span := whole.char_span(e)) is not None)]
    cuts: list[int] = []
    position = word = 0
    for part in splitter(text)[:-1]:
        position += len(part)
        if any(start < position < end for start, end in kept):
            continue
        while word < len(offsets) and offsets[word][0] < position:
            word += 1
        if word > (cuts[-1] if cuts else 0) and word < len(offsets):
            cuts.append(word)
    return cuts
