"""Aligners that learn from a bitext: eflomal, with a fake and the real program, and thot."""

from __future__ import annotations

import json
import pickle
import re
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import BackendError, Pair, Pipeline, Sentence, ValidationError, load
from xlner.alignment.statistical import eflomal_program as _eflomal_program
from xlner.alignment.statistical.bitext import normalize_words
from xlner.alignment.statistical.eflomal import EflomalAligner
from xlner.alignment.statistical.eflomal_priors import PriorCounts, Priors
from xlner.alignment.statistical.model_folders import ModelFolder
from xlner.alignment.statistical.trained_links import LinkReader, LinkWriter
from xlner.errors import MissingExtraError, StageError, UnknownNameError, UsageError
from xlner.stages import TrainableAligner, needs_training

WORDS = {"the": "la", "house": "casa", "green": "verde", "is": "es", "big": "grande", "cat": "gata", "dog": "perra"}
needs_eflomal = pytest.mark.skipif(find_spec("eflomal") is None, reason="needs xlner[eflomal]")
needs_thot = pytest.mark.skipif(find_spec("thot") is None, reason="needs xlner[thot]")

# Links word k to word k, logs its arguments, and fails on request.
PROGRAM = """\
import os, sys
from pathlib import Path
here = Path(__file__).parent
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
with (here / "calls").open("a") as log:
    print(" ".join(sys.argv[1:]), file=log)
act = (here / "act").read_text() if (here / "act").exists() else ""
if act == "fail":
    sys.exit("reading texts\\nunable to allocate arrays")
if act == "silent":
    sys.exit(3)
sides = [[line.split() for line in open(options[name])] for name in ("-s", "-t")]
if "-p" in options:
    (here / "priors").write_text(open(options["-p"]).read())
for (count, size), *lines in sides:
    assert int(count) == len(lines)
    assert all(int(n) == len(ids) and all(int(i) < int(size) for i in ids) for n, *ids in lines)
for name in ("-f", "-r"):
    with open(options[name], "w") as out:
        for n, (s, t) in enumerate(zip(sides[0][1:], sides[1][1:])):
            if act == "half" and n == 1:
                break
            print(" ".join(f"{k}-{k}" for k in range(min(int(s[0]), int(t[0])))), file=out)
"""


def pair(source: str, target: str) -> Pair:
    return Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split())))


