"""Sentences as a `datasets.Dataset` of Hugging Face, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import InputError, MissingExtraError
from xlner.formats import jsonl, parquet
from xlner.formats.json_values import writable
from xlner.formats.reading import Item, ReadOptions

if TYPE_CHECKING:
    from datasets import Dataset

_TAGS = ("ner_tags", "tags", "labels", "ner")


def to_dataset(sentences: Iterable[Sentence], *, scheme: Scheme | str = Scheme.IOB2) -> Dataset:
    """A data set in memory with the columns of a Parquet file of xlner; the tags are a `ClassLabel`.

    Raises `MissingExtraError` without the library `datasets`.

    >>> to_dataset([Sentence.from_tags(["Ana", "vive"], ["B-PER", "O"])]).features["ner_tags"].feature.names
    ['O', 'B-PER', 'I-PER']
    """
    library = _datasets()
    from pyarrow.parquet import read_table

    stream = BytesIO()
    file = parquet.ParquetFile(stream, scheme)
    for sentence in sentences:
        file.add(sentence)
    file.close()
    stream.seek(0)
    made: Dataset = library.Dataset(read_table(stream))
    return made


def from_dataset(dataset: Dataset, *, language: str | None = None, require_tags: bool = False) -> Iterator[Item]:
    """Yield a sentence, or an `InputError`, for each row of a data set.

    The columns are those of Parquet files; the names of numeric tags are those of the data set. `language` and
    `require_tags` are those of `read_sentences`.

    >>> sentence = Sentence.from_tags(["Ana", "vive"], ["B-PER", "O"])
    >>> list(from_dataset(to_dataset([sentence]))) == [sentence]
    True
    """
    names = next((found for field in _TAGS if (found := _names(dataset.features.get(field))) is not None), None)
    options = ReadOptions(
        language=language, require_tags=require_tags, tag_names=None if names is None else tuple(names)
    )
    own = parquet.is_own(dataset.column_names)
    rows = ((number, parquet.plain_row(row) if own else _plain(row)) for number, row in enumerate(dataset, start=1))
    return jsonl.read_records(rows, "data set", options)


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any] | InputError:
    made: Mapping[str, Any] = writable({name: value for name, value in row.items() if value is not None}, set())
    return made


def _names(feature: Any) -> list[str] | None:
    names = getattr(getattr(feature, "feature", None), "names", None)
    return list(names) if names is not None else None


def _datasets() -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("datasets", extra="datasets") from None
    return datasets
