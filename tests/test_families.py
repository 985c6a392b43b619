from __future__ import annotations

import csv
import gzip
import json
import re
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from tests.family_miniature import Memory, write_miniature
from tests.test_e5 import IMAGE
from xlner import InputError, Sentence, ValidationError
from xlner.cli.commands.families import families
from xlner.errors import RunFolderError, UnknownNameError
from xlner.evaluation import Interval
from xlner.experiments.families import (
    Condition,
    FamilyRecipe,
    Study,
    StudyData,
    StudyDataset,
    TrainingRun,
    analyze,
    read_family_recipe,
    write_report,
)
from xlner.experiments.families.analysis import Analysis
from xlner.experiments.families.conclusion import conclusion
from xlner.experiments.families.counts import BootstrapSamples, StudyCounts
from xlner.experiments.families.gains import MeanGain, sign_flip
from xlner.experiments.families.regression import Coefficient, Observations, Regression, least_squares, regress
from xlner.experiments.families.report import signature
from xlner.experiments.families.runs import read_run, run_folder
from xlner.experiments.families.similarity import LanguageProfile, LanguageSimilarity
from xlner.experiments.families.study_data import read_study_data
from xlner.experiments.page import BulletList, Heading, Image, Paragraph, Table, html_page, markdown_page
from xlner.text.language_families import language, languages, relatedness

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_miniature(tmp_path / "data")


def study(recipe: Path, out: Path, trainer: Memory, **options: bool) -> tuple[StudyData, list[TrainingRun]]:
    return Study(read_family_recipe(recipe), "memory", recipe.parent, out, **options).run(trainer=trainer)


@pytest.fixture
def analysis(recipe: Path, tmp_path: Path) -> tuple[Analysis, list[TrainingRun]]:
    sources, runs = study(recipe, tmp_path / "out", Memory())
    return analyze(read_family_recipe(recipe), sources, runs, samples=200, trials=500), runs


# Recipes and languages


def test_the_table_of_languages_has_every_language_of_the_recipes() -> None:
    for name in ("european", "european-xlmr", "open"):
        for dataset in read_family_recipe(name).sets:
            for code in dataset.languages:
                assert language(code).group
    assert all(entry.glottocode and entry.family for entry in languages().values())
    with pytest.raises(UnknownNameError, match="family of language 'ceb' is not known"):
        language("ceb")


@given(st.sampled_from(sorted(languages())), st.sampled_from(sorted(languages())))
def test_relatedness_is_symmetric_and_1_for_the_same_language(one: str, other: str) -> None:
    assert relatedness(one, other) == relatedness(other, one)
    assert relatedness(one, one) == 1


def test_the_conditions_of_the_recipe_european() -> None:
    recipe = read_family_recipe("european")
    made = {c.name: set(c.languages) for c in recipe.conditions}
    assert made["germanic"] == {"de", "en", "nl"}
    assert made["en+romance"] == {"en", "es", "fr", "pt"}
    assert made["germanic+romance+slavic"] == {"de", "en", "nl", "es", "fr", "pt", "pl", "ru"}
    assert made["no-germanic"] == {"es", "fr", "pt", "pl", "ru"}
    assert [row[1:] for row in recipe.left_out] == [
        ("Germanic", "no-germanic"),
        ("Romance", "no-romance"),
        ("Slavic", "germanic+romance"),
    ]
    assert [c.name for c in recipe.conditions if not recipe.controlled(c)] == ["all"]
    assert len(recipe.conditions) * len(recipe.seeds) == 30


def test_the_sizes_of_the_recipe_open() -> None:
    recipe = read_family_recipe("open")
    assert recipe.grown["world"] == ("world-1000", "world", "world-16000")
    larger = recipe.condition("world-16000")
    assert (larger.languages, recipe.size(larger)) == (recipe.condition("world").languages, 16000)
    assert ("world-1000", "world") in recipe.comparisons
    assert ("en", "world-1000") not in recipe.comparisons
    assert [c.name for c in recipe.conditions if not recipe.controlled(c)] == [
        *("bantu", "world", "world-1000", "world-16000")
    ]
    trained = {code for c in recipe.conditions for code in c.languages}
    tested = [(s, code) for s in recipe.sets if s.test for code in s.languages]
    assert trained.isdisjoint(code for _, code in tested)
    families = {language(code).group for code in trained}
    unseen = {language(code).group for s, code in tested if s.groups == ("families never trained on",)}
    assert len(unseen) == 8
    assert families.isdisjoint(unseen)
    without = recipe.restricted(["world", "world-1000", "en-1000"])
    assert without.grown == {"en": ("en-1000", "en"), "world": ("world-1000", "world")}


