"""The page with every method on every data set at hand, on miniatures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import InputError
from xlner.errors import UnknownNameError
from xlner.experiments.page import markdown_page
from xlner.experiments.reproduce import leaderboard_page, read_reproduction_recipe, run_leaderboard
from xlner.experiments.reproduce.language_data import has_language
from xlner.experiments.reproduce.published import best_published
from xlner.experiments.reproduce.recipe import DatasetPlan

RECIPE = """
title = "Mine"
[datasets.europarl-ner]
title = "Europarl"
target = ["{lang}.conll"]
source = ["{lang}.conll"]
langs = ["de", "es"]
[datasets.other]
title = "Another one"
target = ["{lang}.conll"]
langs = ["gl"]
[backends.small]
translator = "echo"
recognizer = "gazetteer:names.tsv"
target-recognizer = "gazetteer:names.tsv"
[backends.small.aligners]
same = "oracle"
[backends.large]
target-recognizer = "hf:./nowhere"
[[method]]
name = "direct"
approach = "transfer"
[[method]]
name = "projected"
aligner = "same"
projector = "greedy"
"""
ENGLISH = "Vigo\tB-LOC\nfell\tO\n\nAna\tB-PER\nleft\tO\n\n"
GERMAN = "Vigo\tB-LOC\nfiel\tO\n\nAna\tB-PER\nging\tO\n\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "europarl-ner").mkdir(parents=True)
    for lang, text in (("en", ENGLISH), ("de", GERMAN)):
        (tmp_path / "data" / "europarl-ner" / f"{lang}.conll").write_text(text, encoding="utf-8")
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "data"


def test_what_is_there_is_run_and_the_rest_is_left_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_reproduction_recipe("mine.toml")
    (standing,) = run_leaderboard(recipe, data, tmp_path / "work", backends=["small"], samples=20)
    assert standing.langs == ("de",)
    assert {r.method: r.scores.micro.f1 for r in standing.results if r.scores} == {"direct": 2 / 3, "projected": 1.0}
    page = markdown_page(leaderboard_page(recipe, [standing], "About it."))
    lines = page.splitlines()
    assert lines[:3] == ["# Mine", "", "About it."]
    assert "## Europarl" in lines
    table = lines[lines.index("| method | backends | de | mean |") :]
    assert table[2].startswith("| projected | small | 1.000 (1.000–1.000) | 1.000 |")
    assert table[3].startswith("| direct | small | 0.667 (")
    best = best_published("europarl-ner", "de")
    assert best is not None
    assert table[4] == f"| best published |  | {best.f1:.3f} ({best.source}) | {best.f1:.3f} |"
    with monkeypatch.context() as patch:
        patch.setattr("xlner.experiments.reproduce.leaderboard._MOST_COLUMNS", 0)
        lines_of_languages = markdown_page(leaderboard_page(recipe, [standing], "")).splitlines()
    turned = lines_of_languages[
        lines_of_languages.index("| language | projected, small | direct, small | best published |") :
    ]
    assert turned[2].startswith("| de | 1.000 (1.000–1.000) | 0.667 (")
    assert turned[3] == f"| mean | 1.000 | 0.667 | {best.f1:.3f} |"
    assert sum("backends:small" in line for line in lines if line.startswith("- de: `")) == 1
    assert "- aligner same: `oracle`" in lines


def test_a_data_set_can_have_only_some_of_the_methods(data: Path, tmp_path: Path) -> None:
    own = RECIPE.replace('["de", "es"]', '["de"]\nmethods = ["projected"]')
    (tmp_path / "mine.toml").write_text(own, encoding="utf-8")
    recipe = read_reproduction_recipe("mine.toml")
    run = partial(run_leaderboard, recipe, data, tmp_path / "work", backends=["small"], samples=20)
    (standing,) = run()
    assert [r.method for r in standing.results] == ["projected"]
    with pytest.raises(InputError, match="none of the methods is for europarl-ner"):
        run(methods=["direct"])
    with pytest.raises(UnknownNameError, match="unknown method 'other'; known: direct, projected"):
        run(methods=["other"])
    (tmp_path / "mine.toml").write_text(own.replace('["projected"]', '["mine"]'), encoding="utf-8")
    with pytest.raises(UnknownNameError, match="dataset europarl-ner: method 'mine'"):
        read_reproduction_recipe("mine.toml")


def test_a_method_without_a_result_for_a_language_is_below_those_with_all(data: Path, tmp_path: Path) -> None:
    (data / "europarl-ner" / "es.conll").write_text(GERMAN, encoding="utf-8")
    recipe = read_reproduction_recipe("mine.toml")
    (standing,) = run_leaderboard(recipe, data, tmp_path / "work", backends=["small"], samples=20)
    results = [
        replace(r, scores=None, confidence_intervals=None) if (r.method, r.lang) == ("projected", "es") else r
        for r in standing.results
    ]
    page = markdown_page(leaderboard_page(recipe, [replace(standing, results=tuple(results))], "About it."))
    direct, projected = (line for line in page.splitlines() if line.startswith(("| direct", "| projected")))
    assert direct.startswith("| direct | small | 0.667 (")
    assert projected.startswith("| projected | small | 1.000 (1.000–1.000) | not run |  |")


def test_a_method_that_lacks_something_is_not_taken_for_a_language_that_is_not_there(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(RECIPE.replace("hf:./nowhere", "gazetteer:it has no names"), encoding="utf-8")
    recipe = read_reproduction_recipe("mine.toml")
    (standing,) = run_leaderboard(recipe, data, tmp_path / "work", backends=["large"], methods=["direct"], samples=20)
    (result,) = standing.results
    assert result.missing == "it has no names: cannot be read: No such file or directory"


def test_more_backends_are_added_by_the_same_command(data: Path, tmp_path: Path, xlner: Command) -> None:
    page = tmp_path / "page.md"
    options = ("--recipe", "mine.toml", "--work", "work", "--bootstrap", "20", "-o", page)
    assert xlner("leaderboard", data, *options, "--backends", "small").code == 0
    first = page.read_text(encoding="utf-8")
    assert "xlner leaderboard DATA -o leaderboard.md" in first
    ran = xlner("leaderboard", data, *options, "--backends", "small", "--backends", "large")
    assert ran.code == 1
    assert "2 results missing; the page says why" in ran.err
    both = page.read_text(encoding="utf-8")
    assert "- direct, de: not run: model folder './nowhere' does not exist" in both
    table = [line for line in first.splitlines() if line.startswith("| projected")]
    assert table
    assert all(line in both for line in table)


def test_a_treebank_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "pt_bosque-ud-test.iob2").write_text("1\tVigo\tB-LOC\t-\t-\n", encoding="utf-8")
    plan = DatasetPlan("mine", "Mine", ("pt", "pt_bosque", "sv_pud"), reader="uner")
    assert [has_language(plan, tmp_path, lang) for lang in plan.langs] == [True, True, False]


def test_an_output_that_cannot_be_written_is_an_error_before_anything_runs(data: Path, xlner: Command) -> None:
    ran = xlner("leaderboard", data, "--recipe", "mine.toml", "--work", "work", "-o", "nowhere/page.md")
    assert ran.code == 2
    assert "nowhere/page.md: cannot be written" in ran.err
    assert not Path("work").exists()


def test_a_folder_without_data_sets(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="none of the data sets is there; folders: europarl-ner, uner-pud, masakhaner2-parallel"
    ):
        run_leaderboard(read_reproduction_recipe("leaderboard"), tmp_path, tmp_path / "work", backends=["offline"])
