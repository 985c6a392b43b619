from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import BackendError, InputError, Sentence, ValidationError, load
from xlner.errors import RunFolderError, UnknownNameError, UsageError
from xlner.models.masking import Masking
from xlner.recognition.hf import HfRecognizer
from xlner.transfer.language_adapters import (
    LanguageAdapterOptions,
    LanguageAdapterReport,
    train_language_adapter,
)
from xlner.transfer.orthogonal import folder_orthogonality

torch = pytest.importorskip("torch", reason="needs xlner[hf]")
transformers = pytest.importorskip("transformers", reason="needs xlner[hf]")

from tests.tiny_recognizers import quietly, save_model  # noqa: E402
from xlner.transfer.adapters import add_adapters  # noqa: E402

FAMILIES = ("xlmr", "deberta", "bert")
TEXT = [Sentence(words) for words in (("Ana", "lives", "in", "Vigo"), ("Santiago", "de", "Vigo"))] * 40
TUNING = LanguageAdapterOptions(epochs=3, batch_size=16, learning_rate=1e-2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {family: save_model(family, root / family) for family in FAMILIES}


def save_masked(family: str, source: Path, folder: Path) -> Path:
    """The same model with a head for masked language modeling."""
    torch.manual_seed(2)
    config = transformers.AutoConfig.from_pretrained(source)
    quietly(transformers.AutoModelForMaskedLM.from_config(config).save_pretrained, folder)
    transformers.AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


def stacked(source: Path, spec: str, folder: Path) -> Path:
    """A model saved with new task adapters, whose `up` is no zero, on a language adapter."""
    made: list[Any] = []
    quietly(lambda path: made.append(transformers.AutoModelForTokenClassification.from_pretrained(path)), source)
    adapted = add_adapters(made[0].eval(), spec)
    with torch.no_grad():
        for weights in adapted.trained:
            weights.add_(0.1)
    adapted.save(folder)
    transformers.AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("masked", [False, True])
def test_training_lowers_the_loss_on_other_text(
    folders: dict[str, Path], tmp_path: Path, family: str, masked: bool
) -> None:
    source = save_masked(family, folders[family], tmp_path / "masked") if masked else folders[family]
    steps = []
    report = train_language_adapter(
        str(source), TEXT, tmp_path / "out", TUNING, spec="orthogonal?size=4", on_step=lambda *told: steps.append(told)
    )
    assert report.before is not None
    assert report.after is not None
    assert report.after < report.before
    assert (report.sequences, len(report.losses)) == (76, 15)
    assert [(k, n) for k, n, _ in steps] == [(k, 15) for k in range(1, 16)]
    assert report.trained_parameters == 2 * (16 * 4 * 2 + 16 + 4)
    assert report.orthogonality is not None
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"adapter.json", "adapter.safetensors"}


def test_the_language_of_a_run_is_no_adapter(folders: dict[str, Path]) -> None:
    assert load("recognizer", f"hf:{folders['bert']}", language="gl").recognize(TEXT[:1]) is not None


def test_the_command(folders: dict[str, Path], tmp_path: Path, xlner: Command) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Ana lives in Vigo\nSantiago de Vigo\n" * 30, encoding="utf-8")
    command = ("train-language-adapter", folders["bert"], text, "-o", tmp_path / "gl", "--lang", "gl")
    ran = xlner(*command, "--adapter", "orthogonal?size=4", "--epochs", "2", "--learning-rate", "0.01")
    assert ran.code == 0
    assert "trained 296 weights on 57 sequences; loss" in ran.err
    assert "on text kept aside" in ran.err
    model = stacked(folders["bert"], f"orthogonal?size=3&language={tmp_path / 'gl'}", tmp_path / "model")
    assert xlner("recognize", text, "--lang", "gl", "--recognizer", f"hf:{model}?adapter={tmp_path / 'gl'}").code == 0
    again = xlner(*command)
    assert again.code == 2
    assert "exists already" in again.err
    assert xlner(*command, "--overwrite", "--limit", "3").code == 0
    (tmp_path / "bad.conll").write_text("Ana\tX-PER\n\nVigo\tO\n", encoding="utf-8")
    bad = ("train-language-adapter", folders["bert"], tmp_path / "bad.conll", "-o", tmp_path / "bad")
    assert xlner(*bad).code == 2
    ran = xlner(*bad, "--on-error", "skip")
    assert ran.code == 1
    assert "1 sentence could not be read" in ran.err


