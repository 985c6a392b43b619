from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import (
    Alignment,
    BackendError,
    Entity,
    InputError,
    Outcome,
    Pair,
    Pipeline,
    Projection,
    RecognitionPipeline,
    Sentence,
    UsageError,
    ValidationError,
    raise_errors,
    read_parallel,
)
from xlner.core.batches import isolated
from xlner.errors import UnknownNameError
from xlner.fakes import DictionaryRecognizer, DictionaryTranslator, EchoTranslator, OracleAligner
from xlner.models.batching import padded_batches
from xlner.pipeline import judge_confidences
from xlner.pipeline.isolation import in_batches
from xlner.stages import fingerprint_of

NAMES = {"Vigo": "LOC", "Ana Pardo": "PER"}


def pipeline(translator: object = None, **options: object) -> Pipeline:
    chain = (translator or EchoTranslator(), DictionaryRecognizer(NAMES), OracleAligner(), "greedy")
    return Pipeline(*chain, target_lang="gl", **options)  # type: ignore[arg-type]


class CountingTranslator(EchoTranslator):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.seen += texts
        return list(texts)


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 20))
def test_batches_hold_every_item_once_within_the_budget(lengths: list[int], budget: int) -> None:
    made = padded_batches(lengths, budget)
    assert sorted(k for batch in made for k in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or max(lengths[k] for k in batch) * len(batch) <= budget


@given(st.lists(st.integers(-3, 3), max_size=30), st.integers(1, 12))
def test_a_breaking_item_costs_only_itself(items: list[int], budget: int) -> None:
    def stage(batch: Sequence[int]) -> list[float]:
        return [6 / item for item in batch]

    results = in_batches(stage, items, length=abs, budget=budget)
    assert len(results) == len(items)
    for item, result in zip(items, results, strict=True):
        assert isinstance(result, ZeroDivisionError) if item == 0 else result == 6 / item


def test_a_stage_that_loses_sentences_costs_only_those() -> None:
    assert isolated(lambda batch: batch[:1], [1, 2]) == [1, 2]
    one, two, three = isolated(lambda batch: [x for x in batch if x != 2], [1, 2, 3])
    assert (one, three) == (1, 3)
    assert str(two) == "the stage gave 0 results for 1 input; a stage returns one for each"
    assert [str(e) for e in isolated(lambda batch: "ab", ["a", "b"])] == [
        "gave str instead of a list; a stage returns one for each input"
    ] * 2

    def ending(batch: Sequence[int]) -> list[int]:
        raise SystemExit(0)

    assert [str(e) for e in isolated(ending, [1])] == ["tried to end the program"]


def test_a_missing_backend_is_not_put_on_the_sentences() -> None:
    def broken(batch: Sequence[int]) -> list[int]:
        raise BackendError("no such model")

    with pytest.raises(BackendError):
        isolated(broken, [1, 2])


@settings(deadline=None)  # the first example loads what a pipeline needs
@given(st.lists(st.sampled_from(["", "Vigo", "Ana Pardo vive en Vigo.", "nada", "bomba", "Vigo e Vigo"]), max_size=25))
def test_one_result_a_sentence_in_order(texts: list[str]) -> None:
    made = list(pipeline(EchoTranslator(fail_on="bomba"), window=7, batch_words=9).run_texts(texts))
    assert [p.target.text for p in made] == texts
    for text, pair in zip(texts, made, strict=True):
        assert (pair.error is not None) == (text == "bomba")
        names = [] if text == "bomba" else re.findall("Vigo|Ana Pardo", text)
        assert [pair.labeled.surface(e) for e in pair.labeled.entities] == names


def test_equal_sentences_are_processed_once_and_keep_their_identity() -> None:
    translator = CountingTranslator()
    sentences = [Sentence.from_text("Vigo", id=str(k), language="gl") for k in range(5)]
    made = list(pipeline(translator, on_warning=None).run(sentences))
    assert translator.seen == ["Vigo"]
    assert [p.labeled.id for p in made] == list("01234")
    assert all(p.labeled.entities == (Entity(0, 1, "LOC", 1.0),) for p in made)


def test_decomposed_letters_are_composed_for_the_translator_only() -> None:
    translator = CountingTranslator()
    text = "A Corun\u0303a"
    (made,) = pipeline(translator, on_warning=None).run_texts([text])
    assert translator.seen == ["A Coruña"]
    assert made.target.text == text


def test_one_string_is_not_a_list_of_sentences() -> None:
    with pytest.raises(ValidationError, match="not one string"):
        pipeline().run_texts("Vigo")


def test_equal_words_in_another_text_are_not_equal() -> None:
    translator = CountingTranslator()
    list(pipeline(translator, on_warning=None).run_texts(["a b", "a  b"]))
    assert translator.seen == ["a b", "a  b"]


def test_errors_name_their_stage() -> None:
    class Wrong(DictionaryRecognizer):
        def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
            return [[Entity(0, 99 if "Vigo" in s.tokens else 1, "LOC")] for s in sentences]

    class Broken(OracleAligner):
        def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
            if any("mal" in p.target.tokens for p in pairs):
                raise RuntimeError("no\nmemory")
            return super().align(pairs)

    made = Pipeline(EchoTranslator(), Wrong({}), Broken(), target_lang="gl").run_texts(["Vigo", "mal", "ben"])
    assert [p.error for p in made] == [
        "recognizer: entity (0, 99) ends beyond the sentence of 1 token",
        "aligner: RuntimeError: no memory",
        None,
    ]


def test_an_empty_translation_is_an_error_and_an_empty_sentence_is_not() -> None:
    made = list(pipeline(DictionaryTranslator({"Vigo": " "})).run_texts(["Vigo", "", "\u200b"]))
    assert [p.error for p in made] == ["translator: the translation is empty", None, None]
    assert all(p.projection is not None for p in made[1:])


def test_unreadable_input_keeps_its_place() -> None:
    items = [Sentence.from_text("Vigo"), InputError("bad", path="x.conll", line=3), Sentence.from_text("Vigo")]
    made = list(pipeline().run(items))
    assert [p.error for p in made] == [None, "x.conll:3: bad", None]


def test_given_sources_and_links_are_kept() -> None:
    source = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),))
    pair = Pair(Sentence(("Vigo", "en")), source, Alignment(((1, 0),)))
    (made,) = Pipeline().run_pairs([pair])
    assert made.labeled.tags() == ["B-LOC", "O"]


