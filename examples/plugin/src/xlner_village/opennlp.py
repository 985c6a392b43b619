"""The name finder format of Apache OpenNLP: `<START:person> Ana <END> vive en <START:location> Vigo <END> .`

One sentence on each line, words separated by spaces. Labels are kept as they are; `--map person=PER` renames them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from xlner import Entity, InputError, Sentence
from xlner.core import open_output, read_lines, require_content
from xlner.formats import Format, Item, ReadOptions, ReadReport, WriteOptions

FORMAT = Format(
    name="opennlp",
    about="names in the form of Apache OpenNLP",
    reader="xlner_village.opennlp:read",
    writer="xlner_village.opennlp:write",
    suffixes=(".opennlp",),
    keeps=("words",),
)

_START = re.compile(r"<START(?::(\S+))?>")
_END = "<END>"


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each line, or an `InputError` with its place."""
    require_content(path)
    for number, line in read_lines(path):
        try:
            if isinstance(line, InputError):
                raise line
            item = _sentence(line, options.language)
            report.sentences += 1
            yield item
        except (InputError, ValueError) as error:
            report.bad += 1
            yield error if isinstance(error, InputError) else InputError(str(error), path=path, line=number)


def _sentence(line: str, language: str | None) -> Sentence:
    """The sentence of a line. Raises `ValueError` for a mark without its other half."""
    words: list[str] = []
    entities: list[Entity] = []
    opened: tuple[int, str] | None = None
    for part in line.split():
        start = _START.fullmatch(part)
        if start and opened is None:
            opened = len(words), start[1] or "default"
        elif part == _END and opened is not None:
            entities.append(Entity(opened[0], len(words), opened[1]))
            opened = None
        elif start or part == _END:
            raise ValueError(f"{part} where {_END if opened else '<START:label>'} was expected")
        else:
            words.append(part)
    if opened is not None:
        raise ValueError(f"{_END} is missing")
    return Sentence(tuple(words), tuple(entities), language=language)


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one line for each sentence; return their number."""
    number = 0
    with open_output(path) as stream:  # the file appears under its name when it is complete
        for sentence in sentences:
            number += 1
            stream.write(" ".join(_parts(sentence)) + "\n")
    return number


def _parts(sentence: Sentence) -> Iterator[str]:
    starts = {entity.start: f"<START:{entity.label}>" for entity in sentence.entities}
    ends = {entity.end for entity in sentence.entities}
    for k, word in enumerate(sentence.tokens):
        if k in starts:
            yield starts[k]
        yield word
        if k + 1 in ends:
            yield _END
