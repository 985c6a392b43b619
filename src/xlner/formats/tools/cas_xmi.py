"""UIMA CAS XMI, which INCEpTION reads and writes: a document with sentences, words and named entities of DKPro.

Read is an `.xmi` file, with a type system beside it as `TypeSystem.xml` if there is one, or the ZIP archive of both
that INCEpTION exports. Offsets in the file count UTF-16, which the library converts.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from xlner.core.files import STANDARD_STREAM, replacing, require_content
from xlner.core.sentence import Sentence
from xlner.errors import InputError, MissingExtraError, UsageError, ValidationError
from xlner.formats.character_spans import Mark, Words, in_characters
from xlner.formats.label_fields import CHARACTERS
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data, warn_of_widened
from xlner.formats.writing import WriteOptions, begun
from xlner.text.counts import counted

_SENTENCE = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence"
_TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"
_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_TYPES = "TypeSystem.xml"
_CONTROL = (
    dict.fromkeys(sorted({*range(32)} - {9, 10, 13}), " ")
    | {0xFFFE: " ", 0xFFFF: " "}
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
)
"""What XML has no form for, with characters of the same length. Line breaks and tabs are written as `&#10;`, `&#9;`."""


def _cassis() -> Any:
    try:
        import cassis
    except ImportError:
        raise MissingExtraError("dkpro-cassis", extra="cas") from None
    return cassis


def _type_system() -> Any:
    types = _cassis().TypeSystem()
    annotation = "uima.tcas.Annotation"
    for name, features in ((_SENTENCE, ("id",)), (_TOKEN, ("id",)), (_ENTITY, ("value", "identifier"))):
        made = types.create_type(name=name, supertypeName=annotation)
        for feature in features:
            types.create_feature(made, feature, "uima.cas.String")
    return types


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield the sentences of a document; its lines, if it has no sentences.

    Raises `MissingExtraError` without dkpro-cassis, and `InputError` for a file that is not XMI or has no text.
    """
    if str(path) == STANDARD_STREAM:
        raise InputError("XMI cannot be read from standard input", hint="give a file")
    require_content(path)
    cas = _load(Path(path))
    _require_text(cas, str(path))
    return _sentences(cas, str(path), options, report)


def _load(path: Path) -> Any:
    cassis = _cassis()
    types: bytes | None = None
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                inside = archive.namelist()
                found = [name for name in inside if name.endswith(".xmi")]
                if len(found) != 1:
                    raise InputError(
                        f"an archive with {len(found)} .xmi files", path=path, hint="extract it, and give one"
                    )
                data = archive.read(found[0])
                types = archive.read(_TYPES) if _TYPES in inside else None
        else:
            data = path.read_bytes()
            beside = path.with_name(_TYPES)
            types = beside.read_bytes() if beside.is_file() else None
        system = _type_system() if types is None else cassis.load_typesystem(BytesIO(types))
        return cassis.load_cas_from_xmi(BytesIO(data), typesystem=system, lenient=True)
    except InputError:
        raise
    except Exception as error:  # of the XML, of the archive or of its types: the library has many
        raise InputError(f"cannot be read as XMI: {error}", path=path) from None


def _require_text(cas: Any, path: str) -> None:
    """Raise `InputError` for a document without text, unless it says that a sentence is empty."""
    if (cas.sofa_string or "").strip() or any(a.type.name == _SENTENCE for a in cas.select_all_annotations()):
        return
    others = [sofa.sofaID for sofa in cas.sofas if (sofa.sofaString or "").strip()]
    if others:
        raise InputError(
            f"the view _InitialView has no text, but {', '.join(others)} has", path=path, hint="export that view alone"
        )
    problem = "has no text: no sofaString" if cas.sofa_string is None else "the text of the document is empty"
    raise InputError(problem, path=path, hint="export the document with its text, as UIMA CAS XMI 1.0")


