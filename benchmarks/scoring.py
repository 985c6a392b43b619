"""Time the scoring of 100,000 tag sequences by xlner, and by seqeval, seqscore and nervaluate if they are installed.

python benchmarks/scoring.py [SENTENCES]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

from xlner.evaluation import evaluate_tags

Tags = list[list[str]]


def main() -> None:
    """Print the F1 and the CPU time of each scorer; for xlner, the best of three runs."""
    gold, predicted = make(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    print(f"{len(gold)} sentences, {sum(map(len, gold))} tags")
    ours = timed(lambda: evaluate_tags(gold, predicted).micro.f1)
    print(f"{'xlner':28} F1 {ours[0]:.6f} {ours[1]:7.2f} s", flush=True)
    partial = timed(lambda: evaluate_tags(gold, predicted, mode="partial").micro.f1)
    print(f"{'xlner, partial credit':28} F1 {partial[0]:.6f} {partial[1]:7.2f} s", flush=True)
    for name, package, score in PEERS:
        if find_spec(package) is None:
            print(f"{name:28} is not installed")
            continue
        f1, seconds = timed(lambda score=score: score(gold, predicted), times=1)
        print(f"{name:28} F1 {f1:.6f} {seconds:7.2f} s, {seconds / ours[1]:5.1f} x ours", flush=True)


def make(sentences: int) -> tuple[Tags, Tags]:
    """Make gold tags of 10 to 30 words with about two entities, and predictions with one in ten tags changed."""
    choose = random.Random(1)
    tags = ["O", *(f"{p}-{t}" for p in "BI" for t in ("PER", "ORG", "LOC", "MISC"))]
    gold = [_sentence(choose) for _ in range(sentences)]
    predicted = [[choose.choice(tags) if choose.random() < 0.1 else t for t in s] for s in gold]
    return gold, predicted


def _sentence(choose: random.Random) -> list[str]:
    tags = ["O"] * choose.randint(10, 30)
    for _ in range(2):
        start, label = choose.randrange(len(tags)), choose.choice(("PER", "ORG", "LOC", "MISC"))
        length = min(choose.randint(1, 3), len(tags) - start)
        tags[start : start + length] = [f"B-{label}"] + [f"I-{label}"] * (length - 1)
    return tags


def timed(run: Callable[[], float], times: int = 3) -> tuple[float, float]:
    """Return the result and the shortest of `times` runs in CPU seconds."""
    best, value = float("inf"), 0.0
    for _ in range(times):
        start = time.process_time()
        value = run()
        best = min(best, time.process_time() - start)
    return value, best


def by_seqeval(gold: Tags, predicted: Tags) -> float:
    """F1 of seqeval in its default mode."""
    from seqeval.metrics import f1_score

    return float(f1_score(gold, predicted))


def by_seqscore(gold: Tags, predicted: Tags) -> float:
    """F1 of seqscore with conlleval repair."""
    from seqscore.scoring import score_label_sequences

    return float(score_label_sequences(predicted, gold, "BIO", repair="conlleval")[0].f1)


def by_nervaluate(gold: Tags, predicted: Tags) -> float:
    """F1 of nervaluate under its strict scheme."""
    from nervaluate import Evaluator

    labels = ["PER", "ORG", "LOC", "MISC"]
    return float(Evaluator(gold, predicted, tags=labels, loader="list").evaluate()["overall"]["strict"].f1)


PEERS = (
    ("seqeval, default", "seqeval", by_seqeval),
    ("seqscore, conlleval", "seqscore", by_seqscore),
    ("nervaluate, strict", "nervaluate", by_nervaluate),
)

if __name__ == "__main__":
    main()
