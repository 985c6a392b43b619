"""The sentences of an experiment: gold target sentences, with source sentences if the dataset has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.engines.run_folder import file_digest
from xlner.errors import InputError
from xlner.experiments.reproduce.recipe import DatasetPlan
from xlner.formats import raise_errors, read_sentences
from xlner.formats.by_name import input_files
from xlner.formats.datasets import all_datasets, is_spec, local_files, of_language
from xlner.text.counts import counted


@dataclass(frozen=True, slots=True)
class LanguageData:
    """One language of a dataset.

    - `gold`: the gold target sentences.
    - `pairs`: the same sentences without labels, with their source sentences if there are any.
    - `source_labeled`: whether the source sentences have gold labels.
    - `digest`: identifies the files that were read.
    """

    gold: tuple[Sentence, ...]
    pairs: tuple[Pair, ...]
    source_labeled: bool
    digest: str


def read_language_data(
    plan: DatasetPlan, folder: str | Path | None, lang: str, *, source_lang: str, limit: int | None = None
) -> LanguageData:
    """Read one language of a dataset. Sentences without words are left out, as in scoring.

    Raises `InputError` for a file that is missing or cannot be read, and if source and target differ in their number
    of sentences.
    """
    path = _find(plan, folder, lang, plan.target)
    gold = list(raise_errors(read_sentences(path, format=_format(path), language=lang, require_tags=True)))
    digests = [_digest(path)]
    sources: Sequence[Sentence | None] = [None] * len(gold)
    labeled = plan.labeled_source or bool(plan.source)
    if labeled:
        source_path = _find(plan, folder, source_lang, plan.source)
        sources = list(raise_errors(read_sentences(source_path, language=source_lang, require_tags=True)))
        digests.append(_digest(source_path))
        if len(sources) != len(gold):
            raise InputError(f"{counted(len(sources), 'sentence')}, but {path} has {len(gold)}", path=source_path)
    rows = [(g, s) for g, s in zip(gold, sources, strict=True) if g.tokens][:limit]
    targets = [replace(g, entities=(), meta={}) for g, _ in rows]
    pairs = tuple(Pair(t, s) for t, (_, s) in zip(targets, rows, strict=True))
    return LanguageData(tuple(g for g, _ in rows), pairs, labeled, f"{'+'.join(digests)} limit={limit}")


def has_language(plan: DatasetPlan, folder: Path, lang: str) -> bool:
    """Return whether a folder has files of one language of a dataset; True for a reader that is not known."""
    if plan.reader is None:
        return any((folder / pattern.replace("{lang}", lang)).is_file() for pattern in plan.target)
    dataset = all_datasets().get(plan.reader)
    if dataset is None:
        return True
    return bool(of_language([f for f in local_files(dataset, folder) if f.split == plan.split], lang))


def _find(plan: DatasetPlan, folder: str | Path | None, lang: str, patterns: Sequence[str]) -> str:
    """Return the path or spec of one side; raises `InputError` with all names that were tried if none exists."""
    if plan.reader is not None:
        return f"{plan.reader}:{folder or ''}?lang={lang}&split={plan.split}"
    if folder is None:
        raise InputError(f"dataset {plan.name!r} is not on the hub", hint="give its folder")
    tried = [Path(folder) / pattern.replace("{lang}", lang) for pattern in patterns]
    for path in tried:
        if path.is_file():
            return str(path)
    names = ", ".join(path.name for path in tried)
    raise InputError(f"no file for language {lang!r}: looked for {names}", path=folder)


def _digest(path: str) -> str:
    return "+".join(file_digest(file) for file in input_files(path))


def _format(path: str) -> str | None:
    if is_spec(path):
        return None
    return "jsonl" if path.endswith(".jsonl") else "conll"
