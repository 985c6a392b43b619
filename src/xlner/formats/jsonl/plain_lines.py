"""The lines of sentences with words and entities alone, put together from a few strings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring

from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme


def plain_line(sentence: Sentence, scheme: Scheme | str) -> str | None:
    """The line of a sentence as `json` writes it; None if the sentence has more than words and entities.

    >>> plain_line(Sentence(("Vigo",)), Scheme.IOB2)
    '{"tokens": ["Vigo"], "ner_tags": ["O"], "entities": []}\\n'
    """
    if sentence.meta or sentence.text is not None or sentence.id is not None or sentence.language is not None:
        return None
    tokens = sentence.tokens
    words = _strings(tokens)
    if words is None:
        return None
    entities = []
    for entity in sentence.entities:
        start, end, label = entity.start, entity.end, entity.label
        if entity.score is not None or type(start) is not int or type(end) is not int or not is_plain(label):
            return None
        text = encode_basestring(tokens[start] if end - start == 1 else " ".join(tokens[start:end]))
        entities.append(f'{{"start": {start}, "end": {end}, "label": "{label}", "text": {text}}}')
    tags = '", "'.join(sentence.tags(scheme))
    return f'{{"tokens": [{words}], "ner_tags": ["{tags}"], "entities": [{", ".join(entities)}]}}\n'


def _strings(tokens: Sequence[str]) -> str | None:
    """The words as strings of JSON, or None if that takes them one by one."""
    try:
        joined = "\n".join(tokens)
    except TypeError:
        return None
    if not tokens or "\\" in joined or joined.count("\n") != len(tokens) - 1:
        return None
    return encode_basestring(joined).replace("\\n", '", "')


@lru_cache(maxsize=4096)
def is_plain(label: str) -> bool:
    """Whether a string of JSON has a label as it is.

    >>> is_plain("LOC"), is_plain('"')
    (True, False)
    """
    return encode_basestring(label) == f'"{label}"'
