"""Count what a run does: sentences, entities, links, errors and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from xlner.core.labeled_block import LabeledBlock
from xlner.core.pair import Pair
from xlner.errors import StoppedError
from xlner.text.counts import counted

Result = TypeVar("Result", Pair, LabeledBlock, Pair | LabeledBlock)


@dataclass(slots=True)
class RunSummary:
    """Counts of a run, taken from its pairs as they pass.

    >>> from xlner import Entity, Outcome, Projection, Sentence
    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> summary = RunSummary()
    >>> done = list(summary.count([Pair(vigo, projection=Projection(vigo, ())), Pair(vigo, error="translator: no")]))
    >>> summary.lines()
    ['2 sentences, 1 entity', '1 of 2 sentences failed; sentence 2: translator: no']
    """

    sentences: int = 0
    failed: int = 0
    """Sentences with an error."""
    first_error: str = ""
    source_entities: int = 0
    """Source entities with an outcome."""
    entities: int = 0
    """Entities of the labeled sentences."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Source entities that were not projected, by reason."""
    links: int = 0
    projected: bool = False
    """Whether any sentence was projected."""
    translation_warnings: Counter[str] = field(default_factory=Counter)
    """What looks wrong about translations."""
    wrong_translations: int = 0
    """Translations with a warning."""
    stopped: StoppedError | None = None
    """Why the run stopped before its end."""
    before: int = 0
    """Sentences before the first one that is counted."""

    def count(self, pairs: Iterable[Result]) -> Iterator[Result]:
        """Count pairs and blocks, and pass them on."""
        for pair in pairs:
            if isinstance(pair, LabeledBlock):
                self._count_block(pair)
                yield pair
                continue
            self.sentences += 1
            self.entities += len(pair.labeled.entities)
            outcomes = pair.projection.outcomes if pair.projection else ()
            self.source_entities += len(outcomes)
            self.dropped.update(str(o.reason) for o in outcomes if o.reason is not None)
            if pair.error is not None:
                self.failed += 1
                self.first_error = self.first_error or _in_place(pair.error, self.before + self.sentences)
            self.links += len(pair.alignment or ())
            warnings = pair.source.meta.get("translation_warnings") if pair.source is not None else None
            if isinstance(warnings, list):
                self.wrong_translations += 1
                self.translation_warnings.update(warnings)
            self.projected = self.projected or pair.projection is not None
            yield pair

    def counts(self) -> dict[str, Any]:
        """All counts as JSON values, which add up over the parts of a run."""
        return {name: getattr(self, name) for name in _COUNTS}

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> RunSummary:
        """The summary with these counts.

        >>> RunSummary.of(RunSummary(sentences=2).counts()).sentences
        2
        """
        summary = cls(**{name: value for name, value in counts.items() if name in _COUNTS})
        summary.dropped, summary.translation_warnings = Counter(summary.dropped), Counter(summary.translation_warnings)
        return summary

    def _count_block(self, block: LabeledBlock) -> None:
        self.sentences += block.sentences
        self.entities += block.entities
        self.source_entities += block.source_entities
        self.dropped.update(block.dropped)
        self.links += block.links
        self.projected = True

    def as_dict(self) -> dict[str, object]:
        """The counts as a dictionary, for JSON. Projected and dropped entities add up to the source entities."""
        return {
            "sentences": self.sentences,
            "failed": self.failed,
            "source_entities": self.source_entities,
            "projected": self.source_entities - self.dropped.total(),
            "dropped": dict(sorted(self.dropped.items())),
        }

    def lines(self) -> list[str]:
        """The counts as text, for people: what was done, then warnings, then errors."""
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.dropped.items()))
        dropped = f", {self.dropped.total()} not projected ({reasons})" if self.dropped else ""
        links = f", {counted(self.links, 'link')}" if self.links and not self.projected else ""
        entities = f", {counted(self.entities, 'entity', 'entities')}" if self.projected else ""
        sentences = counted(self.sentences, "sentence") if self.sentences else "no sentences read"
        lines = [f"{sentences}{links}{entities}{dropped}"]
        if self.wrong_translations:
            kinds = ", ".join(f"{warning} {count}" for warning, count in self.translation_warnings.most_common())
            looks = "translation looks" if self.wrong_translations == 1 else "translations look"
            lines.append(f"{self.wrong_translations} {looks} wrong ({kinds})")
        if self.failed:
            lines.append(f"{self.failed} of {counted(self.sentences, 'sentence')} failed; {self.first_error}")
        return lines


def _in_place(error: str, sentence: int) -> str:
    """An error with the number of its sentence, which errors of files have already."""
    return error if f"(sentence {sentence})" in error else f"sentence {sentence}: {error}"


_COUNTS = tuple(field.name for field in fields(RunSummary) if field.name not in ("stopped", "before"))
