"""Every score against a literal transcription of its formula, and what earlier code gets wrong."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import disjoint_entities
from xlner import Alignment, Entity, Pair, Sentence, ValidationError
from xlner.errors import MissingExtraError, UnknownNameError, UsageError
from xlner.projection.candidates import ngrams
from xlner.projection.scores.alignment import alignment_score
from xlner.projection.scores.coverage import coverage_score
from xlner.projection.scores.link_coverage import range_maxima
from xlner.projection.scores.ner import NerScore, ner_score
from xlner.projection.scores.null_aware_coverage import null_aware_coverage_score
from xlner.projection.scores.surface import surface_score
from xlner.projection.scores.translation import TranslationScore, translation_score
from xlner.projection.scores.weighted_coverage import weighted_coverage_score
from xlner.projection.scores.weighted_sum import (
    PRESETS,
    Term,
    compute_scores,
    parse_weights,
    preset,
    resolve,
    weighted_sum,
    weights_text,
)
from xlner.text.spelling import fold

Scored = tuple[Pair, list[Entity], list[tuple[int, int]]]
WORDS = st.sampled_from(["Ana", "ana", "Vigo", "Москва", "Moskva", "北京", "!", "\u200b", "de", "Bédié", "a b"])
UNIT = st.floats(0, 1, allow_subnormal=False)


@st.composite
def scored(draw: st.DrawFn, *, weighted: bool = False) -> Scored:
    """A pair with words to compare and links, its entities and all candidates of up to five words."""
    entities, length = draw(disjoint_entities(8))
    n = draw(st.integers(0, 8))
    link = st.tuples(st.integers(0, max(length - 1, 0)), st.integers(0, max(n - 1, 0)))
    links = draw(st.lists(link, max_size=15)) if length and n else []
    weights = [draw(st.floats(-0.5, 1.5)) for _ in links] if weighted else None
    alignment = Alignment(tuple(links), None if weights is None else tuple(weights))
    source = [draw(WORDS) for _ in range(length)]
    target = [draw(WORDS) for _ in range(n)]
    pair = Pair(Sentence(tuple(target)), Sentence(tuple(source), tuple(entities)), alignment)
    return pair, entities, ngrams(n, 5)


def literal_coverage(m: NDArray[np.float64], s: Sequence[int], t: Sequence[int]) -> float:
    return float(sum(max(m[i, j] for j in t) for i in s) + sum(max(m[i, j] for i in s) for j in t)) / (len(s) + len(t))


def check(scores: NDArray[np.float64], case: Scored, literal: Any) -> None:
    """Compare all scores with `literal(entity, span)`."""
    _, entities, candidates = case
    assert scores.shape == (len(entities), len(candidates))
    expected = [[literal(e, c) for c in candidates] for e in entities]
    np.testing.assert_allclose(scores, np.reshape(expected, scores.shape), atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(scored(weighted=True), st.floats(0, 1))
def test_evidence_counts_words_without_a_link_less(case: Scored, cost: float) -> None:
    pair, entities, candidates = case
    links = dict(zip(pair.alignment.links, pair.alignment.weights or (), strict=True)) if pair.alignment else {}
    m = np.zeros((len(pair.source or ()), len(pair.target)))
    for link, weight in links.items():
        m[link] = min(max(weight, 0.0), 1.0)

    def literal(e: Entity, span: tuple[int, int]) -> float:
        s, t = range(*e.span), range(*span)
        length = sum(1.0 if any(m[:, j]) else cost for j in t)
        return float(sum(max(m[i, j] for j in t) for i in s) + sum(max(m[i, j] for i in s) for j in t)) / (
            len(s) + length
        )

    scores = null_aware_coverage_score(pair, entities, candidates, null_cost=cost)
    check(scores, case, literal)
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(
        null_aware_coverage_score(pair, entities, candidates, null_cost=1.0), weighted_coverage_score(*case)
    )


def test_evidence_needs_a_cost_between_0_and_1() -> None:
    pair = Pair(Sentence(("a",)), Sentence(("A",)), Alignment(()))
    with pytest.raises(ValidationError, match="outside"):
        null_aware_coverage_score(pair, [], [], null_cost=2.0)


@settings(deadline=None, max_examples=50)
@given(scored())
def test_bounded_counts_linked_words_literally(case: Scored) -> None:
    pair, entities, candidates = case
    links = set(pair.alignment.links if pair.alignment else ())

    def literal(e: Entity, span: tuple[int, int]) -> float:
        s, t = range(*e.span), range(*span)
        words = sum(any((i, j) in links for j in t) for i in s) + sum(any((i, j) in links for i in s) for j in t)
        return words / (len(s) + len(t))

    scores = coverage_score(pair, entities, candidates)
    check(scores, case, literal)
    assert (scores <= 1).all()


def test_many_links_of_a_word_push_alignment_over_one_but_not_bounded() -> None:
    pair = Pair(Sentence(("a", "b")), Sentence(("A", "B")), Alignment(((0, 0), (0, 1), (1, 0), (1, 1))))
    assert alignment_score(pair, [Entity(0, 2, "LOC")], [(0, 2)]).item() == 2
    assert coverage_score(pair, [Entity(0, 2, "LOC")], [(0, 2)]).item() == 1


def test_duplicate_links_count_once() -> None:
    pair = Pair(Sentence(("a",)), Sentence(("A", "B")), Alignment(((0, 0), (0, 0), (0, 0))))
    assert coverage_score(pair, [Entity(0, 2, "LOC")], [(0, 1)]).item() == pytest.approx(2 / 3)
    assert weighted_coverage_score(pair, [Entity(0, 1, "LOC")], [(0, 1)]).item() == 1


@settings(deadline=None, max_examples=50)
@given(scored(weighted=True))
def test_soft_takes_the_best_weight_of_every_word_literally(case: Scored) -> None:
    pair, entities, candidates = case
    assert pair.source is not None
    m = np.zeros((len(pair.source), len(pair.target)))
    for (i, j), weight in zip(pair.alignment.links, pair.alignment.weights or (), strict=True):  # type: ignore[union-attr]
        m[i, j] = min(max(weight, 0), 1)
    scores = weighted_coverage_score(pair, entities, candidates)
    check(scores, case, lambda e, c: literal_coverage(m, range(*e.span), range(*c)))
    assert ((scores >= 0) & (scores <= 1)).all()
    check(
        weighted_coverage_score(pair, entities, candidates, similarity=m.astype(np.float32)),
        case,
        lambda e, c: literal_coverage(m.astype(np.float32).astype(np.float64), range(*e.span), range(*c)),
    )


@settings(deadline=None, max_examples=50)
@given(scored())
def test_soft_without_weights_is_bounded(case: Scored) -> None:
    np.testing.assert_array_equal(weighted_coverage_score(*case), coverage_score(*case))


@given(st.lists(UNIT, min_size=1, max_size=20))
def test_range_maxima_are_maxima(row: list[float]) -> None:
    spans = ngrams(len(row), len(row))
    found = range_maxima(np.array([row]), np.array(spans))
    assert found.tolist() == [[max(row[a:b]) for a, b in spans]]


@pytest.mark.parametrize(
    "similarity", [np.zeros((2, 2)), np.full((1, 1), np.nan), np.full((1, 1), np.inf)], ids=["shape", "nan", "inf"]
)
def test_a_similarity_that_does_not_fit_is_refused(similarity: NDArray[np.float64]) -> None:
    with pytest.raises(ValidationError):
        weighted_coverage_score(Pair(Sentence(("a",)), Sentence(("A",))), [], [], similarity=similarity)


def test_scores_of_links_need_links() -> None:
    with pytest.raises(ValidationError, match="alignment"):
        coverage_score(Pair(Sentence(("a",)), Sentence(("A",))), [], [])
    for function in (surface_score, lambda *given: translation_score(*given, scorer=Same())):
        with pytest.raises(ValidationError, match="source"):
            function(Pair(Sentence(("a",))), [], [])


def lcs(a: str, b: str) -> int:
    """Longest common subsequence by the textbook table."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@settings(deadline=None, max_examples=50)
