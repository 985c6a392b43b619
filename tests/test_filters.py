"""Filters for sentences to train on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_projection_batch import pairs
from xlner import Alignment, Entity, Outcome, Pair, Projection, Reason, Sentence, ValidationError
from xlner.errors import UnknownNameError
from xlner.pipeline.filters import FILTERS, Filter, FilterReport, SentenceFilters
from xlner.projection.confidence import ConfidentProjector
from xlner.projection.matching_projector import greedy_projector

FEWER = settings(max_examples=50, deadline=None)
NAMES = ("complete", "projected:0.5", "confidence:0.9", "mean-confidence:0.8", "linked:0.3", "length-ratio:1.5")
SPECS = st.lists(st.sampled_from([*NAMES, "max-length:5", "entities:1", "unique"]), max_size=4)
MEMORYLESS = st.lists(st.sampled_from(NAMES), max_size=4)


def projected(pair: Pair) -> Pair:
    (made,) = ConfidentProjector(greedy_projector()).project([pair])
    return Pair(pair.target, pair.source, pair.alignment, made)


@FEWER
@given(st.lists(pairs(), max_size=5), SPECS)
def test_kept_and_dropped_are_all(made: list[Pair], specs: list[str]) -> None:
    given_pairs = [projected(p) for p in made] + [Pair(Sentence(("x",)), error="aligner: broken")]
    filters = SentenceFilters(specs)
    kept = list(filters.kept(given_pairs))
    assert len(kept) == filters.report.kept
    assert filters.report.sentences == len(given_pairs)
    assert set(filters.report.dropped) <= {*specs, "failed"}
    assert filters.report.dropped["failed"] == 1
    assert [p for p in given_pairs if any(p is k for k in kept)] == kept


@FEWER
@given(st.lists(pairs(), max_size=5), MEMORYLESS, SPECS)
def test_filters_in_a_row_are_filters_one_after_another(made: list[Pair], first: list[str], then: list[str]) -> None:
    given_pairs = [projected(p) for p in made]
    together = SentenceFilters(first + then)
    before, after = SentenceFilters(first), SentenceFilters(then)
    assert list(together.kept(given_pairs)) == list(after.kept(before.kept(given_pairs)))
    assert together.report.dropped == before.report.dropped + after.report.dropped


def test_without_filters_all_is_kept() -> None:
    assert len(list(SentenceFilters([]).kept([Pair(Sentence(()))] * 3))) == 3


def labeled(scores: list[float | None], dropped: int = 0) -> Pair:
    entities = tuple(Entity(k, k + 1, "A", s) for k, s in enumerate(scores))
    source = Sentence(tuple("s" * (len(scores) + dropped)), tuple(Entity(k, k + 1, "A") for k in range(len(scores))))
    outcomes = [Outcome(e, (made,)) for e, made in zip(source.entities, entities, strict=True)]
    outcomes += [Outcome(Entity(0, 1, "A"), reason=Reason.UNALIGNED)] * dropped
    target = Sentence(tuple("t" * len(source)))
    links = Alignment(tuple((k, 0) for k in range(len(source))))
    return Pair(target, source, links, Projection(target.with_entities(entities), tuple(outcomes)))


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        ("complete", labeled([0.1]), labeled([0.9], dropped=1)),
        ("projected:0.5", labeled([0.1], dropped=1), labeled([0.9], dropped=2)),
        ("confidence:0.5", labeled([0.5, 0.9]), labeled([0.4, 0.9])),
        ("confidence:0.5", labeled([]), labeled([None])),
        ("mean-confidence:0.5", labeled([0.1, 0.9]), labeled([0.1, 0.8])),
        ("linked:0.6", labeled([0.5]), labeled([0.5] * 6)),
        ("length-ratio:2", Pair(Sentence(("a", "b")), Sentence(("a",))), Pair(Sentence(("a",)), Sentence(()))),
        ("length-ratio:1", Pair(Sentence(())), Pair(Sentence(("a", "b")), Sentence(("a",)))),
        ("max-length:1", Pair(Sentence(("a",))), Pair(Sentence(("a", "b")))),
        ("entities:1", labeled([0.1]), labeled([])),
        ("linked:1", Pair(Sentence(("a",))), Pair(Sentence(("a",)), Sentence(("b",)), Alignment(()))),
    ],
)
def test_each_filter(spec: str, good: Pair, bad: Pair) -> None:
    assert SentenceFilters([spec]).reason(good) is None
    assert SentenceFilters([spec]).reason(bad) == spec


def test_of_equal_sentences_the_first_that_is_kept_stays() -> None:
    unsure, sure = labeled([0.1]), labeled([0.9])
    filters = SentenceFilters(["unique", "confidence:0.5"])
    assert list(filters.kept([unsure, sure, sure])) == [sure]
    assert str(filters.report) == "kept 1 of 3 sentences, dropped 1 by confidence:0.5, 1 by unique"
    assert str(FilterReport(2)) == "kept 2 of 2 sentences"


def test_specs_that_make_no_sense() -> None:
    with pytest.raises(UnknownNameError, match="unknown filter 'sure'; known: complete, projected, confidence"):
        Filter.parse("sure:1")
    with pytest.raises(ValidationError, match="filter confidence needs a value; write confidence:NUMBER"):
        Filter.parse("confidence")
    with pytest.raises(ValidationError, match="filter unique:1 takes no value; write unique"):
        Filter.parse("unique:1")
    with pytest.raises(ValidationError, match="needs a value from 0 to 1"):
        Filter.parse("confidence:50")
    with pytest.raises(ValidationError, match="needs a value from 1 to inf"):
        Filter.parse("length-ratio:0.5")
    with pytest.raises(ValidationError, match="'linked:much' has no number after the colon"):
        Filter.parse("linked:much")
    with pytest.raises(ValidationError, match="needs a value from"):
        Filter.parse("linked:nan")


def test_every_filter_is_explained() -> None:
    text = (Path(__file__).parent.parent / "docs" / "confidence.md").read_text(encoding="utf-8")
    assert all(f"`{name}" in text for name in FILTERS)
