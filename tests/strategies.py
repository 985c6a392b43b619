"""Hypothesis strategies for the core types."""

from __future__ import annotations

from hypothesis import strategies as st

from xlner import Entity

LABELS = st.sampled_from(["PER", "LOC", "ORG-GOV"])


@st.composite
def disjoint_entities(draw: st.DrawFn, max_length: int = 12) -> tuple[list[Entity], int]:
    """Disjoint entities, touching ones included, and the length of their sentence."""
    length = draw(st.integers(0, max_length))
    entities = []
    position = 0
    while position < length:
        position += draw(st.integers(0, 2))
        end = position + draw(st.integers(1, 3))
        if end > length:
            break
        entities.append(Entity(position, end, draw(LABELS)))
        position = end
    return entities, length
