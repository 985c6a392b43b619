"""The server of `xlner review`, and the page that it serves in a real browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from starlette.testclient import TestClient

from tests.browser import opened
from tests.conftest import Command
from tests.test_view import page_pairs
from xlner import Pair, Sentence, read_pairs, read_sentences, write_pairs
from xlner.report import Journal, ReviewSession, read_corrections, read_results
from xlner.report.records import words_digest
from xlner.report.server import review_app

HOST = "http://127.0.0.1:8000"
BEARER = {"Authorization": "Bearer secret"}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "es.jsonl"
    write_pairs(page_pairs(), path)
    return path


@pytest.fixture
def session(results: Path, tmp_path: Path) -> Iterator[ReviewSession]:
    with Journal(tmp_path / "es.jsonl.corrections.jsonl", "es.jsonl") as journal:
        made = ReviewSession(lambda: read_results(results), journal, "es.jsonl", "ana")
        with (tmp_path / "page.html").open("w", encoding="utf-8") as stream:
            made.write_page(stream)
        yield made


@pytest.fixture
def client(session: ReviewSession, tmp_path: Path) -> TestClient:
    return TestClient(review_app(session, tmp_path / "page.html", "secret", 8000), base_url=HOST)


def record(key: str, action: str, **parts: Any) -> dict[str, Any]:
    digest = words_digest(page_pairs()[0].target)
    return {"key": key, "time": "now", "who": "ana", "sentence": 1, "digest": digest, "action": action, **parts}


PER = {"start": 0, "end": 2, "label": "PER"}


def post(client: TestClient, body: Any, **headers: str) -> Any:
    return client.post("/decisions", json=body, headers={**BEARER, "Origin": HOST, **headers})


def test_the_page_needs_the_token(client: TestClient) -> None:
    page = client.get("/?token=secret")
    assert page.status_code == 200
    assert "connect-src &#x27;self&#x27;" in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    for address in ("/", "/?token=", "/?token=secrets", "/decisions", "/export?format=jsonl"):
        refused = client.get(address)
        assert (refused.status_code, "it has a token" in refused.json()["error"]) == (403, True)
    assert client.get("/decisions?token=secret").status_code == 403
    assert client.get("/other", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}, 421),
        ({"Host": "127.0.0.1:9000"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:8000"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Authorization": "Basic secret"}, 403),
        ({"Authorization": "Bearer other"}, 403),
    ],
)
def test_requests_of_other_pages_are_refused(
    client: TestClient, session: ReviewSession, headers: Any, status: int
) -> None:
    assert post(client, record("1", "reviewed"), **headers).status_code == status
    assert client.get("/decisions", headers={**BEARER, **headers}).status_code == status
    assert session.journal.decisions == []


def test_a_request_without_an_origin_decides_nothing(client: TestClient, session: ReviewSession) -> None:
    assert client.post("/decisions", json=record("1", "reviewed"), headers=BEARER).status_code == 403
    assert session.journal.decisions == []


def test_a_decision_is_saved_once_before_it_is_answered(client: TestClient, session: ReviewSession) -> None:
    for _ in range(2):
        answer = post(client, record("1", "accept", before=PER))
        assert answer.status_code == 200
        assert "1 of 1 judged entities are right" in answer.json()["progress"]
        assert [d.key for d in read_corrections(session.journal.path)] == ["1"]
    assert [d["key"] for d in client.get("/decisions", headers=BEARER).json()["decisions"]] == ["1"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"key": "1"},
        record("1", "delete", before={"start": 1, "end": 2, "label": "PER"}),
        record("1", "add", after={"start": 1, "end": 3, "label": "LOC"}),
        record("1", "undo", undoes="0"),
        {**record("1", "reviewed"), "sentence": 99},
        {**record("1", "reviewed"), "digest": "0f"},
    ],
)
def test_a_decision_that_does_not_fit_is_refused(client: TestClient, session: ReviewSession, body: Any) -> None:
    answer = post(client, body)
    assert (answer.status_code, bool(answer.json()["error"])) == (409, True)
    assert session.journal.decisions == []


def test_a_body_that_is_no_json_or_too_long_is_refused(client: TestClient) -> None:
    headers = {**BEARER, "Origin": HOST}
    assert client.post("/decisions", content=b"{", headers=headers).status_code == 400
    assert client.post("/decisions", content=b" " * 100_000, headers=headers).status_code == 413


def test_exports_and_progress(client: TestClient, tmp_path: Path) -> None:
    post(client, record("1", "change", before=PER, after={"start": 0, "end": 1, "label": "PER"}))
    post(client, record("2", "reviewed"))
    assert (
        "1 of 3 sentences reviewed, 2 left; 1 of 2 judged"
        in client.get("/decisions", headers=BEARER).json()["progress"]
    )
    (tmp_path / "out.jsonl").write_bytes(client.get("/export?format=jsonl", headers=BEARER).content)
    first, *others = read_pairs(tmp_path / "out.jsonl")
    assert isinstance(first, Pair)
    assert first.labeled.tags() == ["B-PER", "O", "O", "O", "O", "B-LOC", "O"]
    assert first.alignment == page_pairs()[0].alignment
    assert others == page_pairs()[1:]
    (tmp_path / "out.conll").write_bytes(client.get("/export?format=conll", headers=BEARER).content)
    found = next(iter(read_sentences(tmp_path / "out.conll")))
    assert isinstance(found, Sentence)
    assert found.tags() == first.labeled.tags()
    assert not list(tmp_path.glob("export.*"))
    assert client.get("/export?format=exe", headers=BEARER).status_code == 400


def test_a_journal_of_other_results_is_refused(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.corrections.jsonl"
    path.write_text(
        json.dumps({"xlner": "corrections", "version": 1})
        + "\n"
        + json.dumps({**record("1", "reviewed"), "digest": "0f"})
        + "\n"
    )
    with Journal(path, "es.jsonl") as journal, (tmp_path / "p.html").open("w", encoding="utf-8") as stream:
        made = ReviewSession(lambda: read_results(results), journal, "es.jsonl", "ana")
        with pytest.raises(Exception, match="the sentence has other words"):
            made.write_page(stream)


def test_review_refuses_standard_input_and_a_port_in_use(xlner: Command, results: Path) -> None:
    import socket

    assert "save it first" in xlner("review", "-").err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = xlner("review", results, "--port", taken.getsockname()[1])
    assert (ran.code, "cannot be used" in ran.err) == (2, True)


def test_review_without_its_packages_names_the_extra(
    xlner: Command, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ran = xlner("review", results)
    assert (ran.code, "pip install 'xlner[review]'" in ran.err) == (2, True)
    assert not results.with_name(f"{results.name}.corrections.jsonl").exists()


def test_review_serves_until_it_is_interrupted(xlner: Command, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, sockets: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("uvicorn.Server.run", interrupted)
    ran = xlner("review", results, "--who", "ana")
    assert ran.code == 0
    assert ran.out.startswith("http://127.0.0.1:")
    assert f"decisions are kept in {results}.corrections.jsonl" in ran.err
    assert ran.err.endswith("0 of 3 sentences reviewed, 3 left; no entity judged; 0 added\n")


class Review:
    """A process of `xlner review`."""

    def __init__(self, path: Path, *options: str) -> None:
        command = [sys.executable, "-m", "xlner", "review", str(path), "--who", "ana", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def stop(self, how: signal.Signals) -> str:
        """End it, and return what it said."""
        os.kill(self.process.pid, how)
        return self.process.communicate(timeout=20)[1]


@pytest.mark.slow
def test_a_review_survives_the_death_of_its_server(tmp_path: Path, results: Path) -> None:
    tags = "#sentence-1 .target .tag"
    with opened(tmp_path) as browser:
        first = Review(results, "--least-sure", "2")
        browser.open(first.address)
        assert browser.text("#found") == "2 sentences picked from 3 sentences"
        assert "0 of 2 sentences reviewed, 2 left" in browser.text("#progress")
        browser.press("j", "a")
        browser.until(lambda: browser.all("#sentence-1 .entity.accepted"))
        browser.press(".", "d")
        browser.until(lambda: browser.texts(tags) == ["PER"])
        browser.drag("#sentence-1 .target .word[data-word='4']", "#sentence-1 .target .word[data-word='5']")
        browser.until(lambda: browser.texts("#sentence-1 .target .selected") == ["en", "Vigo"])
        browser.click("#sentence-1 .editor .chip")
        browser.until(lambda: browser.texts(tags) == ["PER", "LOC"])
        assert browser.console() == []
        first.stop(signal.SIGKILL)
        browser.press("d")
        browser.until(lambda: "Not saved: the server does not answer" in browser.text("#alert"))
        assert browser.texts(tags) == ["PER", "LOC"]
        browser.console()  # the refused connection

        second = Review(results)
        browser.open(second.address)
        assert browser.texts(tags) == ["PER", "LOC"]
        assert browser.text("#decided") == "1 accepted, 0 changed, 1 added, 1 deleted"
        browser.press("u")
        browser.until(lambda: browser.texts(tags) == ["PER"])
        browser.press("u")
        browser.until(lambda: browser.texts(tags) == ["PER", "LOC"])
        browser.click("#sentence-1 .done")
        browser.until(lambda: "1 of 3 sentences reviewed, 2 left; 2 of 2 judged" in browser.text("#progress"))
        browser.find("#sentence-1 .target .word[data-word='0']").send_keys(Keys.ESCAPE)
        browser.click("#export-jsonl")
        exported = tmp_path / "downloads" / "es.corrected.jsonl"
        browser.until(exported.exists)
        assert browser.console() == []
        said = second.stop(signal.SIGINT)
        assert second.process.returncode == 0
        assert "1 of 3 sentences reviewed" in said
    pair = next(iter(read_pairs(exported)))
    assert isinstance(pair, Pair)
    assert pair.labeled.entities == page_pairs()[0].labeled.entities
    journal = read_corrections(tmp_path / "es.jsonl.corrections.jsonl")
    assert [d.action.value for d in journal] == ["accept", "delete", "add", "undo", "undo", "reviewed"]
    assert {d.who for d in journal} == {"ana"}
