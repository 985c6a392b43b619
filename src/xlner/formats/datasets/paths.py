"""Which language a path of a data set belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAME = r"(?P<lang>[\w-]+?)"
_CORPUS = r"(?P<corpus>[\w.-]+)"


@dataclass(frozen=True, slots=True)
class PathPattern:
    """The paths of one split: a pattern for `Path.glob`, and a regular expression with the language in it.

    >>> (pattern,) = path_patterns("{corpus}/{lang}/{split}-*.parquet", ["test"])
    >>> pattern.glob, pattern.name("WNUT17/eng/test-00000-of-00001.parquet")
    ('*/*/test-*.parquet', 'WNUT17/eng')
    """

    glob: str
    regex: re.Pattern[str]
    only: str = ""

    def name(self, path: str) -> str | None:
        """The language of a path, as the data set calls it: `CORPUS/LANG` in a collection, None for other paths."""
        match = self.regex.fullmatch(path)
        return None if match is None else name_of(match, self.only)


def path_patterns(path: str, splits: Sequence[str], only: str = "") -> Iterator[PathPattern]:
    """A pattern for each name of a split; `only` is the language of paths that do not say it."""
    for split in splits if "{split}" in path else splits[:1]:
        escaped = re.escape(path).replace(r"\{split\}", re.escape(split)).replace(r"\*", "[^/]*")
        regex = escaped.replace(r"\{lang\}", _NAME).replace(r"\{corpus\}", _CORPUS)
        yield PathPattern(path.format(lang="*", corpus="*", split=split), re.compile(regex), only)


def name_of(match: re.Match[str], only: str = "") -> str:
    """The language that a regular expression found."""
    groups = match.groupdict()
    return "/".join(groups[key] for key in ("corpus", "lang") if key in groups) or only


def parquet_pattern(config: str, splits: Sequence[str], name: str | None = None) -> re.Pattern[str]:
    """A pattern for `yor/test/0000.parquet`, `en/test-00000-of-00001.parquet` and `yor/masakhaner2-test.parquet`.

    >>> bool(parquet_pattern("PAN-X.{lang}", ["validation"], "yo").fullmatch("PAN-X.yo/validation-00000.parquet"))
    True
    """
    folder = re.escape(config).replace(r"\{lang\}", _NAME if name is None else re.escape(name))
    split = "|".join(map(re.escape, splits))
    return re.compile(rf"(?:data/)?{folder}/(?:[\w.-]+-)?(?:{split})(?:[-/.][\w.-]*)?\.parquet")
