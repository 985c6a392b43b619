"""A review: the results, the decisions about them, and how far they have come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.report.about import RunFacts
from xlner.report.apply import Item, apply_corrections, decisions_by_sentence, labeled_sentence, write_items
from xlner.report.corrections import Action, Decision, corrected
from xlner.report.journal import Journal
from xlner.report.judgment import Judgment
from xlner.report.least_sure import Doubt, doubts_of, numbers_to_pick
from xlner.report.shown import ShownSentence, shown_sentences
from xlner.report.view import write_shown
from xlner.text.counts import counted

EXPORTS = {"jsonl": ".corrected.jsonl", "conll": ".corrected.conll"}
"""The formats that a review exports, and how the names of the files end."""


@dataclass(slots=True)
class ReviewSession:
    """The state of a review. Its methods may be called from several threads.

    - `read`: reads the results, again for each export.
    - `journal`: has the decisions.
    - `title`, `facts`: what the page says about the results.
    - `who`: the name of the person.
    - `least_sure`: review only so many sentences, those that are most worth the time; None for all of them.

    >>> import io, tempfile
    >>> from xlner import Entity
    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "journal", "es") as journal:
    ...     session = ReviewSession(lambda: [vigo], journal, "es", "ana")
    ...     session.write_page(io.StringIO())
    ...     session.progress()
    '0 of 1 sentence reviewed, 1 left; no entity judged; 0 added'
    """

    read: Callable[[], Iterable[Item]]
    journal: Journal
    title: str
    who: str
    facts: RunFacts = field(default_factory=RunFacts)
    least_sure: int | None = None
    sentences: list[Sentence] = field(default_factory=list)
    picked: list[int] | None = None
    _judgments: dict[int, Judgment] = field(default_factory=dict)
    _total: Judgment = field(default_factory=Judgment)
    _about: dict[int, list[Decision]] = field(default_factory=dict)
    _lock: Any = field(default_factory=Lock)

    def write_page(self, stream: TextIO, on_progress: Callable[[int], None] = lambda n: None) -> None:
        """Write the page, and remember the sentences. Raises `InputError` if the journal is about other results.

        `on_progress` is called with the number of sentences that were done since its last call.
        """
        settings: dict[str, Any] = {"server": True, "who": self.who, "exports": self.export_names()}
        doubts: dict[int, list[Doubt]] = {}

        def remembered() -> Iterator[ShownSentence]:
            for shown in shown_sentences(self.read()):
                sentence = labeled_sentence(shown.pair)
                self.sentences.append(Sentence(sentence.tokens, sentence.entities))
                if self.least_sure is not None and sentence.tokens:
                    doubts[shown.number] = list(doubts_of(shown))
                yield shown
                on_progress(1)
            if self.least_sure is not None:
                self.picked = settings["picked"] = numbers_to_pick(doubts, self.least_sure)

        facts, title = self.facts, self.title
        write_shown(stream, remembered(), title=title, facts=facts, most=2**31, seed=0, ignore=(), settings=settings)
        self._about = decisions_by_sentence(self.journal.decisions)
        for number in self._about:
            self._judge(number)

    def export_names(self) -> dict[str, str]:
        """The names of exported files by format."""
        name = self.title.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".conll")
        return {format: name + end for format, end in EXPORTS.items()}

    def decide(self, record: object) -> None:
        """Save a decision. Raises `ValidationError` if it does not fit, and `InputError` if it cannot be saved."""
        decision = Decision.of(record)
        with self._lock:
            about = self._about.get(decision.sentence, [])
            if any(made.key == decision.key for made in about):
                return
            if decision.action is Action.UNDO and not any(made.key == decision.undoes for made in about):
                raise ValidationError("there is no such decision to undo")
            self._corrected(decision.sentence, [*about, decision])
            self.journal.append(decision)
            self._about[decision.sentence] = [*about, decision]
            self._judge(decision.sentence)

    def decisions(self) -> list[dict[str, Any]]:
        """All decisions as records."""
        with self._lock:
            return [decision.as_record() for decision in self.journal.decisions]

    def progress(self) -> str:
        """How much is reviewed, and how good the results are so far."""
        with self._lock:
            reviewed = [number for number, judgment in self._judgments.items() if judgment.reviewed]
            judgment = self._total
        if self.picked is None:
            done, goal = len(reviewed), len(self.sentences)
        else:
            done, goal = len(set(self.picked).intersection(reviewed)), len(self.picked)
        text = f"{done} of {counted(goal, 'sentence')} reviewed, {goal - done} left; {judgment.line()}"
        if self.picked is not None and judgment.judged:
            text += " These sentences are the least sure, so the precision of all is likely higher."
        return text

    def export(self, path: str | Path, format: str) -> None:
        """Write the corrected results. Raises `InputError` if the file has changed since."""
        with self._lock:
            decisions = list(self.journal.decisions)
        items = apply_corrections(self.read(), decisions, as_comment=format != "jsonl")
        write_items(items, path, format=format)

    def _corrected(self, number: int, decisions: list[Decision]) -> Judgment:
        if not 1 <= number <= len(self.sentences):
            raise ValidationError(f"there is no sentence {number}", hint="give the file that was reviewed")
        return Judgment.of(corrected(self.sentences[number - 1], decisions))

    def _judge(self, number: int) -> None:
        try:
            judgment = self._corrected(number, self._about[number])
        except ValidationError as error:
            path = self.journal.path
            raise InputError(error.message, path=path, sentence=number, hint=error.hint) from None
        self._total = self._total + judgment - self._judgments.get(number, Judgment())
        self._judgments[number] = judgment
