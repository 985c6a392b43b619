"""Chat endpoints that fail, hang, or answer with nonsense."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.chat_stub import Reply, Stub, answer, chat_translator, said
from tests.conftest import Command
from xlner import Entity, Pair, Pipeline, Sentence, TrainingDataBuilder, read_pairs
from xlner.engines import read_past_run
from xlner.errors import BackendError, StageError, StoppedError, UnansweredError, ValidationError
from xlner.fakes import DictionaryRecognizer
from xlner.models.chat.hidden_key import shown
from xlner.models.chat.patience import Patience
from xlner.projection import BackTranslationProjector

pytest.importorskip("httpx2", reason="needs xlner[chat]")

DIRECTION = {"from_lang": "gl", "to_lang": "en"}
TEXTS = [f"This is sentence number {k}, and it goes on. Then it ends in Vigo." for k in range(16)]
KEY = "sk-proj-Abcdefgh1234567890wxyz"


def asked(body: dict[str, Any]) -> str:
    return str(body["messages"][1]["content"])


def run(stub: Stub, kind: str, **options: Any) -> list[Pair]:
    translator = chat_translator(stub, **options)
    if kind.startswith("build"):
        sources = [Sentence.from_text(text).with_entities([Entity(0, 1, "LOC")]) for text in TEXTS]
        markers = "brackets" if "brackets" in kind else "auto"
        return list(TrainingDataBuilder(translator, "oracle", to_lang="gl", markers=markers).run(sources))
    on_warning = "keep" if kind == "label" else None
    pipeline = Pipeline(translator, DictionaryRecognizer({}), "oracle", target_lang="gl", on_warning=on_warning)
    return list(pipeline.run_texts(TEXTS))


@pytest.mark.parametrize("kind", ["label", "label without guards", "build", "build with brackets"])
@pytest.mark.parametrize(
    ("reply", "retries", "requests"),
    [((500, {}), 0, 1), ((500, {}), 2, 3), ((400, {}), 2, 1), ((200, b"<html>"), 2, 1), ((200, said("\ud800")), 2, 1)],
)
def test_a_failing_endpoint_is_asked_once_for_each_sentence_and_retry(
    stub: Stub, kind: str, reply: Reply, retries: int, requests: int
) -> None:
    stub.reply = lambda body, n: reply
    pairs = run(stub, kind, retries=retries, wait=0)
    assert len(stub.requests) == len(TEXTS) * requests
    assert all(pair.error for pair in pairs)
    assert [(p.source or p.target).text if kind.startswith("build") else p.target.text for p in pairs] == TEXTS


def test_a_failing_sentence_costs_no_other(stub: Stub) -> None:
    stub.reply = lambda body, n: (500, {}) if "number 3," in asked(body) else (200, answer(body))
    results = chat_translator(stub, retries=1, wait=0).translate_each(TEXTS, **DIRECTION)
    assert [k for k, result in enumerate(results) if isinstance(result, UnansweredError)] == [3]
    assert [result for result in results if isinstance(result, str)] == [
        t.upper() for t in TEXTS if "number 3," not in t
    ]
    assert len(stub.requests) == 17


def test_what_is_cut_off_is_asked_for_once_and_then_in_pieces(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, answer(body) if len(asked(body)) < 50 else said("Cut", "length"))
    pairs = run(stub, "label")
    assert [pair.source.text for pair in pairs if pair.source] == [text.upper() for text in TEXTS]
    assert len(stub.requests) == 16 + 2 * 16 - 15  # the second sentences are equal, and asked for once


@pytest.mark.parametrize("confident", [True, False])
def test_back_translation_asks_once_for_each_sentence(stub: Stub, confident: bool) -> None:
    stub.reply = lambda body, n: (500, {}) if "number 3," not in asked(body) else (200, answer(body))
    translator = chat_translator(stub, retries=0, stop_after=99)
    sources = [Sentence.from_text(text, language="en").with_entities([Entity(0, 1, "LOC")]) for text in TEXTS]
    projector = BackTranslationProjector(translator, "oracle", source_lang="en", target_lang="gl")
    pipeline = Pipeline(None, None, "oracle", projector, target_lang="gl")
    if confident:
        pipeline = pipeline.with_confidence()
    pairs = [Pair(Sentence.from_text(text), source) for text, source in zip(TEXTS, sources, strict=True)]
    done = list(pipeline.run_pairs(pairs))
    assert len(stub.requests) == 16 + 1  # and the entity alone of the sentence that is translated
    assert [k for k, pair in enumerate(done) if pair.error is None] == []  # its entity alone has no answer
    stub.reply = lambda body, n: (500, {}) if "number 4," in asked(body) else (200, answer(body))
    done = list(pipeline.run_pairs(pairs))
    assert [k for k, pair in enumerate(done) if pair.error] == [4]
    stopping = chat_translator(stub, retries=0, stop_after=1, at_once=1)
    projector = BackTranslationProjector(stopping, "oracle", source_lang="en", target_lang="gl")
    with pytest.raises(StoppedError, match="1 time in a row"):
        list(Pipeline(None, None, "oracle", projector, target_lang="gl").with_confidence().run_pairs(pairs))


def test_an_entity_without_an_answer_is_no_failed_translation(stub: Stub) -> None:
    stub.reply = lambda body, n: (500, {}) if "Phrase: " in asked(body) else (200, answer(body))
    pairs = run(stub, "build", retries=0)
    assert len(stub.requests) == 32
    assert not any(pair.error for pair in pairs)  # aligned instead


def test_a_run_stops_after_failures_in_a_row(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, answer(body)) if n <= 5 else (500, {"error": "down"})
    translator = chat_translator(stub, retries=0, at_once=1, stop_after=3)
    pairs: list[Pair] = []
    with pytest.raises(StoppedError, match=r"^3 times in a row, the chat endpoint http\S+: HTTP 500 down, after 1 att"):
        pairs.extend(
            Pipeline(translator, DictionaryRecognizer({}), "oracle", target_lang="gl", window=8).run_texts(TEXTS)
        )
    assert len(stub.requests) == 8
    assert [pair.error is None for pair in pairs] == [True] * 5 + [False] * 3


def test_failures_that_are_not_in_a_row_stop_nothing(stub: Stub) -> None:
    stub.reply = lambda body, n: (500, {}) if n % 3 else (200, answer(body))
    results = chat_translator(stub, retries=0, at_once=1, stop_after=3).translate_each(TEXTS, **DIRECTION)
    assert sum(isinstance(result, str) for result in results) == 5


def test_a_client_that_stopped_asks_one_question_before_it_goes_on(stub: Stub) -> None:
    stub.reply = lambda body, n: (500, {})
    translator = chat_translator(stub, retries=0, at_once=2, stop_after=3)
    first = translator.translate_each(TEXTS, **DIRECTION)
    assert len(stub.requests) <= 4
    assert str(first[-1]).startswith("not asked, because the endpoint failed: 3 times in a row, the chat endpoint")
    time.sleep(0.5)  # a request on its way when the client stopped arrives late
    before = len(stub.requests)
    translator.translate_each(TEXTS, **DIRECTION)
    assert len(stub.requests) == before + 1
    stub.reply = lambda body, n: (200, answer(body))
    assert translator.translate(TEXTS, **DIRECTION) == [text.upper() for text in TEXTS]


def test_a_refusal_in_the_middle_keeps_what_was_answered(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, answer(body)) if n <= 5 else (401, {"error": "no credit"})
    translator = chat_translator(stub, at_once=1)
    made = translator.translate_each(TEXTS, **DIRECTION)
    assert [isinstance(result, str) for result in made] == [True] * 5 + [False] * 11
    assert len(stub.requests) == 6
    with pytest.raises(StoppedError, match="HTTP 401 no credit; check the url, the model"):
        translator.check_stopped()
    translator.check_stopped()
    with pytest.raises(BackendError, match="HTTP 401"):
        translator.translate(TEXTS, **DIRECTION)


def test_the_command_keeps_what_is_done_and_says_how_to_go_on(
    xlner: Command, fakes: list[str], stub: Stub, tmp_path: Path
) -> None:
    text, out, folder = tmp_path / "in.txt", tmp_path / "out.jsonl", tmp_path / "run"
    text.write_text("".join(f"frase {k} en Vigo\n" for k in range(120)), encoding="utf-8")
    stub.reply = lambda body, n: (200, answer(body)) if n <= 60 else (500, {})
    spec = f"chat:tiny?url={stub.url}&retries=0&wait=0&stop_after=4&at_once=8&cache=no"
    command = ["label", text, "--lang", "gl", "-o", out, *fakes, "--translator", spec]
    ran = xlner(*command)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("xlner: the run stopped: 4 times in a row, the chat endpoint http")
    pairs = list(read_pairs(out))
    failed = sum(isinstance(pair, Pair) and pair.error is not None for pair in pairs)
    assert (len(pairs), 60 <= failed <= 67) == (120, True)
    how = f"{out} has the first 120 sentences, {failed} of them failed; with --run-dir DIR a run can be continued\n"
    assert ran.err.endswith(how)
    assert len(stub.requests) <= 72

    stub.requests.clear()
    command += ["--shard-size", "50"]
    ran = xlner(*command, "--run-dir", folder)
    assert ran.code == 2
    assert ran.err.endswith(f"finished shards are kept in {folder}, and the same command continues from there\n")
    assert len(list(read_pairs(out))) == 50
    assert not read_past_run(folder).complete
    stub.requests.clear()
    stub.reply = lambda body, n: (200, answer(body))
    assert xlner(*command, "--run-dir", folder).code == 0
    assert read_past_run(folder).complete
    asked = {body["messages"][-1]["content"] for body in stub.requests}  # late ones of the run before may be twice
    assert len(asked) == 70
    assert not any(isinstance(pair, Pair) and pair.error for pair in read_pairs(out))


def test_failed_sentences_of_a_finished_run_are_asked_again(
    xlner: Command, fakes: list[str], stub: Stub, tmp_path: Path
) -> None:
    text, out, folder = tmp_path / "in.txt", tmp_path / "out.jsonl", tmp_path / "run"
    text.write_text("".join(f"frase {k} en Vigo\n" for k in range(300)), encoding="utf-8")
    stub.reply = lambda body, n: (500, {}) if "7 en" in asked(body) else (200, answer(body))
    spec = f"chat:tiny?url={stub.url}&retries=0&wait=0"
    command = ["label", text, "--lang", "gl", "-o", out, *fakes, "--translator", spec]
    ran = xlner(*command, "--retry-failed")
    assert ran.code == 2
    assert "--retry-failed needs a run to go on with; give its --run-dir, without --overwrite" in ran.err
    command += ["--run-dir", folder]
    assert xlner(*command, "--overwrite", "--retry-failed").code == 2
    ran = xlner(*command)
    assert ran.code == 1
    assert "xlner: the same command with --retry-failed runs the failed sentences again\n" in ran.err
    before = out.read_bytes().splitlines()
    stub.requests.clear()
    stub.reply = lambda body, n: (500, {}) if "17 en" in asked(body) else (200, answer(body))
    ran = xlner(*command, "--retry-failed")
    assert ran.code == 1
    assert len(stub.requests) == 30
    assert "xlner: 30 failed sentences run again, 3 failed again\n" in ran.err
    after = out.read_bytes().splitlines()
    assert [k for k in range(300) if before[k] != after[k]] == [k for k in range(300) if k % 10 == 7 and k % 100 != 17]
    stub.reply = lambda body, n: (200, answer(body))
    assert xlner(*command, "--retry-failed").code == 0


@pytest.mark.parametrize(
    "drip",
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["silence", "headers", "body", "chunks"],
)
def test_the_timeout_bounds_the_whole_request(stub: Stub, drip: tuple[bytes, bytes]) -> None:
    stub.drip = drip
    start = time.monotonic()
    with pytest.raises(StageError, match=r"no answer in 0.1 s, after 2 attempts"):
        chat_translator(stub, retries=1, timeout=0.1, wait=0).translate(["a"], **DIRECTION)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("code", [200, 400])
def test_an_answer_that_is_too_large(stub: Stub, code: int) -> None:
    stub.reply = lambda body, n: (code, said("x" * (5 << 20)))
    with pytest.raises(UnansweredError, match="larger than 4194304 bytes"):
        chat_translator(stub).translate(["a"], **DIRECTION)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 5000, b'{"choices": [{"message": 5}]}', b'"text"', b"\xff"])
def test_json_of_any_form_is_an_error_of_its_sentence(stub: Stub, content: bytes) -> None:
    stub.reply = lambda body, n: (200, content)
    (made,) = chat_translator(stub).translate_each(["a"], **DIRECTION)
    assert isinstance(made, UnansweredError)


def test_a_lone_surrogate(stub: Stub) -> None:
    stub.reply = lambda body, n: (200, said("\ud83d Vigo") if asked(body) == "bad" else answer(body))
    made = chat_translator(stub).translate_each(["a", "bad", "\udc00", "c"], **DIRECTION)
    assert (made[0], made[3]) == ("A", "C")
    assert str(made[1]) == "the answer of the chat endpoint has a lone surrogate"
    assert str(made[2]) == "the text has a lone surrogate"
    stub.reply = lambda body, n: (500, {"error": "\ud83d down"})
    (error,) = chat_translator(stub, retries=0).translate_each(["e"], **DIRECTION)
    assert "HTTP 500 ? down" in str(error)


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        "sk-proj-****wxyz",
        "sk-proj-********************wxyz",
        "'sk-p...xyz'",
        "sk-proj-Abcdef…",
        "key=sk-proj-Ab***,",
        "****wxyz",
        "sk-proj-Abcdefgh",
        "the end is 1234567890wxyz",
        "Bearer sk-…yz",
        f"({KEY[:20]})",
        f"{KEY[:10]} {KEY[10:]}",
        "sk-projXXXXXXXXXXwxyz",
    ],
)
def test_no_part_of_a_key_is_shown(echo: str) -> None:
    text = shown(f"wrong key {echo}. See the documents.", KEY)
    assert "…" in text
    assert text.startswith("wrong key ")
    assert text.endswith("See the documents.")
    assert not any(KEY[k : k + 4] in text for k in range(len(KEY) - 3))


def test_messages_without_a_key_stay_as_they_are() -> None:
    text = "the model 'tiny' is overloaded... try again in 20 s, *please*"
    assert shown(text, KEY) == shown(text, "") == text
    assert shown("a\n b\x00" + "x" * 300, "k") == ("a b\x00" + "x" * 300)[:200]


def test_patience() -> None:
    assert Patience(wait=1).before(1, "nan") <= 1.25
    assert Patience().before(1, "inf") == 60
    for wrong in (
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"wait": -1},
        {"retries": -1},
        {"stop_after": 0},
    ):
        with pytest.raises(ValidationError, match="stop_after"):
            Patience(**wrong)  # type: ignore[arg-type]
