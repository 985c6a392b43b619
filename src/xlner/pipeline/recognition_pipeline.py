"""Label sentences with a recognizer of their own language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from xlner._version import __version__
from xlner.core.entity import Entity
from xlner.core.entity_edges import trimmed
from xlner.core.labels import without_labels
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.core.stage_results import entities_of
from xlner.errors import InputError, ValidationError
from xlner.pipeline.cells import by_cell
from xlner.pipeline.distinct import each_distinct
from xlner.pipeline.isolation import windows
from xlner.pipeline.stage_runner import DEFAULT_BATCH_WORDS, DEFAULT_WINDOW, StageRunner, build_stage, unread
from xlner.pipeline.texts import sentences_of
from xlner.stages import Recognizer, check_stopped, fingerprint_of, recognize_each
from xlner.text.languages import canonical


class RecognitionPipeline:
    """Labels sentences directly, without translation and projection.

    With a multilingual model that was trained on other languages this is zero-shot transfer. Existing labels are
    replaced.

    - `lang`: the language of the sentences.
    - `ignore`: labels of entities to leave out.
    - `min_confidence`: leave out entities with a lower score; those without a score stay.
    - `window`, `batch_words`: as for `Pipeline`.

    `labels` counts the labels of all entities so far, ignored ones included. Raises `UnknownNameError` for an unknown
    recognizer or option, `BackendError` if the recognizer cannot run here, and `ValidationError` for numbers out of
    range.

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
        min_confidence: float = 0.0,
        window: int = DEFAULT_WINDOW,
        batch_words: int = DEFAULT_BATCH_WORDS,
    ) -> None:
        if not 0 <= min_confidence <= 1:
            raise ValidationError(f"min_confidence {min_confidence} is not between 0 and 1")
        self.runner = StageRunner(window, batch_words)
        self.lang = canonical(lang)
        self.ignore = frozenset(ignore)
        self.min_confidence = min_confidence
        self.labels: Counter[str] = Counter()
        self.unsure = 0
        """Entities below `min_confidence` so far, ignored ones included."""
        self.recognizer: Recognizer = build_stage("recognizer", recognizer, language=self.lang)

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on."""
        ignored = f"ignore={','.join(sorted(self.ignore))}&min_confidence={self.min_confidence:g}"
        return f"xlner {__version__} recognition|{fingerprint_of(self.recognizer)}|{self.lang}|{ignored}"

    def run_texts(self, texts: Iterable[str]) -> Iterator[Pair]:
        """Label texts, one sentence each; see `run`. Raises `ValidationError` for a single string."""
        return self.run(sentences_of(texts, self.lang))

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """Label sentences: one pair per sentence, in order, with its entities or its error."""
        return self.run_pairs(s if isinstance(s, InputError) else Pair(s) for s in sentences)

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Label the targets of pairs: one result per pair, in order, with its entities or its error.

        The cells of a text with tabs are read one by one, see `xlner.pipeline.cells`. Raises `StoppedError` after the
        pairs of the window in which the recognizer stopped.
        """
        read = (unread(pair) if isinstance(pair, InputError) else pair for pair in pairs)
        plain = (Pair(pair.target.with_entities(()), error=pair.error) for pair in read)
        return by_cell(plain, self._run_cells)

    def _run_cells(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        for window in windows(pairs, self.runner.window):
            read = [unread(pair) if isinstance(pair, InputError) else pair for pair in window]
            yield from each_distinct(read, self._recognize)
            check_stopped(self.recognizer)

    def _recognize(self, pairs: list[Pair]) -> list[Pair]:
        def recognize(batch: Sequence[Pair]) -> Sequence[Sequence[Entity] | Exception]:
            return recognize_each(self.recognizer, [pair.target for pair in batch])

        def put(pair: Pair, entities: Sequence[Entity]) -> Pair:
            labeled = pair.target.with_entities(entities_of(entities))
            found = trimmed(pair.target, labeled.entities)
            self.labels.update(e.label for e in found)
            sure = [e for e in found if e.score is None or e.score >= self.min_confidence]
            self.unsure += len(found) - len(sure)
            kept = without_labels(sure, self.ignore)
            made = labeled if kept == labeled.entities else pair.target.with_entities(kept)
            return replace(pair, projection=Projection(made, ()))

        return self.runner.run("recognizer", recognize, pairs, lambda pair: True, put)
