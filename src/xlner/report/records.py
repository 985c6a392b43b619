"""A sentence as the two records that a page keeps of it: what it is found by, and what is shown of it.

Positions in texts are UTF-16 units, as a browser counts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from xlner.core.entity import Entity
from xlner.core.pair import Outcome
from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.report.shown import ShownSentence

_MAY_BE_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
OTHER_SOURCES = "also"


def words_digest(sentence: Sentence) -> str:
    """A short hash of the words of a sentence: corrections name the sentence by it.

    >>> words_digest(Sentence(("Vigo",)))
    '03499e42'
    """
    return Digest(sentence.tokens).hexdigest(8)


def index_record(shown: ShownSentence, codes: list[int]) -> list[Any]:
    """What a sentence is found by: its number, its texts, its facets, the confidences of its entities, its length.

    >>> from xlner import Pair
    >>> index_record(ShownSentence(1, Pair(Sentence(("Vigo",)))), [0])
    [1, 'Vigo', None, [0], [], 1]
    """
    pair = shown.pair
    return [
        shown.number,
        pair.target.with_text().text,
        None if pair.source is None else pair.source.with_text().text,
        codes,
        [_rounded(e.score) for e in pair.latest.entities if e.score is not None],
        len(pair.target),
    ]


def detail_record(shown: ShownSentence) -> dict[str, Any]:
    """What is shown of a sentence besides its texts.

    >>> from xlner import Pair
    >>> detail_record(ShownSentence(1, Pair(Sentence(("Vigo",)))))["target"]["words"]
    [0, 4]
    """
    pair = shown.pair
    record: dict[str, Any] = {"digest": words_digest(pair.target)}
    if pair.target.id is not None:
        record["id"] = pair.target.id
    record["target"] = _side(pair.latest)
    if pair.source is not None:
        record["source"] = _side(pair.source)
        if shown.warnings:
            record["warnings"] = shown.warnings
    if pair.alignment is not None:
        record["links"] = [position for link in pair.alignment.links for position in link]
    if pair.projection is not None:
        record["outcomes"] = [_outcome(o) for o in pair.projection.outcomes]
        if pair.projection.ensemble_members:
            record["members"] = [
                {"name": m.name, "weight": _rounded(m.weight), "entities": [_entity(e) for e in m.entities]}
                for m in pair.projection.ensemble_members
            ]
    if pair.error is not None:
        record["error"] = pair.error
    others = pair.target.meta.get(OTHER_SOURCES)
    if isinstance(others, (list, tuple)) and others:
        record["others"] = len(others)
    if shown.judged is not None:
        record["gold"] = [_entity(e) for e in shown.judged.item.gold.entities]
        record["errors"] = [
            {
                "kind": error.kind.value,
                "gold": [_entity(e) for e in error.gold],
                "predicted": [_entity(e) for e in error.predicted],
                **({"stage": error.attribution.stage.value, "why": error.attribution.why} if error.attribution else {}),
            }
            for error in shown.judged.errors
        ]
    return record


def _side(sentence: Sentence) -> dict[str, Any]:
    with_text = sentence.with_text()
    text = with_text.text or ""
    record: dict[str, Any] = {
        "words": _gaps(text, with_text.offsets or ()),
        "entities": [_entity(e) for e in sentence.entities],
    }
    if sentence.language is not None:
        record["lang"] = sentence.language
    if is_right_to_left(text):
        record["rtl"] = 1
    return record


def is_right_to_left(text: str) -> bool:
    """Whether more letters of a text are written from right to left than from left to right.

    >>> is_right_to_left("IBM تفتح مكتبا"), is_right_to_left("Vigo")
    (True, False)
    """
    if _MAY_BE_RTL.search(text) is None:
        return False
    kinds = [unicodedata.bidirectional(c) for c in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")


def _gaps(text: str, offsets: Iterable[tuple[int, int]]) -> list[int]:
    """For each word the units between it and the word before, and its length."""
    units = None
    if _ASTRAL.search(text) is not None:
        units = list(accumulate((1 + (c > "\uffff") for c in text), initial=0))
    found: list[int] = []
    position = 0
    for start, end in offsets:
        first, last = (start, end) if units is None else (units[start], units[end])
        found += (first - position, last - first)
        position = last
    return found


def _entity(entity: Entity) -> list[Any]:
    record: list[Any] = [entity.start, entity.end, entity.label]
    if entity.score is not None:
        record.append(_rounded(entity.score))
    return record


def _outcome(outcome: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = {"entity": _entity(outcome.entity)}
    if outcome.projected:
        record["projected"] = [_entity(e) for e in outcome.projected]
    else:
        record["reason"] = outcome.reason
    if outcome.scores:
        record["scores"] = _scores(outcome.scores)
    return record


def _scores(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(value) for name, value in scores.items()}


def _rounded(value: float) -> float:
    return round(value, 3)
