"""A model that the trainer has made, in all places of projection that take a recognizer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Ensemble, Pipeline, Sentence, evaluate, raise_errors, read_sentences, write_sentences
from xlner.transfer.training_sets import TrainingSet

torch = pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

from tests.test_transfer import learner, some_sentences  # noqa: E402
from xlner.transfer import TrainingOptions, train  # noqa: E402

BY_HEART = TrainingOptions(epochs=14, batch_size=10, learning_rate=1e-2, freeze_embeddings=False, dropout=0.0)
GOLD = some_sentences(50)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The spec of a recognizer that knows GOLD by heart."""
    folder = tmp_path_factory.mktemp("models")
    learner(folder)
    train(str(folder / "learner"), [TrainingSet("en", GOLD, GOLD)], folder / "trained", BY_HEART)
    return f"hf:{folder / 'trained'}"


def plain() -> list[Sentence]:
    return [s.with_entities(()) for s in GOLD]


@pytest.mark.parametrize("name", ["ner-candidates?", "fused?weights=alignment:1,ner:0.5&", "fused:align+ner?"])
def test_as_candidates_and_as_score(model: str, name: str) -> None:
    pipeline = Pipeline("echo", model, "oracle", f"{name}recognizer={model}", target_lang="gl", on_warning=None)
    found = [pair.labeled for pair in pipeline.run(plain())]
    assert evaluate(GOLD, found).micro.f1 == 1.0


def test_in_an_ensemble_with_itself_and_with_nothing_to_project(model: str) -> None:
    sure = Pipeline("echo", model, "oracle", "greedy", target_lang="gl", on_warning=None)
    assert evaluate(GOLD, [p.labeled for p in Ensemble(sure, [model]).run(plain())]).micro.f1 == 1.0
    silent = Pipeline("echo", model, "oracle", "greedy", target_lang="gl", on_warning=None, ignore=())
    silent.recognizer = None  # then sentences have no source entities
    assert evaluate(GOLD, [p.labeled for p in Ensemble(silent, [model]).run(plain())]).micro.f1 == 1.0


def test_on_the_command_line(model: str, xlner: Command, tmp_path: Path, fakes: list[str]) -> None:
    gold, out = tmp_path / "gold.conll", tmp_path / "out.conll"
    write_sentences(GOLD, gold)
    stages = ["--translator", "echo", "--recognizer", model, "--aligner", "oracle"]
    for more in (
        ["--ensemble", model],
        ["--route", "project", "--projector", f"ner-candidates?recognizer={model}"],
        ["--route", "project", "--projector", f"fused?weights=alignment:1,ner:0.5&recognizer={model}"],
    ):
        assert xlner("label", gold, "--lang", "gl", "-o", out, *stages, *more).code == 0
        assert evaluate(GOLD, list(raise_errors(read_sentences(out)))).micro.f1 == 1.0
    # a source recognizer that knows nothing of these sentences: what is found is by transfer alone
    ran = xlner("label", gold, "--lang", "gl", "-o", out, *fakes, "--route", "both", "--ensemble", model)
    assert (ran.code, evaluate(GOLD, list(raise_errors(read_sentences(out)))).micro.f1) == (0, 1.0)
