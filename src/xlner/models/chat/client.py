"""A client for OpenAI-compatible chat endpoints: many questions at a time, further attempts, and clear errors."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xlner.errors import BackendError, MissingExtraError, StageError, StoppedError, UnansweredError, ValidationError
from xlner.models.chat.answers import error_message, is_text, is_too_long, parse, read_answer, tokens_of
from xlner.models.chat.cached_answers import CachedAnswers
from xlner.models.chat.hidden_key import shown
from xlner.models.chat.patience import Patience
from xlner.models.chat.question import Answer, Question
from xlner.models.chat.usage import Usage, usage_of
from xlner.text.counts import counted

if TYPE_CHECKING:
    import httpx2

    from xlner.models.chat.kept_answers import KeptAnswers

_LOG = logging.getLogger(__name__)
KEPT_ANSWERS = 50_000
"""Answers in memory."""
_LARGEST_ANSWER = 4 << 20
"""Bytes of an answer."""
_RETRIED = frozenset({408, 409, 425, 429, *range(500, 600)}) - {501, 505}
_HINT_ON_FORM = "if the endpoint does not know JSON schemas, try structure=json or structure=none"
_REFUSED = frozenset({301, 302, 307, 308, 401, 403, 404, 405})


class ChatClient:
    """A chat endpoint and one of its models.

    `url` is the address before `/chat/completions`. The key is read from the environment variable `key_env` for each
    request, and only goes into a header; without a key no header is sent. Equal questions are asked once; with `cache`
    also those of other runs. Waiting is logged as a warning, which Python shows on standard error by default.
    `prices` are those of a million tokens, of questions and of answers.

    The client stops when the endpoint cannot be reached or refuses, or after `patience.stop_after` questions in a row
    without an answer. Each further call then begins with one question, and asks the others only if that is answered.

    Raises `MissingExtraError` without httpx2.
    """

    def __init__(
        self,
        model: str,
        url: str,
        *,
        key_env: str,
        patience: Patience,
        at_once: int,
        max_tokens: int | None,
        cache: bool = False,
        prices: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        if find_spec("httpx2") is None:
            raise MissingExtraError("httpx2", extra="chat")
        self.model = model
        self.url = url
        self.key_env = key_env
        self.patience = patience
        self.at_once = at_once
        self.max_tokens = max_tokens
        self.prices = prices
        self._cache = CachedAnswers(url, model, max_tokens) if cache else None
        self._answers: OrderedDict[Question, Answer] = OrderedDict()
        self._answered = False
        self._failed_in_a_row = 0
        self._failing: BackendError | None = None
        self._stopped: BackendError | None = None
        self._told: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the answer to each question or its error, in order.

        A question without an answer has an `UnansweredError`, and so have all that were not asked because the client
        stopped. Raises `BackendError` if the endpoint cannot be reached, or refuses, before it ever answered.
        """
        with self._lock:
            remembered = {q: self._answers[q] for q in questions if q in self._answers}
        new = [q for q in dict.fromkeys(questions) if q not in remembered]
        known = self._cache.get(new) if self._cache is not None and new else {}
        new = [q for q in new if q not in known]
        made: dict[Question, Answer] = {**known, **(self._ask_new(new) if new else {})}
        if not self._answered and self._failing is not None and not isinstance(self._failing, StoppedError):
            self._stopped = None
            raise self._failing
        with self._lock:
            self.usage.cached += len(known)
            self._answers.update((q, a) for q, a in made.items() if not isinstance(a, UnansweredError))
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return [made[question] if question in made else remembered[question] for question in questions]

    def forget(self, questions: Sequence[Question]) -> None:
        """Remove answers that could not be used, so that the questions are asked again."""
        with self._lock:
            for question in questions:
                self._answers.pop(question, None)
        if self._cache is not None and questions:
            self._cache.remove(questions)

    @property
    def usage(self) -> Usage:
        """What the model was asked in this process."""
        return usage_of(self.model)

    def reject(self, reason: str) -> None:
        """Count a part of an answer that could not be used."""
        with self._lock:
            self.usage.rejected[reason] += 1

    def check_stopped(self) -> None:
        """Raise `StoppedError` with the reason, once, if the client has stopped since the last call."""
        stopped, self._stopped = self._stopped, None
        if stopped is not None:
            self._failing, self._failed_in_a_row = None, 0
            raise StoppedError(stopped.message, hint=stopped.hint)

    def _ask_new(self, questions: Sequence[Question]) -> dict[Question, Answer]:
        from anyio.from_thread import start_blocking_portal

        self._told.clear()
        with start_blocking_portal() as portal:  # a loop of its own: the caller may be in one already
            return portal.start_task_soon(self._ask_all, questions).result()

    async def _ask_all(self, questions: Sequence[Question]) -> dict[Question, Answer]:
        import anyio
        import httpx2

        from xlner.models.chat.kept_answers import KeptAnswers

        made: dict[Question, Answer] = {}
        kept = None if self._cache is None else KeptAnswers(self._cache)
        waiting = iter(questions)
        limits = httpx2.Limits(max_connections=self.at_once)
        async with httpx2.AsyncClient(timeout=None, limits=limits) as client:
            if self._failing is not None:
                await self._work(client, islice(waiting, 1), made, kept)
            if self._failing is None:
                async with anyio.create_task_group() as group:

                    async def work() -> None:
                        await self._work(client, waiting, made, kept)
                        if self._failing is not None:
                            group.cancel_scope.cancel()  # those that wait for a further attempt

                    for _ in range(min(self.at_once, len(questions))):
                        group.start_soon(work)
        return {question: made[question] if question in made else self._unasked() for question in questions}

    async def _work(
        self,
        client: httpx2.AsyncClient,
        questions: Iterator[Question],
        made: dict[Question, Answer],
        kept: KeptAnswers | None,
    ) -> None:
        """Ask one question after the other until none is left or the client stops. Each answer is on disk at once."""
        for question in questions:
            if not is_text(question.user):
                made[question] = StageError("the text has a lone surrogate")
                continue
            try:
                made[question] = answer = await self._ask_one(client, question)
                if kept is not None and isinstance(answer, str):
                    await kept.add(question, answer)
            except BackendError as error:
                self._failing = self._stopped = error
            else:
                self._count(made[question])
            if self._failing is not None:
                return

    def _count(self, answer: Answer) -> None:
        """Stop after too many failures in a row; go on after an answer."""
        if not isinstance(answer, UnansweredError):
            self._answered, self._failed_in_a_row, self._failing = True, 0, None
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= self.patience.stop_after and self._failing is None:
            self._failing = self._stopped = StoppedError(
                f"{counted(self._failed_in_a_row, 'time')} in a row, {answer.message}"
            )

    def _unasked(self) -> UnansweredError:
        reason = "" if self._failing is None else f": {self._failing.message}"
        return UnansweredError(f"not asked, because the endpoint failed{reason}")

    async def _ask_one(self, client: httpx2.AsyncClient, question: Question) -> Answer:
        """The answer to a question or its error, after further attempts where needed."""
        try:
            status, body = await self._sent(client, question)
            self._count_usage(status, body)
            return self._read(status, body, question)
        except StageError as error:  # a new one: the frames that this one holds have the whole answer
            return type(error)(error.message, hint=error.hint)

    async def _sent(self, client: httpx2.AsyncClient, question: Question) -> tuple[int, Any]:
        """The status and the content of the answer, after further attempts where needed."""
        import anyio
        import httpx2

        headers = self._headers()
        failure: type[BackendError | StageError] = UnansweredError
        reason = "no answer"
        said: str | None = None
        hint: str | None = None
        for attempt in range(self.patience.retries + 1):
            if attempt:
                pause = self.patience.before(attempt, said)
                self._tell(attempt, reason, pause)
                await anyio.sleep(pause)
            said = hint = None
            try:
                with anyio.fail_after(self.patience.timeout):
                    response, body = await self._exchanged(client, question, headers)
            except TimeoutError:
                failure, reason = UnansweredError, f"no answer in {self.patience.timeout:g} s"
            except (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
                failure, reason = BackendError, f"cannot be reached: {self._shown(str(error))}"
                hint = "start its server, or correct url="
            except httpx2.HTTPError as error:
                failure, reason = UnansweredError, f"the connection broke: {self._shown(str(error))}"
            else:
                if response.status_code not in _RETRIED:
                    return response.status_code, body
                failure = BackendError if response.status_code == 429 else UnansweredError
                reason, said = self._said(response.status_code, body), response.headers.get("retry-after")
        attempts = self.patience.retries + 1
        tried = f"after {counted(attempts, 'attempt')}"
        raise failure(f"the chat endpoint {self.url}: {reason}, {tried}", hint=hint)

    async def _exchanged(
        self, client: httpx2.AsyncClient, question: Question, headers: dict[str, str]
    ) -> tuple[httpx2.Response, Any]:
        """Send one request, and return the response with its JSON, or None if that is not JSON."""
        address = f"{self.url}/chat/completions"
        data = b""
        async with client.stream("POST", address, json=self._body(question), headers=headers) as response:
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > _LARGEST_ANSWER:
                    raise UnansweredError(f"the answer of the chat endpoint is larger than {_LARGEST_ANSWER} bytes")
        return response, parse(data)

    def _tell(self, attempt: int, reason: str, pause: float) -> None:
        """Log why requests wait, once for all that wait for the same reason."""
        if (attempt, reason) in self._told:
            return
        self._told.add((attempt, reason))
        of = self.patience.retries + 1
        _LOG.warning("the chat endpoint %s: %s; attempt %d of %d in %.1f s", self.url, reason, attempt + 1, of, pause)

    def _count_usage(self, status: int, body: Any) -> None:
        if status != 200:
            return
        tokens_in, tokens_out = tokens_of(body)
        with self._lock:
            usage = self.usage
            usage.requests += 1
            usage.input_tokens += tokens_in
            usage.output_tokens += tokens_out
            usage.cost += (tokens_in * self.prices[0] + tokens_out * self.prices[1]) / 1e6

    def _read(self, status: int, body: Any, question: Question) -> str:
        """The text of an answer that is final."""
        if status in _REFUSED:
            raise BackendError(
                f"the chat endpoint {self.url} refuses the request: {self._said(status, body)}",
                hint=f"check the url, the model {self.model!r} and the key in the environment variable {self.key_env}",
            )
        if status != 200 or (error_message(body) is not None and "choices" not in body):
            kind = StageError if is_too_long(status, body) else UnansweredError
            hint = _HINT_ON_FORM if question.form is not None and status in (400, 422) else None
            raise kind(f"the chat endpoint {self.url}: {self._said(status, body)}", hint=hint)
        if body is None:
            raise UnansweredError(f"the answer of the chat endpoint {self.url} is not JSON")
        return read_answer(body)

    def _body(self, question: Question) -> dict[str, object]:
        body: dict[str, object] = {"model": self.model, **question.body}
        return body if self.max_tokens is None else {**body, "max_tokens": self.max_tokens}

    def _headers(self) -> dict[str, str]:
        key = self._key()
        if not (key.isascii() and key.isprintable()):  # the error message of httpx2 would show the key
            raise BackendError(f"the key in {self.key_env} has characters that no key has")
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _key(self) -> str:
        return os.environ.get(self.key_env, "").strip()

    def _said(self, status: int, body: Any) -> str:
        """The status and the message of the endpoint."""
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        return f"HTTP {status} {self._shown(error_message(body) or phrase)}".strip()

    def _shown(self, text: str) -> str:
        return shown(text, self._key())

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_answers": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


def checked_url(url: str) -> str:
    """Return the address without a slash at its end. Raises `ValidationError` for a bad one, or one with a secret.

    >>> checked_url("http://localhost:8000/v1/")
    'http://localhost:8000/v1'
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError(
            "the url of a chat endpoint must begin with http:// or https://", hint="write ?url=http://HOST/v1"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError(
            "the url of a chat endpoint must not have a key, user or query",
            hint="put the key into an environment variable",
        )
    return url.rstrip("/").removesuffix("/chat/completions")
