"""The sub-words of sentences, by the tokenizers of Hugging Face models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xlner.core.sentence import Sentence
from xlner.errors import BackendError, UnknownNameError, ValidationError
from xlner.models.subwords import Subwords
from xlner.text.languages import NO_ONE_LANGUAGE, canonical
from xlner.text.scripts import starts_without_space
from xlner.text.spelling import without_hidden

_CACHED_WORDS = 1 << 16
_DEFAULT_MAX_LENGTH = 512
_UNLIMITED = 1_000_000
"""Tokenizers without a limit state a number far beyond this."""
_NEED_PREFIX_SPACE = frozenset({"bloom", "deberta", "gpt2", "roberta"})
"""Models whose tokenizers recognize the start of a word by the space before it."""

_SPACE_MARK = "\N{LOWER ONE EIGHTH BLOCK}"
"""The mark of SentencePiece for the space before a word."""

_Ids = tuple[int, ...]


class SubwordTokenizer:
    """Sub-words of whole sentences, as a token classifier was trained to read them.

    The tokenizer sees all words of a sentence at once. It must be a fast one, which knows the word of each sub-word. A
    space goes before each word if the tokenizer would otherwise read it as the rest of another word (ModernBERT).
    `max_length` is the number of ids that the model reads at once, special tokens included.

    Raises `BackendError` for a slow tokenizer, and `ValidationError` if `max_length` leaves no room for words.
    """

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise BackendError(
                f"{type(tokenizer).__name__} does not know the word of a sub-word", hint="use a fast tokenizer"
            )
        self._tokenizer = tokenizer
        self.head, self.tail = special_tokens(tokenizer)
        self._space = _space_before_words(tokenizer)
        self.max_length = max_length
        if max_length <= len(self.head) + len(self.tail):
            raise ValidationError(f"max_length {max_length} leaves no room for words")

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[Subwords]:
        """The sub-words of each sentence, given as its words."""
        if not sentences:
            return []
        made = self._tokenizer(
            [[self._spaced(without_hidden(word)) for word in words] for words in sentences],
            is_split_into_words=True,
            add_special_tokens=False,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return [self._subwords(made["input_ids"][k], made.word_ids(k), len(words)) for k, words in enumerate(sentences)]

    def _spaced(self, word: str) -> str:
        return self._space + word if word.strip() else word

    def _subwords(self, ids: Sequence[int], word_ids: Sequence[int | None], n_words: int) -> Subwords:
        counts = np.bincount(np.array(word_ids, dtype=np.intp), minlength=n_words).astype(np.intp)
        return Subwords(tuple(ids), counts, self.head, self.tail)


class WordByWordTokenizer:
    """Sub-words of sentences, with each word encoded by itself. Works with any tokenizer; recent words are cached.

    A space goes before each word if the tokenizer would otherwise read it as the rest of another word. The special
    tokens are those of the language of the sentence if the tokenizer has languages. A word that looks like a special
    token is encoded character by character. `prefix` goes before every sentence. A word of a script that is written
    without spaces is read without the mark of a space before it if the mark would be a sub-word of its own.
    """

    def __init__(self, tokenizer: Any, prefix: str = "") -> None:
        self._tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        self._mark = tokenizer.get_vocab().get(_SPACE_MARK)
        self._known: dict[str, _Ids] = {}
        self._space = _space_before_words(tokenizer)
        self._ends: dict[str | None, tuple[_Ids, _Ids]] = {}
        self._prefix = tuple(piece for ids in self._encode(prefix.split()) for piece in ids)

    def __call__(self, sentences: Sequence[Sentence]) -> list[Subwords]:
        """The sub-words of each sentence; raises `ValidationError` for a language that the tokenizer does not have."""
        if len(self._known) > _CACHED_WORDS:
            self._known.clear()
        new = list(dict.fromkeys(w for s in sentences for w in s.tokens if w not in self._known))
        self._known.update(zip(new, self._encode(new), strict=True))
        texts = []
        for sentence in sentences:
            head, tail = self._around(sentence.language)
            texts.append(Subwords.of([self._known[word] for word in sentence.tokens], (*head, *self._prefix), tail))
        return texts

    def _encode(self, words: Sequence[str]) -> list[_Ids]:
        shown = map(without_hidden, words)
        found = self._ids([self._space + word if word.strip() else "" for word in shown])
        return [
            self._without_mark(word, ids) if self._special.isdisjoint(ids) else self._by_character(word)
            for word, ids in zip(words, found, strict=True)
        ]

    def _without_mark(self, word: str, ids: _Ids) -> _Ids:
        if len(ids) > 1 and ids[0] == self._mark and starts_without_space(word):
            return ids[1:]
        return ids

    def _by_character(self, word: str) -> _Ids:
        return tuple(i for ids in self._ids(list(word)) for i in ids if i not in self._special)

    def _ids(self, texts: Sequence[str]) -> list[_Ids]:
        if not texts:
            return []
        found = self._tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)
        return [tuple(ids) for ids in found["input_ids"]]

    def _around(self, language: str | None) -> tuple[_Ids, _Ids]:
        if language in NO_ONE_LANGUAGE or not hasattr(self._tokenizer, "src_lang"):
            language = None
        if language not in self._ends:
            self._ends[language] = self._find_ends(language)
        return self._ends[language]

    def _find_ends(self, language: str | None) -> tuple[_Ids, _Ids]:
        """The special tokens for a language. The tokenizer keeps its own language afterwards."""
        tokenizer = self._tokenizer
        if language is None:
            return special_tokens(tokenizer)
        before = tokenizer.src_lang
        tokenizer.src_lang = _language_code(tokenizer, language)
        try:
            return special_tokens(tokenizer)
        finally:
            tokenizer.src_lang = before


def special_tokens(tokenizer: Any) -> tuple[_Ids, _Ids]:
    """The ids that a tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    framed = tokenizer("a")["input_ids"]
    start = next((i for i in range(len(framed)) if bare and framed[i : i + len(bare)] == bare), None)
    if start is None:
        raise BackendError("the tokenizer has no sub-words for the letter a", hint="check that it belongs to the model")
    return tuple(framed[:start]), tuple(framed[start + len(bare) :])


