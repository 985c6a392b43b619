from __future__ import annotations

import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import BackendError, ValidationError, load
from xlner.core.files import cached_folder
from xlner.errors import MissingExtraError, NotDownloadedError, UnknownNameError, UsageError
from xlner.models.cache import cache_dir
from xlner.stages import DirectedTranslator, PhraseScoringTranslator, RetryingTranslator
from xlner.text.sentence_splitter import join_pieces, split_lines, split_pieces, split_sentences
from xlner.translation.seq2seq import translators as hf
from xlner.translation.seq2seq.model_families import codes, near_misses

FAMILIES = ("nllb", "m2m100", "marian", "madlad")
MADE: dict[str, Path] = {}
DIRECTION = {"from_lang": "gl", "to_lang": "en"}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Folders of tiny models by family, made once, for other modules that import this, too."""
    torch = pytest.importorskip("torch", reason="needs xlner[hf]")
    pytest.importorskip("transformers", reason="needs xlner[hf]")
    from tests.tiny_translators import BUILDERS

    def folder(family: str) -> Path:
        if family not in MADE:
            MADE[family] = BUILDERS[family](tmp_path_factory.mktemp("models") / family)
        return MADE[family]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more only wait for each other on models this small
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield folder
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))


def texts() -> list[str]:
    from tests.tiny_translators import TEXTS

    return [*TEXTS[:5], "", "Vigo", TEXTS[0]]


def one_by_one(folder: Path, family: str, batch: list[str], **search: int) -> list[str]:
    """What `generate` makes of each text alone, by the tokenizer's own way to name the languages."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    options: dict[str, Any] = {}
    hidden = set(tokenizer.all_special_ids)
    if family == "nllb":
        tokenizer.src_lang = "glg_Latn"
        options["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids("eng_Latn")
    elif family == "m2m100":
        tokenizer.src_lang = "gl"
        options["forced_bos_token_id"] = tokenizer.get_lang_id("en")
        hidden |= set(tokenizer.lang_code_to_id.values())
    elif family == "madlad":
        batch = [f"<2en> {text}" if text else "" for text in batch]
        hidden |= set(tokenizer.convert_tokens_to_ids(["<2en>", "<2gl>", "<2zh_Hant>"]))
    longest = min(model.config.to_dict().get("max_position_embeddings", 512), 512)
    out = []
    for text in batch:
        ids = tokenizer(text, return_tensors="pt")
        limit = min(longest - 1, -(-ids["input_ids"].shape[1] // 16) * 8 + 16)
        made = model.generate(**ids, **options, **search, max_new_tokens=limit, forced_eos_token_id=None)[0].tolist()
        out.append(tokenizer.decode([k for k in made if k not in hidden]).strip() if text else "")
    return out


@pytest.mark.filterwarnings("ignore:Recommended")
@pytest.mark.parametrize(("family", "beams"), [*((family, 1) for family in FAMILIES), ("nllb", 3)])
def test_translations_are_those_of_each_text_alone(models: Callable[[str], Path], family: str, beams: int) -> None:
    translator = load("translator", f"{family}:{models(family)}?beams={beams}&batch_tokens=60&max_ratio=0.5")
    made = translator.translate(texts(), **DIRECTION)
    assert made == one_by_one(models(family), family, texts(), num_beams=beams)
    assert made[texts().index("")] == ""
    assert len({text for text in made if text}) > 1
    assert family in translator.fingerprint
    assert "float32" in translator.fingerprint


@pytest.mark.parametrize("family", FAMILIES)
def test_ctranslate2_says_the_same(models: Callable[[str], Path], family: str, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2", reason="needs xlner[ct2]")
    plain = load("translator", f"{family}:{models(family)}?beams=1&max_ratio=0.5")
    spec = f"{family}:{models(family)}?beams=1&max_ratio=0.5&engine=ct2&dtype="
    converted = load("translator", spec + "float32")
    assert converted.translate(texts(), **DIRECTION) == plain.translate(texts(), **DIRECTION)
    (folder,) = (tmp_path / "cache" / "ct2").iterdir()
    stamp = (folder / "model.bin").stat().st_mtime_ns
    load("translator", spec + "float32").translate(["Vigo"], **DIRECTION)
    assert (folder / "model.bin").stat().st_mtime_ns == stamp
    small = load("translator", spec + "auto")
    assert len(small.translate(texts(), **DIRECTION)) == len(texts())
    assert "int8" in small.fingerprint or "float16" in small.fingerprint
    assert len(list((tmp_path / "cache" / "ct2").iterdir())) == 2


def test_ctranslate2_leaves_the_threads_of_torch_alone(models: Callable[[str], Path]) -> None:
    pytest.importorskip("ctranslate2", reason="needs xlner[ct2]")
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        load("translator", f"nllb:{models('nllb')}?engine=ct2").translate(["Vigo"], **DIRECTION)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_what_ctranslate2_cannot_do_is_said(models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2", reason="needs xlner[ct2]")
    folder = models("nllb")
    for option, message in (("device=tpu", "unknown device 'tpu'"), ("dtype=int3", "unknown precision 'int3'")):
        with pytest.raises(UnknownNameError, match=message):
            load("translator", f"nllb:{folder}?engine=ct2&{option}").translate(["Vigo"], **DIRECTION)
    with pytest.raises(BackendError, match="CTranslate2 cannot run"):
        load("translator", f"nllb:{folder}?engine=ct2&device=cuda:7").translate(["Vigo"], **DIRECTION)
    from ctranslate2.converters import TransformersConverter

    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("no such layer")

    monkeypatch.setattr(TransformersConverter, "convert", broken)
    with pytest.raises(BackendError, match="cannot be converted to CTranslate2: no such layer; run it with engine="):
        load("translator", f"nllb:{folder}?engine=ct2&dtype=int16").translate(["Vigo"], **DIRECTION)
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[ct2\]'"):
        load("translator", f"nllb:{folder}?engine=ct2")


def test_second_attempts_do_not_loop(models: Callable[[str], Path]) -> None:
    translator = hf.NllbTranslator(str(models("nllb")), beams=1, max_ratio=1.0)
    checkpoint = translator.checkpoint("gl", "en")
    batch = [text for text in texts() if text]
    first, second = (make(batch, **DIRECTION) for make in (translator.translate, translator.retranslate))
    assert first != second
    for text in second:
        ids = checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert len(ids) < 40 or len({tuple(ids[k : k + 6]) for k in range(len(ids))}) > len(ids) * 0.5


def test_long_texts_are_translated_in_pieces_and_lines_stay_lines(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = hf.NllbTranslator(str(models("nllb")), beams=1, max_ratio=1.0)
    short = texts()[0]
    (alone,) = translator.translate([short], **DIRECTION)
    (long,) = translator.translate([" ".join([short] * 20)], **DIRECTION)
    assert len(long) > len(alone)
    assert translator.translate([f"{short}\n\n{short}"], **DIRECTION) == [f"{alone}\n\n{alone}"]
    checkpoint = translator.checkpoint("gl", "en")
    assert checkpoint.max_input == 64
    prompt = checkpoint.prompt("gl", "en")
    calls: list[list[str]] = []
    encode = checkpoint.encode

    def watched(batch: list[str], prompt: Any) -> Any:
        calls.append(batch)
        return encode(batch, prompt)

    monkeypatch.setattr(checkpoint, "encode", watched)
    translator.translate([" ".join([short] * 20)], **DIRECTION)
    assert len(encode(calls[0], prompt)[0]) > 64
    assert len(calls[-1]) > 1
    assert all(len(ids) <= 64 for ids in encode(calls[-1], prompt))


def test_legacy_prompts_have_the_language_last(models: Callable[[str], Path]) -> None:
    from transformers import AutoTokenizer

    folder = models("nllb")
    for legacy, translator in (
        (False, load("translator", f"nllb:{folder}")),
        (True, load("translator", f"nllb:{folder}?legacy=true")),
        (False, load("translator", f"easyproject:{folder}")),
    ):
        checkpoint = translator.checkpoint("gl", "en")
        tokenizer = AutoTokenizer.from_pretrained(folder, legacy_behaviour=legacy, src_lang="glg_Latn")
        assert checkpoint.encode(["Ana vive"], checkpoint.prompt("gl", "en")) == tokenizer(["Ana vive"])["input_ids"]
    with pytest.raises(UsageError, match="legacy is an option of nllb, not of madlad"):
        hf.MadladTranslator(legacy=True)


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ("nllb:{}", [9, 7, 8, 2]),
        ("nllb:{}?legacy=true", [7, 8, 2, 9]),
        ("easyproject:{}", [9, 7, 8, 2]),
        ("easyproject:{}?legacy=true", [7, 8, 2, 9]),
    ],
)
@pytest.mark.parametrize("said", [False, True])
def test_the_language_code_stands_where_legacy_says(spec: str, ids: list[int], said: bool, tmp_path: Path) -> None:
    from transformers import NllbTokenizer

    words = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "▁",
        "a",
        "b",
        "▁ab",
        "▁a",
        "glg_Latn",
        "eng_Latn",
        *"cdefghijklmnopqrstuvwxyz",
    ]
    merges = [("▁", "a"), ("▁a", "b")]
    tokenizer = NllbTokenizer(
        vocab={word: k for k, word in enumerate(words)},
        merges=merges,
        extra_special_tokens=["glg_Latn", "eng_Latn"],
        legacy_behaviour=said,
    )
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "m2m_100", "max_position_embeddings": 64}', encoding="utf-8")
    checkpoint = load("translator", spec.format(tmp_path)).checkpoint("gl", "en")
    prompt = checkpoint.prompt("gl", "en")
    if said and spec == "nllb:{}":
        ids = [7, 8, 2, 9]  # what the files say
    assert checkpoint.encode(["ab a"], prompt) == [ids]
    assert prompt.forced == 10


def test_unknown_languages_are_named_with_near_misses(models: Callable[[str], Path]) -> None:
    translator = hf.NllbTranslator(str(models("nllb")))
    with pytest.raises(BackendError, match="does not know the language 'bbj'; it knows 2 languages, none"):
        translator.check_direction("bbj", "en")
    with pytest.raises(BackendError, match="does not know the language 'pcm'; near ones: en"):
        translator.check_direction("gl", "pcm")
    assert translator.checkpoint("glg_Latn", "eng") is translator.checkpoint("gl", "en")
    assert translator.translate(["Vigo"], from_lang="gl", to_lang="glg") == ["Vigo"]


def test_marian_names_and_directions(models: Callable[[str], Path], tmp_path: Path) -> None:
    folder = models("marian")
    shutil.copytree(folder, tmp_path / "opus-gl-en")
    template = hf.MarianTranslator(str(tmp_path / "opus-{from}-{to}"))
    assert template.checkpoint("glg_Latn", "en").name == str(tmp_path / "opus-gl-en")
    assert template.translate(["Vigo"], **DIRECTION) == hf.MarianTranslator(str(folder)).translate(
        ["Vigo"], **DIRECTION
    )
    with pytest.raises(BackendError, match="opus-en-gl"):
        template.checkpoint("en", "gl")
    with pytest.raises(BackendError, match="translates from gl to en, not from es to en"):
        hf.MarianTranslator(str(folder)).check_direction("es", "en")
    assert hf.model_names("o/m-{from}-{to}", "tl", "zh")[:2] == ["o/m-tl-zh", "o/m-tl-zho"]


def test_marian_with_several_target_languages(models: Callable[[str], Path], tmp_path: Path) -> None:
    models("marian")
    from tests.tiny_translators import save_marian

    many = hf.MarianTranslator(
        str(save_marian(tmp_path / "many", codes=(">>eng<<", ">>por<<"), direction=("ROA", "x")))
    )
    checkpoint = many.checkpoint("gl", "pt")
    assert checkpoint.prompt("gl", "pt").prefix == (checkpoint.tokenizer.convert_tokens_to_ids(">>por<<"),)
    with pytest.raises(BackendError, match="does not know the language 'de'"):
        many.check_direction("gl", "de")


def test_a_model_by_name_from_the_cache_of_the_hub(
    models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    home = tmp_path / "hub"
    repository = home / "models--owner--tiny-nllb"
    shutil.copytree(models("nllb"), repository / "snapshots" / "0123456789abcdef")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123456789abcdef", encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(home))
    monkeypatch.setenv("HF_HUB_CACHE", str(home))
    by_name = load("translator", "nllb:owner/tiny-nllb?beams=1&max_ratio=0.5")
    by_folder = load("translator", f"nllb:{models('nllb')}?beams=1&max_ratio=0.5")
    assert by_name.translate(texts(), **DIRECTION) == by_folder.translate(texts(), **DIRECTION)
    assert "owner/tiny-nllb@0123456789ab" in by_name.fingerprint
    assert by_name.summary == "owner/tiny-nllb, on this machine"


def test_what_is_wrong_with_a_model_is_said_before_any_work(models: Callable[[str], Path], tmp_path: Path) -> None:
    folder = models("nllb")
    with pytest.raises(BackendError, match="is a model of type 'm2m_100', and madlad needs mt5 or t5 or umt5"):
        hf.MadladTranslator(str(folder)).check_direction("gl", "en")
    bare = tmp_path / "bare"
    shutil.copytree(folder, bare)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (bare / name).unlink()
    with pytest.raises(BackendError, match="tokenizer"):
        hf.NllbTranslator(str(bare)).check_direction("gl", "en")
    (bare / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(BackendError, match="is not JSON"):
        hf.NllbTranslator(str(bare)).check_direction("gl", "en")
    (bare / "config.json").unlink()
    with pytest.raises(BackendError, match=r"has no config\.json"):
        hf.NllbTranslator(str(bare)).check_direction("gl", "en")
    with pytest.raises(BackendError, match="does not exist"):
        hf.NllbTranslator(str(tmp_path / "none")).check_direction("gl", "en")
    with pytest.raises(UnknownNameError, match="unknown engine 'onnx'"):
        hf.NllbTranslator(engine="onnx")
    with pytest.raises(ValidationError, match="must be over 0"):
        hf.NllbTranslator(beams=0)


def test_options_count_in_the_fingerprint_and_batch_sizes_do_not(models: Callable[[str], Path]) -> None:
    folder = str(models("nllb"))
    plain = hf.NllbTranslator(folder).fingerprint
    assert hf.NllbTranslator(folder, batch_tokens=9, device="cpu").fingerprint == plain
    assert hf.NllbTranslator(folder, beams=2).fingerprint != plain
    assert hf.NllbTranslator(folder, legacy=True).fingerprint != plain
    assert hf.NllbTranslator(folder, dtype="bfloat16").fingerprint != plain
    assert hf.MarianTranslator().fingerprint.startswith("marian?model=Helsinki-NLP/opus-mt-{from}-{to}&")
    with pytest.raises(NotDownloadedError, match="o/none is not on this machine; it will be downloaded on first"):
        _ = hf.NllbTranslator("o/none").summary


@pytest.mark.parametrize("engine", ["transformers", "ct2"])
def test_a_translator_pickles_before_and_after_use(models: Callable[[str], Path], engine: str) -> None:
    if engine == "ct2":
        pytest.importorskip("ctranslate2", reason="needs xlner[ct2]")
    translator = hf.NllbTranslator(str(models("nllb")), engine=engine, beams=1, max_ratio=0.5)
    assert isinstance(translator, DirectedTranslator)
    assert isinstance(translator, RetryingTranslator)
    assert isinstance(translator, PhraseScoringTranslator)
    unused = pickle.loads(pickle.dumps(translator))
    made = translator.translate(texts()[:2], **DIRECTION)
    used = pickle.loads(pickle.dumps(translator))
    for copy in (unused, used):
        assert copy.translate(texts()[:2], **DIRECTION) == made
        assert copy.fingerprint == translator.fingerprint


def test_a_fingerprint_does_not_load_the_weights(models: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(models("nllb"), folder)
    whole = hf.NllbTranslator(str(folder)).fingerprint
    for path in folder.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    assert hf.NllbTranslator(str(folder)).fingerprint != whole


def test_codes_of_tokens() -> None:
    found = codes(["pes_Arab", "prs_Arab", "zho_Hans", "zho_Hant", "tgl_Latn", "word"], "([a-z]{3}_[A-Z][a-z]{3})")
    assert found == {
        "fa": "pes_Arab",
        "prs": "prs_Arab",
        "zh": "zho_Hans",
        "fil": "tgl_Latn",
        "zh-Hant": "zho_Hant",
    }
    assert codes(["__ns__", "__yo__"], "__(.+)__") == {"yo": "__yo__"}
    assert near_misses("bbj", ["en", "fr"]) == []


@settings(deadline=None)
@given(st.text(alphabet="ab. ?\n;,。ñ«»\u2028", max_size=60), st.integers(1, 20))
def test_pieces_spell_the_text(text: str, size: int) -> None:
    assert "".join(split_sentences(text)) == text
    assert "".join(split_lines(text)) == text
    made = split_pieces(text, lambda piece: len(piece) <= size)
    assert "".join(made) == text
    assert all(len(piece.rstrip()) <= max(size, 1) for piece in made)


def test_sentences_end_where_they_do() -> None:
    assert split_sentences("El Sr. Pérez vive en EE. UU. Hoy no. ¿Y tú? “Quizás.” No. 5.") == [
        "El Sr. Pérez vive en EE. UU. Hoy no. ",
        "¿Y tú? ",
        "“Quizás.” ",
        "No. 5.",
    ]
    assert split_sentences("今日は。明日も！") == ["今日は。", "明日も！"]
    assert split_sentences("वह गया। वह आया।") == ["वह गया। ", "वह आया।"]
    assert join_pieces(["一", "二"], ["One. ", "Two."], spaced=False) == "一二"


def test_a_cached_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        (path / "half").write_text("", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cached_folder(tmp_path / "a" / "x", broken)
    assert list((tmp_path / "a").iterdir()) == []

    def slow(path: Path) -> None:  # another process is faster
        (tmp_path / "a" / "x").mkdir()
        (tmp_path / "a" / "x" / "theirs").touch()
        (path / "ours").touch()

    assert [p.name for p in cached_folder(tmp_path / "a" / "x", slow).iterdir()] == ["theirs"]
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["x"]
    monkeypatch.delenv("XLNER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for platform, name in (("linux", "xlner"), ("darwin", "xlner"), ("win32", "cache")):
        monkeypatch.setattr("sys.platform", platform)
        assert cache_dir().name == name


def test_the_doctor_knows_the_cache(tmp_path: Path) -> None:
    from xlner.cli.machine import machine_rows

    folder = tmp_path / "cache" / "ct2" / "nllb-int8"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(bytes(60_000_000))
    (row,) = (row for row in machine_rows() if row["name"] == "xlner")
    assert row["details"].endswith("cache: 1 converted model, 0.1 GB")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[hf\]'"):
        hf.NllbTranslator()
