"""The gain of encoder, layer, decoder, projector and weighted score on Europarl-NER, chosen on other data.

python benchmarks/europarl_soft.py FOLDER [--tuned MODEL] [--cache CACHE]

FOLDER has uner-pud, xsid-0.7, absa-projection, masakhaner2-parallel and europarl-ner. MODEL is the offline encoder as
tuned by `benchmarks/train_aligner.py` or `xlner train-aligner`. CACHE keeps similarities.

First, every encoder, layer and decoder is scored with `greedy`, then every projector with the best of them, by the mean
strict F1 over all parallel sets with English sources except Europarl. Then the chosen configuration is scored on
Europarl-NER, and so are its variants with one component changed. Source entities are gold, except in MasakhaNER2, where
they are from spaCy.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from xlner import Alignment, BackendError, Pair, Sentence, evaluate, load, raise_errors, read_sentences
from xlner.alignment import LexicalWeights
from xlner.alignment.decoders import make_decoder
from xlner.alignment.e5 import E5Encoder
from xlner.alignment.encoder_aligner import Encoder
from xlner.alignment.hf.aligner import HfEncoder

OFFLINE, TUNED = "e5", "tuned"
LAYERS = {OFFLINE: (6, 7, 8, 9), TUNED: (7, 8)}
DECODERS = ("itermax", "softmax", "softmax?temperature=0.02&threshold=0.1", "transport")
PROJECTORS = (
    *("greedy", "exact", "heuristic", "hull"),
    *(f"fused?weights=alignment:1,weighted_coverage:{w}" for w in ("0.5", "1")),
    "fused?weights=coverage:1,weighted_coverage:0.5",
    *(
        f"{links}fused?weights=null_aware_coverage:1:{least}&candidates=aligned&max_length=100"
        for links in ("", "lexical ")
        for least in ("0", "0.3", "0.6")
    ),
)
"""`lexical`: link weights come from the links of the same words elsewhere in the set, instead of from the decoder."""
Vectors = tuple[str, int]
"""An encoder and its layer."""
TODAY: tuple[Vectors, str, str] = ((OFFLINE, 7), "itermax", "greedy")
"""The defaults of `xlner project`."""

Case = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Cosines, -inf for words without vectors, and the norms of both sides."""


class Set(NamedTuple):
    """Labeled source sentences, gold target sentences, and the similarities of their words."""

    source: list[Sentence]
    gold: list[Sentence]
    cases: dict[Vectors, list[Case]]


def main(folder: Path, tuned: str | None, cache: Path | None) -> None:
    """Choose, and print the tables."""
    vectors = [(name, layer) for name in LAYERS if name == OFFLINE or tuned for layer in LAYERS[name]]
    sets = dict(loaded(other_data(folder), vectors, tuned, cache))
    print("chosen on:", ", ".join(f"{name} ({len(s.gold)})" for name, s in sets.items()))
    rows = {(v, decoder): table_row(sets, v, decoder, "greedy") for v in vectors for decoder in DECODERS}
    best, decoder = max(rows, key=lambda key: rows[key])
    chosen = {projector: table_row(sets, best, decoder, projector) for projector in PROJECTORS}
    projector = max(chosen, key=lambda key: chosen[key])
    print(f"\nchosen: {best[0]}, layer {best[1]}, {decoder}, {projector}")
    test = dict(loaded(europarl(folder), vectors, tuned, cache))
    table_row(test, best, decoder, projector)
    print("\nthe defaults, and one component after the other changed:")
    steps = [TODAY, (best, *TODAY[1:]), (best, decoder, TODAY[2]), (best, decoder, projector)]
    for step in dict.fromkeys(steps):
        table_row(test, *step)
    print("\none component of the chosen configuration changed (not chosen on these numbers):")
    for other in vectors:
        table_row(test, other, decoder, projector)
    for other_decoder in DECODERS:
        table_row(test, best, other_decoder, projector)
    for other_projector in PROJECTORS:
        table_row(test, best, decoder, other_projector)


def table_row(sets: dict[str, Set], vectors: Vectors, decoder: str, projector: str) -> float:
    """Print the F1 of a configuration on every set, and return their mean."""
    scores = [score(s, vectors, decoder, projector) for s in sets.values()]
    mean = float(np.mean(scores))
    parts = f"{vectors[0]:6}{vectors[1]:2} {decoder:40}{projector:60}"
    print(parts, *(f"{s:7.4f}" for s in scores), f"{mean:8.5f}", flush=True)
    return mean


def score(data: Set, vectors: Vectors, decoder: str, projector: str) -> float:
    """Strict micro F1."""
    name, _, options = decoder.partition("?")
    decode = make_decoder(name, **dict(part.split("=") for part in options.split("&") if part))
    pairs = []
    for source, gold, (cosines, *norms) in zip(data.source, data.gold, data.cases[vectors], strict=True):
        links, weights = decode(cosines, (norms[0], norms[1]))
        similarity = np.where(np.isfinite(cosines), cosines, 0).astype(np.float32)
        found = tuple(map(tuple, np.argwhere(links).tolist()))
        alignment = Alignment(found, tuple(weights[links].tolist()), similarity)
        pairs.append(Pair(gold.with_entities(()), source, alignment))
    if projector.startswith("lexical "):
        pairs = [replace(pair, alignment=Alignment(pair.alignment.links)) for pair in pairs]  # type: ignore[union-attr]
        counted = LexicalWeights.count(pairs)
        pairs = [replace(pair, alignment=counted.weigh(pair)) for pair in pairs]
    done = load("projector", projector.removeprefix("lexical ")).project(pairs)
    return evaluate(data.gold, (projection.sentence for projection in done)).micro.f1


