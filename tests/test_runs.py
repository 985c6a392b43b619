from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from xlner import Pair, Pipeline, read_pairs
from xlner.engines import RunFolder
from xlner.errors import RunFolderError, StageError, StoppedError
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner

TEXTS = [f"Palabra {k} de Vigo" for k in range(25)]
IDENTITY = {"recipe": "r", "input": "i"}


def process(items: Iterable[str]) -> Iterator[Pair]:
    chain = Pipeline(EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), target_lang="es")
    return chain.run_texts(items)


def refuse(items: Iterable[str]) -> Iterator[Pair]:
    raise AssertionError("nothing is left to do")


def run(path: Path, how: object = process, **options: object) -> list[Pair]:
    with RunFolder(path, IDENTITY, shard_size=10, **options) as folder:  # type: ignore[arg-type]
        return list(folder.run(TEXTS, how))  # type: ignore[arg-type]


def test_finished_shards_are_not_done_again(tmp_path: Path) -> None:
    first = run(tmp_path / "run")
    assert [p.target.text for p in first] == TEXTS
    assert run(tmp_path / "run", refuse) == first


def test_progress_counts_old_and_new_sentences(tmp_path: Path) -> None:
    for _ in range(2):
        steps: list[int] = []
        with RunFolder(tmp_path, IDENTITY, shard_size=10) as folder:
            list(folder.run(TEXTS, process, steps.append))
        assert sum(steps) == len(TEXTS)


@pytest.mark.parametrize("damage", ["shard", "mark", "half"])
def test_a_shard_without_its_right_mark_is_done_again(tmp_path: Path, damage: str) -> None:
    first = run(tmp_path)
    shard, mark = tmp_path / "shards/000/000001.jsonl", tmp_path / "done/000/000001.json"
    if damage == "mark":
        mark.unlink()
    elif damage == "half":
        mark.write_text("{", encoding="utf-8")
    else:
        shard.write_bytes(shard.read_bytes()[:100])
    done: list[str] = []

    def watched(items: Iterable[str]) -> Iterator[Pair]:
        items = list(items)
        done.extend(items)
        return process(items)

    assert run(tmp_path, watched) == first
    assert done == TEXTS[10:20]


