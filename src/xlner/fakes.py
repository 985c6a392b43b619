"""Stages without models, for tests of code that uses xlner: predictable, instant, with nothing to install.

>>> from xlner import Pipeline
>>> pipeline = Pipeline(
...     EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), "greedy", target_lang="gl"
... )
>>> [pair.labeled.tags() for pair in pipeline.run_texts(["Ana vive en Vigo."])]
[['O', 'O', 'O', 'B-LOC', 'O']]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlner.core.alignment import Alignment, Link
from xlner.core.entity import Entity
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError, StageError


class EchoTranslator:
    """Gives every text back as it is. `fail_on` makes texts with that word raise `StageError`."""

    def __init__(self, *, fail_on: str | None = None) -> None:
        self.fail_on = fail_on

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """The same texts."""
        for text in texts:
            if self.fail_on is not None and self.fail_on in text.split():
                raise StageError(f"the echo translator was told to fail on {self.fail_on!r}")
        return list(texts)


class DictionaryTranslator:
    """Replaces word by word, separated by spaces, and leaves unknown words as they are.

    `words` is a mapping or a file with two columns, tab between them.

    >>> DictionaryTranslator({"vive": "lives"}).translate(["Ana vive"], from_lang="gl", to_lang="en")
    ['Ana lives']
    """

    def __init__(self, words: Mapping[str, str] | str) -> None:
        self.words = _table(words) if isinstance(words, str) else dict(words)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Word-by-word translations."""
        return [" ".join(self.words.get(word, word) for word in text.split()) for text in texts]


class DictionaryRecognizer:
    """Finds names from a list, the longest first, and nothing else.

    `names` maps names (words separated by spaces) to labels; or a file with two columns, tab between them.

    >>> DictionaryRecognizer({"New York": "LOC"}).recognize([Sentence(("In", "New", "York"))])
    [[Entity(start=1, end=3, label='LOC', score=None)]]
    """

    def __init__(self, names: Mapping[str, str] | str) -> None:
        table = _table(names) if isinstance(names, str) else names
        self.names = {tuple(name.split()): label for name, label in table.items()}
        self._lengths = sorted({len(name) for name in self.names}, reverse=True)

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The names in each sentence."""
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
        """The length and label of the longest name that begins here; one word without a label where none does."""
        for n in self._lengths:
            name = tuple(tokens[position : position + n])
            if name in self.names:
                return len(name), self.names[name]
        return 1, None


class OracleAligner:
    """Knows the links of given sentence pairs; links any other pair word for word from the left.

    `links` maps `(source tokens, target tokens)` to links.

    >>> OracleAligner().align([Pair(Sentence(("a", "b")), Sentence(("A",)))])[0].links
    ((0, 0),)
    """

    def __init__(self, links: Mapping[tuple[tuple[str, ...], tuple[str, ...]], Sequence[Link]] | None = None) -> None:
        self.links = dict(links or {})

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair."""
        return [self._align_one(pair) for pair in pairs]

    def _align_one(self, pair: Pair) -> Alignment:
        source = pair.source.tokens if pair.source else ()
        known = self.links.get((source, pair.target.tokens))
        if known is None:
            known = [(i, i) for i in range(min(len(source), len(pair.target)))]
        return Alignment(tuple(known))


def _table(path: str) -> dict[str, str]:
    table = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        key, tab, value = line.partition("\t")
        if not tab or not value.strip():
            raise InputError("expected two columns with a tab between them", path=path, line=number)
        table[key.strip()] = value.strip()
    return table
