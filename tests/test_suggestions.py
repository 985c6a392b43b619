"""Names that nothing has: the error says which one was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner.alignment import symmetrize
from xlner.core.registry import load
from xlner.core.tags import parse_scheme
from xlner.errors import UnknownNameError
from xlner.evaluation import evaluate
from xlner.formats import read_sentences
from xlner.pipeline import SentenceFilters
from xlner.text.segmenters import segmenter_named


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("apertium", lambda: load("translator", "aperitum")),
        ("multilingual", lambda: load("recognizer", "multilangual")),
        ("e5", lambda: load("aligner", "E5")),
        ("heuristic", lambda: load("projector", "hueristic")),
        ("threshold", lambda: load("projector", "greedy?treshold=1")),
        ("exact", lambda: load("projector", "exact?matcher=exat")),
        ("itermax", lambda: load("aligner", "surface-augmented?decoder=itermx")),
        ("complete", lambda: SentenceFilters(["complet"])),
        ("jsonl", lambda: read_sentences("a.conll", format="jsnol")),
        ("IOB2", lambda: parse_scheme("iob-2")),
        ("strict", lambda: evaluate([], [], mode="srict")),
        ("intersection", lambda: symmetrize([], [], "intersect")),
        ("sudachi", lambda: segmenter_named("sudachipy")),
    ],
)
def test_the_name_that_was_meant_is_suggested(name: str, call: Callable[[], object]) -> None:
    with pytest.raises(UnknownNameError, match=f"; did you mean '{name}'[?] .*{name}"):
        call()


def test_other_names_are_listed_without_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="unknown translator 'qqq'; known: apertium, chat, "):
        load("translator", "qqq")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("doctor", "aperitum"), "apertium"),
        (("convert", "a.conll", "a.x", "--output-format", "jsnol"), "jsonl"),
        (("labl",), "label"),
    ],
)
def test_commands_suggest_names(arguments: tuple[str, ...], name: str, xlner: Command, tmp_path: Path) -> None:
    ran = xlner(*arguments)
    assert (ran.code, f"id you mean '{name}'" in ran.err) == (2, True), ran.err
