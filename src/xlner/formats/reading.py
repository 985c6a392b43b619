"""What all readers share: their options and their reports."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.core.tags import Repair, Scheme
from xlner.errors import DataWarning, InputError
from xlner.formats.columns import Columns
from xlner.text.counts import counted
from xlner.text.tokenizer import Segmenter

Read = TypeVar("Read")
Item = Sentence | InputError
"""A sentence, or the reason why it could not be read."""
WORDS = ("tokenizer", "spaces")
"""How text can become words: by the default tokenizer, or at spaces."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read labeled sentences.

    - `scheme`, `repair`: how to decode tags, see `xlner.core.tags.decode`.
    - `require_tags`: refuse sentences without labels.
    - `language`: a language code for all sentences.
    - `tag_names`: the names of numeric tags, in order.
    - `columns`: the columns of the words and the tags of CoNLL.
    - `words`, `segmenter`: how text becomes words, see `xlner.Sentence.from_text`.

    >>> ReadOptions(scheme="IOB2").require_tags
    False
    """

    scheme: Scheme | str = Scheme.AUTO
    repair: Repair | str = Repair.CONLLEVAL
    require_tags: bool = False
    language: str | None = None
    tag_names: tuple[str, ...] | None = None
    columns: Columns | None = None
    words: str = WORDS[0]
    segmenter: Segmenter | None = None

    def sentence(self, text: str, language: str | None = None, id: str | None = None) -> Sentence:
        """The sentence of a text, split into words as these options say. Their language goes before the given one."""
        language = self.language or language
        return Sentence.from_text(text, language=language, id=id, segmenter=self.segmenter, words=self.words)


@dataclass(slots=True)
class ReadReport:
    """Counts that a reader keeps while reading: sentences, sentences with errors, and repaired tags.

    >>> from xlner.formats import jsonl
    >>> report = ReadReport()
    >>> sentences = list(jsonl.read([(1, '{"tokens": ["a"], "tags": ["I-LOC"]}'), (2, "{")], report=report))
    >>> report
    ReadReport(sentences=1, bad=1, repaired_tags=1)
    """

    sentences: int = 0
    bad: int = 0
    repaired_tags: int = 0
    iob1: bool | None = field(default=None, repr=False, compare=False)
    """True if all tags are valid IOB1, with a `B-` that parts entities; None if they are so without such a `B-`."""
    line: int | None = field(default=None, repr=False, compare=False)
    """The first line of the sentence that was read last, in formats with lines."""
    words: str | None = field(default=None, repr=False)
    """How text was split into words, if given links decided it."""
    unsettled: bool = field(default=False, repr=False, compare=False)
    """Whether sentences to come can still decide how those after them are read."""

    def note_scheme(self, tags: Sequence[str], entities: Sequence[Entity]) -> None:
        """Note whether the tags of a sentence are IOB1."""
        if self.iob1 is False:
            return
        before: Entity | None = None
        for entity in entities:
            parts = before is not None and (before.end, before.label) == (entity.start, entity.label)
            if [tag[:1] for tag in tags[entity.start : entity.end]] != ["BI"[not parts], *"I" * (len(entity) - 1)]:
                self.iob1 = False
                return
            self.iob1 = self.iob1 or parts or None
            before = entity

    @property
    def out_of_place(self) -> int:
        """The number of repaired tags; 0 if all tags are certainly IOB1."""
        return 0 if self.iob1 else self.repaired_tags


def numbered(items: Iterable[Read | InputError]) -> Iterator[Read | InputError]:
    """Yield the items of a reader, one for each sentence; an error without the number of its sentence gets it.

    >>> str(next(numbered([InputError("byte 5 is not UTF-8", path="a.txt", line=1)])))
    'a.txt:1 (sentence 1): byte 5 is not UTF-8'
    """
    for number, item in enumerate(items, start=1):
        if isinstance(item, InputError):
            if item.sentence is None:
                item.sentence = number
            without_frames(item)
        yield item


def without_frames(error: InputError) -> InputError:
    """The error without the frames that it passed: they hold the reader, and so the open file.

    >>> without_frames(InputError("bad line", line=2)).__traceback__ is None
    True
    """
    error.__context__ = None
    return error.with_traceback(None)


def raise_errors(items: Iterable[Read | InputError]) -> Iterator[Read]:
    """Yield the items of a reader, but raise an `InputError` instead of yielding it; the reader is closed then.

    >>> list(raise_errors([Sentence(("Ola",)), InputError("bad line", line=2)]))
    Traceback (most recent call last):
    xlner.errors.InputError: line 2: bad line
    """
    items = iter(items)
    for item in items:
        if isinstance(item, InputError):
            try:
                raise item
            finally:
                # The error holds the frames that it passes, and these the reader and the error: nothing would close the
                # file but the garbage collector.
                del item
                if isinstance(items, Generator):
                    items.close()
                del items
        yield item


def warn_of_widened(path: str | Path, count: int, one: str, many: str) -> None:
    """Warn that entities were widened to whole words."""
    what = counted(count, one, many)
    verbs = ("begins or ends", "covers") if count == 1 else ("begin or end", "cover")
    warn_of_data(f"{path}: {what} {verbs[0]} inside a word, and now {verbs[1]} all of it")


def warn_of_data(message: str) -> None:
    """Warn with a `DataWarning`: something was assumed or changed."""
    warnings.warn(message, DataWarning, stacklevel=2)
