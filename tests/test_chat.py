"""A chat endpoint as translator, against a stub on this machine."""

from __future__ import annotations

import pickle
import re
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.chat_stub import Reply, Stub, answer, chat_translator, said
from xlner import BackendError, Entity, Reason, Sentence, TrainingDataBuilder, ValidationError
from xlner.errors import MissingExtraError, StageError, UsageError
from xlner.models.cache import cache_dir
from xlner.models.chat import client as _chat_client
from xlner.models.chat.usage import usage_of
from xlner.stages import LabelingTranslator
from xlner.translation.chat.placing import placed
from xlner.translation.chat.translator import ChatTranslator

pytest.importorskip("httpx2", reason="needs xlner[chat]")

SECRET = "sk-very-secret"
DIRECTION = {"from_lang": "en", "to_lang": "lug"}


def test_each_text_is_asked_once_in_order_and_without_chance(stub: Stub) -> None:
    texts = [f"text {k}" for k in range(12)]
    translator = chat_translator(stub)
    assert translator.translate([*texts, " ", texts[0]], **DIRECTION) == [*map(str.upper, texts), "", "TEXT 0"]
    assert len(stub.requests) == 12
    assert all(r["temperature"] == 0 and r["model"] == "tiny" and "max_tokens" not in r for r in stub.requests)
    assert "from English to the language with the code lug_Latn" in stub.requests[0]["messages"][0]["content"]
    assert stub.keys == [None] * 12
    translator.translate(texts, **DIRECTION)
    assert len(stub.requests) == 12


def test_no_question_is_paid_for_twice(stub: Stub) -> None:
    def counted(body: dict[str, Any], number: int) -> Reply:
        return (200, {**answer(body), "usage": {"prompt_tokens": 1000, "completion_tokens": 10}})

    stub.reply = counted
    name = f"model at {stub.url}"
    priced = {"url": stub.url, "input_price": 2.0, "output_price": 100.0}
    assert ChatTranslator(name, **priced).translate(["a", "b"], **DIRECTION) == ["A", "B"]
    assert ChatTranslator(name, **priced).translate(["b", "c", "a"], **DIRECTION) == ["B", "C", "A"]
    assert len(stub.requests) == 3
    assert usage_of(name).text("chat") == "chat: 3 requests, 2 from the cache, 3,000 tokens in, 30 out, cost 0.009"
    assert ChatTranslator(name, url=stub.url, cache=False).translate(["a"], **DIRECTION) == ["A"]
    assert ChatTranslator(name, url=stub.url, max_tokens=9).translate(["a"], **DIRECTION) == ["A"]
    assert len(stub.requests) == 5


def test_an_answer_is_on_disk_before_the_next_question_is_asked(stub: Stub) -> None:
    on_disk: list[set[str]] = []

    def reply(body: dict[str, Any], number: int) -> Reply:
        with closing(sqlite3.connect(cache_dir() / "chat-answers.sqlite")) as cache:
            on_disk.append({value for (value,) in cache.execute("SELECT value FROM answers")})
        return (200, answer(body)) if number < 4 else (401, {})

    stub.reply = reply
    before = f"{stub.url} "
    ChatTranslator("tiny", url=stub.url, at_once=1).translate_each([f"{before}{k}" for k in range(6)], **DIRECTION)
    mine = [sorted(value for value in values if value.startswith(before.upper())) for values in on_disk]
    assert mine[:4] == [[f"{before.upper()}{k}" for k in range(number)] for number in range(4)]


def test_runs_at_the_same_time_lose_no_answer(stub: Stub) -> None:
    texts = [[f"{run} {k}" for k in range(12)] for run in "abcd"]

    def run(some: list[str]) -> list[str]:
        return ChatTranslator("tiny", url=stub.url, at_once=8).translate(some, **DIRECTION)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, texts)) == [[t.upper() for t in some] for some in texts]
    asked = len(stub.requests)
    assert run([text for some in texts for text in some]) == [t.upper() for some in texts for t in some]
    assert len(stub.requests) == asked == 48


