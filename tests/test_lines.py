"""Lines are the same whether a file is read in blocks or one line at a time."""

from __future__ import annotations

import gzip
import random
from contextlib import nullcontext
from pathlib import Path

import pytest

from xlner.core.lines import LineBlock, head_lines, read_lines
from xlner.errors import InputError

_PARTS = ("Ana", "ñandú", "中", " ", "\t", "\n", "\n", "\r\n", "\r", "\ufeff", "\0", "x" * 20)


def _read(path: Path) -> list[tuple[int, str]]:
    return [(number, str(line)) for number, line in read_lines(path)]


def test_blocks_of_any_size_give_the_same_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    for k in range(150):
        data = "".join(rng.choices(_PARTS, k=rng.randint(1, 60))).encode()
        if k % 5 == 0:
            data = data.replace("ñ".encode(), b"\xf1")
        path = tmp_path / f"{k}.txt"
        path.write_bytes(data)
        with monkeypatch.context() as patch:
            patch.setattr("xlner.core.lines._LONGEST", rng.choice([16, 1 << 20]))
            whole = _read(path)
            for size in (1, 2, 7, 64):
                patch.setattr("xlner.core.lines._BLOCK", size)
                assert _read(path) == whole, data


def test_blocks_are_whole_lines_with_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.core.lines._BLOCK", 10)
    (tmp_path / "a.txt").write_text("Ana\nvive\nen\nVigo y Lugo\nahora", encoding="utf-8")
    blocks = list(read_lines(tmp_path / "a.txt").blocks())
    assert all(isinstance(block, LineBlock) for block in blocks)
    assert len(blocks) > 1
    lines = [line for block in blocks if isinstance(block, LineBlock) for line in block.lines()]
    assert lines == list(enumerate(("Ana", "vive", "en", "Vigo y Lugo", "ahora"), start=1))


def test_only_the_bad_line_of_a_block_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Ana\n\xff\n\xef\xbb\xbfVigo\nLu\0go\nx\r\n")
    lines = [line for _, line in read_lines(tmp_path / "a.txt")]
    assert [isinstance(line, InputError) for line in lines] == [False, True, False, True, False]
    assert (lines[0], lines[2], lines[4]) == ("Ana", "Vigo", "x")


@pytest.mark.parametrize("kind", ["whole", "cut off", "damaged"])
def test_a_compressed_file_is_closed(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"Ana\nVigo\n")
    path, opened = tmp_path / "a.txt.gz", []
    path.write_bytes({"whole": packed, "cut off": packed[:-9], "damaged": b"\x1f\x8b\x08damaged"}[kind])

    def open_and_keep(self: Path, *args: str) -> object:
        opened.append(usual(self, *args))
        return opened[-1]

    usual = Path.open
    monkeypatch.setattr(Path, "open", open_and_keep)
    for read in (read_lines, head_lines):
        with nullcontext() if kind == "whole" else pytest.raises(InputError, match="cannot be decompressed"):
            assert list(read(path))
    assert [stream.closed for stream in opened] == [True, True]
