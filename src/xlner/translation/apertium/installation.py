"""The Apertium modes in a folder: which directions they give, what they run, and what is missing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from xlner.errors import BackendError
from xlner.translation.apertium import debian
from xlner.translation.apertium.modes import Mode, installed, language, stages
from xlner.translation.apertium.routes import direct, legs, shortest

MODES_DIR = "/usr/share/apertium/modes"
"""Where Debian has the mode files."""
_ALTERNATIVES = (
    "or use another translator: your own (--translator), or translate the file with what you have and run "
    "`xlner project TRANSLATION ORIGINAL --recognizer multilingual --lang CODE`"
)

# Apertium files the South Slavic standard languages, and Malay, under one name each.
_LANGUAGES_OF = {"hbs": ("bs", "hr", "sr"), "zlm": ("ms",)}


class Installation:
    """The modes in a folder, with `via` as forced pivot languages.

    >>> from pathlib import Path
    >>> Installation(Path("/nowhere")).available()
    []
    """

    def __init__(self, folder: Path, via: Sequence[str] = ()) -> None:
        self.folder = folder
        self.via = tuple(via)

    def available(self) -> list[tuple[str, str]]:
        """Return the directions without pivots, as sorted pairs of canonical codes."""
        return sorted({pair for mode in installed(self.folder) for pair in _pairs(mode)})

    def route(self, from_lang: str, to_lang: str) -> tuple[str, ...]:
        """Return the names of the modes from one language to another, in order.

        Raises `BackendError`, with what to install, if there is no route.
        """
        modes = installed(self.folder)
        if not self.via:
            route = shortest(modes, from_lang, to_lang)
            if route is None:
                raise self._no_route(modes, from_lang, to_lang)
            return tuple(mode.name for mode in route)
        names = []
        for leg in legs(from_lang, to_lang, self.via):
            mode = direct(modes, *leg)
            if mode is None:
                raise self._no_route(modes, *leg)
            names.append(mode.name)
        return tuple(names)

    def commands(self, name: str) -> list[list[str]]:
        """Return the commands of a mode.

        Raises `BackendError` for a missing program or data file. Without this check it would look like a crash.
        """
        commands = stages(self._pipeline(name))
        package = debian.PACKAGES.get(name)
        for program, *_ in commands:
            if shutil.which(program) is None:
                needed = [debian.package_of_program(program), *([package] if package else [])]
                raise BackendError(
                    f"Apertium mode {name} needs the program {program!r}, which is not installed",
                    hint=debian.install(p for p in needed if p != "apertium"),
                )
        for path in _data_files(commands):
            if not path.exists():
                raise BackendError(
                    f"Apertium mode {name} needs {path}, which is missing",
                    hint=f"apt-get install --reinstall {package}" if package else "install the language pair again",
                )
        return commands

    def digest(self, names: Iterable[str]) -> str:
        """Return a hash of the modes, made from their files and the sizes of the data that they name.

        Without names, all modes of the folder count.
        """
        digest = hashlib.sha256()
        for name in sorted(set(names) or {mode.name for mode in installed(self.folder)}):
            pipeline = self._pipeline(name)
            digest.update(f"{name}\0{pipeline}\0".encode())
            for path in _data_files(stages(pipeline)):
                digest.update(f"{path.stat().st_size if path.exists() else None}\0".encode())
        return digest.hexdigest()[:16]

    def _pipeline(self, name: str) -> str:
        return (self.folder / f"{name}.mode").read_text(encoding="utf-8")

    def _no_route(self, modes: Sequence[Mode], from_lang: str, to_lang: str) -> BackendError:
        message = f"Apertium cannot translate from {from_lang} to {to_lang} with what is installed here"
        packages = debian.missing_packages(modes, from_lang, to_lang)
        if packages:
            return BackendError(message, hint=f"{debian.install(packages)}, {_ALTERNATIVES}")
        sources = sorted({start for start, _ in self.available() if shortest(modes, start, to_lang)} - {to_lang})
        reach = f"; into {to_lang} it can translate {', '.join(sources)}" if sources else ""
        return BackendError(message + reach, hint=f"name pivots (apertium?via=CODE), {_ALTERNATIVES}")


def _pairs(mode: Mode) -> list[tuple[str, str]]:
    return [(start, end) for start in _languages_of(mode.source) for end in _languages_of(mode.target)]


def _languages_of(name: str) -> tuple[str, ...]:
    plain = name.partition("_")[0]
    found = language(plain)
    return _LANGUAGES_OF.get(plain) or ((found,) if found else ())


def _data_files(commands: Sequence[Sequence[str]]) -> list[Path]:
    return [Path(argument) for command in commands for argument in command if argument.startswith("/")]
