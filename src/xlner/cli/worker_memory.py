"""Say so if the workers of a run need more memory than there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xlner.cli.notes import note

if TYPE_CHECKING:
    from concurrent.futures import Executor


def noting_memory(advance: Callable[[int], None], executor: Executor) -> Callable[[int], None]:
    """Advance a progress bar, and say once, after any shard, if the workers of this machine need more memory together
    than was free before them.
    """
    from xlner.engines import WorkerProcesses
    from xlner.engines.worker_memory import memory_of_machine

    machine = memory_of_machine()
    if machine is None or not isinstance(executor, WorkerProcesses):
        return advance
    free, count, is_said = machine[1], executor.workers, False

    def advance_and_look(sentences: int) -> None:
        nonlocal is_said
        advance(sentences)
        each = 0 if is_said or not sentences else executor.memory() or 0
        if each * count > free:
            is_said = True
            need, has = (f"{size / 1e9:.1f} GB" for size in (each * count, free))
            said = f"note: {count} workers need {need} of memory together, and {has} were free before; "
            note(f"{said}if they die or the machine becomes slow, use fewer --workers")

    return advance_and_look
