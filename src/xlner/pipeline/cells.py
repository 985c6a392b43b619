"""Lines with tabs are rows of a table: each cell is processed by itself, so that no model reads across cells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import InputError

Item = Pair | InputError


def by_cell(items: Iterable[Item], process: Callable[[Iterator[Item]], Iterable[Pair]]) -> Iterator[Pair]:
    """Process the cells of each pair, and join the results: one for each pair, in order.

    A pair that has a source already stays whole.

    >>> row = Pair(Sentence.from_text("Ana\\tVigo"))
    >>> read = []
    >>> joined = by_cell([row], lambda cells: (read.append(cell.target.text) or cell for cell in cells))
    >>> [pair.target.text for pair in joined], read
    (['Ana\\tVigo'], ['Ana', 'Vigo'])
    """
    rows: deque[tuple[Item, list[Span]]] = deque()

    def cells() -> Iterator[Item]:
        for item in items:
            spans = [] if isinstance(item, InputError) or item.source is not None else _cells(item.target)
            rows.append((item, spans))
            if isinstance(item, InputError) or len(spans) < 2:
                yield item
            else:
                yield from (Pair(_part(item.target, span), error=item.error) for span in spans)

    done = iter(process(cells()))
    for first in done:
        item, spans = rows.popleft()
        if isinstance(item, InputError) or len(spans) < 2:
            yield first
        else:
            yield _joined(item, spans, [first, *(next(done) for _ in spans[1:])])


def _cells(sentence: Sentence) -> list[Span]:
    """The ranges of words between tabs."""
    if sentence.text is None or sentence.offsets is None or "\t" not in sentence.text:
        return []
    between = enumerate(pairwise(sentence.offsets), start=1)
    tabs = [k for k, (a, b) in between if "\t" in sentence.text[a[1] : b[0]]]
    return list(pairwise([0, *tabs, len(sentence)])) if tabs else []


def _part(sentence: Sentence, span: Span) -> Sentence:
    """The words of a cell, with their text."""
    offsets = (sentence.offsets or ())[slice(*span)]
    start, end = offsets[0][0], offsets[-1][1]
    return Sentence(
        sentence.tokens[slice(*span)],
        (),
        (sentence.text or "")[start:end],
        tuple((a - start, b - start) for a, b in offsets),
        sentence.language,
    )


def _joined(row: Pair, spans: list[Span], cells: list[Pair]) -> Pair:
    """The row with the results of its cells, or with the error of the first one that failed."""
    error = next((cell.error for cell in cells if cell.error is not None), None)
    if error is not None:
        return replace(row, error=error)
    targets = [span[0] for span in spans]
    sources = [0]
    for cell in cells:
        sources.append(sources[-1] + len(cell.source or ()))
    source = _joined_source([cell.source for cell in cells if cell.source is not None])
    parts = [(cell.projection, s, t) for cell, s, t in zip(cells, sources, targets, strict=False)]
    entities = [_moved(e, t) for made, _, t in parts if made is not None for e in made.sentence.entities]
    outcomes = [_moved_outcome(o, s, t) for made, s, t in parts if made is not None for o in made.outcomes]
    solvers = {made.solver for made, *_ in parts if made is not None and made.outcomes}
    objectives = [made.objective for made, *_ in parts if made is not None and made.objective is not None]
    projection = Projection(
        row.target.with_entities(entities),
        tuple(outcomes),
        solvers.pop() if len(solvers) == 1 else None,
        sum(objectives) if objectives else None,
    )
    projected = any(made is not None for made, *_ in parts)
    alignment = None if source is None else _joined_links(cells, sources, targets)
    return replace(row, source=source, alignment=alignment, projection=projection if projected else None)


def _joined_source(sources: list[Sentence]) -> Sentence | None:
    """The translations of the cells as one sentence, with tabs between them."""
    if not sources:
        return None
    tokens: list[str] = []
    offsets: list[Span] = []
    entities: list[Entity] = []
    text = ""
    meta: dict[str, object] = {}
    for number, sentence in enumerate(sources):
        text += "\t" if number else ""
        written = sentence.with_text()
        entities += [_moved(e, len(tokens)) for e in sentence.entities]
        offsets += [(a + len(text), b + len(text)) for a, b in written.offsets or ()]
        tokens += sentence.tokens
        text += written.text or ""
        for name, value in sentence.meta.items():
            known = meta.setdefault(name, value)
            if isinstance(known, list) and isinstance(value, list) and known is not value:
                meta[name] = [*known, *(v for v in value if v not in known)]
    return Sentence(tuple(tokens), tuple(entities), text, tuple(offsets), sources[0].language, None, meta)


def _joined_links(cells: list[Pair], sources: list[int], targets: list[int]) -> Alignment | None:
    """The links of all cells; without weights unless all of them have weights."""
    given = [(cell.alignment, s, t) for cell, s, t in zip(cells, sources, targets, strict=False)]
    known = [(links, s, t) for links, s, t in given if links is not None]
    if not known:
        return None
    moved = tuple((a + s, b + t) for links, s, t in known for a, b in links.links)
    weights = [w for links, *_ in known for w in links.weights or ()]
    return Alignment(moved, tuple(weights) if len(weights) == len(moved) and weights else None)


def _moved(entity: Entity, by: int) -> Entity:
    return replace(entity, start=entity.start + by, end=entity.end + by)


def _moved_outcome(outcome: Outcome, source: int, target: int) -> Outcome:
    projected = tuple(_moved(entity, target) for entity in outcome.projected)
    return replace(outcome, entity=_moved(outcome.entity, source), projected=projected)
