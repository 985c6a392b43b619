"""Fine-tuning on tiny models."""

from __future__ import annotations

import json
import math
import resource
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import BackendError, InputError, Pair, Sentence, ValidationError, load
from xlner.errors import RunFolderError, UnknownNameError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tests.hf_models import MAKERS, WORDS  # noqa: E402
from xlner.alignment.hf import training as module  # noqa: E402
from xlner.alignment.hf.objectives import SelfTraining, TranslationLanguageModeling  # noqa: E402
from xlner.alignment.hf.states import Forward  # noqa: E402
from xlner.alignment.hf.training import AlignerTrainingOptions, train_aligner  # noqa: E402
from xlner.models.masking import Masking  # noqa: E402
from xlner.models.subwords import Subwords  # noqa: E402
from xlner.models.training import rate, shuffled_batches  # noqa: E402
from xlner.models.training_state import TrainingState  # noqa: E402

FAST = AlignerTrainingOptions(learning_rate=1e-3, batch_size=10, temperature=0.1, prefix="a", seed=3)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("models") / "bert"
    MAKERS["bert"](folder)
    return folder


def sentence(words: str | Sequence[str]) -> Sentence:
    return Sentence(tuple(words.split() if isinstance(words, str) else words))


def some_pairs(n: int = 45) -> list[Pair]:
    rng = np.random.default_rng(1)
    sides = [rng.choice(WORDS, rng.integers(2, 7)).tolist() for _ in range(n)]
    return [Pair(sentence([*side, "dog"]), sentence(side)) for side in sides]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = load_file(folder / "model.safetensors")
    return found


def same(a: Path, b: Path) -> bool:
    x, y = weights(a), weights(b)
    return x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)


# --- Objectives ---


class Fixed(Forward):
    """Gives states that were made up."""

    def __init__(self, states: Any) -> None:
        self.states = states
        self.seen: list[Sequence[Sequence[int]]] = []

    def __call__(self, batch: Sequence[Sequence[int]]) -> Any:
        self.seen.append(batch)
        return self.states[: len(batch), : max(map(len, batch))]


def texts() -> tuple[Subwords, Subwords]:
    return Subwords.of([(7, 8), (), (9,)], [0], [2]), Subwords.of([(5,), (6, 4)], [0], [2])


def literal_so(x: np.ndarray, y: np.ndarray, of_x: list[int], of_y: list[int], t: float, threshold: float) -> float:
    """Equation by equation, with loops."""
    cos = [[float(a @ b / math.sqrt(a @ a) / math.sqrt(b @ b)) / t for b in y] for a in x]
    there = [[math.exp(v) / sum(map(math.exp, row)) for v in row] for row in cos]
    columns = list(zip(*cos, strict=True))
    back = [[math.exp(cos[i][j]) / sum(map(math.exp, columns[j])) for j in range(len(y))] for i in range(len(x))]
    links = {
        (of_x[i], of_y[j])
        for i in range(len(x))
        for j in range(len(y))
        if there[i][j] > threshold and back[i][j] > threshold
    }
    return -sum(
        (there[i][j] / len(x) + back[i][j] / len(y)) / 2
        for i in range(len(x))
        for j in range(len(y))
        if (of_x[i], of_y[j]) in links
    )


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.2, 0.45]))
@settings(deadline=None, max_examples=40)
def test_self_training_is_the_equation(seed: int, threshold: float) -> None:
    states = np.random.default_rng(seed).standard_normal((2, 5, 4)).astype(np.float32)
    source, target = texts()
    loss = SelfTraining(Fixed(torch.from_numpy(states)), 0.5, threshold)([(source, target)], np.random.default_rng(0))
    assert float(loss) == pytest.approx(
        literal_so(states[0, 1:4], states[1, 1:4], [0, 0, 2], [0, 1, 1], 0.5, threshold), abs=1e-5
    )


