"""The columns of the words and the tags in the sentences of a file, as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from xlner.core.tags import is_tag
from xlner.errors import InputError
from xlner.formats.columns import Columns
from xlner.formats.conll import brackets, comments, misc
from xlner.formats.conll.blocks import Block
from xlner.formats.conll.layout import CONLLU, Layout, find, header, is_syntax, unwatched
from xlner.formats.reading import ReadOptions, ReadReport, warn_of_data
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.formats.conll.plain import PlainRows

_LOOK_AHEAD = 50
"""Sentences to look at for the columns of a file with more than two."""
_LOOK_FOR_ENTITIES = 10_000
"""Sentences of CoNLL-U of which one must have an entity, if entities are needed or their attribute is named."""


@dataclass(slots=True)
class ColumnFinder:
    """Finds the layout of the rows of one file. With `conllu`, the file must have ten columns.

    - `names`: the names of the columns, if the file has them.
    - `layouts`: the layouts so far, by the number of cells.
    - `ahead`: the blocks that were taken to look at them, and have to be read next; `looking` while they are taken.
    """

    path: str
    options: ReadOptions
    report: ReadReport
    conllu: bool = False
    names: tuple[str, ...] | None = None
    layouts: dict[int, Layout] = field(default_factory=dict)
    ahead: deque[Block] = field(default_factory=deque)
    looking: bool = False
    _possible: tuple[str, str] | None = None
    _said_possible: bool = False

    def after_header(self, found: Iterator[Block | PlainRows]) -> Iterator[Block | PlainRows]:
        """The blocks without the row that names the columns, which is the first one if there is one."""
        first = next(found, None)
        if not isinstance(first, Block):
            return
        self.names = comments.read(first.comments).names
        if self.options.columns is None and any(c.startswith("#begin document") for c in first.comments):
            token, tag = brackets.COLUMNS_2012
            if first.width > tag:
                self.options = replace(self.options, columns=Columns(token, tag))
        if first.rows and self.names is None and (names := header(first.rows[0], self.options.columns)):
            self.names = names
            del first.rows[0], first.lines[0]
            if any(name.lower().startswith("sentence") for name in names):
                raise InputError(
                    f"a column numbers the sentences: {', '.join(names)}",
                    path=self.path,
                    line=1,
                    hint="--input-format tsv reads it, if tabs separate its columns; or write a blank line after "
                    "each sentence instead, without this column",
                )
        if first or not self.names:
            yield first
        yield from found

    def look_at(self, block: Block, found: Iterator[Block | PlainRows]) -> None:
        """Find out which columns the words and the tags of a block are in, unless an earlier block has told."""
        block.even()
        layout = self.layouts.get(block.width)
        if layout is None:
            layout = self._layout(block, found)
        if layout.watched:
            layout = self._watch(layout, block)
        if layout.misc is not None and layout.attribute is None:
            layout = self._with_attribute(layout, [block])
        if layout.misc is not None and layout.attribute is None and self._possible and not self._said_possible:
            self._said_possible = True
            warn_of_data(
                f"{self.path}: the column MISC has {'='.join(self._possible)}, which is not read as an entity; "
                f"{self._way_to_attribute()} reads it"
            )
        self.layouts[block.width] = layout
        self.report.unsettled = any(
            found.watched or (found.misc is not None and found.attribute is None) for found in self.layouts.values()
        )

    def _layout(self, block: Block, found: Iterator[Block | PlainRows]) -> Layout:
        if self.conllu and block.width != len(CONLLU):
            raise InputError(
                f"{counted(block.width, 'column')}, but CoNLL-U has ten",
                path=self.path,
                line=block.lines[0],
                hint="for other columns give --input-format conll",
            )
        if block.width > 2:  # two columns are read without looking ahead
            self._look_ahead(found, _LOOK_AHEAD)
        options = self.options
        layout = find(
            block.width,
            [block, *self.ahead],
            options.columns,
            names=self.names,
            scheme=options.scheme,
            require_tags=options.require_tags,
            path=self.path,
        )
        if layout.misc is None:
            return layout
        if layout.attribute is None:
            layout = self._with_attribute(layout, [block, *self.ahead])
        if options.require_tags or layout.chosen:
            layout = self._with_known_attribute(layout, block, found)
        return layout

    def _with_known_attribute(self, layout: Layout, block: Block, found: Iterator[Block | PlainRows]) -> Layout:
        """The layout with an attribute that a word has, or raise `InputError`."""
        at = layout.misc or 0

        def has_attribute(blocks: Iterable[Block], name: str) -> bool:
            return any(len(row) > at and name in misc.attributes(row[at]) for b in blocks for row in b.rows)

        if layout.attribute is None or not has_attribute([block, *self.ahead], layout.attribute):
            self._look_ahead(found, _LOOK_FOR_ENTITIES)
            layout = layout if layout.attribute else self._with_attribute(layout, self.ahead)
        if layout.attribute is not None and has_attribute([block, *self.ahead], layout.attribute):
            return layout
        raise InputError(
            f"no word has an entity in the column MISC: {layout.attribute or 'NE=, NER= or Entity'}=",
            path=self.path,
            line=block.lines[0],
            hint=f"name the attribute: {self._way_to_attribute()}",
        )

    def _look_ahead(self, found: Iterator[Block | PlainRows], count: int) -> None:
        self.looking = True  # for blocks of lines only
        for block in islice(found, max(0, count - len(self.ahead))):
            assert isinstance(block, Block)
            block.even()
            self.ahead.append(block)
        self.looking = False

    def _watch(self, layout: Layout, block: Block) -> Layout:
        """Raise `InputError` if a column that had only O has the tag of an entity."""
        for column in layout.watched:
            tags = {row[column] for row in block.rows if len(row) == block.width} - {"O"}
            if not tags:
                continue
            if not all(map(is_syntax, tags)):
                first, second = sorted((column + 1, (layout.tag or 0) + 1))
                raise InputError(
                    f"columns {first} and {second} both have tags, such as {min(tags)}",
                    path=self.path,
                    line=block.lines[0],
                    hint=f"choose one: --columns token={layout.token + 1},tag={first}",
                )
            layout = unwatched(layout, column)
        return layout

    def _with_attribute(self, layout: Layout, found: Iterable[Block]) -> Layout:
        """The layout with the attribute of CoNLL-U that holds entities, as soon as a word has one."""
        at = layout.misc or 0
        for block in found:
            for row, line in zip(block.rows, block.lines, strict=True):
                names = misc.entity_attributes(row[at]) if len(row) > at else []
                if len(names) > 1 or (names and layout.attribute not in (None, *names)):
                    both = sorted({*names, *filter(None, [layout.attribute])})
                    raise InputError(
                        f"the column MISC has entities as {' and as '.join(both)}",
                        path=self.path,
                        line=line,
                        hint=f"choose one: --columns tag={both[0]}",
                    )
                if names:
                    layout = replace(layout, attribute=names[0])
                elif self._possible is None and len(row) > at and (possible := misc.possible_attribute(row[at])):
                    self._possible = possible
        return layout

    def _way_to_attribute(self) -> str:
        """The option that reads the attribute that could hold entities."""
        name, value = self._possible or ("NAME", "O")
        return f"--columns tag={name}{'' if is_tag(value) or not value.isalpha() else ' --input-scheme io'}"
