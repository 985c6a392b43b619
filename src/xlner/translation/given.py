"""Translations that already exist: in the records themselves, or in a parallel text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unicodedata import normalize

from xlner.core.lines import read_lines
from xlner.core.options import content_option, options_fingerprint
from xlner.core.signature import Digest
from xlner.errors import BackendError, InputError, MissingArgumentError, StageError, UnknownNameError
from xlner.text.counts import counted
from xlner.text.languages import canonical

_SNIPPET = 60
"""Characters of a text that an error message shows."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A translation or None, its language if the file has it, and the place in the file."""

    text: str | None
    language: str | None
    place: str


@dataclass(frozen=True, slots=True)
class GivenOptions:
    """Options of `GivenTranslator`."""

    file: str = content_option()
    field: str = content_option("source")
    of: str | None = content_option(None)


class GivenTranslator:
    """Looks up translations that people or other programs have made.

    - `file`: JSONL whose records have `tokens` or `text`, and their translation in a field. With `of`, a text with a
      translation on each line.
    - `field`: the field of the translation. Its value is a string, or an object with `text` or `tokens`, as in what
      xlner writes.
    - `of`: the text that `file` translates line by line.

    A text is found by its letters, whatever the spaces between them. If it occurs more than once, the first translation
    counts. Records may say which language their translation is in (`lang` in the object, or a field such as `src_lang`
    beside `src`); a translation in another language than asked for is an error.

    Raises `MissingArgumentError` without a file. Raises `InputError` for a file that cannot be read or has no such
    field, and for texts with different numbers of lines.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
    ...     _ = file.write('{"tokens": ["Ola", "!"], "src": "Hello!"}\\n'), file.flush()
    ...     GivenTranslator(file.name, field="src").translate(["Ola!"], from_lang="gl", to_lang="en")
    ['Hello!']
    """

    def __init__(self, file: str | None = None, *, field: str = "source", of: str | None = None) -> None:
        if file is None:
            raise MissingArgumentError("given needs a file of translations", hint="write given:FILE")
        self.options = GivenOptions(file, field, of)
        found = list(_records(Path(file), field) if of is None else _lines(Path(file), Path(of)))
        self._known: dict[str, _Given] = {}
        for text, given in found:
            known = self._known.get(_letters(text))
            if known is None or known.text is None:
                self._known[_letters(text)] = given
        if found and all(given.text is None for _, given in found):
            raise InputError(f"no record has a translation in field {field!r}", path=file, hint="give ?field=NAME")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the translations with their languages."""
        parts = (f"{text}\t{given.language}\t{given.text}" for text, given in self._known.items())
        return f"{options_fingerprint('given', self.options)} {Digest(parts).hexdigest()}"

    @property
    def summary(self) -> str:
        """The number of translations, for `xlner doctor`."""
        return f"{len(self._known)} translations of {self.options.file}"

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError` if every translation says that it is in another language than `to_lang`."""
        wanted = canonical(to_lang)
        found = {given.language for given in self._known.values() if given.text is not None}
        known = sorted(language for language in found if language is not None)
        if found and None not in found and wanted not in known:
            raise BackendError(f"the translations of {self.options.file} are in {', '.join(known)}, not in {wanted}")

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Return the translation of each text; an empty one for an empty text.

        Raises `StageError`, with the place in the file, for the first text that has no translation or one in another
        language.
        """
        return [self._translation(text, canonical(to_lang)) if text.strip() else "" for text in texts]

    def _translation(self, text: str, language: str) -> str:
        given = self._known.get(_letters(text))
        if given is None:
            shown = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
            raise StageError(f"{self.options.file} has no translation of {shown!r}")
        if given.text is None:
            raise StageError(f"{given.place}: no translation in field {self.options.field!r}")
        if given.language is not None and given.language != language:
            raise StageError(f"{given.place}: the translation is in {given.language!r}, not in {language!r}")
        return given.text


def _letters(text: str) -> str:
    return "".join(normalize("NFC", text).split())


def _records(path: Path, field: str) -> Iterator[tuple[str, _Given]]:
    for number, line in enumerate(_read(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON: {error}", path=path, line=number) from None
        text = _text_of(record) if isinstance(record, dict) else None
        if text is None:
            raise InputError('not an object with "tokens" or "text"', path=path, line=number)
        value = record.get(field)
        inside = value.get("lang") if isinstance(value, dict) else None
        translation = _text_of(value) or ""
        try:
            language = _language(inside or record.get(f"{field}_lang"))
        except UnknownNameError as error:
            raise InputError(error.message, path=path, line=number, hint=error.hint) from None
        yield text, _Given(translation if translation.strip() else None, language, f"{path}:{number}")


def _language(code: object) -> str | None:
    return canonical(str(code)) if code else None


def _text_of(value: Any) -> str | None:
    """A string, or the text or tokens of an object; None for anything else."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else None
    if isinstance(value.get("text"), str):
        return str(value["text"])
    tokens = value.get("tokens", value.get("words"))
    return " ".join(map(str, tokens)) if isinstance(tokens, list) else None


def _lines(path: Path, of: Path) -> Iterator[tuple[str, _Given]]:
    made, originals = _read(path), _read(of)
    if len(made) != len(originals):
        raise InputError(
            f"has {counted(len(made), 'line')}, and {of} has {len(originals)}",
            path=path,
            hint="give one translation for each line, an empty line where there is none",
        )
    for number, (text, original) in enumerate(zip(made, originals, strict=True), start=1):
        yield original, _Given(text.strip() or None, None, f"{path}:{number}")


def _read(path: Path) -> list[str]:
    lines: list[str] = []
    for _, line in read_lines(path):
        if isinstance(line, InputError):
            raise line
        lines.append(line)
    return lines
