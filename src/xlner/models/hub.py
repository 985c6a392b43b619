"""Folders of models: local ones, those in the cache of the Hugging Face hub, and those to download."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatch
from pathlib import Path

from xlner.errors import BackendError, MissingExtraError, NotDownloadedError

_SMALL = ("*.json", "*.txt", "*.model", "*.spm", "*.tiktoken", "*.jinja")
"""Configurations and tokenizers."""
_WEIGHTS = ("*.safetensors", "*.bin")
"""In order of preference: a model that has both is read from safetensors."""
_CODE = ("*.py",)
_NOT_WEIGHTS = ("training_args.bin", "optimizer.bin", "scheduler.bin", "pytorch_model.generator.bin")
"""The last one is a second model, which DeBERTa was trained with."""
_VOCABULARIES = ("tokenizer.json", "*.model", "*.spm", "vocab.txt", "vocab.json", "*.tiktoken")
_WITHOUT_VOCABULARY = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
"""Tokenizers of bytes or characters, which have a configuration at most."""
_TIMEOUT = 10
"""Seconds to wait for the list of files of a model."""

_downloads = ContextVar("downloads", default=True)


@contextmanager
def without_downloads() -> Iterator[None]:
    """Inside of this context, a model that is not on this machine raises `NotDownloadedError` and is not downloaded."""
    token = _downloads.set(False)
    try:
        yield
    finally:
        _downloads.reset(token)


def model_folder(
    name: str,
    *,
    revision: str | None = None,
    config: str = "config.json",
    weights: bool = True,
    tokenizer: bool = True,
    code: bool = False,
) -> Path:
    """The folder of a model: `name` itself if it is a folder, otherwise its snapshot in the cache of the hub.

    A model in the cache is used without asking the network. Otherwise its configuration, its tokenizer, and its weights
    in one format are downloaded; of a model in the cache, only what is missing.

    - `revision`: a branch, tag or commit.
    - `config`: a file that every such model has.
    - `weights`: false if only the configuration and the tokenizer are needed.
    - `tokenizer`: false if the tokenizer is not needed.
    - `code`: true if the Python files of the model are needed, too.

    Raises `BackendError` for a missing folder, and for a name that the hub does not know or gives no access to;
    `NotDownloadedError`, which names what is missing, if the cache does not have all of the model and the hub cannot be
    reached; and `MissingExtraError` without `huggingface_hub`.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> model_folder(folder) == Path(folder)
    True
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.exists() or not _is_repository(name):
        raise BackendError(f"model folder {name!r} does not exist", hint="give a folder, or a name such as owner/model")
    cached = _cached(name, revision, config)
    lacks = "model" if cached is None else _missing(cached, weights, tokenizer, code)
    if cached is not None and lacks is None:
        return cached
    return _download(name, revision, config, (weights, code), str(lacks))


