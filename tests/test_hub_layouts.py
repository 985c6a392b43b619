"""Tokenizers in the files that models on the hub have, which are not those that transformers saves today."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("transformers")

from tests import hf_models, tiny_translators
from xlner import Sentence
from xlner.core.registry import load
from xlner.errors import BackendError
from xlner.models.loading import load_tokenizer
from xlner.models.tokenizers import SubwordTokenizer, WordByWordTokenizer

NAMED = {
    **{"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>"},
    **{"sep_token": "</s>", "mask_token": "<mask>"},
}
N_CODES = 202


def codes() -> list[str]:
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    return list(FAIRSEQ_LANGUAGE_CODES)


def save(folder: Path, *, config: dict[str, Any], special: dict[str, Any] | None = None, size: int = 400) -> int:
    """An NLLB tokenizer as SentencePiece and settings; the number of its pieces."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sentencepiece.bpe.model"
    with path.open("wb") as stream:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([*tiny_translators.TEXTS] * 3), model_writer=stream, vocab_size=110,
            model_type="bpe", minloglevel=2,
        )  # fmt: skip
    settings = {"tokenizer_class": "NllbTokenizer", **NAMED, "model_max_length": 1024, **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    if special is not None:
        (folder / "special_tokens_map.json").write_text(json.dumps({**NAMED, **special}), encoding="utf-8")
    settings = {"model_type": "m2m_100", "vocab_size": size, "max_position_embeddings": 64}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return len(sentencepiece.SentencePieceProcessor(model_file=str(path)))


@pytest.mark.parametrize("layout", ["null", "null and a map", "list", "nothing"])
def test_codes_of_nllb_have_the_ids_of_the_model(layout: str, tmp_path: Path) -> None:
    config: dict[str, Any] = {
        "null": {"additional_special_tokens": None},
        "null and a map": {"additional_special_tokens": None},
        "list": {"additional_special_tokens": codes()},
        "nothing": {},
    }[layout]
    special = {"additional_special_tokens": codes()} if layout == "null and a map" else None
    n = save(tmp_path, config=config, special=special)
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.convert_tokens_to_ids(codes()) == [n + 1 + k for k in range(N_CODES)]
    assert tokenizer.convert_tokens_to_ids("<mask>") == n + 1 + N_CODES
    checkpoint = load("translator", f"easyproject:{tmp_path}").checkpoint("en", "gl")
    prompt = checkpoint.prompt("en", "gl")
    english, galician = (n + 1 + codes().index(code) for code in ("eng_Latn", "glg_Latn"))
    (ids,) = checkpoint.encode(["Ana vive"], prompt)
    assert (ids[0], ids[-1], prompt.forced) == (english, 2, galician)
    assert all(3 < k <= n for k in ids[1:-1])
    assert checkpoint.decode([[galician, *ids[1:]]]) == ["Ana vive"]
    (words,) = WordByWordTokenizer(tokenizer)([Sentence(("Ana",), language="gl")])
    assert words.head == (galician,)


def test_a_tokenizer_for_another_vocabulary_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "few", config={}, size=300)
    with pytest.raises(BackendError, match="beyond the 300 ids of the model"):
        load_tokenizer(tmp_path / "few")
    save(tmp_path / "shifted", config={"additional_special_tokens": codes()})
    import transformers

    transformers.AutoTokenizer.from_pretrained(tmp_path / "shifted").save_pretrained(tmp_path / "saved")
    for name in ("sentencepiece.bpe.model", "config.json"):
        shutil.copy(tmp_path / "shifted" / name, tmp_path / "saved" / name)
    with pytest.raises(BackendError, match="ace_Arab has .*, not ") as caught:
        load_tokenizer(tmp_path / "saved")
    assert "?tokenizer=" in str(caught.value.hint)


def test_a_model_takes_the_tokenizer_of_another_folder(tmp_path: Path) -> None:
    n = save(tmp_path / "whole", config={"additional_special_tokens": None})
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(tmp_path / "whole" / "config.json", bare / "config.json")
    with pytest.raises(BackendError):
        load("translator", f"nllb:{bare}").check_direction("en", "gl")
    translator = load("translator", f"nllb:{bare}?tokenizer={tmp_path / 'whole'}")
    assert translator.checkpoint("en", "gl").prompt("en", "gl").forced == n + 1 + codes().index("glg_Latn")


def test_words_of_byte_level_tokenizers_begin_with_their_space(tmp_path: Path) -> None:
    hf_models.roberta(tmp_path)  # as ModernBERT, its tokenizer adds no space before a text
    tokenizer = load_tokenizer(tmp_path)
    words = ["that", "the", "\u200b", "that"]
    (found,) = SubwordTokenizer(tokenizer, 80)([words])
    assert list(found.ids) == tokenizer(" that the that", add_special_tokens=False)["input_ids"]
    assert found.counts.tolist()[2] == 0
