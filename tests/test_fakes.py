"""The stages without models: what they depend on is in their fingerprints, and they pickle."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import InputError, Pair, Sentence
from xlner.fakes import DictionaryRecognizer, DictionaryTranslator, EchoTranslator, OracleAligner
from xlner.stages import fingerprint_of

SOURCE, TARGET = Sentence(("Vigo", "here")), Sentence(("aquí", "Vigo"))
CROSSED = {(SOURCE.tokens, TARGET.tokens): [(0, 1), (1, 0)]}


@pytest.mark.parametrize(
    ("stage", "others"),
    [
        (EchoTranslator(), [EchoTranslator(fail_on="a"), EchoTranslator(fail_on="b")]),
        (
            DictionaryTranslator({"a": "b", "c": "d"}),
            [DictionaryTranslator({"a": "b"}), DictionaryTranslator({"a": "c", "c": "d"}), DictionaryTranslator({})],
        ),
        (
            DictionaryRecognizer({"Vigo": "LOC"}),
            [DictionaryRecognizer({"Vigo": "ORG"}), DictionaryRecognizer({"Lugo": "LOC"}), DictionaryRecognizer({})],
        ),
        (OracleAligner(), [OracleAligner(CROSSED), OracleAligner({key: [(0, 0)] for key in CROSSED})]),
    ],
)
def test_fingerprints_follow_what_results_depend_on(stage: object, others: list[object]) -> None:
    seen = [fingerprint_of(other) for other in (stage, *others)]
    assert len(set(seen)) == len(seen)
    assert all(text.startswith(type(stage).__name__) for text in seen)
    assert fingerprint_of(pickle.loads(pickle.dumps(stage))) == fingerprint_of(stage)


def test_the_order_of_a_dictionary_does_not_matter() -> None:
    one, other = DictionaryTranslator({"a": "b", "c": "d"}), DictionaryTranslator({"c": "d", "a": "b"})
    assert one.fingerprint == other.fingerprint


def test_pickled_stages_give_the_same_results() -> None:
    echo, dictionary, recognizer, aligner = pickle.loads(
        pickle.dumps(
            (
                EchoTranslator(fail_on="no"),
                DictionaryTranslator({"vive": "lives"}),
                DictionaryRecognizer({"Vigo": "LOC"}),
                OracleAligner(CROSSED),
            )
        )
    )
    direction = {"from_lang": "gl", "to_lang": "en"}
    assert echo.translate(["si"], **direction) == ["si"]
    assert dictionary.translate(["Ana vive"], **direction) == ["Ana lives"]
    assert [e.label for e in recognizer.recognize([TARGET])[0]] == ["LOC"]
    assert aligner.align([Pair(TARGET, SOURCE)])[0].links == ((0, 1), (1, 0))


@pytest.mark.parametrize("content", [None, b"one column\n", b"a\t\n", b"\xff\tb\n"])
def test_bad_files_are_input_errors(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    if content is not None:
        path.write_bytes(content)
    for kind in (DictionaryTranslator, DictionaryRecognizer):
        with pytest.raises(InputError, match=r"words\.tsv"):
            kind(str(path))


def test_a_changed_dictionary_does_not_reuse_old_shards(xlner: Command, tmp_path: Path) -> None:
    text, words, out = tmp_path / "in.txt", tmp_path / "words.tsv", tmp_path / "out.txt"
    text.write_text("".join(f"liña {k}\n" for k in range(120)), encoding="utf-8")
    words.write_text("liña\tline\n", encoding="utf-8")
    command = ["translate", text, "--from", "gl", "--to", "en", "--translator", f"dictionary:{words}", "-o", out]
    command += ["--run-dir", tmp_path / "run"]
    assert xlner(*command).code == 0
    words.write_text("liña\trow\n", encoding="utf-8")
    assert "another pipeline" in xlner(*command).err
