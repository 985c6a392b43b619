from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xlner import BackendError, Entity, Sentence, ValidationError, evaluate, write_sentences
from xlner.errors import MissingExtraError, UnknownNameError, UsageError
from xlner.recognition.hf import HfRecognizer
from xlner.transfer.orthogonal import Cosines, folder_orthogonality, orthogonality, squared_cosines
from xlner.transfer.specs import Bottleneck, Lora, Orthogonal, parse_parameters

torch = pytest.importorskip("torch", reason="needs xlner[hf]")
transformers = pytest.importorskip("transformers", reason="needs xlner[hf]")

from tests.tiny_recognizers import FAMILIES, quietly, save_model  # noqa: E402
from xlner.models.adapters import AdapterShape, adapters_of, attach, is_adapted  # noqa: E402
from xlner.transfer import TrainingOptions, TrainingReport, TrainingSet, add_adapters, train  # noqa: E402

SPECS = ("bottleneck?size=4", "bottleneck?size=4&style=houlsby&activation=gelu", "orthogonal?size=4&weight=2")
ALL = [*SPECS, "lora?rank=2", "lora?rank=2&targets=all"]
TEXT = [Sentence(("Ana", "lives", "in", "Vigo", ".")), Sentence(("Santiago", "de", "Vigo")), Sentence(("zzzz",))]
IDS = torch.tensor([[2, 8, 9, 10, 11, 12, 3], [2, 13, 14, 15, 3, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0]])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {family: save_model(family, root / family) for family in FAMILIES}


def loaded(folder: Path) -> Any:
    made: list[Any] = []
    quietly(lambda path: made.append(transformers.AutoModelForTokenClassification.from_pretrained(path)), folder)
    return made[0].eval()


def logits(model: Any) -> Any:
    return model(input_ids=IDS, attention_mask=MASK).logits


def trained(model: Any, spec: str, *, steps: int = 3, seed: int = 0) -> Any:
    """Adapters that have learned to call every word `I-LOC`, and the losses."""
    adapted = add_adapters(model, spec, seed=seed)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(logits(model)[MASK > 0], torch.full((12,), 4))
        penalty = adapted.penalty()
        (loss if penalty is None else loss + penalty).backward()
        optimizer.step()
        optimizer.zero_grad()
    return adapted


def save(adapted: Any, source: Path, folder: Path) -> Path:
    quietly(adapted.save, folder)
    transformers.AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


def test_specs() -> None:
    assert parse_parameters("full") is None
    assert parse_parameters("lora?alpha=4&targets=all") == Lora(8, 4.0, "all")
    assert parse_parameters("bottleneck") == Bottleneck()
    assert parse_parameters("orthogonal?size=3&kind=language&weight=.5") == Orthogonal(
        size=3, kind="language", weight=0.5
    )
    assert parse_parameters("bottleneck?language=(a&b)") == Bottleneck(language="a&b")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("lorra", "unknown parameters 'lorra'; did you mean 'lora'? known: bottleneck, full, lora, orthogonal"),
        ("lora?size=8", "parameters 'lora' have no option 'size'; options: rank, alpha, targets"),
        ("full?size=8", "parameters 'full' have no option 'size'; options: none"),
        ("bottleneck?weight=1", "no option 'weight'"),
        ("lora?rank=two", "rank of parameters 'lora' is not of type int: 'two'"),
        ("lora?targets=keys", "unknown targets 'keys' of lora; one of attention, all"),
        ("bottleneck?style=parallel", "unknown style of adapters 'parallel'; one of pfeiffer, houlsby"),
        ("bottleneck?activation=tanh", "unknown activation of adapters 'tanh'"),
        ("bottleneck?kind=domain", "unknown kind of adapter 'domain'; one of task, language"),
    ],
)
def test_specs_that_name_what_is_not_there(spec: str, message: str) -> None:
    for parse in (parse_parameters, lambda text: TrainingOptions(parameters=text)):
        with pytest.raises((UnknownNameError, UsageError)) as error:
            parse(spec)
        assert message in str(error.value)