def _sentences(cas: Any, path: str, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    text = cas.sofa_string or ""
    names = {kind.name for kind in cas.typesystem.get_types()}
    found = ((e.begin, e.end, e.value) for e in (cas.select(_ENTITY) if _ENTITY in names else ()))
    entities = sorted(found, key=lambda entity: (*entity[:2], entity[2] or ""))  # some have no label yet
    custom = sorted(
        {a.type.name for a in cas.select_all_annotations() if a.type.name.startswith(("custom.", "webanno.custom."))}
    )
    if custom:
        warn_of_data(f"{path}: only named entities are read, no {', '.join(custom)}")
    places = [(s.begin, s.end, getattr(s, "id", None)) for s in (cas.select(_SENTENCE) if _SENTENCE in names else ())]
    tokens = sorted((t.begin, t.end) for t in (cas.select(_TOKEN) if _TOKEN in names else ()))
    widened = position = token_position = 0
    for number, (start, end, id_) in enumerate(places or _lines(text), start=1):
        mine: list[tuple[int, int, str | None]] = []
        while position < len(entities) and (entities[position][0] < end or entities[position][0] < start):
            mine.append(entities[position])
            position += 1
        words: list[tuple[int, int]] = []
        while token_position < len(tokens) and tokens[token_position][0] < end:
            words.append(tokens[token_position])
            token_position += 1
        try:
            sentence, count = _sentence(text, _Found(start, end, id_, words, mine), options)
        except ValidationError as error:
            report.bad += 1
            yield InputError(error.message, path=path, sentence=number, hint=error.hint)
        else:
            widened += count
            report.sentences += 1
            yield sentence
    if widened:
        warn_of_widened(path, widened, "entity", "entities")


def _lines(text: str) -> Iterator[tuple[int, int, None]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line), None
        start += len(line) + 1


class _Found(NamedTuple):
    """A sentence of a document with what is in it: bounds in the document, and labels."""

    start: int
    end: int
    id: str | None
    words: list[tuple[int, int]]
    entities: list[tuple[int, int, str | None]]


def _sentence(text: str, found: _Found, options: ReadOptions) -> tuple[Sentence, int]:
    start, end, id, words, entities = found
    own = text[start:end]
    if words:
        offsets = tuple((a - start, b - start) for a, b in words)
        sentence = Sentence(tuple(own[a:b] for a, b in offsets), (), own, offsets, options.language, id)
    else:
        sentence = options.sentence(own, None, id)
    marks = []
    for a, b, label in entities:
        if not label:
            raise ValidationError(f"an entity without a label on {text[a:b]!r}", hint="give it a label, or remove it")
        if b > end or a < start:
            raise ValidationError(f"the entity {text[a:b]!r} is not inside a sentence")
        marks.append(Mark(a - start, b - start, "_".join(label.split())))
    if not marks:
        return sentence, 0
    made = in_characters("XMI", marks, CHARACTERS, Words(sentence.tokens, own, sentence.offsets, placed=True))
    return sentence.with_entities(made.entities), made.widened


class _Document:
    """A document to write, and what of its sentences XMI has no place for."""

    def __init__(self) -> None:
        types = _type_system()
        self._cas = _cassis().Cas(typesystem=types)
        self._types = tuple(types.get_type(name) for name in (_SENTENCE, _TOKEN, _ENTITY))
        self._texts: list[str] = []
        self._annotations: list[Any] = []
        self._languages: set[str | None] = set()
        self._begin = 0
        self.failed = 0
        self.with_control = 0

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, sentence: Sentence) -> None:
        """Append a sentence."""
        sentence_type, token_type, entity_type = self._types
        made = sentence.with_text()
        text = (made.text or "").translate(_CONTROL)
        self.with_control += text != made.text
        self.failed += "error" in made.meta
        self._languages.add(made.language)
        begin, offsets = self._begin, made.offsets or ()
        self._annotations.append(sentence_type(begin=begin, end=begin + len(text), id=made.id))
        self._annotations += [token_type(begin=begin + a, end=begin + b) for a, b in offsets]
        for entity in made.entities:
            start, end = offsets[entity.start][0], offsets[entity.end - 1][1]
            self._annotations.append(entity_type(begin=begin + start, end=begin + end, value=entity.label))
        self._texts.append(text)
        self._begin += len(text) + 1

    def xmi(self) -> bytes:
        """The document as XMI."""
        self._cas.sofa_string = "\n".join(self._texts)
        self._cas.sofa_mime = "text/plain"
        if len(self._languages) == 1 and None not in self._languages:
            self._cas.document_language = next(iter(self._languages))
        self._cas.add_all(self._annotations)
        return bytes(self._cas.to_xmi().encode("utf-8"))


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write sentences as one document; return their number. After an error, those before it are in `PATH.part`.

    Scores have no place. Tabs and line breaks are kept. Characters that XML has no form for become blanks, with a
    `DataWarning`.

    Raises `MissingExtraError` without dkpro-cassis, and `UsageError` for standard output.
    """
    if str(path) == STANDARD_STREAM:
        raise UsageError("XMI is not written to standard output", hint="name an output that ends in .xmi")
    document = _Document()
    sentences = begun(sentences)
    with replacing(path, keep=True) as stream:
        try:
            for sentence in sentences:
                document.add(sentence)
        finally:
            stream.write(document.xmi())
    if document.failed:
        warn_of_data(
            f"{path}: XMI has no place for the errors of {counted(document.failed, 'sentence')} without entities there"
        )
    if document.with_control:
        warn_of_data(
            f"{path}: XML has no form for control characters; "
            f"those of {counted(document.with_control, 'sentence')} became blanks"
        )
    return len(document)
