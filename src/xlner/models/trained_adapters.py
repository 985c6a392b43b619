"""Adapters that other programs trained, for encoders: LoRA of PEFT, bottlenecks of AdapterHub, and those of xlner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xlner.errors import BackendError
from xlner.models.adapterhub import add_bottlenecks
from xlner.models.adapters import load_adapter
from xlner.models.hub import model_folder
from xlner.models.peft_lora import merge_lora

CONFIG = "adapter_config.json"
_OWN = "adapter.json"


def adapter_folder(name: str) -> Path:
    """The folder of an adapter: `name` itself if it is a folder, otherwise its snapshot in the cache of the hub.

    Raises what `model_folder` raises.
    """
    return model_folder(name, config=CONFIG, tokenizer=False)


def add_adapter(encoder: Any, folder: Path) -> None:
    """Add the adapter in a folder to an encoder, in place.

    - `adapter_config.json` with a `peft_type`: LoRA of PEFT, which is merged into the weights.
    - `adapter_config.json` without one: a bottleneck adapter of AdapterHub (adapter-transformers).
    - `adapter.json`: a language adapter of xlner.

    Raises `BackendError` for a folder without an adapter, for a damaged one, and for one that does not fit the encoder.
    """
    if (folder / _OWN).is_file():
        try:
            name = _json(folder / _OWN)["adapter"]["name"]
        except (KeyError, TypeError):
            raise BackendError(f"{folder / _OWN} is damaged: it does not name the adapter") from None
        load_adapter(encoder, folder, name=name)
        return
    config = _json(folder / CONFIG)
    (merge_lora if "peft_type" in config else add_bottlenecks)(encoder, folder, config)


def _json(path: Path) -> dict[str, Any]:
    """The object in a file of JSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise BackendError(f"{path.parent} has no {path.name}", hint="give the folder of an adapter") from None
    except ValueError as error:
        raise BackendError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BackendError(f"{path} is not a JSON object")
    return found
