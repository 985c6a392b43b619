"""Words as the sub-words of a model, with special tokens round them and windows where there are too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.errors import BackendError, ValidationError
from xlner.models.windows import FloatArray, Windows

_DEFAULT_MAX_LENGTH = 512
_UNLIMITED = 100_000
"""What tokenizers say that know of no limit is far beyond it."""
_NEED_PREFIX_SPACE = frozenset({"bloom", "deberta", "gpt2", "roberta"})
"""Models whose tokenizers tell a word by the space before it."""


@dataclass(frozen=True, slots=True)
class Subwords:
    """The sub-words of a sentence and how many of them each word has; some words have none."""

    ids: tuple[int, ...]
    counts: NDArray[np.intp]
    windows: Windows

    def sequences(self, head: Sequence[int], tail: Sequence[int]) -> Iterator[list[int]]:
        """What a model reads, window by window."""
        for start, end in self.windows.spans:
            yield [*head, *self.ids[start:end], *tail]

    def stitch(self, states: Sequence[FloatArray]) -> FloatArray:
        """One row per sub-word from the rows of each window, special tokens left out."""
        return self.windows.stitch(states, self.counts)

    def starts(self) -> NDArray[np.intp]:
        """The position of the first sub-word of each word; where a word has none, of the next one."""
        return np.cumsum(self.counts) - self.counts


class SubwordTokenizer:
    """Cuts the words of sentences into sub-words, as the tokenizer does for text that is split into words already.

    `head` and `tail` are the special tokens that it puts round every sentence. Sentences of more than `max_length`
    tokens, those included, are read in windows that share a quarter of their sub-words.

    Raises `BackendError` where the tokenizer cannot say which word a sub-word belongs to, `ValidationError` where
    `max_length` leaves no room for words.
    """

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise BackendError(
                f"{type(tokenizer).__name__} cannot tell the words of sub-words", hint="a fast tokenizer is needed"
            )
        self._tokenizer = tokenizer
        self.head, self.tail = _special_tokens(tokenizer)
        self._size = max_length - len(self.head) - len(self.tail)
        if self._size < 1:
            raise ValidationError(f"max_length {max_length} leaves no room for words")

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[Subwords]:
        """The sub-words of each sentence."""
        if not sentences:
            return []
        made = _encoded(self._tokenizer, [list(words) for words in sentences], special=False)
        return [self._subwords(made["input_ids"][k], made.word_ids(k), len(words)) for k, words in enumerate(sentences)]

    def _subwords(self, ids: Sequence[int], word_ids: Sequence[int | None], n_words: int) -> Subwords:
        counts = np.bincount(np.array(word_ids, dtype=np.intp), minlength=n_words).astype(np.intp)
        return Subwords(tuple(ids), counts, Windows.over(len(ids), size=self._size, overlap=self._size // 4))

    @property
    def inside(self) -> slice:
        """Where the sub-words of words are in a sequence."""
        return slice(len(self.head), -len(self.tail) if self.tail else None)


def longest_input(model: Any, tokenizer: Any) -> int:
    """Tokens that a model takes at once, special ones included."""
    limits = [_positions(model), getattr(tokenizer, "model_max_length", None) or _DEFAULT_MAX_LENGTH]
    known = [limit for limit in limits if 0 < limit < _UNLIMITED]
    return min(known, default=_DEFAULT_MAX_LENGTH)


def word_options(config: Any) -> dict[str, Any]:
    """How the tokenizer of a model is to be loaded so that it reads words."""
    return {"add_prefix_space": True} if config.model_type in _NEED_PREFIX_SPACE else {}


def padded(sequences: Sequence[Sequence[int]], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sequences in one array, filled up on the right with `pad`, and the mask of what is not padding.

    >>> ids, mask = padded([[5], [6, 7]], pad=0)
    >>> ids.tolist(), mask.tolist()
    ([[5, 0], [6, 7]], [[1, 0], [1, 1]])
    """
    lengths = np.array([len(s) for s in sequences])
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.full(mask.shape, pad, dtype=np.int64)
    ids[mask] = np.concatenate([np.asarray(s, dtype=np.int64) for s in sequences])
    return ids, mask.astype(np.int64)


def _positions(model: Any) -> int:
    """Positions that a model has: those of the RoBERTa family begin to count after that of the padding."""
    total = getattr(model.config, "max_position_embeddings", None) or 0
    embeddings = getattr(getattr(model, "base_model", model), "embeddings", None)
    padding = getattr(getattr(embeddings, "position_embeddings", None), "padding_idx", None)
    return int(total) - (0 if padding is None else int(padding) + 1)


def _special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    made = _encoded(tokenizer, [["a"]], special=True)
    ids, words = list(made["input_ids"][0]), made.word_ids(0)
    inside = [k for k, word in enumerate(words) if word is not None]
    if not inside:
        raise BackendError("the tokenizer makes nothing of the letter a", hint="is it the right one for the model?")
    return ids[: inside[0]], ids[inside[-1] + 1 :]


def _encoded(tokenizer: Any, sentences: Sequence[Sequence[str]], *, special: bool) -> Any:
    return tokenizer(
        sentences,
        is_split_into_words=True,
        add_special_tokens=special,
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
