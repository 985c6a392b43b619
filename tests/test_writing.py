"""A sentence is written whole, and with half characters replaced; the sentences around it are written as ever."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, Entity, Outcome, Pair, Projection, Sentence, raise_errors, read_pairs, read_sentences
from xlner.engines import RunFolder
from xlner.errors import DataWarning
from xlner.formats import jsonl, write_pairs, write_sentences
from xlner.formats.writing import write_each, write_whole

VIGO = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
SAYS = "a lone surrogate in sentence 2 cannot be written, and was replaced by U\\+FFFD"


@pytest.mark.parametrize("name", ["a.jsonl", "a.conll", "a.conllu", "a.txt"])
def test_half_characters_in_every_format(tmp_path: Path, name: str) -> None:
    sentences = [VIGO, Sentence(("a\udc80b",), (Entity(0, 1, "L\ud800"),), meta={"x": "\ud83d"}), VIGO]
    with pytest.warns(DataWarning, match=SAYS):
        assert write_sentences(sentences, tmp_path / name) == 3
    found = ["".join(s.tokens) for s in raise_errors(read_sentences(tmp_path / name))]
    kept = sentences[1].tokens[0] if "conll" in name else f"a{chr(0xFFFD)}b"  # CoNLL has exact tokens in a comment
    assert found == ["Vigo", kept, "Vigo"]
    if name == "a.jsonl":
        with pytest.warns(DataWarning, match=SAYS):
            assert write_pairs([Pair(VIGO), Pair(VIGO, error="\udfff")], tmp_path / name) == 2


@given(st.text(st.characters(exclude_categories=()), max_size=5), st.floats())
@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
def test_what_is_written_is_read_back_with_as_many_characters(text: str, number: float) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="utf-8", newline="\n")
    write_whole(stream, Sentence((text or "x",), meta={"x": [number], "y": text}), 1, jsonl.write_sentence)
    stream.flush()
    (line,) = data.getvalue().decode("utf-8").removesuffix("\n").split("\n")
    (found,) = raise_errors(jsonl.read([(1, line)]))
    assert found.meta["x"] == [number if math.isfinite(number) else None]
    half = any("\ud800" <= c <= "\udfff" for c in text)
    assert (found.meta["y"] == text) == (not half)
    assert len(str(found.meta["y"])) == len(text)


def test_scores_that_are_no_numbers(tmp_path: Path) -> None:
    vigo = Entity(0, 1, "LOC")
    outcome = Outcome(vigo, (vigo,), scores={"a": math.nan})
    pair = Pair(VIGO, VIGO, Alignment(((0, 0),)), Projection(VIGO, (outcome,), "dp", math.inf))
    with pytest.warns(DataWarning, match="inf, nan"):
        write_pairs([pair], tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["a.conll", "a.conllu", "a.jsonl"])
def test_labels_beside_an_error_are_kept(tmp_path: Path, name: str) -> None:
    part = Pair(VIGO.with_entities(()), VIGO, projection=Projection(VIGO, ()), error="cell 2 failed")
    write_pairs([part, Pair(VIGO, VIGO, error="failed")], tmp_path / name)
    found = list(raise_errors(read_sentences(tmp_path / name)))
    assert found[0].tags() == ["B-LOC"]
    assert [s.meta["error"] for s in found] == ["cell 2 failed", "failed"]
    if name != "a.jsonl":  # which keeps the labels of the input
        assert found[1].tags() == ["O"]


def test_an_error_leaves_no_part_of_a_sentence() -> None:
    def write(stream: TextIO, item: int) -> None:
        stream.write(f"{item}")
        if item == 3:
            raise ValueError("three")
        stream.write("\n")

    stream = io.StringIO()
    with pytest.raises(ValueError, match="three"):
        write_each([1, 2, 3], stream, write)
    assert stream.getvalue() == "1\n2\n"


def test_shards_can_be_read(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run", {}, shard_size=1) as folder, pytest.warns(DataWarning, match=SAYS):
        pairs = list(folder.run([Pair(VIGO), Pair(Sentence(("\ud800",)))], iter))
    assert [p.target.tokens for p in pairs] == [("Vigo",), ("\ufffd",)]


def test_half_a_character_in_an_answer(
    xlner: Command, fakes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def translate(self: object, texts: list[str], *, from_lang: str, to_lang: str) -> list[str]:
        return [text.replace("mal", "m\ud83d") for text in texts]

    monkeypatch.setattr("xlner.fakes.EchoTranslator.translate", translate)
    path, out, folder = tmp_path / "in.txt", tmp_path / "out.jsonl", tmp_path / "run"
    path.write_text("Vigo\nmal\n", encoding="utf-8")
    for more in ([], ["--run-dir", folder], ["--run-dir", folder]):
        ran = xlner("label", path, "--lang", "es", "-o", out, *fakes, *more)
        assert ran.code == 0
        assert ("a lone surrogate in sentence 2" in ran.err) == ("reused" not in ran.err)
        assert [p.require_source().text for p in raise_errors(read_pairs(out))] == ["Vigo", "m\ufffd"]
