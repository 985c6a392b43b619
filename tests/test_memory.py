from __future__ import annotations

import weakref
from collections.abc import Sequence

import pytest

from xlner.core import memory
from xlner.core.batches import isolated
from xlner.errors import BackendError
from xlner.pipeline.isolation import in_batches
from xlner.translation.guards.guarded_translator import GuardedTranslator


@pytest.fixture(autouse=True)
def whole_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_halvings", [])


class OutOfMemoryError(RuntimeError):
    """As PyTorch names it."""


class Held:
    """What a batch needs while it is computed."""


class Limited:
    """A stage whose batches need one unit for each word, of 100; what an exception holds is not free."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.held: list[weakref.ref[Held]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        needed = max(items) * len(items)
        taken = sum(100 for reference in self.held if reference() is not None)
        mine = Held()
        self.held.append(weakref.ref(mine))
        self.sizes.append(needed)
        if needed + taken > 100:
            raise OutOfMemoryError(f"CUDA out of memory, while holding {mine}")
        return [item + 1 for item in items]


@pytest.mark.parametrize("count", [4, 6, 8, 16, 40])
def test_no_item_is_lost_when_memory_runs_out(count: int) -> None:
    stage = Limited()
    assert in_batches(stage, [20] * count, length=int, budget=10_000) == [21] * count
    assert memory.within_memory(10_000) < 10_000 or count == 4


def test_the_smaller_budget_is_kept() -> None:
    stage = Limited()
    in_batches(stage, [20] * 64, length=int, budget=160)
    assert stage.sizes.count(160) == 1  # the other batches are smaller already
    stage.sizes.clear()
    in_batches(stage, [20] * 64, length=int, budget=160)
    assert max(stage.sizes) <= 80


def test_all_batches_of_a_translator_fit_after_one_did_not() -> None:
    sizes: list[int] = []

    class Translator:
        fingerprint = "limited"

        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            sizes.append(len(texts))
            if len(texts) > 5:
                raise MemoryError
            return [f"{text} x" for text in texts]

    guarded = GuardedTranslator(Translator(), batch_words=100)
    texts = [f"one two three four five six seven eight nine {number}" for number in range(10, 70)]
    guarded.translate(texts, from_lang="en", to_lang="gl")
    assert 1 <= sum(size > 5 for size in sizes) <= 2  # once for the texts, and once for pieces of those tried again
    assert memory.within_memory(1000) >= 250


def test_one_item_that_is_too_large_has_the_error() -> None:
    results = in_batches(Limited(), [20, 200, 20], length=int, budget=1000)
    assert [isinstance(result, OutOfMemoryError) for result in results] == [False, True, False]


def test_one_item_that_is_too_large_does_not_make_batches_smaller() -> None:
    in_batches(Limited(), [20, 200, 20], length=int, budget=1000)
    assert memory.within_memory(1000) == 1000


def test_batches_get_no_smaller_than_they_have_to() -> None:
    in_batches(Limited(), [10] * 32, length=int, budget=320)
    assert memory.within_memory(320) == 80


def test_budgets_stay_useful() -> None:
    memory.shrink_batches(12)
    assert (memory.within_memory(4096), memory.within_memory(4)) == (16, 4)


@pytest.mark.parametrize(
    ("error", "no_memory", "broken"),
    [
        (MemoryError(), True, False),
        (RuntimeError("CUDA failed with error out of memory"), True, False),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True, False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), False, True),
        (ValueError("CUDA error"), False, False),
        (RuntimeError("shape mismatch"), False, False),
    ],
)
def test_kinds_of_failures(error: Exception, no_memory: bool, broken: bool) -> None:
    assert (memory.is_out_of_memory(error), memory.is_broken_device(error)) == (no_memory, broken)

    def stage(items: Sequence[int]) -> list[int]:
        raise error

    if broken:
        with pytest.raises(BackendError, match="the GPU failed: .*; start again"):
            isolated(stage, [1, 2])
    else:
        assert isolated(stage, [1, 2]) == [error, error]