def longest_input(model: Any, tokenizer: Any) -> int:
    """The number of ids that a model and its tokenizer read at once, special tokens included."""
    from torch.nn import Embedding

    limits = [getattr(tokenizer, "model_max_length", None) or 0]
    positions = getattr(model.config, "max_position_embeddings", None) or 0
    # RoBERTa counts positions from the one after that of the padding.
    tables = (m for n, m in model.named_modules() if n.endswith("position_embeddings") and isinstance(m, Embedding))
    padding = next((table.padding_idx for table in tables), None)
    limits.append(positions if padding is None else positions - padding - 1)
    return min((limit for limit in limits if 0 < limit < _UNLIMITED), default=_DEFAULT_MAX_LENGTH)


def word_options(config: Any) -> dict[str, Any]:
    """The options with which the tokenizer of a model has to be loaded to read words."""
    return {"add_prefix_space": True} if config.model_type in _NEED_PREFIX_SPACE else {}


def _space_before_words(tokenizer: Any) -> str:
    """A space for tokenizers that mark a word by the space before it if there is one (byte-level BPE); else nothing."""

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    return " " if ids("a a") == ids("a") + ids(" a") != ids("a") + ids("a") else ""


def _language_code(tokenizer: Any, language: str) -> str:
    """The code that a tokenizer uses for a language: `eng_Latn`, `en_XX` or `en` for `en`."""
    wanted = canonical(language)
    for code in _codes(tokenizer):
        try:
            if canonical(code.removesuffix("_XX")) == wanted:
                return code
        except UnknownNameError:
            continue
    raise ValidationError(
        f"the model does not know the language {language!r}", hint="give the code of a related language"
    )


def _codes(tokenizer: Any) -> list[str]:
    """Candidates for language codes: a list in the tokenizer (M2M-100), or its special tokens (NLLB, mBART)."""
    listed = getattr(tokenizer, "lang_code_to_token", None)
    return list(listed or (token for token in tokenizer.all_special_tokens if not token.startswith(("<", "["))))