def bitext() -> list[Pair]:
    """Sentences of two or three words in the same order on both sides. Each word occurs next to many others."""
    words = list(WORDS)
    sources = [[a, b] for a in words for b in words if a != b] + [[a, b, "big"] for a in words for b in words[:3]]
    return [pair(" ".join(s), " ".join(WORDS[w] for w in s)) for s in sources]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fake of eflomal's program."""
    folder = tmp_path / "program"
    folder.mkdir()
    script = folder / "eflomal"
    script.write_text(f"#!{sys.executable}\n{PROGRAM}", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr("xlner.alignment.statistical.eflomal.installed", lambda: (script, "2.0.0"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def left_behind(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.iterdir() if path.name.startswith("xlner-") or path.name.endswith(".part")]


def test_eflomal_gives_the_links_of_the_training_again(program: Path, tmp_path: Path) -> None:
    pairs = [pair("The House", "La Casa"), pair("a b c", "x y"), pair("", "x"), pair("the house", "la casa")]
    aligner = EflomalAligner().train(pairs, tmp_path / "model")
    assert [a.links for a in aligner.align(pairs)] == [((0, 0), (1, 1)), ((0, 0), (1, 1)), (), ((0, 0), (1, 1))]
    calls = (program / "calls").read_text(encoding="utf-8").splitlines()
    assert len(calls) == 1  # no pair is sampled again
    assert calls[0].endswith("-m 3 -1 721 -2 721 -3 2887 -n 3 -N 0.2 -q")
    again = EflomalAligner(str(tmp_path / "model"))
    assert again.trained
    assert again.fingerprint == aligner.fingerprint
    assert again.align(pairs[:1])[0].links == ((0, 0), (1, 1))
    assert left_behind(tmp_path) == []


def test_eflomal_pickles(program: Path, tmp_path: Path) -> None:
    untrained = EflomalAligner(symmetrizer="gdfa", samplers=2)
    pairs = [pair("the house", "la casa"), pair("a cat", "una gata")]
    for aligner in (untrained, untrained.train(pairs[:1], tmp_path / "model")):
        again = pickle.loads(pickle.dumps(aligner))
        assert again.options == aligner.options
        assert again.fingerprint == aligner.fingerprint
        assert needs_training(again) == needs_training(aligner)
        if aligner.trained:
            assert again.align(pairs) == aligner.align(pairs)


def test_fingerprints_tell_options_of_eflomal_apart(program: Path) -> None:
    options = ({}, {"length": 0.5}, {"samplers": 2}, {"null_prior": 0.1}, {"symmetrizer": "union"})
    assert len({EflomalAligner(**o).fingerprint for o in options}) == len(options)  # type: ignore[arg-type]
    assert EflomalAligner(symmetrizer="inter").fingerprint == EflomalAligner().fingerprint


def test_eflomal_samples_new_pairs_with_priors(program: Path, tmp_path: Path) -> None:
    aligner = EflomalAligner().train([pair("the house", "la casa"), pair("house", "casa")], tmp_path / "model")
    found = aligner.align([pair("a house", "una casa"), pair("house", "casa"), pair("", "")])
    assert [a.links for a in found] == [((0, 0), (1, 1)), ((0, 0),), ()]
    # Word numbers from 1 in the order of the new pair; then links, jumps and fertilities of both directions.
    priors = ["3 3 1 1 1 1 1", "2 2 2", "1 5", "1 5", "2 1 2", "2 1 2"]
    assert (program / "priors").read_text(encoding="ascii").splitlines() == priors
    assert len((program / "calls").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("fail", "eflomal ended with exit code 1: unable to allocate arrays"),
        ("silent", "eflomal ended with exit code 3: no error message"),
        ("half", "eflomal ended before writing all links"),
    ],
)
def test_eflomal_that_fails_leaves_nothing_behind(program: Path, tmp_path: Path, act: str, message: str) -> None:
    (program / "act").write_text(act, encoding="utf-8")
    with pytest.raises(BackendError, match=message):
        EflomalAligner().train([pair("a", "b"), pair("c", "d")], tmp_path / "model")
    assert left_behind(tmp_path) == []
    assert not (tmp_path / "model").exists()
    (program / "eflomal").chmod(0o644)
    with pytest.raises(BackendError, match="cannot run eflomal"):
        EflomalAligner().train([pair("a", "b")], tmp_path / "model")


def test_eflomal_limits(program: Path, tmp_path: Path) -> None:
    long = pair("a " * 1001, "b")
    with pytest.raises(BackendError, match="no pair to learn from"):
        EflomalAligner().train([long, pair("", "x")], tmp_path / "model")
    aligner = EflomalAligner().train([pair("a", "b")], tmp_path / "model")
    with pytest.raises(StageError, match="1001 words exceeds the aligner's limit of 1000"):
        aligner.align([long])
    with pytest.raises(ValidationError, match="has no source sentence"):
        aligner.align([Pair(Sentence(("a",)))])
    for options in ({"length": 0.0}, {"samplers": 0}, {"null_prior": 1.0}):
        with pytest.raises(UsageError):
            EflomalAligner(**options)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown symmetrization method 'both'"):
        EflomalAligner(symmetrizer="both")


def test_eflomal_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_eflomal_program, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[eflomal\]'"):
        EflomalAligner()


@pytest.mark.parametrize("name", ["eflomal", "thot"])
def test_a_pipeline_refuses_an_untrained_aligner(name: str, request: pytest.FixtureRequest) -> None:
    if name == "eflomal":
        request.getfixturevalue("program")
    else:
        pytest.importorskip("thot")
    with pytest.raises(BackendError, match="has to be trained first; xlner align SOURCE TARGET --aligner"):
        Pipeline(aligner=name)
    assert "learns from a bitext" in load("aligner", name).summary


def test_model_folders(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="holds no trained aligner; train one: xlner align"):
        ModelFolder.load(tmp_path, "thot")
    model = ModelFolder.save(
        tmp_path / "a", "thot", {"kind": "hmm"}, lambda folder: (folder / "x").write_text("1") and None
    )
    assert model == ModelFolder.load(tmp_path / "a", "thot")
    with pytest.raises(BackendError, match="holds a model of thot, not of eflomal; use thot:"):
        ModelFolder.load(tmp_path / "a", "eflomal")
    with pytest.raises(BackendError, match="cannot create the model folder .*; use a new folder"):
        ModelFolder.save(tmp_path / "a", "thot", {}, lambda folder: None)
    (tmp_path / "a" / "x").unlink()
    with pytest.raises(BackendError, match="lacks its file x"):
        ModelFolder.load(tmp_path / "a", "thot")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), max_size=5, unique=True))
