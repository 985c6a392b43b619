"""Chat endpoints that fail, hang or drip."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.harness import Ran, fault, need, put, xlner

_SENTENCES = 30


@contextmanager
def _endpoint(act: Callable[[Any], None]) -> Iterator[tuple[str, list[float]]]:
    """An endpoint on this machine, and the times of its requests."""
    asked: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(time.monotonic())
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with suppress(OSError):  # the client has gone
                act(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()


def _send(handler: Any, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _translate(work: Path, url: str, options: str = "retries=1&timeout=2") -> Ran:
    path = put(work / "in.txt", "".join(f"Frase {k} en Vigo\n" for k in range(_SENTENCES)))
    spec = f"chat:model?url={url}&{options}"
    return xlner(
        "translate",
        path,
        "--from",
        "es",
        "--to",
        "en",
        "--translator",
        spec,
        "-o",
        work / "out.jsonl",
        env={"NO_PROXY": "*"},
    )


def _ended(ran: Ran, asked: list[float], *, most: int, seconds: float) -> str:
    need(ran.code != 0 and ran.last.startswith("xlner: "), ran.err)
    need(0 < len(asked) <= most, f"{len(asked)} requests")
    need(ran.seconds < seconds, f"{ran.seconds:.0f} s")
    need("\x1b" not in ran.err, "an escape code")
    return f"{len(asked)} requests, {ran.seconds:.0f} s; {ran.last}"


@fault("an endpoint that answers 500, with control characters", "asked at most once per sentence and retry; one line")
def failing(work: Path) -> str:
    body = json.dumps({"error": {"message": "no \x1b[31mroom"}}).encode()
    with _endpoint(lambda handler: _send(handler, 500, body)) as (url, asked):
        return _ended(_translate(work, url), asked, most=2 * _SENTENCES, seconds=90)


@fault("an endpoint that never answers", "ends after the timeout; one line")
def hanging(work: Path) -> str:
    with _endpoint(lambda handler: time.sleep(600)) as (url, asked):
        return _ended(_translate(work, url), asked, most=2 * _SENTENCES, seconds=100)


@fault("an endpoint that drips a byte a second", "the timeout bounds the whole request; one line")
def dripping(work: Path) -> str:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(1)

    with _endpoint(drip) as (url, asked):
        return _ended(_translate(work, url), asked, most=2 * _SENTENCES, seconds=100)


@fault("an endpoint whose answer has no end", "it is cut off at a size; one line")
def endless(work: Path) -> str:
    def flood(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 100_000)

    with _endpoint(flood) as (url, asked):
        return _ended(_translate(work, url, "retries=0&timeout=20"), asked, most=2 * _SENTENCES, seconds=100)


@fault("an endpoint that answers with no JSON", "one line")
def no_json(work: Path) -> str:
    with _endpoint(lambda handler: _send(handler, 200, b"<html>")) as (url, asked):
        return _ended(_translate(work, url), asked, most=4 * _SENTENCES, seconds=90)


@fault("no endpoint at all", "one line")
def nothing(work: Path) -> str:
    ran = _translate(work, "http://127.0.0.1:9/v1")
    need(ran.code == 2 and "cannot be reached" in ran.last, ran.err)
    return ran.last