@given(scored(), st.sampled_from([0.0, 0.4, 0.7, 1.0]))
def test_surface_compares_folded_spellings_literally(case: Scored, threshold: float) -> None:
    pair, entities, candidates = case
    assert pair.source is not None
    source = pair.source

    def literal(e: Entity, span: tuple[int, int]) -> float:
        s = "".join(fold(t) for t in source.tokens[e.start : e.end])
        t = "".join(fold(t) for t in pair.target.tokens[slice(*span)])
        score = 2 * lcs(s, t) / (len(s) + len(t))
        return score if score >= threshold else 0.0

    check(surface_score(pair, entities, candidates, threshold=threshold), case, literal)


@pytest.mark.parametrize(
    ("token", "folded"),
    [("Bédié", "bedie"), ("Москва", "moskva"), ("北京", "beijing"), ("ẞ", "ss"), ("!", "!"), ("\u200b", "\u200b")],
)
def test_spellings_are_folded(token: str, folded: str) -> None:
    assert fold(token) == folded


def best_span(source: Sequence[str], target: Sequence[str]) -> list[tuple[int, int]]:
    """The spans of the best surface score for an entity that is the whole source."""
    spans = ngrams(len(target), 10)
    pair = Pair(Sentence(tuple(target)), Sentence(tuple(source)))
    scores = surface_score(pair, [Entity(0, len(source), "ORG")], spans)[0]
    return [s for s, score in zip(spans, scores, strict=True) if score == scores.max()]


