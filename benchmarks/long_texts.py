"""How decoders cope with long texts: Europarl-NER with several sentences joined into one.

    python benchmarks/long_texts.py DATA

DATA has europarl-ner. Gold English entities are projected onto Spanish by `greedy`; strict F1.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from xlner import Pair, Sentence, evaluate, load, raise_errors, read_sentences

SENTENCES = 200
JOINED = (1, 4)


def main(data: Path) -> None:
    """Print a row for each number of joined sentences and each decoder."""
    for number in JOINED:
        source, gold = (joined(data, language, number) for language in ("en", "es"))
        for spec in ("e5:itermax", "e5:transport"):
            pairs = [Pair(t.with_entities(()), s) for s, t in zip(source, gold, strict=True)]
            links = load("aligner", spec).align(pairs)
            linked = [replace(p, alignment=a) for p, a in zip(pairs, links, strict=True)]
            done = load("projector", "greedy").project(linked)
            f1 = evaluate(gold, (projection.sentence for projection in done)).micro.f1
            words = sum(map(len, gold)) / len(gold)
            print(f"{number} joined, {words:.0f} words, {spec}: {f1:.3f}, {sum(map(len, links))} links", flush=True)


def joined(data: Path, language: str, number: int) -> list[Sentence]:
    """The first sentences of a language, several in one."""
    path = data / "europarl-ner" / f"{language}-europarl.test.conll02"
    sentences = list(raise_errors(read_sentences(path)))[:SENTENCES]
    return [one(sentences[k : k + number]) for k in range(0, len(sentences), number)]


def one(sentences: list[Sentence]) -> Sentence:
    """Several sentences as one."""
    tokens: list[str] = []
    entities = []
    for sentence in sentences:
        shift = len(tokens)
        entities += [replace(e, start=e.start + shift, end=e.end + shift) for e in sentence.entities]
        tokens += sentence.tokens
    return Sentence(tuple(tokens), tuple(entities))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
