"""Decoders of xlner and functions of `simalign` and `awesome-align`, on the same similarities of Europarl pairs.

python benchmarks/decoders.py FOLDER [PAIRS]   (with en-europarl.test.conll02 and es-europarl.test.conll02)

The matrices are cosines of `e5` word vectors, rounded as in the aligner. AWESoME's softmax and entmax get the vectors.
`same` is the share of pairs with the same links; `ties` counts the other pairs with the same sum of similarities. Times
are CPU times of decoding alone, one pair at a time, alternating between both. Packages that are not installed are
skipped. Everything runs on one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from xlner import raise_errors, read_sentences
from xlner.alignment.decoders import make_decoder
from xlner.alignment.e5 import E5Encoder
from xlner.alignment.word_vectors import WordVectors

ALONE = ("forward", "union", "transport", "match?threshold=0.8", "inter?null_threshold=0.999")


class Case(NamedTuple):
    """One pair: its word vectors, cosines and dot products."""

    source: WordVectors
    target: WordVectors
    cosines: np.ndarray

    @property
    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.source.rows * self.source.norms[:, None], self.target.rows * self.target.norms[:, None]


Peer = Callable[[Case], np.ndarray]


def main(folder: Path, limit: int) -> None:
    """Print one row per decoder and peer."""
    cases = list(encoded(folder, limit))
    sizes = [
        np.mean([len(side.words) for side in sides])
        for sides in zip(*((c.source, c.target) for c in cases), strict=True)
    ]
    print(f"{len(cases)} pairs of {sizes[0]:.0f} and {sizes[1]:.0f} words on average")
    print(f"{'decoder':34}{'peer':32}{'same':>8}{'differ':>8}{'ties':>6}{'ours, µs':>10}{'peer, µs':>10}{'ratio':>8}")
    for spec, name, peer in peers():
        report(cases, spec, name, peer)
    for spec in ALONE:
        alone(cases, spec)


def encoded(folder: Path, limit: int) -> Iterator[Case]:
    """Word vectors and similarities of the pairs."""
    sides = [
        list(raise_errors(read_sentences(folder / f"{language}-europarl.test.conll02")))[:limit]
        for language in ("en", "es")
    ]
    encoder = E5Encoder()
    source, target = (encoder.encode(side) for side in sides)
    for s, t in zip(source, target, strict=True):
        yield Case(s, t, (s.rows @ t.rows.T).round(5))


def peers() -> Iterator[tuple[str, str, Peer]]:
    """Yield a decoder of xlner, the name of the function it is compared with, and the function."""
    try:
        from simalign.simalign import SentenceAligner
    except ImportError:
        print("simalign is not installed: skipped")
    else:
        yield (
            "inter",
            "simalign get_alignment_matrix",
            lambda c: np.multiply(*SentenceAligner.get_alignment_matrix(halved(c))),
        )
        yield "itermax", "simalign iter_max", lambda c: SentenceAligner.iter_max(halved(c))
        yield "match", "simalign get_max_weight_match", lambda c: SentenceAligner.get_max_weight_match(halved(c))
        yield (
            "itermax?distortion=0.5",
            "simalign with distortion",
            lambda c: SentenceAligner.iter_max(SentenceAligner.apply_distortion(halved(c), 0.5)),
        )
    try:
        import torch
        from awesome_align.modeling import BertGuideHead
    except ImportError:
        print("awesome-align is not installed: skipped")
        return
    torch.set_num_threads(1)
    head = BertGuideHead(None).eval()

    def awesome(case: Case, extraction: str) -> np.ndarray:
        hidden = [torch.from_numpy(v)[None] for v in case.vectors]
        no_special = [torch.full(h.shape[:2], 999) for h in hidden]
        with torch.inference_mode():
            return np.asarray(head(*hidden, *no_special, extraction=extraction)[0, 0].numpy())

    yield "softmax", "awesome-align softmax", lambda c: awesome(c, "softmax")
    yield "entmax", "awesome-align entmax", lambda c: awesome(c, "entmax")


def halved(case: Case) -> np.ndarray:
    """Similarities in the range of SimAlign, 0 to 1."""
    return (case.cosines.astype(np.float64) + 1.0) / 2.0


def report(cases: list[Case], spec: str, name: str, peer: Peer) -> None:
    """Compare links and times, alternating between both for every pair."""
    decoder = built(spec)
    differ = ties = 0
    times = np.zeros(2)
    for case in cases:
        start = time.process_time()
        found = ours(decoder, case)
        between = time.process_time()
        wanted = peer(case) > 0
        times += (between - start, time.process_time() - between)
        if not np.array_equal(found, wanted):
            differ += 1
            sums = (case.cosines[links].sum(dtype=float) for links in (found, wanted))
            ties += bool(np.isclose(*sums, atol=1e-9))
    times *= 1e6 / len(cases)
    same = f"{1 - differ / len(cases):8.2%}"
    print(
        f"{spec:34}{name:32}{same}{differ:8}{ties:6}{times[0]:10.1f}{times[1]:10.1f}{times[1] / times[0]:8.1f}",
        flush=True,
    )


def alone(cases: list[Case], spec: str) -> None:
    """Print the time of a decoder that the packages do not have."""
    decoder = built(spec)
    start = time.process_time()
    for case in cases:
        ours(decoder, case)
    print(f"{spec:34}{'':54}{1e6 * (time.process_time() - start) / len(cases):10.1f}", flush=True)


def built(spec: str) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """A decoder from its name and options."""
    name, _, options = spec.partition("?")
    return make_decoder(name, **dict(part.split("=") for part in options.split("&") if part))


def ours(decoder: Callable[..., tuple[np.ndarray, np.ndarray]], case: Case) -> np.ndarray:
    """The links of a decoder."""
    return decoder(case.cosines, (case.source.norms, case.target.norms))[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize)
