"""Files of word links as the tools of the field write them, one item for each pair of sentences.

- Pharaoh: `0-0 1-2`, also with commas, with `1p2` or `1?2` for a possible link, and with a weight after a colon.
- Columns separated by tabs or `|||`, one of them with such links: scores behind the links (fast_align), a number before
  them (SimAlign), or source, target and links (XL-WA).
- NAACL: `1 4 3 S`, the pair, the source word and the target word, counted from 1, and sure or possible.
- GIZA++: three lines for each pair, `# Sentence pair (1) …`, the target, and the source with the numbers of its links.
- Lists as Python and JSON write them: `[[0, 0], [1, 2]]`.

The first lines tell which. Weights of links are kept, scores of whole sentences are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise

from xlner.core.alignment import Alignment, Link
from xlner.core.lines import Line
from xlner.errors import InputError, ValidationError
from xlner.text.counts import counted

_HEAD = 100
"""Lines to look at before a file is read."""
_MAX_GAP = 100_000
"""Pairs without links between two pairs of a NAACL file."""
_SHOWN = 40
_DIGITS = 18
"""Digits of the number of a pair that are looked at."""
_N = "([0-9]{1,9})"
_PLAIN = re.compile(r"[0-9]{1,9}-[0-9]{1,9}(?: [0-9]{1,9}-[0-9]{1,9})*")
_LINK = re.compile(rf"{_N}([-pP?]){_N}(?::([0-9.eE+-]+))?")
_LIST = re.compile(r"\[\s*(?:[\[(]\s*[0-9]{1,9}\s*,\s*[0-9]{1,9}\s*[\])]\s*,?\s*)*\]")
_SEVERAL_LISTS = re.compile(r"\s*\[\s*\[\s*[\[(]")
_HYPHENS = r"sed -E 's/([0-9]+) +([0-9]+)/\1-\2/g' FILE > NEW"
_NAACL = re.compile(rf"{_N}\s+{_N}\s+{_N}(?:\s+([SP]))?(?:\s+([0-9]+\.?[0-9]*|\.[0-9]+))?")
_PAIR = re.compile(rf"{_N}(?:\s|$)")
_GIZA = re.compile(rf"#\s*Sentence pair \({_N}\)", re.IGNORECASE)
_GIZA_LINES = 3
_GIZA_WORD = re.compile(r"(\S+) \(\{((?: [0-9]{1,9})*) ?\}\)")


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one pair.

    - `sure`, `possible`: 0-based links; a predicted link is sure.
    - `weights`: one for each sure link and then for each possible link, or None.
    - `lengths`: the numbers of source and target words, if the file has the sentences.
    - `words`: the source and target words, if the file has them as they were aligned.

    >>> Links(((0, 0),), ((1, 2),)).alignment.links
    ((0, 0), (1, 2))
    """

    sure: tuple[Link, ...] = ()
    possible: tuple[Link, ...] = ()
    weights: tuple[float, ...] | None = None
    lengths: tuple[int, int] | None = None
    words: tuple[tuple[str, ...], tuple[str, ...]] | None = field(default=None, repr=False)

    @property
    def alignment(self) -> Alignment:
        """All links, sure and possible ones."""
        return Alignment(self.sure + self.possible, self.weights)


Numbered = tuple[int, "Links | InputError"]
"""The number of a line, and its links or why they cannot be read."""


def read(lines: Iterable[Line], *, path: str = "-", one_based: bool = False) -> Iterator[Links | InputError]:
    """Yield the links of each pair, or an `InputError` for those that cannot be read. An empty line has no links.

    `one_based` says that words are numbered from 1; in NAACL and GIZA++ files they always are.

    >>> [links.sure for links in read([(1, "0-0:0.9 1-2:0.8"), (2, ""), (3, "1-0:1")])]
    [((0, 0), (1, 2)), (), ((1, 0),)]
    >>> next(read([(1, "0\\t0-0 1-1")])).sure
    ((0, 0), (1, 1))
    """
    return LinksReader(path, one_based).read(lines)


