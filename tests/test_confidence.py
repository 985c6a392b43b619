"""Confidence, its calibration, and reliability tables."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_projection_batch import pairs
from xlner import Alignment, Entity, Outcome, Pair, Pipeline, Projection, Reason, Sentence, ValidationError
from xlner.evaluation.reliability import keep_share, reliability
from xlner.projection.calibration import Calibration
from xlner.projection.confidence import CONFIDENCE, WEIGHTS, ConfidentProjector, without_unsure
from xlner.projection.matching_projector import greedy_projector
from xlner.projection.range_projectors import HeuristicProjector

FEWER = settings(max_examples=50, deadline=None)
UNIT = st.floats(0, 1)
LABELED = st.lists(st.tuples(UNIT, st.booleans()), min_size=1, max_size=60)


def split(rows: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [x for x, _ in rows], [y for _, y in rows]


@FEWER
@given(pairs(), UNIT)
def test_nothing_is_lost_and_what_is_dropped_has_its_number(made: Pair, least: float) -> None:
    (plain,) = greedy_projector().project([made])
    (strict,) = ConfidentProjector(greedy_projector(), min_confidence=least).project([made])
    assert [o.entity for o in strict.outcomes] == [o.entity for o in plain.outcomes]
    for before, after in zip(plain.outcomes, strict.outcomes, strict=True):
        if before.dropped:
            assert after == before
        elif after.dropped:
            assert after.reason is Reason.BELOW_THRESHOLD
            assert after.scores[CONFIDENCE] < least
            assert after.scores["alignment"] == before.scores["alignment"]
        else:
            assert [e.span for e in after.projected] == [e.span for e in before.projected]
            assert after.projected[0].score == after.scores[CONFIDENCE]
            assert after.scores[CONFIDENCE] >= least
    assert strict.sentence.entities == tuple(sorted(e for o in strict.outcomes for e in o.projected))


def test_of_several_projections_the_unsure_ones_go() -> None:
    made = (Entity(0, 1, "A", 0.2), Entity(1, 2, "A", 0.8))
    outcome = Outcome(Entity(0, 1, "A"), made, scores={CONFIDENCE: 0.2, "alignment": 1.0})
    projection = Projection(Sentence(("a", "b"), made), (outcome,))
    kept = without_unsure(projection, 0.5)
    assert kept.sentence.entities == made[1:]
    assert kept.outcomes[0].scores == {CONFIDENCE: 0.8, "alignment": 1.0}
    assert without_unsure(projection, 0.1) == projection


def test_the_confidence_of_an_entity_is_that_of_its_trimmed_span() -> None:
    vigo = Entity(0, 1, "LOC")
    pair = Pair(Sentence(("Vigo", "!", "!", "!")), Sentence(("Vigo",), (vigo,)), Alignment(((0, 0),)))

    class Fixed:
        def __init__(self, *span: int) -> None:
            self.span = span

        def project(self, batch: list[Pair]) -> list[Projection]:
            made = Entity(*self.span, "LOC")  # type: ignore[arg-type]
            return [Projection(p.target.with_entities([made]), (Outcome(vigo, (made,)),)) for p in batch]

    class Isolating(Fixed):
        def project_each(self, batch: list[Pair]) -> list[Projection]:
            return self.project(batch)

    sure = ConfidentProjector(greedy_projector()).project([pair])[0].sentence.entities[0].score
    for kind in (Fixed, Isolating):
        exact, long = (ConfidentProjector(kind(0, end), min_confidence=0.9) for end in (1, 4))  # type: ignore[arg-type]
        for done in (long.project([pair]), long.project_each([pair])):
            assert done == exact.project([pair])
            assert [(e.span, e.score) for e in done[0].sentence.entities] == [((0, 1), sure)]  # type: ignore[union-attr]
        (made,) = Pipeline(projector=kind(0, 4)).with_confidence(min_confidence=0.9).run_pairs([pair])  # type: ignore[arg-type]
        assert [(e.span, e.score) for e in made.labeled.entities] == [((0, 1), sure)]


def test_a_confident_projector_is_known_by_all_that_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Calibration(((0.0, 0.5), (1.0, 1.0)))
    of = [
        ConfidentProjector(greedy_projector()),
        ConfidentProjector(HeuristicProjector()),
        ConfidentProjector(greedy_projector(), min_confidence=0.5),
        ConfidentProjector(greedy_projector(), calibration=steps),
    ]
    assert len({p.fingerprint for p in of}) == 4
    before = of[0].fingerprint
    monkeypatch.setitem(WEIGHTS, "links", WEIGHTS["links"]._replace(weight=-9.0))
    assert of[0].fingerprint != before
    monkeypatch.undo()
    pair = Pair(Sentence(("a",)), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
    assert ConfidentProjector(greedy_projector(), calibration=Calibration(((0.5, 0.7),))).project([pair])[
        0
    ].sentence.entities == (Entity(0, 1, "LOC", 0.7),)
    with pytest.raises(ValidationError, match="min_confidence 1.5 is not between 0 and 1"):
        ConfidentProjector(greedy_projector(), min_confidence=1.5)


@FEWER
@given(LABELED, UNIT, UNIT)
def test_calibration_never_turns_an_order_round(rows: list[tuple[float, bool]], a: float, b: float) -> None:
    fitted = Calibration.fit(*split(rows))
    low, high = fitted(min(a, b)), fitted(max(a, b))
    assert 0 < low <= high < 1
    assert Calibration.from_json(fitted.to_json()) == fitted


@FEWER
@given(LABELED)
def test_calibration_is_the_best_rising_fit(rows: list[tuple[float, bool]]) -> None:
    """Isotonic regression by its min-max formula, on the entities with the two that are added."""
    given_rows = sorted([(0.0, True), (1.0, False), *((round(x, 6), y) for x, y in rows)])
    values = sorted({x for x, _ in given_rows})

    def mean(low: float, high: float) -> float:
        inside = [y for x, y in given_rows if low <= x <= high]
        return sum(inside) / len(inside)

    best = [max(min(mean(u, v) for v in values if v >= x) for u in values if u <= x) for x in values]
    assert sorted(set(best)) == pytest.approx([y for _, y in Calibration.fit(*split(rows)).points])


@FEWER
@given(LABELED)
def test_calibration_is_right_on_the_whole(rows: list[tuple[float, bool]]) -> None:
    fitted = Calibration.fit(*split(rows))
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(fitted.points))
    assert fitted.entities == len(rows)


@pytest.mark.parametrize("points", [(), ((0.5, 1.5),), ((0.5, 0.5), (0.5, 0.6)), ((0.2, 0.5), (0.4, 0.3))])
def test_points_that_are_no_calibration(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValidationError, match="points"):
        Calibration(points)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "other"}', '{"kind": "xlner calibration", "points": [1]}'])
def test_files_that_are_no_calibration(text: str) -> None:
    with pytest.raises(ValidationError, match="this is not a calibration; make one with xlner calibrate"):
        Calibration.from_json(text)


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(ValidationError, match="at least one"):
        Calibration.fit([], [])
    with pytest.raises(ValidationError, match="between 0 and 1"):
        Calibration.fit([1.5], [True])


@FEWER
@given(LABELED, st.integers(1, 20))
def test_a_reliability_table_adds_up(rows: list[tuple[float, bool]], bins: int) -> None:
    sure, right = split(rows)
    table = reliability(sure, right, bins=bins)
    assert sum(b.count for b in table.bins) == table.count == len(rows)
    assert sum(b.count * b.accuracy for b in table.bins) == pytest.approx(sum(right))
    assert sum(b.count * b.confidence for b in table.bins) == pytest.approx(sum(sure))
    assert all(b.low - 1e-9 <= b.confidence <= b.high + 1e-9 for b in table.bins)
    assert 0 <= table.ece <= 1
    assert 0 <= table.brier <= 1


@FEWER
@given(LABELED, st.floats(0.01, 1))
def test_a_minimum_keeps_the_share_and_no_larger_one_does(rows: list[tuple[float, bool]], share: float) -> None:
    sure, right = split(rows)
    found = keep_share(sure, right, share)
    kept = [y for x, y in rows if x >= found.minimum]
    assert found.share == len(kept) / len(rows) >= share - 1e-9
    assert found.accuracy == pytest.approx(sum(kept) / len(kept))
    assert sum(x >= found.minimum + 0.0001 for x in sure) < share * len(rows) + 1e-9 or found.minimum == 1


def test_shares_that_cannot_be_kept() -> None:
    for sure, right, share in (([0.5], [True, False], 0.5), ([], [], 0.5), ([0.5], [True], 0.0), ([0.5], [True], 1.5)):
        with pytest.raises(ValidationError, match=r"confidences? but|is not between 0 and 1"):
            keep_share(sure, right, share)


def test_a_perfect_table_and_bad_ones() -> None:
    assert reliability([0.0, 1.0], [False, True]).ece == 0
    assert reliability([0.5, 0.5], [False, True]).brier == 0.25
    with pytest.raises(ValidationError, match="2 confidences but 1 entity"):
        reliability([0.5, 0.5], [True])
    with pytest.raises(ValidationError, match="at least one entity"):
        reliability([], [])


def test_the_example_of_the_documentation() -> None:
    page = (Path(__file__).parent.parent / "docs" / "confidence.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert not names["certain"].dropped
    assert names["uncertain"].reason is Reason.BELOW_THRESHOLD
    assert round(names["uncertain"].scores[CONFIDENCE], 2) == 0.48
