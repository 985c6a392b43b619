"""Tokenized sentences with their entities and, if known, their text and the offsets of their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from xlner.core.entity import Entity
from xlner.core.entity import Span as Range
from xlner.core.notebook import labeled_html
from xlner.core.readable import marked_text, short
from xlner.core.tags import Repair, Scheme, decode, encode
from xlner.errors import ValidationError
from xlner.text.counts import counted
from xlner.text.offsets import cut_at, words_in

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

    from xlner.text.tokenizer import Segmenter


@dataclass(frozen=True, slots=True, repr=False)
class Sentence:
    """A tokenized sentence.

    - `tokens`: the words.
    - `entities`: sorted; they must not overlap.
    - `text`: the original text, or None.
    - `offsets`: for each token, the half-open range of code points in `text`, in order. None without `text`.
    - `language`: a code as `xlner.text.languages.canonical` returns it.
    - `id`: an identifier from the input file.
    - `meta`: other data from the input file, such as comments and unknown JSON fields; written back unchanged.

    Raises `ValidationError` if entities overlap or leave the sentence, or if the offsets do not fit the text.

    >>> Sentence(("Ana", "lives", "in", "Vigo"), (Entity(3, 4, "LOC"),)).tags()
    ['O', 'O', 'O', 'B-LOC']
    """

    tokens: tuple[str, ...]
    entities: tuple[Entity, ...] = ()
    text: str | None = None
    offsets: tuple[Range, ...] | None = None
    language: str | None = None
    id: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(self.tokens))
        entities = tuple(self.entities)
        if entities:
            entities = tuple(sorted(entities, key=_position)) if len(entities) > 1 else entities
            _check_entities(entities, len(self.tokens))
        object.__setattr__(self, "entities", entities)
        if (self.text is None) != (self.offsets is None):
            raise ValidationError("a sentence has both text and offsets, or neither")
        if self.text is not None and self.offsets is not None:
            object.__setattr__(self, "offsets", tuple(self.offsets))
            _check_offsets(self.offsets, len(self.tokens), len(self.text))

    @classmethod
    def from_tags(
        cls,
        tokens: Sequence[str],
        tags: Sequence[str],
        scheme: Scheme | str = Scheme.IOB2,
        *,
        repair: Repair | str = Repair.CONLLEVAL,
    ) -> Sentence:
        """Build a sentence from one tag per token.

        `scheme` and `repair` are those of `xlner.core.tags.decode`. Raises `ValidationError` if the numbers of tokens
        and tags differ.

        >>> Sentence.from_tags(["Ana", "Vigo"], ["B-PER", "B-LOC"]).entities[1].label
        'LOC'
        """
        if len(tokens) != len(tags):
            raise ValidationError(f"{counted(len(tokens), 'token')} but {counted(len(tags), 'tag')}")
        return cls(tuple(tokens), decode(tags, scheme, repair=repair).entities)

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        language: str | None = None,
        id: str | None = None,
        segmenter: Segmenter | None = None,
        words: str = "tokenizer",
    ) -> Sentence:
        """Split a text into words. The offsets refer to `text` as given.

        - `words`: `tokenizer` for the default tokenizer, or `spaces` for a text that is tokenized already.
        - `segmenter`: splits text in scripts without spaces into words; see `xlner.text.tokenize`.

        >>> Sentence.from_text("Ana, in Vigo.").tokens
        ('Ana', ',', 'in', 'Vigo', '.')
        """
        from xlner.text.tokenizer import split_at_spaces, tokenize

        offsets = split_at_spaces(text) if words == "spaces" else tokenize(text, language, segmenter=segmenter)
        return cls(tuple(text[a:b] for a, b in offsets), (), text, tuple(offsets), language, id)

    @classmethod
    def from_spans(
        cls,
        text: str,
        spans: Iterable[tuple[int, int, str] | tuple[int, int, str, float | None]],
        *,
        language: str | None = None,
        id: str | None = None,
        segmenter: Segmenter | None = None,
        words: str = "tokenizer",
    ) -> Sentence:
        """Split a text into words and label spans of characters: `(start, end, label)`, or with a score as the fourth.

        `start` and `end` count code points of `text`; `end` is the character after the last. The entities cover these
        characters exactly: a word that a span ends in is cut there. Spaces at the ends of a span belong to no entity.
        The other options are those of `from_text`. Raises `ValidationError` for spans that overlap, are outside of the
        text, or have no words.

        >>> made = Sentence.from_spans("A avogalesa vive.", [(3, 11, "MISC")])
        >>> made.tokens, made.surface(made.entities[0])
        (('A', 'a', 'vogalesa', 'vive', '.'), 'vogalesa')
        """
        given = sorted(((*span, None)[:4] for span in spans), key=lambda span: span[:2])
        bare = cls.from_text(text, language=language, id=id, segmenter=segmenter, words=words)
        for start, end, label, _ in given:
            if not 0 <= start < end <= len(text):
                raise ValidationError(
                    f"{label} at {(start, end)} is not in the text of {counted(len(text), 'character')}"
                )
        cuts = sorted({bound for start, end, *_ in given for bound in (start, end)})
        offsets = tuple(cut for word in bare.offsets or () for cut in cut_at(word, cuts))
        entities = []
        for start, end, label, score in given:
            found = words_in(offsets, start, end)
            if found is None:
                raise ValidationError(f"{label} at {(start, end)} has no words: {text[start:end]!r}")
            entities.append(Entity(*found, label, score))
        return cls(tuple(text[a:b] for a, b in offsets), tuple(entities), text, offsets, bare.language, id)

    @classmethod
    def from_spacy(cls, doc: Doc | Span) -> Sentence:
        """The sentence of a `Doc` or `Span` of spaCy, with its entities. Words that are only spaces are left out.

        Raises `ValidationError` for a `Doc` without entities and with several groups of spans.

        >>> import spacy
        >>> Sentence.from_spacy(spacy.blank("es")("Ana vive en Vigo")).tokens
        ('Ana', 'vive', 'en', 'Vigo')
        """
        from xlner.core.spacy_docs import from_doc

        return cls(*from_doc(doc.as_doc() if hasattr(doc, "as_doc") else doc))

    def to_spacy(self, vocab: Vocab | None = None) -> Doc:
        """A `Doc` of spaCy with the same words, text and entities. What it has no place for is in its `user_data`.

        `vocab` is that of a pipeline, `nlp.vocab`; by default an empty one. Raises `MissingExtraError` without spaCy.

        >>> Sentence(("Ana", "vive"), (Entity(0, 1, "PER"),)).to_spacy().ents
        (Ana,)
        """
        from xlner.core.spacy_docs import to_doc

        made = self.with_text()
        rest = {"id": self.id, "lang": self.language, "meta": dict(self.meta)}
        doc: Doc = to_doc(made.text or "", made.offsets or (), made.entities, rest, vocab)
        return doc

    def __repr__(self) -> str:
        parts = [repr(marked_text(self.tokens, self.entities))]
        parts += [] if self.language is None else [f"language={self.language!r}"]
        parts += [] if self.id is None else [f"id={short(self.id)}"]
        parts += [] if self.text is None else ["with text"]
        parts += [f"meta={short(', '.join(map(str, self.meta)))}"] if self.meta else []
        return f"<Sentence {', '.join(parts)}>"

    def _repr_html_(self, colors: Mapping[str, str] | None = None) -> str:
        """The text with its entities in color, for notebooks. Each label has one of the colors, if they are given."""
        made = self.with_text()
        spans = [(*(made.char_span(e) or (0, 0)), e.label, e.score) for e in made.entities]
        return labeled_html(made.text or "", spans, made.language, colors)

    def __len__(self) -> int:
        return len(self.tokens)

    def tags(self, scheme: Scheme | str = Scheme.IOB2) -> list[str]:
        """One tag per token.

        >>> Sentence(("Ana", "Pardo"), (Entity(0, 2, "PER"),)).tags("IOBES")
        ['B-PER', 'E-PER']
        """
        return encode(self.entities, len(self.tokens), scheme)

    def with_entities(self, entities: Iterable[Entity]) -> Sentence:
        """The same sentence with these entities instead of its own."""
        return replace(self, entities=tuple(entities))

    def with_text(self) -> Sentence:
        """The same sentence with a text: its own, or one detokenized from the tokens."""
        if self.text is not None:
            return self
        from xlner.text.detokenizer import detokenize

        text, offsets = detokenize(self.tokens, self.language)
        return replace(self, text=text, offsets=tuple(offsets))

    def char_span(self, entity: Entity) -> Range | None:
        """The range of code points of an entity in `text`; None if the sentence has no text.

        >>> s = Sentence.from_text("In Vigo.")
        >>> s.char_span(Entity(1, 2, "LOC"))
        (3, 7)
        """
        if self.offsets is None:
            return None
        return (self.offsets[entity.start][0], self.offsets[entity.end - 1][1])

    def surface(self, entity: Entity) -> str:
        """The text of an entity, or its tokens joined by spaces if the sentence has no text."""
        span = self.char_span(entity)
        if span is not None and self.text is not None:
            return self.text[span[0] : span[1]]
        return " ".join(self.tokens[entity.start : entity.end])


def _position(entity: Entity) -> tuple[int, int, str]:
    return (entity.start, entity.end, entity.label)


def _check_entities(entities: Sequence[Entity], n_tokens: int) -> None:
    for before, after in pairwise(entities):
        if after.start < before.end:
            raise ValidationError(f"entities {before.span} and {after.span} overlap")
    if entities and entities[-1].end > n_tokens:
        raise ValidationError(f"entity {entities[-1].span} ends beyond the sentence of {counted(n_tokens, 'token')}")


def _check_offsets(offsets: Sequence[Range], n_tokens: int, n_chars: int) -> None:
    if len(offsets) != n_tokens:
        raise ValidationError(f"{counted(n_tokens, 'token')} but {counted(len(offsets), 'offset')}")
    position = 0
    for start, end in offsets:
        if not position <= start <= end <= n_chars:
            raise ValidationError(f"token offsets ({start}, {end}) are out of order or beyond the text")
        position = end
