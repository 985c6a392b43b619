from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import Entity, LabelMap, ValidationError
from xlner.core.tags import Repair, Scheme, decode, encode
from xlner.errors import UnknownNameError
from xlner.recognition.tag_set import TagSet
from xlner.recognition.viterbi import best_path, transitions

SETS = {
    Scheme.IO: ("O", "I-PER", "I-LOC"),
    Scheme.IOB1: ("O", "I-PER", "I-LOC", "B-LOC"),
    Scheme.IOB2: ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    Scheme.IOBES: ("O", "B-PER", "I-PER", "E-PER", "S-PER", "S-LOC"),
    Scheme.BILOU: ("O", "B-PER", "I-PER", "L-PER", "U-PER", "U-LOC"),
}


@pytest.mark.parametrize("scheme", sorted(set(SETS) - {Scheme.IO}))
def test_schemes_are_guessed_from_prefixes(scheme: Scheme) -> None:
    assert TagSet.of(SETS[scheme]).scheme is scheme


def test_only_inside_tags_and_only_begin_tags() -> None:
    assert TagSet.of(("O", "I-PER", "I-LOC")).scheme is Scheme.IOB1
    assert TagSet.of(("O", "B-PER", "B-LOC")).scheme is Scheme.IOB2
    assert TagSet.of(("O", "PER", "BIG-PLACE")) == TagSet(("O", "I-PER", "I-BIG-PLACE"), Scheme.IO)
    assert TagSet.of(SETS[Scheme.IOB2], "IOB1").scheme is Scheme.IOB1


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (("O", "LABEL_1"), "does not define what LABEL_1 means"),
        (("B-PER", "I-PER"), "the tags of the model do not include O: B-PER, I-PER; give their names"),
        (("O", "B-PER", "LOC"), "some tags of the model have a prefix, but 'LOC' has none"),
        (("O", "B-PER", "E-PER", "U-PER"), "the tags of the model belong to two schemes: B, E, U"),
    ],
)
def test_names_that_are_not_understood(names: tuple[str, ...], match: str) -> None:
    with pytest.raises(UnknownNameError, match=match):
        TagSet.of(names)


def test_a_scheme_that_does_not_have_the_tags() -> None:
    with pytest.raises(ValidationError, match="tag 'B-PER' .* is not O or one of I-"):
        TagSet.of(SETS[Scheme.IOB2], "IO")


def test_classes_are_those_of_iob2() -> None:
    names, matrix = TagSet.of(SETS[Scheme.BILOU]).classes(LabelMap.parse("none"))
    assert names == ("O", "B-PER", "I-PER", "B-LOC")
    assert matrix.argmax(axis=1).tolist() == [0, 1, 2, 2, 1, 3]
    assert TagSet.of(("O", "MADE-UP", "PER")).classes(LabelMap.parse("MADE-UP=X"))[0] == ("O", "X", "PER")


@pytest.mark.parametrize("scheme", SETS)
def test_allowed_tags_are_those_that_need_no_repair(scheme: Scheme) -> None:
    tags = SETS[scheme]
    allowed = transitions(tags, scheme)
    for length in (1, 2, 3):
        for path in itertools.product(range(len(tags)), repeat=length):
            row = [tags[k] for k in path]
            try:
                decode(row, scheme, repair=Repair.NONE)
                valid = True
            except ValidationError:
                valid = False
            steps = itertools.pairwise((0, *path, 0))
            assert all(allowed[a, b] for a, b in steps) == valid, row


@settings(deadline=None)
@given(st.integers(0, 4), st.randoms(use_true_random=False), st.sampled_from(sorted(SETS)))
def test_the_best_path_is_the_best_of_all_allowed_ones(length: int, random: object, scheme: Scheme) -> None:
    tags = SETS[scheme]
    p = np.random.default_rng(random.randrange(2**32)).dirichlet(np.ones(len(tags)), size=length)  # type: ignore[attr-defined]
    allowed = transitions(tags, scheme)
    paths = [
        path
        for path in itertools.product(range(len(tags)), repeat=length)
        if all(allowed[a, b] for a, b in itertools.pairwise((0, *path, 0)))
    ]
    best = max(paths, key=lambda path: float(np.prod([p[k, t] for k, t in enumerate(path)])))
    assert best_path(p, allowed, 0).tolist() == list(best)


def test_valid_tags_do_not_change() -> None:
    tags = SETS[Scheme.IOBES]
    row = encode([Entity(0, 2, "PER"), Entity(3, 4, "LOC")], 5, "IOBES")
    p = np.full((5, len(tags)), 0.01)
    p[range(5), [tags.index(t) for t in row]] = 0.95
    assert [tags[k] for k in best_path(p, transitions(tags, Scheme.IOBES), 0)] == row
