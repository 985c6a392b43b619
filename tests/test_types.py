from __future__ import annotations

import pickle

import pytest

from xlner import (
    Alignment,
    Entity,
    InputError,
    LabelMap,
    Outcome,
    Pair,
    Projection,
    Reason,
    Sentence,
    Signature,
    ValidationError,
    XlnerError,
)
from xlner.errors import MissingExtraError, UnknownNameError


@pytest.mark.parametrize(("start", "end"), [(2, 2), (3, 2), (-1, 1)])
def test_entity_span_must_hold_a_word(start: int, end: int) -> None:
    with pytest.raises(ValidationError, match="empty or negative"):
        Entity(start, end, "LOC")


@pytest.mark.parametrize("label", ["", "B LOC", "LOC\n"])
def test_entity_label_must_be_a_word(label: str) -> None:
    with pytest.raises(ValidationError, match="label"):
        Entity(0, 1, label)


def test_entity_score_must_be_finite() -> None:
    with pytest.raises(ValidationError, match="not finite"):
        Entity(0, 1, "LOC", float("nan"))


def test_sentence_sorts_entities_and_refuses_bad_ones() -> None:
    sentence = Sentence(("a", "b"), (Entity(1, 2, "LOC"), Entity(0, 1, "PER")))
    assert [e.label for e in sentence.entities] == ["PER", "LOC"]
    with pytest.raises(ValidationError, match="overlap"):
        Sentence(("a", "b"), (Entity(0, 2, "LOC"), Entity(1, 2, "PER")))
    with pytest.raises(ValidationError, match="beyond the sentence of 2 tokens"):
        Sentence(("a", "b"), (Entity(1, 3, "LOC"),))


@pytest.mark.parametrize("offsets", [((0, 1),), ((0, 1), (0, 2)), ((0, 1), (2, 9)), ((1, 0), (2, 3))])
def test_sentence_offsets_must_fit(offsets: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValidationError, match="offset"):
        Sentence(("a", "b"), text="a b", offsets=offsets)


def test_sentence_has_text_and_offsets_or_neither() -> None:
    with pytest.raises(ValidationError, match="both text and offsets"):
        Sentence(("a",), text="a")


def test_sentence_gives_character_spans() -> None:
    sentence = Sentence.from_text("Ana vive en A Coruña.", language="gl")
    entity = Entity(3, 5, "LOC")
    assert sentence.char_span(entity) == (12, 20)
    assert sentence.surface(entity) == "A Coruña"
    assert Sentence(("A", "Coruña")).char_span(Entity(0, 2, "LOC")) is None
    assert Sentence(("A", "Coruña")).surface(Entity(0, 2, "LOC")) == "A Coruña"


def test_sentence_makes_text_where_it_has_none() -> None:
    made = Sentence(("Ana", ",", "Vigo")).with_text()
    assert made.text == "Ana, Vigo"
    assert made.with_text() is made


def test_sentence_from_tags_needs_one_tag_a_token() -> None:
    with pytest.raises(ValidationError, match="2 tokens but 1 tag"):
        Sentence.from_tags(["a", "b"], ["O"])


def test_alignment_is_a_set_of_links_with_the_largest_weight() -> None:
    alignment = Alignment(((1, 1), (0, 0), (1, 1)), (0.5, 1.0, 0.7))
    assert alignment.links == ((0, 0), (1, 1))
    assert alignment.weights == (1.0, 0.7)
    assert len(alignment) == 2
    assert Alignment(((0, 2),)).reversed().links == ((2, 0),)


@pytest.mark.parametrize(
    ("links", "weights", "match"),
    [
        (((0, -1),), None, "negative index"),
        (((0, 1),), (), "one weight per link"),
        (((0, 1),), (float("inf"),), "not finite"),
    ],
)
def test_bad_links_are_refused(
    links: tuple[tuple[int, int], ...], weights: tuple[float, ...] | None, match: str
) -> None:
    with pytest.raises(ValidationError, match=match):
        Alignment(links, weights)


@pytest.mark.parametrize("link", [(1, 0), (0, 1)])
def test_pair_refuses_links_out_of_range(link: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="out of range for 1 source and 1 target words"):
        Pair(Sentence(("a",)), Sentence(("b",)), Alignment((link,)))


def test_pair_needs_a_source_for_its_alignment() -> None:
    with pytest.raises(ValidationError, match="needs a source"):
        Pair(Sentence(("a",)), alignment=Alignment(()))


def test_failed_pair_has_no_entities() -> None:
    pair = Pair(Sentence(("a",), (Entity(0, 1, "LOC"),)), error="broken")
    assert pair.labeled.entities == ()


def test_outcome_is_projected_or_has_a_reason() -> None:
    entity = Entity(0, 1, "LOC")
    assert not Outcome(entity, (entity,)).dropped
    for projected, reason in (((), None), ((entity,), Reason.OVERLAP)):
        with pytest.raises(ValidationError, match="and not both"):
            Outcome(entity, projected, reason)


def test_records_can_be_pickled() -> None:
    entity = Entity(0, 1, "LOC", 0.5)
    sentence = Sentence.from_text("Vigo").with_entities([entity])
    pair = Pair(sentence, sentence, Alignment(((0, 0),)), Projection(sentence, (Outcome(entity, (entity,)),)))
    assert pickle.loads(pickle.dumps(pair)) == pair
    assert hash(pair) == hash(pickle.loads(pickle.dumps(pair)))


def test_errors_are_one_line_and_name_the_place() -> None:
    error = InputError("bad\n tag", path="a.conll", line=3, sentence=2, hint="fix it")
    assert str(error) == "a.conll:3 (sentence 2): bad tag; fix it"
    assert str(InputError("bad", line=3)) == "line 3: bad"
    assert str(InputError("bad")) == "bad"
    assert "pip install 'xlner[offline]'" in str(MissingExtraError("spaCy", extra="offline"))
    assert issubclass(ValidationError, XlnerError)
    assert issubclass(ValidationError, ValueError)


def test_label_map_ontonotes_maps_trims_and_drops() -> None:
    tokens = ["The", "United", "Nations", "'s", "two", "the"]
    entities = [Entity(0, 4, "ORG"), Entity(4, 5, "CARDINAL"), Entity(5, 6, "GPE")]
    assert LabelMap.parse("ontonotes").apply(entities, tokens) == (Entity(1, 3, "ORG"),)


def test_label_map_pairs_keep_the_rest() -> None:
    mapped = LabelMap.parse("PERSON=PER, GPE=LOC").apply([Entity(0, 1, "GPE"), Entity(1, 2, "X")], ["a", "b"])
    assert [e.label for e in mapped] == ["LOC", "X"]
    assert LabelMap.parse("none").apply([Entity(0, 1, "GPE")], ["a"]) == (Entity(0, 1, "GPE"),)
    for spec in ("conll", "A=", "=B"):
        with pytest.raises(UnknownNameError, match="unknown label map"):
            LabelMap.parse(spec)


def test_label_map_refuses_entities_outside() -> None:
    with pytest.raises(ValidationError, match="beyond the sentence"):
        LabelMap.parse("ontonotes").apply([Entity(0, 2, "GPE")], ["a"])


def test_signature_sorts_lists() -> None:
    assert str(Signature.of({"ignore": {"B", "A"}, "labels": ()}, version="9")) == "ignore:A,B|labels:none|xlner:9"
