from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

from tests.chat_stub import Stub
from tests.cpu_seconds import Cost, cpu_seconds, wrongly_marked
from xlner.cli import main

# The background jobs of a shell ignore interrupts, and so would what tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same results wherever the tests run.
os.environ.setdefault("XLNER_ENGINE", "numpy")
# How long an example takes depends on what else the machine does.
settings.register_profile("xlner", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("xlner")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    start = cpu_seconds()
    try:
        return (yield)
    finally:
        item.user_properties.append(("cpu", cpu_seconds() - start))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.pluginmanager.hasplugin("_cov"):  # coverage doubles the seconds
        return
    costs = [
        Cost(report.nodeid, dict(report.user_properties)["cpu"], "slow" in report.keywords)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" and "cpu" in dict(report.user_properties)
    ]
    if wrong := wrongly_marked(costs):
        terminalreporter.section("marks that do not fit")
        for line in wrong:
            terminalreporter.line(line)


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]

NAMES = "Vigo\tLOC\nAna Pardo\tPER\nONU\tORG\n"


@pytest.fixture
def xlner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, run in this process, where `xlner doctor` finds no network."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("xlner.cli.machine.urlopen", unreachable)

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ran(int(stop.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def fakes(tmp_path: Path) -> list[str]:
    """Options that make `label` run on fakes, through a translation alone."""
    names = tmp_path / "names.tsv"
    names.write_text(NAMES, encoding="utf-8")
    return ["--translator", "echo", "--recognizer", f"gazetteer:{names}", "--aligner", "oracle", "--route", "project"]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    made = Stub()
    yield made
    made.close()
