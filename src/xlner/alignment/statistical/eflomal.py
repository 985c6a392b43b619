"""Word alignment by eflomal, a Gibbs sampler over a whole bitext; no language has to be known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

from xlner.alignment.statistical.directions import (
    Bitext,
    both_sides,
    check_length,
    check_symmetrizer,
    links_of,
    symmetrized,
    trainable,
)
from xlner.alignment.statistical.eflomal_priors import PriorCounts, Priors
from xlner.alignment.statistical.eflomal_program import LONGEST, Program, installed
from xlner.alignment.statistical.model_folders import Model, untrained
from xlner.alignment.statistical.trained_links import LinkReader, LinkWriter
from xlner.core.alignment import Alignment, Link
from xlner.core.pair import Pair
from xlner.errors import BackendError, ValidationError

_NAME = "eflomal"


class EflomalAligner:
    """Links words that go together throughout a bitext (Östling and Tiedemann 2016), by the program of that name.

    `model` is a folder that `train` filled. The pairs of the training have the links that it gave them, so they are
    the same at every call. Other pairs are sampled anew with the counts of the training as priors; the program takes
    its random numbers from the system, so a few of their links differ from run to run, and with the pairs beside them.
    Words are compared in lower case. Each direction is aligned, and `symmetrizer` makes one set of links of both.

    `length` scales the number of sampling iterations of the training, `samplers` is the number of independent
    samplers, `null_prior` how likely a word has no link.

    Raises `MissingExtraError` where the package is not installed, `BackendError` for a folder without such a model,
    `UnknownNameError` for an unknown symmetrizer, `ValidationError` for numbers out of range.
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
            raise ValidationError("length must be over 0, samplers at least 1, and null_prior from 0 to below 1")
        path, version = installed()
        self._symmetrizer = check_symmetrizer(symmetrizer)
        self._model = None if model is None else Model.load(model, _NAME)
        self._program = Program(path, version, length, samplers, null_prior)
        self._known = None if self._model is None else LinkReader(self._model.folder)

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        return self._model is not None

    @property
    def training_options(self) -> dict[str, object]:
        """What the model depends on besides the bitext."""
        program = self._program
        options = {"length": program.length, "samplers": program.samplers, "null_prior": program.null_prior}
        return {"version": program.version, **options}

    @property
    def fingerprint(self) -> str:
        """What the links depend on besides the pairs and chance: model, symmetrizer and package version."""
        model = "none" if self._model is None else self._model.digest
        settings = f"{self._program.length:g}-{self._program.samplers}-{self._program.null_prior:g}"
        return f"eflomal:{model}?symmetrizer={self._symmetrizer}&settings={settings}&eflomal={self._program.version}"

    @property
    def summary(self) -> str:
        """What `xlner doctor` shows."""
        return f"eflomal {self._program.version}; learns from a bitext: xlner align SOURCE TARGET --aligner eflomal"

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> EflomalAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it.

        Pairs with an empty side or with more than 1000 words on a side teach nothing. Takes memory for the
        vocabulary and the counts of word pairs; the program takes its own for the whole bitext. Raises `BackendError`
        where the folder cannot be made or the program fails.
        """

        def write(partial: Path) -> None:
            counts = PriorCounts()
            with closing(LinkWriter(partial)) as links:
                for bitext, forward, reverse in self._program.align(trainable(pairs, LONGEST)):
                    counts.add(bitext, links_of(forward), links_of(reverse))
                    links.add(bitext, forward, reverse)
            if not counts.lexical:
                raise BackendError("there is no pair to learn from", hint="give a bitext with words on both sides")
            counts.save(partial)

        return self.with_model(Model.save(folder, _NAME, self.training_options, write).folder)

    def with_model(self, folder: str | Path) -> EflomalAligner:
        """This aligner with the model of a folder; raises `BackendError` where there is none."""
        program = self._program
        return EflomalAligner(
            str(folder),
            symmetrizer=self._symmetrizer,
            length=program.length,
            samplers=program.samplers,
            null_prior=program.null_prior,
        )

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair, without weights.

        Raises `BackendError` where there is no model or the program fails, `ValidationError` for a pair without
        source, `StageError` for a sentence of more than 1000 words.
        """
        if self._known is None:
            raise untrained(_NAME)
        bitexts = [both_sides(pair) for pair in pairs]
        found = {bitext: self._known.get(bitext) for bitext in bitexts}
        found |= self._sampled([b for b, links in found.items() if links is None and all(b)])
        return [self._one(found[bitext]) for bitext in bitexts]

    def _one(self, links: tuple[set[Link], set[Link]] | None) -> Alignment:
        if links is None:  # one of the sides is empty
            return Alignment(())
        return symmetrized(self._symmetrizer, *links)

    def _sampled(self, bitexts: Sequence[Bitext]) -> dict[Bitext, tuple[set[Link], set[Link]]]:
        """Links of pairs that the training did not see."""
        for bitext in bitexts:
            check_length(bitext, LONGEST)
        if not bitexts:
            return {}
        aligned = self._program.align(bitexts, self._priors, seen=0 if self._known is None else len(self._known))
        return {bitext: (links_of(forward), links_of(reverse)) for bitext, forward, reverse in aligned}

    @cached_property
    def _priors(self) -> Priors:
        assert self._model is not None
        return Priors.load(self._model.folder)
