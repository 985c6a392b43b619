"""The formats of sentences: what each is, which names of files it has, and where its reader and its writer are.

Other packages add formats with an entry point in the group `xlner.formats`, whose value is a `Format`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.pair import Pair
from xlner.core.plugins import plugins
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError
from xlner.formats.reading import Item, ReadOptions, ReadReport, numbered
from xlner.formats.writing import WriteOptions
from xlner.text.suggestions import names_hint

GROUP = "xlner.formats"
"""The group of entry points."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of sentences.

    - `name`, `about`: its name in options, and one line about it.
    - `suffixes`: the ends of the names of its files. Formats without any are named by an option, or recognized by the
      first lines.
    - `reader`: `"module:function"`, called with a path, `ReadOptions` and a `ReadReport`; it yields one `Sentence` or
      `InputError` for each sentence. None if the format cannot be read.
    - `writer`: `"module:function"`, called with sentences, a path and `WriteOptions`; it returns their number. None if
      the format cannot be written.
    - `pair_writer`: the same for pairs, if the format holds more of them than the labeled target sentence.
    - `keeps`: what is in a file besides labels: `words`, `text`, `scores`, and `fields` for everything else.
    - `extra`: the extra of xlner that it needs.

    >>> format_named("brat").suffixes
    ('.ann',)
    """

    name: str
    about: str
    reader: str | None = None
    writer: str | None = None
    suffixes: tuple[str, ...] = ()
    pair_writer: str | None = None
    keeps: tuple[str, ...] = ()
    extra: str | None = None

    def read(self, path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
        """Yield the sentences of a file. The format must have a reader."""
        items: Iterator[Item] = _function(self.reader)(path, options, report)
        return numbered(items)

    def write(self, sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
        """Write sentences to a file; return their number. The format must have a writer."""
        return int(_function(self.writer)(sentences, path, options))

    def write_pairs(self, pairs: Iterable[Pair], path: str | Path, options: WriteOptions) -> int:
        """Write pairs to a file; return their number. The format must have a writer of pairs."""
        return int(_function(self.pair_writer)(pairs, path, options))


def _function(target: str | None) -> Callable[..., Any]:
    module, _, name = (target or "").partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


_CONLL = (
    *(".conll", ".conll02", ".conll03", ".conllup", ".v4_gold_conll", ".v4_auto_conll", ".gold_conll"),
    *(".bio", ".iob", ".iob2", ".tsv"),
)
RARE_SUFFIXES = frozenset(
    {".conll02", ".conll03", ".conllup", ".v4_gold_conll", ".v4_auto_conll", ".gold_conll", ".iob", ".iob2"}
)
"""Suffixes that the table of formats does not list."""
_LINES = "xlner.formats.line_formats"
_TOOLS = "xlner.formats.tools"
_ALL = ("words", "text", "scores", "fields")

BUILT_IN = (
    Format(
        "conll",
        "columns of words and tags, with a blank line after each sentence",
        f"{_LINES}:read_conll",
        f"{_LINES}:write_conll",
        _CONLL,
        keeps=("words", "text"),
    ),
    Format(
        "conllu",
        "CoNLL-U, with the tags in its column MISC",
        f"{_LINES}:read_conllu",
        f"{_LINES}:write_conllu",
        (".conllu",),
        keeps=("words", "text"),
    ),
    Format(
        "jsonl",
        "JSON, one object per line: everything that xlner knows",
        f"{_LINES}:read_jsonl",
        f"{_LINES}:write_jsonl",
        (".jsonl", ".json", ".ndjson"),
        f"{_LINES}:write_jsonl_pairs",
        keeps=_ALL,
    ),
    Format("text", "one sentence per line", f"{_LINES}:read_text", f"{_LINES}:write_text", (".txt",), keeps=("text",)),
    Format("pharaoh", "word links", suffixes=(".talp", ".pharaoh"), pair_writer=f"{_LINES}:write_links"),
    Format(
        "csv",
        "a table with commas: one row per word, or one per sentence",
        "xlner.formats.tables:read_csv",
        "xlner.formats.tables:write_csv",
        (".csv",),
        keeps=("words", "text", "scores"),
    ),
    Format(
        "tsv",
        "the same table with tabs",
        "xlner.formats.tables:read_tsv",
        "xlner.formats.tables:write_tsv",
        keeps=("words", "text", "scores"),
    ),
    Format(
        "parquet",
        "a table of the Hugging Face hub",
        "xlner.formats.parquet:read",
        "xlner.formats.parquet:write",
        (".parquet",),
        keeps=_ALL,
        extra="parquet",
    ),
    Format(
        "dataset",
        "a folder of the Hugging Face hub, with splits and a card",
        "xlner.formats.dataset_folders:read",
        "xlner.formats.dataset_folders:write",
        keeps=_ALL,
        extra="parquet",
    ),
    Format(
        "label-studio",
        "tasks of Label Studio, with annotations or predictions",
        f"{_TOOLS}.label_studio:read",
        f"{_TOOLS}.label_studio:write",
        keeps=_ALL,
    ),
    Format(
        "doccano",
        "JSONL of doccano",
        f"{_TOOLS}.doccano:read",
        f"{_TOOLS}.doccano:write",
        keeps=("words", "text", "fields"),
    ),
    Format("prodigy", "JSONL of Prodigy", f"{_TOOLS}.prodigy:read", f"{_TOOLS}.prodigy:write", keeps=_ALL),
    Format(
        "argilla",
        "records of Argilla, with responses or suggestions",
        f"{_TOOLS}.argilla:read",
        f"{_TOOLS}.argilla:write",
        keeps=_ALL,
    ),
    Format(
        "brat",
        "standoff of brat: FILE.ann beside FILE.txt",
        f"{_TOOLS}.brat:read",
        f"{_TOOLS}.brat:write",
        (".ann",),
        keeps=("text",),
    ),
    Format(
        "webanno",
        "WebAnno TSV 3.3 of INCEpTION",
        f"{_TOOLS}.webanno:read",
        f"{_TOOLS}.webanno:write",
        keeps=("words", "text"),
    ),
    Format(
        "xmi",
        "UIMA CAS XMI of INCEpTION",
        f"{_TOOLS}.cas_xmi:read",
        f"{_TOOLS}.cas_xmi:write",
        (".xmi",),
        keeps=("words", "text"),
        extra="cas",
    ),
    Format(
        "spacy",
        "DocBin of spaCy",
        f"{_TOOLS}.docbin:read",
        f"{_TOOLS}.docbin:write",
        (".spacy",),
        keeps=_ALL,
        extra="offline",
    ),
    Format(
        "gliner",
        "training data of GLiNER",
        f"{_TOOLS}.gliner:read",
        f"{_TOOLS}.gliner:write",
        keeps=("words", "text", "fields"),
    ),
)
"""The formats of xlner, in the order in which help and documentation list them."""


def _plugins() -> dict[str, Format]:
    found = plugins(GROUP, "format", lambda value: isinstance(value, Format)).values()
    return {format.name: format for format in found}


def all_formats() -> dict[str, Format]:
    """The formats by name: those of xlner, then those of other packages. Raises `BackendError` for a broken one.

    >>> list(all_formats())[:3]
    ['conll', 'conllu', 'jsonl']
    """
    return {**_BY_NAME, **{name: format for name, format in _plugins().items() if name not in _BY_NAME}}


_BY_NAME = {format.name: format for format in BUILT_IN}


def format_named(name: str) -> Format:
    """The format of a name. Raises `UnknownNameError` for an unknown one.

    >>> format_named("conllu").about
    'CoNLL-U, with the tags in its column MISC'
    """
    found = _BY_NAME.get(name) or _plugins().get(name)
    if found is None:
        raise UnknownNameError(f"unknown format {name!r}", hint=names_hint(name, all_formats(), "one of"))
    return found


def readable() -> tuple[str, ...]:
    """The names of the formats of sentences that xlner reads.

    >>> "pharaoh" in readable()
    False
    """
    return tuple(name for name, format in _BY_NAME.items() if format.reader is not None)


def writable() -> tuple[str, ...]:
    """The names of the formats of sentences that xlner writes.

    >>> "text" in writable()
    True
    """
    return tuple(name for name, format in _BY_NAME.items() if format.writer is not None)


def format_table() -> str:
    """All formats of xlner as a table in Markdown: names of files, whether each is read and written, what it keeps.

    >>> format_table().splitlines()[5]
    '| `text` | one sentence per line | `.txt` | ✓ | ✓ | text |'
    """
    rows = ["| format | what | files | in | out | keeps |", "|---|---|---|---|---|---|"]
    for f in BUILT_IN:
        ends = [f"`{suffix}`" for suffix in f.suffixes if suffix not in RARE_SUFFIXES]
        files = " ".join(ends) + (" …" if len(ends) < len(f.suffixes) else "")
        read, written = ("✓" if target else "" for target in (f.reader, f.writer or f.pair_writer))
        keeps = "everything" if f.keeps == _ALL else ", ".join(f.keeps)
        rows.append(f"| `{f.name}` | {f.about} | {files} | {read} | {written} | {keeps} |")
    return "\n".join(rows)


def format_list() -> str:
    """All formats of sentences as lines for help: name, what it is, and the names of its files."""
    shown = [f for f in BUILT_IN if f.reader is not None]
    width = max(len(f.name) for f in shown)
    return "\n".join(f"{f.name:{width}}  {f.about}" for f in shown)
