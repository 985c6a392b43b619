"""Sentences and pairs in the programs of other people: spaCy, pandas, datasets, notebooks."""

from __future__ import annotations

import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_format_round_trips import sentences
from xlner import Alignment, Entity, InputError, Outcome, Pair, Projection, Reason, Sentence, ValidationError
from xlner.core.palette import COLORS, colors_of
from xlner.formats import from_dataset, raise_errors, to_dataset, to_pandas

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)> & "’ \u202e\x07'


def a_pair() -> Pair:
    source = Sentence.from_text("Ana lives in Vigo", language="en")
    target = Sentence.from_text("Ana vive en Vigo", language="gl")
    ana, vigo = Entity(0, 1, "PER", 0.9), Entity(3, 4, "LOC")
    outcomes = (Outcome(ana, (ana,), scores={"a": 0.5}), Outcome(vigo, reason=Reason.UNALIGNED))
    projection = Projection(target.with_entities([ana]), outcomes)
    return Pair(target, source.with_entities([ana, vigo]), Alignment(((0, 0), (1, 1))), projection)


# Spans of characters


@given(st.text(st.sampled_from("aé e\u0301🦉م東, \u200b"), max_size=12), st.data())
def test_entities_cover_exactly_the_spans_that_they_are_made_of(text: str, data: st.DataObject) -> None:
    bounds = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [(a, b, "X", 0.5) for a, b in zip(bounds[::2], bounds[1::2], strict=False)]
    words = {k for a, b in Sentence.from_text(text).offsets or () for k in range(a, b)}
    if not all(words & set(range(a, b)) for a, b, *_ in spans):
        with pytest.raises(ValidationError, match="has no words"):
            Sentence.from_spans(text, spans)
        return
    made = Sentence.from_spans(text, spans)
    assert made.text == text
    for (a, b, label, score), entity in zip(spans, made.entities, strict=True):
        assert (entity.label, entity.score) == (label, score)
        covered = {k for start, end in (made.offsets or ())[entity.start : entity.end] for k in range(start, end)}
        assert covered == words & set(range(a, b))


def test_spans_that_are_none() -> None:
    for span in [(0, 9, "X"), (2, 2, "X"), (-1, 2, "X"), (3, 4, "X")]:
        with pytest.raises(ValidationError):
            Sentence.from_spans("Ana e Eva"[:6], [span])
    with pytest.raises(ValidationError, match="overlap"):
        Sentence.from_spans("Ana", [(0, 2, "X"), (1, 3, "Y")])
    assert Sentence.from_spans("Ana vive", [], words="spaces", id="7").tokens == ("Ana", "vive")


# spaCy

spacy = pytest.importorskip("spacy")


@given(sentences())
def test_a_sentence_becomes_a_doc_and_comes_back(sentence: Sentence) -> None:
    doc = sentence.to_spacy()
    assert doc.text == (sentence.with_text().text or "")
    assert [(e.text, e.label_) for e in doc.ents] == [
        (sentence.with_text().surface(e), e.label) for e in sentence.entities
    ]
    assert Sentence.from_spacy(doc) == sentence.with_text()


def test_spans_and_docs_of_others() -> None:
    nlp = spacy.blank("es")
    doc = nlp("Ana  vive en\nVigo")
    doc.set_ents([spacy.tokens.Span(doc, 0, 2, label="A B")])
    made = Sentence.from_spacy(doc)
    assert (made.tokens, made.entities) == (("Ana", "vive", "en", "Vigo"), (Entity(0, 1, "A_B"),))
    assert Sentence.from_spacy(doc[2:]).tokens == ("vive", "en", "Vigo")
    assert a_pair().target.to_spacy(nlp.vocab).vocab is nlp.vocab


@pytest.fixture
def nlp(tmp_path: Path) -> Any:
    import xlner.recognition.spacy_component  # noqa: F401 - where xlner is installed, spaCy does it

    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\nAna Pardo\tPER\n", encoding="utf-8")
    made = spacy.blank("es")
    made.add_pipe("sentencizer")
    made.add_pipe("xlner", config={"recognizer": f"gazetteer:{names}"})
    return made


def test_the_component_labels_sentences_of_documents(nlp: Any) -> None:
    docs = list(nlp.pipe(["🦉 Ana Pardo  vive. En Vigo.", "", "nada"], batch_size=2))
    assert [[(e.text, e.start_char, e.label_) for e in doc.ents] for doc in docs] == [
        [("Ana Pardo", 2, "PER"), ("Vigo", 22, "LOC")],
        [],
        [],
    ]
    assert all(doc.has_annotation("ENT_IOB") for doc in docs if len(doc))


def test_entities_that_a_document_has_stay_unless_they_are_replaced(nlp: Any) -> None:
    doc = nlp.make_doc("Ana Pardo en Vigo")
    doc.set_ents([spacy.tokens.Span(doc, 1, 2, label="X")])
    component = nlp.get_pipe("xlner")
    assert [(e.text, e.label_) for e in component(doc).ents] == [("Pardo", "X"), ("Vigo", "LOC")]
    component.overwrite = True
    assert [e.label_ for e in component(doc).ents] == ["PER", "LOC"]


