"""Project onto each target sentence from several sources at once, such as several languages or translations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeAlias

from xlner.core.alignment import Alignment
from xlner.core.batches import isolated, listed
from xlner.core.entity_edges import checked_projection
from xlner.core.pair import Pair
from xlner.errors import InputError, StageError, UsageError, ValidationError
from xlner.pipeline.isolation import describe, windows
from xlner.pipeline.pipeline import Pipeline
from xlner.pipeline.stage_runner import build_stage
from xlner.projection.calibration import Calibration
from xlner.stages import GroupProjector, Projector, fingerprint_of
from xlner.text.counts import counted

PairGroup: TypeAlias = tuple[Pair, ...]
"""The pairs of one target sentence with each of its sources."""
OTHER_SOURCES = "also"
"""The key in the `meta` of a target that has the pairs with the other sources, and the field for them in JSONL."""
_FOR_ONE_SOURCE = {"greedy": "multi-source?matcher=greedy", "exact": "multi-source"}


def group_pairs(*sources: Iterable[Pair | InputError]) -> Iterator[PairGroup | InputError]:
    """Group the pairs of several sources with the same target; an `InputError` in any of them replaces the group.

    Raises `ValidationError` if one source ends before another.

    >>> from xlner import Sentence
    >>> pair = Pair(Sentence(("Vigo",)))
    >>> [len(group) for group in group_pairs([pair, pair], [pair, pair])]
    [2, 2]
    """
    for number, group in enumerate(zip_longest(*sources), start=1):
        if any(pair is None for pair in group):
            raise ValidationError(f"a source ends after {counted(number - 1, 'pair')}, but another goes on")
        bad = next((pair for pair in group if isinstance(pair, InputError)), None)
        yield bad or tuple(pair for pair in group if isinstance(pair, Pair))


def multi_source_spec(spec: str) -> str:
    """The multi-source projector with the matcher of a projector for one source; other specs are kept.

    >>> multi_source_spec("greedy"), multi_source_spec("multi-source?combine=mean")
    ('multi-source?matcher=greedy', 'multi-source?combine=mean')
    """
    return _FOR_ONE_SOURCE.get(spec, spec)


class MultiSourcePipeline:
    """Runs one pipeline for each source, and projects from all sources together.

    - `pipelines`: one for each source, without projectors. They translate, recognize and align.
    - `projector`: a `GroupProjector`, or its spec. `greedy` and `exact` stand for the matchers of `multi-source`.
    - `calibration`, `min_confidence`: for a projector that is given as a spec which does not set them; as for
      `xlner.projection.ConfidentProjector`.

    A group with an error in any of its pairs becomes a pair with that error. Raises `UsageError` for a projector that
    takes one source, and `ValidationError` if it has weights for another number of sources.

    >>> from xlner import Entity, Sentence
    >>> target, vigo = Sentence(("en", "Vigo")), Sentence(("in", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> sources = [Pipeline(aligner="oracle", projector=None) for _ in range(2)]
    >>> pipeline = MultiSourcePipeline(sources, "exact")
    >>> next(pipeline.run_pairs([(Pair(target, vigo), Pair(target, vigo))])).labeled.tags()
    ['O', 'B-LOC']
    """

    def __init__(
        self,
        pipelines: Sequence[Pipeline],
        projector: GroupProjector | Projector | str = "exact",
        *,
        calibration: Calibration | None = None,
        min_confidence: float = 0.0,
    ) -> None:
        named = multi_source_spec(projector) if isinstance(projector, str) else projector
        built = build_stage("projector", named, calibration=calibration, min_confidence=min_confidence)
        if not isinstance(built, GroupProjector):
            raise UsageError("this projector takes one source", hint="use multi-source, exact or greedy")
        if built.source_weights is not None and len(built.source_weights) != len(pipelines):
            raise ValidationError(
                f"{counted(len(built.source_weights), 'weight')} for {counted(len(pipelines), 'source')}"
            )
        self.pipelines = pipelines
        self.projector: GroupProjector = built

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on."""
        return " & ".join([*(p.fingerprint for p in self.pipelines), fingerprint_of(self.projector)])

    @property
    def labels(self) -> Counter[str]:
        """The labels of all source entities so far, ignored ones included."""
        return sum((p.labels for p in self.pipelines), Counter())

    def run_pairs(self, groups: Iterable[PairGroup | InputError], /) -> Iterator[Pair]:
        """Project each group: one pair per group, in order.

        It is the pair with the first source. The others are in the `meta` of its target, under `also`.
        """
        for window in windows(groups, self.pipelines[0].window):
            for group in window:
                if isinstance(group, tuple) and len(group) != len(self.pipelines):
                    raise ValidationError(
                        f"a group of {counted(len(group), 'pair')} for {counted(len(self.pipelines), 'source')}"
                    )
            by_source = zip(*(g if isinstance(g, tuple) else (g,) * len(self.pipelines) for g in window), strict=True)
            done = [p.run_pairs(pairs) for p, pairs in zip(self.pipelines, by_source, strict=True)]
            yield from map(self._project, zip(*done, strict=True))

    def _project(self, group: PairGroup) -> Pair:
        for number, pair in enumerate(group, start=1):
            if pair.error is not None:
                return replace(group[0], error=pair.error if number == 1 else f"source {number}: {pair.error}")
        ready = [_with_links(pair) for pair in group]
        (made,) = isolated(self.projector.project_groups, [ready])
        if isinstance(made, Exception):
            return replace(group[0], error=describe(made, "projector"))
        try:
            projections = [checked_projection(m, p) for m, p in zip(listed(made, len(ready)), ready, strict=True)]
        except StageError as error:
            return replace(group[0], error=describe(error, "projector"))
        others = [replace(p, projection=m) for p, m in zip(ready[1:], projections[1:], strict=True)]
        meta = {**ready[0].target.meta, OTHER_SOURCES: others}
        return replace(
            ready[0],
            target=replace(ready[0].target, meta=meta),
            projection=replace(projections[0], sentence=replace(projections[0].sentence, meta=meta)),
        )


def _with_links(pair: Pair) -> Pair:
    """The pair; without links if its pipeline did not align it, because its source has no entities."""
    without = pair.alignment is None and pair.source is not None and not pair.source.entities
    return replace(pair, alignment=Alignment(())) if without else pair
