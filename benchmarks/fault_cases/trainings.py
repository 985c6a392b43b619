"""Training folders that are damaged or foreign."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fault_cases.harness import NotAsPromised, fault, need, put


def _opened(folder: Path, *, overwrite: bool = False) -> str:
    """What opening and loading a training folder says."""
    from xlner.errors import XlnerError
    from xlner.models.training_state import TrainingState

    try:
        with TrainingState(folder, {"seed": 1}, overwrite=overwrite) as state:
            state.load()
            if not (folder / "state.pt").exists():
                state.save({"step": 1})
    except XlnerError as error:
        return str(error)
    except Exception as error:
        raise NotAsPromised(repr(error)) from None
    return ""


def _has_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


@fault("run.json of a training is cut, or of another form", "one line that names --overwrite; with it, it starts over")
def manifest(work: Path) -> str | None:
    if not _has_torch():
        return None
    said = ""
    for text in ("{", "[]", "null", "5"):
        _opened(work / "t", overwrite=True)
        put(work / "t" / "run.json", text)
        said = _opened(work / "t")
        need("run.json is damaged; use --overwrite" in said, said)
    need(_opened(work / "t", overwrite=True) == "", "--overwrite failed")
    return said.replace(str(work), "…")


@fault("the state of a training is cut or empty", "one line that names --overwrite; with it, it starts over")
def state(work: Path) -> str | None:
    if not _has_torch():
        return None
    _opened(work / "t")
    whole, said = (work / "t" / "state.pt").read_bytes(), ""
    for data in (b"", whole[:20], whole[: len(whole) // 2]):
        (work / "t" / "state.pt").write_bytes(data)
        said = _opened(work / "t")
        need("state.pt is damaged" in said and "--overwrite" in said, said)
    need(_opened(work / "t", overwrite=True) == "", "--overwrite failed")
    return said.replace(str(work), "…")


@fault("OUT.training holds files of somebody else", "one line; they stay, with --overwrite too")
def foreign(work: Path) -> str | None:
    if not _has_torch():
        return None
    (work / "t").mkdir()
    put(work / "t" / "thesis.tex", "mine")
    said = _opened(work / "t", overwrite=True)
    need("holds other files, such as thesis.tex" in said, said)
    need((work / "t" / "thesis.tex").is_file(), "removed")
    return said.replace(str(work), "…")
