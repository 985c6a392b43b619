"""Texts from Python as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError


def sentences_of(texts: Iterable[object], language: str | None) -> Iterator[Sentence | InputError]:
    """One sentence for each text, and an `InputError` for what is not a text, such as NaN from a table with gaps.

    Raises `ValidationError` for a single string.

    >>> first, gap = sentences_of(["Ana vive.", float("nan")], "es")
    >>> first.tokens, str(gap)
    (('Ana', 'vive', '.'), '(sentence 2): a float is not a text; give a string')
    """
    if isinstance(texts, str):
        raise ValidationError("run_texts takes a list of sentences, not one string", hint="write [text]")
    return (_sentence(text, number, language) for number, text in enumerate(texts, start=1))


def _sentence(text: object, number: int, language: str | None) -> Sentence | InputError:
    if isinstance(text, str):
        return Sentence.from_text(text, language=language)
    what = "nothing" if text is None else f"a {type(text).__name__}"
    return InputError(f"{what} is not a text", sentence=number, hint="give a string")
