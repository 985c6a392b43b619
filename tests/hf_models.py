"""Tiny models with random weights, and tokenizers for them, as folders that transformers loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyzé"
WORDS = ["the", "red", "cat", "dog", "house", "blue", "a", "ing", "ab", "s"]
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
SPREAD = {"initializer_range": 0.6}
"""Of weights: with the usual spread all states would be nearly the same."""


def unigram(special: list[str], frame: str) -> Any:
    """A SentencePiece-like tokenizer; the first special tokens are those of a frame like `<s> $A </s>`."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    pieces = [(token, 0.0) for token in special]
    pieces += [("▁", -4.0), *((f"▁{word}", -2.0 - len(word) / 50) for word in WORDS)]
    pieces += [(letter, -5.0 - i / 100) for i, letter in enumerate(LETTERS)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("\u200b", "")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    named = [(token, special.index(token)) for token in frame.split() if token != "$A"]
    tokenizer.post_processor = processors.TemplateProcessing(single=frame, special_tokens=named)
    return tokenizer


def bert(folder: Path) -> None:
    """BERT with a WordPiece vocabulary."""
    from transformers import BertConfig, BertModel, BertTokenizer

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *LETTERS, *(f"##{x}" for x in LETTERS)]
    vocabulary = list(dict.fromkeys(vocabulary))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer.from_pretrained(folder, do_lower_case=False)
    tokenizer.save_pretrained(folder)
    config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=24, **SIZES, **SPREAD)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)


def xlm_roberta(folder: Path) -> None:
    """XLM-R, whose positions begin after the id of padding."""
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=unigram(special, "<s> $A </s>"),
        **{"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"},
        **{"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"},
    )
    tokenizer.save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=26, pad_token_id=1, type_vocab_size=1, **SIZES, **SPREAD
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)


def roberta(folder: Path) -> None:
    """RoBERTa with a byte-level tokenizer that marks words by the space before them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters, "Ġt", "Ġth", "at"])}
    merges = [("Ġ", "t"), ("Ġt", "h"), ("a", "t")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    whole = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>")
    whole.save_pretrained(folder)
    config = RobertaConfig(vocab_size=len(whole), max_position_embeddings=80, **SIZES, **SPREAD)
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)


def deberta(folder: Path) -> None:
    """DeBERTa-v2 with its convolution after the first layer."""
    from transformers import DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast

    special = ["[PAD]", "[CLS]", "[SEP]", "<unk>", "[MASK]"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=unigram(special, "[CLS] $A [SEP]"),
        **{"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "<unk>"},
        model_max_length=24,
    )
    tokenizer.save_pretrained(folder)
    config = DebertaV2Config(
        vocab_size=len(tokenizer), max_position_embeddings=64, relative_attention=True, position_buckets=8,
        pos_att_type=["p2c", "c2p"], norm_rel_ebd="layer_norm", share_att_key=True, conv_kernel_size=3, conv_act="gelu",
        position_biased_input=False, **SIZES, **SPREAD,
    )  # fmt: skip
    DebertaV2Model(config).save_pretrained(folder)


def nllb(folder: Path) -> None:
    """The architecture and tokenizer of NLLB: a language code before each text."""
    from transformers import NllbTokenizer

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS]
    merges = []
    for word in WORDS:
        for end in range(1, len(word) + 1):
            merges.append(("▁" + word[: end - 1], word[end - 1]))
            pieces.append("▁" + word[:end])
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    codes = ["eng_Latn", "glg_Latn", "spa_Latn", "zho_Hans"]
    tokenizer = NllbTokenizer(
        vocab=vocabulary, merges=list(dict.fromkeys(merges)), src_lang="eng_Latn", extra_special_tokens=codes
    )
    tokenizer.save_pretrained(folder)
    _m2m(len(tokenizer)).save_pretrained(folder)


def m2m(folder: Path) -> None:
    """M2M-100, whose tokenizer runs SentencePiece in Python."""
    import sentencepiece
    from transformers import M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "sentencepiece.bpe.model"
    with model.open("wb") as stream:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([" ".join(WORDS), *(f"{x}{y}" for x in LETTERS for y in WORDS)] * 3),
            model_writer=stream, vocab_size=70, hard_vocab_limit=False, minloglevel=2,
        )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [processor.id_to_piece(i) for i in range(len(processor))]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys([*special, *pieces]))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(model), src_lang="en")
    tokenizer.save_pretrained(folder)
    _m2m(len(tokenizer) + len(tokenizer.lang_code_to_id) + 8).save_pretrained(folder)


def _m2m(size: int) -> Any:
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=size, d_model=32, encoder_layers=3, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=48, max_position_embeddings=24, init_std=0.6,
        scale_embedding=False,
    )  # fmt: skip
    return M2M100ForConditionalGeneration(config)


def mt5(folder: Path) -> None:
    """mT5, with relative positions and no special token before a text."""
    from transformers import MT5Config, MT5ForConditionalGeneration, PreTrainedTokenizerFast

    special = ["<pad>", "</s>", "<unk>"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=unigram(special, "$A </s>"), pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.save_pretrained(folder)
    config = MT5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=48, num_layers=3, num_decoder_layers=1, num_heads=2,
        initializer_factor=3.0,
    )  # fmt: skip
    MT5ForConditionalGeneration(config).save_pretrained(folder)


def albert(folder: Path) -> None:
    """ALBERT, whose layers are one."""
    from transformers import AlbertConfig, AlbertModel

    bert(folder)
    config = AlbertConfig(vocab_size=len(WORDS) + 100, embedding_size=16, max_position_embeddings=24, **SIZES, **SPREAD)
    AlbertModel(config, add_pooling_layer=False).save_pretrained(folder)


MAKERS: dict[str, Callable[[Path], None]] = {
    maker.__name__: maker for maker in (bert, xlm_roberta, roberta, deberta, nllb, m2m, mt5, albert)
}
