"""Links weighted by how often the same words are linked: the aligner `lexical`, `--lexical` and `--lexical-table`."""

from __future__ import annotations

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, InputError, Pair, Sentence, load
from xlner.alignment import LexicalAligner, LexicalWeights, shared_links
from xlner.errors import BackendError, UsageError
from xlner.fakes import OracleAligner

WORD = st.sampled_from(["a", "A", "b", "la", "\t", "é"])
SOURCE = """The\tO\nRhine\tB-LOC\n\nthe\tO\nElbe\tB-LOC\n\nthe\tO\nend\tO\n\n"""
TARGET = """Der Rhine\nder Elbe\nder Ende\n"""


def pair(source: str, target: str, *links: tuple[int, int]) -> Pair:
    return Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split())), Alignment(links))


@given(
    st.dictionaries(st.tuples(WORD, WORD), st.floats(0, 1e6, allow_subnormal=False), max_size=6),
    st.integers(0, 9),
)
def test_counts_read_back_as_they_were_saved(
    tmp_path_factory: pytest.TempPathFactory, links: dict[tuple[str, str], float], count: int
) -> None:
    kept = {words: float(f"{n:.12g}") for words, n in links.items() if "\t" not in words and "A" not in words}
    made = LexicalWeights({**kept}, {source: count for source, _ in kept}, {target: count + 1 for _, target in kept})
    path = tmp_path_factory.mktemp("counts") / "counts.tsv"
    assert made.save(path) == len(kept)
    if kept:
        assert LexicalWeights.load(path) == made


@pytest.mark.parametrize("line", ["a\tb\t1\t1", "a\tb\tx\t1\t1", "a\tb\tnan\t1\t1", "a\tb\t-1\t1\t1", "\tb\t1\t1\t1"])
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "counts.tsv"
    path.write_text(f"a\tb\t1\t1\t1\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r":2: .*no counts of links"):
        LexicalWeights.load(path)


def test_a_new_pair_is_weighed_as_if_it_had_been_counted() -> None:
    text = [pair("the Rhine", "der Rhein", (0, 0), (1, 1))] * 3
    lexical = LexicalWeights.count(text)
    new = pair("the Elbe", "der Rhein", (0, 1), (1, 0), (1, 1))
    # n(the)=3+1, n(der)=3+1, n(the, Rhein)=0+1; Elbe is new
    assert lexical.weigh(new, counted=False, floor=0).weights == (0.25, 1.0, 1.0)
    assert lexical.weigh(new, floor=0).weights == (0.0, 0.0, 0.0)


def test_the_aligner_replaces_weights_and_keeps_similarities(tmp_path: Path) -> None:
    aligner = load("aligner", "lexical:surface?threshold=0.5")
    assert not aligner.trained
    with pytest.raises(BackendError, match="--lexical"):
        aligner.align([pair("a", "a")])
    trained = aligner.train([pair("Rosa la", "Rosa la")], tmp_path / "model")
    again = load("aligner", f"lexical:surface?threshold=0.5&table={tmp_path}/model/counts.tsv")
    assert trained.fingerprint == again.fingerprint != aligner.fingerprint
    assert again.align([pair("Rosa", "Rosas")])[0].weights == (1.0,)  # .8 by spelling
    other = LexicalWeights({("a", "b"): 1.0}, {"a": 2}, {"b": 1})
    other.save(tmp_path / "other.tsv")
    assert LexicalAligner("surface", table=str(tmp_path / "other.tsv")).fingerprint != again.fingerprint


def test_the_aligner_takes_no_aligner_like_itself_and_leaves_out_pairs_that_fail(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not itself"):
        load("aligner", "lexical:lexical:surface")

    class Failing(OracleAligner):
        def align(self, pairs: object) -> list[Alignment]:
            (one,) = pairs  # type: ignore[misc]  # more than one fails
            if one.target.tokens == ("bad",):
                raise ValueError("bad")
            return super().align([one])

    trained = LexicalAligner(Failing()).train([pair("bad", "bad"), pair("good", "good")], tmp_path / "model")
    assert (tmp_path / "model" / "counts.tsv").read_text(encoding="utf-8") == "good\tgood\t1\t1\t1\n"
    assert trained.align([pair("good", "good")])[0].weights == (1.0,)


def test_shared_links_are_intersection_over_union() -> None:
    one, other = Alignment(((0, 0), (1, 1))), Alignment(((1, 1), (2, 2)))
    assert shared_links([(one, other)]) == pytest.approx(1 / 3)
    assert shared_links([(one, one), (one, other)]) == pytest.approx(3 / 5)
    assert shared_links([]) == 1


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "en.conll").write_text(SOURCE * 3, encoding="utf-8")
    (tmp_path / "de.txt").write_text(TARGET * 3, encoding="utf-8")
    return [str(tmp_path / "en.conll"), str(tmp_path / "de.txt")]


def weights(output: str) -> list[object]:
    return [json.loads(line).get("weights") for line in output.splitlines()]


def test_project_counts_the_links_of_its_own_aligner(xlner: Command, files: list[str], tmp_path: Path) -> None:
    command = ["project", *files, "--aligner", "surface?threshold=0.3", "--lexical"]
    run = xlner(*command)
    assert run.code == 0
    assert "counts the links" in run.err
    assert "null_aware_coverage" in run.out
    assert weights(run.out)[0] == [1.0]
    assert xlner(*command, "--batch-words", "4").out == run.out
    folder = ["--run-dir", tmp_path / "run"]
    assert xlner(*command, *folder).out == run.out
    (tmp_path / "run" / "done/000/000000.json").unlink()
    resumed = xlner(*command, *folder)
    assert (resumed.out, "counts the links" in resumed.err) == (run.out, False)
    other = xlner(*command[:-3], "--aligner", "surface", "--lexical", *folder)
    assert (other.code, "other options" in other.err) == (2, True)
    assert xlner(*command, *folder, "--overwrite").out == run.out


def test_a_table_gives_what_counting_the_same_text_gives(xlner: Command, files: list[str], tmp_path: Path) -> None:
    table, aligner = tmp_path / "counts.tsv", ["--aligner", "surface?threshold=0.3"]
    assert xlner("lexicon", *files, *aligner, "--counts", "-o", table).code == 0
    counted = xlner("project", *files, *aligner, "--lexical")
    assert xlner("project", *files, *aligner, "--lexical-table", table).out == counted.out
    links = tmp_path / "links.talp"
    assert xlner("align", *files, *aligner, "-o", links).code == 0
    given = xlner("project", *files, "--alignment", links, "--lexical-table", table)
    assert weights(given.out)[0] == weights(counted.out)[0]


def test_a_run_goes_on_with_the_same_table_only(xlner: Command, files: list[str], tmp_path: Path) -> None:
    table, links = tmp_path / "counts.tsv", tmp_path / "links.talp"
    table.write_text("rhine\trhine\t1\t1\t1\n", encoding="utf-8")
    links.write_text("0-0 1-1\n" * 9, encoding="utf-8")
    command = ["project", *files, "--alignment", links, "--lexical-table", table, "--run-dir", tmp_path / "run"]
    assert (xlner(*command).code, xlner(*command).code) == (0, 0)
    table.write_text("rhine\trhine\t1\t9\t9\n", encoding="utf-8")
    other = xlner(*command)
    assert (other.code, "holds a run with another lexical_table" in other.err) == (2, True)


def test_counts_have_one_origin_and_one_source(xlner: Command, files: list[str]) -> None:
    both = xlner("project", *files, "--lexical", "--lexical-table", "counts.tsv")
    assert "give one of them" in both.err
    phrases = xlner("lexicon", *files, "--aligner", "surface", "--counts", "--max-words", "2")
    assert (phrases.code, "--counts has no use for --max-words" in phrases.err) == (2, True)
    several = xlner("project", *files, "--lexical", "--also-source", files[0])
    assert (several.code, "give the links of all" in several.err) == (2, True)


def test_label_counts_the_sentences_of_documents(
    xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    (tmp_path / "gl.txt").write_text("Chove en Vigo. Vigo é grande.\nVou a Vigo.\n", encoding="utf-8")
    stages = ["--translator", "echo", "--recognizer", f"gazetteer:{tmp_path / 'names.tsv'}", "--aligner", "oracle"]
    command = ["label", tmp_path / "gl.txt", "--lang", "gl", "--route", "project", "--split", *stages, "--lexical"]
    run = xlner(*command, "--run-dir", tmp_path / "run")
    assert run.code == 0
    assert [len(json.loads(line)["entities"]) for line in run.out.splitlines()] == [2, 1]
    counts = LexicalWeights.load(tmp_path / "run" / "model" / "counts.tsv")
    assert (counts.source["vigo"], counts.links["vigo", "vigo"], counts.source["."]) == (3, 3.0, 3)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"Vou a Vigo.\n")))
    piped = xlner(*command[:1], "-", *command[2:])
    assert (piped.code, len(json.loads(piped.out)["entities"])) == (0, 1)
    direct = xlner(*command[:4], "--route", "direct", "--lexical")
    assert "--route direct has no use for --lexical" in direct.err


