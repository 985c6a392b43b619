"""What the package adds, used as people use it: by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner import Alignment, Entity, Pair, Sentence, load, read_sentences, write_sentences
from xlner.errors import BackendError, InputError

LINES = "<START:person> Ana Pardo <END> vive en <START:location> Vigo <END>\nNada\n"


def test_translator() -> None:
    assert load("translator", "program:tr a-z A-Z").translate(["a", "b"], from_lang="gl", to_lang="en") == ["A", "B"]
    assert load("translator", "program:tr x '\\f'").translate(["axb"], from_lang="gl", to_lang="en") == ["a\fb"]
    assert load("translator", "program:cat?timeout=5").fingerprint == "program?command=cat"
    with pytest.raises(BackendError, match="there is no program 'no-such-program'"):
        load("translator", "program:no-such-program")
    with pytest.raises(Exception, match="wrote 0 lines for 1"):
        load("translator", "program:true").translate(["a"], from_lang="gl", to_lang="en")


def test_format(tmp_path: Path) -> None:
    (tmp_path / "a.opennlp").write_text(LINES + "<START:person> Ana\n<END>\n", encoding="utf-8")
    ana, nothing, unclosed, unopened = read_sentences(tmp_path / "a.opennlp")
    assert ana == Sentence(("Ana", "Pardo", "vive", "en", "Vigo"), (Entity(0, 2, "person"), Entity(4, 5, "location")))
    assert str(unclosed).endswith("a.opennlp:3 (sentence 3): <END> is missing")
    assert str(unopened).endswith("a.opennlp:4 (sentence 4): <END> where <START:label> was expected")
    assert not isinstance(ana, InputError)
    assert not isinstance(nothing, InputError)
    assert write_sentences([ana, nothing], tmp_path / "b.opennlp") == 2
    assert (tmp_path / "b.opennlp").read_text(encoding="utf-8") == LINES


def test_score() -> None:
    pair = Pair(
        Sentence(("Ana", "en", "Vigo")), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0), (0, 2)))
    )
    projector = load("projector", "fused?weights=alignment:1,length_ratio:1")
    (projection,) = projector.project([pair])
    assert projection.sentence.tags() == ["O", "O", "B-LOC"]
    assert projection.outcomes[0].scores["length_ratio"] == 1


def test_data_set(tmp_path: Path) -> None:
    (tmp_path / "gl").mkdir()
    (tmp_path / "gl" / "test.opennlp").write_text(LINES, encoding="utf-8")
    first, _ = read_sentences(f"village:{tmp_path}?lang=gl")
    assert isinstance(first, Sentence)
    assert (first.language, len(first.entities)) == ("gl", 2)
