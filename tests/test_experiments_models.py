"""All methods of the paper with tiny models of the same classes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests import hf_models, tiny_recognizers, tiny_translators
from xlner.experiments.reproduce import Backends, Experiment, ReproductionRecipe, read_reproduction_recipe

SENTENCES = [
    ("Ana lives in Vigo", ["B-PER", "O", "O", "B-LOC"]),
    ("the red cat", ["O", "O", "O"]),
    ("Santiago de Vigo", ["B-LOC", "I-LOC", "I-LOC"]),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Backends:
    """The backends of the paper, each with a tiny model."""
    folder = tmp_path_factory.mktemp("models")
    nllb = tiny_translators.save_nllb(folder / "nllb", languages=("yor_Latn", "kat_Geor", "eng_Latn"))
    recognizer = tiny_recognizers.save_model("xlmr", folder / "recognizer")
    hf_models.bert(folder / "bert")
    return Backends(
        "tiny",
        f"nllb:{nllb}",
        f"hf:{recognizer}",
        f"easyproject:{nllb}",
        f"hf:{recognizer}",
        aligners={
            "awesome": f"awesome:softmax?model={folder / 'bert'}&layer=2",
            "simalign": f"simalign:itermax?model={folder / 'bert'}&layer=2",
        },
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "lang", "file", "line"),
    [("masakhaner2", "yor", "yor/test.txt", "{} {}"), ("pan-x", "ka", "ka/test", "ka:{}\t{}")],
)
def test_all_methods_with_models(
    models: Backends,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    lang: str,
    file: str,
    line: str,
) -> None:
    path = tmp_path / "data" / file
    path.parent.mkdir(parents=True)
    blocks = ["\n".join(line.format(w, t) for w, t in zip(s.split(), tags, strict=True)) for s, tags in SENTENCES]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    paper = read_reproduction_recipe("politov2025")
    recipe = ReproductionRecipe(paper.name, paper.title, "en", paper.datasets, {"tiny": models}, paper.methods)
    experiment = Experiment(recipe, dataset, tmp_path / "data", "tiny", tmp_path / "out", langs=[lang], samples=10)
    said: list[str] = []
    first = experiment.run(said.append)
    assert [(r.method, r.missing) for r in first] == [(m.name, None) for m in paper.methods]
    assert {r.scores.failed for r in first if r.scores} == {0}
    assert sum("translated by nllb" in text for text in said) == 1
    assert sum("back-translated by easyproject" in text for text in said) == 1
    assert sum(" aligned by " in text for text in said) == 4  # two aligners, forward and back
    said.clear()
    monkeypatch.setattr("xlner.experiments.reproduce.backend_cache.load", None)  # not even built
    second = experiment.run(said.append)
    assert said == []
    assert [r.scores.micro for r in second if r.scores] == [r.scores.micro for r in first if r.scores]
