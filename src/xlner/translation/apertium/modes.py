"""Apertium's modes: which are installed, what languages they join, and the programs each of them runs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlner.errors import UnknownNameError
from xlner.text import languages

# Debugging modes such as `eo-en-bytecode` and helpers such as `Cyrl-Latn` stand in the same folder.
_PAIR = re.compile(r"([a-z]{2,3}(?:_\w+)?)-([a-z]{2,3}(?:_\w+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mode:
    """One direction of one language pair; `source` and `target` as Apertium spells them (`spa`, `en`, `oc_aran`)."""

    name: str
    source: str
    target: str

    @classmethod
    def parse(cls, name: str) -> Mode | None:
        """The mode of that name, or None where the name is not that of a language pair.

        >>> Mode.parse("spa-eng_US"), Mode.parse("eo-en-bytecode")
        (Mode(name='spa-eng_US', source='spa', target='eng_US'), None)
        """
        match = _PAIR.fullmatch(name)
        if match is None or not all(language(end) for end in match.groups()):
            return None
        return cls(name, *match.groups())


@cache
def language(name: str) -> str | None:
    """The canonical language behind Apertium's name for it, its variant left out; None where there is none.

    >>> language("spa"), language("oc_aran"), language("xx")
    ('es', 'oc', None)
    """
    try:
        return languages.base(name.partition("_")[0])
    except UnknownNameError:
        return None


def rank(name: str, wanted: tuple[str, ...]) -> int | None:
    """How well Apertium's name fits the wanted ones: lower is better, variants nobody asked for last, None: not at all.

    >>> rank("en", ("eng", "en")), rank("eng_US", ("eng", "en")), rank("spa", ("eng", "en"))
    (1, 2, None)
    """
    if name in wanted:
        return wanted.index(name)
    return len(wanted) if name.partition("_")[0] in wanted else None


def installed(folder: Path) -> list[Mode]:
    """The modes in a folder, sorted by name; none where there is no such folder."""
    modes = (Mode.parse(path.stem) for path in sorted(folder.glob("*.mode")))
    return [mode for mode in modes if mode is not None]


def stages(pipeline: str) -> list[list[str]]:
    """The commands of a mode file, each made to answer message by message and to leave unknown words unmarked.

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
