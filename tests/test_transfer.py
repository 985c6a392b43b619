"""Fine-tuning recognizers, on tiny models."""

from __future__ import annotations

import json
import math
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Command
from xlner import BackendError, Entity, InputError, Sentence, ValidationError, load, write_sentences
from xlner.errors import RunFolderError, UnknownNameError, UsageError
from xlner.fakes import DictionaryRecognizer
from xlner.transfer import TrainingSet

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tests.hf_models import LETTERS, MAKERS  # noqa: E402
from xlner.transfer import TrainingOptions, train, zero_shot  # noqa: E402

FAST = TrainingOptions(epochs=2, batch_size=8, learning_rate=1e-3, seed=3)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("models")
    for name in ("bert", "xlm_roberta", "deberta", "roberta", "albert"):
        MAKERS[name](folder / name)
    learner(folder)
    return folder


def learner(folder: Path) -> None:
    """A BERT whose weights are small enough to learn from, the same in every run."""
    torch.manual_seed(7)
    MAKERS["bert"](folder / "learner")
    config = transformers.AutoConfig.from_pretrained(folder / "learner")
    config.initializer_range = 0.1
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder / "learner")


def some_sentences(n: int, seed: int = 1, longest: int = 7) -> list[Sentence]:
    """Words between which names are, told by the word before them."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        words = rng.choice(["the", "a", "red", "dog"], rng.integers(1, longest)).tolist()
        label = str(rng.choice(["PER", "LOC"]))
        name = ["".join(rng.choice(list(LETTERS[:10]), 2)) for _ in range(rng.integers(1, 3))]
        tokens = (*words, "cat" if label == "PER" else "house", *name)
        made.append(Sentence(tokens, (Entity(len(words) + 1, len(tokens), label),)))
    return made


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = load_file(folder / "model.safetensors")
    return found


def same(a: Path, b: Path) -> bool:
    x, y = weights(a), weights(b)
    return x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)


def test_it_learns_fifty_sentences_by_heart(models: Path, tmp_path: Path) -> None:
    sentences = some_sentences(50)
    tuning = TrainingOptions(epochs=14, batch_size=10, learning_rate=1e-2, freeze_embeddings=False, dropout=0.0)
    report = train(str(models / "learner"), [TrainingSet("en", sentences, sentences)], tmp_path / "out", tuning)
    assert report.best.mean_f1 == 1.0
    assert not report.warnings
    found = zero_shot(f"hf:{tmp_path / 'out'}", {"en": sentences})
    assert found.mean_f1 == 1.0


def test_threads_change_nothing_but_seeds_do(models: Path, tmp_path: Path) -> None:
    sets = [TrainingSet("en", some_sentences(30))]
    before = torch.get_num_threads()
    try:
        for name, threads, seed in [("a", 1, 3), ("b", 3, 3), ("c", 1, 4)]:
            torch.set_num_threads(threads)
            train(str(models / "bert"), sets, tmp_path / name, replace(FAST, seed=seed))
    finally:
        torch.set_num_threads(before)
    assert same(tmp_path / "a", tmp_path / "b")
    assert not same(tmp_path / "a", tmp_path / "c")


# --- What was broken off ---

KILLED = """
import os, signal, sys
import torch
from tests.test_transfer import FAST, two_sets
from xlner.transfer import train

torch.set_num_threads(1)

def kill(step, steps, loss):
    if step == {at}:
        os.kill(os.getpid(), signal.SIGKILL)

