"""Write blocks of sentences as records, without an object for each sentence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring

from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import Scheme, parse_scheme
from xlner.formats.jsonl.plain_lines import is_plain
from xlner.formats.jsonl.writer import write_sentence


def lines_of(block: SentenceBlock, scheme: Scheme | str) -> str:
    """The lines of the sentences, the same as of `write_sentence`.

    >>> import numpy as np
    >>> entity = [np.array([k]) for k in (1, 2, 0)]
    >>> print(lines_of(SentenceBlock(b"en\\nVigo\\n", np.array([2]), *entity, ("LOC",), np.array([1])), "IOB2"))
    {"tokens": ["en", "Vigo"], "ner_tags": ["O", "B-LOC"], "entities": \
[{"start": 1, "end": 2, "label": "LOC", "text": "Vigo"}]}
    <BLANKLINE>
    """
    is_simple = b"\\" not in block.words and block.language is None and all(map(is_plain, block.names))
    if is_simple and parse_scheme(scheme) is Scheme.IOB2:
        return "".join(_lines(block))
    stream = io.StringIO()
    for sentence in block.sentences():
        write_sentence(stream, sentence, scheme)
    return stream.getvalue()


def _lines(block: SentenceBlock) -> Iterator[str]:
    entities = _entities(block)
    for words, length, count in zip(
        block.quoted_words(encode_basestring), block.lengths.tolist(), block.per_sentence(), strict=True
    ):
        if not count:
            yield f'{{"tokens": ["{words}"], "ner_tags": [{_outside(length)}], "entities": []}}\n'
            continue
        tags, records, at = [], [], 0
        for start, end, label, text in islice(entities, count):
            if start > at:
                tags.append(_outside(start - at))
            tags.append(_inside(label, end - start))
            records.append(f'{{"start": {start}, "end": {end}, "label": "{label}", "text": {encode_basestring(text)}}}')
            at = end
        if length > at:
            tags.append(_outside(length - at))
        yield f'{{"tokens": ["{words}"], "ner_tags": [{", ".join(tags)}], "entities": [{", ".join(records)}]}}\n'


def _entities(block: SentenceBlock) -> Iterator[tuple[int, int, str, str]]:
    """The start and the end of each entity in its sentence, its label, and its words with spaces between them."""
    import numpy as np

    starts, ends = block.inside_sentences()
    word_ends = np.flatnonzero(np.frombuffer(block.words, np.uint8) == ord("\n"))
    lefts = (np.concatenate(([-1], word_ends))[block.starts] + 1).tolist()
    rights = word_ends[block.ends - 1].tolist()
    labels = [block.names[label] for label in block.labels.tolist()]
    texts = [block.words[a:b].decode("utf-8").replace("\n", " ") for a, b in zip(lefts, rights, strict=True)]
    return zip(starts.tolist(), ends.tolist(), labels, texts, strict=True)


@lru_cache(maxsize=1024)
def _outside(count: int) -> str:
    return ", ".join(['"O"'] * count)


@lru_cache(maxsize=4096)
def _inside(label: str, count: int) -> str:
    return ", ".join([f'"B-{label}"', *[f'"I-{label}"'] * (count - 1)])
