"""What translators do to entities and markers does not get into training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Outcome, Pair, Projection, Reason, Sentence, TrainingDataBuilder
from xlner.core.linked_translation import LinkedTranslation
from xlner.fakes import OracleAligner
from xlner.pipeline import BuildReport
from xlner.pipeline.discontinuous import without_discontinuous
from xlner.projection import HullProjector
from xlner.projection.markers.matching import recover_entities
from xlner.projection.markers.remains import has_remains
from xlner.projection.markers.styles import WrittenMarkers, write_markers
from xlner.translation.chat.placing import placed

BANK = Sentence.from_tags(
    ["Bank", "of", "Spain", "'s", "Ana", "Pons", "left"], ["B-ORG", "I-ORG", "I-ORG", "O", "B-PER", "I-PER", "O"]
)
BANCO = "Banco de Ana Pons de España saíu"
LINKS = (((0, 4), (0, 5)), ((5, 7), (6, 8)), ((8, 13), (21, 27)), ((16, 19), (9, 12)), ((20, 24), (13, 17)))


class Table:
    """A translator with fixed translations of what it is asked; anything else comes back as it is."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = table

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        return [self.table.get(text, text) for text in texts]


class Linking(Table):
    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        return [LinkedTranslation(BANCO, LINKS) for _ in texts]


def built(translator: object, source: Sentence = BANK, aligner: object = "oracle", **options: object) -> Pair:
    builder = TrainingDataBuilder(translator, aligner, to_lang="gl", **options)  # type: ignore[arg-type]
    (made,) = builder.run([source])
    return made


@pytest.mark.parametrize("fallback", [True, False])
def test_links_around_another_entity(fallback: bool) -> None:
    made = built(Linking({}), fallback=fallback)
    assert made.projection is not None
    assert made.labeled.tags() == ["O", "O", "B-PER", "I-PER", "O", "O", "O"]
    assert [o.reason for o in made.projection.outcomes] == [Reason.DISCONTINUOUS, None]
    report = BuildReport()
    list(report.written(report.made([made])))
    assert report.labels["ORG"].dropped == {"discontinuous": 1}


@pytest.mark.parametrize(
    ("bank", "ana", "reason"),
    [("Banco de España", "Ana Pons", Reason.OVERLAP), ("Banco de Ana de España", "Anna Pos", Reason.DISCONTINUOUS)],
)
def test_markers_around_another_entity(bank: str, ana: str, reason: Reason) -> None:
    marked = "[Banco de [Ana Pons] de España] saíu"
    made = recover_entities(BANK, WrittenMarkers(("", "")), [marked], surfaces=[bank, ana])
    assert [o.reason for o in made.outcomes] == [reason, None]
    assert made.sentence.surface(made.sentence.entities[0]) == "Ana Pons"


def test_a_marker_around_nothing_of_another_entity_is_kept() -> None:
    vigo = Sentence(("Universidade", "de", "Vigo"), (Entity(0, 3, "ORG"),))
    made = recover_entities(vigo, WrittenMarkers(("",)), ["[University of [Vigo]]"], surfaces=["University of Vigo"])
    assert [e.span for e in made.sentence.entities] == [(0, 3)]


@pytest.mark.parametrize("projector", ["greedy", "hull"])
def test_what_alignment_finds_has_no_words_of_another_entity(projector: str) -> None:
    aligner = OracleAligner({(BANK.tokens, tuple(BANCO.split())): [(0, 0), (1, 1), (2, 5), (4, 2), (5, 3), (6, 6)]})
    translator = Table({"Bank of Spain's Ana Pons left": BANCO})
    made = built(translator, aligner=aligner, projector=projector, method="align")
    assert made.projection is not None
    assert all(e.label == "PER" or e.end <= 2 for e in made.labeled.entities)


def test_guessed_links_may_err_once() -> None:
    one, other = Entity(0, 2, "ORG"), Entity(2, 5, "ORG")
    source = Sentence(tuple("abcde"), (one, other))
    target = Sentence(tuple("vwxyz"), (Entity(0, 2, "ORG"), Entity(2, 5, "ORG")))
    outcomes = tuple(Outcome(e, (t,)) for e, t in zip(source.entities, target.entities, strict=True))
    wrong = Alignment(((0, 0), (2, 1), (2, 2), (3, 3), (4, 4)))
    pair = Pair(target.with_entities(()), source, wrong, Projection(target, outcomes))
    assert without_discontinuous(pair, exact=False) is pair
    kept = without_discontinuous(pair, exact=True)
    assert [o.dropped for o in kept.require_projection().outcomes] == [False, False]
    mixed = Pair(target.with_entities(()), source, Alignment(((0, 0), (2, 1), (3, 2))), Projection(target, outcomes))
    split = without_discontinuous(mixed, exact=False).require_projection()
    assert [o.reason for o in split.outcomes] == [Reason.DISCONTINUOUS, None]
    assert split.sentence.entities == (Entity(2, 5, "ORG"),)


