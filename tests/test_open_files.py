"""No file stays open after an error, also before the garbage collector runs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest

from xlner import read_pairs, read_sentences
from xlner.errors import InputError
from xlner.formats import raise_errors, read_blocks
from xlner.formats.by_name import read_alignments, read_gold_alignments, read_lexicon, read_links
from xlner.recognition.gazetteer import GazetteerRecognizer
from xlner.translation.given import GivenTranslator

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux to see which files are open")

_BAD = (b"Coru\xf1a B-LOC\n\n", b"a\0b O\n\n", b'{"tokens": [\n', b"Ana X-PER Z\n\n")
_GOOD = (b"Ana B-PER\nvive O\n\n", b'{"tokens":["Ana","vive"],"tags":["B-PER","O"]}\n', b"Ana vive .\n", b"0-0 1-1\n")


@pytest.fixture(autouse=True)
def without_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def _raised(items: Iterator[Any]) -> None:
    for _ in raise_errors(items):
        pass


def _kept(items: Iterator[Any]) -> list[InputError]:
    return [item for item in islice(items, 3) if isinstance(item, InputError)]


@pytest.mark.parametrize("form", ["conll", "jsonl", "text", "csv", "tsv", "prodigy", "webanno", "gliner"])
@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
def test_readers_of_sentences(tmp_path: Path, form: str) -> None:
    for path, use in product(_damaged(tmp_path), (_raised, _kept)):
        assert not _open_after(path, lambda path=path, use=use: use(read_sentences(path, format=form)))
        assert not _open_after(path, lambda path=path, use=use: use(read_blocks(path, format=form)))


@pytest.mark.parametrize("reader", [read_pairs, read_alignments, read_gold_alignments, read_links, read_lexicon])
def test_other_readers(tmp_path: Path, reader: Callable[[Path], Any]) -> None:
    for path, use in product(_damaged(tmp_path), (_raised, _kept)):
        assert not _open_after(path, lambda path=path, use=use: use(reader(path)))


@pytest.mark.parametrize("reader", [GazetteerRecognizer, GivenTranslator])
def test_stages_that_read_files(tmp_path: Path, reader: Callable[[str], object]) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"Vigo\tLOC\nCoru\xf1a\tLOC\nVigo\tLOC\n")
    assert not _open_after(path, lambda: reader(str(path)))


def _damaged(folder: Path) -> list[Path]:
    """Files with something that no reader, or not every one, can read."""
    paths = []
    for k, (good, bad) in enumerate(product(_GOOD, _BAD)):
        paths.append(folder / f"{k}.dat")
        paths[-1].write_bytes(good * 2 + bad + good * 2)
    return paths


def _open_after(path: Path, read: Callable[[], object]) -> list[Path | None]:
    """The times that a file is still open after it was read to its first error, while what was read of it is kept."""
    kept = None
    with suppress(InputError):
        kept = read()
    found = [link for link in map(_target, Path("/proc/self/fd").iterdir()) if link == path]
    del kept
    return found


def _target(descriptor: Path) -> Path | None:
    try:
        return descriptor.readlink()
    except OSError:  # that of the folder
        return None
