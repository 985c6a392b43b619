"""CoNLL columns: one token per line, the token first and the tag last, and a blank line after each sentence.

The reader accepts the variants that occur: two to four columns, or the five of Universal NER, separated by tabs or
spaces; any tag scheme; `-DOCSTART-` lines; comments; CRLF; the `en:token` of WikiANN; no-break spaces inside tokens;
and files without a final blank line. Each further blank line is an empty sentence, except at the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from xlner.core.files import Line
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.core.tags import Scheme, decode
from xlner.errors import InputError, ValidationError
from xlner.formats.reading import Item, ReadOptions, ReadReport
from xlner.text.tokenizer import locate

_DOCSTART = "-DOCSTART-"
_EMPTY = "# empty sentence"
_KEY_VALUE = re.compile(r"^#\s*([\w.-]+)\s*=\s?(.*)$")
_TAG = re.compile(r"^(?:O|[BIESLU]-\S+)$")
_LANGUAGE_PREFIX = re.compile(r"^([a-z]{2,3}(?:-[a-z]+)*):(?=.)")


@dataclass(slots=True)
class _Block:
    """The lines of one sentence."""

    comments: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    docstart: bool = False
    unreadable: InputError | None = None

    def __bool__(self) -> bool:
        return bool(self.comments or self.rows or self.unreadable)


@dataclass(slots=True)
class ConllReader:
    """Reads the sentences of one file, and counts them in `report`."""

    path: str
    options: ReadOptions = field(default_factory=ReadOptions)
    report: ReadReport = field(default_factory=ReadReport)
    _prefixed: bool | None = None

    def read(self, lines: Iterable[Line]) -> Iterator[Item]:
        """Yield one sentence, or an `InputError`, for each block of lines."""
        for number, block in enumerate(_blocks(lines), start=1):
            try:
                sentence = self._sentence(block, number)
            except InputError as error:
                self.report.bad += 1
                yield error
            else:
                self.report.sentences += 1
                yield sentence

    def _sentence(self, block: _Block, number: int) -> Sentence:
        if block.unreadable:
            raise block.unreadable
        meta, text, id_ = _meta(block)
        options = self.options
        if not block.rows:
            return Sentence((), language=options.language, id=id_, meta=meta)
        tokens, tags = self._columns(block.rows, number)
        try:
            decoded = decode(tags, options.scheme, repair=options.repair)
            tokens, language = self._without_prefix(tokens)
            offsets = None if text is None else locate(text, tokens)
            self.report.repaired_tags += len(decoded.repaired)
            return Sentence(
                tuple(tokens),
                decoded.entities,
                text if offsets is not None else None,
                None if offsets is None else tuple(offsets),
                options.language or language,
                id_,
                meta,
            )
        except ValidationError as error:
            raise InputError(
                error.message, path=self.path, line=block.rows[0][0], sentence=number, hint=error.hint
            ) from None

    def _columns(self, rows: Sequence[tuple[int, list[str]]], number: int) -> tuple[list[str], list[str]]:
        first = rows[0][1]
        token_at, tag_at = 0, -1
        if len(first) == 1 and not self.options.require_tags:
            tag_at = 0
        elif len(first) > 2 and first[0] == "1" and not _is_tag(first[-1]) and _is_tag(first[2]):
            token_at, tag_at = 1, 2  # Universal NER: index, token, tag
            rows = [row for row in rows if row[1][0].isdecimal()]
        for line, fields in rows:
            problem = self._problem(fields, len(first), tag_at)
            if problem is not None:
                raise InputError(problem[0], path=self.path, line=line, sentence=number, hint=problem[1])
        tokens = [fields[token_at] for _, fields in rows]
        return tokens, (["O"] * len(rows) if tag_at == 0 else [fields[tag_at] for _, fields in rows])

    def _problem(self, fields: Sequence[str], width: int, tag_at: int) -> tuple[str, str] | None:
        """The problem with a line and how to fix it; None if there is no problem."""
        if len(fields) != width:
            hint = "write a token and its tag on each line, separated by a tab or spaces"
            return f"{len(fields)} columns, but the first line of the sentence has {width}", hint
        if width == 1 and self.options.require_tags:
            return f"no tag column, only {fields[0]!r}", "write two columns, the token and its tag"
        if tag_at and not _is_tag(fields[tag_at]) and self.options.scheme != Scheme.IO:
            hint = "the last column must be O, or a prefix and a label such as B-PER"
            return f"{fields[tag_at]!r} is not a tag", hint
        return None

    def _without_prefix(self, tokens: list[str]) -> tuple[list[str], str | None]:
        """Remove the language prefix of WikiANN (`en:`) if all tokens of the first sentence have the same one."""
        found = [_LANGUAGE_PREFIX.match(t) for t in tokens]
        if self._prefixed is None:
            self._prefixed = all(found) and len({m[1] for m in found if m}) == 1
        if not self._prefixed or not all(found):
            return tokens, None
        return [t[m.end() :] for t, m in zip(tokens, found, strict=True) if m], found[0][1] if found[0] else None


def _blocks(lines: Iterable[Line]) -> Iterator[_Block]:
    block = _Block()
    blanks: list[_Block] = []  # empty sentences, kept back until another sentence follows
    after_docstart = False
    for number, line in lines:
        if isinstance(line, InputError):
            block.unreadable = block.unreadable or line
            continue
        stripped = line.strip(" \t")
        if stripped.startswith(_DOCSTART):
            if block:
                yield from blanks
                blanks = []
                yield block
            block = _Block(docstart=True)
            after_docstart = True
        elif not stripped:
            if block:
                yield from blanks
                blanks = []
                yield block
                block = _Block()
            elif not after_docstart:  # otherwise the blank line belongs to the document mark
                blanks.append(block)
                block = _Block()
            after_docstart = False
        elif not block.rows and _is_comment(stripped):
            block.comments.append(stripped)
        else:
            fields = stripped.split("\t" if "\t" in stripped else " ")
            block.rows.append((number, [f.strip(" ") for f in fields if f.strip(" ")]))
            after_docstart = False
    if block:
        yield from blanks
        yield block


def _is_comment(line: str) -> bool:
    """Return True for a comment. A line that begins with # can also be the token # with its tag."""
    if not line.startswith("#"):
        return False
    if _KEY_VALUE.match(line):
        return True
    return not ("\t" in line or _is_tag(line.rsplit(" ", 1)[-1]))