def test_the_translation_model_guesses_what_was_masked() -> None:
    states = torch.from_numpy(np.random.default_rng(0).standard_normal((400, 12, 4)).astype(np.float32))
    candidates = np.array([4, 5, 6, 7, 8, 9])
    vectors = torch.from_numpy(np.random.default_rng(1).standard_normal((6, 4)).astype(np.float32))
    forward = Fixed(states)
    objective = TranslationLanguageModeling(forward, torch.nn.Identity(), vectors, Masking(99, candidates), 8)
    loss = objective([texts()] * 400, np.random.default_rng(5))
    whole = [0, 7, 8, 9, 2, 5, 6, 4]
    expected, masked, changed = 0.0, 0, 0
    rng = np.random.default_rng(5)
    for row, sequence in enumerate(forward.seen[0]):
        assert len(sequence) == 8
        assert all(sequence[i] == whole[i] for i in (0, 4))
        masked_pair = objective.masked(texts(), rng)
        positions, pieces = masked_pair.positions, masked_pair.wanted
        assert masked_pair.shown == sequence
        assert pieces == [whole[i] for i in positions]
        losses = []
        for position, piece in zip(positions, pieces, strict=True):
            scores = (states[row, position] @ vectors.T).double().numpy()
            losses.append(math.log(np.exp(scores).sum()) - scores[candidates.tolist().index(piece)])
            masked += sequence[position] == 99
        changed += len(positions)
        expected += sum(losses) / len(losses) if losses else 0
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    assert changed / (400 * 6) == pytest.approx(0.15, abs=0.03)
    assert masked / changed == pytest.approx(0.8, abs=0.06)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.integers(1, 7), st.integers(0, 99))
def test_every_pair_comes_once_an_epoch(lengths: list[int], size: int, seed: int) -> None:
    batches = shuffled_batches(lengths, size, np.random.default_rng(seed))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // size)
    assert max(map(len, batches)) <= size


@given(st.integers(1, 300))
def test_the_learning_rate_rises_and_falls(steps: int) -> None:
    rates = [rate(step, steps) for step in range(steps)]
    assert max(rates) == pytest.approx(1.0)
    assert all(0 < r <= 1 for r in rates)
    assert rates[rates.index(max(rates)) :] == sorted(rates[rates.index(max(rates)) :], reverse=True)


# --- AlignerTrainingOptions ---


@pytest.mark.parametrize("objective", ["so", "tlm", "so+tlm"])
def test_training_lowers_the_loss_of_its_layers(bert: Path, tmp_path: Path, objective: str) -> None:
    options = AlignerTrainingOptions(objective, layer=2, epochs=4, learning_rate=3e-3, batch_size=15, temperature=0.1)
    report = train_aligner(str(bert), some_pairs(), tmp_path / "out", options)
    assert (report.used, report.left_out, len(report.losses)) == (45, 0, 12)
    assert np.mean(report.losses[-3:]) < np.mean(report.losses[:3])
    before, after = weights(bert), weights(tmp_path / "out")
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert before.keys() == after.keys()
    assert any(key.startswith("encoder.layer.1.") for key in changed)
    assert any(key.startswith("encoder.layer.2.") for key in changed) == ("tlm" in objective)
    assert not any(key.startswith("embeddings.") for key in changed)
    facts = json.loads((tmp_path / "out" / "training.json").read_text())
    assert (facts["objective"], facts["layer"], facts["used"]) == (objective, 2, 45)
    aligner = load("aligner", f"hf:{tmp_path / 'out'}?layer=2")
    assert aligner.align(some_pairs(3))[0].links
    assert not (tmp_path / "out.training").exists()


def test_word_vectors_are_trained_where_asked_for(bert: Path, tmp_path: Path) -> None:
    train_aligner(
        str(bert), some_pairs(10), tmp_path / "out", AlignerTrainingOptions(train_embeddings=True, learning_rate=1e-2)
    )
    key = "embeddings.word_embeddings.weight"
    assert not torch.equal(weights(bert)[key], weights(tmp_path / "out")[key])