def test_trained_links_are_found_by_their_words(
    tmp_path_factory: pytest.TempPathFactory, texts: Sequence[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("links")
    writer = LinkWriter(folder)
    bitexts = [(normalize_words(s.split()), normalize_words(t.split())) for s, t in texts]
    for k, words in enumerate(bitexts):
        writer.add(words, f"{k}-0", f"0-{k}")
    writer.close()
    reader = LinkReader(folder)
    assert len(reader) == len(set(bitexts))
    for words in bitexts:
        first = bitexts.index(words)
        assert reader.get(words) == ({(first, 0)}, {(0, first)})
    assert reader.get((("not",), ("there",))) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3))), max_size=4))
def test_priors_keep_all_counts(tmp_path_factory: pytest.TempPathFactory, links: list[set[tuple[int, int]]]) -> None:
    folder = tmp_path_factory.mktemp("priors")
    counts = PriorCounts()
    words = (("a", "b", "c", "d"), ("w", "x", "y", "a"))
    for found in links:
        counts.add(words, found, found)
    counts.save(folder)
    priors = Priors.load(folder)
    assert {(s, t): n for s, t, n in priors.lexical.tolist()} == dict(counts.lexical)
    assert sum(n for _, n in priors.forward_jumps.tolist()) == sum(len(found) + 1 for found in links)
    priors.write(folder / "file", {"d": 0, "z": 1}, {"a": 0})
    header, *lines = (folder / "file").read_text(encoding="ascii").splitlines()
    sizes = [int(n) for n in header.split()]
    assert sizes[:2] == [3, 2]
    assert sum(sizes[2:]) == len(lines)
    assert sizes[2] == int(counts.lexical[3, 3] > 0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], TrainableAligner]:
    """Aligners by spec, each trained once."""
    made: dict[str, TrainableAligner] = {}

    def get(spec: str) -> TrainableAligner:
        if spec not in made:
            made[spec] = load("aligner", spec).train(bitext(), tmp_path_factory.mktemp("models") / "model")
        return made[spec]

    return get


SPECS = [
    *(pytest.param(f"thot?kind={kind}", marks=needs_thot) for kind in ("fastalign", "hmm", "eflomal")),
    pytest.param("eflomal?length=0.1", marks=needs_eflomal),
]


@pytest.mark.parametrize("spec", SPECS)
def test_words_that_occur_together_are_linked(
    trained: Callable[[str], TrainableAligner], spec: str, tmp_path: Path
) -> None:
    aligner = trained(spec)
    pairs = [*bitext(), pair("cat big the", "gata grande la"), pair("", "x"), pair("unseen cat", "nueva gata")]
    found = aligner.align(pairs)
    right = [a.links == tuple((k, k) for k in range(len(p.target))) for a, p in zip(found, pairs, strict=True)]
    assert sum(right) > 0.8 * len(pairs)
    assert found[-2].links == ()
    for p, a in zip(pairs, found, strict=True):
        a.check(len(p.source or ()), len(p.target))


@needs_thot
@pytest.mark.parametrize("kind", ["fastalign", "hmm", "eflomal"])
def test_thot_is_the_same_from_disk_and_every_time(
    trained: Callable[[str], TrainableAligner], kind: str, tmp_path: Path
) -> None:
    pairs = [*bitext(), pair("unseen cat", "nueva gata")]
    first = trained(f"thot?kind={kind}").align(pairs)
    again = load("aligner", f"thot?kind={kind}").train(bitext(), tmp_path / "m")
    assert again.align(pairs) == first
    loaded = load("aligner", f"thot:{tmp_path / 'm'}")
    assert [loaded.align([p])[0] for p in pairs] == first
    assert loaded.fingerprint == again.fingerprint
    assert f"kind={kind}" in loaded.fingerprint
    pickled = pickle.loads(pickle.dumps(loaded))
    assert pickled.fingerprint == loaded.fingerprint
    assert pickled.align(pairs) == first