@pytest.mark.parametrize(
    "spec",
    ["lora?rank=0", "lora?alpha=0", "bottleneck?size=0", "orthogonal?weight=-1", "orthogonal?weight=inf"],
)  # fmt: skip
def test_specs_with_values_that_cannot_be(spec: str) -> None:
    with pytest.raises(ValidationError):
        parse_parameters(spec)


def test_a_weight_that_is_no_number() -> None:
    with pytest.raises(UsageError, match="weight of parameters 'orthogonal' is not of type float: 'nan'"):
        parse_parameters("orthogonal?weight=nan")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("lora:8", "'lora' takes no argument"),
        ("bottleneck?kind=language&language=x", "a language adapter cannot be stacked on another one"),
    ],
)
def test_specs_that_cannot_be_used(spec: str, message: str) -> None:
    for parse in (parse_parameters, lambda text: TrainingOptions(parameters=text)):
        with pytest.raises(UsageError, match=message):
            parse(spec)


def test_full_puts_nothing_in(folders: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="use lora, bottleneck or orthogonal"):
        add_adapters(loaded(folders["bert"]), "full")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spec", ALL)
def test_new_adapters_change_nothing(folders: dict[str, Path], family: str, spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    model = loaded(folders[family])
    before = logits(model)
    add_adapters(model, spec, seed=3)
    torch.testing.assert_close(logits(model), before)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spec", ALL)
def test_adapters_and_the_head_learn_and_nothing_else(folders: dict[str, Path], family: str, spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    model = loaded(folders[family])
    untouched = {name: weights.clone() for name, weights in model.state_dict().items()}
    adapted = trained(model, spec)
    learning = {name for name, weights in model.named_parameters() if weights.requires_grad}
    ids = {id(weights) for weights in adapted.trained}
    assert learning == {
        name for name, weights in model.named_parameters() if id(weights) in ids or name.startswith("classifier.")
    }
    after = {name.replace(".base_layer.", "."): weights for name, weights in model.state_dict().items()}
    for name, weights in untouched.items():
        assert torch.equal(weights, after[name]) != name.startswith("classifier."), name
    assert all(weights.abs().sum() > 0 for weights in adapted.trained)
    n_places = {"houlsby": 2}.get("houlsby" if "houlsby" in spec else "", 1) * 2
    if "lora" not in spec:
        assert len(adapted.trained) == n_places * 4
        assert sum(p.numel() for p in adapted.trained) == n_places * (16 * 4 * 2 + 16 + 4)


def test_lora_updates_queries_and_values_or_everything(folders: dict[str, Path]) -> None:
    pytest.importorskip("peft", reason="needs xlner[lora]")
    names = {"attention": {"query_proj", "value_proj"}, "all": {"query_proj", "key_proj", "value_proj", "dense"}}
    for targets, expected in names.items():
        model = loaded(folders["deberta"])
        add_adapters(model, f"lora?rank=2&targets={targets}")
        found = {n.split(".lora_")[0].rpartition(".")[2] for n, _ in model.named_parameters() if ".lora_" in n}
        assert found == expected


@pytest.mark.parametrize("spec", ALL)
def test_the_seed_decides(folders: dict[str, Path], spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    state = torch.random.get_rng_state()
    one, same, other = (add_adapters(loaded(folders["bert"]), spec, seed=seed).trained for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spec", ALL)
def test_a_saved_model_says_the_same(folders: dict[str, Path], tmp_path: Path, family: str, spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    model = loaded(folders[family])
    adapted = trained(model, spec)
    folder = save(adapted, folders[family], tmp_path / "saved")
    expected = logits(model).detach()
    recognizer = HfRecognizer(str(folder), dtype="float32", device="cpu")
    with torch.inference_mode():
        torch.testing.assert_close(logits(recognizer.model), expected, rtol=1e-4, atol=1e-5)
    plain = HfRecognizer(str(folders[family]), dtype="float32", device="cpu").probabilities(TEXT)
    found = recognizer.probabilities(TEXT)
    assert any(np.abs(a - b).max() > 0.01 for a, b in zip(found, plain, strict=True))
    assert recognizer.classes == HfRecognizer(str(folders[family])).classes
    assert torch.equal(logits(model), expected), "saving changed the model"
    assert is_adapted(folder) == ("lora" not in spec)


def test_lora_is_saved_as_a_plain_model(folders: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="needs xlner[lora]")
    folder = save(trained(loaded(folders["xlmr"]), "lora"), folders["xlmr"], tmp_path / "saved")
    assert {p.name for p in folder.iterdir()} >= {"config.json", "model.safetensors"}
    made = transformers.AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
    assert not made[1]["missing_keys"]
    assert not made[1]["unexpected_keys"]


@pytest.mark.parametrize("spec", SPECS)
def test_plain_transformers_does_not_load_a_model_without_its_adapters(
    folders: dict[str, Path], tmp_path: Path, spec: str
) -> None:
    folder = save(trained(loaded(folders["bert"]), spec), folders["bert"], tmp_path / "saved")
    with pytest.raises(ValueError, match="xlner-adapted"):
        transformers.AutoModelForTokenClassification.from_pretrained(folder)
    with pytest.raises(ValueError, match="xlner-adapted"):
        transformers.pipeline("token-classification", model=str(folder))
    # A class named by the user reads the configuration of any model, but finds no weights.
    for cls in (transformers.BertForTokenClassification, transformers.BertModel):
        with pytest.raises((OSError, ValueError)):
            cls.from_pretrained(folder)


def test_a_folder_with_adapters_has_a_fingerprint_of_its_own(folders: dict[str, Path], tmp_path: Path) -> None:
    prints = set()
    for k, spec in enumerate(("bottleneck?size=4", "bottleneck?size=5", "orthogonal?size=4&weight=9")):
        folder = save(trained(loaded(folders["bert"]), spec), folders["bert"], tmp_path / str(k))
        prints.add(HfRecognizer(str(folder)).fingerprint)
    assert len(prints) == 3


def damaged_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del config["adapters"][0]["size"]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def missing_weights(folder: Path) -> None:
    (folder / "adapted.safetensors").unlink()


def cut_weights(folder: Path) -> None:
    path = folder / "adapted.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def other_size(folder: Path) -> None:
    text = (folder / "config.json").read_text(encoding="utf-8")
    (folder / "config.json").write_text(text.replace('"size": 4', '"size": 5'), encoding="utf-8")


@pytest.mark.parametrize("damage", [damaged_config, missing_weights, cut_weights, other_size])
def test_damaged_folders_are_told(folders: dict[str, Path], tmp_path: Path, damage: Any) -> None:
    folder = save(trained(loaded(folders["bert"]), "bottleneck?size=4"), folders["bert"], tmp_path / "saved")
    damage(folder)
    with pytest.raises(BackendError):
        HfRecognizer(str(folder))


def vectors(width: int = 5) -> st.SearchStrategy[Any]:
    return arrays(np.float32, (3, width), elements=st.floats(-10, 10, width=32))


@given(vectors(), vectors())
def test_squared_cosines_are_those_of_numpy(a: Any, x: Any) -> None:
    found = squared_cosines(torch.from_numpy(a), torch.from_numpy(x)).numpy()
    assert ((found >= 0) & (found <= 1 + 1e-5)).all()
    lengths = np.linalg.norm(a.astype(float), axis=1), np.linalg.norm(x.astype(float), axis=1)
    for k in range(3):
        if lengths[0][k] > 0.01 * lengths[1][k] > 1e-4:
            cosine = float(a[k].astype(float) @ x[k].astype(float)) / lengths[0][k] / lengths[1][k]
            assert found[k] == pytest.approx(cosine**2, abs=1e-3)


@given(vectors(), vectors(), st.floats(0.5, 10), st.floats(0.1, 1))
def test_squared_cosines_do_not_depend_on_lengths_but_on_directions(a: Any, x: Any, s: float, t: float) -> None:
    tensors = torch.from_numpy(a), torch.from_numpy(x)
    keep = (tensors[0].norm(dim=1) > 1) & (tensors[1].norm(dim=1) > 0.1)  # not far shorter than the state
    one = squared_cosines(*tensors)[keep]
    torch.testing.assert_close(squared_cosines(tensors[0] * s, tensors[1] * t)[keep], one, rtol=2e-3, atol=1e-4)
    torch.testing.assert_close(squared_cosines(-tensors[0], tensors[1])[keep], one)


@given(vectors(), st.floats(-3, 3).filter(lambda f: abs(f) > 0.1))
def test_what_is_orthogonal_and_what_is_parallel(x: Any, factor: float) -> None:
    states = torch.from_numpy(x)
    states = states[states.norm(dim=1) > 0.1]
    torch.testing.assert_close(squared_cosines(states * factor, states), torch.ones(len(states)), rtol=1e-4, atol=1e-4)
    swapped = torch.stack([-states[:, 1], states[:, 0]], dim=1)
    torch.testing.assert_close(squared_cosines(swapped, states[:, :2]), torch.zeros(len(states)))


def test_nothing_added_is_orthogonal_and_has_a_gradient() -> None:
    added = torch.zeros(2, 4, requires_grad=True)
    found = squared_cosines(added, torch.ones(2, 4))
    found.sum().backward()
    assert found.tolist() == [0, 0]
    assert torch.equal(added.grad, torch.zeros(2, 4))
    assert squared_cosines(torch.ones(2, 4), torch.zeros(2, 4)).tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 1)), min_size=1), st.randoms())
def test_the_order_of_passes_does_not_matter(seen: list[tuple[int, float]], random: Any) -> None:
    results = []
    for _ in range(2):
        cosines = Cosines()
        for layer, total in seen:
            cosines.add(layer, total, 1)
        results.append(cosines.result())
        random.shuffle(seen)
    assert results[0] == results[1]
    assert Cosines().result() is None


def reference_penalty(model: Any, weight: float) -> float:
    """By the formula, one sub-word after the other."""
    seen: list[tuple[Any, Any]] = []
    handles = [m.register_forward_hook(lambda _, x, a: seen.append((x[0], a))) for _, m in adapters_of(model, "task")]
    with torch.no_grad():
        logits(model)
    for handle in handles:
        handle.remove()
    squares = [
        float(torch.dot(a[i, j], x[i, j]) ** 2 / (a[i, j].norm() ** 2 * x[i, j].norm() ** 2))
        for x, a in seen for i, j in MASK.nonzero().tolist()
    ]  # fmt: skip
    return weight * float(np.mean(squares))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("style", ["pfeiffer", "houlsby"])
def test_the_penalty_is_the_mean_over_sub_words_and_places(folders: dict[str, Path], family: str, style: str) -> None:
    model = loaded(folders[family])
    adapted = trained(model, f"orthogonal?size=4&weight=2&style={style}")
    logits(model)
    assert float(adapted.penalty().detach()) == pytest.approx(reference_penalty(model, 2), rel=1e-3)
    assert adapted.penalty() is None, "there was no pass since"
    with torch.no_grad():
        logits(model)
    assert adapted.penalty() is None, "nothing is learned from this pass"


def test_without_a_weight_there_is_no_penalty_but_a_measure(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    adapted = add_adapters(model, "bottleneck?size=4")
    assert adapted.measures() == {}
    trained_ = trained(loaded(folders["bert"]), "bottleneck?size=4")
    assert trained_.penalty() is None
    found = trained_.measures()
    assert sorted(found) == ["mean_abs_cosine", "mean_abs_cosine_layer_1", "mean_abs_cosine_layer_2"]
    assert found["mean_abs_cosine"] == pytest.approx(
        (found["mean_abs_cosine_layer_1"] + found["mean_abs_cosine_layer_2"]) / 2
    )
    assert 0 < found["mean_abs_cosine"] < 1


def test_the_penalty_makes_adapters_orthogonal(folders: dict[str, Path], tmp_path: Path) -> None:
    cosines = {}
    for weight in (0, 10):
        model = loaded(folders["xlmr"])
        adapted = trained(model, f"orthogonal?size=4&weight={weight}", steps=40)
        folder = save(adapted, folders["xlmr"], tmp_path / str(weight))
        cosines[weight] = folder_orthogonality(folder, TEXT)
    assert cosines[10].mean < cosines[0].mean / 2
    assert len(cosines[10].layers) == 2


def test_measured_orthogonality(folders: dict[str, Path], tmp_path: Path) -> None:
    model = loaded(folders["bert"])
    new = add_adapters(model, "orthogonal?size=4")
    assert folder_orthogonality(save(new, folders["bert"], tmp_path / "new"), TEXT).mean == 0
    plain = HfRecognizer(str(folders["bert"]))
    with pytest.raises(BackendError, match="no task adapter"):
        orthogonality(plain, TEXT)
    folder = save(trained(loaded(folders["bert"]), "orthogonal?size=4"), folders["bert"], tmp_path / "saved")
    recognizers = [HfRecognizer(str(folder), batch_tokens=size, dtype="float32") for size in (8, 64)]
    one, other = (orthogonality(recognizer, TEXT * 3) for recognizer in recognizers)
    assert one.mean == pytest.approx(other.mean, rel=1e-4), "padding was counted"
    assert orthogonality(recognizers[0], TEXT * 3) == one, "hooks stayed"


def test_threads_do_not_see_the_passes_of_others(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    adapted = trained(model, "orthogonal?size=4")
    barrier = threading.Barrier(4)

    def one(k: int) -> float:
        ids = torch.roll(IDS[:, 1:4], k, dims=1)[:, : 1 + k % 3]
        barrier.wait()
        for _ in range(20):
            model(input_ids=ids, attention_mask=torch.ones_like(ids))
            found = float(adapted.penalty().detach())
        return found

    alone = []
    for k in range(4):
        ids = torch.roll(IDS[:, 1:4], k, dims=1)[:, : 1 + k % 3]
        model(input_ids=ids, attention_mask=torch.ones_like(ids))
        alone.append(float(adapted.penalty().detach()))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(4))) == alone


def test_without_a_mask_all_sub_words_count(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    adapted = trained(model, "orthogonal?size=4")
    model(input_ids=IDS, attention_mask=torch.ones_like(IDS))
    expected = float(adapted.penalty().detach())
    model(input_ids=IDS)
    assert float(adapted.penalty().detach()) == pytest.approx(expected)


def test_models_whose_layers_are_one(tmp_path: Path) -> None:
    config = transformers.AlbertConfig(
        vocab_size=30, embedding_size=8, hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=24, num_labels=3,
    )  # fmt: skip
    model = transformers.AlbertForTokenClassification(config)
    with pytest.raises(BackendError, match="type albert: its layers are not found"):
        add_adapters(model, "bottleneck")


def electra_and_others() -> Iterator[Any]:
    sizes = {"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    yield transformers.ElectraConfig(**sizes, embedding_size=16, intermediate_size=24)
    yield transformers.DistilBertConfig(vocab_size=30, dim=16, n_layers=2, n_heads=2, hidden_dim=24)
    yield transformers.ModernBertConfig(
        **sizes, intermediate_size=24, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2
    )


@pytest.mark.parametrize("k", range(3))
def test_other_models(k: int) -> None:
    config = list(electra_and_others())[k]
    config.num_labels = 5
    for spec in ("bottleneck?size=4", "bottleneck?size=4&style=houlsby", "lora?rank=2"):
        if "lora" in spec:
            pytest.importorskip("peft", reason="needs xlner[lora]")
        model = transformers.AutoModelForTokenClassification.from_config(config).eval()
        before = logits(model)
        if "houlsby" in spec and config.model_type == "modernbert":
            with pytest.raises(BackendError, match="use style=pfeiffer"):
                add_adapters(model, spec)
            continue
        adapted = trained(model, spec)
        assert not torch.equal(logits(model), before)
        assert adapted.trained


SENTENCES = [
    Sentence(("Ana", "lives", "in", "Vigo", "."), (Entity(0, 1, "PER"), Entity(3, 4, "LOC"))),
    Sentence(("Santiago", "de", "Vigo"), (Entity(0, 3, "LOC"),)),
    Sentence(("abc", "lives", "in", "a", "de")),
] * 8


@pytest.mark.parametrize("spec", ["lora?rank=4", *SPECS])
def test_training_with_adapters(folders: dict[str, Path], tmp_path: Path, spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    gold = SENTENCES[:6]
    tuning = TrainingOptions(epochs=6, batch_size=8, learning_rate=3e-2, parameters=spec, dtype="float32", device="cpu")
    report = train(str(folders["xlmr"]), [TrainingSet("en", SENTENCES, gold)], tmp_path / "model", tuning)
    found = HfRecognizer(str(tmp_path / "model"), dtype="float32", device="cpu").recognize(gold)
    scores = evaluate(gold, [s.with_entities(entities) for s, entities in zip(gold, found, strict=True)])
    assert scores.micro.f1 == pytest.approx(report.best.dev["en"])
    assert report.epochs[-1].loss < 0.8 * report.epochs[0].loss
    assert report.trained_parameters < report.total_parameters / 2
    assert ("mean_abs_cosine" in report.extra) == ("lora" not in spec)
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"library_name: {'transformers' if 'lora' in spec else 'xlner'}\n" in card
    assert ("from transformers import pipeline" in card) == ("lora" in spec)
    assert {"README.md", "training.json", "tokenizer_config.json"} <= {p.name for p in (tmp_path / "model").iterdir()}


class Stopped(Exception):  # noqa: N818 - stands for a crash
    pass


@pytest.mark.parametrize("spec", ["lora?rank=2", "orthogonal?size=4"])
def test_training_goes_on_to_the_same_weights(folders: dict[str, Path], tmp_path: Path, spec: str) -> None:
    if "lora" in spec:
        pytest.importorskip("peft", reason="needs xlner[lora]")
    tuning = TrainingOptions(epochs=2, batch_size=8, parameters=spec, dtype="float32", device="cpu")

    def run(folder: Path, **options: Any) -> TrainingReport:
        report = train(
            str(folders["bert"]), [TrainingSet("en", SENTENCES)], folder, tuning, checkpoint_every=1, **options
        )
        return replace(report, seconds=0.0)

    def stop(step: int, steps: int, loss: float) -> None:
        if step == 3:
            raise Stopped

    whole = run(tmp_path / "whole")
    with pytest.raises(Stopped):
        run(tmp_path / "broken", on_step=stop)
    assert run(tmp_path / "broken") == whole
    torch.set_num_threads(3)
    try:
        run(tmp_path / "threads")
    finally:
        torch.set_num_threads(1)
    name = "model.safetensors" if "lora" in spec else "adapted.safetensors"
    weights = {(tmp_path / folder / name).read_bytes() for folder in ("whole", "broken", "threads")}
    assert len(weights) == 1


def test_lora_for_a_model_whose_matrices_have_other_names(folders: dict[str, Path]) -> None:
    pytest.importorskip("peft", reason="needs xlner[lora]")
    model = loaded(folders["bert"])
    for layer in model.bert.encoder.layer:
        layer.attention.self.q = layer.attention.self.query
        del layer.attention.self.query
    with pytest.raises(BackendError, match="use targets=all"):
        add_adapters(model, "lora")


def test_lora_without_peft(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"peft is not installed; pip install 'xlner\[lora\]'"):
        add_adapters(loaded(folders["bert"]), "lora")


def test_shapes_of_the_same_name_come_in_the_order_of_layers(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    attach(model, AdapterShape("task", 2, "houlsby"))
    assert [layer for layer, _ in adapters_of(model, "task")] == [1, 1, 2, 2]
    assert adapters_of(model, "language") == []


def test_python_of_the_page(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parent.parent / "docs" / "transfer.md").read_text(encoding="utf-8")
    section = page[page.index("## Few parameters") :]
    (code,) = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    (tmp_path / "e5").symlink_to(folders["bert"])
    write_sentences(SENTENCES, tmp_path / "train.conll")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert is_adapted(tmp_path / "ner-orthogonal")
