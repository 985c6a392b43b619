"""Label maps, rule by rule."""

from __future__ import annotations

import pytest

from xlner import Entity, LabelMap, ValidationError
from xlner.core.labels import without_labels
from xlner.errors import UnknownNameError


def ontonotes() -> LabelMap:
    return LabelMap.parse("ontonotes")


@pytest.mark.parametrize(
    ("label", "mapped"),
    [
        ("PERSON", "PER"),
        ("ORG", "ORG"),
        ("GPE", "LOC"),
        ("LOC", "LOC"),
        ("FAC", "LOC"),
        ("NORP", "MISC"),
        ("EVENT", "MISC"),
        ("WORK_OF_ART", "MISC"),
        ("LAW", "MISC"),
        ("LANGUAGE", "MISC"),
        ("PRODUCT", "MISC"),
        ("DATE", "DATE"),
        ("PER", "PER"),
        ("MISC", "MISC"),
        *[(label, None) for label in ("TIME", "MONEY", "PERCENT", "QUANTITY", "ORDINAL", "CARDINAL", "X")],
    ],
)
def test_every_label_of_ontonotes(label: str, mapped: str | None) -> None:
    assert ontonotes().mapped(label) == mapped


@pytest.mark.parametrize("ending", ["'s", "’s", "'", "’", "'S", "’S"])
def test_possessives_are_trimmed(ending: str) -> None:
    assert ontonotes().apply([Entity(0, 2, "ORG", 0.5)], ["Vigo", ending]) == (Entity(0, 1, "ORG", 0.5),)
    assert ontonotes().apply([Entity(0, 3, "ORG")], ["Vigo", ending, ending]) == (Entity(0, 1, "ORG"),)
    assert ontonotes().apply([Entity(0, 2, "ORG")], [ending, "Vigo"]) == (Entity(0, 2, "ORG"),)


@pytest.mark.parametrize("article", ["the", "The", "a", "A", "an", "AN"])
def test_articles_are_trimmed(article: str) -> None:
    assert ontonotes().apply([Entity(0, 2, "ORG")], [article, "Hague"]) == (Entity(1, 2, "ORG"),)
    assert ontonotes().apply([Entity(0, 3, "ORG")], [article, article, "Hague"]) == (Entity(2, 3, "ORG"),)
    assert ontonotes().apply([Entity(0, 2, "ORG")], ["Hague", article]) == (Entity(0, 2, "ORG"),)


@pytest.mark.parametrize("words", [["the"], ["'s"], ["the", "’s"], ["a", "the"]])
def test_nothing_but_articles_and_possessives_is_no_entity(words: list[str]) -> None:
    entities = [Entity(0, len(words), "ORG"), Entity(len(words), len(words) + 1, "GPE")]
    assert ontonotes().apply(entities, [*words, "Vigo"]) == (Entity(len(words), len(words) + 1, "LOC"),)


def test_dropped_entities_do_not_affect_the_others() -> None:
    entities = [Entity(0, 1, "CARDINAL"), Entity(1, 2, "PERSON"), Entity(2, 3, "TIME"), Entity(3, 4, "NORP")]
    expected = (Entity(1, 2, "PER"), Entity(3, 4, "MISC"))
    assert ontonotes().apply(entities, ["two", "Ana", "noon", "Irish"]) == expected


def test_entities_must_be_in_the_sentence() -> None:
    assert ontonotes().apply([Entity(0, 1, "GPE")], ["Vigo"]) == (Entity(0, 1, "LOC"),)
    with pytest.raises(ValidationError) as raised:
        ontonotes().apply([Entity(0, 2, "GPE")], ["Vigo"])
    assert str(raised.value) == "entity (0, 2) ends beyond the sentence of 1 token"


def test_other_maps_keep_other_labels_and_all_words() -> None:
    words, entities = ["the", "Hague", "'s"], [Entity(0, 3, "GPE"), Entity(3, 4, "X")]
    mapped = LabelMap.parse(" GPE = LOC ,PERSON=PER")
    assert (mapped.name, dict(mapped.mapping)) == (" GPE = LOC ,PERSON=PER", {"GPE": "LOC", "PERSON": "PER"})
    assert mapped.apply(entities, [*words, "x"]) == (Entity(0, 3, "LOC"), Entity(3, 4, "X"))
    for spec in ("none", ""):
        unchanged = LabelMap.parse(spec)
        assert unchanged.name == "none"
        assert unchanged.apply(entities, [*words, "x"]) == tuple(entities)
    assert ontonotes().name == "ontonotes"


@pytest.mark.parametrize("spec", ["conll", "A=", "=B", "A=B,", "A=B,C", " = "])
def test_unknown_maps(spec: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        LabelMap.parse(spec)
    hint = "use 'ontonotes', 'none' or pairs such as PERSON=PER,GPE=LOC"
    assert (raised.value.message, raised.value.hint) == (f"unknown label map {spec!r}", hint)


def test_a_label_may_contain_an_equals_sign() -> None:
    assert LabelMap.parse("A=B=C").mapped("A") == "B=C"


def test_ignored_labels_are_left_out() -> None:
    entities = [Entity(0, 1, "LOC"), Entity(1, 2, "DATE")]
    assert without_labels(entities, {"DATE", "X"}) == (entities[0],)
    assert without_labels(entities, ()) == tuple(entities)
