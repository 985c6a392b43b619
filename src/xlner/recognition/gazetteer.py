"""Recognition with a list of names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from unicodedata import normalize

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import InputError, MissingArgumentError, UnknownNameError
from xlner.text.tokenizer import tokenize

_CASES = ("exact", "ignore")

_Words = tuple[str, ...]


class GazetteerRecognizer:
    """The names of a list, wherever whole words of a sentence spell one: from the left, the longest that begins there.

    `names` is a file with a name and its label on each line and a tab between them; of a name that is there twice the
    first label counts. A name is found whether the sentence is cut into words as the default tokenizer would, or at
    white space alone. `case` is `exact` or `ignore`. Letters and their composed forms are the same.

    Lists may be long: reading 300,000 names takes about a second, and the time for a sentence does not depend on their
    number.

    Raises `MissingArgumentError` without a file, `InputError` with the line where it cannot be read, `UnknownNameError`
    for an unknown `case`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".tsv") as file:
    ...     _ = file.write("New York\\tLOC\\nYork\\tLOC\\n"), file.flush()
    ...     GazetteerRecognizer(file.name).recognize([Sentence(("In", "New", "York"))])
    [[Entity(start=1, end=3, label='LOC', score=None)]]
    """

    name = "gazetteer"

    def __init__(self, names: str | None = None, *, case: str = "exact") -> None:
        if names is None:
            raise MissingArgumentError("gazetteer needs a file of names", hint="write gazetteer:FILE")
        if case not in _CASES:
            raise UnknownNameError(f"unknown case {case!r}", hint=f"one of {', '.join(_CASES)}")
        self._fold = case == "ignore"
        self._labels: dict[_Words, str] = {}
        for name, label in _read(names):
            for words in {tuple(name.split()), tuple(name[a:b] for a, b in tokenize(name))}:
                self._labels.setdefault(self._spelled(words), label)
        self._longest: dict[str, int] = {}
        for words in self._labels:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))

    @cached_property
    def fingerprint(self) -> str:
        """What the result depends on."""
        names = Digest(f"{label}\t{' '.join(words)}" for words, label in self._labels.items())
        return f"gazetteer {names.hexdigest()} case={'ignore' if self._fold else 'exact'}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The names in each sentence."""
        return [list(self._find(self._spelled(sentence.tokens))) for sentence in sentences]

    def _spelled(self, words: Sequence[str]) -> _Words:
        composed = (word if word.isascii() else normalize("NFC", word) for word in words)
        return tuple(word.casefold() for word in composed) if self._fold else tuple(composed)

    def _find(self, words: _Words) -> Iterator[Entity]:
        start = 0
        while start < len(words):
            longest = min(start + self._longest.get(words[start], 0), len(words))
            end = next((end for end in range(longest, start, -1) if words[start:end] in self._labels), None)
            if end is not None:
                yield Entity(start, end, self._labels[words[start:end]])
            start = end or start + 1


def _read(path: str) -> Iterator[tuple[str, str]]:
    """Names and labels of a file; raises `InputError` with the line of what is neither."""
    try:
        with Path(path).open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                name, tab, label = line.rstrip("\r\n").partition("\t")
                if not (tab and name.strip() and label.split() == [label.strip()]):
                    raise InputError(
                        "expected a name and a label without spaces, with a tab between them", path=path, line=number
                    )
                yield name.strip(), label.strip()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8", path=path) from None
