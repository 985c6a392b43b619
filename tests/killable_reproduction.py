"""`xlner reproduce` with stages that keep a log and, if KILL says so (`aligner:10`), kill their own process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner import Alignment, Entity, Pair, Sentence, register
from xlner.cli import main
from xlner.fakes import DictionaryRecognizer, DictionaryTranslator, OracleAligner

_seen: dict[str, int] = {}


def note(stage: str, count: int) -> None:
    """Log how much a stage is asked for, and kill the process at the moment that KILL names."""
    _seen[stage] = _seen.get(stage, 0) + count
    with Path(os.environ["LOG"]).open("a", encoding="utf-8") as stream:
        stream.write(f"{stage} {count}\n")
    victim, _, number = os.environ.get("KILL", ":").partition(":")
    if victim == stage and _seen[stage] >= int(number):
        os.kill(os.getpid(), signal.SIGKILL)


class Translator(DictionaryTranslator):
    """Word by word."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.stage = Path(words).stem
        note("built", 1)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        note(self.stage, len(texts))
        return super().translate(texts, from_lang=from_lang, to_lang=to_lang)


class Recognizer(DictionaryRecognizer):
    """From a list."""

    def __init__(self, names: str) -> None:
        super().__init__(names)
        note("built", 1)

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        note("recognizer", len(sentences))
        return super().recognize(sentences)


class Aligner(OracleAligner):
    """Word for word."""

    def __init__(self) -> None:
        super().__init__()
        note("built", 1)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        note("aligner", len(pairs))
        return super().align(pairs)


def kill_while_reporting() -> None:
    """Make it possible to kill the process while it writes the report."""
    from xlner.experiments.reproduce import report as _report

    write = _report.report

    def report(*arguments: Any) -> Any:
        note("report", 1)
        return write(*arguments)

    _report.report = report


if __name__ == "__main__":
    register("translator", "logged", f"{__name__}:Translator")
    register("recognizer", "logged", f"{__name__}:Recognizer")
    register("aligner", "logged", f"{__name__}:Aligner")
    kill_while_reporting()
    sys.exit(main())
