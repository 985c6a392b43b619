"""The sentences of a page: what was read, and how it compares with gold sentences."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from xlner.core.pair import Pair, PairError
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.evaluation.errors import JudgedSentence, judged_sentences


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A sentence with its number from 1; `judged` is its comparison with gold entities, if there are any.

    >>> ShownSentence(1, Pair(Sentence(("Vigo",)))).warnings
    ()
    """

    number: int
    pair: Pair
    judged: JudgedSentence | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The translation warnings of its source."""
        found = self.pair.source.meta.get("translation_warnings") if self.pair.source is not None else None
        return tuple(map(str, found)) if isinstance(found, (list, tuple)) else ()


def shown_sentences(
    items: Iterable[Pair | Sentence | InputError], gold: Iterable[Sentence] | None = None, ignore: Collection[str] = ()
) -> Iterator[ShownSentence]:
    """Number the sentences, and compare those that have words with gold sentences.

    What could not be read is a sentence with an error. Raises `InputError` where the words of both sides differ.

    >>> from xlner import Entity
    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> [s.judged.counts.correct for s in shown_sentences([Sentence(()), vigo], [vigo]) if s.judged]
    [1]
    """
    pairs = (_pair(item) for item in items)
    if gold is None:
        for number, pair in enumerate(pairs, start=1):
            yield ShownSentence(number, pair)
        return
    waiting: deque[ShownSentence] = deque()

    def with_words() -> Iterator[Pair]:
        for number, pair in enumerate(pairs, start=1):
            waiting.append(ShownSentence(number, pair))
            if pair.target.tokens:
                yield _labeled(pair)

    for judged in judged_sentences(gold, with_words(), ignore=ignore):
        while not waiting[0].pair.target.tokens:
            yield waiting.popleft()
        found = waiting.popleft()
        yield ShownSentence(found.number, found.pair, judged)
    yield from waiting


def _labeled(pair: Pair) -> Pair:
    """The pair; a labeled sentence without projection counts as what was predicted."""
    if pair.projection is not None or pair.error is not None:
        return pair
    from xlner.core.pair import Projection

    return Pair(pair.target, pair.source, pair.alignment, Projection(pair.target, ()))


def _pair(item: Pair | Sentence | InputError) -> Pair:
    if isinstance(item, PairError):
        return Pair(item.target.with_entities(()), error=str(item))
    if isinstance(item, InputError):
        return Pair(Sentence(()), error=str(item))
    if isinstance(item, Sentence):
        error = item.meta.get("error")
        return Pair(item, error=None if error is None else str(error))
    return item