def _is_tag(field: str) -> bool:
    return _TAG.match(field) is not None


def _meta(block: _Block) -> tuple[dict[str, object], str | None, str | None]:
    """The comments of a block, and the text and identifier among them."""
    meta: dict[str, object] = {}
    comments = [c for c in block.comments if c != _EMPTY]
    values = {m[1]: m[2] for m in map(_KEY_VALUE.match, comments) if m}
    if comments:
        meta["comments"] = tuple(comments)
    if block.docstart:
        meta["docstart"] = True
    if "error" in values:
        meta["error"] = values["error"]
    return meta, values.get("text"), values.get("sent_id") or values.get("id")


def write_sentence(stream: TextIO, sentence: Sentence, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write a sentence as two tab-separated columns, after its comments."""
    if sentence.meta.get("docstart"):
        stream.write(f"{_DOCSTART}\tO\n\n")
    comments = sentence.meta.get("comments", ())
    comments = [str(c) for c in comments] if isinstance(comments, (tuple, list)) else []
    known = {m[1] for m in map(_KEY_VALUE.match, comments) if m}
    if sentence.id is not None and not known & {"id", "sent_id"}:
        comments.append(f"# id = {sentence.id}")
    if sentence.text is not None and "text" not in known:
        comments.append(f"# text = {' '.join(sentence.text.splitlines())}")
    if "error" in sentence.meta and "error" not in known:
        comments.append(f"# error = {sentence.meta['error']}")
    if not sentence.tokens:
        comments.append(_EMPTY)
    stream.writelines(f"{comment}\n" for comment in comments)
    tags = sentence.tags(scheme)
    stream.writelines(f"{_one_cell(token)}\t{tag}\n" for token, tag in zip(sentence.tokens, tags, strict=True))
    stream.write("\n")


def write_pair(stream: TextIO, pair: Pair, scheme: Scheme | str = Scheme.IOB2) -> None:
    """Write the labeled target sentence. If the pair has an error, it is written as a comment."""
    sentence = pair.labeled
    if pair.error is not None:
        meta = {**sentence.meta, "error": pair.error}
        sentence = Sentence(sentence.tokens, (), sentence.text, sentence.offsets, sentence.language, sentence.id, meta)
    write_sentence(stream, sentence, scheme)


def _one_cell(token: str) -> str:
    """A token as one cell. Tabs and line breaks become no-break spaces."""
    return "".join("\u00a0" if c in "\t\n\r" else c for c in token) or "\u00a0"
