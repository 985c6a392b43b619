"""Count the labels of a build: how many were built and written, and why the others were not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from xlner.core.pair import Pair

FAILED = "failed"
_MARKERS = "markers:"


@dataclass(slots=True)
class LabelCount:
    """Entities of one label: in the source, in the translations, and in the translations that were written.

    >>> LabelCount(source=2, built=1).written
    0
    """

    source: int = 0
    built: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Dropped entities by reason; entities of failed sentences count as `failed`."""


@dataclass(slots=True)
class BuildReport:
    """Counts of a build, taken from its pairs as they are made and written.

    `found_by_alignment` counts entities that the translation lost and alignment found, by the reason they were lost.
    `translation_warnings` counts what looks wrong about translations.

    >>> from xlner import Entity, Outcome, Projection, Reason, Sentence
    >>> vigo = Entity(0, 1, "LOC")
    >>> lost = Projection(Sentence(("Vigo",)), (Outcome(vigo, reason=Reason.NO_CANDIDATE),))
    >>> report = BuildReport()
    >>> pairs = list(report.written(report.made([Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (vigo,)), None, lost)])))
    >>> report.labels["LOC"].source, report.labels["LOC"].dropped["no-candidate"]
    (1, 1)
    """

    sentences: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Failed sentences by stage; sentences that could not be read count as `input`."""
    sentences_written: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    """Sentences that each filter dropped."""
    translation_warnings: Counter[str] = field(default_factory=Counter)
    found_by_alignment: Counter[str] = field(default_factory=Counter)
    labels: dict[str, LabelCount] = field(default_factory=lambda: defaultdict(LabelCount))

    def made(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Count all pairs, and pass them on."""
        for pair in pairs:
            self._count(pair)
            yield pair

    def written(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Count the pairs that are written, and pass them on."""
        for pair in pairs:
            self.sentences_written += 1
            for entity in pair.labeled.entities:
                self.labels[entity.label].written += 1
            yield pair

    def _count(self, pair: Pair) -> None:
        self.sentences += 1
        warnings = pair.target.meta.get("translation_warnings")
        self.translation_warnings.update(map(str, warnings) if isinstance(warnings, (list, tuple)) else ())
        if pair.error is not None:
            self.failed[pair.error.partition(":")[0] if pair.source is not None else "input"] += 1
            for entity in pair.source.entities if pair.source is not None else ():
                self.labels[entity.label].source += 1
                self.labels[entity.label].dropped[FAILED] += 1
        for outcome in pair.projection.outcomes if pair.projection is not None else ():
            count = self.labels[outcome.entity.label]
            count.source += 1
            count.built += not outcome.dropped
            if outcome.reason is not None:
                count.dropped[str(outcome.reason)] += 1
            else:
                lost = (name.removeprefix(_MARKERS) for name in outcome.scores if name.startswith(_MARKERS))
                self.found_by_alignment.update(lost)

    def counts(self) -> dict[str, Any]:
        """All counts as JSON values, which add up over the parts of a run."""
        counts: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        counts["labels"] = {
            label: {"source": c.source, "built": c.built, "written": c.written, "dropped": dict(c.dropped)}
            for label, c in self.labels.items()
        }
        return counts

    def take(self, counts: Mapping[str, Any]) -> None:
        """Put counts in the place of those of this report.

        >>> report, other = BuildReport(sentences=2), BuildReport()
        >>> other.take(report.counts())
        >>> other.sentences
        2
        """
        labels = {
            label: LabelCount(
                count.get("source", 0), count.get("built", 0), count.get("written", 0), Counter(count.get("dropped"))
            )
            for label, count in counts.get("labels", {}).items()
        }
        self.sentences, self.sentences_written = counts.get("sentences", 0), counts.get("sentences_written", 0)
        self.failed = Counter(counts.get("failed"))
        self.translation_warnings = Counter(counts.get("translation_warnings"))
        self.found_by_alignment = Counter(counts.get("found_by_alignment"))
        self.filtered = dict(counts.get("filtered", {}))
        self.labels = defaultdict(LabelCount, labels)

    @property
    def total(self) -> LabelCount:
        """The sum over all labels."""
        total = LabelCount()
        for count in self.labels.values():
            total.source += count.source
            total.built += count.built
            total.written += count.written
            total.dropped.update(count.dropped)
        return total

    def as_dict(self) -> dict[str, object]:
        """The counts as a dictionary, for JSON."""
        return {
            "sentences": {
                "source": self.sentences,
                "failed": _sorted(self.failed),
                "translation_warnings": _sorted(self.translation_warnings),
                "filtered": _sorted(self.filtered),
                "written": self.sentences_written,
            },
            "entities": {
                label: {"source": c.source, "built": c.built, "written": c.written, "dropped": _sorted(c.dropped)}
                for label, c in [*sorted(self.labels.items()), ("all", self.total)]
            },
            "found_by_alignment": _sorted(self.found_by_alignment),
        }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
