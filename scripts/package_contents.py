"""Check what is in the sdist and the wheel of a folder: python scripts/package_contents.py dist."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

LARGEST = 12_000_000
"""Bytes of the wheel, most of them weights."""


def main(folder: Path) -> int:
    """Print what is wrong; the number of faults."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*faults_of_wheel(wheel), *faults_of_sdist(sdist)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes; {sdist.name}: {sdist.stat().st_size:,} bytes")
    return len(faults)


def faults_of_wheel(wheel: Path) -> list[str]:
    """Files of the package that are missing, files that do not belong there, and missing metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name for name in names if name.endswith(".dist-info/METADATA")).removesuffix("METADATA")
        entry_points = archive.read(f"{info}entry_points.txt").decode() if f"{info}entry_points.txt" in names else ""
    expected = {path.removeprefix("src/") for path in tracked("src/xlner")}
    faults = [f"missing in the wheel: {name}" for name in sorted(expected - names)]
    faults += [f"not of the package: {n}" for n in sorted(names - expected) if not n.startswith(info)]
    faults += [] if "xlner = xlner.cli:main" in entry_points else ["the wheel has no command xlner"]
    faults += [f"missing in the wheel: {n}" for n in (f"{info}licenses/LICENSE", "xlner/py.typed") if n not in names]
    if wheel.stat().st_size > LARGEST:
        faults.append(f"the wheel has {wheel.stat().st_size:,} bytes, more than {LARGEST:,}")
    return faults


def faults_of_sdist(sdist: Path) -> list[str]:
    """What an sdist needs to be built and tested again, and is not there; and what should not be there."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = set(tracked("src", "tests", "docs", "examples", "scripts", "README.md", "LICENSE", "pyproject.toml"))
    faults = [f"missing in the sdist: {name}" for name in sorted(expected - names)]
    return faults + [f"in the sdist: {n}" for n in sorted(names) if n.startswith((".venv", "dist/", ".hypothesis"))]


def tracked(*paths: str) -> list[str]:
    """Files under version control below the paths."""
    listed = subprocess.run(["git", "ls-files", "-z", *paths], check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