def test_a_restricted_recipe_keeps_its_baseline() -> None:
    recipe = read_family_recipe("european").restricted(["germanic"], [7])
    assert [c.name for c in recipe.conditions] == ["en", "germanic"]
    assert (recipe.comparisons, recipe.left_out, recipe.seeds) == ((("en", "germanic"),), (), (7,))
    assert read_family_recipe("european").restricted(["germanic", "de"]).comparisons[-1] == ("de", "germanic")
    with pytest.raises(UnknownNameError, match="unknown condition 'english'"):
        recipe.restricted(["english"])


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (
            'baseline = "en"',
            'baseline = "eng"',
            UnknownNameError,
            "unknown baseline condition 'eng'; did you mean 'en'",
        ),
        ('families = ["Germanic"]', 'families = ["Celtic"]', ValidationError, "no training language is of family"),
        ('languages = ["en"]\n\n[[cond', 'languages = ["sv"]\n\n[[cond', UnknownNameError, "unknown training language"),
        ('name = "germanic"', 'name = "en"', ValidationError, "several conditions are called 'en'"),
        ('name = "germanic"', 'name = "../x"', ValidationError, "other characters than"),
        ("seeds = [1, 2]", "seeds = []", ValidationError, "needs seeds"),
        ("seeds = [1, 2]", "seeds = 1", ValidationError, "seeds = 1 is of the wrong type"),
        ("sentences = 24", 'sentences = "24"', ValidationError, "sentences = '24' is of the wrong type"),
        ('languages = ["en"]\n\n[[cond', 'languages = "en"\n\n[[cond', ValidationError, "is of the wrong type"),
        ("seeds = [1, 2]", "", ValidationError, "'seeds' is missing"),
        ("limit = 30", "limits = 30", UnknownNameError, "unknown key 'limits'"),
        ("limit = 30", "sets = 30", UnknownNameError, "unknown key 'sets'"),
        ('of = "both"', 'of = "all"', UnknownNameError, "unknown condition 'all'"),
        ('families = ["Germanic"]', "", ValidationError, "has no training language"),
        ("limit = 30", 'limit = 30\ncompare = [["en"]]', ValidationError, "compare needs pairs of conditions"),
        ("limit = 30", 'limit = 30\ncompare = [["en", "x"]]', UnknownNameError, "condition to compare 'x'"),
        ("limit = 30", 'limit = 30\ntrainer = "guess"', UnknownNameError, "unknown trainer 'guess'; known: train"),
        ('train = "mini/{lang}.train.conll"\ntest = "mini/{lang}.dev.conll"', "", ValidationError, "neither train nor"),
        ("[[leave-out]]", '[[growth]]\nof = "x"\nsentences = [9]\n[[leave-out]]', UnknownNameError, "condition 'x'"),
        ("[[leave-out]]", '[[growth]]\nof = "en"\nsentences = ["9"]\n[[leave-out]]', ValidationError, "of numbers"),
        ("[[leave-out]]", '[[growth]]\nof = "en"\nsentences = [0]\n[[leave-out]]', ValidationError, "at least 1"),
        ("[[leave-out]]", 2 * '[[growth]]\nof = "en"\nsentences = [9]\n' + "[[leave-out]]", ValidationError, "several"),
        ("sentences = 24", 'growth = [{ of = "en", sentences = [9] }]', ValidationError, "'sentences' is missing"),
        (
            'test = "mini/{lang}.dev.conll"\ngroups = ["European"]\nlimit',
            'test = "a"\nlimit',
            ValidationError,
            "one file a",
        ),
        ("title =", "title", InputError, "not TOML"),
    ],
)
def test_an_invalid_recipe_is_refused(recipe: Path, old: str, new: str, error: type[Exception], message: str) -> None:
    text = recipe.read_text(encoding="utf-8")
    assert old in text
    recipe.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(error, match=message):
        read_family_recipe(recipe)


def test_an_unknown_recipe(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="known: european, european-xlmr, open"):
        read_family_recipe("asian")
    with pytest.raises(InputError, match=r"cannot be read: No such file or directory$"):
        read_family_recipe(tmp_path / "none.toml")


