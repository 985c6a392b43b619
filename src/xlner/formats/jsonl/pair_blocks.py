"""Write blocks of projected pairs as records, without an object for each pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from xlner.core.link_block import LinkBlock
from xlner.core.pair import Reason
from xlner.core.sentence_block import SentenceBlock
from xlner.formats.jsonl.blocks import PlacedText, fields_of


@dataclass(frozen=True, slots=True, eq=False)
class ProjectedPairs:
    """Projected pairs, of whose source entities each has one target entity or a reason why it has none.

    - `source`, `target`: the sentences; the entities of the target are the projected ones.
    - `texts`: the text of each target, if the targets are text; else nothing.
    - `links`, `weights`: the links, sorted and each once, and the weight of each link or None.
    - `outcomes`: for each source entity the number of its target entity, or the reason.
    - `scores`: for each target entity the scores of its outcome by name.
    - `entity_scores`: for each target entity its own score or None.
    - `matchings`: for each pair the solver and the objective, or None.
    """

    source: SentenceBlock
    target: SentenceBlock
    texts: Sequence[PlacedText]
    links: LinkBlock
    weights: Sequence[float] | None
    outcomes: Sequence[int | Reason]
    scores: Sequence[Mapping[str, float]]
    entity_scores: Sequence[float | None]
    matchings: Sequence[tuple[str, float] | None]


def pair_lines(block: ProjectedPairs) -> Iterator[str]:
    """The lines of the pairs, the same as of `write_pair` with tags in IOB2. `are_plain` must hold for both sides."""
    outcomes = _outcomes(block)
    weights = _weights(block)
    for source, target, links, weighed, count, matching in zip(
        fields_of(block.source),
        fields_of(block.target, block.entity_scores, block.texts),
        block.links.text().splitlines(),
        weights,
        block.source.per_sentence(),
        block.matchings,
        strict=True,
    ):
        found = ", ".join(islice(outcomes, count))
        solved = ""
        if matching is not None:
            solved = f', "matching": {{"solver": "{matching[0]}", "objective": {round(matching[1], 6)!r}}}'
        yield (
            f'{{{target}, "source": {{{source}}}, "alignment": "{links}"{weighed}, "outcomes": [{found}]{solved}}}\n'
        )


def _weights(block: ProjectedPairs) -> list[str]:
    """The field with the weights of each pair."""
    if block.weights is None:
        return [""] * len(block.links)
    shown = [repr(round(weight, 6)) for weight in block.weights]
    return [f', "weights": [{", ".join(shown[a:b])}]' for a, b in pairwise(block.links.offsets.tolist())]


def _outcomes(block: ProjectedPairs) -> Iterator[str]:
    """The record of each outcome."""
    names = block.source.names
    starts, ends = (found.tolist() for found in block.target.inside_sentences())
    sources = zip(*(found.tolist() for found in block.source.inside_sentences()), strict=True)
    for (start, end), label, outcome in zip(sources, block.source.labels.tolist(), block.outcomes, strict=True):
        entity = f'{{"entity": {{"start": {start}, "end": {end}, "label": "{names[label]}"}}'
        if isinstance(outcome, Reason):
            yield f'{entity}, "reason": "{outcome}"}}'
            continue
        score = block.entity_scores[outcome]
        scored = "" if score is None else f', "score": {round(score, 6)!r}'
        made = f'{{"start": {starts[outcome]}, "end": {ends[outcome]}, "label": "{names[label]}"{scored}}}'
        scores = ", ".join([f'"{name}": {round(value, 6)!r}' for name, value in block.scores[outcome].items()])
        yield f'{entity}, "projected": [{made}], "scores": {{{scores}}}}}'
