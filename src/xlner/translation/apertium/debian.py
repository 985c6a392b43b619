"""The Debian packages with Apertium's programs and language pairs, as of Debian 12 and 13."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from functools import cache

from xlner.translation.apertium.modes import Mode
from xlner.translation.apertium.routes import shortest

_BOTH_DIRECTIONS = (
    "afr-nld arg-cat bel-rus cat-ita en-gl eng-cat eng-spa eo-en es-gl es-pt fr-es fra-cat fra-frp hbs-eng hbs-mkd "
    "hbs-slv ind-zlm isl-swe mkd-bul nno-nob oc-ca oc-es oci-fra pol-szl por-cat pt-gl rus-ukr spa-arg spa-cat spa-ita "
    "swe-dan urd-hin"
)
_OTHERS = {
    "br-fr": "br-fr",
    "cat-srd": "cat-srd",
    "dan-nor": "dan-nno dan-nob nno-dan nob-dan",
    "eo-ca": "ca-eo",
    "eo-es": "es-eo",
    "eo-fr": "fr-eo",
    "es-ro": "ro-es",
    "eu-en": "eu-en",
    "eu-es": "eu-es",
    "isl-eng": "isl-eng",
    "mkd-eng": "mkd-eng",
    "spa-ast": "spa-ast",
    "srd-ita": "ita-srd",
    "swe-nor": "nno-swe nob-swe swe-nno swe-nob",
}
_ONLY_BEFORE_13 = {f"apertium-{pair}" for pair in ("en-gl", "eo-en", "es-ro", "eu-en", "isl-eng", "oc-es")}
_PROGRAMS = {
    "cg-proc": "cg3",
    "lrx-proc": "apertium-lex-tools",
    "lsx-proc": "apertium-separable",
    "apertium-anaphora": "apertium-anaphora",
    "rtx-proc": "apertium-recursive",
}


def _package_of_mode() -> dict[str, str]:
    packages: dict[str, str] = {}
    for pair in _BOTH_DIRECTIONS.split():
        one, other = pair.split("-")
        packages |= dict.fromkeys((pair, f"{other}-{one}"), f"apertium-{pair}")
    for pair, modes in _OTHERS.items():
        packages |= dict.fromkeys(modes.split(), f"apertium-{pair}")
    return packages


PACKAGES = _package_of_mode()


@cache
def _modes() -> list[Mode]:
    return [mode for name in sorted(PACKAGES) if (mode := Mode.parse(name))]


def _since_13() -> bool:
    try:
        about = platform.freedesktop_os_release()
    except OSError:  # no Linux
        return False
    return about["ID"] == "debian" and about.get("VERSION_ID") not in ("11", "12")  # testing has no number


def install(packages: Iterable[str]) -> str:
    """Return the command that installs the packages and Apertium itself.

    >>> install(["apertium-eng-spa"])
    'apt-get install apertium apertium-eng-spa'
    """
    return " ".join(["apt-get install apertium", *dict.fromkeys(packages)])


def package_of_program(program: str) -> str:
    """Return the package with a program that modes run."""
    return _PROGRAMS.get(program, "apertium")


def missing_packages(have: Sequence[Mode], from_lang: str, to_lang: str) -> list[str] | None:
    """Return the packages that complete the shortest route between two languages, or None if there is no route.

    Modes in `have` are installed already.

    >>> missing_packages([], "pt", "en"), missing_packages([], "lug", "en")
    (['apertium-es-pt', 'apertium-eng-spa'], None)
    """
    names = {mode.name for mode in have}
    gone = _ONLY_BEFORE_13 if _since_13() else set()
    more = (mode for mode in _modes() if mode.name not in names and PACKAGES[mode.name] not in gone)
    route = shortest([*have, *more], from_lang, to_lang)
    return None if route is None else [PACKAGES[mode.name] for mode in route if mode.name not in names]
