"""A chat endpoint as recognizer, against a stub on this machine."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chat_stub import Reply, Stub, as_json, said
from tests.conftest import Command
from xlner import Alignment, Entity, Pair, Pipeline, Sentence, ValidationError, load
from xlner.core.entity import overlaps
from xlner.errors import StageError, UnknownNameError, UsageError
from xlner.fakes import DictionaryRecognizer
from xlner.models.chat.structured import json_in
from xlner.pipeline import RecognitionPipeline
from xlner.projection import NerCandidatesProjector
from xlner.recognition import ChatRecognizer, EnsembleRecognizer
from xlner.recognition.chat.found_entities import Rejection, found_entities
from xlner.recognition.chat.voting import voted
from xlner.recognition.open_types import parse_types

pytest.importorskip("httpx2", reason="needs xlner[chat]")

TYPES = {"person": "PER", "location": "LOC"}


def recognizer(stub: Stub, **options: Any) -> ChatRecognizer:
    return ChatRecognizer(f"tiny at {stub.url}", url=stub.url, **{"wait": 0.01, **options})


def naming(*entities: tuple[str, str]) -> dict[str, Any]:
    return as_json({"entities": [{"text": text, "type": kind} for text, kind in entities]})


def always(reply: object) -> Callable[[dict[str, Any], int], Reply]:
    return lambda body, n: (200, reply)


def spans(answer: object, text: str) -> list[tuple[int, int, str]]:
    found = found_entities(json.dumps(answer), Sentence.from_text(text), TYPES)
    assert found is not None
    return [(e.start, e.end, e.label) for e in found.entities]


def rejections(answer: object, text: str) -> list[Rejection]:
    found = found_entities(json.dumps(answer), Sentence.from_text(text), TYPES)
    assert found is not None
    return list(found.rejected)


def entity(text: object, kind: object = "person") -> dict[str, object]:
    return {"text": text, "type": kind}


def test_the_model_says_what_and_the_sentence_says_where(stub: Stub) -> None:
    stub.reply = always(naming(("Ana Pardo", "person"), ("Vigo", "location")))
    sentence = Sentence(("Ana", "Pardo", "vive", "en", "Vigo", "."), language="gl", id="1")
    asked = recognizer(stub)
    assert asked.recognize([sentence, Sentence(())]) == [[Entity(0, 2, "PER"), Entity(4, 5, "LOC")], []]
    (request,) = stub.requests
    system, user = (message["content"] for message in request["messages"])
    assert user == "Ana Pardo vive en Vigo."
    assert "in Galician" in system
    assert "person, organization, location" in system
    schema = request["response_format"]["json_schema"]["schema"]["properties"]["entities"]["items"]
    assert schema["properties"]["type"]["enum"] == ["person", "organization", "location"]
    assert (request["temperature"], request["seed"]) == (0, 0)


def test_labels_are_the_types_that_were_asked_for(stub: Stub) -> None:
    stub.reply = always(naming(("Celta", "sports team"), ("Vigo", "PLACE")))
    open_types = recognizer(stub, labels="sports team,place=LOC")
    assert open_types.classes == ("O", "B-sports_team", "I-sports_team", "B-LOC", "I-LOC")
    found = open_types.recognize([Sentence.from_text("Celta de Vigo")])
    assert found == [[Entity(0, 1, "sports_team"), Entity(2, 3, "LOC")]]
    for text in ("", "person,", "=PER", "person=A B", "person,person"):
        with pytest.raises(UsageError, match="cannot parse the types"):
            parse_types(text)


def test_places_are_never_those_of_the_model() -> None:
    ana = entity("Ana")
    assert spans({"entities": [ana, {**ana, "start": 99}]}, "Ana saw Ana") == [(0, 1, "PER"), (2, 3, "PER")]
    assert spans([entity("Vigo", "location"), ana], "Ana or Vigo or Ana") == [(2, 3, "LOC"), (4, 5, "PER")]
    assert spans([entity("Vigo", "location"), ana], "Ana in Vigo") == [(0, 1, "PER"), (2, 3, "LOC")]
    assert spans([entity("New\tYork", "location")], "In New  York .") == [(1, 3, "LOC")]


@pytest.mark.parametrize(
    ("answer", "text", "reason"),
    [
        ([entity("Ana"), entity("Ana")], "Ana saw Eva", Rejection.REPEATED),
        ([entity("Ana Pardo"), entity("Ana")], "Ana Pardo left", Rejection.OVERLAP),
        ([entity("Ana"), entity("ana")], "Ana saw Eva", Rejection.NOT_IN_TEXT),
        ([entity("Ana"), entity("Anna")], "Ana saw Eva", Rejection.NOT_IN_TEXT),
        ([entity("Ana"), entity("Vig", "location")], "Ana in Vigo", Rejection.PART_OF_WORD),
        ([entity("Ana"), entity("Vigo", "date")], "Ana in Vigo", Rejection.UNKNOWN_TYPE),
        ([entity("Ana"), entity(" ")], "Ana in Vigo", Rejection.MALFORMED),
        ([entity("Ana"), entity(None)], "Ana in Vigo", Rejection.MALFORMED),
        ([entity("Ana"), entity("Vigo", 7)], "Ana in Vigo", Rejection.MALFORMED),
        ([entity("Ana"), "Vigo"], "Ana in Vigo", Rejection.MALFORMED),
    ],
)
def test_what_does_not_fit_is_left_out_with_a_reason(answer: object, text: str, reason: Rejection) -> None:
    assert rejections(answer, text) == [reason]
    assert len(spans(answer, text)) == 1


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a b", "b a", "c", "ab", ""]), st.sampled_from(["person", "x"]))))
def test_whatever_the_model_says_the_entities_are_in_the_sentence(said: list[tuple[str, str]]) -> None:
    sentence = Sentence.from_text("a b a b")
    found = found_entities(json.dumps([entity(*pair) for pair in said]), sentence, TYPES)
    assert found is not None
    assert len(found.entities) + len(found.rejected) == len(said)
    assert len(sentence.with_entities(found.entities).entities) == len(found.entities)
    assert all((sentence.surface(e), "person") in said for e in found.entities)


@pytest.mark.parametrize("answer", ['{"entities": {}}', '["Ana"]', '[1] has: {"entities": []}', '"Ana"'])
def test_other_json_is_not_taken_for_an_answer(answer: str) -> None:
    assert found_entities(answer, Sentence.from_text("Ana in Vigo"), TYPES) is None


def test_answers_with_text_around_them_are_read_and_others_are_asked_for_again(stub: Stub) -> None:
    assert json_in('<think>{"a": 1}</think> {"b": 2} ok') == {"b": 2}
    assert json_in('{"a": 1}</think> {"b": 2}') == {"b": 2}
    assert json_in("```\n[1]\n```") == [1]
    assert json_in('Vigo is a [place] {sure}: {"a": 1}') == {"a": 1}
    assert json_in("{") is json_in("") is json_in('{"1": {"a": 1}, ') is json_in("{'a': [], 'b': []}") is None

    def reply(body: dict[str, Any], number: int) -> Reply:
        reminded = "with nothing else" in body["messages"][0]["content"]
        if "bad" in body["messages"][1]["content"]:
            return (200, said("I would say Vigo"))
        return (200, naming(("Vigo", "location")) if reminded else said("Vigo is a location."))

    stub.reply = reply
    pipeline = RecognitionPipeline(recognizer(stub, structure="none"), lang="gl")
    first, second = pipeline.run_texts(["En Vigo", "bad Vigo"])
    assert first.labeled.tags() == ["O", "B-LOC"]
    assert second.error == "recognizer: the answer is not the JSON that was asked for: 'I would say Vigo'"
    assert len(stub.requests) == 4
    assert all("response_format" not in request for request in stub.requests)
    stub.reply = always(naming(("Vigo", "location")))  # an answer that could not be read is not kept
    (better,) = RecognitionPipeline(recognizer(stub, structure="none"), lang="gl").run_texts(["bad Vigo"])
    assert better.labeled.tags() == ["O", "B-LOC"]


def test_samples_vote(stub: Stub) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        long = body["seed"] == 2
        return (200, naming(("Vigo", "location"), *([("Ana Pardo", "person")] if long else [("Ana", "person")])))

    stub.reply = reply
    asked = recognizer(stub, samples=3, temperature=0.9)
    sentence = Sentence(("Ana", "Pardo", "en", "Vigo"))
    assert asked.recognize([sentence]) == [[Entity(0, 1, "PER", 2 / 3), Entity(3, 4, "LOC", 1.0)]]
    (p,) = asked.probabilities([sentence])
    assert p.dtype == np.float32
    assert p[:, 1:3].tolist() == pytest.approx(np.array([[1, 0], [0, 1 / 3], [0, 0], [0, 0]]))
    assert p.sum(axis=1) == pytest.approx(1)
    assert sorted(request["seed"] for request in stub.requests) == [0, 1, 2]
    assert {request["temperature"] for request in stub.requests} == {0.9}
    generous = recognizer(stub, samples=3, temperature=0.9, agreement=0.3)
    assert generous.recognize([sentence])[0][0] == Entity(0, 1, "PER", 2 / 3)
    assert len(stub.requests) == 3


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=5), st.sampled_from([0.0, 0.3, 0.5]))
def test_what_a_vote_keeps_was_said_often_enough_and_is_disjoint(drawn: list[list[int]], agreement: float) -> None:
    def disjoint(cuts: list[int]) -> list[Entity]:
        bounds = sorted(set(cuts))
        return [Entity(a, b, "LOC") for a, b in pairwise(bounds)]

    samples = [disjoint(cuts) for cuts in drawn]
    kept = voted(samples, agreement)
    assert not any(overlaps(a.span, b.span) for a in kept for b in kept if a is not b)
    for e in kept if len(samples) > 1 else ():
        share = sum(Entity(*e.span, e.label) in sample for sample in samples) / len(samples)
        assert e.score == share > agreement
    if agreement == 0.5:  # a majority needs no further rule
        wanted = {e for sample in samples for e in sample if sum(e in s for s in samples) > len(samples) / 2}
        assert {Entity(*e.span, e.label) for e in kept} == wanted


def test_an_error_costs_its_sentence_only(stub: Stub) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        bad = "bad" in body["messages"][1]["content"]
        return (400, {"error": "no json_schema"}) if bad else (200, naming(("Vigo", "location")))

    stub.reply = reply
    pipeline = Pipeline("echo", recognizer(stub), "oracle", "greedy", target_lang="gl")
    made = list(pipeline.run_texts(["Vigo", "bad", "en Vigo"]))
    assert [pair.labeled.tags() for pair in made] == [["B-LOC"], ["O"], ["O", "B-LOC"]]
    assert made[1].error is not None
    assert "HTTP 400 no json_schema; if the endpoint does not know JSON schemas, try structure=json" in made[1].error
    assert len(stub.requests) == 3
    with pytest.raises(StageError, match="HTTP 400"):
        recognizer(stub).recognize([Sentence(("bad",))])


def test_entities_of_a_chat_model_are_candidates_and_members(stub: Stub) -> None:
    stub.reply = always(naming(("Vigo", "location")))
    target = Sentence(("En", "Vigo"), language="gl")
    pair = Pair(target, Sentence(("In", "Vigo"), (Entity(1, 2, "ORG"),)), Alignment(((1, 1),)))
    projector = NerCandidatesProjector(recognizer=recognizer(stub))
    assert projector.project([pair])[0].sentence.tags() == ["O", "B-ORG"]
    fused = load("projector", "fused?weights=alignment:1,ner:1", recognizer=recognizer(stub))
    assert "ner" in fused.project([pair])[0].outcomes[0].scores
    ensemble = EnsembleRecognizer([recognizer(stub), DictionaryRecognizer({"En": "PER"})])
    assert ensemble.recognize([target]) == [[Entity(1, 2, "LOC", 1.0)]]
    assert len(stub.requests) == 1


def test_a_run_says_what_was_asked_and_left_out(stub: Stub, tmp_path: Path, xlner: Command) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        found = naming(("Vigo", "location"), ("Lugo", "location"), ("Vigo", "location"))
        return (200, {**found, "usage": {"prompt_tokens": 90, "completion_tokens": 10}})

    stub.reply = reply
    text = tmp_path / "gl.txt"
    text.write_text("En Vigo\nPor Vigo\n", encoding="utf-8")
    spec = f"chat:run at {stub.url}?url={stub.url}&output_price=1000"
    told = "chat run at {}: {}, 180 tokens in, 20 out, cost 0.02, 4 found entities left out (2 not-in-text, 2 repeated)"
    ran = xlner("recognize", text, "--lang", "gl", "--recognizer", spec, "-o", tmp_path / "gl.conll")
    assert ran.code == 0
    assert told.format(stub.url, "2 requests") in ran.err
    assert (tmp_path / "gl.conll").read_text(encoding="utf-8").count("B-LOC") == 2
    sharded = xlner(
        *("recognize", text, "--lang", "gl", "--recognizer", spec, "-o", tmp_path / "gl2.conll"),
        *("--run-dir", tmp_path / "run", "--shard-size", "1"),
    )
    assert "chat run at" in sharded.err
    assert "2 from the cache" in sharded.err
    assert "2 not-in-text" in sharded.err
    assert len(stub.requests) == 2


def test_a_recognizer_pickles_and_checks_its_options(stub: Stub) -> None:
    stub.reply = always(naming(("Vigo", "location")))
    asked = recognizer(stub)
    asked.recognize([Sentence(("Vigo",))])
    copy = pickle.loads(pickle.dumps(asked))
    assert copy.recognize([Sentence(("Vigo",))]) == [[Entity(0, 1, "LOC")]]
    assert copy.fingerprint == asked.fingerprint
    with pytest.raises(UnknownNameError, match="unknown structure 'xml'; one of schema, json, none"):
        recognizer(stub, structure="xml")
    for wrong in ({"samples": 0}, {"agreement": 1.0}, {"temperature": -1.0}, {"input_price": -1.0}):
        with pytest.raises(ValidationError):
            recognizer(stub, **wrong)


def test_an_unknown_language_is_left_out_of_the_prompt(stub: Stub) -> None:
    stub.reply = always(naming(("Vigo", "location")))
    (found,) = recognizer(stub).recognize([Sentence(("Vigo",), (), "Vigo", ((0, 4),), language="und")])
    assert found == [Entity(0, 1, "LOC")]
    assert "entities in a text. These" in stub.requests[0]["messages"][0]["content"]
    with pytest.raises(UnknownNameError, match="'und' is not a language code"):
        recognizer(stub, language="und")
