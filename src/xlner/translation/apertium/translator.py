"""Apertium: rule-based translation, offline, with the programs and language pairs that Debian packages."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from xlner.core.linked_translation import LinkedTranslation
from xlner.core.options import content_option, options_fingerprint, speed_option
from xlner.errors import BackendError, StoppedError, ValidationError
from xlner.stages import without_errors
from xlner.text import languages
from xlner.translation import shield
from xlner.translation.apertium import debian, stream
from xlner.translation.apertium.failures import UntriedError, failure
from xlner.translation.apertium.installation import MODES_DIR, Installation
from xlner.translation.apertium.links import LinkedModes
from xlner.translation.apertium.mode_runner import ModeRunner
from xlner.translation.apertium.processes import ChainError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApertiumOptions:
    """Options of `ApertiumTranslator`. Raises `ValidationError` for a `timeout` of 0 or less."""

    via: tuple[str, ...] = ()
    modes_dir: str = content_option(MODES_DIR)
    timeout: float = speed_option(30.0)

    def __post_init__(self) -> None:
        if not self.timeout > 0:
            raise ValidationError(f"timeout must be over 0 seconds, not {self.timeout!r}")


class ApertiumTranslator:
    """Translates with the Apertium modes of this machine, directly or through pivot languages.

    Addresses, @names, #tags, file paths and codes are shielded: they come out as they are, see `xlner.text.verbatim`.

    - `via`: forced pivots, such as `"es"` or `"es,ca"`. By default the shortest route is taken.
    - `modes_dir`: folder of the mode files. By default the environment variable APERTIUM_MODES, or Debian's folder.
    - `timeout`: seconds that a sentence may take.

    The programs start with the first sentence or with `start`, and stay until `close()`, the end of a `with` block, or
    the end of the interpreter. Translating after `close()` starts them again.

    >>> translator = ApertiumTranslator(modes_dir="/nowhere")
    >>> translator.translate([" "], from_lang="en", to_lang="eng_Latn"), translator.available()
    ([''], [])
    """

    shields_verbatim = True
    is_external = True

    def __init__(self, *, via: str | None = None, modes_dir: str | None = None, timeout: float = 30.0) -> None:
        pivots = tuple(code.strip() for code in (via or "").split(",") if code.strip())
        folder = modes_dir or os.environ.get("APERTIUM_MODES") or MODES_DIR
        self.options = ApertiumOptions(pivots, folder, timeout)
        self._installation = Installation(Path(folder), pivots)
        self._routes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._runners: dict[str, ModeRunner] = {}
        self._linked = LinkedModes(self._installation, timeout)
        self._failing = False
        self._stopped: StoppedError | None = None

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text on its own; the translation of an empty text is empty.

        Raises `BackendError` for a missing mode or program, or if several texts in a row fail, and `StageError` for the
        first text that gets no answer in time or on which the programs crash twice. The next call starts them again.
        """
        return without_errors(self.translate_each(texts, from_lang=from_lang, to_lang=to_lang), by=self)

    def translate_each(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str | Exception]:
        """Return the translation of each text or its error. Raises `BackendError` for a missing mode or program."""
        route = self.route(from_lang, to_lang)

        def through(batch: Sequence[str | Exception]) -> list[str | Exception]:
            current = list(batch)
            for name in route:
                current = self._run(name, current)
            return current

        def translate(some: Sequence[str]) -> list[str | Exception]:
            return shield.shielded([stream.clean(text) for text in some], through, at_once=True)

        return self._some(translate, texts)

    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        """Return the same translations, with links between ranges of each text and of its translation.

        The links come from word-bound blanks around Apertium's lexical units, which change no translation. Raises what
        `translate` raises, and `BackendError` if Apertium is too old for this.
        """
        return without_errors(self.translate_linked_each(texts, from_lang=from_lang, to_lang=to_lang), by=self)

    def translate_linked_each(
        self, texts: Sequence[str], *, from_lang: str, to_lang: str
    ) -> list[LinkedTranslation | Exception]:
        """Return what `translate_linked` does, with errors in their places; raises its `BackendError`s."""
        route = self.route(from_lang, to_lang)

        def translate(some: Sequence[str]) -> list[LinkedTranslation | Exception]:
            return shield.shielded_linked(some, lambda batch: self._linked.translate(batch, route))

        return self._some(translate, texts)

    def check_stopped(self) -> None:
        """Raise `StoppedError`, once, if several texts in a row failed since the last call."""
        stopped, self._stopped, self._failing = self._stopped, None, False
        if stopped is not None:
            raise stopped

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError`, with what to install, if no route leads from one language to the other."""
        self.route(from_lang, to_lang)

    def route(self, from_lang: str, to_lang: str) -> tuple[str, ...]:
        """Return the modes that a text passes through, in order; none if both languages are the same.

        Raises `BackendError`, with what to install, if there is no route.
        """
        ends = (languages.canonical(from_lang), languages.canonical(to_lang))
        if ends[0] == ends[1]:
            return ()
        if ends not in self._routes:
            self._routes[ends] = self._installation.route(*ends)
        return self._routes[ends]

    def available(self) -> list[tuple[str, str]]:
        """Return the installed directions, without pivots, as sorted pairs of canonical codes."""
        return self._installation.available()

    @property
    def summary(self) -> str:
        """The installed directions, for `xlner doctor`. Raises `BackendError` if there are none."""
        pairs = self.available()
        if not pairs:
            raise BackendError("no Apertium language pair is installed", hint=debian.install(["apertium-eng-spa"]))
        return ", ".join(f"{start}→{end}" for start, end in pairs)

    @property
    def fingerprint(self) -> str:
        """The options, the version of the shield, and a hash of the modes on the routes used so far.

        Before any route was used, it is a hash of all installed modes.
        """
        used = {name for route in self._routes.values() for name in route}
        options = f"{options_fingerprint('apertium', self.options)} shield={shield.VERSION}"
        return f"{options} modes={self._installation.digest(used)}"

    def start(self, from_lang: str, to_lang: str) -> None:
        """Start the programs of a direction, which load their data while other stages load theirs.

        Raises `BackendError` for a missing mode or program.
        """
        for name in self.route(from_lang, to_lang):
            self._runner(name).start()

    def close(self) -> None:
        """End all programs."""
        for runner in list(self._runners.values()):
            runner.close()
        self._linked.close()

    def __enter__(self) -> ApertiumTranslator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, object]:
        # Another process cannot use these programs. It starts its own.
        return {**self.__dict__, "_runners": {}, "_linked": LinkedModes(self._installation, self.options.timeout)}

    def _run(self, name: str, texts: Sequence[str | Exception]) -> list[str | Exception]:
        places = [place for place, text in enumerate(texts) if text and isinstance(text, str)]
        translated: list[str | Exception] = [text if isinstance(text, Exception) else "" for text in texts]
        if not places:
            return translated
        runner = self._runner(name)
        sent = [str(texts[place]) for place in places]
        for place, text, answer in zip(places, sent, runner.exchange([stream.encode(t) for t in sent]), strict=True):
            if isinstance(answer, ChainError):
                translated[place] = failure(name, text, answer)
            else:
                translated[place] = stream.decode(answer, text)
        return translated

    def _runner(self, name: str) -> ModeRunner:
        runner = self._runners.get(name)
        if runner is None:
            # Two threads may get here at once. Only one runner is kept, and an unused one has started nothing.
            made = ModeRunner(self._installation.commands(name), timeout=self.options.timeout)
            runner = self._runners.setdefault(name, made)
        return runner

    def _some(
        self, translate: Callable[[Sequence[str]], list[T | Exception]], texts: Sequence[str]
    ) -> list[T | Exception]:
        """Translate all texts; after a stop the first one, and the others only if that succeeds."""
        done: list[T | Exception] = []
        if self._failing and texts:
            done = translate(texts[:1])
            if isinstance(done[0], Exception):
                return done + [UntriedError(f"not tried, because the text before failed: {done[0]}") for _ in texts[1:]]
        done += translate(texts[len(done) :])
        untried = next((made for made in done if isinstance(made, UntriedError)), None)
        self._failing = untried is not None
        if untried is not None:
            self._stopped = StoppedError(untried.message)
        return done
