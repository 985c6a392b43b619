"""Confidence, calibration, filters and several sources on the command line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.test_docs import ROOT, offline_parts  # noqa: F401
from xlner import Alignment, Entity, Pair, Pipeline, Projection, Sentence, raise_errors, read_sentences
from xlner.fakes import OracleAligner
from xlner.pipeline import MultiSourcePipeline
from xlner.projection import MultiSourceProjector

SOURCE = "Ana\tB-PER\nin\tO\nVigo\tB-LOC\n\nONU\tB-ORG\n\nno\tO\n\n"
TARGET = "Ana\tB-PER\nen\tO\nVigo\tB-LOC\n\na\tO\nONU\tB-ORG\n\nnon\tO\n\n"
LINKS = "0-0 2-1 2-2\n0-0 0-1\n0-0\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    paths = tmp_path / "en.conll", tmp_path / "gl.conll", tmp_path / "en-gl.talp"
    for path, text in zip(paths, (SOURCE, TARGET, LINKS), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_project_writes_how_sure_it_is(xlner: Command, files: tuple[Path, Path, Path]) -> None:
    source, target, links = files
    ran = xlner("project", source, target, "--alignment", links, "--output-format", "jsonl")
    records = [json.loads(line) for line in ran.out.splitlines()]
    first, second = (e["score"] for e in records[0]["entities"])
    assert first > 0.9 > 0.1 > second  # the second span has one word too many
    assert records[0]["outcomes"][1]["scores"] == {"alignment": 1.333333, "confidence": second}


def test_every_format_with_scores_has_the_confidence(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, target, links = files
    found = {}
    for name in ("jsonl", "csv", "prodigy", "label-studio", "argilla", "parquet"):
        out = tmp_path / f"{name}.out"
        assert xlner("project", source, target, "--alignment", links, "-o", out, "--output-format", name).code == 0
        scores = [e.score for s in read_sentences(out, format=name) if isinstance(s, Sentence) for e in s.entities]
        found[name] = [round(score, 4) for score in scores if score is not None]
    assert set(map(tuple, found.values())) == {tuple(found["jsonl"])}
    assert len(found["jsonl"]) == 3


def test_confidence_is_computed_only_if_something_reads_it(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated_pairs = []

    def rated(pairs: Sequence[Pair], projections: Sequence[Projection], *_: object) -> list[Projection]:
        rated_pairs.extend(pairs)
        return list(projections)

    monkeypatch.setattr("xlner.projection.confidence.rated", rated)
    monkeypatch.setattr("xlner.pipeline.training_data.rated", rated)
    source, target, links = files
    project = ["project", source, target, "--alignment", links]
    build = ["build", source, "--to", "gl", "--translator", "echo", "--aligner", "oracle"]
    for command in (project, build):
        for options, needed in (
            (["--output-format", "conll"], False),
            (["--output-format", "pretty"], False),
            (["--filter", "complete"], False),
            (["--output-format", "jsonl"], True),
            (["--output-format", "csv"], True),
            (["--output-format", "label-studio"], True),
            (["--output-format", "webanno"], False),
            (["--min-confidence", "0.1"], True),
            (["--filter", "mean-confidence:0.1"], True),
            (["--run-dir", tmp_path / command[0]], True),  # its shards are JSONL, and may be written as such later
        ):
            rated_pairs.clear()
            assert xlner(*command, *options).code == 0
            assert bool(rated_pairs) is needed, (command, options)


def test_what_is_not_sure_enough_is_dropped_with_its_number(xlner: Command, files: tuple[Path, Path, Path]) -> None:
    source, target, links = files
    ran = xlner("project", source, target, "--alignment", links, "--output-format", "jsonl", "--min-confidence", "0.7")
    assert "3 sentences, 1 entity, 2 not projected" in ran.err
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert records[1]["entities"] == []
    assert records[1]["outcomes"][0]["reason"] == "below-threshold"
    assert 0 < records[1]["outcomes"][0]["scores"]["confidence"] < 0.7
    assert xlner("project", source, target, "--alignment", links, "--min-confidence", "2").code == 2


def test_filters_write_what_passes_and_say_what_they_dropped(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, target, links = files
    out, folder = tmp_path / "out.conll", tmp_path / "run"
    command = [
        "project",
        source,
        target,
        "--alignment",
        links,
        "-o",
        out,
        "--filter",
        "complete,max-length:2,entities:1",
    ]
    ran = xlner(*command, "--run-dir", folder)
    assert ran.code == 0
    assert ran.err.splitlines()[-1] == (
        "xlner: filters kept 1 of 3 sentences, dropped 1 by max-length:2, 1 by entities:1"
    )
    assert out.read_text(encoding="utf-8").count("\n\n") == 1
    recipe = tomllib.loads((folder / "config.toml").read_text(encoding="utf-8"))
    assert recipe["filter"] == ["complete", "max-length:2", "entities:1"]
    again = xlner("project", source, target, "--config", folder / "config.toml", "--run-dir", folder)
    assert again.err.splitlines()[-1] == ran.err.splitlines()[-1]
    assert "unknown filter 'sure'" in xlner(*command, "--filter", "sure").err


def test_failed_sentences_are_filtered_but_still_reported(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("Vigo\nA ONU\n", encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes, "--translator", "echo?fail_on=ONU"]
    ran = xlner(*command, "--filter", "entities:1")
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    assert "filters kept 1 of 2 sentences, dropped 1 by failed" in ran.err
    assert len(xlner(*command).out.splitlines()) == 2


def test_calibrate_then_project_with_it(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, target, links = files
    made = tmp_path / "made.json"
    ran = xlner("calibrate", source, target, "--alignment", links, "-o", made)
    assert ran.code == 0
    assert "confidence, raw" in ran.out
    assert "3 entities, 0.333 right; ECE" in ran.out
    assert "keeps 100.0% of them, 0.333 right" in ran.out
    record = json.loads(made.read_text(encoding="utf-8"))
    assert record["entities"] == 3
    assert record["projector"].startswith("greedy?candidates=aligned")
    projected = ["project", source, target, "--alignment", links, "--output-format", "jsonl", "--calibration", made]
    used = xlner(*projected)
    assert "note" not in used.err
    entities = json.loads(used.out.splitlines()[0])["entities"]
    assert [e["score"] for e in entities] == [record["points"][-1][1]] * 2 or entities[0]["score"] > entities[1][
        "score"
    ]
    other = xlner(*projected, "--projector", "heuristic")
    assert "xlner: note: calibrated with another projector: greedy" in other.err


def test_several_recognizers_vote_in_calibrate(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, target, links = files
    names = tmp_path / "names.tsv"
    names.write_text(
        "".join(f"{s.surface(e)}\t{e.label}\n" for s in raise_errors(read_sentences(source)) for e in s.entities)
    )
    command = ["calibrate", source, target, "--alignment", links]
    assert xlner(*command, "--recognizer", f"gazetteer:{names}").code == 0
    several = xlner(*command, *("--recognizer", f"gazetteer:{names}") * 2)
    assert (several.code, "no member gives class probabilities" in several.err) == (2, True)


def test_calibrate_as_json(xlner: Command, files: tuple[Path, Path, Path]) -> None:
    source, target, links = files
    ran = xlner("calibrate", source, target, "--alignment", links, "--json", "--bins", "2")
    record = json.loads(ran.out)["raw"]
    assert record["entities"] == 3
    assert [(b["low"], b["entities"], b["accuracy"]) for b in record["bins"]] == [(0.0, 2, 0.0), (0.5, 1, 1.0)]
    assert [k["share"] for k in record["kept"]] == [1.0, 1.0, 1.0]


def test_calibrate_on_what_says_nothing(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, target, links = files
    ran = xlner("calibrate", source, target, "--alignment", links, "--ignore", "PER,LOC,ORG")
    assert (ran.code, "no entity was projected" in ran.err) == (2, True)
    links.write_text("0-0 2-9\n0-0\n0-0\n", encoding="utf-8")
    ran = xlner("calibrate", source, target, "--alignment", links)
    assert (ran.code, f"{links} (sentence 1): link 2-9 is out of range" in ran.err) == (2, True)
    assert "would replace" in xlner("calibrate", source, target, "-o", target).err


def test_calibrate_leaves_out_what_fails_and_what_is_beyond_the_limit(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, target, _ = files
    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\n", encoding="utf-8")
    ran = xlner(
        "calibrate",
        source,
        target,
        "--aligner",
        "oracle",
        "--recognizer",
        f"gazetteer:{names}",
        "--limit",
        "1",
        "--json",
    )
    assert json.loads(ran.out)["raw"]["entities"] == 1


@pytest.mark.parametrize("text", ["", "{}", b"\xff"])
def test_a_file_that_is_no_calibration(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path, text: str | bytes
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(text.encode() if isinstance(text, str) else text)
    ran = xlner("project", *files[:2], "--alignment", files[2], "--calibration", bad)
    assert (ran.code, str(bad) in ran.err) == (2, True)
    assert "No such file" in xlner("project", *files[:2], "--calibration", tmp_path / "none.json").err


def test_several_sources(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, target, links = files
    other, other_links = tmp_path / "es.conll", tmp_path / "es-gl.talp"
    other.write_text("Vigo\tB-LOC\n\nla\tO\nONU\tB-ORG\n\nno\tO\n\n", encoding="utf-8")
    other_links.write_text("0-2\n0-0 1-1\n0-0\n", encoding="utf-8")
    command = [
        "project",
        source,
        target,
        "--alignment",
        links,
        "--output-format",
        "jsonl",
        "--projector",
        "multi-source?weights=coverage:1",
    ]
    also = ["--also-source", other, "--also-alignment", other_links, "--also-lang", "es"]
    records = [json.loads(line) for line in xlner(*command, *also).out.splitlines()]
    assert [r["ner_tags"] for r in records] == [["B-PER", "O", "B-LOC"], ["O", "B-ORG"], ["O"]]
    assert [o["scores"]["agreement"] for o in records[0]["outcomes"]] == [0.5, 1.0]
    (also_record,) = records[0]["also"]
    assert also_record["source"]["lang"] == "es"
    assert also_record["outcomes"][0]["projected"][0]["score"] == records[0]["entities"][1]["score"]
    strict = xlner(
        *command, *also, "--projector", "multi-source?weights=coverage:1&min_agreement=1", "--run-dir", tmp_path / "run"
    )
    assert json.loads(strict.out.splitlines()[0])["ner_tags"] == ["O", "O", "B-LOC"]
    sure = xlner(*command, *also, "--min-confidence", "0.6", "--filter", "entities:1")
    assert "1 entity" not in sure.err
    assert "filters kept 2 of 3 sentences" in sure.err


def test_several_sources_report_what_is_wrong(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, target, links = files
    command = ["project", source, target, "--also-source", source]
    for options, expected in (
        (["--alignment", links], "1 --also-source but 0 --also-alignment; give one for each"),
        (["--also-alignment", links, "--aligner", "oracle"], "--also-alignment needs --alignment"),
        (["--also-lang", "es", "--also-lang", "pt", "--aligner", "oracle"], "1 --also-source but 2 --also-lang"),
        (["--aligner", "oracle", "--projector", "multi-source?source_weights=1,2,3"], "3 weights for 2 sources"),
        (
            ["--aligner", "oracle", "--projector", "multi-source?source_weights=1;2"],
            "cannot read source weights '1;2'",
        ),
        (["--aligner", "oracle", "--projector", "hull"], "this projector takes one source; use multi-source"),
    ):
        ran = xlner(*command, *options)
        assert ran.code == 2, options
        assert expected in ran.err
    assert "needs a file as TARGET" in xlner("project", source, "-", "--input-format", "conll", *command[3:]).err
    short = tmp_path / "short.conll"
    short.write_text("Vigo\tB-LOC\n", encoding="utf-8")
    ran = xlner("project", source, target, "--aligner", "oracle", "--also-source", short)
    assert f"{short}: ends after 1 sentence, but {target} goes on" in ran.err


class FailingAligner(OracleAligner):
    """Cannot align sources that begin with a certain word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        if any(p.source is not None and p.source.tokens[0] == self.word for p in pairs):
            raise ValueError(self.word)
        return super().align(pairs)