def test_ignored_labels_are_not_projected() -> None:
    (made,) = pipeline(ignore=["LOC"]).run_texts(["Ana Pardo vive en Vigo"])
    assert [e.label for e in made.labeled.entities] == ["PER"]


def test_only_sentences_with_entities_are_aligned() -> None:
    class Watched(OracleAligner):
        seen: ClassVar[list[str]] = []

        def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
            self.seen.extend(p.target.tokens[0] for p in pairs)
            return super().align(pairs)

    chain = Pipeline("echo", DictionaryRecognizer(NAMES), Watched(), target_lang="gl")
    made = list(chain.run_texts(["Vigo si", "nada aqui"]))
    assert Watched.seen == ["Vigo"]
    assert made[1].projection is not None
    assert made[1].error is None
    unprojected = Pipeline("echo", DictionaryRecognizer(NAMES), Watched(), None, target_lang="gl")
    assert [p.alignment is not None for p in unprojected.run_texts(["Vigo si", "nada aqui"])] == [True, True]


def test_a_missing_part_is_an_error_on_the_pair() -> None:
    pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)))
    assert (
        next(Pipeline().run_pairs([pair])).error
        == "pipeline: no word links; give an aligner, or pairs with an alignment"
    )
    assert (
        next(Pipeline().run([Sentence(("Vigo",))])).error
        == "pipeline: no source sentence; give a translator, or pairs with a source"
    )


def test_bad_options_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least 1"):
        Pipeline(window=0)
    with pytest.raises(ValidationError, match="give target_lang"):
        Pipeline("echo")
    with pytest.raises(UnknownNameError, match="unknown translator 'ech'; did you mean 'echo'[?] known: apertium"):
        Pipeline("ech", target_lang="gl")


def test_the_direction_is_checked_before_the_first_sentence() -> None:
    class Directed(EchoTranslator):
        def check_direction(self, from_lang: str, to_lang: str) -> None:
            raise BackendError(f"no way from {from_lang} to {to_lang}")

    with pytest.raises(BackendError, match="no way from gl to en"):
        pipeline(Directed())


def test_fingerprint_names_what_matters_and_no_batch_sizes() -> None:
    first, second = pipeline(window=3, batch_words=7), pipeline()
    assert first.fingerprint == second.fingerprint
    assert "greedy?candidates=aligned" in first.fingerprint
    assert pipeline(ignore=["LOC"]).fingerprint != first.fingerprint