@dataclass(slots=True)
class LinksReader:
    """Reads the links of one file, see `read`.

    >>> reader = LinksReader("a.talp")
    >>> next(reader.read([(1, "0-0 1-2")])).sure, reader.settled
    (((0, 0), (1, 2)), True)
    """

    path: str
    one_based: bool = False
    _layout: _Layout | None = None
    _pairs: int = 0
    _head: int = 0  # lines that were looked at before they were read

    def read(self, lines: Iterable[Line]) -> Iterator[Links | InputError]:
        """Yield the links of each pair, or an `InputError`.

        Where this is `settled`, lines of plain links can be taken out of the lines by other means.
        """
        for number, item in self._items(iter(lines)):
            self._pairs += 1
            self._head -= 1
            if isinstance(item, InputError):
                line = item.line or number
                yield InputError(item.message, path=self.path, line=line, sentence=self._pairs, hint=item.hint)
            else:
                yield item

    @property
    def settled(self) -> bool:
        """Whether each pair has a line, without a number, and the links of all lines so far were yielded."""
        return self._layout is not None and self._layout.first_id is None and self._head <= 0

    def passed(self, pairs: int) -> None:
        """Count pairs whose lines were taken out."""
        self._pairs += pairs

    def _items(self, lines: Iterator[Line]) -> Iterator[Numbered]:
        head = list(islice(lines, _HEAD))
        texts = [text for _, text in head if isinstance(text, str) and text.strip()]
        rest = chain(head, lines)
        if any(map(_GIZA.match, texts[:_GIZA_LINES])):
            return _giza(rest, self.path)
        if texts and all(map(_NAACL.fullmatch, map(str.strip, texts))):
            return _naacl(rest, self.path)
        self._head, self._layout = len(head), _Layout.of(texts)
        if self._layout.first_id is not None:
            return _by_pair_number(rest, self._layout, self.one_based)
        return ((number, _of_line(line, self._layout, self.one_based)) for number, line in rest)


def is_one_per_line(head: Iterable[str]) -> bool:
    """Whether a file that begins with these lines has the links of each pair on a line of their own.

    >>> is_one_per_line(["0-0 1-2"]), is_one_per_line(["1 1 1 S"])
    (True, False)
    """
    texts = [text.strip() for text in head if text.strip()]
    numbered = any("\t" in text and text.split("\t")[0].isdecimal() for text in texts)
    return bool(texts) and not (_GIZA.match(texts[0]) or all(map(_NAACL.fullmatch, texts)) or numbered)


@dataclass(frozen=True, slots=True)
class _Layout:
    """What separates the columns of a file, and which column holds the links, by the number of columns."""

    separator: str | None = None
    columns: Mapping[int, int] = field(default_factory=dict)
    first_id: int | None = None
    """The number in the first column of the first line, if it counts the pairs."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Layout:
        separator = next((s for s in ("|||", "\t") if any(s in text for text in texts)), None)
        if separator is None:
            return cls()
        rows: dict[int, list[list[str]]] = {}
        for text in texts:
            fields = _fields(text, separator)
            rows.setdefault(len(fields), []).append(fields)
        columns = {n: _link_column(of_count) for n, of_count in rows.items() if n > 1}
        known = {n: column for n, column in columns.items() if column is not None}
        pairs = rows.get(2, [])
        numbered = separator == "\t" and known.get(2) == 1 and all(fields[0].isdecimal() for fields in pairs)
        return cls(separator, known, int(pairs[0][0][:_DIGITS]) if numbered else None)

    def pair_number(self, line: str | InputError) -> int | None:
        """The number that a line begins with; None if it has none, or columns that are not numbered."""
        if self.first_id is None or self.separator is None or isinstance(line, InputError):
            return None
        fields = _fields(line, self.separator)
        return int(fields[0][:_DIGITS]) if len(fields) <= 2 and fields[0].isdecimal() else None

    def split(self, text: str) -> tuple[str, tuple[int, int] | None]:
        """The links of a line as text, and the lengths of its sentences if it has them."""
        if self.separator is None:
            return text, None
        fields = _fields(text, self.separator)
        count = len(fields)
        if count == 1:
            is_id = self.first_id is not None and fields[0].isdecimal()
            return ("" if is_id else fields[0]), None
        column = self.columns.get(count, _link_column([fields]))
        if column is None:
            raise ValidationError(
                f"{counted(count, 'column')}, and none or several of them are links",
                hint="write only links, or source, target and links; cut -f keeps one column",
            )
        if self.first_id is not None and count == 2 and not fields[0].isdecimal():
            raise ValidationError(
                f"{_shortened(fields[0])!r} is not the number of a pair", hint="begin each line with the number"
            )
        with_texts = self.separator == "\t" and column == 2
        return fields[column], (len(fields[0].split()), len(fields[1].split())) if with_texts else None


def _fields(text: str, separator: str) -> list[str]:
    return [field.strip() for field in text.strip(" \r\n").split(separator)]


def _link_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The only column that holds nothing but links; one without any link counts if all others hold something."""
    columns = list(zip(*rows, strict=True))
    linked = [k for k, column in enumerate(columns) if any(column) and all(map(_is_links, column))]
    if not linked:
        linked = [k for k, column in enumerate(columns) if not any(column)]
    return linked[0] if len(linked) == 1 else None