def test_names_with_an_exclamation_mark_are_reachable_and_others_do_not_swallow_one() -> None:
    assert best_span(("Yahoo", "!"), ("di", "Yahoo", "!", "ne")) == [(1, 3)]
    assert best_span(("Yahoo",), ("di", "Yahoo", "!", "ne")) == [(1, 2)]
    assert best_span(("Vigo",), ("\u200b", "Vigo", ".")) == [(1, 2)]


def test_surface_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("rapidfuzz"):
            raise ImportError(name=name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"rapidfuzz is not installed; pip install 'xlner\[surface\]'"):
        surface_score(Pair(Sentence(("a",)), Sentence(("A",))), [], [])


CLASSES = ["O", "B-PER", "I-PER", "I-LOC", "ORG-GOV"]


@st.composite
def recognized(draw: st.DrawFn) -> tuple[Scored, NDArray[np.float64]]:
    case = draw(scored())
    rows = [[draw(st.floats(0.01, 1)) for _ in CLASSES] for _ in case[0].target.tokens]
    p = np.array(rows).reshape(len(rows), len(CLASSES))
    return case, p / p.sum(axis=1, keepdims=True)


@settings(deadline=None, max_examples=50)
@given(recognized(), st.sampled_from([0.0, 0.3]), st.sampled_from([1.0, 0.5, 2.0]))
def test_ner_score_is_the_scaled_mean_literally(
    drawn: tuple[Scored, NDArray[np.float64]], threshold: float, temperature: float
) -> None:
    case, given_p = drawn
    logits = np.log(given_p) / temperature
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {"PER": (1, 2), "LOC": (3, 3), "ORG-GOV": (4, 4)}

    def of_label(label: str, span: tuple[int, int]) -> float:
        b, i = columns[label]
        tags = [b] + [i] * (span[1] - span[0] - 1)
        words = range(*span)
        mean = sum(p[w, tag] for w, tag in zip(words, tags, strict=True)) / len(tags)
        agrees = all(given_p[w].argmax() == tag for w, tag in zip(words, tags, strict=True))
        return float(mean * 1.15 ** (len(tags) - 1) if agrees else mean)

    def cut(score: float) -> float:
        return score if score >= threshold else 0.0

    options: dict[str, Any] = {"threshold": threshold, "temperature": temperature}
    scores = ner_score(*case, probabilities=given_p, classes=CLASSES, **options)
    check(scores, case, lambda e, c: cut(of_label(e.label, c)))
    spans = ner_score(*case, probabilities=given_p, classes=CLASSES, spans_only=True, **options)
    check(spans, case, lambda e, c: cut(max(of_label(label, c) for label in columns)))


def test_a_model_without_classes_scores_zero() -> None:
    p = np.zeros((1, 0))
    assert ner_score(Pair(Sentence(("a",))), [Entity(0, 1, "X")], [(0, 1)], probabilities=p, classes=[]).item() == 0


def test_a_label_that_the_model_does_not_know_scores_zero() -> None:
    pair = Pair(Sentence(("a",)))
    p = np.array([[0.1, 0.9]])
    scores = ner_score(pair, [Entity(0, 1, "DATE")], [(0, 1)], probabilities=p, classes=["O", "PER"])
    assert scores.tolist() == [[0.0]]
    nothing = ner_score(pair, [Entity(0, 1, "PER")], [(0, 1)], probabilities=p[:, :1], classes=["O"], spans_only=True)
    assert nothing.tolist() == [[0.0]]


