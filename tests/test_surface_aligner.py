"""Links between words with similar spelling, and the aligner that adds them to those of another aligner."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Pair, Sentence, ValidationError, load
from xlner.errors import MissingExtraError, UnknownNameError, UsageError

pytest.importorskip("anyascii", reason="needs xlner[surface]")
pytest.importorskip("rapidfuzz", reason="needs xlner[surface]")

from xlner.alignment.surface import SurfaceAligner, spelling_similarity
from xlner.alignment.surface_augmented import SurfaceAugmentedAligner
from xlner.fakes import OracleAligner

WORDS = st.lists(
    st.sampled_from(["Vigo", "vigo", "in", "1.5", "1,5", ",", "«", '"', "Moskva", "Москва", "", "x1", "ab"])
)


def pair(source: str, target: str) -> Pair:
    return Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split())))


@pytest.mark.parametrize(
    ("source", "target", "links"),
    [
        ("Vigo is big", "grande é Vigo", [(0, 2)]),
        ("in a die", "die in a", []),  # the same letters, but different words
        ("ONU UK", "ONU UK", [(0, 0), (1, 1)]),
        ("1,234.5 km", "1.234,5 km", [(0, 0)]),
        ("A2 is", "es A2", [(0, 1)]),
        ('He said "', "„ sagte", [(2, 0)]),
        ("Moskva Putin", "Путин Москва", [(0, 1), (1, 0)]),
        ("Ana , Eva , Vigo .", "Ana , Eva , Vigo .", [(k, k) for k in range(6)]),
        ("president", "presidente presidenta", [(0, 0)]),  # one to one: the nearest
        ("Vigo", "", []),
        ("", "Vigo", []),
        ("de", "... de ...", []),
    ],
)
def test_words_with_similar_spelling_are_linked(source: str, target: str, links: list[tuple[int, int]]) -> None:
    (found,) = SurfaceAligner(threshold=0.65).align([pair(source, target)])
    assert list(found.links) == links
    assert found.weights is None or all(0.65 <= weight <= 1 for weight in found.weights)


@given(WORDS, WORDS)
def test_links_are_one_to_one_and_complete(source: list[str], target: list[str]) -> None:
    (found,) = SurfaceAligner().align([Pair(Sentence(tuple(target)), Sentence(tuple(source)))])
    rows, columns = [s for s, _ in found.links], [t for _, t in found.links]
    assert len(set(rows)) == len(rows)
    assert len(set(columns)) == len(columns)
    similarity = spelling_similarity(source, target, 0.7)
    similarity[rows, :] = 0
    similarity[:, columns] = 0
    assert not similarity.any()


@given(WORDS, WORDS)
def test_spelling_similarity_is_symmetric(source: list[str], target: list[str]) -> None:
    assert np.array_equal(spelling_similarity(source, target, 0.5), spelling_similarity(target, source, 0.5).T)


def test_surface_options(monkeypatch: pytest.MonkeyPatch) -> None:
    aligner = load("aligner", "surface?threshold=0.9&distance=0")
    assert aligner.fingerprint.startswith("surface?threshold=0.9&distance=0.0&anyascii=")
    assert aligner.align([pair("Moskow", "Moskau")])[0].links == ()
    for spec in ("surface?threshold=0", "surface?threshold=1.1", "surface?distance=-1"):
        with pytest.raises(UsageError, match="threshold must be above 0"):
            load("aligner", spec)
    with pytest.raises(ValidationError, match="has no source sentence"):
        aligner.align([Pair(Sentence(("a",)))])
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    with pytest.raises(MissingExtraError, match=r"xlner\[surface\]"):
        load("aligner", "surface")


class Fixed:
    """Gives the same alignment to every pair."""

    def __init__(self, alignment: Alignment) -> None:
        self.alignment = alignment

    def align(self, pairs: list[Pair]) -> list[Alignment]:
        return [self.alignment for _ in pairs]


def test_surface_augmented_links_only_words_without_links() -> None:
    pairs = [pair("Vigo Lugo ONU", "Lugo Vigo ONU")]
    similarity = np.zeros((3, 3), dtype=np.float32)
    weighted = Alignment(((0, 0),), (0.5,), similarity)
    (found,) = SurfaceAugmentedAligner(Fixed(weighted)).align(pairs)
    assert found.links == ((0, 0), (2, 2))  # one of the two words of Vigo and of Lugo is linked already
    assert found.weights == (0.5, 1.0)
    assert found.similarity is similarity
    (plain,) = SurfaceAugmentedAligner(Fixed(Alignment(((0, 0),)))).align(pairs)
    assert (plain.links, plain.weights) == (((0, 0), (2, 2)), None)


def test_surface_augmented_specs() -> None:
    aligner = load("aligner", "surface-augmented:surface?threshold=0.9&surface_threshold=0.6")
    assert aligner.fingerprint.startswith("surface-augmented:surface?threshold=0.9")
    assert aligner.align([pair("Moskow Vigo", "Moskau Vigo")])[0].links == ((0, 0), (1, 1))
    assert aligner.trained
    assert aligner.training_options == {}
    with pytest.raises(UsageError, match="SurfaceAligner does not learn from a bitext"):
        aligner.train([], "m")
    assert SurfaceAugmentedAligner(OracleAligner()).fingerprint.startswith("surface-augmented:OracleAligner ")
    with pytest.raises(UnknownNameError, match="'surface-augmented' has no option 'layr'"):
        load("aligner", "surface-augmented:oracle?layr=1")
    with pytest.raises(UsageError, match="not itself"):
        load("aligner", "surface-augmented:surface-augmented")


def test_surface_augmented_trains_the_other_aligner(tmp_path: pytest.TempPathFactory) -> None:
    pytest.importorskip("thot")
    pairs = [pair("a b Vigo", "x y Vigo"), pair("a", "x"), pair("b", "y")]
    aligner = load("aligner", "surface-augmented:thot?kind=fastalign&symmetrizer=union")
    assert not aligner.trained
    assert aligner.training_options["kind"] == "fastalign"
    trained = aligner.train(pairs, f"{tmp_path}/m")
    assert trained.trained
    loaded = load("aligner", f"surface-augmented:thot:{tmp_path}/m?symmetrizer=union")
    assert loaded.align(pairs) == trained.align(pairs) == aligner.with_model(f"{tmp_path}/m").align(pairs)
    assert trained.fingerprint == loaded.fingerprint
    pickled = pickle.loads(pickle.dumps(trained))
    assert pickled.fingerprint == trained.fingerprint
    assert pickled.align(pairs) == trained.align(pairs)


@pytest.mark.parametrize("spec", ["surface?threshold=0.6", "surface-augmented:oracle?surface_distance=1"])
def test_it_pickles(spec: str) -> None:
    aligner, pairs = load("aligner", spec), [pair("Moskow Vigo ONU", "Vigo Moskau")]
    again = pickle.loads(pickle.dumps(aligner))
    assert again.options == aligner.options
    assert again.fingerprint == aligner.fingerprint
    assert again.align(pairs) == aligner.align(pairs)
