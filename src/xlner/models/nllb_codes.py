"""The language codes of NLLB tokenizers, at the ids that the model was trained with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
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
    next one. In the model, code `k` has the id `pieces + 1 + k`, whatever the order of the list; `<mask>` follows the
    last code, and codes that were added to the model follow `<mask>`. A tokenizer that does not have these codes and no
    pieces of SentencePiece either is left as it is.

    Raises `BackendError` if the ids are not those of the model.
    """
    codes = _codes_of_nllb()
    path = folder / _PIECES
    if path.is_file():
        first = _n_pieces(path) + _OFFSET
        if _wrong(tokenizer, codes, first) and not (folder / "tokenizer.json").is_file():
            _place(tokenizer, codes, _listed(folder))
    elif tokenizer.get_vocab().keys() >= set(codes):
        first = min(tokenizer.convert_tokens_to_ids([*codes, str(tokenizer.mask_token)]))
    else:
        return tokenizer
    wrong = _wrong(tokenizer, codes, first) or _beyond(tokenizer, codes, folder)
    if wrong:
        raise BackendError(
            f"the tokenizer in {folder} does not have the ids of its model: {wrong}",
            hint="use the tokenizer of the model it was made from, such as ?tokenizer=facebook/nllb-200-distilled-600M",
        )
    return tokenizer


def _n_pieces(path: Path) -> int:
    import sentencepiece

    return len(sentencepiece.SentencePieceProcessor(model_file=str(path)))


def _place(tokenizer: Any, codes: Sequence[str], listed: Sequence[str]) -> None:
    """Put the codes behind the pieces, `<mask>` behind the codes, and behind it what else was added or is listed."""
    from tokenizers import Tokenizer

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    mask, first = str(tokenizer.mask_token), len(state["model"]["vocab"])
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    given = {token["content"]: token for token in state["added_tokens"]}
    kept = [token for token in state["added_tokens"] if token["id"] < first and token["content"] not in {mask, *codes}]
    others = [name for name in (*given, *listed) if name not in {t["content"] for t in kept}]
    names = dict.fromkeys([*codes, mask, *others])
    usual = {mask: {**plain, "lstrip": True}}
    added = [{**given.get(name, usual.get(name, plain)), "content": name} for name in names]
    state["added_tokens"] = [*kept, *({**token, "id": first + k} for k, token in enumerate(added))]
    state["post_processor"] = None  # names the code of the last language by its id
    tokenizer._tokenizer = Tokenizer.from_str(json.dumps(state))
    special = [name for name in names if name != mask]
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    tokenizer.src_lang = tokenizer.src_lang if tokenizer.src_lang in special else codes[0]


def _wrong(tokenizer: Any, codes: Sequence[str], first: int) -> str | None:
    """What is wrong about the ids of the codes and of `<mask>`, if the id of the first code is `first`."""
    mask = tokenizer.mask_token_id
    for code, k, right in zip(codes, tokenizer.convert_tokens_to_ids(list(codes)), count(first), strict=False):
        if k != right:
            return f"{code} has {k}, not {right}"
    if mask is None or mask < first + len(codes):
        return f"{tokenizer.mask_token} has {mask}, which is not after the language codes"
    return None


def _beyond(tokenizer: Any, codes: Sequence[str], folder: Path) -> str | None:
    largest = max(tokenizer.convert_tokens_to_ids([*codes, str(tokenizer.mask_token)]))
    size = _json(folder / "config.json").get("vocab_size")
    return f"{largest} is beyond the {size} ids of the model" if isinstance(size, int) and largest >= size else None


def _listed(folder: Path) -> list[str]:
    """The language codes in the lists of special tokens."""
    names = []
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        table = _json(folder / file)
        found = table.get("additional_special_tokens") or table.get("extra_special_tokens")
        if isinstance(found, list):  # a table names tokens of other kinds
            names += [token["content"] if isinstance(token, dict) else str(token) for token in found]
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
