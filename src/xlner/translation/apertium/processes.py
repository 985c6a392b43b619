"""Programs joined by pipes, which stay alive and answer one message after another."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlner.translation.apertium.stream import numbered, unnumbered

_LOG = logging.getLogger(__name__)
IN_FLIGHT = 32
"""Messages in the pipes at the same time, so that all programs have work. More of them are no faster."""
_CHUNK = 1 << 16
"""Bytes of one read, and of the input that is kept ready."""
_KEPT_ERRORS = 2000
"""Bytes at the end of the error output that are kept."""
_READS_OF_ERRORS = 4
"""Reads of the error output before the next answer is looked at: a pipe holds less."""
_STOP_AFTER = 5
"""Messages in a row without an answer after which the others are not tried."""
_LONGEST_ANSWER = 1 << 20
"""Bytes of an answer, beyond a hundred times those of its message."""


class ChainError(Exception):
    """A chain has no answer to a message; the text is the reason. It is `final` if another attempt is of no use.

    A chain that has `stopped` did not try the message, because others before it have no answer.
    """

    def __init__(self, reason: str, *, final: bool = False, stopped: bool = False) -> None:
        super().__init__(reason)
        self.final = final
        self.stopped = stopped


class _BrokenChainError(Exception):
    """The programs ended, or their answers no longer match the messages."""


class _OutOfStepError(_BrokenChainError):
    """There is output that is not the answer to the next message."""


class _Programs:
    """Running processes joined by pipes: `input` to the first, `output` of the last, `errors` of all."""

    __slots__ = ("__weakref__", "_commands", "_finalizer", "errors", "input", "output", "owner", "processes")

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self.owner = os.getpid()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.errors, errors_in = os.pipe()
        previous, self.input = os.pipe()
        try:
            for command in commands:
                following, stage_out = os.pipe()
                try:
                    self.processes.append(_start(command, previous, stage_out, errors_in))
                finally:
                    os.close(previous)
                    os.close(stage_out)
                    previous = following
        finally:
            os.close(errors_in)
            self.output = previous
            # Unlike __del__, this also runs at the end of the interpreter, before its modules are gone.
            ends = (self.input, self.output, self.errors)
            self._finalizer = weakref.finalize(self, _stop, self.owner, self.processes, ends)
        os.set_blocking(self.input, False)
        os.set_blocking(self.errors, False)

    def stop(self) -> None:
        self._finalizer()

    def left_over(self) -> bytes | None:
        """Output that nobody has read; no bytes at its end, and None if there is neither."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            return os.read(self.output, _CHUNK) if selector.select(0) else None

    def obituary(self, errors: bytes, first_stage: int) -> str:
        """Return which program ended first, and how. Call it when the output has ended."""
        for index, process in enumerate(self.processes):
            # Programs before the failed one are still running, or ended because nothing reads their output.
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(0.05)
                if code != -signal.SIGPIPE:
                    program = Path(self._commands[index][0]).name
                    last_words = errors.decode(errors="replace").strip().splitlines()[-1:]
                    said = f": {last_words[0]}" if last_words else ""
                    return f"stage {first_stage + index} ({program}) {_ended(code)}{said}"
        return "a stage closed its output"


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """How a chain treats messages.

    - `timeout`: seconds to wait for an answer.
    - `in_flight`: messages in the pipes at the same time.
    - `stale`: what programs write to their error output when their state has changed. They are restarted for the next
      message. It needs `in_flight=1`.
    - `first_stage`: number of the first program in error messages.
    """

    timeout: float
    in_flight: int = IN_FLIGHT
    stale: bytes | None = None
    first_stage: int = 1


class Chain:
    """Keeps programs alive: starts them when they are needed, and again after a crash. Threads may share a chain."""

    def __init__(self, commands: Sequence[Sequence[str]], options: ChainOptions) -> None:
        self._commands = commands
        self._options = options
        self._programs: _Programs | None = None
        self._lock = threading.Lock()
        self._exchanged = 0
        self._told = False

    def exchange(self, messages: Sequence[bytes]) -> list[bytes | ChainError]:
        """Return the answer to each message, or the reason why it has none.

        A message has no answer if none comes in time, or if the programs crash on it twice. Every program keeps the
        order of the messages. So the first message without an answer is the cause, however many follow it. After some
        messages in a row without an answer the others are not tried.

        Each message has a number, which its answer must have, too: what else the programs write is not taken for the
        answer to another message.
        """
        answers: list[bytes | ChainError] = []
        crashed_on = -1
        with self._lock:
            first = self._exchanged
            self._exchanged += len(messages)
            sent = [numbered(message, first + k) for k, message in enumerate(messages)]
            while len(answers) < len(messages):
                try:
                    self._pass(sent, answers, first)
                except _BrokenChainError as crash:
                    if isinstance(crash, _OutOfStepError):
                        self._tell()
                    if crashed_on == len(answers):
                        answers.append(ChainError(f"{crash}, twice"))
                    else:
                        crashed_on = len(answers)
                except TimeoutError:
                    answers.append(ChainError(f"no answer in {self._options.timeout:g} s", final=True))
                if len(answers) >= _STOP_AFTER and all(isinstance(a, ChainError) for a in answers[-_STOP_AFTER:]):
                    reason = f"{_STOP_AFTER} in a row have no answer: {answers[-1]!s}"
                    untried = len(messages) - len(answers)
                    answers += [ChainError(reason, final=True, stopped=True) for _ in range(untried)]
        return answers

    def start(self) -> None:
        """Start the programs, which then load their data while the caller does something else."""
        with self._lock, contextlib.suppress(OSError):  # the first exchange has the error
            self._started()

    def _tell(self) -> None:
        """Log, once, that programs write what is no answer."""
        if not self._told:
            self._told = True
            names = " | ".join(Path(command[0]).name for command in self._commands)
            _LOG.warning("%s: there is output that answers no sentence; the programs are started again", names)

    def close(self) -> None:
        """End the programs. The next exchange starts them again."""
        with self._lock:
            self._stop()

    def _pass(self, messages: Sequence[bytes], answers: list[bytes | ChainError], first: int) -> None:
        """Append the missing answers. Programs that are stale, or were interrupted, are ended."""
        stale = True
        try:
            stale = _Pass(self._started(), messages, answers, first, self._options).run() or self._has_output()
        finally:
            if stale:
                self._stop()

    def _started(self) -> _Programs:
        # After a fork the programs belong to the parent: two processes that read one pipe would each get some answers.
        if self._programs is not None and (self._programs.owner != os.getpid() or self._has_output()):
            self._stop()
        if self._programs is None:
            self._programs = _Programs(self._commands)
        return self._programs

    def _has_output(self) -> bool:
        """Whether something follows the last answer: more output, or its end."""
        found = None if self._programs is None else self._programs.left_over()
        if found:
            self._tell()
        return found is not None

    def _stop(self) -> None:
        if self._programs is not None:
            self._programs.stop()
            self._programs = None


