"""Models in the files that those on the hub have, which are not those that transformers saves today."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("transformers")

from tests import hf_models, hub_layouts, tiny_translators
from tests.hub_layouts import IOB1, codes, nllb_tokenizer, write
from xlner import Sentence
from xlner.alignment.hf.aligner import HfEncoder
from xlner.core.registry import load
from xlner.core.tags import Scheme, decode
from xlner.errors import BackendError, NotDownloadedError, UnknownNameError
from xlner.models import hub
from xlner.models.loading import load_tokenizer
from xlner.models.tokenizers import SubwordTokenizer, WordByWordTokenizer
from xlner.transfer.examples import make_examples

N_CODES = 202
WORDS = ("Ana", "vive", "en", "Vigo", ".")


# --- Language codes of NLLB ---


def listed() -> list[str]:
    """The codes as some programs saved them: in another order, and with one that was added to the model."""
    names = [*codes(), "tyv_Cyrl"]
    random.Random(1).shuffle(names)
    return names


def numbered(first: int) -> dict[str, Any]:
    """The tokens as transformers 4 numbered them."""
    plain = {**dict.fromkeys(("lstrip", "rstrip", "normalized", "single_word"), False), "special": True}
    tokens = [*codes(), "<mask>", "tyv_Cyrl"]
    return {str(first + k): {**plain, "content": token} for k, token in enumerate(tokens)}


@pytest.mark.parametrize("layout", ["null", "map", "list", "shuffled", "numbered", "nothing"])
def test_codes_of_nllb_have_the_ids_of_the_model(layout: str, tmp_path: Path) -> None:
    config: dict[str, Any] = {
        "null": {"additional_special_tokens": None},
        "map": {"additional_special_tokens": None},
        "list": {"additional_special_tokens": codes()},
        "shuffled": {"additional_special_tokens": listed()},
        "numbered": {"additional_special_tokens": listed(), "added_tokens_decoder": numbered(111)},
        "nothing": {},
    }[layout]
    special = {"additional_special_tokens": codes()} if layout == "map" else None
    n = nllb_tokenizer(tmp_path, config=config, special=special)
    assert n == 110
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.convert_tokens_to_ids(codes()) == [n + 1 + k for k in range(N_CODES)]
    assert tokenizer.convert_tokens_to_ids("<mask>") == n + 1 + N_CODES
    if layout in ("shuffled", "numbered"):
        assert tokenizer.convert_tokens_to_ids("tyv_Cyrl") == n + 2 + N_CODES
    checkpoint = load("translator", f"easyproject:{tmp_path}").checkpoint("en", "gl")
    prompt = checkpoint.prompt("en", "gl")
    english, galician = (n + 1 + codes().index(code) for code in ("eng_Latn", "glg_Latn"))
    (ids,) = checkpoint.encode(["Ana vive"], prompt)
    assert (ids[0], ids[-1], prompt.forced) == (english, 2, galician)
    assert all(3 < k <= n for k in ids[1:-1])
    assert checkpoint.decode([[galician, *ids[1:]]]) == ["Ana vive"]
    (words,) = WordByWordTokenizer(tokenizer)([Sentence(("Ana",), language="gl")])
    assert words.head == (galician,)


@pytest.mark.parametrize("with_pieces", [True, False])
def test_a_tokenizer_that_was_saved_with_other_ids_is_refused(with_pieces: bool, tmp_path: Path) -> None:
    nllb_tokenizer(tmp_path / "shifted", config={"additional_special_tokens": codes()})
    import transformers

    transformers.AutoTokenizer.from_pretrained(tmp_path / "shifted").save_pretrained(tmp_path / "saved")
    for name in ("sentencepiece.bpe.model", "config.json")[not with_pieces :]:
        shutil.copy(tmp_path / "shifted" / name, tmp_path / "saved" / name)
    with pytest.raises(BackendError, match="ace_Arab has 112, not 111") as caught:
        load_tokenizer(tmp_path / "saved")
    assert "?tokenizer=" in str(caught.value.hint)


def test_tokenizer_json_with_the_ids_of_the_model_is_kept(tmp_path: Path) -> None:
    nllb_tokenizer(tmp_path, config={"additional_special_tokens": None})
    load_tokenizer(tmp_path).save_pretrained(tmp_path / "saved")
    for _ in ("facebook has both", "without the pieces"):
        tokenizer = load_tokenizer(tmp_path / "saved")
        assert tokenizer.convert_tokens_to_ids(["ace_Arab", "zul_Latn", "<mask>"]) == [111, 312, 313]
        shutil.copy(tmp_path / "sentencepiece.bpe.model", tmp_path / "saved")


def test_a_vocabulary_beyond_that_of_the_model_is_refused(tmp_path: Path) -> None:
    nllb_tokenizer(tmp_path, config={}, size=300)
    with pytest.raises(BackendError, match="313 is beyond the 300 ids of the model"):
        load_tokenizer(tmp_path)


def test_a_model_takes_the_tokenizer_of_another_folder(tmp_path: Path) -> None:
    n = nllb_tokenizer(tmp_path / "whole", config={"additional_special_tokens": None})
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(tmp_path / "whole" / "config.json", bare / "config.json")
    with pytest.raises(BackendError):
        load("translator", f"nllb:{bare}").check_direction("en", "gl")
    translator = load("translator", f"nllb:{bare}?tokenizer={tmp_path / 'whole'}")
    assert translator.checkpoint("en", "gl").prompt("en", "gl").forced == n + 1 + codes().index("glg_Latn")


def test_a_model_of_another_family_has_no_codes(tmp_path: Path) -> None:
    tiny_translators.save_m2m100(tmp_path)
    with pytest.raises(BackendError, match="has no language codes of nllb") as caught:
        load("translator", f"nllb:{tmp_path}").check_direction("en", "gl")
    assert "?tokenizer=" in str(caught.value.hint)


# --- Weights as .bin, in one file or in parts, and the limits of both configurations ---


@pytest.mark.parametrize(("shards", "engine"), [(1, "transformers"), (3, "transformers"), (3, "ct2")])
def test_translations_of_nllb_are_those_of_the_library(
    shards: int, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "ct2":
        pytest.importorskip("ctranslate2")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = hub_layouts.nllb(tmp_path / "nllb", shards=shards)
    assert not list((tmp_path / "nllb").glob("*.safetensors"))
    tokenizer = load_tokenizer(tmp_path / "nllb")
    tokenizer.src_lang = "glg_Latn"

    inputs = tokenizer(tiny_translators.TEXTS[0], return_tensors="pt")
    forced = tokenizer.convert_tokens_to_ids("eng_Latn")
    made = model.generate(**inputs, forced_bos_token_id=forced, max_length=40, num_beams=1, do_sample=False)
    wanted = tokenizer.decode(made[0], skip_special_tokens=True).strip()
    spec = f"nllb:{tmp_path / 'nllb'}?beams=1&max_length=40&max_ratio=100&engine={engine}&dtype=float32"
    found = load("translator", spec).translate([tiny_translators.TEXTS[0]], from_lang="gl", to_lang="en")
    assert found == [wanted]
    assert wanted


def test_marian_and_m2m100_without_the_files_of_today(tmp_path: Path) -> None:
    for family, save in (("marian", tiny_translators.save_marian), ("m2m100", tiny_translators.save_m2m100)):
        folder = save(tmp_path / family)
        text, direction = ["Que dixo o presidente?"], {"from_lang": "gl", "to_lang": "en"}
        wanted = load("translator", f"{family}:{folder}?beams=1").translate(text, **direction)
        _as_before(folder, {"model_max_length": 512, "source_lang": "gl", "target_lang": "en"})
        assert load("translator", f"{family}:{folder}?beams=1").translate(text, **direction) == wanted


def _as_before(folder: Path, tokenizer_config: dict[str, Any]) -> None:
    """The weights as `.bin`, and options of the search in the configuration of the model."""
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    for name in ("model.safetensors", "generation_config.json", "tokenizer.json", "special_tokens_map.json"):
        (folder / name).unlink(missing_ok=True)
    write(folder, "tokenizer_config.json", tokenizer_config)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    write(folder, "config.json", {**config, "max_length": 200, "num_beams": 5})


def test_madlad_has_its_special_pieces_where_sentencepiece_has_them(tmp_path: Path) -> None:
    folder = tiny_translators.save_madlad(tmp_path)
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    (folder / "tokenizer.json").unlink()
    special = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<s>"}
    write(folder, "special_tokens_map.json", special)
    write(folder, "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, **special})
    checkpoint = load("translator", f"madlad:{folder}").checkpoint("gl", "en")
    assert checkpoint.languages == {"en": "<2en>", "gl": "<2gl>", "zh-Hant": "<2zh_Hant>"}
    (ids,) = checkpoint.encode(["Ana vive"], checkpoint.prompt("gl", "en"))
    wanted = [*pieces.encode("<2en> Ana vive"), pieces.piece_to_id("</s>")]
    assert ids == wanted[wanted[0] == pieces.piece_to_id("▁") :]  # the library writes no space before a tag
    assert (checkpoint.tokenizer.pad_token_id, checkpoint.tokenizer.unk_token_id) == (1, 0)


# --- Recognizers and encoders ---


def tags_by_pieces(model: Any, pieces: Any, offset: int, frame: tuple[int, int], words: Sequence[str]) -> list[str]:
    """The tag of each word at its first piece."""
    import torch

    cut = [[k + offset if k != pieces.unk_id() else 3 for k in pieces.encode(word)] for word in words]
    ids = [frame[0], *(k for word in cut for k in word), frame[1]]
    with torch.inference_mode():
        best = model(torch.tensor([ids])).logits[0].argmax(-1).tolist()
    starts = np.cumsum([1, *map(len, cut)])[:-1]
    return [IOB1[best[k]] for k in starts]


@pytest.mark.parametrize(("name", "offset", "frame"), [("xlm_roberta", 1, (0, 2)), ("deberta", 0, (1, 2))])
def test_recognizers_that_have_pieces_only(name: str, offset: int, frame: tuple[int, int], tmp_path: Path) -> None:
    model, pieces = getattr(hub_layouts, name)(tmp_path)
    words = (*WORDS, "Ωx", "Madrid")
    wanted = decode(tags_by_pieces(model, pieces, offset, frame, words), Scheme.IOB1).entities
    (found,) = load("recognizer", f"hf:{tmp_path}").recognize([Sentence(words)])
    assert [(e.start, e.end, e.label) for e in found] == [(e.start, e.end, e.label) for e in wanted]
    assert found


def test_a_model_without_names_of_tags_is_refused_or_gets_them(tmp_path: Path) -> None:
    hub_layouts.xlm_roberta(tmp_path, tags=None)
    with pytest.raises(UnknownNameError, match="does not define what LABEL_0 means") as caught:
        load("recognizer", f"hf:{tmp_path}")
    assert "tag_names=O,B-PER" in str(caught.value.hint)
    named = load("recognizer", f"hf:{tmp_path}?tag_names=O,I-LOC,I-PER")
    hub_layouts.xlm_roberta(tmp_path / "named")
    assert named.recognize([Sentence(WORDS)]) == load("recognizer", f"hf:{tmp_path / 'named'}").recognize(
        [Sentence(WORDS)]
    )


def test_vectors_of_bert_with_old_names_of_weights(tmp_path: Path) -> None:
    model = hub_layouts.bert(tmp_path)
    (vectors,) = HfEncoder(str(tmp_path), layer=1, pool="subword").encode([Sentence(("Ana", "vive"))])
    import torch

    tokenizer = load_tokenizer(tmp_path)
    inputs = tokenizer("Ana vive", return_tensors="pt")
    with torch.inference_mode():
        wanted = model.bert(**inputs, output_hidden_states=True).hidden_states[1][0, 1:-1].numpy()
    np.testing.assert_allclose(vectors.rows * vectors.norms[:, None], wanted, rtol=1e-4, atol=1e-5)
    assert len(wanted) == len("Anavive")


@pytest.mark.parametrize("kind", ["bytes", "metaspace"])
def test_words_of_modern_bert_begin_with_their_space(kind: str, tmp_path: Path) -> None:
    """Neither tokenizer adds a space before a text, and both mark the words by the space before them."""
    model = hub_layouts.modern_bert(tmp_path, kind)
    tokenizer = load_tokenizer(tmp_path)
    words = ("Ana", "\u200b", "Vigo", "Vigo", "e")
    ids = tokenizer(" Ana Vigo Vigo e", add_special_tokens=False)["input_ids"]
    (found,) = SubwordTokenizer(tokenizer, 48)([words])
    assert list(found.ids) == ids
    assert found.counts.tolist()[1] == 0
    (alone,) = WordByWordTokenizer(tokenizer)([Sentence(words)])
    assert list(alone.ids) == ids
    import torch

    with torch.inference_mode():
        best = model(torch.tensor([ids])).logits[0].argmax(-1).numpy()
    tags = [IOB1[best[k]] if n else "O" for k, n in zip(found.starts(), found.counts, strict=True)]
    (entities,) = load("recognizer", f"hf:{tmp_path}").recognize([Sentence(words)])
    wanted = decode(tags, Scheme.IOB1).entities
    assert [(e.start, e.end, e.label) for e in entities] == [(e.start, e.end, e.label) for e in wanted]
    learned = make_examples([Sentence(words)], SubwordTokenizer(tokenizer, 48), {"O": 0})
    assert list(learned.items[0].ids) == ids


def test_words_of_tokenizers_of_bytes(tmp_path: Path) -> None:
    hf_models.roberta(tmp_path / "bpe")
    tokenizer = load_tokenizer(tmp_path / "bpe")
    (found,) = SubwordTokenizer(tokenizer, 80)([["that", "the", "\u200b", "that"]])
    assert list(found.ids) == tokenizer(" that the that", add_special_tokens=False)["input_ids"]
    assert found.counts.tolist()[2] == 0
    (tmp_path / "byt5").mkdir()
    write(tmp_path / "byt5", "config.json", {"model_type": "t5"})
    write(tmp_path / "byt5", "tokenizer_config.json", {"tokenizer_class": "ByT5Tokenizer"})
    (words,) = WordByWordTokenizer(load_tokenizer(tmp_path / "byt5"))([Sentence(("né", "a"))])
    assert words.ids == [3 + byte for byte in " né a".encode()]


# --- The cache of the hub ---


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The snapshot of `someone/tiny` in a cache, with all its files but those of the tokenizer."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = tmp_path / "models--someone--tiny"
    made = home / "snapshots" / commit
    made.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    for name in ("config.json", "pytorch_model.bin"):
        (made / name).write_text("{}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    return made


def test_a_tokenizer_that_the_cache_lacks_is_downloaded(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["config.json", "pytorch_model.bin", "pytorch_model.generator.bin", "spm.model", "tokenizer_config.json"]
    info = SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in names])
    asked: list[Any] = []

    def download(name: str, **options: Any) -> str:
        asked.append(sorted(options["allow_patterns"]))
        (snapshot / "spm.model").write_text("pieces")
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *a, **k: info)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert hub.model_folder("someone/tiny", tokenizer=False) == snapshot
    assert asked == []
    assert hub.model_folder("someone/tiny") == snapshot
    assert asked == [["config.json", "pytorch_model.bin", "spm.model", "tokenizer_config.json"]]
    assert hub.model_folder("someone/tiny") == snapshot
    assert len(asked) == 1


@pytest.mark.parametrize("weights", [True, False])
def test_a_tokenizer_that_the_cache_lacks_is_named(
    weights: bool, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: Any, **options: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", unreachable)
    with pytest.raises(NotDownloadedError, match="the tokenizer of model 'someone/tiny' is not in the cache .*network"):
        hub.model_folder("someone/tiny", weights=weights)
    with (
        hub.without_downloads(),
        pytest.raises(NotDownloadedError, match="all of someone/tiny is not on this machine"),
    ):
        hub.model_folder("someone/tiny", weights=weights)
    write(snapshot, "tokenizer_config.json", {"tokenizer_class": "ByT5Tokenizer"})  # needs no vocabulary
    assert hub.model_folder("someone/tiny", weights=weights) == snapshot
    (snapshot / "pytorch_model.bin").unlink()
    with pytest.raises(NotDownloadedError, match="the weights of model 'someone/tiny' are not in"):
        hub.model_folder("someone/tiny")
