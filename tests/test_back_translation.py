from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from tests.strategies import disjoint_entities
from xlner import (
    Alignment,
    BackendError,
    Entity,
    Outcome,
    Pair,
    Pipeline,
    Projection,
    Reason,
    Sentence,
    ValidationError,
    load,
)
from xlner.errors import StageError, UnknownNameError
from xlner.fakes import DictionaryRecognizer, DictionaryTranslator, EchoTranslator, OracleAligner
from xlner.projection.back_translation import BackTranslationProjector
from xlner.projection.matching_projector import greedy_projector
from xlner.projection.range_projectors import HeuristicProjector
from xlner.stages import Projector


class Translations:
    """Translates by rule, and writes down what it was asked."""

    fingerprint = "translations"

    def __init__(self, *rules: tuple[str, str]) -> None:
        self.rules = rules
        self.calls: list[list[str]] = []

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.calls.append(list(texts))
        return [self._translate_one(text) for text in texts]

    def _translate_one(self, text: str) -> str:
        for pattern, replacement in self.rules:
            text = re.sub(pattern, replacement, text)
        return text


class SameWords:
    """Links equal words, and writes down how many pairs it was given."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        self.calls.append(len(pairs))
        return [self._align_one(pair.source or Sentence(()), pair.target) for pair in pairs]

    def _align_one(self, source: Sentence, target: Sentence) -> Alignment:
        return Alignment(
            tuple((i, j) for i, s in enumerate(source.tokens) for j, t in enumerate(target.tokens) if s == t)
        )


class Short:
    """A stage that loses results."""

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        return []

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        return []


def projector(translator: object, forward: Projector | None = None, **options: object) -> BackTranslationProjector:
    return BackTranslationProjector(
        translator,  # type: ignore[arg-type]
        SameWords(),
        forward or greedy_projector(),
        **{"source_lang": "en", "target_lang": "gl", **options},  # type: ignore[arg-type]
    )


def pair(target: str, source: str, entities: Sequence[Entity], links: Sequence[tuple[int, int]] | None = ()) -> Pair:
    return Pair(
        Sentence.from_text(target, language="gl"),
        Sentence.from_text(source, language="en").with_entities(entities),
        None if links is None else Alignment(tuple(links)),
    )


ANA = [Entity(0, 1, "PER"), Entity(3, 4, "LOC")]
LINKS = [(0, 0), (1, 1), (2, 2), (3, 3)]
LONDON = pair("Ana vive en Londres", "Ana lives in London", ANA, LINKS)
TO_GALICIAN = (("London", "Londres"), ("lives", "vive"), (r"\bin\b", "en"))


def route(outcome: Outcome) -> dict[str, float]:
    """The scores that are not the forward projector's."""
    return {name: score for name, score in outcome.scores.items() if ":" in name or name == "similarity"}


def tags(made: Projection) -> str:
    return " ".join(made.sentence.tags())


@given(disjoint_entities(), st.sampled_from(["brackets", "tags", "labels"]), st.booleans())
def test_an_echo_gives_the_labels_of_the_forward_route(
    drawn: tuple[list[Entity], int], marker: str, spaced: bool
) -> None:
    entities, length = drawn
    words = tuple(f"w{k}" for k in range(length))
    made = Pair(Sentence(words), Sentence(words, tuple(entities)), Alignment(tuple((k, k) for k in range(length))))
    for forward in (greedy_projector(), HeuristicProjector()):
        (back,) = projector(EchoTranslator(), forward, marker=marker, spaced=spaced).project([made])
        (direct,) = forward.project([made])
        assert back.sentence.tags() == direct.sentence.tags()
        assert [o.entity for o in back.outcomes] == entities
        assert all(o.scores["similarity"] == 1.0 for o in back.outcomes)


def test_it_goes_by_the_back_translation_and_not_by_the_links_of_the_pair() -> None:
    wrong = pair("Ana vive en Londres", "Ana lives in London", ANA, [(0, 1), (3, 2)])
    (made,) = projector(Translations(*TO_GALICIAN)).project([wrong])
    assert tags(made) == "B-PER O O B-LOC"
    assert route(made.outcomes[1]) == {"similarity": 1.0}
    assert made.outcomes[1].scores["alignment"] == 1.0