# --- Similarities ---


def loaded(
    sets: dict[str, Callable[[], tuple[list[Sentence], list[Sentence]]]],
    vectors: Sequence[Vectors],
    tuned: str | None,
    cache: Path | None,
) -> Iterator[tuple[str, Set]]:
    """Every set with its similarities, from the cache if it has them."""
    for name, read in sets.items():
        try:
            source, gold = read()
        except BackendError as error:
            print(f"{name} is left out: {error}")
            continue
        cases = {}
        for encoder, layer in vectors:
            path = None if cache is None else cache / f"{name}.{encoder}.{layer}.pkl"
            if path is not None and path.exists():
                cases[encoder, layer] = pickle.loads(path.read_bytes())
                continue
            made = E5Encoder(layer=layer) if encoder == OFFLINE else HfEncoder(tuned, layer=layer, prefix="query:")
            cases[encoder, layer] = list(similarities(made, source, gold))
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(pickle.dumps(cases[encoder, layer]))
        yield name, Set(source, gold, cases)


def similarities(encoder: Encoder, source: Sequence[Sentence], target: Sequence[Sentence]) -> Iterator[Case]:
    """The cosines and norms of the words of each pair, as the aligner computes them."""
    for start in range(0, len(source), 128):
        sides = [[s.with_entities(()) for s in side[start : start + 128]] for side in (source, target)]
        for s, t, *both in zip(*map(encoder.encode, sides), *sides, strict=True):
            lengths = [len(sentence) for sentence in both]
            matrix = np.full(lengths, -np.inf, dtype=np.float32)
            matrix[np.ix_(s.words, t.words)] = (s.rows @ t.rows.T).round(5)
            norms = [np.ones(length, dtype=np.float32) for length in lengths]
            norms[0][s.words], norms[1][t.words] = s.norms, t.norms
            yield matrix, *norms


# --- Data ---


def other_data(folder: Path) -> dict[str, Callable[[], tuple[list[Sentence], list[Sentence]]]]:
    """Sets to choose on."""
    pud, xsid, absa = folder / "uner-pud", folder / "xsid-0.7", folder / "absa-projection"
    return {
        **{
            f"pud-{lang}": lambda lang=lang: (
                columns(pud / "en_pud-ud-test.iob2", 1, 2),
                columns(pud / f"{lang}_pud-ud-test.iob2", 1, 2),
            )
            for lang in ("pt", "sv")
        },
        **{
            f"xsid-{lang}": lambda lang=lang: (
                columns(xsid / "en.valid.conll", 1, 3),
                columns(xsid / f"{lang}.valid.conll", 1, 3),
            )
            for lang in ("de", "it", "nl")
        },
        **{
            f"absa-{lang}": lambda lang=lang: (
                columns(absa / "en.absa.train.tsv", 0, 1)[:800],
                columns(absa / f"en2{lang}" / "gold.train.tsv", 0, 1)[:800],
            )
            for lang in ("es", "fr")
        },
        **{
            f"masa-{lang}": lambda lang=lang: masakhaner2(folder / "masakhaner2-parallel" / f"{lang}.dev.jsonl")
            for lang in ("lug", "pcm", "twi")
        },
    }


def europarl(folder: Path) -> dict[str, Callable[[], tuple[list[Sentence], list[Sentence]]]]:
    """The sets to report."""

    def read(language: str) -> list[Sentence]:
        return list(raise_errors(read_sentences(folder / "europarl-ner" / f"{language}-europarl.test.conll02")))

    return {f"euro-{lang}": lambda lang=lang: (read("en"), read(lang)) for lang in ("de", "es")}


def columns(path: Path, token: int, tag: int) -> list[Sentence]:
    """Sentences of a file with columns, tabs or a space between them."""
    sentences: list[Sentence] = []
    rows: list[list[str]] = []
    for raw in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        line = raw.strip("\r\n \t")
        if line and not (token and line.startswith("# ")):
            rows.append(line.split("\t" if "\t" in line else " "))
        elif rows and not line:
            sentences.append(Sentence.from_tags([row[token] for row in rows], [row[tag] for row in rows]))
            rows = []
    return sentences


def masakhaner2(path: Path) -> tuple[list[Sentence], list[Sentence]]:
    """Translations with the entities that spaCy finds, and gold sentences, both without dates."""
    types = {"PER", "ORG", "LOC"}
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    source = [Sentence.from_text(record["src"], language="en") for record in records]
    found = load("recognizer", "spacy", language="en").recognize(source)
    gold = [Sentence.from_tags(record["tokens"], record["tags"]) for record in records]
    return (
        [s.with_entities(e for e in entities if e.label in types) for s, entities in zip(source, found, strict=True)],
        [g.with_entities(e for e in g.entities if e.label in types) for g in gold],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tuned")
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    main(given.folder, given.tuned, given.cache)
