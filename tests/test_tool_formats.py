"""Files of annotation tools: golden ones, those that the tools make, and damaged ones."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from xlner import (
    Entity,
    InputError,
    Pair,
    Projection,
    Sentence,
    raise_errors,
    read_sentences,
    write_pairs,
    write_sentences,
)
from xlner.errors import BackendError, DataWarning, UnknownNameError, UsageError
from xlner.formats import registry
from xlner.formats.registry import Format, all_formats, format_named

GOLDEN = Path(__file__).parent / "golden" / "tools"
FILES = {
    "label-studio": "label-studio.json",
    "doccano": "doccano.jsonl",
    "prodigy": "prodigy.jsonl",
    "argilla": "argilla.json",
    "brat": "brat.ann",
    "webanno": "webanno.tsv",
    "xmi": "inception.xmi",
    "gliner": "gliner.json",
    "csv": "words.csv",
}
"""Written by xlner, and read by the tools' own libraries: see benchmarks/format_readers.py."""


def golden() -> list[Sentence]:
    owl = Sentence.from_text("🦉 Ana Pons vive en A Coruña.", language="gl")
    cairo = Sentence.from_text("ذهب محمد إلى القاهرة", language="ar")
    cafe = Sentence.from_text("A cafeteri\u0301a O\u0301rfao 👩🏽‍🚀 en Vigo", language="gl", id="s3")
    return [
        owl.with_entities([Entity(1, 3, "PER", 0.75), Entity(5, 7, "LOC", 0.5)]),
        cairo.with_entities([Entity(1, 2, "PER"), Entity(3, 4, "LOC")]),
        cafe.with_entities([Entity(1, 3, "ORG"), Entity(5, 6, "LOC")]),
    ]


def spans(sentence: Sentence) -> list[tuple[str, str]]:
    return [(sentence.surface(e), e.label) for e in sentence.entities]


def read(tmp_path: Path, name: str, content: str | bytes, **options: Any) -> list[Sentence | InputError]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_sentences(path, **options))


@pytest.mark.parametrize("name", FILES)
def test_golden_files(name: str, tmp_path: Path) -> None:
    made = tmp_path / FILES[name]
    write_sentences(golden(), made, format=name)
    assert made.read_bytes() == (GOLDEN / FILES[name]).read_bytes()
    found = list(raise_errors(read_sentences(GOLDEN / FILES[name], format=name)))
    assert [spans(s) for s in found] == [spans(s) for s in golden()]


@pytest.mark.parametrize("name", [n for n in FILES if n != "doccano"])
@pytest.mark.filterwarnings("ignore:.*looks like:xlner.errors.DataWarning")
def test_golden_files_are_recognized(name: str) -> None:
    found = list(raise_errors(read_sentences(GOLDEN / FILES[name])))
    assert [spans(s) for s in found] == [spans(s) for s in golden()]


def test_label_studio_counts_utf_16_and_scores_each_region(tmp_path: Path) -> None:
    region = {"value": {"start": 3, "end": 6, "labels": ["PER"]}, "type": "labels", "score": 0.5}
    task = {"id": 7, "data": {"text": "🦉 Ana", "page": 2}, "annotations": [], "predictions": [{"result": [region]}]}
    (found,) = raise_errors(read(tmp_path, "a.json", json.dumps([task])))
    assert found.entities == (Entity(1, 2, "PER", 0.5),)
    assert (found.id, found.meta) == ("7", {"page": 2})
    region["value"] = {"start": 1, "end": 6, "labels": ["PER"]}
    (bad,) = read(tmp_path, "a.json", json.dumps([task]))
    assert "begins or ends inside a character" in str(bad)
    task["predictions"] = [{"result": []}, {"result": []}]
    (bad,) = read(tmp_path, "a.json", json.dumps([task]), format="label-studio")
    assert "2 predictions for one text; keep one" in str(bad)
    (bad,) = read(tmp_path, "a.json", '{"text": "Ana"}', format="label-studio")
    assert 'not a record of Label Studio: no "data"' in str(bad)


