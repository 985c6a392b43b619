"""What is written in a format of another tool is read back: the same text, exact spans, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xlner import Entity, Pair, Projection, Sentence, raise_errors, read_sentences, write_pairs, write_sentences
from xlner.formats.registry import BUILT_IN, format_named

FORMATS = [f.name for f in BUILT_IN if f.reader and f.writer and f.name not in ("conll", "conllu", "jsonl", "text")]
"""Those of other tools; the others have tests of their own."""
NAMES = {
    "brat": "a.ann",
    "xmi": "a.xmi",
    "spacy": "a.spacy",
    "parquet": "a.parquet",
    "csv": "a.csv",
    "dataset": "folder",
}
WITHOUT_TEXT = {"csv", "tsv", "parquet", "dataset", "gliner"}
"""Formats that can tell words without a text from a text."""
WORDS = (
    "Ana",
    "🦉",
    "👩🏽‍🚀",
    "e\u0301",
    "o\u0301rfao",
    "محمد",
    "القاهرة",
    "שלום",
    "東京",
    "नई",
    "दिल्ली",
    "l'",
    "O'Brien",
    "”",
    "10",
    "a_b",
    "x|y",
    "*",
    "\\n",
    "#",
    "_",
    "->",
    "[1]",
)
GAPS = (" ", "  ", "", "\u00a0", "\u3000")


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    """A sentence with a text, or without one, of words of many scripts."""
    words = draw(st.lists(st.sampled_from(WORDS), max_size=7))
    text, offsets = "", []
    for word in words:
        text += draw(st.sampled_from(GAPS)) if offsets else ""
        offsets.append((len(text), len(text) + len(word)))
        text += word
    entities, at = [], 0
    while at < len(words):
        at += draw(st.integers(0, 2))
        end = at + draw(st.integers(1, 3))
        if end > len(words):
            break
        label = draw(st.sampled_from(["PER", "LOC", "WORK_OF_ART", "X*|[1]", "人"]))
        score = draw(st.none() | st.sampled_from([0.0, 0.25, 0.999999]))
        entities.append(Entity(at, end, label, score))
        at = end
    language = draw(st.sampled_from([None, "es", "ar", "ja", "sr-Latn"]))
    made = Sentence(
        tuple(words), tuple(entities), text, tuple(offsets), language, draw(st.none() | st.sampled_from(["7", "s-1"]))
    )
    made = replace(made, meta=draw(st.sampled_from([{}, {"page": 3, "of": "x|y"}, {"list": [1, {"b": None}]}])))
    return made if draw(st.booleans()) else replace(made, text=None, offsets=None)


def as_kept(sentence: Sentence, name: str) -> Sentence:
    """What a format keeps of a sentence, as its entry in the registry says."""
    keeps = format_named(name).keeps
    made = sentence if name in WITHOUT_TEXT else sentence.with_text()
    if name in ("csv", "tsv") and not made.text:
        made = replace(made, text=None, offsets=None)
    if "scores" not in keeps:
        made = made.with_entities(replace(e, score=None) for e in made.entities)
    if "fields" not in keeps:
        made = replace(made, meta={})
        if name not in ("csv", "tsv"):
            made = replace(made, language=None, id=made.id if name in ("webanno", "xmi") else None)
    return made


def spans(sentence: Sentence) -> list[tuple[str, tuple[int, int] | None, str]]:
    return [(sentence.surface(e), sentence.char_span(e), e.label) for e in sentence.entities]


def read_back(name: str, written: list[Sentence], folder: Path) -> list[Sentence]:
    path = folder / NAMES.get(name, "a.out")
    assert write_sentences(written, path, format=name) == len(written)
    return list(raise_errors(read_sentences(path, format=name)))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
def test_what_is_written_is_read_back(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=25)
    @given(st.lists(sentences(), min_size=1, max_size=4))
    @example([Sentence(()), Sentence(("Ana",), (Entity(0, 1, "PER"),)), Sentence(())])
    @example([Sentence.from_text("🦉 Ana 🦉").with_entities([Entity(1, 2, "PER"), Entity(2, 3, "BIRD", 0.5)])])
    def check(written: list[Sentence]) -> None:
        found = read_back(name, written, tmp_path_factory.mktemp("made"))
        expected = [as_kept(sentence, name) for sentence in written]
        if "words" in format_named(name).keeps:
            assert found == expected
        else:
            assert [s.text for s in found] == [s.text for s in expected]
            for a, b in zip(found, expected, strict=True):
                if a.offsets == b.offsets:  # the tokenizer found the same words
                    assert spans(a) == spans(b)

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_results_of_a_pipeline_are_written_with_their_errors(name: str, tmp_path: Path) -> None:
    vigo = Sentence.from_text("en Vigo")
    labeled = vigo.with_entities([Entity(1, 2, "LOC", 0.5)])
    pairs = [Pair(vigo, projection=Projection(labeled, ())), Pair(labeled, error="translator: no answer")]
    path = tmp_path / NAMES.get(name, "a.out")
    if "fields" in format_named(name).keeps or name in ("csv", "tsv"):
        write_pairs(pairs, path, format=name)
        errors: list[object] = [None, "translator: no answer"]
    else:
        with pytest.warns(UserWarning, match="no place for the errors of 1 sentence"):
            write_pairs(pairs, path, format=name)
        errors = [None, None]
    found = list(raise_errors(read_sentences(path, format=name)))
    assert [spans(s) for s in found] == [[("Vigo", (3, 7), "LOC")], []]
    assert [s.meta.get("error") for s in found] == errors