def test_word_by_word_translation_with_spaced_brackets() -> None:
    words = DictionaryTranslator({"London": "Londres", "lives": "vive", "in": "en"})
    (made,) = projector(words, spaced=True).project([LONDON])
    assert tags(made) == "B-PER O O B-LOC"


def test_a_lost_marker_falls_back_with_its_reason() -> None:
    (made,) = projector(Translations((r"\[London\]", "Londres"), *TO_GALICIAN)).project([LONDON])
    assert tags(made) == "B-PER O O B-LOC"
    assert route(made.outcomes[0]) == {"similarity": 1.0}
    assert route(made.outcomes[1]) == {"markers:no-candidate": 1.0}


def test_all_markers_lost_is_the_forward_route() -> None:
    (made,) = projector(Translations((r"[][]", ""))).project([LONDON])
    (direct,) = greedy_projector().project([LONDON])
    assert made.sentence == direct.sentence
    assert all("markers:no-candidate" in o.scores for o in made.outcomes)


def test_an_empty_translation_is_the_forward_route() -> None:
    (made,) = projector(Translations((".+", ""))).project([LONDON])
    assert tags(made) == "B-PER O O B-LOC"


def test_what_the_back_translation_cannot_place_falls_back() -> None:
    (made,) = projector(Translations(("London", "Londra"))).project([LONDON])
    assert tags(made) == "B-PER O O B-LOC"
    assert route(made.outcomes[1]) == {"similarity": 1.0, "back:unaligned": 1.0}


def test_without_fallback_the_reason_stands() -> None:
    lost = Translations((r"\[London\]", "Londres"), *TO_GALICIAN)
    (made,) = projector(lost, fallback=False).project([LONDON])
    assert [o.reason for o in made.outcomes] == [None, Reason.NO_CANDIDATE]
    unlinked = Pair(LONDON.target, LONDON.source)
    (made,) = projector(lost).project([unlinked])
    assert [o.reason for o in made.outcomes] == [None, Reason.NO_CANDIDATE]
    assert tags(made) == "B-PER O O O"


def test_a_translator_that_reorders_keeps_labels_and_the_order_of_outcomes() -> None:
    made_pair = pair("En Londres vive Ana", "Ana lives in London", ANA)
    (made,) = projector(Translations(("(.*) lives in (.*)", r"En \2 vive \1"), *TO_GALICIAN)).project([made_pair])
    assert tags(made) == "O B-LOC O B-PER"
    assert [o.projected[0].label for o in made.outcomes] == ["PER", "LOC"]


def test_fallback_stays_off_words_that_are_taken() -> None:
    links = [(0, 3), (3, 3)]
    made_pair = pair("Ana vive en Londres", "Ana lives in London", ANA, links)
    (made,) = projector(Translations((r"\[Ana\]", "Eva"), *TO_GALICIAN)).project([made_pair])
    assert tags(made) == "O O O B-LOC"
    assert [o.reason for o in made.outcomes] == [Reason.OVERLAP, None]


def test_fallback_that_overlaps_is_dropped() -> None:
    class Wide:
        """Greedy, but as fallback puts the first entity on all words."""

        def project(self, pairs: Sequence[Pair]) -> list[Projection]:
            made = []
            for each in pairs:
                forward = greedy_projector().project([each])[0]
                if each.source is not None and each.source.tokens[0] == "Lost":
                    wide = Entity(0, 4, "PER")
                    outcome = Outcome(forward.outcomes[0].entity, (wide,))
                    forward = Projection(each.target.with_entities([wide]), (outcome,))
                made.append(forward)
            return made

    made_pair = Pair(
        Sentence(("Ana", "vive", "en", "Londres")),
        Sentence(("Lost", "lives", "in", "London"), tuple(ANA)),
        Alignment(((0, 0),), (0.5,)),
    )
    (made,) = projector(Translations((r"\[Lost\]", "Ana"), *TO_GALICIAN), Wide()).project([made_pair])
    assert [o.reason for o in made.outcomes] == [Reason.OVERLAP, None]
    assert tags(made) == "O O O B-LOC"


