"""Lexicons: learned from links, read and written, and used to translate."""

from __future__ import annotations

import io
import pickle
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, Entity, InputError, Pair, Sentence, ValidationError, load
from xlner.alignment import learn_lexicon
from xlner.alignment.lexicons import phrase_pairs
from xlner.core import lexicon
from xlner.core.lexicon import LexiconEntry
from xlner.errors import UsageError
from xlner.formats import read_lexicon, write_lexicon
from xlner.pipeline import TrainingDataBuilder
from xlner.stages import LinkingTranslator
from xlner.translation.lexicon import LexiconTranslator

WORDS = st.lists(st.sampled_from(["Ana", "ana", "vive", "en", "Vigo", "7", "."]), min_size=1, max_size=5)
TO_GALICIAN = {"from_lang": "en", "to_lang": "gl"}


@st.composite
def aligned_pairs(draw: st.DrawFn) -> Pair:
    source, target = draw(WORDS), draw(WORDS)
    every = list(product(range(len(source)), range(len(target))))
    links = draw(st.sets(st.sampled_from(every), max_size=6))
    return Pair(Sentence(tuple(target)), Sentence(tuple(source)), Alignment(tuple(links)))


def spans(length: int, longest: int) -> list[range]:
    return [range(a, b) for a in range(length) for b in range(a + 1, min(a + longest, length) + 1)]


