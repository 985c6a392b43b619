"""The routes of `xlner label`: through a translation, directly, or both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlner.core.registry import load
from xlner.errors import BackendError, MissingExtraError, UsageError
from xlner.text.languages import base, canonical

if TYPE_CHECKING:
    from xlner.stages import Translator

PROJECT, DIRECT, BOTH = "project", "direct", "both"
AUTO = "auto"
ROUTES = (AUTO, PROJECT, DIRECT, BOTH)

_BETTER = "With a translator the labels may be better: --translator SPEC, or xlner project with your own translations"


@dataclass(frozen=True, slots=True)
class Route:
    """A route, the translator that it needs, and what to tell the user about the choice."""

    name: str
    translator: Translator | None = None
    note: str = ""


def choose_route(
    asked: str, *, translator: str, translator_was_named: bool, members: bool, lang: str, source_lang: str
) -> Route:
    """The route to take: the one that was asked for, or the best one that is possible here.

    Without a translator for the language, that is the direct route, unless the translator was named on purpose.
    `members` tells whether recognizers for the direct part were named.

    Raises `UsageError` for options that exclude each other, and `BackendError` if a translator is needed and missing.
    """
    if asked == DIRECT:
        return Route(DIRECT)
    if asked == PROJECT and members:
        raise UsageError("--ensemble labels directly as well", hint="leave it out, or use --route both")
    if asked == AUTO and not translator_was_named and base(canonical(lang)) == base(canonical(source_lang)):
        return Route(DIRECT, note=f"INPUT is in the source language {source_lang!r}: labeled directly")
    try:
        loaded = _checked(translator, lang, source_lang)
    except (BackendError, MissingExtraError) as error:
        if asked != AUTO or translator_was_named or members:
            raise
        return Route(DIRECT, note=f"labeled directly, without translation, because {error.message}. {_BETTER}")
    return Route(BOTH if asked == AUTO else asked, loaded)


def _checked(spec: str, lang: str, source_lang: str) -> Translator:
    from xlner.pipeline.stage_runner import check_direction

    translator: Translator = load("translator", spec)
    check_direction(translator, canonical(lang), canonical(source_lang))
    return translator