@given(st.data())
def test_no_entity_holds_a_word_that_only_others_are_linked_with(data: st.DataObject) -> None:
    words = data.draw(st.integers(2, 6))
    source = Sentence(("a",) * 4, (Entity(0, 2, "A"), Entity(2, 3, "B"), Entity(3, 4, "C")))
    links = data.draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, words - 1)), min_size=1))
    pair = Pair(Sentence(("b",) * words), source, Alignment(tuple(links)))
    (found,) = HullProjector().project([pair])
    kept = without_discontinuous(Pair(pair.target, source, pair.alignment, found), exact=True).require_projection()
    owners: list[set[str]] = [
        {e.label for e in source.entities for s, t in links if t == w and e.start <= s < e.end} for w in range(words)
    ]
    for entity in kept.sentence.entities:
        assert all(entity.label in owners[w] for w in range(*entity.span) if owners[w])
    assert len(kept.outcomes) == 3


def test_a_chat_model_that_answers_with_words_around_another_entity() -> None:
    made = placed(BANK, BANCO, ["Banco de Ana Pons de España", "Ana Pons"], "gl")
    assert [o.reason for o in made.outcomes] == [Reason.DISCONTINUOUS, None]
    vigo = Sentence(("Universidade", "de", "Vigo", ",", "Vigo"), (Entity(0, 3, "ORG"), Entity(4, 5, "LOC")))
    made = placed(vigo, "University of Vigo", ["University of Vigo", "Vigo"], "en")
    assert [o.reason for o in made.outcomes] == [None, Reason.OVERLAP]


SIC = Sentence.from_tags(
    ["Ana", "said", "[", "sic", "]", "in", "Vigo", "&", "<b>", "^", "$", "100", "."],
    ["B-PER", "O", "O", "O", "O", "O", "B-LOC", "O", "O", "O", "O", "O", "O"],
)


@pytest.mark.parametrize(
    ("style", "remains"),
    [
        ("labels", "de</Ana do PER> dixo [sic] en <LOC>Vigo</LOC> & <b> ^ 100$."),
        ("labels", "PER Ana PER dixo [sic] en <LOC>Vigo</LOC> & <b> ^ 100$."),
        ("tags", "<1>Ana</1> dixo [sic] en 2 Vigo/2 & <b> ^ 100$."),
        ("tags", "<1>Ana</1> dixo [sic] en <2 Vigo & <b> ^ 100$."),
        ("brackets", "{Ana} dixo [sic] en (Vigo) & <b> ^ 100$."),
    ],
)
def test_remains_of_markers_are_never_written(style: str, remains: str) -> None:
    marked = write_markers(SIC.with_text(), style).text
    plain = "Ana dixo [sic] en Vigo & <b> ^ 100$."
    translator = Table({marked: remains, SIC.with_text().text or "": plain})
    made = built(translator, SIC, OracleAligner(), markers=style)
    assert (made.error, made.labeled.text) == (None, plain)
    assert {e.label for e in made.labeled.entities} <= {"PER", "LOC"}
    failed = built(translator, SIC, markers=style, fallback=False)
    assert failed.error == "markers: remains of markers are in the translation; use --method align"
    report = BuildReport()
    list(report.written(report.made([failed])))
    assert report.failed == {"markers": 1}


@pytest.mark.parametrize("style", ["labels", "tags", "brackets"])
def test_marks_of_the_text_itself_are_no_remains(style: str) -> None:
    made = built(Table({}), SIC, markers=style, fallback=False)
    assert made.error is None
    assert made.labeled.text == SIC.with_text().text
    assert [made.labeled.surface(e) for e in made.labeled.entities] == ["Ana", "Vigo"]


def test_signs_of_each_style() -> None:
    tags, brackets = WrittenMarkers(("1", "loc"), None), WrittenMarkers(("",))
    for text in ("a <b", "a ＞", "a &lt;b", "a / 1", "a \\LOC", "a 1"):
        assert has_remains("a", text, tags), text
        assert not has_remains(text, text, tags)
    for text in ("a [", "a ］", "a {b}", "a (b)"):
        assert has_remains("a", text, brackets), text
    assert not has_remains("a", "a / 2 LOC", tags)
    assert not has_remains("a", "a <b> / 1", brackets)
