"""The boundaries of every documented rule: at, just below and just above each threshold, and what wins a tie."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.test_projection import pair
from xlner import Alignment, Entity, Outcome, Pair, Projection, Reason, Sentence, ValidationError, load
from xlner.core.entity import Span
from xlner.errors import UsageError
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner
from xlner.projection import (
    BackTranslationProjector,
    Calibration,
    CandidateOptions,
    ConfidentProjector,
    FusedProjector,
    HeuristicProjector,
    HullProjector,
    MatchingProjector,
    MultiSourceProjector,
    NerCandidatesProjector,
    NerScore,
    ScoredSpan,
    Term,
    TranslationScore,
    WrittenMarkers,
    between_aligned,
    greedy_projector,
    match_spans,
    merged_ranges,
    ner_score,
    ngrams,
    null_aware_coverage_score,
    recover_entities,
    surface_score,
    translation_score,
    without_unsure,
)
from xlner.projection.entity_clusters import ClusterMember, cluster_entities
from xlner.projection.kernels.flat import SCALE
from xlner.projection.ner_candidates import assign_spans
from xlner.projection.scores.weighted_sum import parse_weights, terms_of, weighted_sum
from xlner.stages import (
    GroupProjector,
    ProbabilisticRecognizer,
    Projector,
    TargetEntityProjector,
    fingerprint_of,
)

A, B, C = (Entity(k, k + 1, "LOC") for k in range(3))


def spans(projector: Projector, made: Pair) -> list[Span]:
    return [e.span for e in projector.project([made])[0].sentence.entities]


def reason(projector: Projector, made: Pair, k: int = 0) -> Reason | None:
    return projector.project([made])[0].outcomes[k].reason


# Gaps and candidates


@pytest.mark.parametrize("gap", [0, 1, 2, 3])
def test_words_are_joined_across_at_most_gap_words(gap: int) -> None:
    at_most, above = [0, gap + 1], [0, gap + 2]
    assert merged_ranges(at_most, gap) == [(0, gap + 2)]
    assert merged_ranges(above, gap) == [(0, 1), (gap + 2, gap + 3)]
    for words, joined in ((at_most, True), (above, False)):
        made = pair(2, [Entity(0, 2, "LOC")], 8, [(0, words[0]), (1, words[1])])
        found = spans(HeuristicProjector(gap=gap, ratio=0), made)
        assert found == ([(0, words[1] + 1)] if joined else [(0, 1)])
        merged = spans(MatchingProjector("merged", gap=gap), made)
        assert merged == ([(0, words[1] + 1)] if joined else [(0, 1)])
        fused = spans(FusedProjector("align", candidates="merged", gap=gap), made)
        assert fused == merged


def test_the_gap_is_one_by_default() -> None:
    one, two = (pair(2, [Entity(0, 2, "LOC")], 4, [(0, 0), (1, end)]) for end in (2, 3))
    for projector in (HeuristicProjector(ratio=0), MatchingProjector("merged")):
        assert spans(projector, one) == [(0, 3)]
        assert spans(projector, two) == [(0, 1)]


def test_max_length_is_the_most_words() -> None:
    assert ngrams(3, 2) == [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    assert between_aligned([0, 1, 2], 2) == [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    made = pair(3, [Entity(0, 3, "LOC")], 3, [(0, 0), (1, 1), (2, 2)])
    for length, found in ((3, (0, 3)), (2, (0, 2)), (1, (0, 1))):
        for kind in ("aligned", "ngrams"):
            assert spans(MatchingProjector(kind, max_length=length), made) == [found]
            assert MatchingProjector(kind, max_length=length).match(made).chosen[0].span == found
            assert spans(FusedProjector("align", candidates=kind, max_length=length), made) == [found]
    assert spans(MatchingProjector("merged", max_length=3), made) == [(0, 3)]
    assert reason(MatchingProjector("merged", max_length=2), made) is Reason.NO_CANDIDATE
    assert reason(FusedProjector("align", candidates="merged", max_length=2), made) is Reason.NO_CANDIDATE


def test_entities_of_the_target_may_be_longer_than_max_length() -> None:
    target = Sentence(("a", "b", "c"), (Entity(0, 3, "LOC"),))
    found = CandidateOptions("ner", max_length=1).find(Pair(target), [A])
    assert found.spans == ((0, 3),)


def test_keep_first_does_not_join_to_the_left() -> None:
    made = pair(2, [Entity(0, 2, "LOC")], 4, [(1, 0), (0, 2), (1, 3)])
    assert spans(HeuristicProjector(), made) == [(0, 4)]
    assert spans(HeuristicProjector(keep_first=True), made) == [(2, 4)]
    touching = pair(2, [Entity(0, 2, "LOC")], 2, [(1, 0), (0, 1)])
    assert spans(HeuristicProjector(keep_first=True), touching) == [(0, 2)]  # there is no gap between them


# Ratios and thresholds


def test_a_range_needs_more_than_ratio_of_the_words() -> None:
    made = pair(2, [Entity(0, 2, "LOC")], 1, [(0, 0)])
    assert reason(HeuristicProjector(ratio=0.5), made) is Reason.BELOW_THRESHOLD
    assert spans(HeuristicProjector(ratio=0.49), made) == [(0, 1)]
    four, five = (pair(5, [Entity(0, 5, "LOC")], 5, [(k, k) for k in range(n)]) for n in (4, 5))
    assert reason(HeuristicProjector(), four) is Reason.BELOW_THRESHOLD  # 4 / 5 is not more than 0.8
    assert spans(HeuristicProjector(), five) == [(0, 5)]


def test_the_hull_has_at_most_max_ratio_times_the_words() -> None:
    made = pair(1, [A], 3, [(0, 0), (0, 1)])
    assert spans(HullProjector(max_ratio=2), made) == [(0, 2)]
    assert reason(HullProjector(max_ratio=1.99), made) is Reason.NO_CANDIDATE


def test_a_candidate_needs_at_least_the_threshold() -> None:
    made = pair(2, [Entity(0, 2, "LOC")], 2, [(0, 0)])  # 2 · 1 / 3
    least, above = 2 / 3, float(np.nextafter(2 / 3, 1))
    for kind in ("aligned", "ngrams", "merged"):
        assert spans(MatchingProjector(kind, threshold=least), made) == [(0, 1)]
        assert reason(MatchingProjector(kind, threshold=above), made) is Reason.BELOW_THRESHOLD
        assert MatchingProjector(kind, threshold=least).match(made).chosen
        assert not MatchingProjector(kind, threshold=above).match(made).chosen
    assert spans(FusedProjector("align", threshold=least), made) == [(0, 1)]
    assert reason(FusedProjector("align", threshold=above), made) is Reason.BELOW_THRESHOLD


def test_a_score_counts_from_its_threshold_on() -> None:
    scores = [np.array([[0.5, np.nextafter(0.5, 0)]])]
    assert weighted_sum([Term("a", 2.0, 0.5)], scores).tolist() == [[1.0, 0.0]]
    p = np.array([[0.95, 0.05]])
    rows = {"probabilities": p, "classes": ["O", "LOC"]}
    assert ner_score(Pair(Sentence(("a",))), [A], [(0, 1)], **rows, threshold=0.05).item() == 0.05  # type: ignore[arg-type]
    assert ner_score(Pair(Sentence(("a",))), [A], [(0, 1)], **rows, threshold=0.0501).item() == 0  # type: ignore[arg-type]
    same = Pair(Sentence(("ab",)), Sentence(("ac",)))
    assert surface_score(same, [A], [(0, 1)], threshold=0.5).item() == 0.5
    assert surface_score(same, [A], [(0, 1)], threshold=0.500001).item() == 0

    class Half:
        def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
            return [0.5] * len(entity_texts)

    assert translation_score(same, [A], [(0, 1)], scorer=Half(), threshold=0.5).item() == 0.5
    assert translation_score(same, [A], [(0, 1)], scorer=Half(), threshold=0.51).item() == 0


def test_confidence_at_the_minimum_is_kept() -> None:
    made = Entity(0, 1, "LOC", 0.5)
    projection = Projection(Sentence(("a",), (made,)), (Outcome(A, (made,)),))
    assert without_unsure(projection, 0.5) == projection
    assert without_unsure(projection, 0.501).outcomes[0].reason is Reason.BELOW_THRESHOLD


def test_top_k_is_how_many_ranges_are_tried() -> None:
    links = [(0, 0), (1, 1), (2, 2), (4, 1), (4, 2), (4, 4)]
    made = pair(5, [Entity(0, 3, "ORG"), Entity(4, 5, "PER")], 6, links)
    projectors = {k: HeuristicProjector(gap=0, top_k=k) for k in (1, 2)}
    assert spans(projectors[1], made) == [(0, 3)]
    assert reason(projectors[1], made, 1) is Reason.OVERLAP
    assert spans(projectors[2], made) == [(0, 3), (4, 5)]


# Ties


def test_of_equal_ranges_the_leftmost_wins() -> None:
    made = pair(1, [A], 5, [(0, 1), (0, 4)])
    assert spans(HeuristicProjector(gap=0), made) == [(1, 2)]


def test_of_equally_long_entities_the_first_is_taken_first() -> None:
    made = pair(2, [A, B], 1, [(0, 0), (1, 0)])
    for projector in (HeuristicProjector(), HullProjector()):
        assert [o.dropped for o in projector.project([made])[0].outcomes] == [False, True]


TIES = [
    ("longer", [ScoredSpan(0, (2, 4), 0.5), ScoredSpan(0, (0, 1), 0.5)], (2, 4), 0),
    ("leftmost", [ScoredSpan(0, (2, 3), 0.5), ScoredSpan(0, (1, 2), 0.5)], (1, 2), 0),
    ("first entity", [ScoredSpan(1, (0, 1), 0.5), ScoredSpan(0, (0, 1), 0.5)], (0, 1), 0),
    ("longer before leftmost", [ScoredSpan(0, (0, 1), 0.5), ScoredSpan(1, (0, 2), 0.5)], (0, 2), 1),
    ("leftmost before first entity", [ScoredSpan(0, (1, 3), 0.5), ScoredSpan(1, (0, 2), 0.5)], (0, 2), 1),
]


@pytest.mark.parametrize("matcher", ["exact", "greedy", "milp"])
@pytest.mark.parametrize(("rule", "candidates", "span", "entity"), TIES, ids=[t[0] for t in TIES])
def test_the_tie_rule(matcher: str, rule: str, candidates: list[ScoredSpan], span: Span, entity: int) -> None:
    if matcher == "milp":
        pytest.importorskip("scipy")
    for order in (candidates, candidates[::-1]):
        (chosen,) = match_spans(order, 4, matcher=matcher).chosen
        assert (chosen.span, chosen.entity) == (span, entity)


def test_scores_are_compared_in_units() -> None:
    unit = 1 / SCALE
    tie = [ScoredSpan(0, (0, 1), 0.5 + 0.4 * unit), ScoredSpan(0, (1, 3), 0.5)]
    assert match_spans(tie, 3).chosen[0].span == (1, 3)
    more = [ScoredSpan(0, (0, 1), 0.5 + unit), ScoredSpan(0, (1, 3), 0.5)]
    assert match_spans(more, 3).chosen[0].span == (0, 1)


def test_of_two_choices_with_equal_starts_the_first_entity_then_the_longer_span_decides() -> None:
    first = [
        ScoredSpan(1, (0, 1), 0.5),
        ScoredSpan(0, (0, 1), 0.5),
        ScoredSpan(0, (1, 2), 0.5),
        ScoredSpan(1, (1, 2), 0.5),
    ]
    assert [c.entity for c in match_spans(first, 2).chosen] == [0, 1]
    ends = [
        ScoredSpan(0, (0, 1), 0.5),
        ScoredSpan(0, (0, 2), 0.5),
        ScoredSpan(1, (2, 3), 0.5),
        ScoredSpan(1, (2, 4), 0.5),
    ]
    assert [c.span for c in match_spans(ends, 4).chosen] == [(0, 2), (2, 4)]


def test_ties_of_the_assignment_go_to_the_first_entity_and_the_leftmost_span() -> None:
    candidates = [ScoredSpan(k, span, 0.5) for k in (1, 0) for span in ((2, 3), (0, 1))]
    assert assign_spans(candidates) == [ScoredSpan(0, (0, 1), 0.5), ScoredSpan(1, (2, 3), 0.5)]


# Several sources


def group(*links: tuple[tuple[int, int], ...]) -> list[Pair]:
    return [Pair(Sentence(tuple("abcd")), Sentence(("A",), (A,)), Alignment(own)) for own in links]


def scores_of(projector: MultiSourceProjector, sources: Sequence[Pair]) -> list[dict[str, float]]:
    return [dict(p.outcomes[0].scores) for p in projector.project_groups([sources])[0] if p.outcomes]


def test_sum_counts_a_source_without_the_entity_as_zero_and_mean_does_not() -> None:
    sources = group(((0, 0),), ((0, 0),))
    silent = Pair(Sentence(tuple("abcd")), Sentence(("x", "y")), Alignment(()))
    for combine, weights, total in (
        ("sum", None, 2 / 3),
        ("mean", None, 1.0),
        ("sum", "1,1,2", 1 / 2),
        ("mean", "1,1,2", 1.0),
        ("sum", "2,1,1", 3 / 4),
    ):
        projector = MultiSourceProjector(combine=combine, source_weights=weights)
        found = scores_of(projector, [*sources, silent])
        assert [s["total"] for s in found] == pytest.approx([total, total])
        assert [s["own"] for s in found] == [1.0, 1.0]


def test_sum_and_mean_choose_differently() -> None:
    """Two sources share a span; one source alone has a better score on a span that overlaps it."""
    target = Sentence(tuple("abcd"))
    weak = [Pair(target, Sentence(("A", "B"), (Entity(0, 2, "LOC"),)), Alignment(((0, 0),))) for _ in range(2)]
    strong = Pair(target, Sentence(("A",), (Entity(0, 1, "ORG"),)), Alignment(((0, 0),)))
    for combine, label in (("sum", "LOC"), ("mean", "ORG")):
        (made,) = MultiSourceProjector(combine=combine).project_groups([[*weak, strong]])
        assert [e.label for e in made[0].sentence.entities] == [label]


def test_agreement_and_confidence_at_the_minimum_are_kept() -> None:
    sources = [*group(((0, 0),)), Pair(Sentence(tuple("abcd")), Sentence(("x",)), Alignment(()))]
    (plain,) = MultiSourceProjector().project_groups([sources])
    confidence = plain[0].outcomes[0].scores["confidence"]
    for options, kept in (
        ({"min_agreement": 0.5}, True),
        ({"min_agreement": 0.51}, False),
        ({"min_confidence": confidence}, True),
        ({"min_confidence": confidence + 0.01}, False),
    ):
        (made,) = MultiSourceProjector(**options).project_groups([sources])  # type: ignore[arg-type]
        assert bool(made[0].sentence.entities) == kept
    thirds = group(((0, 0),), ((0, 0),), ((0, 0),))
    assert MultiSourceProjector(min_agreement=1.0).project_groups([thirds])[0][0].sentence.entities


def member(source: int, start: int, end: int, score: float = 1.0, label: str = "LOC") -> ClusterMember:
    return ClusterMember(source, 0, Entity(0, 1, label), {(start, end): score})


def test_the_best_span_of_a_member_is_the_longest_then_the_leftmost_of_the_highest() -> None:
    scores = {(3, 4): 1.0, (1, 3): 1.0, (0, 2): 1.0, (0, 4): 0.9}
    assert ClusterMember(0, 0, A, scores).best == (0, 2)


def test_equivalent_entities_overlap_and_touching_ones_do_not() -> None:
    def sizes(*members: ClusterMember) -> list[int]:
        return [len(c) for c in cluster_entities(members)]

    assert sizes(member(0, 0, 2), member(1, 1, 3)) == [2]
    assert sizes(member(0, 0, 1), member(1, 1, 3)) == [1, 1]
    assert sizes(member(0, 0, 2), member(1, 0, 2, label="PER")) == [1, 1]
    assert sizes(member(0, 0, 2), member(0, 0, 2)) == [1, 1]


def test_pairs_are_joined_by_overlap_then_score_then_position() -> None:
    def partner(*others: ClusterMember) -> Span:
        """The best span of the member of source 1 that joins that of source 0."""
        return next(c for c in cluster_entities([member(0, 2, 6), *others]) if c[0].source == 0)[1].best

    assert partner(member(1, 0, 3, 9.0), member(1, 4, 8, 0.1)) == (4, 8)  # 1 of 6 words against 2 of 6
    assert partner(member(1, 1, 4, 0.5), member(1, 4, 7, 0.6)) == (4, 7)
    assert partner(member(1, 4, 7), member(1, 1, 4)) == (1, 4)


# Markers


def similarities(*texts: str, threshold: float = 0.5, names: tuple[str, ...] = ("Abcd",)) -> list[Span | None]:
    source = Sentence(names, tuple(Entity(k, k + 1, "LOC") for k in range(len(names))))
    marked = " ".join(f"[{text}]" for text in texts)
    made = recover_entities(source, WrittenMarkers(("",) * len(names)), [marked], surfaces=names, threshold=threshold)
    return [o.projected[0].span if o.projected else None for o in made.outcomes]


def test_a_marked_text_must_be_more_similar_than_the_threshold() -> None:
    assert similarities("abxy", threshold=0.5) == [None]  # 2 · 2 / (4 + 4)
    assert similarities("abxy", threshold=0.49) == [(0, 1)]
    assert similarities("abcx", threshold=0.5) == [(0, 1)]


def test_of_equally_similar_texts_the_first_goes_to_the_first_entity() -> None:
    assert similarities("Abcd", "Abcd") == [(0, 1)]
    assert similarities("Abcd", "Abcd", names=("Abcd", "Abcd")) == [(0, 1), (1, 2)]
    assert similarities("Abcx", "Abcd") == [(1, 2)]


def test_a_guessed_range_must_be_more_similar_than_halfway_from_the_threshold_to_one() -> None:
    source = Sentence(("Abcd",), (A,))

    def found(text: str, threshold: float) -> bool:
        made = recover_entities(source, WrittenMarkers(("1",), None), [text], surfaces=["Abcd"], threshold=threshold)
        return not made.outcomes[0].dropped

    assert found("<1>abcx</1>", 0.8)  # a tag that names its entity needs no similarity
    assert not found("<1>abcx<1>", 0.5)  # 0.75 is not more than (1 + 0.5) / 2
    assert found("<1>abcx<1>", 0.49)


def test_translations_are_chosen_by_entities_then_similarity_then_order() -> None:
    source = Sentence(("Abcd", "Efgh"), (A, B))

    def text(*translations: str) -> str | None:
        markers = WrittenMarkers(("", ""))
        return recover_entities(source, markers, translations, surfaces=["Abcd", "Efgh"]).sentence.text

    assert text("x [Abcd]", "y [Abcx] [Efgx]") == "y Abcx Efgx"
    assert text("x [Abcx]", "y [Abcd]") == "y Abcd"
    assert text("x [Abcd]", "y [Abcd]") == "x Abcd"


def test_markers_without_surfaces_count_only_if_no_label_can_be_wrong() -> None:
    def dropped(labels: str, text: str) -> list[bool]:
        source = Sentence(tuple(labels), tuple(Entity(k, k + 1, label) for k, label in enumerate(labels)))
        return [o.dropped for o in recover_entities(source, WrittenMarkers(("",) * len(labels)), [text]).outcomes]

    assert dropped("AB", "[x] [y]") == [False, False]
    assert dropped("AB", "[x]") == [True, True]
    assert dropped("AB", "[x] [y] [z]") == [True, True]
    assert dropped("AA", "[x]") == [False, True]


def test_null_cost_counts_only_words_without_any_link() -> None:
    made = Pair(Sentence(("a", "b", "c")), Sentence(("A", "C"), (A,)), Alignment(((0, 0), (1, 2))))
    candidates = [(0, 2), (0, 3)]
    found = null_aware_coverage_score(made, [A], candidates, null_cost=0.5)[0]
    assert found.tolist() == pytest.approx([2 / 2.5, 2 / 3.5])  # `b` has no link, `c` is linked elsewhere


# Stages


class Uniform(DictionaryRecognizer):
    """Gives every class the same probability."""

    classes = ("O", "LOC")
    fingerprint = "uniform"

    def __init__(self) -> None:
        super().__init__({"b": "LOC"})

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        return [np.full((len(s), 2), 0.5, np.float32) for s in sentences]


def ones(pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
    """A score that a user has written."""
    return np.ones((len(entities), len(candidates)))


class Equal:
    """A phrase scorer."""

    fingerprint = "equal"

    def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
        return [float(a.lower() == b) for a, b in zip(entity_texts, candidate_texts, strict=True)]


STAGES = {
    "exact": MatchingProjector("ngrams", max_length=3, stop_tokens="! ?", gaps=True),
    "greedy": greedy_projector(threshold=0.2),
    "heuristic": HeuristicProjector(gap=2, top_k=1),
    "hull": HullProjector(comp_src=True, restr_tgt=True),
    "fused": FusedProjector(candidates="aligned+ngrams", stop_tokens="! ?"),
    "fused, own score": FusedProjector(weights="mine:1,alignment:0.5", mine=ones),
    "fused, recognizer": FusedProjector("align+ner", recognizer=Uniform()),
    "fused, translation": FusedProjector("align+nmt", translation=TranslationScore(Equal())),
    "ner-candidates": NerCandidatesProjector(recognizer=Uniform()),
    "multi-source": MultiSourceProjector(combine="mean", source_weights="1"),
    "confident": ConfidentProjector(HullProjector(), calibration=Calibration(((0.5, 0.7),)), min_confidence=0.1),
    "back-translation": BackTranslationProjector(EchoTranslator(), OracleAligner(), target_lang="gl"),
}


@pytest.mark.parametrize("name", STAGES)
def test_projectors_pickle(name: str) -> None:
    projector: Projector = STAGES[name]
    made = Pair(Sentence(("a", "b", "c")), Sentence(("A", "B"), (A, B)), Alignment(((0, 0), (1, 1))))
    before = projector.project([made])
    again = pickle.loads(pickle.dumps(projector))
    assert fingerprint_of(again) == fingerprint_of(projector)
    assert again.project([made]) == before
    assert again.options == projector.options  # type: ignore[attr-defined]
    assert " at 0x" not in fingerprint_of(projector)


def test_a_pickled_recognizer_leaves_its_last_batch_behind() -> None:
    projector = FusedProjector("ner", recognizer=Uniform())
    empty = len(pickle.dumps(projector))
    projector.project([pair(1, [A], 200, [])])
    assert len(pickle.dumps(projector)) == empty


FINGERPRINTS = {
    MatchingProjector: {"candidates": "merged", "max_length": 3, "threshold": 0.1, "constraint": "=", "n": 2, "gap": 2}
    | {"stop_tokens": "!", "gaps": True, "matcher": "greedy"},
    HeuristicProjector: {"gap": 2, "ratio": 0.5, "top_k": 1, "keep_first": True, "ranges": "all"},
    HullProjector: {"comp_src": True, "comp_tgt": True, "comp_ins": True, "restr_tgt": True, "max_ratio": 2.0},
    FusedProjector: {"preset": "align", "weights": "surface:1", "recognizer": Uniform(), "candidates": "aligned"}
    | {"max_length": 3, "gap": 2, "keep_label": True, "stop_tokens": "!", "threshold": 0.1, "constraint": "=", "n": 2}
    | {"gaps": True, "matcher": "greedy"},
    NerCandidatesProjector: {"preset": "surface", "weights": "surface:1", "recognizer": Uniform(), "keep_label": True}
    | {"threshold": 0.1},
    MultiSourceProjector: {"preset": "surface", "weights": "surface:1", "source_weights": "2,1", "combine": "mean"}
    | {"candidates": "ngrams", "max_length": 3, "matcher": "greedy", "min_agreement": 0.5, "min_confidence": 0.5}
    | {"calibration": Calibration(((0.5, 0.7),))},
    BackTranslationProjector: {"translator": Uniform(), "aligner": Uniform(), "forward": HullProjector()}
    | {"source_lang": "fr", "target_lang": "es", "marker": "tags", "spaced": True, "threshold": 0.7, "fallback": False},
}


@pytest.mark.parametrize("projector", FINGERPRINTS, ids=lambda p: p.__name__)
def test_every_option_is_in_the_fingerprint(projector: type) -> None:
    """An option that is added to a constructor fails this test until it has another value above."""
    defaults = {"translator": EchoTranslator(), "aligner": OracleAligner(), "forward": "greedy"}
    given = defaults if projector is BackTranslationProjector else {}
    parameters = {p.name for p in inspect.signature(projector).parameters.values() if p.kind is not p.VAR_KEYWORD}
    others = FINGERPRINTS[projector]
    assert set(others) == parameters - {"scorer"}
    made = [fingerprint_of(projector(**{**given, name: value})) for name, value in others.items()]
    assert len({fingerprint_of(projector(**given)), *made}) == len(made) + 1


def test_options_of_speed_and_their_order_are_not_in_the_fingerprint() -> None:
    for projector in (MatchingProjector, FusedProjector, MultiSourceProjector):
        assert projector(matcher="milp").fingerprint == projector().fingerprint
    assert FusedProjector(stop_tokens="a b").fingerprint == FusedProjector(stop_tokens="b a b").fingerprint


def test_scores_are_told_apart_in_the_fingerprint() -> None:
    probabilities = Uniform().probabilities
    scores = [
        NerScore(("O", "LOC"), probabilities),  # type: ignore[arg-type]
        NerScore(("O", "LOC"), probabilities, alpha=1.0),  # type: ignore[arg-type]
        NerScore(("O", "PER"), probabilities),  # type: ignore[arg-type]
        NerScore(("O", "LOC"), ones),  # type: ignore[arg-type]
    ]
    assert len({FusedProjector("ner", ner=score).fingerprint for score in scores}) == 4
    others = [TranslationScore(Equal()), TranslationScore(Equal(), 0.2)]
    assert len({FusedProjector("nmt", translation=score).fingerprint for score in others}) == 2


def test_greedy_is_the_same_projector_with_the_same_options() -> None:
    greedy = load("projector", "greedy:ngrams?max_length=3&gaps=true&stop_tokens=!")
    exact = load("projector", "exact:ngrams?max_length=3&gaps=true&stop_tokens=!")
    assert type(greedy) is type(exact) is MatchingProjector
    assert (
        MatchingProjector("ngrams", max_length=3, gaps=True, stop_tokens="!", matcher="greedy").options
        == greedy.options
    )
    assert exact.options.matcher == "exact"
    parameters = inspect.signature(MatchingProjector).parameters
    assert inspect.signature(greedy_projector).parameters == {k: p for k, p in parameters.items() if k != "matcher"}


def test_what_projectors_can_do() -> None:
    inner = NerCandidatesProjector()
    for projector in (
        inner,
        ConfidentProjector(inner),
        BackTranslationProjector(EchoTranslator(), OracleAligner(), inner),
    ):
        assert isinstance(projector, TargetEntityProjector)
        assert projector.reads_target_entities
    assert not NerCandidatesProjector(recognizer=Uniform()).reads_target_entities
    assert not ConfidentProjector(HullProjector()).reads_target_entities
    assert isinstance(MultiSourceProjector(), GroupProjector)
    assert MultiSourceProjector(source_weights="2,1").source_weights == (2.0, 1.0)
    assert isinstance(Uniform(), ProbabilisticRecognizer)


@pytest.mark.parametrize("text", ["surface:x", "surface,surface", "surface:0", ""])
def test_weights_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError):
        parse_weights(text)


def test_options_that_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="preset 'align' and weights 'surface:1' exclude each other"):
        terms_of("align", "surface:1")
    with pytest.raises(UsageError, match="cannot read source weights '2;1'; write 2,1"):
        MultiSourceProjector(source_weights="2;1")
    with pytest.raises(UsageError, match="DictionaryRecognizer gives no probabilities for the score 'ner'"):
        FusedProjector("ner", recognizer=DictionaryRecognizer({}))
    with pytest.raises(UsageError, match="translator 'echo' cannot score phrases"):
        FusedProjector("nmt", scorer="echo")


def test_the_confidence_of_an_outcome_is_the_score_of_its_entity() -> None:
    sources = [*group(((0, 0),)), Pair(Sentence(tuple("abcd")), Sentence(("x",)), Alignment(()))]
    (made,) = MultiSourceProjector().project_groups([sources])
    assert 0 < made[0].outcomes[0].scores["confidence"] == made[0].sentence.entities[0].score < 0.5  # type: ignore[operator]


def test_a_group_needs_source_and_links_in_every_pair() -> None:
    unlinked = Pair(Sentence(tuple("abcd")), Sentence(("A",), (A,)))
    with pytest.raises(ValidationError, match="has no alignment"):
        MultiSourceProjector().project_groups([[*group(((0, 0),)), unlinked]])


@pytest.mark.parametrize("number", [-1.0, float("inf"), float("nan")])
def test_weights_and_thresholds_are_finite_and_not_negative(number: float) -> None:
    for term in ({"weight": number}, {"threshold": number}):
        with pytest.raises(ValidationError, match="score 'surface' is negative or not finite"):
            Term("surface", **term)
    with pytest.raises(ValidationError, match="source weights"):
        MultiSourceProjector(source_weights=(1, number))
    with pytest.raises(ValidationError, match="threshold"):
        FusedProjector(threshold=number)


def test_calibration_is_linear_between_points_and_level_outside() -> None:
    steps = Calibration(((0.25, 0.5), (0.75, 1.0)))
    assert [steps(raw) for raw in (0.0, 0.25, 0.5, 0.625, 0.75, 1.0)] == [0.5, 0.5, 0.75, 0.875, 1.0, 1.0]


def test_the_fingerprint_names_the_matcher() -> None:
    for projector, exact in ((MatchingProjector, "exact"), (FusedProjector, "fused"), (MultiSourceProjector, "multi")):
        assert projector().fingerprint.startswith(exact)
        assert "greedy" in projector(matcher="greedy").fingerprint
        assert "greedy" not in projector().fingerprint


def test_the_length_of_a_merged_range_does_not_depend_on_its_place() -> None:
    made = pair(2, [Entity(0, 2, "LOC")], 8, [(0, 5), (1, 6)])
    projector = MatchingProjector("merged", max_length=2)
    assert spans(projector, made) == [projector.match(made).chosen[0].span] == [(5, 7)]
