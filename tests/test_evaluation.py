from __future__ import annotations

from unicodedata import normalize

import pytest

from xlner import Entity, InputError, Sentence, evaluate
from xlner.errors import DataWarning

GOLD = [
    Sentence(("Ana", "Pardo", "vive", "en", "Vigo"), (Entity(0, 2, "PER"), Entity(4, 5, "LOC"))),
    Sentence(()),
    Sentence(("A", "ONU", "di"), (Entity(1, 2, "ORG"),)),
]


def test_scores_by_hand() -> None:
    predicted = [
        GOLD[0].with_entities([Entity(0, 1, "PER"), Entity(4, 5, "LOC", 0.3)]),
        GOLD[2].with_entities([Entity(1, 2, "LOC")]),
    ]
    scores = evaluate(GOLD, predicted)
    counts = {label: (c.correct, c.predicted, c.gold) for label, c in scores.per_type.items()}
    assert counts == {"LOC": (1, 2, 1), "ORG": (0, 0, 1), "PER": (0, 1, 1)}
    assert (scores.micro.precision, scores.micro.recall, scores.micro.f1) == (1 / 3, 1 / 3, 1 / 3)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores.sentences == 2


def test_ignored_labels_leave_both_sides() -> None:
    predicted = [GOLD[0], GOLD[2].with_entities([Entity(0, 1, "MISC")])]
    scores = evaluate(GOLD, predicted, ignore=["ORG", "MISC"])
    assert scores.micro.f1 == 1.0
    assert "ignore:MISC,ORG" in str(scores.signature)


def test_nothing_to_count() -> None:
    scores = evaluate([Sentence(("a",))], [Sentence(("a",))])
    assert (scores.micro.f1, scores.micro.precision, scores.micro.recall, scores.macro_f1) == (0, 0, 0, 0)


def test_signature_depends_on_the_gold_data_alone() -> None:
    first = evaluate(GOLD, GOLD)
    second = evaluate(GOLD, [s.with_entities([]) for s in GOLD])
    third = evaluate([s.with_entities([]) for s in GOLD], GOLD)
    assert first.signature == second.signature != third.signature
    assert "mode:strict" in str(first.signature)
    assert "sentences:2" in str(first.signature)


def test_failed_sentences_are_counted() -> None:
    failed = [Sentence(s.tokens, meta={"error": "x"}) for s in GOLD]
    assert evaluate(GOLD, failed).failed == 2


@pytest.mark.parametrize(
    ("predicted", "match"),
    [
        ([GOLD[0]], "sentence 2.*the gold data has this sentence, but the predicted data ends before it"),
        ([*GOLD, Sentence(("x",))], "sentence 3.*the predicted data has this sentence"),
        ([GOLD[0], Sentence(("A", "OTAN", "di"))], r"sentence 2\): word 2 is 'ONU' in the gold data and 'OTAN'"),
        ([GOLD[0], Sentence(("A", "ONU"))], "word 3 is 'di' in the gold data and missing"),
        ([Sentence(("x",)), *GOLD], "sentence 1.*the predicted data has a sentence here that the gold data does not"),
        (GOLD[1:], "sentence 1.*the gold data has a sentence here that the predicted data does not have"),
    ],
)
def test_files_that_do_not_match_are_refused(predicted: list[Sentence], match: str) -> None:
    with pytest.raises(InputError, match=match):
        evaluate(GOLD, predicted)


def test_words_that_differ_in_normalization_are_the_same() -> None:
    words = ("Adé", "ọ̀rẹ́", "é")
    composed, decomposed = (tuple(normalize(form, word) for word in words) for form in ("NFC", "NFD"))
    gold = [Sentence(composed, (Entity(0, 1, "PER"),)), Sentence(decomposed)]
    predicted = [Sentence(decomposed, (Entity(0, 1, "PER"),)), Sentence(composed)]
    message = r"^sentence 1: the words differ only in Unicode normalization \(NFC and NFD\) and count as the same$"
    with pytest.warns(DataWarning, match=message) as told:
        scores = evaluate(gold, predicted)
    assert (scores.micro.f1, len(told)) == (1.0, 1)
    with pytest.raises(InputError, match="word 3 is 'é' in the gold data and 'è'"):
        evaluate(gold, [Sentence((*decomposed[:2], "è"))])