train({model!r}, two_sets(), {out!r}, FAST, checkpoint_every=2, on_step=kill)
"""


def two_sets() -> list[TrainingSet]:
    return [
        TrainingSet("en", some_sentences(24), some_sentences(6, seed=2)),
        TrainingSet("de", some_sentences(10, seed=3), some_sentences(6, seed=4)),
    ]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(models: Path, tmp_path: Path) -> None:
    model = str(models / "bert")
    whole = train(model, two_sets(), tmp_path / "whole", FAST)
    assert whole.steps == 10
    code = KILLED.format(model=model, out=str(tmp_path / "out"), at=8)
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert not (tmp_path / "out").exists()
    steps: list[int] = []
    again = train(model, two_sets(), tmp_path / "out", FAST, on_step=lambda step, *_: steps.append(step))
    assert steps == [7, 8, 9, 10]
    assert replace(again, seconds=0.0) == replace(whole, seconds=0.0)
    assert same(tmp_path / "whole", tmp_path / "out")
    assert not (tmp_path / "out.training").exists()


class BrokenError(Exception):
    pass


def breaking(*_: object) -> None:
    raise BrokenError


def test_another_run_is_not_taken_up(models: Path, tmp_path: Path) -> None:
    model, out = str(models / "bert"), tmp_path / "out"
    with pytest.raises(BrokenError):
        train(model, two_sets(), out, FAST, on_step=breaking)
    with pytest.raises(RunFolderError, match="another sentences; use --overwrite"):
        train(model, two_sets()[:1], out, FAST)
    with pytest.raises(RunFolderError, match="another learning_rate"):
        train(model, two_sets(), out, replace(FAST, learning_rate=1e-4))
    train(model, two_sets()[:1], out, FAST, overwrite=True)
    with pytest.raises(InputError, match="exists already"):
        train(model, two_sets(), out, FAST)


# --- What is learned, and from what ---


def test_scores_of_each_language_choose_the_epoch(models: Path, tmp_path: Path) -> None:
    english, german = some_sentences(30), some_sentences(10, seed=3)
    wrong = [
        s.with_entities(replace(e, label="PER" if e.label == "LOC" else "LOC") for e in s.entities) for s in german
    ]
    told: list[int] = []
    report = train(
        str(models / "learner"),
        [TrainingSet("en", english, wrong), TrainingSet("de", german, wrong)],
        tmp_path / "out",
        TrainingOptions(epochs=9, batch_size=10, learning_rate=1e-2, freeze_embeddings=False, patience=2),
        on_epoch=lambda epoch: told.append(epoch.number),
    )
    scores = [epoch.mean_f1 for epoch in report.epochs]
    assert told == list(range(1, len(scores) + 1))
    assert report.epochs[0].dev.keys() == {"de", "en"}
    assert report.best_epoch == scores.index(max(s for s in scores if s is not None)) + 1
    assert len(scores) == report.best_epoch + 2 < 9
    assert report.steps == len(scores) * 4 == len(report.losses)
    kept = zero_shot(f"hf:{tmp_path / 'out'}", {"x": wrong})
    assert kept.targets["x"].f1 == report.best.dev["en"]
    assert str(kept.targets["x"].scores.signature) == report.best.signatures["en"]


def test_what_is_frozen_stays(models: Path, tmp_path: Path) -> None:
    sets = [TrainingSet("en", some_sentences(16))]
    old = weights(models / "bert")
    for layers, embeddings in [(0, False), (0, True), (2, True)]:
        out = tmp_path / f"{layers} {embeddings}"
        report = train(
            str(models / "bert"), sets, out, replace(FAST, freeze_layers=layers, freeze_embeddings=embeddings)
        )
        new = weights(out)
        changed = {key for key in old if not torch.equal(old[key], new[f"bert.{key}"])}
        assert any("embeddings" in key for key in changed) is not embeddings
        assert {int(key.split(".")[2]) for key in changed if "layer." in key} == set(range(layers, 3))
        trained = sum(new[f"bert.{key}"].numel() for key in changed) + new["classifier.weight"].numel() + 5
        # Keys have no effect on a softmax but for rounding.
        assert report.trained_parameters >= trained >= 0.95 * report.trained_parameters
        assert report.total_parameters == sum(w.numel() for w in new.values())


@pytest.mark.parametrize("name", ["bert", "xlm_roberta", "roberta", "deberta", "albert"])
def test_architectures(models: Path, tmp_path: Path, name: str) -> None:
    layers = 0 if name == "albert" else 1
    sets = [TrainingSet("en", some_sentences(10), some_sentences(4))]
    report = train(str(models / name), sets, tmp_path / "out", replace(FAST, freeze_layers=layers, epochs=1))
    found = zero_shot(f"hf:{tmp_path / 'out'}", {"en": some_sentences(4)})
    assert found.mean_f1 == report.best.dev["en"]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_kept_states_teach_the_same(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dropout: float
) -> None:
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
    options = replace(FAST, freeze_layers=2, dropout=dropout, epochs=2)
    sets = [TrainingSet("en", some_sentences(16))]

    def trained(name: str) -> dict[str, torch.Tensor]:
        train(str(models / "bert"), sets, tmp_path / name, options)
        return weights(tmp_path / name)

    in_memory = trained("memory")
    monkeypatch.setattr("xlner.transfer.frozen_states._MEMORY", 0)
    in_file = trained("file")
    assert list((tmp_path / "cache").iterdir()) == []
    monkeypatch.setattr("xlner.transfer.gradients.can_be_kept", lambda *_: False)
    computed = trained("computed")
    for key, weight in in_memory.items():
        assert torch.equal(weight, in_file[key]), key
        # Only the last bits of the states differ, because of padding, and AdamW lets them grow a little.
        assert torch.allclose(weight, computed[key], atol=2e-3), key


def test_states_without_room_are_not_kept(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoModelForTokenClassification

    from xlner.transfer import frozen_states

    model = AutoModelForTokenClassification.from_pretrained(models / "bert").eval()
    monkeypatch.setattr(frozen_states, "_MEMORY", 100)
    monkeypatch.setattr(frozen_states, "_SPARE_DISK", 10**18)
    assert not frozen_states.can_be_kept(model, 2, [5])


def test_states_below_are_the_same_as_those_of_the_whole_model(models: Path) -> None:
    from transformers import AutoModelForTokenClassification

    from xlner.transfer.frozen_states import LowerStates, can_be_kept

    for name in ("bert", "xlm_roberta", "roberta"):
        model = AutoModelForTokenClassification.from_pretrained(models / name).eval()
        sequences = [[5, 6, 7, 8, 9], [5, 9], [7, 8, 9]]
        assert can_be_kept(model, 2, [5, 2, 3])
        assert not can_be_kept(model, 0, [5, 2, 3])
        assert not can_be_kept(model, 2, [10**9])
        mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
        pad = model.config.pad_token_id
        with torch.no_grad():
            wanted = model(input_ids=torch.tensor([[5, 9, pad], [7, 8, 9]]), attention_mask=mask).logits
            lower = LowerStates(model, 2, sequences, pad)
            with lower.skipping():
                found = model(inputs_embeds=lower([1, 2]), attention_mask=mask).logits
            after = model(input_ids=torch.tensor([[5, 9, pad], [7, 8, 9]]), attention_mask=mask).logits
        assert torch.allclose(wanted[0, :2], found[0, :2], atol=1e-4)
        assert torch.allclose(wanted[1], found[1], atol=1e-4)
        assert torch.equal(wanted, after)


def test_long_sentences_are_learned_in_windows(models: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from xlner.models.tokenizers import SubwordTokenizer
    from xlner.transfer.examples import make_examples, tag_names

    tags = tag_names(["PER"])
    subwords = SubwordTokenizer(AutoTokenizer.from_pretrained(models / "bert"), 10)
    words = ("the", "zebra", "\u200b", "a", "dog", "red", "cat", "bbbbbb", "house") * 2
    long = Sentence(words, tuple(Entity(k, k + 1, "PER") for k in range(0, 18, 3)))
    made = make_examples([long, Sentence(()), Sentence(("\u200b",))], subwords, {t: k for k, t in enumerate(tags)})
    assert made.unreadable == 3
    assert len(made.items) > 2
    assert all(len(item) <= 10 for item in made.items)
    read = [int(k) for item in made.items for k in item.classes]
    assert read == [int(k % 3 == 0) for k, word in enumerate(words) if word != "\u200b"]
    first = subwords([words])[0]
    positions = [item.ids[p] for item in made.items for p in item.positions]
    starts = first.starts()[np.flatnonzero(first.counts)]
    assert positions == [first.ids[k] for k in starts]
    report = train(
        str(models / "bert"), [TrainingSet("en", [long] * 4)], tmp_path / "out", replace(FAST, max_length=10)
    )
    assert report.windows == 4 * len(made.items)
    assert "not learned: 8 words without sub-words" in report.warnings[-1]
    with pytest.raises(ValidationError, match="max_length 99 is more than the 24"):
        train(str(models / "bert"), [TrainingSet("en", [long])], tmp_path / "x", replace(FAST, max_length=99))


def test_the_entropy_is_that_of_the_tags() -> None:
    from xlner.transfer.examples import Example, Examples

    made = Examples([Example((1,), np.array([0]), np.array([k])) for k in (0, 0, 1, 1)], 0)
    assert made.entropy() == pytest.approx(math.log(2))


def test_the_total_is_drawn_from_all_languages(models: Path, tmp_path: Path) -> None:
    tuning = replace(FAST, total=12, temperature=math.inf, epochs=1)
    report = train(str(models / "bert"), two_sets(), tmp_path / "out", tuning)
    assert report.sentences == {"de": 6, "en": 6}
    assert (report.windows, report.steps) == (12, 2)


def test_a_head_with_the_same_tags_is_kept(models: Path, tmp_path: Path) -> None:
    from xlner.transfer.model import load_classifier

    train(str(models / "bert"), [TrainingSet("en", some_sentences(9))], tmp_path / "out", replace(FAST, epochs=1))
    learned = weights(tmp_path / "out")["classifier.weight"]
    again = load_classifier(tmp_path / "out", ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"], 1)
    assert again.config.id2label[1] == "B-LOC"
    assert torch.equal(again.classifier.weight, learned)
    other = load_classifier(tmp_path / "out", ["O", "B-PER", "I-PER", "B-X", "I-X"], 1)
    assert other.config.id2label[3] == "B-X"
    assert not torch.equal(other.classifier.weight, learned)
    fewer = load_classifier(tmp_path / "out", ["O", "B-PER", "I-PER"], 1)
    assert fewer.classifier.weight.shape == (3, 32)
    assert torch.equal(
        fewer.classifier.weight, load_classifier(tmp_path / "out", ["O", "B-PER", "I-PER"], 1).classifier.weight
    )


def test_bfloat16_is_nearly_the_same(models: Path, tmp_path: Path) -> None:
    sets = [TrainingSet("en", some_sentences(16))]
    exact = train(str(models / "learner"), sets, tmp_path / "a", replace(FAST, dtype="float32", dropout=0.0))
    rough = train(str(models / "learner"), sets, tmp_path / "b", replace(FAST, dtype="bfloat16", dropout=0.0))
    assert exact.losses != rough.losses
    assert exact.losses == pytest.approx(rough.losses, rel=0.02)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_dropout_keeps_the_mean(elsewhere: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlner.transfer import dropout as _dropout

    if elsewhere:  # what a GPU draws with
        monkeypatch.setattr(_dropout, "_on_cpu", lambda seeds: _dropout._on_device(seeds, torch.device("cpu")))
    layer = torch.nn.Dropout(0.25).eval()
    dropout = _dropout.SeededDropout([layer])
    device, ones = torch.device("cpu"), torch.ones(200, 200)
    assert torch.equal(layer(ones), ones)
    with dropout.on([1, 2], device):
        first, second = layer(ones), layer(ones)
    with dropout.on([1, 2], device):
        assert torch.equal(layer(ones), first)
    assert not torch.equal(first, second)
    assert float((first == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(first.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(layer(ones), ones)


def test_shards_hold_every_sequence_once() -> None:
    from xlner.transfer.gradients import even_parts

    rng = np.random.default_rng(0)
    for _ in range(50):
        lengths = rng.integers(1, 60, rng.integers(1, 70)).tolist()
        parts = even_parts(lengths)
        assert sorted(k for part in parts for k in part) == list(range(len(lengths)))
        assert len(parts) <= max(2, sum(lengths) // 256)
    assert even_parts([7]) == [[0]]


# --- Collapse ---


def test_a_learning_rate_that_is_far_too_high_is_noticed(models: Path, tmp_path: Path) -> None:
    dev = some_sentences(8)
    report = train(
        str(models / "bert"),
        [TrainingSet("en", some_sentences(40), dev)],
        tmp_path / "out",
        replace(FAST, learning_rate=30.0),
    )
    assert any("the loss exploded" in text or "the loss stayed flat" in text for text in report.warnings)


def test_a_model_that_does_not_learn_is_noticed(models: Path, tmp_path: Path) -> None:
    sets = [TrainingSet("en", some_sentences(40))]
    report = train(str(models / "learner"), sets, tmp_path / "out", replace(FAST, learning_rate=1e-9))
    assert "the loss stayed flat" in report.warnings[0] or "exploded" in report.warnings[0]


def test_all_o_is_noticed(models: Path, tmp_path: Path) -> None:
    rare = Sentence(("the", "red", "dog") * 5, (Entity(0, 1, "PER"),))
    sets = [TrainingSet("en", [rare] * 30, [rare] * 3)]
    report = train(str(models / "learner"), sets, tmp_path / "out", replace(FAST, learning_rate=1e-3))
    assert any(
        "all words of the dev set of en were tagged O, but the data has 3 entities" in text for text in report.warnings
    )
    again = train(str(models / "learner"), [TrainingSet("en", [rare] * 30)], tmp_path / "two", FAST)
    assert any("all words of the training sentences were tagged O" in text for text in again.warnings)


def test_signs_of_collapse() -> None:
    from xlner.evaluation import evaluate
    from xlner.models.training import check_finite
    from xlner.transfer.collapse import signs_of_collapse as signs
    from xlner.transfer.report import Epoch

    gold = [Sentence(("a", "b"), (Entity(0, 1, "PER"),))]
    wrong = evaluate(gold, [gold[0].with_entities([Entity(1, 2, "PER")])])
    assert signs([Epoch(1, 0.5)], 1.0, {"it": evaluate(gold, gold)}) == ()
    assert "flat: 0.96" in signs([Epoch(1, 0.96)], 1.0, {})[0]
    assert "exploded: 2.1" in signs([Epoch(1, 2.1)], 1.0, {})[0]
    assert "none of 1 entity found in it is correct" in signs([Epoch(1, 0.5)], 1.0, {"it": wrong})[0]
    check_finite(1.0, 2.0, 3)
    with pytest.raises(BackendError, match="failed at step 3: the loss is nan; lower the learning rate"):
        check_finite(math.nan, 2.0, 3)
    with pytest.raises(BackendError, match="the norm of the gradient is inf"):
        check_finite(1.0, math.inf, 3)


def test_a_loss_that_is_no_number_ends_the_run(models: Path, tmp_path: Path) -> None:
    sets = [TrainingSet("en", some_sentences(40))]
    with pytest.raises(BackendError, match=r"training failed at step \d"):
        train(str(models / "learner"), sets, tmp_path / "out", replace(FAST, learning_rate=1e38, max_norm=1e30))
    assert not (tmp_path / "out").exists()


# --- What is saved ---


def test_the_folder_is_read_by_others(models: Path, tmp_path: Path) -> None:
    sentences = some_sentences(40)
    data = TrainingSet("en", sentences, sentences[:9], origin="names.conll", license="CC0-1.0")
    tuning = TrainingOptions(epochs=10, batch_size=10, learning_rate=1e-2, freeze_embeddings=False)
    report = train(str(models / "learner"), [data], tmp_path / "ner", tuning)
    pipeline = transformers.pipeline("token-classification", str(tmp_path / "ner"), aggregation_strategy="first")
    recognizer = load("recognizer", f"hf:{tmp_path / 'ner'}")
    for sentence, found in zip(sentences[:9], recognizer.recognize(sentences[:9]), strict=True):
        theirs = [(x["entity_group"], x["word"].split()) for x in pipeline(" ".join(sentence.tokens))]
        assert theirs == [(e.label, list(sentence.tokens[e.start : e.end])) for e in found]
    facts = json.loads((tmp_path / "ner" / "training.json").read_text())
    assert facts["best_epoch"] == report.best_epoch
    assert str(tmp_path) not in (tmp_path / "ner" / "training.json").read_text()
    assert str(tmp_path) not in (tmp_path / "ner" / "config.json").read_text()


def test_the_card(models: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    base = tmp_path / "base"
    base.mkdir()
    for path in (models / "learner").iterdir():
        (base / path.name).write_bytes(path.read_bytes())
    (base / "README.md").write_text("---\nlicense: mit\nbase_model: some/encoder\ntags:\n- x\n---\n\nText\n")
    sets = [
        TrainingSet("en", some_sentences(9), some_sentences(3), origin="names.conll", license="CC0-1.0"),
        TrainingSet("pt-BR", some_sentences(9)),
    ]
    report = train(str(base), sets, tmp_path / "ner", FAST)
    card = (tmp_path / "ner" / "README.md").read_text()
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["language"] == ["en", "pt"]
    assert (head["license"], head["pipeline_tag"]) == ("other", "token-classification")
    assert (head["base_model"], head["library_name"]) == ("some/encoder", "transformers")
    assert "fine-tuned from `some/encoder`" in card
    assert "names.conll | CC0-1.0 |" in card
    assert f"| en | {report.best.dev['en']:.4f} | `mode:strict, ignore:none" in card
    assert "Base model: mit. Training data: CC0-1.0 (en), not stated (pt)." in card
    assert "- learning_rate: 0.001\n" in card
    assert "- labels: all" in card
    assert "| en | Indo-European, Germanic | 9 | 3 |" in card
    assert "**Warning**" in card
    assert str(tmp_path) not in card


def test_a_card_of_one_license_and_of_no_dev_set(models: Path, tmp_path: Path) -> None:
    from xlner.transfer.model_card import model_card

    report = train(str(models / "bert"), [TrainingSet("en", some_sentences(9))], tmp_path / "ner", FAST)
    sets = [TrainingSet("en", some_sentences(9), license="MIT")]
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    card = model_card(
        "x", "own/er", tmp_path, sets=sets, options=replace(FAST, parameters="lora?rank=2"), report=report
    )
    assert 'license: "mit"\n' in card
    assert 'base_model: "own/er"\n' in card
    assert "without a dev set" in card
    assert "pipeline(" in card
    other = model_card(
        "x", "own/er", tmp_path, sets=sets, options=replace(FAST, parameters="bottleneck"), report=report
    )
    assert "pipeline(" not in other


def test_bad_options(models: Path, tmp_path: Path) -> None:
    for options, message in [
        ({"epochs": 0}, "epochs and batch_size must be at least 1"),
        ({"total": 0}, "total 0 is not at least 1"),
        ({"seed": -1}, "must not be negative"),
        ({"learning_rate": 0.0}, "must be above 0"),
        ({"learning_rate": math.nan}, "must be above 0"),
        ({"dropout": 1.0}, "dropout from 0 to below 1"),
        ({"temperature": 0.5}, "temperature at least 1"),
        ({"freeze_layers": 1, "freeze_embeddings": False}, "freeze_layers also freezes the embeddings"),
        ({"freeze_layers": 1, "parameters": "lora"}, "freeze_layers needs the parameters full"),
    ]:
        with pytest.raises((ValidationError, UsageError), match=message):
            TrainingOptions(**options)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown precision 'half'; one of auto, float32, bfloat16"):
        TrainingOptions(dtype="half")
    sets = [TrainingSet("en", some_sentences(4))]
    with pytest.raises(ValidationError, match="cannot freeze 3 layers; layers of the model: 3"):
        train(str(models / "bert"), sets, tmp_path / "out", replace(FAST, freeze_layers=3))
    with pytest.raises(ValidationError, match="layers of the model: shared"):
        train(str(models / "albert"), sets, tmp_path / "out", replace(FAST, freeze_layers=1))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendError, match="cannot be loaded as a token classifier"):
        train(str(tmp_path / "empty"), sets, tmp_path / "out", FAST)


# --- Zero-shot ---


def test_zero_shot_scores() -> None:
    from xlner.evaluation import confidence_intervals, evaluate

    gold = some_sentences(20)
    names = {" ".join(s.tokens[e.start : e.end]): e.label for s in gold[:9] for e in s.entities}
    found = zero_shot(DictionaryRecognizer(names), {"gl": gold, "es": gold[:9]}, ignore=("DATE",), samples=200, seed=5)
    predicted = found.targets["gl"].predicted
    assert found.targets["es"].f1 == 1.0
    scores = evaluate(gold, predicted, ignore=("DATE",))
    assert found.targets["gl"].f1 == scores.micro.f1 < 1
    assert found.mean_f1 == (scores.micro.f1 + 1) / 2
    first = confidence_intervals(scores, samples=200, seed=5).micro
    assert found.targets["gl"].interval.low == pytest.approx(first.low, abs=0.05)
    assert found.targets["gl"].interval.low < found.interval.low < found.interval.high
    assert "targets:es,gl|bootstrap:200|level:0.95|seed:5" in str(found.signature)
    with pytest.raises(InputError, match="there are no targets"):
        zero_shot(DictionaryRecognizer(names), {})
    with pytest.raises(InputError, match="no sentence of target gl has an entity to find"):
        zero_shot(DictionaryRecognizer(names), {"gl": gold}, ignore=("PER", "LOC"))


# --- Commands ---


def written(path: Path, sentences: list[Sentence]) -> Path:
    write_sentences(sentences, path)
    return path


def test_the_commands(xlner: Command, models: Path, tmp_path: Path) -> None:
    english, more = written(tmp_path / "en.conll", some_sentences(24)), written(tmp_path / "b.conll", some_sentences(6))
    german = written(tmp_path / "de.jsonl", some_sentences(10, seed=3))
    out = tmp_path / "out"
    options = [
        "--learning-rate",
        "1e-2",
        "--train-embeddings",
        "--batch-size",
        "10",
        "--epochs",
        "9",
        "--license",
        "mit",
    ]
    files = ["--train", f"eng={english}", "--train", f"en={more}", "--train", f"de={german}"]
    arguments = [
        "train",
        models / "learner",
        "-o",
        out,
        *files,
        "--dev",
        f"de={german}",
        "--dev",
        f"en={english}",
        *options,
    ]
    ran = xlner(*arguments, "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report["sentences"] == {"de": 10, "en": 30}
    assert "xlner: epoch 9: loss 0" in ran.err
    assert "; F1 de 0." in ran.err
    assert "on sentences: 10 de, 30 en; 36 steps," in ran.err
    assert "| en, b.conll" not in (out / "README.md").read_text()
    assert "| en.conll, b.conll | mit |" in (out / "README.md").read_text()
    assert "exists already; give --overwrite" in xlner(*arguments).err
    again = xlner(*arguments, "--overwrite", "--epochs", "1", "--learning-rate", "1e-9")
    assert again.code == 1
    assert "xlner: warning: the loss " in again.err

    shown = xlner("zero-shot", out, f"en={english}", f"de={german}", f"de={german}", "-o", tmp_path / "found")
    assert shown.code == 0, shown.err
    assert shown.out.split()[0] == "target"
    assert "de.2" in shown.out
    assert sorted(p.name for p in (tmp_path / "found").iterdir()) == ["de.2.conll", "de.conll", "en.conll"]
    record = json.loads(xlner("zero-shot", f"hf:{out}", f"en={english}", "--json", "--bootstrap", "50").out)
    assert record["mean"]["f1"] == record["targets"]["en"]["f1"]
    assert record["targets"]["en"]["sentences"] == 24


def test_commands_with_bad_input(xlner: Command, models: Path, tmp_path: Path) -> None:
    english = written(tmp_path / "en.conll", some_sentences(12))
    base = ["train", models / "bert", "-o", tmp_path / "out"]
    assert "'x.conll' is not LANG=FILE" in xlner(*base, "--train", "x.conll").err
    missing = xlner(*base, "--train", f"en={english}", "--dev", f"de={english}")
    assert missing.code == 2
    assert "--dev de has no --train of the same language" in missing.err
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"tokens": ["a"], "ner_tags": ["B-PER"]}\n{"tokens": 3}\n' * 4)
    assert "bad.jsonl:2 " in xlner(*base, "--train", f"en={bad}").err
    ran = xlner(*base, "--train", f"en={bad}", "--on-error", "skip", "--epochs", "1")
    assert ran.code == 1
    assert "xlner: 4 sentences could not be read" in ran.err
    unread = xlner("zero-shot", tmp_path / "out", f"en={bad}", "--on-error", "skip")
    assert unread.code == 1
    assert "xlner: 4 sentences could not be read" in unread.err
    assert "no-model is neither a folder nor a recognizer" in xlner("zero-shot", "no-model", f"en={english}").err


PAGE = (Path(__file__).parent.parent / "docs" / "transfer.md").read_text(encoding="utf-8").split("## Few parameters")[0]


@pytest.fixture
def page_folder(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("train", "dev", "de", "gl"):
        written(tmp_path / f"{name}.conll", some_sentences(40))
    (tmp_path / "new.txt").write_text("the red dog house ab\n", encoding="utf-8")
    (tmp_path / "e5").symlink_to(models / "learner")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.usefixtures("page_folder")
def test_commands_of_the_page(xlner: Command) -> None:
    lines = [line.removeprefix("$ xlner ") for block in blocks("console") for line in block.splitlines()]
    assert lines[0] == "encoder export e5"
    for line in lines[1:]:
        more = ["--train-embeddings", "--learning-rate", "1e-2", "--epochs", "6"] if line.startswith("train ") else []
        ran = xlner(*shlex.split(line), *more)
        assert ran.code == 0, (line, ran.err)


@pytest.mark.usefixtures("page_folder")
def test_python_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(code, {})
    assert "{'de': 20, 'en': 20}" in capsys.readouterr().out
