"""Apertium's modes: which ones are installed, their languages, and the programs that they run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlner.errors import UnknownNameError
from xlner.text import languages

# Debugging modes such as `eo-en-bytecode` and helpers such as `Cyrl-Latn` are in the same folder.
_PAIR = re.compile(r"([a-z]{2,3}(?:_\w+)?)-([a-z]{2,3}(?:_\w+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mode:
    """One direction of a language pair, with Apertium's names of the languages (`spa`, `en`, `oc_aran`)."""

    name: str
    source: str
    target: str

    @classmethod
    def parse(cls, name: str) -> Mode | None:
        """Return the mode with this name, or None if it is not the name of a language pair.

        >>> Mode.parse("spa-eng_US"), Mode.parse("eo-en-bytecode")
        (Mode(name='spa-eng_US', source='spa', target='eng_US'), None)
        """
        match = _PAIR.fullmatch(name)
        if match is None or not all(language(end) for end in match.groups()):
            return None
        return cls(name, *match.groups())


@cache
def language(name: str) -> str | None:
    """Return the canonical code for Apertium's name of a language, without its variant; None for no language.

    >>> language("spa"), language("oc_aran"), language("xx")
    ('es', 'oc', None)
    """
    try:
        return languages.base(name.partition("_")[0])
    except UnknownNameError:
        return None


def rank(name: str, wanted: tuple[str, ...]) -> int | None:
    """Return how well a name fits the wanted ones: lower is better, other variants come last, None is no fit.

    >>> rank("en", ("eng", "en")), rank("eng_US", ("eng", "en")), rank("spa", ("eng", "en"))
    (1, 2, None)
    """
    if name in wanted:
        return wanted.index(name)
    return len(wanted) if name.partition("_")[0] in wanted else None


def installed(folder: Path) -> list[Mode]:
    """Return the modes in a folder, sorted by name; none if there is no such folder."""
    modes = (Mode.parse(path.stem) for path in sorted(folder.glob("*.mode")))
    return [mode for mode in modes if mode is not None]


def stages(pipeline: str) -> list[list[str]]:
    """Return the commands of a mode file, with options to answer message by message and not to mark unknown words.

    >>> stages("lt-proc 'a b.bin' | apertium-tagger -g $2 'c.prob' | lt-proc $1 d.bin")
    [['lt-proc', '-z', 'a b.bin'], ['apertium-tagger', '-z', '-g', 'c.prob'], ['lt-proc', '-z', '-n', 'd.bin']]
    """
    lexer = shlex.shlex(pipeline, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    for token in lexer:
        if token == "|":
            commands.append([])
        elif token != "$2":
            commands[-1].append("-n" if token == "$1" else token)
    return [[program, "-z", *arguments] for program, *arguments in commands]
