"""Partial credit, confusion, buckets: numbers by hand, and sums that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Entity, Outcome, Pair, Projection, Reason, Sentence, ValidationError, evaluate
from xlner.errors import UnknownNameError
from xlner.evaluation import Confusion, Counts, MucCounts, Scores, by_entity_length, by_sentence_length, muc_counts
from xlner.evaluation.overlap_groups import overlap_groups

WORDS = tuple("abcdefghijkl")
GOLD = [
    Sentence(WORDS, (Entity(0, 2, "PER"), Entity(3, 5, "LOC"), Entity(6, 9, "ORG"), Entity(10, 11, "DATE"))),
    Sentence(("x", "y"), (Entity(0, 1, "LOC"),)),
]
PREDICTED = [
    Sentence(WORDS, (Entity(0, 2, "PER"), Entity(3, 4, "LOC"), Entity(6, 9, "PER"), Entity(11, 12, "DATE"))),
    Sentence(("x", "y"), (Entity(0, 2, "ORG"),)),
]


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[Sentence, Sentence]:
    (gold, n), (predicted, m) = draw(disjoint_entities()), draw(disjoint_entities())
    tokens = ("w",) * max(n, m, 1)
    kept = [e for k, e in enumerate(gold) if draw(st.booleans()) or k == 0]
    both = draw(st.booleans())  # half the time much is right
    return Sentence(tokens, tuple(gold)), Sentence(tokens, tuple(kept if both else predicted))


def scores(*pairs: tuple[Sentence, Sentence], mode: str = "strict") -> Scores:
    return evaluate([g for g, _ in pairs], [p for _, p in pairs], mode=mode)


def test_modes_by_hand() -> None:
    assert evaluate(GOLD, PREDICTED).micro == Counts(1, 5, 5)
    assert evaluate(GOLD, PREDICTED, mode="conlleval").micro == Counts(1, 5, 5)
    assert evaluate(GOLD, PREDICTED, mode="span").per_type == {"ENTITY": Counts(2, 5, 5)}
    partial = evaluate(GOLD, PREDICTED, mode="partial")
    assert partial.per_type["LOC"] == Counts(0, 1, 2, 1)
    assert partial.micro == Counts(1, 5, 5, 1)
    assert partial.micro.f1 == pytest.approx(0.3)
    assert "mode:partial" in str(partial.signature)
    with pytest.raises(UnknownNameError, match="unknown evaluation mode 'fuzzy'; one of strict, conlleval"):
        evaluate(GOLD, PREDICTED, mode="fuzzy")


def test_the_four_schemes_by_hand() -> None:
    assert muc_counts(evaluate(GOLD, PREDICTED).spans) == {
        "strict": MucCounts(1, 3, 0, 1, 1),
        "exact": MucCounts(2, 2, 0, 1, 1),
        "partial": MucCounts(2, 0, 2, 1, 1),
        "type": MucCounts(2, 2, 0, 1, 1),
    }


@given(st.lists(two_sides(), max_size=4))
def test_the_four_schemes_add_up(pairs: list[tuple[Sentence, Sentence]]) -> None:
    strict = scores(*pairs)
    by_scheme = muc_counts(strict.spans)
    for muc in by_scheme.values():
        assert (muc.counts.gold, muc.counts.predicted) == (strict.micro.gold, strict.micro.predicted)
    assert by_scheme["strict"].correct == strict.micro.correct
    assert by_scheme["exact"].correct == scores(*pairs, mode="span").micro.correct
    best = [by_scheme[s].counts.f1 for s in ("strict", "exact", "partial")]
    assert best == sorted(best)
    partial = scores(*pairs, mode="partial")
    assert partial.micro.correct == strict.micro.correct
    assert strict.micro.f1 <= partial.micro.f1 <= 1
    assert (partial.by_sentence[..., :3] == strict.by_sentence[..., :3]).all()


@given(st.lists(two_sides(), max_size=4))
def test_confusion_adds_up(pairs: list[tuple[Sentence, Sentence]]) -> None:
    result = scores(*pairs)
    confusion = Confusion.of(result.spans)
    assert confusion.counts[:-1].sum(axis=1).tolist() == [c.gold for c in result.per_type.values()]
    assert confusion.counts[:, :-1].sum(axis=0).tolist() == [c.predicted for c in result.per_type.values()]
    assert confusion.counts[-1, -1] == 0
    assert (np.diag(confusion.counts)[:-1] >= [c.correct for c in result.per_type.values()]).all()


def test_confusion_by_hand() -> None:
    confusion = Confusion.of(evaluate(GOLD, PREDICTED).spans)
    assert confusion.labels == ("DATE", "LOC", "ORG", "PER")
    assert confusion.counts.tolist() == [
        [0, 0, 0, 0, 1],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0],
        [1, 0, 0, 0, 0],
    ]


def test_buckets_by_hand() -> None:
    result = evaluate(GOLD, PREDICTED)
    by_sentence = by_sentence_length(result)
    assert by_sentence["11-20"] == Counts(1, 4, 4)
    assert by_sentence["1-10"] == Counts(0, 1, 1)
    assert by_entity_length(result) == {
        "1": Counts(0, 2, 2),
        "2": Counts(1, 2, 2),
        "3": Counts(0, 1, 1),
        "4+": Counts(),
    }
    with pytest.raises(ValidationError, match="partial"):
        by_entity_length(evaluate(GOLD, PREDICTED, mode="partial"))
    for starts in ((), (2, 3), (1, 1)):
        with pytest.raises(ValidationError, match="do not rise from 1"):
            by_entity_length(result, starts)


def sentence_of(words: int, *spans: tuple[int, int]) -> Sentence:
    return Sentence(("w",) * words, tuple(Entity(start, end, "LOC") for start, end in spans))


@pytest.mark.parametrize(
    ("words", "bucket"),
    [
        *[(1, "1-10"), (10, "1-10"), (11, "11-20"), (20, "11-20"), (21, "21-30"), (30, "21-30")],
        *[(31, "31-40"), (40, "31-40"), (41, "41+"), (500, "41+")],
    ],
)
def test_the_ends_of_the_buckets_of_sentences(words: int, bucket: str) -> None:
    sentence = sentence_of(words, (0, 1))
    found = by_sentence_length(evaluate([sentence], [sentence]))
    assert list(found) == ["1-10", "11-20", "21-30", "31-40", "41+"]
    assert {name: counts for name, counts in found.items() if counts.gold} == {bucket: Counts(1, 1, 1)}


@pytest.mark.parametrize(("words", "bucket"), [(1, "1"), (2, "2"), (3, "3"), (4, "4+"), (5, "4+"), (50, "4+")])
def test_the_ends_of_the_buckets_of_entities(words: int, bucket: str) -> None:
    sentence = sentence_of(60, (5, 5 + words))
    found = by_entity_length(evaluate([sentence], [sentence]))
    assert {name: counts for name, counts in found.items() if counts.gold} == {bucket: Counts(1, 1, 1)}


def test_buckets_of_ones_own() -> None:
    gold, predicted = sentence_of(9, (0, 2), (3, 6)), sentence_of(9, (0, 2), (3, 5))
    assert by_entity_length(evaluate([gold], [predicted]), (1, 3)) == {"1-2": Counts(1, 2, 1), "3+": Counts(0, 0, 1)}
    assert by_sentence_length(evaluate([gold], [predicted]), (1, 9)) == {"1-8": Counts(), "9+": Counts(1, 2, 2)}
    assert list(by_sentence_length(evaluate([gold], [predicted]), (1,))) == ["1+"]


@given(st.lists(two_sides(), max_size=4))
def test_buckets_add_up(pairs: list[tuple[Sentence, Sentence]]) -> None:
    result = scores(*pairs)
    assert Counts.total(by_sentence_length(result, (1, 3, 5)).values()) == result.micro
    assert Counts.total(by_entity_length(result).values()) == result.micro


@given(two_sides())
def test_every_entity_is_in_one_group(sides: tuple[Sentence, Sentence]) -> None:
    gold, predicted = ([(e.start, e.end, e.label) for e in s.entities] for s in sides)
    found = overlap_groups(gold, predicted)
    assert sorted(k for g in found for k in g.gold) == list(range(len(gold)))
    assert sorted(k for g in found for k in g.predicted) == list(range(len(predicted)))
    for group in found:
        assert min(len(group.gold), len(group.predicted)) <= 1
        assert group.gold or group.predicted
        for g in group.gold:
            for p in group.predicted:
                assert gold[g][0] < predicted[p][1]
                assert predicted[p][0] < gold[g][1]
        alone = [gold[g] for g in group.gold if not group.predicted] + [
            predicted[p] for p in group.predicted if not group.gold
        ]
        others = predicted if not group.predicted else gold
        assert not any(a[0] < o[1] and o[0] < a[1] for a in alone for o in others)


def test_long_chains_are_cut() -> None:
    gold = [(k, k + 2, "PER") for k in range(0, 6000, 2)]
    predicted = [(k, k + 2, "PER") for k in range(1, 5999, 2)]
    assert all(min(len(g), len(p)) == 1 for g, p in overlap_groups(gold, predicted))


def test_pairs_are_scored_with_their_outcomes() -> None:
    target, source = Sentence(("a", "b")), Sentence(("a", "b"))
    entity = Entity(0, 1, "LOC")
    dropped = [Outcome(Entity(1, 2, label), reason=Reason.UNALIGNED) for label in ("LOC", "DATE")]
    projection = Projection(target.with_entities([entity]), (Outcome(entity, (entity,)), *dropped))
    pairs = [Pair(target, source, projection=projection), Pair(target, source, error="aligner: broken")]
    gold = [target.with_entities([entity])] * 2
    result = evaluate(gold, pairs)
    assert (result.micro, result.failed) == (Counts(1, 1, 2), 1)
    assert result.projected is not None
    assert (result.projected.source, result.projected.projected) == (3, 1)
    ignoring = evaluate(gold, pairs, ignore=["DATE", "X"])
    assert ignoring.projected is not None
    assert ignoring.projected.rate == 0.5
    assert ignoring.ignored == {"DATE": 0, "X": 0}
    assert evaluate(GOLD, PREDICTED, ignore=["DATE"]).ignored == {"DATE": 2}
    assert evaluate(gold, gold).projected is None
