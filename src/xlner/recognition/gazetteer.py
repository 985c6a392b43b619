"""Recognition with a list of entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from unicodedata import normalize

from xlner.core.entity import Entity
from xlner.core.lines import read_lines
from xlner.core.options import options_fingerprint
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import InputError, MissingArgumentError, UnknownNameError
from xlner.text.spelling import fold_case
from xlner.text.suggestions import names_hint
from xlner.text.tokenizer import tokenize

_CASES = ("exact", "ignore")

_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GazetteerOptions:
    """Options of `GazetteerRecognizer`; see there."""

    case: str = "exact"


class GazetteerRecognizer:
    """Finds the entities of a list wherever whole words of a sentence match one: leftmost first, then longest.

    - `names`: a file with an entity and its label on each line, separated by a tab. If an entity occurs twice, the
      first label counts.
    - `case`: `exact` or `ignore`.

    An entity is found whether the sentence is split into words by the default tokenizer or at white space. Composed and
    decomposed characters are the same. Reading 300,000 entities takes about a second, and the time per sentence does
    not depend on their number.

    Raises `MissingArgumentError` without a file, `InputError` if the file cannot be read or has no entities, and
    `UnknownNameError` for an unknown `case`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".tsv") as file:
    ...     _ = file.write("New York\\tLOC\\nYork\\tLOC\\n"), file.flush()
    ...     GazetteerRecognizer(file.name).recognize([Sentence(("In", "New", "York"))])
    [[Entity(start=1, end=3, label='LOC', score=None)]]
    """

    def __init__(self, names: str | None = None, *, case: str = "exact") -> None:
        if names is None:
            raise MissingArgumentError("gazetteer needs a file of entities", hint="write gazetteer:FILE")
        if case not in _CASES:
            raise UnknownNameError(f"unknown case {case!r}", hint=names_hint(case, _CASES, "one of"))
        self.options = GazetteerOptions(case)
        self._labels: dict[_Words, str] = {}
        for name, label in _read(names):
            for words in {tuple(name.split()), tuple(name[a:b] for a, b in tokenize(name))}:
                self._labels.setdefault(self._normalized(words), label)
        if not self._labels:
            raise InputError("has no entities", path=names, hint="write an entity, a tab and its label on each line")
        self._max_words: dict[str, int] = {}
        """The number of words in the longest entity that starts with a word."""
        for words in self._labels:
            self._max_words[words[0]] = max(len(words), self._max_words.get(words[0], 0))

    @cached_property
    def fingerprint(self) -> str:
        """The options and a hash of the list."""
        names = Digest(f"{label}\t{' '.join(words)}" for words, label in self._labels.items())
        return f"{options_fingerprint('gazetteer', self.options)}&names={names.hexdigest()}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence."""
        return [list(self._find(self._normalized(sentence.tokens))) for sentence in sentences]

    def _normalized(self, words: Sequence[str]) -> _Words:
        composed = (word if word.isascii() else normalize("NFC", word) for word in words)
        return tuple(map(fold_case, composed)) if self.options.case == "ignore" else tuple(composed)

    def _find(self, words: _Words) -> Iterator[Entity]:
        start = 0
        while start < len(words):
            last = min(start + self._max_words.get(words[start], 0), len(words))
            end = next((end for end in range(last, start, -1) if words[start:end] in self._labels), None)
            if end is not None:
                yield Entity(start, end, self._labels[words[start:end]])
            start = end or start + 1


def _read(path: str) -> Iterator[tuple[str, str]]:
    """Yield the entities and labels of a file. Raises `InputError` with the line for anything else."""
    for number, line in read_lines(path):
        if isinstance(line, InputError):
            raise line
        if not line.strip():
            continue
        name, tab, label = line.partition("\t")
        if not (tab and name.strip() and label.split() == [label.strip()]):
            raise InputError(
                "expected an entity and a label without spaces, separated by a tab", path=path, line=number
            )
        yield name.strip(), label.strip()
