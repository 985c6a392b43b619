"""Project large files block by block, on arrays, with the results of the pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labeled_block import LabeledBlock
from xlner.core.pair import Pair
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import encode
from xlner.engines.bulk_confidence import confidences_in
from xlner.engines.bulk_entities import SourceEntities, source_entities
from xlner.engines.bulk_trimming import trimmed_spans
from xlner.errors import InputError, ValidationError
from xlner.formats.bulk import PlainPairs
from xlner.formats.jsonl import ProjectedPairs, are_plain, pair_lines
from xlner.pipeline.pipeline import Pipeline
from xlner.projection.confidence import CONFIDENCE, ConfidentProjector
from xlner.projection.kernels.distinct import DistinctSolver, LinkedEntities, Spans
from xlner.projection.kernels.flat import SCALE, SOLVERS
from xlner.projection.kernels.objects import REASONS
from xlner.projection.matching_projector import MatchingProjector
from xlner.projection.range_projectors import HeuristicProjector, HullProjector

Ints = NDArray[np.int64]
FORMATS = ("conll", "jsonl")
"""The formats of labeled blocks."""


def can_project_blocks(pipeline: Pipeline, format: str) -> bool:
    """Whether blocks of pairs give the same output without an object for each sentence.

    That is so for CoNLL and JSONL if the pipeline only projects by given links, and its projector reads nothing but
    links. JSONL also needs a projector that gives each entity one span at most.

    >>> [can_project_blocks(Pipeline(projector="greedy"), format) for format in ("conll", "jsonl", "csv")]
    [True, True, False]
    """
    solver = _solver(pipeline)
    return solver is not None and (format == "conll" or (format in FORMATS and solver.independent))


def _solver(pipeline: Pipeline) -> DistinctSolver | None:
    """What projects on arrays, if the pipeline does nothing else."""
    if any(stage is not None for stage in (pipeline.translator, pipeline.recognizer, pipeline.aligner)):
        return None
    projector = pipeline.projector
    if isinstance(projector, ConfidentProjector) and not projector.options.min_confidence:
        projector = projector.projector
    if isinstance(projector, (HeuristicProjector, HullProjector, MatchingProjector)):
        return projector.solver()
    return None


class BlockPipeline:
    """A pipeline that also projects blocks of pairs, see `can_project_blocks`.

    `format` is the one that blocks are written in. Raises `ValidationError` for another pipeline.

    >>> from xlner import Sentence
    >>> pipeline = BlockPipeline(Pipeline(projector="greedy"))
    >>> next(pipeline.run_pairs([Pair(Sentence(("Vigo",)), Sentence(("Vigo",)))])).labeled.tags()
    ['O']
    """

    def __init__(self, pipeline: Pipeline, format: str = "conll") -> None:
        solver = _solver(pipeline)
        if solver is None or not can_project_blocks(pipeline, format):
            raise ValidationError("this pipeline does not project blocks", hint="give one that only projects by links")
        self._pipeline, self._solver, self._format = pipeline, solver, format
        self._solver_without_entities = solver.solver_without_entities()

    @property
    def fingerprint(self) -> str:
        """That of the pipeline."""
        return self._pipeline.fingerprint

    @property
    def labels(self) -> Counter[str]:
        """The labels of all source entities so far, ignored ones included."""
        return self._pipeline.labels

    def run_pairs(self, items: Iterable[Pair | InputError | PlainPairs], /) -> Iterator[Any]:
        """One pair for each pair, and one labeled block for each block, in order.

        A block that cannot be written as such becomes its pairs.
        """
        iterator = iter(items)
        for item in iterator:
            if isinstance(item, PlainPairs):
                yield from self._labeled(item)
                continue
            after: list[PlainPairs] = []
            yield from self._pipeline.run_pairs(chain([item], _before_block(iterator, after)))
            for block in after:
                yield from self._labeled(block)

    def _labeled(self, block: PlainPairs) -> Iterator[LabeledBlock | Pair]:
        sides = (block.sources(), block.targets()) if self._format == "jsonl" else ()
        if not all(map(are_plain, sides)):
            yield from self._pipeline.run_pairs(block.pairs())
            return
        names = block.source.names
        counts = np.bincount(block.source.labels, minlength=len(names)).tolist()
        self.labels.update({label: count for label, count in zip(names, counts, strict=True) if count})
        entities = source_entities(block, self._pipeline.ignore)
        spans = trimmed_spans(block, entities, self._solver.spans(_linked(block, entities)))
        dropped = np.bincount(spans.reason, minlength=len(REASONS)).tolist()
        yield LabeledBlock(
            self._records(block, sides, entities, spans) if sides else _text(block, entities, spans),
            sentences=len(block),
            links=len(block.link_sources),
            source_entities=len(entities.sentence),
            entities=len(spans.entity),
            dropped={str(name): n for name, n in zip(REASONS, dropped, strict=True) if name is not None and n},
        )

    def _records(
        self, block: PlainPairs, sides: Sequence[SentenceBlock], entities: SourceEntities, spans: Spans
    ) -> str:
        """The pairs as JSONL."""
        solver, projector = self._solver, self._pipeline.projector
        scores: list[dict[str, float]] = [{solver.score_name: score} for score in spans.score.tolist()]
        own: Sequence[float | None] = spans.score.tolist() if solver.matched else [None] * len(spans.entity)
        if isinstance(projector, ConfidentProjector):
            sure = confidences_in(block, entities, spans).tolist()
            own = sure if projector.calibration is None else list(map(projector.calibration, sure))
            scores = [{**found, CONFIDENCE: score} for found, score in zip(scores, own, strict=True)]
        outcomes: list[Any] = [REASONS[reason] for reason in spans.reason.tolist()]
        for number, owner in enumerate(spans.entity.tolist()):
            outcomes[owner] = number
        first, rows = block.source.offsets[entities.sentence], block.target.offsets[entities.sentence[spans.entity]]
        source = sides[0].with_entities(first + entities.start, first + entities.end, entities.label)
        target = replace(sides[1], names=source.names)
        made = target.with_entities(rows + spans.start, rows + spans.end, entities.label[spans.entity])
        weights = None if block.link_weights is None else block.link_weights.tolist()
        matchings = self._matchings(len(block), entities, spans)
        return "".join(
            pair_lines(
                ProjectedPairs(source, made, block.texts, block.links(), weights, outcomes, scores, own, matchings)
            )
        )

    def _matchings(self, n: int, entities: SourceEntities, spans: Spans) -> Sequence[tuple[str, float] | None]:
        """The solver and the objective of each pair, None if no matcher was asked."""
        if not self._solver.matched:
            return [None] * n
        units, solvers = np.zeros(n, np.int64), np.full(n, self._solver_without_entities)
        np.add.at(units, entities.sentence, spans.units)
        solvers[entities.sentence] = spans.solver
        return [
            (SOLVERS[solver], total / SCALE) for solver, total in zip(solvers.tolist(), units.tolist(), strict=True)
        ]


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


def _linked(block: PlainPairs, entities: SourceEntities) -> LinkedEntities:
    """The entities with their links."""
    rows, lengths = block.source.offsets[entities.sentence] + entities.start, entities.end - entities.start
    owner = np.full(len(block.source.word_starts), -1)
    owner[_ranges(rows, lengths)] = np.repeat(np.arange(len(rows)), lengths)
    of_link = owner[block.link_sources]
    links = np.flatnonzero(of_link >= 0)
    entity = of_link[links]
    source = block.link_sources[links] - rows[entity]
    return LinkedEntities(entities.sentence, entities.start, entities.end, entity, source, block.link_targets[links])


def _text(block: PlainPairs, entities: SourceEntities, spans: Spans) -> str:
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