def by_definition(pair: Pair, longest: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of spans that no link leaves, whose ends have links, and that hold words alone."""
    assert pair.source is not None
    assert pair.alignment is not None
    links = pair.alignment.links
    found = []
    for s, t in product(spans(len(pair.source), longest), spans(len(pair.target), longest)):
        inside = [(i, j) for i, j in links if i in s and j in t]
        closed = all((i in s) == (j in t) for i, j in links)
        ends = {s[0], s[-1]} <= {i for i, _ in inside} and {t[0], t[-1]} <= {j for _, j in inside}
        words = tuple(pair.source.tokens[i] for i in s), tuple(pair.target.tokens[j] for j in t)
        if closed and ends and not any("." in side for side in words):
            found.append(words)
    return found


@given(aligned_pairs(), st.integers(1, 4))
def test_phrases_are_those_that_no_link_leaves(pair: Pair, longest: int) -> None:
    assert Counter(phrase_pairs(pair, max_words=longest)) == Counter(by_definition(pair, longest))


@given(st.lists(aligned_pairs(), max_size=4), st.integers(1, 3), st.integers(1, 2))
def test_the_best_translation_of_every_phrase(pairs: list[Pair], longest: int, least: int) -> None:
    counts = Counter(
        tuple(" ".join(side).lower() for side in both) for pair in pairs for both in by_definition(pair, longest)
    )
    entries = {entry.source: entry for entry in learn_lexicon(pairs, max_words=longest, min_count=least)}

    def enough(source: str, target: str) -> bool:
        return counts[source, target] >= (max(least, 2) if " " in source else least)

    def weight(source: str, target: str) -> float:
        there = sum(n for (s, _), n in counts.items() if s == source)
        back = sum(n for (_, t), n in counts.items() if t == target)
        return counts[source, target] ** 2 / (there * back)

    assert set(entries) == {source for source, target in counts if enough(source, target)}
    assert list(entries) == sorted(entries)
    for source, entry in entries.items():
        others = [weight(source, t) for s, t in counts if s == source and enough(s, t)]
        assert entry.weight == pytest.approx(max(others))
        assert weight(source, entry.target.lower()) == pytest.approx(entry.weight)


def test_translations_are_written_as_they_mostly_are() -> None:
    def pair(source: str, target: str) -> Pair:
        return Pair(Sentence((target,)), Sentence((source,)), Alignment(((0, 0),)))

    entries = learn_lexicon([pair("House", "Haus"), pair("house", "Haus"), pair("house", "HAUS")])
    assert entries == [LexiconEntry("house", "Haus", 1.0)]


def test_what_nothing_can_be_learned_from() -> None:
    for pair in (Pair(Sentence(("a",)), Sentence(("a",))), Pair(Sentence(("a",)))):
        with pytest.raises(ValidationError, match="has no (source sentence|alignment)"):
            learn_lexicon([pair])
    for numbers in ({"max_words": 0}, {"min_count": 0}):
        with pytest.raises(UsageError, match="at least 1"):
            learn_lexicon([], **numbers)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    entries = [LexiconEntry("old town", "cidade vella", 0.25), LexiconEntry("ana", "Ana")]
    assert write_lexicon(entries, tmp_path / "l.tsv") == 2
    assert (tmp_path / "l.tsv").read_text(encoding="utf-8") == "old town\tcidade vella\t0.25\nana\tAna\t1\n"
    assert list(read_lexicon(tmp_path / "l.tsv")) == entries
    stream = io.StringIO()
    lexicon.write(stream, entries[0])
    assert stream.getvalue() == "old town\tcidade vella\t0.25\n"


def test_bad_lines_are_named(tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("one\n\na\tb\tc\n\tb\na\tb\t1\tmore\n", encoding="utf-8")
    found = list(read_lexicon(tmp_path / "l.tsv"))
    assert [str(item).partition(";")[0].partition(" (")[0] for item in found[:3]] == [
        f"{tmp_path}/l.tsv:1: 'one' has one column",
        f"{tmp_path}/l.tsv:3: weight 'c' is not a number",
        f"{tmp_path}/l.tsv:4: '' is not a word or phrase",
    ]
    assert found[3] == LexiconEntry("a", "b", 1.0)
    with pytest.raises(InputError, match="has one column"):
        LexiconTranslator(str(tmp_path / "l.tsv"))
    damaged = InputError("damaged", path="x")
    assert list(lexicon.read([(1, damaged)])) == [damaged]


def translator(folder: Path, *rows: str) -> LexiconTranslator:
    (folder / "l.tsv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    made: LexiconTranslator = load("translator", f"lexicon:{folder / 'l.tsv'}")
    return made


def test_the_longest_phrase_counts_and_marks_stay(tmp_path: Path) -> None:
    made = translator(tmp_path, "old\tvello", "old town\tcidade vella", "lives\tvive", "in\ten\t0.5", "in\tdentro\t0.4")
    texts = ["Ana lives in the [old  town], OLD as it is!", " \t", "", "<b>Old</b> <old> in-law"]
    assert made.translate(texts, **TO_GALICIAN) == [
        "Ana vive en the [cidade vella], VELLO as it is!",
        " \t",
        "",
        "<b>Vello</b> <old> in-law",
    ]
    assert made.summary == f"4 entries of {tmp_path / 'l.tsv'}"


def test_the_fingerprint_is_that_of_the_entries(tmp_path: Path) -> None:
    made = translator(tmp_path, "a\tb", "c\td")
    first = made.fingerprint
    copy = pickle.loads(pickle.dumps(made))
    assert copy.fingerprint == first
    assert copy.translate(["a c"], **TO_GALICIAN) == ["b d"]
    assert isinstance(copy, LinkingTranslator)
    (tmp_path / "moved").mkdir()
    assert translator(tmp_path / "moved", "a\tb", "c\td").fingerprint == first
    assert translator(tmp_path, "a\tb\t0.5", "c\td").fingerprint == first
    assert translator(tmp_path, "a\tb", "c\te").fingerprint != first


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LexiconTranslator:
    return translator(tmp_path_factory.mktemp("lexicon"), "old\tvello", "old town\tcidade", "ö\tstraße")


@given(text=st.text(alphabet="oldtwn [],.<>/Öß\n ", max_size=40))
def test_ranges_belong_together(small: LexiconTranslator, text: str) -> None:
    (linked,) = small.translate_linked([text], **TO_GALICIAN)
    rest, done = "", 0
    known = {"vello", "cidade", "straße"}
    for (start, end), (begin, stop) in linked.links:
        rest += text[done:start] + linked.text[begin:stop]
        done = end
        became = linked.text[begin:stop]
        assert became == text[start:end] or became.lower() in known | {"strasse"}
    assert rest + text[done:] == linked.text


def test_training_data_by_a_lexicon(tmp_path: Path) -> None:
    source = Sentence(("Ana", "lives", "in", "the", "Old", "Town", "."), (Entity(0, 1, "PER"), Entity(4, 6, "LOC")))
    words = translator(tmp_path, "lives\tvive", "in\ten", "the\ta", "old town\tcidade vella")
    (pair,) = TrainingDataBuilder(words, from_lang="en", to_lang="gl").run([source])
    assert pair.labeled.text == "Ana vive en a Cidade vella."
    assert pair.labeled.tags() == ["B-PER", "O", "O", "O", "B-LOC", "I-LOC", "O"]


def test_from_the_command_line(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("Ana lives here\n\nAna here\n", encoding="utf-8")
    Path("gl.txt").write_text("Ana vive aquí\n\nAquí Ana\n", encoding="utf-8")
    Path("links.talp").write_text("0-0 1-1 2-2\n\n0-1 1-0\n", encoding="utf-8")
    ran = xlner("lexicon", "en.txt", "gl.txt", "--alignment", "links.talp", "-o", "l.tsv")
    assert (ran.code, ran.err) == (0, "xlner: 3 entries from 3 pairs\n")
    assert Path("l.tsv").read_text(encoding="utf-8") == "ana\tAna\t1\nhere\tAquí\t1\nlives\tvive\t1\n"
    assert xlner("lexicon", "en.txt", "gl.txt", "--aligner", "oracle", "--limit", "1").out.count("\n") == 3
    twice = xlner("lexicon", "en.txt", "gl.txt", "--alignment", "links.talp", "--min-count", "2")
    assert twice.out == "ana\tAna\t1\nhere\tAquí\t1\n"
    done = xlner("translate", "en.txt", "--from", "en", "--to", "gl", "--translator", "lexicon:l.tsv", "-o", "made.txt")
    assert done.code == 0
    assert Path("made.txt").read_text(encoding="utf-8") == "Ana vive Aquí\n\nAna Aquí\n"


def test_bad_input_from_the_command_line(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("a\nb\n", encoding="utf-8")
    Path("gl.txt").write_text("a\n", encoding="utf-8")
    Path("links.talp").write_text("0-0\n0-9\n", encoding="utf-8")
    assert "gl.txt: ends after 1 sentence" in xlner("lexicon", "en.txt", "gl.txt", "--aligner", "oracle").err
    Path("gl.txt").write_text("a\nb\n", encoding="utf-8")
    ran = xlner("lexicon", "en.txt", "gl.txt", "--alignment", "links.talp")
    assert ran.code == 2
    assert "links.talp (sentence 2): link 0-9 is out of range" in ran.err
    ran = xlner("lexicon", "en.txt", "gl.txt", "--alignment", "links.talp", "--on-error", "skip")
    assert (ran.code, ran.out, ran.err) == (0, "a\ta\t1\n", "xlner: 1 entry from 1 pair\n")
    assert "would replace its own input" in xlner("lexicon", "en.txt", "gl.txt", "-o", "gl.txt").err
    assert (
        "lexicon needs a file"
        in xlner("translate", "en.txt", "--from", "en", "--to", "gl", "--translator", "lexicon").err
    )
