"""A chat endpoint as projector, against a stub on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chat_stub import Reply, Stub, as_json, said
from xlner import Alignment, Entity, Pair, Pipeline, Reason, Sentence, ValidationError, load
from xlner.errors import UnknownNameError
from xlner.translation import ChatProjector
from xlner.translation.chat.projector import phrases_of

pytest.importorskip("httpx2", reason="needs xlner[chat]")

SOURCE = Sentence(("Ana", "is", "in", "New", "York"), (Entity(0, 1, "PER"), Entity(3, 5, "LOC")), language="en")
TARGET = Sentence(("Ana", "está", "en", "Nova", "York"), language="gl", id="7")


def projector(stub: Stub, **options: Any) -> ChatProjector:
    return ChatProjector(f"tiny at {stub.url}", url=stub.url, **{"wait": 0.01, **options})


def pair(source: Sentence = SOURCE, target: Sentence = TARGET) -> Pair:
    return Pair(target, source, Alignment(()))


def test_the_model_chooses_among_the_phrases_of_the_target(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "Ana", "2": "Nova York"}))
    (made,) = projector(stub).project([pair()])
    assert made.sentence.tags() == ["B-PER", "O", "O", "B-LOC", "I-LOC"]
    assert (made.sentence.tokens, made.sentence.id, made.sentence.text) == (TARGET.tokens, "7", None)
    assert [outcome.entity for outcome in made.outcomes] == list(SOURCE.entities)
    (request,) = stub.requests
    system, user = (message["content"] for message in request["messages"])
    assert "a text in English, its translation into Galician" in system
    assert user == (
        "Text: Ana is in New York\nTranslation: Ana está en Nova York\nEntities:\n1. Ana (PER)\n2. New York (LOC)"
    )
    schema = request["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["1", "2"]
    choices = schema["$defs"]["words"]["enum"]
    assert choices[-1] is None
    assert choices[:-1] == phrases_of(TARGET.with_text(), 10)
    assert len(choices) == 5 * 6 / 2 + 1


def test_long_sentences_are_looked_up_only(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "w3"}))
    long = Sentence(tuple(f"w{k}" for k in range(60)))
    source = Sentence(("w3",), (Entity(0, 1, "PER"),))
    (made,) = projector(stub, max_words=9).project([pair(source, long)])
    assert made.sentence.entities == (Entity(3, 4, "PER"),)
    assert "enum" not in stub.requests[0]["response_format"]["json_schema"]["schema"]["$defs"]["words"]
    assert max(len(p.split()) for p in phrases_of(long.with_text(), 9)) == 9


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ({"1": None, "2": "Nova York"}, [Reason.NO_CANDIDATE, (3, 5)]),
        ({"2": "Nova York"}, [Reason.NO_CANDIDATE, (3, 5)]),
        ({"1": "Eva", "2": "Nova Yorkshire"}, [Reason.NO_CANDIDATE, Reason.NO_CANDIDATE]),
        ({"1": "York", "2": "York"}, [(4, 5), Reason.OVERLAP]),
        ({"1": 3, "2": ["York"]}, [Reason.NO_CANDIDATE, Reason.NO_CANDIDATE]),
        ({"1": "Ana está en Nova York", "2": "Nova York"}, [Reason.DISCONTINUOUS, (3, 5)]),
    ],
)
def test_every_entity_is_projected_or_has_a_reason(stub: Stub, answer: object, outcomes: list[object]) -> None:
    stub.reply = lambda body, n: (200, as_json(answer))
    (made,) = projector(stub).project([pair()])
    assert [o.reason or o.projected[0].span for o in made.outcomes] == outcomes


def test_all_entities_inside_another_one_have_their_places(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "Rei en Vigo e en Lugo", "2": "Vigo", "3": "Lugo"}))
    source = Sentence(("king", "Vigo", "Lugo"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC"), Entity(2, 3, "LOC")))
    (made,) = projector(stub).project([pair(source, Sentence(("Rei", "en", "Vigo", "e", "en", "Lugo")))])
    assert [o.reason or o.projected[0].span for o in made.outcomes] == [Reason.DISCONTINUOUS, (2, 3), (5, 6)]


def test_words_that_are_not_in_the_target_are_counted(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "Eva", "2": "Nova York"}))
    asked = projector(stub)
    asked.project([pair()])
    assert asked.usage.rejected == {"not-in-text": 1}


def test_pairs_without_entities_cost_nothing_and_errors_cost_their_pair(stub: Stub) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        return (200, said("no idea") if "bad" in body["messages"][1]["content"] else as_json({"1": "Vigo"}))

    stub.reply = reply
    vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),), language="en")
    bad = Sentence(("bad", "Vigo"), (Entity(1, 2, "LOC"),), language="en")
    pairs = [pair(Sentence(("None",)), vigo), pair(vigo, Sentence(())), pair(vigo, vigo), pair(bad, bad)]
    done = list(Pipeline(projector=projector(stub), target_lang="gl").run_pairs(pairs))
    assert [p.labeled.tags() for p in done] == [["O"], [], ["B-LOC"], ["O", "O"]]
    assert done[3].error == "projector: the answer is not the JSON that was asked for: 'no idea'"
    assert len(stub.requests) == 3


def test_a_projector_by_name(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "Ana"}))
    spec = f"chat:tiny at {stub.url}?url={stub.url}&structure=none"
    built = Pipeline(projector=spec, source_lang="pt", target_lang="gl").projector
    assert isinstance(built, ChatProjector)
    assert (built.options.source_lang, built.options.target_lang) == ("pt", "gl")
    assert load("projector", spec).project([pair()])[0].sentence.tags()[0] == "B-PER"
    assert "response_format" not in stub.requests[0]
    with pytest.raises(ValidationError, match="max_words 0"):
        projector(stub, max_words=0)


def test_an_unknown_language_is_left_out_of_the_prompt(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, as_json({"1": "Vigo"}))
    vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),), "Vigo", ((0, 4),), language="und")
    (made,) = projector(stub).project([pair(vigo, vigo)])
    assert made.sentence.tags() == ["B-LOC"]
    assert "a text, its translation, and" in stub.requests[0]["messages"][0]["content"]
    with pytest.raises(UnknownNameError, match="'und' is not a language code"):
        projector(stub, target_lang="und")
