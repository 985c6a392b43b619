"""The recipes of the paper and of the thesis, with tiny models in the files that their models have on the hub."""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")

from tests import hub_layouts
from xlner.experiments.reproduce import Experiment, ReproductionRecipe, read_reproduction_recipe

SENTENCES = [
    ("Ana vive en Vigo", ["B-PER", "O", "O", "B-LOC"]),
    ("o tren de Madrid", ["O", "O", "O", "B-ORG"]),
    ("Santiago de Compostela", ["B-LOC", "I-LOC", "I-LOC"]),
]
DATA = {  # file, how it writes a word and its tag
    "masakhaner2": {"yor/test.txt": "{} {}"},
    "pan-x": {"zh/test": "zh:{}\t{}"},
    "europarl-ner": {"es-europarl.test.conll02": "{} {}", "en-europarl.test.conll02": "{} {}"},
}
CASES = [
    ("politov2025", "masakhaner2", "yor"),
    ("politov2025", "pan-x", "zh"),
    ("politov2025", "europarl-ner", "es"),
    ("shkalikov-thesis", "masakhaner2", "yor"),
    ("shkalikov-thesis", "europarl-ner", "es"),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders for the models of the recipes."""
    folder = tmp_path_factory.mktemp("models")
    hub_layouts.nllb(folder / "sharded", shards=3)
    hub_layouts.nllb(folder / "whole")
    hub_layouts.xlm_roberta(folder / "xlmr")
    hub_layouts.deberta(folder / "deberta", ("O", "B-LOC", "B-PER"))
    hub_layouts.bert(folder / "bert")
    return {
        "facebook/nllb-200-3.3B": folder / "sharded",
        "facebook/nllb-200-distilled-600M": folder / "whole",
        "ychenNLP/nllb-200-3.3B-easyproject": folder / "whole",
        "FacebookAI/xlm-roberta-large-finetuned-conll03-english": folder / "xlmr",
        "ShkalikovOleh/mdeberta-v3-base-conll2003-en": folder / "deberta",
        "bert-base-multilingual-cased": folder / "bert",
    }


def recipe_with(models: dict[str, Path], name: str, folder: Path) -> ReproductionRecipe:
    """The recipe as it is, but with these models, which have two layers."""
    text = files("xlner.experiments.reproduce").joinpath("recipes", f"{name}.toml").read_text(encoding="utf-8")
    for model, path in models.items():
        text = text.replace(model, str(path))
    text = re.sub(r"layer=8\b", "layer=2", text)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return read_reproduction_recipe(folder / "recipe.toml")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dataset", "lang"), CASES)
def test_all_methods_run_with_models(
    name: str, dataset: str, lang: str, models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, line in DATA[dataset].items():
        path = tmp_path / "data" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = ["\n".join(line.format(w, t) for w, t in zip(s.split(), tags, strict=True)) for s, tags in SENTENCES]
        path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    jieba = ModuleType("jieba")  # which cuts back-translations into Chinese
    jieba.__dict__.update(lcut=str.split, setLogLevel=lambda level: None, __version__="1")
    monkeypatch.setitem(sys.modules, "jieba", jieba)
    recipe = recipe_with(models, name, tmp_path)
    experiment = Experiment(recipe, dataset, tmp_path / "data", "paper", tmp_path / "out", langs=[lang], samples=10)
    said: list[str] = []
    first = experiment.run(said.append)
    assert [(r.method, r.missing) for r in first] == [(m.name, None) for m in recipe.methods]
    assert {r.scores.failed for r in first if r.scores} == {0}
    back = name == "politov2025"
    assert sum("translated by nllb" in text for text in said) == (dataset != "europarl-ner")
    assert sum("back-translated by easyproject" in text for text in said) == back
    assert sum(" aligned by " in text for text in said) == (4 if back else 1)
    said.clear()
    monkeypatch.setattr("xlner.experiments.reproduce.backend_cache.load", None)  # not even built
    second = experiment.run(said.append)
    assert said == []
    assert [r.scores.micro for r in second if r.scores] == [r.scores.micro for r in first if r.scores]