def test_the_seed_decides(folders: dict[str, Path], tmp_path: Path) -> None:
    losses = [
        train_language_adapter(
            str(folders["bert"]), TEXT[:20], tmp_path / str(k), LanguageAdapterOptions(batch_size=8, seed=seed)
        ).losses
        for k, seed in enumerate((1, 1, 2))
    ]
    assert losses[0] == losses[1] != losses[2]


class BrokenError(Exception):
    pass


def test_an_interrupted_run_resumes(folders: dict[str, Path], tmp_path: Path) -> None:
    def train(name: str, **options: Any) -> LanguageAdapterReport:
        spec = "orthogonal?size=4"
        return train_language_adapter(str(folders["bert"]), TEXT, tmp_path / name, TUNING, spec=spec, **options)

    def stop(step: int, steps: int, loss: float) -> None:
        if step == 8:
            raise BrokenError

    whole = train("whole")
    with pytest.raises(BrokenError):
        train("out", checkpoint_every=7, on_step=stop)
    assert not (tmp_path / "out").exists()
    with pytest.raises(RunFolderError, match="another text"):
        train_language_adapter(str(folders["bert"]), TEXT[1:], tmp_path / "out", TUNING, spec="orthogonal?size=4")
    steps: list[int] = []
    resumed = train("out", on_step=lambda step, *_: steps.append(step))
    assert steps == list(range(8, 16))
    assert resumed == whole
    assert (tmp_path / "out" / "adapter.safetensors").read_bytes() == (
        tmp_path / "whole" / "adapter.safetensors"
    ).read_bytes()
    assert not (tmp_path / "out.training").exists()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["orthogonal", "bottleneck"])
