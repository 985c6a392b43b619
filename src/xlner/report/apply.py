"""Apply corrections to the results that they are about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.formats import write_pairs, write_sentences
from xlner.report.corrections import CorrectedSentence, Decision, corrected, standing

CORRECTIONS = "corrections"
"""The key in the meta of a sentence, and the field of JSONL, that has the decisions about it."""

Item = Pair | Sentence | InputError


def decisions_by_sentence(decisions: Iterable[Decision]) -> dict[int, list[Decision]]:
    """The decisions about each sentence, in their order.

    >>> decisions_by_sentence([])
    {}
    """
    found: dict[int, list[Decision]] = {}
    for decision in decisions:
        found.setdefault(decision.sentence, []).append(decision)
    return found


def apply_corrections(
    items: Iterable[Item], decisions: Iterable[Decision], *, reviewed_only: bool = False, as_comment: bool = False
) -> Iterator[Item]:
    """The same pairs or sentences with corrected entities, in order.

    - `reviewed_only`: leave out sentences that no person has seen as a whole: what is left can serve as gold data.
    - `as_comment`: note who decided what and when in a comment, for CoNLL, and not in the field `corrections`.

    What the stages did, such as the outcomes, stays as it is. Raises `InputError`, which names the sentence, for a
    decision that does not fit.

    >>> from xlner import Entity
    >>> from xlner.report.corrections import Action
    >>> from xlner.report.records import words_digest
    >>> vigo = Sentence(("Vigo",))
    >>> add = Decision("1", 1, words_digest(vigo), Action.ADD, after=Entity(0, 1, "LOC"))
    >>> [sentence.tags() for sentence in apply_corrections([vigo], [add])]
    [['B-LOC']]
    """
    left = decisions_by_sentence(decisions)
    for number, item in enumerate(items, start=1):
        about = left.pop(number, [])
        if not about:
            if not reviewed_only:
                yield item
            continue
        found = correction_of(item, number, about)
        if found.reviewed or not reviewed_only:
            yield _with(item, found, about, as_comment)
    if any(standing(about) for about in left.values()):
        number = min(left)
        raise InputError("the file has no such sentence", sentence=number, hint="give the file that was reviewed")


def correction_of(item: Item, number: int, decisions: Sequence[Decision]) -> CorrectedSentence:
    """A pair or sentence after decisions about it. Raises `InputError` for a decision that does not fit."""
    try:
        return corrected(labeled_sentence(item), decisions)
    except ValidationError as error:
        raise InputError(error.message, sentence=number, hint=error.hint) from None


def labeled_sentence(item: Item) -> Sentence:
    """The sentence of an item with its entities; one without words for an error."""
    if isinstance(item, InputError):
        return Sentence(())
    if isinstance(item, Pair):
        return item.latest
    return item


def write_items(items: Iterable[Item], path: str | Path, *, format: str) -> int:
    """Write pairs or sentences in any format. Return their number. What could not be read is an error on its sentence.

    >>> from xlner import Entity
    >>> write_items([Sentence(("Ana", "vive"), (Entity(0, 1, "PER"),))], "-", format="text")
    Ana vive
    1
    """
    if format == "jsonl":
        return write_pairs(map(_as_pair, items), path, format=format)
    return write_sentences(map(_as_sentence, items), path, format=format)


def _as_pair(item: Item) -> Pair:
    if isinstance(item, InputError):
        return Pair(Sentence(()), error=str(item))
    return Pair(item) if isinstance(item, Sentence) else item


def _as_sentence(item: Item) -> Sentence:
    sentence, error = labeled_sentence(item), None
    if isinstance(item, InputError):
        error = str(item)
    elif isinstance(item, Pair):
        error = item.error
    return sentence if error is None else replace(sentence, meta={**sentence.meta, "error": error})


def _with(item: Item, found: CorrectedSentence, decisions: Sequence[Decision], as_comment: bool) -> Item:
    if isinstance(item, InputError):
        return item
    made = replace(found.sentence, meta=_noted(found.sentence.meta, decisions, as_comment))
    if isinstance(item, Sentence):
        return made
    if item.projection is None:
        return replace(item, target=made)
    return replace(item, projection=replace(item.projection, sentence=made))


def _noted(meta: Mapping[str, object], decisions: Sequence[Decision], as_comment: bool) -> dict[str, object]:
    """The meta with who decided what and when."""
    new: list[Any] = [{"who": d.who, "time": d.time, **d.what()} for d in standing(decisions)]
    if not new:
        return dict(meta)
    if as_comment:
        kept = meta.get("comments")
        comments = [*kept] if isinstance(kept, (list, tuple)) else []
        return {**meta, "comments": (*comments, f"# {CORRECTIONS} = {json.dumps(new)}")}
    earlier = meta.get(CORRECTIONS)
    return {**meta, CORRECTIONS: [*(earlier if isinstance(earlier, list) else []), *new]}
