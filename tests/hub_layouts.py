"""Tiny models in the files that models on the hub have, which are not those that transformers saves today."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tiny_translators import TEXTS, nllb_model

NAMED = {
    **{"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>"},
    **{"sep_token": "</s>", "mask_token": "<mask>"},
}
IOB1 = ("O", "I-LOC", "I-PER")
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


def codes() -> list[str]:
    """The language codes of NLLB, in the order of their ids."""
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    return list(FAIRSEQ_LANGUAGE_CODES)


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def pieces(path: Path, kind: str = "unigram", **options: Any) -> Any:
    """A model of SentencePiece in a file."""
    import sentencepiece

    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"vocab_size": 110, "hard_vocab_limit": kind == "bpe", "minloglevel": 2, "num_threads": 1, **options}
    with path.open("wb") as stream:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([*TEXTS] * 3), model_writer=stream, model_type=kind, **options
        )
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def nllb_tokenizer(
    folder: Path, *, config: dict[str, Any], special: dict[str, Any] | None = None, size: int = 400
) -> int:
    """An NLLB tokenizer as SentencePiece and settings; returns the number of its pieces."""
    found = pieces(folder / "sentencepiece.bpe.model", "bpe")
    write(folder, "tokenizer_config.json", {"tokenizer_class": "NllbTokenizer", **NAMED, **config})
    if special is not None:
        write(folder, "special_tokens_map.json", {**NAMED, **special})
    write(folder, "config.json", {"model_type": "m2m_100", "vocab_size": size, "max_position_embeddings": 64})
    return len(found)


def nllb(folder: Path, *, shards: int = 1) -> Any:
    """`facebook/nllb-200`, but without `tokenizer.json`; returns the model."""
    model = nllb_model(nllb_tokenizer(folder, config={"additional_special_tokens": None}) + 1 + len(codes()) + 3)
    config = {**model.config.to_dict(), "max_length": 200, "architectures": ["M2M100ForConditionalGeneration"]}
    write(folder, "config.json", {k: v for k, v in config.items() if k != "dtype"})
    write(folder, "generation_config.json", {"decoder_start_token_id": 2, "eos_token_id": 2, "max_length": 200})
    save_bin(model, folder, shards=shards)
    return model


def save_bin(model: Any, folder: Path, *, shards: int = 1, rename: dict[str, str] | None = None) -> None:
    """The weights as `pytorch_model.bin`, or in numbered parts with an index. `rename` changes their names."""
    import torch

    weights = {}
    for name, tensor in sorted(model.state_dict().items()):
        for now, then in (rename or {}).items():
            name = name.replace(now, then)  # noqa: PLW2901
        weights[name] = tensor
    if shards == 1:
        torch.save(weights, folder / "pytorch_model.bin")
        return
    placed: dict[str, str] = {}
    for k in range(shards):
        file, names = f"pytorch_model-{k + 1:05d}-of-{shards:05d}.bin", sorted(weights)[k::shards]
        torch.save({name: weights[name] for name in names}, folder / file)
        placed |= dict.fromkeys(names, file)
    write(folder, "pytorch_model.bin.index.json", {"metadata": {"total_size": 1}, "weight_map": placed})


def xlm_roberta(folder: Path, tags: Sequence[str] | None = IOB1) -> tuple[Any, Any]:
    """`xlm-roberta-large-finetuned-conll03-english` without `tokenizer.json`; the model and its pieces."""
    import transformers

    found = pieces(folder / "sentencepiece.bpe.model")
    config = transformers.XLMRobertaConfig(
        vocab_size=len(found) + 2, max_position_embeddings=50, pad_token_id=1, num_labels=3, **SIZES
    )
    write(folder, "tokenizer_config.json", {"model_max_length": 48})
    return _classifier(transformers.XLMRobertaForTokenClassification, config, folder, tags), found


def deberta(folder: Path, tags: Sequence[str] | None = IOB1) -> tuple[Any, Any]:
    """`mdeberta-v3-base` with a classifier, and with the second model that it was trained with."""
    import torch
    import transformers

    named = {f"{name}_piece": f"[{token}]" for name, token in (("pad", "PAD"), ("bos", "CLS"), ("eos", "SEP"))}
    found = pieces(
        folder / "spm.model", pad_id=0, bos_id=1, eos_id=2, unk_id=3, unk_piece="[UNK]", **named
    )  # fmt: skip
    config = transformers.DebertaV2Config(
        vocab_size=len(found) + 5, max_position_embeddings=48, relative_attention=True, position_buckets=8,
        pos_att_type=["p2c", "c2p"], position_biased_input=False, norm_rel_ebd="layer_norm", share_att_key=True,
        num_labels=3, **SIZES,
    )  # fmt: skip
    write(folder, "tokenizer_config.json", {"do_lower_case": False, "vocab_type": "spm"})
    model = _classifier(transformers.DebertaV2ForTokenClassification, config, folder, tags)
    torch.save({"generator": torch.zeros(1)}, folder / "pytorch_model.generator.bin")
    return model, found


def _classifier(cls: Any, config: Any, folder: Path, tags: Sequence[str] | None) -> Any:
    import torch

    if tags is not None:
        config.id2label = dict(enumerate(tags))
        config.label2id = {tag: k for k, tag in enumerate(tags)}
    torch.manual_seed(1)
    model = cls(config).eval()
    for weights in model.parameters():  # far from zero, so that words differ in their tags
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.5)
    config.save_pretrained(folder)
    save_bin(model, folder)
    return model


def bert(folder: Path) -> Any:
    """`bert-base-multilingual-cased`: old names of weights, and the head that guesses masked words."""
    import torch
    import transformers

    letters = sorted(set("".join(TEXTS)) - {" "})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    write(folder, "tokenizer_config.json", {"do_lower_case": False, "model_max_length": 40})
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), max_position_embeddings=40, architectures=["BertForMaskedLM"], **SIZES
    )
    config.save_pretrained(folder)
    torch.manual_seed(2)
    model = transformers.BertForMaskedLM(config).eval()
    save_bin(model, folder, rename={"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"})
    return model


def modern_bert(folder: Path, pre_tokenizer: str) -> Any:
    """ModernBERT with a byte-level tokenizer (`bytes`), or mmBERT, whose tokenizer has spaces as `▁` (`metaspace`)."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    mark = "Ġ" if pre_tokenizer == "bytes" else "▁"
    letters = pre_tokenizers.ByteLevel.alphabet() if mark == "Ġ" else [mark, *sorted(set("".join(TEXTS)) - {" "})]
    special = ["<pad>", "<unk>", "<bos>", "<eos>"]
    merges = [(mark, "V"), (f"{mark}V", "i"), ("a", "n")]
    known = [*special, *letters, *(a + b for a, b in merges)]
    vocabulary = {token: k for k, token in enumerate(dict.fromkeys(known))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    if mark == "Ġ":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.normalizer = normalizers.Replace(" ", mark)
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    named = {"pad_token": "<pad>", "unk_token": "<unk>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    config = transformers.ModernBertConfig(
        vocab_size=len(vocabulary), max_position_embeddings=48, num_labels=3, pad_token_id=0, bos_token_id=2,
        eos_token_id=3, cls_token_id=2, sep_token_id=3, attn_implementation="eager", **SIZES,
    )  # fmt: skip
    config.id2label = dict(enumerate(IOB1))
    config.label2id = {tag: k for k, tag in enumerate(IOB1)}
    torch.manual_seed(3)
    model = transformers.ModernBertForTokenClassification(config).eval()
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.5)
    config.save_pretrained(folder)
    save_bin(model, folder)
    return model
