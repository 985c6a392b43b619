"""Aligners by name, with the adapters that other programs saved, on tiny models of their real classes."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

import torch
import transformers

from tests import hf_models
from xlner import BackendError, Pair, Sentence, load
from xlner.alignment import HfEncoder
from xlner.errors import UsageError
from xlner.models.trained_adapters import add_adapter

WORDS = ("the", "red", "cat", "s", "blue")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(3)
    for name in ("bert", "nllb", "xlm_roberta"):
        getattr(hf_models, name)(root / name)
    return {path.name: path for path in root.iterdir()}


def states(encoder: Any, tokenizer: Any, layer: int) -> np.ndarray:
    """The plain states of the sub-words, without those of the ends."""
    with torch.inference_mode():
        inputs = tokenizer(list(WORDS), is_split_into_words=True, return_tensors="pt")
        inputs.pop("token_type_ids", None)
        return encoder(**inputs, output_hidden_states=True).hidden_states[layer][0, 1:-1].numpy()


def spread(parameters: Any) -> None:
    """Weights that are not near zero: new adapters change nothing."""
    with torch.no_grad():
        for weight in parameters:
            weight.normal_(0.0, 0.3)


def directions(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def save_lora(model: Any, folder: Path, targets: str | list[str], **more: Any) -> Any:
    peft = pytest.importorskip("peft", reason="needs xlner[lora]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of transformers, about what peft calls
        tuned = peft.get_peft_model(model, peft.LoraConfig(r=3, lora_alpha=5, target_modules=targets, **more))
        spread(p for name, p in tuned.named_parameters() if "lora_" in name)
        tuned.save_pretrained(folder)
    return tuned.eval()


def nllb_parts(folder: Path) -> tuple[Any, Any, Any]:
    model = transformers.AutoModel.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.src_lang = "eng_Latn"
    return model, model.get_encoder(), tokenizer


@pytest.mark.parametrize("more", [{}, {"use_rslora": True}, {"alpha_pattern": {"fc1": 9}, "rank_pattern": {"fc1": 2}}])
def test_lora_on_an_encoder_is_what_peft_computes(
    more: dict[str, Any], folders: dict[str, Path], tmp_path: Path
) -> None:
    _, encoder, tokenizer = nllb_parts(folders["nllb"])
    plain = states(encoder, tokenizer, 2)
    tuned = save_lora(encoder, tmp_path, ["q_proj", "v_proj", "fc1"], **more)
    expected = states(tuned, tokenizer, 2)
    assert np.abs(expected - plain).max() > 0.01
    mine = HfEncoder(str(folders["nllb"]), layer=2, pool="subword", adapter=str(tmp_path))
    (found,) = mine.encode([Sentence(WORDS, language="en")])
    assert np.abs(found.rows - directions(expected)).max() < 1e-4
    assert mine.fingerprint != HfEncoder(str(folders["nllb"]), layer=2, pool="subword").fingerprint


def test_lora_of_a_whole_translation_model_leaves_out_the_decoder(folders: dict[str, Path], tmp_path: Path) -> None:
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folders["nllb"])
    tuned = save_lora(model, tmp_path, ["q_proj", "fc2"])
    _, encoder, tokenizer = nllb_parts(folders["nllb"])
    add_adapter(encoder, tmp_path)
    wanted = tuned.merge_and_unload().get_encoder()
    assert np.abs(states(encoder, tokenizer, 2) - states(wanted, tokenizer, 2)).max() < 1e-4


def test_transalign_is_the_softmax_of_the_tuned_encoder(folders: dict[str, Path], tmp_path: Path) -> None:
    _, encoder, tokenizer = nllb_parts(folders["nllb"])
    rows = states(save_lora(encoder, tmp_path, ["k_proj"]), tokenizer, 3)
    words = tokenizer(list(WORDS), is_split_into_words=True).word_ids()[1:-1]
    dots = rows @ rows.T
    both = np.exp(dots - dots.max(axis=1, keepdims=True)), np.exp(dots - dots.max(axis=0, keepdims=True))
    likely = (both[0] / both[0].sum(axis=1, keepdims=True) > 1e-3) & (both[1] / both[1].sum(axis=0) > 1e-3)
    expected = sorted({(words[i], words[j]) for i, j in zip(*np.nonzero(likely), strict=True)})
    aligner = load("aligner", f"transalign?model={folders['nllb']}&layer=3&adapter={tmp_path}")
    (made,) = aligner.align([Pair(Sentence(WORDS, language="en"), Sentence(WORDS, language="en"))])
    assert list(made.links) == expected
    assert (aligner.default_model, aligner.default_layer) == ("facebook/nllb-200-distilled-600M", 12)


def save_hub_adapter(model: Any, folder: Path, config: dict[str, Any], size: int = 4) -> dict[str, Any]:
    """An adapter in the files of adapter-transformers 2."""
    width = model.config.hidden_size
    places = ["output"] if config.get("output_adapter", True) else ["attention.output"]
    shapes = {"adapter_down.0.weight": (size, width), "adapter_down.0.bias": (size,)}
    shapes |= {"adapter_up.weight": (width, size), "adapter_up.bias": (width,)}
    weights = {
        f"bert.encoder.layer.{k}.{place}.adapters.alignment_adapter.{name}": torch.randn(shape) * 0.3
        for k in range(model.config.num_hidden_layers)
        for place in places
        for name, shape in shapes.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(weights, folder / "pytorch_adapter.bin")
    record = {"config": config, "type": "text_task", "model_type": "bert", "name": "alignment_adapter"}
    (folder / "adapter_config.json").write_text(json.dumps(record), encoding="utf-8")
    return weights


def by_hand(model: Any, tokenizer: Any, weights: dict[str, Any], layer: int) -> np.ndarray:
    """The states of BERT with Pfeiffer adapters, computed layer by layer."""
    with torch.inference_mode():
        inputs = tokenizer(list(WORDS), is_split_into_words=True, return_tensors="pt")
        x = model.embeddings(inputs["input_ids"])
        for k, block in enumerate(model.encoder.layer[:layer]):
            x = block.attention(x)[0]
            h = block.output.dense(block.intermediate(x))
            names = ("adapter_down.0.weight", "adapter_down.0.bias", "adapter_up.weight", "adapter_up.bias")
            prefix = f"bert.encoder.layer.{k}.output.adapters.alignment_adapter."
            down, down_bias, up, up_bias = (weights[prefix + name] for name in names)
            inside = torch.relu(block.output.LayerNorm(h + x) @ down.T + down_bias)
            x = block.output.LayerNorm(inside @ up.T + up_bias + h + x)
        return x[0, 1:-1].numpy()


def test_accalign_reads_the_adapters_of_adapterhub(folders: dict[str, Path], tmp_path: Path) -> None:
    model = transformers.BertModel.from_pretrained(folders["bert"], add_pooling_layer=False).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders["bert"])
    config = {"original_ln_before": True, "original_ln_after": True, "residual_before_ln": True, "ln_before": False}
    weights = save_hub_adapter(model, tmp_path, {**config, "non_linearity": "relu", "output_adapter": True})
    expected = by_hand(model, tokenizer, weights, 2)
    assert np.abs(expected - states(model, tokenizer, 2)).max() > 0.01
    aligner = load("aligner", f"accalign?model={folders['bert']}&layer=2&adapter={tmp_path}")
    (found,) = aligner.encoder.encode([Sentence(WORDS)])
    assert np.abs(found.rows - directions(expected)).max() < 1e-4
    assert "threshold=0.1" in aligner.fingerprint
    assert "threshold=0.3" in load("aligner", f"accalign?model={folders['bert']}&layer=2&threshold=0.3").fingerprint
    assert "threshold" not in load("aligner", f"accalign:itermax?model={folders['bert']}&layer=2").fingerprint


def test_adapters_of_xlner_are_loaded_too(folders: dict[str, Path], tmp_path: Path) -> None:
    from xlner.models.adapters import AdapterShape, attach, base_digest, save_adapter

    model = transformers.AutoModel.from_pretrained(folders["xlm_roberta"], add_pooling_layer=False).eval()
    base, shape = base_digest(model), AdapterShape("language", 4)
    spread(attach(model, shape))
    save_adapter(model, shape, tmp_path, base=base)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders["xlm_roberta"])
    encoder = HfEncoder(str(folders["xlm_roberta"]), layer=2, pool="subword", adapter=str(tmp_path))
    (found,) = encoder.encode([Sentence(WORDS)])
    assert np.abs(found.rows - directions(states(model, tokenizer, 2))).max() < 1e-4


def test_adapters_that_cannot_be_used_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    model = transformers.BertModel.from_pretrained(folders["bert"], add_pooling_layer=False)

    def refused(config: object, weights: dict[str, Any] | None = None, message: str = "") -> None:
        folder = tmp_path / "bad"
        folder.mkdir(exist_ok=True)
        (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
        if weights is not None:
            torch.save(weights, folder / "adapter_model.bin")
            torch.save(weights, folder / "pytorch_adapter.bin")
        with pytest.raises(BackendError, match=message):
            add_adapter(model, folder)

    with pytest.raises(BackendError, match=r"has no adapter_config\.json"):
        add_adapter(model, folders["bert"])
    for text, message in (("{", "is not JSON"), ('{"adapter": []}', "is damaged: it does not name the adapter")):
        own = tmp_path / "own"
        own.mkdir(exist_ok=True)
        (own / "adapter.json").write_text(text, encoding="utf-8")
        with pytest.raises(BackendError, match=message):
            add_adapter(model, own)
    lora = {"peft_type": "LORA", "lora_alpha": 8}
    refused({"peft_type": "IA3"}, None, "of type IA3, and only LoRA")
    refused({**lora, "use_dora": True}, None, "of type DoRA")
    refused(lora, None, "no weights of an adapter")
    path = "base_model.model.encoder.layer.0.attention.self.query"
    pair = {f"{path}.lora_A.weight": torch.ones(2, 32), f"{path}.lora_B.weight": torch.ones(32, 2)}
    refused(lora, {f"{path}.lora_A.weight": torch.ones(2, 32)}, "there is no layer encoder.layer.0")
    refused(lora, {name.replace("query", "other"): w for name, w in pair.items()}, "there is no layer")
    refused(lora, {**pair, f"{path}.lora_B.weight": torch.ones(9, 2)}, r"query is \(32, 32\) there, and \(9, 32\) here")
    refused(lora, {"base_model.model.decoder.x.lora_A.weight": torch.ones(1)}, "nothing for an encoder")
    refused(lora, {"base_model.model.classifier.weight": torch.ones(1)}, "nothing for an encoder")
    refused(lora, {**pair, "base_model.model.encoder.bias": torch.ones(1)}, "no matrices of LoRA")
    refused([], None, "is not a JSON object")
    refused({"config": {"ln_before": True}}, {}, "has ln_before, which is not supported")
    refused({"config": {"is_parallel": True}}, {}, "has is_parallel, which is not supported")
    refused({"config": {"scaling": 4.0}}, {}, "has scaling, which is not supported")
    refused({"config": {"residual_before_ln": "post_add"}}, {}, "has residual_before_ln, which is not supported")
    refused({"config": "pfeiffer"}, {}, "only the name 'pfeiffer'")
    refused({"peft_type": "LORA"}, {}, "does not say its lora_alpha")
    refused({"config": {}}, {"x.prefix_tuning": torch.ones(1)}, "weights that are not supported: x.prefix_tuning")
    with pytest.raises(UsageError, match="cannot be added to a loaded model"):
        HfEncoder(model, transformers.AutoTokenizer.from_pretrained(folders["bert"]), adapter=str(tmp_path))


@pytest.mark.parametrize("name", ["labse", "accalign", "transalign", "simalign", "awesome"])
def test_aligners_by_name_load_a_folder(name: str, folders: dict[str, Path]) -> None:
    model = folders["nllb" if name == "transalign" else "bert"]
    aligner = load("aligner", f"{name}?model={model}&layer=1")
    (made,) = aligner.align([Pair(Sentence(WORDS, language="en"), Sentence(WORDS, language="en"))])
    assert made.links
    assert aligner.encoder.options.layer == 1


def test_mmbert_is_a_modernbert_with_a_byte_level_tokenizer(tmp_path: Path) -> None:
    hf_models.roberta(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    config = transformers.ModernBertConfig(
        vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, cls_token_id=0, sep_token_id=2,
        max_position_embeddings=64, global_attn_every_n_layers=2, local_attention=16, **hf_models.SIZES,
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.ModernBertModel(config).eval()
    for path in ("config.json", "model.safetensors"):
        (tmp_path / path).unlink()
    model.save_pretrained(tmp_path)
    aligner = load("aligner", f"mmbert?model={tmp_path}&layer=2")
    (found,) = aligner.encoder.encode([Sentence(WORDS)])
    inputs = tokenizer(" " + " ".join(WORDS), return_tensors="pt")
    inputs.pop("token_type_ids", None)
    with torch.inference_mode():
        expected = model(**inputs, output_hidden_states=True).hidden_states[2][0].numpy()
    assert np.abs(found.rows - directions(expected)).max() < 1e-3
    assert (aligner.default_model, aligner.default_layer) == ("jhu-clsp/mmBERT-base", 15)
