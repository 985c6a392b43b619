"""Fine-tuning of translation models, on tiny ones of their real classes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

import torch

from tests import tiny_translators
from tests.conftest import Command
from xlner import Entity, Outcome, Pair, Projection, Reason, Sentence, load, write_pairs
from xlner.errors import InputError, UsageError, ValidationError
from xlner.transfer import TranslatorEpoch, TranslatorTrainingOptions, train_translator
from xlner.transfer.marked_pairs import marked_texts

TEXTS = ("Ana Pardo vive en Vigo.", "Que dixo o presidente?", "Non.", "O tren de Madrid chega ás nove e media.")
PAIRS = [Pair(Sentence.from_text(text, language="gl"), Sentence.from_text(text, language="en")) for text in TEXTS]
DIRECTION = {"from_lang": "en", "to_lang": "gl"}
QUICK = TranslatorTrainingOptions(epochs=2, batch_size=2, learning_rate=0.003, check_sentences=2)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("translators")
    for name in ("nllb", "marian", "madlad"):
        folder = root / name
        folder.mkdir()
        getattr(tiny_translators, f"save_{name}")(folder)
    return root


def loss_of(spec: str) -> float:
    """The mean loss of the pairs per token, computed with the model of transformers alone."""
    checkpoint = load("translator", spec).checkpoint("en", "gl")
    prompt, model = checkpoint.prompt("en", "gl"), checkpoint.generator.model
    losses = []
    for text in TEXTS:
        target = checkpoint.tokenizer(text_target=text, add_special_tokens=False)["input_ids"]
        labels = [*([prompt.forced] if prompt.forced is not None else []), *target, checkpoint.tokenizer.eos_token_id]
        with torch.inference_mode():
            ids = torch.tensor(checkpoint.encode([text], prompt))
            losses.append(float(model(input_ids=ids, labels=torch.tensor([labels])).loss))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("nllb", "lora?rank=4"),
        ("marian", "full"),
        pytest.param("nllb", "full", marks=pytest.mark.slow),
        pytest.param("madlad", "lora?targets=all", marks=pytest.mark.slow),
    ],
)
def test_a_translator_learns_and_is_read_again(name: str, parameters: str, models: Path, tmp_path: Path) -> None:
    if parameters != "full":
        pytest.importorskip("peft", reason="needs xlner[lora]")
    direction = {"from_lang": "gl", "to_lang": "en"} if name == "marian" else DIRECTION
    told: list[TranslatorEpoch] = []
    out = tmp_path / "tuned"
    options = replace(QUICK, epochs=4, parameters=parameters, learning_rate=0.01)
    report = train_translator(f"{name}:{models / name}", PAIRS, out, options, **direction, on_epoch=told.append)
    assert (report.used, report.left_out) == (4, 0)
    assert [e.number for e in told] == [0, 1, 2, 3, 4]
    assert tuple(told) == report.epochs
    losses = [e.loss for e in told[1:]]
    assert told[0].loss is None
    assert losses[-1] is not None
    assert losses[0] is not None
    assert losses[-1] < losses[0]
    if name != "marian":
        assert loss_of(f"{name}:{out}") < loss_of(f"{name}:{models / name}")
    assert len(load("translator", f"{name}:{out}").translate(list(TEXTS), **direction)) == 4
    assert not (tmp_path / "tuned.training").exists()
    assert not any("lora" in path.name for path in out.iterdir())
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert (record["from_lang"], record["used"]) == (direction["from_lang"], 4)


def test_an_interrupted_training_ends_the_same(models: Path, tmp_path: Path) -> None:
    def weights(folder: Path) -> Any:
        return load("translator", f"nllb:{folder}").checkpoint("en", "gl").generator.model.state_dict()

    spec = f"nllb:{models / 'nllb'}"
    whole = train_translator(spec, PAIRS, tmp_path / "whole", QUICK, **DIRECTION)

    class KilledError(Exception):
        pass

    def kill(step: int, steps: int, loss: float) -> None:
        if step == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train_translator(spec, PAIRS, tmp_path / "half", QUICK, **DIRECTION, checkpoint_every=1, on_step=kill)
    resumed = train_translator(spec, PAIRS, tmp_path / "half", QUICK, **DIRECTION)
    assert resumed == whole
    first, second = weights(tmp_path / "whole"), weights(tmp_path / "half")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_translations_in_another_language_are_counted(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlner.translation.seq2seq.translators import NllbTranslator

    german = "Der Regen hört die ganze Nacht nicht auf, und niemand weiß warum."
    galician = "A choiva non para en toda a noite, e ninguén sabe por que."
    english = ("Nobody knows why the rain does not stop.", "What did the president say in the end?")
    pairs = [replace(pair, source=Sentence.from_text(text)) for pair, text in zip(PAIRS, english, strict=False)]
    made = iter([[german, galician], [german, german], [galician, galician], [german, galician]])
    monkeypatch.setattr(NllbTranslator, "translate", lambda self, texts, **_: next(made))
    options = replace(QUICK, epochs=1, check_languages=("gl", "de", "ee"))
    told: list[str] = []
    spec = f"nllb:{models / 'nllb'}"
    report = train_translator(
        spec, pairs, tmp_path / "out", options, **DIRECTION, on_epoch=lambda e: told.append(e.text())
    )
    assert [e.wrong_language for e in report.epochs] == [
        {"gl": 0.5, "de": 0.0, "ee": None},
        {"gl": 0.0, "de": 0.5, "ee": None},
    ]
    assert told[0] == "before: wrong language gl 50 %, de 0 %, ee cannot be identified"
    assert told[1].startswith("epoch 1: loss ")


def test_the_default_rates_are_small() -> None:
    assert (TranslatorTrainingOptions().rate, TranslatorTrainingOptions(parameters="lora?rank=2").rate) == (1e-5, 1e-4)
    assert TranslatorTrainingOptions(learning_rate=0.5).rate == 0.5
    with pytest.raises(UsageError, match="use full or lora"):
        TranslatorTrainingOptions(parameters="bottleneck")
    with pytest.raises(ValidationError):
        TranslatorTrainingOptions(epochs=0)


def test_what_cannot_be_trained(models: Path, tmp_path: Path) -> None:
    spec = f"nllb:{models / 'nllb'}"
    with pytest.raises(UsageError, match="echo cannot be trained"):
        train_translator("echo", PAIRS, tmp_path / "a", **DIRECTION)
    with pytest.raises(InputError, match="none of 4 pairs can be trained on"):
        train_translator(spec, PAIRS, tmp_path / "b", replace(QUICK, max_length=2), **DIRECTION)
    with pytest.raises(InputError, match=r"\(sentence 5\): this pair has no source sentence"):
        train_translator(spec, [*PAIRS, Pair(Sentence(("Vigo",)))], tmp_path / "c", QUICK, **DIRECTION)
    report = train_translator(
        spec,
        [*PAIRS, Pair(Sentence(()), Sentence(())), Pair(Sentence(()), error="no")],
        tmp_path / "c",
        QUICK,
        **DIRECTION,
    )
    assert (report.used, report.left_out) == (4, 2)


SOURCE = Sentence(("Ana", "Pardo", "in", "Vigo"), (Entity(0, 2, "PER"), Entity(3, 4, "LOC")))
TARGET = Sentence(("En", "Vigo", ",", "Ana"), (Entity(1, 2, "LOC"), Entity(3, 4, "PER")))


@pytest.mark.parametrize(
    ("style", "source", "target"),
    [
        (None, "Ana Pardo in Vigo", "En Vigo, Ana"),
        ("brackets", "[Ana Pardo] in [Vigo]", "En [Vigo], [Ana]"),
        ("tags", "<1>Ana Pardo</1> in <2>Vigo</2>", "En <2>Vigo</2>, <1>Ana</1>"),
        ("labels", "<PER>Ana Pardo</PER> in <LOC>Vigo</LOC>", "En <LOC>Vigo</LOC>, <PER>Ana</PER>"),
        ("letters", "<a>Ana Pardo</a> in <b>Vigo</b>", "En <b>Vigo</b>, <a>Ana</a>"),
    ],
)
def test_entities_that_correspond_have_the_same_marker(style: str | None, source: str, target: str) -> None:
    assert marked_texts(Pair(TARGET, SOURCE), style) == (source, target)


def test_markers_follow_the_outcomes_of_a_projection() -> None:
    person, place = SOURCE.entities
    lost = Outcome(person, reason=Reason.NO_CANDIDATE)
    projected = TARGET.with_entities([Entity(1, 2, "LOC")])
    pair = Pair(
        TARGET.with_entities(()), SOURCE, projection=Projection(projected, (lost, Outcome(place, projected.entities)))
    )
    assert marked_texts(pair, "letters") == ("Ana Pardo in <a>Vigo</a>", "En <a>Vigo</a>, Ana")
    none = Projection(TARGET.with_entities(()), (lost, replace(lost, entity=place)))
    assert marked_texts(replace(pair, projection=none), "letters") == ("Ana Pardo in Vigo", "En Vigo, Ana")


def test_pairs_that_cannot_have_the_same_markers_are_left_out() -> None:
    assert marked_texts(Pair(TARGET.with_entities(TARGET.entities[:1]), SOURCE), "letters") is None
    assert marked_texts(Pair(TARGET.with_entities(TARGET.entities[:1]), SOURCE), None) is not None
    sic = Sentence.from_text("En Vigo [sic], Ana").with_entities([Entity(1, 2, "LOC"), Entity(6, 7, "PER")])
    assert marked_texts(Pair(sic, SOURCE), "brackets") is None
    own = Sentence.from_text("En Vigo <a>, Ana").with_entities([Entity(1, 2, "LOC"), Entity(6, 7, "PER")])
    assert own.tokens[6] == "Ana"
    assert marked_texts(Pair(own, SOURCE), "letters") is None


@pytest.mark.parametrize("style", ["brackets", "tags", "labels", "letters"])
def test_two_entities_of_the_source_that_are_one_in_the_target_have_no_markers(style: str) -> None:
    source = Sentence(("Ana", "and", "Vigo"), (Entity(0, 1, "LOC"), Entity(2, 3, "LOC")))
    target = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    outcomes = tuple(Outcome(entity, target.entities) for entity in source.entities)
    pair = Pair(target.with_entities(()), source, projection=Projection(target, outcomes))
    assert marked_texts(pair, style) is None


def test_the_command(models: Path, tmp_path: Path, xlner: Command) -> None:
    built = tmp_path / "built.jsonl"
    vigo = Sentence.from_text("Ana Pardo vive en Vigo.", language="en").with_entities([Entity(4, 5, "LOC")])
    target = replace(vigo, language="gl")
    projection = Projection(target, (Outcome(vigo.entities[0], target.entities),))
    write_pairs([Pair(target.with_entities(()), vigo, projection=projection)], built)
    spec, out = f"nllb:{models / 'nllb'}", tmp_path / "tuned"
    quick = ("--lang", "gl", "--epochs", "1", "--check-sentences", "1", "-o", out)
    refused = xlner("train-translator", spec, built, *quick, "--words", "spaces")
    assert (refused.code, out.exists()) == (2, False)
    assert "--words needs TARGET" in refused.err
    ran = xlner("train-translator", spec, built, *quick, "--markers", "letters")
    assert ran.code == 0, ran.err
    assert "before: wrong language gl" in ran.err
    assert "epoch 1: loss" in ran.err
    assert "trained on 1 pair, 0 left out" in ran.err
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert (record["markers"], record["learning_rate"], record["to_lang"]) == ("letters", None, "gl")
    for name, text in (("en.txt", TEXTS), ("gl.txt", TEXTS)):
        (tmp_path / name).write_text("\n".join(text) + "\n", encoding="utf-8")
    again = xlner("train-translator", spec, tmp_path / "en.txt", tmp_path / "gl.txt", *quick)
    assert again.code == 2
    assert "--overwrite" in again.err
    assert xlner("train-translator", spec, tmp_path / "en.txt", tmp_path / "gl.txt", *quick, "--overwrite").code == 0
