"""Entities end at words: not at marks or emoji, and not in another cell of a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Pipeline, Projection, Sentence
from xlner.core.entity_edges import trimmed, trimmed_projection, trimmed_span
from xlner.core.pair import Outcome, Reason
from xlner.fakes import DictionaryRecognizer
from xlner.pipeline import RecognitionPipeline


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("« El País »", "El País"),
        ("( ONU )", "ONU"),
        ("Vigo ,", "Vigo"),
        ("– Vigo : 😀", "Vigo"),
        ("👍🏽 Ana 1️⃣", "Ana"),
        ("# Vigo", "Vigo"),
        ('" Weird Al " Yankovic', '" Weird Al " Yankovic'),
        ("( 500 ) Days", "( 500 ) Days"),
        ("Universidad ( UVigo )", "Universidad ( UVigo )"),
        ("Canal +", "Canal +"),
        ("5 %", "5 %"),
        ("$ 5", "$ 5"),
        ("กรุงเทพ ฯ", "กรุงเทพ ฯ"),
        ("Acme Inc .", "Acme Inc"),
        ("ʻIolani ’", "ʻIolani"),
        ("हिन्दी", "हिन्दी"),
        ("( ( Ana )", "Ana"),
        ("... !", None),
        ("😀", None),
    ],
)
def test_marks_at_the_ends(tokens: str, expected: str | None) -> None:
    words = tuple(tokens.split())
    span = trimmed_span(Sentence(words), (0, len(words)))
    assert (None if span is None else " ".join(words[slice(*span)])) == expected


def test_a_period_in_the_middle_of_a_sentence_belongs_to_an_abbreviation() -> None:
    words = ("Acme", "Inc", ".", "grew", ".", "Ana", ".")
    assert trimmed_span(Sentence(words), (0, 3)) == (0, 3)
    assert trimmed_span(Sentence(words), (5, 7)) == (5, 6)


def test_an_entity_stays_in_one_cell() -> None:
    sentence = Sentence.from_text("Maria Vila\tCiutat:\tSabadell")
    found = trimmed(sentence, [Entity(0, 4, "PER", 0.5), Entity(4, 5, "LOC")])
    assert found == (Entity(0, 2, "PER", 0.5), Entity(4, 5, "LOC"))


@given(
    st.lists(st.sampled_from(["Ana", "Vigo", ",", ".", "(", ")", '"', "😀", "+"]), min_size=1, max_size=8), st.data()
)
def test_trimming_is_done_once(tokens: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start + 1, len(tokens)))
    sentence = Sentence(tuple(tokens))
    span = trimmed_span(sentence, (start, end))
    if span is None:
        assert not any(t.isalnum() for t in tokens[start:end])
        return
    assert start <= span[0] < span[1] <= end
    assert trimmed_span(sentence, span) == span
    words = [k for k in range(start, end) if tokens[k].isalnum()]
    assert span[0] <= words[0]
    assert words[-1] < span[1]


def test_a_projection_keeps_the_marks_of_its_source() -> None:
    source = Sentence(("Yahoo", "!", "in", "Vigo"), (Entity(0, 2, "ORG"), Entity(3, 4, "LOC")))
    target = Sentence(("Yahoo", "!", "en", "Vigo", "😀"))
    links = Alignment(((0, 0), (1, 1), (2, 2), (3, 3), (3, 4)))
    (pair,) = Pipeline(projector="exact").run_pairs([Pair(target, source, links)])
    assert [e.span for e in pair.labeled.entities] == [(0, 2), (3, 4)]
    assert [o.projected[0].span for o in pair.require_projection().outcomes] == [(0, 2), (3, 4)]


def test_a_projection_onto_marks_alone_is_dropped() -> None:
    source, target = Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Sentence(("😀", "en"))
    made = Projection(
        target.with_entities([Entity(0, 1, "LOC")]), (Outcome(source.entities[0], (Entity(0, 1, "LOC"),)),)
    )
    found = trimmed_projection(source, made)
    assert found.sentence.entities == ()
    assert found.outcomes[0].reason is Reason.NO_CANDIDATE
    marks = Sentence(("!!!",), (Entity(0, 1, "LOC"),))
    assert trimmed_projection(marks, made).sentence.entities == made.sentence.entities


def test_recognition_is_trimmed_and_given_labels_are_not() -> None:
    recognizer = DictionaryRecognizer({"😀": "LOC", "Vigo": "LOC"})
    (pair,) = RecognitionPipeline(recognizer, lang="gl").run([Sentence(("Vigo", "😀"))])
    assert [e.span for e in pair.labeled.entities] == [(0, 1)]
    source = Sentence(("Vigo", "😀"), (Entity(0, 2, "LOC"),))
    (pair,) = Pipeline(aligner="oracle").run_pairs([Pair(Sentence(("Vigo", "😀")), source)])
    assert pair.require_source().entities == source.entities
