"""What a record of an annotation tool has: a text, spans of characters, and everything else that xlner knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, TextIO

from xlner.core.entity import Entity
from xlner.core.files import open_output
from xlner.core.sentence import Sentence
from xlner.formats.jsonl import dumped
from xlner.formats.label_fields import LABEL_FIELDS, WORD_FIELDS
from xlner.formats.writing import begun, write_each, write_whole
from xlner.text.tokenizer import tokenize

_READ = frozenset({*LABEL_FIELDS, *WORD_FIELDS, "text", "offsets", "id", "lang", "language", "source", "alignment"})


class TextRecord(NamedTuple):
    """A text, its spans in code points with their entities, and other fields.

    The fields have the bounds of the words as `offsets`, if the tokenizer would not find these words.
    """

    text: str
    spans: list[tuple[int, int, Entity]]
    fields: dict[str, object]

    def in_utf16(self) -> list[tuple[int, int, Entity]]:
        """The spans, counting UTF-16 as programs in browsers and in Java do."""
        position = utf16_positions(self.text)
        return [(position[start], position[end], entity) for start, end, entity in self.spans]


def text_record(sentence: Sentence, reserved: Collection[str] = ()) -> TextRecord:
    """A sentence as a text with spans. A field that means something else in the format is renamed to `original_…`.

    >>> record = text_record(Sentence(("Ana", "vive"), (Entity(0, 1, "PER"),), language="es"))
    >>> record.text, record.spans[0][:2], record.fields
    ('Ana vive', (0, 3), {'lang': 'es'})
    """
    made = sentence.with_text()
    text, offsets = made.text or "", made.offsets or ()
    fields: dict[str, object] = {}
    if made.id is not None:
        fields["id"] = made.id
    if made.language is not None:
        fields["lang"] = made.language
    if list(offsets) != tokenize(text, made.language):
        fields["offsets"] = [list(span) for span in offsets]
    for name, value in made.meta.items():
        fields[f"original_{name}" if name in _READ or name in reserved else name] = value
    spans = [(offsets[e.start][0], offsets[e.end - 1][1], e) for e in made.entities]
    return TextRecord(text, spans, fields)


def of_person(sentence: Sentence, predicted: bool) -> tuple[Sentence, bool]:
    """The sentence, and whether its labels are those of a program.

    A sentence whose `corrections` say that it was reviewed has the labels of a person, which have no scores.

    >>> found = Sentence(("Vigo",), (Entity(0, 1, "LOC", 0.4),), meta={"corrections": [{"action": "reviewed"}]})
    >>> of_person(found, True)[1], of_person(found, True)[0].entities[0].score
    (False, None)
    """
    made = sentence.meta.get("corrections")
    decisions = made if isinstance(made, (list, tuple)) else ()
    if not any(isinstance(decision, Mapping) and decision.get("action") == "reviewed" for decision in decisions):
        return sentence, predicted
    return sentence.with_entities(replace(entity, score=None) for entity in sentence.entities), False


def utf16_positions(text: str) -> range | list[int]:
    """For each index of a text, and for its end, how many units of UTF-16 are before it.

    >>> utf16_positions("a🦉b"), utf16_positions("ab")
    ([0, 1, 3, 4], range(0, 3))
    """
    if max(text, default="") <= "\uffff":
        return range(len(text) + 1)
    return list(accumulate((1 + (char > "\uffff") for char in text), initial=0))


def write_lines(records: Iterable[dict[str, object]], path: str | Path) -> int:
    """Write records as JSON, one per line; return their number."""
    with open_output(path) as stream:
        return write_each(records, stream, _write_line)


def write_array(records: Iterable[dict[str, object]], path: str | Path) -> int:
    """Write records as an array of JSON, one on each line; return their number."""
    number = 0
    records = begun(records)
    with open_output(path) as stream:
        stream.write("[")
        try:
            for number, record in enumerate(records, start=1):
                write_whole(stream, record, number, partial(_write_element, separator="\n" if number == 1 else ",\n"))
        finally:  # the records before an error stay readable
            stream.write("\n]\n")
    return number


def _write_line(stream: TextIO, record: dict[str, object]) -> None:
    stream.write(dumped(record) + "\n")


def _write_element(stream: TextIO, record: dict[str, object], *, separator: str) -> None:
    stream.write(separator + dumped(record))


def records(sentences: Iterable[Sentence], reserved: Collection[str] = ()) -> Iterator[TextRecord]:
    """The text records of sentences."""
    return (text_record(sentence, reserved) for sentence in sentences)
