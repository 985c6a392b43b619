"""Translation with a lexicon: phrase by phrase, in the order of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xlner.core import lexicon
from xlner.core.entity import Span
from xlner.core.files import require_content
from xlner.core.lexicon import LexiconEntry
from xlner.core.lines import read_lines
from xlner.core.linked_translation import LinkedTranslation
from xlner.core.options import content_option, options_fingerprint
from xlner.core.signature import Digest
from xlner.errors import InputError, MissingArgumentError
from xlner.text.spelling import fold_case
from xlner.text.tokenizer import tokenize

_TAG = re.compile(r"</?\w+>")

_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LexiconOptions:
    """Options of `LexiconTranslator`."""

    file: str = content_option()


class LexiconTranslator:
    """Replaces words and phrases by their translations, the longest phrase first, and keeps everything else.

    Mayhew et al. 2017 call this cheap translation. Word order and inflection stay those of the text. But names and
    content words are where a recognizer or an aligner can find them, and no model is needed.

    - `file`: a word or phrase, a tab and its translation on each line. A third column is a weight: the translation with
      the highest weight is used, or the first of equals. `xlner lexicon` learns such a file from parallel text.

    A lexicon has one direction, and nothing in it says which. Text in another language stays unchanged. Letter case
    does not matter for the look-up; a translation gets the capitals of the original. Punctuation, tags such as `<a>`,
    and unknown words stay.

    Raises `MissingArgumentError` without a file, and `InputError` for a file that cannot be read, with the first bad
    line.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".tsv") as file:
    ...     _ = file.write("lives\\tvive\\nold town\\tcidade vella\\n"), file.flush()
    ...     LexiconTranslator(file.name).translate(["Ana lives in the [Old Town]."], from_lang="en", to_lang="gl")
    ['Ana vive in the [Cidade vella].']
    """

    def __init__(self, file: str | None = None) -> None:
        if file is None:
            raise MissingArgumentError("lexicon needs a file", hint="write lexicon:FILE; xlner lexicon makes one")
        self.options = LexiconOptions(file)
        best: dict[str, LexiconEntry] = {}
        require_content(file)
        for entry in lexicon.read(read_lines(file), path=file):
            if isinstance(entry, InputError):
                raise entry
            known = best.get(fold_case(entry.source))
            if known is None or entry.weight > known.weight:
                best[fold_case(entry.source)] = entry
        self._entries = best
        self._tables: dict[str, tuple[dict[_Words, str], int]] = {}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the entries that are used."""
        entries = (f"{source}\t{entry.target}" for source, entry in self._entries.items())
        return f"{options_fingerprint('lexicon', self.options)} {Digest(entries).hexdigest()}"

    @property
    def summary(self) -> str:
        """The number of entries, for `xlner doctor`."""
        return f"{len(self._entries)} entries of {self.options.file}"

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Return each text with its words and phrases replaced."""
        return [linked.text for linked in self.translate_linked(texts, from_lang=from_lang, to_lang=to_lang)]

    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        """Return the same translations, with links between ranges of each text and of its translation."""
        return [_replaced(text, self._pieces(text, from_lang)) for text in texts]

    def _pieces(self, text: str, language: str) -> Iterator[tuple[Span, str]]:
        """The ranges of a text with their translations: phrases of the lexicon, and other words unchanged."""
        table, longest = self._table(language)
        spans = _outside_tags(text, tokenize(text, language))
        words = [fold_case(text[start:end]) for start, end in spans]
        place = 0
        while place < len(spans):
            sizes = range(min(longest, len(spans) - place), 0, -1)
            size = next((n for n in sizes if tuple(words[place : place + n]) in table), 0)
            start, end = spans[place][0], spans[place + max(size, 1) - 1][1]
            found = _cased(text[start:end], table[tuple(words[place : place + size])]) if size else text[start:end]
            yield (start, end), found
            place += max(size, 1)

    def _table(self, language: str) -> tuple[dict[_Words, str], int]:
        """Translations by the words of their phrases, as the language is tokenized, and the words of the longest."""
        if language not in self._tables:
            table: dict[_Words, str] = {}
            for source, entry in self._entries.items():
                table.setdefault(tuple(source[a:b] for a, b in tokenize(source, language)), entry.target)
            self._tables[language] = (table, max(map(len, table), default=0))
        return self._tables[language]


def _outside_tags(text: str, spans: Sequence[Span]) -> list[Span]:
    tags = [match.span() for match in _TAG.finditer(text)]
    return [(a, b) for a, b in spans if not any(start < b and a < end for start, end in tags)] if tags else list(spans)


def _cased(original: str, translation: str) -> str:
    """The translation with the capitals of the original.

    >>> _cased("Old Town", "cidade vella"), _cased("EU", "ue"), _cased("house", "Haus"), _cased("I", "eu")
    ('Cidade vella', 'UE', 'Haus', 'Eu')
    """
    if sum(c.isalpha() for c in original) > 1 and original.isupper():
        return translation.upper()
    return translation[:1].upper() + translation[1:] if original[:1].isupper() else translation


def _replaced(text: str, pieces: Iterator[tuple[Span, str]]) -> LinkedTranslation:
    parts: list[str] = []
    links: list[tuple[Span, Span]] = []
    done = length = 0
    for (start, end), made in pieces:
        parts += [text[done:start], made]
        begin = length + start - done
        length = begin + len(made)
        links.append(((start, end), (begin, length)))
        done = end
    return LinkedTranslation("".join([*parts, text[done:]]), tuple(links))
