"""Fine-tuning the exported encoder on raw parallel text: word alignment and projection before and after.

python benchmarks/train_aligner.py FOLDER MODEL OUT [LINES [TEST]]

FOLDER holds ntrex/, word-alignment/ and europarl-ner/. MODEL is what `xlner encoder export` wrote. The training data is
the first LINES lines (500) of NTREX in four languages and the text of the XL-WA development sets. The scores are those
of the first TEST pairs (all) of each test set.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from xlner import Pair, Pipeline, Sentence, evaluate, load, raise_errors, read_sentences
from xlner.alignment import AlignerTrainingOptions, train_aligner
from xlner.core.alignment import GoldAlignment
from xlner.evaluation.alignments import evaluate_alignments

XL_WA = ("es", "it", "nl", "da")
NTREX = {"deu": "de", "spa": "es", "por": "pt", "swe": "sv"}
DECODERS = ("decoder=itermax", "decoder=softmax&temperature=0.02&threshold=0.1")
TRAINING = AlignerTrainingOptions(layer=7, prefix="query:", learning_rate=1e-4)

Gold = tuple[list[Pair], list[GoldAlignment]]


def main(folder: Path, model: str, out: str, lines: int, test: int | None) -> None:
    """Score, train, score again."""
    tests = {code: _xl_wa(folder, code, "test", test) for code in XL_WA}
    tests |= {name: _older(folder, name, test) for name in ("enfr", "roen")}
    score(model, folder, tests, test)
    start = time.perf_counter()
    report = train_aligner(model, raw_text(folder, lines), out, TRAINING)
    print(f"{report.used} pairs in {time.perf_counter() - start:.0f} s, loss {report.losses[0]:.3f} to", end=" ")
    print(f"{report.losses[-1]:.3f}", flush=True)
    score(out, folder, tests, test)


def raw_text(folder: Path, lines: int) -> list[Pair]:
    """The training pairs, without links."""
    texts = {code: _lines(folder / "ntrex" / f"newstest2019-ref.{code}.txt", lines) for code in NTREX}
    english = _lines(folder / "ntrex" / "newstest2019-src.eng.txt", lines)
    pairs = [
        Pair(Sentence.from_text(t, language=NTREX[code]), Sentence.from_text(s, language="en"))
        for code, other in texts.items()
        for s, t in zip(english, other, strict=True)
    ]
    return pairs + [pair for code in XL_WA for pair in _xl_wa(folder, code, "dev", None)[0]]


def score(model: str, folder: Path, tests: dict[str, Gold], count: int | None) -> None:
    """Print F1 and alignment error rate of each test set, and the F1 of projection."""
    for decoder in DECODERS:
        aligner = load("aligner", f"hf:{model}?layer=7&prefix=query:&{decoder}")
        print(f"{Path(model).name} {decoder}")
        for name, (pairs, gold) in tests.items():
            scores = evaluate_alignments(gold, aligner.align(pairs))
            print(f"    {name:10} F1 {scores.f1:.3f}  AER {scores.aer:.3f}", flush=True)
        for language in ("de", "es"):
            source = list(raise_errors(read_sentences(folder / "europarl-ner" / "en-europarl.test.conll02")))[:count]
            gold = list(raise_errors(read_sentences(folder / "europarl-ner" / f"{language}-europarl.test.conll02")))[
                :count
            ]
            pairs = [Pair(t, s) for s, t in zip(source, gold, strict=True)]
            linked = list(Pipeline(aligner=aligner, projector=None).run_pairs(pairs))
            for projector in ("greedy", "heuristic"):
                done = Pipeline(projector=projector).run_pairs(linked)
                f1 = evaluate(gold, (p.labeled for p in done)).micro.f1
                print(f"    {language} {projector:10} F1 {f1:.3f}", flush=True)


def _lines(path: Path, count: int | None) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[:count]


def _xl_wa(folder: Path, code: str, part: str, count: int | None) -> Gold:
    pairs, gold = [], []
    for line in _lines(folder / "word-alignment" / "xl-wa" / code / f"{part}.tsv", count):
        source, target, links = line.split("\t")[:3]
        pairs.append(Pair(Sentence(tuple(target.split(" "))), Sentence(tuple(source.split(" ")))))
        found = frozenset((int(s), int(t)) for s, t in (link.split("-") for link in links.split()))
        gold.append(GoldAlignment(found))
    return pairs, gold


def _older(folder: Path, name: str, count: int | None) -> Gold:
    """Test sets with 1-based links. Links that are only possible have a `p` instead of the hyphen."""
    pairs, gold = [], []
    texts = _lines(folder / "word-alignment" / f"{name}.src-tgt", count)
    for text, line in zip(texts, _lines(folder / "word-alignment" / f"{name}.gold", count), strict=True):
        source, target = text.split(" ||| ")
        pairs.append(Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split()))))
        links = [(link, link.replace("p", "-").split("-")) for link in line.split()]
        numbers = [(link, (int(s) - 1, int(t) - 1)) for link, (s, t) in links]
        sure = frozenset(pair for link, pair in numbers if "p" not in link)
        gold.append(GoldAlignment(sure, frozenset(pair for _, pair in numbers)))
    return pairs, gold


if __name__ == "__main__":
    counts = [int(number) for number in sys.argv[4:]]
    main(Path(sys.argv[1]), *sys.argv[2:4], counts[0] if counts else 500, counts[1] if len(counts) > 1 else None)
