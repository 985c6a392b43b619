"""Words as sub-word ids of any Hugging Face tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlner.alignment.subwords import Subwords
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError, ValidationError
from xlner.text.languages import canonical

_CACHED_WORDS = 1 << 16

_Ids = tuple[int, ...]


class Pieces:
    """Sentences as sub-words, each word encoded by itself; recent words are remembered.

    So it is known which sub-words belong to which word, whatever the tokenizer can tell about it, and each distinct
    word is cut once. A space goes before a word where the tokenizer would otherwise take it for the rest of another.
    Special tokens at both ends are those that the tokenizer puts there, for the language of the sentence where it has
    languages; text never becomes a special token.
    """

    def __init__(self, tokenizer: Any, prefix: str = "") -> None:
        self._tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        self._known: dict[str, _Ids] = {}
        self._space = _wants_space(tokenizer)
        self._ends: dict[str | None, tuple[_Ids, _Ids]] = {}
        self._prefix = tuple(piece for ids in self._encode(prefix.split()) for piece in ids)

    def of(self, sentences: Sequence[Sentence]) -> list[Subwords]:
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
        found = self._ids([self._space + word if word.strip() else "" for word in words])
        return [
            ids if self._special.isdisjoint(ids) else self._by_character(word)
            for word, ids in zip(words, found, strict=True)
        ]

    def _by_character(self, word: str) -> _Ids:
        """Of a word that reads like a special token."""
        return tuple(i for ids in self._ids(list(word)) for i in ids if i not in self._special)

    def _ids(self, texts: Sequence[str]) -> list[_Ids]:
        if not texts:
            return []
        found = self._tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)
        return [tuple(ids) for ids in found["input_ids"]]

    def _around(self, language: str | None) -> tuple[_Ids, _Ids]:
        if not hasattr(self._tokenizer, "src_lang"):
            language = None
        if language not in self._ends:
            self._ends[language] = self._find_ends(language)
        return self._ends[language]

    def _find_ends(self, language: str | None) -> tuple[_Ids, _Ids]:
        """Special ids before and after a text; the language of the tokenizer is put back afterwards."""
        tokenizer = self._tokenizer
        if language is None:
            return ends(tokenizer)
        before = tokenizer.src_lang
        tokenizer.src_lang = _language_code(tokenizer, language)
        try:
            return ends(tokenizer)
        finally:
            tokenizer.src_lang = before


def ends(tokenizer: Any) -> tuple[_Ids, _Ids]:
    """The ids that a tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    framed = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(framed)) if framed[i : i + len(bare)] == bare)
    return tuple(framed[:start]), tuple(framed[start + len(bare) :])


def _wants_space(tokenizer: Any) -> str:
    """A space for tokenizers that mark words by the space before them, and only where there is one (byte-level BPE)."""

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    return " " if ids("a a") == ids("a") + ids(" a") != ids("a") + ids("a") else ""


def _language_code(tokenizer: Any, language: str) -> str:
    """What a tokenizer calls a language: `eng_Latn`, `en_XX` or `en` for `en`."""
    wanted = canonical(language)
    for code in _codes(tokenizer):
        try:
            if canonical(code.removesuffix("_XX")) == wanted:
                return code
        except UnknownNameError:
            continue
    raise ValidationError(
        f"the model does not know the language {language!r}", hint="give its code for a language that is close"
    )


def _codes(tokenizer: Any) -> list[str]:
    """What may be codes of languages: those that a tokenizer lists (M2M-100), or its special tokens (NLLB, mBART)."""
    listed = getattr(tokenizer, "lang_code_to_token", None)
    return list(listed or (token for token in tokenizer.all_special_tokens if not token.startswith(("<", "["))))
