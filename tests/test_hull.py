"""The filters of the hull against the definitions in the code that came with their paper."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_projection_batch import pairs
from xlner import Alignment, Entity, Pair, Reason, Sentence
from xlner.core.entity import Span, overlaps
from xlner.projection.range_projectors import HullProjector

FEWER = settings(max_examples=50, deadline=None)


def literal_span(pair: Pair, entity: Entity, *, comp_src: bool, comp_tgt: bool, restr_tgt: bool) -> Span | None:
    """Where one entity goes, word for word: the words that its words are linked to, filtered."""
    assert pair.alignment is not None
    found: set[int] = set()
    for word in range(entity.start, entity.end):
        linked = {t for s, t in pair.alignment.links if s == word}
        if comp_src and not linked:
            return None
        found |= linked
    if not found or (comp_tgt and found != set(range(min(found), max(found) + 1))):
        return None
    if restr_tgt and len(entity) == 1:
        return (min(found), min(found) + 1)
    return (min(found), max(found) + 1)


@FEWER
@given(pairs(), st.booleans(), st.booleans(), st.booleans())
def test_filters_are_their_definitions(made: Pair, comp_src: bool, comp_tgt: bool, restr_tgt: bool) -> None:
    assert made.source is not None
    options = {"comp_src": comp_src, "comp_tgt": comp_tgt, "restr_tgt": restr_tgt}
    (projection,) = HullProjector(**options).project([made])
    wanted = [literal_span(made, e, **options) for e in made.source.entities]
    taken = [o.projected[0].span for o in projection.outcomes if o.projected]
    for outcome, span in zip(projection.outcomes, wanted, strict=True):
        if span is None:
            assert outcome.reason in (Reason.UNALIGNED, Reason.NO_CANDIDATE)
        elif outcome.projected:
            assert outcome.projected[0].span == span
        else:
            assert outcome.reason is Reason.OVERLAP
            assert any(overlaps(span, t) for t in taken)


@FEWER
@given(pairs())
def test_a_complete_instance_has_as_many_entities_of_each_type_on_both_sides(made: Pair) -> None:
    assert made.source is not None
    (projection,) = HullProjector(comp_ins=True).project([made])
    found = Counter(e.label for e in projection.sentence.entities)
    assert found in (Counter(), Counter(e.label for e in made.source.entities))


def test_one_word_gets_its_first_word_unless_a_hole_drops_it() -> None:
    source = Sentence(("A", "B"), (Entity(0, 1, "LOC"), Entity(1, 2, "PER")))
    pair = Pair(Sentence(tuple("abcde")), source, Alignment(((0, 0), (0, 2), (1, 3), (1, 4))))
    (projection,) = HullProjector(restr_tgt=True).project([pair])
    assert projection.sentence.tags() == ["B-LOC", "O", "O", "B-PER", "O"]
    (projection,) = HullProjector(restr_tgt=True, comp_tgt=True).project([pair])
    assert projection.sentence.tags() == ["O", "O", "O", "B-PER", "O"]
