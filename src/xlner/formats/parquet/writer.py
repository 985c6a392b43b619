"""Write sentences as Parquet files that the library `datasets` reads, with the names of the tags."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from xlner.core.files import STANDARD_STREAM, replacing
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import MissingExtraError, UsageError
from xlner.formats.json_values import writable
from xlner.formats.jsonl import dumped, source_record
from xlner.formats.writing import WriteOptions, begun
from xlner.text.tokenizer import locate

OWN_METADATA = b"xlner"
"""The key of the metadata of files from xlner."""
COLUMNS = frozenset({"id", "lang", "text", "tokens", "offsets", "ner_tags", "entities", "error", "meta"})
"""The columns of files from xlner."""
_BATCH = 1000
_PREFIXES = {
    Scheme.IOB1: "BI",
    Scheme.IOB2: "BI",
    Scheme.IOBES: "BIES",
    Scheme.BILOU: "BILU",
    Scheme.IO: "",
}


def tag_names_of(labels: Iterable[str], scheme: Scheme | str = Scheme.IOB2) -> list[str]:
    """The names of all tags of labels, in the order of their numbers.

    >>> tag_names_of(["PER", "LOC"])
    ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC']
    """
    prefixes = _PREFIXES[Scheme(scheme)]
    return ["O", *(f"{p}-{label}" if p else label for label in labels for p in prefixes or ("",))]


def features(tag_names: Sequence[str]) -> dict[str, Any]:
    """The features of the columns, as the library `datasets` writes them into `README.md` and into files."""

    def value(kind: str) -> dict[str, str]:
        return {"dtype": kind, "_type": "Value"}

    def sequence(of: object) -> dict[str, object]:
        return {"feature": of, "_type": "Sequence"}

    entity = {"start": value("int32"), "end": value("int32"), "label": value("string"), "score": value("float64")}
    return {
        "id": value("string"),
        "lang": value("string"),
        "text": value("string"),
        "tokens": sequence(value("string")),
        "offsets": sequence(sequence(value("int32"))),
        "ner_tags": sequence({"names": list(tag_names), "_type": "ClassLabel"}),
        "entities": [entity],
        "error": value("string"),
        "meta": value("string"),
    }


def _schema() -> Any:
    import pyarrow as pa

    entity = [("start", pa.int32()), ("end", pa.int32()), ("label", pa.string()), ("score", pa.float64())]
    return pa.schema(
        [
            ("id", pa.string()),
            ("lang", pa.string()),
            ("text", pa.string()),
            ("tokens", pa.list_(pa.string())),
            ("offsets", pa.list_(pa.list_(pa.int32()))),
            ("ner_tags", pa.list_(pa.int64())),
            ("entities", pa.list_(pa.struct(entity))),
            ("error", pa.string()),
            ("meta", pa.string()),
        ]
    )


def parquet_writer() -> Any:
    """The class of pyarrow that writes Parquet. Raises `MissingExtraError` without pyarrow."""
    try:
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet") from None
    return ParquetWriter


class ParquetFile:
    """Writes sentences in batches into a stream; the end of its `with` block, or `close`, writes the names of the tags.

    Labels get their numbers as they come. Several files that share a list of `labels` have the same numbers, if all are
    closed after the last sentence.
    """

    def __init__(self, stream: IO[bytes], scheme: Scheme | str = Scheme.IOB2, labels: list[str] | None = None) -> None:
        self.scheme = Scheme(scheme)
        self.labels = [] if labels is None else labels
        self._numbers: dict[str, int] = {}
        self._numbered = 0
        self._renumber()
        self._schema = _schema()
        self._writer = parquet_writer()(stream, self._schema, compression="zstd", store_schema=False)
        self._rows: list[dict[str, object]] = []
        self.sentences = 0

    def add(self, sentence: Sentence) -> None:
        """Write one sentence."""
        self.labels.extend(dict.fromkeys(e.label for e in sentence.entities if e.label not in self.labels))
        if len(self.labels) != self._numbered:
            self._renumber()
        self._rows.append(_row(sentence, self._numbers, self.scheme))
        self.sentences += 1
        if len(self._rows) >= _BATCH:
            self._flush()

    def _renumber(self) -> None:
        self._numbered = len(self.labels)
        self._numbers = {name: number for number, name in enumerate(tag_names_of(self.labels, self.scheme))}

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        with nullcontext() if kind is None else suppress(Exception):  # the rows before an error stay readable
            self.close()

    def close(self) -> None:
        """Write what is left, and the names of the tags."""
        try:
            self._flush()
            info = {"info": {"features": features(tag_names_of(self.labels, self.scheme))}}
            self._writer.add_key_value_metadata({"huggingface": json.dumps(info), "xlner": "1"})
        finally:
            self._writer.close()


def _row(sentence: Sentence, numbers: Mapping[str, int], scheme: Scheme) -> dict[str, object]:
    text, meta = sentence.text, dict(sentence.meta)
    error = meta.pop("error", None)
    if text is None and isinstance(meta.get("text"), str):
        text = _plain(meta.pop("text"))  # it differs from the words
    found = None if sentence.text is None else locate(sentence.text, sentence.tokens)
    moved = sentence.offsets is not None and (found is None or tuple(found) != sentence.offsets)
    return {
        "id": None if sentence.id is None else _plain(sentence.id),
        "lang": sentence.language,
        "text": None if text is None else _plain(text),
        "tokens": [_plain(token) for token in sentence.tokens],
        "offsets": [list(span) for span in sentence.offsets or ()] if moved else None,
        "ner_tags": [numbers[tag] for tag in sentence.tags(scheme)],
        "entities": [
            {"start": e.start, "end": e.end, "label": e.label, "score": None if e.score is None else round(e.score, 6)}
            for e in sentence.entities
        ],
        "error": None if error is None else _plain(error),
        "meta": dumped(_plain_meta(meta)) if meta else None,
    }


def _plain_meta(meta: Mapping[str, object]) -> dict[str, object]:
    def one(value: object) -> object:
        if isinstance(value, (list, tuple)):
            return [source_record(item) if isinstance(item, Pair) else item for item in value]
        return value

    made: dict[str, object] = writable({name: one(value) for name, value in meta.items()}, set())
    return made


def _plain(value: object) -> str:
    """Text that UTF-8 has a form for."""
    return str(value).encode("utf-8", "replace").decode("utf-8") if value else ""


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one row for each sentence; return their number. After an error, those before it are in `PATH.part`.

    Raises `MissingExtraError` without pyarrow, and `UsageError` for standard output.
    """
    if str(path) == STANDARD_STREAM:
        raise UsageError("parquet is not written to standard output", hint="name an output that ends in .parquet")
    parquet_writer()  # raises before anything is done
    sentences = begun(sentences)
    with replacing(path, keep=True) as stream, ParquetFile(stream, options.scheme) as file:
        for sentence in sentences:
            file.add(sentence)
    return file.sentences
