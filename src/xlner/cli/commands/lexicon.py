"""`xlner lexicon`: learn a lexicon from parallel files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.aligner_training import AlignerTraining
from xlner.cli.bitext import READING, read_bitext
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.run import on_command_line, stopping_at_errors
from xlner.core.files import require_other_file
from xlner.core.pair import Pair
from xlner.errors import InputError, UsageError
from xlner.formats import write_lexicon
from xlner.text.counts import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconOptions:
    """The options of `xlner lexicon`."""

    source: str
    target: str
    output: str
    aligner: str
    alignment: str | None
    source_lang: str
    lang: str | None
    counts: bool
    max_words: int
    min_count: int
    input_format: str | None
    scheme: str
    columns: str | None
    tag_names: tuple[str, ...] | None
    on_error: str
    limit: int | None
    batch_words: int
    words: str | None
    segmenter: str | None
    one_based: bool | None


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@o.ALIGNER
@click.option("--alignment", metavar="FILE", help="Word links instead of an aligner; for formats see project.")
@o.SOURCE_LANG
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@click.option(
    "--counts",
    is_flag=True,
    help="Write how often words are linked instead, as --lexical-table of project, label and build reads it.",
)
@click.option(
    "--max-words",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="The most words of a phrase.",
)
@click.option(
    "--min-count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="The least occurrences of an entry; a phrase needs at least two.",
)
@o.ONE_BASED
@o.input_format()
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.WORDS
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.CONFIG
def lexicon(**options: Any) -> int:
    """Learn a lexicon from parallel files.

    SOURCE and TARGET are text, CoNLL or JSONL with the same number of sentences; an aligner links their words. The
    output has words and short phrases of SOURCE, their translations, and a weight, separated by tabs. The translator
    lexicon:FILE reads it, and translates word by word.

    \b
    xlner lexicon examples/en-es.conll examples/es.conll --lang es -o en-es.tsv
    xlner translate examples/en-es.conll --from en --to es --translator lexicon:en-es.tsv
    xlner lexicon examples/en-es.conll examples/es.conll --lang es --counts -o counts.tsv
    """
    from xlner.alignment import LexicalWeights, learn_lexicon

    chosen = LexiconOptions(**options)
    for name in ("max_words", "min_count"):
        if chosen.counts and on_command_line(name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"--counts has no use for {option}: it counts single words", hint="leave it out")
    require_other_file(chosen.output, chosen.source, chosen.target)
    used = 0
    with ExitStack() as stack:
        pairs = _aligned(chosen, stack)
        advance = stack.enter_context(progress(chosen.source, chosen.input_format, chosen.limit))

        def linked() -> Iterator[Pair]:
            nonlocal used
            for pair in pairs:
                advance(1)
                if isinstance(pair, Pair) and pair.alignment is not None:
                    used += 1
                    yield pair

        if chosen.counts:
            count = LexicalWeights.count(map(_unweighted, linked())).save(chosen.output)
        else:
            entries = learn_lexicon(linked(), max_words=chosen.max_words, min_count=chosen.min_count)
            count = write_lexicon(entries, chosen.output)
    note(f"{counted(count, 'entry', 'entries')} from {counted(used, 'pair')}")
    return 0


def _unweighted(pair: Pair) -> Pair:
    return replace(pair, alignment=replace(pair.require_alignment(), weights=None))


def _aligned(chosen: LexiconOptions, stack: ExitStack) -> Iterator[Pair | InputError]:
    """The pairs with links from the file or the aligner."""
    from xlner.pipeline import Pipeline

    reading = {name: getattr(chosen, name) for name in READING}

    def read(source: str, target: str) -> Iterator[Pair | InputError]:
        return read_bitext(source, target, reading, alignment=chosen.alignment, one_based=chosen.one_based)

    def limited() -> Iterator[Pair | InputError]:
        pairs = read(chosen.source, chosen.target)
        return islice(stopping_at_errors(pairs, chosen.on_error), chosen.limit)

    if chosen.alignment is not None:
        return limited()
    training = AlignerTraining(read=read, on_error=chosen.on_error, reading=reading)
    aligner = training.aligner(chosen.aligner, chosen.source, chosen.target, stack)
    return Pipeline(aligner=aligner, projector=None, batch_words=chosen.batch_words).run_pairs(limited())
