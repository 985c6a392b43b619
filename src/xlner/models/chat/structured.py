"""Ask chat models for structured answers, and read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from xlner.errors import StageError
from xlner.models.chat.client import ChatClient
from xlner.models.chat.question import Question

AGAIN = "\n\nAnswer with the JSON object alone, and with nothing else."
"""What is added to the system message if an answer cannot be read."""
T = TypeVar("T")

_OPENING = re.compile(r"[\[{]")
_WORDS_IN_BRACKETS = re.compile(r"\[[^\[\]{}\"]*\]|\{[^\[\]{}\"]*\}")
"""Such as [PER] in a sentence before the answer. JSON that is damaged has quotes or brackets inside."""
_FENCED = re.compile(r"```\w*\s*(.*?)```", re.DOTALL)


def json_in(answer: str) -> Any:
    """Return the JSON value of an answer, also if text is around it; None if there is none.

    >>> json_in('Here it is: ```json\\n{"entities": []}\\n```'), json_in("none")
    ({'entities': []}, None)
    """
    text = answer.rpartition("</think>")[2]  # some chat templates leave <think> out of the answer
    fenced = _FENCED.search(text)
    text = (fenced[1] if fenced else text).strip()
    start = _OPENING.search(text)
    while start is not None:
        try:
            return json.JSONDecoder().raw_decode(text, start.start())[0]
        except (ValueError, RecursionError):
            words = _WORDS_IN_BRACKETS.match(text, start.start())
            start = _OPENING.search(text, words.end()) if words else None
    return None


def ask_structured(
    client: ChatClient, questions: Sequence[Question], read: Callable[[int, str], T | None]
) -> list[T | StageError]:
    """Ask questions, and return what is read of the answers or their errors, in order.

    `read` gets the number of a question and its answer, and gives None if the answer does not have the form that was
    asked for. Such a question is asked once more, with a reminder. If that does not help, both answers are forgotten,
    so that another run asks again.
    """
    answers = client.ask(questions)
    found = [answer if isinstance(answer, StageError) else read(k, answer) for k, answer in enumerate(answers)]
    bad = [k for k, result in enumerate(found) if result is None]
    reminders = {k: replace(questions[k], system=questions[k].system + AGAIN) for k in bad}
    for k, answer in zip(bad, client.ask(list(reminders.values())), strict=True):
        found[k] = answer if isinstance(answer, StageError) else read(k, answer)
        answers[k] = answer
    client.forget([question for k in bad if found[k] is None for question in (questions[k], reminders[k])])
    return [
        StageError(f"the answer is not the JSON that was asked for: {answers[k]!r:.80}") if result is None else result
        for k, result in enumerate(found)
    ]
