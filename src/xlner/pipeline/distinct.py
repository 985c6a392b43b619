"""Process equal pairs once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from xlner.core.pair import Pair


def each_distinct(
    pairs: Sequence[Pair], process: Callable[[list[Pair]], list[Pair]], *, target_entities: bool = False
) -> list[Pair]:
    """Process each distinct pair once; every pair gets a result with its own target.

    Pairs are equal if the stages cannot tell them apart. With `target_entities` the entities of the targets count.

    >>> from xlner import Sentence
    >>> pairs = [Pair(Sentence(("Vigo",), id=str(k))) for k in range(3)]
    >>> sizes = []
    >>> [pair.target.id for pair in each_distinct(pairs, lambda found: sizes.append(len(found)) or found)], sizes
    (['0', '1', '2'], [1])
    """
    first: dict[tuple[object, ...], int] = {}
    owners = [first.setdefault(_content(pair, target_entities), k) for k, pair in enumerate(pairs)]
    distinct = sorted(first.values())
    done = dict(zip(distinct, process([pairs[k] for k in distinct]), strict=True))
    return [_restored(done[owner], pairs[k]) for k, owner in enumerate(owners)]


def _content(pair: Pair, target_entities: bool) -> tuple[object, ...]:
    """Everything that the result for a pair depends on."""
    source, target = pair.source, pair.target
    similarity = None if pair.alignment is None else pair.alignment.similarity
    return (
        target.tokens,
        target.text,
        target.language,
        target.entities if target_entities else None,
        None if source is None else (source.tokens, source.text, source.entities),
        pair.alignment,
        None if similarity is None else id(similarity),
        pair.error,
    )


def _restored(done: Pair, original: Pair) -> Pair:
    """The result for the first of several equal pairs, with the target of this one."""
    if done.target is original.target:
        return done
    projection = done.projection
    if projection is not None:
        labeled = original.target.with_entities(projection.sentence.entities)
        projection = replace(projection, sentence=labeled)
    return replace(done, target=original.target, projection=projection)
