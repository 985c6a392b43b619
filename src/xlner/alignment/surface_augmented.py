"""The links of any aligner, completed with links between words with similar spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.alignment.surface import SurfaceAligner, SurfaceOptions
from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.core.registry import DEFAULT_ALIGNER, Spec, backend_class, load, options_of
from xlner.errors import UsageError
from xlner.stages import Aligner, TrainableAligner, fingerprint_of, needs_training

_NAME = "surface-augmented"


class SurfaceAugmentedAligner:
    """Adds links of `SurfaceAligner` to those of another aligner, between words that have no link on either side.

    - `aligner`: the other aligner, or its spec. On the command line, options of both aligners can follow the spec, as
      in `surface-augmented:e5:itermax?layer=8&surface_threshold=0.9`.
    - `surface_threshold`, `surface_distance`: `threshold` and `distance` of `SurfaceAligner`.

    The links of the other aligner stay, with their weights. If they have weights, the weight of an added link is its
    spelling similarity.

    Raises what creating the other aligner raises, and `MissingExtraError` without the packages of the extra `surface`.

    >>> from xlner import Sentence
    >>> from xlner.fakes import OracleAligner
    >>> pair = Pair(Sentence(("la", "Vigo")), Sentence(("Vigo", "the")))
    >>> aligner = OracleAligner({(pair.source.tokens, pair.target.tokens): [(1, 0)]})
    >>> SurfaceAugmentedAligner(aligner).align([pair])[0].links
    ((0, 1), (1, 0))
    """

    def __init__(
        self,
        aligner: Aligner | str = DEFAULT_ALIGNER,
        *,
        surface_threshold: float = 0.7,
        surface_distance: float = 0.5,
        **options: Any,
    ) -> None:
        self._surface = SurfaceAligner(threshold=surface_threshold, distance=surface_distance)
        self._aligner: Aligner = load("aligner", aligner, **options) if isinstance(aligner, str) else aligner

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, Any]:
        """The options of the other aligner that a spec names."""
        inner = Spec.parse(given.get("aligner", DEFAULT_ALIGNER))
        if inner.name == _NAME:
            raise UsageError(f"{_NAME} takes another aligner, not itself")
        options = {name: value for name, value in given.items() if name != "aligner"}
        return options_of(backend_class("aligner", inner.name), Spec(inner.name, inner.argument, options))

    @property
    def options(self) -> SurfaceOptions:
        """The options of the surface aligner."""
        return self._surface.options

    @property
    def fingerprint(self) -> str:
        """The fingerprints of both aligners."""
        return f"{_NAME}:{fingerprint_of(self._aligner)}+{self._surface.fingerprint}"

    @property
    def trained(self) -> bool:
        """False if the other aligner has to learn from a bitext first."""
        return not needs_training(self._aligner)

    @property
    def training_options(self) -> Mapping[str, object]:
        """Those of the other aligner; empty if it does not learn."""
        return self._aligner.training_options if isinstance(self._aligner, TrainableAligner) else {}

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> SurfaceAugmentedAligner:
        """Let the other aligner learn from a bitext. Returns an aligner with the model."""
        return self._around(self._trainable().train(pairs, folder))

    def with_model(self, folder: str | Path) -> SurfaceAugmentedAligner:
        """This aligner with a model of the other aligner."""
        return self._around(self._trainable().with_model(folder))

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair. Raises what the other aligner raises."""
        found = self._aligner.align(pairs)
        return [_completed(*both) for both in zip(found, self._surface.align(pairs), strict=True)]

    def _trainable(self) -> TrainableAligner:
        if not isinstance(self._aligner, TrainableAligner):
            raise UsageError(f"{type(self._aligner).__name__} does not learn from a bitext")
        return self._aligner

    def _around(self, aligner: Aligner) -> SurfaceAugmentedAligner:
        options = self.options
        return SurfaceAugmentedAligner(aligner, surface_threshold=options.threshold, surface_distance=options.distance)


def _completed(alignment: Alignment, surface: Alignment) -> Alignment:
    """The links of the first alignment, and those of the second whose words are both free."""
    sources = {s for s, _ in alignment.links}
    targets = {t for _, t in alignment.links}
    weighted = zip(surface.links, surface.weights or (), strict=True)
    added = [(link, weight) for link, weight in weighted if link[0] not in sources and link[1] not in targets]
    links = (*alignment.links, *(link for link, _ in added))
    if alignment.weights is None:
        return replace(alignment, links=links)
    return replace(alignment, links=links, weights=(*alignment.weights, *(weight for _, weight in added)))
