"""The sentences of an experiment: gold target sentences, with source sentences where the dataset has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner._errors import InputError
from xlner._pair import Pair
from xlner._sentence import Sentence
from xlner.experiments._recipe import DatasetPlan
from xlner.formats import read_sentences, strict
from xlner.pipeline._runs import file_digest


@dataclass(frozen=True, slots=True)
class Data:
    """One language of a dataset: gold sentences, and pairs without the gold labels, one for one.

    `source_labelled` says that the source sentences have gold labels. `digest` names the files that it was read from.
    """

    gold: tuple[Sentence, ...]
    pairs: tuple[Pair, ...]
    source_labelled: bool
    digest: str


def load(plan: DatasetPlan, folder: str | Path, lang: str, *, source_lang: str, limit: int | None = None) -> Data:
    """Read one language of a dataset; sentences without words are left out, as in scoring.

    Raises `InputError` where a file is missing or cannot be read, where source and target have other numbers of
    sentences, and where a sentence lacks its translation.
    """
    path = find(folder, plan.target, lang)
    gold = list(strict(read_sentences(path, format=_format(path), language=lang, require_tags=True)))
    digests = [file_digest(path)]
    sources: Sequence[Sentence | None] = [None] * len(gold)
    if plan.source:
        source_path = find(folder, plan.source, lang)
        sources = list(strict(read_sentences(source_path, language=source_lang, require_tags=True)))
        digests.append(file_digest(source_path))
        if len(sources) != len(gold):
            raise InputError(f"{len(sources)} sentences for the {len(gold)} of {path}", path=source_path)
    elif plan.source_field is not None:
        sources = [_translation(s, plan.source_field, source_lang, path, k) for k, s in enumerate(gold, start=1)]
    rows = [(g, s) for g, s in zip(gold, sources, strict=True) if g.tokens][:limit]
    targets = [replace(g, entities=(), meta={}) for g, _ in rows]
    pairs = tuple(Pair(t, s) for t, (_, s) in zip(targets, rows, strict=True))
    return Data(tuple(g for g, _ in rows), pairs, bool(plan.source), f"{'+'.join(digests)} limit={limit}")


def find(folder: str | Path, patterns: Sequence[str], lang: str) -> Path:
    """The first of the patterns below a folder that is a file; raises `InputError` with all that were tried."""
    tried = [Path(folder) / pattern.format(lang=lang) for pattern in patterns]
    for path in tried:
        if path.is_file():
            return path
    names = ", ".join(pattern.format(lang=lang) for pattern in patterns)
    raise InputError(f"no file for language {lang!r}: looked for {names}", path=folder)


def _format(path: Path) -> str:
    return "jsonl" if path.suffix == ".jsonl" else "conll"


def _translation(sentence: Sentence, field: str, language: str, path: Path, number: int) -> Sentence:
    text = sentence.meta.get(field)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"no text in field {field!r}", path=path, sentence=number)
    return Sentence.from_text(text, language=language)
