"""Many labeled sentences as one text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabeledBlock:
    """The results of many pairs, without an object for each: what is written, and what is counted.

    - `text`: the labeled target sentences as CoNLL, or the pairs as JSONL.
    - `sentences`, `links`: their number, and the number of links.
    - `source_entities`, `entities`: the numbers of source entities, and of entities in the labeled sentences.
    - `dropped`: the number of source entities that were not projected, by reason.

    >>> len(LabeledBlock("Vigo\\tB-LOC\\n\\n", sentences=1, links=1, source_entities=1, entities=1, dropped={}))
    1
    """

    text: str
    sentences: int
    links: int
    source_entities: int
    entities: int
    dropped: Mapping[str, int]

    def __len__(self) -> int:
        return self.sentences
