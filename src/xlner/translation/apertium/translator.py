"""Apertium: rule-based translation, offline, by the programs and language pairs that Debian packages."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from xlner.errors import BackendError, StageError, ValidationError
from xlner.text import languages
from xlner.translation.apertium import debian, stream
from xlner.translation.apertium.mode_runner import ModeRunner
from xlner.translation.apertium.modes import Mode, installed, language, stages
from xlner.translation.apertium.processes import ChainError
from xlner.translation.apertium.routes import direct, legs, shortest

if TYPE_CHECKING:
    from xlner.core.linked_translation import LinkedTranslation
    from xlner.translation.apertium.links import LinkedTranslator

_MODES_DIR = "/usr/share/apertium/modes"
_OTHER_WAYS = (
    "or use another translator: your own (--translator), or translate the file with what you have and run "
    "`xlner project TRANSLATION ORIGINAL --recognizer spacy --lang CODE`"
)
_SNIPPET = 60

# Apertium files the South Slavic standard languages, and Malay, under one name each.
_LANGUAGES_OF = {"hbs": ("bs", "hr", "sr"), "zlm": ("ms",)}


class ApertiumTranslator:
    """Translates with the Apertium modes of this machine, directly or through pivot languages.

    `via` forces the pivots (`"es"`, `"es,ca"`); without it the shortest way is taken. `modes_dir` is where the mode
    files are: by default what the environment variable APERTIUM_MODES says, else where Debian has them. `timeout` is
    in seconds and for one sentence. The programs start at the first sentence and stay until `close()`, the end of a
    `with` block, or the end of the interpreter; translating after `close()` starts them again.

    >>> translator = ApertiumTranslator(modes_dir="/nowhere")
    >>> translator.translate([" "], from_lang="en", to_lang="eng_Latn"), translator.available()
    ([''], [])
    """

    def __init__(self, *, via: str | None = None, modes_dir: str | None = None, timeout: float = 30.0) -> None:
        if not timeout > 0:
            raise ValidationError(f"timeout must be over 0 seconds, not {timeout!r}")
        self.via = tuple(code.strip() for code in (via or "").split(",") if code.strip())
        self.modes_dir = Path(modes_dir or os.environ.get("APERTIUM_MODES") or _MODES_DIR)
        self.timeout = timeout
        self._runners: dict[str, ModeRunner] = {}
        self._routes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._linked: LinkedTranslator | None = None

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text on its own; an empty text gives an empty text.

        Raises `BackendError` where a mode or program is missing, and `StageError` for the first text that gets no
        answer in time or on which the programs crash twice; the next call then starts them afresh.
        """
        current = [stream.clean(text) for text in texts]
        for name in self.route(from_lang, to_lang):
            current = self._run(name, current)
        return current

    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        """The same translations, and which range of each text became which range of its translation.

        Apertium tells it by word-bound blanks round its lexical units, which change no translation. Raises what
        `translate` raises, and `BackendError` where Apertium is too old for it.
        """
        from xlner.translation.apertium.links import LinkedTranslator

        if self._linked is None:
            self._linked = LinkedTranslator(self)
        return self._linked.translate(texts, from_lang=from_lang, to_lang=to_lang)

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError`, with what to install, where no chain of modes leads from one language to the other."""
        self.route(from_lang, to_lang)

    def route(self, from_lang: str, to_lang: str) -> tuple[str, ...]:
        """The modes that a text passes through, in order; none where both languages are the same.

        Raises `BackendError`, with what to install, where there is no way.
        """
        ends = (languages.canonical(from_lang), languages.canonical(to_lang))
        if ends[0] == ends[1]:
            return ()
        if ends not in self._routes:
            self._routes[ends] = self._find_route(*ends)
        return self._routes[ends]

    def available(self) -> list[tuple[str, str]]:
        """The directions that are installed, without pivots, as sorted pairs of canonical codes."""
        return sorted({pair for mode in installed(self.modes_dir) for pair in _pairs(mode)})

    @property
    def summary(self) -> str:
        """What is installed, for `xlner doctor`; raises `BackendError` where nothing is."""
        pairs = self.available()
        if not pairs:
            raise BackendError("no Apertium language pair is installed", hint=debian.install(["apertium-eng-spa"]))
        return ", ".join(f"{start}→{end}" for start, end in pairs)

    @property
    def fingerprint(self) -> str:
        """Changes with the modes and their data: made from the mode files and the sizes of what they name.

        Only the modes of routes that were asked for count; all that are installed, where none was.
        """
        used = {name for route in self._routes.values() for name in route}
        digest = hashlib.sha256()
        for name in sorted(used or {mode.name for mode in installed(self.modes_dir)}):
            pipeline = self._pipeline(name)
            digest.update(f"{name}\0{pipeline}\0".encode())
            for argument in _data_files(stages(pipeline)):
                digest.update(f"{argument.stat().st_size if argument.exists() else None}\0".encode())
        return "-".join(["apertium", *self.via, digest.hexdigest()[:16]])

    def close(self) -> None:
        """End all programs."""
        for runner in list(self._runners.values()):
            runner.close()
        if self._linked is not None:
            self._linked.close()

    def __enter__(self) -> ApertiumTranslator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, object]:
        # Programs cannot go along to another process; it starts its own.
        return {**self.__dict__, "_runners": {}, "_linked": None}

    def _run(self, name: str, texts: Sequence[str]) -> list[str]:
        places = [place for place, text in enumerate(texts) if text]
        translated = [""] * len(texts)
        if not places:
            return translated
        runner = self._runners.get(name)
        if runner is None:
            # Two threads may get here at once; only one runner is kept, and it starts nothing before it is used.
            runner = self._runners.setdefault(name, ModeRunner(self._commands(name), timeout=self.timeout))
        try:
            answers = runner.exchange([stream.encode(texts[place]) for place in places])
        except ChainError as error:
            text = texts[places[error.index]]
            snippet = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
            raise StageError(f"Apertium mode {name} failed on {snippet!r}: {error}") from None
        for place, answer in zip(places, answers, strict=True):
            translated[place] = stream.decode(answer, texts[place])
        return translated

    def _pipeline(self, name: str) -> str:
        return (self.modes_dir / f"{name}.mode").read_text(encoding="utf-8")

    def _commands(self, name: str) -> list[list[str]]:
        """What a mode runs, after a check that it is all there: a missing part looks like a crash later."""
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

    def _find_route(self, from_lang: str, to_lang: str) -> tuple[str, ...]:
        modes = installed(self.modes_dir)
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

    def _no_route(self, modes: Sequence[Mode], from_lang: str, to_lang: str) -> BackendError:
        message = f"Apertium cannot translate from {from_lang} to {to_lang} with what is installed here"
        packages = debian.missing_packages(modes, from_lang, to_lang)
        if packages:
            return BackendError(message, hint=f"{debian.install(packages)}, {_OTHER_WAYS}")
        sources = sorted({start for start, _ in self.available() if shortest(modes, start, to_lang)} - {to_lang})
        reach = f"; into {to_lang} it can translate {', '.join(sources)}" if sources else ""
        return BackendError(message + reach, hint=f"name pivots (apertium?via=CODE), {_OTHER_WAYS}")


def _pairs(mode: Mode) -> list[tuple[str, str]]:
    return [(start, end) for start in _languages_of(mode.source) for end in _languages_of(mode.target)]


def _languages_of(name: str) -> tuple[str, ...]:
    plain = name.partition("_")[0]
    found = language(plain)
    return _LANGUAGES_OF.get(plain) or ((found,) if found else ())


def _data_files(commands: Sequence[Sequence[str]]) -> list[Path]:
    return [Path(argument) for command in commands for argument in command if argument.startswith("/")]
