"""Write sentences as two columns, or as the ten columns of CoNLL-U."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TextIO

from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme
from xlner.formats.conll import comments, misc
from xlner.formats.conll.blocks import DOCSTART

Writer = Callable[[TextIO, Sentence, Scheme | str], None]
_LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*:.")


def write_sentence(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write a sentence as two tab-separated columns, after its comments."""
    if sentence.meta.get("docstart"):
        stream.write(f"{DOCSTART}\tO\n\n")
    unsafe = {i: t for i, t in enumerate(sentence.tokens) if not comments.is_safe(t) or t == DOCSTART}
    if sentence.tokens and all(map(_LANGUAGE_PREFIX.match, sentence.tokens)):
        unsafe[0] = sentence.tokens[0]  # without it, the reader would remove the prefixes
    _write_comments(stream, sentence, unsafe)
    tags = sentence.tags(scheme)
    stream.writelines(
        f"{_cell(token) if i in unsafe else token}\t{tag}\n"
        for i, (token, tag) in enumerate(zip(sentence.tokens, tags, strict=True))
    )
    stream.write("\n")


def write_conllu(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write a sentence as CoNLL-U, with its tags as `NER=` in the column MISC, after its comments."""
    if sentence.meta.get("docstart"):
        stream.write("# newdoc\n")
    unsafe = {i: t for i, t in enumerate(sentence.tokens) if not comments.is_safe(t)}
    _write_comments(stream, sentence, unsafe)
    spaces = _spaces(sentence)
    tags = sentence.tags(scheme)
    for i, (token, tag) in enumerate(zip(sentence.tokens, tags, strict=True)):
        form = _cell(token) if i in unsafe else token
        attributes = f"NER={misc.escaped(tag)}" + ("" if spaces[i] else "|SpaceAfter=No")
        stream.write(f"{i + 1}\t{form}\t_\t_\t_\t_\t_\t_\t_\t{attributes}\n")
    stream.write("\n")


def write_pair(stream: TextIO, pair: Pair, scheme: Scheme | str = Scheme.IOB2, write: Writer = write_sentence) -> None:
    """Write the labeled target sentence. If the pair has an error, it is written as a comment."""
    sentence = pair.labeled
    if pair.error is not None:
        meta = {**sentence.meta, "error": pair.error}
        sentence = Sentence(sentence.tokens, (), sentence.text, sentence.offsets, sentence.language, sentence.id, meta)
    write(stream, sentence, scheme)


def _write_comments(stream: TextIO, sentence: Sentence, unsafe: dict[int, str]) -> None:
    stream.writelines(f"{comment}\n" for comment in comments.lines_of(sentence, unsafe))


def _cell(token: str) -> str:
    return "\u00a0" + comments.cell(token)[1:] if token == DOCSTART else comments.cell(token)


def _spaces(sentence: Sentence) -> Sequence[bool]:
    """For each token, whether a space follows it in the text, or there is no text that could tell."""
    if sentence.offsets is None:
        return [True] * len(sentence)
    starts = [start for start, _ in sentence.offsets[1:]]
    return [end < start for (_, end), start in zip(sentence.offsets, starts, strict=False)] + [True]
