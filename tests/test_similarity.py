"""The similarity matrix, from an aligner to the `weighted_coverage` score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Command
from xlner import Alignment, Entity, Pair, Pipeline, Sentence, ValidationError, read_pairs, register
from xlner.core import registry as _registry
from xlner.projection.scores.weighted_coverage import weighted_coverage_score

SOURCE = Sentence(("Ana", "Pardo", "vive"), (Entity(0, 2, "PER"),))
TARGET = Sentence(("Pardo", "Ana", "vive"))
ALIKE = np.array([[0.1, 0.9, 0.2], [0.9, 0.1, 0.2], [0.1, 0.2, 0.8]], dtype=np.float32)


class AlikeAligner:
    """Links `Ana` to the second word. With `similarity`, the alignment also has the similarities of all words."""

    def __init__(self, *, similarity: bool = False) -> None:
        self.similarity = similarity

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        return [Alignment(((0, 1),), (0.9,), ALIKE if self.similarity else None) for _ in pairs]


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry._BUILTIN, "aligner", dict(_registry._BUILTIN["aligner"]))
    register("aligner", "alike", f"{__name__}:AlikeAligner")


@pytest.mark.usefixtures("alike")
def test_from_the_command_line(xlner: Command, tmp_path: Path) -> None:
    source, target, out = tmp_path / "en.conll", tmp_path / "es.conll", tmp_path / "out.jsonl"
    source.write_text("Ana\tB-PER\nPardo\tI-PER\nvive\tO\n\n", encoding="utf-8")
    target.write_text("Pardo\tO\nAna\tO\nvive\tO\n\n", encoding="utf-8")

    def projected(aligner: str) -> Pair:
        command = ["project", source, target, "-o", out, "--aligner", aligner]
        ran = xlner(*command, "--projector", "fused?weights=alignment:1,weighted_coverage:1")
        assert ran.code == 0, ran.err
        (pair,) = read_pairs(out)
        assert isinstance(pair, Pair)
        return pair

    assert projected("alike").labeled.entities[0].span == (1, 2)
    pair = projected("alike?similarity=true")
    assert pair.labeled.entities[0].span == (0, 2)
    assert pair.projection is not None
    assert pair.projection.outcomes[0].scores["weighted_coverage"] == pytest.approx(0.9)
    assert "similarity" not in out.read_text(encoding="utf-8")
    assert pair.alignment is not None
    assert pair.alignment.similarity is None


def test_the_score_prefers_a_given_matrix_and_falls_back_to_the_links() -> None:
    entities, candidates = SOURCE.entities, [(0, 2)]
    links = Pair(TARGET, SOURCE, Alignment(((0, 1),), (0.9,)))
    assert weighted_coverage_score(links, entities, candidates) == pytest.approx(0.9 * 2 / 4)
    with_similarity = Pair(TARGET, SOURCE, Alignment(((0, 1),), (0.9,), ALIKE))
    assert weighted_coverage_score(with_similarity, entities, candidates) == pytest.approx(0.9)
    assert weighted_coverage_score(with_similarity, entities, candidates, similarity=np.ones((3, 3))) == pytest.approx(
        1.0
    )


def test_the_matrix_must_fit_the_sentences() -> None:
    with pytest.raises(ValidationError, match=r"shape \(3, 3\) does not fit sentences of \(3, 2\) words"):
        Pair(Sentence(("a", "b")), SOURCE, Alignment((), None, ALIKE))


def test_equality_and_repr_ignore_the_matrix() -> None:
    with_it, without = Alignment(((0, 1),), None, ALIKE), Alignment(((0, 1),))
    assert with_it == without
    assert hash(with_it) == hash(without)
    assert repr(with_it) == repr(without)
    turned = with_it.reversed()
    assert turned.similarity is not None
    assert np.array_equal(turned.similarity, ALIKE.T)
    assert turned.reversed() == with_it


def test_pairs_that_differ_only_in_the_matrix_are_projected_separately() -> None:
    pairs = [Pair(TARGET, SOURCE, Alignment(((0, 1),), None, s)) for s in (ALIKE, np.zeros((3, 3), dtype=np.float32))]
    done = Pipeline(projector="fused?weights=weighted_coverage:1").run_pairs(pairs)
    assert [[e.span for e in pair.labeled.entities] for pair in done] == [[(0, 2)], []]