def test_fakes_from_files(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("Vigo\tLOC\n\nAna Pardo\tPER\n", encoding="utf-8")
    assert DictionaryRecognizer(str(path)).recognize([Sentence(("Ana", "Pardo", "Vigo"))])[0] == [
        Entity(0, 2, "PER"),
        Entity(2, 3, "LOC"),
    ]
    path.write_text("Vigo LOC\n", encoding="utf-8")
    with pytest.raises(InputError, match="names.tsv:1: expected two columns"):
        DictionaryTranslator(str(path))


def test_the_oracle_knows_its_pairs() -> None:
    oracle = OracleAligner({(("a", "b"), ("B", "A")): [(0, 1), (1, 0)]})
    pairs = [Pair(Sentence(("B", "A")), Sentence(("a", "b"))), Pair(Sentence(("x", "y")), Sentence(("a",)))]
    assert [a.links for a in oracle.align(pairs)] == [((0, 1), (1, 0)), ((0, 0),)]


def test_no_more_than_a_window_is_read_ahead() -> None:
    read: list[int] = []

    def texts() -> Iterator[str]:
        for k in range(1000):
            read.append(k)
            yield f"frase {k}"

    made = pipeline(window=10).run_texts(texts())
    next(made)
    assert len(read) == 10
    assert sum(1 for _ in made) == 999


def test_pipelines_pickle() -> None:
    texts = ["Ana Pardo vive en Vigo", "nada"]
    first = pipeline().with_confidence(min_confidence=0.2)
    again = pickle.loads(pickle.dumps(first))
    assert again.fingerprint == first.fingerprint
    assert list(again.run_texts(texts)) == list(first.run_texts(texts))
    recognition = RecognitionPipeline(DictionaryRecognizer(NAMES), lang="gl")
    assert list(pickle.loads(pickle.dumps(recognition)).run_texts(texts)) == list(recognition.run_texts(texts))


def test_confidence_is_added_to_a_copy() -> None:
    plain = pipeline()
    confident = plain.with_confidence(min_confidence=0.5)
    assert "confidence?min_confidence=0.5" in confident.fingerprint
    assert "confidence" not in plain.fingerprint
    list(confident.run_texts(["Vigo"]))
    assert (plain.labels.total(), confident.labels.total()) == (0, 1)
    unprojected = Pipeline("echo", target_lang="gl", projector=None)
    assert unprojected.with_confidence().projector is None


def test_equal_sentences_with_other_entities_are_not_equal_to_a_projector_that_reads_them() -> None:
    class Chooser:
        reads_target_entities = True

        def project(self, pairs: Sequence[Pair]) -> list[Projection]:
            return [Projection(p.target, (Outcome(source.entities[0], p.target.entities),)) for p in pairs]

    source = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    targets = [Sentence(("Vigo",), (Entity(0, 1, label),)) for label in ("LOC", "ORG")]
    made = Pipeline(None, None, "oracle", Chooser()).run_pairs([Pair(t, source) for t in targets])
    assert [pair.labeled.tags() for pair in made] == [["B-LOC"], ["B-ORG"]]


def test_pairs_say_what_they_lack() -> None:
    pair = Pair(Sentence(("Vigo",)))
    with pytest.raises(ValidationError, match="no source sentence"):
        pair.require_source()
    with pytest.raises(ValidationError, match="no alignment"):
        pair.require_alignment()
    with pytest.raises(ValidationError, match="no projection; translator: broken"):
        Pair(pair.target, error="translator: broken").require_projection()


def test_confidences_are_judged_without_a_look_at_the_gold_entities() -> None:
    vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    wrong = Pair(Sentence(("Vigo",), (Entity(0, 1, "ORG"),)), vigo)
    unlinked = Pair(vigo, vigo, error="aligner: broken")
    judged = judge_confidences(Pipeline(aligner="oracle"), [Pair(vigo, vigo), wrong, unlinked])
    assert judged.correct == (True, False)
    assert (judged.sentences, judged.errors) == ((0, 1), ((2, "aligner: broken"),))
    assert judged.fit().aligner == fingerprint_of(OracleAligner())
    with pytest.raises(ValidationError, match="at least 2 folds"):
        judged.cross_validated(1)


def test_parallel_files_are_read_as_pairs(tmp_path: Path) -> None:
    source, target, links = tmp_path / "en.conll", tmp_path / "gl.txt", tmp_path / "en-gl.talp"
    source.write_text("In\tO\nVigo\tB-LOC\n\nONU\tB-ORG\n", encoding="utf-8")
    target.write_text("Vigo\nONU\n", encoding="utf-8")
    links.write_text("1-0\n0-3\n", encoding="utf-8")
    first, bad = read_parallel(source, target, links, source_lang="en", target_lang="gl", require_source_tags=True)
    assert isinstance(first, Pair)
    assert first.require_alignment().links == ((1, 0),)
    assert (first.require_source().language, first.target.language) == ("en", "gl")
    assert isinstance(bad, InputError)
    assert (bad.path, bad.sentence) == (str(links), 2)
    links.write_text("1-0\n0-0\n", encoding="utf-8")
    twice = list(raise_errors(read_parallel(source, target, [links, links])))
    assert twice[0].require_alignment().weights == (1.0,)
    weighed = list(raise_errors(read_parallel(source, target, links, weigh_links=True)))
    assert weighed[0].require_alignment().weights is not None
    with pytest.raises(UsageError, match="needs an alignment"):
        read_parallel(source, target, weigh_links=True)
    with pytest.raises(UsageError, match="not standard input"):
        read_parallel("-", target, links, weigh_links=True)
