"""Write blocks of sentences as records, without an object for each sentence."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring
from typing import NamedTuple

from xlner.core.entity import Span
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import Scheme, parse_scheme
from xlner.formats.jsonl.plain_lines import is_plain
from xlner.formats.jsonl.writer import write_sentence


class PlacedText(NamedTuple):
    """The text of a sentence, and where its words are.

    >>> PlacedText("Ana vive", ((0, 3), (4, 8))).text
    'Ana vive'
    """

    text: str
    offsets: Sequence[Span]


def lines_of(block: SentenceBlock, scheme: Scheme | str) -> str:
    """The lines of the sentences, the same as of `write_sentence`.

    >>> import numpy as np
    >>> entity = [np.array([k]) for k in (1, 2, 0)]
    >>> print(lines_of(SentenceBlock(b"en\\nVigo\\n", np.array([2]), *entity, ("LOC",), np.array([1])), "IOB2"))
    {"tokens": ["en", "Vigo"], "ner_tags": ["O", "B-LOC"], "entities": \
[{"start": 1, "end": 2, "label": "LOC", "text": "Vigo"}]}
    <BLANKLINE>
    """
    if are_plain(block) and parse_scheme(scheme) is Scheme.IOB2:
        return "".join([f"{{{fields}}}\n" for fields in fields_of(block)])
    stream = io.StringIO()
    for sentence in block.sentences():
        write_sentence(stream, sentence, scheme)
    return stream.getvalue()


def are_plain(block: SentenceBlock) -> bool:
    """Whether `fields_of` can write the sentences.

    >>> import numpy as np
    >>> none = np.zeros(0, np.int64)
    >>> are_plain(SentenceBlock(b"\\\\\\n", np.array([1]), none, none, none, (), np.array([1])))
    False
    """
    return b"\\" not in block.words and all(map(is_plain, block.names))


def fields_of(
    block: SentenceBlock, scores: Sequence[float | None] = (), texts: Sequence[PlacedText] = ()
) -> Iterator[str]:
    """The record of each sentence with tags in IOB2, without the braces around it.

    `scores` has one score for each entity, or none at all, and `texts` one text for each sentence, or none at all.

    >>> import numpy as np
    >>> entity = [np.array([k]) for k in (0, 1, 0)]
    >>> block = SentenceBlock(b"Vigo\\n", np.array([1]), *entity, ("LOC",), np.array([1]), language="gl")
    >>> next(fields_of(block, [0.5])).partition("entities")[::2]
    ('"lang": "gl", "tokens": ["Vigo"], "ner_tags": ["B-LOC"], "', \
'": [{"start": 0, "end": 1, "label": "LOC", "score": 0.5, "text": "Vigo"}]')
    """
    language = "" if block.language is None else f'"lang": {encode_basestring(block.language)}, '
    entities = _entities(block, scores)
    rows = zip(block.quoted_words(encode_basestring), block.lengths.tolist(), block.per_sentence(), strict=True)
    for k, (words, length, count) in enumerate(rows):
        placed = texts[k] if texts else None
        before, between = language, ""
        if placed is not None:
            before = f'{language}"text": {encode_basestring(placed.text)}, '
            between = f'"offsets": [{", ".join([f"[{start}, {end}]" for start, end in placed.offsets])}], '
        if not count:
            yield f'{before}"tokens": ["{words}"], {between}"ner_tags": [{_outside(length)}], "entities": []'
            continue
        tags, records, at = [], [], 0
        for start, end, label, score, text in islice(entities, count):
            if start > at:
                tags.append(_outside(start - at))
            tags.append(_inside(label, end - start))
            scored = "" if score is None else f', "score": {round(score, 6)!r}'
            shown = f'"text": {encode_basestring(text)}' if placed is None else _placed(placed, start, end)
            records.append(f'{{"start": {start}, "end": {end}, "label": "{label}"{scored}, {shown}}}')
            at = end
        if length > at:
            tags.append(_outside(length - at))
        shown = f'"ner_tags": [{", ".join(tags)}], "entities": [{", ".join(records)}]'
        yield f'{before}"tokens": ["{words}"], {between}{shown}'


def _placed(placed: PlacedText, start: int, end: int) -> str:
    """The fields of an entity that say where it is in the text."""
    left, right = placed.offsets[start][0], placed.offsets[end - 1][1]
    return f'"text": {encode_basestring(placed.text[left:right])}, "char_start": {left}, "char_end": {right}'


def _entities(
    block: SentenceBlock, scores: Sequence[float | None]
) -> Iterator[tuple[int, int, str, float | None, str]]:
    """The bounds of each entity in its sentence, its label, its score, and its words with spaces between them."""
    import numpy as np

    starts, ends = block.inside_sentences()
    word_ends = np.flatnonzero(np.frombuffer(block.words, np.uint8) == ord("\n"))
    lefts = (np.concatenate(([-1], word_ends))[block.starts] + 1).tolist()
    rights = word_ends[block.ends - 1].tolist()
    labels = [block.names[label] for label in block.labels.tolist()]
    texts = [block.words[a:b].decode("utf-8").replace("\n", " ") for a, b in zip(lefts, rights, strict=True)]
    return zip(starts.tolist(), ends.tolist(), labels, scores or [None] * len(texts), texts, strict=True)


@lru_cache(maxsize=1024)
def _outside(count: int) -> str:
    return ", ".join(['"O"'] * count)


@lru_cache(maxsize=4096)
def _inside(label: str, count: int) -> str:
    return ", ".join([f'"B-{label}"', *[f'"I-{label}"'] * (count - 1)])
