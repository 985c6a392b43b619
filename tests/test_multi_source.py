"""Projection from several sources at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Alignment, Entity, Pair, Pipeline, Projection, Reason, Sentence, ValidationError
from xlner.core.entity import overlaps
from xlner.errors import UnknownNameError
from xlner.pipeline import MultiSourcePipeline, group_pairs
from xlner.projection.calibration import Calibration
from xlner.projection.confidence import ConfidentProjector
from xlner.projection.entity_clusters import ClusterMember, cluster_entities
from xlner.projection.matching_projector import MatchingProjector, greedy_projector
from xlner.projection.multi_source import AGREEMENT, MultiSourceProjector, check_same_words

FEWER = settings(max_examples=50, deadline=None)
LENGTH = 6
TARGET = Sentence(tuple("abcdef"))


@st.composite
def members(draw: st.DrawFn) -> list[ClusterMember]:
    spans = st.tuples(st.integers(0, 5), st.integers(1, 3)).map(lambda s: (s[0], s[0] + s[1]))
    made = []
    for source in range(draw(st.integers(1, 4))):
        for place in range(draw(st.integers(0, 3))):
            scores = draw(st.dictionaries(spans, st.sampled_from([0.5, 0.8, 1.0]), min_size=1, max_size=3))
            made.append(
                ClusterMember(source, place, Entity(place, place + 1, draw(st.sampled_from(["A", "B"]))), scores)
            )
    return made


@st.composite
def groups(draw: st.DrawFn) -> list[Pair]:
    made = []
    for _ in range(draw(st.integers(1, 3))):
        entities, length = draw(disjoint_entities(6))
        links = st.lists(st.tuples(st.integers(0, max(length - 1, 0)), st.integers(0, LENGTH - 1)), max_size=8)
        source = Sentence(tuple(map(str, range(length))), tuple(entities))
        made.append(Pair(TARGET, source, Alignment(tuple(draw(links)) if length else ())))
    return made


@FEWER
@given(members())
def test_clusters_are_a_partition_of_equivalent_entities(given_members: list[ClusterMember]) -> None:
    found = cluster_entities(given_members)
    assert sorted((m.source, m.place) for c in found for m in c) == sorted((m.source, m.place) for m in given_members)
    for cluster in found:
        assert len({m.source for m in cluster}) == len(cluster)
        assert len({m.entity.label for m in cluster}) == 1
        linked = {cluster[0].source}  # every member overlaps another: the cluster hangs together
        for _ in cluster:
            linked |= {
                m.source
                for m in cluster
                for other in cluster
                if other.source in linked and overlaps(m.best, other.best)
            }
        assert linked == {m.source for m in cluster}


@FEWER
@given(members())
def test_what_stays_apart_could_not_be_joined(given_members: list[ClusterMember]) -> None:
    found = cluster_entities(given_members)
    for first, second in combinations(found, 2):
        share_source = {m.source for m in first} & {m.source for m in second}
        equivalent = any(a.entity.label == b.entity.label and overlaps(a.best, b.best) for a in first for b in second)
        assert share_source or not equivalent


@FEWER
@given(members(), st.randoms(use_true_random=False))
def test_the_order_of_sources_matters_in_ties_only(given_members: list[ClusterMember], random: object) -> None:
    """With all best scores and overlaps different no order of the sources changes the clusters."""
    ranks = [
        (len(set(range(*a.best)) & set(range(*b.best))) / len(set(range(*a.best)) | set(range(*b.best))),
         a.scores[a.best] + b.scores[b.best], *sorted((a.best, b.best)))
        for a, b in combinations(given_members, 2)
    ]  # fmt: skip
    if len(set(ranks)) < len(ranks):
        return
    order = list(range(5))
    random.shuffle(order)  # type: ignore[attr-defined]
    renamed = {(m.source, m.place): ClusterMember(order[m.source], m.place, m.entity, m.scores) for m in given_members}
    back = {(renamed[key].source, renamed[key].place): key for key in renamed}
    moved = cluster_entities(sorted(renamed.values(), key=lambda m: (m.source, m.place)))
    as_keys = {frozenset(back[m.source, m.place] for m in c) for c in moved}
    assert as_keys == {frozenset((m.source, m.place) for m in c) for c in cluster_entities(given_members)}


@FEWER
@given(groups(), st.sampled_from(["sum", "mean"]), st.sampled_from([0.0, 0.5, 1.0]))
def test_every_entity_of_every_source_has_its_outcome(group: list[Pair], combine: str, least: float) -> None:
    (made,) = MultiSourceProjector(combine=combine, min_agreement=least).project_groups([group])
    assert len(made) == len(group)
    assert len({p.sentence for p in made}) == 1
    projected = {e for p in made for o in p.outcomes for e in o.projected}
    assert projected == set(made[0].sentence.entities)
    for pair, projection in zip(group, made, strict=True):
        assert pair.source is not None
        assert [o.entity for o in projection.outcomes] == list(pair.source.entities)
        for outcome in projection.outcomes:
            if outcome.projected:
                assert least <= outcome.scores[AGREEMENT] <= 1
                assert outcome.projected[0].label == outcome.entity.label
                assert 0 <= (outcome.projected[0].score or 0) <= 1


@FEWER
@given(groups())
def test_one_source_is_exact_matching_with_its_confidence(group: list[Pair]) -> None:
    (made,) = MultiSourceProjector().project_groups([group[:1]])
    (alone,) = ConfidentProjector(MatchingProjector()).project(group[:1])
    assert made[0].sentence == alone.sentence
    assert [o.reason for o in made[0].outcomes] == [o.reason for o in alone.outcomes]


@FEWER
@given(groups())
def test_the_same_source_twice_changes_nothing(group: list[Pair]) -> None:
    once, twice = MultiSourceProjector().project_groups([group[:1], group[:1] * 2])
    assert [e.span for e in once[0].sentence.entities] == [e.span for e in twice[0].sentence.entities]
    scores = [e.score for e in once[0].sentence.entities]
    assert [e.score for e in twice[0].sentence.entities] == pytest.approx(scores)


def one(links: tuple[tuple[int, int], ...], label: str = "LOC", length: int = 2) -> Pair:
    return Pair(TARGET, Sentence(("A",) * length, (Entity(0, length, label),)), Alignment(links))


def test_scores_add_up_and_two_sources_outvote_one() -> None:
    group = [one(((0, 0), (1, 1))), one(((0, 0), (1, 2))), one(((0, 0), (1, 2)))]
    alone = MultiSourceProjector().project_groups([group[:1]])[0]
    assert alone[0].sentence.entities[0].span == (0, 2)
    (made,) = MultiSourceProjector().project_groups([group])
    assert made[0].sentence.entities[0].span == (0, 3)
    (outcome,) = made[0].outcomes
    assert outcome.scores["own"] == pytest.approx(2 * 2 / 5)
    assert outcome.scores["total"] == pytest.approx(2 * 2 / 5)
    assert outcome.scores[AGREEMENT] == 1
    heavy = MultiSourceProjector(source_weights=(5, 1, 1)).project_groups([group])[0]
    assert heavy[0].sentence.entities[0].span == (0, 2)


def test_the_confidence_is_that_of_the_trimmed_span() -> None:
    vigo = Entity(0, 1, "LOC")
    target = Sentence(("Vigo", "!", "!", "!"))
    all_words = Alignment(((0, 0), (0, 1), (0, 2), (0, 3)))
    wide = Pair(target, Sentence(("Vigo",), (vigo,)), all_words)
    projector = MultiSourceProjector()
    (made, other) = projector.project_groups([[wide, wide]])[0]
    (alone,) = ConfidentProjector(MatchingProjector()).project([wide])
    (entity,) = made.sentence.entities
    assert (entity.span, entity) == ((0, 1), alone.sentence.entities[0])
    assert made.outcomes[0].projected == other.outcomes[0].projected == (entity,)
    named = Pair(target, Sentence(("Vigo", "!"), (Entity(0, 2, "LOC"),)), all_words)
    (kept, _) = projector.project_groups([[named, wide]])[0]
    assert kept.sentence.entities[0].span == (0, 4)
    marks = Pair(Sentence(("!", "!")), Sentence(("Vigo",), (vigo,)), Alignment(((0, 0), (0, 1))))
    (gone, also) = projector.project_groups([[marks, marks]])[0]
    assert [m.outcomes[0].reason for m in (gone, also)] == [Reason.NO_CANDIDATE] * 2


def test_labels_that_differ_compete_and_the_loser_overlaps() -> None:
    whole = one(((0, 0), (1, 1), (2, 2)), "ORG", length=3)
    (made,) = MultiSourceProjector().project_groups([[whole, one(((0, 1),), "LOC"), whole]])
    assert made[0].sentence.tags()[:3] == ["B-ORG", "I-ORG", "I-ORG"]
    assert made[1].outcomes[0].reason is Reason.OVERLAP
    assert made[0].outcomes[0].scores[AGREEMENT] == pytest.approx(2 / 3)


def test_what_a_lone_source_says_is_half_as_sure_and_can_be_dropped() -> None:
    group = [one(((0, 0),), length=1), Pair(TARGET, Sentence(("x",)), Alignment(((0, 0),)))]
    (made,) = MultiSourceProjector().project_groups([group])
    alone = ConfidentProjector(greedy_projector()).project([group[0]])[0].sentence.entities[0].score
    assert made[0].sentence.entities == (Entity(0, 1, "LOC", alone / 2),)  # type: ignore[operator]
    for options in ({"min_agreement": 0.6}, {"min_confidence": 0.6}):
        (dropped,) = MultiSourceProjector(**options).project_groups([group])  # type: ignore[arg-type]
        assert not dropped[0].sentence.entities
        assert dropped[0].outcomes[0].reason is Reason.BELOW_THRESHOLD
        assert dropped[0].outcomes[0].scores[AGREEMENT] == 0.5
    sure = MultiSourceProjector(calibration=Calibration(((0.0, 0.9), (1.0, 0.9)))).project_groups([group])
    assert sure[0][0].sentence.entities[0].score == 0.45


def test_reasons_of_entities_that_nothing_speaks_for() -> None:
    unlinked = one(())
    assert MultiSourceProjector().project_groups([[unlinked]])[0][0].outcomes[0].reason is Reason.UNALIGNED
    far = one(((0, 0), (1, 5)))
    strict = MultiSourceProjector(weights="alignment:1:0.99", max_length=1)
    assert strict.project_groups([[far]])[0][0].outcomes[0].reason is Reason.NO_CANDIDATE


def test_targets_must_be_the_same() -> None:
    with pytest.raises(ValidationError, match=r"word 2 of the target is 'b' and 'x' with sources 1 and 3"):
        check_same_words([("a", "b"), ("a", "b"), ("a", "x")])
    with pytest.raises(ValidationError, match=r"word 2 of the target is 'b' and missing with sources 1 and 2"):
        check_same_words([("a", "b"), ("a",)])


def test_groups_and_options_that_make_no_sense() -> None:
    projector = MultiSourceProjector()
    with pytest.raises(ValidationError, match="at least one source"):
        projector.project_groups([[]])
    with pytest.raises(ValidationError, match="has no source sentence"):
        projector.project_groups([[Pair(TARGET)]])
    with pytest.raises(ValidationError, match="2 weights for 1 source"):
        MultiSourceProjector(source_weights=(1, 1)).project_groups([[one(())]])
    with pytest.raises(UnknownNameError, match="cannot combine scores by 'max'; known: sum, mean"):
        MultiSourceProjector(combine="max")
    with pytest.raises(ValidationError, match="must be above 0"):
        MultiSourceProjector(source_weights=(1, 0))
    with pytest.raises(ValidationError, match="min_agreement 2 is not between 0 and 1"):
        MultiSourceProjector(min_agreement=2)


def test_a_fingerprint_holds_every_option() -> None:
    given_scores = MultiSourceProjector(weights="mine:1", mine=lambda pair, entities, spans: [])  # type: ignore[arg-type,return-value]
    made = [
        MultiSourceProjector(),
        MultiSourceProjector(combine="mean"),
        MultiSourceProjector(source_weights=(1, 2)),
        MultiSourceProjector(min_agreement=0.5),
        MultiSourceProjector(min_confidence=0.5),
        MultiSourceProjector(candidates="ngrams"),
        MultiSourceProjector(matcher="greedy"),
        MultiSourceProjector(calibration=Calibration(((0.5, 0.5),))),
        given_scores,
    ]
    assert len({p.fingerprint for p in made}) == len(made)
    assert MultiSourceProjector(matcher="milp").fingerprint == MultiSourceProjector().fingerprint


def test_an_error_of_one_group_costs_no_other_group() -> None:
    class Fails(MultiSourceProjector):
        def project_groups(self, groups: Sequence[Sequence[Pair]]) -> list[tuple[Projection, ...]]:
            if any("no" in group[0].target.tokens for group in groups):
                raise RuntimeError("out of memory")
            return super().project_groups(groups)

    pairs = [Pair(Sentence((word,)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),))) for word in ("Vigo", "no")]
    sources = [Pipeline(aligner="oracle", projector=None) for _ in range(2)]
    done = list(MultiSourcePipeline(sources, Fails()).run_pairs(group_pairs(pairs, pairs)))
    assert [pair.error for pair in done] == [None, "projector: RuntimeError: out of memory"]
    assert done[0].labeled.tags() == ["B-LOC"]


def test_groups_have_one_pair_per_source() -> None:
    pair = Pair(Sentence(("Vigo",)))
    with pytest.raises(ValidationError, match="a source ends after 1 pair, but another goes on"):
        list(group_pairs([pair], [pair, pair]))
    sources = [Pipeline(aligner="oracle", projector=None) for _ in range(2)]
    with pytest.raises(ValidationError, match="a group of 3 pairs for 2 sources"):
        list(MultiSourcePipeline(sources).run_pairs([(pair, pair, pair)]))
