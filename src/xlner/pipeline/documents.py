"""Run a pipeline over the sentences of documents, and put its results together again: one pair for each document."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.text.languages import spaceless
from xlner.text.sentence_splitter import split_sentences
from xlner.text.verbatim import verbatim_spans

Splitter = Callable[[str], Sequence[str]]
"""Cuts a text into sentences. Joined, they must be the text again."""


class SentencePipeline(Protocol):
    """A pipeline that gives one pair for each pair."""

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on."""

    @property
    def labels(self) -> Counter[str]:
        """The labels of all entities so far."""

    def run_pairs(self, pairs: Iterable[Pair | InputError], /) -> Iterator[Pair]:
        """One pair for each pair, in order."""


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

    def __init__(self, pipeline: SentencePipeline, splitter: Splitter = split_sentences) -> None:
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
        waiting: deque[tuple[Pair | InputError, list[_Part]]] = deque()

        def sentences() -> Iterator[Pair | InputError]:
            for document in pairs:
                parts = [] if isinstance(document, InputError) else _parts(document, self.splitter)
                waiting.append((document, parts))
                yield from (part.pair for part in parts)
                if not parts:
                    yield document

        done: list[Pair] = []
        for result in self.pipeline.run_pairs(sentences()):
            document, parts = waiting[0]
            done.append(result)
            if len(done) >= len(parts):
                waiting.popleft()
                yield result if isinstance(document, InputError) or not parts else _joined(document, parts, done)
                done = []


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence of a document, and the number of words before it."""

    pair: Pair
    start: int


def _parts(document: Pair, splitter: Splitter) -> list[_Part]:
    """The sentences of a document; none if it is not to be cut."""
    target = document.target
    if document.error is not None or document.source is not None:
        return []
    ends = [*_cuts(target, splitter), len(target)]
    if len(ends) == 1:
        return []
    parts = []
    start = 0
    for end in ends:
        parts.append(_Part(replace(document, target=_slice(target, start, end)), start))
        start = end
    return parts


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


def _slice(target: Sentence, start: int, end: int) -> Sentence:
    """The words from `start` to `end` as a sentence of their own."""
    entities = [_shifted(e, -start) for e in target.entities if start <= e.start and e.end <= end]
    tokens = target.tokens[start:end]
    if target.text is None or target.offsets is None:
        return replace(target, tokens=tokens, entities=tuple(entities))
    first, last = target.offsets[start][0], target.offsets[end - 1][1]
    offsets = tuple((a - first, b - first) for a, b in target.offsets[start:end])
    return replace(target, tokens=tokens, entities=tuple(entities), text=target.text[first:last], offsets=offsets)


def _joined(document: Pair, parts: Sequence[_Part], done: Sequence[Pair]) -> Pair:
    """The pair of a document from those of its sentences."""
    sources = _source_starts(done)
    errors = [f"sentence {k} of {len(done)}: {pair.error}" for k, pair in enumerate(done, start=1) if pair.error]
    source = _joined_source([pair.source for pair in done if pair.source is not None])
    return replace(
        document,
        source=source,
        alignment=_joined_links(parts, done, sources),
        projection=_joined_projection(document, parts, done, sources),
        error="; ".join(errors) or None,
    )


def _source_starts(done: Sequence[Pair]) -> list[int]:
    """The number of source words before each sentence."""
    starts = [0]
    for pair in done:
        starts.append(starts[-1] + len(pair.source or ()))
    return starts[:-1]


def _joined_source(sources: Sequence[Sentence]) -> Sentence | None:
    if not sources:
        return None
    tokens: list[str] = []
    entities: list[Entity] = []
    offsets: list[Span] = []
    text = ""
    for sentence in sources:
        if text and not spaceless(sentence.language):
            text += " "
        entities += [_shifted(entity, len(tokens)) for entity in sentence.entities]
        tokens += sentence.tokens
        offsets += [(a + len(text), b + len(text)) for a, b in sentence.offsets or ()]
        text += sentence.text or ""
    has_text = all(sentence.text is not None for sentence in sources)
    return replace(
        sources[0],
        tokens=tuple(tokens),
        entities=tuple(entities),
        text=text if has_text else None,
        offsets=tuple(offsets) if has_text else None,
        meta=_joined_meta(sources),
    )


def _joined_meta(sentences: Sequence[Sentence]) -> dict[str, object]:
    """The first value of each field, and all values of lists, such as translation warnings."""
    meta: dict[str, object] = {}
    for sentence in sentences:
        for name, value in sentence.meta.items():
            known = meta.setdefault(name, value)
            if known is not value and isinstance(known, list) and isinstance(value, list):
                meta[name] = list(dict.fromkeys([*known, *value]))
    return meta


def _joined_links(parts: Sequence[_Part], done: Sequence[Pair], sources: Sequence[int]) -> Alignment | None:
    aligned = [
        (pair.alignment, start, part.start)
        for pair, start, part in zip(done, sources, parts, strict=True)
        if pair.alignment is not None
    ]
    if not aligned:
        return None
    links = tuple((s + before, t + start) for found, before, start in aligned for s, t in found.links)
    weighted = all(found.weights is not None or not found.links for found, _, _ in aligned)
    weights = tuple(w for found, _, _ in aligned for w in found.weights or ()) if weighted else None
    return Alignment(links, weights if links else None)


def _joined_projection(
    document: Pair, parts: Sequence[_Part], done: Sequence[Pair], sources: Sequence[int]
) -> Projection | None:
    made = [
        (pair.projection, before, part.start)
        for pair, before, part in zip(done, sources, parts, strict=True)
        if pair.projection is not None
    ]
    if not made:
        return None
    entities = [_shifted(entity, start) for found, _, start in made for entity in found.sentence.entities]
    outcomes = tuple(_outcome(o, before, start) for found, before, start in made for o in found.outcomes)
    solvers = {found.solver for found, _, _ in made if found.solver is not None}
    objectives = [found.objective for found, _, _ in made if found.objective is not None]
    return Projection(
        document.target.with_entities(entities),
        outcomes,
        solvers.pop() if len(solvers) == 1 else None,
        sum(objectives) if objectives else None,
    )


def _outcome(outcome: Outcome, before: int, start: int) -> Outcome:
    projected = tuple(_shifted(entity, start) for entity in outcome.projected)
    return replace(outcome, entity=_shifted(outcome.entity, before), projected=projected)


def _shifted(entity: Entity, words: int) -> Entity:
    return replace(entity, start=entity.start + words, end=entity.end + words)
