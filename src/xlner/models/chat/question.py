"""What is asked of a chat model, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlner.errors import StageError, UnknownNameError
from xlner.text.suggestions import names_hint

Answer = str | StageError
"""What became of a question."""
STRUCTURES = ("schema", "json", "none")
"""How much an endpoint is told about the form of an answer: its JSON Schema, that it is JSON, or nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """The system message, which may be empty, and the user message.

    - `sample`: the seed; another number may get another answer if `temperature` is not 0.
    - `form`: the `response_format` of the answer as JSON; None for free text.

    >>> Question("Translate.", "Vigo").messages
    [{'role': 'system', 'content': 'Translate.'}, {'role': 'user', 'content': 'Vigo'}]
    """

    system: str
    user: str
    sample: int = 0
    temperature: float = 0.0
    form: str | None = None

    @property
    def messages(self) -> list[dict[str, str]]:
        """The messages of the request."""
        said = (("system", self.system), ("user", self.user))
        return [{"role": role, "content": text} for role, text in said if text]

    @property
    def body(self) -> dict[str, Any]:
        """The part of the request that is about this question."""
        body: dict[str, Any] = {"messages": self.messages, "temperature": self.temperature, "seed": self.sample, "n": 1}
        return body if self.form is None else {**body, "response_format": json.loads(self.form)}


def form_of(structure: str, name: str, schema: Mapping[str, Any]) -> str | None:
    """Return the `response_format` of answers with a JSON Schema, as JSON.

    Raises `UnknownNameError` for a `structure` that is not in `STRUCTURES`.

    >>> form_of("json", "entities", {}), form_of("none", "entities", {})
    ('{"type": "json_object"}', None)
    """
    if structure not in STRUCTURES:
        raise UnknownNameError(f"unknown structure {structure!r}", hint=names_hint(structure, STRUCTURES, "one of"))
    if structure == "none":
        return None
    if structure == "json":
        return json.dumps({"type": "json_object"})
    return json.dumps({"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}})