def test_build_counts_translations_without_labels(xlner: Command, files: list[str], tmp_path: Path) -> None:
    command = ["build", files[0], "--to", "de", "--translator", "echo", "--aligner", "oracle", "--lexical"]
    command += ["--output-format", "jsonl"]
    run = xlner(*command, "--method", "align", "--run-dir", tmp_path / "run")
    assert run.code == 0
    counts = LexicalWeights.load(tmp_path / "run" / "model" / "counts.tsv")
    assert counts.links["rhine", "rhine"] == 3.0
    assert [len(json.loads(line)["entities"]) for line in run.out.splitlines()] == [1, 1, 0] * 3


def test_files_that_hardly_agree_are_named(xlner: Command, files: list[str], tmp_path: Path) -> None:
    for name, links in (("one", "0-0"), ("other", "1-1"), ("both", "0-0 1-1")):
        (tmp_path / name).write_text(f"{links}\n" * 9, encoding="utf-8")

    def run(*names: str) -> str:
        return xlner("project", *files, *(part for n in names for part in ("--alignment", tmp_path / n))).err

    assert "share only 0% of their links" in run("one", "other", "both")
    assert "share only" not in run("one", "both")


def test_cosines_are_not_taken_for_probabilities_without_a_note(xlner: Command, files: list[str]) -> None:
    spec = ["--projector", "fused:null-aware-coverage", "--limit", "1"]
    assert "add --lexical" in xlner("project", *files, *spec).err
    assert "add --lexical" not in xlner("project", *files, *spec, "--lexical").err
    assert "add --lexical" not in xlner("project", *files, *spec, "--aligner", "surface").err
