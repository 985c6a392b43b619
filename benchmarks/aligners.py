"""Word aligners on gold links: F1, AER, pairs per second and peak memory. Each aligner runs in its own process.

python benchmarks/aligners.py DATA [--sets es,it,…] [--aligners SPEC …]

DATA holds `word-alignment/` (XL-WA as TSV; en-fr and ro-en with gold links and stored outputs) and `ntrex/`. Aligners
that learn from a bitext use the test and development texts of the set and, for Spanish, NTREX, but no gold links.
`learn` is the training time. `pairs/s` is the speed of aligning alone. Memory includes models and external programs.
The last columns compare the speed with that of the first aligner in the table.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from xlner import Pair, Sentence, XlnerError, load
from xlner.alignment.decoders import DECODERS
from xlner.core.alignment import Alignment, GoldAlignment
from xlner.evaluation.alignments import evaluate_alignments
from xlner.formats import gold_alignments, pharaoh
from xlner.stages import needs_training

XLWA = ("es", "it", "nl", "da")
OTHERS = ("enfr", "roen")
NTREX = {"es": "spa"}
STORED = "stored AWESoME"
SPECS = (
    "e5:itermax",
    *(f"e5:{name}" for name in sorted(DECODERS) if name != "itermax"),
    "surface-augmented:e5:itermax",
    "surface-augmented:e5:intersection",
    "surface",
    "eflomal",
    "eflomal?symmetrizer=grow-diag-final-and",
    "thot?kind=fastalign",
    "thot?kind=fastalign&symmetrizer=grow-diag-final-and",
    "thot?kind=hmm&symmetrizer=grow-diag-final-and",
    "surface-augmented:thot?kind=fastalign",
)


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=",".join((*XLWA, *OTHERS)))
    parser.add_argument("--aligners", nargs="*", default=SPECS)
    parser.add_argument("--one", nargs=2, metavar=("SET", "SPEC"), help="measure one aligner and print JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.data, *options.one)))
        return
    for name in options.sets.split(","):
        stored = [STORED] if name in OTHERS else []
        print(f"\n{name:55}{'F1':>7}{'AER':>7}{'P':>7}{'R':>7}{'learn s':>9}{'pairs/s':>9}{'ratio':>7}{'MB':>7}")
        first = None
        for spec in (*options.aligners, *stored):
            row = in_own_process(options.data, name, spec)
            if "error" in row:
                print(f"{spec:55} {row['error']}", flush=True)
                continue
            rate = row["rate"]
            first = first or rate
            numbers = "".join(f"{row[key]:7.3f}" for key in ("f1", "aer", "precision", "recall"))
            speed = f"{rate:9.0f}{rate / first:7.2f}" if rate else f"{'':16}"
            print(f"{spec:55}{numbers}{row['learn']:9.1f}{speed}{row['mb']:7.0f}", flush=True)


def in_own_process(data: Path, name: str, spec: str) -> dict[str, float]:
    """The measurements of one aligner."""
    command = [sys.executable, __file__, str(data), "--one", name, spec]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no error message"])[-1]}
    return json.loads(done.stdout)


def measure(data: Path, name: str, spec: str) -> dict[str, float | str]:
    """Train the aligner if necessary, align the test pairs, and compute the scores."""
    pairs, links = test_set(data, name)
    learn, rate = 0.0, 0.0
    if spec == STORED:
        path = data / f"word-alignment/{name}.awesome-align.out"
        found = list(pharaoh.read(numbered(path)))
    else:
        try:
            aligner = load("aligner", spec)
        except XlnerError as error:
            return {"error": str(error)}
        with TemporaryDirectory() as folder:
            if needs_training(aligner):
                start = time.perf_counter()
                aligner = aligner.train([*pairs, *more(data, name)], Path(folder) / "model")
                learn = time.perf_counter() - start
            start = time.perf_counter()
            found = aligner.align(pairs)
            rate = len(pairs) / (time.perf_counter() - start)
    scores = evaluate_alignments(links, [f for f in found if isinstance(f, Alignment)])
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024
    shown = {"f1": scores.f1, "aer": scores.aer, "precision": scores.precision, "recall": scores.recall}
    return {**shown, "learn": learn, "rate": rate, "mb": peak}


def test_set(data: Path, name: str) -> tuple[list[Pair], list[GoldAlignment]]:
    """Pairs and their gold links."""
    if name in XLWA:
        rows = [line.split("\t") for _, line in numbered(data / f"word-alignment/xl-wa/{name}/test.tsv")]
        return [pair(s, t) for s, t, _ in rows], golden([links for _, _, links in rows], one_based=False)
    texts = [line.split("|||") for _, line in numbered(data / f"word-alignment/{name}.src-tgt")]
    lines = [line for _, line in numbered(data / f"word-alignment/{name}.gold")]
    return [pair(s, t) for s, t in texts], golden(lines, one_based=True)


def more(data: Path, name: str) -> list[Pair]:
    """More pairs to learn from."""
    if name not in XLWA:
        return []
    rows = [line.split("\t") for _, line in numbered(data / f"word-alignment/xl-wa/{name}/dev.tsv")]
    found = [pair(s, t) for s, t, _ in rows]
    if name in NTREX:
        source = numbered(data / "ntrex/newstest2019-src.eng.txt")
        target = numbered(data / f"ntrex/newstest2019-ref.{NTREX[name]}.txt")
        for (_, s), (_, t) in zip(source, target, strict=True):
            found.append(Pair(Sentence.from_text(t, language=name), Sentence.from_text(s, language="en")))
    return found


def golden(lines: Sequence[str], *, one_based: bool) -> list[GoldAlignment]:
    """Gold links of every line."""
    read = gold_alignments.read(enumerate(lines, start=1), one_based=one_based)
    return [links for links in read if isinstance(links, GoldAlignment)]


def pair(source: str, target: str) -> Pair:
    """A pair of texts with words separated by spaces."""
    return Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split())))


def numbered(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a file."""
    return iter(list(enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1)))


if __name__ == "__main__":
    main()
