"""Learn a lexicon of words and short phrases from aligned sentence pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from xlner.core.lexicon import LexiconEntry
from xlner.core.pair import Pair
from xlner.errors import UsageError

_Phrase = tuple[str, ...]


def learn_lexicon(pairs: Iterable[Pair], *, max_words: int = 3, min_count: int = 1) -> list[LexiconEntry]:
    """Return the best translation of each source word and of phrases of up to `max_words` words, sorted by source.

    Phrases are those that are consistent with the links (Och and Ney 2004): no link leaves the phrase pair, and the
    first and last words have links. The best translation has the largest `p(target | source) · p(source | target)`,
    which is the weight of the entry. Ties go to the more frequent translation, then to the first in alphabetical order.
    Words are counted in lower case; a translation has its most frequent spelling. An entry needs `min_count`
    occurrences, and at least two if its source has more than one word.

    Raises `UsageError` for numbers below 1, and `ValidationError` for a pair without source or alignment.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("ciudad", "vieja")), Sentence(("Old", "town")), Alignment(((0, 1), (1, 0))))
    >>> [(e.source, e.target) for e in learn_lexicon([pair, pair])]
    [('old', 'vieja'), ('old town', 'ciudad vieja'), ('town', 'ciudad')]
    """
    if max_words < 1 or min_count < 1:
        raise UsageError(f"max_words {max_words} and min_count {min_count} must be at least 1")
    counts: Counter[tuple[_Phrase, _Phrase]] = Counter()
    forms: defaultdict[_Phrase, Counter[_Phrase]] = defaultdict(Counter)
    for pair in pairs:
        for source, target in phrase_pairs(pair, max_words=max_words):
            lower = _lower(target)
            counts[_lower(source), lower] += 1
            forms[lower][target] += 1
    return sorted(_best(counts, forms, min_count), key=lambda entry: entry.source)


def phrase_pairs(pair: Pair, *, max_words: int) -> Iterator[tuple[_Phrase, _Phrase]]:
    """Yield the words and phrases of a pair that are linked only to each other, at most `max_words` on each side.

    Raises `ValidationError` for a pair without source or alignment.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("ciudad", "vieja")), Sentence(("old", "town")), Alignment(((0, 1), (1, 0))))
    >>> list(phrase_pairs(pair, max_words=1))
    [(('old',), ('vieja',)), (('town',), ('ciudad',))]
    """
    source, target = pair.require_source().tokens, pair.target.tokens
    of_source: defaultdict[int, list[int]] = defaultdict(list)
    of_target: defaultdict[int, list[int]] = defaultdict(list)
    for s, t in pair.require_alignment().links:
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
            consistent = all(start <= s < end for t in range(first, last) for s in of_target.get(t, ()))
            if consistent and _has_words(source[start:end]) and _has_words(target[first:last]):
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
    return tuple(word.lower().replace("i\u0307", "i") for word in words)  # "İ".lower() has a combining dot


def _has_words(words: Sequence[str]) -> bool:
    """True if every word has a letter or digit; punctuation is not part of a lexicon."""
    return all(any(c.isalnum() for c in word) for word in words)
