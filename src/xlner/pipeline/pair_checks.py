"""What looks wrong about the files of pairs: no translation, another language, links in the other direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from xlner.core.alignment import Link
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.text.languages import base

CHECKED_PAIRS = 200
"""Pairs to look at."""
_ENOUGH = 5
"""Sentences, or links between equal words, below which there is no sign."""
_MOST = 0.8
"""The share of the sentences, or of the links between equal words, that is a sign."""
_LONG_ENOUGH = 30
"""Characters of a sentence whose language can be identified."""


def pair_warnings(
    pairs: Iterable[Pair], *, source: str = "SOURCE", target: str = "TARGET", target_lang: str | None = None
) -> list[str]:
    """Return what looks wrong about the first 200 pairs, a line each; nothing if there is no sure sign.

    - The target sentences are the source sentences.
    - The target sentences are in another language than `target_lang`, maybe because the files are swapped.
    - The links go from target to source: they link equal words only if they are swapped.

    `source` and `target` are the names of the files. Languages are identified as by the checks of translations.

    >>> from xlner import Alignment
    >>> same = [Pair(Sentence(("Ana", "lives", "in", "Vigo")), Sentence(("Ana", "lives", "in", "Vigo")))] * 5
    >>> pair_warnings(same, target="es.txt")
    ['es.txt has the sentences of SOURCE, not their translations']
    """
    both = [(pair, pair.source) for pair in islice(pairs, CHECKED_PAIRS) if pair.source is not None]
    sentences = [(s.tokens, pair.target.tokens) for pair, s in both if len(s) > 1 and len(pair.target) > 1]
    found = []
    if _is_most(sum(s == t for s, t in sentences), len(sentences)):
        found.append(f"{target} has the sentences of {source}, not their translations")
    elif target_lang is not None:
        found += _wrong_language(
            [s for _, s in both], [pair.target for pair, _ in both], source, target, base(target_lang)
        )
    if _are_swapped([(pair.alignment.links, s, pair.target) for pair, s in both if pair.alignment is not None]):
        found.append(
            "the links seem to go from target to source; swap them: xlner symmetrize FILE FILE --swap --method reverse"
        )
    return found


def _is_most(count: int, of: int) -> bool:
    return of >= _ENOUGH and count >= _MOST * of


def _wrong_language(
    sources: Sequence[Sentence], targets: Sequence[Sentence], source: str, target: str, wanted: str
) -> list[str]:
    """That most target sentences are in one other language, if they are."""
    found = _language_of(targets, wanted)
    if found is None:
        return []
    if _language_of(sources, found) == wanted:
        return [f"{target} seems to be in {found!r} and {source} in {wanted!r}, as if the files were swapped"]
    return [f"{target} seems to be in {found!r}, not in {wanted!r}"]


def _language_of(sentences: Iterable[Sentence], expected: str) -> str | None:
    """The language of most sentences if it is another one than expected; None if it is not certain."""
    from xlner.translation.guards.language_identification import foreignness

    texts = dict.fromkeys(s.with_text().text or "" for s in sentences)
    found = [foreignness(text, expected) for text in texts if len(text) >= _LONG_ENOUGH]
    if not found:
        return None
    ((language, count),) = Counter(language if nats else expected for nats, language in found).most_common(1)
    return language if language != expected and _is_most(count, len(found)) else None


def _are_swapped(linked: Sequence[tuple[Sequence[Link], Sentence, Sentence]]) -> bool:
    """Whether links are between equal words only if they are swapped."""
    given = swapped = 0
    for links, source, target in linked:
        if not all(t < len(source) and s < len(target) for s, t in links):
            return False
        crossing = [(s, t) for s, t in links if s != t]
        given += sum(source.tokens[s] == target.tokens[t] for s, t in crossing)
        swapped += sum(source.tokens[t] == target.tokens[s] for s, t in crossing)
    return _is_most(swapped, given + swapped)
