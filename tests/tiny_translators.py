"""Tiny translation models with random weights, of the real classes, saved to a folder."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

TEXTS = (
    "Ana Pardo vive en Vigo.",
    "A ONU reuniuse onte en Xenebra, con moita xente.",
    "Non.",
    "As choivas de Vigo non paran, e o Concello pide axuda ao Goberno para as familias que perderon a casa.",
    "Santiago de Compostela é a capital de Galicia; a Coruña non o é.",
    "Que dixo o presidente?",
    "O tren de Madrid chega ás nove e media.",
)
SIZE = 300


def _seeded() -> Any:
    import torch

    torch.manual_seed(7)
    return torch


def _spiced(model: Any) -> Any:
    """Weights large enough that outputs depend on inputs and ties do not happen."""
    torch = _seeded()
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if weight.dim() > 1 and "positions" not in name:
                weight.normal_(0.0, 0.08 if "embed" in name or "shared" in name else 0.5)
        model.get_input_embeddings().weight[model.config.pad_token_id] = 0.0
    return model.eval()


def nllb_model(size: int, positions: int = 64) -> Any:
    """The architecture of NLLB, with a vocabulary of this size."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=size,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=positions,
        scale_embedding=True,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
    )
    _seeded()
    return _spiced(M2M100ForConditionalGeneration(config))


def save_nllb(folder: Path, *, positions: int = 64, languages: tuple[str, ...] = ("glg_Latn", "eng_Latn")) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import NllbTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    learned = Tokenizer(models.BPE(unk_token="<unk>"))
    learned.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    learned.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=SIZE, special_tokens=special))
    state = json.loads(learned.to_str())["model"]
    merges = [tuple(m) for m in state["merges"]]
    tokenizer = NllbTokenizer(vocab=state["vocab"], merges=merges, extra_special_tokens=list(languages))
    tokenizer.model_max_length = positions
    tokenizer.save_pretrained(folder)
    nllb_model(len(tokenizer), positions).save_pretrained(folder)
    return folder


def _sentencepiece(folder: Path, name: str, symbols: tuple[str, ...] = ()) -> Path:
    import sentencepiece

    text = folder / "text.txt"
    text.write_text("\n".join(TEXTS), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / name),
        vocab_size=120,
        hard_vocab_limit=False,
        user_defined_symbols=list(symbols),
        minloglevel=2,
        num_threads=1,
    )
    return folder / f"{name}.model"


def save_m2m100(folder: Path) -> Path:
    import sentencepiece
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    path = _sentencepiece(folder, "sentencepiece.bpe")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    words = [pieces.id_to_piece(k) for k in range(3, pieces.get_piece_size())]
    vocab = {word: k for k, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *words])}
    (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(path))
    tokenizer.save_pretrained(folder)
    config = M2M100Config(
        vocab_size=len(vocab) + 100 + 8,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
    )
    _seeded()
    _spiced(M2M100ForConditionalGeneration(config)).save_pretrained(folder)
    return folder


def save_marian(folder: Path, *, codes: tuple[str, ...] = (), direction: tuple[str, str] = ("gl", "en")) -> Path:
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    path = _sentencepiece(folder, "pieces")
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(path.read_bytes())
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    words = [pieces.id_to_piece(k) for k in range(3, pieces.get_piece_size())]
    vocab = {word: k for k, word in enumerate(["</s>", "<unk>", *codes, *words, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # recommends a package that is not needed
        tokenizer = MarianTokenizer(
            str(folder / "source.spm"),
            str(folder / "target.spm"),
            str(folder / "vocab.json"),
            source_lang=direction[0],
            target_lang=direction[1],
        )
        tokenizer.save_pretrained(folder)
    config = MarianConfig(
        vocab_size=len(vocab),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
        pad_token_id=vocab["<pad>"],
        eos_token_id=0,
        forced_eos_token_id=0,
        decoder_start_token_id=vocab["<pad>"],
        bad_words_ids=[[vocab["<pad>"]]],
        scale_embedding=True,
        activation_function="swish",
    )
    _seeded()
    _spiced(MarianMTModel(config)).save_pretrained(folder)
    return folder


def save_madlad(folder: Path) -> Path:
    import sentencepiece
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    path = _sentencepiece(folder, "spiece", ("<2en>", "<2gl>", "<2zh_Hant>"))
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    known = [(pieces.id_to_piece(k), pieces.get_score(k)) for k in range(3, pieces.get_piece_size())]
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *known]
    tokenizer = T5Tokenizer(vocab=vocab, extra_ids=0, additional_special_tokens=None)
    tokenizer.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    _seeded()
    _spiced(T5ForConditionalGeneration(config)).save_pretrained(folder)
    return folder


BUILDERS = {"nllb": save_nllb, "m2m100": save_m2m100, "marian": save_marian, "madlad": save_madlad}