def test_stages_get_batches_and_every_text_once() -> None:
    translator = Translations((r"\[Eva\]", "Eva"), *TO_GALICIAN)
    eva = pair("Eva vive", "Eva lives", [Entity(0, 1, "PER")], [(0, 0)])
    plain = pair("vive", "lives", [])
    empty = Pair(Sentence(()), Sentence(()), Alignment(()))
    made = projector(translator)
    out = made.project([LONDON, eva, plain, empty, LONDON])
    assert translator.calls == [["[Ana] lives in [London]", "[Eva] lives"], ["Ana", "London", "Eva"]]
    assert made.aligner.calls == [2]  # type: ignore[attr-defined]
    assert [tags(p) for p in out] == ["B-PER O O B-LOC", "B-PER O", "O", "", "B-PER O O B-LOC"]
    assert [len(p.outcomes) for p in out] == [2, 1, 0, 0, 2]


def test_nothing_to_do_asks_nobody() -> None:
    translator = Translations()
    made = projector(translator)
    assert made.project([]) == []
    assert len(made.project([pair("vive", "lives", [])])) == 1
    assert (translator.calls, made.aligner.calls) == ([], [])  # type: ignore[attr-defined]


def test_an_empty_target_gets_nothing() -> None:
    (made,) = projector(EchoTranslator()).project([pair("", "Ana lives in London", ANA)])
    assert [o.reason for o in made.outcomes] == [Reason.UNALIGNED] * 2


MANGLED = st.lists(st.sampled_from(["[", "]", "w0", "w1", "w2", "w5", "x", " "]), max_size=20).map("".join)


@given(disjoint_entities(), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5)), max_size=8), MANGLED)
def test_counts_add_up_whatever_comes_back(
    drawn: tuple[list[Entity], int], links: list[tuple[int, int]], mangled: str
) -> None:
    entities, length = drawn
    words = tuple(f"w{k}" for k in range(length))
    known = tuple((s, t) for s, t in links if s < length)
    made_pair = Pair(Sentence(("w0", "w1", "w2", "w3", "w4", "w5")), Sentence(words, tuple(entities)), Alignment(known))
    (made,) = projector(Translations((r".*\[.*", mangled))).project([made_pair])
    assert [o.entity for o in made.outcomes] == entities
    projected = sorted(e for o in made.outcomes for e in o.projected)
    assert projected == list(made.sentence.entities)
    assert sum(o.dropped for o in made.outcomes) + sum(not o.dropped for o in made.outcomes) == len(entities)


def test_in_a_pipeline() -> None:
    back = BackTranslationProjector(
        EchoTranslator(), OracleAligner(), greedy_projector(), source_lang="en", target_lang="glg"
    )
    names = DictionaryRecognizer({"Vigo": "LOC"})
    pipeline = Pipeline(EchoTranslator(), names, OracleAligner(), back, target_lang="gl")
    (done,) = pipeline.run_texts(["Ana vive en Vigo."])
    assert done.labeled.tags() == ["O", "O", "O", "B-LOC", "O"]
    assert "back-translation?source_lang=en&target_lang=gl" in pipeline.fingerprint


def test_the_fingerprint_names_options_and_stages() -> None:
    made = projector(Translations())
    assert made.fingerprint == (
        "back-translation?source_lang=en&target_lang=gl&marker=brackets&spaced=False&threshold=0.5&fallback=True "
        f"(translations | SameWords | {greedy_projector().fingerprint})"
    )
    assert isinstance(made, Projector)


def test_options_pairs_and_stages_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="unknown markers 'stars'"):
        projector(EchoTranslator(), marker="stars")
    with pytest.raises(ValidationError, match="outside"):
        projector(EchoTranslator(), threshold=-1.0)
    with pytest.raises(ValidationError, match="has no source sentence"):
        projector(EchoTranslator()).project([Pair(Sentence(("a",)))])
    with pytest.raises(StageError, match="the projector gave 0 results for 1 input"):
        projector(EchoTranslator(), Short()).project([LONDON])
    made = BackTranslationProjector(EchoTranslator(), Short(), greedy_projector(), source_lang="en", target_lang="gl")
    with pytest.raises(StageError, match="the aligner gave 0 results for 1 input"):
        made.project([LONDON])


ECHO = "back-translation?translator=echo&aligner=oracle&forward=(heuristic?gap=2)"


