"""A small, fixed part of `fuzz.py`."""

from __future__ import annotations

import pytest

from tests.fuzz import TARGETS, fuzz, shares


@pytest.mark.parametrize("name", TARGETS)
def test_no_exception_but_ours_and_no_broken_invariant(name: str) -> None:
    failures = [f"input {k}: {error!r}" for k, error in fuzz(name, shares(3_000)[name], seed=0)]
    assert not failures, failures[:3]
