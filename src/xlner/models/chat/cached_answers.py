"""The answers of chat models on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import cached_property

from xlner.core.pickling import PicklesWithoutCache
from xlner.models.cache import cache_dir
from xlner.models.chat.question import Question
from xlner.models.stored_values import StoredValues, key_of


class CachedAnswers(PicklesWithoutCache):
    """The answers of one model of an endpoint. One SQLite file in the cache folder holds those of all models."""

    def __init__(self, url: str, model: str, max_tokens: int | None) -> None:
        self._asked = (url, model, str(max_tokens))

    def get(self, questions: Sequence[Question]) -> dict[Question, str]:
        """Return the answers that are known."""
        keys = {self._key(question): question for question in questions}
        return {keys[key]: str(answer) for key, answer in self._values.get(list(keys)).items()}

    def put(self, answers: Mapping[Question, str]) -> None:
        """Keep answers."""
        if answers:
            self._values.put({self._key(question): answer for question, answer in answers.items()})

    def remove(self, questions: Sequence[Question]) -> None:
        """Remove the answers to questions."""
        self._values.remove([self._key(question) for question in questions])

    @cached_property
    def _values(self) -> StoredValues:
        return StoredValues(cache_dir() / "chat-answers.sqlite", "answers")

    def _key(self, question: Question) -> bytes:
        text = "\0".join(map(str, astuple(question)))
        return key_of(*self._asked, text.encode("utf-8", "surrogatepass").hex())
