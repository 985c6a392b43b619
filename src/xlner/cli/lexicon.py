"""`xlner lexicon`: a lexicon for word-by-word translation, learned from parallel files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._parallel import parallel
from xlner.cli._progress import count_sentences, progress
from xlner.cli._run import stopping_at_errors
from xlner.cli._training import ready_to_align
from xlner.core.files import require_other_file
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats import format_of, read_alignments, read_sentences, write_lexicon


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@o.ALIGNER
@click.option("--alignment", metavar="FILE", help="Word links in Pharaoh format, in place of an aligner.")
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@click.option(
    "--max-words", type=click.IntRange(min=1), default=3, show_default=True, metavar="N", help="Longest phrases."
)
@click.option(
    "--min-count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="How often an entry must be seen; phrases at least twice.",
)
@o.input_format()
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.CONFIG
def lexicon(**options: Any) -> int:
    """Learn a lexicon from parallel files, to translate SOURCE's language into TARGET's word by word.

    SOURCE and TARGET are text, CoNLL or JSONL with the same number of sentences; an aligner links their words. Writes
    words and short phrases of SOURCE, their translations and a weight, with tabs between them, which the translator
    lexicon:FILE reads.

    \b
    xlner lexicon examples/en-es.conll examples/es.conll --lang es -o en-es.tsv
    xlner translate examples/en-es.conll --from en --to es --translator lexicon:en-es.tsv
    """
    from xlner.alignment.lexicons import learn_lexicon

    files = (options["source"], options["target"])
    require_other_file(options["output"], *files)
    kept = [0]
    with ExitStack() as stack:
        pairs = _aligned(files, options, stack)
        advance = stack.enter_context(progress(_total(options)))

        def linked() -> Iterator[Pair]:
            for pair in pairs:
                advance(1)
                if isinstance(pair, Pair) and pair.alignment is not None:
                    kept[0] += 1
                    yield pair

        entries = learn_lexicon(linked(), max_words=options["max_words"], min_count=options["min_count"])
    count = write_lexicon(entries, options["output"])
    click.echo(f"xlner: {count} entries from {kept[0]} pairs", err=True)
    return 0


def _aligned(files: tuple[str, str], options: dict[str, Any], stack: ExitStack) -> Iterator[Pair | InputError]:
    """The pairs with the links of the file or the aligner."""
    from xlner.pipeline import Pipeline

    links = None if options["alignment"] is None else read_alignments(options["alignment"])

    def read(source: str, target: str) -> Iterator[Pair | InputError]:
        languages = (options["source_lang"], options["lang"])
        sides = [
            read_sentences(path, format=options["input_format"], language=lang)
            for path, lang in zip((source, target), languages, strict=True)
        ]
        return parallel(sides[0], sides[1], links, (source, target, options["alignment"] or ""))

    def limited() -> Iterator[Any]:
        return islice(stopping_at_errors(read(*files), options["on_error"]), options["limit"])

    if links is not None:
        return limited()
    learning = {**options, "extra_bitext": (), "save_model": None, "run_dir": None, "resume": False}
    aligner = ready_to_align(options["aligner"], files, read, learning, stack)
    return Pipeline(None, None, aligner, None, batch_words=options["batch_words"]).run_pairs(limited())


def _total(options: dict[str, Any]) -> int | None:
    path = options["source"]
    found = count_sentences(path, options["input_format"] or format_of(path, "text"))
    return found if found is None or options["limit"] is None else min(found, options["limit"])
