"""Decoders: from a similarity matrix to word links.

A decoder is a pure function. It takes similarities of shape (n_source, n_target) and returns a bool matrix of the same
shape, True where two words are linked, or `DecodedLinks`, which also has the weights of the links. NaN and -inf mark
pairs of words that must not be linked. Ties go to the lower index. Any shape is allowed, including (0, n) and (1, n).
`make_decoder` creates a decoder with its options by name.
"""

from xlner.alignment.decoders.argmax import forward, intersection, reverse, union
from xlner.alignment.decoders.distortion import apply_distortion
from xlner.alignment.decoders.itermax import itermax
from xlner.alignment.decoders.match import match
from xlner.alignment.decoders.matrices import DecodedLinks, LinkMatrix, Similarity
from xlner.alignment.decoders.null_extension import high_entropy_pairs
from xlner.alignment.decoders.probabilities import entmax, softmax
from xlner.alignment.decoders.registry import (
    ALIASES,
    DECODERS,
    Decoder,
    Option,
    canonical_name,
    make_decoder,
    option_types,
)
from xlner.alignment.decoders.subwords import best_similarity, matched_similarity, word_links
from xlner.alignment.decoders.transport import transport

__all__ = [
    "ALIASES",
    "DECODERS",
    "DecodedLinks",
    "Decoder",
    "LinkMatrix",
    "Option",
    "Similarity",
    "apply_distortion",
    "best_similarity",
    "canonical_name",
    "entmax",
    "forward",
    "high_entropy_pairs",
    "intersection",
    "itermax",
    "make_decoder",
    "match",
    "matched_similarity",
    "option_types",
    "reverse",
    "softmax",
    "transport",
    "union",
    "word_links",
]
