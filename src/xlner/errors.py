"""The exception tree. Everything xlner raises on purpose is an `XlnerError` whose text fits on one line."""

from __future__ import annotations

from pathlib import Path


class XlnerError(Exception):
    """Base of all errors that xlner raises on purpose.

    `hint` says what to do about it; it is appended to the message.

    >>> str(XlnerError("no such backend 'x'", hint="try 'spacy'"))
    "no such backend 'x'; try 'spacy'"
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message}; {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class ValidationError(XlnerError, ValueError):
    """A value breaks the rules of its type (a span outside its sentence, a link out of range …)."""


class InputError(XlnerError):
    """Bad input, with the place where it is: file, 1-based line, 1-based sentence.

    >>> str(InputError("tag 'X-PER' has an unknown prefix", path="a.conll", line=3))
    "a.conll:3: tag 'X-PER' has an unknown prefix"
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        sentence: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = None if path is None else str(path)
        self.line = line
        self.sentence = sentence

    def __str__(self) -> str:
        place = self.path or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
        if self.sentence is not None:
            place += f"{' ' if place else ''}(sentence {self.sentence})"
        text = super().__str__()
        return f"{place}: {text}" if place else text


class UnknownNameError(XlnerError):
    """A backend, format or option name that nothing is registered under."""


class UsageError(XlnerError):
    """Options that do not go together, or a value that an option cannot have.

    >>> str(UsageError("--lexical needs --alignment", hint="give a file of word links"))
    '--lexical needs --alignment; give a file of word links'
    """


class BackendError(XlnerError):
    """A backend cannot run here at all: its package, model, program or language pair is missing.

    It ends a run, unlike any other exception of a stage, which is put on the sentence that caused it.
    """


class MissingExtraError(BackendError):
    """An optional dependency is not installed; the hint holds the exact `pip install` command.

    >>> str(MissingExtraError("spaCy", extra="offline"))
    "spaCy is not installed; pip install 'xlner[offline]'"
    """

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} is not installed", hint=f"pip install 'xlner[{extra}]'")


class MissingArgumentError(BackendError):
    """A backend needs to be told something, such as which model, and its spec does not; the hint shows how.

    >>> str(MissingArgumentError("hf needs a model", hint="write hf:NAME or hf:FOLDER"))
    'hf needs a model; write hf:NAME or hf:FOLDER'
    """


class NotDownloadedError(BackendError):
    """A model of the hub is not on this machine, and could not be downloaded, or was not to be."""


class StageError(XlnerError):
    """One sentence could not be processed; the rest of the batch is not affected."""


class RunFolderError(XlnerError):
    """A run folder belongs to other input or other options, or is in use or damaged."""
