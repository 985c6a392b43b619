"""Scores of raw tags against conlleval, written out from its rules, and seqscore."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import InputError, Sentence, ValidationError, evaluate
from xlner.core.tags import Scheme
from xlner.evaluation import Counts, evaluate_tags

LABELS = ("PER", "LOC", "ORG-GOV")
IOB = ("O", *(f"{p}-{label}" for p in "BI" for label in LABELS))
ANY = ("O", *(f"{p}-{label}" for p in "BIESLU" for label in LABELS))
Tags = list[list[str]]


def random_tags(sequences: int, tags: tuple[str, ...]) -> tuple[Tags, Tags]:
    """Gold and predicted sequences that agree often, valid or not; empty ones among them."""
    choose = random.Random(20_000)
    gold = [choose.choices(tags, k=choose.randint(0, 12)) for _ in range(sequences)]
    return gold, [[t if choose.random() < 0.7 else choose.choice(tags) for t in s] for s in gold]


def conlleval(gold: Tags, predicted: Tags) -> dict[str, Counts]:
    """The rules of conlleval for B, I and O, tag by tag: when a chunk ends, when one begins, when both agree."""

    def split(tag: str) -> tuple[str, str]:
        prefix, _, label = tag.partition("-")
        return prefix, label

    def ends(before: tuple[str, str], now: tuple[str, str]) -> bool:
        moves = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O")}
        return (before[0], now[0]) in moves or (before[0] != "O" and before[1] != now[1])

    def begins(before: tuple[str, str], now: tuple[str, str]) -> bool:
        moves = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I")}
        return (before[0], now[0]) in moves or (now[0] != "O" and before[1] != now[1])

    correct: Counter[str] = Counter()
    in_gold: Counter[str] = Counter()
    in_predicted: Counter[str] = Counter()
    for g_tags, p_tags in zip(gold, predicted, strict=True):
        g_before = p_before = ("O", "")
        agreeing = ""
        for g, p in zip(map(split, [*g_tags, "O"]), map(split, [*p_tags, "O"]), strict=True):
            if agreeing:
                g_ends, p_ends = ends(g_before, g), ends(p_before, p)
                if g_ends and p_ends and g_before[1] == p_before[1]:
                    correct[agreeing] += 1
                    agreeing = ""
                elif g_ends != p_ends or g[1] != p[1]:
                    agreeing = ""
            g_begins, p_begins = begins(g_before, g), begins(p_before, p)
            if g_begins and p_begins and g[1] == p[1]:
                agreeing = g[1]
            in_gold.update([g[1]] if g_begins else [])
            in_predicted.update([p[1]] if p_begins else [])
            g_before, p_before = g, p
    return {t: Counts(correct[t], in_predicted[t], in_gold[t]) for t in sorted({*in_gold, *in_predicted})}


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_equal_to_conlleval_and_seqscore(count: int) -> None:
    scoring = pytest.importorskip("seqscore.scoring")
    gold, predicted = random_tags(count, IOB)
    ours = evaluate_tags(gold, predicted)
    assert ours.per_type == conlleval(gold, predicted)
    theirs, _ = scoring.score_label_sequences(predicted, gold, "BIO", repair="conlleval")
    assert {t: (c.true_pos, c.total_pos, c.total_ref) for t, c in theirs.type_scores.items()} == {
        t: (c.correct, c.predicted, c.gold) for t, c in ours.per_type.items()
    }
    assert ours.micro.f1 == pytest.approx(theirs.f1)
    assert ours.micro.correct > count // 4


@pytest.mark.parametrize("tags", [IOB, ANY])
def test_tags_and_sentences_give_the_same_counts(tags: tuple[str, ...]) -> None:
    gold, predicted = random_tags(3_000, tags)
    as_sentences = [
        [Sentence.from_tags(["x"] * len(s), s, Scheme.AUTO) for s in side if s] for side in (gold, predicted)
    ]
    from_sentences = evaluate(*as_sentences)
    ours = evaluate_tags(gold, predicted)
    assert ours.per_type == from_sentences.per_type
    empty = [k for k, s in enumerate(gold) if not s]
    assert (ours.by_sentence[[k for k in range(3_000) if k not in empty]] == from_sentences.by_sentence).all()


def test_more_tags_than_fit_into_a_byte() -> None:
    gold = [[f"B-T{k}", f"I-T{k}", "O"] for k in range(300)]
    assert evaluate_tags(gold, gold[::-1]).micro == Counts(0, 300, 300)
    assert evaluate_tags(gold, gold).micro == Counts(300, 300, 300)


@given(st.lists(st.sampled_from(IOB), max_size=6), st.lists(st.sampled_from(IOB), max_size=6))
def test_joining_sentences_does_not_join_entities(first: list[str], second: list[str]) -> None:
    together = evaluate_tags([first, [], second], [first, [], second]).micro
    apart = [evaluate_tags([s], [s]).micro for s in (first, second)]
    assert together == Counts.total(apart)


def test_nothing_at_all() -> None:
    assert evaluate_tags([], []).micro == Counts()
    assert evaluate_tags([[], ["O"]], [[], ["O"]]).per_type == {}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="2 gold tag sequences but 1"):
        evaluate_tags([["O"], ["O"]], [["O"]])
    with pytest.raises(InputError, match=r"\(sentence 2\): 1 gold tag but 2 predicted ones"):
        evaluate_tags([["O"], ["O"]], [["O"], ["O", "O"]])
    for tag in ("B", "PER", "X-PER", "B-", ""):
        with pytest.raises(ValidationError, match="is not a tag"):
            evaluate_tags([[tag]], [["O"]])


def test_the_signature_follows_the_gold_tags_alone() -> None:
    gold, other = [["B-PER", "O"]], [["O", "O"]]
    assert evaluate_tags(gold, gold).signature == evaluate_tags(gold, other).signature
    assert evaluate_tags(gold, gold).signature != evaluate_tags(other, gold).signature
    assert (
        evaluate_tags([["O"], ["O", "O"]], [["O"], ["O", "O"]]).signature
        != evaluate_tags([["O"] * 3], [["O"] * 3]).signature
    )
    assert "mode:conlleval|ignore:none|sentences:1" in str(evaluate_tags(gold, gold).signature)
