"""Decoders: from a similarity matrix to word links.

A decoder is a pure function: similarities of shape (n_source, n_target) in, a bool matrix of the same shape out, True
where two words are linked; or `DecodedLinks`, which has the weights of the links besides. NaN and -inf say that two
words must not be linked. Ties go to the lower index. Every shape is allowed, (0, n) and (1, n) included. `make_decoder`
gives a decoder with its options by name.
"""

from xlner.alignment.decoders.argmax import forward, intersection, reverse, union
from xlner.alignment.decoders.itermax import itermax
from xlner.alignment.decoders.match import match
from xlner.alignment.decoders.matrix import DecodedLinks, LinkMatrix, Similarity
from xlner.alignment.decoders.priors import distorted, unsure
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
    "best_similarity",
    "canonical_name",
    "distorted",
    "entmax",
    "forward",
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
    "unsure",
    "word_links",
]
