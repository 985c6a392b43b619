"""How model families differ: how they name languages, and how their prompts name the direction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from xlner.errors import BackendError, UnknownNameError
from xlner.text.counts import counted
from xlner.text.languages import base, canonical, flores

_MAX_NEAR = 5
"""Languages that a message names."""
_NEAR = 30
"""Distance of `langcodes` up to which a language is near: 10 is a dialect, 25 a language that most speakers read."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a text gets around it.

    - `text`: goes before the text.
    - `prefix`, `suffix`: ids before and after those of the text.
    - `forced`: the id that the translation must begin with.
    """

    text: str = ""
    prefix: tuple[int, ...] = ()
    suffix: tuple[int, ...] = ()
    forced: int | None = None


Languages = Mapping[str, str]
"""Canonical code → the token that names the language to the model."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models that share one form of prompt.

    - `types`: the `model_type`s of their configurations.
    - `languages`: finds the languages that a tokenizer knows.
    - `prompt`: makes the prompt from a tokenizer and the tokens of both languages; None for a side without a token.
    - `names_from`: the prompt depends on the language of the text.
    - `names_languages`: one model has all directions, also from a language to itself.
    - `max_input`: tokens that a text may have if neither model nor tokenizer has a limit.
    """

    name: str
    types: frozenset[str]
    languages: Callable[[Any], Languages]
    prompt: Callable[[Any, str | None, str | None], Prompt]
    names_from: bool = True
    names_languages: bool = True
    max_input: int = 512


def codes(tokens: Iterable[str], pattern: str) -> Languages:
    """Return the matching tokens by canonical code. Of several tokens for one code, the FLORES name is used.

    >>> codes(["__es__", "hola", "__ast__"], "__(.+)__")
    {'es': '__es__', 'ast': '__ast__'}
    """
    found: dict[str, str] = {}
    for token in sorted(tokens):
        match = re.fullmatch(pattern, token)
        if match is None:
            continue
        try:
            code = canonical(match[1].replace("_", "-"))
        except UnknownNameError:
            continue
        if code not in found or match[1] == flores(code):
            found[code] = token
    return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))


def token_of(languages: Languages, code: str, model: str) -> str:
    """Return the token of a language. Raises `BackendError`, with near languages, for one that the model does not know.

    Dari is read and written as Persian by models that do not tell them apart.

    >>> token_of({"es": "spa_Latn"}, "spa", "m"), token_of({"fa": "__fa__"}, "prs", "m")
    ('spa_Latn', '__fa__')
    """
    wanted = canonical(code)
    if wanted not in languages and wanted == "prs":
        wanted = "fa"
    if wanted in languages:
        return languages[wanted]
    near = near_misses(wanted, languages)
    hint = (
        f"near ones: {', '.join(near)}"
        if near
        else f"it knows {counted(len(languages), 'language')}, none of them near"
    )
    raise BackendError(f"{model} does not know the language {code!r}", hint=hint)


def near_misses(code: str, known: Iterable[str]) -> list[str]:
    """Return known codes of the same language in another script, of languages close to it, and similar codes.

    >>> near_misses("sr-Latn", ["en", "hr", "sr"])
    ['sr', 'hr']
    """
    import langcodes

    known = list(known)
    same = [k for k in known if base(k) == base(code)]
    distances = sorted((langcodes.tag_distance(code, k), k) for k in known)
    related = [k for distance, k in distances if distance <= _NEAR]
    alike = get_close_matches(code, known, n=2, cutoff=0.6)
    return list(dict.fromkeys([*same, *related, *alike]))[:_MAX_NEAR]


def _flores_languages(tokenizer: Any) -> Languages:
    return codes(tokenizer.get_vocab(), "([a-z]{3}_[A-Z][a-z]{3})")


def _nllb_prompt(tokenizer: Any, from_token: str | None, to_token: str | None) -> Prompt:
    start, end = tokenizer.convert_tokens_to_ids(from_token), tokenizer.convert_tokens_to_ids(to_token)
    if getattr(tokenizer, "legacy_behaviour", False):
        return Prompt(suffix=(tokenizer.eos_token_id, start), forced=end)
    return Prompt(prefix=(start,), suffix=(tokenizer.eos_token_id,), forced=end)


def _m2m100_languages(tokenizer: Any) -> Languages:
    return codes(getattr(tokenizer, "lang_token_to_id", ()), "__(.+)__")


def _m2m100_prompt(tokenizer: Any, from_token: str | None, to_token: str | None) -> Prompt:
    start, end = (tokenizer.lang_token_to_id[token] for token in (from_token, to_token))
    return Prompt(prefix=(start,), suffix=(tokenizer.eos_token_id,), forced=end)


def _marian_languages(tokenizer: Any) -> Languages:
    return codes(tokenizer.get_vocab(), ">>(.+)<<")


def _marian_prompt(tokenizer: Any, from_token: str | None, to_token: str | None) -> Prompt:
    prefix = () if to_token is None else (tokenizer.convert_tokens_to_ids(to_token),)
    return Prompt(prefix=prefix, suffix=(tokenizer.eos_token_id,))


def _madlad_languages(tokenizer: Any) -> Languages:
    return codes((token.lstrip("▁") for token in tokenizer.get_vocab()), "<2([A-Za-z_]+)>")


def _madlad_prompt(tokenizer: Any, from_token: str | None, to_token: str | None) -> Prompt:
    # The tokenizer decides whether the tag gets a space before it, so the tag goes through the tokenizer.
    return Prompt(text=f"{to_token} ", suffix=(tokenizer.eos_token_id,))


NLLB = Family("nllb", frozenset({"m2m_100"}), _flores_languages, _nllb_prompt, max_input=1024)
M2M100 = Family("m2m100", frozenset({"m2m_100"}), _m2m100_languages, _m2m100_prompt, max_input=1024)
MARIAN = Family(
    "marian", frozenset({"marian"}), _marian_languages, _marian_prompt, names_from=False, names_languages=False
)
MADLAD = Family("madlad", frozenset({"t5", "mt5", "umt5"}), _madlad_languages, _madlad_prompt)
