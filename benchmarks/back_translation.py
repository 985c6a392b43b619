"""Back-translation: gold English entities projected along links, and by a marked back-translation with Apertium.

python benchmarks/back_translation.py FOLDER [LIMIT]   (FOLDER with xx-europarl.test.conll02 for en and es)

Strict F1, all labels, `e5:itermax` links for both. *by back-translation* is the share of projected entities that did
not fall back.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from xlner import Pair, Pipeline, Sentence, evaluate, raise_errors, read_sentences

LANGUAGE = "es"
FORWARD = ("greedy", "(heuristic?gap=2)")
MARKERS = ("brackets", "tags")


def main(folder: Path, limit: int | None) -> None:
    """Print one row per projector."""
    names = (f"{code}-europarl.test.conll02" for code in ("en", LANGUAGE))
    source, gold = (list(raise_errors(read_sentences(folder / name)))[:limit] for name in names)
    aligner = Pipeline(aligner="e5", projector=None)
    plain = [Pair(Sentence(t.tokens, language=LANGUAGE), s) for s, t in zip(source, gold, strict=True)]
    pairs = list(aligner.run_pairs(plain))
    print(f"{'':64}{'F1':>8}{'seconds':>9}{'by back-translation':>21}  dropped")
    for forward in FORWARD:
        report(forward.strip("()"), pairs, gold)
        for marker in MARKERS:
            report(f"back-translation?forward={forward}&marker={marker}", pairs, gold)


def report(spec: str, pairs: list[Pair], gold: list[Sentence]) -> None:
    """Project and print the scores, and why entities fell back."""
    pipeline = Pipeline(projector=spec, target_lang=LANGUAGE)
    start = time.perf_counter()
    done = list(pipeline.run_pairs(pairs))
    seconds = time.perf_counter() - start
    outcomes = [o for p in done if p.projection for o in p.projection.outcomes]
    back = sum(not o.dropped and "similarity" in o.scores and not fell_back(o.scores) for o in outcomes)
    share = back / max(sum(not o.dropped for o in outcomes), 1) if "back" in spec else 0.0
    dropped = Counter(str(o.reason) for o in outcomes if o.dropped)
    f1 = evaluate(gold, (p.labeled for p in done)).micro.f1
    print(f"{spec:64}{f1:8.4f}{seconds:9.1f}{share:21.3f}  {dict(dropped)}", flush=True)


def fell_back(scores: object) -> list[str]:
    """Why an outcome says that the back-translation failed."""
    return [name for name in dict(scores) if ":" in name]  # type: ignore[call-overload]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
