"""Translators that were trained to keep markers, with a tiny model of their real class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

from tests import tiny_translators
from xlner import Entity, Sentence, TrainingDataBuilder, load
from xlner.fakes import EchoTranslator
from xlner.pipeline.label_translation import label_translation
from xlner.projection import BackTranslationProjector
from xlner.projection.markers.styles import MarkerStyle, write_markers
from xlner.stages import MarkingTranslator
from xlner.translation import EasyProjectTranslator, LabelPigeonTranslator

SOURCE = Sentence.from_text("Ana Pardo left Vigo.").with_entities([Entity(0, 2, "PER"), Entity(3, 4, "LOC")])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_translators.save_nllb(tmp_path_factory.mktemp("labelpigeon"))


def test_labelpigeon_translates_as_plain_nllb_does(folder: Path) -> None:
    texts = list(tiny_translators.TEXTS[:2])
    direction = {"from_lang": "gl", "to_lang": "en"}
    made = load("translator", f"labelpigeon:{folder}").translate(texts, **direction)
    assert made == load("translator", f"nllb:{folder}").translate(texts, **direction)


def test_its_tokenizer_is_that_of_nllb_unless_a_model_is_named() -> None:
    assert LabelPigeonTranslator().options.tokenizer == "facebook/nllb-200-3.3B"
    assert LabelPigeonTranslator(tokenizer="./mine").options.tokenizer == "./mine"
    assert LabelPigeonTranslator("./folder").options.tokenizer is None
    assert EasyProjectTranslator().options.tokenizer is None


def test_markers_are_those_that_a_translator_was_trained_with(folder: Path) -> None:
    pigeon = load("translator", f"labelpigeon:{folder}")
    assert isinstance(pigeon, MarkingTranslator)
    direction = {"from_lang": "en", "to_lang": "gl"}
    assert label_translation(pigeon, "auto", **direction).name == "letters"
    assert label_translation(pigeon, "brackets", **direction).name == "brackets"
    assert label_translation(load("translator", f"easyproject:{folder}"), "auto", **direction).name == "brackets"
    for translator, marker, used in (
        (pigeon, None, MarkerStyle.LETTERS),
        (pigeon, "tags", MarkerStyle.TAGS),
        (EchoTranslator(), None, MarkerStyle.BRACKETS),
    ):
        made = BackTranslationProjector(translator, "oracle", marker=marker, target_lang="gl")
        assert made.options.marker is used


def test_build_reads_its_tags_also_inside_of_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def translate(self: object, texts: Sequence[str], **_: str) -> list[str]:
        asked.extend(texts)
        answers = {"Ana Pardo": "Ana Pardo", "Vigo": "Vigo"}
        return [answers.get(text, "<b>Vigo</b> perdeu a <a>Ana Pardo</a>.") for text in texts]

    monkeypatch.setattr(LabelPigeonTranslator, "translate", translate)
    pigeon = load("translator", f"labelpigeon:{folder}")
    (made,) = TrainingDataBuilder(pigeon, "oracle", to_lang="gl").run([SOURCE])
    assert "<a>Ana Pardo</a> left <b>Vigo</b>." in asked
    assert made.labeled.tags() == ["B-LOC", "O", "O", "B-PER", "I-PER", "O"]


def test_letters_go_on_after_z_and_leave_out_tags_of_the_text() -> None:
    words = tuple(f"w{k}" for k in range(30))
    many = Sentence(words, tuple(Entity(k, k + 1, "X") for k in range(30)))
    names = write_markers(many, "letters").markers.names
    assert (names[0], names[25], names[26], names[29]) == ("a", "z", "aa", "ad")
    own = Sentence.from_text("Use <a> in Vigo").with_entities([Entity(5, 6, "LOC")])
    assert write_markers(own, "letters").text == "Use <a> in <b>Vigo</b>"
