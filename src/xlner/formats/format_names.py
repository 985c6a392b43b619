"""The format of a file, from its name and its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlner.core.files import STANDARD_STREAM, require_content
from xlner.core.lines import head_lines, shown_name
from xlner.errors import InputError, UsageError
from xlner.formats.datasets import is_spec
from xlner.formats.detection import detect
from xlner.formats.reading import warn_of_data
from xlner.formats.registry import BUILT_IN, RARE_SUFFIXES, all_formats, format_named

_SUFFIXES = {suffix: format.name for format in BUILT_IN for suffix in format.suffixes}
_NO_TEXT = {
    ".xls": "a table of an office program",
    ".xlsx": "a table of an office program",
    ".ods": "a table of an office program",
    ".doc": "a document of an office program",
    ".docx": "a document of an office program",
    ".odt": "a document of an office program",
    ".rtf": "a document of an office program",
    ".pdf": "a PDF document",
    ".html": "HTML",
    ".htm": "HTML",
    ".xml": "XML",
}
FORMATS = tuple(format.name for format in BUILT_IN)
"""The names of the formats of xlner, see `xlner.formats.registry`."""
COLUMN_FORMATS = ("conll", "conllu")
"""The formats of CoNLL."""
DATA_FILES = ("*.parquet", "data/*.parquet", "*/*.parquet", "*.arrow", "*/*.arrow")
"""Where the files of a data set are in its folder."""
NAMED_COLUMNS = (*COLUMN_FORMATS, "csv", "tsv", "webanno")
"""The formats whose columns can be named."""


def format_of(
    path: str | Path, default: str | None = None, *, formats: Sequence[str] = FORMATS, option: str | None = None
) -> str:
    """Guess the format of a file from its name.

    Returns `default` for an unknown suffix, and raises `UsageError` if that is None. The error names the `option` that
    takes one of the `formats`.

    >>> format_of("data/es.train.iob2"), format_of("es.jsonl.gz")
    ('conll', 'jsonl')
    """
    if is_spec(path):
        return "conll"
    suffix = _suffix(path)
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    added = next((name for name, format in all_formats().items() if suffix in format.suffixes), None)
    if added is not None:
        return added
    if default is not None:
        return default
    known = {suffix: format for suffix, format in _SUFFIXES.items() if suffix not in RARE_SUFFIXES}
    suffixes = " ".join(suffix for suffix, format in known.items() if format in formats)
    named = "name the format" if option is None else f"give {option}"
    raise UsageError(
        f"cannot tell the format of {str(path)!r} from its name",
        hint=f"{named} ({', '.join(formats)}) or use one of the suffixes {suffixes}",
    )


def _suffix(path: str | Path) -> str:
    name = Path(path)
    return name.with_suffix("").suffix.lower() if name.suffix == ".gz" else name.suffix.lower()


def known_format(path: str | Path, format: str | None) -> str:
    """A format as given, or by the name of the file. Raises `UnknownNameError` for an unknown one.

    >>> known_format("es.conll", None), known_format("-", None)
    ('conll', 'text')
    """
    if format is None:
        return format_of(path, default="text" if str(path) == STANDARD_STREAM else None)
    return format_named(format).name


def detect_format(path: str | Path, given: str | None = None, default: str | None = None) -> str:
    """The format of an input: as given, or guessed from its name and its first lines.

    The first lines decide where the name says text, CoNLL or nothing: a file of tags or JSON is not text, whatever its
    name says, and a `DataWarning` says so. Returns `default` for an unknown suffix; that of standard input and of a
    name without suffix is text.

    Raises `UnknownNameError` for an unknown format, `UsageError` for an unknown suffix without a default, and
    `InputError` for a file that cannot be read or looks like something else, such as HTML.

    >>> detect_format("examples/es.txt"), detect_format("es.txt", given="conll")
    ('text', 'conll')
    """
    if given is not None:
        return known_format(path, given)
    if is_dataset_folder(path):
        return "dataset"
    if default is None and str(path) == STANDARD_STREAM:
        default = "text"
    named = format_of(path, default=default or "")
    if named not in ("text", "", *COLUMN_FORMATS) or is_spec(path):
        return named
    shown = shown_name(path)
    chosen = f"--input-format {named or 'text'} reads it as {named or 'text'}"
    what = _NO_TEXT.get(_suffix(path))
    if what is not None:
        raise InputError(
            f"this is {what}", path=shown, hint=f"write CoNLL, JSONL or one sentence per line; or {chosen}"
        )
    require_content(path)
    look = detect(head_lines(path))
    if look is None or (named in COLUMN_FORMATS and (look.format == "conll" or look.has_tabs)):
        if not named and not _suffix(path):
            return "text"
        return named or format_of(path, formats=(*COLUMN_FORMATS, "jsonl", "text"), option="--input-format")
    if look.format is None:
        raise InputError(f"this looks like {look.what}", path=shown, hint=f"{look.hint}; or {chosen}")
    warn_of_data(f"{shown} looks like {look.what}, and is read as {look.format}; {chosen}")
    return look.format


def has_columns(path: str | Path, format: str | None = None) -> bool:
    """Return True if the columns of a file can be named.

    >>> has_columns("examples/es.conll"), has_columns("es.jsonl")
    (True, False)
    """
    return detect_format(path, format, "text") in NAMED_COLUMNS


def is_dataset_folder(path: str | Path) -> bool:
    """Return True for a folder with files of a data set of the Hugging Face hub.

    >>> is_dataset_folder("examples"), is_dataset_folder("README.md")
    (False, False)
    """
    place, _ = split_of_folder(path)
    return str(path) != STANDARD_STREAM and place.is_dir() and any(any(place.glob(pattern)) for pattern in DATA_FILES)


def split_of_folder(path: str | Path) -> tuple[Path, str | None]:
    """The folder and the split of `FOLDER?split=NAME`; None if it names no split.

    >>> split_of_folder("examples?split=test")[1], split_of_folder("examples")[1]
    ('test', None)
    """
    folder, sign, split = str(path).partition("?split=")
    if not sign or Path(path).exists() or not Path(folder).is_dir():
        return Path(path), None
    return Path(folder), split
