from __future__ import annotations

import gc
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Pair, Pipeline, read_pairs, read_sentences
from xlner.engines import Job, WorkerProcesses, join, make_plan, read_past_run, read_plan, run_sharded
from xlner.errors import BackendError, InputError, RunFolderError, UsageError
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner
from xlner.formats import raise_errors

COUNT = 260
IN_SHARDS = ("--shard-size", "100")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    lines = (f"Frase {k} de Ana Pardo en Vigo {'x' * (k % 7)}" if k % 100 else "" for k in range(COUNT))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def conll(path: Path, count: int = COUNT) -> Path:
    """A file with comments, an empty sentence, a document mark, a bad sentence and a tag out of place."""
    sentences = [f"# id = s{k}\nAna\tI-PER\nvive\tO\nen\tO\nVigo\tB-LOC\n" for k in range(count)]
    sentences[count - 100] = ""
    sentences[count - 60] = "-DOCSTART-\tO\n\nAna\tB-PER\n"
    sentences[count - 20] = "Ana\tB-PER\nvive\n"
    path.write_text("\n".join(sentences), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_run_folder_gives_the_same_bytes_in_every_format(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path
) -> None:
    source = conll(tmp_path / "in.conll")
    for number, (input, more) in enumerate(
        [
            (text, ("-o", "a.jsonl")),
            (text, ("-o", "a.conll", "--ignore", "PER")),
            (source, ("-o", "a.conll", "--on-error", "skip", "--filter", "entities:1")),
            (source, ("-o", "a.jsonl", "--on-error", "skip", "--filter", "unique,entities:1")),
            (source, ("-o", "a.jsonl", "--limit", "170")),
            (text, ("-o", "a.conll.gz")),
        ]
    ):
        out = tmp_path / str(number)
        out.mkdir()
        name = out / more[1]
        command = ["label", input, "--lang", "gl", *fakes, *more[2:], "-o"]
        plain = xlner(*command, name)
        sharded = xlner(*command, out / f"b.{more[1]}", "--run-dir", out / "run", *IN_SHARDS)
        assert sharded.code == plain.code
        assert (out / f"b.{more[1]}").read_bytes() == name.read_bytes()
        again = "xlner: the same command with --retry-failed runs the failed sentences again\n"
        assert sharded.err.replace(again, "") == plain.err
        shards = 2 if "170" in more else 3
        assert len(list((out / "run" / "done" / "000").iterdir())) == shards


def test_a_finished_run_is_written_again_in_another_format(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path
) -> None:
    command = ["label", text, "--lang", "gl", *fakes, "--run-dir", tmp_path / "run", *IN_SHARDS, "-o"]
    plain = ["label", text, "--lang", "gl", *fakes, "-o"]
    for name, more in (("a.jsonl", []), ("b.conll", []), ("c.jsonl", ["--filter", "entities:2"]), ("d.jsonl", [])):
        ran = xlner(*command, tmp_path / name, *more)
        assert ("reused" in ran.err) == (name != "a.jsonl")
        xlner(*plain, tmp_path / f"plain-{name}", *more)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"plain-{name}").read_bytes()


@pytest.mark.parametrize("links", [[], ["--alignment"]])
def test_parallel_files_are_cut_together(xlner: Command, tmp_path: Path, links: list[str]) -> None:
    source, target, given = conll(tmp_path / "en.conll", 1_300), tmp_path / "gl.txt", tmp_path / "links.talp"
    target.write_text("".join(f"Ana vive en Vigo{k}\n" for k in range(1_300)), encoding="utf-8")
    given.write_text("".join(f"0-0 3-{k % 4}\n" if k != 1_150 else "0-x\n" for k in range(1_300)), encoding="utf-8")
    more = [
        *(["--alignment", given, "--words", "tokenizer"] if links else ["--aligner", "oracle"]),
        "--lang",
        "gl",
        "--on-error",
        "skip",
    ]
    plain = xlner("project", source, target, *more, "-o", tmp_path / "a.jsonl")
    sharded = xlner(
        "project", source, target, *more, "-o", tmp_path / "b.jsonl", "--run-dir", tmp_path / "run", *IN_SHARDS
    )
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert sharded.err.splitlines()[:3] == plain.err.splitlines()[:3]
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert set(plan.files) == {str(p) for p in (source, target, *([given] if links else []))}