def test_an_annotation_goes_before_a_prediction(tmp_path: Path) -> None:
    task = {"data": {"text": "Ana"}, "annotations": [{"result": []}], "predictions": [{"result": [{"type": "labels"}]}]}
    (found,) = raise_errors(read(tmp_path, "a.json", json.dumps([task])))
    assert found.entities == ()


def test_argilla_responses_go_before_suggestions(tmp_path: Path) -> None:
    record: dict[str, Any] = {
        "fields": {"text": "Ana e Eva"},
        "suggestions": {"spans": {"value": [{"start": 0, "end": 3, "label": "X"}], "score": [0.5]}},
        "responses": {
            "spans": [{"value": [{"start": 6, "end": 9, "label": "PER"}], "user_id": "1"}],
            "ok": [{"value": "y"}],
        },
    }
    (found,) = raise_errors(read(tmp_path, "a.json", json.dumps([record])))
    assert spans(found) == [("Eva", "PER")]
    del record["responses"]["spans"]
    (found,) = raise_errors(read(tmp_path, "a.json", json.dumps([record])))
    assert found.entities == (Entity(0, 1, "X", 0.5),)
    record["responses"]["spans"] = [{"value": []}, {"value": []}]
    (bad,) = read(tmp_path, "a.json", json.dumps([record]))
    assert "2 responses with spans to one text" in str(bad)


BRAT = "Ana Pons viviu en Vigo\ne en Santiago de Compostela\n"


def brat(tmp_path: Path, annotations: str, text: str = BRAT) -> list[Sentence | InputError]:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    return read(tmp_path, "a.ann", annotations)


def test_brat_of_several_lines(tmp_path: Path) -> None:
    others = "#1\tAnnotatorNotes T1\tsure\nR1\tin Arg1:T1 Arg2:T2\n"
    entities = "T2\tLOC 28 39;40 50\tSantiago de Compostela\nT1\tPER 0 8\tAna Pons\n"
    with pytest.warns(DataWarning, match="only entities are read, no notes, relations"):
        found = brat(tmp_path, entities + others)
    assert [spans(s) for s in raise_errors(found)] == [[("Ana Pons", "PER")], [("Santiago de Compostela", "LOC")]]
    assert [spans(s) for s in raise_errors(brat(tmp_path, "", "Ana\r\n"))] == [[]]
    with pytest.warns(DataWarning, match="1 entity begins or ends inside a word"):
        assert [spans(s) for s in raise_errors(brat(tmp_path, "T1\tPER 1 8\tna Pons\n"))] == [[("Ana Pons", "PER")], []]


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ("T7\tPER 0 3;9 14\tAna viviu\n", "T7 (PER) is discontinuous: 'Pons' is not part of it; give it one span"),
        ("T7\tLOC 18 24\tVigo e\n", "T7 (LOC) goes on in the next line"),
        ("T7\tLOC 18 22\tLugo\n", "where the text has 'Vigo'"),
        ("T7\tPER 0 8\tAna Pons\nT8\tPER 4 8\tPons\n", "overlap at character 4"),
    ],
)
def test_an_entity_that_is_no_span_costs_its_sentence(tmp_path: Path, annotations: str, message: str) -> None:
    bad, good = brat(tmp_path, annotations)
    assert message in str(bad)
    assert "a.ann:1 (sentence 1)" in str(bad)
    assert isinstance(good, Sentence)


def test_damaged_files_of_brat(tmp_path: Path) -> None:
    for damaged, message in [
        ("T1 PER 0 3 Ana\n", "a.ann:1: 'T1 PER 0 3 Ana' is no annotation of brat"),
        ("T1\tPER 0 999\tAna\n", "an entity ends at 999, but the text has 51 characters"),
    ]:
        with pytest.raises(InputError) as raised:
            brat(tmp_path, damaged)
        assert message in str(raised.value)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(InputError, match="a.txt: cannot be read: .*; this is the text of a.ann"):
        list(read_sentences(tmp_path / "a.ann"))


