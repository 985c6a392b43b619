"""GLiNER: an array of objects with `tokenized_text` and `ner`, a list of `[first word, last word, label]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from xlner.core.sentence import Sentence
from xlner.formats.jsonl import sentence_record
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.formats.tools.json_records import read_json, require
from xlner.formats.tools.text_records import write_array
from xlner.formats.writing import WriteOptions

_OURS = frozenset({"tokens", "ner_tags", "entities", "tokenized_text", "ner"})


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each object."""
    return read_json(path, options, report, partial(require, tool="GLiNER", names=("tokenized_text",)))


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one object for each sentence. Scores have no place."""
    return write_array(map(_record, sentences), path)


def _record(sentence: Sentence) -> dict[str, object]:
    ner = [[entity.start, entity.end - 1, entity.label] for entity in sentence.entities]
    fields = {name: value for name, value in sentence_record(sentence).items() if name not in _OURS}
    return {"tokenized_text": sentence.tokens, "ner": ner, **fields}
