"""Check what is in the sdist and the wheel of a folder: python scripts/package_contents.py dist."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.metadata import Metadata

LARGEST = 12_000_000
"""Bytes of the wheel, and of the sdist: most of them are weights."""

NOTICES = ("xlner/recognition/multilingual/README.md", "xlner/recognition/multilingual/recipe.toml")
"""Whose data the weights were trained on, and under which licenses."""


def main(folder: Path) -> int:
    """Print what is wrong; the number of faults."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*faults_of_wheel(wheel), *faults_of_sdist(sdist)]
    for path in (wheel, sdist):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")
        if size > LARGEST:
            faults.append(f"{path.name} has {size:,} bytes, more than {LARGEST:,}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return len(faults)


def faults_of_wheel(wheel: Path) -> Iterator[str]:
    """Files of the package and others, its metadata, license and commands."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name for name in names if name.endswith(".dist-info/METADATA")).removesuffix("METADATA")
        metadata = Metadata.from_email(archive.read(f"{info}METADATA"))  # raises for invalid metadata
        entry_points = archive.read(f"{info}entry_points.txt").decode() if f"{info}entry_points.txt" in names else ""
    package = {path.removeprefix("src/") for path in tracked("src/xlner")}
    yield from differences(package, {name for name in names if not name.startswith(info)}, "the wheel")
    for name in (f"{info}licenses/LICENSE", "xlner/py.typed", *NOTICES):
        if name not in names:
            yield f"missing in the wheel: {name}"
    if not metadata.description:
        yield "the wheel has no description"
    for entry in ("xlner = xlner.cli:main", "xlner = xlner.recognition.spacy_component:create"):
        if entry not in entry_points.splitlines():
            yield f"the wheel has no entry point {entry}"


def faults_of_sdist(sdist: Path) -> Iterator[str]:
    """What is under version control and not in the sdist, and the other way round."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    yield from differences(tracked(), names - {"PKG-INFO"}, "the sdist")


def differences(expected: Iterable[str], found: Iterable[str], where: str) -> Iterator[str]:
    """One line for each file that is missing, and for each that is not under version control."""
    yield from (f"missing in {where}: {name}" for name in sorted({*expected} - {*found}))
    yield from (f"in {where}, but not under version control: {name}" for name in sorted({*found} - {*expected}))


def tracked(*paths: str) -> list[str]:
    """Files under version control below the paths, or all of them."""
    listed = subprocess.run(["git", "ls-files", "-z", *paths], check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
