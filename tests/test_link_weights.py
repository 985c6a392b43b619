"""Weights of links: from several alignments of one pair, and from the same words in other pairs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Sentence, ValidationError, load
from xlner.alignment import LexicalWeights, agreement
from xlner.errors import UsageError

LINKS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6).map(lambda links: Alignment(tuple(links)))
WORDS = st.lists(st.sampled_from(["a", "A", "b", "c"]), min_size=4, max_size=4)


def made(source: str | Sequence[str], target: str | Sequence[str], *links: tuple[int, int]) -> Pair:
    sides = [tuple(s.split() if isinstance(s, str) else s) for s in (source, target)]
    return Pair(Sentence(sides[1]), Sentence(sides[0]), Alignment(links))


@given(st.lists(LINKS, min_size=1, max_size=4))
def test_the_weight_of_a_link_is_the_share_of_alignments_that_contain_it(alignments: list[Alignment]) -> None:
    both = agreement(alignments)
    assert set(both.links) == {link for a in alignments for link in a.links}
    for link, weight in zip(both.links, both.weights or (), strict=True):
        assert weight == sum(link in a.links for a in alignments) / len(alignments)
    assert agreement(alignments[::-1]) == both
    assert agreement([*alignments, *alignments]) == both


def test_agreement_needs_alignments_and_ignores_their_weights() -> None:
    with pytest.raises(ValidationError, match="no alignments"):
        agreement([])
    assert agreement([Alignment(((0, 0),), (0.1,))]).weights == (1.0,)


def literal(pairs: Sequence[Pair], pair: Pair, floor: float) -> list[float]:
    """The formula, with all counts repeated for every link."""

    def side(p: Pair, k: int) -> list[str]:
        assert p.source is not None
        return [t.lower() for t in (p.source.tokens, p.target.tokens)[k]]

    def weighted(p: Pair) -> list[tuple[int, int, float]]:
        assert p.alignment is not None
        weights = p.alignment.weights or [1.0] * len(p.alignment)
        return [(s, t, w) for (s, t), w in zip(p.alignment.links, weights, strict=True)]

    made = []
    for i, j, weight in weighted(pair):
        s, t = side(pair, 0)[i], side(pair, 1)[j]
        n = sum(w for p in pairs for a, b, w in weighted(p) if (side(p, 0)[a], side(p, 1)[b]) == (s, t))
        of_source, of_target = (sum(side(p, k).count(word) for p in pairs) for k, word in ((0, s), (1, t)))
        sure = max(n / of_source, n / of_target)
        made.append(weight * (floor + (1 - floor) * min(sure, 1.0)))
    return made


@given(st.lists(st.tuples(WORDS, WORDS, LINKS), min_size=1, max_size=5), st.floats(0, 1), st.booleans())
def test_lexical_weights_follow_their_formula(
    drawn: list[tuple[list[str], list[str], Alignment]], floor: float, weighted: bool
) -> None:
    pairs = [made(s, t, *(agreement([a, Alignment(())]) if weighted else a).links) for s, t, a in drawn]
    lexical = LexicalWeights.count(pairs)
    for pair in pairs:
        weighed = lexical.weigh(pair, floor=floor)
        assert pair.alignment is not None
        assert weighed.links == pair.alignment.links
        assert list(weighed.weights or ()) == pytest.approx(literal(pairs, pair, floor))


def test_a_rare_link_of_a_frequent_word_has_the_lowest_weight() -> None:
    text = [made("the Rhine", "der Rhein", (0, 0), (1, 1))] * 9 + [made("the Elbe", "die Elbe", (0, 0), (1, 1))]
    lexical = LexicalWeights.count(text)
    stray = made("the Elbe", "der Rhein", (0, 1), (1, 1))
    assert lexical.weigh(stray).weights == (0.5, 0.5)
    assert lexical.weigh(text[-1]).weights == (1.0, 1.0)
    assert lexical.weigh(made("unknown", "words", (0, 0))).weights == (0.5,)


def test_pairs_without_links_and_bad_floors_are_errors() -> None:
    pair = made("a", "b", (0, 0))
    with pytest.raises(UsageError, match="outside"):
        LexicalWeights.count([pair]).weigh(pair, floor=1.5)
    with pytest.raises(ValidationError, match="source sentence"):
        LexicalWeights.count([Pair(pair.target)])
    with pytest.raises(ValidationError, match="alignment"):
        LexicalWeights.count([Pair(pair.target, pair.source)])


def test_a_link_in_one_direction_does_not_extend_an_entity() -> None:
    """An article that only one direction links to the entity is not part of the projected entity."""
    source = Sentence(("Union", "law"), (Entity(0, 1, "ORG"),))
    target = Sentence(("das", "Recht", "der", "Union"))
    one, other = Alignment(((0, 3), (1, 1))), Alignment(((0, 2), (0, 3), (1, 1)))
    projector = load("projector", "fused?weights=null_aware_coverage:1&candidates=aligned")
    (found,) = projector.project([Pair(target, source, agreement([one, one, other]))])
    assert found.sentence.tags() == ["O", "O", "O", "B-ORG"]
