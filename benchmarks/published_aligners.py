"""The programs of SimAlign and AWESoME compared with xlner, with one encoder: links and speed.

python benchmarks/published_aligners.py FOLDER MODEL [COUNT [FIRST]]

FOLDER holds xx-europarl.test.conll02. MODEL is a folder written by `xlner encoder export`. Needs the packages simalign
0.4 and awesome-align 0.1.7 (pip install --no-deps), scikit-learn, networkx and scipy.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xlner import Pair, raise_errors, read_sentences
from xlner.alignment.e5 import E5Aligner
from xlner.alignment.encoder_aligner import EncoderAligner
from xlner.alignment.hf.aligner import HfEncoder

LAYER = 8
METHODS = {"a": ("inter", "intersection"), "i": ("itermax", "itermax"), "m": ("mwmf", "match")}
TIMED = 40
"""Pairs that SimAlign is timed on."""

Links = list[list[tuple[int, int]]]


def main(folder: Path, model: str, count: int, first: int) -> None:
    """Print how many pairs have the same links, then the rates."""
    source = raise_errors(read_sentences(folder / "en-europarl.test.conll02"))
    target = raise_errors(read_sentences(folder / "es-europarl.test.conll02"))
    pairs = [Pair(t, s) for s, t in zip(source, target, strict=True)][first : first + count]
    encoder = HfEncoder(model, layer=LAYER, pool="subword")
    same_links(pairs, model, encoder)
    same_softmax(pairs, encoder)
    rates(pairs[:TIMED], pairs, model)


def same_links(pairs: list[Pair], model: str, encoder: HfEncoder) -> None:
    """Compare every method on every pair."""
    torch.set_num_threads(1)
    peer = peer_aligner(model, "".join(METHODS))
    theirs = [peer.get_word_aligns(*words(pair)) for pair in pairs]
    for key, decoder in METHODS.values():
        ours = [list(a.links) for a in EncoderAligner(encoder, decoder).align(pairs)]
        report(decoder, [links[key] for links in theirs], ours)


def same_softmax(pairs: list[Pair], encoder: HfEncoder) -> None:
    """Compare the decoding of AWESoME and xlner on the same vectors."""
    theirs = []
    for source, target in vectors(pairs, encoder):
        theirs.append(awesome(source, target))
    ours = [list(a.links) for a in EncoderAligner(encoder, "softmax", threshold=1e-3).align(pairs)]
    report("awesome's softmax", theirs, ours)


def report(name: str, theirs: Links, ours: Links) -> None:
    """Print the share of pairs with the same links, and the pairs without."""
    different = [i for i, (x, y) in enumerate(zip(theirs, ours, strict=True)) if x != y]
    print(f"{name}: {len(ours) - len(different)} of {len(ours)} pairs have the same links", flush=True)
    for i in different:
        print(f"    pair {i}: theirs only {sorted(set(theirs[i]) - set(ours[i]))}", end=" ")
        print(f"ours only {sorted(set(ours[i]) - set(theirs[i]))}")


def rates(few: list[Pair], many: list[Pair], model: str) -> None:
    """Print pairs per second: of wall-clock time with all threads, and of CPU time with one thread."""
    print(f"{'':14}{'threads':>8}{'simalign':>18}{'hf':>18}{'e5':>18}{'hf / simalign':>16}{'e5 / simalign':>16}")
    ours = {name: HfEncoder(model, layer=LAYER, pool="subword", threads=n) for name, n in (("1", 1), ("all", None))}
    for method, (_, decoder) in METHODS.items():
        peer = peer_aligner(model, method)
        for name, threads in (("1", 1), ("all", None)):
            torch.set_num_threads(threads or 2)
            clock = time.process_time if threads == 1 else time.perf_counter
            theirs = rate(lambda: [peer.get_word_aligns(*words(p)) for p in few], len(few), clock)  # noqa: B023
            hf = EncoderAligner(ours[name], decoder)
            e5 = E5Aligner(decoder, layer=LAYER, threads=threads)
            own = [rate(lambda a=a: a.align(many), len(many), clock) for a in (hf, e5)]  # type: ignore[misc]
            shown = "".join(f"{r:18.1f}" for r in (theirs, *own)) + "".join(f"{r / theirs:16.1f}" for r in own)
            print(f"{decoder:14}{name:>8}{shown}", flush=True)


def rate(work: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    """Pairs per second of a clock."""
    start = clock()
    work()
    return count / (clock() - start)


def peer_aligner(model: str, methods: str) -> Any:
    """SimAlign, on sub-words."""
    from simalign import SentenceAligner

    return SentenceAligner(model, token_type="bpe", matching_methods=methods, layer=LAYER)


def words(pair: Pair) -> tuple[list[str], list[str]]:
    """Both sides in the format of SimAlign."""
    assert pair.source is not None
    return list(pair.source.tokens), list(pair.target.tokens)


def vectors(pairs: list[Pair], encoder: HfEncoder) -> Iterator[tuple[Any, Any]]:
    """Yield the sub-word states of both sides."""
    for pair in pairs:
        assert pair.source is not None
        yield tuple(encoder.encode([pair.source, pair.target]))  # type: ignore[misc]


def awesome(source: Any, target: Any) -> list[tuple[int, int]]:
    """The links of AWESoME's program, which expects ids 101 and 102 around each sentence."""
    for name in ("boto3", "botocore", "botocore.config", "botocore.exceptions"):  # it downloads models with these
        module = sys.modules.setdefault(name, types.ModuleType(name))
        module.Config = module.ClientError = object  # type: ignore[attr-defined]
    from awesome_align.modeling import BertGuideHead

    def framed(found: Any) -> tuple[torch.Tensor, torch.Tensor]:
        states = found.rows * found.norms[:, None]
        ids = [101, *[5] * len(states), 102]
        return torch.from_numpy(np.pad(states, ((1, 1), (0, 0))))[None], torch.tensor([ids])

    (x, x_ids), (y, y_ids) = framed(source), framed(target)
    linked = BertGuideHead(None)(x, y, x_ids, y_ids, softmax_threshold=1e-3)[0, 0, 1:-1, 1:-1]
    return sorted({(int(source.words[i]), int(target.words[j])) for i, j in linked.nonzero().tolist()})


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[3:]]
    main(Path(sys.argv[1]), sys.argv[2], numbers[0] if numbers else 799, numbers[1] if len(numbers) > 1 else 0)