def test_shards_read_only_their_own_lines(tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan({}, lambda: read_sentences(text), {str(text): "text"}, shard_size=100)
    shard = plan.shard(2)
    assert (plan.shards, shard.start, shard.count) == (3, 200, 60)
    (section,) = shard.sections.values()
    assert text.read_bytes()[: section.offset].count(b"\n") == 200 == section.line - 1


def test_files_that_cannot_be_cut_are_read_from_their_beginning(
    xlner: Command, fakes: list[str], tmp_path: Path, text: Path
) -> None:
    array = tmp_path / "array.jsonl"
    records = [{"text": line} for line in text.read_text(encoding="utf-8").splitlines()]
    array.write_text(json.dumps(records), encoding="utf-8")
    command = ["label", array, "--lang", "gl", *fakes, "-o"]
    assert xlner(*command, tmp_path / "a.jsonl").code == 0
    assert xlner(*command, tmp_path / "b.jsonl", "--run-dir", tmp_path / "run", *IN_SHARDS).code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert (plan.files, plan.sentences) == ({}, COUNT)


def test_workers_give_the_same_bytes(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    source = conll(tmp_path / "in.conll")
    command = ["label", source, "--lang", "gl", *fakes, "--on-error", "skip", "-o"]
    plain = xlner(*command, tmp_path / "a.conll")
    ran = xlner(*command, tmp_path / "b.conll", "--workers", "2", *IN_SHARDS)
    assert (ran.code, ran.err) == (plain.code, plain.err)
    assert (tmp_path / "a.conll").read_bytes() == (tmp_path / "b.conll").read_bytes()
    assert "--workers needs a file as input" in xlner("label", "-", "--lang", "gl", *fakes, "--workers", "2").err


@pytest.mark.slow
def test_a_sentence_that_ends_its_process_gets_an_error(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text, out, run = tmp_path / "in.txt", tmp_path / "out.jsonl", tmp_path / "run"
    words = {6: "poison"}
    text.write_text("".join(f"Frase {k} en Vigo {words.get(k, 'sa')}\n" for k in range(8)), encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes, "--translator", "echo?die_on=poison", "--workers", "2"]
    ran = xlner(*command, "-o", out, "--run-dir", run, "--shard-size", "4")
    assert ran.code == 1
    assert "1 of 8 sentences failed; (sentence 7): the process that worked on this sentence died" in ran.err
    pairs = list(raise_errors(read_pairs(out)))
    assert [k for k, pair in enumerate(pairs) if pair.error] == [6]
    assert [pair.target.text for pair in pairs][6] == "Frase 6 en Vigo poison"
    assert all(pair.labeled.entities for k, pair in enumerate(pairs) if k not in words)


def test_workers_that_need_more_memory_than_is_free_are_noted(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = 2 << 30, 1 << 20
    monkeypatch.setattr("xlner.engines.worker_memory.memory_of_machine", lambda: memory)
    ran = xlner("label", text, "--lang", "gl", *fakes, "-o", tmp_path / "a.jsonl", "--workers", "2", *IN_SHARDS)
    (said,) = re.findall(r"note: 2 workers need (.*) GB of memory together, and 0.0 GB were free before; if", ran.err)
    assert 0 < float(said) < 1
    monkeypatch.undo()
    ran = xlner("label", text, "--lang", "gl", *fakes, "-o", tmp_path / "b.jsonl", "--workers", "2", *IN_SHARDS)
    assert "of memory" not in ran.err


def read(path: Path) -> Iterator[Pair | InputError]:
    return (s if isinstance(s, InputError) else Pair(s) for s in read_sentences(path, language="gl"))


class Reader:
    """Reads a file; it can be sent to another process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> Iterator[Pair | InputError]:
        return read(self.path)


def make_pipeline() -> Pipeline:
    return Pipeline(EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), target_lang="gl")


def die() -> Pipeline:
    os._exit(1)


def test_any_executor_runs_shards(text: Path, tmp_path: Path) -> None:
    reader = Reader(text)
    plan = make_plan({"recipe": 1}, reader, {str(text): "text"}, shard_size=100)
    outputs = []
    for name, executor in (("here", None), ("threads", ThreadPoolExecutor(1)), ("processes", WorkerProcesses(1))):
        steps: list[int] = []
        (tmp_path / name).mkdir()
        progress = run_sharded(
            plan, make_pipeline, tmp_path / name, read=reader, executor=executor, on_progress=steps.append
        )
        if executor is not None:
            executor.shutdown()
        assert (progress.reused, sum(steps)) == ([], COUNT)
        joined = join(plan, tmp_path / name, tmp_path / f"{name}.jsonl")
        assert (joined.shards, joined.counts["summary"]["sentences"]) == (3, COUNT)
        outputs.append((tmp_path / f"{name}.jsonl").read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]
    assert run_sharded(plan, die, tmp_path / "here", read=reader).reused == [0, 1, 2]
    with pytest.raises(UsageError, match="how the input is read"):
        run_sharded(plan, make_pipeline, tmp_path)


def test_a_file_with_the_name_of_standard_output_is_not_it(
    text: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(text)
    plan = make_plan({}, reader, {str(text): "text"}, shard_size=100)
    run_sharded(plan, make_pipeline, tmp_path, read=reader)
    monkeypatch.chdir(tmp_path)
    join(plan, tmp_path, tmp_path / "-")
    join(plan, tmp_path, "-")
    assert capsysbinary.readouterr().out == (tmp_path / "-").read_bytes() != b""


def test_workers_collect_garbage_as_often_as_the_first_process() -> None:
    before = gc.get_threshold()
    gc.set_threshold(12_345, *before[1:])
    try:
        with WorkerProcesses(1) as executor:
            assert executor.submit(gc.get_threshold).result()[0] == 12_345
    finally:
        gc.set_threshold(*before)


def test_a_worker_with_another_pipeline_is_refused(text: Path, tmp_path: Path) -> None:
    reader = Reader(text)
    for planned, fits in ((make_pipeline().fingerprint, True), ("of other versions", False)):
        plan = make_plan({"pipeline": planned}, reader, {str(text): "text"}, shard_size=100)
        with ThreadPoolExecutor(1) as executor:
            if fits:
                run_sharded(plan, make_pipeline, tmp_path, read=reader, executor=executor)
                continue
            with pytest.raises(BackendError, match="has another pipeline than the one of the run; install the same"):
                run_sharded(plan, make_pipeline, tmp_path, read=reader, executor=executor)


def test_workers_that_die_for_no_sentence_end_the_run(tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("Vigo\n", encoding="utf-8")
    reader = Reader(text)
    plan = make_plan({}, reader, {str(text): "text"})
    (tmp_path / "run").mkdir()
    with ProcessPoolExecutor(1) as executor, pytest.raises(BackendError, match="the executor takes no more work"):
        run_sharded(plan, die, tmp_path / "run", read=reader, executor=executor)


def test_a_shard_whose_bytes_changed_is_not_joined(text: Path, tmp_path: Path) -> None:
    reader = Reader(text)
    plan = make_plan({}, reader, {str(text): "text"}, shard_size=100)
    run_sharded(plan, lambda: Job(make_pipeline(), reader), tmp_path)
    shard = tmp_path / "shards/000/000001.jsonl"
    whole = shard.read_bytes()
    shard.write_bytes(b"x" + whole[1:])
    with pytest.raises(RunFolderError, match=r"damaged shard: .* has changed; the same command processes it again"):
        join(plan, tmp_path, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    run_sharded(plan, make_pipeline, tmp_path, read=reader)
    assert shard.read_bytes() == whole


def test_an_output_that_is_there_already_is_not_written_again(text: Path, tmp_path: Path) -> None:
    reader, out = Reader(text), tmp_path / "out.jsonl"
    plan = make_plan({}, reader, {str(text): "text"}, shard_size=100)
    run_sharded(plan, make_pipeline, tmp_path, read=reader)
    join(plan, tmp_path, out)
    whole, first = out.read_bytes(), out.stat().st_ino
    join(plan, tmp_path, out)
    assert out.stat().st_ino == first
    for wrong in (whole[:-2] + b"x\n", whole + b"\n", whole[:-1]):
        out.write_bytes(wrong)
        join(plan, tmp_path, out)
        assert out.read_bytes() == whole


def test_an_input_that_changed_is_noticed(text: Path, tmp_path: Path) -> None:
    reader = Reader(text)
    plan = make_plan({}, reader, {str(text): "text"}, shard_size=100)
    text.write_text("Vigo\n" * 210, encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"the input has changed"):
        run_sharded(plan, make_pipeline, tmp_path, read=reader)


def test_files_of_different_lengths_are_refused_before_the_run(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.conll", tmp_path / "gl.txt"
    source.write_text("Ana\tB-PER\n\nVigo\tB-LOC\n", encoding="utf-8")
    target.write_text("Ana\n", encoding="utf-8")
    ran = xlner(
        "project", source, target, "--aligner", "oracle", "--run-dir", tmp_path / "run", "-o", tmp_path / "o.conll"
    )
    assert (ran.code, "ends after 1 sentence, but" in ran.err) == (2, True)


@pytest.mark.slow
def test_processes_that_are_killed_lose_nothing(fakes: list[str], text: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "run", tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "xlner", "label", str(text), "--lang", "gl", *fakes, "-o"]
    subprocess.run([*command, str(tmp_path / "whole.jsonl")], check=True, capture_output=True)
    more = ["--run-dir", str(folder), "--workers", "2", "--shard-size", "20"]
    first = subprocess.Popen([*command, str(out), *more], stderr=subprocess.DEVNULL)
    while not list(folder.glob("done/000/0*.json")) and first.poll() is None:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = subprocess.Popen([*command, str(out), *more], stderr=subprocess.PIPE, text=True)
    killed: list[str] = []
    while second.poll() is None and killed != ["worker", "worker", "server"]:
        for server in _children(second.pid):  # one of them forks the workers
            for worker in _children(server)[:1]:
                is_worker = len(killed) < 2
                os.kill(worker if is_worker else server, signal.SIGKILL)
                killed.append("worker" if is_worker else "server")
        time.sleep(0.2)
    _, said = second.communicate(timeout=100)
    assert second.returncode == 0, said
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def _children(process: int) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()))
    except OSError:
        return []


def test_parts_on_other_machines(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out.conll"
    command = ["label", text, "--lang", "gl", *fakes]
    xlner(*command, "-o", tmp_path / "plain.conll")
    planned = xlner(*command, "-o", out, "--run-dir", run, *IN_SHARDS, "--engine", "parts", "--parts", "2")
    assert (planned.code, planned.out, out.exists()) == (0, "", False)
    many = xlner(*command, "-o", out, "--run-dir", tmp_path / "many", *IN_SHARDS, "--engine", "parts", "--parts", "9")
    assert "note: 3 parts, one for each shard, instead of 9; a smaller --shard-size gives more" in many.err
    assert f"xlner run work {run} --part K/2, with K from 1 to 2" in planned.err
    early = xlner("run", "join", run)
    assert (early.code, f"3 of 3 shards of {run} not finished: shards 1–3" in early.err) == (2, True)
    planned_with = text.read_bytes()
    text.write_bytes(planned_with.replace(b"a", b"e", 1))
    other = xlner("run", "work", run, "--part", "1/2")
    assert (other.code, other.err.count("\n"), f"{text} is not the file that" in other.err) == (2, 1, True)
    text.write_bytes(planned_with)
    assert "2 shards" in xlner("run", "work", run, "--part", "1/2").err
    state = json.loads(xlner("run", "status", run, "--json").out)
    assert (state["command"], state["finished"], state["done"], state["missing"]) == ("label", 2, 160, [[2, 2]])
    assert xlner("run", "work", run, "--part", "2/2", "--workers", "2").code == 0
    assert xlner("run", "status", run).out.startswith("label: 3 of 3 shards finished\n260 of 260 sentences, 0 of")
    text.unlink()  # joining takes the folder alone
    assert xlner("run", "join", run).code == 0
    assert out.read_bytes() == (tmp_path / "plain.conll").read_bytes()
    assert xlner("run", "join", run, "-o", "-").out == out.read_text(encoding="utf-8")
    for part, said in (
        ("3/2", "'3/2' does not exist: the first of 2 parts is 1/2"),
        ("0/2", "'0/2' does not exist"),
        ("2", "'2' is not a part such as 17/200"),
        ("a/b", "'a/b' is not a part such as 17/200"),
    ):
        wrong = xlner("run", "work", run, "--part", part)
        assert (wrong.code, said in wrong.err) == (2, True)
    text.write_bytes(planned_with)
    assert "part 4/4 has nothing to do: the run has 3 shards" in xlner("run", "work", run, "--part", "4/4").err
    (run / "command.json").unlink()
    assert "holds a run that no command began; xlner.engines.run_sharded" in xlner("run", "status", run).err
    assert "holds no run" in xlner("run", "status", tmp_path).err


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["label", "in.txt", "--lang", "gl", "--filter", "unique,entities:1"], "out.jsonl"),
        (["label", "in.conll", "--lang", "gl", "--on-error", "skip"], "out.csv"),
        (["build", "in.conll", "--from", "en", "--to", "gl", "--on-error", "skip"], "out.conll"),
        (["translate", "in.txt", "--from", "gl", "--to", "en"], "out.txt"),
    ],
)
def test_joining_takes_nothing_but_the_run_folder(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path, command: list[str], output: str
) -> None:
    source, run = conll(tmp_path / "in.conll"), tmp_path / "run"
    name, path, *more = command
    stages = fakes if name == "label" else ["--translator", "echo"]
    whole = [name, tmp_path / path, *more, *stages, "-o"]
    plain = xlner(*whole, tmp_path / f"plain-{output}")
    xlner(*whole, tmp_path / output, "--run-dir", run, *IN_SHARDS, "--engine", "parts")
    assert xlner("run", "work", run).code == 0
    for file in (text, source):
        file.unlink()
    joined = xlner("run", "join", run)
    hint = f"xlner: xlner run retry {run} runs the failed sentences again\n"
    assert (joined.code, joined.err.replace(hint, "")) == (plain.code, plain.err)
    assert (tmp_path / output).read_bytes() == (tmp_path / f"plain-{output}").read_bytes()
    assert (run / "report.json").exists() == (name == "build")
    other = xlner("run", "join", run, "-o", tmp_path / "other.jsonl")
    if name == "translate":
        assert (other.code, "other.jsonl: this run is written as text" in other.err) == (2, True)
    else:
        assert len(list(read_pairs(tmp_path / "other.jsonl"))) > 0


def test_a_run_whose_sentences_all_failed_has_come_to_its_end(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text, run = tmp_path / "in.txt", tmp_path / "run"
    text.write_text("xxx en Vigo\n" * 30, encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes, "--translator", "echo?fail_on=xxx", "-o", tmp_path / "out.jsonl"]
    command += ["--run-dir", run, "--shard-size", "10"]
    assert xlner(*command, "--engine", "parts").code == 0
    assert not read_past_run(run).complete
    assert xlner(*command).code == 1
    assert read_past_run(run).complete
    assert "did not come to its end" not in xlner("view", run, "-o", tmp_path / "page.html").err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--dry-run"], "--dry-run needs --engine slurm"),
        (["--slurm", "time=1"], "--slurm needs --engine slurm"),
        (["--parts", "2"], "--parts needs --engine parts or slurm"),
        (["--run-dir", "RUN", "--engine", "ray", "--parts", "2"], "--parts needs --engine parts or slurm"),
        (["--address", "auto"], "--address needs --engine ray"),
        (["--cpus-per-worker", "2"], "--cpus-per-worker needs --engine ray"),
        (["--gpus-per-worker", "1"], "--gpus-per-worker needs --engine ray"),
        (["--engine", "ray"], "--engine ray needs a folder that all machines see"),
        (["--shard-size", "9"], "--shard-size needs a run in shards"),
        (["--run-dir", "RUN", "--engine", "parts", "--dry-run"], "--dry-run needs --engine slurm"),
        (["--run-dir", "RUN", "--engine", "parts", "--workers", "2"], "--engine parts starts no workers here"),
    ],
)
def test_options_without_effect_are_refused(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path, given: list[str], said: str
) -> None:
    out = tmp_path / "out.conll"
    more = [str(tmp_path / "run") if option == "RUN" else option for option in given]
    ran = xlner("label", text, "--lang", "gl", *fakes, "-o", out, *more)
    assert (ran.code, said in ran.err, ran.err.count("\n"), out.exists()) == (2, True, 1, False)


def test_failed_sentences_of_a_planned_run_are_retried(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "out.conll"
    command = ["label", text, "--lang", "gl", *fakes, "--translator", "echo?fail_on=xxx", "-o", out, "--run-dir", run]
    assert xlner(*command, *IN_SHARDS).code == 1
    failed = json.loads(xlner("run", "status", run, "--json").out)["failed"]
    assert failed == sum("xxx" in line.split() for line in text.read_text(encoding="utf-8").splitlines())
    ran = xlner("run", "retry", run)
    assert (ran.code, f"{failed} failed sentences run again, {failed} failed again" in ran.err) == (1, True)


def test_a_retry_that_ends_early_loses_no_count(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    command = ["label", text, "--lang", "gl", *fakes, "--translator", "echo?fail_on=xxx", "--run-dir", run]
    assert xlner(*command, *IN_SHARDS, "-o", tmp_path / "out.jsonl").code == 1
    before = xlner("run", "status", run, "--json").out

    def ended(*_: object) -> None:
        raise BackendError("ended early")

    with monkeypatch.context() as patched:
        patched.setattr("xlner.engines.work.Worker.write", ended)
        assert "ended early" in xlner("run", "retry", run).err
    assert xlner("run", "status", run, "--json").out == before
    assert "260 sentences" in xlner("run", "join", run).err


@pytest.mark.slow
def test_a_job_array_of_slurm(
    xlner: Command, fakes: list[str], text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "my run"
    command = ["label", text, "--lang", "gl", *fakes, "--run-dir", run, *IN_SHARDS, "--engine", "slurm", "--parts", "9"]
    command += ["-o", tmp_path / "out.jsonl"]
    shown = xlner(*command, "--slurm", "partition=gpu,nodelist=a,b,time=1:00", "--dry-run").out
    for line in ("#SBATCH --array=1-3", "#SBATCH --nodelist=a,b", "#SBATCH --time=1:00", "#SBATCH --requeue"):
        assert line in shown.splitlines()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        assert "no program sbatch" in xlner(*command).err
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    # a scheduler that runs the parts at once, one of them twice
    sbatch.write_text(
        "#!/bin/bash\n"
        f'echo "$@" >> {tmp_path}/calls\n'
        'case "$*" in *join.sh) parts=1 ;; *) parts="1 2 2 3" ;; esac\n'
        'for SLURM_ARRAY_TASK_ID in $parts; do export SLURM_ARRAY_TASK_ID; bash "${@: -1}" >&2 || exit 1; done\n'
        "echo '77;cluster'\n",
        encoding="utf-8",
    )
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}:{os.environ['PATH']}")
    ran = xlner(*command)
    assert "submitted job 77 with 3 parts, and a job that joins them" in ran.err
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == [f"--parsable {run}/slurm/work.sh", f"--parsable --dependency=afterany:77 {run}/slurm/join.sh"]
    xlner("label", text, "--lang", "gl", *fakes, "-o", tmp_path / "plain.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()
    for wrong, said in (("gpu", "no option of sbatch"), ("array=1", "sets the option array"), ("a=b c", "no option")):
        assert said in xlner(*command, "--slurm", wrong).err
    assert "needs a folder that all machines see" in xlner(*command[:4], *fakes, "--engine", "parts").err


def test_the_page_on_clusters(
    xlner: Command,
    fakes: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = Path(__file__).parent.parent
    page = (root / "docs" / "clusters.md").read_text(encoding="utf-8")
    shutil.copytree(root / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ xlner "))
            assert xlner(*words, *(fakes if words[0] == "label" else ())).code == 0, line
    assert Path("labeled.conll").exists()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == "2 shards\n"
