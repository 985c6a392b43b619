"""What became of the labels of a build: counts by label and by reason, from the pairs as they pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from xlner.core.pair import Pair

FAILED = "failed"
_MARKERS = "markers:"


@dataclass(slots=True)
class LabelCount:
    """Entities of one label: in the source, in the translations, in those that were written, and why not."""

    source: int = 0
    built: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """By reason; those of sentences that failed are `failed`."""


@dataclass(slots=True)
class BuildReport:
    """Counts of a build, taken from the pairs as they pass by.

    `fallen_back` is how many entities of those built were lost by the translator and found by alignment, by the
    reason for which they were lost; `suspicious` how many translations look wrong, by flag.

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
    """By the stage that failed; what could not be read is `input`."""
    sentences_written: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    suspicious: Counter[str] = field(default_factory=Counter)
    fallen_back: Counter[str] = field(default_factory=Counter)
    labels: dict[str, LabelCount] = field(default_factory=lambda: defaultdict(LabelCount))

    def made(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Count all pairs."""
        for pair in pairs:
            self._count(pair)
            yield pair

    def written(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Count those that are written."""
        for pair in pairs:
            self.sentences_written += 1
            for entity in pair.labeled.entities:
                self.labels[entity.label].written += 1
            yield pair

    def _count(self, pair: Pair) -> None:
        self.sentences += 1
        flags = pair.target.meta.get("translation_warnings")
        self.suspicious.update(map(str, flags) if isinstance(flags, (list, tuple)) else ())
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
                self.fallen_back.update(lost)

    @property
    def total(self) -> LabelCount:
        """All labels together."""
        total = LabelCount()
        for count in self.labels.values():
            total.source += count.source
            total.built += count.built
            total.written += count.written
            total.dropped.update(count.dropped)
        return total

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "sentences": {
                "source": self.sentences,
                "failed": _sorted(self.failed),
                "suspicious": _sorted(self.suspicious),
                "filtered": _sorted(self.filtered),
                "written": self.sentences_written,
            },
            "entities": {
                label: {"source": c.source, "built": c.built, "written": c.written, "dropped": _sorted(c.dropped)}
                for label, c in [*sorted(self.labels.items()), ("all", self.total)]
            },
            "fallen_back": _sorted(self.fallen_back),
        }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
