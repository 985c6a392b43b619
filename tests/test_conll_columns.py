"""Which columns of a CoNLL file are read: numbers of words, headers, several columns of tags, CoNLL-U."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner import Entity, InputError, Sentence, raise_errors, read_sentences, write_sentences
from xlner.errors import DataWarning, UsageError
from xlner.formats import Columns, format_of

NESTED = "#\tsource [2009-10-17]\n1\tMaier\tB-PER\tO\n2\tlobt\tO\tO\n3\tVigo\tB-ORG\tB-LOC\n4\tFC\tI-ORG\tO\n\n"
HIPE = (
    "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-FINE-LIT\tNE-NESTED\tNEL-LIT\tMISC\n"
    "# hipe2022:document_id = d1\n# hipe2022:date = 1853-01-01\n"
    "Aias\tB-pers\t_\tB-pers.myth\tO\tQ172725\tLED0.00\n"
    "sieht\tO\t_\tO\tO\t_\t_\n# segment = 2\nVigo\tB-loc\t_\tB-loc.adm\tO\tQ8745\tEndOfSentence\n\n"
    "# hipe2022:document_id = d2\nja\tO\t_\tO\tO\t_\t_\n"
)
CONLLU = (
    "# sent_id = s1\n# text = Ana vive no Vigo\n"
    "1\tAna\tAna\tPROPN\tNP\t_\t2\tnsubj\t_\t{0}\n"
    "2\tvive\tvivir\tVERB\tV\tMood=Ind\t0\troot\t_\t_\n"
    "3-4\tno\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "3\ten\ten\tADP\tE\t_\t5\tcase\t_\t_\n"
    "4\to\to\tDET\tD\t_\t5\tdet\t_\t_\n"
    "4.1\tcasa\tcasa\tNOUN\tN\t_\t_\t_\t2:obl\t_\n"
    "5\tVigo\tVigo\tPROPN\tNP\t_\t2\tobl\t_\tSpaceAfter=No|{1}\n\n"
)


def read(tmp_path: Path, text: str, name: str = "x.conll", **options: object) -> list[Sentence]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(raise_errors(read_sentences(path, **options)))  # type: ignore[arg-type]


def shown(sentence: Sentence) -> str:
    """The words, with the entities in brackets."""
    words = list(sentence.tokens)
    for e in sentence.entities:
        words[e.start] = f"[{words[e.start]}"
        words[e.end - 1] += f"]{e.label}"
    return " ".join(words)


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        (NESTED, "token=2,tag=3", ["[Maier]PER lobt [Vigo FC]ORG"]),
        (NESTED, "tag=4", ["Maier lobt [Vigo]LOC FC"]),
        (NESTED, "tag=-2", ["[Maier]PER lobt [Vigo FC]ORG"]),
        (HIPE, "tag=NE-COARSE-LIT", ["[Aias]pers sieht [Vigo]loc", "ja"]),
        (HIPE, "token=1,tag=4", ["[Aias]pers.myth sieht [Vigo]loc.adm", "ja"]),
        (HIPE, "token=TOKEN,tag=NE-NESTED", ["Aias sieht Vigo", "ja"]),
        ("Ana B-PER B-LOC\nvive O O\n", "token=1,tag=3", ["[Ana]LOC vive"]),
        ("1\t한국\tLOC_B\n2\t은\t-\n", "token=2,tag=3", ["[한국]LOC 은"]),
        ("a\tb\tO\nc\td\tB-X\n", "token=2", ["b [d]X"]),
        ("Wort\tKlasse\tTyp\nVigo\tNE\tB-LOC\n", "token=Wort,tag=Typ", ["[Vigo]LOC"]),
        ("# global.columns = ID FORM UPOS NER TRIGGER\n1\tVigo\tX\tB-LOC\tB-X\n", "tag=NER", ["[Vigo]LOC"]),
        ("Vigo\tB-LOC\n", "token=2,tag=3", ["[Vigo]LOC"]),  # two columns are the words and the tags
    ],
)
def test_columns_are_chosen(tmp_path: Path, text: str, columns: str, expected: list[str]) -> None:
    assert [shown(s) for s in read(tmp_path, text, columns=columns)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1\tMaier\tB-PER\n2\tlobt\tO\n\n1\t1980\tO\n", ["[Maier]PER lobt", "1980"]),
        ("0\tMaier\tB-PER\n1\tlobt\tO\n", ["[Maier]PER lobt"]),
        ("1\tMaier\tB-PER\n2\tlobt\tO\n\n3\tVigo\tB-LOC\n4\té\tO\n", ["[Maier]PER lobt", "[Vigo]LOC é"]),
        ("1\tMaier\tNE\tB-PER\n2-3\tzum\t_\t_\n2\tzu\tAPPR\tO\n3\tdem\tART\tO\n3.1\tx\t_\t_\n", ["[Maier]PER zu dem"]),
        ("1 Maier B-PER\n2 lobt O\n", ["[Maier]PER lobt"]),
        ("1-2\tdel\tB-LOC\n1\tde\tO\n2\tel\tO\n3\tVigo\tI-LOC\n", ["[de el Vigo]LOC"]),
        ("1-2\tdel\tB-LOC\n1\tde\tO\n2\tel\tB-LOC\n3\tVigo\tI-LOC\n", ["de [el Vigo]LOC"]),
        ("1\tMaier\n2\tlobt\n", ["Maier lobt"]),
        ("1 CD O\n2 CD O\nmore JJ O\n", ["1 2 more"]),
        ("1\tB-X\n2\tO\n3\tO\n", ["[1]X 2 3"]),
        ("1\tVigo\tB-LOC\t-\tx\n", ["[Vigo]LOC"]),  # Universal NER
        (
            "# global.columns = ID FORM LEMMA UPOS NER\n# text = Ana vive\n"
            "1\tAna\tAna\tPROPN\tB-PER\n2\tvive\tvivir\tVERB\tO\n",
            ["[Ana]PER vive"],
        ),
        ("# global.columns = FORM UPOS NER\nAna\tPROPN\tB-PER\n", ["[Ana]PER"]),
        ("Token\tPOS\tNER\nAna\tNP\tB-PER\nvive\tV\tO\n", ["[Ana]PER vive"]),
        ("token\tner_tags\n\nAna\tB-PER\n", ["[Ana]PER"]),
        ("Word\tNamed Entity\nAna\tB-PER\n", ["[Ana]PER"]),
        ("Lemma\t[Word]\tNER\nana\tAna\tB-PER\n", ["[Ana]PER"]),
        ("Token\tNER\tEvent\nAna\tB-PER\tB-X\n", ["[Ana]PER"]),
        ("# global.columns = ID FORM NER\n1\ta\t_\n2\tVigo\tB-LOC\n3\té\t_\n", ["a [Vigo]LOC é"]),
        ("EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n", ["[EU]ORG rejects"]),  # CoNLL-2003
        ("EU NNP O B-ORG\nrejects VBZ O O\n", ["[EU]ORG rejects"]),
        ("EU NNP O O\n\nVigo NNP I-NP I-LOC\n", ["EU", "[Vigo]LOC"]),
        ("EU EU NE I-NC I-ORG\nlehnt lehnen VV I-VC O\n", ["[EU]ORG lehnt"]),
        ("EU NNP B-NP\nrejects VBZ B-VP\n", ["[EU]NP [rejects]VP"]),  # nothing but chunks
        ("นาย\tNN\tB_PER\tB_CLS\nมา\tVV\tO\tE_CLS\n", ["[นาย]PER มา"]),  # LST20
        ("# id 5b3c-1\tdomain=en\nthe _ _ O\nking _ _ B-CW\n", ["the [king]CW"]),  # MultiCoNER
        ("Ana\t\tB-PER\nvive\tO\n", ["[Ana]PER vive"]),
        ("Ana\tB-PER\t \nvive\tO\n", ["[Ana]PER vive"]),
        ("ก\tNN\tB-PER\n \tPUNCT\tO\nข\tNN\tO\n", ["[ก]PER   ข"]),  # a space as a word, as in ThaiNER
    ],
)
def test_columns_are_found(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert [shown(s) for s in read(tmp_path, text, require_tags="\n2\tlobt\n" not in text)] == expected


@pytest.mark.parametrize(
    ("text", "columns", "match"),
    [
        (
            NESTED,
            None,
            r"x.conll:2: 2 columns have tags: 3 \(ORG, PER\), 4 \(LOC\); choose one: --columns token=2,tag=3; "
            "evaluate also takes gold=3,predicted=4",
        ),
        (
            NESTED.replace("B-LOC", "O") * 60 + "1\tVigo\tO\tB-LOC\n",
            None,
            "x.conll:361: columns 3 and 4 both have tags, such as B-LOC; choose one",
        ),
        (
            HIPE,
            None,
            r"3 columns have tags: NE-COARSE-LIT \(loc, pers\), .*; choose one: --columns token=TOKEN,tag=NE-",
        ),
        ("EU NNP B-ORG B-ORG\nrejects VBZ O B-PER\n", None, "--columns token=1,tag=3; evaluate also takes gold=3,"),
        ("EU O O B-ORG\n", None, r"3 columns have tags: 2 \(only O\), 3 \(only O\), 4 \(ORG\)"),
        ("EU NNP B-NP B-ORG B-ORG\n", None, "2 columns have tags: 4 .*, 5 "),
        ("EU NNP B-NP I-NP\n", None, "2 columns have tags: 3 .NP., 4 .NP."),
        ("EU B-ORG O\nrejects O O\n", None, r"2 \(ORG\), 3 \(only O\)"),
        (
            "a O O\n\n" * 60 + "EU B-ORG O\n",
            None,
            "x.conll:121: columns 2 and 3 both have tags, such as B-ORG; choose one",
        ),
        (
            "s1\tAna\tB-PER\ns1\tvive\tO\n\ns2\tVigo\tB-LOC\ns2\té\tO\n",
            None,
            "the first column numbers or names the sentences; name the columns: --columns token=2,tag=3",
        ),
        (
            "1\tAna\tB-PER\n",
            None,
            "can be the words or their numbers; name the columns: --columns token=2,tag=3 or token=1",
        ),
        (HIPE, "tag=NER", "no column is named 'NER'; the names are TOKEN, NE-COARSE-LIT, "),
        (NESTED, "token=2,tag=5", "4 columns, but column 5 was named; name one of 1 to 4"),
        (NESTED, "tag=NER", "the columns have no names, but column 'NER' was named; give the number"),
    ],
)
def test_columns_that_are_not_certain_are_refused(tmp_path: Path, text: str, columns: str | None, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read(tmp_path, text, columns=columns)


def test_the_wrong_column_is_an_error_of_each_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Ana NP x\n\nvive V y\n", encoding="utf-8")
    first, second = read_sentences(path)
    assert "x.conll:1 (sentence 1): 'x' is not a tag; the last column must be O" in str(first)
    assert "; --columns token=1,tag=N names the column of the tags; --columns token=1 reads the words alone" in str(
        first
    )
    assert isinstance(second, InputError)
    assert [s.tokens for s in read(tmp_path, "Ana NP x\n\nvive V y\n", columns="token=1")] == [("Ana",), ("vive",)]


def test_chunks_can_come_late(tmp_path: Path) -> None:
    sentences = read(tmp_path, "a NN O O\n\n" * 60 + "EU NNP B-NP B-ORG\n")
    assert shown(sentences[-1]) == "[EU]ORG"


def test_columns_as_a_record() -> None:
    assert Columns.parse({"token": 2, "tag": "NER"}) == Columns.parse(" token=2, tag=NER ") == Columns(2, "NER")
    assert Columns.parse("token=1,gold=-2,predicted=-1").of("predicted") == Columns(1, -1)
    assert Columns.parse("tag=3").of("gold") == Columns(tag=3)
    for text, match in [
        ("token", "'token' names no column; write token=2,tag=5"),
        ("tokens=2", "'tokens' is not one of them; name token, tag, gold, predicted"),
        ("tag=1,tag=2", "'tag' is named twice"),
        ("tag=0", "tag=0: columns are counted from 1"),
        ("tag=1,gold=2", "tag goes neither with gold nor with predicted"),
    ]:
        with pytest.raises(UsageError, match=match):
            Columns.parse(text)


def test_columns_need_a_format_with_columns_and_one_column_of_tags(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jsonl has no columns to name; leave out --columns"):
        read(tmp_path, "{}\n", "x.jsonl", columns="tag=2")
    with pytest.raises(UsageError, match="gold and predicted are columns to compare; name one column"):
        read(tmp_path, "a O O\n", columns="gold=2,predicted=3")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("NE=B-PER", "NE=B-LOC", ["[Ana]PER vive en o [Vigo]LOC"]),
        ("NER=S-PER", "NER=O", ["[Ana]PER vive en o Vigo"]),
        ("start_char=0|ner=B-PER", "ner=O", ["[Ana]PER vive en o Vigo"]),
        ("name=Ana|NER=B-PER", "NER=B-LOC", ["[Ana]PER vive en o [Vigo]LOC"]),
        ("name=B-PER|SpaceAfter=No", "name=B-LOC", ["[Ana]PER vive en o [Vigo]LOC"]),
        ("NE=PER_1", "NE=LOC_2", ["[Ana]PER vive en o [Vigo]LOC"]),
        ("Entity=(e1-person-1)", "Entity=(e2-place-1-x)", ["[Ana]person vive en o [Vigo]place"]),
        ("Entity=(e1-person-1", "Entity=e1)", ["[Ana vive en o Vigo]person"]),
        ("Entity=(PER)", "Entity=(LOC)", ["[Ana]PER vive en o [Vigo]LOC"]),
        ("Typo=Yes", "Gloss=B-LOC", ["Ana vive en o Vigo"]),
    ],
)
@pytest.mark.parametrize("name", ["x.conllu", "x.conll"])
@pytest.mark.filterwarnings("ignore:.*the column MISC has Gloss:xlner.errors.DataWarning")
def test_conllu(tmp_path: Path, name: str, first: str, second: str, expected: list[str]) -> None:
    (sentence,) = found = read(tmp_path, CONLLU.format(first, second), name)
    assert [shown(s) for s in found] == expected
    assert sentence.id == "s1"
    assert [
        shown(s)
        for s in read(tmp_path, CONLLU.format(first, second), name, columns=f"tag={second[: second.index('=')]}")
    ] == ([s.replace("Vigo", "[Vigo]LOC") if second.startswith("Gloss") else s for s in expected])


def test_fields_of_mentions_are_declared(tmp_path: Path) -> None:
    text = "# global.Entity = entity-GRP-infstat\n" + CONLLU.format("Entity=(person-1-new", "Entity=1)")
    again = CONLLU.format("Entity=(place-2-giv)", "NumForm=Word")
    assert [shown(s) for s in read(tmp_path, text + again, "x.conllu")] == [
        "[Ana vive en o Vigo]person",
        "[Ana]place vive en o Vigo",
    ]


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        ("Entity=(e1-person-1(e2-place-1)", "Entity=e1)", "is inside another entity; choose another attribute"),
        ("Entity=(e1-person-1", "_", "the entity that begins at token 1 has no end"),
        ("_", "Entity=e1)", "'e1.' of token 5 closes no entity"),
        ("Entity=(e1--1)", "_", "has no type"),
        ("NE=P_1-pf_2", "_", "of nested entities"),
        ("NE=B-PER", "NER=B-LOC", "the column MISC has entities as NE and as NER; choose one: --columns tag=NE"),
    ],
)
def test_entities_of_conllu_that_are_not_flat_or_not_certain(
    tmp_path: Path, first: str, second: str, match: str
) -> None:
    with pytest.raises(InputError, match=match):
        read(tmp_path, CONLLU.format(first, second), "x.conllu")


def test_a_treebank_without_entities_has_no_labels(tmp_path: Path) -> None:
    plain = CONLLU.format("_", "_")
    for options, match in [
        ({"require_tags": True}, "no word has an entity in the column MISC: NE=, NER= or Entity=; name the attribute"),
        ({"columns": "tag=NAME"}, "no word has an entity in the column MISC: NAME="),
    ]:
        with pytest.raises(InputError, match=match):
            read(tmp_path, plain, "x.conllu", **options)
    late = plain * 60 + CONLLU.format("NE=B-PER", "_")
    assert [len(s.entities) for s in read(tmp_path, late, "x.conllu", require_tags=True)] == [0] * 60 + [1]


def test_conllu_is_not_two_columns(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="x.conllu:1: 2 columns, but CoNLL-U has ten; for other columns give --input-format conll"
    ):
        read(tmp_path, "Ana\tB-PER\n", "x.conllu")
    assert [shown(s) for s in read(tmp_path, "Ana\tB-PER\n", "x.conllu", format="conll")] == ["[Ana]PER"]
    assert (format_of("a.conllu.gz"), format_of("a.conllup")) == ("conllu", "conll")


def test_conllu_is_written(tmp_path: Path) -> None:
    sentence = Sentence.from_text("Ana vive, Vigo.", id="s1").with_entities([Entity(0, 1, "PER"), Entity(3, 4, "A|B%")])
    path = tmp_path / "out.conllu"
    write_sentences([sentence], path)
    assert path.read_text(encoding="utf-8") == (
        "# id = s1\n# text = Ana vive, Vigo.\n"
        "1\tAna\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n"
        "2\tvive\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=O\n"
        "3\t,\t_\t_\t_\t_\t_\t_\t_\tNER=O\n"
        "4\tVigo\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=B-A%7CB%25\n"
        "5\t.\t_\t_\t_\t_\t_\t_\t_\tNER=O\n\n"
    )
    (again,) = raise_errors(read_sentences(path, require_tags=True))
    assert (again.tokens, again.entities, again.text, again.offsets, again.id) == (
        sentence.tokens,
        sentence.entities,
        sentence.text,
        sentence.offsets,
        sentence.id,
    )


@pytest.mark.parametrize("way", ["x.conllu", "x.jsonl"])
def test_conllu_keeps_its_other_columns(tmp_path: Path, way: str) -> None:
    text = CONLLU.format("NE=PER_1", "NE=LOC_2")
    sentences = read(tmp_path, text, "in.conllu")
    write_sentences(sentences, tmp_path / way)
    (again,) = raise_errors(read_sentences(tmp_path / way))
    changed = again.with_entities([Entity(0, 1, "ORG")])
    write_sentences([changed], tmp_path / "out.conllu")
    assert (tmp_path / "out.conllu").read_text(encoding="utf-8") == text.replace("NE=PER_1", "NE=B-ORG").replace(
        "NE=LOC_2", "NE=O"
    ).replace("t_\t_\n2\t", "t_\t_\n2\t").replace("root\t_\t_", "root\t_\tNE=O").replace(
        "case\t_\t_", "case\t_\tNE=O"
    ).replace("det\t_\t_", "det\t_\tNE=O")


def test_rows_of_other_words_are_not_written(tmp_path: Path) -> None:
    for rows in (("1\tVigo\t_",), ("1\tAna" + "\t_" * 8,), ("x\n1\tVigo" + "\t_" * 8,), 5, (None,)):
        path = tmp_path / "out.conllu"
        write_sentences([Sentence(("Vigo",), meta={"conllu": rows})], path)
        assert path.read_text(encoding="utf-8") == "1\tVigo\t_\t_\t_\t_\t_\t_\t_\tNER=O\n\n"


@pytest.mark.parametrize(
    ("text", "tokens", "comments"),
    [
        ("#\tO\nVigo\tB-LOC\n", ["#", "Vigo"], []),
        ("# O\n#Vigo O\n#Vigo=casa O\nVigo O\n", ["#", "#Vigo", "#Vigo=casa", "Vigo"], []),
        ("#Vigo=casa\tO\nVigo\tO\n", ["#Vigo=casa", "Vigo"], []),
        ("#Vigo\tB_PER\nVigo\to\n", ["#Vigo", "Vigo"], []),
        ("#\nVigo\n", ["#", "Vigo"], []),
        ("# a remark O\nVigo O\n", ["Vigo"], ["# a remark O"]),
        ("#a remark\nVigo O\n", ["Vigo"], ["#a remark"]),
        ("# text = in O\nVigo O\n", ["Vigo"], ["# text = in O"]),
        ("# text = O\nVigo NP x O\n", ["Vigo"], ["# text = O"]),
        ("# id 7\tdomain=en\nVigo\tO\n", ["Vigo"], ["# id 7\tdomain=en"]),
        ("#a\tb\nVigo O\n", ["Vigo"], ["#a\tb"]),
        ("# global.columns = FORM NER\nVigo O\n", ["Vigo"], []),
        ("#\thttp://x.y [2009]\n1\tVigo\tO\n2\té\tO\n", ["Vigo", "é"], ["#\thttp://x.y [2009]"]),
        ("Vigo\tO\n# a remark\né\tO\n#\tO\n", ["Vigo", "é", "#"], ["# a remark"]),
        ("#\thttp://x.y [2009]\nVigo\tO\n", ["Vigo"], ["#\thttp://x.y [2009]"]),
    ],
)
def test_comments_and_tokens_that_begin_with_a_hash(
    tmp_path: Path, text: str, tokens: list[str], comments: list[str]
) -> None:
    (sentence,) = read(tmp_path, text)
    assert list(sentence.tokens) == tokens
    assert list(sentence.meta.get("comments", ())) == comments  # type: ignore[call-overload]


@pytest.mark.parametrize("before", ["Ana B-PER", "Ana x y B-PER", "Ana\tx\tB-PER"])
def test_tokens_that_begin_with_a_hash_have_the_columns_of_their_sentence(tmp_path: Path, before: str) -> None:
    sentences = read(tmp_path, f"{before}\n\nen x O\n#Vigo x B-LOC\n\n#Lugo x B-LOC\n")
    assert [s.tokens for s in sentences] == [("Ana",), ("en", "#Vigo"), ("#Lugo",)]


@pytest.mark.parametrize("first", ["#\tLOC", "#Vigo\tLOC", "#Vigo LOC"])
def test_tokens_that_begin_with_a_hash_have_any_label(tmp_path: Path, first: str) -> None:
    (sentence,) = read(tmp_path, f"{first}\né{first[-4]}O\n", scheme="io")
    assert sentence.entities == (Entity(0, 1, "LOC"),)
    if "\t" in first:
        with pytest.raises(InputError, match="x.conll:1 .sentence 1.: 'LOC' is not a tag"):
            read(tmp_path, f"{first}\né\tO\n")
        assert len(read(tmp_path, f"é\tO\n{first}\n", scheme="io")[0]) == 2
    assert [shown(s) for s in read(tmp_path, "é O\n# LOC\n", scheme="io")] == ["é [#]LOC"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            "Sentence #\tWord\tPOS\tTag\nSentence: 1\tAna\tNP\tB-PER\n\tvive\tV\tO\n",
            "a column numbers the sentences: Sent.*; --input-format tsv reads it",
        ),
        ("1\tAna\tB-PER\n1\tvive\tO\n1\t.\tO\n2\tVigo\tB-LOC\n2\té\tO\n", "the first column numbers or names the"),
        ("s1\tAna\tB-PER\n\tvive\tO\n\t.\tO\ns2\tVigo\tB-LOC\n", "the first column numbers or names the sentences"),
    ],
)
def test_a_column_of_sentences_is_not_one_of_words(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read(tmp_path, text)


def test_several_tags_in_a_cell_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="x.conll:2 .sentence 1.: 'B-ORG.B-LOC' is of nested entities; write one tag"):
        read(tmp_path, "a\tO\nVigo\tB-ORG|B-LOC\n")
    assert [shown(s) for s in read(tmp_path, "Vigo\tB-ORG|GOV\n")] == ["[Vigo]ORG|GOV"]


def test_tags_without_labels_are_said(tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match="x.conll: tags without labels: the entities are called ENTITY"):
        assert [shown(s) for s in read(tmp_path, "a O\nb B\nc I\n")] == ["a [b c]ENTITY"]


def test_document_marks(tmp_path: Path) -> None:
    text = "-DOCSTART- (1 EU)\n\nEU\tB-ORG\n\n-DOCSTART-\n\n-DOCSTART-x\tO\n"
    assert [(s.tokens, s.meta) for s in read(tmp_path, text)] == [
        (("EU",), {"docstart": True}),
        (("-DOCSTART-x",), {"docstart": True}),
    ]


def test_a_column_of_nested_entities_without_labels_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "x.conll").write_text(NESTED.replace("B-LOC", "O"), encoding="utf-8")
    (found,) = raise_errors(read_sentences(tmp_path / "x.conll"))
    assert found.tokens == ("Maier", "lobt", "Vigo", "FC")
    assert found.tags() == ["B-PER", "O", "B-ORG", "I-ORG"]


def conllu(*words: tuple[str, str, str]) -> str:
    return "".join(f"{number}\t{word}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n" for number, word, misc in words)


@pytest.mark.parametrize(
    ("on_range", "after", "expected"),
    [
        ("NE=B-LOC", "NE=I-LOC", "[de el Vigo]LOC"),
        ("NE=S-LOC", "NE=O", "[de el]LOC Vigo"),
        ("NE=LOC_1", "NE=LOC_1", "[de el Vigo]LOC"),
        ("NE=O", "NE=B-LOC", "de el [Vigo]LOC"),
    ],
)
def test_entities_on_ranges_of_words(tmp_path: Path, on_range: str, after: str, expected: str) -> None:
    text = conllu(("1-2", "del", on_range), ("1", "de", "_"), ("2", "el", "_"), ("3", "Vigo", after))
    (sentence,) = read(tmp_path, text)
    assert shown(sentence) == expected
    out = tmp_path / "out.conllu"
    write_sentences([sentence, sentence.with_entities(())], out)
    again = list(raise_errors(read_sentences(out)))
    assert [s.entities for s in again] == [sentence.entities, ()]


@pytest.mark.parametrize("last", ["3000000000", "9" * 5000])
def test_ranges_of_any_length(tmp_path: Path, last: str) -> None:
    words = [(str(n), word, "_") for n, word in enumerate(["o", *"abcdefghi"], start=1)]
    (sentence,) = read(tmp_path, conllu(("2-" + last, "del", "NE=B-LOC"), *words))
    assert shown(sentence) == "o [a b c d e f g h i]LOC"


def test_brackets_on_ranges_are_refused(tmp_path: Path) -> None:
    text = conllu(("1-2", "del", "Entity=(e1-place-1)"), ("1", "de", "_"), ("2", "el", "_"))
    with pytest.raises(InputError, match="is on the range of words 1-2; write it on one of its words"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("misc", "way_out"),
    [
        ("NamedEntity=PER", "--columns tag=NamedEntity --input-scheme io reads it"),
        ("Slot=B-PER", "--columns tag=Slot reads it"),
        ("SpaceAfter=No|ne_type=PERSON", "--columns tag=ne_type --input-scheme io reads it"),
    ],
)
def test_attributes_that_could_hold_entities_are_named(tmp_path: Path, misc: str, way_out: str) -> None:
    text = conllu(("1", "Ana", misc), ("2", "vive", "SpaceAfter=No|Gloss=PAST")) + "\n"
    with pytest.warns(
        DataWarning, match=f"{misc.rpartition('|')[2]}, which is not read as an entity; {way_out}"
    ) as said:
        assert [shown(s) for s in read(tmp_path, text * 60)] == ["Ana vive"] * 60
    assert len(said) == 1


ONTONOTES = (
    "#begin document (bc/x/00/x_0000); part 000\n"
    "bc/x 0 0 Ana NNP (TOP(S(NP* - - - spk1 (PERSON* (ARG0* (1\n"
    "bc/x 0 1 Pons NNP *) - - - spk1 *) *) 1)\n"
    "bc/x 0 2 lives VBZ (VP* live 01 1 spk1 * (V*) -\n"
    "bc/x 0 3 here RB *))) - - - spk1 (GPE) * -\n"
    "\n"
    "bc/x 0 0 Yes UH (TOP(INTJ*)) - - - spk1 * -\n"
    "\n#end document\n"
)


@pytest.mark.parametrize("name", ["x.v4_gold_conll", "x.conll"])
@pytest.mark.parametrize("count", [1, 2])
def test_ontonotes(tmp_path: Path, name: str, count: int) -> None:
    found = read(tmp_path, ONTONOTES * count, name)
    assert [shown(s) for s in found] == ["[Ana Pons]PERSON lives [here]GPE", "Yes"] * count


@pytest.mark.parametrize("scheme", ["auto", "io"])
def test_brackets_in_the_last_column(tmp_path: Path, scheme: str) -> None:
    (sentence,) = read(tmp_path, "Ana (ORG*\nPons *)\nvive *\nVigo (LOC*)\n", scheme=scheme)
    assert shown(sentence) == "[Ana Pons]ORG vive [Vigo]LOC"


def test_the_end_of_a_document_is_no_row(tmp_path: Path) -> None:
    assert [shown(s) for s in read(tmp_path, "Ana (PERSON)\nvive *\n#end document\n")] == ["[Ana]PERSON vive"]


@pytest.mark.parametrize(("text", "message"), [("Ana (X\nvive *\n", "has no end"), ("Ana *)\n", "closes no entity")])
def test_brackets_that_do_not_match(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("scheme", ["auto", "io"])
@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("B/PER", "write a hyphen after the prefix: B-PER"),
        ("B.PER", "write a hyphen after the prefix: B-PER"),
        ("B:PER", "write a hyphen after the prefix: B-PER"),
        ("0", "write O for words outside of entities"),
        ("OUT", "write O for words outside of entities"),
        ("_", "--columns token=1,tag=2 reads _ and - as O"),
        ("-", "--columns token=1,tag=2 reads _ and - as O"),
        ("O:1", "cells must not have scores"),
        ("*", "instead of brackets"),
        ("(X", "instead of brackets"),
    ],
)
def test_tags_that_are_no_labels(tmp_path: Path, scheme: str, tag: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, f"vive O\nAna {tag}\n", scheme=scheme)
    assert "x.conll:2 (sentence 1)" in str(error.value)
    assert hint in str(error.value)
    assert "--input-scheme io" not in str(error.value)


def test_tags_with_scores(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'B-PER:0.98' is a tag with a score; cells must not have scores"):
        read(tmp_path, "Ana B-PER:0.98\nvive O\n")
    assert [shown(s) for s in read(tmp_path, "Ana B-PER\nvive _\n", columns="token=1,tag=2")] == ["[Ana]PER vive"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "B-Actor\tAna\nO\tvive\n",
            "the first column has tags, such as B-Actor; name the columns: --columns token=2,tag=1",
        ),
        ("東\u3000B-LOC\n京\u3000I-LOC\n", r"the columns are separated by U\+3000; separate them by a tab"),
        ("東\u00a0B-LOC\n", r"the columns are separated by U\+00A0"),
        ('"Ana"\t"B-PER"\n"vive"\t"O"\n', "cells must not have quotation marks: write B-PER"),
        (
            "1\tAna\tO\t-\tname\n2\tPons\tI-PER\tB-LOC\tname\n3\tvive\tO\t-\tname\n",
            r"2 columns have tags: 3 \(PER\), 4 \(LOC\); choose one: --columns token=2,tag=3",
        ),
    ],
)
def test_columns_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)
    if text.startswith("B-Actor"):
        assert [shown(s) for s in read(tmp_path, text, columns="token=2,tag=1")] == ["[Ana]Actor vive"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Ana\tB-PER\n\nVigo\n\nLugo\tB-LOC\n\nA\n",
            r":3 \(sentence 2\): this sentence has words alone, .* have tags;",
        ),
        ("Ana\n\nVigo\tB-LOC\n\nLugo\n", r":3 \(sentence 2\): this sentence has tags, .* have words alone;"),
    ],
)
def test_sentences_without_tags_among_others_are_named_once(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.conll"
    path.write_text(text, encoding="utf-8")
    with pytest.warns(DataWarning, match=said) as warned:
        read = list(read_sentences(path))
    assert len(warned) == 1
    assert len(read) == text.count("\n\n") + 1


def test_a_tagged_word_with_a_hash_among_words_alone_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ana\n#Vigo B-LOC\n\n", encoding="utf-8")
    with pytest.raises(InputError, match="2 columns, but the first line of the sentence has 1"):
        list(raise_errors(read_sentences(path)))