def test_errors_hold_no_answer(stub: Stub) -> None:
    stub.reply = lambda body, number: (200, said("x" * 1000, "length"))
    (error,) = chat_translator(stub).translate_each(["a"], **DIRECTION)
    assert isinstance(error, StageError)
    assert (error.__context__, error.__cause__) == (None, None)
    traceback = error.__traceback__
    while traceback is not None:
        assert "body" not in traceback.tb_frame.f_locals
        traceback = traceback.tb_next


def test_what_one_call_remembers_another_may_forget(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat_client, "KEPT_ANSWERS", 1)
    translator = chat_translator(stub, cache=False)
    assert translator.translate(["a"], **DIRECTION) == ["A"]

    def reply(body: dict[str, Any], number: int) -> Reply:
        if number == 2:  # meanwhile, another thread asks something else
            Thread(target=translator.translate, args=(["c"],), kwargs=DIRECTION).run()
        return (200, answer(body))

    stub.reply = reply
    assert translator.translate(["a", "b"], **DIRECTION) == ["A", "B"]


def test_a_cache_that_cannot_be_used_ends_the_run_before_anything_is_asked(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chat-answers.sqlite"
    path.write_text("this is no database\n" * 99, encoding="utf-8")
    for folder, message in ((tmp_path, "file is not a database"), (path, "cannot be used")):
        monkeypatch.setenv("XLNER_CACHE", str(folder))
        with pytest.raises(BackendError, match=f"{message}.*XLNER_CACHE"):
            ChatTranslator("tiny", url=stub.url).translate_each(["a"], **DIRECTION)
    assert stub.requests == []


def test_the_thoughts_before_an_answer_are_not_the_answer(stub: Stub) -> None:
    stub.reply = lambda body, number: (200, said("<think>\nA greeting?\n</think>\n\nOla"))
    assert chat_translator(stub).translate(["Hi"], **DIRECTION) == ["Ola"]


def test_models_for_translation_are_asked_as_they_were_trained(stub: Stub, tmp_path: Path) -> None:
    assert chat_translator(stub, template="translategemma").translate(["Ola."], from_lang="gl", to_lang="en")
    (message,) = stub.requests[0]["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith("You are a professional Galician (gl) to English (en) translator. ")
    assert message["content"].endswith("translate the following Galician text into English:\n\n\nOla.")
    own = tmp_path / "prompt.txt"
    own.write_text("{source_code}>{target_code}: {text} {0}\n", encoding="utf-8")
    mine = chat_translator(stub, template=str(own))
    mine.translate(["{target}"], from_lang="gl", to_lang="en")
    assert stub.requests[1]["messages"] == [{"role": "user", "content": "gl>en: {target} {0}"}]
    assert mine.fingerprint != chat_translator(stub, template="tower").fingerprint
    own.write_text("no place for it", encoding="utf-8")
    with pytest.raises(UsageError, match="write {text} there"):
        chat_translator(stub, template=str(own))
    with pytest.raises(UsageError, match="no template 'gemma'; give a file of text, or one of translategemma, "):
        chat_translator(stub, template="gemma")


def test_requests_run_side_by_side_but_not_too_many(stub: Stub) -> None:
    def slowly(body: dict[str, Any], number: int) -> Reply:
        time.sleep(0.05)
        return (200, answer(body))

    stub.reply = slowly
    chat_translator(stub, at_once=3).translate([str(k) for k in range(9)], **DIRECTION)
    assert 2 <= stub.most_at_once <= 3


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("MY_KEY", SECRET)
    translator = chat_translator(stub, key_env="MY_KEY")
    translator.translate(["a"], **DIRECTION)
    assert stub.keys == [f"Bearer {SECRET}"]
    stub.reply = lambda body, n: (401, {"error": {"message": f"wrong key {SECRET}"}})
    with pytest.raises(BackendError, match="MY_KEY") as caught:
        translator.translate(["b"], **DIRECTION)
    shown = caplog.text + str(caught.value) + translator.fingerprint + repr(pickle.dumps(translator))
    assert SECRET not in shown
    assert "HTTP 401 wrong key …" in str(caught.value)


def test_a_key_that_is_none_is_not_shown(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET}\n\x01more")
    with pytest.raises(BackendError, match="the key in OPENAI_API_KEY has characters") as caught:
        chat_translator(stub).translate(["a"], **DIRECTION)
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET}\n")
    chat_translator(stub).translate(["a"], **DIRECTION)
    assert stub.keys == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("code", [429, 500, 503, 524, 529])
def test_what_is_turned_down_for_now_is_sent_again(stub: Stub, code: int) -> None:
    stub.reply = lambda body, n: (code, {}, {"Retry-After": "0"}) if n < 3 else (200, answer(body))
    assert chat_translator(stub).translate(["a"], **DIRECTION) == ["A"]
    assert len(stub.requests) == 3


def test_patience_ends(stub: Stub) -> None:
    stub.reply = lambda body, n: (503, {"error": "overloaded"})
    with pytest.raises(StageError, match="HTTP 503 overloaded, after 3 attempts"):
        chat_translator(stub, retries=2).translate(["a"], **DIRECTION)
    assert len(stub.requests) == 3
    stub.reply = lambda body, n: (429, b"slow down")
    with pytest.raises(BackendError, match="HTTP 429 Too Many Requests, after 1 attempt$"):
        chat_translator(stub, retries=0).translate(["a"], **DIRECTION)


def test_an_endpoint_that_does_not_answer_in_time(stub: Stub) -> None:
    def late(body: dict[str, Any], number: int) -> Reply:
        time.sleep(0.4)
        return (200, answer(body))

    stub.reply = late
    with pytest.raises(StageError, match=r"no answer in 0.1 s, after 2 attempts"):
        chat_translator(stub, retries=1, timeout=0.1).translate(["a"], **DIRECTION)


def test_an_endpoint_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    translator = ChatTranslator("tiny", url=f"http://127.0.0.1:{port}/v1", retries=1, wait=0, cache=False)
    with pytest.raises(BackendError, match="cannot be reached.*after 2 attempts; start its server, or correct url="):
        translator.translate(["a", "b", "c"], **DIRECTION)
    (told,) = [record.getMessage() for record in caplog.records if record.name.startswith("xlner")]
    assert re.fullmatch(rf"the chat endpoint \S+:{port}/v1: cannot be reached: .*; attempt 2 of 2 in 0\.0 s", told)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((400, {"error": {"message": "too long"}}), "HTTP 400 too long"),
        ((501, {"error": None}), "HTTP 501 Not Implemented"),
        ((200, {"error": {"message": "no such model"}}), "HTTP 200 no such model"),
        ((200, {"error": None}), "has no message"),
        ((200, b"<html>"), "is not JSON"),
        ((200, {"choices": []}), "has no message"),
        ((200, said("half a sen", "length")), "cut off"),
        ((200, said(None)), "gave no text"),
        ((200, said("", "content_filter")), "its filter"),
    ],
)
def test_a_text_without_an_answer_is_an_error_and_costs_no_other(stub: Stub, reply: Reply, message: str) -> None:
    stub.reply = lambda body, n: reply if body["messages"][1]["content"] == "bad" else (200, answer(body))
    translator = chat_translator(stub)
    with pytest.raises(StageError, match=message):
        translator.translate(["a", "bad", "c"], **DIRECTION)
    assert translator.translate(["c", "a"], **DIRECTION) == ["C", "A"]
    assert len(stub.requests) == 3


