"""Reports of training runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training sentences.

    - `number`: counted from 1.
    - `loss`: the mean loss of the words.
    - `dev`: the F1 on the dev set of each language.
    - `signatures`: the signatures of these scores.

    >>> Epoch(1, 0.5, {"de": 0.25, "en": 0.75}).mean_f1
    0.5
    """

    number: int
    loss: float
    dev: Mapping[str, float] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)

    @property
    def mean_f1(self) -> float | None:
        """The mean F1 on the dev sets; None without dev sets."""
        return sum(self.dev.values()) / len(self.dev) if self.dev else None


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """The result of `train`.

    - `steps`, `losses`: the number of steps, and the mean loss of the words of each step.
    - `epochs`, `best_epoch`: all epochs, and the number of the one whose weights were kept.
    - `trained_parameters`, `total_parameters`: the number of weights that were trained, and of all weights.
    - `sentences`: how many sentences of each language were drawn.
    - `windows`: how many sequences the sentences made.
    - `seconds`: computing time, including that of earlier, interrupted calls.
    - `warnings`: signs that the model has not learned anything.
    - `extra`: what adapters measure.

    >>> epochs = (Epoch(1, 0.5, {"en": 0.75}), Epoch(2, 0.25, {"en": 0.5}))
    >>> report = TrainingReport(2, (0.5, 0.25), epochs, 1, 10, 10, {"en": 3}, windows=3, seconds=0.1)
    >>> report.best.mean_f1
    0.75
    """

    steps: int
    losses: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    best_epoch: int
    trained_parameters: int
    total_parameters: int
    sentences: Mapping[str, int]
    windows: int
    seconds: float
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return self.epochs[self.best_epoch - 1]
