from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import read_sentences
from xlner.core.sections import Section, reading_sections
from xlner.errors import InputError, XlnerError
from xlner.formats.by_name import read_links
from xlner.formats.item_starts import LINKS, NoStartsError, item_starts

CONLL = ("Vigo\tB-LOC", "en\tO", "", "", " \t", "# id = 7", "#a\tO", "-DOCSTART- -X- O O", "\ufeff", "\udcff", "x\r")
JSONL = ('{"text": "Vigo"}', "", " ", "\u3000", "\ufeff", "{", '{"tokens": ["a"]}', "\x1c", "\udcff", "[]", "\x00")
TEXT = ("Vigo", "", " ", "\udcff", "a\rb", "\ufeffc")


def read(path: Path, format: str) -> Iterator[object]:
    if format == LINKS:
        return iter(read_links(path))
    return iter(read_sentences(path, format=format))


def starts(path: Path, format: str) -> list[tuple[int, int]] | None:
    try:
        return list(item_starts(path, format))
    except NoStartsError:
        return None


def outcome(items: Iterator[object]) -> list[object]:
    """What was read; errors as text, without the number of the sentence, which is that in the section."""
    return [re.sub(r" \(sentence \d+\)", "", str(item)) if isinstance(item, InputError) else item for item in items]


@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")  # of sentences with tags and words alone
@pytest.mark.parametrize(
    ("format", "lines"), [("conll", CONLL), ("jsonl", JSONL), ("text", TEXT), (LINKS, ("0-0", "", "1-1 x"))]
)
@given(data=st.data())
def test_each_start_begins_the_item_that_the_reader_gives(
    format: str, lines: tuple[str, ...], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = "\n".join(data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=20)))
    path = tmp_path_factory.getbasetemp() / f"starts.{format}"
    path.write_bytes(content.encode("utf-8", errors="surrogateescape"))
    found = starts(path, format)
    try:
        whole = outcome(read(path, format))
    except XlnerError:
        return
    if found is None:
        return
    assert len(found) == len(whole)
    for k, (offset, line) in enumerate(found):
        if not offset:
            continue
        with reading_sections({str(path): Section(0, offset, line)}):
            part = outcome(read(path, format))
        if k + 1 < len(found) or format != "conll":  # an error names the number of its sentence
            assert len(part) == len(whole) - k, (k, found)
        if format == "text":
            assert part == whole[k:]
