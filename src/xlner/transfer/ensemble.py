"""Ensembles of projection and of recognizers of the target language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from xlner.core.entity import Entity, overlaps
from xlner.core.entity_edges import trimmed
from xlner.core.pair import Member, Outcome, Pair
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import InputError, UnknownNameError, ValidationError
from xlner.pipeline import Pipeline
from xlner.pipeline.cells import by_cell
from xlner.pipeline.isolation import describe, in_batches, windows
from xlner.pipeline.texts import sentences_of
from xlner.recognition.votes import (
    FloatArray,
    Vote,
    check_weights,
    confidence_of,
    decode_entities,
    mean_probabilities,
    votes_of,
)
from xlner.stages import ProbabilisticRecognizer, Recognizer, check_stopped, fingerprint_of
from xlner.text.suggestions import names_hint

PROJECTION = "projection"
"""The name of projection among the members of an ensemble."""
UNPROJECTED = ("others", "O")
"""The values of the option `unprojected` of `Ensemble`."""


class Ensemble:
    """Labels sentences with the mean of the word-level class probabilities of projection and of other recognizers.

    This is the ensemble of translate-train and translate-test of Ebing and Glavaš (2025, arXiv 2505.10507), for any
    number of members and any weights. docs/ensembles.md has the formulas.

    - `pipeline`: translates, recognizes and projects.
    - `recognizers`: recognizers of the target language, as objects or specs. For example, a model that was trained on
      other languages (transfer), and one that was trained on translated data (translate-train).
    - `weights`: the weight of projection, and of each recognizer in order. By default all are equal.
    - `kept_labels`: projected entities with these labels are added where the vote finds no entity. This is for labels
      that the recognizers know less well than the one of the source language, such as dates.
    - `min_confidence`: leave out entities with a lower score.
    - `keep_members`: keep in each result what each member finds by itself, which takes some time.
    - `unprojected`: the vote of projection for a word that no entity was projected to. `others` leaves the word to the
      other members, as in the published code; `O` votes for `O`.

    The tags of a sentence are the most likely ones that IOB2 allows. The score of an entity is the mean probability of
    its tags. Labels that the pipeline ignores count as `O`. Pairs keep the outcomes of projection, and
    `ensemble_members` has what each member finds by itself, with `keep_members`. A pair for which a stage or a
    recognizer fails has the error and no entities.

    Raises `ValidationError` for a pipeline without a projector, for no recognizers, and for bad weights;
    `UnknownNameError` for an unknown `unprojected`; and the errors of the recognizers.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline = Pipeline("echo", DictionaryRecognizer({"Ana": "PER"}), "oracle", "greedy", target_lang="gl")
    >>> ensemble = Ensemble(pipeline, [DictionaryRecognizer({"Vigo": "LOC"})])
    >>> [pair.labeled.tags() for pair in ensemble.run_texts(["Ana en Vigo"])]
    [['O', 'O', 'B-LOC']]
    """

    def __init__(
        self,
        pipeline: Pipeline,
        recognizers: Sequence[Recognizer | str],
        *,
        weights: Sequence[float] | None = None,
        unprojected: str = "others",
        min_confidence: float = 0.0,
        kept_labels: Collection[str] = (),
        keep_members: bool = True,
    ) -> None:
        if pipeline.projector is None:
            raise ValidationError("an ensemble needs a pipeline with a projector")
        if not recognizers:
            raise ValidationError("an ensemble needs a recognizer of the target language", hint="for example hf:MODEL")
        if unprojected not in UNPROJECTED:
            raise UnknownNameError(
                f"unknown unprojected {unprojected!r}", hint=names_hint(unprojected, UNPROJECTED, "one of")
            )
        if not 0 <= min_confidence <= 1:
            raise ValidationError(f"min_confidence {min_confidence} is not between 0 and 1")
        self.weights = check_weights(weights, 1 + len(recognizers))
        self.pipeline = pipeline
        self.unprojected = unprojected
        self.min_confidence = min_confidence
        self.kept_labels = frozenset(kept_labels)
        self.keep_members = keep_members
        self.unsure = 0
        """Entities below `min_confidence` so far."""
        self._known: Counter[str] = Counter()
        self.recognizers: list[Recognizer] = [
            load("recognizer", r, language=pipeline.target_lang) if isinstance(r, str) else r for r in recognizers
        ]
        self.names = (PROJECTION, *(r if isinstance(r, str) else _name_of(r) for r in recognizers))
        """The names of the members: `projection`, and the specs of the recognizers, or their names without options."""

    @property
    def labels(self) -> Counter[str]:
        """Counts of the labels that were seen so far, ignored ones included: in source entities and in votes."""
        return self.pipeline.labels + self._known

    @property
    def fingerprint(self) -> str:
        """A string that changes with everything that the results depend on."""
        members = " + ".join(fingerprint_of(r) for r in self.recognizers)
        weights = ",".join(f"{w:g}" for w in self.weights)
        options = f"unprojected={self.unprojected} min_confidence={self.min_confidence:g}"
        options += f" kept_labels={','.join(sorted(self.kept_labels))}"
        options += "" if self.keep_members else " keep_members=False"
        return f"{self.pipeline.fingerprint}|ensemble {weights} {options} {members}"

    def run_texts(self, texts: Iterable[str]) -> Iterator[Pair]:
        """Label texts, one sentence each; see `Pipeline.run_texts`."""
        return self.run(sentences_of(texts, self.pipeline.target_lang))

    def run(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair]:
        """Label target sentences: one pair per sentence, in order."""
        return self.run_pairs(s if isinstance(s, InputError) else Pair(s) for s in sentences)

    def run_pairs(self, pairs: Iterable[Pair | InputError]) -> Iterator[Pair]:
        """Label the targets of pairs: one result per pair, in order; see `Pipeline.run_pairs`."""
        return by_cell(pairs, lambda cells: self._combined(self.pipeline.run_pairs(cells)))

    def _combined(self, projected: Iterator[Pair]) -> Iterator[Pair]:
        for window in windows(projected, self.pipeline.window):
            yield from self._of_window(window)
            check_stopped(*self.recognizers)

    def _of_window(self, pairs: Sequence[Pair]) -> list[Pair]:
        out = list(pairs)
        todo = [k for k, p in enumerate(pairs) if p.error is None and p.projection is not None and p.target.tokens]
        ready = [pairs[k] for k in todo]
        targets = [p.target for p in ready]
        votes = [self._projected(ready), *(self._votes(r, targets) for r in self.recognizers)]
        for k, of_pair in zip(todo, zip(*votes, strict=True), strict=True):
            failed = next((v for v in of_pair if isinstance(v, Exception)), None)
            if failed is not None:
                out[k] = replace(pairs[k], projection=None, error=describe(failed, "ensemble"))
            else:
                out[k] = self._labeled(pairs[k], [v for v in of_pair if isinstance(v, Vote)])
        return out

    def _labeled(self, pair: Pair, votes: Sequence[Vote]) -> Pair:
        assert pair.projection is not None
        self._known.update(label for vote in votes for label in vote.labels)
        kept = [vote.without(self.pipeline.ignore) for vote in votes]
        found = list(_entities_of(pair.target, kept, self.weights))
        found += [
            e
            for e in pair.projection.sentence.entities
            if e.label in self.kept_labels and not any(overlaps(e.span, other.span) for other in found)
        ]
        sure = [e for e in found if confidence_of(e) >= self.min_confidence]
        self.unsure += len(found) - len(sure)
        members = self._members(pair.target, kept) if self.keep_members else ()
        sentence = pair.target.with_entities(sure)
        return replace(pair, projection=replace(pair.projection, sentence=sentence, ensemble_members=members))

    def _members(self, target: Sentence, votes: Sequence[Vote]) -> tuple[Member, ...]:
        """What each member finds by itself."""
        return tuple(
            Member(name, weight, _entities_of(target, [vote], [1]))
            for name, weight, vote in zip(self.names, self.weights, votes, strict=True)
        )

    def _votes(self, recognizer: Recognizer, sentences: Sequence[Sentence]) -> list[Vote | Exception]:
        """The votes of a recognizer; an error for each sentence that it fails on."""
        budget = self.pipeline.batch_words
        return in_batches(lambda batch: votes_of(recognizer, batch), sentences, length=len, budget=budget)

    def _projected(self, pairs: Sequence[Pair]) -> list[Vote | Exception]:
        """The votes of projection."""
        recognizer = self.pipeline.recognizer
        sources: dict[int, Sentence] = {}
        if isinstance(recognizer, ProbabilisticRecognizer):
            sources = {k: p.source for k, p in enumerate(pairs) if p.source is not None and p.labeled.entities}
        found: dict[int, Vote | Exception] = {}
        if recognizer is not None:
            found = dict(zip(sources, self._votes(recognizer, list(sources.values())), strict=True))
        return [_vote_or_error(pair, found.get(k), self.unprojected) for k, pair in enumerate(pairs)]


def _name_of(recognizer: Recognizer) -> str:
    return fingerprint_of(recognizer).partition("?")[0]


def _entities_of(sentence: Sentence, votes: Sequence[Vote], weights: Sequence[float]) -> tuple[Entity, ...]:
    return trimmed(sentence, decode_entities(*mean_probabilities(votes, weights)))


def _vote_or_error(pair: Pair, source: Vote | Exception | None, unprojected: str) -> Vote | Exception:
    return source if isinstance(source, Exception) else vote_of_projection(pair, source, unprojected)


def vote_of_projection(pair: Pair, source: Vote | None, unprojected: str) -> Vote:
    """The vote of projection for the words of the target.

    `source` is the vote of the recognizer for the words of the source; None for a recognizer without probabilities.
    """
    outcomes = () if pair.projection is None else pair.projection.outcomes
    vote = Vote({}, np.zeros(len(pair.target)))
    for outcome in outcomes:
        shares = _shares(outcome, source)
        for span in outcome.projected:
            for label, share in shares.items():
                rows = vote.labels.setdefault(label, np.zeros((len(pair.target), 2)))
                rows[span.start, 0] = rows[span.start + 1 : span.end, 1] = share
            vote.weights[span.start : span.end] = confidence_of(span)
    return vote if unprojected == "others" else _outside_elsewhere(vote)


def _shares(outcome: Outcome, source: Vote | None) -> dict[str, float]:
    """The probability of each label for a source entity."""
    entity = outcome.entity
    if source is None:
        return {entity.label: confidence_of(entity)}
    inside = slice(entity.start, entity.end)
    return {label: float(rows[inside].sum(axis=1).mean()) for label, rows in source.labels.items()}


def _outside_elsewhere(vote: Vote) -> Vote:
    """The same vote, with the rest of the probability of each word going to `O`."""
    labels: dict[str, FloatArray] = {label: rows * vote.weights[:, None] for label, rows in vote.labels.items()}
    return Vote(labels, np.ones_like(vote.weights))
