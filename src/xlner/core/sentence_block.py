"""Many labeled sentences as arrays, for what needs no sentence of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
        entities = self.entities()
        at = 0
        for length, found in zip(self.lengths.tolist(), entities, strict=True):
            yield Sentence(tuple(words[at : at + length]), tuple(found), language=self.language)
            at += length

    def entities(self) -> Iterator[list[Entity]]:
        """The entities of each sentence."""
        import numpy as np

        first = np.cumsum(self.lengths) - self.lengths
        counts = np.bincount(np.searchsorted(first, self.starts, side="right") - 1, minlength=len(self)).tolist()
        offsets = np.repeat(first, counts)
        columns = zip(
            (self.starts - offsets).tolist(), (self.ends - offsets).tolist(), self.labels.tolist(), strict=True
        )
        for count in counts:
            yield [Entity(start, end, self.names[label]) for start, end, label in (next(columns) for _ in range(count))]

    def used_names(self) -> set[str]:
        """The labels that an entity has."""
        import numpy as np

        return {self.names[label] for label in np.unique(self.labels).tolist()}

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


def _after_lines(data: bytes, count: int) -> int:
    """The position after so many lines."""
    import numpy as np

    if not count:
        return 0
    return int(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))[count - 1]) + 1
