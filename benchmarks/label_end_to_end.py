"""`xlner label` from raw text to scores: rate, F1, and the most frequent kinds of error with one example each.

python benchmarks/label_end_to_end.py GOLD.conll LANG [IGNORED,LABELS]
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from xlner import Entity, Pair, Pipeline, Sentence, evaluate, raise_errors, read_sentences


def main(path: str, language: str, ignore: tuple[str, ...]) -> None:
    """Label the sentences of a gold file and compare."""
    start = time.perf_counter()
    gold = [s for s in raise_errors(read_sentences(path, language=language)) if s.tokens]
    pipeline = Pipeline("apertium", "spacy", "e5", "greedy", target_lang=language, ignore=("DATE", *ignore))
    loaded = time.perf_counter()
    # without the text, which a CoNLL file may hold in a comment, the tokens are detokenized
    pairs = list(pipeline.run(s.with_entities(()) for s in gold))
    seconds = time.perf_counter() - loaded
    scores = evaluate(gold, (p.labeled for p in pairs), ignore=ignore)
    print(f"{len(gold)} sentences, loading {loaded - start:.1f} s, {len(gold) / seconds:.1f} sentences/s")
    for label, c in [*scores.per_type.items(), ("micro", scores.micro)]:
        print(f"{label:6} P {c.precision:.3f} R {c.recall:.3f} F1 {c.f1:.3f}  ({c.gold} gold)")
    print(scores.signature)
    kinds: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for sentence, pair in zip(gold, pairs, strict=True):
        for kind, example in errors(
            sentence.with_entities(e for e in sentence.entities if e.label not in ignore), pair
        ):
            kinds[kind] += 1
            examples.setdefault(kind, example)
    for kind, count in kinds.most_common(10):
        print(f"{count:5}  {kind:52} {examples[kind]}")


def errors(gold: Sentence, pair: Pair) -> list[tuple[str, str]]:
    """Each wrong entity with its kind."""
    given = pair.labeled.entities
    found = []
    for entity in gold.entities:
        if (entity.span, entity.label) in {(e.span, e.label) for e in given}:
            continue
        near = [e for e in given if e.start < entity.end and entity.start < e.end]
        if near:
            text = f"{gold.surface(entity)!r} as {gold.surface(near[0])!r} {near[0].label}"
            found.append((f"{entity.label}: {confusion(entity, near[0])}", text))
        else:
            found.append((f"{entity.label}: {loss(entity, pair)}", repr(gold.surface(entity))))
    for entity in given:
        if not any(e.start < entity.end and entity.start < e.end for e in gold.entities):
            found.append((f"{entity.label}: spurious", repr(gold.surface(entity))))
    return found


def confusion(gold: Entity, given: Entity) -> str:
    """How an entity differs from the gold entity that it overlaps."""
    if gold.span == given.span:
        return f"labeled {given.label}"
    left = "" if given.start == gold.start else "starts early" if given.start < gold.start else "starts late"
    right = "" if given.end == gold.end else "ends late" if given.end > gold.end else "ends early"
    both = " and ".join(part for part in (left, right) if part)
    return both if gold.label == given.label else f"{both}, labeled {given.label}"


def loss(entity: Entity, pair: Pair) -> str:
    """Where an entity got lost that nothing overlaps."""
    if pair.projection is None:
        return "missed, sentence failed"
    if pair.alignment is None:  # without entities in its translation, a sentence is not aligned
        return "missed, not recognized in the translation"
    words = {s for s, t in pair.alignment.links if entity.start <= t < entity.end}
    for outcome in pair.projection.outcomes:
        if words & set(range(*outcome.entity.span)):
            where = "projected elsewhere" if outcome.projected else f"not projected ({outcome.reason})"
            return f"missed, {where}"
    return "missed, no link" if not words else "missed, not recognized in the translation"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], tuple(filter(None, sys.argv[3].split(","))) if len(sys.argv) > 3 else ())
