"""Links of any aligner, completed by those of words that are spelled alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.alignment.surface import SurfaceAligner
from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.core.registry import Spec, backend_class, load, options_of
from xlner.errors import BackendError, UnknownNameError
from xlner.stages import Aligner


class SurfaceAugmentedAligner:
    """Adds links of the surface aligner to those of another one, between words that have no link yet on either side.

    `aligner` is the other one, or its spec: on the command line `surface-augmented:e5:itermax`, and options of both
    aligners may follow, as in `surface-augmented:e5:itermax?layer=8&surface_threshold=0.9`; `surface_threshold` and
    `surface_distance` are those of `SurfaceAligner`. Links of the other aligner stay, with their weights; an added link
    weighs its similarity, where the others have weights.

    Raises what making the other aligner raises, and `MissingExtraError` without the packages of the extra `surface`.
    """

    def __init__(
        self,
        aligner: Aligner | str = "e5:itermax",
        *,
        surface_threshold: float = 0.7,
        surface_distance: float = 0.5,
        **options: Any,
    ) -> None:
        self._surface = SurfaceAligner(threshold=surface_threshold, distance=surface_distance)
        self._settings = {"surface_threshold": surface_threshold, "surface_distance": surface_distance}
        self._aligner: Any = load("aligner", aligner, **options) if isinstance(aligner, str) else aligner

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, Any]:
        """The options of the other aligner that a spec names."""
        inner = Spec.parse(given.get("aligner", "e5:itermax"))
        if inner.name == "surface-augmented":
            raise UnknownNameError("surface-augmented takes another aligner, not itself")
        options = {name: value for name, value in given.items() if name != "aligner"}
        return options_of(backend_class("aligner", inner.name), Spec(inner.name, inner.argument, options))

    @property
    def fingerprint(self) -> str:
        """The fingerprints of both aligners."""
        inner = getattr(self._aligner, "fingerprint", type(self._aligner).__qualname__)
        return f"surface-augmented:{inner}+{self._surface.fingerprint}"

    @property
    def trained(self) -> bool:
        """False where the other aligner has to learn from a bitext first."""
        return bool(getattr(self._aligner, "trained", True))

    @property
    def training_options(self) -> Mapping[str, object]:
        """Those of the other aligner."""
        options: Mapping[str, object] = getattr(self._aligner, "training_options", {})
        return options

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> SurfaceAugmentedAligner:
        """Let the other aligner learn from a bitext; returns an aligner with the model."""
        if not hasattr(self._aligner, "train"):
            raise BackendError("this aligner does not learn from a bitext")
        return SurfaceAugmentedAligner(self._aligner.train(pairs, folder), **self._settings)

    def with_model(self, folder: str | Path) -> SurfaceAugmentedAligner:
        """This aligner with a model of the other one."""
        return SurfaceAugmentedAligner(self._aligner.with_model(folder), **self._settings)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair; raises what the other aligner raises."""
        found = self._aligner.align(pairs)
        return [_completed(*both) for both in zip(found, self._surface.align(pairs), strict=True)]


def _completed(alignment: Alignment, surface: Alignment) -> Alignment:
    """The first links and those of the second whose words are both free."""
    sources = {s for s, _ in alignment.links}
    targets = {t for _, t in alignment.links}
    weighted = zip(surface.links, surface.weights or (), strict=True)
    added = [(link, weight) for link, weight in weighted if link[0] not in sources and link[1] not in targets]
    links = (*alignment.links, *(link for link, _ in added))
    if alignment.weights is None:
        return replace(alignment, links=links)
    return replace(alignment, links=links, weights=(*alignment.weights, *(weight for _, weight in added)))
