"""Keep verbatim text out of translations: addresses, e-mail, @names, #tags, file paths and codes.

Each verbatim part of a text is replaced by an unknown word, a placeholder, and put back into the translation. A
translation that loses a placeholder is made from the text before, between and after the verbatim parts instead.

Of the ways to hide something from Apertium, a word disturbs the grammar least. Placeholders and format blanks (`[...]`)
both keep all parts (benchmarks/shielding.py); but after a blank, words are read as if nothing stood there:
`#Vigo said` becomes `Dicho` instead of `Dijo`, and `In #London the` becomes `Nas` instead of `En … as`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, pairwise
from typing import TypeVar, cast

from xlner.core.batches import isolated, require_one_each
from xlner.core.entity import Span
from xlner.core.linked_translation import LinkedTranslation
from xlner.errors import UnansweredError
from xlner.stages import ShieldingTranslator, Translator, translate_each
from xlner.text.verbatim import is_verbatim, lost_verbatim, verbatim_spans

VERSION = 1
"""Version of the shield, for fingerprints. Raise it when translations change."""
_STEMS = ("xq", "xw", "zx", "qz", "wq", "vx")
_Translate = Callable[[Sequence[str]], Sequence[object]]
_PIECE = re.compile(r"\w+|[^\w\s]")

Made = TypeVar("Made", bound="str | Exception")
MadeWithLinks = TypeVar("MadeWithLinks", bound="LinkedTranslation | Exception")


def shielded(
    texts: Sequence[str],
    translate: Callable[[Sequence[str]], Sequence[Made]],
    *,
    by: object = None,
    at_once: bool = False,
) -> list[Made]:
    """Translate texts; what is verbatim comes out as it is, and a text without anything else is not translated.

    With `at_once` all verbatim parts are replaced by placeholders, and otherwise only those of texts whose translation
    has lost some. `by` is the translator: nothing is done for a `ShieldingTranslator`. What is no text, such as an
    error in its place, is returned as it is. Raises what `translate` raises on the texts; `BackendError` also on later
    attempts.

    >>> shielded(["see #Vigo", "see Vigo"], lambda texts: [text.upper() for text in texts])
    ['SEE #Vigo', 'SEE VIGO']
    """
    alone = isinstance(by, ShieldingTranslator) and by.shields_verbatim
    if alone or not any(map(verbatim_spans, texts)):
        return translate(texts)  # type: ignore[return-value]  # the caller checks what a translator gives

    def linked(batch: Sequence[str]) -> list[object]:
        return [LinkedTranslation(made, ()) if isinstance(made, str) else made for made in translate(batch)]

    found = _shielded(texts, linked, at_once=at_once)
    return [cast(Made, made.text if isinstance(made, LinkedTranslation) else made) for made in found]


def shielded_linked(
    texts: Sequence[str], translate: Callable[[Sequence[str]], Sequence[MadeWithLinks]]
) -> list[MadeWithLinks]:
    """The same for translations with links, with placeholders at once.

    Each verbatim part is linked with itself, word by word.

    >>> shielded_linked(["@ana"], lambda texts: [])[0].links
    (((0, 1), (0, 1)), ((1, 4), (1, 4)))
    """
    return cast(list[MadeWithLinks], _shielded(texts, translate, at_once=True))


def _shielded(texts: Sequence[str], translate: _Translate, *, at_once: bool) -> list[object]:
    """The translations, or whatever else `translate` gave for a text."""
    done: list[object] = [_copied(text) if _untranslated(text) else None for text in texts]
    todo = [k for k, made in enumerate(done) if made is None]
    masked = {k: masked_text(texts[k]) for k in todo if verbatim_spans(texts[k])}
    asked = [masked[k].text if at_once and k in masked else texts[k] for k in todo]
    first = list(translate(asked)) if asked or not texts else []
    require_one_each("translator", len(first), len(todo))
    for k, made in zip(todo, first, strict=True):
        done[k] = made
    masked = {k: written for k, written in masked.items() if isinstance(done[k], LinkedTranslation)}
    if at_once:
        for k, written in masked.items():
            done[k] = unmasked(written, cast(LinkedTranslation, done[k]))
    else:
        again = [k for k in masked if _has_lost(texts[k], done[k])]
        for k, second in zip(again, _attempted(translate, [masked[k].text for k in again]), strict=True):
            done[k] = (None if second is None else unmasked(masked[k], second)) or done[k]
    for k in masked:
        if _has_lost(texts[k], done[k]):
            done[k] = _in_parts(texts[k], translate) or done[k] or LinkedTranslation("", ())
    return done


class ShieldedTranslator:
    """A translator whose translations keep verbatim text.

    >>> from xlner.fakes import EchoTranslator
    >>> ShieldedTranslator(EchoTranslator()).translate(["see @ana"], from_lang="en", to_lang="gl")
    ['see @ana']
    """

    def __init__(self, translator: Translator) -> None:
        self.translator = translator

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text; raises what the translator raises."""
        directed = partial(self.translator.translate, from_lang=from_lang, to_lang=to_lang)
        return shielded(texts, directed, by=self.translator)

    def translate_each(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str | Exception]:
        """Translate each text, or give its error if the translator is an `IsolatingTranslator`."""
        directed = partial(translate_each, self.translator, from_lang=from_lang, to_lang=to_lang)
        return shielded(texts, directed, by=self.translator)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders: where they are in it, and where the verbatim parts are in the original.

    >>> masked_text("ask @ana").text
    'ask xq0z'
    """

    original: str
    text: str
    stem: str
    places: tuple[Span, ...]
    spans: tuple[Span, ...]

    @property
    def parts(self) -> list[str]:
        """The verbatim parts."""
        return [self.original[start:end] for start, end in self.spans]


def masked_text(text: str) -> Masked:
    """Replace each verbatim part of a text by a placeholder, a word that the text does not have.

    >>> masked_text("#Vigo: x.org/a").text
    'xq0z: xq1z'
    """
    stems = chain(_STEMS, map("xq{}q".format, count()))
    stem = next(stem for stem in stems if stem not in text.casefold())
    spans = tuple(verbatim_spans(text))
    words = [f"{stem}{number}z" for number in range(len(spans))]
    masked, places = _replaced(text, spans, words)
    return Masked(text, masked, stem, tuple(places), spans)


def unmasked(masked: Masked, made: LinkedTranslation) -> LinkedTranslation | None:
    """Put the verbatim parts back into a translation; None unless it has each placeholder exactly once.

    >>> unmasked(masked_text("ask @ana"), LinkedTranslation("Pregunta a Xq0z", ())).text
    'Pregunta a @ana'
    """
    found = {int(m[1]): m.span() for m in re.finditer(rf"{masked.stem}(\d+)z", made.text, re.IGNORECASE)}
    seen = len(re.findall(masked.stem, made.text, re.IGNORECASE))
    if found.keys() != set(range(len(masked.spans))) or seen != len(found):
        return None
    order = sorted(found, key=lambda number: found[number])
    parts = masked.parts
    text, places = _replaced(made.text, [found[k] for k in order], [parts[k] for k in order])
    placed = dict(zip(order, places, strict=True))
    links = [
        (_moved(source, masked.places, masked.spans), _moved(target, [found[k] for k in order], places))
        for source, target in made.links
        if source not in masked.places
    ]
    links += [link for k, span in enumerate(masked.spans) for link in _identity(masked.original, span, placed[k][0])]
    return LinkedTranslation(text, tuple(sorted(links)))


def _replaced(text: str, spans: Sequence[Span], words: Sequence[str]) -> tuple[str, list[Span]]:
    """The text with words in the place of spans, and where the words are in it."""
    out: list[str] = []
    places: list[Span] = []
    position = length = 0
    for (start, end), word in zip(spans, words, strict=True):
        out += (text[position:start], word)
        length += start - position
        places.append((length, length + len(word)))
        length += len(word)
        position = end
    return "".join([*out, text[position:]]), places


def _moved(span: Span, before: Sequence[Span], after: Sequence[Span]) -> Span:
    """Where a span is after the spans `before` became the spans `after`."""

    def moved(position: int, end: bool) -> int:
        shift = 0
        for (a, b), (c, d) in zip(before, after, strict=True):
            if a < position < b:
                return d if end else c
            shift = d - b if b <= position else shift
        return position + shift

    return (moved(span[0], False), moved(span[1], True))


def _identity(text: str, span: Span, start: int) -> list[tuple[Span, Span]]:
    """Links of the words and marks of a verbatim part with themselves, at `start` in the translation."""
    shift = start - span[0]
    found = [match.span() for match in _PIECE.finditer(text, *span)]
    return [((a, b), (a + shift, b + shift)) for a, b in found]


def _untranslated(text: str) -> bool:
    return bool(verbatim_spans(text)) and is_verbatim(text)


def _copied(text: str) -> LinkedTranslation:
    start = len(text) - len(text.lstrip())
    return LinkedTranslation(text.strip(), tuple(_identity(text, (start, len(text.rstrip())), 0)))


def _has_lost(text: str, made: object) -> bool:
    return not isinstance(made, LinkedTranslation) or bool(lost_verbatim(text, made.text))


def _attempted(translate: _Translate, texts: Sequence[str]) -> list[LinkedTranslation | None]:
    """A later attempt: a text that cannot be translated in this way has none."""

    def once(batch: Sequence[str]) -> Sequence[object]:
        try:
            return translate(batch)
        except UnansweredError as error:  # the translator has made all attempts
            return [error] * len(batch)

    return [found if isinstance(found, LinkedTranslation) else None for found in isolated(once, texts)]


def _in_parts(text: str, translate: _Translate) -> LinkedTranslation | None:
    """Translate what is between the verbatim parts of a text; None if that cannot be translated."""
    spans = verbatim_spans(text)
    cuts = [0, *(position for span in spans for position in span), len(text)]
    ranges = list(pairwise(cuts))
    parts = [text[a:b].strip() for a, b in ranges[::2]]
    attempted = _attempted(translate, [part for part in parts if any(map(str.isalnum, part))])
    made = iter([found for found in attempted if found is not None])
    if None in attempted:
        return None
    out = ""
    links: list[tuple[Span, Span]] = []
    for k, (a, b) in enumerate(ranges):
        part = text[a:b]
        if k % 2 or not any(map(str.isalnum, part)):
            links += _identity(text, (a, b), len(out))
            out += part
        else:
            found = next(made)
            start, end = a + len(part) - len(part.lstrip()), a + len(part.rstrip())
            out += text[a:start]
            links += [((p + start, q + start), (r + len(out), s + len(out))) for (p, q), (r, s) in found.links]
            out += found.text.strip() + text[end:b]
    return LinkedTranslation(out.strip(), tuple(links))
