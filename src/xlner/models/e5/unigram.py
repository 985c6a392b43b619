"""The unigram tokenizer of SentencePiece, for single words."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from xlner.models.e5.weights import Vocabulary
from xlner.text.spelling import without_hidden

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""The mark of SentencePiece for the space before a word."""
_CACHED_WORDS = 1 << 16
_UNKNOWN_PENALTY = 10.0
"""The log probability of an unknown character is this much below that of the rarest piece, as in SentencePiece."""

_Step = tuple[int, int]
"""The start and the id of a piece."""


class Unigram:
    """Splits words into the most probable sequence of pieces (Kudo 2018). Recent words are cached.

    Text never becomes a control piece: the word `<s>` is split into characters.

    >>> names = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁wo", "rd")
    >>> words = Unigram(Vocabulary(names, (0, 0, 0, 0, -3, -2, -2), 0, 2, 1, 3, {0x200B: ""}))
    >>> words.encode("word"), words.encode("x"), words.encode("\\u200b")
    ((5, 6), (4, 3), ())
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        control = {vocabulary.begin, vocabulary.end, vocabulary.pad, vocabulary.unknown}
        ids = {piece: i for i, piece in enumerate(vocabulary.pieces) if piece and i not in control}
        ids.pop("<mask>", None)
        self._ids = ids
        self._scores = vocabulary.scores
        self._longest = max(map(len, ids), default=0)
        self._unknown = vocabulary.unknown
        self._unknown_score = min(vocabulary.scores, default=0.0) - _UNKNOWN_PENALTY
        self._normalization = vocabulary.normalization
        self.encode = lru_cache(_CACHED_WORDS)(self._encode)

    def _encode(self, word: str) -> tuple[int, ...]:
        """The ids of the pieces of a word; empty if nothing is left after normalization. Linear in the length."""
        text = self._normalize(word)
        return tuple(self._most_probable(WORD_START + text)) if text else ()

    def _normalize(self, word: str) -> str:
        # The file maps single characters. NFC first replaces the rules of SentencePiece for sequences.
        composed = unicodedata.normalize("NFC", without_hidden(word)).translate(self._normalization)
        return WORD_START.join(composed.replace(WORD_START, " ").split())

    def _most_probable(self, text: str) -> list[int]:
        """Viterbi over the positions of the text."""
        size = len(text)
        best = [0.0] + [float("-inf")] * size
        steps: list[_Step] = [(0, self._unknown)] * (size + 1)
        ids, scores = self._ids, self._scores
        for start in range(size):
            here = best[start]
            for end in range(start + 1, min(size, start + self._longest) + 1):
                piece = ids.get(text[start:end])
                if piece is not None and here + scores[piece] > best[end]:
                    best[end] = here + scores[piece]
                    steps[end] = (start, piece)
            if here + self._unknown_score > best[start + 1]:
                best[start + 1] = here + self._unknown_score
                steps[start + 1] = (start, self._unknown)
        return self._trace(steps)

    def _trace(self, steps: list[_Step]) -> list[int]:
        pieces: list[int] = []
        end = len(steps) - 1
        while end:
            end, piece = steps[end]
            # A run of unknown characters is one unknown piece, as in SentencePiece.
            if not (piece == self._unknown and pieces and pieces[-1] == piece):
                pieces.append(piece)
        return pieces[::-1]
