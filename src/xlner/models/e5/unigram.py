"""The unigram tokenizer of SentencePiece, for single words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np

from xlner.models.e5.pieces import PieceGroups, Pieces
from xlner.models.e5.weights import E5File, Vocabulary
from xlner.text.spelling import without_hidden

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""The mark of SentencePiece for the space before a word."""
_CACHED_WORDS = 1 << 16
_UNKNOWN_PENALTY = 10.0
"""The log probability of an unknown character is this much below that of the rarest piece, as in SentencePiece."""

_MASK = "<mask>"

_Step = tuple[int, int]
"""The start and the id of a piece."""


@cache
def unigram_of(file: E5File) -> Unigram:
    """The unigram model of a file, which all stages of this process share."""
    return Unigram(file.vocabulary)


class Unigram:
    """Splits words into the most probable sequence of pieces (Kudo 2018). Recent words are cached.

    Text never becomes a control piece: the word `<s>` is split into characters.

    >>> names = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁wo", "rd")
    >>> words = Unigram(Vocabulary(names, (0, 0, 0, 0, -3, -2, -2), 0, 2, 1, 3, {0x200B: ""}))
    >>> words.encode("word"), words.encode("x"), words.encode("\\u200b")
    ((5, 6), (4, 3), ())
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        pieces = Pieces.of(vocabulary.pieces)
        control = {vocabulary.begin, vocabulary.end, vocabulary.pad, vocabulary.unknown}
        self._groups = PieceGroups(pieces, without=[k for k in control if k < len(pieces)], hidden=(_MASK,))
        self.mark = self._groups.starting(WORD_START)[0].get(WORD_START, -1)
        """The id of the mark of a space, as a piece of its own; -1 if the vocabulary has none."""
        self._scores = vocabulary.scores
        self._unknown = vocabulary.unknown
        self._unknown_score = _lowest(vocabulary.scores) - _UNKNOWN_PENALTY
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
        starting, scores = self._groups.starting, self._scores
        for start in range(size):
            here = best[start]
            group, longest = starting(text[start : start + 2])
            for end in range(start + 1, min(size, start + longest) + 1):
                piece = group.get(text[start:end])
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


def _lowest(scores: Sequence[float]) -> float:
    return float(np.asarray(scores).min()) if len(scores) else 0.0
