from __future__ import annotations

from tests.cpu_seconds import Cost, wrongly_marked


def test_marks_that_do_not_fit_are_listed_the_slowest_first() -> None:
    costs = [
        Cost("fast", 0.1, False),
        Cost("slow", 2.5, False),
        Cost("marked", 2.5, True),
        Cost("neither", 1.0, True),
        Cost("marked and fast", 0.1, True),
        Cost("slowest", 12, False),
    ]
    assert wrongly_marked(costs) == [
        " 12.0 s of CPU, not marked slow: slowest",
        "  2.5 s of CPU, not marked slow: slow",
        "  0.1 s of CPU, marked slow: marked and fast",
    ]
