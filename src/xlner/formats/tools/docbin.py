"""`.spacy` files: a `DocBin` of spaCy, one document per sentence, as `spacy train` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.files import STANDARD_STREAM, replacing, require_content
from xlner.core.sentence import Sentence
from xlner.core.spacy_docs import KEY
from xlner.core.spacy_import import import_spacy
from xlner.errors import InputError, MissingExtraError, UsageError, ValidationError
from xlner.formats.jsonl import dumped
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data
from xlner.formats.writing import WriteOptions, begun


def _doc_bin() -> Any:
    try:
        import_spacy()
    except ImportError:
        raise MissingExtraError("spaCy", extra="offline") from None
    from spacy.tokens import DocBin

    return DocBin


def read(path: str | Path, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    """Yield one sentence for each document, of whatever length.

    Raises `MissingExtraError` without spaCy, and `InputError` for a file that is no DocBin.
    """
    if str(path) == STANDARD_STREAM:
        raise InputError("a DocBin cannot be read from standard input", hint="give a file")
    require_content(path)
    doc_bin = _doc_bin()
    from spacy.vocab import Vocab

    try:
        docs = doc_bin().from_disk(path).get_docs(Vocab())
    except Exception as error:  # of msgpack, zlib or spaCy
        raise InputError(f"cannot be read as a DocBin of spaCy: {error}", path=path) from None
    return _sentences(docs, str(path), options, report)


def _sentences(docs: Iterator[Any], path: str, options: ReadOptions, report: ReadReport) -> Iterator[Item]:
    number = 0
    said = False
    while True:
        number += 1
        try:
            doc = next(docs)
        except StopIteration:
            return
        except Exception as error:
            yield InputError(f"the rest is damaged: {error}", path=path, sentence=number)
            return
        try:
            if options.require_tags and not doc.has_annotation("ENT_IOB") and not doc.spans:
                raise ValidationError("no entities are annotated", hint="give labeled documents")
            sentence = Sentence.from_spacy(doc)
            if doc.ents and doc.spans and not said:
                said = True
                warn_of_data(f"{path}: the entities are read, no groups of spans: {', '.join(doc.spans)}")
        except ValidationError as error:
            report.bad += 1
            yield InputError(error.message, path=path, sentence=number, hint=error.hint)
        else:
            report.sentences += 1
            yield replace(sentence, language=options.language or sentence.language)


def write(sentences: Iterable[Sentence], path: str | Path, options: WriteOptions) -> int:
    """Write one document for each sentence; return their number. After an error, those before it are in `PATH.part`.

    Raises `MissingExtraError` without spaCy, and `UsageError` for standard output.
    """
    if str(path) == STANDARD_STREAM:
        raise UsageError("a DocBin is not written to standard output", hint="name an output that ends in .spacy")
    doc_bin = _doc_bin()
    from spacy.vocab import Vocab

    vocab = Vocab()
    made = doc_bin(attrs=("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"), store_user_data=True)
    sentences = begun(sentences)
    with replacing(path, keep=True) as stream:
        try:
            for sentence in sentences:
                doc = sentence.to_spacy(vocab)
                if sentence.meta:  # msgpack would make tuples of lists
                    doc.user_data[KEY]["meta"] = dumped(sentence.meta)
                made.add(doc)
        finally:
            stream.write(made.to_bytes())
    return len(made)
