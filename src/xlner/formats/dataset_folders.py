"""Folders of the Hugging Face hub: one Parquet file for each split, and `README.md`, the card.

Read are also folders of Parquet files with other names, and those that the library `datasets` saves (Arrow). `NAME` in
`FOLDER?split=NAME` chooses one of several splits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from xlner.core.files import STANDARD_STREAM, replace_folder, write_durably
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import InputError, UsageError
from xlner.formats import parquet
from xlner.formats.dataset_card import CARD, DatasetCard, SplitCounts
from xlner.formats.format_names import DATA_FILES, split_of_folder
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.writing import WriteOptions, begun

_SHARD = re.compile(r"(?P<split>[A-Za-z0-9_]+?)(?:-\d+-of-\d+)?(?:-[0-9a-f]{16})?")
_SPLIT = re.compile(r"\w+(?:\.\w+)*")
_SAVED = "data"
"""The name that the library `datasets` gives to the files of a set without splits."""


def splits(folder: str | Path) -> dict[str, tuple[Path, ...]]:
    """The files of each split of a folder, in order.

    >>> splits("examples")
    {}
    """
    place = Path(folder)
    found: dict[str, list[Path]] = {}
    for pattern in DATA_FILES:
        for path in sorted(place.glob(pattern)):
            match = _SHARD.fullmatch(path.stem)
            name = match["split"] if match else path.stem
            if name == _SAVED and path.parent != place:
                name = path.parent.name  # train/data-00000-of-00001.arrow
            if path not in found.setdefault(name, []):
                found[name].append(path)
    return {name: tuple(files) for name, files in found.items()}


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of the only split of a folder, or of the one in `FOLDER?split=NAME`.

    Raises `InputError` for a folder without data or with several splits, and `MissingExtraError` without pyarrow.
    """
    folder, wanted = split_of_folder(path)
    found = splits(folder)
    if not found:
        raise InputError("no Parquet or Arrow files", path=path, hint="give a folder of the Hugging Face hub")
    if wanted is None and len(found) > 1:
        named = f"{folder}?split={next(iter(found))}"
        raise InputError(f"several splits: {', '.join(found)}", path=path, hint=f"name one: {named}")
    name = next(iter(found)) if wanted is None else wanted
    if name not in found:
        raise InputError(f"no split {name!r}", path=folder, hint=f"it has {', '.join(found)}")
    return (item for file in found[name] for item in parquet.read(file, options, report))


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write a folder with the split `train` and a card; return the number of sentences. See `write_dataset`."""
    return write_dataset({"train": sentences}, path, scheme=options.scheme).sentences


@dataclass(slots=True)
class WrittenDataset:
    """What was written: the folder, and the counts of each split.

    >>> WrittenDataset(Path("gl"), {"train": SplitCounts(sentences=3)}).sentences
    3
    """

    folder: Path
    splits: dict[str, SplitCounts]
    languages: tuple[str, ...] = ()

    @property
    def sentences(self) -> int:
        """The number of sentences in all splits."""
        return sum(counts.sentences for counts in self.splits.values())


def write_dataset(
    splits: Mapping[str, Iterable[Sentence]],
    folder: str | Path,
    *,
    card: DatasetCard | None = None,
    scheme: Scheme | str = Scheme.IOB2,
    overwrite: bool = False,
) -> WrittenDataset:
    """Write splits as a folder of the Hugging Face hub, which `datasets.load_dataset` reads.

    The tags are numbers with names (`ClassLabel`), the same in all splits. The folder appears when it is complete;
    after an error, the sentences before it are in `FOLDER.part`.

    - `splits`: the sentences of each split, such as `train`, `validation` and `test`.
    - `card`: facts for `README.md`; counts are added.
    - `overwrite`: replace a folder that holds nothing but such a data set.

    Raises `InputError` if the folder exists, or with `overwrite` if it holds other files than those of a data set,
    `UsageError` for standard output and for a name that no split can have, and `MissingExtraError` without pyarrow.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_dataset({"train": [Sentence(("Vigo",))]}, Path(place, "gl")).sentences
    1
    """
    if str(folder) == STANDARD_STREAM:
        raise UsageError("a data set is not written to standard output", hint="name a folder")
    place = Path(folder)
    bad = next((name for name in splits if not _SPLIT.fullmatch(name)), None)
    if bad is not None:
        raise UsageError(f"{bad!r} cannot be the name of a split", hint="use letters, such as train, validation, test")
    _require_own(place, overwrite)
    parquet.parquet_writer()  # raises before anything is done
    splits = {name: begun(sentences) for name, sentences in splits.items()}
    written = WrittenDataset(place, {})
    languages: set[str] = set()

    def fill(new: Path) -> None:
        (new / "data").mkdir()
        labels: list[str] = []
        with ExitStack() as stack:
            for name, sentences in splits.items():
                stream = stack.enter_context((new / "data" / f"{name}-00000-of-00001.parquet").open("wb"))
                # closed after the last split: only then are all labels known
                file = stack.enter_context(parquet.ParquetFile(stream, scheme, labels))
                counts = written.splits[name] = SplitCounts()
                for sentence in sentences:
                    file.add(sentence)
                    _count(counts, sentence)
                    if sentence.language is not None:
                        languages.add(sentence.language)
        written.languages = tuple(sorted(languages))
        write_durably(new / CARD, (card or DatasetCard(place.name)).text(written.splits, labels, written.languages))

    replace_folder(place, fill, keep=True)
    return written


def _count(counts: SplitCounts, sentence: Sentence) -> None:
    counts.sentences += 1
    counts.failed += "error" in sentence.meta
    counts.words += len(sentence)
    counts.labels.update(entity.label for entity in sentence.entities)


def _require_own(folder: Path, overwrite: bool) -> None:
    """Raise `InputError` unless a data set can be written here."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError("exists already", path=folder, hint="name a folder")
    inside = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if not inside:
        return
    if not overwrite:
        raise InputError("exists already", path=folder, hint="give --overwrite to replace it, or name another folder")
    other = next(
        (name for name in sorted(inside) if name != CARD and not re.fullmatch(r"data/[^/]+\.parquet", name)), None
    )
    if other is not None or CARD not in inside:
        what = f"{other} is in it" if other is not None else f"it has no {CARD}"
        raise InputError(
            f"holds more than a data set and will not be replaced: {what}", path=folder, hint="name another folder"
        )
