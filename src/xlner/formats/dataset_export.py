"""Make a data set for the Hugging Face hub of labeled files: splits, a card with what is known of them, and a push."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from xlner.core.files import require_content
from xlner.core.pair import Pair
from xlner.core.registry import DEFAULT_RECOGNIZER
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.errors import BackendError, InputError, MissingExtraError, UsageError
from xlner.formats.by_name import read_pairs, read_sentences
from xlner.formats.dataset_card import DatasetCard
from xlner.formats.dataset_folders import WrittenDataset, write_dataset
from xlner.formats.datasets import is_spec
from xlner.formats.format_names import detect_format, has_columns
from xlner.formats.reading import raise_errors, warn_of_data
from xlner.text.counts import counted

_STAGES = ("route", "translator", "recognizer", "aligner", "projector", "ensemble")
_OPTIONS = ("lang", "source_lang", "min_confidence", "filter", "ignore", "on_warning", "split", "recase")


def export_dataset(
    files: Mapping[str, str | Path],
    folder: str | Path,
    *,
    name: str | None = None,
    license: str = "",
    sources: Sequence[str] = (),
    licenses: Mapping[str, str] | None = None,
    run_dir: str | Path | None = None,
    scheme: Scheme | str = Scheme.IOB2,
    overwrite: bool = False,
    reading: Mapping[str, Any] | None = None,
    on_error: str = "stop",
) -> WrittenDataset:
    """Write labeled files as a folder of the Hugging Face hub, see `write_dataset`.

    - `files`: the file of each split, in any format with labels. Of JSONL from xlner, losses, projected entities and
      corrections are counted for the card.
    - `name`, `license`, `sources`, `licenses`: for the card, see `DatasetCard`.
    - `run_dir`: the run folder of the labels, for the models and options in the card and in its signature.
    - `scheme`, `overwrite`: see `write_dataset`.
    - `reading`: how the files are read: `format`, `scheme`, `repair`, `tag_names`, `label_map` and `columns`, see
      `read_sentences`. Columns are for the files that have them.
    - `on_error`: with `skip` a sentence that cannot be read is written without words, and counts as failed.

    A `DataWarning` says how many sentences are in two splits.

    Raises `InputError` for an empty file or a sentence that cannot be read, `UsageError` for columns that no file
    has, and what `write_dataset` raises.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     export_dataset({"train": "examples/gl.conll"}, Path(place, "gl")).splits["train"].sentences
    30
    """
    losses: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    models, facts = ({}, {}) if run_dir is None else facts_of_run(Path(run_dir))
    title = name or Path(folder).name
    card = DatasetCard(title, tuple(sources), license, models, dict(licenses or {}), losses, facts, origins)
    options = dict(reading or {})
    if options.get("columns") is not None and not any(has_columns(f, options.get("format")) for f in files.values()):
        raise UsageError("no file has columns to name", hint="leave out --columns, or give --input-format conll")
    unread: Counter[str] = Counter()
    splits = {}
    seen: dict[str, set[int]] = {}
    for split, path in files.items():
        pairs = _pairs(path, options)
        read = raise_errors(pairs) if on_error == "stop" else _kept(pairs, split, unread)
        seen[split] = set()
        splits[split] = _noting_words(_sentences(read, losses, origins), seen[split])
    written = write_dataset(splits, folder, card=card, scheme=scheme, overwrite=overwrite)
    for split, counts in written.splits.items():
        counts.unread = unread[split]
    for (first, words), (second, others) in combinations(seen.items(), 2):
        if shared := len(words & others):
            warn_of_data(
                f"{first} and {second} share {counted(shared, 'distinct sentence')}: scores on one may be too high"
            )
    return written


def _noting_words(sentences: Iterable[Sentence], seen: set[int]) -> Iterator[Sentence]:
    """The sentences; hashes of their words go into `seen`."""
    for sentence in sentences:
        if sentence.tokens:
            seen.add(hash(sentence.tokens))
        yield sentence


def _sentences(pairs: Iterable[Pair], losses: Counter[str], origins: Counter[str]) -> Iterator[Sentence]:
    """The sentences of a split; an error in the meta of one that failed. Counts losses, and where labels are from."""
    for pair in pairs:
        losses.update(_losses(pair))
        origins.update(_origins(pair))
        sentence = pair.result
        yield sentence if pair.error is None else replace(sentence, meta={**sentence.meta, "error": pair.error})


def _kept(pairs: Iterable[Pair | InputError], split: str, unread: Counter[str]) -> Iterator[Pair]:
    """The pairs, with a failed one without words for each error. Counts those by split."""
    for pair in pairs:
        if isinstance(pair, InputError):
            unread[split] += 1
            yield Pair(Sentence(()), error=str(pair))
        else:
            yield pair


def _pairs(path: str | Path, reading: Mapping[str, Any]) -> Iterator[Pair | InputError]:
    if not is_spec(path) and detect_format(path, reading.get("format")) == "jsonl":
        require_content(path)
        options = {name: value for name, value in reading.items() if name not in ("format", "columns")}
        yield from read_pairs(path, require_tags=True, **options)
        return
    columns = reading.get("columns") if has_columns(path, reading.get("format")) else None
    for item in read_sentences(path, require_tags=True, **{**reading, "columns": columns}):
        yield item if isinstance(item, InputError) else Pair(item)


def _losses(pair: Pair) -> Iterator[str]:
    """What the labels of a pair have lost: entities by reason, the whole sentence, and doubts about its translation."""
    if pair.error is not None:
        yield "sentences that failed"
    outcomes = () if pair.projection is None else pair.projection.outcomes
    yield from (f"source entities not projected ({outcome.reason})" for outcome in outcomes if outcome.dropped)
    warnings = None if pair.source is None else pair.source.meta.get("translation_warnings")
    if warnings:
        yield "translations that look wrong"


def _origins(pair: Pair) -> Iterator[str]:
    """Where the labels of a pair are from: how many entities were projected, and what a person did."""
    if pair.projection is not None:
        of = "" if pair.source is None or pair.source.language is None else f" in {pair.source.language}"
        yield from (f"entities projected from sentences{of}" for o in pair.projection.outcomes if not o.dropped)
        voters = ", ".join(member.name for member in pair.projection.ensemble_members)
        if voters:
            yield f"sentences labeled by a vote of {voters}"
    made = pair.result.meta.get("corrections")
    if isinstance(made, list) and made:
        done = {decision.get("action") for decision in made if isinstance(decision, dict)}
        yield "sentences reviewed by a person" if "reviewed" in done else "sentences corrected by a person in part"


def facts_of_run(folder: Path) -> tuple[dict[str, str], dict[str, object]]:
    """The models and the options of a run, from the config in its folder. Raises `InputError` if there is none.

    On the route direct only the recognizer has labeled the text. Which route `auto` chose is in the summary of the run.
    """
    path = folder / "config.toml"
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path=path, hint="give the folder of --run-dir") from None
    found = {key.replace("-", "_"): value for key, value in config.items()}
    if found.get("route") == "auto":
        found["route"] = _chosen_route(folder / "summary.json")
    stages = ("route", "recognizer", "ensemble") if found.get("route") == "direct" else _STAGES
    models = {key: _shown(found[key]) for key in stages if found.get(key)}
    if found.get("route") == "direct":
        models.setdefault("recognizer", DEFAULT_RECOGNIZER)
    return models, {key: found[key] for key in _OPTIONS if found.get(key)}


def _chosen_route(summary: Path) -> str:
    try:
        return str(json.loads(summary.read_text(encoding="utf-8"))["route"])
    except (OSError, ValueError, KeyError, TypeError):
        return "auto"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def push_dataset(folder: str | Path, repository: str, *, private: bool = False) -> str:
    """Upload a folder that `write_dataset` made to the Hugging Face hub; return its address.

    The repository is made if it does not exist. Raises `MissingExtraError` without huggingface_hub, `InputError` for a
    folder without a card, and `BackendError` if the hub refuses.

    >>> push_dataset("examples", "me/gl")
    Traceback (most recent call last):
    xlner.errors.InputError: examples: no data set is here; make one with xlner export
    """
    place = Path(folder)
    if not (place / "README.md").is_file():
        raise InputError("no data set is here", path=folder, hint="make one with xlner export")
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise MissingExtraError("huggingface_hub", extra="parquet") from None
    hub = HfApi()
    try:
        hub.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        hub.upload_folder(
            folder_path=str(place), repo_id=repository, repo_type="dataset", commit_message="Data set from xlner"
        )
    except Exception as error:  # of the network, of the rights, of the name: the library has many
        raise BackendError(
            f"{repository} cannot be uploaded: {error}", hint=f"log in with hf auth login; the folder is {folder}"
        ) from None
    return f"https://huggingface.co/datasets/{repository}"


def as_json(written: WrittenDataset) -> str:
    """What was written as JSON: the counts of each split.

    >>> as_json(WrittenDataset(Path("gl"), {}))
    '{"folder": "gl", "languages": [], "splits": {}}'
    """
    splits = {
        name: {"sentences": c.sentences, "failed": c.failed, "words": c.words, "labels": dict(c.labels)}
        for name, c in written.splits.items()
    }
    return json.dumps({"folder": str(written.folder), "languages": written.languages, "splits": splits})
