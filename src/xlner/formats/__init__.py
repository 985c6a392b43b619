"""Readers and writers, one file per format, streaming in and out.

A reader yields one item per sentence of its file, in order: the sentence, or an `InputError` in its place.
"""

from xlner.formats.files import FORMATS, Item, ReadReport, format_of, raise_errors
from xlner.formats.open import (
    read_alignments,
    read_gold_alignments,
    read_lexicon,
    read_pairs,
    read_sentences,
    write_lexicon,
    write_pairs,
    write_sentences,
)

__all__ = [
    "FORMATS",
    "Item",
    "ReadReport",
    "format_of",
    "raise_errors",
    "read_alignments",
    "read_gold_alignments",
    "read_lexicon",
    "read_pairs",
    "read_sentences",
    "write_lexicon",
    "write_pairs",
    "write_sentences",
]
