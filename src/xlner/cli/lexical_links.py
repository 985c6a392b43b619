"""Link weights from how often the same words are linked: the options `--lexical` and `--lexical-table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, combinations, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xlner.cli.notes import note
from xlner.cli.rereading import Again
from xlner.cli.run import Inputs, RunOptions, was_named
from xlner.cli.run_options import READING
from xlner.core.alignment import Alignment
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.core.registry import Spec
from xlner.core.sentence import Sentence
from xlner.errors import InputError, UsageError

if TYPE_CHECKING:
    from xlner.engines import AnyPipeline
    from xlner.pipeline import Pipeline
    from xlner.stages import Aligner

PROJECTOR = "fused:null-aware-coverage?candidates=aligned&max_length=100"
"""The projector that makes the most of weighted links."""
COUNTED = 2000
"""Sentences at the beginning of a run whose links are counted. From 400 on F1 hardly changes."""
LEAST_SHARED = 0.4
"""The least share of common links with which the agreement of files says enough."""
_ENCODERS = frozenset({"e5", "hf", "simalign", "awesome"})
_ON_WHAT_PAIRS_DEPEND = (
    *READING,
    "limit",
    "source_lang",
    "from_lang",
    "to_lang",
    "split",
    "recase",
    "on_warning",
)

Item = TypeVar("Item")


def check_lexical(lexical: bool, table: str | None) -> None:
    """Raise `UsageError` if the counts would have two origins."""
    if lexical and table is not None:
        raise UsageError("--lexical counts links, and --lexical-table has counts already", hint="give one of them")


def projector_for(projector: str, *, weighted: bool) -> str:
    """The projector of a run: the one that was named, or the one for weighted links."""
    return PROJECTOR if weighted and not was_named("projector") else projector


def with_table(aligner: str, table: str | None) -> Aligner | str:
    """The aligner of a spec, with weights from a table of counts if there is one."""
    if table is None:
        return aligner
    from xlner.alignment import LexicalAligner

    return LexicalAligner(aligner, table=table)


def note_unweighted(projector: str, aligner: str, *, weighted: bool) -> None:
    """Say so if a projector for weighted links gets the cosines of an encoder."""
    encoder = Spec.parse(aligner).name in _ENCODERS
    if encoder and not weighted and "null_aware_coverage" in projector.replace("-", "_"):
        note("note: null-aware-coverage is for probabilities, and encoders weight links by cosines: add --lexical")


def note_disagreement(paths: Sequence[str], *, one_based: bool | None) -> None:
    """Say so if the links of two files are so different that the share of files with a link says little."""
    from xlner.alignment import shared_links
    from xlner.formats.by_name import read_links

    def links(path: str) -> Iterator[Alignment]:
        for item in islice(read_links(path, one_based=bool(one_based)), COUNTED):
            yield Alignment(()) if isinstance(item, InputError) else item.alignment

    if STANDARD_STREAM in paths:
        return
    for one, other in combinations(dict.fromkeys(paths), 2):
        share = shared_links(zip(links(one), links(other), strict=False))
        if share < LEAST_SHARED:
            agree = f"{one} and {other} share only {share:.0%} of their links, so that their agreement says little"
            note(f"note: {agree}; one file of symmetrized links may be better (xlner symmetrize)")
            return


def first_and_all(items: Again[Item], options: RunOptions) -> tuple[list[Item], Iterable[Item]]:
    """The items whose links are counted, and all items."""
    iterator = iter(items)
    first = list(islice(iterator, min(COUNTED, options.limit or COUNTED)))
    return first, items if options.is_sharded else chain(first, iterator)


def counting(
    aligner: str,
    pairs: Iterable[Pair],
    inputs: Inputs,
    options: RunOptions,
    stack: ExitStack,
    *,
    translation: str = "given",
) -> Aligner:
    """The aligner of a spec with weights from counts of the links in these pairs.

    The counts are kept in the run folder, so that a run that continues has the same; otherwise in a temporary folder
    that `stack` removes. `translation` is the fingerprint of what made the pairs.
    """
    from xlner.alignment import LexicalAligner, train_or_load

    def said() -> Iterator[Pair]:
        note(f"counts the links of the first sentences, at most {COUNTED:,}")
        yield from (pair for pair in pairs if pair.source is not None and pair.target.tokens and pair.error is None)

    if options.run_dir is None and options.workers > 1:
        raise UsageError("workers need to find the counts of links", hint="give --run-dir, or a --lexical-table")
    folder = options.run_dir or stack.enter_context(TemporaryDirectory(prefix="xlner-links-"))
    parameters = click.get_current_context().params
    identity: Mapping[str, Any] = {
        "translation": translation,
        **({} if options.run_dir is None else inputs.digests()),
        **{name: parameters[name] for name in _ON_WHAT_PAIRS_DEPEND if name in parameters},
    }
    counted: Aligner = train_or_load(
        LexicalAligner(aligner), said(), Path(folder) / "model", identity, overwrite=not options.resume
    )
    return counted


@dataclass
class _Recorded:
    """A pipeline that keeps the pairs it makes."""

    pipeline: Pipeline
    pairs: list[Pair] = field(default_factory=list)
    fingerprint: str = ""
    labels: Counter[str] = field(default_factory=Counter)

    def run_pairs(self, items: Iterable[Any]) -> Iterator[Pair]:
        for pair in self.pipeline.run_pairs(Pair(i) if isinstance(i, Sentence) else i for i in items):
            self.pairs.append(pair)
            yield pair


def translated(
    pipeline: Pipeline, items: Iterable[Any], around: Callable[[AnyPipeline], AnyPipeline]
) -> Iterator[Pair]:
    """The pairs of sentences that a translating pipeline makes inside of what is `around` it, such as documents."""
    recorded = _Recorded(pipeline)
    for _ in around(recorded).run_pairs(items):
        yield from recorded.pairs
        recorded.pairs.clear()
