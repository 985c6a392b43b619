"""How commands fail: one line, nothing lost, nothing destroyed, and nothing that a terminal would act upon."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Entity, Pair, Sentence
from xlner.cli.pretty import marked
from xlner.fakes import DictionaryRecognizer
from xlner.text.printable import printable


def one_line(err: str) -> str:
    assert len(err.splitlines()) == 1
    assert err.startswith("xlner: ")
    return err


@pytest.fixture
def input(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text("Ana Pardo vive en Vigo\n" * 3, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (TypeError("odd\n\x1b[31mtext"), "xlner: unexpected TypeError: odd \\u001b[31mtext; --debug shows where", 3),
        (AssertionError(), "xlner: unexpected AssertionError; --debug shows where", 3),
        (MemoryError(), "xlner: out of memory; a smaller --batch-words needs less; --debug shows where", 3),
        (OSError(errno.ENOSPC, "No space left", "x.bin"), "xlner: x.bin: No space left; --debug shows where", 2),
        (EOFError("early"), "xlner: unexpected EOFError: early; --debug shows where", 3),
    ],
)
def test_any_exception_is_one_line(
    xlner: Command, input: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str, code: int
) -> None:
    def broken(*_: object) -> int:
        raise error

    monkeypatch.setattr("xlner.cli.commands.label.run_label", broken)
    ran = xlner("label", input, "--lang", "es")
    assert (ran.code, ran.out, one_line(ran.err.removeprefix("\n")).rstrip("\n")) == (code, "", line)


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from xlner.cli import main

    for arguments in (["--debug", "convert", "no.txt", "-"], ["convert", "no.txt", "-", "--debug"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        err = capsys.readouterr().err
        assert stop.value.code == 2
        assert err.startswith("Traceback (most recent call last)")
        assert err.splitlines()[-1] == "xlner: no.txt: cannot be read: No such file or directory"


def test_what_was_done_before_an_error_is_kept(
    xlner: Command, fakes: list[str], input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    recognize = DictionaryRecognizer.recognize

    class BrokenError(Exception):
        pass

    def pairs(pipeline: object, items: Iterator[object]) -> Iterator[Pair]:
        yield Pair(Sentence(("Vigo",)))
        yield Pair(Sentence(("Lugo",)))
        raise BrokenError("after two")

    monkeypatch.setattr("xlner.pipeline.pipeline.Pipeline.run_pairs", pairs)
    ran = xlner("label", input, "--lang", "es", "-o", out, *fakes)
    kept = f"what was written before is in {out}.part"
    assert one_line(ran.err) == f"xlner: unexpected BrokenError: after two; --debug shows where; {kept}\n"
    assert not out.exists()
    lines = Path(f"{out}.part").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["tokens"] for line in lines] == [["Vigo"], ["Lugo"]]
    assert recognize is DictionaryRecognizer.recognize


def test_outputs_are_refused_before_anything_else(xlner: Command, input: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mydata"
    mine.mkdir()
    (mine / "shard-00000-of-00008.parquet").touch()
    missing = ["--lang", "es", "--translator", "no-such-translator"]
    for more, says in (
        (["-o", tmp_path], f"xlner: {tmp_path}: cannot be written: Is a directory; name a file\n"),
        (["-o", tmp_path / "no" / "x.jsonl"], "No such file or directory; make its folder first, or"),
        (["--run-dir", mine, "--overwrite"], "mydata holds other files, such as shard-00000-of-00008.parquet"),
        (["--run-dir", input], "in.txt cannot be used: Not a directory; name a new folder"),
    ):
        ran = xlner("label", input, *missing, *more)
        assert ran.code == 2
        assert says in one_line(ran.err)
    assert [p.name for p in mine.iterdir()] == ["shard-00000-of-00008.parquet"]


class _Full(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_or_closed_standard_output(
    capsys: pytest.CaptureFixture[str], input: Path, fakes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlner.cli import main

    full = "xlner: standard output: cannot be written: No space left on device; free some space, or name another output"
    closed = "xlner: standard output: cannot be written: it is closed; name an output with -o"
    for output, line in ((io.TextIOWrapper(io.BufferedWriter(_Full())), full), (None, closed)):
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit) as stop:
            main(["label", str(input), "--lang", "es", *fakes])
        assert stop.value.code == 2
        assert one_line(capsys.readouterr().err) == f"{line}\n"
        if output is not None:
            output.buffer.raw.write = len  # type: ignore[attr-defined, method-assign]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ignore = 5", "ignore must be a string or a list of strings"),
        ("ignore = [true]", "ignore must be a string or a list of strings"),
        ("ignore = ['PER', 3]", "ignore must be a string or a list of strings"),
        ("ignore = [['PER']]", "ignore must be a string or a list of strings"),
        ("filter = [3]", "filter must be a string or a list of strings"),
        ("tag-names = [0, 1]", "tag-names must be a string or a list of strings"),
        ("ensemble-weights = [[1.0]]", "ensemble-weights must be a string or a list of numbers"),
        ("output = ['a']", "output must be a string"),
        ("lang = 5", "lang must be a string"),
        ("limit = true", "limit must be a whole number"),
        ("limit = 2.5", "limit must be a whole number"),
        ("resume = 'yes'", "resume must be true or false"),
        ("min-confidence = nan", "min-confidence must be a number, and not NaN"),
        ("min-confidence = [1]", "min-confidence must be a number"),
        ("ensemble = [1]", "ensemble must be a string or a list of strings"),
        ("ensemble-weights = [nan, 1.0]", "ensemble-weights must be a number, and not NaN"),
        ("translator = 1979-05-27", "translator must be a string"),
        ("[lang]\na = 1", "lang must be a string"),
    ],
)
def test_configs_with_wrong_types(xlner: Command, input: Path, tmp_path: Path, text: str, says: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text, encoding="utf-8")
    ran = xlner("label", input, "--lang", "es", "--config", config)
    assert (ran.code, one_line(ran.err)) == (2, f"xlner: {config}: {says}\n")


@pytest.mark.parametrize("name", ["output", "run-dir", "config-file"])
def test_names_that_no_file_has(xlner: Command, input: Path, tmp_path: Path, fakes: list[str], name: str) -> None:
    config = tmp_path / "c.toml"
    key = "recognizer" if name == "config-file" else name
    config.write_text(f'{key} = "gazetteer:a\\u0000b"', encoding="utf-8")
    used = [option for option in fakes if option != "--recognizer" and not option.startswith("gazetteer")]
    ran = xlner("label", input, "--lang", "es", "--config", config, *used)
    assert ran.code == 2
    assert "no file can have this name" in one_line(ran.err)


def test_numbers_that_are_none(xlner: Command, input: Path, fakes: list[str]) -> None:
    for more in (["--projector", "greedy?threshold=nan"], ["--min-confidence", "nan"], ["--ensemble-weights", "nan,1"]):
        ran = xlner("label", input, "--lang", "es", *fakes, *more)
        assert (ran.code, ran.out) == (2, "")


def test_escapes_are_shown(xlner: Command, tmp_path: Path) -> None:
    name = "a\x1b[2J\u202e.conll"
    ran = xlner("convert", tmp_path / name, "-")
    assert "a\\u001b[2J\\u202e.conll: cannot be read" in one_line(ran.err)
    labeled = tmp_path / "l.conll"
    labeled.write_text("Vigo B-[/x]\x9b31m\n", encoding="utf-8")
    ran = xlner("evaluate", labeled, labeled)
    assert ran.code == 0
    assert "[/x]\\u009b31m" in ran.out
    assert "\x9b" not in ran.out
    as_json = xlner("evaluate", labeled, labeled, "--json").out
    assert "\x9b" not in as_json
    assert "[/x]\x9b31m" in json.loads(as_json)["per_type"]


def test_pretty_output_shows_escapes() -> None:
    sentence = Sentence.from_text("Vigo\u200d\t\x1b[31m e").with_entities([Entity(0, 1, "L\x07")])
    assert marked(sentence).plain.replace("\u200d", "") == "[Vigo L\\u0007] \\u001b[31m e"


def test_printable_text_stays_as_it_is() -> None:
    text = "Ação 東京 👩\u200d💻 به\u200cهم [x] \\u001b\u00ad\u00a0"
    assert printable(text) == text
    assert printable("a\n\tb\r", lines=True) == "a\n\tb\\u000d"
    assert json.loads(printable(json.dumps("\x9b\u2028", ensure_ascii=False))) == "\x9b\u2028"


def test_what_is_logged_is_a_note(xlner: Command, monkeypatch: pytest.MonkeyPatch, input: Path) -> None:
    def logging_run(*_: object) -> int:
        logging.getLogger("xlner.models.chat").warning("the endpoint said %s", "\x1b[31m")
        return 0

    monkeypatch.setattr("xlner.cli.commands.label.run_label", logging_run)
    assert xlner("label", input, "--lang", "es").err == "xlner: note: the endpoint said \\u001b[31m\n"


def test_outputs_without_a_name_and_links_into_missing_folders(xlner: Command, input: Path, tmp_path: Path) -> None:
    ran = xlner("label", input, "--lang", "es", "-o", "")
    assert (ran.code, one_line(ran.err)) == (
        2,
        "xlner: the output has no name; name a file, or - for standard output\n",
    )
    link, target = tmp_path / "out.conll", tmp_path / "none" / "out.conll"
    link.symlink_to(target)
    ran = xlner("label", input, "--lang", "es", "-o", link)
    assert ran.code == 2
    assert f"{link}: cannot be written: its folder does not exist; it is a link to {target}" in one_line(ran.err)


@pytest.mark.parametrize(
    ("command", "option", "other"),
    [
        ("build", "--lang", "--to"),
        ("build", "--source-lang", "--from"),
        ("label", "--to", "--lang"),
        ("label", "--from", "--lang"),
        ("label", "--language", "--lang"),
        ("label", "--target-lang", "--lang"),
        ("recognize", "--from", "--lang"),
        ("project", "--from", "--source-lang"),
        ("project", "--to", "--lang"),
        ("translate", "--lang", "--from"),
        ("translate", "--language", "--from"),
        ("translate", "--source-lang", "--from"),
        ("translate", "--target-lang", "--to"),
    ],
)
def test_the_other_name_of_an_option_is_suggested(
    xlner: Command, input: Path, command: str, option: str, other: str
) -> None:
    ran = xlner(command, input, option, "es")
    assert ran.code == 2
    assert f"No such option '{option}'. Did you mean '{other}'?" in ran.err
