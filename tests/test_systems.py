"""The page on systems says what wheels there are, as the lock file has them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SYSTEMS = {
    "Linux x86-64": r"manylinux\w*_x86_64",
    "Linux ARM": r"manylinux\w*_aarch64",
    "macOS ARM": r"macosx\w*_(?:arm64|universal2)",
    "macOS Intel": r"macosx\w*_(?:x86_64|universal2)",
    "Windows x64": r"win_amd64",
    "Windows ARM": r"win_arm64",
}
PYTHONS = ("311", "312", "313")


def wheels() -> dict[str, list[str]]:
    """The names of the wheels of each package."""
    found: dict[str, list[str]] = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        names = [wheel["url"].rpartition("/")[2].removesuffix(".whl") for wheel in package.get("wheels", [])]
        found.setdefault(package["name"], []).extend(names)
    return found


def runs(names: list[str], system: str, python: str) -> bool:
    """Whether one of the wheels is for a system and a version of Python."""
    for name in names:
        tag, abi, platform = name.split("-")[-3:]
        fits = tag == f"cp{python}" or tag == "py3" or (abi == "abi3" and int(tag[3:]) <= int(python[1:]))
        if fits and (platform == "any" or re.search(SYSTEMS[system], platform)):
            return True
    return False


def test_the_table_is_that_of_the_lock_file() -> None:
    page = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8").partition("\n## ")[0]
    head, _, *rows = (line.strip("| ") for line in page.splitlines() if line.startswith("|"))
    systems = head.split(" | ")[2:]
    assert systems == list(SYSTEMS)
    known = wheels()
    for line in page.splitlines():
        if line.startswith("| `") or line.startswith("| (none)"):
            _, packages, *ticks = (cell.strip() for cell in line.strip("|").split("|"))
            for system, tick in zip(systems, ticks, strict=True):
                here = all(runs(known[name], system, python) for name in packages.split(", ") for python in PYTHONS)
                assert here == (tick == "✓"), (packages, system)
    assert len(rows) == 11


def test_the_lock_file_names_public_places_only() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = set(re.findall(r"[a-z+]+://[^/\"]+", text))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}
    assert set(re.findall(r"source = \{ (\w+)", text)) == {"registry", "editable"}


def test_the_lock_file_is_that_of_the_project() -> None:
    """Every dependency of pyproject.toml is locked, with the same bounds: what `uv lock --check` asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (locked,) = (
        p for p in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"] if p["name"] == "xlner"
    )
    wanted = list(project["dependencies"]) + [d for ds in project["optional-dependencies"].values() for d in ds]
    names = {re.match(r"[\w-]+", d)[0].lower() for d in wanted if not d.startswith("xlner")}  # type: ignore[index]
    held = locked["metadata"]["requires-dist"]
    assert names == {entry["name"] for entry in held if entry["name"] != "xlner"}
    for dependency in wanted:
        name, bounds = re.fullmatch(r"([\w-]+)(?:\[\w+\])?(.*)", dependency).groups()  # type: ignore[union-attr]
        if name != "xlner":
            found = {
                frozenset(filter(None, e.get("specifier", "").split(","))) for e in held if e["name"] == name.lower()
            }
            assert frozenset(filter(None, bounds.split(","))) in found, dependency