def test_brat_replaces_no_other_text(tmp_path: Path) -> None:
    text, out = tmp_path / "a.txt", tmp_path / "a.ann"
    text.write_text("Vigo\nLugo\n", encoding="utf-8")
    sentences = [Sentence.from_text("Vigo").with_entities([Entity(0, 1, "LOC")]), Sentence.from_text("Lugo")]
    assert write_sentences(sentences, out) == 2
    assert out.read_text(encoding="utf-8") == "T1\tLOC 0 4\tVigo\n"
    for other in ("Vigo\nNoia\n", "Vigo\nLugo\nNoia\n"):
        text.write_text(other, encoding="utf-8")
        with pytest.raises(InputError, match="a.txt: exists already, with "):
            write_sentences(sentences, out)
        assert text.read_text(encoding="utf-8") == other
    with pytest.raises(UsageError, match="name an output that ends in .ann"):
        write_sentences(sentences, tmp_path / "a.out", format="brat")
    (tmp_path / "b.txt").write_text("Noia\n", encoding="utf-8")
    (tmp_path / "b.ann").write_text("", encoding="utf-8")
    text.write_text("Vigo\nLugo\n", encoding="utf-8")
    assert [s.text for s in raise_errors(read_sentences(tmp_path, format="brat"))] == ["Vigo", "Lugo", "Noia"]


WEBANNO = """#FORMAT=WebAnno TSV 3.2
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


#Sentence.id=s-1
#Text=🦉 Ana Pons
1-1\t0-2\t🦉\tX\t_\t_\t
1-2\t3-6\tAna\tNE\t*[1]\tPER[1]\t
1-3\t7-11\tPons\tNE\t*[1]\tPER[1]\t

#Text=Vigo-Lugo
2-1\t12-21\tVigo-Lugo\t_\t_\t_\t
2-1.1\t12-16\tVigo\t_\t*\tWORK\\_OF\\_ART\t
"""


def test_webanno_of_several_layers_and_parts_of_words(tmp_path: Path) -> None:
    with pytest.warns(DataWarning) as warned:
        first, second = raise_errors(read(tmp_path, "a.tsv", WEBANNO))
    assert "looks like WebAnno TSV, and is read as webanno" in str(warned[0].message)
    assert "1 entity begins or ends inside a word" in str(warned[1].message)
    assert (first.id, first.tokens, spans(first)) == ("s-1", ("🦉", "Ana", "Pons"), [("Ana Pons", "PER")])
    assert spans(second) == [("Vigo-Lugo", "WORK_OF_ART")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("PER[1]\t\n\n", "PER[1]|ORG[2]\t\n\n", "overlap at character"),
        ("1-3\t7-11\tPons", "1-3\t7-12\tPons", "the word 'Pons' is not at 7-12 in the text"),
        ("1-3\t7-11", "1-3 7-11", "not a row of WebAnno TSV"),
        ("\tPER[1]", "\t*[1]", "an entity without a label on 'Ana'"),
        ("\tWORK", "\tPER[1]|WORK", "entity [1] goes on from the sentence before"),
    ],
)
@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
def test_what_cannot_be_read_of_webanno(tmp_path: Path, old: str, new: str, message: str) -> None:
    found = read(tmp_path, "a.tsv", WEBANNO.replace(old, new), format="webanno")
    (bad,) = [item for item in found if isinstance(item, InputError)]
    assert message in str(bad)
    assert len(found) == 2


