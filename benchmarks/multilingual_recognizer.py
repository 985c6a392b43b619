"""F1 of a recognizer, applied directly, on the dev sets of `open-ner` and on data that it was not trained on.

    python benchmarks/multilingual_recognizer.py DATA [--recognizer SPEC] [--limit N] [--csv FILE]

DATA is a folder with `open-ner`, `masakhaner2-parallel`, `uner-pud` and `europarl-ner`. PER, ORG and LOC count.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

from xlner import Sentence, evaluate, load
from xlner.core.tags import decode
from xlner.formats import raise_errors, read_sentences

LABELS = ("PER", "ORG", "LOC")
GROUPS = {
    "open-ner": lambda name: name.startswith("open-ner/"),
    "without NCHLT": lambda name: name.startswith("open-ner/") and "nchlt" not in name,
    "NCHLT": lambda name: "nchlt" in name,
    "PUD": lambda name: name.startswith("pud/"),
    "MasakhaNER2": lambda name: name.startswith("masakhaner2/"),
    "Europarl": lambda name: name.startswith("europarl/"),
}


def sets(data: Path) -> Iterator[tuple[str, list[Sentence]]]:
    """The names and the sentences of all sets."""
    for folder in sorted((data / "open-ner").iterdir()):
        if (folder / "dev.conll").exists():
            language = folder.name.split("-")[0].replace("qaf", "arq")
            yield f"open-ner/{folder.name}", read(folder / "dev.conll", language)
    for code in ("lug", "pcm", "twi", "ewe"):
        rows = (data / "masakhaner2-parallel" / f"{code}.dev.jsonl").read_text(encoding="utf-8").splitlines()
        records = map(json.loads, rows)
        yield (
            f"masakhaner2/{code}",
            [Sentence(tuple(r["tokens"]), decode(r["tags"]).entities, language=code) for r in records],
        )
    for code in ("en", "pt", "sv"):
        rows = (data / "uner-pud" / f"{code}_pud-ud-test.iob2").read_text(encoding="utf-8").split("\n\n")
        words = [[line.split("\t") for line in row.splitlines() if line[:1].isdigit()] for row in rows]
        yield (
            f"pud/{code}",
            [
                Sentence(tuple(w[1] for w in row), decode([w[2] for w in row]).entities, language=code)
                for row in words
                if row
            ],
        )
    for code in ("de", "en", "es"):
        yield (
            f"europarl/{code}",
            read(data / "europarl-ner" / f"{code}-europarl.test.conll02", code),
        )


def read(path: Path, language: str) -> list[Sentence]:
    """The sentences of a file in CoNLL format."""
    return list(raise_errors(read_sentences(str(path), format="conll", language=language)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--recognizer", default="multilingual")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    recognizer = load("recognizer", options.recognizer)
    scores: dict[str, float] = {}
    sentences, began, cpu = 0, time.perf_counter(), time.process_time()
    for name, every in sets(options.data):
        gold = [s.with_entities(e for e in s.entities if e.label in LABELS) for s in every[: options.limit]]
        found = recognizer.recognize(gold)
        kept = [[e for e in entities if e.label in LABELS] for entities in found]
        result = evaluate(gold, [s.with_entities(e) for s, e in zip(gold, kept, strict=True)])
        scores[name] = result.micro.f1
        sentences += len(gold)
        print(f"{name:34} {result.micro.f1:.3f}  ({len(gold)} sentences)", flush=True)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    for group, belongs in GROUPS.items():
        values = [f1 for name, f1 in scores.items() if belongs(name)]
        print(f"mean of {group}: {sum(values) / len(values):.3f} ({len(values)} sets)")
    print(f"{sentences} sentences in {wall:.0f} s, {sentences / wall:.0f} per second, {cpu:.0f} s of CPU time")
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("set", "f1"), *((name, f"{f1:.4f}") for name, f1 in scores.items())])


if __name__ == "__main__":
    main()
