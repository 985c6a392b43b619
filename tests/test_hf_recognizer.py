from __future__ import annotations

import itertools
import json
import pickle
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlner import BackendError, Entity, Sentence, ValidationError, load
from xlner.core.tags import decode
from xlner.errors import MissingExtraError, NotDownloadedError, UnknownNameError, UsageError
from xlner.models import hub
from xlner.models.loading import device_named, dtype_named
from xlner.models.threads import worker_threads
from xlner.models.tokenizers import SubwordTokenizer
from xlner.models.windows import Windows
from xlner.recognition.hf import HfRecognizer
from xlner.recognition.tag_set import TagSet
from xlner.text.spelling import without_hidden

torch = pytest.importorskip("torch", reason="needs xlner[hf]")
transformers = pytest.importorskip("transformers", reason="needs xlner[hf]")

from tests.tiny_recognizers import FAMILIES, MAX_LENGTH, TAGS, quietly, save_model  # noqa: E402

WORDS = ("Ana", "lives", "in", "Vigo", ".", "Santiago", "de", "abc", "\u200b", "", "日本", "x'y", "Vi go", "zzzz")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {family: save_model(family, root / family) for family in FAMILIES}


@pytest.fixture(scope="module")
def recognizers(folders: dict[str, Path]) -> dict[str, HfRecognizer]:
    return {family: HfRecognizer(str(folder), batch_tokens=64) for family, folder in folders.items()}


