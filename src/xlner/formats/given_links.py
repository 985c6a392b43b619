"""What the numbers in given links count: the words of the tokenizer or those between spaces, from 0 or from 1.

A file of links does not say how words were counted, and a wrong guess shifts every link behind the first difference. So
the links are compared with the sentences: they decide, or else the user has to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from xlner.core.sentence import Sentence
from xlner.errors import UsageError, ValidationError
from xlner.formats.link_files import Links
from xlner.formats.reading import WORDS, ReadOptions

_TOKENIZER, _SPACES = WORDS
WINDOW = 1000
"""Pairs to look at before the first is used."""
_ENOUGH = 10
"""Pairs without a link to a first word that make it plain that words are counted from 1."""
_STRAY = 0.05
"""The share of sentences that may speak against what the others say."""
_MARKS = r".,;:!?)\]}»”…。，、；：！？）」』।॥؟،؛።፣"
_ESCAPE = r"&(?:quot|apos|amp|lt|gt|#91|#93|#124|bar);"
"""An escape of Moses."""
_APART = re.compile(rf"[{_MARKS}]+|\S*{_ESCAPE}\S*|@-@|\S+@@|▁\S*|``|''|n't|'s|-[LR][RSC]B-")
"""A word that only tokenized text has: a mark by itself, an escape of Moses, or a piece of a word."""
_ATTACHED = re.compile(r"\w{2,}[,;!?:،؛，、；：]|[(¿¡“«「（]\S*\w\S*|\S*\w[)”»」）]")
_LAST = re.compile(rf"\S*\w{{2,}}[{_MARKS}]+")
"""A word that only text has that is not tokenized, and the last one of it: one with a mark beside it."""

_OF_MOSES = re.compile(rf"(?:^|\s)(?:{_ESCAPE}|@-@)(?:\s|\w|$)")

Row = tuple[object, ...]
"""The source, the target, and the links of each file. Any of them may be an `InputError`."""


def is_of_moses(text: str) -> bool:
    """Whether a text was surely tokenized by Moses, which writes marks as `&quot;` and splits hyphens as `@-@`.

    >>> is_of_moses("said &quot; hi &quot; ."), is_of_moses("AT&amp;T")
    (True, False)
    """
    return _OF_MOSES.search(text) is not None


@dataclass(frozen=True, slots=True)
class TextSide:
    """A side of the pairs that is text without words.

    - `path`, `position`: its file, and its position in rows and links.
    - `options`: how the tokenizer reads it.
    - `at_spaces`: it is read as words between spaces, so that both readings are possible; else by the tokenizer.
    """

    path: str
    position: int
    options: ReadOptions
    at_spaces: bool = True

    def tokenized(self, sentence: object) -> object:
        """The sentence with the words of the tokenizer."""
        if not self.at_spaces or not isinstance(sentence, Sentence) or sentence.text is None:
            return sentence
        return self.options.sentence(sentence.text, sentence.language, sentence.id)

    def between_spaces(self, sentence: object) -> object:
        """The sentence with the words between spaces."""
        if self.at_spaces or not isinstance(sentence, Sentence) or sentence.text is None:
            return sentence
        return Sentence.from_text(sentence.text, words=_SPACES)


class _Evidence(NamedTuple):
    """Counts of sentences of plain text for which the tokenizer does not give the words between spaces."""

    differing: int = 0
    spaces: int = 0
    """The file states their number of words between spaces."""
    tokenizer: int = 0
    """The file states their number of words, or links to words, that only the tokenizer gives."""
    apart: int = 0
    """Their marks are words by themselves between spaces."""
    attached: int = 0
    """They have marks beside words, as people write."""

    def words(self) -> str | None:
        """What the links count; None if that is not certain."""
        few = _STRAY * self.differing
        if self.spaces > self.tokenizer:
            return _SPACES
        if self.tokenizer > few:
            return _TOKENIZER
        return _SPACES if self.apart and self.attached <= few else None


def in_words_of_links(rows: Iterable[Row], sides: Sequence[TextSide], links_name: str) -> Iterator[Row | str]:
    """Yield rows whose plain text has the words that the links count, and first how it is split, if that matters.

    In the rows given, text is split at spaces. While the tokenizer would give the same words, nothing is decided.
    Raises `UsageError` if it would not and the links may count either.
    """
    iterator = iter(rows)
    while sides and (window := list(islice(iterator, WINDOW))):
        found = [_evidence(row, side) for row in window for side in sides]
        evidence = _Evidence(*map(sum, zip(*found, strict=True)))
        if evidence.differing:
            words = evidence.words()
            if words is None:
                names = " and ".join(side.path for side in sides)
                raise UsageError(
                    f"the links of {links_name} may count the words of {names} as the tokenizer splits them, "
                    "or those between spaces",
                    hint="give --words tokenizer or --words spaces",
                )
            fixed = [side.path for side in sides if not side.at_spaces]
            if words == _SPACES and fixed:
                raise UsageError(
                    f"the links of {links_name} count the words of {' and '.join(fixed)} between spaces",
                    hint="give --words spaces",
                )
            yield words
            rest = chain(window, iterator)
            yield from (_retokenized(row, sides) for row in rest) if words == _TOKENIZER else rest
            return
        yield from window
    yield from iterator


def _retokenized(row: Row, sides: Sequence[TextSide]) -> Row:
    parts = list(row)
    for side in sides:
        parts[side.position] = side.tokenized(parts[side.position])
    return tuple(parts)


def _evidence(row: Row, side: TextSide) -> _Evidence:
    sentence, tokenized = side.between_spaces(row[side.position]), side.tokenized(row[side.position])
    given = [links for links in row[2:] if isinstance(links, Links)]
    if not isinstance(sentence, Sentence) or not isinstance(tokenized, Sentence) or sentence.tokens == tokenized.tokens:
        return _Evidence()
    stated = {links.lengths[side.position] for links in given if links.lengths is not None}
    last = max((link[side.position] for links in given for link in links.sure + links.possible), default=-1)
    text = sentence.tokens
    return _Evidence(
        1,
        int(len(sentence) in stated),
        int(len(tokenized) in stated - {len(sentence)} or len(sentence) <= last < len(tokenized)),
        int(any(map(_APART.fullmatch, text))),
        int(any(map(_is_attached, text[:-1])) or bool(text and _is_attached(text[-1], last=True))),
    )


def _is_attached(word: str, *, last: bool = False) -> bool:
    found = _ATTACHED.fullmatch(word) or (last and _LAST.fullmatch(word))
    return bool(found) and not _APART.fullmatch(word)


def counted_from_0(rows: Iterable[Row], links_name: str) -> Iterator[Row]:
    """Yield the rows. Raises `UsageError` if the links seem to count words from 1."""
    iterator = iter(rows)
    window: list[Row] = []
    linked: list[tuple[Row, Links]] = []
    has_0 = False
    for row in islice(iterator, WINDOW):
        window.append(row)
        found = [links for links in row[2:] if isinstance(links, Links) and links.sure]
        linked += [(row, links) for links in found]
        if has_0 := any(0 in link for links in found for link in links.sure + links.possible):
            break
    if not has_0 and (len(linked) >= _ENOUGH or any(_just_beyond(row, links) for row, links in linked)):
        raise UsageError(
            f"{links_name}: no word has the number 0, as if words were counted from 1",
            hint="give --one-based, or --zero-based if they are counted from 0",
        )
    yield from chain(window, iterator)


def _just_beyond(row: Row, links: Links) -> bool:
    """True if the greatest number on a side is that of its words."""
    greatest = map(max, zip(*links.sure, strict=True))
    return any(isinstance(s, Sentence) and len(s) == last for s, last in zip(row[:2], greatest, strict=True))


def check_sides(links: Links, source: Sentence, target: Sentence) -> None:
    """Raise `ValidationError` unless the sentences have the words that the file of links states, if it does.

    >>> check_sides(Links(((0, 0),), lengths=(2, 1)), Sentence(("Vigo",)), Sentence(("in", "Vigo")))
    Traceback (most recent call last):
    xlner.errors.ValidationError: the links are of 2 source and 1 target words, but the sentences have 1 and 2; ...
    """
    if links.lengths is None:
        return
    lengths = (len(source), len(target))
    if links.words is not None and _alike(links, target, source) > _alike(links, source, target):
        raise ValidationError(
            "the links go from target to source", hint="swap them: xlner symmetrize FILE FILE --swap --method reverse"
        )
    if links.lengths != lengths:
        raise ValidationError(
            f"the links are of {links.lengths[0]} source and {links.lengths[1]} target words, "
            f"but the sentences have {lengths[0]} and {lengths[1]}",
            hint="give the sentences as they were aligned, with --words spaces if they are tokenized text",
        )


def _alike(links: Links, source: Sentence, target: Sentence) -> int:
    """How many words of the file are those of the sentences at the same place."""
    pairs = zip(links.words or (), (source.tokens, target.tokens), strict=False)
    return sum(w.casefold() == t.casefold() for words, tokens in pairs for w, t in zip(words, tokens, strict=False))
