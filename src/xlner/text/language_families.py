"""A small table of languages and their families, based on Glottolog.

Families, branches and codes are those of Glottolog 5 (Hammarström et al., CC BY 4.0, https://glottolog.org), from
qwanqwa 1.2.1. A branch is a group such as Germanic, Romance or Slavic.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from xlner.errors import UnknownNameError
from xlner.text.languages import base
from xlner.text.suggestions import names_hint

_MAJOR = "Indo-European"


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its place in Glottolog. `branch` is empty for a family without branches.

    >>> language("nl").group, language("fi").group, language("eu").group
    ('Germanic', 'Uralic', 'Basque')
    """

    code: str
    name: str
    glottocode: str
    family: str
    branch: str

    @property
    def group(self) -> str:
        """The branch of an Indo-European language, and the family of any other."""
        return self.branch if self.family == _MAJOR and self.branch else self.family


def language(code: str) -> Language:
    """Return the language of a code. Raises `UnknownNameError` if it is not in the table.

    >>> language("lug").name, language("pcm").branch
    ('Ganda', 'Germanic')
    """
    table = languages()
    short = base(code)
    if short not in table:
        raise UnknownNameError(f"the family of language {code!r} is not known", hint=names_hint(code, table))
    return table[short]


@cache
def languages() -> dict[str, Language]:
    """Return all languages of the table by code."""
    text = (resources.files(__package__) / "languages.csv").read_text(encoding="utf-8")
    return {row["code"]: Language(**row) for row in csv.DictReader(text.splitlines())}


def relatedness(first: str, second: str) -> float:
    """Return 1 for two languages of the same branch, 1/2 for two of the same family, and 0 otherwise.

    >>> relatedness("de", "sv"), relatedness("de", "es"), relatedness("fi", "hu"), relatedness("de", "fi")
    (1.0, 0.5, 0.5, 0.0)
    """
    one, other = language(first), language(second)
    if one.family != other.family:
        return 0.0
    return 1.0 if one.branch == other.branch else 0.5
