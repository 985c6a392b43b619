"""Fused scores on MasakhaNER2 dev sentences with human translations: F1 for PER, ORG and LOC with 95 % intervals.

python benchmarks/fused_masakhaner2.py FOLDER FRENCH [LANGUAGE …]
    (FOLDER with xxx.dev.jsonl: tokens, tags, src, src_lang; FRENCH with fr.train.conll and fr.dev.conll)

Source entities are those that spaCy's small model finds in an English translation, or a recognizer trained on FRENCH
(see trained_recognizer.py) in a French one. `tuned` weights are tuned on the other half of the sentences. `gain` is
their gain over the alignment score.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from trained_recognizer import TrainedRecognizer

from xlner import BackendError, Pair, Pipeline, Sentence, load
from xlner.core.labels import without_labels
from xlner.core.pair import Projection
from xlner.core.resampling import Rows, bootstrap, f1, percentiles
from xlner.projection.weight_tuning import tune_weights
from xlner.stages import Projector, Recognizer

LANGUAGES = ("lug", "pcm", "twi", "ewe")
TYPES = frozenset({"PER", "ORG", "LOC"})
PROJECTORS = {
    "alignment": "exact",
    "coverage": "fused?weights=coverage:1",
    "surface": "fused:surface",
    "align+surface": "fused:align+surface",
    "weighted-coverage+surface": "fused:weighted-coverage+surface",
}
SCORES = {
    "tuned a+s": ("alignment", "surface"),
    "tuned b+s+weighted_coverage": ("coverage", "surface", "weighted_coverage"),
}


def main(folder: Path, french: Path, languages: Sequence[str]) -> None:
    """Print one row per language."""
    print(f"{'':5}{'pairs':>6}", *(f"{name:>19}" for name in (*PROJECTORS, *SCORES)), f"{'gain':>21}")
    notes = []
    for language in languages:
        try:
            pairs, gold = linked(folder / f"{language}.dev.jsonl", french)
        except BackendError as error:
            print(f"{language:5} skipped: {error}")
            continue
        by_name = {}
        for name, spec in PROJECTORS.items():
            by_name[name] = counts(project(load("projector", spec), pairs), gold)
        for name, scores in SCORES.items():
            start = time.perf_counter()
            halves = [half(k, len(pairs)) for k in (0, 1)]
            projections: list[Projection | None] = [None] * len(pairs)
            for learn, test in (halves, halves[::-1]):
                tuned = tune_weights(
                    [pairs[i] for i in learn], [gold[i] for i in learn], names=scores, ignore=unscored(gold)
                )
                for i, done in zip(test, project(tuned.projector(), [pairs[i] for i in test]), strict=True):
                    projections[i] = done
                notes.append(f"{language}, {name}, tuned on {learn}:\n{tuned.report()}")
            by_name[name] = counts([p for p in projections if p is not None], gold)
            notes.append(f"({time.perf_counter() - start:.0f} s)")
        cells = [f"{cell(c):>19}" for c in by_name.values()]
        tuned_gain = gain(by_name["tuned a+s"], by_name["alignment"])
        print(f"{language:5}{len(pairs):6}", *cells, f"{tuned_gain:>21}", flush=True)
    print("", *notes, sep="\n\n")


def linked(path: Path, french: Path) -> tuple[list[Pair], list[Sentence]]:
    """Pairs with recognized source entities and links, and the gold sentences."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    from_lang = rows[0]["src_lang"]
    gold = [Sentence.from_tags(row["tokens"], row["tags"]) for row in rows]
    recognizer: Recognizer = (
        TrainedRecognizer("fr", french / "fr.train.conll", french / "fr.dev.conll")
        if from_lang == "fr"
        else load("recognizer", "spacy", language=from_lang)
    )
    source = [Sentence.from_text(row["src"], language=from_lang) for row in rows]
    found = [
        s.with_entities(e for e in entities if e.label in TYPES)
        for s, entities in zip(source, recognizer.recognize(source), strict=True)
    ]
    pairs = [Pair(Sentence(g.tokens), s) for g, s in zip(gold, found, strict=True)]
    return list(Pipeline(aligner=load("aligner", "e5"), projector=None).run_pairs(pairs)), gold


def project(projector: Projector, pairs: Sequence[Pair]) -> list[Projection]:
    """The projections of all pairs."""
    return projector.project(pairs)


def unscored(gold: Sequence[Sentence]) -> tuple[str, ...]:
    """Labels that are not counted."""
    return tuple(sorted({e.label for s in gold for e in s.entities} - TYPES))


def counts(done: Sequence[Projection], gold: Sequence[Sentence]) -> Rows:
    """Correct, predicted and gold entities of each sentence."""
    ignored = unscored(gold)
    rows = []
    for projection, sentence in zip(done, gold, strict=True):
        found = {(e.span, e.label) for e in projection.sentence.entities}
        wanted = {(e.span, e.label) for e in without_labels(sentence.entities, ignored)}
        rows.append((len(found & wanted), len(found), len(wanted)))
    return np.array(rows, dtype=np.int64)


def cell(rows: Rows) -> str:
    """F1 with its interval."""
    low, high = percentiles(f1(*bootstrap(rows, samples=1000, seed=0).T), 0.95)
    return f"{f1(*rows.sum(axis=0)):.3f} [{low:.3f} {high:.3f}]".replace("0.", ".")


def gain(rows: Rows, other: Rows) -> str:
    """The difference of two F1 with its interval, sentences paired."""
    totals = bootstrap(np.hstack([rows, other]), samples=1000, seed=0)
    low, high = percentiles(f1(*totals[:, :3].T) - f1(*totals[:, 3:].T), 0.95)
    difference = f1(*rows.sum(axis=0)) - f1(*other.sum(axis=0))
    return f"{difference:+.3f} [{low:+.3f} {high:+.3f}]".replace("0.", ".")


def half(k: int, n: int) -> range:
    """The first or the second half of `n` sentences."""
    return range(n // 2) if k == 0 else range(n // 2, n)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or LANGUAGES)
