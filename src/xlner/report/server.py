"""The server of a review: on this machine only, and only for the page that it gave out itself."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from xlner.errors import MissingExtraError, UsageError, XlnerError
from xlner.report.session import EXPORTS, ReviewSession

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK = "127.0.0.1"
_MOST_BYTES = 1 << 16
_SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class RefusedError(Exception):
    """A request that is not answered, with its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def require_server() -> None:
    """Raise `MissingExtraError` without starlette or uvicorn, before a journal is made."""
    for package in ("starlette", "uvicorn"):
        try:
            import_module(package)
        except ImportError:
            raise MissingExtraError(package, extra="review") from None


def review_app(session: ReviewSession, page: Path, token: str, port: int) -> Starlette:
    """The web application of a review.

    Only requests with the token are answered, and only for the name of this machine itself (no other site can use its
    own name for this address), from the page itself.
    """
    require_server()
    from starlette.applications import Starlette
    from starlette.routing import Route

    answers = _Answers(session, page, token, frozenset({f"{LOOPBACK}:{port}", f"localhost:{port}"}))
    app = Starlette(
        routes=[
            Route("/", answers.get_page),
            Route("/decisions", answers.get_decisions),
            Route("/decisions", answers.post_decision, methods=["POST"]),
            Route("/export", answers.get_export),
        ],
        exception_handlers={RefusedError: _refused, XlnerError: _refused},
    )
    app.add_middleware(_SecurityHeaders)
    return app


@dataclass(frozen=True, slots=True)
class _Answers:
    """Answers to requests. `hosts` are the names that this server answers to."""

    session: ReviewSession
    page: Path
    token: str
    hosts: frozenset[str]

    def check(self, request: Request, *, in_address: bool = False) -> None:
        """Raise `RefusedError` unless the request comes from the page, or has the token in its address."""
        host = request.headers.get("host", "")
        if host not in self.hosts:
            raise RefusedError(421, "this server answers to its own name only")
        origin = request.headers.get("origin")
        if origin not in (None, f"http://{host}") or (origin is None and request.method != "GET"):
            raise RefusedError(403, "the request is from another page")
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise RefusedError(403, "the request is from another page")
        given = request.query_params.get("token", "") if in_address else _bearer(request)
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            raise RefusedError(403, "open the address that xlner review has printed: it has a token")

    async def get_page(self, request: Request) -> Response:
        from starlette.responses import FileResponse

        self.check(request, in_address=True)
        return FileResponse(self.page, media_type="text/html; charset=utf-8")

    async def get_decisions(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        self.check(request)
        decisions = await run_in_threadpool(self.session.decisions)
        return JSONResponse({"progress": self.session.progress(), "decisions": decisions})

    async def post_decision(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        self.check(request)
        record = await _decision(request)
        await run_in_threadpool(self.session.decide, record)
        return JSONResponse({"progress": self.session.progress()})

    async def get_export(self, request: Request) -> Response:
        from starlette.background import BackgroundTask
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import FileResponse

        self.check(request)
        format = request.query_params.get("format", "")
        if format not in EXPORTS:
            raise RefusedError(400, f"export as one of {', '.join(EXPORTS)}")
        place = self.page.with_name(f"export.{secrets.token_hex(4)}")
        await run_in_threadpool(self.session.export, place, format)
        return FileResponse(place, media_type="application/octet-stream", background=BackgroundTask(place.unlink))


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


async def _decision(request: Request) -> object:
    """The JSON that was sent. Raises `RefusedError` if it is none, or too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise RefusedError(413, "a decision is not that long")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "a decision is not JSON") from None


def _refused(_: Request, error: Exception) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse({"error": str(error)}, error.status if isinstance(error, RefusedError) else 409)


class _SecurityHeaders:
    """Adds headers to every response."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                more = [(name.lower().encode(), value.encode()) for name, value in _SECURITY.items()]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, with_headers)


def serve_review(
    session: ReviewSession,
    *,
    port: int = 0,
    on_ready: Callable[[str], None] = print,
    on_progress: Callable[[int], None] = lambda n: None,
) -> None:
    """Serve a review on this machine until it is interrupted.

    `port` is a free one by default. `on_ready` is called with the address, which has the token, when it can be opened.
    `on_progress` is called with the number of sentences that were read since its last call.
    Raises `UsageError` if the port cannot be used, and `MissingExtraError` without starlette and uvicorn.
    """
    require_server()
    import uvicorn

    with socket.socket() as listening, TemporaryDirectory(prefix="xlner-review-") as folder:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"port {port} cannot be used: {reason}", hint="leave out --port for a free one") from None
        listening.listen()
        port = listening.getsockname()[1]
        page, token = Path(folder) / "page.html", secrets.token_urlsafe(24)
        with page.open("w", encoding="utf-8", newline="\n") as stream:
            session.write_page(stream, on_progress)
        app = review_app(session, page, token, port)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1
        )
        on_ready(f"http://{LOOPBACK}:{port}/?token={token}")
        uvicorn.Server(config).run(sockets=[listening])