def test_a_sentence_that_fails_with_any_source_says_which() -> None:
    entity = Entity(0, 1, "LOC")
    rows = [tuple(Pair(Sentence(("Vigo",)), Sentence((w,), (entity,))) for w in words) for words in ("ab", "cx", "xd")]
    for words in ("ab", "cd", "cc"):
        rows.append(tuple(Pair(Sentence(("Vigo",)), Sentence((w,), (entity,) * (w != "d"))) for w in words))
    pipelines = [Pipeline(aligner=FailingAligner("x"), projector=None) for _ in range(2)]
    done = list(MultiSourcePipeline(pipelines, MultiSourceProjector()).run_pairs(rows))
    assert [p.error for p in done] == [None, "source 2: aligner: ValueError: x", "aligner: ValueError: x", *[None] * 3]
    scores = [None if p.projection is None else p.projection.outcomes[0].scores["agreement"] for p in done]
    assert scores == [1, None, None, 1, 0.5, 1]
    rows[0] = (rows[0][0], Pair(Sentence(("Lugo",)), rows[0][1].source))
    assert "projector: word 1 of the target is 'Vigo' and 'Lugo'" in str(
        next(MultiSourcePipeline(pipelines, MultiSourceProjector()).run_pairs(rows[:1])).error
    )


def test_a_bad_sentence_of_any_source_is_an_error_in_its_place(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, target, _ = files
    other = tmp_path / "es.conll"
    other.write_text("Vigo\n\nONU\tB-ORG\n\nno\tO\n\n", encoding="utf-8")
    command = ["project", source, target, "--aligner", "oracle", "--also-source", other, "--output-format", "jsonl"]
    stopped = xlner(*command)
    assert stopped.code == 2
    ran = xlner(*command, "--on-error", "skip")
    assert ran.code == 1
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ["error" in r for r in records] == [True, False, False]
    assert records[0]["error"].startswith(f"{other}:1 (sentence 1): ")


@pytest.mark.slow
@pytest.mark.usefixtures("offline_parts")
def test_commands_of_the_documentation(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "confidence.md").read_text(encoding="utf-8")
    lines = [line for line in re.findall(r"^\$ xlner (.*)$", page, re.MULTILINE) if "examples/" in line]
    assert len(lines) == 3
    for line in lines:
        ran = xlner(*shlex.split(line))
        assert ran.code == 0, (line, ran.err)
        assert "note" not in ran.err
