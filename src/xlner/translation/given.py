"""Translations that are there already: in the records themselves, or in a parallel text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unicodedata import normalize

from xlner.core.signature import Digest
from xlner.errors import InputError, MissingArgumentError, StageError
from xlner.text.languages import canonical

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Given:
    """A translation, None where the place has none; its language, where the file says it."""

    text: str | None
    language: str | None
    place: str


class GivenTranslator:
    """Looks translations up instead of making them, as those of people or of a program that xlner does not know.

    `file` is JSONL whose records, with `tokens` or `text`, hold their translation in `field`: a string, or an object
    with `text` or `tokens`, as in what xlner writes. Or it is text with a translation on each line, and `of` names the
    text that line by line it is the translation of. A text is found by its letters, whatever the spaces between them;
    of a text that is there several times the first translation counts.

    Where a record says which language its translation is in (`lang` in the object, or a field such as `src_lang` for
    `src`), one in another language than asked for is refused.

    Raises `MissingArgumentError` without a file, `InputError` where a file cannot be read or has no such field, and
    where the texts have other numbers of lines.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
    ...     _ = file.write('{"tokens": ["Ola", "!"], "src": "Hello!"}\\n'), file.flush()
    ...     GivenTranslator(file.name, field="src").translate(["Ola!"], from_lang="gl", to_lang="en")
    ['Hello!']
    """

    def __init__(self, file: str | None = None, *, field: str = "source", of: str | None = None) -> None:
        if file is None:
            raise MissingArgumentError("given needs a file of translations", hint="write given:FILE")
        self.file, self.field = file, field
        found = list(_records(Path(file), field) if of is None else _lines(Path(file), Path(of)))
        self._known: dict[str, _Given] = {}
        for text, given in found:
            known = self._known.get(_letters(text))
            if known is None or known.text is None:
                self._known[_letters(text)] = given
        if found and all(given.text is None for _, given in found):
            raise InputError(f"no record has a translation in field {field!r}", path=file, hint="say ?field=NAME")

    @cached_property
    def fingerprint(self) -> str:
        """What the result depends on."""
        parts = (f"{text}\t{given.language}\t{given.text}" for text, given in self._known.items())
        return f"given {Digest(parts).hexdigest()}"

    @property
    def summary(self) -> str:
        """What there is, for `xlner doctor`."""
        return f"{len(self._known)} translations of {self.file}"

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """The translation of each text, an empty one for an empty text.

        Raises `StageError` for the first text that has none, or has one in another language, with its place.
        """
        return [self._translation(text, canonical(to_lang)) if text.strip() else "" for text in texts]

    def _translation(self, text: str, language: str) -> str:
        given = self._known.get(_letters(text))
        if given is None:
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            raise StageError(f"{self.file} has no translation of {shown!r}")
        if given.text is None:
            raise StageError(f"{given.place}: no translation in field {self.field!r}")
        if given.language is not None and canonical(given.language) != language:
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
        except json.JSONDecodeError as error:
            raise InputError(f"not JSON: {error.msg}", path=path, line=number) from None
        text = _text_of(record) if isinstance(record, dict) else None
        if text is None:
            raise InputError('not an object with "tokens" or "text"', path=path, line=number)
        value = record.get(field)
        inside = value.get("lang") if isinstance(value, dict) else None
        translation = _text_of(value) or ""
        language = inside or record.get(f"{field}_lang")
        yield text, _Given(translation if translation.strip() else None, language, f"{path}:{number}")


def _text_of(value: Any) -> str | None:
    """A string, or the text or tokens of an object; None where it is neither."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else None
    if isinstance(value.get("text"), str):
        return str(value["text"])
    tokens = value.get("tokens", value.get("words"))
    return " ".join(map(str, tokens)) if isinstance(tokens, list) else None


def _lines(path: Path, of: Path) -> Iterator[tuple[str, _Given]]:
    made, originals = _read(path), _read(of)
    if len(made) != len(originals):
        raise InputError(f"{len(made)} lines for the {len(originals)} of {of}", path=path)
    for number, (text, original) in enumerate(zip(made, originals, strict=True), start=1):
        yield original, _Given(text.strip() or None, None, f"{path}:{number}")


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8", path=path) from None
