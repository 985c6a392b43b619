"""Token classifiers with random weights, as small as they can be, saved as a hub model is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
PIECES = ["▁", "▁Ana", "▁lives", "▁in", "▁Vi", "go", "▁Santiago", "▁de", *"abcdefghijklmnopqrstuvwxyzABCDV.,'"]
MAX_LENGTH = 48
FAMILIES = ("xlmr", "deberta", "bert", "roberta")
torch.set_num_threads(1)  # threads only wait for each other on models of this size
_SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


def save_model(
    family: str, folder: Path, tags: Sequence[str] = TAGS, *, tokenizer: bool = True, always: str | None = None
) -> Path:
    """A classifier of a family, its classes named by the tags; returns the folder. `always` is its tag of any word."""
    torch.manual_seed(1)
    made, config = _MAKE[family]()
    config.id2label = dict(enumerate(tags))
    config.label2id = {tag: k for k, tag in enumerate(tags)}
    model = transformers.AutoModelForTokenClassification.from_config(config)
    for weights in model.parameters():  # far from zero, so that words differ in their tags
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.5)
    if always is not None:
        torch.nn.init.constant_(model.classifier.bias[tags.index(always)], 1000.0)
    quietly(model.save_pretrained, folder)
    if tokenizer:
        made.save_pretrained(folder)
    return folder


def quietly(save: Any, folder: Path) -> None:
    """Save without a progress bar."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    save(folder)
    logging.enable_progress_bar()


def _unigram(special: Sequence[str]) -> list[tuple[str, float]]:
    return [(p, 0.0) for p in special] + [(p, -1.0 - k / 10) for k, p in enumerate(PIECES)]


def _xlmr() -> tuple[Any, Any]:
    vocabulary = [*_unigram(("<s>", "<pad>", "</s>", "<unk>")), ("<mask>", 0.0)]
    config = transformers.XLMRobertaConfig(
        vocab_size=len(vocabulary), max_position_embeddings=MAX_LENGTH + 2, pad_token_id=1, **_SIZES
    )
    return transformers.XLMRobertaTokenizer(vocab=vocabulary), config


def _deberta() -> tuple[Any, Any]:
    vocabulary = [*_unigram(("[PAD]", "[CLS]", "[SEP]", "[UNK]")), ("[MASK]", 0.0)]
    config = transformers.DebertaV2Config(
        vocab_size=len(vocabulary),
        max_position_embeddings=MAX_LENGTH,
        relative_attention=True,
        position_buckets=8,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        **_SIZES,
    )
    return transformers.DebertaV2Tokenizer(vocab=vocabulary, unk_id=3), config


def _bert() -> tuple[Any, Any]:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [c for c in PIECES if len(c) == 1 and c != "▁"]
    names = [p.removeprefix("▁") for p in PIECES if len(p) > 1]
    pieces = [*special, *names, *letters, *(f"##{c}" for c in letters), "##go"]
    config = transformers.BertConfig(vocab_size=len(pieces), max_position_embeddings=MAX_LENGTH, **_SIZES)
    vocabulary = {piece: k for k, piece in enumerate(pieces)}
    return transformers.BertTokenizer(vocab=vocabulary, do_lower_case=False), config


def _roberta() -> tuple[Any, Any]:
    letters = [c for c in PIECES if len(c) == 1 and c != "▁"]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "Ġ", *letters, "in", "Ġin", "go", "<mask>"]
    merges = [("i", "n"), ("Ġ", "in"), ("g", "o")]
    config = transformers.RobertaConfig(
        vocab_size=len(pieces), max_position_embeddings=MAX_LENGTH + 2, pad_token_id=1, **_SIZES
    )
    vocabulary = {piece: k for k, piece in enumerate(pieces)}
    return transformers.RobertaTokenizer(vocab=vocabulary, merges=merges), config


_MAKE = {"xlmr": _xlmr, "deberta": _deberta, "bert": _bert, "roberta": _roberta}