def test_other_layers_of_webanno(tmp_path: Path) -> None:
    other = WEBANNO.replace("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity", "webanno.custom.Span")
    with pytest.raises(
        InputError, match="no named entities, but the layer webanno.custom.Span; name the layer: --columns tag="
    ):
        read(tmp_path, "a.tsv", other, format="webanno")
    with pytest.warns(DataWarning, match="inside a word"):
        found = read(tmp_path, "a.tsv", other, format="webanno", columns="tag=webanno.custom.Span")
    assert spans(next(raise_errors(found))) == [("Ana Pons", "PER")]
    with pytest.raises(InputError, match="no layer 'x'; layers: de.*, webanno.custom.Span"):
        read(tmp_path, "a.tsv", other, format="webanno", columns="tag=x")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_xmi_as_inception_exports_it(tmp_path: Path) -> None:
    cassis = pytest.importorskip("cassis")
    types = cassis.load_dkpro_core_typesystem()
    types.create_type("custom.Span", "uima.tcas.Annotation")
    cas = cassis.Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = "🦉 Ana Pons\nen Vigo", "text/plain"
    entity = types.get_type("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity")
    cas.add_all([entity(begin=2, end=10, value="PER"), entity(begin=14, end=18, value="LOC")])
    cas.add(types.get_type("custom.Span")(begin=0, end=1))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.xmi", cas.to_xmi())
        archive.writestr("TypeSystem.xml", types.to_xml())
    with pytest.warns(DataWarning, match="only named entities are read, no custom.Span"):
        found = list(raise_errors(read_sentences(tmp_path / "a.zip", format="xmi")))
    assert [spans(s) for s in found] == [[("Ana Pons", "PER")], [("Vigo", "LOC")]]
    with pytest.raises(InputError, match="cannot be read as XMI"):
        read(tmp_path, "b.xmi", "<a/")


def test_docbin_is_what_spacy_reads(tmp_path: Path) -> None:
    tokens = pytest.importorskip("spacy.tokens")
    from spacy.vocab import Vocab

    write_sentences(golden(), tmp_path / "a.spacy")
    docs = list(tokens.DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab()))
    assert [[(e.text, e.label_) for e in doc.ents] for doc in docs] == [spans(s) for s in golden()]
    doc = tokens.Doc(Vocab(), words=["Ana", "Pons", "vive"])
    doc.spans["sc"] = [tokens.Span(doc, 0, 2, label="PER")]
    tokens.DocBin(docs=[doc]).to_disk(tmp_path / "b.spacy")
    assert [spans(s) for s in raise_errors(read_sentences(tmp_path / "b.spacy"))] == [[("Ana Pons", "PER")]]
    doc.spans["other"] = [tokens.Span(doc, 2, 3, label="X")]
    tokens.DocBin(docs=[doc, tokens.Doc(Vocab(), words=["a"])]).to_disk(tmp_path / "b.spacy")
    bad, empty = read_sentences(tmp_path / "b.spacy", require_tags=True)
    assert "several groups of spans: sc, other; put those that are entities into doc.ents" in str(bad)
    assert "no entities are annotated" in str(empty)
    with pytest.raises(InputError, match="cannot be read as a DocBin of spaCy"):
        read(tmp_path, "c.spacy", "no")


