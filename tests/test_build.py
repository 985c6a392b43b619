"""Build training data: no sentence and no entity gets lost, whatever the translator does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import (
    Alignment,
    BackendError,
    Entity,
    InputError,
    Outcome,
    Pair,
    Projection,
    Reason,
    Sentence,
    TrainingDataBuilder,
    ValidationError,
)
from xlner.errors import StageError, UnknownNameError
from xlner.fakes import EchoTranslator, OracleAligner
from xlner.pipeline import label_translation
from xlner.pipeline.build_report import BuildReport
from xlner.pipeline.filters import SentenceFilters
from xlner.projection.fallback import remaining

VIGO = Sentence(("Ana", "lives", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(3, 4, "LOC")), id="1")


class Losing:
    """Gives texts back, without the brackets around given words."""

    def __init__(self, *words: str, says: str | None = None) -> None:
        self.words, self.says = words, says
        self.calls: list[list[str]] = []

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.calls.append(list(texts))
        for word in self.words:
            texts = [text.replace(f"[{word}]", word) for text in texts]
        return [self.says if self.says is not None and "[" in text else text for text in texts]


class BrokenAligner:
    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        raise StageError("no links today")


def test_markers_keep_labels_and_the_id_of_the_sentence() -> None:
    (made,) = TrainingDataBuilder("echo", "oracle", to_lang="gl").run([VIGO])
    assert made.labeled.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert (made.target.id, made.target.language, made.source) == ("1", "gl", VIGO)
    assert made.alignment is None  # nothing was lost
    assert made.target.entities == ()


def test_what_markers_lose_is_found_by_alignment() -> None:
    translator = Losing("Vigo")
    (made,) = TrainingDataBuilder(translator, "oracle", to_lang="gl").run([VIGO])
    assert made.labeled.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert made.alignment is not None
    assert made.projection is not None
    by_marker, by_links = made.projection.outcomes
    assert not any(name.startswith("markers:") for name in by_marker.scores)
    assert by_links.scores["markers:no-candidate"] == 1
    (alone,) = TrainingDataBuilder(translator, to_lang="gl", fallback=False).run([VIGO])
    assert alone.labeled.tags() == ["B-PER", "O", "O", "O"]
    assert alone.projection is not None
    assert alone.projection.outcomes[1].reason is Reason.NO_CANDIDATE


def test_what_alignment_finds_again_is_trimmed() -> None:
    class ToTheEnd:
        def project(self, pairs: Sequence[Pair]) -> list[Projection]:
            made = [
                [Outcome(e, (Entity(e.start, len(p.target), e.label),)) for e in p.require_source().entities]
                for p in pairs
            ]
            return [
                Projection(p.target.with_entities(e for o in outcomes for e in o.projected), tuple(outcomes))
                for p, outcomes in zip(pairs, made, strict=True)
            ]

    sentence = Sentence(("Vigo", "!", "!"), (Entity(0, 1, "LOC"),))
    (made,) = TrainingDataBuilder(Losing("Vigo"), "oracle", ToTheEnd(), to_lang="gl").run([sentence])
    assert [made.labeled.surface(e) for e in made.labeled.entities] == ["Vigo"]


def test_a_translation_that_only_markers_spoil_is_made_without_them() -> None:
    (made,) = TrainingDataBuilder(Losing(says=""), "oracle", to_lang="gl").run([VIGO])
    assert made.labeled.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert made.error is None
    (made,) = TrainingDataBuilder(Losing(says=""), to_lang="gl", fallback=False).run([VIGO])
    assert made.error == "translator: the translation is empty"
    assert (made.target.tokens, made.source) == ((), VIGO)


def test_the_method_align_marks_nothing() -> None:
    translator = Losing()
    (made,) = TrainingDataBuilder(translator, "oracle", "exact", to_lang="gl", method="align").run([VIGO])
    assert made.labeled.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert translator.calls == [["Ana lives in Vigo"]] * 2  # what comes back as it was is made again
    assert made.alignment is not None


def test_a_sentence_that_fails_has_its_error_and_costs_no_other() -> None:
    bad = Sentence(("It", "breaks"), (Entity(0, 1, "PER"),), id="bad")
    unread = InputError("no tags", path="a.conll", line=7)
    for method in ("markers", "align"):
        builder = TrainingDataBuilder(EchoTranslator(fail_on="breaks"), "oracle", to_lang="gl", method=method)
        first, second, third, fourth, fifth = builder.run([VIGO, bad, unread, Sentence(()), VIGO])
        assert (first.labeled, first.error, fifth.labeled) == (fifth.labeled, None, first.labeled)
        assert second.error == "translator: the echo translator was told to fail on 'breaks'"
        assert (second.target.tokens, second.target.id, second.source) == ((), "bad", bad)
        assert (third.error, third.source) == (str(unread), None)
        assert (fourth.error, fourth.target.tokens) == (None, ())


def test_a_sentence_that_failed_before_is_no_sentence_without_entities() -> None:
    failed = Sentence(("Ana",), meta={"error": "recognizer: broken"})
    (made,) = TrainingDataBuilder("echo", "oracle", to_lang="gl").run([failed])
    assert (made.error, made.projection) == ("source: recognizer: broken", None)


def test_an_aligner_that_fails_ends_a_sentence_only_if_nothing_else_labels_it() -> None:
    (made,) = TrainingDataBuilder(Losing("Vigo"), BrokenAligner(), to_lang="gl").run([VIGO])
    assert (made.error, made.labeled.tags()) == (None, ["B-PER", "O", "O", "O"])
    assert made.labeled.meta["fallback_error"] == "aligner: no links today"
    (made,) = TrainingDataBuilder("echo", BrokenAligner(), to_lang="gl", method="align").run([VIGO])
    assert made.error == "aligner: no links today"


def test_confidence_comes_from_links_where_it_is_asked_for() -> None:
    (made,) = TrainingDataBuilder("echo", "oracle", to_lang="gl", check=True).run([VIGO])
    assert made.alignment is not None
    assert all(e.score is not None and e.score > 0.9 for e in made.labeled.entities)
    wrong = OracleAligner({(VIGO.tokens, VIGO.tokens): [(0, 3), (3, 0)]})
    (made,) = TrainingDataBuilder("echo", wrong, to_lang="gl", check=True, min_confidence=0.9).run([VIGO])
    assert made.labeled.entities == ()
    assert made.projection is not None
    assert {o.reason for o in made.projection.outcomes} == {Reason.BELOW_THRESHOLD}


def test_labels_can_be_ignored() -> None:
    (made,) = TrainingDataBuilder("echo", "oracle", to_lang="gl", ignore={"PER"}).run([VIGO])
    assert made.labeled.tags() == ["O", "O", "O", "B-LOC"]
    assert made.source is not None
    assert [e.label for e in made.source.entities] == ["LOC"]


def test_a_suspicious_translation_is_flagged_or_dropped() -> None:
    loop = "Ana [Ana] " + "lives in lives in lives in lives in lives in lives in"
    (made,) = TrainingDataBuilder(Losing(says=loop), to_lang="gl", fallback=False).run([VIGO])
    assert "repeated" in made.labeled.meta["translation_warnings"]  # type: ignore[operator]
    (made,) = TrainingDataBuilder(Losing(says=loop), to_lang="gl", fallback=False, on_warning="drop").run([VIGO])
    assert made.error is not None
    assert "looks wrong" in made.error
    with pytest.raises(BackendError, match="looks wrong"):
        list(TrainingDataBuilder(Losing(says=loop), to_lang="gl", fallback=False, on_warning="stop").run([VIGO]))


def test_translators_that_translate_labels_themselves() -> None:
    class Own(EchoTranslator):
        def translate_labeled(self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str) -> list[Projection]:
            lost = tuple(Outcome(entity, reason=Reason.UNALIGNED) for entity in VIGO.entities)
            return [Projection(Sentence.from_text("nada", language=to_lang), lost) for _ in sentences]

    found = label_translation(Own(), "auto", from_lang="en", to_lang="gl")
    assert (found.name, found.translate([VIGO])[0].target.tokens) == ("own", ("nada",))
    assert label_translation(Own(), "tags", from_lang="en", to_lang="gl").name == "tags"
    for results in ([], [None], [Projection(VIGO, ())]):
        Own.translate_labeled = lambda self, sentences, *, from_lang, to_lang, g=results: g  # type: ignore
        (made,) = TrainingDataBuilder(Own(), "oracle", to_lang="gl", fallback=False).run([VIGO])
        assert made.error is not None
        assert made.error.startswith("translator: ")


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="already in en"):
        TrainingDataBuilder("echo", "oracle", to_lang="eng_Latn")
    with pytest.raises(UnknownNameError, match="known: markers, align"):
        TrainingDataBuilder("echo", "oracle", to_lang="gl", method="magic")
    with pytest.raises(UnknownNameError, match="known: auto, brackets"):
        TrainingDataBuilder("echo", "oracle", to_lang="gl", markers="stars")
    with pytest.raises(ValidationError, match="min_confidence 2"):
        TrainingDataBuilder("echo", "oracle", to_lang="gl", min_confidence=2)


def test_stages_that_are_not_ready() -> None:
    class Untrained(OracleAligner):
        trained = False
        training_options: ClassVar[dict[str, object]] = {}

        def train(self, pairs: object, folder: object) -> Untrained:
            raise NotImplementedError

        def with_model(self, folder: object) -> Untrained:
            raise NotImplementedError

        def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
            raise BackendError("it has to learn first")

    with pytest.raises(BackendError, match="learn first"):
        TrainingDataBuilder("echo", Untrained(), to_lang="gl")
    with pytest.raises(ValidationError, match="has no source sentence"):
        remaining(Pair(Sentence(())), [])


def test_the_fingerprint_tells_what_matters() -> None:
    def of(**options: object) -> str:
        return TrainingDataBuilder("echo", "oracle", to_lang="gl", **options).fingerprint  # type: ignore[arg-type]

    changes = [{"method": "align"}, {"markers": "tags"}, {"check": True}, {"min_confidence": 0.5}, {"ignore": ["PER"]}]
    assert len({of(), *(of(**change) for change in changes)}) == 6
    assert of() == of(batch_words=7, window=3)
    assert "aligner" not in of()


WORDS = st.sampled_from(["Ana", "Vigo", "lives", "in", "ONU", "."])


@st.composite
def labeled(draw: st.DrawFn) -> Sentence:
    tokens = draw(st.lists(WORDS, max_size=7))
    entities, position = [], 0
    while position < len(tokens):
        end = min(position + draw(st.integers(1, 2)), len(tokens))
        if draw(st.booleans()):
            entities.append(Entity(position, end, draw(st.sampled_from(["PER", "LOC"]))))
        position = end
    return Sentence(tuple(tokens), tuple(entities))


@given(st.lists(labeled(), max_size=5), st.sets(WORDS), st.sampled_from(["markers", "align"]), st.booleans())
def test_every_sentence_and_every_entity_is_accounted_for(
    sentences: list[Sentence], lost: set[str], method: str, fallback: bool
) -> None:
    builder = TrainingDataBuilder(Losing(*lost), "oracle", to_lang="gl", method=method, fallback=fallback, window=2)
    report, filters = BuildReport(), SentenceFilters(["entities:1"])
    pairs = list(report.made(builder.run(sentences)))
    list(report.written(filters.kept(pairs)))
    assert [pair.source for pair in pairs] == sentences
    assert report.sentences == len(sentences) == report.sentences_written + filters.report.dropped.total()
    for label in ("PER", "LOC"):
        count = report.labels[label]
        assert count.source == sum(e.label == label for s in sentences for e in s.entities)
        assert count.source == count.built + count.dropped.total()
        assert count.built == sum(e.label == label for p in pairs for e in p.labeled.entities)
        assert count.written <= count.built
    if fallback and not report.failed and all(p.target.tokens == p.source.tokens for p in pairs if p.source):
        assert {e.label for p in pairs for e in p.labeled.entities} == {e.label for s in sentences for e in s.entities}


@pytest.mark.skipif(not shutil.which("apertium-wblank-detach"), reason="needs Apertium 3.8")
def test_apertium_tells_which_word_became_which() -> None:
    sentences = [
        Sentence(("The", "European", "Union", "met", "in", "the", "United", "States", "."), (Entity(1, 3, "ORG"),)),
        Sentence(("Parliament", "'s", "position", "is", "clear", "."), (Entity(0, 1, "ORG"),)),
        Sentence(("Cafe\u0301", "in", "Mountain", "View"), (Entity(2, 4, "LOC"),)),
    ]
    try:
        builder = TrainingDataBuilder("apertium", to_lang="es")
    except BackendError:
        pytest.skip("needs apertium-eng-spa")
    union, parliament, view = builder.run(sentences)
    assert [parliament.labeled.surface(e) for e in parliament.labeled.entities] == ["parlamento"]  # without its article
    assert re.fullmatch(r"Unión Europea", union.labeled.surface(union.labeled.entities[0]), re.IGNORECASE)
    assert len(view.labeled.entities) == 1
    assert union.alignment is not None
    assert builder.aligner is None
    plain = TrainingDataBuilder("apertium", "oracle", to_lang="es", method="align").run(sentences)
    assert [p.target.text for p in plain] == [union.target.text, parliament.target.text, view.target.text]
    builder.translator.close()  # type: ignore[attr-defined]
