"""Outputs that appear under their names only when complete."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from xlner.core.files import (
    cached_folder,
    lock_folder,
    open_output,
    replace_folder,
    replacing,
    replacing_text,
    require_writable_folder,
    write_durably,
)
from xlner.core.lines import read_lines
from xlner.errors import InputError, RunFolderError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def default_mode(tmp_path: Path) -> int:
    (tmp_path / "plain").touch()
    found = mode(tmp_path / "plain")
    (tmp_path / "plain").unlink()
    return found


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path, default_mode: int) -> None:
    path = tmp_path / "a.txt"
    write_durably(path, "é\n")
    assert (path.read_bytes(), mode(path)) == ("é\n".encode(), default_mode)
    path.chmod(0o640)
    write_durably(path, b"b")
    assert (path.read_bytes(), mode(path)) == (b"b", 0o640)
    with open_output(path) as stream:
        stream.write("c\n")
        assert path.read_bytes() == b"b"
    assert (path.read_bytes(), mode(path)) == (b"c\n", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_several_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with open_output(path) as first:
        first.write("first\n")
        with open_output(path) as second:
            second.write("second\n")
        assert path.read_text(encoding="utf-8") == "second\n"
    assert path.read_text(encoding="utf-8") == "first\n"
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_leaves_the_old_file_and_keeps_what_was_written_beside_it(tmp_path: Path) -> None:
    path, input = tmp_path / "a.txt", tmp_path / "a.txt.part"
    write_durably(path, "old")
    write_durably(input, "an input")
    with pytest.raises(KeyboardInterrupt) as stop, open_output(path) as text:  # noqa: PT012
        text.write("new\n")
        raise KeyboardInterrupt
    assert stop.value.__notes__ == [f"what was written before is in {tmp_path / 'a.txt.part-2'}"]
    with pytest.raises(KeyboardInterrupt) as stop, open_output(path):
        raise KeyboardInterrupt
    assert not hasattr(stop.value, "__notes__")
    with pytest.raises(KeyboardInterrupt), replacing(path) as stream:  # noqa: PT012
        stream.write(b"new")
        raise KeyboardInterrupt
    assert {p.name: p.read_text(encoding="utf-8") for p in tmp_path.iterdir()} == {
        "a.txt": "old",
        "a.txt.part": "an input",
        "a.txt.part-2": "new\n",
    }


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a disk that is almost full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_an_output_that_does_not_fit_is_named_and_not_kept(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_durably(path, b"old")
    match = f"{name}: cannot be written: File too large"
    with pytest.raises(InputError, match=match), largest_file(1000), open_output(path) as stream:  # noqa: PT012
        for number in range(100_000):
            stream.write(f"{number}\n")
    with pytest.raises(InputError, match=match), largest_file(10):
        write_durably(path, b"0123456789a")
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == b"old"


def test_a_full_device_and_other_places_in_which_nothing_is_replaced(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match="/dev/full: cannot be written: No space left on device; free some space"):
            write_durably("/dev/full", "a")
    write_durably("/dev/null", "a")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    log = tmp_path / "log"
    log.write_text("before\n", encoding="utf-8")
    with log.open("a", encoding="utf-8") as opened:
        (tmp_path / "link").symlink_to(f"/dev/fd/{opened.fileno()}")
        for place in (f"/dev/fd/{opened.fileno()}", f"/proc/self/fd/{opened.fileno()}", tmp_path / "link"):
            write_durably(place, "a\n")
    assert log.read_text(encoding="utf-8") == "before\na\na\na\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "log"]


def test_a_private_file_is_never_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.touch(0o600)
    with open_output(path) as stream:
        stream.write("secret")
        assert {mode(p) for p in tmp_path.iterdir()} == {0o600}
    assert mode(path) == 0o600


def test_a_write_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.touch(0o444)
    monkeypatch.setattr(os, "access", lambda path, how: False)  # the superuser may write everything
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        write_durably(path, "a")


def test_names_that_are_long_or_that_no_file_has(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)
    write_durably(path, "a")
    assert list(tmp_path.iterdir()) == [path]
    for name in ("a\0b", "a\ud800b"):
        with pytest.raises(InputError, match="cannot be written: no file can have this name"):
            write_durably(tmp_path / name, "a")
        with pytest.raises(InputError, match="cannot be read: no file can have this name"):
            list(read_lines(tmp_path / name))
        with pytest.raises(RunFolderError, match="cannot be created: no file can have this name"):
            lock_folder(tmp_path / name)


def test_a_lock_follows_no_link_and_empties_no_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("keep", encoding="utf-8")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(mine)
    with pytest.raises(RunFolderError, match="cannot be created"):
        lock_folder(tmp_path / "run")
    assert mine.read_text(encoding="utf-8") == "keep"


def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "a.txt")
    write_durably(link, "a")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text(encoding="utf-8") == "a"
    folder = tmp_path / "folder"
    folder.symlink_to(tmp_path / "real")
    replace_folder(folder, lambda new: (new / "b").touch())
    assert folder.is_symlink()
    assert [p.name for p in (tmp_path / "real").iterdir()] == ["b"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    with open_output(path) as stream:
        stream.write("a\n")
    reader.join()
    assert read == [b"a\n"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    for path, match in (
        (tmp_path, "cannot be written: Is a directory"),
        (tmp_path / "no" / "a", "cannot be written: No"),
    ):
        with pytest.raises(InputError, match=match), open_output(path):
            pass
        with pytest.raises(InputError, match=match):
            write_durably(path, "a")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "model"
    replace_folder(folder, lambda new: (new / "a").touch())
    usual = tmp_path / "usual"
    usual.mkdir()
    assert mode(folder) == mode(usual)
    folder.chmod(0o750)
    replace_folder(folder, lambda new: (new / "b").touch())
    assert ([p.name for p in folder.iterdir()], mode(folder)) == (["b"], 0o750)

    def broken(new: Path) -> None:
        (new / "c").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_folder(folder, broken)
    assert [p.name for p in folder.iterdir()] == ["b"]
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_folder_that_was_not_finished_is_kept(tmp_path: Path) -> None:
    def broken(text: str, new: Path) -> None:
        (new / "data").mkdir()
        (new / "data" / "a").write_text(text, encoding="utf-8")
        raise OSError("disk full")

    for text, kept in (("", []), ("a", ["gl.part"]), ("b", ["gl.part", "gl.part-2"])):
        with pytest.raises(OSError, match="disk full") as stop:
            replace_folder(tmp_path / "gl", partial(broken, text), keep=True)
        assert getattr(stop.value, "__notes__", []) == [
            f"what was written before is in {tmp_path / k}" for k in kept[-1:]
        ]
        assert sorted(path.name for path in tmp_path.iterdir()) == kept
    assert (tmp_path / "gl.part-2" / "data" / "a").read_text(encoding="utf-8") == "b"


def test_a_cached_folder_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    assert cached_folder(folder, lambda new: (new / "first").touch()) == folder
    assert cached_folder(folder, lambda new: (new / "second").touch()) == folder
    assert [p.name for p in folder.iterdir()] == ["first"]
    (tmp_path / "y").mkdir()
    assert mode(folder) == mode(tmp_path / "y")


def test_folders_that_a_model_can_be_written_to(tmp_path: Path) -> None:
    file, empty, model, other = (tmp_path / name for name in ("file", "empty", "model", "other"))
    file.touch()
    for folder in (empty, model, other):
        folder.mkdir()
    (model / "config.json").touch()
    (other / "thesis.tex").touch()
    for folder, overwrite in ((tmp_path / "new", False), (empty, False), (empty, True), (model, True)):
        require_writable_folder(folder, overwrite)
    for folder, overwrite, match in (
        (file, True, "file: exists already; name a folder"),
        (model, False, "model: exists already; give --overwrite to replace it"),
        (other, False, "other: exists already; give --overwrite"),
        (other, True, "other: holds no model and will not be replaced; name another folder"),
    ):
        with pytest.raises(InputError, match=match):
            require_writable_folder(folder, overwrite)


def test_a_locked_folder_is_in_use_until_the_lock_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with lock_folder(folder):
        with pytest.raises(RunFolderError, match="run folder .*run is in use by another process"):
            lock_folder(folder)
        with replacing_text(folder / "a") as stream:
            stream.write("a")
    with pytest.raises(KeyboardInterrupt), replacing_text(folder / "b") as stream:  # noqa: PT012
        (part,) = folder.glob("*.part")
        raise KeyboardInterrupt
    part.touch()  # as a killed process leaves it
    others = ("download.part", ".a.part", "a.0123abcd.part")
    for name in others:
        (folder / name).touch()
    lock_folder(folder).close()
    assert sorted(p.name for p in folder.iterdir()) == sorted([".lock", "a", *others])
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match="training folder .*file cannot be created: File exists"):
        lock_folder(tmp_path / "file", "training folder")


def test_compressed_files_are_read(tmp_path: Path) -> None:
    import gzip

    from xlner.formats import format_of, raise_errors, read_sentences

    (tmp_path / "a.conll.gz").write_bytes(gzip.compress("Vigo\tB-LOC\n\né\tO\n".encode()))
    found = list(raise_errors(read_sentences(tmp_path / "a.conll.gz")))
    assert [s.tokens for s in found] == [("Vigo",), ("é",)]
    assert found[0].entities[0].label == "LOC"
    assert format_of("a.TXT.gz", default="text") == "text"


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-12], lambda data: b"Vigo\tO\n", lambda data: data[:20] + data[40:]]
)
def test_a_damaged_compressed_file_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    import gzip

    whole = gzip.compress("".join(f"word{k}\tO\n\n" for k in range(1000)).encode())
    (tmp_path / "a.conll.gz").write_bytes(damage(whole))
    with pytest.raises(InputError, match=r"a\.conll\.gz: cannot be decompressed"):
        list(read_lines(tmp_path / "a.conll.gz"))
