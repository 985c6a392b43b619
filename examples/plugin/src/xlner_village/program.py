"""A translator that runs a program: a line in, its translation out."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core import options_fingerprint, speed_option
from xlner.errors import BackendError, MissingArgumentError, StageError


@dataclass(frozen=True, slots=True)
class ProgramOptions:
    """Options of `ProgramTranslator`. The fingerprint has those that change results, and `timeout` does not."""

    command: str
    timeout: float = speed_option(60.0)


class ProgramTranslator:
    """Runs a program once for each batch, with one text on each line.

    - `command`: the program with its arguments, without a shell. `{from}` and `{to}` stand for the languages.
    - `timeout`: seconds for one batch.

    Raises `MissingArgumentError` without a command, and `BackendError` if the program is not there.

    >>> ProgramTranslator("tr a-z A-Z").translate(["Ola"], from_lang="gl", to_lang="en")
    ['OLA']
    """

    def __init__(self, command: str | None = None, *, timeout: float = 60.0) -> None:
        if not command:
            raise MissingArgumentError("program needs a command", hint="write program:COMMAND")
        program = shlex.split(command)[0]
        if shutil.which(program) is None:
            raise BackendError(f"there is no program {program!r}", hint="install it, or give its path")
        self.options = ProgramOptions(command, timeout)

    @property
    def fingerprint(self) -> str:
        """The name and the options that change translations."""
        return options_fingerprint("program", self.options)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text. Raises `StageError` if the program fails or writes another number of lines.

        xlner then tries smaller batches, until it knows which text the program fails on.
        """
        command = [
            part.replace("{from}", from_lang).replace("{to}", to_lang) for part in shlex.split(self.options.command)
        ]
        lines = "".join(" ".join(text.splitlines()) + "\n" for text in texts)
        try:
            ran = subprocess.run(
                command, input=lines, capture_output=True, encoding="utf-8", timeout=self.options.timeout, check=True
            )
        except subprocess.CalledProcessError as error:
            raise StageError(f"{command[0]} ended with {error.returncode}: {error.stderr.strip()}") from None
        except subprocess.TimeoutExpired:
            raise StageError(f"{command[0]} took longer than {self.options.timeout:g} seconds") from None
        translations = [line.removesuffix("\n") for line in io.StringIO(ran.stdout)]  # a form feed ends no line
        if len(translations) != len(texts):
            raise StageError(f"{command[0]} wrote {len(translations)} lines for {len(texts)}")
        return translations
