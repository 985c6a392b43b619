"""The exceptions that xlner raises.

All of them are `XlnerError`s, and the text of each fits on one line:

```
XlnerError
├── ValidationError         a value breaks a rule of its type; also a ValueError
├── InputError              bad input, with its file, line and sentence
├── UsageError              options that do not go together, or a value that an option cannot have
├── UnknownNameError        nothing has this name: a backend, a format, an option, a language …
├── BackendError            a backend cannot run here
│   ├── MissingExtraError       an optional dependency is not installed
│   ├── MissingArgumentError    the spec of a backend lacks something, such as the name of a model
│   ├── NotDownloadedError      a model of the hub is not on this machine
│   └── StoppedError            a stage failed too often, and the run stops with what is done
├── StageError              a stage failed on one sentence
│   └── UnansweredError         a service or program gave no answer, after all attempts
└── RunFolderError          a run folder cannot be used for this run
```

`DataWarning` is for what was assumed or changed without an error; the command line prints each one as a note.
"""

from __future__ import annotations

from pathlib import Path


class XlnerError(Exception):
    """The base class of all errors that xlner raises.

    `hint` says how to fix the error. The text of the error is the message followed by the hint.

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
    """A value breaks a rule of its type, such as a span outside its sentence or a link out of range.

    >>> from xlner import Entity
    >>> Entity(2, 2, "LOC")
    Traceback (most recent call last):
    xlner.errors.ValidationError: entity span [2, 2) is empty or negative
    """


class InputError(XlnerError):
    """Bad input, with its place: the file, the 1-based line and the 1-based sentence, as far as they are known.

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
        place = "standard input" if self.path == "-" else self.path or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
        if self.sentence is not None:
            place += f"{' ' if place else ''}(sentence {self.sentence})"
        text = super().__str__()
        return f"{place}: {text}" if place else text


class UnknownNameError(XlnerError):
    """Nothing has this name: a backend, a format, an option, a label, a language …; the hint lists the known names.

    >>> str(UnknownNameError("unknown format 'xml'", hint="one of conll, jsonl"))
    "unknown format 'xml'; one of conll, jsonl"
    """


class UsageError(XlnerError):
    """Options that do not go together, or a value that an option cannot have.

    >>> str(UsageError("--lexical needs --alignment", hint="give a file of word links"))
    '--lexical needs --alignment; give a file of word links'
    """


class BackendError(XlnerError):
    """A backend cannot run here: its package, model, program or language pair is missing.

    It ends a run. Any other exception from a stage becomes the error of the sentence that caused it.

    >>> str(BackendError("apertium is not installed", hint="apt install apertium"))
    'apertium is not installed; apt install apertium'
    """


class MissingExtraError(BackendError):
    """An optional dependency is not installed; the hint is the `pip install` command that installs it.

    >>> str(MissingExtraError("spaCy", extra="offline"))
    "spaCy is not installed; pip install 'xlner[offline]'"
    """

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} is not installed", hint=f"pip install 'xlner[{extra}]'")


class MissingArgumentError(BackendError):
    """The spec of a backend lacks something that the backend needs, such as the name of a model.

    >>> str(MissingArgumentError("hf needs a model", hint="write hf:NAME or hf:FOLDER"))
    'hf needs a model; write hf:NAME or hf:FOLDER'
    """


class NotDownloadedError(BackendError):
    """A model of the hub is not on this machine, and downloading it failed or was not allowed.

    >>> isinstance(NotDownloadedError("owner/model is not on this machine"), BackendError)
    True
    """


class StoppedError(BackendError):
    """A stage failed too often to go on. What was done before is kept.

    >>> isinstance(StoppedError("the endpoint failed 25 times in a row"), BackendError)
    True
    """


class StageError(XlnerError):
    """A stage failed on one sentence; the other sentences of the batch are not affected.

    >>> str(StageError("the translation is empty", hint="use another translator"))
    'the translation is empty; use another translator'
    """


class UnansweredError(StageError):
    """A service or program that a stage asks gave no answer for one sentence, after all attempts.

    The sentence is not attempted again in the same run, neither whole nor in pieces.

    >>> isinstance(UnansweredError("no answer in 120 s"), StageError)
    True
    """


class RunFolderError(XlnerError):
    """A run folder belongs to another input or other options, is in use, or is damaged.

    >>> str(RunFolderError("run folder out is in use by another process"))
    'run folder out is in use by another process'
    """


class DataWarning(UserWarning):
    """Something about data was assumed or changed; the text says what, and how to decide otherwise.

    >>> issubclass(DataWarning, UserWarning)
    True
    """
