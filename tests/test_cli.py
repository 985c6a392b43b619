from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import Command
from xlner import __version__, raise_errors, read_sentences
from xlner.cli import GROUPS, app

TEXT = "Ana Pardo vive en Vigo.\n\nA ONU di que non.\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_help_and_version(xlner: Command) -> None:
    assert __version__ in xlner("--version").out
    shown = xlner("--help")
    assert shown.code == 0
    for command in app.commands:
        assert command in shown.out
        assert xlner(command, "--help").code == 0


@pytest.mark.parametrize("command", ["train", "train-aligner", "train-language-adapter"])
def test_numbers_of_any_size_have_no_range_in_the_help(xlner: Command, command: str) -> None:
    assert "None" not in xlner(command, "--help").out


def test_help_shows_commands_in_groups_and_cuts_nothing_off() -> None:
    shown = CliRunner().invoke(app, ["--help"], terminal_width=80).output
    assert [line.removesuffix(":") for line in shown.splitlines() if line[:1].isalpha() and line.endswith(":")] == [
        "Options",
        *GROUPS,
    ]
    listed = shown.partition("Label and build:")[2]
    assert "…" not in listed
    assert "..." not in listed
    assert {command.name for group in GROUPS.values() for command in group} == set(app.commands)


def test_label_writes_the_format_of_the_file_name(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    for name in ("out.conll", "out.jsonl"):
        out = tmp_path / name
        ran = xlner("label", text, "--lang", "gl", "-o", out, *fakes)
        assert (ran.code, ran.out) == (0, "")
        copied = "xlner: 1 translation looks wrong (copied 1)\n"  # which is what an echo makes
        assert ran.err == f"xlner: 3 sentences, 3 entities\n{copied}"
        sentences = list(raise_errors(read_sentences(out)))
        assert [[e.label for e in s.entities] for s in sentences] == [["PER", "LOC"], [], ["ORG"]]


def test_label_to_standard_output_keeps_the_kind_of_the_input(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path
) -> None:
    records = [json.loads(line) for line in xlner("label", text, "--lang", "gl", *fakes).out.splitlines()]
    assert [e["text"] for e in records[0]["entities"]] == ["Ana Pardo", "Vigo"]
    assert records[0]["entities"][1]["char_start"] == 18
    assert records[0]["source"]["lang"] == "en"
    conll = tmp_path / "in.conll"
    conll.write_text("Ana\tO\nPardo\tO\n\n", encoding="utf-8")
    assert xlner("label", conll, "--lang", "gl", *fakes).out == "Ana\tB-PER\nPardo\tI-PER\n\n"


def test_label_shows_entities_to_a_person(xlner: Command, fakes: list[str], text: Path) -> None:
    ran = xlner("label", text, "--lang", "gl", "--output-format", "pretty", *fakes)
    assert "    1 [Ana Pardo PER] vive en [Vigo LOC].\n      [Ana Pardo PER] vive en [Vigo LOC].\n" in ran.out
    broken = xlner(
        "label", text, "--lang", "gl", "--output-format", "pretty", *fakes, "--translator", "echo?fail_on=ONU"
    )
    assert "failed: translator: the echo translator was told to fail" in broken.out
    assert broken.code == 1


def test_label_marks_failed_sentences_and_says_so(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.conll"
    ran = xlner("label", text, "--lang", "gl", "-o", out, *fakes, "--translator", "echo?fail_on=ONU")
    assert ran.code == 1
    assert "1 of 3 sentences failed; sentence 3: translator: the echo translator was told" in ran.err
    sentences = list(raise_errors(read_sentences(out)))
    assert len(sentences) == 3
    assert "error" in sentences[2].meta


def test_label_limit_ignore_and_projector(xlner: Command, fakes: list[str], text: Path) -> None:
    ran = xlner(
        "label", text, "--lang", "gl", "--limit", "1", "--ignore", "LOC,ORG", *fakes, "--projector", "heuristic"
    )
    (record,) = [json.loads(line) for line in ran.out.splitlines()]
    assert record["ner_tags"] == ["B-PER", "I-PER", "O", "O", "O", "O"]


def test_label_with_a_run_folder_saves_its_recipe_and_goes_on(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path
) -> None:
    out, folder = tmp_path / "out.jsonl", tmp_path / "run"
    command = ["label", text, "--lang", "gl", "-o", out, *fakes, "--ignore", "ORG,MISC"]
    assert xlner(*command, "--run-dir", folder).code == 0
    plain = out.read_bytes()
    assert xlner(*command, "--run-dir", folder).code == 0
    assert out.read_bytes() == plain
    recipe = tomllib.loads((folder / "config.toml").read_text(encoding="utf-8"))
    assert recipe["ignore"] == ["ORG", "MISC"]
    assert recipe["translator"] == "echo"
    assert xlner("label", text, "--config", folder / "config.toml").code == 0
    assert out.read_bytes() == plain
    refused = xlner(*command, "--run-dir", folder, "--projector", "heuristic")
    assert refused.code == 2
    different = "holds a run with another pipeline (--projector: greedy, now heuristic); use another folder, or"
    assert different in refused.err
    assert xlner(*command, "--run-dir", folder, "--projector", "heuristic", "--overwrite").code == 0
    from_stdin = xlner("label", "-", "--lang", "gl", *fakes, "--run-dir", tmp_path / "other")
    assert "--run-dir needs a file as input" in from_stdin.err


@pytest.mark.parametrize(
    ("recipe", "match"),
    [
        ("lnag = 'gl'", r"unknown key 'lnag'; did you mean 'lang'\?"),
        ("xyz = 1", r"unknown key 'xyz'; known: address, aligner, batch-words, .*output-format, .*translator"),
        ("[aligner]\nname = 'e5'", r"config.toml: aligner must be a string"),
        ("lang = ", "not TOML"),
    ],
)
def test_bad_recipes(xlner: Command, text: Path, tmp_path: Path, recipe: str, match: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(recipe, encoding="utf-8")
    ran = xlner("label", text, "--config", path)
    assert ran.code == 2
    assert re.search(match, ran.err)
    assert "No such file" in xlner("label", text, "--config", tmp_path / "none.toml").err


def test_project_with_links_from_a_file(xlner: Command, tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.conll", tmp_path / "gl.txt", tmp_path / "en-gl.talp"
    source.write_text("In\tO\nVigo\tB-LOC\n\nNo\tO\n\nONU\tB-ORG\n", encoding="utf-8")
    target.write_text("Vigo si\nnon\na ONU\n", encoding="utf-8")
    links.write_text("1-0\n0-0\n0-1\n", encoding="utf-8")
    for projector in ("heuristic", "greedy"):
        ran = xlner(
            "project", source, target, "--alignment", links, "--projector", projector, "--output-format", "conll"
        )
        assert ran.code == 0
        assert [line for line in ran.out.splitlines() if line.endswith(("-LOC", "-ORG"))] == [
            "Vigo\tB-LOC",
            "ONU\tB-ORG",
        ]


def test_project_finds_the_entities_first_where_it_is_told_to(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    source, target = tmp_path / "en.txt", tmp_path / "gl.txt"
    source.write_text("Vigo is\n", encoding="utf-8")
    target.write_text("Vigo está\n", encoding="utf-8")
    ran = xlner("project", source, target, "--recognizer", fakes[3], "--aligner", "oracle")
    assert json.loads(ran.out)["ner_tags"] == ["B-LOC", "O"]
    assert "plain text has no entities" in xlner("project", source, target, "--aligner", "oracle").err


def test_links_and_an_aligner_exclude_each_other(xlner: Command, tmp_path: Path) -> None:
    ran = xlner("project", tmp_path / "en.conll", tmp_path / "gl.txt", "--alignment", "a.talp", "--aligner", "oracle")
    assert (ran.code, "--aligner would do nothing" in ran.err) == (2, True)


def test_project_needs_parallel_files(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.conll", tmp_path / "gl.txt"
    source.write_text("Vigo\tB-LOC\n\nVigo\tB-LOC\n", encoding="utf-8")
    target.write_text("Vigo\n", encoding="utf-8")
    ran = xlner("project", source, target, "--aligner", "oracle")
    assert ran.code == 2
    assert f"{target}: ends after 1 sentence, but {source} goes on" in ran.err


def test_project_and_links_out_of_range(xlner: Command, tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.conll", tmp_path / "gl.txt", tmp_path / "en-gl.talp"
    source.write_text("Vigo\tB-LOC\n\nVigo\tB-LOC\n", encoding="utf-8")
    target.write_text("Vigo\nVigo\n", encoding="utf-8")
    links.write_text("0-1\n0-0\n", encoding="utf-8")
    stopped = xlner("project", source, target, "--alignment", links)
    assert stopped.code == 2
    assert (
        f"{links} (sentence 1): link 0-1 is out of range for 1 source and 1 target words; links are 0-based"
        in stopped.err
    )
    right = tmp_path / "right.talp"
    right.write_text("0-0\n0-0\n", encoding="utf-8")
    several = xlner("project", source, target, "--alignment", right, "--alignment", links)
    assert f"{links} (sentence 1): link 0-1" in several.err
    assert f"{right}, {links}" not in several.err
    skipped = xlner("project", source, target, "--alignment", links, "--on-error", "skip", "--output-format", "jsonl")
    assert skipped.code == 1
    assert [("error" in json.loads(line)) for line in skipped.out.splitlines()] == [True, False]


def test_align(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.txt", tmp_path / "gl.txt"
    source.write_text("a b c\n\nx\n", encoding="utf-8")
    target.write_text("A B\n\nX Y\n", encoding="utf-8")
    assert xlner("align", source, target, "--aligner", "oracle").out == "0-0 1-1\n\n0-0\n"
    record = json.loads(
        xlner("align", source, target, "--aligner", "oracle", "--output-format", "jsonl").out.splitlines()[0]
    )
    assert record["source"]["tokens"] == ["a", "b", "c"]


def test_evaluate(xlner: Command, tmp_path: Path) -> None:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.jsonl"
    gold.write_text("Ana\tB-PER\nVigo\tB-LOC\nONU\tB-ORG\n", encoding="utf-8")
    predicted.write_text('{"tokens": ["Ana", "Vigo", "ONU"], "tags": ["B-PER", "O", "B-LOC"]}\n', encoding="utf-8")
    shown = xlner("evaluate", gold, predicted, "--ignore", "ORG")
    assert shown.code == 0
    assert re.search(r"PER\s+1.0000\s+1.0000\s+1.0000\s+1\s+1\s+1", shown.out)
    assert re.search(r"micro\s+0.5000\s+0.5000\s+0.5000\s+1\s+2\s+2", shown.out)
    assert "mode:strict|ignore:ORG|sentences:1|data:" in shown.out
    record = json.loads(xlner("evaluate", gold, predicted, "--json").out)
    assert record["micro"] == {
        "precision": 0.5,
        "recall": pytest.approx(1 / 3),
        "f1": 0.4,
        "correct": 1,
        "predicted": 2,
        "gold": 3,
    }
    assert record["per_type"]["ORG"]["gold"] == 1
    predicted.write_text('{"tokens": ["Ana"], "tags": ["O"]}\n', encoding="utf-8")
    assert "sentence 1): word 2 is 'Vigo' in the gold data and missing" in xlner("evaluate", gold, predicted).err


def test_evaluate_says_how_many_predictions_failed(xlner: Command, tmp_path: Path) -> None:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.conll"
    gold.write_text("Ana\tB-PER\n", encoding="utf-8")
    predicted.write_text("# error = translator: broken\nAna\tO\n", encoding="utf-8")
    assert "1 of 1 predicted sentence with an error" in xlner("evaluate", gold, predicted).out


def test_convert_there_and_back(xlner: Command, tmp_path: Path) -> None:
    conll, json_lines, again = tmp_path / "a.conll", tmp_path / "a.jsonl", tmp_path / "b.conll"
    conll.write_text("# id = 1\nAna\tB-PER\nPardo\tI-PER\n\nVigo\tB-LOC\n\n", encoding="utf-8")
    assert xlner("convert", conll, json_lines).err == "xlner: 2 sentences\n"
    assert xlner("convert", json_lines, again).code == 0
    assert again.read_text(encoding="utf-8") == conll.read_text(encoding="utf-8")
    assert xlner("convert", conll, "-", "--output-format", "conll", "--output-scheme", "bilou").out.splitlines()[
        1:3
    ] == [
        "Ana\tB-PER",
        "Pardo\tL-PER",
    ]
    assert xlner("convert", conll, "-", "--output-format", "text").out == "Ana Pardo\nVigo\n"


def test_convert_repairs_and_counts(xlner: Command, tmp_path: Path) -> None:
    conll = tmp_path / "a.conll"
    conll.write_text("Ana\tI-PER\nVigo\tI-LOC\n", encoding="utf-8")
    ran = xlner("convert", conll, "-", "--output-format", "conll")
    assert ran.out == "Ana\tB-PER\nVigo\tB-LOC\n\n"
    assert ran.err == "xlner: 1 sentence, 2 tags out of place repaired\n"
    assert (
        xlner("convert", conll, "-", "--output-format", "conll", "--input-scheme", "iob1").err == "xlner: 1 sentence\n"
    )
    assert xlner("convert", conll, "-", "--output-format", "conll", "--repair", "none").code == 2


def test_convert_skips_on_demand_and_keeps_the_place(xlner: Command, tmp_path: Path) -> None:
    conll = tmp_path / "a.conll"
    conll.write_text("Ana\tB-PER\nVigo\n\nVigo\tB-LOC\n", encoding="utf-8")
    stopped = xlner("convert", conll, "-", "--output-format", "jsonl")
    assert stopped.code == 2
    assert stopped.err.startswith(f"xlner: {conll}:2 (sentence 1): 1 column, but")
    assert stopped.err.endswith("or continue with --on-error skip\n")
    skipped = xlner("convert", conll, "-", "--output-format", "jsonl", "--on-error", "skip")
    assert (skipped.code, len(skipped.out.splitlines())) == (1, 2)
    assert skipped.err == "xlner: 2 sentences, 1 could not be read\n"


def test_one_device_for_all_stages(xlner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlner.models.loading import wanted_device

    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "xlner.cli.machine.machine_rows", lambda: asked.append((wanted_device("auto"), wanted_device("mps"))) or []
    )
    monkeypatch.delenv("XLNER_DEVICE", raising=False)
    for before in ((), ("--device", "cuda:1"), ()):
        assert xlner(*before, "doctor", "greedy").code == 0
    assert asked == [("auto", "mps"), ("cuda:1", "mps"), ("auto", "mps")]


def test_doctor_lists_every_backend_and_says_what_to_do(xlner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlner.core import registry as _registry

    monkeypatch.setitem(_registry._BUILTIN["aligner"], "gone", "no.such:Aligner")
    rows = json.loads(xlner("doctor", "--json").out)
    by_name = {(row["kind"], row["name"]): row for row in rows}
    assert set(by_name) >= {
        ("translator", "apertium"),
        ("recognizer", "spacy"),
        ("aligner", "e5"),
        ("projector", "greedy"),
    }
    assert by_name["translator", "echo"]["works"]
    assert not by_name["aligner", "gone"]["works"]
    assert "cannot be loaded" in by_name["aligner", "gone"]["details"]
    monkeypatch.setenv("APERTIUM_MODES", "/nowhere")
    shown = xlner("doctor", "apertium", "heuristic")
    assert shown.code == 0
    assert "apt-get install apertium apertium-eng-spa" in " ".join(shown.out.split())
    assert "heuristic" in shown.out


def test_bad_usage_has_exit_code_2(xlner: Command, text: Path) -> None:
    assert xlner("label", text).code == 2
    assert "Missing option '--lang'" in xlner("label", text).err
    assert xlner("lable").code == 2
    assert xlner("label", text, "--lang", "gl", "--limit", "0").code == 2


def on_a_terminal(command: list[str], stream: str) -> str:
    """Run a command with one of its streams on a terminal; returns what is seen there."""
    leader, follower = pty.openpty()
    other = "stderr" if stream == "stdout" else "stdout"
    streams = {stream: follower, other: subprocess.DEVNULL}
    process = subprocess.Popen(
        [sys.executable, "-m", "xlner", *command], env={**os.environ, "TERM": "xterm"}, **streams
    )
    os.close(follower)
    seen = b""
    with contextlib.suppress(OSError):  # Linux says so at the end of a terminal
        while data := os.read(leader, 65536):
            seen += data
    os.close(leader)
    assert process.wait() == 0
    return seen.decode()


def test_progress_with_rate_and_remaining_time_on_a_terminal(fakes: list[str], tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("".join(f"Frase {k} en Vigo.\n" for k in range(1000)), encoding="utf-8")
    out = tmp_path / "out.jsonl"
    seen = on_a_terminal(["label", str(text), "--lang", "gl", "-o", str(out), *fakes], "stderr")
    assert re.search(r"\d+/1000", seen)
    assert re.search(r"\d+\.\d/s", seen)
    assert re.search(r"\d:\d\d:\d\d", seen)
    assert "1,000 sentences, 1,000 entities" in seen


def test_entities_are_colored_on_a_terminal(fakes: list[str], text: Path) -> None:
    seen = on_a_terminal(["label", str(text), "--lang", "gl", *fakes], "stdout")
    assert "\x1b[1;32m[Vigo" in seen
    assert seen.index("vive") < seen.rindex("vive")


def test_a_recipe_has_the_names_of_the_options(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "config.toml"
    recipe.write_text("output-format = 'conll'\nlang = 'glg'\nlimit = 1\n", encoding="utf-8")
    ran = xlner("label", text, "--config", recipe, *fakes)
    assert ran.out.splitlines()[-1] == ".\tO" or "Vigo\tB-LOC" in ran.out
    assert ran.err == "xlner: 1 sentence, 2 entities\n"


def test_the_output_never_replaces_an_input(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.conll"
    path.write_text("Vigo\tB-LOC\n", encoding="utf-8")
    for command in (
        ["label", path, "--lang", "gl", "-o", path, *fakes],
        ["project", path, path, "-o", tmp_path / "." / "in.conll", "--aligner", "oracle"],
        ["convert", path, path],
    ):
        ran = xlner(*command)
        assert ran.code == 2
        assert "the output would replace its own input; name another output" in ran.err
    assert path.read_text(encoding="utf-8") == "Vigo\tB-LOC\n"


def test_labels_are_not_thrown_away_silently(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    ran = xlner("label", text, "--lang", "gl", "-o", tmp_path / "out.txt", *fakes)
    assert ran.code == 2
    assert "out.txt: format 'text' holds no entities; write .conll or .jsonl" in ran.err
    conll = tmp_path / "in.conll"
    conll.write_text("Vigo\tB-LOC\n", encoding="utf-8")
    assert (
        xlner("convert", conll, tmp_path / "o.txt").err
        == "xlner: 1 sentence, 1 entity lost, because text has no labels\n"
    )
    assert xlner("convert", conll, "-").out == "Vigo\tB-LOC\n\n"


def test_a_reader_that_has_seen_enough_is_no_failure(fakes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("Ana Pardo vive en Vigo.\n" * 20_000, encoding="utf-8")
    for format in ("pretty", "jsonl"):
        command = [sys.executable, "-m", "xlner", "label", str(path), "--lang", "gl", "--output-format", format, *fakes]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_what_is_kept(
    fakes: list[str], tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    path, folder = tmp_path / "in.txt", tmp_path / "run"
    path.write_text("".join(f"Frase {k} en Vigo.\n" for k in range(30_000)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "xlner",
        "label",
        str(path),
        "--lang",
        "gl",
        "-o",
        str(tmp_path / "o.jsonl"),
        *fakes,
    ]
    # An interrupt while coverage holds its lock would leave the process waiting for it.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.Popen([*command, "--run-dir", str(folder)], stderr=subprocess.PIPE, text=True, env=env)
    while not list(folder.glob("done/000/0*.json")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(sent)
    _, said = process.communicate(timeout=100)
    assert process.returncode == code
    assert f"finished shards are kept in {folder}; the same command continues from there" in said
    assert "Traceback" not in said


def test_escape_codes_of_the_input_do_not_reach_the_terminal(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("Vigo \x1b[31mred\n", encoding="utf-8")
    assert "\x1b" not in xlner("label", path, "--lang", "gl", "--output-format", "pretty", *fakes).out


def test_a_missing_file_of_links_is_one_line_whatever_else_is_asked(xlner: Command, tmp_path: Path) -> None:
    source, target, out = tmp_path / "en.conll", tmp_path / "gl.txt", tmp_path / "out.conll"
    source.write_text("Vigo\tB-LOC\n", encoding="utf-8")
    target.write_text("Vigo\n", encoding="utf-8")
    out.write_text("old\n", encoding="utf-8")
    for more in ([], ["--run-dir", tmp_path / "run"]):
        ran = xlner("project", source, target, "--alignment", tmp_path / "none.talp", "-o", out, *more)
        assert ran.code == 2
        assert ran.err == f"xlner: {tmp_path / 'none.talp'}: cannot be read: No such file or directory\n"
    assert out.read_text(encoding="utf-8") == "old\n"


def test_outcomes_add_up_to_the_source_entities(xlner: Command, tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.conll", tmp_path / "gl.conll", tmp_path / "links.talp"
    source.write_text("Ana\tB-PER\nVigo\tB-LOC\nONU\tB-ORG\n\nVigo\tB-LOC\n\nno\tO\n", encoding="utf-8")
    target.write_text("Ana\tO\nONU\tO\n\nVigo\tO\n\nnon\tO\n", encoding="utf-8")
    links.write_text("0-0 1-0\n\n0-0\n", encoding="utf-8")
    folder = tmp_path / "run"
    command = ["project", source, target, "--alignment", links, "-o", tmp_path / "out.conll"]
    ran = xlner(*command, "--run-dir", folder)
    assert ran.err == "xlner: 3 sentences, 1 entity, 3 not projected (1 overlap, 2 unaligned)\n"
    counts = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert counts == {
        "sentences": 3,
        "failed": 0,
        "source_entities": 4,
        "projected": 1,
        "dropped": {"overlap": 1, "unaligned": 2},
    }
    assert counts["projected"] + sum(counts["dropped"].values()) == counts["source_entities"]
    assert xlner(*command, "--run-dir", folder).err == f"{ran.err}xlner: shard 1 reused from {folder}\n"


def test_links_of_several_files_and_of_the_whole_text_have_weights(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.conll", tmp_path / "gl.conll"
    source.write_text("the\tO\nEU\tI-ORG\n\n" * 3 + "the\tO\nEU\tI-ORG\n\n", encoding="utf-8")
    target.write_text("a\nUE\n\n" * 3 + "a\nUE\n\n", encoding="utf-8")
    forward, reverse = tmp_path / "forward.talp", tmp_path / "reverse.talp"
    forward.write_text("0-0 1-1\n" * 4, encoding="utf-8")
    reverse.write_text("0-0 1-1\n" * 3 + "1-0 1-1\n", encoding="utf-8")
    command = ["project", source, target, "--output-format", "jsonl", "--alignment", forward, "--alignment", reverse]
    command += ["--projector", "fused?weights=null_aware_coverage:1"]
    plain = [json.loads(line) for line in xlner(*command).out.splitlines()]
    assert [record["ner_tags"] for record in plain] == [["O", "B-ORG"]] * 4
    assert plain[3]["weights"] == [0.5, 0.5, 1.0]
    lexical = xlner(*command, "--lexical", "--run-dir", tmp_path / "run")
    assert "4 tags out of place repaired" in lexical.err
    assert [json.loads(line)["weights"] for line in lexical.out.splitlines()][3] == [0.46875, 0.28125, 1.0]
    assert xlner(*command, "--run-dir", tmp_path / "run").code == 2
    repeated = xlner("project", source, target, "--config", tmp_path / "run" / "config.toml")
    assert repeated.out == lexical.out
    one = tmp_path / "one.toml"
    one.write_text(f"alignment = '{forward}'\noutput-format = 'jsonl'\n", encoding="utf-8")
    assert xlner("project", source, target, "--config", one).code == 0


def test_weighing_links_needs_files_of_them(xlner: Command, tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.conll", tmp_path / "gl.conll", tmp_path / "links.talp"
    source.write_text("Vigo\tB-LOC\n\nVigo\tB-LOC\n", encoding="utf-8")
    target.write_text("Vigo\n\nVigo\n", encoding="utf-8")
    links.write_text("0-0\n0-0\n", encoding="utf-8")
    (tmp_path / "short.talp").write_text("0-0\n", encoding="utf-8")
    (tmp_path / "bad.talp").write_text("0-0\nx\n", encoding="utf-8")
    command = ["project", source, target]
    two = [*command, "--alignment", links, "--alignment"]
    assert f"short.talp: ends after 1 sentence, but {source} goes on" in xlner(*two, tmp_path / "short.talp").err
    assert xlner(*two, tmp_path / "bad.talp").code == 2
    assert xlner(*two, tmp_path / "bad.talp", "--on-error", "skip", "--lexical").code == 1
    piped = xlner("project", "-", target, "--input-format", "conll", "--alignment", links, "--lexical")
    assert "--lexical reads its input twice, not standard input" in piped.err


def test_the_translator_of_a_run_is_not_that_of_a_score(xlner: Command, fakes: list[str], text: Path) -> None:
    assert xlner("label", text, "--lang", "gl", "--projector", "fused:align", *fakes).code == 0


def test_doctor_tells_what_wants_an_argument_from_what_wants_the_hub(
    xlner: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name in ("XLNER_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def rows() -> dict[tuple[str, str], dict[str, object]]:
        shown = xlner("doctor", "--json", "given", "hf", "nllb", "marian", "simalign")
        return {(row["kind"], row["name"]): row for row in json.loads(shown.out)}

    found = rows()
    assert found["translator", "given"]["state"] == "on demand"
    assert found["aligner", "hf"]["details"] == "hf needs a model; write hf:NAME or hf:FOLDER"
    assert found["translator", "nllb"]["details"] == (
        "facebook/nllb-200-distilled-600M is not on this machine, and the hub cannot be reached; "
        "download it on another machine, and give the folder"
    )
    assert found["aligner", "simalign"]["state"] == "no"
    assert found["network", "hub"]["details"] == "https://huggingface.co cannot be reached: no network"
    monkeypatch.setattr("xlner.cli.machine.urlopen", lambda *_, **__: contextlib.nullcontext())
    found = rows()
    for kind, name in (("translator", "nllb"), ("translator", "marian"), ("aligner", "simalign")):
        assert found[kind, name]["state"] == "on demand"
        assert str(found[kind, name]["details"]).endswith("is not on this machine; it will be downloaded on first use")
    assert found["network", "hub"]["works"]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert rows()["network", "hub"]["details"] == "HF_HUB_OFFLINE is set: nothing is downloaded"


def test_doctor_cuts_no_word_in_two(xlner: Command) -> None:
    names = ("chat", "given", "hf", "nllb", "gliner", "apertium", "greedy")
    shown = set(xlner("doctor", *names).out.split())
    for row in json.loads(xlner("doctor", *names, "--json").out):
        assert set(row["details"].split()) <= shown, row["name"]
        assert "?" not in row["details"] or "chat:MODEL?url=" in row["details"]  # descriptions, no fingerprints


def test_doctor_names_extras_whole(xlner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"kind": "aligner", "name": "hf", "works": False, "state": "no", "details": "pip install 'xlner[hf]'"}
    monkeypatch.setattr(sys.modules["xlner.cli.commands.doctor"], "_check", lambda *_: row)
    assert "xlner[hf]" in xlner("doctor", "hf").out


def test_doctor_shows_only_the_named_backends(xlner: Command) -> None:
    rows = json.loads(xlner("doctor", "echo", "greedy", "--json").out)
    backends = [(row["kind"], row["name"]) for row in rows if row["kind"] not in ("device", "network", "cache")]
    assert backends == [("translator", "echo"), ("projector", "greedy")]
    unknown = xlner("doctor", "gredy")
    assert (unknown.code, unknown.out) == (2, "")
    assert "unknown backend 'gredy'" in unknown.err