def test_tables_that_pandas_reads_and_writes(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    write_sentences(golden(), tmp_path / "a.csv")
    table = pandas.read_csv(tmp_path / "a.csv")
    assert [[w for w, t in zip(g.token, g.tag, strict=True) if t != "O"] for _, g in table.groupby("sentence")] == [
        ["Ana", "Pons", "A", "Coruña"],
        ["محمد", "القاهرة"],
        ["cafeteri\u0301a", "O\u0301rfao", "Vigo"],
    ]
    table.to_csv(tmp_path / "b.csv", index=False)
    assert [spans(s) for s in raise_errors(read_sentences(tmp_path / "b.csv"))] == [spans(s) for s in golden()]


def test_tables_of_words(tmp_path: Path) -> None:
    kaggle = '"Sentence #";"Word";"POS";"Tag"\nSentence: 1;Ana;NN;B-per\n;";";X;O\nSentence: 2;"""";X;O\n'
    with pytest.warns(DataWarning, match="columns that are not read: POS"):
        first, second = raise_errors(read(tmp_path, "a.csv", kaggle))
    assert (first.tokens, first.tags(), second.tokens) == (("Ana", ";"), ["B-per", "O"], ('"',))
    found = raise_errors(read(tmp_path, "a.csv", "Ana,B-PER\nvive,O\n\nVigo,B-LOC\n"))
    assert [s.tags() for s in found] == [["B-PER", "O"], ["B-LOC"]]
    with pytest.warns(DataWarning, match="columns that are not read: a"):
        found = raise_errors(read(tmp_path, "a.csv", "w,a,b\nAna,O,B-PER\n", columns="token=1,tag=b"))
    assert [s.tags() for s in found] == [["B-PER"]]
    assert [s.tokens for s in raise_errors(read(tmp_path, "a.tsv", "word\tner\nA, b\tO\n", format="tsv"))] == [
        ("A, b",)
    ]


def test_tables_of_texts(tmp_path: Path) -> None:
    text = 'Text,topic,entities\n"Ana, Eva\nvive",news,"[[0, 3, ""PER""]]"\nVigo,,\n'
    first, second = raise_errors(read(tmp_path, "a.csv", text))
    assert (first.text, first.meta, spans(first)) == ("Ana, Eva\nvive", {"topic": "news"}, [("Ana", "PER")])
    assert second.text == "Vigo"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\nx,y\n", "no row of names, but 'a, b'; write a first row such as sentence,token,tag"),
        ("word,tag,label\nAna,O,O\n", "several columns of tags among word, tag, label; name them: --columns"),
        ("tag,pos\nO,X\n", "no column of words among tag, pos"),
    ],
)
def test_tables_that_are_not_certain(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path, "a.csv", text)
    assert message in str(raised.value)


def test_tables_of_lists(tmp_path: Path) -> None:
    text = 'id,tokens,ner_tags\n7,"[""Ana"", ""E""]","[""B-PER"", ""O""]"\n8,"[""Vigo""]",[5]\n'
    with pytest.warns(DataWarning, match="the numbers of tags have no names"):
        first, second = raise_errors(read(tmp_path, "a.csv", text))
    assert (first.id, first.tokens, spans(first)) == ("7", ("Ana", "E"), [("Ana", "PER")])
    assert spans(second) == [("Vigo", "LOC")]
    (tmp_path / "a.tsv").write_text('tokens\tner_tags\n["Ana", "E"]\t["B-PER", "O"]\n', encoding="utf-8")
    with pytest.warns(DataWarning, match="looks like a table, and is read as tsv"):
        (found,) = raise_errors(read_sentences(tmp_path / "a.tsv"))
    assert (found.tokens, spans(found)) == (("Ana", "E"), [("Ana", "PER")])


@pytest.mark.parametrize("before", ["[],[]\n", "\n", "[],[]\n\n[],[]\n"])
def test_tables_of_lists_that_begin_without_words(tmp_path: Path, before: str) -> None:
    text = f'tokens,ner_tags\n{before}"[""Vigo""]","[""B-LOC""]"\n'
    *empty, found = raise_errors(read(tmp_path, "a.csv", text))
    assert [s.tokens for s in empty] == [()] * before.count("[],[]")
    assert spans(found) == [("Vigo", "LOC")]


def test_a_line_that_cannot_be_read_in_a_table_of_lists_costs_only_itself(tmp_path: Path) -> None:
    bad, found = read(tmp_path, "a.csv", b'tokens,ner_tags\n"[""\xff""]",[]\n"[""Vigo""]","[""B-LOC""]"\n')
    assert isinstance(bad, InputError)
    assert isinstance(found, Sentence)
    assert spans(found) == [("Vigo", "LOC")]


