"""Kinds of errors and the stages they come from: one small case for each rule, and no entity counted twice or lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Alignment, Entity, Outcome, Pair, Pipeline, Projection, Reason, Sentence, evaluate
from xlner.evaluation import EntityError, ErrorKind, ErrorStage, examples, find_errors
from xlner.fakes import DictionaryRecognizer, DictionaryTranslator, EchoTranslator, OracleAligner

WORDS = tuple("abcdefghijkl")
TARGET = ("Xoán", "Pardo", "de", "Vigo", "vai")
SOURCE = ("John", "Pardo", "of", "Vigo", "goes")
DIAGONAL = tuple((k, k) for k in range(5))


def entities(text: str) -> tuple[Entity, ...]:
    """`0-2:PER 3-4:LOC` as entities."""
    parts = [part.replace("-", ":").split(":") for part in text.split()]
    return tuple(Entity(int(start), int(end), label) for start, end, label in parts)


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[Sentence, Sentence]:
    (gold, n), (predicted, m) = draw(disjoint_entities()), draw(disjoint_entities())
    tokens = ("w",) * max(n, m, 1)
    return Sentence(tokens, tuple(gold)), Sentence(tokens, tuple(predicted))


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ("1-3:PER", "0-3:PER", ["boundary left"]),
        ("1-3:PER", "2-3:PER", ["boundary left"]),
        ("1-3:PER", "1-2:PER", ["boundary right"]),
        ("1-3:PER", "0-4:PER", ["boundary both"]),
        ("1-3:PER", "1-3:LOC", ["type"]),
        ("1-3:PER", "0-3:LOC", ["type and boundary"]),
        ("1-3:PER", "", ["missed"]),
        ("", "1-3:PER", ["spurious"]),
        ("1-3:PER", "1-2:PER 2-3:PER", ["split"]),
        ("1-2:PER 2-3:LOC", "1-3:PER", ["merged"]),
        ("0-2:PER 2-4:LOC", "0-3:PER 3-4:LOC", ["boundary right", "boundary left"]),
        ("0-1:PER", "2-3:PER", ["missed", "spurious"]),
        ("0-1:PER 3-4:LOC", "0-1:PER 3-4:LOC", []),
    ],
)
def test_kinds(gold: str, predicted: str, kinds: list[str]) -> None:
    report = find_errors([Sentence(WORDS, entities(gold))], [Sentence(WORDS, entities(predicted))])
    assert [str(e.kind) for e in report.errors] == kinds
    assert all(e.attribution is None and e.stage is None for e in report.errors)


@given(st.lists(two_sides(), max_size=4), st.sets(st.sampled_from(["PER", "LOC"])))
def test_errors_add_up_to_what_is_wrong(pairs: list[tuple[Sentence, Sentence]], ignore: set[str]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    scores = evaluate(gold, predicted, ignore=ignore)
    report = find_errors(gold, predicted, ignore=ignore)
    assert report.counts == scores.micro
    wrong_gold = [(e.sentence, g) for e in report.errors for g in e.gold]
    wrong_predicted = [(e.sentence, p) for e in report.errors for p in e.predicted]
    assert len(set(wrong_gold)) == len(wrong_gold) == scores.micro.gold - scores.micro.correct
    assert len(set(wrong_predicted)) == len(wrong_predicted) == scores.micro.predicted - scores.micro.correct
    assert sum(map(len, report.by_kind().values())) == sum(map(len, report.by_stage().values())) == len(report.errors)
    if scores.micro.gold:
        assert scores.micro.f1 + report.gain(report.errors) == pytest.approx(1)


def only_error(
    gold: str,
    outcomes: list[tuple[str, str | Reason]],
    links: tuple[tuple[int, int], ...] = DIAGONAL,
    source: tuple[str, ...] = SOURCE,
) -> EntityError:
    """The one error of a sentence with these outcomes, of which each is a source entity and what became of it."""
    made = tuple(
        Outcome(entities(entity)[0], reason=became)
        if isinstance(became, Reason)
        else Outcome(entities(entity)[0], entities(became))
        for entity, became in outcomes
    )
    target = Sentence(TARGET)
    labeled = target.with_entities(e for o in made for e in o.projected)
    pair = Pair(target, Sentence(source, tuple(o.entity for o in made)), Alignment(links), Projection(labeled, made))
    (error,) = find_errors([target.with_entities(entities(gold))], [pair]).errors
    return error


@pytest.mark.parametrize(
    ("gold", "outcomes", "links", "stage", "why"),
    [
        # missed
        ("3-4:LOC", [], DIAGONAL, "recognition", "'Vigo' was not recognized"),
        ("3-4:LOC", [("3-4:LOC", Reason.OVERLAP)], DIAGONAL, "projection", "'Vigo' was dropped: overlap"),
        ("3-4:LOC", [("3-4:LOC", Reason.UNALIGNED)], (), "alignment", "'Vigo' has no link"),
        ("3-4:LOC", [], (), "alignment", "its words are in the translation, but have no links"),
        ("4-5:LOC", [], (), "translation", "nothing in the translation is linked to it"),
        (
            "0-2:PER 4-5:PER",
            [("0-2:PER", "0-2:PER")],
            ((0, 0), (0, 4)),
            "alignment",
            "linked to 'John Pardo', which belongs",
        ),
        # spurious
        (
            "",
            [("3-4:LOC", "3-4:LOC")],
            DIAGONAL,
            "recognition",
            "'Vigo' was recognized, but the gold data has",
        ),
        # labels
        ("3-4:LOC", [("3-4:ORG", "3-4:ORG")], DIAGONAL, "recognition", "'Vigo' was recognized as ORG"),
        ("3-4:LOC", [("3-4:LOC", "3-4:ORG")], DIAGONAL, "projection", "'Vigo' changed its label"),
        ("3-4:LOC", [("3-4:ORG", "2-4:ORG")], DIAGONAL, "recognition", "'Vigo' was recognized as ORG"),
        # boundaries
        ("0-2:PER", [("0-2:PER", "0-1:PER")], ((0, 0),), "alignment", "'Pardo' has no link"),
        ("0-2:PER", [("0-2:PER", "0-1:PER")], DIAGONAL, "projection", "'Pardo' is linked, but was left out"),
        ("0-2:PER", [("0-1:PER", "0-1:PER")], DIAGONAL, "recognition", "'Pardo' was not in the recognized entity"),
        ("0-1:PER", [("0-1:PER", "0-2:PER")], DIAGONAL, "projection", "'Pardo' was added without a link"),
        ("0-1:PER", [("0-1:PER", "0-2:PER")], ((0, 0), (0, 1)), "alignment", "'Pardo' has a wrong link"),
        ("0-1:PER", [("0-2:PER", "0-2:PER")], DIAGONAL, "recognition", "'Pardo' was in the recognized entity"),
        ("0-3:PER", [("1-3:PER", "1-2:PER")], DIAGONAL, "recognition", "'John' was not in the recognized entity"),
        # split and merged
        ("0-4:PER", [("0-2:PER", "0-2:PER"), ("3-4:LOC", "3-4:LOC")], DIAGONAL, "recognition", "as 2 entities"),
        ("0-4:PER", [("0-4:PER", "0-2:PER 3-4:PER")], DIAGONAL, "projection", "in pieces"),
        ("0-2:PER 3-4:LOC", [("0-4:PER", "0-4:PER")], DIAGONAL, "recognition", "recognized as one entity"),
        ("0-2:PER 3-4:LOC", [("0-2:PER", "0-4:PER")], DIAGONAL, "projection", "onto more than its words"),
    ],
)
def test_the_stage_that_an_error_comes_from(
    gold: str, outcomes: list[tuple[str, str | Reason]], links: tuple[tuple[int, int], ...], stage: str, why: str
) -> None:
    error = only_error(gold, outcomes, links)
    assert error.attribution is not None
    assert error.stage == stage
    assert why in error.attribution.why


@pytest.mark.parametrize(
    ("gold", "outcome", "links", "stage", "why"),
    [
        # a word that was left out, then one of another source word
        ("0-3:PER", ("0-2:PER", "0-1:PER"), DIAGONAL, "recognition", "'of' was not in the recognized entity"),
        # a word of another source word, then one that was left out
        ("0-3:PER", ("0-1:PER", "2-3:PER"), ((0, 1), (1, 0), (2, 2)), "recognition", "'Pardo' was not in"),
        # a word that was left out, then one without a link
        ("0-3:PER", ("0-2:PER", "0-1:PER"), ((0, 0), (1, 1)), "alignment", "'de' has no link"),
        # a word without a link, then one that was left out
        ("0-3:PER", ("1-3:PER", "2-3:PER"), ((1, 1), (2, 2)), "alignment", "'Xoán' has no link"),
        # a word without a link, then one of another source word
        ("0-3:PER", ("0-1:PER", "0-1:PER"), ((0, 0), (2, 2)), "recognition", "'of' was not in"),
        # a word of another source word, then one without a link
        ("0-3:PER", ("2-3:PER", "2-3:PER"), ((0, 0), (2, 2)), "recognition", "'John' was not in"),
        # a word of another source word, then an added one without a link
        ("0-2:PER", ("1-2:PER", "1-3:PER"), ((0, 0), (1, 1)), "recognition", "'John' was not in"),
        # two words of one stage: the first
        ("0-3:PER", ("0-1:PER", "0-1:PER"), ((0, 0),), "alignment", "'Pardo' has no link"),
    ],
)
def test_the_earliest_stage_counts(
    gold: str, outcome: tuple[str, str], links: tuple[tuple[int, int], ...], stage: str, why: str
) -> None:
    error = only_error(gold, [outcome], links)
    assert error.attribution is not None
    assert (str(error.stage), why in error.attribution.why) == (stage, True), error.attribution


def test_the_order_of_the_stages() -> None:
    assert [str(stage) for stage in ErrorStage] == [
        "translation",
        "recognition",
        "alignment",
        "projection",
        "ensemble",
    ]


def attributions(
    gold: str, outcomes: list[tuple[str, str]], links: tuple[tuple[int, int], ...]
) -> list[tuple[str, str, str]]:
    made = tuple(Outcome(entities(entity)[0], entities(became)) for entity, became in outcomes)
    target = Sentence(TARGET)
    labeled = target.with_entities(e for o in made for e in o.projected)
    pair = Pair(target, Sentence(SOURCE), Alignment(links), Projection(labeled, made))
    errors = find_errors([target.with_entities(entities(gold))], [pair]).errors
    return [(str(e.kind), str(e.stage), e.attribution.why) for e in errors if e.attribution]


def test_an_entity_in_the_wrong_place_is_missed_here_and_spurious_there() -> None:
    assert attributions("3-4:LOC", [("3-4:LOC", "4-5:LOC")], DIAGONAL) == [
        ("missed", "projection", "'Vigo' was projected elsewhere"),
        ("spurious", "projection", "'Vigo' belongs to 'Vigo'"),
    ]
    assert attributions("3-4:LOC", [("3-4:LOC", "4-5:LOC")], ((3, 4),)) == [
        ("missed", "alignment", "its words are in the translation, but have no links"),
        ("spurious", "alignment", "'Vigo' is linked to this, but not to 'Vigo'"),
    ]


def test_predictions_that_no_source_entity_made_and_empty_translations() -> None:
    target = Sentence(TARGET)
    empty = Pair(target, Sentence(()), projection=Projection(target, ()))
    (error,) = find_errors([target.with_entities(entities("0-1:PER"))], [empty]).errors
    assert error.attribution is not None
    assert error.attribution.why == "the translation is empty"
    for gold, predicted in (
        ("", "3-4:LOC"),
        ("3-4:LOC", "3-4:ORG"),
        ("0-4:PER", "0-2:PER 3-4:PER"),
        ("0-2:PER 3-4:LOC", "0-4:PER"),
    ):
        projection = Projection(target.with_entities(entities(predicted)), ())
        pair = Pair(target, Sentence(SOURCE), Alignment(DIAGONAL), projection)
        (error,) = find_errors([target.with_entities(entities(gold))], [pair]).errors
        assert error.attribution is not None
        assert (error.stage, error.attribution.why) == (ErrorStage.ENSEMBLE, "it is not one of the projected entities")


@pytest.mark.parametrize(
    ("message", "stage"),
    [
        ("translator: too long", ErrorStage.TRANSLATION),
        ("recognizer: too long", ErrorStage.RECOGNITION),
        ("aligner: too long", ErrorStage.ALIGNMENT),
        ("projector: too long", ErrorStage.PROJECTION),
        ("pipeline: no source", None),
    ],
)
def test_sentences_that_failed(message: str, stage: ErrorStage | None) -> None:
    target = Sentence(("Vigo",))
    (error,) = find_errors([target.with_entities([Entity(0, 1, "LOC")])], [Pair(target, error=message)]).errors
    assert (error.kind, error.stage) == (ErrorKind.MISSED, stage)
    assert error.attribution is None or error.attribution.why == "failed: too long"


def test_a_pipeline_is_traced_stage_by_stage() -> None:
    gold = [
        Sentence(("Ana", "vive", "en", "Vigo"), entities("0-1:PER 3-4:LOC")),
        Sentence(("Lugo", "está", "lonxe"), entities("0-1:LOC")),
    ]
    pipeline = Pipeline(
        DictionaryTranslator({"vive": "lives", "en": "in"}),
        DictionaryRecognizer({"Vigo": "LOC"}),
        OracleAligner(),
        "greedy",
        target_lang="gl",
    )
    report = find_errors(gold, pipeline.run_pairs([Pair(s) for s in gold]))
    assert [(e.sentence, str(e.stage)) for e in report.errors] == [(1, "recognition"), (2, "recognition")]
    assert list(report.by_stage()) == [ErrorStage.RECOGNITION]
    failing = Pipeline(
        EchoTranslator(fail_on="Lugo"), DictionaryRecognizer({}), OracleAligner(), "greedy", target_lang="gl"
    )
    report = find_errors(gold, failing.run_pairs([Pair(s) for s in gold]))
    assert [str(e.stage) for e in report.errors] == ["recognition", "recognition", "translation"]


def test_examples_come_from_all_over() -> None:
    gold = [Sentence(("a",), entities("0-1:PER"))] * 10
    errors = find_errors(gold, [s.with_entities(()) for s in gold]).errors
    assert [e.sentence for e in examples(errors, 3)] == [1, 4, 7]
    assert len(examples(errors, 20)) == 10
    assert examples(errors, 0) == []
