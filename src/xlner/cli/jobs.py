"""What other processes need to do the work of a command: the command itself, with its options.

A worker calls the command again. It builds its pipeline and opens its input as the first process did, and where it
would run, it hands over the job instead.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from xlner.cli.notes import silent
from xlner.formats import ReadReport

if TYPE_CHECKING:
    from xlner.cli.run_options import Inputs
    from xlner.engines import AnyPipeline, Job, Written

_ON_ERRAND: ContextVar[bool] = ContextVar("on_errand", default=False)


class _Handed(BaseException):
    """Carries a job out of a command, how its output is written, and its inputs."""

    def __init__(self, job: Job, written: Written | None, inputs: Inputs) -> None:
        super().__init__("a job that nobody asked for")
        self.job, self.written, self.inputs = job, written, inputs


def hand_over(job: Job, written: Written | None, inputs: Inputs) -> None:
    """End the command with its job, how its output is written, and its inputs, if that is what it was called for."""
    if _ON_ERRAND.get():
        raise _Handed(job, written, inputs)


@dataclass(frozen=True, slots=True)
class CommandJob:
    """Makes the job of a command in another process.

    It has the name of the command, its parameters, where they come from, the folder in which it was called, and the
    format of its output. What writes the output of a finished run needs besides: the function that makes what is shown
    of a pair, the input files, and what the summary of the run says of its route and its engine.

    >>> CommandJob("label", {}, {}, "/home", "conll").command
    'label'
    """

    command: str
    parameters: Mapping[str, Any]
    sources: Mapping[str, str]
    folder: str
    format: str
    shown: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def current(cls, format: str, **changed: Any) -> CommandJob:
        """That of the command that is running, with some other parameters."""
        context = click.get_current_context()
        sources = {name: context.get_parameter_source(name) for name in context.params}
        named = {name: source.name for name, source in sources.items() if source is not None}
        own = {name: value for name, value in changed.items() if name in context.params}
        return cls(str(context.command.name), {**context.params, **own}, named, os.getcwd(), format)  # noqa: PTH109

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> CommandJob:
        """That of a record of JSON."""
        parameters = {name: _as_tuples(value) for name, value in record["parameters"].items()}
        more = {name: record[name] for name in ("shown", "inputs", "about") if name in record}
        return cls(record["command"], parameters, record["sources"], record["folder"], record["format"], **more)

    def as_record(self) -> dict[str, Any]:
        """What JSON can hold, and `parse` reads."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __call__(self) -> Job:
        """Call the command until it hands over its job."""
        return self.handed()[0]

    def handed(self) -> tuple[Job, Written | None, Inputs]:
        """Call the command until it hands over its job, how its output is written, and its inputs."""
        token = _ON_ERRAND.set(True)
        try:
            with silent():
                self.invoke()
        except _Handed as handed:
            return handed.job, handed.written, handed.inputs
        finally:
            _ON_ERRAND.reset(token)
        raise AssertionError(f"{self.command} does not run a pipeline")

    def invoke(self, **changed: Any) -> Any:
        """Call the command, with some other parameters."""
        from xlner.cli import app

        command = app.commands[self.command]
        parameters = {**self.parameters, **changed}
        with self.there(), click.Context(command, info_name=self.command) as context:
            context.params = dict(parameters)
            for name, source in self.sources.items():
                context.set_parameter_source(name, click.core.ParameterSource[source])
            return context.invoke(command.callback or app, **parameters)

    @contextmanager
    def there(self) -> Iterator[None]:
        """In the folder where the command was called first, because its paths may be relative."""
        before = os.getcwd()  # noqa: PTH109
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(before)


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


class Tallies:
    """What the pipeline and the readers of a command have counted, as JSON values that add up.

    - `replaced`: has a `count` of entities of the input that were replaced.

    >>> from xlner import Pipeline
    >>> Tallies(Pipeline(projector=None), {}, None).now()
    {'labels': {}, 'unsure': 0, 'replaced': 0, 'reports': {}, 'chat': {}}
    """

    def __init__(self, pipeline: AnyPipeline, reports: Mapping[str, ReadReport], replaced: Any) -> None:
        self._pipeline, self._reports, self._replaced = pipeline, reports, replaced
        self._judge = _with_unsure(pipeline)
        _put_chat({})

    def now(self) -> dict[str, Any]:
        """The counts so far."""
        return {
            "labels": dict(self._pipeline.labels),
            "unsure": 0 if self._judge is None else self._judge.unsure,
            "replaced": 0 if self._replaced is None else self._replaced.count,
            "reports": {path: _counts(report) for path, report in self._reports.items()},
            "chat": _chat_counts(),
        }

    def put(self, counts: Mapping[str, Any]) -> Counter[str]:
        """Set the counts to those of other processes; return the labels."""
        if self._judge is not None:
            self._judge.unsure = counts.get("unsure", 0)
        if self._replaced is not None:
            self._replaced.count = counts.get("replaced", 0)
        put_reading(self._reports, counts)
        return Counter(counts.get("labels", {}))


def put_reading(reports: Mapping[str, ReadReport], counts: Mapping[str, Any]) -> None:
    """Set what was counted about input files, by path, and about chat models to the counts of other processes."""
    for path, report in reports.items():
        _put(report, counts.get("reports", {}).get(path, {}))
    _put_chat(counts.get("chat", {}))


def _with_unsure(pipeline: Any) -> Any:
    """The pipeline inside of others that counts entities it was not sure of; None if there is none."""
    while pipeline is not None and not hasattr(pipeline, "unsure"):
        pipeline = getattr(pipeline, "pipeline", None)
    return pipeline


def _chat_counts() -> dict[str, Any]:
    """What chat models were asked, by model."""
    if "xlner.models.chat.usage" not in sys.modules:
        return {}
    from xlner.models.chat.usage import all_counts

    return all_counts()


def _put_chat(counts: Mapping[str, Any]) -> None:
    if counts or "xlner.models.chat.usage" in sys.modules:
        from xlner.models.chat.usage import set_counts

        set_counts(counts)


def _counts(report: ReadReport) -> dict[str, Any]:
    """What adds up of a report; whether the tags are IOB1 is one of two flags."""
    return {
        "sentences": report.sentences,
        "bad": report.bad,
        "repaired_tags": report.repaired_tags,
        "iob1": report.iob1 is True,
        "not_iob1": report.iob1 is False,
        "words": report.words,
    }


def _put(report: ReadReport, counts: Mapping[str, Any]) -> None:
    for name in ("sentences", "bad", "repaired_tags"):
        setattr(report, name, counts.get(name, 0))
    report.iob1 = False if counts.get("not_iob1") else (True if counts.get("iob1") else None)
    report.words, report.unsettled, report.line = counts.get("words"), False, None
