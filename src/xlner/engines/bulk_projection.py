"""Project large files block by block, on arrays, with the results of the pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.entity_edges import trimmed_projection
from xlner.core.labeled_block import LabeledBlock
from xlner.core.labels import without_labels
from xlner.core.pair import Outcome, Pair, Projection
from xlner.core.sentence import Sentence
from xlner.core.tags import encode
from xlner.errors import InputError, ValidationError
from xlner.formats.bulk import PlainPairs
from xlner.formats.conll.plain import PlainRows
from xlner.pipeline.pipeline import Pipeline
from xlner.projection.kernels.distinct import DistinctSolver, LinkedEntities, Spans
from xlner.projection.kernels.objects import REASONS
from xlner.projection.matching_projector import MatchingProjector
from xlner.projection.range_projectors import HeuristicProjector, HullProjector

Ints = NDArray[np.int64]
_ALPHANUMERIC = np.array([chr(code).isalnum() and code < 128 for code in range(256)])
FORMAT = "conll"
"""The format of labeled blocks."""


def can_project_blocks(pipeline: Pipeline, format: str) -> bool:
    """Whether blocks of pairs give the same output without an object for each sentence.

    That is so for CoNLL, which shows nothing but labels, if the pipeline only projects by given links, and its
    projector reads nothing but links.

    >>> [can_project_blocks(Pipeline(projector="greedy"), format) for format in ("conll", "jsonl")]
    [True, False]
    """
    return format == FORMAT and _solver(pipeline) is not None


def _solver(pipeline: Pipeline) -> DistinctSolver | None:
    """What projects on arrays, if the pipeline does nothing else."""
    if any(stage is not None for stage in (pipeline.translator, pipeline.recognizer, pipeline.aligner)):
        return None
    projector = pipeline.projector
    if isinstance(projector, (HeuristicProjector, HullProjector, MatchingProjector)):
        return projector.solver()
    return None


class BlockPipeline:
    """A pipeline that also projects blocks of pairs, see `can_project_blocks`.

    Raises `ValidationError` for another pipeline.

    >>> pipeline = BlockPipeline(Pipeline(projector="greedy"))
    >>> next(pipeline.run_pairs([Pair(Sentence(("Vigo",)), Sentence(("Vigo",)))])).labeled.tags()
    ['O']
    """

    def __init__(self, pipeline: Pipeline) -> None:
        solver = _solver(pipeline)
        if solver is None:
            raise ValidationError("this pipeline does not project blocks", hint="give one that only projects by links")
        self._pipeline, self._solver = pipeline, solver

    @property
    def fingerprint(self) -> str:
        """That of the pipeline."""
        return self._pipeline.fingerprint

    @property
    def labels(self) -> Counter[str]:
        """The labels of all source entities so far, ignored ones included."""
        return self._pipeline.labels

    def run_pairs(self, items: Iterable[Pair | InputError | PlainPairs], /) -> Iterator[Any]:
        """One pair for each pair, and one labeled block for each block, in order."""
        iterator = iter(items)
        for item in iterator:
            if isinstance(item, PlainPairs):
                yield self._labeled(item)
                continue
            after: list[PlainPairs] = []
            yield from self._pipeline.run_pairs(chain([item], _before_block(iterator, after)))
            yield from map(self._labeled, after)

    def _labeled(self, block: PlainPairs) -> LabeledBlock:
        names = block.source.names
        counts = np.bincount(block.source.labels, minlength=len(names)).tolist()
        self.labels.update({label: count for label, count in zip(names, counts, strict=True) if count})
        entities = self._entities(block)
        spans = _trimmed(block, entities, self._solver.spans(_linked(block, entities)))
        dropped = np.bincount(spans.reason, minlength=len(REASONS)).tolist()
        return LabeledBlock(
            _text(block, entities, spans),
            sentences=len(block),
            links=len(block.link_sources),
            source_entities=len(entities.sentence),
            entities=len(spans.entity),
            dropped={str(name): n for name, n in zip(REASONS, dropped, strict=True) if name is not None and n},
        )

    def _entities(self, block: PlainPairs) -> _Entities:
        """The entities of the sources whose labels are not ignored."""
        source = block.source
        sentence = source.sentences_of(source.starts)
        first = source.offsets[sentence]
        found = _Entities(sentence, source.starts - first, source.ends - first, source.labels)
        if not self._pipeline.ignore:
            return found
        kept = [bool(without_labels([Entity(0, 1, label)], self._pipeline.ignore)) for label in source.names]
        rows = np.asarray(kept, bool)[found.label]
        return _Entities(*(column[rows] for column in found))


class _Entities(NamedTuple):
    """Source entities: sentence, first word, the word after the last one, and label."""

    sentence: Ints
    start: Ints
    end: Ints
    label: Ints


def _before_block(
    items: Iterator[Pair | InputError | PlainPairs], after: list[PlainPairs]
) -> Iterator[Pair | InputError]:
    """The items before the next block, which is put into `after`."""
    for item in items:
        if isinstance(item, PlainPairs):
            after.append(item)
            return
        yield item


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """The numbers of all ranges, one range after the other.

    >>> _ranges(np.array([3, 7]), np.array([2, 1])).tolist()
    [3, 4, 7]
    """
    return np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))


def _linked(block: PlainPairs, entities: _Entities) -> LinkedEntities:
    """The entities with their links."""
    rows, lengths = block.source.offsets[entities.sentence] + entities.start, entities.end - entities.start
    owner = np.full(len(block.source.word_starts), -1)
    owner[_ranges(rows, lengths)] = np.repeat(np.arange(len(rows)), lengths)
    of_link = owner[block.link_sources]
    links = np.flatnonzero(of_link >= 0)
    entity = of_link[links]
    source = block.link_sources[links] - rows[entity]
    return LinkedEntities(entities.sentence, entities.start, entities.end, entity, source, block.link_targets[links])


def _trimmed(block: PlainPairs, entities: _Entities, spans: Spans) -> Spans:
    """The spans without marks at their ends, as `trimmed_projection` leaves them."""
    sentence = entities.sentence[spans.entity]
    rows = block.target.offsets[sentence]
    clean = _are_letters(block.target, rows + spans.start, 0) & _are_letters(block.target, rows + spans.end - 1, -1)
    changed = np.unique(sentence[~clean])
    if not len(changed):
        return spans
    kept = ~np.isin(sentence, changed)
    reason = spans.reason.copy()
    rest: list[tuple[int, int, int]] = []
    first = np.searchsorted(entities.sentence, changed)
    stop = np.searchsorted(entities.sentence, changed, side="right")
    begin, end = np.searchsorted(sentence, changed), np.searchsorted(sentence, changed, side="right")
    for k, number in enumerate(changed.tolist()):
        owners = range(first[k], stop[k])
        source = Sentence(
            tuple(block.source.words(number)),
            tuple(
                Entity(int(entities.start[e]), int(entities.end[e]), block.source.names[entities.label[e]])
                for e in owners
            ),
        )
        made: dict[int, list[Entity]] = {e: [] for e in owners}
        for row in range(begin[k], end[k]):
            owner = int(spans.entity[row])
            label = block.source.names[entities.label[owner]]
            made[owner].append(Entity(int(spans.start[row]), int(spans.end[row]), label))
        outcomes = tuple(
            Outcome(entity, tuple(made[e]), None if made[e] else REASONS[reason[e]])
            for e, entity in zip(owners, source.entities, strict=True)
        )
        labeled = Sentence(tuple(block.target.words(number)), tuple(e for o in outcomes for e in o.projected))
        trimmed = trimmed_projection(source, Projection(labeled, outcomes))
        for e, outcome in zip(owners, trimmed.outcomes, strict=True):
            reason[e] = REASONS.index(outcome.reason)
            rest += [(e, entity.start, entity.end) for entity in outcome.projected]
    more = np.asarray(rest, np.int64).reshape(-1, 3).T
    columns = (spans.entity[kept], spans.start[kept], spans.end[kept])
    entity, start, stop_ = (np.concatenate((column, added)) for column, added in zip(columns, more, strict=True))
    order = np.lexsort((start, entities.sentence[entity]))
    return Spans(entity[order], start[order], stop_[order], reason)


def _are_letters(target: PlainRows, rows: Ints, place: int) -> NDArray[np.bool_]:
    """Whether the first (0) or last (-1) character of the words of these rows is a letter or a digit."""
    data = np.frombuffer(target.data, np.uint8)
    found = data[target.word_starts[rows] if place == 0 else target.word_ends[rows] - 1]
    are = _ALPHANUMERIC[found]
    for k in np.flatnonzero(found >= 128).tolist():
        word = target.data[target.word_starts[rows[k]] : target.word_ends[rows[k]]].decode()
        are[k] = word[place].isalnum()
    return are


def _text(block: PlainPairs, entities: _Entities, spans: Spans) -> str:
    """The labeled target sentences as CoNLL: the rows of the block with other tags."""
    target = block.target
    lengths = spans.end - spans.start
    labels = entities.label[spans.entity]
    rows = _ranges(target.offsets[entities.sentence[spans.entity]] + spans.start, lengths)
    begins = np.zeros(len(rows), np.int64)
    begins[(np.cumsum(lengths) - lengths)] = 1
    names = block.source.names
    tags = [b"O", *chain.from_iterable(_tags(name, 2)[::-1] for name in names)]  # the tag of label k is 1 + 2k, with B-
    wanted = 1 + 2 * np.repeat(labels, lengths) + begins
    old = target.tagged
    if len(old):
        of_row = np.full(len(target.word_starts), -1)
        of_row[old] = 0
        of_row[rows] = wanted
        rows = np.flatnonzero(of_row >= 0)
        wanted = of_row[rows]
    return _replaced(target.data, target.tag_starts[rows], target.tag_ends[rows], tags, wanted).decode()


def _replaced(data: bytes, starts: Ints, ends: Ints, texts: Sequence[bytes], which: Ints) -> bytes:
    """The data with a text in each of these places, which are sorted.

    >>> one = np.array([1])
    >>> _replaced(b"abc", one, one + 1, [b"", b"xyz"], one)
    b'axyzc'
    """
    sizes = np.array([len(text) for text in texts])
    joined = np.frombuffer(b"".join(texts), np.uint8)
    codes = np.frombuffer(data, np.uint8)
    grown = sizes[which] - (ends - starts)
    at = starts + np.cumsum(grown) - grown  # where the texts begin in the result
    made = np.empty(len(codes) + int(grown.sum()), np.uint8)
    new = _ranges(at, sizes[which])
    is_kept, stays = np.ones(len(codes), bool), np.ones(len(made), bool)
    is_kept[_ranges(starts, ends - starts)] = False
    stays[new] = False
    made[stays] = codes[is_kept]
    made[new] = joined[_ranges((np.cumsum(sizes) - sizes)[which], sizes[which])]
    return made.tobytes()


def _tags(label: str, length: int) -> list[bytes]:
    """The tags of an entity."""
    return [tag.encode() for tag in encode([Entity(0, length, label)], length)]
