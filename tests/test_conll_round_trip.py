"""What is written as CoNLL is read back the same, whatever it holds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Entity, InputError, Sentence, raise_errors, read_sentences, write_sentences
from xlner.formats import conll
from xlner.formats.reading import ReadOptions

AWKWARD = (
    *("#", "#Vigo", "#Vigo=casa", "# id = 7", "# newdoc", "# empty sentence", "# global.columns = A B", "# xlner = {}"),
    *("-DOCSTART-", "-DOCSTART- x", "O", "B-PER", "B", "1", "2", "1-2", "8.1", "_", "en:Vigo", "en:a", "", " ", "a b"),
    *(
        " a",
        "a ",
        "a\tO",
        "a\nb\tB-PER",
        "a\rb",
        "a\r\nb",
        "a\x0bb",
        "a\x0cb",
        "a\x1cb",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
    ),
    *("\ufeff", "\ufeffa", "\u00a0", "\x00", "\ud800", "a|b", "NER=B-X", "\U0001f600"),
)
TEXT = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=6), st.text(st.characters(), max_size=4))
COMMENTS = st.one_of(TEXT, TEXT.map(lambda text: f"# {text}"), TEXT.map(lambda text: f"# note = {text}"))
WRITERS = {"conll": conll.write_sentence, "conllu": conll.write_conllu}


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    entities, length = draw(disjoint_entities(5))
    tokens = tuple(draw(st.lists(TEXT, min_size=length, max_size=length)))
    text, offsets = None, None
    if draw(st.booleans()):
        gaps = draw(st.lists(TEXT, min_size=length + 1, max_size=length + 1))
        text, offsets = gaps[0], []
        for token, gap in zip(tokens, gaps[1:], strict=True):
            offsets.append((len(text), len(text) + len(token)))
            text += token + gap
    meta: dict[str, object] = {}
    if draw(st.booleans()):
        meta["error"] = draw(TEXT)
    if draw(st.booleans()):
        meta["docstart"] = True
    if comments := draw(st.lists(COMMENTS, max_size=2)):
        meta["comments"] = tuple(comments)
    id_ = draw(st.one_of(st.none(), TEXT))
    return Sentence(tokens, tuple(entities), text, offsets and tuple(offsets), None, id_, meta)


def written(given: list[Sentence], format: str) -> str:
    stream = io.StringIO()
    for sentence in given:
        WRITERS[format](stream, sentence)
    return stream.getvalue()


def read(text: str, format: str) -> list[Sentence]:
    lines = list(enumerate(text.split("\n")[:-1], start=1))
    reader = conll.ConllReader("x", ReadOptions(require_tags=True), conllu=format == "conllu")
    return list(raise_errors(reader.read(lines)))


def remarks(sentence: Sentence) -> set[str]:
    """The comments, without the one that says the identifier, which the sentence itself says."""
    comments = sentence.meta.get("comments", ())
    assert isinstance(comments, tuple)
    return {comment for comment in comments if not comment.startswith("# id = ")}


@pytest.mark.parametrize("format", ["conll", "conllu"])
@given(given=st.lists(sentences(), min_size=1, max_size=4))
def test_sentences_come_back(format: str, given: list[Sentence]) -> None:
    text = written(given, format)
    again = read(text, format)
    assert [(s.tokens, s.entities, s.id, s.text, s.offsets) for s in again] == [
        (s.tokens, s.entities, s.id, s.text, s.offsets if s.text is not None else None) for s in given
    ]
    for before, after in zip(given, again, strict=True):
        assert after.meta.get("error") == before.meta.get("error")
        assert after.meta.get("docstart") == before.meta.get("docstart")
        assert remarks(before) <= remarks(after)
    assert written(again, format) == text


@pytest.mark.parametrize("format", ["conll", "conllu"])
@pytest.mark.parametrize(
    ("tokens", "text", "offsets"),
    [
        (("", "a"), "  a", ((1, 1), (2, 3))),
        (("a", "b"), "a  b", ((0, 1), (3, 4))),
        (("a", "b"), "a b", ((0, 1), (1, 2))),
        (("a", "a"), "a a a", ((0, 1), (4, 5))),
        (("a b",), "a b", ((0, 3),)),
        (("a ", "b"), "a b", ((0, 2), (2, 3))),
        (("\u00ad", "\u200b"), "\u00ad\u200b", ((0, 1), (1, 2))),
        (("\u2028", "b"), "\u2028 b", ((0, 1), (2, 3))),
    ],
)
def test_offsets_come_back(
    format: str, tokens: tuple[str, ...], text: str, offsets: tuple[tuple[int, int], ...]
) -> None:
    (again,) = read(written([Sentence(tokens, (), text, offsets)], format), format)
    assert (again.tokens, again.text, again.offsets) == (tokens, text, offsets)


def test_offsets_that_a_reader_finds_are_not_written() -> None:
    assert written([Sentence.from_text("Ana, in Vigo")], "conll").startswith("# text = Ana, in Vigo\nAna\tO\n")


def test_what_two_columns_cannot_hold_is_in_a_comment() -> None:
    sentence = Sentence(
        ("New\tYork", "-DOCSTART-"), id="a\nb\tB-PER", meta={"error": "x", "comments": ("Vigo\tB-LOC",)}
    )
    assert written([sentence], "conll") == (
        "# error = x\n"
        '# xlner = {"comments": ["Vigo\\tB-LOC"], "id": "a\\nb\\tB-PER", '
        '"tokens": {"0": "New\\tYork", "1": "-DOCSTART-"}}\n'
        "New\u00a0York\tO\n\u00a0DOCSTART-\tO\n\n"
    )


@pytest.mark.parametrize("name", ["x.conll", "x.conllu"])
@pytest.mark.parametrize("token", ["\ufeffVigo", "en:Vigo", "-DOCSTART-", "#"])
def test_a_token_at_the_beginning_of_a_file(tmp_path: Path, name: str, token: str) -> None:
    write_sentences([Sentence((token,)), Sentence((token, "a"))], tmp_path / name)
    assert [s.tokens for s in raise_errors(read_sentences(tmp_path / name))] == [(token,), (token, "a")]


def test_a_comment_that_says_something_else_now_is_replaced() -> None:
    (sentence,) = read("# id = 1\n# error = old\nVigo\tO\n\n", "conll")
    changed = Sentence(sentence.tokens, id="2", meta={"comments": sentence.meta["comments"]})
    assert written([changed], "conll") == "# id = 2\nVigo\tO\n\n"


@pytest.mark.parametrize(
    "comment",
    ["# xlner = {}", "# xlner = [", '# xlner = {"id": 1}', '# xlner = {"tokens": 1}', '# xlner = {"offsets": [1]}'],
)
def test_a_comment_with_our_name_that_is_not_ours_is_kept(comment: str) -> None:
    (sentence,) = read(f"{comment}\nVigo\tO\n\n", "conll")
    assert (sentence.tokens, sentence.id, sentence.meta["comments"]) == (("Vigo",), None, (comment,))


def test_tokens_beyond_the_sentence_are_an_error() -> None:
    with pytest.raises(InputError, match="the comment xlner has tokens beyond the sentence; remove the comment"):
        read('# xlner = {"tokens": {"1": "x"}}\nVigo\tO\n\n', "conll")


def test_a_label_that_ends_like_a_tag_is_written_as_an_attribute(tmp_path: Path) -> None:
    given = Sentence(("a", "b"), (Entity(0, 2, "A-B"),))
    write_sentences([given], tmp_path / "a.conllu")
    (found,) = raise_errors(read_sentences(tmp_path / "a.conllu"))
    assert found.entities == given.entities


@pytest.mark.parametrize("token", ["\ufeff", "\ufeffVigo", " \ufeff", "\ufeff \ufeff"])
@pytest.mark.parametrize("name", ["a.conll", "a.conllu"])
def test_a_byte_order_mark_at_the_beginning_of_a_line_is_read_back(tmp_path: Path, name: str, token: str) -> None:
    given = Sentence(("em", token, "Vigo"), (Entity(1, 3, "LOC"),))
    write_sentences([given], tmp_path / name)
    (found,) = raise_errors(read_sentences(tmp_path / name))
    assert (found.tokens, found.entities) == (given.tokens, given.entities)