def folder_version(folder: Path) -> str:
    """Identifies a version of a model: the commit of a snapshot, or a hash of its configuration and weights."""
    if folder.parent.name == "snapshots":
        return folder.name[:12]
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.is_file() and _counts(p.name)):
        digest.update(f"{path.name}\0".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def hub_cache() -> Path:
    """The folder of downloaded models. Works without `huggingface_hub`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(os.environ.get("HF_HOME") or cache / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _is_repository(name: str) -> bool:
    return name.count("/") <= 1 and not name.startswith((".", "~", "/")) and not name.endswith("/") and "\\" not in name


def _counts(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in (*_SMALL, *_WEIGHTS, *_CODE)) and name not in _NOT_WEIGHTS


def _cached(name: str, revision: str | None, config: str) -> Path | None:
    """The snapshot of a model in the cache, which may lack files; None if it is not there."""
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        raise MissingExtraError("huggingface_hub", extra="hf") from None
    try:
        found = try_to_load_from_cache(name, config, revision=revision)
    except HFValidationError as error:
        raise BackendError(f"{name!r} is neither a folder nor the name of a model: {error}") from None
    return Path(found).parent if isinstance(found, str) else None


def _missing(folder: Path, weights: bool, tokenizer: bool, code: bool) -> str | None:
    """What a snapshot lacks of what is needed: other programs download only the files that they read."""
    if weights and not _has_weights(folder):
        return "weights"
    if tokenizer and not _has_tokenizer(folder):
        return "tokenizer"
    return "code" if code and not any(folder.glob("*.py")) else None


def _has_weights(folder: Path) -> bool:
    """False after an interrupted download: without weights, or without some of their parts."""
    weights = weight_files(p.name for p in folder.iterdir())
    suffix = Path(weights[0]).suffix if weights else ""
    parts = [part for index in folder.glob(f"*{suffix}.index.json") for part in _parts(index)]
    return bool(weights) and set(parts) <= set(weights)


def _has_tokenizer(folder: Path) -> bool:
    if any(fnmatch(path.name, pattern) for path in folder.iterdir() for pattern in _VOCABULARIES):
        return True
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("tokenizer_class") in _WITHOUT_VOCABULARY


def _parts(index: Path) -> set[str]:
    """The files that the index of a model with several files of weights lists."""
    return set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())


def weight_files(names: Iterable[str]) -> list[str]:
    """The weights among the files of a model, in one format.

    >>> weight_files(["config.json", "model.safetensors", "pytorch_model.bin"])
    ['model.safetensors']
    """
    names = sorted(set(names) - set(_NOT_WEIGHTS))
    return next((found for pattern in _WEIGHTS if (found := [n for n in names if fnmatch(n, pattern)])), [])


def _download(name: str, revision: str | None, config: str, needs: tuple[bool, bool], lacks: str) -> Path:
    """Download what is needed and not in the cache: with weights, and with code, or without.

    `lacks` says what that is, for messages.
    """
    if not _downloads.get():
        what = name if lacks == "model" else f"all of {name}"
        raise NotDownloadedError(f"{what} is not on this machine", hint="it will be downloaded on first use")
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # The HTTP package of the hub differs by version; its error class is a base of HfHubHTTPError.
    unreachable = (OSError, *HfHubHTTPError.__bases__)
    try:
        info = HfApi().model_info(name, revision=revision, timeout=_TIMEOUT)
        files = _wanted([sibling.rfilename for sibling in info.siblings or ()], *needs)
        if config not in files:
            raise BackendError(f"model {name!r} has no {config}", hint="check that it is a model of this library")
        return Path(snapshot_download(name, revision=revision, allow_patterns=files))
    except GatedRepoError:
        raise BackendError(f"model {name!r} is gated", hint="request access on its page, then: hf auth login") from None
    except RevisionNotFoundError:
        raise BackendError(f"model {name!r} has no revision {revision!r}") from None
    except RepositoryNotFoundError:
        raise BackendError(
            f"the hub has no model {name!r}", hint="check the name; for a private one: hf auth login"
        ) from None
    except unreachable as error:
        asked = not isinstance(error, OfflineModeIsEnabled)
        parts = {"weights": f"the weights of model {name!r} are", "tokenizer": f"the tokenizer of model {name!r} is"}
        parts["code"] = f"the code of model {name!r} is"
        why = f"the hub cannot be reached: {_first_line(error)}" if asked else "HF_HUB_OFFLINE is set"
        raise NotDownloadedError(
            f"{parts.get(lacks, f'model {name!r} is')} not in the cache ({hub_cache()}), and {why}",
            hint="download it on a machine with a network, and give the folder",
        ) from None


def _wanted(names: Sequence[str], weights: bool = True, code: bool = False) -> list[str]:
    """The files that are needed to run a model. Those in sub-folders belong to other models."""
    top = [n for n in names if "/" not in n]
    patterns = (*_SMALL, *_CODE) if code else _SMALL
    small = [n for n in top if any(fnmatch(n, p) for p in patterns)]
    return small + weight_files(top) if weights else small


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
