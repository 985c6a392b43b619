"""A run as a table of pandas: one row for each entity, and for each source entity that was not projected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from xlner.core.entity import Entity
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = (
    *("sentence", "id", "language", "label", "text", "start", "end", "char_start", "char_end", "score"),
    *("source_text", "source_label", "source_start", "source_end", "reason", "error"),
)
"""The columns of the table. `sentence` counts from 1; bounds are half-open."""


def to_pandas(items: Iterable[Sentence | Pair | InputError]) -> DataFrame:
    """A table with a row for each entity, each source entity that was not projected, and each sentence that failed.

    - `items`: sentences, pairs, or what a reader yields.

    Columns are those of `COLUMNS`. Raises `MissingExtraError` without pandas.

    >>> from xlner import read_sentences
    >>> sorted(to_pandas(read_sentences("examples/gl.conll")).label.unique())
    ['LOC', 'MISC', 'ORG', 'PER']
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("pandas", extra="pandas") from None
    frame = pandas.DataFrame(
        [row for number, item in enumerate(items, start=1) for row in _rows(number, item)], columns=list(COLUMNS)
    )
    numbers = [name for name in COLUMNS if name.endswith(("start", "end"))]
    made: DataFrame = frame.astype({**dict.fromkeys(numbers, "Int64"), "score": "float64"})
    return made


def _rows(number: int, item: Sentence | Pair | InputError) -> Iterator[dict[str, Any]]:
    if isinstance(item, InputError):
        yield {"sentence": number, "error": str(item)}
        return
    pair = Pair(item) if isinstance(item, Sentence) else item
    labeled = item if isinstance(item, Sentence) else pair.labeled
    error = pair.error or labeled.meta.get("error")
    about = {"sentence": number, "id": labeled.id, "language": labeled.language, "error": error}
    outcomes = () if pair.projection is None else pair.projection.outcomes
    sources = {entity.span: outcome.entity for outcome in outcomes for entity in outcome.projected}
    for entity in labeled.entities:
        span = labeled.char_span(entity) or (None, None)
        yield {
            **about,
            **{"label": entity.label, "text": labeled.surface(entity), "start": entity.start, "end": entity.end},
            **{"char_start": span[0], "char_end": span[1], "score": entity.score},
            **_source(pair, sources.get(entity.span)),
        }
    for outcome in outcomes:
        if outcome.dropped:
            yield {**about, **_source(pair, outcome.entity), "reason": str(outcome.reason)}
    if error and not labeled.entities:
        yield about


def _source(pair: Pair, entity: Entity | None) -> dict[str, Any]:
    if entity is None:
        return {}
    text = None if pair.source is None else pair.source.surface(entity)
    return {"source_text": text, "source_label": entity.label, "source_start": entity.start, "source_end": entity.end}
