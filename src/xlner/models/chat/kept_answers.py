"""Answers of chat models that go to disk as they come."""

from __future__ import annotations

from anyio import CancelScope, Lock, to_thread

from xlner.models.chat.cached_answers import CachedAnswers
from xlner.models.chat.question import Question


class KeptAnswers:
    """Keeps answers in one event loop. Those that come while others are written are written together."""

    def __init__(self, cache: CachedAnswers) -> None:
        self._cache = cache
        self._new: dict[Question, str] = {}
        self._writing = Lock()

    async def add(self, question: Question, answer: str) -> None:
        """Return when the answer is on disk, even if it is canceled. Raises what `CachedAnswers.put` raises."""
        self._new[question] = answer
        with CancelScope(shield=True):
            async with self._writing:
                new, self._new = self._new, {}
                await to_thread.run_sync(self._cache.put, new)
