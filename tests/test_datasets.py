"""Data sets in miniature, each in its original form."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import Command
from xlner import InputError, Sentence, raise_errors, read_sentences
from xlner.errors import DataWarning, MissingExtraError, UnknownNameError
from xlner.formats import format_of
from xlner.formats.datasets import DATASETS, is_spec, local_files, locate

MASAKHANER2 = "Ana B-PER\nO O\nwá O\nsí O\nÈkó B-LOC\nní O\n2020 B-DATE\n\nÈkó B-LOC\n. O\n\n"
PAN_X = "yo:Ana\tB-PER\nyo:Pardo\tI-PER\n\nyo:Èkó\tB-LOC\n\n"
XTREME = "Ana\tB-PER\nPardo\tI-PER\n\nÈkó\tB-LOC\n"
EUROPARL = "Europäisches\tO\nParlaments\tB-ORG\n\nHerr\tO\nFischler\tB-PER\n\n"
SPANISH = "El O\nÁngel B-PER\nde O\nEspaña B-LOC\n\n"
DUTCH = "-DOCSTART- -DOCSTART- O\nDe Art O\nÉlan N B-MISC\n. Punc O\n\n"
ENGLISH = (
    "-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP I-ORG\nofficial NN I-NP O\nEkeus NNP I-NP I-PER\n\n"
    "Rome NNP I-NP I-LOC\nMilan NNP I-NP B-LOC\n\n"
)
GERMAN = "-DOCSTART- -X- -X- -X- O\n\nSchröder Schröder NE I-NC I-PER\nsagt sagen VVFIN I-VC O\n\n"
UNER = (
    "# newdoc id = n01\n# sent_id = n01-1\n# text = Ana went to New York.\n"
    "1\tAna\tB-PER\t-\tx\n2\twent\tO\t-\tx\n3\tto\tO\t-\tx\n4\tNew\tB-LOC\t-\tx\n5\tYork\tI-LOC\t-\tx\n6\t.\tO\t-\tx\n\n"
)
MULTICONER = (
    "# id 7d2e\tdomain=en\nana _ _ B-Artist\npardo _ _ I-Artist\nin _ _ O\nvigo _ _ B-HumanSettlement\n\n"
    "# id 7d2f\tdomain=en\nflu _ _ B-Disease\nshot _ _ B-Medication/Vaccine\n\n"
)
MASAKHANER_X = (
    '{"example_id": "test-0", "language": "yor", "text": "Ana wá sí Èkó.", "spans": '
    '[{"start_byte": 0, "limit_byte": 3, "label": "PER"}, {"start_byte": 12, "limit_byte": 17, "label": "LOC"}], '
    '"target": "PER: Ana $$ LOC: Èkó"}\n'
    '{"example_id": "test-1", "language": "yor", "text": "Bẹ́ẹ̀ ni.", "spans": [], "target": ""}\n'
)


def put(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def entities(sentences: list[Sentence]) -> list[list[tuple[str, str]]]:
    return [[(s.surface(e), e.label) for e in s.entities] for s in sentences]


@pytest.mark.parametrize(
    ("name", "path", "text", "encoding", "lang", "code", "expected"),
    [
        ("masakhaner2", "yor/test.txt", MASAKHANER2, "utf-8", "yor", "yo", "Ana=PER Èkó=LOC 2020=DATE | Èkó=LOC"),
        ("masakhaner2", "data/twi/test.txt", MASAKHANER2, "utf-8", "tw", "tw", "Ana=PER Èkó=LOC 2020=DATE | Èkó=LOC"),
        ("masakhaner2", "MasakhaNER2.0/data/swa/test.txt", XTREME, "utf-8", "swh", "sw", "Ana Pardo=PER | Èkó=LOC"),
        ("pan-x", "yo/test", PAN_X, "utf-8", "yo", "yo", "Ana Pardo=PER | Èkó=LOC"),
        ("pan-x", "panx_dataset/yo-test", PAN_X, "utf-8", "yor", "yo", "Ana Pardo=PER | Èkó=LOC"),
        ("pan-x", "panx/test-yo.tsv", XTREME, "utf-8", "yo", "yo", "Ana Pardo=PER | Èkó=LOC"),
        ("wikiann", "als/test", XTREME, "utf-8", "als", "gsw", "Ana Pardo=PER | Èkó=LOC"),
        ("pan-x", "tl/test", XTREME, "utf-8", "fil", "fil", "Ana Pardo=PER | Èkó=LOC"),
        ("europarl-ner", "de-europarl.test.conll02", EUROPARL, "utf-8", "de", "de", "Parlaments=ORG | Fischler=PER"),
        ("conll2002", "esp.testb", SPANISH, "iso-8859-1", "es", "es", "Ángel=PER España=LOC"),
        ("conll2002", "esp.testb", SPANISH, "utf-8", "spa", "es", "Ángel=PER España=LOC"),
        ("conll2002", "ner/data/ned.testb", DUTCH, "iso-8859-1", "nl", "nl", "Élan=MISC"),
        ("conll2003", "eng.testb", ENGLISH, "utf-8", "en", "en", "U.N.=ORG Ekeus=PER | Rome=LOC Milan=LOC"),
        ("conll2003", "test.txt", ENGLISH, "utf-8", "en", "en", "U.N.=ORG Ekeus=PER | Rome=LOC Milan=LOC"),
        ("conll2003", "deu.testb", GERMAN, "iso-8859-1", "de", "de", "Schröder=PER"),
        ("uner", "en_ewt-ud-test.iob2", UNER, "utf-8", "en", "en", "Ana=PER New York=LOC"),
        ("uner", "UNER_English-EWT/en_ewt-ud-test.iob2", UNER, "utf-8", "en_ewt", "en", "Ana=PER New York=LOC"),
        ("uner", "UNER_Japanese-PUD/ja_pud-ud-test.iob2", UNER, "utf-8", "ja_pud", "ja", "Ana=PER New York=LOC"),
        ("uner", "qaf_arabizi-ud-test.iob2", UNER, "utf-8", "qaf_arabizi", "arq", "Ana=PER New York=LOC"),
        ("multiconer-v2", "EN-English/en_test.conll", MULTICONER, "utf-8", "en", "en",
         "ana pardo=Artist vigo=HumanSettlement | flu=Disease shot=Medication/Vaccine"),
        ("open-ner", "core_types/yor_masakhaner/test.bio", XTREME, "utf-8", "yo", "yo", "Ana Pardo=PER | Èkó=LOC"),
        ("open-ner", "yor_masakhaner/test.conll", XTREME, "utf-8", "yor_masakhaner", "yo", "Ana Pardo=PER | Èkó=LOC"),
        ("masakhaner-x", "test/yo.jsonl", MASAKHANER_X, "utf-8", "yo", "yo", "Ana=PER Èkó=LOC | "),
        ("masakhaner-x", "MasakhaNER-X/test/yo.jsonl", MASAKHANER_X, "utf-8", "yor", "yo", "Ana=PER Èkó=LOC | "),
    ],
)  # fmt: skip
def test_miniatures(
    tmp_path: Path, name: str, path: str, text: str, encoding: str, lang: str, code: str, expected: str
) -> None:
    put(tmp_path / path, text, encoding)
    sentences = list(raise_errors(read_sentences(f"{name}:{tmp_path}?lang={lang}&split=test", require_tags=True)))
    shown = " | ".join(" ".join(f"{text}={label}" for text, label in found) for found in entities(sentences))
    assert shown == expected
    assert {s.language for s in sentences} == {code}
    assert {e.label for s in sentences for e in s.entities} <= set(DATASETS[name].labels)


def test_text_and_identifiers_are_kept(tmp_path: Path) -> None:
    put(tmp_path / "test" / "yo.jsonl", MASAKHANER_X)
    first, _ = raise_errors(read_sentences(f"masakhaner-x:{tmp_path}"))
    assert (first.id, first.text, first.tokens[-1]) == ("test-0", "Ana wá sí Èkó.", ".")
    put(tmp_path / "en_ewt-ud-dev.iob2", UNER)
    (sentence,) = raise_errors(read_sentences(f"uner:{tmp_path}?split=dev"))
    assert (sentence.id, sentence.text) == ("n01-1", "Ana went to New York.")


def test_bad_records_of_masakhaner_x_are_reported_in_their_place(tmp_path: Path) -> None:
    def record(text: str, *spans: tuple[int, int]) -> str:
        made = [{"start_byte": start, "limit_byte": limit, "label": "PER"} for start, limit in spans]
        return json.dumps({"text": text, "spans": made})

    bad = [
        record("È b", (0, 1)),  # half a letter
        record("a b", (7, 9)),
        record("ab", (0, 1), (1, 2)),
        '{"spans": []}',
        "{",
    ]
    good = record("a-b c", (0, 2))
    path = put(tmp_path / "test" / "yo.jsonl", "\n".join([*bad, "", good]))
    path.write_bytes(path.read_bytes() + b"\n\xff\n")
    items = list(read_sentences(f"masakhaner-x:{tmp_path}"))
    assert [isinstance(item, InputError) for item in items] == [True] * 5 + [False, True]
    assert "yo.jsonl:2 (sentence 2): not a record of MasakhaNER-X: a span without words: bytes 7 to 9" in str(items[1])
    assert isinstance(items[5], Sentence)
    assert entities([items[5]]) == [[("a-b", "PER")]]


def test_which_file(tmp_path: Path) -> None:
    for name in ("en_ewt-ud-test.iob2", "en_pud-ud-test.iob2", "sv_pud-ud-test.iob2", "sv_pud-ud-dev.iob2"):
        put(tmp_path / name, UNER)
    found = [(f.name, f.split, f.language) for f in local_files(DATASETS["uner"], tmp_path)]
    assert found == [
        ("en_ewt", "test", "en"),
        ("en_pud", "test", "en"),
        ("sv_pud", "dev", "sv"),
        ("sv_pud", "test", "sv"),
    ]
    assert locate(f"uner:{tmp_path}?lang=swe").name == "sv_pud"
    for spec, match in (
        ("?lang=en", "has several: en_ewt, en_pud; name one: [?]lang=en_ewt"),
        ("", "has several: en_ewt, en_pud, sv_pud"),
        ("?lang=de", "has no de; it has en_ewt, en_pud, sv_pud"),
        ("?lang=??", "has no"),
        ("?split=train", r"\(train\) has no file; it has nothing"),
    ):
        with pytest.raises(InputError, match=match):
            locate(f"uner:{tmp_path}{spec}")
    for spec, match in (
        (f"uner:{tmp_path}?split=tset", "has no split 'tset'; did you mean 'test'[?] splits: train, dev, test"),
        (f"uner:{tmp_path}?langs=en", "has no option 'langs'; did you mean 'lang'[?] options: lang, split"),
        ("uber:x", "unknown data set 'uber'; did you mean 'uner'[?] known: conll2002"),
    ):
        with pytest.raises(UnknownNameError, match=match):
            locate(spec)
    with pytest.raises(InputError, match="this is not a folder; get uner from https"):
        locate(f"uner:{tmp_path / 'none'}")


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_spec("uner:.")
    assert format_of("uner:.") == "conll"
    put(tmp_path / "uner:.", "Vigo\n")
    assert not is_spec("uner:.")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "yor" / "test.txt", "")
    with pytest.raises(InputError, match="the file is empty"):
        list(read_sentences(f"masakhaner2:{tmp_path}"))


# Parquet and the hub


def write_parquet(path: Path, rows: list[dict[str, Any]], names: list[str] | None = None) -> Path:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.Table.from_pylist(rows)
    if names is not None:
        feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
        info = {"info": {"features": {"ner_tags": feature, "tokens": {"_type": "Sequence"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)
    return path


ROWS = [
    {"id": "0", "tokens": ["Ana", "Pardo", "ní", "2020"], "ner_tags": [1, 2, 0, 7]},
    {"id": "1", "tokens": ["Èkó"], "ner_tags": [5]},
]


def test_parquet_files(tmp_path: Path) -> None:
    names = ["O", *(f"{p}-{t}" for t in ("ORG", "PER", "DATE", "LOC") for p in "BI")]
    path = write_parquet(tmp_path / "a.parquet", ROWS, names)
    assert entities(list(raise_errors(read_sentences(path)))) == [
        [("Ana Pardo", "ORG"), ("2020", "LOC")],
        [("Èkó", "DATE")],
    ]
    own = list(raise_errors(read_sentences(path, tag_names=DATASETS["masakhaner2"].tag_names)))
    assert entities(own) == [[("Ana Pardo", "PER"), ("2020", "DATE")], [("Èkó", "LOC")]]
    assert [s.id for s in own] == ["0", "1"]
    with pytest.warns(DataWarning, match="the numbers of tags have no names"):
        unnamed = list(read_sentences(write_parquet(tmp_path / "b.parquet", ROWS)))
    assert "b.parquet:1 (sentence 1): tag id 7 has no name" in str(unnamed[0])
    assert isinstance(unnamed[1], Sentence)
    with pytest.raises(InputError, match="cannot be read as parquet"):
        read_sentences(put(tmp_path / "c.parquet", "not parquet"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[dict[str, Path]], list[str]]:
    """A hub of files, by `revision:path`; what was asked for is in the list that it returns."""

    def make(files: dict[str, Path]) -> list[str]:
        asked: list[str] = []
        module, errors = ModuleType("huggingface_hub"), ModuleType("huggingface_hub.errors")

        class HfHubHTTPError(OSError):
            pass

        class RevisionNotFoundError(HfHubHTTPError):
            pass

        def list_repo_files(repo: str, *, repo_type: str, revision: str) -> list[str]:
            assert repo_type == "dataset"
            if not files:
                raise HfHubHTTPError("no network")
            found = [key.partition(":")[2] for key in files if key.startswith(f"{revision}:")]
            if not found:
                raise RevisionNotFoundError(revision)
            return found

        def hf_hub_download(repo: str, path: str, *, repo_type: str, revision: str) -> str:
            asked.append(f"{repo}:{path}")
            return str(files[f"{revision}:{path}"])

        vars(module).update(list_repo_files=list_repo_files, hf_hub_download=hf_hub_download, errors=errors)
        vars(errors).update(HfHubHTTPError=HfHubHTTPError, RevisionNotFoundError=RevisionNotFoundError)
        monkeypatch.setitem(sys.modules, "huggingface_hub", module)
        monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
        return asked

    return make


def test_the_hub(hub: Callable[[dict[str, Path]], list[str]], tmp_path: Path) -> None:
    first, second = (write_parquet(tmp_path / f"{k}.parquet", [ROWS[k]]) for k in (0, 1))
    files = {
        "main:README.md": first,
        "main:masakhaner2.py": first,
        "refs/convert/parquet:yor/test/0000.parquet": first,
        "refs/convert/parquet:yor/test/0001.parquet": second,
        "refs/convert/parquet:yor/train/0000.parquet": first,
        "refs/convert/parquet:zul/test/0000.parquet": first,
    }
    asked = hub(files)
    sentences = list(raise_errors(read_sentences("masakhaner2?lang=yo")))
    assert entities(sentences) == [[("Ana Pardo", "PER"), ("2020", "DATE")], [("Èkó", "LOC")]]
    assert {s.language for s in sentences} == {"yo"}
    assert asked == [f"masakhane/masakhaner2:yor/test/{k:04}.parquet" for k in (0, 1)]
    hub({"main:data/en/test-00000-of-00001.parquet": second, "main:data/de/test-00000-of-00001.parquet": first})
    assert len(list(raise_errors(read_sentences("wikiann?lang=en")))) == 1
    hub({"main:PAN-X.yo/validation-00000-of-00001.parquet": second, "main:PAN-X.yo/test-00000-of-00001.parquet": first})
    assert locate("pan-x?lang=yor&split=dev").files == (second,)
    hub({"main:ja_pud/test-00000-of-00001.parquet": first})
    newer = locate("uner?lang=ja_pud")
    assert (newer.files, newer.language) == ((first,), "ja")
    hub({"main:yor/masakhaner2-test.parquet": first})
    assert locate("masakhaner2?lang=yor").files == (first,)


@pytest.mark.parametrize("words", [{}, {"tokens": ["Ana", "Pardo", "in", "Vigo"]}])
def test_spans_of_characters_in_parquet(words: dict[str, object], tmp_path: Path) -> None:
    text = "Ana Pardo in Vigo"
    spans = [{"start": 0, "end": 9, "label": "person"}, {"start": 13, "end": 17, "label": "location"}]
    (tmp_path / "data").mkdir()
    write_parquet(tmp_path / "data" / "glg-00000-of-00001.parquet", [{"text": text, "char_spans": spans, **words}])
    (sentence,) = raise_errors(read_sentences(f"finerweb:{tmp_path}?lang=gl&split=train"))
    assert entities([sentence]) == [[("Ana Pardo", "person"), ("Vigo", "location")]]
    assert sentence.language == "gl"


def test_all_parts_of_a_split_are_read_in_order(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs xlner[parquet]")
    for folder in (tmp_path, tmp_path / "data"):
        folder.mkdir(exist_ok=True)
        for part in (1, 0):
            write_parquet(folder / f"glg-0000{part}-of-00002.parquet", [{"text": f"Part {part}", "char_spans": []}])
    sentences = raise_errors(read_sentences(f"finerweb:{tmp_path}?lang=gl&split=train"))
    assert [sentence.text for sentence in sentences] == ["Part 0", "Part 1"]
    with pytest.raises(InputError, match=r"finerweb has only a training set; write \?split=train"):
        locate(f"finerweb:{tmp_path}?lang=gl")


def test_the_parts_of_another_data_set_are_not_a_language(tmp_path: Path) -> None:
    """`dev` is the code of a language, too."""
    for split in ("train", "dev", "test"):
        put(tmp_path / "data" / f"{split}-00000-of-00001.parquet", "")
    assert local_files(DATASETS["finerweb"], tmp_path) == []


def test_a_collection_calls_its_languages_by_corpus(
    hub: Callable[[dict[str, Path]], list[str]], tmp_path: Path
) -> None:
    """The files, columns and tag numbers of OpenNER; its splits are called `train`, `dev` and `test`."""
    row = {"id": "0", "tokens": ["Ana", "in", "Vigo"], "ner_tags": [5, 0, 1]}
    there = {}
    for name in ("WNUT17/eng", "UNER_English_EWT/eng", "Japanese_GSD/jap"):
        (tmp_path / name).mkdir(parents=True)
        file = f"{name}/dev-00000-of-00001.parquet"
        there[f"main:{file}"] = write_parquet(tmp_path / file, [row])
    found = {f.name: f.language for f in local_files(DATASETS["open-ner"], tmp_path)}
    assert found == {"Japanese_GSD/jap": "ja", "UNER_English_EWT/eng": "en", "WNUT17/eng": "en"}
    asked = hub(there)
    for place in (f":{tmp_path}", ""):
        for lang in ("WNUT17/eng", "ja"):
            (sentence,) = raise_errors(read_sentences(f"open-ner{place}?lang={lang}&split=dev"))
            assert entities([sentence]) == [[("Ana", "PER"), ("Vigo", "LOC")]]
        with pytest.raises(InputError, match="several: UNER_English_EWT/eng, WNUT17/eng; name one"):
            locate(f"open-ner{place}?lang=en&split=dev")
        with pytest.raises(InputError, match="has no de; it has Japanese_GSD/jap, UNER"):
            locate(f"open-ner{place}?lang=de&split=dev")
    assert asked[0] == "bltlab/open-ner-core-types:WNUT17/eng/dev-00000-of-00001.parquet"
    assert locate("open-ner-standardized?lang=WNUT17/eng&split=dev").language == "en"
    with pytest.raises(InputError, match="hub:bltlab/open-ner-core-types: no parquet files of en, test"):
        locate("open-ner?lang=en")


def test_languages_on_the_hub_have_names_of_the_data_set(
    hub: Callable[[dict[str, Path]], list[str]], tmp_path: Path
) -> None:
    first = put(tmp_path / "a.parquet", "")
    hub({"main:data/eng-00000-of-00001.parquet": first, "main:data/cmn-00000-of-00001.parquet": first})
    assert [locate(f"finerweb?lang={lang}&split=train").name for lang in ("en", "eng", "zh")] == ["eng", "eng", "cmn"]


def test_what_the_hub_does_not_have(hub: Callable[[dict[str, Path]], list[str]], tmp_path: Path) -> None:
    hub({"main:yor/test.parquet": tmp_path})
    for spec, match in (
        ("masakhaner2?lang=zul", "hub:masakhane/masakhaner2: no parquet files of zul, test"),
        ("masakhaner2?lang=de", "has no de; it has bam"),
        ("masakhaner2?split=dev", "needs a language; write masakhaner2[?]lang=CODE"),
        ("conll2003?lang=de", "has no de; it has en"),
        ("uner?lang=en", "uner on the hub has several: en_ewt, en_pud; name one"),
        ("multiconer-v2?lang=en", "not on the hub as parquet; get it from https://registry.opendata.aws/multiconer"),
    ):
        with pytest.raises(InputError, match=match):
            locate(spec)
    hub({})
    with pytest.raises(InputError, match="cannot be reached: no network; get the data set from"):
        locate("masakhaner2?lang=zul")


def test_missing_extras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"huggingface_hub is not installed; pip install 'xlner\[parquet\]'"):
        locate("masakhaner2?lang=zul")
    with pytest.raises(MissingExtraError, match="pyarrow is not installed"):
        read_sentences(put(tmp_path / "a.parquet", "x"))


# Commands


def test_datasets_command(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = xlner("datasets")
    assert shown.code == 0
    for name, dataset in DATASETS.items():
        assert f"{name}: {dataset.title}" in shown.out
        assert dataset.license in shown.out
    assert len(json.loads(xlner("datasets", "--json").out)) == len(DATASETS)
    put(tmp_path / "yor" / "test.txt", MASAKHANER2)
    put(tmp_path / "ep" / "de-europarl.test.conll02", EUROPARL)
    spec = f"masakhaner2:{tmp_path}?lang=yor&split=test"
    found = xlner("datasets", tmp_path)
    assert spec in found.out
    assert "differs" in found.out
    rows = {row["spec"]: row for row in json.loads(xlner("datasets", tmp_path, "--json").out)}
    assert rows[spec]["sha256"] == hashlib.sha256(MASAKHANER2.encode()).hexdigest()
    assert rows[spec]["checksum"] == ""
    published = {"de/test": hashlib.sha256(EUROPARL.encode()).hexdigest()}
    known = replace(DATASETS["europarl-ner"], checksums=published)
    monkeypatch.setattr("xlner.formats.datasets.survey.all_datasets", lambda: {"europarl-ner": known})
    assert "as published" in xlner("datasets", tmp_path).out
    nothing = xlner("datasets", put(tmp_path / "x" / "y" / "z", "").parent)
    assert "no data set in" in nothing.err
    assert nothing.out == ""
    unknown = xlner("evaluate", "masakhaner3?lang=yor", "labels.conll")
    assert "unknown data set 'masakhaner3'; did you mean 'masakhaner2'? known: conll2002, " in unknown.err
    assert "xyz:" in xlner("evaluate", "xyz:nowhere", "labels.conll").err  # not taken for a data set
    assert xlner("datasets", tmp_path / "none").code == 2


def test_each_file_is_listed_once_and_only_if_it_has_labels(xlner: Command, tmp_path: Path) -> None:
    put(tmp_path / "yor" / "test.txt", MASAKHANER2)
    put(tmp_path / "panx" / "yo" / "test", PAN_X)
    put(tmp_path / "panx" / "als" / "test", PAN_X)
    put(tmp_path / "conll" / "test.txt", ENGLISH)
    put(tmp_path / "other" / "test.txt", "no labels\n")
    put(tmp_path / "other" / "train.txt", "")
    put(tmp_path / "notes" / "train", PAN_X)
    specs = [row["spec"] for row in json.loads(xlner("datasets", tmp_path, "--json").out)]
    assert sorted(specs) == [
        f"conll2003:{tmp_path / 'conll'}?lang=eng&split=test",
        f"masakhaner2:{tmp_path}?lang=yor&split=test",
        f"pan-x:{tmp_path / 'panx'}?lang=yo&split=test",
        f"wikiann:{tmp_path / 'panx'}?lang=als&split=test",
    ]
    for spec in specs:
        assert next(read_sentences(spec))


def test_specs_in_the_place_of_files(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    put(tmp_path / "yor" / "test.txt", MASAKHANER2)
    spec = f"masakhaner2:{tmp_path}?lang=yor&split=test"
    labeled, run = tmp_path / "out.conll", tmp_path / "run"
    label = ["label", spec, "--lang", "yo", "-o", labeled, *fakes, "--run-dir", run]
    assert xlner(*label).code == 0
    assert xlner(*label).code == 0
    put(tmp_path / "yor" / "test.txt", MASAKHANER2.replace("Ana", "Bea"))
    assert "holds a run with another input" in xlner(*label).err
    put(tmp_path / "yor" / "test.txt", MASAKHANER2)
    plain = xlner("evaluate", spec, tmp_path / "yor" / "test.txt", "--input-format", "conll", "--json")
    assert xlner("evaluate", spec, spec, "--json").out == plain.out
    assert xlner("errors", spec, labeled).code == 0
    assert xlner("compare", spec, labeled, labeled).code == 0
    assert xlner("convert", spec, labeled).err == "xlner: 2 sentences\n"
    assert next(e for s in raise_errors(read_sentences(labeled)) for e in s.entities).label == "PER"
    projected = xlner("project", spec, spec, "--source-lang", "yo", "--aligner", "oracle", "--output-format", "conll")
    assert (projected.code, projected.out) == (0, labeled.read_text(encoding="utf-8"))
