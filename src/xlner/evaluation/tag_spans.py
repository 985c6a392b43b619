"""Spans from tag sequences, which need not be valid, read as conlleval and seqeval do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from xlner.core.signature import Digest
from xlner.errors import InputError, ValidationError
from xlner.evaluation.spans import GoldAndPredicted, Ints, Spans
from xlner.text.counts import counted

_Numbers = NDArray[np.uint8] | NDArray[np.int32]
_OPEN, _CONTINUES = frozenset("BI"), frozenset("IEL")
_PREFIXES = frozenset("BIESLU")


def spans_of_tags(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> GoldAndPredicted:
    """Read the gold and predicted spans from tag sequences of the same lengths.

    An entity continues if `I-`, `E-` or `L-` follows `B-` or `I-` with the same label. Any other tag except `O` begins
    an entity. Raises `InputError` if the lengths differ, and `ValidationError` for a tag that is neither `O` nor the
    prefix of a scheme and a label.

    >>> spans = spans_of_tags([["I-PER", "I-LOC"]], [["B-PER", "I-PER"]])
    >>> spans.gold.ends.tolist(), spans.predicted.ends.tolist()
    ([1, 2], [2])
    """
    lengths = _lengths(gold, predicted)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    codes = _Codes(O=0)
    in_gold = codes.of(gold, int(offsets[-1]))
    digest = Digest(
        [json.dumps(list(codes)), *(a.astype("<i4").tobytes().decode("latin-1") for a in (lengths, in_gold))]
    )
    in_predicted = codes.of(predicted, int(offsets[-1]))
    reader = _Reader(tuple(codes), offsets)
    return GoldAndPredicted(
        offsets, reader.labels, reader.spans(in_gold), reader.spans(in_predicted), digest.hexdigest()
    )


def _lengths(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Ints:
    if len(gold) != len(predicted):
        raise InputError(f"{len(gold)} gold tag sequences but {len(predicted)} predicted ones")
    lengths, others = (np.fromiter(map(len, side), np.int64, len(side)) for side in (gold, predicted))
    differ = np.flatnonzero(lengths != others)
    if differ.size:
        k = int(differ[0])
        raise InputError(f"{counted(lengths[k], 'gold tag')} but {others[k]} predicted ones", sentence=k + 1)
    return lengths


class _Codes(dict[str, int]):
    """Numbers of tags: `O` is 0, other tags are numbered by first occurrence."""

    def __missing__(self, tag: str) -> int:
        self[tag] = len(self)
        return self[tag]

    def of(self, sequences: Sequence[Sequence[str]], count: int) -> _Numbers:
        """The numbers of all tags in all sequences."""
        try:
            return np.frombuffer(bytes(map(self.__getitem__, chain.from_iterable(sequences))), np.uint8)
        except ValueError:  # there are more than 256 tags
            return np.fromiter(map(self.__getitem__, chain.from_iterable(sequences)), np.int32, count)


class _Reader:
    """Reads spans from the numbers of tags."""

    def __init__(self, tags: Sequence[str], offsets: Ints) -> None:
        parts = list(_parsed(tags))
        self.labels = tuple(sorted({label for _, label in parts if label}))
        number = {label: k for k, label in enumerate(self.labels)}
        self._label = np.array([number.get(label, -1) for _, label in parts], dtype=np.int64)
        follows = [[b == a and p in _OPEN and q in _CONTINUES for q, b in parts] for p, a in parts]
        self._follows = np.array(follows, dtype=bool)
        self._is_first = np.zeros(int(offsets[-1]) + 1, dtype=bool)
        self._is_first[offsets] = True

    def spans(self, numbers: _Numbers) -> Spans:
        """Read the spans of one side."""
        inside = np.flatnonzero(numbers)
        continues = self._follows[numbers[inside - 1], numbers[inside]] & ~self._is_first[inside]
        starts = inside[~continues]
        ends = inside[~np.append(continues[1:], False)[: len(inside)]] + 1
        return Spans(starts, ends, self._label[numbers[starts]])


def _parsed(tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Split each tag into prefix and label; both are empty for `O`."""
    for tag in tags:
        prefix, _, label = tag.partition("-")
        if tag == "O":
            yield "", ""
        elif prefix in _PREFIXES and label:
            yield prefix, label
        else:
            raise ValidationError(f"{tag!r} is not a tag", hint="write O, or a prefix and a label such as B-PER")
