"""Find the data sets in a folder."""

from __future__ import annotations

from pathlib import Path

from xlner.core.sentence import Sentence
from xlner.formats.datasets.catalog import all_datasets
from xlner.formats.datasets.locate import Located, local_files
from xlner.formats.datasets.read import read_located
from xlner.formats.reading import ReadOptions, ReadReport


def survey(folder: Path) -> list[tuple[Path, Located]]:
    """Find the data sets in a folder and in the folders directly inside it, each with the folder for its spec.

    A file that could belong to several data sets is assigned to the first one with its language. A file that does not
    begin with a labeled sentence is skipped.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "ned.testb").write_text("Vigo B-LOC\\n")
    ...     [(located.dataset.name, located.name) for _, located in survey(Path(folder))]
    [('conll2002', 'ned')]
    """
    found: dict[Path, tuple[Path, Located]] = {}
    datasets = all_datasets().values()
    for place in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
        for dataset in datasets:
            for located in local_files(dataset, place):
                known = found.get(located.files[0])
                if known is None or (_is_listed(located) and not _is_listed(known[1])):
                    found[located.files[0]] = place, located
    return [(place, located) for place, located in found.values() if _begins_well(located)]


def _is_listed(located: Located) -> bool:
    languages = located.dataset.languages
    return not languages or located.name in languages or located.language in languages


def _begins_well(located: Located) -> bool:
    if not located.files[0].stat().st_size:
        return False
    options, report = ReadOptions(require_tags=True), ReadReport()
    return isinstance(next(read_located(located, options, report), None), Sentence)