@pytest.mark.parametrize("name", ["albert", "mt5", "nllb"])
def test_other_architectures(tmp_path: Path, name: str) -> None:
    torch.manual_seed(7)
    MAKERS[name](tmp_path / name)
    train_aligner(
        str(tmp_path / name), some_pairs(10), tmp_path / "out", AlignerTrainingOptions(layer=2, learning_rate=1e-2)
    )
    before, after = weights(tmp_path / name), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed
    assert not any("decoder" in key for key in changed)
    assert load("aligner", f"hf:{tmp_path / 'out'}?layer=2").align(some_pairs(1))


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("objective", ["so", "so+tlm"])
def test_a_broken_run_goes_on_to_the_same_weights(bert: Path, tmp_path: Path, objective: str) -> None:
    options = AlignerTrainingOptions(objective, epochs=2, batch_size=10, learning_rate=1e-3, temperature=0.1, seed=3)

    def breaks(step: int, steps: int, loss: float) -> None:
        if step == 7:
            raise BrokenError

    whole = train_aligner(str(bert), some_pairs(), tmp_path / "whole", options)
    with pytest.raises(BrokenError):
        train_aligner(str(bert), some_pairs(), tmp_path / "broken", options, checkpoint_every=3, on_step=breaks)
    assert not (tmp_path / "broken").exists()
    steps: list[int] = []
    again = train_aligner(
        str(bert), some_pairs(), tmp_path / "broken", options, on_step=lambda step, *_: steps.append(step)
    )
    assert steps == [7, 8, 9, 10]
    assert again == whole
    assert same(tmp_path / "whole", tmp_path / "broken")


def test_threads_and_runs_change_nothing_but_seeds_do(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, threads, seed in [("a", 1, 3), ("b", 3, 3), ("c", 1, 4)]:
        monkeypatch.setattr(module, "cpus", lambda threads=threads: threads)
        options = AlignerTrainingOptions(learning_rate=1e-3, batch_size=20, temperature=0.1, seed=seed)
        train_aligner(str(bert), some_pairs(), tmp_path / name, options)
    assert same(tmp_path / "a", tmp_path / "b")
    assert not same(tmp_path / "a", tmp_path / "c")


def test_another_run_is_not_taken_up(bert: Path, tmp_path: Path) -> None:
    def breaks(*_: object) -> None:
        raise BrokenError

    with pytest.raises(BrokenError):
        train_aligner(str(bert), some_pairs(), tmp_path / "out", FAST, on_step=breaks)
    with pytest.raises(RunFolderError, match=r"another pairs; use --overwrite"):
        train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST)
    with pytest.raises(RunFolderError, match=r"another seed"):
        train_aligner(str(bert), some_pairs(), tmp_path / "out", replace(FAST, seed=4))
    train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST, overwrite=True)
    with pytest.raises(InputError, match="exists already"):
        train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST)
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match="cannot be used: Not a directory"):
        train_aligner(str(bert), some_pairs(9), tmp_path / "file" / "out", FAST)


def test_two_processes_cannot_train_into_the_same_folder(bert: Path, tmp_path: Path) -> None:
    def again(*_: object) -> None:
        with pytest.raises(RunFolderError, match="is in use by another process"):
            train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST)
        with pytest.raises(RunFolderError, match="is in use by another process"):
            train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST, overwrite=True)

    train_aligner(str(bert), some_pairs(9), tmp_path / "out", FAST, checkpoint_every=1, on_step=again)
    assert not (tmp_path / "out.training").exists()


