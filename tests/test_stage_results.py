"""A plugin can give anything: what is no result is the error of its sentence, and the others have theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from xlner import Alignment, Entity, Outcome, Pair, Pipeline, Projection, Sentence
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner
from xlner.projection.matching_projector import greedy_projector

_ALIGNED = Alignment(((0, 0),))


def _stage(method: str, results: Callable[[Sequence[Any]], object]) -> Any:
    """A plugin with one method."""
    return type("Plugin", (), {method: lambda self, batch, **_: results(batch)})()


class _Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    "bad",
    [None, 5, "mal", [5], _Unprintable(), Sentence(("x",)), Alignment(((7, 7),)), Projection(Sentence(("y",)), ())],
)
@pytest.mark.parametrize("method", ["translate", "recognize", "align", "project"])
def test_what_is_no_result_is_the_error_of_its_sentence(method: str, bad: object) -> None:
    def swapped(stage: Any) -> Any:
        """The stage, with another result for the sentence `mal`."""

        def results(batch: Sequence[Any]) -> list[object]:
            direction = {"from_lang": "gl", "to_lang": "en"} if method == "translate" else {}
            given = getattr(stage, method)(batch, **direction)
            return [bad if "mal" in str(item) else found for item, found in zip(batch, given, strict=True)]

        return _stage(method, results)

    stages: list[Any] = [EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), greedy_projector()]
    at = ["translate", "recognize", "align", "project"].index(method)
    stages[at] = swapped(stages[at])
    texts = ["Vigo ben", "Vigo mal", "ben Vigo"]
    for on_warning in ("keep", None):
        made = list(Pipeline(*stages, target_lang="gl", on_warning=on_warning).run_texts(texts))
        assert [p.target.text for p in made] == texts
        assert [p.labeled.tags() for p in made[::2]] == [["B-LOC", "O"], ["O", "B-LOC"]]
        if (method, bad) == ("translate", "mal"):
            continue  # a text like any other
        name = {"translate": "translator", "recognize": "recognizer", "align": "aligner", "project": "projector"}[
            method
        ]
        assert made[1].error is not None
        assert made[1].error.startswith(f"{name}: ")
        if isinstance(bad, _Unprintable):
            assert "gave _Unprintable instead of " in made[1].error


def test_a_projector_that_loses_outcomes_or_projects_onto_another_sentence() -> None:
    vigo = Entity(0, 1, "LOC")
    pair = Pair(Sentence.from_text("Vigo"), Sentence(("Vigo",), (vigo,)), _ALIGNED)
    for projection, says in (
        (Projection(pair.target, ()), "projector: gave 0 outcomes for 1 entity"),
        (
            Projection(Sentence(("Lugo",)), (Outcome(vigo, (vigo,)),)),
            "projector: gave a projection onto another sentence",
        ),
        (
            Projection(pair.target, (Outcome(Entity(0, 1, "PER"), (vigo,)),)),
            "projector: gave the outcomes of other entities",
        ),
    ):
        (made,) = Pipeline(projector=_stage("project", lambda batch, found=projection: [found])).run_pairs([pair])
        assert made.error == says
    bare = Projection(Sentence(("Vigo",), (vigo,)), (Outcome(vigo, (vigo,)),))
    (made,) = Pipeline(projector=_stage("project", lambda batch: [bare])).run_pairs([pair])
    assert (made.error, made.labeled.text, made.labeled.entities) == (None, "Vigo", (vigo,))
