"""The routes of `xlner label`: through a translation, directly, or both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlner.core.registry import DEFAULT_RECOGNIZER, Spec, load
from xlner.errors import BackendError, UsageError
from xlner.text.languages import base, canonical, spaceless

if TYPE_CHECKING:
    from xlner.stages import Translator

PROJECT, DIRECT, BOTH = "project", "direct", "both"
AUTO = "auto"
ROUTES = (AUTO, PROJECT, DIRECT, BOTH)

_NAMED = "named by --route"
_BETTER = "With a translator the labels may be better: --translator SPEC, or xlner project with your own translations"


@dataclass(frozen=True, slots=True)
class Route:
    """A route, what chose it, the translator that it needs, and what to tell the user about the choice."""

    name: str
    reason: str
    translator: Translator | None = None
    note: str = ""

    @property
    def is_news(self) -> bool:
        """Whether the user does not know the route: it was not asked for, and nothing was said about it yet."""
        return self.reason != _NAMED and not self.note

    def as_dict(self) -> dict[str, str]:
        """The route and its reason, for the summary of a run."""
        return {"route": self.name, "route_reason": self.reason}


def choose_route(
    asked: str, *, translator: str, translator_was_named: bool, members: bool, lang: str, source_lang: str
) -> Route:
    """The route to take: the one that was asked for, or the best one that is possible here.

    That is the direct route for text in the source language and for languages without a translator, unless a translator
    or the members of an ensemble were named on purpose, and both otherwise.

    Raises `UsageError` for options that exclude each other, and `BackendError` if a translator is needed and missing.
    """
    if asked == DIRECT and members:
        raise UsageError(
            "--ensemble needs the route both", hint="use --route both, or name recognizers with --recognizer"
        )
    if asked == DIRECT:
        return Route(DIRECT, _NAMED)
    if asked == PROJECT and members:
        raise UsageError("--ensemble labels directly as well", hint="leave it out, or use --route both")
    if (
        asked == AUTO
        and not (translator_was_named or members)
        and base(canonical(lang)) == base(canonical(source_lang))
    ):
        reason = f"in the source language {source_lang!r}"
        return Route(DIRECT, reason, note=f"{reason}: labeled directly")
    try:
        loaded = _checked(translator, lang, source_lang)
    except BackendError as error:
        if asked != AUTO or translator_was_named or members:
            raise
        note = f"labeled directly, without translation: {error.message}. {_BETTER}"
        return Route(DIRECT, f"no translator: {error.message}", note=note)
    if asked != AUTO:
        return Route(asked, _NAMED, loaded)
    name = Spec.parse(translator).name
    return Route(BOTH, f"{name} translates {canonical(lang)} into {canonical(source_lang)}", loaded)


@dataclass(frozen=True, slots=True)
class Average:
    """How projection and direct labels are averaged on the route both if no `--ensemble` is named.

    - `recognizer`, `projector`: of the projection.
    - `weights`: of projection and of the direct labels.
    - `unprojected`: see `xlner.transfer.Ensemble`.
    - `kept_labels`: projected entities with these labels are added where the vote finds nothing.
    """

    recognizer: str
    projector: str
    weights: tuple[float, float]
    unprojected: str
    kept_labels: tuple[str, ...] = ("DATE",)


def average_of(translator: str, lang: str, source_lang: str, projector: str) -> Average:
    """The best average for a translator, by its spec. Chosen by benchmarks/routes.py.

    Translations by people are given: what projection finds in them is as reliable as the direct labels, and the
    spelling of copied names helps. In a language without spaces a word is a character, and projection often finds only
    a part of a name: there it does not vote against the rest. Machine translations are less reliable. There spaCy adds
    what the multilingual recognizer misses, above all dates, and the direct labels outvote its mistakes.
    """
    from xlner.recognition.spacy import has_model

    if Spec.parse(translator).name == "given":
        return Average(DEFAULT_RECOGNIZER, "fused:copied-surface", (1, 1), "others" if spaceless(lang) else "O")
    recognizer = f"ensemble:spacy+{DEFAULT_RECOGNIZER}" if has_model(source_lang) else DEFAULT_RECOGNIZER
    return Average(recognizer, projector, (1, 2), "others")


def _checked(spec: str, lang: str, source_lang: str) -> Translator:
    from xlner.pipeline.stage_runner import check_direction

    translator: Translator = load("translator", spec)
    check_direction(translator, canonical(lang), canonical(source_lang))
    return translator