def test_an_empty_text_in_a_table_is_a_sentence(tmp_path: Path) -> None:
    found = raise_errors(read(tmp_path, "a.csv", 'text\nAna\n""\n\nVigo\n'))
    assert [sentence.tokens for sentence in found] == [("Ana",), (), ("Vigo",)]


def test_a_quote_without_an_end_is_reported_where_it_begins(tmp_path: Path) -> None:
    found = read(tmp_path, "a.csv", 'sentence,token,tag\n1,Vigo,B-LOC\n\n2,"Ana,B-PER\n3,Lugo,B-LOC\n4,a,O\n')
    _, bad, *rest = found
    assert "a.csv:4 (sentence 2): not a row of a table" in str(bad)
    assert [s.tokens for s in raise_errors(rest)] == [("Lugo",), ("a",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tokens,ner_tags\n\"['Ana', 'vive']\",\"['B-PER', 'O']\"\n", "write lists as JSON, in Python with json.dumps"),
        ("tokens,ner_tags\n\"['Ana' 'vive']\",[1 0]\n", "write lists as JSON, in Python with json.dumps"),
        ("tokens\n\"['Ana', 'vive']\"\n", "write lists as JSON"),
        ('tokens,mine\n"[""Ana""]","[""B-PER""]"\n', '"mine" could hold labels'),
        ('word,tag\n"[""Ana""]",O\n', "the column word has lists of words: '[\"Ana\"]'; call the columns tokens"),
    ],
)
def test_lists_that_are_not_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        list(raise_errors(read(tmp_path, "a.csv", text)))
    assert message in str(raised.value)


def test_damaged_rows_cost_their_sentences(tmp_path: Path) -> None:
    rows = b'sentence,token,tag,score\n1,Ana,B-PER,x\n2,,O,\n3,Coru\xf1a,O,\n3,b,O,\n4,c,NN,\n5,ok,O,\n6,x"y,O,\n'
    found = read(tmp_path, "a.csv", rows)
    assert [isinstance(item, InputError) for item in found] == [True, True, True, True, False, False]
    assert [str(item).partition("; ")[0].rpartition(": ")[2] for item in found[:4]] == [
        "a score that is not a number in line 2",
        "a tag without a word in line 3",
        "byte 7 is not UTF-8",
        "tag 'NN' of token 1 is not O or one of B-, I-, E-, L-, S-, U-, M-, W- and a label",
    ]
    short = read(tmp_path, "a.csv", "text,topic\na,b,c\nd,e\n")
    assert "3 cells, but 2 columns" in str(short[0])
    assert isinstance(short[1], Sentence)


def test_convert_between_tools_by_name(xlner: Command, tmp_path: Path) -> None:
    ran = xlner("convert", GOLDEN / "brat.ann", tmp_path / "a.json", "--output-format", "label-studio", "--lang", "gl")
    assert (ran.code, ran.err) == (0, "xlner: 3 sentences\n")
    ran = xlner("convert", tmp_path / "a.json", tmp_path / "a.spacy")
    assert ran.code == 0
    ran = xlner("convert", tmp_path / "a.spacy", "-", "--output-format", "doccano")
    assert json.loads(ran.out.splitlines()[0])["label"] == [[3, 11, "PER"], [20, 28, "LOC"]]
    ran = xlner("convert", tmp_path / "a.json", tmp_path / "x", "--output-format", "labelstudio")
    assert "Did you mean 'label-studio'?" in ran.err
    for name in ("spacy", "xmi", "parquet", "brat", "dataset"):
        ran = xlner("convert", tmp_path / "a.json", "-", "--output-format", name)
        assert ran.code == 2, name
    assert "label-studio" in " ".join(xlner("convert", "--help").out.split())


