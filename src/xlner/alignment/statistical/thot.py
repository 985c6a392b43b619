"""Word alignment by the statistical models of Thot (package `sil-thot`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xlner.alignment.statistical.directions import (
    Bitext,
    both_sides,
    check_length,
    check_symmetrizer,
    symmetrized,
    trainable,
)
from xlner.alignment.statistical.model_folders import Model, untrained
from xlner.core.alignment import Alignment, Link
from xlner.core.pair import Pair
from xlner.errors import BackendError, MissingExtraError, UnknownNameError, ValidationError

_NAME = "thot"
KINDS = MappingProxyType(
    {"eflomal": "EflomalAlignmentModel", "fastalign": "FastAlignModel", "hmm": "HmmAlignmentModel"}
)
"""Classes of the package by the names they have here."""
_DIRECTIONS = ("forward", "reverse")
_LONGEST = 200
"""Words of a sentence. HMM takes no more; with more the others find no links at all, or no end."""


class ThotAligner:
    """Links words by a model of how each side of a bitext comes from the other, one for each direction.

    `kind` is `hmm` (a hidden Markov model that begins with IBM model 1; Vogel et al. 1996), `fastalign` (IBM model 2
    with a diagonal prior; Dyer et al. 2013) or `eflomal` (Bayesian, with fertilities; Östling and Tiedemann 2016, as
    Thot writes it: slow to train, the best of the three on small bitexts). `model` is a folder that `train` filled; it
    knows its kind. `symmetrizer` makes one set of links of both directions. `iterations` are those of the training:
    by default 5 of each stage, or what `eflomal` plans. The same bitext and `seed` give the same model, and the model
    gives the same links to a pair whatever is beside it. Words are compared in lower case.

    Raises `MissingExtraError` where the package is not installed, `BackendError` for a folder without such a model,
    `UnknownNameError` for an unknown kind or symmetrizer, `ValidationError` for numbers out of range.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        kind: str | None = None,
        symmetrizer: str = "intersection",
        iterations: int | None = None,
        seed: int = 1,
    ) -> None:
        self._thot = _package()
        self._symmetrizer = check_symmetrizer(symmetrizer)
        if iterations is not None and iterations < 1:
            raise ValidationError(f"iterations must be at least 1, not {iterations}")
        self._iterations, self._seed = iterations, seed
        self._model = None if model is None else Model.load(model, _NAME)
        self._kind = kind or "fastalign"
        if self._model is not None:
            self._kind = str(self._model.options["kind"])
            if kind not in (None, self._kind):
                raise UnknownNameError(
                    f"{model} holds a model of kind {self._kind!r}, not {kind!r}", hint="leave it out"
                )
        if self._kind not in KINDS:
            raise UnknownNameError(f"unknown kind {kind!r} of thot", hint=f"known: {', '.join(KINDS)}")
        self._loaded = None if self._model is None else [self._load(self._model.folder / name) for name in _DIRECTIONS]

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        return self._model is not None

    @property
    def training_options(self) -> dict[str, object]:
        """What the model depends on besides the bitext."""
        options = {"kind": self._kind, "iterations": self._iterations, "seed": self._seed}
        return {"version": version("sil-thot"), **options}

    @property
    def fingerprint(self) -> str:
        """What the links depend on besides the pairs: kind, model, symmetrizer and package version."""
        model = "none" if self._model is None else self._model.digest
        return f"thot:{model}?kind={self._kind}&symmetrizer={self._symmetrizer}&sil-thot={version('sil-thot')}"

    @property
    def summary(self) -> str:
        """What `xlner doctor` shows."""
        return f"sil-thot {version('sil-thot')}; learns from a bitext: xlner align SOURCE TARGET --aligner thot"

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> ThotAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it.

        Pairs with an empty side or with more than 200 words on a side teach nothing. The bitext is
        held in memory meanwhile. Raises `BackendError` where the folder cannot be made or there is nothing to learn.
        """

        def write(partial: Path) -> None:
            bitext = list(trainable(pairs, _LONGEST))
            if not bitext:
                raise BackendError("there is no pair to learn from", hint="give a bitext with words on both sides")
            for name, turned in zip(_DIRECTIONS, (False, True), strict=True):
                model = self._learned([(target, source) for source, target in bitext] if turned else bitext)
                if not model.print(str(partial / name)):
                    raise BackendError(f"thot cannot write its model to {partial}")

        return self.with_model(Model.save(folder, _NAME, self.training_options, write).folder)

    def with_model(self, folder: str | Path) -> ThotAligner:
        """This aligner with the model of a folder; raises `BackendError` where there is none."""
        return ThotAligner(str(folder), symmetrizer=self._symmetrizer, iterations=self._iterations, seed=self._seed)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair, without weights.

        Raises `BackendError` where there is no model, `ValidationError` for a pair without source, `StageError` for a
        sentence of more than 200 words.
        """
        if self._loaded is None:
            raise untrained(_NAME)
        there, back = self._loaded
        return [self._one(both_sides(pair), there, back) for pair in pairs]

    def _one(self, bitext: Bitext, there: Any, back: Any) -> Alignment:
        source, target = bitext
        if not (source and target):
            return Alignment(())
        check_length(bitext, _LONGEST)
        forward = _links(there, source, target)
        reverse = {(s, t) for t, s in _links(back, target, source)}
        return symmetrized(self._symmetrizer, forward, reverse)

    def _empty(self) -> Any:
        model = getattr(self._thot, KINDS[self._kind])()
        if self._kind == "eflomal":
            model.seed, model.deterministic = self._seed, True
        return model

    def _learned(self, bitext: Sequence[Bitext]) -> Any:
        model = self._thot.Ibm1AlignmentModel() if self._kind == "hmm" else self._empty()
        for source, target in bitext:
            model.add_sentence_pair(source, target)
        _run(model, self._iterations)
        if self._kind == "hmm":
            model = self._thot.HmmAlignmentModel(model)
            _run(model, self._iterations)
        return model

    def _load(self, prefix: Path) -> Any:
        # Aligning is always done with a model from disk: that after a training differs a little from its file.
        model = self._empty()
        if not model.load(str(prefix)):
            raise BackendError(f"{prefix.parent} cannot be read by thot", hint="train the model again")
        return model


def _run(model: Any, iterations: int | None) -> None:
    model.start_training()  # returns how many pairs there are, not how many iterations
    scheduled: int = getattr(model, "scheduled_iterations", 5)
    for _ in range(scheduled if iterations is None else iterations):
        model.train()
    model.end_training()


def _links(model: Any, source: Sequence[str], target: Sequence[str]) -> set[Link]:
    """Links of the most likely alignment, in which every target word comes from one source word or from none."""
    origins = model.get_best_alignment(source, target)[1].to_list()
    return {(origin - 1, place) for place, origin in enumerate(origins) if origin > 0}


def _package() -> Any:
    try:
        import thot.alignment
    except ImportError:
        raise MissingExtraError("sil-thot", extra="thot") from None
    return thot.alignment