def _is_links(text: str) -> bool:
    return all(map(_LINK.fullmatch, _parts(text)))


def _parts(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _by_pair_number(lines: Iterable[Line], layout: _Layout, one_based: bool) -> Iterator[Numbered]:
    """The links of lines that begin with the number of their pair, and an error for each pair without a line.

    A number that is not below that of the next line is wrong, and costs only its own pair.
    """
    expected = layout.first_id or 0
    for (number, line), (_, after) in pairwise(chain(lines, [(0, "")])):
        pair, following = (layout.pair_number(text) for text in (line, after))
        pair = expected if pair is None else pair
        if expected < pair <= expected + _MAX_GAP and (following is None or pair < following):
            yield from ((number, _out_of_order(pair, missing)) for missing in range(expected, pair))
            expected = pair
        yield number, _of_line(line, layout, one_based) if pair == expected else _out_of_order(pair, expected)
        expected += 1


def _out_of_order(pair: int, expected: int) -> InputError:
    return InputError(f"pair {pair} follows where {expected} is expected", hint="give a line for every pair")


def _of_line(line: str | InputError, layout: _Layout, one_based: bool) -> Links | InputError:
    """The links of the pair that a line is about."""
    if isinstance(line, InputError):
        return line
    try:
        if _PLAIN.fullmatch(line) and not one_based:
            return Links(_plain(line))
        text, lengths = layout.split(line)
        return _links(text, one_based, lengths)
    except ValidationError as error:
        return InputError(error.message, hint=error.hint)


def _plain(text: str) -> tuple[Link, ...]:
    numbers = list(map(int, text.replace("-", " ").split()))
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _links(text: str, one_based: bool, lengths: tuple[int, int] | None) -> Links:
    if _LIST.fullmatch(text.strip()):
        numbers = list(map(int, re.findall("[0-9]+", text)))
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return Links(tuple(based(s, t, one_based) for s, t in pairs), (), None, lengths)
    sure: list[Link] = []
    possible: list[Link] = []
    weights: dict[bool, list[float]] = {True: [], False: []}
    for part in _parts(text):
        match = _LINK.fullmatch(part)
        if match is None:
            raise ValidationError(f"{_shortened(part)!r} is not a link", hint=_way_out(text, part, one_based))
        is_sure = match[2] == "-"
        (sure if is_sure else possible).append(based(int(match[1]), int(match[3]), one_based))
        if match[4] is not None:
            weights[is_sure].append(_weight(match[4], part))
    weighted = weights[True] + weights[False]
    if weighted and len(weighted) != len(sure) + len(possible):
        raise ValidationError("some links have a weight and some have none", hint="write one for each, or none")
    return Links(tuple(sure), tuple(possible), tuple(weighted) or None, lengths)


def _instead_of_list(text: str) -> str:
    if _SEVERAL_LISTS.match(text):
        return "write the list of each pair on a line of its own: jq -c '.[]' FILE > NEW"
    if text[1:].lstrip().startswith('"'):
        return "write the links without brackets: jq -r 'join(\" \")' FILE > NEW"
    return "write a list such as [[0, 0], [1, 2]] for each pair on a line of its own; jq -c '.[]' writes lists so"


def _instead_of_record(text: str) -> str:
    if text[1:].lstrip().startswith("'"):
        return (
            "write one of the alignments of SimAlign, and not the dictionary: "
            "' '.join(f'{s}-{t}' for s, t in alignments['inter'])"
        )
    first = re.match(r'\{\s*"([\w-]+)"', text)
    name = "alignment" if first is None or '"alignment"' in text else first[1]
    return f"write only the links: jq -rc '.[\"{name}\"]' FILE > NEW"


def _way_out(text: str, part: str, one_based: bool) -> str:
    """What to write or to run instead of something that is not a link."""
    begin = text.lstrip()
    if begin.startswith("["):
        return _instead_of_list(begin)
    if begin.startswith("{"):
        return _instead_of_record(begin)
    if "<sep>" in part:
        return "these are words; awesome-align writes their numbers into the file of --output_file"
    if re.fullmatch(r"\s*[0-9]+\s+[0-9]+(?:\s+[0-9]+\s+[0-9]+)*\s*", text):
        return f"write a hyphen in each link: {_HYPHENS}"
    other = re.fullmatch(r"([0-9]+)([^0-9\s]+)([0-9]+)", part)
    if other is not None and "-" not in other[2].replace("->", "") and all(other[2] in link for link in text.split()):
        return f"write {other[1]}-{other[3]}: sed 's|{other[2]}|-|g' FILE > NEW"
    return f"write source-target, {'1-based, such as 1-1 2-3' if one_based else '0-based, such as 0-0 1-2'}"


def _weight(text: str, part: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise ValidationError(f"{_shortened(part)!r} is not a link", hint="write a number after the colon: 0-0:0.98")
    return weight


def _shortened(part: str) -> str:
    return part if len(part) <= _SHOWN else f"{part[:_SHOWN]}…"


def based(source: int, target: int, one_based: bool) -> Link:
    """Make a 0-based link. Raises `ValidationError` for a 0 in a 1-based link.

    >>> based(1, 2, True)
    (0, 1)
    """
    if one_based and 0 in (source, target):
        raise ValidationError(f"link {source}-{target} has a 0, but words are numbered from 1")
    return (source - one_based, target - one_based)


def _naacl(lines: Iterable[Line], path: str) -> Iterator[Numbered]:
    """Links of NAACL lines, put together by the number of their pair. A pair without a line has no links.

    The first line of a pair that cannot be read is its error. Such a line is of the pair before, or of the next one if
    it begins with its number.
    """
    current = at = 1
    found: list[tuple[Link, bool, float | None]] = []
    error: InputError | None = None
    for number, line in lines:
        if isinstance(line, InputError):
            error = error or line
            continue
        text = line.strip()
        if not text:
            continue
        match, begin = _NAACL.fullmatch(text), _PAIR.match(text)
        pair = int(begin[1]) if begin else current
        if match is None and pair != current + 1:
            pair = current
        if not current <= pair <= current + _MAX_GAP:
            raise InputError(
                f"pair {pair} follows pair {current}",
                path=path,
                line=number,
                hint="sort the links by pair, counted from 1: sort -n FILE > NEW"
                if pair
                else f"pairs count from 1 here; if these are links without hyphens: {_HYPHENS}",
            )
        if pair > current:
            yield at, error or _collected(found)
            yield from ((number, Links()) for _ in range(current + 1, pair))
            current, found, error = pair, [], None
        at = number
        try:
            found.append(_naacl_link(match))
        except ValidationError as bad:
            error = error or InputError(bad.message, line=number, hint=bad.hint)
    yield at, error or _collected(found)


def _naacl_link(match: re.Match[str] | None) -> tuple[Link, bool, float | None]:
    """A link, whether it is sure, and its weight."""
    if match is None:
        raise ValidationError(
            "not a link of the NAACL format", hint="write pair, source word, target word and S or P: 1 4 3 S"
        )
    link = based(int(match[2]), int(match[3]), one_based=True)
    return link, match[4] != "P", None if match[5] is None else float(match[5])


def _collected(found: Sequence[tuple[Link, bool, float | None]]) -> Links:
    ordered = sorted(found, key=lambda item: not item[1])
    weights = tuple(weight for *_, weight in ordered if weight is not None)
    return Links(
        tuple(link for link, sure, _ in ordered if sure),
        tuple(link for link, sure, _ in ordered if not sure),
        weights if weights and len(weights) == len(ordered) else None,
    )


def _giza(lines: Iterable[Line], path: str) -> Iterator[Numbered]:
    """Links of the three lines that GIZA++ writes for each pair.

    Each line `# Sentence pair` begins a pair. One that cannot be read costs only its own pair, which is then between
    those with the numbers before and after it.
    """
    expected: int | None = None
    blocks = _giza_blocks(lines)
    after = next(blocks, None)
    while (block := after) is not None:
        after = next(blocks, None)
        number = block[0][0]
        pair, following = _giza_number(block[0]), None if after is None else _giza_number(after[0])
        if pair is None:
            yield number, _giza_error(block)
            continue
        for missing in _missing_pairs(expected, pair, number, path):
            yield number, missing
        body = block[1:]
        has_next = len(body) >= _GIZA_LINES and (
            len(body) > _GIZA_LINES if following is None else following > pair + 1
        )  # the first line of the next pair cannot be read
        yield number, _of_giza(body[: _GIZA_LINES - 1] if has_next else body)
        if has_next:
            yield body[_GIZA_LINES - 1][0], _giza_error(body[_GIZA_LINES - 1 :])
        expected = pair + 1 + has_next


def _giza_blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines from each `# Sentence pair` to the next one, without blank ones; only the first of more than six."""
    block: list[Line] = []
    for line in lines:
        if isinstance(line[1], str) and not line[1].strip():
            continue
        if block and _giza_number(line) is not None:
            yield block
            block = []
        if len(block) < 2 * _GIZA_LINES:
            block.append(line)
    if block:
        yield block


def _giza_number(line: Line) -> int | None:
    match = _GIZA.match(line[1]) if isinstance(line[1], str) else None
    return None if match is None else int(match[1])


def _giza_error(lines: Sequence[Line]) -> InputError:
    """Why these lines are no pair."""
    unread = next((line for _, line in lines if isinstance(line, InputError)), None)
    return unread or InputError(
        "no line '# Sentence pair (1) …'", line=lines[0][0], hint="GIZA++ writes three lines for each pair"
    )


def _missing_pairs(expected: int | None, pair: int, line: int, path: str) -> Iterator[InputError]:
    """An error for each pair before this one that the file does not have."""
    if expected is None or pair == expected:
        return
    hint = "merge and sort the parts of the file first"
    if not expected < pair <= expected + _MAX_GAP:
        raise InputError(f"sentence pair {pair} follows where {expected} is expected", path=path, line=line, hint=hint)
    for missing in range(expected, pair):
        yield InputError(f"sentence pair {pair} follows where {missing} is expected", line=line, hint=hint)


def _of_giza(lines: Sequence[Line]) -> Links | InputError:
    """The links of the two lines after `# Sentence pair`."""
    unread = next((line for _, line in lines if isinstance(line, InputError)), None)
    if unread is not None:
        return unread
    try:
        return _giza_links([str(line) for _, line in lines])
    except ValidationError as error:
        return InputError(error.message, hint=error.hint)


def _giza_links(lines: Sequence[str]) -> Links:
    if len(lines) == 1 and lines[0].startswith("NULL ("):
        lines = ["", *lines]  # an empty target, whose line is blank
    if len(lines) != _GIZA_LINES - 1:
        raise ValidationError(
            f"{counted(len(lines), 'line')} after '# Sentence pair'",
            hint="GIZA++ writes two: the target, and the source with links",
        )
    target, linked = lines
    words = _GIZA_WORD.findall(linked)
    if not words or words[0][0] != "NULL":
        raise ValidationError("no line 'NULL ({ … }) …' with links", hint="GIZA++ writes three lines for each pair")
    links = [(k, int(number) - 1) for k, (_, numbers) in enumerate(words[1:]) for number in numbers.split()]
    if any(not 0 <= t < len(target.split()) for _, t in links):
        raise ValidationError(f"a link is out of range for {counted(len(target.split()), 'target word')}")
    sides = (tuple(word for word, _ in words[1:]), tuple(target.split()))
    return Links(tuple(links), (), None, (len(sides[0]), len(sides[1])), sides)