def test_a_pickled_translator_translates_and_speed_is_not_in_the_fingerprint(stub: Stub) -> None:
    translator = chat_translator(stub)
    translator.translate(["a"], **DIRECTION)
    copy = pickle.loads(pickle.dumps(translator))
    assert copy.translate(["b"], **DIRECTION) == ["B"]
    assert (
        copy.fingerprint == translator.fingerprint == chat_translator(stub, at_once=1, timeout=9, retries=0).fingerprint
    )
    assert chat_translator(stub, max_tokens=9).fingerprint != translator.fingerprint
    assert isinstance(copy, LabelingTranslator)


def test_labels_are_translated_in_their_context(stub: Stub) -> None:
    vigo = Sentence(("Ana", "lives", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(3, 4, "LOC")), id="1")
    (made,) = chat_translator(stub).translate_labeled([vigo], from_lang="en", to_lang="gl")
    assert made.sentence.tokens == ("ANA", "LIVES", "IN", "VIGO")
    assert (made.sentence.tags(), made.sentence.id) == (["B-PER", "O", "O", "B-LOC"], "1")
    asked = {r["messages"][1]["content"] for r in stub.requests}
    assert "Text: Ana lives in Vigo\nTranslation: ANA LIVES IN VIGO\nPhrase: Vigo" in asked