class Loop:
    """Runs transformers on one sentence at a time, as in its documentation."""

    def __init__(self, folder: Path) -> None:
        # As in the scripts of transformers for token classification.
        prefix = {"add_prefix_space": True} if folder.name == "roberta" else {}
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **prefix)
        self.model = transformers.AutoModelForTokenClassification.from_pretrained(folder).eval()

    def rows(self, words: Sequence[str]) -> list[list[np.ndarray]]:
        """The class probabilities of the sub-words of each word."""
        encoded = self.tokenizer([*map(without_hidden, words)], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            p = self.model(**encoded).logits[0].softmax(dim=-1).numpy()
        rows: list[list[np.ndarray]] = [[] for _ in words]
        for row, word in zip(p, encoded.word_ids(0), strict=True):
            if word is not None:
                rows[word].append(row)
        return rows


@pytest.fixture(scope="module")
def loops(folders: dict[str, Path]) -> dict[str, Loop]:
    from transformers.utils import logging

    logging.disable_progress_bar()
    return {family: Loop(folder) for family, folder in folders.items()}


sentences = st.lists(st.sampled_from(WORDS), max_size=5).map(lambda words: Sentence(tuple(words)))
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- Words, compared with a plain loop over AutoModelForTokenClassification ---


@pytest.mark.parametrize("family", FAMILIES)
@few
@given(batch=st.lists(sentences, max_size=6))
def test_tags_are_those_of_a_loop_over_sentences(
    family: str, batch: list[Sentence], recognizers: dict[str, HfRecognizer], loops: dict[str, Loop]
) -> None:
    found = recognizers[family].recognize(batch)
    for sentence, entities in zip(batch, found, strict=True):
        rows = loops[family].rows(sentence.tokens) if sentence.tokens else []
        tags = [TAGS[int(r[0].argmax())] if r else "O" for r in rows]
        expected = decode(tags).entities
        assert [(e.span, e.label) for e in entities] == [(e.span, e.label) for e in expected]
        for e in entities:
            assert e.score == pytest.approx(np.mean([rows[k][0].max() for k in range(*e.span)]), abs=2e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pool", ["first", "mean", "max"])
def test_pools(family: str, pool: str, folders: dict[str, Path], loops: dict[str, Loop]) -> None:
    words = ("Vigo", "\u200b", "zzzz", "Ana", "x'y")
    (p,) = HfRecognizer(str(folders[family]), pool=pool).probabilities([Sentence(words)])
    for row, subwords in zip(p, loops[family].rows(words), strict=True):
        if not subwords:
            assert row.tolist() == [1, 0, 0, 0, 0]
            continue
        expected = {
            "first": subwords[0],
            "mean": np.mean(subwords, axis=0),
            "max": max(subwords, key=lambda r: r.max()),
        }[pool]
        assert row == pytest.approx(expected, abs=1e-5)


def test_a_word_without_subwords_shifts_no_other(recognizers: dict[str, HfRecognizer]) -> None:
    words = ("Ana", "Vigo", "in", "Santiago")
    (plain,) = recognizers["bert"].probabilities([Sentence(words)])
    (with_empty,) = recognizers["bert"].probabilities([Sentence(("", "Ana", "\u200b", "Vigo", "in", "Santiago", ""))])
    assert with_empty[[1, 3, 4, 5]] == pytest.approx(plain, abs=1e-5)
    assert with_empty[[0, 2, 6], 0].tolist() == [1, 1, 1]


def test_batches_and_neighbors_change_nothing(folders: dict[str, Path]) -> None:
    generator = np.random.default_rng(0)
    batch = [Sentence(tuple(generator.choice(WORDS, size=n))) for n in generator.integers(0, 9, size=40)]
    whole = HfRecognizer(str(folders["xlmr"]), batch_tokens=512).probabilities(batch)
    single = HfRecognizer(str(folders["xlmr"]), batch_tokens=1)
    for sentence, p in zip(batch, whole, strict=True):
        (alone,) = single.probabilities([sentence])
        assert p == pytest.approx(alone, abs=1e-5)


def test_threads_change_nothing_and_are_restored(folders: dict[str, Path]) -> None:
    batch = [Sentence(words) for words in itertools.combinations(WORDS, 3)][:60]
    recognizer = HfRecognizer(str(folders["xlmr"]), batch_tokens=32)
    alone = recognizer.probabilities(batch)
    torch.set_num_threads(3)
    try:
        for p, expected in zip(recognizer.probabilities(batch), alone, strict=True):
            assert p == pytest.approx(expected, abs=1e-5)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)


def test_equal_sentences_are_read_once(recognizers: dict[str, HfRecognizer], monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer, read = recognizers["xlmr"], []
    forward = recognizer.model.forward
    monkeypatch.setattr(
        recognizer.model, "forward", lambda **inputs: read.extend(inputs["input_ids"]) or forward(**inputs)
    )
    found = recognizer.recognize([Sentence(("Ana",)), Sentence(("Vigo",), id="2"), Sentence(("Ana",))])
    assert len(read) == 2
    assert found[0] == found[2]
    assert recognizer.recognize([]) == []


# --- Windows ---


@pytest.mark.parametrize("family", FAMILIES)
def test_long_sentences_are_read_in_windows(family: str, folders: dict[str, Path], loops: dict[str, Loop]) -> None:
    words = ("in", "in", "in") * 40  # one sub-word each, so that windows of words are windows of sub-words
    size = MAX_LENGTH - 2
    recognizer = HfRecognizer(str(folders[family]))
    (p,) = recognizer.probabilities([Sentence(words)])
    windows = Windows.over(len(words), size=size, overlap=size // 4).spans
    assert len(windows) > 2
    assert windows[-1][1] == len(words)
    for k, row in enumerate(p):
        a, b = min(windows, key=lambda w: abs(w[0] + w[1] - 2 * k - 1))
        assert b - a == size
        assert row == pytest.approx(loops[family].rows(words[a:b])[k - a][0], abs=1e-5)


def test_a_smaller_window(folders: dict[str, Path]) -> None:
    words = ("Ana", "in", "de", "Vigo")
    short = HfRecognizer(str(folders["xlmr"]), max_length=5)
    assert short.probabilities([Sentence(words)])[0].shape == (4, 5)
    assert "max_length=5" in short.fingerprint
    for bad in (MAX_LENGTH + 1, 0, 2):
        with pytest.raises((UsageError, ValidationError), match=r"max_length \d+ "):
            HfRecognizer(str(folders["xlmr"]), max_length=bad)


def test_a_word_longer_than_a_window(recognizers: dict[str, HfRecognizer]) -> None:
    (p,) = recognizers["xlmr"].probabilities([Sentence(("Ana", "q" * 100, "Vigo"))])
    assert p.shape == (3, 5)
    assert p.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_requirements_of_a_tokenizer(loops: dict[str, Loop]) -> None:
    assert SubwordTokenizer(loops["bert"].tokenizer, 10)([]) == []
    with pytest.raises(BackendError, match="SimpleNamespace does not know the word of a sub-word"):
        SubwordTokenizer(SimpleNamespace(is_fast=False), 10)

    class Mute(dict[str, Any]):
        is_fast = True

        def __call__(self, sentences: object, **options: object) -> Mute:
            return Mute(input_ids=[] if options.get("add_special_tokens") is False else [0, 1])

    with pytest.raises(BackendError, match="has no sub-words for the letter a"):
        SubwordTokenizer(Mute(), 10)


# --- Tags and labels ---


def test_a_model_that_emits_inside_tags_only_is_read_as_iob1(tmp_path: Path) -> None:
    tags = ("B-LOC", "B-MISC", "B-ORG", "I-LOC", "I-MISC", "I-ORG", "I-PER", "O")
    recognizer = HfRecognizer(str(save_model("xlmr", tmp_path / "m", tags)))
    assert recognizer.classes == ("O", "LOC", "MISC", "ORG", "PER")
    rows = np.eye(8, dtype=np.float32)[[6, 6, 3, 7, 3, 0]]
    assert TagSet.of(tags).entities(rows) == [
        Entity(0, 2, "PER", 1.0),
        Entity(2, 3, "LOC", 1.0),
        Entity(4, 5, "LOC", 1.0),
        Entity(5, 6, "LOC", 1.0),
    ]
    words = ("Ana", "Vigo")
    raw = np.array([subwords[0] for subwords in Loop(tmp_path / "m").rows(words)])
    (p,) = recognizer.probabilities([Sentence(words)])
    assert p[:, 1] == pytest.approx(raw[:, 0] + raw[:, 3], abs=1e-5)


def test_labels_are_mapped_in_entities_and_classes(tmp_path: Path) -> None:
    tags = ("O", "B-GPE", "I-GPE", "B-FAC", "I-FAC", "B-MONEY")
    recognizer = HfRecognizer(str(save_model("bert", tmp_path / "m", tags)), labels="ontonotes")
    assert recognizer.classes == ("O", "B-LOC", "I-LOC")
    sentence = Sentence(("Ana", "Vigo", "in", "Santiago", "de"))
    raw = np.array([subwords[0] for subwords in Loop(tmp_path / "m").rows(sentence.tokens)])
    (p,) = recognizer.probabilities([sentence])
    assert p[:, 0] == pytest.approx(raw[:, 0] + raw[:, 5], abs=1e-5)
    assert p.sum(axis=1) == pytest.approx(1, abs=1e-5)
    recognizer = HfRecognizer(str(save_model("bert", tmp_path / "n", tags, always="B-GPE")), labels="ontonotes")
    assert {e.label for e in recognizer.recognize([sentence])[0]} == {"LOC"}


def test_generic_names_need_tag_names(tmp_path: Path) -> None:
    folder = str(save_model("xlmr", tmp_path / "m", ("LABEL_0", "LABEL_1", "LABEL_2"), always="LABEL_1"))
    with pytest.raises(UnknownNameError, match=r"what LABEL_0 means; give their names .* tag_names=O,B-PER,I-PER"):
        HfRecognizer(folder)
    recognizer = load("recognizer", f"hf:{folder}?tag_names=O,B-Big Place,I-Big Place")
    assert recognizer.classes == ("O", "B-Big_Place", "I-Big_Place")
    assert {e.label for e in recognizer.recognize([Sentence(WORDS)])[0]} == {"Big_Place"}
    with pytest.raises(UsageError, match="2 tag names for a model with 3 classes"):
        HfRecognizer(folder, tag_names="O,PER")


def test_constrained_tags_are_valid(folders: dict[str, Path]) -> None:
    free = HfRecognizer(str(folders["xlmr"]))
    bound = HfRecognizer(str(folders["xlmr"]), constrained=True)
    rows = np.array([[0.4, 0.0, 0.6, 0, 0], [0.1, 0.0, 0.9, 0, 0]], dtype=np.float32)
    assert TagSet.of(TAGS).entities(rows) == [Entity(0, 2, "PER", 0.75)]
    assert TagSet.of(TAGS).entities(rows, constrained=True) == []
    assert bound.fingerprint != free.fingerprint
    assert bound.recognize([Sentence(())]) == [[]]


# --- Loading ---


def test_from_the_cache_of_the_hub_by_name(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recognizers: dict[str, HfRecognizer]
) -> None:
    cached_model(folders["xlmr"], tmp_path, monkeypatch)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *a, **k: pytest.fail("the hub was asked"))
    recognizer = HfRecognizer("someone/tiny-ner")
    assert "&model=0123456789ab&" in recognizer.fingerprint
    sentence = [Sentence(WORDS)]
    assert recognizer.recognize(sentence) == recognizers["xlmr"].recognize(sentence)


def cached_model(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, *, without: str = "nothing") -> Path:
    """The folder as `someone/tiny-ner` in a cache of the hub; returns the snapshot."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = cache / "models--someone--tiny-ner"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(commit)
    snapshot = home / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for path in folder.iterdir():
        if path.name != without:
            (snapshot / path.name).symlink_to(path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(cache), raising=False)
    return snapshot


@pytest.mark.parametrize("without", ["nothing", "model.safetensors"])
def test_what_is_not_in_the_cache_is_downloaded(
    without: str, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without == "nothing":
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *a, **k: None)
    else:
        cached_model(folders["xlmr"], tmp_path, monkeypatch, without=without)
    names = [*(p.name for p in folders["xlmr"].iterdir()), "pytorch_model.bin", "onnx/model.onnx", "onnx/config.json"]
    info = SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in names])
    asked: dict[str, Any] = {}

    def download(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        return str(folders["xlmr"])

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *a, **k: info)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert hub.model_folder("someone/tiny-ner", revision="main") == folders["xlmr"]
    assert asked["name"] == "someone/tiny-ner"
    assert asked["revision"] == "main"
    wanted = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert wanted <= set(asked["allow_patterns"])
    assert not {"pytorch_model.bin", "onnx/config.json"} & set(asked["allow_patterns"])
    info.siblings = info.siblings[-1:]
    with pytest.raises(BackendError, match=r"'someone/tiny-ner' has no config.json"):
        hub.model_folder("someone/tiny-ner")


def test_an_interrupted_download_is_incomplete(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = cached_model(folders["xlmr"], tmp_path, monkeypatch, without="model.safetensors")
    parts = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(parts), encoding="utf-8")
    (snapshot / "model-1.safetensors").touch()
    with hub.without_downloads(), pytest.raises(NotDownloadedError, match="all of someone/tiny-ner is not"):
        hub.model_folder("someone/tiny-ner")
    (snapshot / "model-2.safetensors").touch()
    assert hub.model_folder("someone/tiny-ner") == snapshot


def hub_error(kind: str) -> Exception:
    """An error of the hub; its constructor differs between versions."""
    from huggingface_hub import errors

    cls = getattr(errors, kind)
    error: Exception = cls.__new__(cls)
    error.args = (f"{kind} happened\nand so on",)
    return error


@pytest.mark.parametrize(
    ("error", "match"),
    [
        ("RepositoryNotFoundError", "the hub has no model 'someone/none'; check the name"),
        ("GatedRepoError", "'someone/none' is gated; request access on its page"),
        ("RevisionNotFoundError", "has no revision 'old'"),
        ("OfflineModeIsEnabled", "'someone/none' is not in the cache .*, and HF_HUB_OFFLINE is set; download it"),
        ("LocalEntryNotFoundError", "'someone/none' is not in the cache .*, and the hub cannot be reached"),
    ],
)
def test_errors_of_the_hub(error: str, match: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise hub_error(error)

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", refuse)
    with pytest.raises(BackendError, match=match):
        HfRecognizer("someone/none", revision="old")


def test_folders_and_names_that_are_no_model(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="hf needs a model; write hf:NAME or hf:FOLDER"):
        load("recognizer", "hf")
    for name in ("./nowhere", str(tmp_path / "none"), "a/b/c"):
        with pytest.raises(BackendError, match=r"model folder '.*' does not exist"):
            HfRecognizer(name)
    with pytest.raises(BackendError, match="'not a name' is neither a folder nor the name of a model"):
        HfRecognizer("not a name")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendError, match="cannot be loaded as a token classifier"):
        HfRecognizer(str(tmp_path / "empty"))


def test_models_of_another_kind(folders: dict[str, Path], tmp_path: Path) -> None:
    config = transformers.AutoConfig.from_pretrained(folders["xlmr"])
    quietly(transformers.AutoModel.from_config(config).save_pretrained, tmp_path / "encoder")
    with pytest.raises(BackendError, match=r"is not a token classifier: .* classifier.weight; .* XLMRobertaModel"):
        HfRecognizer(str(tmp_path / "encoder"))
    small = {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "vocab_size": 20}
    translator = transformers.M2M100ForConditionalGeneration(transformers.M2M100Config(**small, **heads))
    quietly(translator.save_pretrained, tmp_path / "translator")
    with pytest.raises(BackendError, match="cannot be loaded as a token classifier: Unrecognized configuration class"):
        HfRecognizer(str(tmp_path / "translator"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_without_its_tokenizer(family: str, tmp_path: Path) -> None:
    folder = save_model(family, tmp_path / "m", tokenizer=False)
    with pytest.raises(BackendError, match="has no tokenizer; copy the files of the tokenizer there"):
        HfRecognizer(str(folder))


def test_a_tokenizer_that_cannot_be_read(tmp_path: Path) -> None:
    folder = save_model("xlmr", tmp_path / "m")
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(BackendError, match="the tokenizer in .* cannot be read"):
        HfRecognizer(str(folder))


def test_bad_options(folders: dict[str, Path]) -> None:
    folder = str(folders["xlmr"])
    with pytest.raises(UnknownNameError, match="unknown pool 'last'; one of first, mean, max"):
        HfRecognizer(folder, pool="last")
    with pytest.raises(UsageError, match="batch_tokens 0 must be at least 1"):
        HfRecognizer(folder, batch_tokens=0)
    with pytest.raises(UnknownNameError, match="unknown device 'gpu'"):
        HfRecognizer(folder, device="gpu")
    with pytest.raises(BackendError, match="this machine has no device 'cuda:99'"):
        HfRecognizer(folder, device="cuda:99")
    with pytest.raises(UnknownNameError, match="unknown precision 'int8'"):
        HfRecognizer(folder, dtype="int8")


def test_half_precision(folders: dict[str, Path]) -> None:
    recognizer = HfRecognizer(str(folders["xlmr"]), dtype="bfloat16")
    assert "dtype=bfloat16" in recognizer.fingerprint
    assert recognizer.probabilities([Sentence(WORDS)])[0].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_fingerprints_tell_models_and_options_apart(folders: dict[str, Path], tmp_path: Path) -> None:
    names = [HfRecognizer(str(folders["xlmr"])), HfRecognizer(str(folders["xlmr"]), pool="mean")]
    names.append(HfRecognizer(str(folders["deberta"])))
    assert len({r.fingerprint for r in names}) == 3
    again = HfRecognizer(str(save_model("xlmr", tmp_path / "copy")), batch_tokens=7)
    assert again.fingerprint == names[0].fingerprint


def test_it_pickles_without_its_model(folders: dict[str, Path]) -> None:
    recognizer = HfRecognizer(str(folders["xlmr"]), labels="PER=PERSON", constrained=True, max_length=20)
    pickled = pickle.dumps(recognizer)
    again = pickle.loads(pickled)
    sentences = [Sentence(WORDS)]
    assert len(pickled) < 2000
    assert (again.options, again.classes) == (recognizer.options, recognizer.classes)
    assert again.fingerprint == recognizer.fingerprint
    assert again.recognize(sentences) == recognizer.recognize(sentences)
    assert np.array_equal(again.probabilities(sentences)[0], recognizer.probabilities(sentences)[0])


def test_an_ensemble_pickles(folders: dict[str, Path]) -> None:
    ensemble = load("recognizer", f"ensemble?members=hf:{folders['xlmr']}+hf:{folders['bert']}&weights=2,1")
    again = pickle.loads(pickle.dumps(ensemble))
    assert again.fingerprint == ensemble.fingerprint
    assert again.recognize([Sentence(WORDS)]) == ensemble.recognize([Sentence(WORDS)])


def test_missing_packages(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"huggingface_hub is not installed; pip install 'xlner\[hf\]'"):
        HfRecognizer("someone/none")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"PyTorch is not installed; pip install 'xlner\[hf\]'"):
        HfRecognizer(str(folders["xlmr"]))


def test_half_precision_and_one_worker_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = SimpleNamespace(type="cuda")
    for supported, dtype in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda including_emulation, supported=supported: supported)
        assert dtype_named("auto", gpu) is dtype
    with worker_threads(gpu) as workers:
        assert workers == 1
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(BackendError, match="this machine has no device 'mps'"):
        device_named("mps")


def test_code_of_a_model_is_run_only_if_it_is_asked_for(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(folders["bert"], folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {
        "AutoConfig": "own.OwnConfig", "AutoModelForTokenClassification": "own.OwnModel",
    }}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    code = (
        "from transformers import BertConfig, BertForTokenClassification\n"
        "class OwnConfig(BertConfig):\n    model_type = 'own'\n"
        "class OwnModel(BertForTokenClassification):\n    config_class = OwnConfig\n"
    )
    (folder / "own.py").write_text(code, encoding="utf-8")
    with pytest.raises(BackendError):
        load("recognizer", f"hf:{folder}")
    own = load("recognizer", f"hf:{folder}?remote_code=yes")
    sentences = [Sentence(("Ana", "lives", "in", "Vigo"))]
    assert own.recognize(sentences) == load("recognizer", f"hf:{folders['bert']}").recognize(sentences)
    for revision in ("", "&revision=main", "&revision=abc123"):
        with pytest.raises(UsageError, match="give revision=COMMIT, 40 hex digits"):
            load("recognizer", f"hf:someone/own?remote_code=yes{revision}")
    config["auto_map"]["AutoConfig"] = "someone/else--own.OwnConfig"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BackendError, match="code of another repository, which can change"):
        load("recognizer", f"hf:{folder}?remote_code=yes")
