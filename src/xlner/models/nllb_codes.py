"""The language codes of NLLB tokenizers, at the ids that the model was trained with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.errors import BackendError

_PIECES = "sentencepiece.bpe.model"
_OFFSET = 1
"""The model has `<pad>` in addition to the pieces of SentencePiece."""


def is_nllb(tokenizer: Any) -> bool:
    """Return whether a tokenizer is one of NLLB-200."""
    return type(tokenizer).__name__ in {"NllbTokenizer", "NllbTokenizerFast"}


def with_codes(tokenizer: Any, folder: Path) -> Any:
    """Give the tokenizer of an NLLB model its language codes, at the ids of the model, and check them.

    Some models have only `sentencepiece.bpe.model` and lists of special tokens without ids. transformers 5 gives such a
    tokenizer no codes if the list is null, and otherwise puts `<mask>` before them, so that each code has the id of the
    next one. In the model, code `k` has the id `pieces + 1 + k`, and `<mask>` follows the last code.

    Raises `BackendError` if the ids are not those of the model.
    """
    path = folder / _PIECES
    if not path.is_file():
        return tokenizer
    import sentencepiece

    n_pieces = len(sentencepiece.SentencePieceProcessor(model_file=str(path)))
    config = _json(folder / "tokenizer_config.json")
    codes = _listed(config) or _listed(_json(folder / "special_tokens_map.json")) or _codes_of_nllb()
    if not (folder / "tokenizer.json").is_file() and "added_tokens_decoder" not in config:
        _place(tokenizer, codes)
    _check(tokenizer, folder, codes, n_pieces + _OFFSET)
    return tokenizer


def _place(tokenizer: Any, codes: Sequence[str]) -> None:
    """Put the codes behind the pieces, and `<mask>` behind the codes."""
    from tokenizers import Tokenizer

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    mask = str(tokenizer.mask_token)
    named = {mask, *codes}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    kept = [token for token in state["added_tokens"] if token["content"] not in named]
    last = next((t for t in state["added_tokens"] if t["content"] == mask), {**plain, "content": mask, "lstrip": True})
    first = len(state["model"]["vocab"])
    added = [*({**plain, "content": code} for code in codes), last]
    state["added_tokens"] = [*kept, *({**token, "id": first + k} for k, token in enumerate(added))]
    state["post_processor"] = None  # names the code of the last language by its id
    tokenizer._tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_special_tokens({"additional_special_tokens": list(codes)})
    tokenizer.src_lang = tokenizer.src_lang if tokenizer.src_lang in codes else codes[0]


def _check(tokenizer: Any, folder: Path, codes: Sequence[str], first: int) -> None:
    wanted = {code: first + k for k, code in enumerate(codes)} | {str(tokenizer.mask_token): first + len(codes)}
    found = tokenizer.convert_tokens_to_ids(list(wanted))
    wrong = [
        f"{token} has {k}, not {right}" for (token, right), k in zip(wanted.items(), found, strict=True) if k != right
    ]
    size = _json(folder / "config.json").get("vocab_size")
    if not wrong and isinstance(size, int) and max(found) >= size:
        wrong = [f"{max(found)} is beyond the {size} ids of the model"]
    if wrong:
        raise BackendError(
            f"the tokenizer in {folder} does not have the ids of its model: {wrong[0]}",
            hint="use the tokenizer of the model it was made from, such as ?tokenizer=facebook/nllb-200-distilled-600M",
        )


def _listed(table: dict[str, Any]) -> list[str]:
    """The language codes in a list of special tokens, in its order."""
    listed = table.get("additional_special_tokens") or table.get("extra_special_tokens") or []
    names = [token["content"] if isinstance(token, dict) else str(token) for token in listed]
    return [name for name in names if not name.startswith("<")]


def _codes_of_nllb() -> list[str]:
    from transformers.models.nllb import tokenization_nllb

    return list(tokenization_nllb.FAIRSEQ_LANGUAGE_CODES)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