def test_a_task_adapter_stands_on_a_language_adapter(
    folders: dict[str, Path], tmp_path: Path, family: str, kind: str
) -> None:
    source = folders[family]
    language = tmp_path / "language"
    train_language_adapter(str(source), TEXT, language, TUNING, spec="bottleneck?size=4")
    model = stacked(source, f"{kind}?size=3&language={language}", tmp_path / "model")
    alone = stacked(source, f"{kind}?size=3", tmp_path / "alone")
    found, without = (HfRecognizer(str(folder)).probabilities(TEXT[:2]) for folder in (model, alone))
    assert not np.allclose(found[0], without[0], atol=1e-3)
    # A language adapter that adds nothing leaves the task adapter alone.
    nothing = tmp_path / "nothing"
    train_language_adapter(
        str(source), TEXT[:2], nothing, LanguageAdapterOptions(learning_rate=1e-30), spec="bottleneck?size=4"
    )
    swapped = HfRecognizer(str(model), adapter=str(nothing))
    for a, b in zip(swapped.probabilities(TEXT[:2]), without, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert swapped.fingerprint != HfRecognizer(str(model)).fingerprint
    assert 0 < folder_orthogonality(model, TEXT[:2], name="language").mean < 1


def test_the_language_adapter_is_kept(folders: dict[str, Path], tmp_path: Path) -> None:
    language = tmp_path / "language"
    train_language_adapter(str(folders["bert"]), TEXT, language, TUNING, spec="orthogonal?size=4")
    model = transformers.AutoModelForTokenClassification.from_pretrained(folders["bert"])
    adapted = add_adapters(model, f"orthogonal?size=3&language={language}")
    learning = {name for name, weights in model.named_parameters() if weights.requires_grad}
    assert learning
    assert all(".adapters.task." in name or name.startswith("classifier.") for name in learning)
    assert any(".adapters.language." in name for name in model.state_dict())
    assert len(adapted.trained) == 8


def test_adapters_that_do_not_fit(folders: dict[str, Path], tmp_path: Path) -> None:
    language = tmp_path / "language"
    bert = str(folders["bert"])
    train_language_adapter(bert, TEXT[:2], language, spec="bottleneck?size=4")
    other = transformers.AutoModelForTokenClassification.from_pretrained(folders["xlmr"])
    with pytest.raises(BackendError, match="was trained on another model"):
        add_adapters(other, f"bottleneck?language={language}")
    model = transformers.AutoModelForTokenClassification.from_pretrained(folders["bert"])
    with pytest.raises(BackendError, match=r"has no adapter\.json; give the folder of a language adapter"):
        add_adapters(model, f"bottleneck?language={tmp_path}")
    facts = json.loads((language / "adapter.json").read_text(encoding="utf-8"))
    del facts["adapter"]["size"]
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "adapter.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(BackendError, match="is damaged"):
        add_adapters(model, f"bottleneck?language={tmp_path / 'damaged'}")


def test_language_adapters_that_cannot_take_the_place_of_others(folders: dict[str, Path], tmp_path: Path) -> None:
    bert = folders["bert"]
    language, larger = tmp_path / "language", tmp_path / "larger"
    train_language_adapter(str(bert), TEXT[:2], language, spec="bottleneck?size=4")
    train_language_adapter(str(bert), TEXT[:2], larger, spec="bottleneck?size=5")
    model = stacked(bert, f"bottleneck?size=3&language={language}", tmp_path / "model")
    with pytest.raises(BackendError, match="size=5"):
        HfRecognizer(str(model), adapter=str(larger))
    alone = stacked(bert, "bottleneck?size=3", tmp_path / "alone")
    with pytest.raises(BackendError, match="the model has no language adapter"):
        HfRecognizer(str(alone), adapter=str(language))
    with pytest.raises(BackendError, match="has no language adapter that could be replaced"):
        HfRecognizer(str(bert), adapter=str(language))
    task = tmp_path / "task"
    task.mkdir()
    for file in language.iterdir():
        (task / file.name).write_bytes(file.read_bytes().replace(b'"name": "language"', b'"name": "task"'))
    with pytest.raises(BackendError, match="has a task adapter, not a language adapter"):
        HfRecognizer(str(model), adapter=str(task))


def test_what_cannot_be_trained(folders: dict[str, Path], tmp_path: Path) -> None:
    bert = str(folders["bert"])
    with pytest.raises(InputError, match="there is no text"):
        train_language_adapter(bert, [Sentence(("\u200b",)), Sentence(())], tmp_path / "out")
    for spec in ("lora", "full", "orthogonal?kind=task"):
        with pytest.raises(UsageError, match="is not a language adapter"):
            train_language_adapter(bert, TEXT, tmp_path / "out", spec=spec)
    with pytest.raises(UnknownNameError, match="no option 'rank'"):
        train_language_adapter(bert, TEXT, tmp_path / "out", spec="orthogonal?rank=3")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(InputError, match="exists already"):
        train_language_adapter(bert, TEXT, tmp_path / "full")
    no_mask = tmp_path / "no-mask"
    save_model("bert", no_mask, tokenizer=False)
    tokenizer = transformers.AutoTokenizer.from_pretrained(bert)
    tokenizer.mask_token = None
    tokenizer.save_pretrained(no_mask)
    with pytest.raises(ValidationError, match="no mask token"):
        train_language_adapter(str(no_mask), TEXT, tmp_path / "out")
    for bad in ({"epochs": 0}, {"learning_rate": 0}, {"seed": -1}, {"max_length": 0}):
        with pytest.raises(ValidationError):
            LanguageAdapterOptions(**bad)
    with pytest.raises(BackendError):
        train_language_adapter(str(tmp_path / "full"), TEXT, tmp_path / "out")


@given(st.lists(st.integers(10, 99), min_size=1, max_size=60), st.integers(0, 2**32))
def test_masking(pieces: list[int], seed: int) -> None:
    masking = Masking(1, np.array([10, 50, 99]), head=2, tail=1)
    sequence = [2, 3, *pieces, 4]
    masked = masking(sequence, np.random.default_rng(seed))
    assert masked == masking(sequence, np.random.default_rng(seed))
    assert masked.positions == sorted(set(masked.positions))
    assert masked.positions
    assert all(2 <= p < len(sequence) - 1 for p in masked.positions)
    assert masked.wanted == [sequence[p] for p in masked.positions]
    changed = {p for p, (a, b) in enumerate(zip(sequence, masked.shown, strict=True)) if a != b}
    assert changed <= set(masked.positions)
    assert all(masked.shown[p] in (1, 10, 50, 99) for p in changed)


def test_shares_of_what_is_masked() -> None:
    masking = Masking(1, np.arange(10, 1000), head=0, tail=0)
    sequence = np.random.default_rng(0).integers(10, 1000, 20_000).tolist()
    masked = masking(sequence, np.random.default_rng(1))
    assert len(masked.positions) / 20_000 == pytest.approx(0.15, abs=0.01)
    shown = [masked.shown[p] for p in masked.positions]
    assert np.mean([piece == 1 for piece in shown]) == pytest.approx(0.8, abs=0.02)
    assert np.mean([a == b for a, b in zip(shown, masked.wanted, strict=True)]) == pytest.approx(0.1, abs=0.02)
