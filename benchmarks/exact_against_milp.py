"""Random instances solved by the exact matcher and by an integer program: requirements met, weight and length.

python benchmarks/exact_against_milp.py [INSTANCES PER RULE, 10000] [PROCESSES, 1] [RULES, such as "=1 >=2"]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from multiprocessing import Pool

from xlner.projection.kernels.milp import Key, Program, solve
from xlner.projection.kernels.run import rule_of
from xlner.projection.matching.match import ScoredSpan, items_of, match_spans

RULES = [(constraint, n) for constraint in ("<=", "=", ">=") for n in (1, 2, 3)]
LINK_SCORES = [2 * links / words for words in range(2, 12) for links in range(1, words // 2 + 1)]


def main(instances: int, processes: int, wanted: list[str]) -> int:
    """Print one row per rule; the number of instances that differ."""
    print(f"{'rule':6}{'instances':>10}{'differ':>8}  solvers")
    total = 0
    with Pool(processes) as pool:
        for constraint, n in RULES:
            if wanted and constraint + str(n) not in wanted:
                continue
            start = time.perf_counter()
            solvers: Counter[str] = Counter()
            differ = 0
            jobs = ((constraint, n, k) for k in range(instances))
            for solver, same in pool.imap_unordered(run, jobs, chunksize=50):
                solvers[solver] += 1
                differ += not same
            total += differ
            seconds = time.perf_counter() - start
            print(f"{constraint + str(n):6}{instances:10}{differ:8}  {dict(solvers)}  {seconds:.0f} s", flush=True)
    return total


def run(job: tuple[str, int, int]) -> tuple[str, bool]:
    """Solve one instance with the exact matcher and with the integer program."""
    constraint, n, k = job
    candidates, length = instance(random.Random(f"{constraint}{n} {k}"), k)
    solver, exact, other = compare(candidates, length, constraint, n)
    return solver, exact == other


def instance(rng: random.Random, k: int) -> tuple[list[ScoredSpan], int]:
    """Candidates and sentence length: 1 to 20 entities, sparse and dense, every other instance with many ties."""
    n_entities = rng.randint(1, 20)
    length = rng.randint(5, 60)
    per_entity = rng.choice([1, 3, 8, 20])
    found = {}
    for entity in range(n_entities):
        center = rng.randrange(length)
        for _ in range(rng.randint(1, per_entity)):
            start = min(length - 1, max(0, round(rng.gauss(center, rng.choice([1, 3, 10])))))
            end = min(length, start + rng.randint(1, 6))
            score = rng.choice(LINK_SCORES) if k % 2 else rng.random()
            found[entity, start, end] = ScoredSpan(entity, (start, end), score)
    return list(found.values()), length


def compare(candidates: list[ScoredSpan], length: int, constraint: str, n: int) -> tuple[str, Key, Key]:
    """The solver that the exact matcher used, and the values of the two solutions."""
    rule = rule_of(constraint, n)
    items, entities = items_of(candidates, length)
    program = Program(items, len(items.entity), len(entities), rule)
    found = match_spans(candidates, length, constraint=constraint, n=n)
    index = {
        (entities[e], (s, t)): i for i, (e, s, t) in enumerate(zip(items.entity, items.start, items.end, strict=True))
    }
    swept = program.key([index[o.entity, o.span] for o in found.chosen])
    return found.solver, swept, program.key(solve(items, len(items.entity), len(entities), rule, ties=False))


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:3]]
    instances, processes = arguments + [10_000, 1][len(arguments) :]
    sys.exit(main(instances, processes, " ".join(sys.argv[3:]).split()) > 0)