@needs_thot
def test_errors_of_thot(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown kind 'ibm9' of thot; known: eflomal, fastalign, hmm"):
        load("aligner", "thot?kind=ibm9")
    with pytest.raises(UsageError, match="iterations must be at least 1"):
        load("aligner", "thot?iterations=0")
    with pytest.raises(BackendError, match="no pair to learn from"):
        load("aligner", "thot").train([pair("", "x")], tmp_path / "m")
    aligner = load("aligner", "thot?iterations=1").train([pair("a b", "x y"), pair("a " * 201, "x")], tmp_path / "m")
    with pytest.raises(StageError, match="201 words exceeds the aligner's limit of 200"):
        aligner.align([pair("a " * 201, "x")])
    with pytest.raises(UsageError, match="holds a model of kind 'fastalign', not 'hmm'"):
        load("aligner", f"thot:{tmp_path / 'm'}?kind=hmm")


def test_thot_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "thot.alignment", None)
    monkeypatch.setitem(sys.modules, "thot", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[thot\]'"):
        load("aligner", "thot")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "en.txt", tmp_path / "es.txt"
    source.write_text("The house\n\nA cat is here\n", encoding="utf-8")
    target.write_text("La casa\n\nUna gata\n", encoding="utf-8")
    return source, target


def test_align_trains_on_what_it_aligns(
    xlner: Command, program: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = xlner("align", *files, "--aligner", "eflomal")
    assert ran.out == "0-0 1-1\n\n0-0 1-1\n"
    assert ran.err == f"xlner: eflomal learns from {files[0]} and {files[1]}\nxlner: 3 sentences, 4 links\n"
    assert left_behind(tmp_path) == []
    more = tmp_path / "more.txt"
    more.write_text("one\ntwo\n", encoding="utf-8")
    saved = ("align", *files, "--aligner", "eflomal", "--save-model", tmp_path / "m", "--extra-bitext", more, more)
    assert f", {more} and {more}\n" in xlner(*saved).err
    assert "learns" not in xlner(*saved).err  # the model is there
    assert len((tmp_path / "m" / "links.txt").read_text(encoding="ascii").splitlines()) == 4
    other = xlner(*saved, "--extra-bitext", more, more)
    assert (other.code, "holds a model trained with other options or on another bitext" in other.err) == (2, True)
    assert xlner(*saved, "--extra-bitext", more, more, "--overwrite").code == 0
    assert xlner("align", *files, "--aligner", f"eflomal:{tmp_path / 'm'}").out == ran.out


def test_align_with_a_run_folder_trains_once(
    xlner: Command, program: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ("align", *files, "--aligner", "eflomal", "--run-dir", tmp_path / "run")
    first, second = xlner(*command), xlner(*command)
    assert first.out == second.out == "0-0 1-1\n\n0-0 1-1\n"
    assert ("learns" in first.err, "learns" in second.err) == (True, False)
    assert len((program / "calls").read_text(encoding="utf-8").splitlines()) == 1
    files[0].write_text("The house\n\nAnother cat\n", encoding="utf-8")
    assert "use another folder, or --overwrite" in xlner(*command).err
    assert xlner(*command, "--overwrite").code == 0


def test_align_reversed(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.txt", tmp_path / "gl.txt"
    source.write_text("a b c\n", encoding="utf-8")
    target.write_text("A\n", encoding="utf-8")
    links = tmp_path / "links.talp"
    links.write_text("1-0\n", encoding="utf-8")
    with_surface = ("align", source, target, "--aligner", "oracle", "--swap")
    assert xlner(*with_surface).out == "0-0\n"
    record = json.loads(xlner(*with_surface, "--output-format", "jsonl").out)
    assert record["tokens"] == ["a", "b", "c"]
    assert record["source"]["tokens"] == ["A"]


def test_errors_of_align(xlner: Command, program: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    ran = xlner("align", *files, "--aligner", "oracle", "--save-model", tmp_path / "m")
    assert (ran.code, "the aligner 'oracle' has nothing to learn; leave out" in ran.err) == (2, True)
    ran = xlner("align", "-", files[1], "--input-format", "text", "--aligner", "eflomal")
    assert (ran.code, "reads its bitext twice; give files, not standard input" in ran.err) == (2, True)
    files[1].write_bytes(b"La casa\n\xff\nUna gata\n")
    assert "is not UTF-8" in xlner("align", *files, "--aligner", "eflomal").err
    skipped = xlner("align", *files, "--aligner", "eflomal", "--on-error", "skip")
    assert (skipped.code, skipped.out) == (1, "0-0 1-1\n\n0-0 1-1\n")


def test_a_config_can_contain_extra_bitext(
    xlner: Command, program: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = ("align", *files, "--aligner", "eflomal", "--run-dir", run, "--extra-bitext", *files)
    first = xlner(*command)
    assert xlner("align", *files, "--config", run / "config.toml").out == first.out


@needs_thot
def test_python_of_the_documentation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Path(__file__).parent.parent / "docs" / "alignment-statistical.md"
    codes = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec("".join(codes), {})
    assert capsys.readouterr().out.splitlines()[1:3] == ["((0, 0),)", "((0, 0),)"]