class FailsOn(EchoTranslator):
    """Fails on texts with any of these words."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = {*words}

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        if self.words.intersection(word for text in texts for word in text.split()):
            raise StageError("no translation")
        return super().translate(texts, from_lang=from_lang, to_lang=to_lang)


def failing(items: Iterable[str], *words: str) -> Iterator[Pair]:
    translator = FailsOn(*(words or ("7", "17")))
    return Pipeline(translator, DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), target_lang="es").run_texts(
        items
    )


def test_failed_sentences_are_done_again_and_only_those(tmp_path: Path) -> None:
    first = run(tmp_path, failing)
    assert [k for k, pair in enumerate(first) if pair.error] == [7, 17]
    before = [path.read_bytes().splitlines() for path in sorted(tmp_path.rglob("*.jsonl"))]
    assert run(tmp_path, refuse) == first
    done: list[str] = []

    def watched(items: Iterable[str]) -> Iterator[Pair]:
        items = list(items)
        done.extend(items)
        return failing(items, "17")

    with RunFolder(tmp_path, IDENTITY, retry_failed=True) as folder:
        again = list(folder.run(TEXTS, watched))
        assert (folder.retried, folder.still_failed, folder.reused) == (2, 1, [1, 2, 3])
    assert done == [TEXTS[7], TEXTS[17]]
    after = [path.read_bytes().splitlines() for path in sorted(tmp_path.rglob("*.jsonl"))]
    changed = [(n, k) for n in range(3) for k in range(len(before[n])) if before[n][k] != after[n][k]]
    assert changed == [(0, 7)]
    assert [pair.error is None for pair in again] == [k != 17 for k in range(25)]
    assert run(tmp_path, retry_failed=True) == list(process(TEXTS))
    assert run(tmp_path, refuse, retry_failed=True) == list(process(TEXTS))


def test_a_retry_also_does_what_is_missing(tmp_path: Path) -> None:
    run(tmp_path, failing)
    (tmp_path / "done/000/000001.json").unlink()
    assert run(tmp_path, retry_failed=True) == list(process(TEXTS))


def test_a_retry_that_stops_keeps_what_it_did_and_all_that_is_finished(tmp_path: Path) -> None:
    first = run(tmp_path, failing)

    def stopping(items: Iterable[str]) -> Iterator[Pair]:
        yield from process(items)
        raise StoppedError("no more")

    pairs: list[Pair] = []
    with RunFolder(tmp_path, IDENTITY, retry_failed=True) as folder, pytest.raises(StoppedError, match="no more"):
        pairs.extend(folder.run(TEXTS, stopping))
    assert [pair.error is None for pair in pairs] == [k != 17 for k in range(25)]
    assert pairs[:7] + pairs[8:] == first[:7] + first[8:]
    assert run(tmp_path, refuse) == pairs


def test_a_run_that_stops_keeps_the_finished_shards(tmp_path: Path) -> None:
    def stopping(items: Iterable[str]) -> Iterator[Pair]:
        items = list(items)
        yield from process(items)
        if TEXTS[10] in items:
            raise StoppedError("no more")

    pairs: list[Pair] = []
    with RunFolder(tmp_path, IDENTITY, shard_size=10) as folder, pytest.raises(StoppedError):
        pairs.extend(folder.run(TEXTS, stopping))
    assert pairs == list(process(TEXTS[:10]))
    assert run(tmp_path) == list(process(TEXTS))


def test_another_run_is_refused_and_overwritten_on_demand(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(RunFolderError, match="holds a run with another input; use another folder, or --overwrite"):
        RunFolder(tmp_path, {**IDENTITY, "input": "j"})
    with RunFolder(tmp_path, {**IDENTITY, "input": "j"}, overwrite=True) as folder:
        assert len(list(folder.run(TEXTS[:3], process))) == 3
    assert sorted(p.name for p in tmp_path.rglob("0*.json*")) == ["000000.json", "000000.jsonl"]
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.parametrize("shard_size", ["0", "-1", "null", "true", "2.5", '"10"'])
def test_a_manifest_with_a_wrong_shard_size_is_damaged(tmp_path: Path, shard_size: str) -> None:
    first = run(tmp_path)
    manifest = tmp_path / "plan.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"shard_size": 10', f'"shard_size": {shard_size}'), encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"plan.json is damaged; use another folder, or --overwrite to start over"):
        run(tmp_path)
    assert run(tmp_path, overwrite=True) == first


def test_shards_that_changed_places_or_runs_are_done_again(tmp_path: Path) -> None:
    first = run(tmp_path / "a")
    for place, suffix in (("shards", ".jsonl"), ("done", ".json")):
        one, two = (tmp_path / "a" / place / "000" / f"{k:06d}{suffix}" for k in range(2))
        data = one.read_bytes()
        two.replace(one)
        two.write_bytes(data)
    with RunFolder(tmp_path / "a", IDENTITY) as folder:
        assert list(folder.run(TEXTS, process)) == first
        assert folder.reused == [3]
    with RunFolder(tmp_path / "b", {**IDENTITY, "input": "j"}, shard_size=10) as folder:
        for place in ("shards", "done"):
            shutil.copytree(tmp_path / "a" / place, tmp_path / "b" / place)
        assert list(folder.run(TEXTS, process)) == first
        assert not folder.reused


def test_a_folder_that_is_not_of_a_run_is_left_alone(tmp_path: Path) -> None:
    files = {"shard-00000-of-00008.parquet": "a", "shard-000000.jsonl": "b", "plan.json": "{}"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(
            RunFolderError, match=r"holds other files, such as shard-00000-of-00008.parquet, and is not"
        ):
            RunFolder(tmp_path, IDENTITY, overwrite=overwrite)
    assert {p.name: p.read_text(encoding="utf-8") for p in tmp_path.iterdir()} == files


def test_starting_over_removes_only_files_of_the_run(tmp_path: Path) -> None:
    run(tmp_path)
    others = {"shard-00000-of-00008.parquet", "shard-notes.txt", "plan.json.bak", "shards/mine.txt", "done/000/mine"}
    for name in others:
        (tmp_path / name).touch()
    run(tmp_path, overwrite=True)
    assert others <= {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}


def test_a_run_of_an_older_version_is_refused(tmp_path: Path) -> None:
    for name in ("run.json", ".lock", "shard-000000.jsonl", "shard-000000.done"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(
        RunFolderError, match=r"holds a run of an older version of xlner; use another folder, or --over"
    ):
        run(tmp_path)
    assert run(tmp_path, overwrite=True) == list(process(TEXTS))
    assert not list(tmp_path.glob("shard-*"))


def test_a_folder_that_is_removed_during_the_run(tmp_path: Path) -> None:
    def removing(items: Iterable[str]) -> Iterator[Pair]:
        yield from process(items)
        shutil.rmtree(tmp_path / "run")

    with pytest.raises(RunFolderError, match="was removed during the run; the same command starts over"):
        run(tmp_path / "run", removing)
    with RunFolder(tmp_path / "run", IDENTITY, shard_size=10) as folder:
        pairs = folder.run(TEXTS, process)
        next(pairs)
        shutil.rmtree(tmp_path / "run")
        with RunFolder(tmp_path / "other", IDENTITY), pytest.raises(RunFolderError, match="was removed"):
            list(pairs)


def test_a_damaged_manifest_and_a_folder_in_use(tmp_path: Path) -> None:
    with RunFolder(tmp_path, IDENTITY), pytest.raises(RunFolderError, match="in use by another process"):
        RunFolder(tmp_path, IDENTITY)
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunFolderError, match="damaged"):
        RunFolder(tmp_path, IDENTITY)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(RunFolderError, match="cannot be used: Not a directory; name a new folder"):
        RunFolder(file, IDENTITY)


def test_a_shard_damaged_by_somebody_else_is_noticed(tmp_path: Path) -> None:
    with RunFolder(tmp_path, IDENTITY, shard_size=1) as folder:
        pairs = folder.run(TEXTS[:2], process)
        next(pairs)
        (tmp_path / "shards/000/000001.jsonl").write_text("{\n", encoding="utf-8")
        with pytest.raises(RunFolderError, match="damaged shard"):
            next(pairs)


def label(input: Path, out: Path, *more: str) -> list[str]:
    names = input.with_name("names.tsv")
    names.write_text("Vigo\tLOC\n", encoding="utf-8")
    stages = ["--translator", "echo", "--recognizer", f"gazetteer:{names}", "--aligner", "oracle"]
    stages += ["--route", "project"]
    return [sys.executable, "-m", "xlner", "label", str(input), "--lang", "es", "-o", str(out), *stages, *more]


@pytest.mark.slow
def test_a_killed_run_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    input = tmp_path / "in.txt"
    input.write_text("".join(f"Frase {k} en Vigo, e outra\n" for k in range(4_000)), encoding="utf-8")
    whole, resumed, folder = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl", tmp_path / "run"
    subprocess.run(label(input, whole), check=True, capture_output=True)
    command = label(input, resumed, "--run-dir", str(folder), "--shard-size", "250")
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while len(list(folder.glob("done/000/0*.json"))) < 3 and first.poll() is None:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not resumed.exists()
    finished = {p: p.stat().st_mtime_ns for p in folder.glob("done/000/0*.json")}
    assert 3 <= len(finished) < 16
    subprocess.run(command, check=True, capture_output=True)
    assert resumed.read_bytes() == whole.read_bytes()
    assert all(p.stat().st_mtime_ns == t for p, t in finished.items())
    assert len(list(read_pairs(resumed))) == 4_000
