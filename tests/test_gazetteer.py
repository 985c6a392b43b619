from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import BackendError, Entity, InputError, Sentence, load
from xlner.errors import UnknownNameError
from xlner.fakes import DictionaryRecognizer as Fake
from xlner.recognition.gazetteer import GazetteerRecognizer


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.tsv"
    path.write_bytes(
        "\ufeffSantiago\tLOC\r\n\r\nSantiago de Compostela\tLOC\nde Compostela Ruiz\tPER\n"
        "Coca-Cola's\tORG\nMe\u0301xico\tLOC\nSantiago\tPER\n東京\tLOC\n".encode()
    )
    return path


def found(recognizer: GazetteerRecognizer, text: str) -> list[tuple[str, str]]:
    sentence = Sentence.from_text(text)
    return [(sentence.surface(e), e.label) for e in recognizer.recognize([sentence])[0]]


def test_the_longest_entity_from_the_left_on_whole_words(names: Path) -> None:
    recognizer = load("recognizer", f"gazetteer:{names}")
    assert found(recognizer, "Santiago de Compostela Ruiz") == [("Santiago de Compostela", "LOC")]
    assert found(recognizer, "Santiago de Vigo, Santiagos") == [("Santiago", "LOC")]
    assert found(recognizer, "de Compostela Ruiz") == [("de Compostela Ruiz", "PER")]
    assert found(recognizer, "") == []


def test_entities_are_found_with_any_tokenization(names: Path) -> None:
    recognizer = GazetteerRecognizer(str(names))
    assert found(recognizer, "Coca-Cola's price") == [("Coca-Cola's", "ORG")]
    assert recognizer.recognize([Sentence(("Coca-Cola's", "price"))]) == [[Entity(0, 1, "ORG")]]
    assert recognizer.recognize([Sentence(("東京",))]) == [[Entity(0, 1, "LOC")]]


def test_case_and_composed_characters(names: Path) -> None:
    exact, ignore = GazetteerRecognizer(str(names)), GazetteerRecognizer(str(names), case="ignore")
    assert found(exact, "M\u00e9xico") == [("M\u00e9xico", "LOC")]
    assert found(exact, "SANTIAGO") == []
    assert found(ignore, "SANTIAGO DE COMPOSTELA") == [("SANTIAGO DE COMPOSTELA", "LOC")]
    assert exact.fingerprint != ignore.fingerprint
    assert exact.fingerprint == GazetteerRecognizer(str(names)).fingerprint


def test_it_pickles_with_its_list(names: Path) -> None:
    recognizer = GazetteerRecognizer(str(names), case="ignore")
    pickled = pickle.dumps(recognizer)
    names.unlink()
    again = pickle.loads(pickled)
    assert again.fingerprint == recognizer.fingerprint
    assert found(again, "SANTIAGO de Vigo") == [("SANTIAGO", "LOC")]


words = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" ".join)


@settings(deadline=None)
@given(
    st.dictionaries(words, st.sampled_from(["PER", "LOC"]), min_size=1, max_size=8), st.lists(st.sampled_from("abcd"))
)
def test_results_are_those_of_the_fake(table: dict[str, str], tokens: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "names.tsv"
        path.write_text("".join(f"{name}\t{label}\n" for name, label in table.items()), encoding="utf-8")
        sentence = [Sentence(tuple(tokens))]
        assert GazetteerRecognizer(str(path)).recognize(sentence) == Fake(table).recognize(sentence)


@pytest.mark.parametrize("line", ["Vigo LOC", "\tLOC", "Vigo\t", "Vigo\tBIG CITY", "Vigo\tLOC\tES"])
def test_errors_contain_the_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(f"Ana\tPER\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"names.tsv:2: expected an entity and a label"):
        GazetteerRecognizer(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="gazetteer needs a file of entities; write gazetteer:FILE"):
        load("recognizer", "gazetteer")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        GazetteerRecognizer(str(tmp_path / "none"))
    (tmp_path / "latin").write_bytes(b"Vig\xf3\tLOC\n")
    with pytest.raises(InputError, match="not UTF-8"):
        GazetteerRecognizer(str(tmp_path / "latin"))
    with pytest.raises(UnknownNameError, match="unknown case 'lower'; one of exact, ignore"):
        GazetteerRecognizer(str(tmp_path / "none"), case="lower")


def test_the_turkish_dotted_i_is_the_same_letter_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("İstanbul\tLOC\nDiyarbakır\tLOC\n", encoding="utf-8")
    recognizer = GazetteerRecognizer(str(path), case="ignore")
    assert [s for s, _ in found(recognizer, "istanbul İSTANBUL I\u0307stanbul DİYARBAKIR")] == [
        "istanbul",
        "İSTANBUL",
        "I\u0307stanbul",
        "DİYARBAKIR",
    ]
