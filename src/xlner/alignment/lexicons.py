"""A lexicon of words and short phrases, learned from aligned sentence pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from xlner.core.lexicon import LexiconEntry
from xlner.core.pair import Pair
from xlner.errors import ValidationError

_Phrase = tuple[str, ...]


def learn_lexicon(pairs: Iterable[Pair], *, max_words: int = 3, min_count: int = 1) -> list[LexiconEntry]:
    """The best translation of every source word, and of phrases of up to `max_words` words, sorted by source.

    Phrases are those that the links allow (Och and Ney 2004): no link leads out of them on either side, and their
    first and last words have links. Of what a phrase is linked to, that is best which has the greatest
    `p(target | source) · p(source | target)`, its weight; of equals the more frequent, then the first by letters.
    Words are counted in lower case; a translation is written as it mostly is. An entry must have been seen
    `min_count` times, and twice where its source has more than one word.

    Raises `ValidationError` for numbers under 1, and for a pair without source or alignment.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("ciudad", "vieja")), Sentence(("Old", "town")), Alignment(((0, 1), (1, 0))))
    >>> [(e.source, e.target) for e in learn_lexicon([pair, pair])]
    [('old', 'vieja'), ('old town', 'ciudad vieja'), ('town', 'ciudad')]
    """
    if max_words < 1 or min_count < 1:
        raise ValidationError(f"max_words {max_words} and min_count {min_count} must be at least 1")
    counts: Counter[tuple[_Phrase, _Phrase]] = Counter()
    forms: defaultdict[_Phrase, Counter[_Phrase]] = defaultdict(Counter)
    for pair in pairs:
        for source, target in phrase_pairs(pair, max_words=max_words):
            lower = _lower(target)
            counts[_lower(source), lower] += 1
            forms[lower][target] += 1
    return sorted(_best(counts, forms, min_count), key=lambda entry: entry.source)


def phrase_pairs(pair: Pair, *, max_words: int) -> Iterator[tuple[_Phrase, _Phrase]]:
    """Words and phrases of a pair that are linked with each other and nothing else, at most `max_words` on each side.

    Raises `ValidationError` for a pair without source or alignment.
    """
    if pair.source is None or pair.alignment is None:
        raise ValidationError("a lexicon is learned from pairs with source and alignment")
    source, target = pair.source.tokens, pair.target.tokens
    of_source: defaultdict[int, list[int]] = defaultdict(list)
    of_target: defaultdict[int, list[int]] = defaultdict(list)
    for s, t in pair.alignment.links:
        of_source[s].append(t)
        of_target[t].append(s)
    for start in of_source:
        for end in range(start + 1, min(start + max_words, len(source)) + 1):
            if end - 1 not in of_source:
                continue
            linked = [t for s in range(start, end) for t in of_source.get(s, ())]
            first, last = min(linked), max(linked) + 1
            if last - first > max_words:
                continue
            closed = all(start <= s < end for t in range(first, last) for s in of_target.get(t, ()))
            if closed and _has_words(source[start:end]) and _has_words(target[first:last]):
                yield source[start:end], target[first:last]


def _best(
    counts: Counter[tuple[_Phrase, _Phrase]], forms: dict[_Phrase, Counter[_Phrase]], min_count: int
) -> Iterator[LexiconEntry]:
    of_source: Counter[_Phrase] = Counter()
    of_target: Counter[_Phrase] = Counter()
    candidates: defaultdict[_Phrase, list[_Phrase]] = defaultdict(list)
    for (source, target), count in counts.items():
        of_source[source] += count
        of_target[target] += count
        candidates[source].append(target)
    for source, targets in candidates.items():

        def weight(target: _Phrase, source: _Phrase = source) -> float:
            return counts[source, target] ** 2 / (of_source[source] * of_target[target])

        enough = [t for t in targets if counts[source, t] >= max(min_count, 2 if len(source) > 1 else 1)]
        if enough:
            best = min(enough, key=lambda t: (-weight(t), -counts[source, t], t))
            form = min(forms[best], key=lambda f: (-forms[best][f], f))
            yield LexiconEntry(" ".join(source), " ".join(form), weight(best))


def _lower(words: Sequence[str]) -> _Phrase:
    return tuple(word.lower() for word in words)


def _has_words(words: Sequence[str]) -> bool:
    """True where every one has a letter or digit in it: marks are left to the text that is translated."""
    return all(any(c.isalnum() for c in word) for word in words)
