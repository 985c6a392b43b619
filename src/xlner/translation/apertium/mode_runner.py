"""Runs the programs of a mode, so that no translation depends on the sentences before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlner.translation.apertium.processes import Chain, ChainError, ChainOptions

# Apertium's HMM tagger keeps two things from one message to the next.
# 1. It starts with the last tag of the previous message. A full stop in front resets it.
# 2. A word of an ambiguity class that the model has not seen overwrites the class of unknown words until the process
#    ends (find_similar_ambiguity_class assigns through a reference, in 3.8). With -d the tagger reports such words, and
#    is then restarted.
_TAGGER = "apertium-tagger"
_FRESH_START = b"^./.<sent>$"
_FRESH_START_ANSWER = re.compile(rb"\A\^\.(?:/\.)?<sent>\$")
_STALE = b"new ambiguity class"


class ModeRunner:
    """Answers messages with the programs of a mode, in one chain, or in three if a tagger must be watched."""

    def __init__(self, commands: Sequence[Sequence[str]], *, timeout: float) -> None:
        self._parts: list[tuple[Chain, bool]] = []
        start = 0
        for index in [*(i for i, command in enumerate(commands) if _is_stateful_tagger(command)), len(commands)]:
            if commands[start:index]:
                options = ChainOptions(timeout, first_stage=start + 1)
                self._parts.append((Chain(commands[start:index], options), False))
            if index < len(commands):
                program, *arguments = commands[index]
                options = ChainOptions(timeout, in_flight=1, stale=_STALE, first_stage=index + 1)
                self._parts.append((Chain([[program, "-d", *arguments]], options), True))
            start = index + 1

    def exchange(self, messages: Sequence[bytes | ChainError]) -> list[bytes | ChainError]:
        """Return the answer to each message, or the reason why it has none. A message with an error keeps it."""
        current = list(messages)
        for chain, is_tagger in self._parts:
            current = _exchanged(chain, current, _FRESH_START if is_tagger else b"")
        return current

    def start(self) -> None:
        """Start all programs, without waiting for them."""
        for chain, _ in self._parts:
            chain.start()

    def close(self) -> None:
        """End all programs."""
        for chain, _ in self._parts:
            chain.close()


def _exchanged(chain: Chain, messages: Sequence[bytes | ChainError], start: bytes) -> list[bytes | ChainError]:
    """The answers of one chain. Each message gets this start, which is removed from the answers."""
    answers = iter(chain.exchange([start + message for message in messages if isinstance(message, bytes)]))
    found = [message if isinstance(message, ChainError) else next(answers) for message in messages]
    if not start:
        return found
    return [a if isinstance(a, ChainError) else _FRESH_START_ANSWER.sub(b"", a) for a in found]


def _is_stateful_tagger(command: Sequence[str]) -> bool:
    """True for a tagger, except the perceptron and unigram ones, which have no state."""
    program, *arguments = command
    flags = "".join(a[1:] for a in arguments if re.fullmatch(r"-[a-z]+", a))
    named = {"--perceptron", "--unigram"}.intersection(arguments)
    return program.rpartition("/")[2] == _TAGGER and not named and not {"x", "u"}.intersection(flags)
