"""Run folders that are damaged, foreign or gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.fault_cases.harness import Ran, fault, label, need, plugin, put, refused, sentences, xlner

_COUNT = 600  # three shards
_REDONE = "the shard is done again; the same bytes"


def _run(work: Path, *more: object) -> Ran:
    return label(work, "-o", work / "out.jsonl", "--run-dir", work / "run", "--shard-size", 250, *more, count=_COUNT)


def _damaged(work: Path, damage: Callable[[Path], object]) -> tuple[Ran, bool]:
    """Damage the folder of a finished run and run again; whether the output is the same."""
    need(_run(work).code == 0, "the first run failed")
    before = (work / "out.jsonl").read_bytes()
    (work / "out.jsonl").unlink()
    damage(work / "run")
    again = _run(work)
    return again, (work / "out.jsonl").exists() and (work / "out.jsonl").read_bytes() == before


def _redone(work: Path, damage: Callable[[Path], object], reused: str) -> str:
    again, same = _damaged(work, damage)
    need(again.code == 0 and same, again.err)
    need(f"{reused} reused" in again.err, again.err)
    return f"{reused} reused, the same bytes"


for _size in ("0", "-1", "null"):

    @fault(f"plan.json with a shard_size of {_size}", "one line that names --overwrite; with it the run starts over")
    def shard_size(work: Path, size: str = _size) -> str:
        def damage(run: Path) -> None:
            text = (run / "plan.json").read_text(encoding="utf-8")
            put(run / "plan.json", text.replace('"shard_size": 250', f'"shard_size": {size}'))

        said = refused(_damaged(work, damage)[0], "plan.json is damaged", "--overwrite")
        need(_run(work, "--overwrite").code == 0, "--overwrite failed")
        return said


@fault("plan.json is cut", "one line that names --overwrite")
def cut_manifest(work: Path) -> str:
    return refused(_damaged(work, lambda run: put(run / "plan.json", '{"ident'))[0], "damaged", "--overwrite")


@fault("a shard is cut", _REDONE)
def cut_shard(work: Path) -> str:
    return _redone(work, lambda run: os.truncate(run / "shards/000/000001.jsonl", 100), "shards 1, 3")


@fault("a mark is cut", _REDONE)
def cut_mark(work: Path) -> str:
    return _redone(work, lambda run: put(run / "done/000/000000.json", "{"), "shards 2–3")


@fault("two shards change places with their marks", _REDONE)
def swapped(work: Path) -> str:
    def swap(run: Path) -> None:
        for place, suffix in (("shards", ".jsonl"), ("done", ".json")):
            first, second = (run / place / "000" / f"{k:06d}{suffix}" for k in range(2))
            first.rename(run / "x")
            second.rename(first)
            (run / "x").rename(second)

    return _redone(work, swap, "shard 3")


@fault("the shards of another run, with their marks", "nothing of them is used")
def foreign_shards(work: Path) -> str:
    other = work / "other"
    other.mkdir()
    sentences(other / "in.txt", _COUNT)
    put(other / "in.txt", (other / "in.txt").read_text(encoding="utf-8").replace("Frase", "Oración"))
    need(_run(other).code == 0, "the other run failed")

    def copy(run: Path) -> None:
        for place in ("shards", "done"):
            shutil.copytree(other / "run" / place, run / place, dirs_exist_ok=True)

    again, same = _damaged(work, copy)
    need(again.code == 0 and same and "reused" not in again.err, again.err)
    return "no shard reused, the same bytes"


@fault("the run folder of another input", "one line")
def other_input(work: Path) -> str:
    need(_run(work).code == 0, "the first run failed")
    sentences(work / "in.txt", 10)
    return refused(_run(work), "holds a run with another input", "--overwrite")


@fault("--run-dir mydata --overwrite, with shards of the hub", "one line; no file of it is touched")
def foreign_folder(work: Path) -> str:
    files = {"shard-00000-of-00008.parquet": "a", "plan.json": "{}", "config.toml": "x = 1", "shard-000000.jsonl": "b"}
    (work / "run").mkdir()
    for name, text in files.items():
        put(work / "run" / name, text)
    said = refused(_run(work, "--overwrite"), "holds other files")
    found = {p.name: p.read_text(encoding="utf-8") for p in (work / "run").iterdir()}
    need(found == files, sorted(found))
    return said


@fault("--overwrite of a run folder with other files in it", "only files of the run are removed")
def mixed_folder(work: Path) -> str:
    need(_run(work).code == 0, "the first run failed")
    put(work / "run" / "shard-00000-of-00008.parquet", "mine")
    put(work / "run" / "notes.txt", "mine")
    need(_run(work, "--overwrite").code == 0, "--overwrite failed")
    need(all((work / "run" / n).is_file() for n in ("shard-00000-of-00008.parquet", "notes.txt")), "removed")
    return "both are there"


@fault("the run folder is removed during the run", "one line")
def removed(work: Path) -> str:
    code = f"""
import shutil
class Removing(EchoTranslator):
    def translate(self, texts, *, from_lang, to_lang):
        shutil.rmtree({str(work / "run")!r}, ignore_errors=True)
        return list(texts)
"""
    program = plugin(work, code, ("translator", "removing", "Removing"))
    ran = label(work, "--run-dir", work / "run", "--translator", "removing", program=program)
    return refused(ran, "was removed during the run")


@fault("the .lock of a run folder is a link to a file", "one line; the file stays")
def linked_lock(work: Path) -> str:
    mine = put(work / "mine.txt", "mine")
    (work / "run").mkdir()
    (work / "run" / ".lock").symlink_to(mine)
    said = refused(_run(work), "cannot be created")
    need(mine.read_text(encoding="utf-8") == "mine", "emptied")
    return said


@fault("--run-dir is a file", "one line")
def file_as_folder(work: Path) -> str:
    return refused(label(work, "--run-dir", put(work / "file", "")), "Not a directory")


@fault("--run-dir with standard input", "one line")
def standard_input(work: Path) -> str:
    from benchmarks.fault_cases.harness import fakes

    return refused(xlner("label", "-", "--lang", "es", *fakes(work), "--run-dir", work / "run"), "standard input")