def test_build_takes_labels_through_the_endpoint(stub: Stub) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        user = body["messages"][1]["content"]
        return (400, {}) if "bad" in user else (200, answer(body) if "Phrase: Ana" not in user else said("NONE"))

    stub.reply = reply
    ana = Sentence(("Ana", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(2, 3, "LOC")))
    bad = Sentence(("bad",), (Entity(0, 1, "LOC"),))
    first, second, third = TrainingDataBuilder(chat_translator(stub), "oracle", to_lang="gl").run([ana, bad, ana])
    assert first.labeled.tags() == third.labeled.tags() == ["B-PER", "O", "B-LOC"]
    assert first.projection is not None
    assert "markers:no-candidate" in first.projection.outcomes[0].scores
    assert second.error is not None
    assert "HTTP 400" in second.error


def test_words_are_found_where_they_stand() -> None:
    two = Sentence(("New", "York", "and", "York"), (Entity(0, 2, "LOC"), Entity(3, 4, "LOC")))

    def spans(translation: str, *answers: str) -> list[object]:
        outcomes = placed(two, translation, answers, "es").outcomes
        return [o.reason or o.projected[0].span for o in outcomes]

    assert spans("York y Nueva York", "Nueva York", "York") == [(2, 4), (0, 1)]
    assert spans("Nueva York y York.", '"Nueva York"', "York.") == [(0, 2), (3, 5)]
    assert spans("Nueva York", "Nueva York", "York") == [(0, 2), Reason.OVERLAP]
    assert spans("Nueva Yorkshire", "NONE", "York") == [Reason.NO_CANDIDATE] * 2
    assert spans("nueva york", "Nueva York", "") == [(0, 2), Reason.NO_CANDIDATE]


def test_what_a_chat_translator_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(BackendError, match="chat needs a model"):
        ChatTranslator()
    with pytest.raises(BackendError, match="chat needs the url"):
        ChatTranslator("tiny")
    for url in ("localhost:8000", "http://me:key@host/v1", "http://host/v1?key=1"):
        with pytest.raises(ValidationError):
            ChatTranslator("tiny", url=url)
    with pytest.raises(ValidationError, match="at_once 0"):
        ChatTranslator("tiny", url="http://host", at_once=0)
    with pytest.raises(ValidationError, match="timeout 0"):
        ChatTranslator("tiny", url="http://host", timeout=0)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://host/v1/")
    assert pickle.loads(pickle.dumps(ChatTranslator("tiny"))).fingerprint.startswith(
        "chat?model=tiny&url=http://host/v1&max_tokens=None&template=None "
    )
    monkeypatch.setattr(_chat_client, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"xlner\[chat\]"):
        ChatTranslator("tiny")