def test_from_a_spec_with_specs_in_it() -> None:
    made = load("projector", ECHO, target_lang="glg")
    assert made.forward.fingerprint == HeuristicProjector(gap=2).fingerprint
    assert (made.options.source_lang, made.options.target_lang) == ("en", "gl")
    again = load("projector", f"back-translation?translator=echo&aligner=oracle&forward=({ECHO})&target_lang=gl")
    assert isinstance(again.forward, BackTranslationProjector)


def test_a_pipeline_lends_its_stages_and_languages() -> None:
    names = DictionaryRecognizer({"Vigo": "LOC"})
    pipeline = Pipeline("echo", names, "oracle", "back-translation", target_lang="gl", source_lang="pt")
    lent = pipeline.projector
    assert isinstance(lent, BackTranslationProjector)
    assert lent.translator is pipeline.translator
    assert lent.aligner is pipeline.aligner
    assert (lent.options.source_lang, lent.options.target_lang) == ("pt", "gl")
    own = Pipeline("echo", names, "oracle", ECHO, target_lang="gl").projector
    assert isinstance(own, BackTranslationProjector)
    assert isinstance(own.forward, HeuristicProjector)
    (done,) = pipeline.run_texts(["Ana vive en Vigo."])
    assert done.labeled.tags() == ["O", "O", "O", "B-LOC", "O"]


def test_the_summary_is_that_of_the_translator(tmp_path: Path) -> None:
    assert projector(EchoTranslator()).summary == "by translation: Returns every text unchanged"
    none = load("projector", f"back-translation?translator=(apertium?modes_dir={tmp_path})&aligner=oracle")
    with pytest.raises(BackendError, match="no Apertium language pair is installed"):
        _ = none.summary


def test_a_route_that_the_translator_does_not_have_is_noticed_at_once(tmp_path: Path) -> None:
    spec = f"back-translation?translator=(apertium?modes_dir={tmp_path})&aligner=oracle"
    with pytest.raises(BackendError, match="Apertium cannot translate from en to gl"):
        load("projector", spec, target_lang="gl")


def test_project_by_back_translation_on_the_command_line(xlner: Command, tmp_path: Path) -> None:
    source, target, words = tmp_path / "en.conll", tmp_path / "gl.conll", tmp_path / "words.tsv"
    source.write_text("Ana\tB-PER\nlives\tO\nin\tO\nLondon\tB-LOC\n\nDover\tB-LOC\n\nnothing\tO\n\n", encoding="utf-8")
    target.write_text("Ana\tO\nvive\tO\nen\tO\nLondres\tO\n\nDover\tO\n\nnada\tO\n\n", encoding="utf-8")
    words.write_text("lives\tvive\nin\ten\n[London]\t[Londres]\nLondon\tLondres\n[Dover]\tDover\n", encoding="utf-8")
    links = tmp_path / "links.talp"
    links.write_text("0-0\n0-0\n\n", encoding="utf-8")
    spec = f"back-translation?translator=(dictionary:{words})&aligner=oracle"
    command = ["project", source, target, "--alignment", links, "--output-format", "jsonl", "--projector", spec]
    ran = xlner(*command, "--lang", "gl")
    assert ran.code == 0, ran.err
    first, second, third = (json.loads(line) for line in ran.out.splitlines())
    assert first["ner_tags"] == ["B-PER", "O", "O", "B-LOC"]
    assert first["outcomes"][1]["scores"]["similarity"] == 1.0
    assert second["ner_tags"] == ["B-LOC"]
    assert "markers:no-candidate" in second["outcomes"][0]["scores"]
    assert third["ner_tags"] == ["O"]
    refused = xlner(*command)
    assert refused.code == 2
    assert "back-translation needs to know the target language; give --lang" in refused.err
    assert xlner(*command, "--lang", "gl", "-o", tmp_path / "a.jsonl", "--run-dir", tmp_path / "run").code == 0


def test_label_by_back_translation_on_the_command_line(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("Ana Pardo vive en Vigo.\n", encoding="utf-8")
    ran = xlner("label", text, "--lang", "gl", *fakes, "--projector", "back-translation", "--output-format", "conll")
    assert [line.split("\t")[1] for line in ran.out.splitlines() if "\t" in line] == [
        *("B-PER", "I-PER", "O", "O", "B-LOC", "O")
    ]
