"""What chat models were asked in this process: requests, tokens, cost, and answers that could not be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from xlner.text.counts import counted


@dataclass(slots=True)
class Usage:
    """Counts of one model.

    - `requests`: questions that the endpoint answered; `cached`: questions that were answered from the disk.
    - `input_tokens`, `output_tokens`: as the endpoint counts them; 0 if it does not.
    - `cost`: from the prices that were given.
    - `rejected`: parts of answers that could not be used, by reason.

    >>> Usage(requests=2, input_tokens=1500, output_tokens=20, cost=0.25).text("chat one")
    'chat one: 2 requests, 1,500 tokens in, 20 out, cost 0.25'
    """

    requests: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, Any]:
        """All counts as JSON values that add up."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"rejected": dict(self.rejected)}

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> Usage:
        """The usage with these counts.

        >>> Usage.of(Usage(requests=2).counts()).requests
        2
        """
        return cls(**{**counts, "rejected": Counter(counts.get("rejected", {}))})

    def text(self, name: str) -> str:
        """One line for people."""
        parts = [counted(self.requests, "request")]
        parts += [f"{self.cached} from the cache"] if self.cached else []
        if self.input_tokens or self.output_tokens:
            parts += [f"{counted(self.input_tokens, 'token')} in", f"{self.output_tokens:,} out"]
        parts += [f"cost {self.cost:.4g}"] if self.cost else []
        if self.rejected:
            reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.rejected.items()))
            parts.append(f"{self.rejected.total()} found entities left out ({reasons})")
        return f"{name}: {', '.join(parts)}"


_BY_MODEL: dict[str, Usage] = {}


def usage_of(model: str) -> Usage:
    """The counts of a model, which go on counting."""
    return _BY_MODEL.setdefault(model, Usage())


def all_counts() -> dict[str, dict[str, Any]]:
    """The counts of all models as JSON values that add up."""
    return {model: usage.counts() for model, usage in _BY_MODEL.items()}


def set_counts(counts: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the counts of all models, for instance to those of other processes. Models that are left out begin anew."""
    _BY_MODEL.clear()
    _BY_MODEL.update((model, Usage.of(usage)) for model, usage in counts.items())


def lines() -> list[str]:
    """One line for each model that was asked."""
    return [usage.text(f"chat {model}") for model, usage in _BY_MODEL.items() if usage.requests or usage.cached]