def test_the_entry_point_of_the_component_is_there() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["entry-points"]["spacy_factories"]["xlner"].partition(":")
    assert callable(getattr(__import__(module, fromlist=[name]), name))


# pandas and datasets


def test_a_run_as_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    failed = Pair(Sentence(("x",), id="7"), error="translator: no")
    table = to_pandas([a_pair(), failed, InputError("bad"), Sentence(("Lugo",), (Entity(0, 1, "LOC"),))])
    assert table.sentence.tolist() == [1, 1, 2, 3, 4]
    first, dropped, *_ = table.to_dict("records")
    assert (first["text"], first["char_start"], first["char_end"], first["source_text"]) == ("Ana", 0, 3, "Ana")
    assert (dropped["source_text"], dropped["reason"], pandas.isna(dropped["start"])) == ("Vigo", "unaligned", True)
    assert table.error.tolist()[2:4] == ["translator: no", "bad"]
    assert pandas.isna(table.char_start[4])
    assert len(to_pandas([])) == 0


def test_data_sets_in_memory() -> None:
    datasets = pytest.importorskip("datasets")
    given = [a_pair().labeled, Sentence(("x",), id="7", meta={"page": [3]}), Sentence(())]
    made = to_dataset(given)
    assert made.features["ner_tags"].feature.names == ["O", "B-PER", "I-PER"]
    assert list(from_dataset(made)) == given
    other = datasets.Dataset.from_dict(
        {"tokens": [["Ana"], ["x"]], "ner_tags": [[1], [0]], "day": [None, 1.5]},
        features=datasets.Features(
            tokens=datasets.Sequence(datasets.Value("string")),
            ner_tags=datasets.Sequence(datasets.ClassLabel(names=["O", "B-X"])),
            day=datasets.Value("float64"),
        ),
    )
    first, second = raise_errors(from_dataset(other, language="es"))
    assert (first.tags(), first.language, second.meta) == (["B-X"], "es", {"day": 1.5})


# Notebooks and repr


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        assert all(name in ("style", "dir", "lang", "title") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("hostile", [HOSTILE, '" onmouseover="x', "'><b>", "</div></mark>"])
def test_no_text_is_markup(hostile: str) -> None:
    label = "".join(hostile.split())
    sentence = Sentence(
        (hostile, "b"),
        (Entity(0, 1, label, 0.5),),
        hostile + " b",
        ((0, len(hostile)), (len(hostile) + 1, len(hostile) + 2)),
    )
    projection = Projection(sentence, (Outcome(Entity(0, 1, label), reason=Reason.OVERLAP),))
    for shown in (sentence, projection, Pair(sentence, sentence, None, projection, error=hostile)):
        html = shown._repr_html_()
        found = Tags(html)
        assert set(found.tags) <= {"div", "mark", "span", "b"}
        assert not found.open
        assert "\u202e" not in html
        assert 'onmouseover="' not in html


def test_what_a_notebook_shows() -> None:
    html = a_pair()._repr_html_()
    assert Tags(html).text == "AnaPER lives in VigoLOCAnaPER vive en Vigonot projected: Vigo: unaligned"
    assert html.count(colors_of(["PER"])["PER"]) == 4
    assert 'lang="gl"' in html
    assert 'dir="auto"' in html
    assert 'title="0.900"' in html
    assert len(Sentence(("a" * 50,) * 1000)._repr_html_()) < 3000


def test_colors_are_those_of_labels_everywhere() -> None:
    assert list(colors_of(["PER", "ORG", "LOC", "MISC", "DATE"]).values()) == list(COLORS[:5])
    assert colors_of(["X", "LOC", "X", "Y"]) == {"X": COLORS[5], "LOC": COLORS[2], "Y": COLORS[6]}


def test_what_repr_shows() -> None:
    pair = a_pair()
    assert repr(pair) == (
        "<Pair target='[Ana PER 0.90] vive en Vigo', source='[Ana PER 0.90] lives in [Vigo LOC]', 2 links, 1 of 2 "
        "projected, 1 unaligned>"
    )
    assert repr(pair.projection) == "<Projection '[Ana PER 0.90] vive en Vigo', 1 of 2 projected, 1 unaligned>"
    assert repr(Sentence(("a",), id="7", meta={"page": 3})) == "<Sentence 'a', id='7', meta='page'>"
    assert repr(Pair(Sentence(("a\x1b",)), error="no")) == "<Pair target='a\\\\u001b', error='no'>"
    long = Sentence(("palabra",) * 5000, tuple(Entity(k, k + 1, "X") for k in range(0, 5000, 2)))
    assert len(repr(long)) < 300
    assert len(repr(Pair(long, long, error="x" * 5000))) < 400
