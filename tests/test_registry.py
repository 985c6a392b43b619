from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from xlner import BackendError, load, register
from xlner.core import registry as _registry
from xlner.errors import UnknownNameError


class Thing:
    def __init__(self, name: str = "x", *, layer: int = 1, rate: float | None = None, loud: bool = False) -> None:
        self.values = (name, layer, rate, loud)


@pytest.fixture(autouse=True)
def thing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry._BUILTIN, "aligner", {})
    register("aligner", "thing", f"{__name__}:Thing")


def test_options_get_their_declared_types() -> None:
    assert load("aligner", "thing:y?layer=3&rate=.5&loud=yes").values == ("y", 3, 0.5, True)
    assert load("aligner", "thing", layer=4, unknown=1).values == ("x", 4, None, False)


def test_a_value_in_parentheses_is_taken_as_it_stands() -> None:
    assert load("aligner", "thing?name=(a?b=(c&d)&e=f)&layer=2").values[:2] == ("a?b=(c&d)&e=f", 2)
    assert load("aligner", "thing?layer=2&name=a(b").values[:2] == ("a(b", 2)


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ("thin", "unknown aligner 'thin'; known: thing"),
        ("thing?size=1", "has no option 'size'; options: name, layer, rate, loud"),
        ("thing?layer=x", "layer of aligner 'thing' is not of type int: 'x'"),
        ("thing?loud=maybe", "loud of aligner 'thing' is not of type bool"),
        ("thing?layer", "option 'layer' in 'thing\\?layer' has no value"),
        ("thing:a?name=b", "does not fit"),
        ("thing?name=(a&layer=2", "parentheses of option 'name' in .* do not fit; write \\?key=\\(value\\)&key=value"),
        ("thing?name=(a)b", "parentheses of option 'name'"),
    ],
)
def test_bad_specs_are_one_clear_line(spec: str, match: str) -> None:
    with pytest.raises(UnknownNameError, match=match):
        load("aligner", spec)


def test_a_backend_that_cannot_be_imported() -> None:
    register("aligner", "gone", "no.such.module:Thing")
    with pytest.raises(BackendError, match="'gone' cannot be loaded"):
        load("aligner", "gone")


def test_entry_points_add_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("theirs", f"{__name__}:Thing", "xlner.aligners")
    monkeypatch.setattr(_registry, "entry_points", lambda group: [point] if group == "xlner.aligners" else [])
    assert load("aligner", "theirs").values[0] == "x"