def test_options_of_training_are_checked_before_anything_is_trained(recipe: Path, tmp_path: Path) -> None:
    text, trainer = recipe.read_text(encoding="utf-8"), Memory()
    for changed, error, message in (
        ("epoch = 1", UnknownNameError, "training: unknown key 'epoch'; did you mean 'epochs'"),
        ('epochs = "1"', ValidationError, "training: epochs = '1' is of the wrong type"),
        ("max-norm = true", ValidationError, "training: max-norm = True is of the wrong type"),
    ):
        recipe.write_text(text.replace("epochs = 1", changed), encoding="utf-8")
        with pytest.raises(error, match=message):
            study(recipe, tmp_path / "out", trainer)
    assert trainer.trainings == 0
    options = "epochs = 1\nlearning_rate = 1"
    recipe.write_text(text.replace("epochs = 1", options), encoding="utf-8")
    chosen = read_family_recipe(recipe)
    for name in ("train", "train-multilingual"):
        found = Study(replace(chosen, trainer=name), None, "data", "out").options(chosen.conditions[0], 1)
        assert (found.epochs, found.learning_rate) == (1, 1)


# Sentences


def test_all_conditions_share_test_sentences_without_ignored_labels(recipe: Path) -> None:
    first, second = (read_study_data(read_family_recipe(recipe), recipe.parent) for _ in range(2))
    assert [t.digest for t in first.targets] == [t.digest for t in second.targets]
    assert [len(t.sentences) for t in first.targets] == [30, 30, 30, 30, 20, 20, 20, 30]
    assert {e.label for t in first.targets for s in t.sentences for e in s.entities} == {"LOC", "ORG", "PER"}
    assert list(first.training) == ["en", "de", "es", "fr"]
    other = read_study_data(replace(read_family_recipe(recipe), sample_seed=1), recipe.parent)
    assert [t.digest for t in first.targets] != [t.digest for t in other.targets]


