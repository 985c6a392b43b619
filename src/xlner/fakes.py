"""Stages without models, for tests of code that uses xlner: predictable, instant, with nothing to install.

>>> from xlner import Pipeline
>>> pipeline = Pipeline(
...     EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), "greedy", target_lang="gl"
... )
>>> [pair.labeled.tags() for pair in pipeline.run_texts(["Ana vive en Vigo."])]
[['O', 'O', 'O', 'B-LOC', 'O']]
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlner.core.alignment import Alignment, Link
from xlner.core.entity import Entity
from xlner.core.lines import read_lines
from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import InputError, StageError


@dataclass(frozen=True, slots=True)
class EchoOptions:
    """Options of `EchoTranslator`.

    >>> EchoOptions("no").fail_on
    'no'
    """

    fail_on: str | None = None
    die_on: str | None = None


class EchoTranslator:
    """Returns every text unchanged.

    - `fail_on`: a word; texts that have it raise `StageError`.
    - `die_on`: a word; texts that have it end the process at once, as a crash of a library does.

    >>> EchoTranslator().translate(["Ana vive"], from_lang="gl", to_lang="en")
    ['Ana vive']
    """

    def __init__(self, *, fail_on: str | None = None, die_on: str | None = None) -> None:
        self.options = EchoOptions(fail_on, die_on)

    @property
    def fingerprint(self) -> str:
        """The name of the class and the options."""
        return options_fingerprint(type(self).__qualname__, self.options)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Return the same texts. Raises `StageError` for the first text with the word `fail_on`."""
        fail_on, die_on = self.options.fail_on, self.options.die_on
        for text in texts:
            if die_on is not None and die_on in text.split():
                os._exit(1)
            if fail_on is not None and fail_on in text.split():
                raise StageError(f"the echo translator was told to fail on {fail_on!r}")
        return list(texts)


class DictionaryTranslator:
    """Replaces words, split at spaces, and keeps unknown ones.

    - `words`: a mapping, or a file with a word, a tab and its translation on each line.

    Raises `InputError` for a file that cannot be read.

    >>> DictionaryTranslator({"vive": "lives"}).translate(["Ana vive"], from_lang="gl", to_lang="en")
    ['Ana lives']
    """

    def __init__(self, words: Mapping[str, str] | str) -> None:
        self.words = _table(words) if isinstance(words, str) else dict(words)

    @property
    def fingerprint(self) -> str:
        """The name of the class and a hash of the dictionary."""
        return _fingerprint(self, self.words)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Return word-by-word translations."""
        return [" ".join(self.words.get(word, word) for word in text.split()) for text in texts]


class DictionaryRecognizer:
    """Finds the entities of a list, the longest first, and nothing else.

    - `names`: a mapping of entities (words separated by spaces) to labels, or a file with an entity, a tab and its
      label on each line.

    Raises `InputError` for a file that cannot be read.

    >>> DictionaryRecognizer({"New York": "LOC"}).recognize([Sentence(("In", "New", "York"))])
    [[Entity(start=1, end=3, label='LOC', score=None)]]
    """

    def __init__(self, names: Mapping[str, str] | str) -> None:
        table = _table(names) if isinstance(names, str) else names
        self.names = {tuple(name.split()): label for name, label in table.items()}
        self._lengths = sorted({len(name) for name in self.names}, reverse=True)

    @property
    def fingerprint(self) -> str:
        """The name of the class and a hash of the list."""
        return _fingerprint(self, {" ".join(name): label for name, label in self.names.items()})

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence."""
        return [self._find(sentence.tokens) for sentence in sentences]

    def _find(self, tokens: Sequence[str]) -> list[Entity]:
        entities: list[Entity] = []
        position = 0
        while position < len(tokens):
            words, label = self._longest_at(tokens, position)
            if label is not None:
                entities.append(Entity(position, position + words, label))
            position += words
        return entities

    def _longest_at(self, tokens: Sequence[str], position: int) -> tuple[int, str | None]:
        """The length in words and the label of the longest entity that begins here; 1 and None if there is none."""
        for n in self._lengths:
            name = tuple(tokens[position : position + n])
            if name in self.names:
                return len(name), self.names[name]
        return 1, None


class OracleAligner:
    """Knows the links of given sentence pairs, and links all other pairs word by word from the left.

    - `links`: a mapping of `(source tokens, target tokens)` to links.

    >>> OracleAligner().align([Pair(Sentence(("a", "b")), Sentence(("A",)))])[0].links
    ((0, 0),)
    """

    def __init__(self, links: Mapping[tuple[tuple[str, ...], tuple[str, ...]], Sequence[Link]] | None = None) -> None:
        self.links = dict(links or {})

    @property
    def fingerprint(self) -> str:
        """The name of the class and a hash of the links."""
        known = {"\n".join((*source, "", *target)): str(list(links)) for (source, target), links in self.links.items()}
        return _fingerprint(self, known)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair."""
        return [self._align_one(pair) for pair in pairs]

    def _align_one(self, pair: Pair) -> Alignment:
        source = pair.source.tokens if pair.source else ()
        known = self.links.get((source, pair.target.tokens))
        if known is None:
            known = [(i, i) for i in range(min(len(source), len(pair.target)))]
        return Alignment(tuple(known))


def _fingerprint(stage: object, content: Mapping[str, str]) -> str:
    return f"{type(stage).__qualname__} {Digest(text for item in sorted(content.items()) for text in item).hexdigest()}"


def _table(path: str) -> dict[str, str]:
    table = {}
    for number, line in read_lines(path):
        if isinstance(line, InputError):
            raise line
        if not line.strip():
            continue
        key, tab, value = line.partition("\t")
        if not tab or not value.strip():
            raise InputError("expected two columns with a tab between them", path=path, line=number)
        table[key.strip()] = value.strip()
    return table
