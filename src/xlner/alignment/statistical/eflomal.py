"""Word alignment with eflomal, a Gibbs sampler over a whole bitext that needs no knowledge of the languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from xlner.alignment.statistical.bitext import (
    Bitext,
    check_length,
    normalized_sides,
    parse_links,
    symmetrized,
    training_pairs,
)
from xlner.alignment.statistical.eflomal_priors import PriorCounts, Priors
from xlner.alignment.statistical.eflomal_program import MAX_WORDS, Program, installed
from xlner.alignment.statistical.model_folders import ModelFolder, untrained
from xlner.alignment.statistical.trained_links import LinkReader, LinkWriter
from xlner.alignment.symmetrization import canonical_method
from xlner.core.alignment import Alignment, Link
from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair
from xlner.core.pickling import PicklesWithoutCache
from xlner.errors import BackendError, UsageError

_NAME = "eflomal"


@dataclass(frozen=True, slots=True)
class EflomalOptions:
    """Options of `EflomalAligner`; see there."""

    symmetrizer: str = "intersection"
    length: float = 1.0
    samplers: int = 3
    null_prior: float = 0.2


class EflomalAligner(PicklesWithoutCache):
    """Links words that occur together throughout a bitext (Östling and Tiedemann 2016), with the program `eflomal`.

    - `model`: a folder that `train` has filled.
    - `symmetrizer`: how the links of both directions are combined; see `xlner.alignment.symmetrize`.
    - `length`: scales the number of sampling iterations.
    - `samplers`: the number of independent samplers.
    - `null_prior`: the prior probability that a word has no link.

    The pairs of the training keep the links that the training gave them, so their links are the same in every call.
    Other pairs are sampled with the counts of the training as priors. The program takes its random numbers from the
    system, so a few of their links differ from run to run, and they depend on the other pairs of the call. Words are
    compared in lower case.

    Raises `MissingExtraError` if the package is not installed, `BackendError` for a folder without such a model,
    `UnknownNameError` for an unknown symmetrizer, and `UsageError` for numbers out of range.

    >>> from xlner.stages import Aligner
    >>> issubclass(EflomalAligner, Aligner)
    True
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        symmetrizer: str = "intersection",
        length: float = 1.0,
        samplers: int = 3,
        null_prior: float = 0.2,
    ) -> None:
        if not (length > 0 and samplers >= 1 and 0 <= null_prior < 1):
            raise UsageError("length must be above 0, samplers at least 1, and null_prior at least 0 and below 1")
        installed()
        self.options = EflomalOptions(canonical_method(symmetrizer), float(length), samplers, float(null_prior))
        self._model = None if model is None else ModelFolder.load(model, _NAME)

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        return self._model is not None

    @property
    def training_options(self) -> dict[str, object]:
        """What the model depends on, except the bitext."""
        options = {name: value for name, value in asdict(self.options).items() if name != "symmetrizer"}
        return {"version": self._program.version, **options}

    @property
    def fingerprint(self) -> str:
        """What the links depend on, except the pairs and chance: model, options and package version."""
        model = "none" if self._model is None else self._model.digest
        return f"{options_fingerprint(f'{_NAME}:{model}', self.options)}&eflomal={self._program.version}"

    @property
    def summary(self) -> str:
        """What `xlner doctor` shows."""
        return f"eflomal {self._program.version}; learns from a bitext: xlner align SOURCE TARGET --aligner eflomal"

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> EflomalAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it.

        Pairs with an empty side or with more than 1000 words on a side are skipped. The vocabulary and the counts of
        word pairs are held in memory; the program also holds the whole bitext. Raises `BackendError` if the folder
        cannot be created or the program fails.
        """

        def write(partial: Path) -> None:
            counts = PriorCounts()
            with closing(LinkWriter(partial)) as links:
                for bitext, forward, reverse in self._program.align(training_pairs(pairs, MAX_WORDS)):
                    counts.add(bitext, parse_links(forward), parse_links(reverse))
                    links.add(bitext, forward, reverse)
            if not counts.lexical:
                raise BackendError("there is no pair to learn from", hint="give a bitext with words on both sides")
            counts.save(partial)

        return self.with_model(ModelFolder.save(folder, _NAME, self.training_options, write).folder)

    def with_model(self, folder: str | Path) -> EflomalAligner:
        """This aligner with the model of a folder. Raises `BackendError` if the folder has none."""
        return EflomalAligner(str(folder), **asdict(self.options))

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair, without weights.

        Raises `BackendError` if there is no model or the program fails, `ValidationError` for a pair without a source,
        and `StageError` for a sentence of more than 1000 words.
        """
        known = self._trained_links
        bitexts = [normalized_sides(pair) for pair in pairs]
        found = {bitext: known.get(bitext) for bitext in bitexts}
        found |= self._sampled([b for b, links in found.items() if links is None and all(b)])
        return [self._one(found[bitext]) for bitext in bitexts]

    def _one(self, links: tuple[set[Link], set[Link]] | None) -> Alignment:
        if links is None:  # one of the sides is empty
            return Alignment(())
        return symmetrized(self.options.symmetrizer, *links)

    def _sampled(self, bitexts: Sequence[Bitext]) -> dict[Bitext, tuple[set[Link], set[Link]]]:
        """Links of pairs that the training did not see."""
        for bitext in bitexts:
            check_length(bitext, MAX_WORDS)
        if not bitexts:
            return {}
        aligned = self._program.align(bitexts, self._priors, seen=len(self._trained_links))
        return {bitext: (parse_links(forward), parse_links(reverse)) for bitext, forward, reverse in aligned}

    @cached_property
    def _program(self) -> Program:
        path, version = installed()
        return Program(path, version, self.options.length, self.options.samplers, self.options.null_prior)

    @cached_property
    def _trained_links(self) -> LinkReader:
        return LinkReader(self._model_folder)

    @cached_property
    def _priors(self) -> Priors:
        return Priors.load(self._model_folder)

    @property
    def _model_folder(self) -> Path:
        if self._model is None:
            raise untrained(_NAME)
        return self._model.folder
