"""A chat endpoint on this machine for tests, which answers as a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from xlner.translation.chat.translator import ChatTranslator

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Stub:
    """An endpoint that answers as `reply` says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.at_once = self.most_at_once = 0
        self.reply: Callable[[dict[str, Any], int], Reply] = lambda body, n: (200, answer(body))
        self.drip: tuple[bytes, bytes] | None = None
        """What is sent at once instead, and what follows it 50 times a second."""
        self.lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                if not sent:  # nobody waits any longer
                    return
                body = json.loads(sent)
                with stub.lock:
                    stub.requests.append(body)
                    stub.keys.append(self.headers.get("Authorization"))
                    number = len(stub.requests)
                    stub.at_once += 1
                    stub.most_at_once = max(stub.most_at_once, stub.at_once)
                code, content, *headers = stub.reply(body, number)
                with stub.lock:
                    stub.at_once -= 1
                if stub.drip is not None:
                    self._drip(*stub.drip)
                    return
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                with suppress(ConnectionError):  # nobody waits any longer
                    self.send_response(code)
                    for name, value in headers[0].items() if headers else ():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def _drip(self, first: bytes, then: bytes) -> None:
                with suppress(ConnectionError):
                    self.wfile.write(first)
                    for _ in range(200):
                        time.sleep(0.02)
                        self.wfile.write(then)
                        self.wfile.flush()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def said(text: object, reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason}]}


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Upper case for a text; for a phrase, the same words in it; for a question about entities, none."""
    if "response_format" in body:
        return as_json({"entities": []})
    user = body["messages"][-1]["content"]
    return said(user.rpartition("Phrase: ")[2].upper() if "Phrase: " in user else f" {user.upper()}\n")


def as_json(value: object) -> dict[str, Any]:
    return said(json.dumps(value, ensure_ascii=False))


def chat_translator(stub: Stub, **options: Any) -> ChatTranslator:
    return ChatTranslator("tiny", url=stub.url, **{"wait": 0.01, **options})