def test_a_loss_that_is_not_finite_ends_the_training(bert: Path, tmp_path: Path) -> None:
    options = replace(FAST, learning_rate=1e38, epochs=9)
    with pytest.raises(BackendError, match=r"training failed at step \d+: the (loss|norm of the gradient) is nan"):
        train_aligner(str(bert), some_pairs(), tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


def test_a_state_that_was_written_halfway_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "out.training"
    with TrainingState.beside(tmp_path / "out", {"seed": 1}) as state:
        state.save({"step": 1})
        with pytest.raises(AttributeError):
            state.save({"step": lambda: 2})
        assert state.load() == {"step": 1}
    (folder / ".state.pt.0a1b2c3d.part").write_bytes(b"PK")
    with TrainingState(folder, {"seed": 1}) as state:
        assert state.load() == {"step": 1}
        assert sorted(p.name for p in folder.iterdir()) == [".lock", "run.json", "state.pt"]
    (folder / "run.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"run\.json is damaged; use --overwrite to start over"):
        TrainingState(folder, {"seed": 1})
    with TrainingState(folder, {"seed": 2}, overwrite=True) as state:
        assert state.load() is None
        state.save({"step": 1})
        whole = (folder / "state.pt").read_bytes()
        for damaged in (b"", b"PK", whole[: len(whole) // 2], b"[1, 2]"):
            (folder / "state.pt").write_bytes(damaged)
            with pytest.raises(RunFolderError, match=r"state\.pt is damaged .*; use --overwrite to start over"):
                state.load()
        (folder / "mine.txt").touch()
        state.clear()
    assert [p.name for p in folder.iterdir()] == ["mine.txt"]
    for overwrite in (False, True):
        with pytest.raises(RunFolderError, match=r"holds other files, such as mine.txt, and is not the folder of a"):
            TrainingState(folder, {"seed": 2}, overwrite=overwrite)


def test_a_state_that_does_not_fit_on_the_disk_leaves_the_old_one(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with TrainingState(tmp_path / "out", {}) as state:
        state.save({"weights": torch.zeros(10)})
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        try:
            with pytest.raises(InputError, match=r"state\.pt: cannot be written: File too large"):
                state.save({"weights": torch.zeros(100_000)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        found = state.load()
        assert found is not None
        assert len(found["weights"]) == 10
        assert sorted(p.name for p in state.folder.iterdir()) == [".lock", "run.json", "state.pt"]


def test_pairs_that_cannot_be_used_are_counted(bert: Path, tmp_path: Path) -> None:
    odd = [
        Pair(sentence(""), sentence("the")),
        Pair(sentence("the"), sentence("\u200b")),
        Pair(sentence(["a"] * 40), sentence("the")),
    ]
    report = train_aligner(str(bert), [*odd, *some_pairs(5)], tmp_path / "out", FAST)
    assert (report.used, report.left_out) == (5, 3)
    with pytest.raises(InputError, match="none of 3 pairs"):
        train_aligner(str(bert), odd, tmp_path / "other", FAST)
    with pytest.raises(ValidationError, match="has no source sentence"):
        train_aligner(str(bert), [Pair(sentence("the"))], tmp_path / "other", FAST)


def test_bad_options(bert: Path, tmp_path: Path) -> None:
    for options, message in [
        ({"objective": "psi"}, "unknown objective 'psi'; known: so, tlm, so"),
        ({"epochs": 0}, "at least 1"),
        ({"temperature": 0.0}, "above 0"),
        ({"threshold": 1.0}, "below 1"),
    ]:
        with pytest.raises((ValidationError, UnknownNameError), match=message):
            AlignerTrainingOptions(**options)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="nothing to train"):
        train_aligner(str(bert), some_pairs(3), tmp_path / "out", AlignerTrainingOptions(layer=0))
    MAKERS["mt5"](tmp_path / "mt5")
    with pytest.raises(ValidationError, match="no mask token"):
        train_aligner(str(tmp_path / "mt5"), some_pairs(3), tmp_path / "out", AlignerTrainingOptions("tlm"))


def test_the_command(xlner: Command, bert: Path, tmp_path: Path) -> None:
    source, target, out = tmp_path / "en.txt", tmp_path / "es.txt", tmp_path / "out"
    source.write_text("the red cat\nthe dog\n\n")
    target.write_text("a red cat\na blue dog\nthe\n")
    arguments = ["train-aligner", bert, source, target, "-o", out, "--layer", "2", "--epochs", "2"]
    ran = xlner(*arguments)
    assert ran.code == 0
    assert ran.err.startswith("xlner: trained on 2 pairs, 1 left out (empty or too long); loss -")
    assert len(json.loads((out / "training.json").read_text())["losses"]) == 2
    again = xlner(*arguments)
    assert again.code == 2
    assert "exists already; give --overwrite" in again.err
    assert xlner(*arguments, "--overwrite").code == 0
    target.write_bytes(b"a red cat\n\xff\nthe\n")
    skipped = xlner(*arguments, "--overwrite", "--on-error", "skip")
    assert skipped.code == 1
    assert "1 could not be read" in skipped.err


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    from xlner.cli.progress import show_step

    show_step(1, 2, -0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    show_step(1, 2, -0.5)
    show_step(2, 2, -0.5)
    assert capsys.readouterr().err == "\rstep 1 of 2, loss -0.5000\rstep 2 of 2, loss -0.5000\n"
