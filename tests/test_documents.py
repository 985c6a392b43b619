"""Documents are labeled sentence by sentence, with the offsets of the document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Entity, InputError, Pair, Pipeline, RecognitionPipeline, Sentence
from xlner.fakes import DictionaryRecognizer
from xlner.pipeline import DocumentPipeline

TEXT = "Ana chegou a Vigo.  Dr. Pardo non! Viu x.org/A.html?b=C9. Def en Lugo."
NAMES = {"Ana": "PER", "Vigo": "LOC", "Lugo": "LOC"}


class Upper:
    """Translates into capitals, and notes the texts; fails on some."""

    def __init__(self, fail_on: str = "never") -> None:
        self.texts: list[str] = []
        self.fail_on = fail_on

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.texts += texts
        if any(self.fail_on in text for text in texts):
            raise ValueError("no")
        return list(texts)


def projecting(translator: Upper) -> Pipeline:
    return Pipeline(translator, DictionaryRecognizer(NAMES), "oracle", "exact", target_lang="gl", on_warning=None)


def test_one_result_with_the_offsets_of_the_document() -> None:
    translator = Upper()
    document = Sentence.from_text(TEXT, language="gl", id="d1")
    (made,) = DocumentPipeline(projecting(translator)).run_pairs([Pair(document)])
    sentences = ["Ana chegou a Vigo.", "Dr. Pardo non!", "Viu x.org/A.html?b=C9.", "Def en Lugo."]
    assert sorted(translator.texts) == sorted(sentences)
    assert (made.target, made.error) == (document, None)
    found = made.labeled
    assert (found.text, found.id) == (TEXT, "d1")
    assert [(found.surface(e), e.label) for e in found.entities] == [("Ana", "PER"), ("Vigo", "LOC"), ("Lugo", "LOC")]
    assert [TEXT[slice(*(found.char_span(e) or ()))] for e in found.entities] == ["Ana", "Vigo", "Lugo"]
    source = made.require_source()
    assert source.text == " ".join(sentences)
    assert [source.surface(e) for e in source.entities] == ["Ana", "Vigo", "Lugo"]
    assert [source.surface(o.entity) for o in made.require_projection().outcomes] == ["Ana", "Vigo", "Lugo"]
    links = made.require_alignment().links
    assert links
    assert all(source.tokens[s] == document.tokens[t] for s, t in links)


def test_what_is_not_cut() -> None:
    pipeline = DocumentPipeline(projecting(Upper()))
    bad = InputError("no", path="a", line=1)
    given_source = Pair(Sentence.from_text("Vigo. Lugo."), Sentence.from_text("Vigo. Lugo."))
    items = [Pair(Sentence(())), bad, given_source, Pair(Sentence.from_text("Vigo."))]
    empty, unread, translated, single = pipeline.run_pairs(items)
    assert (empty.target.tokens, unread.error) == ((), str(bad))
    assert translated.require_source().tokens == ("Vigo", ".", "Lugo", ".")
    assert [e.span for e in single.labeled.entities] == [(0, 1)]
    assert list(pipeline.run_pairs([])) == []


def test_no_cut_goes_through_a_word_an_address_or_an_entity() -> None:
    asked: list[tuple[str, ...]] = []

    class Noting:
        def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
            asked.extend(sentence.tokens for sentence in sentences)
            return [[] for _ in sentences]

    class Reading(RecognitionPipeline):
        def run_pairs(self, pairs: object) -> object:  # type: ignore[override]
            return super().run_pairs(pairs)  # type: ignore[arg-type]

    every = DocumentPipeline(Reading(Noting(), lang="gl"), splitter=list)  # type: ignore[arg-type]
    target = Sentence(("One", "#Vigo", "New", "York", "."), (Entity(2, 4, "LOC"),))
    list(every.run_pairs([Pair(target)]))
    assert sorted(asked) == sorted([("One",), ("#Vigo",), ("New", "York"), (".",)])


def test_a_sentence_that_fails_costs_no_other() -> None:
    pipeline = DocumentPipeline(projecting(Upper(fail_on="Pardo")))
    (made,) = pipeline.run_pairs([Pair(Sentence.from_text(TEXT, language="gl"))])
    assert made.error == "sentence 2 of 4: translator: ValueError: no"
    assert [made.labeled.surface(e) for e in made.labeled.entities] == ["Ana", "Vigo", "Lugo"]
    assert made.require_source().text == "Ana chegou a Vigo. Viu x.org/A.html?b=C9. Def en Lugo."
    (made,) = DocumentPipeline(projecting(Upper(fail_on=""))).run_pairs([Pair(Sentence.from_text("A. B."))])
    assert (made.source, made.projection, made.labeled.entities) == (None, None, ())


def test_warnings_of_all_sentences() -> None:
    class Copying(Upper):
        pass

    pipeline = Pipeline(Copying(), DictionaryRecognizer({}), "oracle", "exact", target_lang="gl")
    text = "a choiva non para en Vigo. ela vive na casa vella."
    (made,) = DocumentPipeline(pipeline, splitter=lambda text: [text[:27], text[27:]]).run_pairs(
        [Pair(Sentence.from_text(text, language="gl"))]
    )
    assert made.require_source().meta["translation_warnings"] == ["copied"]


@given(st.lists(st.sampled_from(["Vigo", "e", ".", "Ana", "!", "京", "\n", "#a.b"]), max_size=20), st.booleans())
def test_it_is_the_same_as_labeling_the_words_one_by_one(words: list[str], has_text: bool) -> None:
    document = Sentence.from_text(" ".join(words)) if has_text else Sentence(tuple(w for w in words if w.strip()))
    pipeline = RecognitionPipeline(DictionaryRecognizer(NAMES), lang="gl")
    (made,) = DocumentPipeline(pipeline).run_pairs([Pair(document)])
    (whole,) = pipeline.run_pairs([Pair(document)])
    assert made.labeled == whole.labeled


def test_the_fingerprint_names_the_splitter() -> None:
    inner = RecognitionPipeline(DictionaryRecognizer({}), lang="gl")
    assert DocumentPipeline(inner).fingerprint == f"{inner.fingerprint}|split=split_sentences"
    assert DocumentPipeline(inner).labels is inner.labels


@pytest.mark.parametrize("command", ["label", "recognize"])
def test_on_the_command_line(command: str, tmp_path: Path, xlner: Command) -> None:
    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\nAna\tPER\n", encoding="utf-8")
    (tmp_path / "in.txt").write_text("Ana veu. Vive en Vigo.\n\nVigo\n", encoding="utf-8")
    route = ["--route", "direct"] if command == "label" else []
    spec = f"gazetteer:{names}"
    out = tmp_path / "out.jsonl"
    ran = xlner(
        command, str(tmp_path / "in.txt"), "--lang", "gl", *route, "--recognizer", spec, "--split", "-o", str(out)
    )
    assert ran.code == 0, ran.err
    first, second, third = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert first["text"] == "Ana veu. Vive en Vigo."
    assert [first["text"][e["char_start"] : e["char_end"]] for e in first["entities"]] == ["Ana", "Vigo"]
    assert (second["tokens"], len(third["entities"])) == ([], 1)
