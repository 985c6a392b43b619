"""The default decoder of `e5`, and weights from counts of links (`--lexical`), on every parallel set with labels.

    python benchmarks/default_aligner.py DATA

DATA has europarl-ner, uner-pud, xsid-0.7, absa-projection and masakhaner2-parallel. Strict F1. Source entities are
gold, except in MasakhaNER2, where `multilingual` finds them. The sources of `ewe` and `fr-en` are French, those of
`es-de` are Spanish, all others English. The column *N counted* projects with weights from counts of the first N pairs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from europarl_soft import columns, europarl, other_data, similarities

from xlner import Alignment, Pair, Sentence, evaluate, load
from xlner.alignment import LexicalWeights
from xlner.alignment.decoders import make_decoder
from xlner.alignment.e5 import E5Encoder
from xlner.formats import raise_errors, read_sentences

DECODERS = ("itermax", "transport")
COUNTED = (50, 200, 400, None)
LEXICAL = "fused:null-aware-coverage?candidates=aligned&max_length=100"
LABELS = frozenset({"PER", "ORG", "LOC"})

Sides = tuple[list[Sentence], list[Sentence]]


def main(data: Path) -> None:
    """Print a row for each set and decoder, and the means."""
    encoder = E5Encoder(layer=7)
    rows: dict[str, list[list[float]]] = {decoder: [] for decoder in DECODERS}
    print("set".ljust(22), "greedy", "cosines", *(f"{n or 'all'} counted" for n in COUNTED))
    for name, (source, gold) in sets(data):
        cases = list(similarities(encoder, source, gold))
        for decoder in DECODERS:
            decode = make_decoder(decoder)
            pairs = []
            for s, t, (cosines, *norms) in zip(source, gold, cases, strict=True):
                links, weights = decode(cosines, (norms[0], norms[1]))
                found = tuple(map(tuple, np.argwhere(links).tolist()))
                pairs.append(Pair(t.with_entities(()), s, Alignment(found, tuple(weights[links].tolist()))))
            rows[decoder].append(list(scores(pairs, gold)))
            print(f"{name:11} {decoder:10}", *(f"{f1:.3f}" for f1 in rows[decoder][-1]), flush=True)
    for decoder, found in rows.items():
        print(f"{'mean':11} {decoder:10}", *(f"{f1:.4f}" for f1 in np.mean(found, axis=0)))


def scores(pairs: Sequence[Pair], gold: Sequence[Sentence]) -> Iterator[float]:
    """F1 of `greedy`, of the projector for weighted links with cosines, and with counts of the first pairs."""

    def f1(projector: str, pairs: Sequence[Pair]) -> float:
        done = load("projector", projector).project(pairs)
        return float(evaluate(gold, (projection.sentence for projection in done)).micro.f1)

    yield f1("greedy", pairs)
    yield f1(LEXICAL, pairs)
    plain = [replace(p, alignment=replace(p.require_alignment(), weights=None)) for p in pairs]
    for number in COUNTED:
        lexical = LexicalWeights.count(plain[:number])
        yield f1(LEXICAL, [replace(p, alignment=lexical.weigh(p, counted=False)) for p in plain])


def sets(data: Path) -> Iterator[tuple[str, Sides]]:
    """All sets by name."""
    absa = data / "absa-projection"
    readers: dict[str, Callable[[], Sides]] = {**other_data(data), **europarl(data)}
    for name, read in readers.items():
        if not name.startswith("masa"):
            yield name, read()
    german, spanish = (readers[f"euro-{lang}"]()[1] for lang in ("de", "es"))
    yield "euro-es-de", (spanish, german)
    french, english = columns(absa / "en2fr" / "gold.train.tsv", 0, 1), columns(absa / "en.absa.train.tsv", 0, 1)
    yield "absa-fr-en", (french[:800], english[:800])
    for lang in ("lug", "pcm", "twi", "ewe"):
        yield f"masa-{lang}", masakhaner2(data / "masakhaner2-parallel" / f"{lang}.dev.jsonl", lang)


def masakhaner2(path: Path, lang: str) -> Sides:
    """Translations with the entities that `multilingual` finds, and gold sentences, both without dates."""
    gold = list(raise_errors(read_sentences(path)))
    translator = load("translator", f"given:{path}?field=src")
    language = "fr" if lang == "ewe" else "en"
    texts = translator.translate([s.with_text().text for s in gold], from_lang=lang, to_lang=language)
    source = [Sentence.from_text(text, language=language) for text in texts]
    found = load("recognizer", "multilingual").recognize(source)
    return (
        [only(s.with_entities(entities)) for s, entities in zip(source, found, strict=True)],
        [only(s) for s in gold],
    )


def only(sentence: Sentence) -> Sentence:
    """The sentence with the entities that count."""
    return sentence.with_entities(e for e in sentence.entities if e.label in LABELS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
