"""Language codes: conversion between ISO 639-1, ISO 639-3, BCP-47, FLORES and the names of Apertium."""

from __future__ import annotations

from functools import cache

from xlner.errors import UnknownNameError
from xlner.text.language_names import code_of_name

# FLORES has a code for the dominant member of a macrolanguage, ISO 639-1 one for the macrolanguage.
_DOMINANT_MEMBER = {
    "ar": "arb",
    "ay": "ayr",
    "az": "azj",
    "fa": "pes",
    "fil": "tgl",
    "gn": "grn",
    "ku": "kmr",
    "lv": "lvs",
    "mg": "plt",
    "mn": "khk",
    "ms": "zsm",
    "ne": "npi",
    "no": "nob",
    "om": "gaz",
    "or": "ory",
    "ps": "pbt",
    "qu": "quy",
    "sc": "srd",
    "sq": "als",
    "sw": "swh",
    "uz": "uzn",
    "yi": "ydd",
}
_MACROLANGUAGE = {member: macro for macro, member in _DOMINANT_MEMBER.items() if len(member) == 3}
_MACROLANGUAGE |= {"tgl": "fil", "cmn": "zh", "ekk": "et", "nor": "no", "nb": "no"}
_DARI = "prs"
"""BCP-47 writes `fa-AF`, but NLLB has a token of its own for it."""
_USUAL_SCRIPT = {
    "acm": "Arab",
    "acq": "Arab",
    "ajp": "Arab",
    "azb": "Arab",
    "crh": "Latn",
    "ko": "Hang",
    "prs": "Arab",
    "sat": "Beng",
    "tzm": "Tfng",
}
"""The scripts of FLORES where the most likely script of `langcodes` is another one, or unknown to it."""
_SERBO_CROATIAN = frozenset({"hr", "bs", "sr", "cnr"})
_SPACELESS = frozenset({"zh", "ja", "th", "lo", "km", "my", "yue", "wuu", "bo", "dz"})

NO_ONE_LANGUAGE = frozenset({"", "und", "mis", "mul", "zxx", "xx"})
"""What data has in the place of a code if the language is not known, is none or several; `xx` is that of spaCy."""
CANONICAL = frozenset({"ar", "de", "en", "es", "fr", "gl", "it", "nl", "pl", "pt", "ru", "tr", "zh"})
"""Some codes that are canonical already. They need no `langcodes`, which takes a tenth of a second to import."""


@cache
def canonical(code: str) -> str:
    """Return the short form of a language code: two letters if possible, and the script if it is not the usual one.

    A country decides the script: `zh-TW` is `zh-Hant`. Bokmål is `no`. Raises `UnknownNameError` for a code that is not
    that of a language; for the name of a language it suggests the code.

    >>> canonical("spa_Latn"), canonical("arb_Arab"), canonical("zh-HK"), canonical("lug"), canonical("EN-us")
    ('es', 'ar', 'zh-Hant', 'lg', 'en')
    """
    if code in CANONICAL:
        return code
    import langcodes

    try:
        language = langcodes.Language.get(code.strip())
        if not language.is_valid() or not language.language:
            raise LookupError(code)
    except (LookupError, ValueError):
        raise UnknownNameError(f"{code!r} is not a language code", hint=_suggestion(code)) from None
    base = _MACROLANGUAGE.get(language.language, language.language)
    if base == "fa" and language.territory == "AF":
        base = _DARI
    script = language.script or (language.maximize().script if language.territory else None)
    return (
        f"{base}-{script}" if script not in (None, _usual_script(base)) and (base, script) != ("ko", "Kore") else base
    )


def _suggestion(code: str) -> str:
    """How to write a language code; for the name of a language, its code."""
    named = code_of_name(code)
    return f"did you mean {named!r}?" if named else "use ISO 639 (es, spa), BCP-47 (zh-Hant) or FLORES (spa_Latn)"


def _usual_script(base: str) -> str | None:
    import langcodes

    return _USUAL_SCRIPT.get(base) or langcodes.Language.get(base, normalize=False).maximize().script


@cache
def iso639_3(code: str) -> str:
    """Return the three-letter ISO 639-3 code.

    >>> iso639_3("gl"), iso639_3("ar")
    ('glg', 'ara')
    """
    import langcodes

    return langcodes.Language.get(canonical(code), normalize=False).to_alpha3()


@cache
def script(code: str) -> str:
    """Return the four-letter code of the script in the code, or else of the usual script of the language.

    >>> script("mk"), script("sr-Latn")
    ('Cyrl', 'Latn')
    """
    base, _, written = canonical(code).partition("-")
    return written or _usual_script(base) or "Zyyy"


@cache
def flores(code: str) -> str:
    """Return the FLORES-200 code, which NLLB uses.

    >>> flores("es"), flores("fa"), flores("zh"), flores("twi"), flores("tl")
    ('spa_Latn', 'pes_Arab', 'zho_Hans', 'twi_Latn', 'tgl_Latn')
    """
    short = canonical(code)
    base = short.partition("-")[0]
    return f"{_DOMINANT_MEMBER.get(base) or iso639_3(base)}_{script(short)}"


@cache
def apertium(code: str) -> tuple[str, ...]:
    """Return the names that Apertium's modes may use for the language, most common first.

    >>> apertium("gl"), apertium("hr")
    (('glg', 'gl'), ('hbs', 'hbs_HR', 'hrv', 'hr'))
    """
    base = canonical(code).partition("-")[0]
    names = [iso639_3(base), *([base] if len(base) == 2 else [])]
    if base in _SERBO_CROATIAN:
        names = ["hbs", f"hbs_{base.upper()}", *names]
    if base == "no":
        names = ["nob", "nb", *names]
    if base == "ms":
        names = ["zlm", "zsm", *names]
    return tuple(names)


@cache
def base(code: str) -> str:
    """Return the canonical code without the script.

    >>> base("zh-Hant")
    'zh'
    """
    return canonical(code).partition("-")[0]


@cache
def base_if_known(code: str | None) -> str | None:
    """Return the canonical code without the script; None for what data may have instead of the code of a language.

    >>> base_if_known("zh-Hant"), base_if_known("und"), base_if_known("Klingonish"), base_if_known(None)
    ('zh', None, None, None)
    """
    try:
        return None if code is None or code in NO_ONE_LANGUAGE else base(code)
    except UnknownNameError:
        return None


@cache
def spaceless(code: str | None) -> bool:
    """Return whether a language is written without spaces between words; False for what is no language.

    >>> spaceless("jpn"), spaceless("ko"), spaceless("und")
    (True, False, False)
    """
    return base_if_known(code) in _SPACELESS
