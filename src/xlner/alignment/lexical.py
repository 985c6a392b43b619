"""The links of any aligner, weighted by how often their words are linked elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from xlner.alignment.lexical_weights import LexicalWeights
from xlner.alignment.statistical.model_folders import ModelFolder
from xlner.core.alignment import Alignment
from xlner.core.batches import isolated
from xlner.core.options import content_option, options_fingerprint
from xlner.core.pair import Pair
from xlner.core.registry import DEFAULT_ALIGNER, Spec, backend_class, load, options_of
from xlner.core.signature import Digest
from xlner.errors import BackendError, UsageError
from xlner.stages import Aligner, fingerprint_of

_NAME = "lexical"
_TABLE = "counts.tsv"
_BATCH = 32
"""Pairs that are aligned together to be counted; the same whatever the batches of a run are."""


@dataclass(frozen=True, slots=True)
class LexicalOptions:
    """Options of `LexicalAligner`."""

    table: str | None = content_option(None)


class LexicalAligner:
    """Weights the links of another aligner by `LexicalWeights`, with counts of other pairs.

    - `aligner`: the other aligner, or its spec. Its options can follow the spec, as in `lexical:e5:transport?layer=8`.
    - `table`: a file of counts, which `LexicalWeights.save` and `xlner lexicon --counts` write.

    Without a table it learns the counts first, by `train`. Weights of the other aligner are replaced: those of encoders
    are cosines, which say less.

    Raises what creating the other aligner raises, `UsageError` for itself as the other aligner, and `InputError` for a
    file that is no table.

    >>> from tempfile import TemporaryDirectory
    >>> from xlner import Sentence
    >>> from xlner.fakes import OracleAligner
    >>> pair = Pair(Sentence(("die", "Elbe")), Sentence(("the", "Elbe")))
    >>> with TemporaryDirectory() as folder:
    ...     aligner = LexicalAligner(OracleAligner()).train([pair, pair], f"{folder}/model")
    >>> aligner.align([pair])[0].weights
    (1.0, 1.0)
    """

    def __init__(self, aligner: Aligner | str = DEFAULT_ALIGNER, *, table: str | None = None, **options: Any) -> None:
        self._aligner: Aligner = load("aligner", aligner, **options) if isinstance(aligner, str) else aligner
        self.options = LexicalOptions(table)
        self._weights = None if table is None else LexicalWeights.load(table)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, Any]:
        """The options of the other aligner that a spec names."""
        inner = Spec.parse(given.get("aligner", DEFAULT_ALIGNER))
        if inner.name == _NAME:
            raise UsageError(f"{_NAME} takes another aligner, not itself")
        options = {name: value for name, value in given.items() if name not in ("aligner", "table")}
        return options_of(backend_class("aligner", inner.name), Spec(inner.name, inner.argument, options))

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the other aligner, and a hash of the counts."""
        name = f"{options_fingerprint(_NAME, self.options)}:{fingerprint_of(self._aligner)}"
        if self._weights is None:
            return f"{name} without counts"
        links = (f"{s}\t{t}\t{n:.12g}" for (s, t), n in sorted(self._weights.links.items()))
        words = (
            f"{word}\t{n}" for side in (self._weights.source, self._weights.target) for word, n in sorted(side.items())
        )
        return f"{name} {Digest([*links, *words]).hexdigest()}"

    @property
    def trained(self) -> bool:
        """Whether it has counts."""
        return self._weights is not None

    @property
    def training_options(self) -> Mapping[str, object]:
        """The other aligner."""
        return {"aligner": fingerprint_of(self._aligner)}

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> LexicalAligner:
        """Align pairs, save the counts of their words and links in a new folder, and return an aligner that has them.

        A pair that the other aligner fails on is left out. Raises `BackendError` if the folder cannot be created or is
        not empty, and what the other aligner raises as `BackendError`.
        """
        counts = LexicalWeights.count(self._linked(pairs))

        def write(new: Path) -> None:
            counts.save(new / _TABLE)

        return self.with_model(ModelFolder.save(folder, _NAME, self.training_options, write).folder)

    def with_model(self, folder: str | Path) -> LexicalAligner:
        """This aligner with the counts of a folder. Raises `BackendError` if the folder has none."""
        return LexicalAligner(self._aligner, table=str(ModelFolder.load(folder, _NAME).folder / _TABLE))

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the weighted links of each pair. Raises `BackendError` without counts, and what the aligner raises."""
        if self._weights is None:
            raise BackendError(
                "lexical link weights need counts of links",
                hint="give --lexical, or make a table with xlner lexicon --counts and give --lexical-table FILE",
            )
        found = zip(pairs, self._aligner.align(pairs), strict=True)
        return [self._weights.weigh(_unweighted(pair, alignment), counted=False) for pair, alignment in found]

    def _linked(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        iterator = iter(pairs)
        while batch := list(islice(iterator, _BATCH)):
            for pair, alignment in zip(batch, isolated(self._aligner.align, batch), strict=True):
                if isinstance(alignment, Alignment):
                    yield _unweighted(pair, alignment)


def _unweighted(pair: Pair, alignment: Alignment) -> Pair:
    return replace(pair, alignment=replace(alignment, weights=None))