def test_long_recognized_spans_gain_by_length() -> None:
    p = np.array([[0, 1.0, 0], [0, 0, 1.0], [0, 0, 1.0]])
    score = NerScore(("O", "B-PER", "I-PER"), lambda _: p)
    spans = [(0, 1), (0, 3), (1, 3)]
    found = score(Pair(Sentence(("a", "b", "c"))), [Entity(0, 1, "PER")], spans)
    np.testing.assert_allclose(found, [[1, 1.15**2, 0.5]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"probabilities": np.ones((2, 2))},
        {"probabilities": np.array([[0.5, np.nan]])},
        {"probabilities": np.array([[2.0, 0]])},
        {"temperature": 0.0},
        {"alpha": -1.0},
    ],
    ids=str,
)
def test_ner_options_are_checked(wrong: dict[str, Any]) -> None:
    options = {"probabilities": np.array([[0.5, 0.5]]), "classes": ["O", "PER"], **wrong}
    with pytest.raises(ValidationError):
        ner_score(Pair(Sentence(("a",))), [], [], **options)


class Same:
    """Scores the share of letters that two texts have in common, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
        self.asked += zip(entity_texts, candidate_texts, strict=True)
        both = zip(entity_texts, candidate_texts, strict=True)
        return [len(set(a) & set(b)) / len(set(a) | set(b)) for a, b in both]


@settings(deadline=None, max_examples=50)
@given(scored())
def test_translation_score_asks_for_each_pair_of_phrases_once(case: Scored) -> None:
    pair, _, _ = case
    scorer = Same()

    def literal(e: Entity, span: tuple[int, int]) -> float:
        s = set(" ".join(pair.source.tokens[e.start : e.end]).replace(" !", "!"))  # type: ignore[union-attr]
        t = set(" ".join(pair.target.tokens[slice(*span)]).replace(" !", "!"))
        score = len(s & t) / len(s | t)
        return score if score >= 0.1 else 0.0

    check(TranslationScore(scorer)(*case), case, literal)
    assert len(scorer.asked) == len(set(scorer.asked))


def test_translation_score_reads_the_text_where_there_is_one() -> None:
    scorer = Same()
    pair = Pair(Sentence.from_text("in Vigo."), Sentence.from_text("en Vigo, si"))
    translation_score(pair, [Entity(1, 3, "LOC")], [(1, 3)], scorer=scorer)
    assert scorer.asked == [("Vigo,", "Vigo.")]


@pytest.mark.parametrize("answer", [[], [-1.0], [float("nan")]], ids=str)
def test_a_phrase_scorer_that_answers_nonsense_is_refused(answer: list[float]) -> None:
    class Wrong:
        def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
            return answer

    pair = Pair(Sentence(("a",)), Sentence(("A",)))
    with pytest.raises(ValidationError, match="phrase scorer"):
        translation_score(pair, [Entity(0, 1, "LOC")], [(0, 1)], scorer=Wrong())


@given(st.lists(st.tuples(UNIT, UNIT, UNIT), min_size=1, max_size=4))
def test_weighted_sum_is_its_definition(rows: list[tuple[float, float, float]]) -> None:
    terms = [Term(f"s{k}", weight, threshold) for k, (weight, threshold, _) in enumerate(rows)]
    total = weighted_sum(terms, [np.array([[score]]) for *_, score in rows])
    assert total.item() == pytest.approx(sum(w * s for w, t, s in rows if s >= t))


def test_weights_are_read_back() -> None:
    for terms in PRESETS.values():
        assert parse_weights(weights_text(terms)) == terms
    assert parse_weights("alignment, surface:0.5") == (Term("alignment"), Term("surface", 0.5))
    assert len([name for name in PRESETS if "surface" not in name and name != "null-aware-coverage"]) == 8


@pytest.mark.parametrize(
    "text", ["", "surface:x", "surface:1:2:3", "surface:-1", "surface:nan", "surface,surface", "surface:0"]
)
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises((UsageError, ValidationError)):
        parse_weights(text)


def test_unknown_scores_are_named() -> None:
    with pytest.raises(
        UnknownNameError, match="known: alignment, coverage, null_aware_coverage, weighted_coverage, surface"
    ):
        resolve([Term("spelling")], {})
    with pytest.raises(UsageError, match="pass a function"):
        resolve(preset("nmt"), {})
    with pytest.raises(UnknownNameError, match="no weight for the given score 'ner'"):
        resolve(preset("align"), {"ner": alignment_score})
    with pytest.raises(UnknownNameError, match="unknown preset"):
        preset("best")


@pytest.mark.parametrize("answer", [np.zeros(3), np.full((1, 1), -0.1), np.full((1, 1), np.nan)], ids=str)
def test_given_scores_are_checked(answer: NDArray[np.float64]) -> None:
    with pytest.raises(ValidationError, match="score 'mine'"):
        compute_scores({"mine": lambda *_: answer}, Pair(Sentence(("a",))), [Entity(0, 1, "LOC")], [(0, 1)])
