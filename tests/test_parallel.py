"""Source, target and links read as pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner import InputError, Pair, UsageError, read_parallel
from xlner.formats.bulk.parallel import read_parallel_blocks


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    source, target, links = tmp_path / "source.dat", tmp_path / "target.dat", tmp_path / "links.talp"
    source.write_text("Vigo\tB-LOC\n\nthe\tO\nEU\tB-ORG\n\n", encoding="utf-8")
    target.write_text("Vigo\na UE\n", encoding="utf-8")
    links.write_text("0-0\n1-1\n", encoding="utf-8")
    return source, target, links


def test_formats_of_both_sides_are_taken_as_given(files: tuple[Path, Path, Path]) -> None:
    source, target, links = files
    pairs = list(read_parallel(source, target, links, source_format="conll", target_format="text"))
    assert not any(isinstance(pair, InputError) for pair in pairs)
    first, second = pairs
    assert first.require_source().entities[0].label == "LOC"  # type: ignore[union-attr]
    assert second.target.tokens == ("a", "UE")  # type: ignore[union-attr]
    assert second.require_alignment().links == ((1, 1),)  # type: ignore[union-attr]


def test_several_files_of_links_agree_and_an_error_names_its_own(
    files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, target, links = files
    other = tmp_path / "other.talp"
    other.write_text("0-0\n0-0 1-1\n", encoding="utf-8")
    formats = {"source_format": "conll", "target_format": "text"}
    _, second = read_parallel(source, target, [links, other], **formats)  # type: ignore[arg-type]
    assert second.require_alignment().weights == (0.5, 1.0)  # type: ignore[union-attr]
    other.write_text("0-0\n5-5\n", encoding="utf-8")
    _, bad = read_parallel(source, target, [links, other], **formats)  # type: ignore[arg-type]
    assert isinstance(bad, InputError)
    assert str(bad).startswith(f"{other} (sentence 2): ")


def test_links_of_standard_input_cannot_be_weighed(files: tuple[Path, Path, Path]) -> None:
    source, _, links = files
    with pytest.raises(UsageError, match="weighing links reads files twice, not standard input; save the input first"):
        list(read_parallel(source, "-", links, source_format="conll", target_format="text", weigh_links=True))


@pytest.mark.parametrize("count", [2, 200])
def test_blank_lines_at_the_end_of_links_are_no_pairs(tmp_path: Path, count: int) -> None:
    source, target, links = (tmp_path / name for name in ("a.conll", "b.conll", "links.talp"))
    source.write_text("Vigo\tB-LOC\n\n" * count, encoding="utf-8")
    target.write_text("Vigo\tO\n\n" * count, encoding="utf-8")
    links.write_text("0-0\n" * count + "\n\n", encoding="utf-8")
    assert len(list(read_parallel(source, target, links))) == count
    blocks = read_parallel_blocks(source, target, [links], block=300)
    assert (
        sum(1 if isinstance(made, Pair) else len(made) for made in blocks if not isinstance(made, InputError)) == count
    )
    links.write_text("0-0\n" * count + "\n0-0\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"a.conll: ends after {count} sentences, but .*links.talp goes on"):
        list(read_parallel(source, target, links))
    links.write_text("0-0\n" * (count - 1) + "\n", encoding="utf-8")
    last = list(read_parallel(source, target, links))[-1]
    assert isinstance(last, Pair)
    assert last.require_alignment().links == ()
