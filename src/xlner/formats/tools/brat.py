"""brat: `FILE.ann` with the entities of `FILE.txt`, or a folder of such pairs.

Each line of the text is a sentence. Offsets count characters (code points) of the whole text. An entity of several
parts is one entity if only spaces part them; any other one is an error on its sentence that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from xlner.core.files import STANDARD_STREAM, replacing_text
from xlner.core.output_stream import reason
from xlner.core.sentence import Sentence
from xlner.errors import InputError, UsageError, ValidationError
from xlner.formats.character_spans import Mark, Words, in_characters
from xlner.formats.label_fields import CHARACTERS
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data, warn_of_widened
from xlner.formats.writing import WriteOptions, write_whole
from xlner.text.counts import counted

_ENTITY = re.compile(r"(?P<id>T\S*)\t(?P<label>\S+) (?P<parts>\d+ \d+(?:;\d+ \d+)*)(?:\t(?P<text>.*))?")
_OTHERS = {
    "R": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "*": "equivalences",
    "#": "notes",
}
_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class _Entity:
    """An entity of a whole text, with its line in the file of annotations."""

    id: str
    label: str
    parts: tuple[tuple[int, int], ...]
    text: str | None
    line: int


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each line of the text beside `path`, or of each text of a folder."""
    place = Path(path)
    if place.is_dir():
        files = sorted(place.glob("*.ann"))
        if not files:
            raise InputError("no files that end in .ann", path=path)
        return (item for file in files for item in _read(file, options, report))
    return _read(place, options, report)


def _read(path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    if str(path) == STANDARD_STREAM:
        raise InputError("brat cannot be read from standard input", hint="give FILE.ann beside FILE.txt")
    annotations = _content(path)
    text = _content(path.with_suffix(".txt"), f"the text of {path.name}")
    entities, others = _parsed(annotations, path)
    if others:
        warn_of_data(f"{path}: only entities are read, no {', '.join(sorted(others))}")
    last = max((end for entity in entities for _, end in entity.parts), default=0)
    if last > len(text):
        raise InputError(f"an entity ends at {last}, but the text has {counted(len(text), 'character')}", path=path)
    return _sentences(text, sorted(entities, key=lambda e: e.parts), path, options, report)


def _content(path: Path, what: str = "") -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start + 1} is not UTF-8", path=path, hint="convert it from its encoding"
        ) from None
    except (OSError, ValueError) as error:
        shown = reason(error)
        raise InputError(f"cannot be read: {shown}", path=path, hint=f"this is {what}" if what else None) from None


def _parsed(annotations: str, path: Path) -> tuple[list[_Entity], set[str]]:
    """The entities, and the names of everything else."""
    entities, others = [], set()
    for number, line in enumerate(annotations.split("\n"), start=1):
        row = line.rstrip("\r")
        if not row.strip():
            continue
        match = _ENTITY.fullmatch(row)
        if match is not None:
            bounds = [tuple(map(int, part.split())) for part in match["parts"].split(";")]
            parts = tuple(sorted((start, end) for start, end in bounds))
            entities.append(_Entity(match["id"], match["label"], parts, match["text"], number))
        elif row[0] in _OTHERS:
            others.add(_OTHERS[row[0]])
        else:
            raise InputError(
                f"{row[:60]!r} is no annotation of brat", path=path, line=number, hint="write T1, a tab, PER 0 3"
            )
    return entities, others


def _sentences(
    text: str, entities: Sequence[_Entity], path: Path, options: ReadOptions, report: ReadReport
) -> Iterator[Item]:
    start = widened = position = 0
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        end = start + len(line)
        first = position
        while position < len(entities) and entities[position].parts[0][0] <= end:
            position += 1
        try:
            sentence = options.sentence(line.removesuffix("\r"))
            marks = [_mark(entity, text, start, end) for entity in entities[first:position]]
            words = Words(sentence.tokens, sentence.text, sentence.offsets, given=False)
            found = in_characters("brat", marks, CHARACTERS, words) if marks else None
        except ValidationError as error:
            report.bad += 1
            at = entities[first].line if first < position else None
            yield InputError(error.message, path=path, line=at, sentence=number, hint=error.hint)
        else:
            report.sentences += 1
            report.line = number
            widened += 0 if found is None else found.widened
            yield sentence if found is None else sentence.with_entities(found.entities)
        start = end + 1
    if widened:
        warn_of_widened(path, widened, "entity", "entities")


def _mark(entity: _Entity, text: str, start: int, end: int) -> Mark:
    """The entity as a span of its line."""
    for (_, before), (after, _) in zip(entity.parts, entity.parts[1:], strict=False):
        if text[before:after].strip():
            raise ValidationError(
                f"{entity.id} ({entity.label}) is discontinuous: {text[before:after].strip()!r} is not part of it",
                hint="give it one span in brat, or remove it",
            )
    first, last = entity.parts[0][0], entity.parts[-1][1]
    if last > end:
        raise ValidationError(f"{entity.id} ({entity.label}) goes on in the next line", hint="end it in its line")
    return Mark(first - start, last - start, entity.label, None, entity.text if len(entity.parts) == 1 else None)


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write `FILE.ann`, and `FILE.txt` with one sentence per line; return their number.

    A file `FILE.txt` that exists must have this text, and is left as it is. Line breaks in a text become blanks. Scores
    have no place.
    """
    target = Path(path)
    if str(path) == STANDARD_STREAM or target.suffix != ".ann":
        raise UsageError("brat is written as FILE.ann and FILE.txt", hint="name an output that ends in .ann")
    beside = target.with_suffix(".txt")
    number = entity_number = position = 0
    lost = 0
    with ExitStack() as stack:
        given = stack.enter_context(beside.open(encoding="utf-8", newline="\n")) if beside.exists() else None
        text = None if given is not None else stack.enter_context(replacing_text(beside, keep=True))
        annotations = stack.enter_context(replacing_text(target, keep=True))
        for number, sentence in enumerate(sentences, start=1):
            made = sentence.with_text()
            line = _BREAK.sub(" ", made.text or "")
            lost += "error" in made.meta
            if text is not None:
                write_whole(text, line + "\n", number, _write)
            elif given is not None and given.readline().rstrip("\r\n") != line:
                raise InputError(
                    f"exists already, with another text in line {number}", path=beside, hint="name another output"
                )
            for entity in made.entities:
                entity_number += 1
                start, end = made.char_span(entity) or (0, 0)
                row = f"T{entity_number}\t{entity.label} {position + start} {position + end}\t{line[start:end]}\n"
                write_whole(annotations, row, number, _write)
            position += len(line) + 1
        if given is not None and given.readline():
            raise InputError("exists already, with more lines", path=beside, hint="name another output")
    if lost:
        warn_of_data(f"{path}: brat has no place for the errors of {counted(lost, 'sentence')} without entities there")
    return number
