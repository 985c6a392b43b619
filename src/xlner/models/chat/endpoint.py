"""The options that all stages on a chat endpoint share, and the client that follows from them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from xlner.core.options import speed_option
from xlner.errors import MissingArgumentError, ValidationError
from xlner.models.chat.client import ChatClient, checked_url
from xlner.models.chat.patience import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """How to reach a chat endpoint.

    - `model`, `url`: the name of the model, and the address before `/chat/completions`; by default the environment
      variable OPENAI_BASE_URL.
    - `key_env`: the environment variable with the key. The key is never in a spec, recipe or run folder.
    - `at_once`: requests at a time.
    - `timeout`: seconds that a request may take, from connecting to the last byte of its answer.
    - `retries`: further attempts for requests that time out, that the endpoint refuses for now (429, 5xx), or that do
      not reach it. A warning is logged.
    - `wait`: seconds before the first further attempt; each further one waits twice as long.
    - `stop_after`: questions in a row without an answer after which a run stops with what is done.
    - `max_tokens`: limit of an answer. An answer that is cut off is an error.
    - `cache`: keep answers on disk, in `$XLNER_CACHE`, so that nothing is asked twice.
    - `input_price`, `output_price`: the price of a million tokens, in any currency, for counting the cost.

    Raises `MissingArgumentError` without a model or url, and `ValidationError` for a bad address, or numbers out of
    range.

    >>> EndpointOptions(model="one", url="http://localhost:8000/v1/").url
    'http://localhost:8000/v1'
    """

    model: str | None
    url: str | None
    key_env: str = speed_option("OPENAI_API_KEY")
    at_once: int = speed_option(4)
    timeout: float = speed_option(120.0)
    retries: int = speed_option(5)
    wait: float = speed_option(1.0)
    stop_after: int = speed_option(25)
    max_tokens: int | None = None
    cache: bool = speed_option(True)
    input_price: float = speed_option(0.0)
    output_price: float = speed_option(0.0)

    def __post_init__(self) -> None:
        url = self.url or os.environ.get("OPENAI_BASE_URL")
        if self.model is None or not url:
            missing = "a model" if self.model is None else "the url of an endpoint"
            raise MissingArgumentError(f"chat needs {missing}", hint="write chat:MODEL?url=http://HOST/v1")
        object.__setattr__(self, "url", checked_url(url))
        if self.at_once < 1 or (self.max_tokens is not None and self.max_tokens < 1):
            raise ValidationError(f"at_once {self.at_once} and max_tokens {self.max_tokens} must be at least 1")
        if not (0 <= self.input_price < math.inf and 0 <= self.output_price < math.inf):
            raise ValidationError(f"prices {self.input_price} and {self.output_price} must not be negative")

    def client(self) -> ChatClient:
        """A client for this endpoint. Raises `MissingExtraError` without httpx2."""
        return ChatClient(
            str(self.model),
            str(self.url),
            key_env=self.key_env,
            patience=Patience(self.timeout, self.retries, self.wait, self.stop_after),
            at_once=self.at_once,
            max_tokens=self.max_tokens,
            cache=self.cache,
            prices=(self.input_price, self.output_price),
        )
