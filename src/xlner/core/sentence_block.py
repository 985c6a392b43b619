"""Many labeled sentences as arrays, for what needs no sentence of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from sys import intern
from typing import TYPE_CHECKING

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SentenceBlock:
    """Sentences with one word or more, their words and their entities. They have no text, no identifier and no meta.

    - `words`: all words in UTF-8, each with a line feed after it.
    - `lengths`: the number of words of each sentence.
    - `starts`, `ends`: the first word of each entity and the word after its last one, counted through the block. The
      entities are sorted; each is inside of one sentence, and they do not overlap.
    - `labels`: the label of each entity as a position in `names`.
    - `lines`: the first line of each sentence in its file.
    - `language`: that of all sentences.

    >>> import numpy as np
    >>> entity = [np.array([k]) for k in (1, 2, 0)]
    >>> block = SentenceBlock(b"Ana\\nVigo\\n", np.array([1, 1]), *entity, ("LOC",), np.array([1, 3]))
    >>> [sentence.tags() for sentence in block.sentences()]
    [['O'], ['B-LOC']]
    """

    words: bytes
    lengths: Ints
    starts: Ints
    ends: Ints
    labels: Ints
    names: tuple[str, ...]
    lines: Ints
    language: str | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def sentences(self) -> Iterator[Sentence]:
        """The sentences one by one."""
        words = self.words.decode("utf-8").split("\n")
        at = 0
        for length, found in zip(self.lengths.tolist(), self.entities(), strict=True):
            end = at + length
            yield Sentence(tuple(words[at:end]), found, language=self.language)
            at = end

    def at(self, numbers: Ints) -> Iterator[Sentence]:
        """The sentences with these numbers, from 0 and in order. Equal words are one object, so that many can be kept.

        >>> import numpy as np
        >>> entity = [np.array([k]) for k in (1, 2, 0)]
        >>> block = SentenceBlock(b"Ana\\nVigo\\n", np.array([1, 1]), *entity, ("LOC",), np.array([1, 3]))
        >>> [sentence.tags() for sentence in block.at(np.array([1]))]
        [['B-LOC']]
        """
        import numpy as np

        words = self.words.decode("utf-8").split("\n")
        ends = np.cumsum(self.lengths)[numbers].tolist()
        lengths = self.lengths[numbers].tolist()
        for end, length, found in zip(ends, lengths, self.entities_at(numbers), strict=True):
            yield Sentence(tuple(map(intern, words[end - length : end])), found, language=self.language)

    def entities_at(self, numbers: Ints) -> Iterator[tuple[Entity, ...]]:
        """The entities of the sentences with these numbers."""
        import numpy as np

        ends = np.cumsum(self.lengths)
        firsts = ends - self.lengths
        bounds = (firsts, self.starts.searchsorted(firsts), self.starts.searchsorted(ends))
        for first, start, stop in zip(*(bound[numbers].tolist() for bound in bounds), strict=True):
            spans = zip(*(column[start:stop].tolist() for column in (self.starts, self.ends, self.labels)), strict=True)
            yield tuple(Entity(a - first, b - first, self.names[label]) for a, b, label in spans)

    def entities(self) -> Iterator[tuple[Entity, ...]]:
        """The entities of each sentence."""
        starts, ends = self.inside_sentences()
        labels = [self.names[label] for label in self.labels.tolist()]
        entities = map(Entity, starts.tolist(), ends.tolist(), labels)
        for count in self.per_sentence():
            yield tuple(islice(entities, count)) if count else ()

    def per_sentence(self) -> list[int]:
        """The number of entities of each sentence."""
        import numpy as np

        ends = np.cumsum(self.lengths)
        counts: list[int] = np.bincount(ends.searchsorted(self.starts, side="right"), minlength=len(self)).tolist()
        return counts

    def inside_sentences(self) -> tuple[Ints, Ints]:
        """The starts and the ends of the entities, counted in their sentences."""
        import numpy as np

        first = np.cumsum(self.lengths) - self.lengths
        offsets = first[first.searchsorted(self.starts, side="right") - 1]
        return self.starts - offsets, self.ends - offsets

    def quoted_words(self, quote: Callable[[str], str]) -> list[str]:
        """For each sentence its words as strings of JSON, without the first and the last quotation mark.

        `quote` makes a string of JSON. No word may have a backslash.

        >>> import numpy as np
        >>> none = np.zeros(0, dtype=np.int64)
        >>> block = SentenceBlock(b"Ana\\nen\\nVigo\\n", np.array([2, 1]), none, none, none, (), np.array([1, 4]))
        >>> import json
        >>> block.quoted_words(json.dumps)
        ['Ana", "en', 'Vigo']
        """
        import numpy as np

        codes = np.frombuffer(self.words, np.uint8).copy()
        codes[np.flatnonzero(codes == ord("\n"))[np.cumsum(self.lengths) - 1]] = 0
        text = quote(codes.tobytes().decode("utf-8"))[1:-1]
        return text.replace("\\n", '", "').split("\\u0000")[:-1]

    def counts(self) -> dict[str, int]:
        """The number of entities with each label that any has."""
        import numpy as np

        counts = np.bincount(self.labels, minlength=len(self.names)).tolist()
        return {name: count for name, count in zip(self.names, counts, strict=True) if count}

    def with_entities(self, starts: Ints, ends: Ints, labels: Ints) -> SentenceBlock:
        """The same sentences with these entities."""
        return replace(self, starts=starts, ends=ends, labels=labels)

    def cut(self, count: int) -> tuple[SentenceBlock, SentenceBlock]:
        """The first sentences and the other ones.

        >>> import numpy as np
        >>> none = np.zeros(0, dtype=np.int64)
        >>> block = SentenceBlock(b"Ana\\nVigo\\n", np.array([1, 1]), none, none, none, (), np.array([1, 3]))
        >>> [part.words for part in block.cut(1)]
        [b'Ana\\n', b'Vigo\\n']
        """
        words = int(self.lengths[:count].sum())
        entities = int(self.starts.searchsorted(words))
        at = _after_lines(self.words, words)
        first = replace(
            self,
            words=self.words[:at],
            lengths=self.lengths[:count],
            starts=self.starts[:entities],
            ends=self.ends[:entities],
            labels=self.labels[:entities],
            lines=self.lines[:count],
        )
        second = replace(
            self,
            words=self.words[at:],
            lengths=self.lengths[count:],
            starts=self.starts[entities:] - words,
            ends=self.ends[entities:] - words,
            labels=self.labels[entities:],
            lines=self.lines[count:],
        )
        return first, second

    def with_names(self, names: Sequence[str | None]) -> SentenceBlock:
        """The same sentences with other labels; entities whose label is None are left out."""
        import numpy as np

        kept = [name for name in dict.fromkeys(names) if name is not None]
        number = np.array([-1 if name is None else kept.index(name) for name in names], dtype=np.int64)
        labels = number[self.labels]
        keep = labels >= 0
        return replace(self, starts=self.starts[keep], ends=self.ends[keep], labels=labels[keep], names=tuple(kept))


def one_by_one(items: Iterable[Sentence | SentenceBlock]) -> Iterator[Sentence]:
    """The sentences of blocks one by one.

    >>> list(one_by_one([Sentence(("Vigo",))]))[0].tokens
    ('Vigo',)
    """
    for item in items:
        if isinstance(item, Sentence):
            yield item
        else:
            yield from item.sentences()


def _after_lines(data: bytes, count: int) -> int:
    """The position after so many lines."""
    import numpy as np

    if not count:
        return 0
    return int(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))[count - 1]) + 1
