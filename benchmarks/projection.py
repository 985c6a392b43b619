"""Sentences per second of the projection step, one core, on a synthetic workload, next to figures of earlier code.

python benchmarks/projection.py WORKLOAD.PY [--cpu]

`--cpu` measures processor time instead of wall time, for a busy machine. Each figure is the best of several runs. The
reference greedy is a literal transcription of greedy matching on a matrix of costs. HiGHS, and Gurobi if it is
installed, solve one integer program per sentence, with one row per target word.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from xlner import Alignment, Entity, Pair, Sentence
from xlner.projection.batch import Batch
from xlner.projection.candidates import aligned_words, between_aligned, ngrams
from xlner.projection.kernels import run
from xlner.projection.kernels.milp import solve
from xlner.projection.kernels.run import rule_of
from xlner.projection.matching.match import ScoredSpan, items_of
from xlner.projection.matching_projector import MatchingProjector, greedy_projector
from xlner.projection.range_projectors import HeuristicProjector
from xlner.projection.scores.alignment import alignment_score

EARLIER = {
    "heuristic": ("reference heuristic", 48_900),
    "greedy aligned": ("reference greedy", 3_050),
    "greedy ngrams": ("reference greedy", 908),
    "exact aligned": ("reference Gurobi", 267),
    "exact ngrams": ("reference Gurobi", 36),
}
"""Sentences per second of earlier code on `synth(20000)`, on another machine."""

Row = dict[str, Any]
clock = time.perf_counter


def main(path: Path) -> None:
    """Print the table."""
    workload = load(path)
    pairs = [pair(row) for row in workload.synth(20_000)]
    print(f"{'synth(20000)':44}{'sentences/s':>12}  against")
    for name, projector in projectors().items():
        report(f"batch    {name}", rate(batch_call(pairs, name), len(pairs)), name)
        run.COMPILE_FROM = 0
        report(f"objects  {name}", rate(lambda p=projector: p.project(pairs), len(pairs)), name)
        run.COMPILE_FROM = 1 << 60
        some = pairs[:2000]
        report(f"objects  {name}, no numba", rate(lambda p=projector, s=some: p.project(s), len(some), 2), name)
    for name in ("aligned", "ngrams"):
        some = pairs[:200] if name == "aligned" else pairs[:40]
        report(f"here: reference greedy, {name}", rate(lambda s=some, n=name: reference(s, n), len(some), 1))
        report(f"here: HiGHS, {name}", rate(lambda s=some, n=name: highs(s, n), len(some), 1))
        if importlib.util.find_spec("gurobipy") is not None:
            report(f"here: Gurobi, {name}", rate(lambda s=some, n=name: gurobi(s, n), len(some), 1))
    for n_entities in (7, 20):
        dense = [pair(row) for row in workload.stress(50, 7, n_entities, 100)] * 40
        print(f"\nstress(50, 7, {n_entities}, 100)")
        for name in projectors():
            report(f"batch    {name}", rate(batch_call(dense, name), len(dense)))


def projectors() -> dict[str, Any]:
    """What is measured, by name."""
    return {
        "heuristic": HeuristicProjector(),
        "greedy aligned": greedy_projector(),
        "greedy ngrams": greedy_projector("ngrams", max_length=10),
        "exact aligned": MatchingProjector(),
        "exact ngrams": MatchingProjector("ngrams", max_length=10),
    }


def batch_call(pairs: list[Pair], name: str) -> Callable[[], object]:
    """The same projection from arrays to arrays."""
    links = [p.alignment.links for p in pairs]  # type: ignore[union-attr]
    spans = [[e.span for e in p.source.entities] for p in pairs]  # type: ignore[union-attr]
    batch = Batch(
        [link for row in links for link in row],
        np.cumsum([0, *map(len, links)]),
        [span for row in spans for span in row],
        np.cumsum([0, *map(len, spans)]),
        [len(p.target) for p in pairs],
    )
    if name == "heuristic":
        return batch.heuristic
    matcher, candidates = name.split()
    return lambda: batch.match(candidates, matcher=matcher, max_length=10 if candidates == "ngrams" else None)


def reference(pairs: list[Pair], candidates: str) -> None:
    """Greedy matching by its definition: the costs of all pairs of entity and candidate, then the best free one."""
    for p in pairs:
        spans = candidate_spans(p, candidates)
        costs = []
        for k, e in enumerate(p.source.entities):  # type: ignore[union-attr]
            for start, end in spans:
                links = sum(e.start <= s < e.end and start <= t < end for s, t in p.alignment.links)  # type: ignore[union-attr]
                if links:
                    costs.append((2 * links / (len(e) + end - start), k, start, end))
        costs.sort(key=lambda c: -c[0])
        chosen: list[tuple[float, int, int, int]] = []
        for cost in costs:
            if all(cost[1] != c[1] and (cost[3] <= c[2] or c[3] <= cost[2]) for c in chosen):
                chosen.append(cost)


def highs(pairs: list[Pair], candidates: str) -> None:
    """One integer program per sentence, one variable per candidate, ties broken arbitrarily."""
    for p in pairs:
        items, entities = items_of(candidates_of(p, candidates), len(p.target))
        solve(items, len(items.entity), len(entities), rule_of("<=", 1), ties=False)


def gurobi(pairs: list[Pair], candidates: str) -> None:
    """The same programs solved by Gurobi, those that fit into its free license (2,000 variables)."""
    import gurobipy

    with gurobipy.Env(params={"OutputFlag": 0}) as env:
        for p in pairs:
            spans = candidates_of(p, candidates)
            if len(spans) > 2000:
                continue
            with gurobipy.Model(env=env) as model:
                x = model.addVars(len(spans), vtype="B")
                model.setObjective(
                    gurobipy.quicksum(o.score * x[i] for i, o in enumerate(spans)), gurobipy.GRB.MAXIMIZE
                )
                for word in range(len(p.target)):
                    model.addConstr(
                        gurobipy.quicksum(x[i] for i, o in enumerate(spans) if o.span[0] <= word < o.span[1]) <= 1
                    )
                for k in range(len(p.source.entities)):  # type: ignore[union-attr]
                    model.addConstr(gurobipy.quicksum(x[i] for i, o in enumerate(spans) if o.entity == k) <= 1)
                model.optimize()


def candidates_of(p: Pair, candidates: str) -> list[ScoredSpan]:
    """Every candidate with a score above 0."""
    spans = candidate_spans(p, candidates)
    scores = alignment_score(p, p.source.entities, spans)  # type: ignore[union-attr]
    return [ScoredSpan(int(k), spans[j], float(scores[k, j])) for k, j in zip(*scores.nonzero(), strict=True)]


def candidate_spans(p: Pair, candidates: str) -> list[tuple[int, int]]:
    """The candidates of one pair."""
    if candidates == "ngrams":
        return ngrams(len(p.target), 10)
    words = aligned_words(p.source.entities, p.alignment)  # type: ignore[union-attr,arg-type]
    return sorted({span for w in words for span in between_aligned(w)})


def rate(call: Callable[[], object], n: int, runs: int = 7) -> float:
    """Sentences per second: the best of `runs` runs after a warm-up."""
    if runs > 1:
        call()
    seconds = []
    for _ in range(runs):
        start = clock()
        result = call()
        seconds.append(clock() - start)
        del result
    return n / min(seconds)


def report(what: str, per_second: float, name: str | None = None) -> None:
    """Print a row, with the ratio to earlier code where there is a figure."""
    against = ""
    if name is not None:
        peer, figure = EARLIER[name]
        against = f"{per_second / figure:8.1f} x {peer}"
    print(f"{what:44}{per_second:12,.0f}  {against}", flush=True)


def pair(row: Row) -> Pair:
    """A row of the workload as a pair."""
    entities = tuple(Entity(e["start_idx"], e["end_idx"], e["label"]) for e in row["src_entities"])
    links = Alignment(tuple(map(tuple, row["word_alignments"])))
    return Pair(Sentence(tuple(row["tokens"])), Sentence(tuple(row["src_words"]), entities), links)


def load(path: Path) -> ModuleType:
    """The module at a path."""
    spec = importlib.util.spec_from_file_location("workload", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if "--cpu" in sys.argv:
        clock = time.process_time
    main(Path(next(a for a in sys.argv[1:] if not a.startswith("-"))))