def test_every_format_is_in_the_documentation_and_in_help(xlner: Command) -> None:
    page = (Path(__file__).parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    assert registry.format_table() in page
    shown = xlner("convert", "--help").out
    assert all(f"{f.name} " in shown and f.about in " ".join(shown.split()) for f in registry.BUILT_IN if f.reader)


def test_label_writes_predictions(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("en Vigo\nnada\n", encoding="utf-8")
    ran = xlner("label", text, "--lang", "es", "-o", tmp_path / "t.json", "--output-format", "label-studio", *fakes)
    assert ran.code == 0
    tasks = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert [len(task["predictions"][0]["result"]) for task in tasks] == [1, 0]
    assert all("annotations" not in task for task in tasks)
    assert xlner("label", text, "--lang", "es", "-o", tmp_path / "a.ann", *fakes).code == 0
    assert (tmp_path / "a.ann").read_text(encoding="utf-8") == "T1\tLOC 3 7\tVigo\n"


def test_formats_of_other_packages(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "shout", "other:FORMAT"

        def load(self) -> Format:
            return Format("shout", "capitals", None, f"{__name__}:shout", (".shout",))

    monkeypatch.setattr("xlner.core.plugins.entry_points", lambda group: [Point()] if group == "xlner.formats" else [])
    assert format_named("shout").about == "capitals"
    path = tmp_path / "a.txt"
    path.write_text("Vigo\n", encoding="utf-8")
    assert xlner("convert", path, tmp_path / "a.shout").code == 0
    assert (tmp_path / "a.shout").read_text(encoding="utf-8") == "VIGO"
    assert xlner("convert", path, tmp_path / "b", "--output-format", "shout").code == 0
    monkeypatch.undo()
    with pytest.raises(UnknownNameError):
        format_named("shout")


def test_a_comma_without_quotes_loses_no_word(tmp_path: Path) -> None:
    found, error = read(tmp_path, "a.csv", "sentence,token,tag\n1,Ana,B-PER,\n2,Vigo,B-LOC\n2,,,O\n")
    assert isinstance(found, Sentence)
    assert found.tokens == ("Ana",)
    assert "4 cells in line 4, but 3 columns" in str(error)


def shout(sentences: list[Sentence], path: Path, options: object) -> int:
    Path(path).write_text("".join((s.text or "").upper() for s in sentences), encoding="utf-8")
    return 1


@pytest.mark.parametrize("name", ["parquet", "spacy", "csv", "doccano", "xmi", "dataset"])
def test_what_was_done_before_an_error_is_kept(tmp_path: Path, name: str) -> None:
    done = Sentence(("Ana", "vive"), (Entity(0, 1, "PER"),), language="gl")

    def failing() -> Iterator[Sentence]:
        yield done
        raise BackendError("no more")

    out = tmp_path / "out"
    with pytest.raises(BackendError, match="no more"):
        write_sentences(failing(), out, format=name)
    assert [path.name for path in tmp_path.iterdir()] == ["out.part"]
    (found,) = raise_errors(read_sentences(tmp_path / "out.part", format=name))
    assert (found.tokens, found.entities) == (done.tokens, done.entities)


@pytest.mark.parametrize("name", [name for name, format in all_formats().items() if format.writer is not None])
def test_an_error_before_the_first_sentence_leaves_nothing(tmp_path: Path, name: str) -> None:
    def failing() -> Iterator[Sentence]:
        raise BackendError("no model")
        yield

    with pytest.raises(BackendError, match="no model"):
        write_sentences(failing(), tmp_path / ("out.ann" if name == "brat" else "out"), format=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["label-studio", "argilla"])
def test_what_is_kept_after_an_error_can_be_read(format: str, tmp_path: Path) -> None:
    def sentences() -> Iterator[Sentence]:
        yield Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
        raise InputError("bad")

    with pytest.raises(InputError):
        write_sentences(sentences(), tmp_path / "out.json", format=format)
    (kept,) = raise_errors(read_sentences(tmp_path / "out.json.part", format=format))
    assert kept.tags() == ["B-LOC"]


def test_an_entity_without_a_label_in_xmi_costs_only_its_sentence(tmp_path: Path) -> None:
    pytest.importorskip("cassis", reason="needs xlner[xmi]")
    path = tmp_path / "a.xmi"
    sentences = [Sentence.from_text("Ana").with_entities([Entity(0, 1, "PER")]), Sentence.from_text("Vigo")]
    write_sentences(sentences, path)
    text = path.read_text(encoding="utf-8")
    (entity,) = re.findall(r"<[^<]*NamedEntity[^<]*/>", text)
    (number,) = re.findall(r'xmi:id="([0-9]+)"', entity)
    other = entity.replace(f'"{number}"', '"999"', 1).replace(' value="PER"', "")
    path.write_text(text.replace(entity, entity + other).replace('members="', 'members="999 '), encoding="utf-8")
    bad, good = read_sentences(path)
    assert "an entity without a label on 'Ana'" in str(bad)
    assert isinstance(good, Sentence)


@pytest.mark.parametrize(
    ("sofa", "message"),
    [
        ("", "a.xmi: has no text: no sofaString; export the document with its text, as UIMA CAS XMI 1.0"),
        (
            '<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" sofaURI="a.txt"/>',
            "a.xmi: has no text: no sofaString",
        ),
        (
            '<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" sofaString=" "/>',
            "the text of the document is empty",
        ),
        (
            '<cas:Sofa xmi:id="1" sofaNum="2" sofaID="other" sofaString="Ana"/>',
            "the view _InitialView has no text, but other has; export that view alone",
        ),
    ],
)
def test_a_document_of_xmi_without_text_is_refused(sofa: str, message: str, tmp_path: Path) -> None:
    pytest.importorskip("cassis", reason="needs xlner[xmi]")
    names = 'xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"'
    with pytest.raises(InputError, match=message):
        read(tmp_path, "a.xmi", f'<?xml version="1.0"?><xmi:XMI {names} xmi:version="2.0">{sofa}</xmi:XMI>')


def test_an_empty_sentence_of_xmi_is_read_back(tmp_path: Path) -> None:
    pytest.importorskip("cassis", reason="needs xlner[xmi]")
    write_sentences([Sentence(())], tmp_path / "a.xmi")
    assert [s.tokens for s in raise_errors(read_sentences(tmp_path / "a.xmi"))] == [()]


def test_xmi_keeps_tabs_and_line_breaks(tmp_path: Path) -> None:
    sentence = Sentence.from_text("Ana\tvive\nen\rVigo").with_entities([Entity(3, 4, "LOC")])
    path = tmp_path / "a.xmi"
    write_sentences([sentence], path)
    assert list(read_sentences(path)) == [sentence]
    odd = Sentence.from_text("a\x0bb")
    with pytest.warns(DataWarning, match="those of 1 sentence became blanks"):
        write_sentences([odd, sentence], path)
    assert [s.text for s in raise_errors(read_sentences(path))] == ["a b", sentence.text]


@pytest.mark.parametrize(
    ("name", "found"),
    [("label-studio", "annotations"), ("argilla", '"agent":"gold"'), ("prodigy", '"answer":"accept"')],
)
def test_what_a_person_reviewed_is_no_prediction(tmp_path: Path, name: str, found: str) -> None:
    vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC", 0.25),), meta={"corrections": [{"who": "Ana", "action": "accept"}]})
    reviewed = Sentence(vigo.tokens, vigo.entities, meta={"corrections": [{"who": "Ana", "action": "reviewed"}]})
    path = tmp_path / "a.json"
    write_pairs([Pair(vigo, projection=Projection(vigo, ()))], path, format=name)
    assert found not in path.read_text(encoding="utf-8").replace(": ", ":")
    write_pairs([Pair(reviewed, projection=Projection(reviewed, ()))], path, format=name)
    assert found in path.read_text(encoding="utf-8").replace(": ", ":")
    (back,) = raise_errors(read_sentences(path, format=name))
    assert back.entities == (Entity(0, 1, "LOC"),)