class _Pass:
    """One pass of messages through running programs. It alternates writing and reading, so that no pipe blocks."""

    def __init__(
        self,
        programs: _Programs,
        messages: Sequence[bytes],
        answers: list[bytes | ChainError],
        first: int,
        options: ChainOptions,
    ) -> None:
        self.programs = programs
        self.messages = messages
        self.answers = answers
        self.first = first
        self.options = options
        self.sent = len(answers)
        self.unwritten = b""
        self.partial: list[bytes] = []
        self.partial_size = 0
        self.longest = _LONGEST_ANSWER + 100 * max(map(len, messages))
        self.errors = b""
        self.stale = False

    def run(self) -> bool:
        """Continue until everything is answered or the programs are stale. Return whether they are stale."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.programs.output, selectors.EVENT_READ, self._read)
            selector.register(self.programs.errors, selectors.EVENT_READ, self._read_errors)
            writing = False
            known, deadline = -1, 0.0
            while len(self.answers) < len(self.messages) and not (self.stale and len(self.answers) == self.sent):
                if len(self.answers) > known:
                    known, deadline = len(self.answers), time.monotonic() + self.options.timeout
                elif time.monotonic() >= deadline:
                    raise TimeoutError
                self._write()
                if bool(self.unwritten) is not writing:
                    writing = not writing
                    if writing:
                        selector.register(self.programs.input, selectors.EVENT_WRITE, lambda: None)
                    else:
                        selector.unregister(self.programs.input)
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    key.data()
        if self.partial_size:
            raise _OutOfStepError("something follows the last answer")
        return self.stale

    def _write(self) -> None:
        while self.sent < len(self.messages) and self.sent - len(self.answers) < self.options.in_flight:
            if len(self.unwritten) > _CHUNK:
                break
            self.unwritten += self.messages[self.sent] + b"\0"
            self.sent += 1
        if self.unwritten:
            try:
                self.unwritten = self.unwritten[os.write(self.programs.input, self.unwritten) :]
            except BlockingIOError:
                pass
            except BrokenPipeError:
                # More answers may come. The end of the output shows when there are none.
                self.unwritten = b""
                self.sent = len(self.messages)

    def _read(self) -> None:
        data = os.read(self.programs.output, _CHUNK)
        # A program writes its errors about a message before its answer.
        self._read_errors()
        if not data:
            raise _BrokenChainError(self.programs.obituary(self.errors, self.options.first_stage))
        first, *others = data.split(b"\0")
        self._keep(first)
        for part in others:
            number = self.first + len(self.answers)
            answer = unnumbered(b"".join(self.partial), number) if len(self.answers) < self.sent else None
            if answer is None:
                raise _OutOfStepError("the answers are out of step with the sentences")
            self.answers.append(answer)
            self.partial, self.partial_size = [], 0
            self._keep(part)

    def _keep(self, part: bytes) -> None:
        """Keep a part of an answer. Raises `_BrokenChainError` if the answer has no end."""
        self.partial.append(part)
        self.partial_size += len(part)
        if self.partial_size > self.longest:
            raise _BrokenChainError(f"an answer has more than {self.longest} bytes")

    def _read_errors(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS_OF_ERRORS):
                data = os.read(self.programs.errors, _CHUNK)
                self.errors += data
                self.stale |= self.options.stale is not None and self.options.stale in self.errors
                self.errors = self.errors[-_KEPT_ERRORS:]


def _start(command: Sequence[str], source: int, sink: int, errors: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(command, stdin=source, stdout=sink, stderr=errors, env=environment, process_group=0)


def _stop(owner: int, processes: Sequence[subprocess.Popen[bytes]], ends: Sequence[int]) -> None:
    for end in ends:
        os.close(end)
    for process in processes:
        if owner == os.getpid():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # and what it has started
        else:
            process.returncode = 0  # not a child of this process: nothing to wait for, nothing to warn about
    for process in processes:
        process.wait()


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
