"""A loaded translation model: tokenizer, languages, limits, and the generator that runs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlner.errors import BackendError, UnknownNameError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, load_tokenizer
from xlner.text.languages import canonical
from xlner.text.suggestions import names_hint
from xlner.translation.seq2seq.generation import Generator, Ids, TorchGenerator, torch_fingerprint
from xlner.translation.seq2seq.model_families import Family, Languages, Prompt, token_of

ENGINES = ("transformers", "ct2")
_SANE = 100_000
"""Tokens beyond which a limit means that there is none; tokenizers give 10^30."""


@dataclass(frozen=True, slots=True)
class Loading:
    """How to load a model. With `legacy` None the files of the tokenizer decide.

    Raises `UnknownNameError` for an unknown `engine`.
    """

    engine: str = "transformers"
    device: str = "auto"
    dtype: str = "auto"
    legacy: bool | None = None
    revision: str | None = None
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UnknownNameError(f"unknown engine {self.engine!r}", hint=names_hint(self.engine, ENGINES, "one of"))

    def is_on_gpu(self) -> bool:
        """Whether the model is loaded on a GPU. Raises what loading it raises for the name of its device."""
        if self.engine == "ct2":
            from xlner.translation.seq2seq.ctranslate2 import device_and_index

            return device_and_index(self.device)[0] != "cpu"
        return bool(device_named(self.device).type != "cpu")


class Seq2SeqCheckpoint:
    """A model of a family, by name or folder. The tokenizer is loaded at once, the weights when they are needed.

    Raises `BackendError` for a model that cannot be found, is of another family, has no tokenizer, or has a tokenizer
    without the language codes of the family.
    """

    def __init__(self, name: str, family: Family, loading: Loading) -> None:
        self.name = name
        self.family = family
        self.loading = loading
        self.folder = model_folder(name, revision=loading.revision, tokenizer=loading.tokenizer is None)
        self.config = _config(self.folder, name, family)
        options = {} if loading.legacy is None else {"legacy_behaviour": loading.legacy}
        named = loading.tokenizer
        self.tokenizer_folder = self.folder if named is None else model_folder(named, weights=False)
        self.tokenizer = load_tokenizer(self.tokenizer_folder, **options)
        self.languages: Languages = family.languages(self.tokenizer)
        if family.names_languages and not self.languages:
            raise BackendError(
                f"the tokenizer in {self.tokenizer_folder} has no language codes of {family.name}",
                hint="check that the model is of this family, or name a tokenizer that has them: ?tokenizer=NAME",
            )
        names = self.tokenizer.convert_tokens_to_ids(list(self.languages.values()))
        self._silent = frozenset([*names, *self.tokenizer.all_special_ids])

    @cached_property
    def generator(self) -> Generator:
        """The engine with the loaded model."""
        if self.loading.engine == "ct2":
            from xlner.translation.seq2seq.ctranslate2 import Ct2Generator

            return Ct2Generator(self, device=self.loading.device, dtype=self.loading.dtype)
        return TorchGenerator(self.folder, device=self.loading.device, dtype=self.loading.dtype)

    @cached_property
    def version(self) -> str:
        """The commit of the model, or a hash of its files; also of the tokenizer if it is from elsewhere."""
        own = folder_version(self.folder)
        return own if self.loading.tokenizer is None else f"{own} {folder_version(self.tokenizer_folder)}"

    @property
    def fingerprint(self) -> str:
        """Versions of the model and of the engine, and precision. The weights are not loaded for it."""
        device, dtype = self.loading.device, self.loading.dtype
        if self.loading.engine == "ct2":
            from xlner.translation.seq2seq.ctranslate2 import ct2_fingerprint

            return f"{self.version} {ct2_fingerprint(device, dtype)}"
        return f"{self.version} {torch_fingerprint(device, dtype)}"

    @cached_property
    def max_input(self) -> int:
        """The length of the longest text in tokens, with those of the prompt."""
        limits = [self.config.get("max_position_embeddings"), getattr(self.tokenizer, "model_max_length", None)]
        known = [int(n) for n in limits if n is not None and n < _SANE]
        return min(known, default=self.family.max_input)

    def prompt(self, from_lang: str, to_lang: str) -> Prompt:
        """Return the prompt of a direction. Raises `BackendError` for languages that the model does not know."""
        if not self.languages:
            self._check_direction(from_lang, to_lang)
            return self.family.prompt(self.tokenizer, None, None)
        to_token = token_of(self.languages, to_lang, self.name)
        from_token = token_of(self.languages, from_lang, self.name) if self.family.names_from else None
        return self.family.prompt(self.tokenizer, from_token, to_token)

    def encode(self, texts: Sequence[str], prompt: Prompt) -> list[Ids]:
        """Return the ids of each text with its prompt."""
        asked = [prompt.text + text for text in texts]
        found = self.tokenizer(asked, add_special_tokens=False, verbose=False)["input_ids"]
        return [[*prompt.prefix, *ids, *prompt.suffix] for ids in found]

    def decode(self, rows: Sequence[Ids]) -> list[str]:
        """Return the text of each row of ids, without special tokens and names of languages."""
        said = [[k for k in row if k not in self._silent] for row in rows]
        return [text.strip() for text in self.tokenizer.batch_decode(said)]

    def _check_direction(self, from_lang: str, to_lang: str) -> None:
        """Check a model of one direction, whose tokenizer may name the languages. Names of groups are ignored."""
        known = [_code(getattr(self.tokenizer, name, None)) for name in ("source_lang", "target_lang")]
        for has, wanted in zip(known, (from_lang, to_lang), strict=True):
            if has is not None and has != canonical(wanted):
                raise BackendError(
                    f"{self.name} translates from {known[0] or '?'} to {known[1] or '?'}, "
                    f"not from {canonical(from_lang)} to {canonical(to_lang)}"
                )


def _config(folder: Path, name: str, family: Family) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackendError(f"{folder} has no config.json", hint="give the folder of a transformers model") from None
    except ValueError as error:
        raise BackendError(f"{path} is not JSON: {error}") from None
    kind = config.get("model_type")
    if kind not in family.types:
        raise BackendError(
            f"{name} is a model of type {kind!r}, and {family.name} needs {' or '.join(sorted(family.types))}"
        )
    return config


def _code(name: object) -> str | None:
    try:
        return canonical(name) if isinstance(name, str) and name else None
    except UnknownNameError:
        return None
