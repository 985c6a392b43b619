"""Apertium: rule-based translation, offline, with the programs and language pairs that Debian packages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from xlner.core.linked_translation import LinkedTranslation
from xlner.core.options import content_option, options_fingerprint, speed_option
from xlner.errors import BackendError, StageError, ValidationError
from xlner.text import languages
from xlner.translation import shield
from xlner.translation.apertium import debian, stream
from xlner.translation.apertium.installation import MODES_DIR, Installation
from xlner.translation.apertium.links import LinkedModes
from xlner.translation.apertium.mode_runner import ModeRunner
from xlner.translation.apertium.processes import ChainError

_SNIPPET = 60
"""Characters of a text that an error message shows."""


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

    The programs start with the first sentence and stay until `close()`, the end of a `with` block, or the end of the
    interpreter. Translating after `close()` starts them again.

    >>> translator = ApertiumTranslator(modes_dir="/nowhere")
    >>> translator.translate([" "], from_lang="en", to_lang="eng_Latn"), translator.available()
    ([''], [])
    """

    def __init__(self, *, via: str | None = None, modes_dir: str | None = None, timeout: float = 30.0) -> None:
        pivots = tuple(code.strip() for code in (via or "").split(",") if code.strip())
        folder = modes_dir or os.environ.get("APERTIUM_MODES") or MODES_DIR
        self.options = ApertiumOptions(pivots, folder, timeout)
        self._installation = Installation(Path(folder), pivots)
        self._routes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._runners: dict[str, ModeRunner] = {}
        self._linked = LinkedModes(self._installation, timeout)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text on its own; the translation of an empty text is empty.

        Raises `BackendError` for a missing mode or program, and `StageError` for the first text that gets no answer in
        time or on which the programs crash twice. The next call starts them again.
        """
        route = self.route(from_lang, to_lang)

        def through(batch: Sequence[str]) -> list[str]:
            current = list(batch)
            for name in route:
                current = self._run(name, current)
            return current

        return shield.shielded([stream.clean(text) for text in texts], through, at_once=True)

    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        """Return the same translations, with links between ranges of each text and of its translation.

        The links come from word-bound blanks around Apertium's lexical units, which change no translation. Raises what
        `translate` raises, and `BackendError` if Apertium is too old for this.
        """
        route = self.route(from_lang, to_lang)
        return shield.shielded_linked(texts, lambda batch: self._linked.translate(batch, route))

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

    def _run(self, name: str, texts: Sequence[str]) -> list[str]:
        places = [place for place, text in enumerate(texts) if text]
        translated = [""] * len(texts)
        if not places:
            return translated
        runner = self._runners.get(name)
        if runner is None:
            # Two threads may get here at once. Only one runner is kept, and an unused one has started nothing.
            made = ModeRunner(self._installation.commands(name), timeout=self.options.timeout)
            runner = self._runners.setdefault(name, made)
        try:
            answers = runner.exchange([stream.encode(texts[place]) for place in places])
        except ChainError as error:
            text = texts[places[error.index]]
            snippet = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
            raise StageError(f"Apertium mode {name} failed on {snippet!r}: {error}") from None
        for place, answer in zip(places, answers, strict=True):
            translated[place] = stream.decode(answer, texts[place])
        return translated
