from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlner import Entity, Outcome, Projection, Reason, Sentence, ValidationError
from xlner.errors import StageError, UnknownNameError
from xlner.fakes import DictionaryTranslator, EchoTranslator
from xlner.projection.markers.matching import recover_entities, similarity
from xlner.projection.markers.reading import Diagnosis, read_markers
from xlner.projection.markers.styles import CURLY, SQUARE, MarkerStyle, WrittenMarkers, write_markers
from xlner.projection.markers.translation import translate_labeled
from xlner.projection.matching.assignment import assign

STYLES = st.sampled_from(MarkerStyle)
HOSTILE = st.lists(
    st.sampled_from(
        [
            "[",
            "]",
            "{",
            "}",
            "【",
            "］",
            "<1>",
            "</1>",
            "<x>",
            "</x>",
            "<",
            ">",
            "/",
            "1",
            "LOC",
            "&lt;",
            "&gt;",
            " ",
            "\u3000",
        ]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)
MARKERS = st.sampled_from(
    [
        WrittenMarkers(("", "")),
        WrittenMarkers(("", ""), CURLY, spaced=True),
        WrittenMarkers(("1", "2"), None),
        WrittenMarkers(("loc", "loc", None), None, spaced=True, literal=frozenset({"1"})),
    ]
)


@st.composite
def labeled(draw: st.DrawFn, texts: st.SearchStrategy[str] = HOSTILE) -> Sentence:
    """A tokenized text with entities on any tokens."""
    sentence = Sentence.from_text(draw(texts))
    entities, position = [], 0
    while position < len(sentence):
        start = position + draw(st.integers(0, 2))
        position = start + draw(st.integers(1, 3))
        if position <= len(sentence):
            entities.append(Entity(start, position, draw(st.sampled_from(["LOC", "PER", "1", "<x>", "ORG-GOV"]))))
    return sentence.with_entities(entities)


def sentence(text: str, **labels: str) -> Sentence:
    """A sentence with the words of that name as its entities, labeled by the keyword without its digits."""
    made = Sentence.from_text(text)
    entities = []
    for label, words in labels.items():
        first = next(k for k in range(len(made)) if made.tokens[k : k + len(words.split())] == tuple(words.split()))
        entities.append(Entity(first, first + len(words.split()), label.rstrip("0123456789")))
    return made.with_entities(entities)


ANA = sentence("Ana lives in Vigo.", PER="Ana", LOC="Vigo")


def recovered(translation: str, source: Sentence = ANA, **options: object) -> Projection:
    """The projection of a translation that keeps names as they are."""
    markers = write_markers(source).markers
    surfaces = [source.surface(entity) for entity in source.entities]
    return recover_entities(source, markers, [translation], **{"surfaces": surfaces, **options})  # type: ignore[arg-type]


def found(projection: Projection) -> list[tuple[str, str]]:
    return [(projection.sentence.surface(e), e.label) for e in projection.sentence.entities]


def reasons(projection: Projection) -> list[Reason | None]:
    return [outcome.reason for outcome in projection.outcomes]


def diagnoses(text: str, n: int = 2) -> tuple[str, list[tuple[str, str]]]:
    read = read_markers(text, WrittenMarkers(("",) * n))
    return read.text, [(read.text[m.start : m.end], m.diagnosis.value) for m in read.marks]


# Writing and reading


@given(labeled() | labeled(st.text(max_size=30)), STYLES, st.booleans())
@example(Sentence.from_text("< 1 >[{x").with_entities([Entity(1, 2, "1")]), MarkerStyle.LABELS, True)
def test_what_is_written_is_read(made: Sentence, style: MarkerStyle, spaced: bool) -> None:
    marked = write_markers(made, style, spaced=spaced)
    read = read_markers(marked.text, marked.markers)
    assert read.text == made.text
    assert [(m.start, m.end) for m in read.marks] == [made.char_span(e) for e in made.entities]
    assert [m.name for m in read.marks] == list(marked.markers.names)
    assert {m.diagnosis for m in read.marks} <= {Diagnosis.WHOLE}
    assert read.lost == ()


@given(labeled(), STYLES, st.booleans())
def test_an_echo_gives_the_same_entities(made: Sentence, style: MarkerStyle, spaced: bool) -> None:
    marked = write_markers(made, style, spaced=spaced)
    surfaces = [made.surface(e) for e in made.entities]
    for known in (surfaces, None):
        projection = recover_entities(made, marked.markers, [marked.text], surfaces=known)
        assert projection.sentence.tokens == made.tokens
        assert projection.sentence.tags() == made.tags()
        assert not any(outcome.dropped for outcome in projection.outcomes)


@given(HOSTILE, MARKERS)
@example("<<1>1>Vigo<</1>/1>", WrittenMarkers(("1",), None))
@example("<" + "1" * 5000 + ">", WrittenMarkers(("1",), None))
def test_any_text_can_be_read_and_keeps_no_marker(text: str, markers: WrittenMarkers) -> None:
    read = read_markers(text, markers)
    assert read_markers(read.text, markers).marks == ()
    for mark in read.marks:
        inside = read.text[mark.start : mark.end]
        assert 0 <= mark.start <= mark.end <= len(read.text)
        assert inside == inside.strip()
        assert bool(inside) == (not mark.half and mark.diagnosis is not Diagnosis.EMPTY)
    letters = iter(text)
    assert all(char in letters for char in read.text), "characters are only ever removed"
    if not read.marks:
        assert read.text == text


@given(HOSTILE, MARKERS, st.data())
def test_every_entity_has_an_outcome_whatever_the_translation(
    text: str, markers: WrittenMarkers, data: st.DataObject
) -> None:
    n = len(markers.names)
    labels = data.draw(st.lists(st.sampled_from(["LOC", "PER"]), min_size=n, max_size=n))
    source = Sentence(("w",) * n, tuple(Entity(k, k + 1, label) for k, label in enumerate(labels)))
    surfaces = data.draw(st.none() | st.lists(st.sampled_from(["a", "LOC", "Vigo", ""]), min_size=n, max_size=n))
    projection = recover_entities(source, markers, [text], surfaces=surfaces)
    assert [o.entity for o in projection.outcomes] == list(source.entities)
    projected = sorted(e for o in projection.outcomes for e in o.projected)
    assert projected == list(projection.sentence.entities)
    assert sum(len(o.projected) for o in projection.outcomes) + sum(o.dropped for o in projection.outcomes) == n


@pytest.mark.parametrize(
    ("text", "style", "marked"),
    [
        ("In Vigo.", "brackets", "In [Vigo]."),
        ("In Vigo [sic].", "brackets", "In {Vigo} [sic]."),
        ("In Vigo 【x】.", "brackets", "In {Vigo} 【x】."),
        ("In Vigo [x] {y}.", "brackets", "In <1>Vigo</1> [x] {y}."),
        ("In Vigo <1> { ].", "brackets", "In <2>Vigo</2> <1> { ]."),
        ("In Vigo.", "tags", "In <1>Vigo</1>."),
        ("In Vigo &lt;1/&gt; < 2 > <٣>.", "tags", "In <4>Vigo</4> &lt;1/&gt; < 2 > <٣>."),
        ("In Vigo.", "labels", "In <LOC>Vigo</LOC>."),
        ("In Vigo <loc>.", "labels", "In <1>Vigo</1> <loc>."),
    ],
)
def test_written_markers_are_unlike_the_text(text: str, style: str, marked: str) -> None:
    assert write_markers(sentence(text, LOC="Vigo"), style).text == marked


def test_labels_that_fit_no_tag_become_numbers() -> None:
    assert write_markers(sentence("In Vigo").with_entities([Entity(1, 2, "A/B")]), "labels").text == "In <1>Vigo</1>"


def test_there_are_as_many_tags_as_entities() -> None:
    many = Sentence(("x",) * 30, tuple(Entity(k, k + 1, "X") for k in range(30)))
    assert write_markers(many, "tags").markers.names == tuple(str(k) for k in range(1, 31))


def test_what_cannot_be_seen_is_not_marked() -> None:
    hidden = Sentence(("a", " "), (Entity(0, 1, "X"), Entity(1, 2, "Y")), "a  ", ((0, 1), (1, 2)))
    marked = write_markers(hidden)
    assert (marked.text, marked.markers.names) == ("[a]  ", ("", None))
    projection = recover_entities(hidden, marked.markers, [marked.text], surfaces=["a", ""])
    assert reasons(projection) == [None, Reason.NO_CANDIDATE]


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: brackets, tags, labels"):
        write_markers(ANA, "stars")


@pytest.mark.parametrize(
    ("text", "clean", "marks"),
    [
        ("[Vigo], [Ana]", "Vigo, Ana", [("Vigo", "whole"), ("Ana", "whole")]),
        ("Ana [Vigo", "Ana Vigo", [("", "unclosed")]),
        ("[Ana] in Vigo] x", "Ana in Vigo x", [("Ana", "whole"), ("", "unopened")]),
        ("[Ana in [Vigo].", "Ana in Vigo.", [("", "unclosed"), ("Vigo", "whole")]),
        ("[[Ana]] [Vigo]", "Ana Vigo", [("Ana", "whole"), ("Ana", "nested"), ("Vigo", "whole")]),
        ("[Bank of [Ana]]", "Bank of Ana", [("Bank of Ana", "whole"), ("Ana", "nested")]),
        ("[a] [b] [c]", "a b c", [("a", "whole"), ("b", "whole"), ("c", "doubled")]),
        ("In [] x [ ] y", "In x y", [("", "empty"), ("", "empty")]),
        ("]Vigo[", "Vigo", [("", "unopened"), ("", "unclosed")]),
        ("In【 Vigo ］、", "In Vigo、", [("Vigo", "whole")]),
        ("In [ Vigo ] is", "In Vigo is", [("Vigo", "whole")]),
        ("In[ Vigo ]is", "In Vigo is", [("Vigo", "whole")]),
        ("([ Vigo ]).", "(Vigo).", [("Vigo", "whole")]),
        ("[ Ana ] [ Vigo ]", "Ana Vigo", [("Ana", "whole"), ("Vigo", "whole")]),
        (" [ Ana ] ", " Ana ", [("Ana", "whole")]),
        ("[Vigo]ko  x", "Vigoko  x", [("Vigo", "whole")]),
        ("", "", []),
        ("[", "", [("", "unclosed")]),
    ],
)
def test_readings(text: str, clean: str, marks: list[tuple[str, str]]) -> None:
    assert diagnoses(text) == (clean, marks)


@pytest.mark.parametrize(
    ("text", "surface", "found"),
    [
        ("born in [Poole , Dorset , in 1834", "Poole, Dorset", "Poole , Dorset"),
        ("born in Poole,Dorset] in 1834", "Poole, Dorset", "Poole,Dorset"),
        ("born in Poole ] in 1834", "poole", "Poole"),
        ("born in [ POOLE in 1834", "Poole", "POOLE"),
        ("born in [Poolesville", "Poole", None),
        ("born in [lovely Poole", "Poole", None),
        ("[born in a place called Poole", "Poole", None),
        ("born in Poole near]by", "Poole", None),
        ("born in [", "Poole", None),
        ("] born", "Poole", None),
    ],
)
def test_half_a_bracket_beside_the_surface(text: str, surface: str, found: str | None) -> None:
    source = Sentence(("Poole",), (Entity(0, 1, "LOC"),))
    made = recover_entities(source, WrittenMarkers(("",)), [text], surfaces=[surface]).sentence
    assert [made.surface(e) for e in made.entities] == ([] if found is None else [found])


@pytest.mark.parametrize(
    "text",
    ["<1>Vigo</1>", "< 1 > Vigo </ 1 >", "＜１＞Vigo＜／１＞", "&lt;1&gt;Vigo&lt;/1&gt;", "<1>Vigo<1/>", "<١>Vigo</١>"],
)
def test_forms_of_tags(text: str) -> None:
    read = read_markers(f"In {text}.", WrittenMarkers(("1", "2"), None))
    assert (read.text, read.lost) == ("In Vigo.", ("2",))
    assert [(m.start, m.end, m.name, m.half) for m in read.marks] == [(3, 7, "1", False)]


def test_tags_of_the_text_stay_and_renamed_ones_go() -> None:
    read = read_markers("x <b>y</b> <1>z</1> <un>w</una>", WrittenMarkers(("1",), None, literal=frozenset("b")))
    assert read.text == "x <b>y</b> z w"
    assert [(m.name, m.diagnosis.value) for m in read.marks] == [("1", "whole"), ("", "renamed")]


# Which entity is it? The traps of earlier code by name


def test_trap_the_last_match_over_the_threshold_does_not_win() -> None:
    source = sentence("Ana and Anna", PER="Ana", LOC="Anna")
    projection = recovered("[Ana] e [Anna]", source)
    assert found(projection) == [("Ana", "PER"), ("Anna", "LOC")]
    assert found(recovered("[Anna] e [Ana]", source)) == [("Anna", "LOC"), ("Ana", "PER")]
    assert [o.scores["similarity"] for o in projection.outcomes] == [1.0, 1.0]


def test_trap_text_that_is_no_entity_keeps_no_brackets() -> None:
    projection = recovered("[Ana] vive en [algures].")
    assert projection.sentence.text == "Ana vive en algures."
    assert found(projection) == [("Ana", "PER")]
    assert reasons(projection) == [None, Reason.BELOW_THRESHOLD]
    assert 0 < projection.outcomes[1].scores["similarity"] <= 0.5


def test_trap_an_extra_closing_bracket() -> None:
    projection = recovered("[Ana]] vive] en [Vigo]].")
    assert projection.sentence.text == "Ana vive en Vigo."
    assert found(projection) == [("Ana", "PER"), ("Vigo", "LOC")]


def test_trap_sic_in_the_source_stays_and_is_no_entity() -> None:
    source = sentence("Ana [sic] lives in Vigo.", PER="Ana", LOC="Vigo")
    projection = recovered("{Ana} [sic] vive en {Vigo}.", source)
    assert projection.sentence.text == "Ana [sic] vive en Vigo."
    assert found(projection) == [("Ana", "PER"), ("Vigo", "LOC")]


def test_trap_sic_of_the_translator_takes_no_label() -> None:
    projection = recovered("[Ana] [sic] vive en [Vigo].")
    assert projection.sentence.text == "Ana sic vive en Vigo."
    assert found(projection) == [("Ana", "PER"), ("Vigo", "LOC")]


def test_trap_swapped_entities_keep_their_types() -> None:
    assert found(recovered("En [Vigo] vive [Ana].")) == [("Vigo", "LOC"), ("Ana", "PER")]


def test_trap_swapped_brackets() -> None:
    assert found(recovered("]Ana[ vive en ]Vigo[.")) == [("Ana", "PER"), ("Vigo", "LOC")]


def test_trap_unclosed_and_unopened_markers() -> None:
    projection = recovered("[Ana vive en Vigo].")
    assert projection.sentence.text == "Ana vive en Vigo."
    assert reasons(projection) == [Reason.BELOW_THRESHOLD] * 2
    assert found(recovered("[Ana vive en Vigo.")) == [("Ana", "PER")]
    assert found(recovered("Ana] vive en [Vigo.")) == [("Ana", "PER"), ("Vigo", "LOC")]
    assert found(recovered("[Anatol vive.")) == []


# The rest of assignment


def test_lost_markers() -> None:
    projection = recovered("Ana vive en [Vigo].")
    assert found(projection) == [("Vigo", "LOC")]
    assert reasons(projection) == [Reason.NO_CANDIDATE, None]
    assert reasons(recovered("")) == [Reason.NO_CANDIDATE] * 2
    assert reasons(recover_entities(ANA, write_markers(ANA).markers, [])) == [Reason.NO_CANDIDATE] * 2


def test_doubled_text_goes_to_the_first_mark_and_one_entity_only() -> None:
    projection = recovered("[Vigo] [Vigo] [Vigo]")
    assert [e.span for e in projection.sentence.entities] == [(0, 1)]
    twice = sentence("Vigo to Vigo").with_entities([Entity(0, 1, "A"), Entity(2, 3, "B")])
    assert found(recovered("[Vigo] a [Vigo]", twice)) == [("Vigo", "A"), ("Vigo", "B")]
    assert reasons(recovered("a [Vigo]", twice)) == [None, Reason.OVERLAP]


def test_nested_marks_go_to_the_more_similar() -> None:
    source = sentence("Bank of England in England", ORG="Bank of England")
    source = source.with_entities([*source.entities, Entity(4, 5, "LOC")])
    projection = recovered("[Bank of [England]]", source)
    assert found(projection) == [("Bank of England", "ORG")]
    assert reasons(projection) == [None, Reason.OVERLAP]


def test_who_loses_an_overlap_tries_again() -> None:
    source = sentence("Bank of England in England", ORG="Bank of England")
    source = source.with_entities([*source.entities, Entity(4, 5, "LOC")])
    projection = recovered("[Bank of [England]] en [Englan]", source)
    assert found(projection) == [("Bank of England", "ORG"), ("Englan", "LOC")]


def test_marks_glued_to_one_word_share_it_once() -> None:
    source = sentence("Ana Vigo", PER="Ana", LOC="Vigo")
    projection = recovered("[Ana][Vigo]", source)
    assert projection.sentence.tokens == ("AnaVigo",)
    assert reasons(projection) == [None, Reason.OVERLAP]
    assert found(recovered("[Vigo]ra doa", sentence("to Vigo", LOC="Vigo"))) == [("Vigora", "LOC")]


def test_marks_round_no_token_are_no_candidates() -> None:
    assert reasons(recovered("[\u200b] [\u200b]")) == [Reason.NO_CANDIDATE] * 2


def test_numbered_tags_need_no_similarity() -> None:
    markers = write_markers(ANA, "tags").markers
    for surfaces in (None, ["", ""], ["Vigo", "Ana"]):
        projection = recover_entities(ANA, markers, ["在<2>维戈</2>住着<1>安娜</1>"], surfaces=surfaces, language="zh")
        assert found(projection) == [("维戈", "LOC"), ("安娜", "PER")]


def test_of_doubled_tags_the_more_similar_and_then_the_first_counts() -> None:
    markers = write_markers(ANA, "tags").markers
    text = ["<1>x</1> <1>Ana</1> <1>Ana</1> <2>y</2>"]
    known = recover_entities(ANA, markers, text, surfaces=["Ana", "Vigo"])
    assert [e.span for e in known.sentence.entities] == [(1, 2), (3, 4)]
    assert [e.start for e in recover_entities(ANA, markers, text).sentence.entities] == [0, 3]


def test_a_lost_slash() -> None:
    markers = write_markers(ANA, "tags").markers
    text = ["<1>Ana<1> vive en <2>Vigo<2>"]
    assert len(found(recover_entities(ANA, markers, text, surfaces=["Ana", "Vigo"]))) == 2
    assert found(recover_entities(ANA, markers, text)) == []


def test_a_translated_tag_name_is_made_up_for_by_similarity() -> None:
    markers = write_markers(ANA, "labels").markers
    text = ["<POR>Ana</POR> vive en <LOC>Vigo</LOC>"]
    assert found(recover_entities(ANA, markers, text, surfaces=["Ana", "Vigo"])) == [("Ana", "PER"), ("Vigo", "LOC")]
    projection = recover_entities(ANA, markers, text, surfaces=["Eva", "Vigo"])
    assert reasons(projection) == [Reason.BELOW_THRESHOLD, None]
    assert found(recover_entities(ANA, markers, text)) == [("Vigo", "LOC")]


def test_labeled_tags_keep_labels_apart() -> None:
    source = sentence("Ana, Eva in Vigo", PER="Ana", PER2="Eva", LOC="Vigo")
    markers = write_markers(source, "labels").markers
    assert markers.names == ("per", "per", "loc")
    text = ["<LOC>Vigo</LOC>: <per>Eva</per>, <PER>Ana</PER>"]
    projection = recover_entities(source, markers, text, surfaces=["Ana", "Eva", "Vigo"])
    assert [projection.sentence.surface(o.projected[0]) for o in projection.outcomes] == ["Ana", "Eva", "Vigo"]
    assert found(recover_entities(source, markers, text)) == [("Vigo", "LOC"), ("Eva", "PER"), ("Ana", "PER")]


def test_without_surfaces_order_counts_only_where_labels_cannot_be_wrong() -> None:
    markers = write_markers(ANA).markers
    assert found(recover_entities(ANA, markers, ["[Anna] ye [Bigu]"])) == [("Anna", "PER"), ("Bigu", "LOC")]
    one = recover_entities(ANA, markers, ["Anna ye [Bigu]"])
    assert (found(one), reasons(one)) == ([], [Reason.BELOW_THRESHOLD] * 2)
    same = sentence("Ana, Eva", PER="Ana", PER2="Eva")
    assert found(recover_entities(same, markers, ["ye [Eba]"])) == [("Eba", "PER")]


def test_n_best_most_entities_then_similarity_then_the_first() -> None:
    def best(*texts: str) -> str | None:
        return recover_entities(ANA, write_markers(ANA).markers, texts, surfaces=["Ana", "Vigo"]).sentence.text

    assert best("[Ana] en Vigo", "[Anna] en [Vigu]", "[Ana] x [Vigu]", "[Ana] y [Vigu]") == "Ana x Vigu"
    assert best("Ana", "Eva") == "Ana"


def test_the_threshold_and_one_marker_and_surface_per_entity() -> None:
    assert reasons(recovered("[Ana] en [Vigu]", threshold=0.8)) == [None, Reason.BELOW_THRESHOLD]
    with pytest.raises(ValidationError, match=r"outside \[0, 1\)"):
        recovered("", threshold=1.0)
    with pytest.raises(ValidationError, match="2 entities"):
        recovered("", surfaces=["Ana"])
    with pytest.raises(ValidationError, match="2 entities"):
        recover_entities(ANA, WrittenMarkers(("",)), [""])


@given(st.text(max_size=12), st.text(max_size=12))
def test_similarity_is_a_share(first: str, second: str) -> None:
    assert 0 <= similarity(first, second) <= 1
    assert similarity(first, first) == (1.0 if first.strip() else 0.0)


def literal_assignment(weights: Sequence[dict[int, float]]) -> list[int | None]:
    """All assignments, the best by total, then by the columns of the rows in order."""
    free = 100
    choices = [[*row, free] for row in weights]
    valid = [p for p in product(*choices) if len({j for j in p if j != free}) == sum(j != free for j in p)]

    def rank(picked: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        return (-sum(round(weights[i][j] * 10**9) for i, j in enumerate(picked) if j != free), picked)

    return [None if j == free else j for j in min(valid, key=rank)]


@given(st.lists(st.dictionaries(st.integers(0, 4), st.sampled_from([0.25, 0.5, 0.75, 1.0]), max_size=4), max_size=5))
def test_assignment_is_its_definition(weights: list[dict[int, float]]) -> None:
    assert assign(weights) == literal_assignment(weights)


def test_a_translator_that_loops_is_no_problem() -> None:
    many = Sentence(("Vigo",) * 20, tuple(Entity(k, k + 1, "LOC") for k in range(20)))
    projection = recovered("[Vigo] " * 300, many)
    assert [e.start for e in projection.sentence.entities] == list(range(20))


# Making training data


def test_training_data() -> None:
    class Counting(DictionaryTranslator):
        calls: list[list[str]] = []  # noqa: RUF012

        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            self.calls.append(list(texts))
            return super().translate(texts, from_lang=from_lang, to_lang=to_lang)

    tokens = Sentence(("Ana", "lives", "in", "London"), (Entity(0, 1, "PER"), Entity(3, 4, "LOC")), id="7")
    plain = Sentence.from_text("lives")
    translator = Counting({"London": "Londres", "lives": "vive", "in": "en"})
    made = translate_labeled(
        [tokens, plain, tokens, Sentence(())], translator, from_lang="en", to_lang="gl", spaced=True
    )
    assert translator.calls == [["[ Ana ] lives in [ London ]", "lives"], ["Ana", "London"]]
    assert [p.sentence.text for p in made] == ["Ana vive en Londres", "vive", "Ana vive en Londres", ""]
    assert made[0].sentence.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert (made[0].sentence.id, made[0].sentence.language) == ("7", "gl")
    assert made[0].outcomes[1] == Outcome(Entity(3, 4, "LOC"), (Entity(3, 4, "LOC", 1.0),), scores={"similarity": 1.0})
    assert made[1].outcomes == made[3].outcomes == ()


def test_a_translator_that_loses_a_text_is_an_error() -> None:
    class Short(EchoTranslator):
        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            return list(texts)[1:]

    with pytest.raises(StageError, match="gave 0 results for 1 input"):
        translate_labeled([ANA], Short(), from_lang="en", to_lang="gl")


def test_square_and_curly_forms_pair_up() -> None:
    assert [len(forms) for forms in (*SQUARE, *CURLY)] == [5, 5, 2, 2]