def test_a_file_without_entities_is_refused(recipe: Path) -> None:
    (recipe.parent / "mini/sv.dev.conll").write_text("den\tO\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"sv\.dev\.conll: there is no entity"):
        read_study_data(read_family_recipe(recipe), recipe.parent)


def test_similarity_is_that_of_the_nearest_language() -> None:
    texts = {"en": "the houses", "ru": "дома города", "es": "las casas", "pt": "as casas", "x": "1 2"}
    made = {code: LanguageProfile.of(code, [Sentence(tuple(text.split()))]) for code, text in texts.items()}
    near = LanguageSimilarity.of(made["pt"], [made["en"], made["es"], made["ru"]])
    assert (near.script, near.relatedness) == (1.0, 1.0)
    assert near.trigrams == pytest.approx(made["pt"].similarity(made["es"]))
    assert LanguageSimilarity.of(made["pt"], [made["ru"]]) == LanguageSimilarity(0.0, 0.5, 0.0)
    assert (made["x"].script, made["x"].trigrams) == ("", {})


# Runs


def test_a_second_start_repeats_no_run(recipe: Path, tmp_path: Path) -> None:
    trainer = Memory()
    sources, runs = study(recipe, tmp_path / "out", trainer)
    assert trainer.trainings == len(runs) == 4 * 2
    before = analyze(read_family_recipe(recipe), sources, runs, samples=50, trials=50)
    sources, runs = study(recipe, tmp_path / "out", trainer)
    assert trainer.trainings == 4 * 2
    after = analyze(read_family_recipe(recipe), sources, runs, samples=50, trials=50)
    assert (before.gains, before.means, before.regression) == (after.gains, after.means, after.regression)
    assert not list((tmp_path / "out").rglob("model"))


@pytest.mark.parametrize("number", [1, 4, 8])
def test_an_interrupted_study_is_resumed(recipe: Path, tmp_path: Path, number: int) -> None:
    def stop(training: int) -> None:
        if training == number:
            raise KeyboardInterrupt

    whole, rest = Memory(), Memory()
    _, expected = study(recipe, tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        study(recipe, tmp_path / "out", Memory(stop))
    _, found = study(recipe, tmp_path / "out", rest)
    assert rest.trainings == 8 - number + 1
    for one, other in zip(expected, found, strict=True):
        assert (one.condition, one.seed) == (other.condition, other.seed)
        for name, target in one.targets.items():
            assert np.array_equal(target.counts, other.targets[name].counts)
            assert [[e.span for e in found] for found in target.entities] == [
                [e.span for e in found] for found in other.targets[name].entities
            ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 1", "epochs = 2", "another options"),
        ("limit = 30", "limit = 29", "another test data"),
        ("sentences = 24", "sentences = 20", "another options"),
    ],
)
def test_runs_of_another_study_are_refused(recipe: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    study(recipe, tmp_path / "out", Memory())
    recipe.write_text(recipe.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RunFolderError, match=message):
        study(recipe, tmp_path / "out", Memory())
    trainer = Memory()
    study(recipe, tmp_path / "out", trainer, overwrite=True)
    assert trainer.trainings == 8


@pytest.mark.parametrize("name", ["run.json", "predictions.jsonl.gz", "identity.json"])
def test_a_damaged_run_is_refused(recipe: Path, tmp_path: Path, name: str) -> None:
    study(recipe, tmp_path / "out", Memory())
    path = run_folder(tmp_path / "out", "en", 1) / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunFolderError, match=r"is damaged; give --overwrite"):
        study(recipe, tmp_path / "out", Memory())


def test_two_processes_do_not_share_a_folder(recipe: Path, tmp_path: Path) -> None:
    def again(_: int) -> None:
        study(recipe, tmp_path / "out", Memory())

    with pytest.raises(RunFolderError, match="in use by another process"):
        study(recipe, tmp_path / "out", Memory(again))


def test_a_run_keeps_its_predictions(recipe: Path, tmp_path: Path) -> None:
    sources, runs = study(recipe, tmp_path / "out", Memory())
    record = json.loads((run_folder(tmp_path / "out", "en", 1) / "run.json").read_text(encoding="utf-8"))
    assert record["training"]["warnings"] == ["learned by heart"]
    for target in sources.targets:
        run = runs[0].targets[target.name]
        pairs = zip(target.sentences, run.entities, strict=True)
        gold = [{(e.span, e.label) for e in s.entities} & {(e.span, e.label) for e in found} for s, found in pairs]
        assert run.counts[:, 0].tolist() == [len(x) for x in gold]
        assert record["f1"][target.name] == pytest.approx(run.f1, abs=1e-4)
    assert read_run(tmp_path / "nothing", {}) is None


# Analysis


def test_gains_use_only_targets_that_are_zero_shot_for_both(analysis: tuple[Analysis, list[TrainingRun]]) -> None:
    found, _ = analysis
    counts = found.counts
    languages = {t.name: t.language for t in counts.targets}
    for gain in found.gains:
        trained = {code for name in (gain.first, gain.second) for code in counts.recipe.condition(name).languages}
        assert languages[gain.target] not in trained
    by_pair = {(m.first, m.second, m.group): m for m in found.means}
    assert by_pair["en", "both", "European"].targets == ("other/sv", "other/pt", "other/gl")
    assert by_pair["en", "germanic", "European"].targets[:2] == ("mini/es", "mini/fr")
    assert by_pair["germanic", "both", "African"].targets == ("far/lug",)


def test_gains_are_differences_of_mean_f1(analysis: tuple[Analysis, list[TrainingRun]]) -> None:
    found, runs = analysis
    for gain in found.gains[:6]:
        f1 = {
            name: np.mean([run.targets[gain.target].f1 for run in runs if run.condition == name])
            for name in (gain.first, gain.second)
        }
        assert gain.gain == pytest.approx(f1[gain.second] - f1[gain.first])
        assert gain.interval.low <= gain.gain <= gain.interval.high
    mean = next(m for m in found.means if m.second == "both" and m.group == "European")
    own = [g.gain for g in found.gains if (g.first, g.second) == (mean.first, mean.second) and g.target != "far/lug"]
    assert mean.gain == pytest.approx(np.mean(own))
    assert mean.same_sign == sum(gain * mean.gain > 0 for gain in own)


def test_entities_of_a_family_help_its_languages(analysis: tuple[Analysis, list[TrainingRun]]) -> None:
    found, _ = analysis
    gains = {(g.first, g.second, g.target): g for g in found.gains}
    assert gains["en", "both", "other/pt"].significant
    assert gains["en", "both", "other/pt"].gain > 0.1
    assert not gains["en", "germanic", "other/pt"].significant
    mean = next(m for m in found.means if (m.second, m.group) == ("both", "European"))
    assert mean.significant_here
    assert not mean.significant_beyond  # three languages cannot show that


def test_the_same_seed_gives_the_same_report(analysis: tuple[Analysis, list[TrainingRun]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found, runs = analysis
    first, second = (write_report(tmp_path / name, found, runs, "memory") for name in ("a", "b"))
    assert [p.name for p in first] == [
        *("scores.csv", "gains.csv", "means.csv", "growth.csv", "regression.csv", "observations.csv"),
        *("means.png", "gains.png", "similarity.png", "report.md", "report.html"),
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_golden_report(analysis: tuple[Analysis, list[TrainingRun]], tmp_path: Path) -> None:
    found, runs = analysis
    timeless = [replace(run, seconds={"training": 60.0, "testing": 30.0}) for run in runs]
    write_report(tmp_path / "report", found, timeless, "memory")
    text = (tmp_path / "report/report.md").read_text(encoding="utf-8")
    text = text.replace(f"numpy:{np.__version__}", "numpy:X").replace(str(signature(found, runs)).rsplit(":")[-1], "X")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("!["))
    path = GOLDEN / "families.md"
    assert text == path.read_text(encoding="utf-8")
    with (tmp_path / "report/scores.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 8
    assert rows[0]["zero_shot"] == "False"


def test_without_matplotlib_there_are_no_plots(
    analysis: tuple[Analysis, list[TrainingRun]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, runs = analysis
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    written = write_report(tmp_path, found, runs, "memory")
    assert not [path for path in written if path.suffix == ".png"]


def test_a_missing_run_is_named(recipe: Path, tmp_path: Path) -> None:
    sources, runs = study(recipe, tmp_path / "out", Memory())
    with pytest.raises(InputError, match="no run of condition 'no-germanic' with seed 2"):
        StudyCounts.of(read_family_recipe(recipe), sources, runs[:-1])


def test_a_study_of_the_baseline_alone_has_nothing_to_compare(recipe: Path, tmp_path: Path) -> None:
    alone = read_family_recipe(recipe).restricted([])
    sources, runs = Study(alone, "memory", recipe.parent, tmp_path / "out").run(trainer=Memory())
    found = analyze(alone, sources, runs, samples=20, trials=20)
    assert (found.gains, found.means, found.regression) == ((), (), None)
    assert "report.md" in {path.name for path in write_report(tmp_path / "out", found, runs, "memory")}


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8))
def test_sign_flips_against_all_signs(values: list[float]) -> None:
    from itertools import product

    sums = [
        abs(sum(sign * v for sign, v in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=len(values))
    ]
    expected = sum(s >= abs(sum(values)) - 1e-12 for s in sums) / len(sums)
    assert sign_flip(values) == pytest.approx(expected, abs=0.02)


def test_sign_flips_of_many_values_are_drawn() -> None:
    assert sign_flip([0.1] * 20) == pytest.approx(1 / 10_001)
    assert sign_flip([0.1, -0.1] * 10) == pytest.approx(1.0)


@given(st.integers(0, 10_000))
def test_least_squares_against_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.hstack([np.ones((12, 1)), rng.normal(size=(12, 3))])
    values, weights = rng.normal(size=12), rng.integers(1, 4, size=12).astype(float)
    found, known = least_squares(design, values, weights)
    repeated = np.repeat(np.arange(12), weights.astype(int))
    expected = np.linalg.lstsq(design[repeated], values[repeated], rcond=None)[0]
    assert known.all()
    assert found == pytest.approx(expected)


def test_least_squares_reports_undetermined_coefficients() -> None:
    x = np.arange(5.0)
    design = np.stack([np.ones(5), x, 2 * x, np.array([0.0, 1, 0, 0, 1])], axis=1)
    values, known = least_squares(design, 3 + 5 * design[:, 3])
    assert known.tolist() == [True, False, False, True]
    assert values == pytest.approx([3, 0, 0, 5])


def test_a_gain_that_follows_a_predictor_is_found(analysis: tuple[Analysis, list[TrainingRun]]) -> None:
    found, _ = analysis
    data = found.observations
    assert data is not None
    column = data.names.index("trigrams")
    gains = 0.2 * data.predictors[:, column]
    made = regress(replace(data, gains=gains, sampled=np.tile(gains, (200, 1))), found.bootstrap)
    assert made.r2 == pytest.approx(1)
    coefficient = made.coefficients[column]
    assert coefficient.value == pytest.approx(0.2)
    assert coefficient.alone == pytest.approx(0.2)
    script = made.coefficients[data.names.index("script")]
    assert (script.value, script.interval, script.alone, script.significant) == (None, None, None, False)


def test_a_coefficient_names_the_one_language_that_it_depends_on() -> None:
    data = Observations(
        rows=tuple((1, k) for k in range(5)),
        names=("script", "trigrams"),
        predictors=np.array([[0.0, 0], [0, 1], [1, 0], [1, 1], [0, 2]]),
        gains=np.arange(5.0),
        sampled=np.zeros((3, 5)),
        languages=("de", "es", "ru", "ru", "de"),
    )
    found = regress(data, BootstrapSamples(np.zeros((3, 1, 1)), seed=0))
    assert {c.name: c.depends_on for c in found.coefficients} == {"script": "ru", "trigrams": None}


# The page


def test_blocks_as_markdown_and_html(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    table = Table(("x", "y"), (("1 < 2", "`b`"),))
    blocks = [Heading("T", 1), Paragraph("a & b"), BulletList(("one", "two")), table, Image(picture, "A plot")]
    assert markdown_page(blocks) == (
        "# T\n\na & b\n\n- one\n- two\n\n| x | y |\n|---|---|\n| 1 < 2 | `b` |\n\n![A plot](a.png)\n"
    )
    made = html_page("T", blocks)
    assert "<h1>T</h1>" in made
    assert "<td>1 &lt; 2</td><td><code>b</code></td>" in made
    assert "data:image/png;base64,iVBORw==" in made


# The command, with a model


def test_wrong_options_of_the_command(xlner: Command, recipe: Path, tmp_path: Path) -> None:
    ran = xlner(
        "families",
        "--recipe",
        recipe,
        "--model",
        tmp_path,
        "--data",
        recipe.parent,
        "-o",
        tmp_path / "o",
        "--seeds",
        "x",
    )
    assert (ran.code, "is not a list of numbers; write --seeds 1,2,3" in ran.err) == (2, True)
    ran = xlner("families", "--recipe", "none", "--model", "m", "--data", "d", "-o", "o")
    assert (ran.code, "unknown recipe 'none'" in ran.err) == (2, True)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.hf_models import bert

    bert(tmp_path / "bert")
    return tmp_path / "bert"


@pytest.mark.slow
def test_the_killed_command_is_resumed(
    xlner: Command, recipe: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [
        "--recipe",
        recipe,
        "--model",
        model,
        "--data",
        recipe.parent,
        "--conditions",
        "germanic",
        "--seeds",
        "3",
    ]
    options += ["--device", "cpu", "--bootstrap", "50"]
    whole = xlner("families", *options, "-o", tmp_path / "whole", "--keep-models")
    assert whole.code == 0, whole.err
    assert "run 2 of 2: germanic, seed 3" in whole.err
    assert "Training on en, de (germanic) instead of en" in whole.out
    assert (tmp_path / "whole/runs/germanic/seed-3/model/config.json").is_file()

    program = [sys.executable, "-m", "xlner", "families", *map(str, options), "-o", str(tmp_path / "out")]
    first = tmp_path / "out/runs/en/seed-3/run.json"
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not first.exists() and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    assert first.exists()
    assert not (tmp_path / "out/report.md").exists()

    again = xlner("families", *options, "-o", tmp_path / "out")
    assert (again.code, "run 1 of 2" in again.err) == (0, False)
    assert not list((tmp_path / "out").rglob("model*"))
    for condition in ("en", "germanic"):
        found, expected = (
            tmp_path / name / f"runs/{condition}/seed-3/predictions.jsonl.gz" for name in ("out", "whole")
        )
        assert found.read_bytes() == expected.read_bytes()

    monkeypatch.setattr("xlner.transfer.training.train", None)  # nothing is trained again
    third = xlner("families", *options, "-o", tmp_path / "out")
    assert (third.code, third.out) == (0, again.out)


def test_a_model_that_was_trained_but_not_tested_is_tested(
    recipe: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = read_family_recipe(recipe).restricted([], [1])
    job = Study(chosen, str(model), recipe.parent, tmp_path / "out", device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr("xlner.experiments.families.study.zero_shot", None)
        with pytest.raises(TypeError):
            job.run()
    assert (run_folder(tmp_path / "out", "en", 1) / "training.json").is_file()
    monkeypatch.setattr("xlner.transfer.training.train", None)
    _, (run,) = job.run()
    assert run.facts["steps"] == 3
    assert sorted(p.name for p in run_folder(tmp_path / "out", "en", 1).iterdir()) == [
        "identity.json",
        "predictions.jsonl.gz",
        "run.json",
    ]


# Several files, styles and sizes


GROWTH = """
[[growth]]
of = "en"
sentences = [12]

[[growth]]
of = "both"
sentences = [48]
"""


def test_a_language_is_trained_on_all_files_of_its_set(recipe: Path) -> None:
    text = recipe.read_text(encoding="utf-8")
    more = '["mini/{lang}.train.conll", "{lang}.conll.gz"]'
    recipe.write_text(text.replace('"mini/{lang}.train.conll"', more), encoding="utf-8")
    for code in ("en", "de", "es", "fr"):
        (recipe.parent / f"{code}.conll.gz").write_bytes(gzip.compress(b"Rom\tB-LOC\nx\tO\n"))
    data = read_study_data(read_family_recipe(recipe), recipe.parent)
    assert [len(t.sentences) for t in data.training.values()] == [41] * 4
    assert data.training["de"].sentences[-1].tokens == ("Rom", "x")


def test_sets_of_one_style_are_controlled() -> None:
    plain = StudyDataset("a", ("en",), train="a", style="plain")
    sets = (plain, replace(plain, name="b", languages=("de",)), StudyDataset("c", ("fr",), train="c"))
    conditions = tuple(Condition(code, (code,)) for code in ("en", "de", "fr"))
    recipe = FamilyRecipe("r", "R", "en", sets, conditions, (), seeds=(1,), sentences=9)
    assert [recipe.controlled(c) for c in conditions] == [True, True, False]


def test_growing_conditions(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(recipe.read_text(encoding="utf-8") + GROWTH, encoding="utf-8")
    chosen = read_family_recipe(recipe)
    assert chosen.grown == {"en": ("en-12", "en"), "both": ("both", "both-48")}
    data, runs = study(recipe, tmp_path / "out", Memory())
    assert {r.condition: r.facts["steps"] for r in runs if r.seed == 1} == {
        **{"en": 24, "germanic": 12, "both": 6, "no-germanic": 12},
        **{"en-12": 12, "both-48": 12},
    }
    found = analyze(chosen, data, runs, samples=50, trials=50)
    assert ("en", "both-48") not in {(m.first, m.second) for m in found.means}
    points = {(p.of, p.sentences): p for p in found.growth if p.group == "European"}
    assert list(points) == [("en", 12), ("en", 24), ("both", 24), ("both", 48)]
    assert {p.languages for p in points.values()} == {3}  # those that neither en nor both was trained on
    f1 = [
        np.mean([r.targets[f"other/{code}"].f1 for code in ("sv", "pt", "gl")]) for r in runs if r.condition == "en-12"
    ]
    assert points["en", 12].f1 == pytest.approx(np.mean(f1))
    assert points["en", 12].interval.low <= points["en", 12].f1 <= points["en", 12].interval.high
    assert any("With 48 sentences (both-48) instead of 24 (both)" in line for line in found.conclusion)
    assert found.observations is not None
    assert {found.counts.conditions[c] for c, _ in found.observations.rows} == {"germanic", "both", "no-germanic"}
    written = write_report(tmp_path / "report", found, runs, "memory")
    page = (tmp_path / "report/report.md").read_text(encoding="utf-8")
    assert "24 (or the number in its name) sentences" in page
    assert "| group | condition | languages | 12 | 24 | 48 |" in page
    assert ("growth.png" in {p.name for p in written}) == ("growth.png" in page)


@pytest.mark.slow
def test_the_upper_layers_of_the_offline_encoder(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    encoder = tmp_path / "tiny.bin"
    encoder.write_bytes(IMAGE)
    for module in ("models.e5.states", "transfer.multilingual.training"):
        monkeypatch.setattr(f"xlner.{module}.installed_path", lambda: encoder)
    monkeypatch.setattr("xlner.experiments.families.trainers._ENGINE", "numpy")
    text = recipe.read_text(encoding="utf-8").replace("epochs = 1", "lower = 1\ndepth = 1\nepochs = 1")
    recipe.write_text(f'trainer = "train-multilingual"\n{text}', encoding="utf-8")
    chosen = read_family_recipe(recipe).restricted(["both"], [1])
    job = Study(chosen, None, recipe.parent, tmp_path / "out")
    (tmp_path / "out/states").mkdir(parents=True)
    (tmp_path / "out/states/notes.txt").write_text("mine")
    _, runs = job.run()
    assert {run.condition: run.facts["sentences"] for run in runs} == {
        "en": {"en": 24},
        "both": {"en": 6, "de": 6, "es": 6, "fr": 6},
    }
    assert [run.facts["steps"] for run in runs] == [3, 3]
    assert [path.name for path in (tmp_path / "out/states").iterdir()] == ["notes.txt"]
    assert not list((tmp_path / "out").rglob("model*"))
    monkeypatch.setattr("xlner.transfer.multilingual.training.train_multilingual", None)
    _, again = job.run()
    for one, other in zip(runs, again, strict=True):
        assert all(np.array_equal(t.counts, other.targets[name].counts) for name, t in one.targets.items())
    with pytest.raises(ValidationError, match="trains the offline encoder, not 'e5'; leave the model out"):
        replace(job, model="e5").run()
    with pytest.raises(ValidationError, match="condition 'en' needs 164 sentences of en, but there are 40"):
        replace(job, recipe=replace(chosen, sentences=164)).run()


def test_a_device_that_has_no_effect_is_refused(recipe: Path, tmp_path: Path) -> None:
    chosen = replace(read_family_recipe(recipe), trainer="train-multilingual")
    with pytest.raises(ValidationError, match="recipe 'mini' trains on the CPU, not on 'cuda'; leave the device out"):
        Study(chosen, None, recipe.parent, tmp_path / "out", device="cuda").run()


def test_a_study_without_a_model_is_refused(recipe: Path, xlner: Command, tmp_path: Path) -> None:
    found = xlner("families", "--recipe", recipe, "--data", recipe.parent, "-o", tmp_path / "out")
    assert (found.code, "recipe 'mini' needs a model" in found.err) == (2, True)


def mean_gain(gain: float, here: tuple[float, float], beyond: tuple[float, float], p: float) -> MeanGain:
    by_language = (("es", gain), ("fr", gain / 2))
    return MeanGain(
        "en", "both", "European", ("a/es", "a/fr"), by_language, (0.5, 0.5 + gain), Interval(*here), Interval(*beyond),
        p_here=0.01, p_beyond=p,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (mean_gain(0.1, (0.05, 0.15), (0.01, 0.2), 0.01), "mean F1 is higher on 2 languages"),
        (mean_gain(0.1, (0.05, 0.15), (0.01, 0.2), 0.01), "also shown for similar languages: [+1.0, +20.0], p 0.010"),
        (mean_gain(-0.1, (-0.15, -0.05), (-0.2, 0.1), 0.01), "lower on 2 of 2; not shown for similar languages: "),
        (mean_gain(0.1, (-0.01, 0.15), (0.01, 0.2), 0.01), "no difference in mean F1 is shown on 2 languages"),
    ],
)
def test_the_conclusion_claims_only_what_is_shown(recipe: Path, mean: MeanGain, words: str) -> None:
    short, line = conclusion(read_family_recipe(recipe), [mean], None)
    assert words in line
    assert ("higher than with en after training on both" in short) == ("is higher" in line)


def test_the_conclusion_says_which_language_an_effect_depends_on(recipe: Path) -> None:
    made = [
        Coefficient("families", 0.02, Interval(0.01, 0.03), 0.01, 1.0),
        Coefficient("script", 0.2, Interval(0.1, 0.3), 0.2, 0.6, depends_on="ru"),
        Coefficient("trigrams", 0.1, Interval(-0.1, 0.3), 0.1, 1.0),
    ]
    lines = conclusion(read_family_recipe(recipe), [], Regression(tuple(made), 0.0, 0.5, 12, 1))
    assert lines[0].startswith(
        "Regression of 12 gains on 1 language: together, the predictors explain 50% of the variance"
    )
    assert lines[1].endswith("+2.0 points [+1.0, +3.0], with the other predictors held equal; an effect is shown.")
    assert lines[2].endswith("but this depends on one language, ru.")
    assert lines[3].endswith("+1.0 points [-1.0, +3.0], with the other predictors held equal; no effect is shown.")


# The page in the docs


def blocks(kind: str) -> list[str]:
    page = (Path(__file__).parent.parent / "docs" / "families.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_commands_of_the_page_are_commands() -> None:
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("xlner families")]
    assert len(lines) == 3
    for line in lines:
        context = families.make_context("families", shlex.split(line)[2:])
        assert read_family_recipe(context.params["recipe"]).conditions


def test_python_of_the_page(
    recipe: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model.rename(tmp_path / "e5")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    exec(code, {})
    assert "Training on en, de (germanic) instead of en" in capsys.readouterr().out
    assert (tmp_path / "study/report.html").is_file()
