"""Write the page of a run: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from xlner.core.files import open_output
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.formats import detect_format, read_pairs, read_sentences
from xlner.report.about import RunFacts
from xlner.report.facets import FacetTable, facets_of
from xlner.report.json_text import json_text
from xlner.report.page_file import CHUNK, DETAILS, write_chunk, write_head, write_tail
from xlner.report.records import detail_record, index_record
from xlner.report.sample import RecordSample
from xlner.report.shown import ShownSentence, shown_sentences
from xlner.report.summary import PageSummary

MOST_SENTENCES = 50_000


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """What was written: the sentences that were read, those on the page, and those with an error.

    >>> WrittenPage(3, 3, 0).shown
    3
    """

    sentences: int
    shown: int
    failed: int


def read_results(path: str | Path, **reading: Any) -> Iterator[Pair | Sentence | InputError]:
    """Read what a page can show: the pairs of JSONL from xlner, or the sentences of a file of any other format.

    `reading` are options of `read_sentences`. What cannot be read is yielded as an `InputError`.

    >>> next(read_results("examples/es.conll")).tokens[:2]
    ('La', 'Universidad')
    """
    if detect_format(path, reading.get("format"), "text") != "jsonl":
        return read_sentences(path, **reading)
    known = ("scheme", "repair", "require_tags", "tag_names", "label_map", "report")
    return read_pairs(path, **{name: value for name, value in reading.items() if name in known})


def write_page(
    items: Iterable[Pair | Sentence | InputError],
    path: str | Path,
    *,
    title: str = "",
    gold: Iterable[Sentence] | None = None,
    ignore: Collection[str] = (),
    facts: RunFacts | None = None,
    most: int = MOST_SENTENCES,
    seed: int = 0,
    on_progress: Callable[[int], None] = lambda n: None,
) -> WrittenPage:
    """Write a page that shows pairs or labeled sentences, and return what was written.

    - `path`: an HTML file, or `-` for standard output.
    - `title`: the heading, such as the name of the file.
    - `gold`: the same sentences with gold entities. The page then shows the errors, as `find_errors` finds them.
    - `ignore`: labels that are left out of the comparison.
    - `facts`: what is known about the run.
    - `most`: of more sentences than these, the page lists a random sample with this `seed`. The counts are of all.
    - `on_progress`: is called with the number of sentences that were done since its last call.

    The memory does not grow with the number of sentences. Raises `InputError` if the file cannot be written, or at the
    first word that differs from the gold sentences.

    >>> import tempfile
    >>> from xlner import Entity
    >>> with tempfile.NamedTemporaryFile(suffix=".html") as file:
    ...     write_page([Sentence(("Vigo",), (Entity(0, 1, "LOC"),))], file.name)
    WrittenPage(sentences=1, shown=1, failed=0)
    """
    with open_output(path) as stream:
        shown = shown_sentences(items, gold, ignore)
        return write_shown(
            stream,
            _passing(shown, on_progress),
            title=title,
            facts=facts or RunFacts(),
            most=most,
            seed=seed,
            ignore=ignore,
            settings={},
        )


def _passing(sentences: Iterable[ShownSentence], on_progress: Callable[[int], None]) -> Iterator[ShownSentence]:
    for shown in sentences:
        yield shown
        on_progress(1)


def write_shown(
    stream: TextIO,
    sentences: Iterable[ShownSentence],
    *,
    title: str,
    facts: RunFacts,
    most: int,
    seed: int,
    ignore: Collection[str],
    settings: Mapping[str, Any],
) -> WrittenPage:
    """Write a page of sentences. With `settings`, it talks to the server that it is from."""
    summary, facets = PageSummary(), FacetTable()
    with RecordSample(most, seed) as sample:
        for shown in sentences:
            summary.add(shown)
            index = index_record(shown, facets.codes(list(facets_of(shown))))
            sample.add(f"{json_text(index)}\n{json_text(detail_record(shown))}".encode())
        write_head(stream, title, connect=bool(settings))
        records = iter(sample)
        while chunk := [record.decode().split("\n") for record in islice(records, CHUNK)]:
            write_chunk(stream, "index", [index for index, _ in chunk])
            for start in range(0, len(chunk), DETAILS):
                write_chunk(stream, "details", [detail for _, detail in chunk[start : start + DETAILS]])
        record = summary.record(title, tuple(ignore))
        record |= {"chunk": DETAILS, "shown": len(sample), "seed": seed, "facets": facets.records()}
        record |= {"about": list(facts.sections()), "settings": settings}
        write_tail(stream, record)
        return WrittenPage(summary.counts["sentences"], len(sample), summary.counts["failed"])
