"""Which words given links count: those of the tokenizer or those between spaces, from 0 or from 1."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Command
from xlner import Alignment, InputError, Pair, Pipeline, UsageError, read_parallel
from xlner.core.pair import PairError
from xlner.formats import ReadReport

MOSES = "Ana dijo &quot; hola &quot; en Vigo .\n"
RAW = "Ana dijo «hola» en Vigo.\n"
SOURCE = ["Ana B-PER", "said O", '" O', "hello O", '" O', "in O", "Vigo B-LOC", ". O", ""]


class Files:
    def __init__(self, folder: Path) -> None:
        self.source, self.target, self.links = folder / "en.conll", folder / "es.txt", folder / "en-es.al"
        self.source.write_text("\n".join(SOURCE) + "\n", encoding="utf-8")

    def write(self, target: str, links: str) -> Files:
        self.target.write_text(target, encoding="utf-8")
        self.links.write_text(links, encoding="utf-8")
        return self

    def read(self, **options: object) -> list[Pair | InputError]:
        return list(read_parallel(self.source, self.target, self.links, target_lang="es", **options))  # type: ignore[arg-type]

    def tokens(self, **options: object) -> tuple[str, ...]:
        (pair,) = self.read(**options)
        assert isinstance(pair, Pair)
        return pair.target.tokens


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_tokenized_text_is_split_at_spaces(files: Files) -> None:
    report = ReadReport()
    files.write(MOSES, "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7\n")
    assert files.tokens(target_report=report) == tuple(MOSES.split())
    assert report.words == "spaces"
    (pair,) = files.read()
    (done,) = Pipeline(projector="exact").run_pairs([pair])
    assert [done.labeled.surface(e) for e in done.labeled.entities] == ["Ana", "Vigo"]
    assert done.labeled.text == MOSES.strip()


def test_text_is_split_by_the_tokenizer_if_links_go_to_words_that_only_it_gives(files: Files) -> None:
    report = ReadReport()
    files.write(RAW, "0-0 1-1 3-3 6-6 7-7\n")
    assert files.tokens(target_report=report) == ("Ana", "dijo", "«", "hola", "»", "en", "Vigo", ".")
    assert report.words == "tokenizer"
    files.write(MOSES, "0-0 6-10 7-11\n")
    assert len(files.tokens()) == 12


def test_what_the_links_leave_open_is_refused(files: Files) -> None:
    files.write(RAW, "0-0 1-1\n")
    with pytest.raises(
        UsageError, match="en-es.al may count the words of .*; give --words tokenizer or --words spaces"
    ):
        files.read()
    assert files.tokens(words="spaces") == ("Ana", "dijo", "«hola»", "en", "Vigo.")
    assert len(files.tokens(words="tokenizer")) == 8


def test_nothing_is_chosen_where_both_give_the_same_words(files: Files) -> None:
    report = ReadReport()
    assert files.write("Ana vive en Vigo\n", "0-0\n").tokens(target_report=report) == ("Ana", "vive", "en", "Vigo")
    assert report.words is None


def test_a_file_that_states_its_words_decides(files: Files) -> None:
    giza = "# Sentence pair (1) source length 8 target length 8 alignment score : 1\n"
    words = " ".join(line.split()[0] + " ({ })" for line in SOURCE[:-1])
    files.write(MOSES, f"{giza}{MOSES}NULL ({{ }}) {words.replace('({ })', '({ 1 })', 1)}\n")
    assert files.tokens() == tuple(MOSES.split())


def test_jsonl_with_text_alone_is_text(files: Files) -> None:
    files.write(MOSES, "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7\n")
    files.target = files.target.with_suffix(".jsonl")
    files.target.write_text(json.dumps({"text": MOSES.strip()}) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="en-es.al count the words of .* between spaces; give --words spaces"):
        files.read()
    assert files.tokens(words="spaces") == tuple(MOSES.split())
    files.links.write_text("0-0 7-11\n", encoding="utf-8")
    assert len(files.tokens()) == 12
    files.target.write_text(json.dumps({"text": MOSES.strip(), "tokens": MOSES.split()}) + "\n", encoding="utf-8")
    files.links.write_text("0-0 7-7\n", encoding="utf-8")
    assert files.tokens() == tuple(MOSES.split())


def test_a_first_record_of_any_length_says_whether_it_has_words(files: Files) -> None:
    files.write(MOSES, "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7\n")
    files.target = files.target.with_suffix(".jsonl")
    record = {"text": MOSES.strip(), "vector": "1" * 70_000}
    files.target.write_text("\n" + json.dumps(record) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="between spaces; give --words spaces"):
        files.read()
    files.target.write_text(json.dumps({**record, "tokens": MOSES.split()}) + "\n", encoding="utf-8")
    assert files.tokens() == tuple(MOSES.split())
    (pair,) = read_parallel(files.source, files.target, target_lang="es")
    assert isinstance(pair, Pair)


def test_jsonl_from_standard_input_is_looked_at(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(MOSES, "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7\n")
    monkeypatch.chdir(files.links.parent)
    Path("-").write_text("{}\n", encoding="utf-8")  # another file
    files.target = Path("-")
    record = {"text": MOSES.strip()}
    for words in ({}, {"tokens": MOSES.split()}):
        data = io.BytesIO(json.dumps({**record, **words}).encode())
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=data))
        if words:
            assert files.tokens(target_format="jsonl") == tuple(MOSES.split())
        else:
            with pytest.raises(UsageError, match="between spaces; give --words spaces"):
                files.read(target_format="jsonl")


def test_links_of_the_other_direction_are_refused(files: Files) -> None:
    giza = "# Sentence pair (1) source length 8 target length 8 alignment score : 1\n"
    source = " ".join(line.split()[0] for line in SOURCE[:-1])
    words = " ".join(f"{word} ({{ }})" for word in MOSES.split())
    (bad,) = files.write(MOSES, f"{giza}{source}\nNULL ({{ }}) {words}\n").read()
    assert "the links go from target to source; swap them: xlner symmetrize" in str(bad)


def test_no_break_spaces_are_inside_words(files: Files) -> None:
    files.write("10\u00a0000 personas\n", "0-0 1-1\n")
    assert files.tokens(words="spaces") == ("10\u00a0000", "personas")


def test_links_that_count_from_1(files: Files) -> None:
    files.write("Ana dijo hola a los de Vigo ya\n", "1-1 7-7 8-8\n")
    with pytest.raises(UsageError, match="no word has the number 0, as if words were counted from 1; give --one-based"):
        files.read()
    (pair,) = files.read(one_based=True)
    assert isinstance(pair, Pair)
    assert pair.alignment == Alignment(((0, 0), (6, 6), (7, 7)))
    (bad,) = files.read(one_based=False)
    assert "link 8-8 is out of range" in str(bad)
    assert "--one-based" in str(bad)
    files.write("Ana dijo hola a los de Vigo ya\n", "1-1 6-6\n")
    assert isinstance(files.read()[0], Pair)


def test_many_pairs_without_a_0_count_from_1(files: Files) -> None:
    files.source.write_text("\n\n".join(["a B-LOC\nb O\nc O"] * 10) + "\n\n", encoding="utf-8")
    files.write("a b c\n" * 10, "1-1\n" * 10)
    with pytest.raises(UsageError, match="--one-based"):
        files.read()
    assert len(files.read(one_based=False)) == 10


def test_a_pair_without_a_source_keeps_its_target(files: Files) -> None:
    files.source.write_text("Ana B-PER\nsaid\n\n", encoding="utf-8")
    (bad,) = files.write("Ana dijo\n", "0-0\n").read()
    assert isinstance(bad, PairError)
    assert bad.target.tokens == ("Ana", "dijo")
    (done,) = Pipeline(projector="exact").run_pairs([bad])
    assert done.target.tokens == ("Ana", "dijo")
    assert done.error == str(bad)


def test_from_the_command_line(xlner: Command, files: Files) -> None:
    files.write(MOSES, "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7\n")
    command = ("project", files.source, files.target, "--lang", "es", "--alignment", files.links)
    ran = xlner(*command, "--output-format", "pretty")
    assert "[Vigo LOC]" in ran.out
    assert f"{files.target}: the links count the words between spaces (--words spaces)" in ran.err
    other = xlner(*command, "--output-format", "pretty", "--words", "tokenizer")
    assert "hola &quot; en Vigo ." in other.out
    files.write(RAW, "0-0\n")
    assert "give --words tokenizer or --words spaces" in xlner(*command).err


def test_skipped_pairs_keep_the_words_of_the_target(xlner: Command, files: Files) -> None:
    files.source.write_text("Ana B-PER\n\nbad B-PER\nline\n\n", encoding="utf-8")
    files.write("Ana\nmala liña\n", "0-0\n0-0\n")
    ran = xlner("project", files.source, files.target, "--alignment", files.links, "--on-error", "skip")
    assert ran.code == 1
    assert '"tokens": ["mala", "liña"]' in ran.out.splitlines()[1]
    assert '"error"' in ran.out.splitlines()[1]


def test_gold_links_that_count_from_1_are_noted(xlner: Command, tmp_path: Path) -> None:
    gold, predicted = tmp_path / "a.gold", tmp_path / "a.talp"
    gold.write_text("1-1 2-2\n", encoding="utf-8")
    predicted.write_text("0-0 1-1\n", encoding="utf-8")
    assert f"{gold}: no word has the number 0" in xlner("evaluate-alignment", gold, predicted).err
    assert "--one-based-pred" in xlner("evaluate-alignment", predicted, gold).err
    assert "number 0" not in xlner("evaluate-alignment", gold, predicted, "--one-based-gold").err
    assert "number 0" not in xlner("evaluate-alignment", gold, gold).err


def test_tokenized_text_in_other_commands(xlner: Command, tmp_path: Path) -> None:
    text, names = tmp_path / "gl.txt", tmp_path / "names.tsv"
    text.write_text("en Vigo/Tui .\n", encoding="utf-8")
    names.write_text("Vigo/Tui\tLOC\n", encoding="utf-8")
    common = (text, "--lang", "gl", "--recognizer", f"gazetteer:{names}", "--words", "spaces")
    assert '["en", "Vigo/Tui", "."]' in xlner("recognize", *common).out
    assert '["en", "Vigo/Tui", "."]' in xlner("label", *common, "--route", "direct").out
    assert (
        xlner("convert", text, "-", "--words", "spaces").out == "# text = en Vigo/Tui .\nen\tO\nVigo/Tui\tO\n.\tO\n\n"
    )
    links = xlner("align", text, text, "--aligner", "oracle", "--words", "spaces").out
    assert links == "0-0 1-1 2-2\n"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("l&apos; eau l&amp;a\n", "0-0 1-1 2-2"),
        ("我 在 北京 。\n", "0-0 1-1 2-2 3-3"),
        ("dijo &quot; hola &quot;\n", "0-0 1-1 2-2 3-3"),
        ("vi@@ go d'Ana\n", "0-0 1-1 2-2"),
        ("Qu'est -ce qu'il y a ?\n", "0-0 1-1 2-2 3-3 4-4 5-5"),
    ],
)
def test_signs_of_tokenized_text(files: Files, text: str, links: str) -> None:
    files.write(text, links + "\n")
    assert files.tokens() == tuple(text.split())


def test_both_sides_can_be_text(xlner: Command, tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.txt", tmp_path / "es.txt", tmp_path / "a.al"
    source.write_text("Ana said &quot; hi &quot; .\n", encoding="utf-8")
    target.write_text("Ana dijo &quot; hola &quot; .\n", encoding="utf-8")
    links.write_text("0-0 1-1 2-2 3-3 4-4 5-5\n", encoding="utf-8")
    lexicon = tmp_path / "en-es.tsv"
    ran = xlner("lexicon", source, target, "--alignment", links, "-o", lexicon)
    assert ran.code == 0
    assert "hi\thola" in lexicon.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        '{"text": "Ana dijo ``hola``"}',
        '[{"text": "Ana dijo ``hola``"}]',
        '[\n {\n  "text": "Ana dijo ``hola``"\n }\n]',
        '["Ana dijo ``hola``", {"entities": []}]',
        '{"text": "Ana dijo ``hola``", "tokens": null}',
        '{"data": "Ana dijo ``hola``"}',
    ],
)
def test_records_with_only_a_text_are_text(tmp_path: Path, text: str) -> None:
    source, target, links = tmp_path / "en.txt", tmp_path / "es.jsonl", tmp_path / "a.al"
    source.write_text("hi\n", encoding="utf-8")
    target.write_text(text + "\n", encoding="utf-8")
    links.write_text("0-2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"may count the words of .*es\.jsonl as the tokenizer splits them"):
        list(read_parallel(source, target, links))
    assert isinstance(next(iter(read_parallel(source, target, links, words="tokenizer"))), Pair)


@pytest.mark.parametrize("text", ['{"text": "``hola``", "tokens": ["``", "hola", "``"]}', "[", '{"text": 5}', "{", "5"])
def test_other_records_are_not(tmp_path: Path, text: str) -> None:
    source, target, links = tmp_path / "en.txt", tmp_path / "es.jsonl", tmp_path / "a.al"
    source.write_text("hi\n", encoding="utf-8")
    target.write_text(text + "\n", encoding="utf-8")
    links.write_text("0-0\n", encoding="utf-8")
    assert len(list(read_parallel(source, target, links))) == 1


def test_links_with_their_sides_exchanged(tmp_path: Path) -> None:
    files = Files(tmp_path).write("Ana dijo hola\n", "0-0 7-4\n")
    (bad,) = files.read(words="spaces")
    assert "--swap" not in str(bad)
    (bad,) = files.write("Ana dijo hola\n", "0-0 2-4\n").read(words="spaces")
    assert isinstance(bad, PairError)
    assert "swap them: xlner symmetrize FILE FILE --swap --method reverse" in str(bad)
    assert "; or give --one-based if they count from 1" in str(bad)
