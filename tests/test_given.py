from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import pytest

from xlner import BackendError, InputError, Pair, Pipeline, Sentence, load
from xlner.errors import StageError
from xlner.fakes import DictionaryRecognizer, OracleAligner
from xlner.stages import DirectedTranslator

TO_ENGLISH = {"from_lang": "lug", "to_lang": "en"}


def written(folder: Path, *records: object) -> str:
    path = folder / "given.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return str(path)


def test_translations_in_records_of_all_shapes(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"tokens": ["Ana", "vive", "."], "source": "Ana lives."},
        {"text": "Cafe\u0301 aqui", "source": {"text": "Coffee here", "tokens": ["no"]}},
        {"words": ["Ola"], "source": {"tokens": ["Hello", "!"], "lang": "eng"}},
        {"tokens": ["Ana", "vive", "."], "source": "another one"},
        {"tokens": ["so"], "source": None},
        {"tokens": ["so"], "source": "only"},
    )
    given = load("translator", f"given:{file}")
    texts = ["Ana vive.", "Ana vive .", "Caf\u00e9 aqui", "Ola", " ", "so"]
    made = given.translate(texts, **TO_ENGLISH)
    assert made == ["Ana lives.", "Ana lives.", "Coffee here", "Hello !", "", "only"]
    assert given.summary == f"4 translations of {file}"


def test_what_is_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"tokens": ["Ana"], "src": "Anne", "src_lang": "fr"},
        {"tokens": ["Vigo"], "src": " "},
        {"tokens": ["Lugo"]},
    )
    given = load("translator", f"given:{file}?field=src")
    assert given.translate(["Ana"], from_lang="ewe", to_lang="fra_Latn") == ["Anne"]
    for text, error in (
        ("Ana", f"{file}:1: the translation is in 'fr', not in 'en'"),
        ("Vigo", f"{file}:2: no translation in field 'src'"),
        ("Lugo", f"{file}:3: no translation in field 'src'"),
        ("x" * 70, f"{file} has no translation of '{'x' * 60}…'"),
    ):
        with pytest.raises(StageError) as raised:
            given.translate([text], **TO_ENGLISH)
        assert str(raised.value) == error


def test_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "gl.txt").write_text("Ana vive en Vigo\r\nOla\r\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text("Ana lives in Vigo\nHello", encoding="utf-8")
    given = load("translator", f"given:{tmp_path / 'en.txt'}?of={tmp_path / 'gl.txt'}")
    assert given.translate(["Ola", "Ana vive en Vigo"], **TO_ENGLISH) == ["Hello", "Ana lives in Vigo"]
    with gzip.open(tmp_path / "en.txt.gz", "wt", encoding="utf-8") as compressed:
        compressed.write("Ana lives in Vigo\nHello\n")
    given = load("translator", f"given:{tmp_path / 'en.txt.gz'}?of={tmp_path / 'gl.txt'}")
    assert given.translate(["Ola"], **TO_ENGLISH) == ["Hello"]
    (tmp_path / "en.txt").write_text("Ana lives in Vigo\n", encoding="utf-8")
    with pytest.raises(InputError, match="has 1 line, and .*gl.txt has 2; give one translation for each line"):
        load("translator", f"given:{tmp_path / 'en.txt'}?of={tmp_path / 'gl.txt'}")


def test_files_that_are_no_translations(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="given:FILE"):
        load("translator", "given")
    with pytest.raises(InputError, match="cannot be read"):
        load("translator", f"given:{tmp_path / 'none.jsonl'}")
    with pytest.raises(InputError, match=r"no record has a translation in field 'source'; give \?field=NAME"):
        load("translator", f"given:{written(tmp_path, {'tokens': ['a'], 'src': 'b'})}")
    for text, error in (
        (b"{", "bad.jsonl:1: not JSON"),
        (b"[]", "bad.jsonl:1: not an object"),
        (b'{"text": "a", "source": "b"}\ncaf\xe9', "bad.jsonl:2: byte 4 is not UTF-8; convert it from its encoding"),
        (b'{"text": "a", "source": "b", "source_lang": "xx"}', "bad.jsonl:1: 'xx' is not a language code"),
    ):
        (tmp_path / "bad.jsonl").write_bytes(text)
        with pytest.raises(InputError, match=error):
            load("translator", f"given:{tmp_path / 'bad.jsonl'}")


def test_the_fingerprint_follows_the_translations(tmp_path: Path) -> None:
    seen = {
        load("translator", f"given:{written(tmp_path, {'text': 'a', 'source': text})}").fingerprint
        for text in ("b", "c", "b")
    }
    assert len(seen) == 2


def test_it_pickles_and_paths_are_not_in_the_fingerprint(tmp_path: Path) -> None:
    given = load("translator", f"given:{written(tmp_path, {'text': 'a', 'source': 'b'})}")
    copy = pickle.loads(pickle.dumps(given))
    assert copy.fingerprint == given.fingerprint
    assert copy.translate(["a"], **TO_ENGLISH) == ["b"]
    (tmp_path / "moved").mkdir()
    moved = written(tmp_path / "moved", {"text": "a", "source": "b"})
    assert load("translator", f"given:{moved}").fingerprint == given.fingerprint


def test_directions_are_known_where_every_translation_has_a_language(tmp_path: Path) -> None:
    french = {"tokens": ["Ana"], "src": "Anne", "src_lang": "fra"}
    file = written(tmp_path, french, {"tokens": ["Vigo"], "src": ""})
    given = load("translator", f"given:{file}?field=src")
    assert isinstance(given, DirectedTranslator)
    given.check_direction("lug", "fr")
    with pytest.raises(BackendError, match="are in fr, not in en"):
        Pipeline(given, target_lang="lug")
    load("translator", f"given:{written(tmp_path, french, {'text': 'a', 'src': 'b'})}?field=src").check_direction(
        "lug", "en"
    )


def test_in_a_pipeline_one_missing_translation_costs_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, {"tokens": ["Ana", "vive"], "src": "Ana lives"}, {"tokens": ["Ana"], "src": ""})
    pipeline = Pipeline(
        f"given:{file}?field=src", DictionaryRecognizer({"Ana": "PER"}), OracleAligner(), target_lang="lug"
    )
    first, second = pipeline.run_pairs([Pair(Sentence(("Ana", "vive"))), Pair(Sentence(("Ana",)))])
    assert first.labeled.tags() == ["B-PER", "O"]
    assert second.error == f"translator: {file}:2: no translation in field 'src'"
