"""Word alignment with the statistical models of Thot (package `sil-thot`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xlner.alignment.statistical.bitext import (
    Bitext,
    check_length,
    normalized_sides,
    symmetrized,
    training_pairs,
)
from xlner.alignment.statistical.model_folders import ModelFolder, untrained
from xlner.alignment.symmetrization import canonical_method
from xlner.core.alignment import Alignment, Link
from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair
from xlner.core.pickling import PicklesWithoutCache
from xlner.errors import BackendError, MissingExtraError, UnknownNameError, UsageError
from xlner.text.suggestions import names_hint

_NAME = "thot"
KINDS = MappingProxyType(
    {"eflomal": "EflomalAlignmentModel", "fastalign": "FastAlignModel", "hmm": "HmmAlignmentModel"}
)
"""Classes of the package by kind."""
_DEFAULT_KIND = "fastalign"
_DIRECTIONS = ("forward", "reverse")
_MAX_WORDS = 200
"""Words in a sentence. HMM models accept no more. With more words the other models find no links or do not finish."""


@dataclass(frozen=True, slots=True)
class ThotOptions:
    """Options of `ThotAligner`; see there. An aligner with a model has the options that the model was trained with."""

    kind: str = _DEFAULT_KIND
    symmetrizer: str = "intersection"
    iterations: int | None = None
    seed: int = 1


class ThotAligner(PicklesWithoutCache):
    """Links words with a model of how the words of one side generate those of the other, one model per direction.

    - `model`: a folder that `train` has filled. It also stores the kind, the iterations and the seed.
    - `kind`: `hmm` (a hidden Markov model initialized with IBM model 1; Vogel et al. 1996), `fastalign` (IBM model 2
      with a diagonal prior; Dyer et al. 2013), or `eflomal` (Bayesian, with fertilities; Östling and Tiedemann 2016, as
      implemented in Thot: slow to train, the best of the three on small bitexts).
    - `symmetrizer`: how the links of both directions are combined; see `xlner.alignment.symmetrize`.
    - `iterations`: the iterations of each training stage. The default is 5, or the schedule of `eflomal`.
    - `seed`: the same bitext and seed give the same model. A model gives a pair the same links, whatever the other
      pairs are.

    Words are compared in lower case.

    Raises `MissingExtraError` if the package is not installed, `BackendError` for a folder without such a model,
    `UnknownNameError` for an unknown kind or symmetrizer, and `UsageError` for numbers out of range or for a kind that
    is not the model's.
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
        _package()
        if iterations is not None and iterations < 1:
            raise UsageError(f"iterations must be at least 1, not {iterations}")
        if kind is not None and kind not in KINDS:
            raise UnknownNameError(f"unknown kind {kind!r} of thot", hint=names_hint(kind, KINDS))
        self.options = ThotOptions(kind or _DEFAULT_KIND, canonical_method(symmetrizer), iterations, seed)
        self._model = None if model is None else ModelFolder.load(model, _NAME)
        if self._model is not None:
            self._check_models(kind)

    def _check_models(self, kind: str | None) -> None:
        """Take over the options that the model was trained with, and load the model."""
        assert self._model is not None
        trained = {name: self._model.options[name] for name in ("kind", "iterations", "seed")}
        if kind not in (None, trained["kind"]):
            raise UsageError(
                f"{self._model.folder} holds a model of kind {trained['kind']!r}, not {kind!r}", hint="omit the kind"
            )
        self.options = ThotOptions(symmetrizer=self.options.symmetrizer, **trained)
        self._models  # noqa: B018 - raises if the files cannot be read

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        return self._model is not None

    @property
    def training_options(self) -> dict[str, object]:
        """What the model depends on, except the bitext."""
        options = {"kind": self.options.kind, "iterations": self.options.iterations, "seed": self.options.seed}
        return {"version": version("sil-thot"), **options}

    @property
    def fingerprint(self) -> str:
        """What the links depend on, except the pairs: model, options and package version."""
        model = "none" if self._model is None else self._model.digest
        return f"{options_fingerprint(f'{_NAME}:{model}', self.options)}&sil-thot={version('sil-thot')}"

    @property
    def summary(self) -> str:
        """What `xlner doctor` shows."""
        return f"sil-thot {version('sil-thot')}; learns from a bitext: xlner align SOURCE TARGET --aligner thot"

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> ThotAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it.

        Pairs with an empty side or with more than 200 words on a side are skipped. The bitext is held in memory during
        the training. Raises `BackendError` if the folder cannot be created or there is no pair to learn from.
        """

        def write(partial: Path) -> None:
            bitext = list(training_pairs(pairs, _MAX_WORDS))
            if not bitext:
                raise BackendError("there is no pair to learn from", hint="give a bitext with words on both sides")
            reverse = [(target, source) for source, target in bitext]
            for name, sides in zip(_DIRECTIONS, (bitext, reverse), strict=True):
                if not self._trained_model(sides).print(str(partial / name)):
                    raise BackendError(f"thot cannot write its model to {partial}")

        return self.with_model(ModelFolder.save(folder, _NAME, self.training_options, write).folder)

    def with_model(self, folder: str | Path) -> ThotAligner:
        """This aligner with the model of a folder. Raises `BackendError` if the folder has none."""
        return ThotAligner(str(folder), symmetrizer=self.options.symmetrizer)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair, without weights.

        Raises `BackendError` if there is no model, `ValidationError` for a pair without a source, and `StageError` for
        a sentence of more than 200 words.
        """
        forward, reverse = self._models
        return [self._one(normalized_sides(pair), forward, reverse) for pair in pairs]

    def _one(self, bitext: Bitext, forward: Any, reverse: Any) -> Alignment:
        source, target = bitext
        if not (source and target):
            return Alignment(())
        check_length(bitext, _MAX_WORDS)
        reverse_links = {(s, t) for t, s in _links(reverse, target, source)}
        return symmetrized(self.options.symmetrizer, _links(forward, source, target), reverse_links)

    @cached_property
    def _models(self) -> tuple[Any, Any]:
        """The models of both directions."""
        if self._model is None:
            raise untrained(_NAME)
        forward, reverse = (self._load(self._model.folder / name) for name in _DIRECTIONS)
        return forward, reverse

    def _load(self, prefix: Path) -> Any:
        # Always align with a model from disk: the model in memory after a training differs slightly from its file.
        model = self._new_model()
        if not model.load(str(prefix)):
            raise BackendError(f"thot cannot read {prefix.parent}", hint="train the model again")
        return model

    def _new_model(self) -> Any:
        model = getattr(_package(), KINDS[self.options.kind])()
        if self.options.kind == "eflomal":
            model.seed, model.deterministic = self.options.seed, True
        return model

    def _trained_model(self, bitext: Sequence[Bitext]) -> Any:
        is_hmm = self.options.kind == "hmm"
        model = _package().Ibm1AlignmentModel() if is_hmm else self._new_model()
        for source, target in bitext:
            model.add_sentence_pair(source, target)
        _run(model, self.options.iterations)
        if is_hmm:
            model = _package().HmmAlignmentModel(model)
            _run(model, self.options.iterations)
        return model


def _run(model: Any, iterations: int | None) -> None:
    model.start_training()  # returns the number of pairs, not of iterations
    scheduled: int = getattr(model, "scheduled_iterations", 5)
    for _ in range(scheduled if iterations is None else iterations):
        model.train()
    model.end_training()


def _links(model: Any, source: Sequence[str], target: Sequence[str]) -> set[Link]:
    """Links of the most likely alignment, in which every target word is generated by one source word or by none."""
    origins = model.get_best_alignment(source, target)[1].to_list()
    return {(origin - 1, place) for place, origin in enumerate(origins) if origin > 0}


def _package() -> Any:
    try:
        import thot.alignment
    except ImportError:
        raise MissingExtraError("sil-thot", extra="thot") from None
    return thot.alignment
