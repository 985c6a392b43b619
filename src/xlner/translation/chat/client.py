"""A client for OpenAI-compatible chat endpoints: many questions at a time, further attempts, and clear errors."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xlner.errors import BackendError, MissingExtraError, StageError, ValidationError

if TYPE_CHECKING:
    import httpx

Question = tuple[str, str]
"""The system message and the user message."""

_LOG = logging.getLogger(__name__)
_KEPT_ANSWERS = 50_000
"""Answers in memory."""
_LONGEST_WAIT = 60.0
"""Seconds before a further attempt, at most."""
_SNIPPET = 200
"""Characters of an endpoint's message that an error shows."""
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_REFUSED = frozenset({301, 302, 307, 308, 401, 403, 404, 405})


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a request may take, number of further attempts, and seconds before the first of them.

    Each further wait is twice as long, up to a minute, with a little random time added. An endpoint may say how long
    to wait instead.
    """

    timeout: float = 120.0
    retries: int = 5
    wait: float = 1.0

    def __post_init__(self) -> None:
        if not self.timeout > 0 or self.retries < 0 or self.wait < 0:
            raise ValidationError(
                f"timeout {self.timeout} must be over 0, retries {self.retries} and wait {self.wait} at least 0"
            )

    def before(self, attempt: int, said: str | None) -> float:
        """Return the seconds to wait before further attempt number `attempt`, from 1; `said` is a `Retry-After`.

        >>> Patience(wait=2.0).before(3, "7"), 8 <= Patience(wait=2.0).before(3, None) <= 10
        (7.0, True)
        """
        try:
            return min(max(float(said or ""), 0.0), _LONGEST_WAIT)
        except ValueError:  # no header, or a date
            return min(self.wait * 2.0 ** (attempt - 1), _LONGEST_WAIT) * random.uniform(1, 1.25)


class ChatClient:
    """A chat endpoint and one of its models.

    `url` is the address before `/chat/completions`. The key is read from the environment variable `key_env` for each
    request, and only goes into a header; without a key no header is sent. Equal questions are asked once, so that
    repeating a batch because of one bad sentence costs only that sentence. Waiting is logged as a warning, which Python
    shows on standard error by default.

    Raises `MissingExtraError` without httpx.
    """

    def __init__(
        self, model: str, url: str, *, key_env: str, patience: Patience, at_once: int, max_tokens: int | None
    ) -> None:
        if find_spec("httpx") is None:
            raise MissingExtraError("httpx", extra="chat")
        self.model = model
        self.url = url
        self.key_env = key_env
        self.patience = patience
        self.at_once = at_once
        self.max_tokens = max_tokens
        self._answers: OrderedDict[Question, str] = OrderedDict()
        self._told: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    def ask(self, questions: Sequence[Question]) -> list[str]:
        """Return the answer to each question, in order.

        Raises `StageError` for the first question without an answer, once all others have theirs, and `BackendError`
        if the endpoint cannot be reached or refuses the key or the model.
        """
        new = [q for q in dict.fromkeys(questions) if q not in self._answers]
        made: dict[Question, str | StageError] = {}
        if new:
            made = self._ask_all(new)
        with self._lock:
            self._answers.update((q, a) for q, a in made.items() if isinstance(a, str))
        answers = []
        for question in questions:
            answer = made[question] if question in made else self._answers[question]
            if isinstance(answer, StageError):
                raise answer
            answers.append(answer)
        with self._lock:
            while len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return answers

    def _ask_all(self, questions: Sequence[Question]) -> dict[Question, str | StageError]:
        import httpx

        limits = httpx.Limits(max_connections=self.at_once)
        stop = threading.Event()
        self._told.clear()
        with (
            httpx.Client(timeout=self.patience.timeout, limits=limits) as client,
            ThreadPoolExecutor(min(self.at_once, len(questions))) as pool,
        ):
            try:
                made = list(pool.map(lambda q: self._ask_one(client, q, stop), questions))
            except BaseException:
                stop.set()  # the other answers are no longer needed
                pool.shutdown(cancel_futures=True)
                raise
        return dict(zip(questions, made, strict=True))

    def _ask_one(self, client: httpx.Client, question: Question, stop: threading.Event) -> str | StageError:
        try:
            return read_answer(self._sent(client, question, stop))
        except StageError as error:
            return error
        except BackendError:
            stop.set()
            raise

    def _sent(self, client: httpx.Client, question: Question, stop: threading.Event) -> Any:
        """The body of the answer, after further attempts where needed."""
        import httpx

        failure: Callable[[str], BackendError | StageError] = StageError
        reason = "no answer"
        said: str | None = None
        for attempt in range(self.patience.retries + 1):
            if attempt:
                pause = self.patience.before(attempt, said)
                self._tell(attempt, reason, pause)
                if stop.wait(pause):
                    break
            try:
                response = client.post(
                    f"{self.url}/chat/completions", json=self._body(question), headers=self._headers()
                )
            except httpx.TimeoutException:
                failure, reason, said = StageError, f"no answer in {self.patience.timeout:g} s", None
                continue
            except httpx.TransportError as error:
                failure, reason, said = BackendError, f"cannot be reached: {self._shown(str(error))}", None
                continue
            if response.status_code not in _RETRIED:
                return self._content(response)
            failure = BackendError if response.status_code == 429 else StageError
            reason, said = self._said(response), response.headers.get("retry-after")
        attempts = self.patience.retries + 1
        raise failure(f"the chat endpoint {self.url}: {reason}, after {attempts} attempt{'s' * (attempts > 1)}")

    def _tell(self, attempt: int, reason: str, pause: float) -> None:
        """Log why requests wait, once for all that wait for the same reason."""
        with self._lock:
            if (attempt, reason) in self._told:
                return
            self._told.add((attempt, reason))
        of = self.patience.retries + 1
        _LOG.warning("the chat endpoint %s: %s; attempt %d of %d in %.1f s", self.url, reason, attempt + 1, of, pause)

    def _content(self, response: httpx.Response) -> Any:
        if response.status_code in _REFUSED:
            raise BackendError(
                f"the chat endpoint {self.url} refuses the request: {self._said(response)}",
                hint=f"check the url, the model {self.model!r} and the key in the environment variable {self.key_env}",
            )
        if response.status_code != 200:
            raise StageError(f"the chat endpoint {self.url}: {self._said(response)}")
        try:
            return response.json()
        except ValueError:
            raise StageError(f"the answer of the chat endpoint {self.url} is not JSON") from None

    def _body(self, question: Question) -> dict[str, object]:
        system, user = question
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        body: dict[str, object] = {"model": self.model, "messages": messages, "temperature": 0, "seed": 0, "n": 1}
        return body if self.max_tokens is None else {**body, "max_tokens": self.max_tokens}

    def _headers(self) -> dict[str, str]:
        key = self._key()
        if not (key.isascii() and key.isprintable()):  # the error message of httpx would show the key
            raise BackendError(f"the key in {self.key_env} has characters that no key has")
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _key(self) -> str:
        return os.environ.get(self.key_env, "").strip()

    def _said(self, response: httpx.Response) -> str:
        """The status and the message of the endpoint."""
        try:
            error = response.json()["error"]
            text = str(error["message"] if isinstance(error, Mapping) else error)
        except (ValueError, LookupError, TypeError):
            text = response.reason_phrase
        return f"HTTP {response.status_code} {self._shown(text)}".strip()

    def _shown(self, text: str) -> str:
        """The beginning of a text, without the key, which some endpoints repeat."""
        key = self._key()
        text = " ".join(text.split())
        return (text.replace(key, "…") if key else text)[:_SNIPPET]

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


def read_answer(body: Any) -> str:
    """Return the text of an answer. Raises `StageError` if there is none, or if it is cut off.

    >>> read_answer({"choices": [{"message": {"content": " Ola "}, "finish_reason": "stop"}]})
    'Ola'
    """
    try:
        choice = body["choices"][0]
        text = choice["message"]["content"]
    except (LookupError, TypeError):
        raise StageError("the answer of the chat endpoint has no message") from None
    if choice.get("finish_reason") == "length":
        raise StageError(
            "the answer of the chat endpoint is cut off", hint="raise max_tokens, or the limit of the endpoint"
        )
    if choice.get("finish_reason") == "content_filter" or not isinstance(text, str):
        raise StageError("the chat endpoint gave no text, or its filter removed the answer")
    return text.strip()
