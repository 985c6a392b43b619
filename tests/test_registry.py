from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Optional

import pytest

from xlner import BackendError, load, register
from xlner.core import registry
from xlner.core.registry import DependentOptions, Spec, backend_class, names, options_of
from xlner.errors import MissingExtraError, UnknownNameError, UsageError


class Thing:
    def __init__(
        self,
        name: str = "x",
        *,
        layer: int = 1,
        rate: float | None = None,
        loud: bool = False,
        silent: Optional[bool] = None,  # noqa: UP045
        mixed: int | str = 0,
    ) -> None:
        self.values = (name, layer, rate, loud)
        self.more = (silent, mixed)


class Depending:
    def __init__(self, size: int = 1, *, shape: str = "round", **options: Any) -> None:
        self.values = (size, shape, options)

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, Any]:
        return {"radius": float} if given.get("shape", "round") == "round" else {"sides": int, "of": str}


@pytest.fixture(autouse=True)
def things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._BUILTIN, "aligner", {})
    register("aligner", "thing", f"{__name__}:Thing")
    register("aligner", "depending", f"{__name__}:Depending")


def test_options_get_their_declared_types() -> None:
    assert load("aligner", "thing:y?layer=3&rate=.5&loud=yes").values == ("y", 3, 0.5, True)
    assert load("aligner", "thing", layer=4, unknown=1, rate=None).values == ("x", 4, None, False)
    assert load("aligner", "thing?layer=3", layer=4).values[1] == 3
    assert load("aligner", "thing?silent=no&mixed=1").more == (False, "1")


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("YES", True), ("False", False), ("0", False), ("no", False)]
)
def test_booleans(text: str, value: bool) -> None:
    assert load("aligner", f"thing?loud={text}").values[3] is value


def test_options_that_depend_on_other_options() -> None:
    assert isinstance(Depending, DependentOptions)
    assert not isinstance(Thing, DependentOptions)
    assert load("aligner", "depending:2?radius=1").values == (2, "round", {"radius": 1.0})
    assert load("aligner", "depending?shape=box&sides=4").values == (1, "box", {"sides": 4})
    assert list(options_of(Depending, Spec.parse("depending?shape=box"))) == ["size", "shape", "sides", "of"]
    with pytest.raises(UnknownNameError, match="'depending' has no option 'radius'; options: size, shape, sides, of$"):
        load("aligner", "depending?shape=box&radius=1")


def test_a_value_in_parentheses_is_taken_literally() -> None:
    assert load("aligner", "thing?name=(a?b=(c&d)&e=f)&layer=2").values[:2] == ("a?b=(c&d)&e=f", 2)
    assert load("aligner", "thing?layer=2&name=a(b").values[:2] == ("a(b", 2)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("thin", "unknown aligner 'thin'; did you mean 'thing'? known: depending, thing"),
        (
            "thing?size=1",
            "aligner 'thing' has no option 'size'; options: name, layer, rate, loud, silent, mixed",
        ),
    ],
)
def test_unknown_names(spec: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        load("aligner", spec)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("thing?layer=x", "layer of aligner 'thing' is not of type int: 'x'"),
        ("thing?rate=x", "rate of aligner 'thing' is not of type float: 'x'"),
        ("thing?loud=maybe", "loud of aligner 'thing' is not of type bool: 'maybe'; write true or false"),
        ("depending:x", "size of aligner 'depending' is not of type int: 'x'"),
        ("thing?layer", "option 'layer' in 'thing?layer' has no value; write ?key=value&key=value"),
        ("thing?=1", "option '=1' in 'thing?=1' has no value; write ?key=value&key=value"),
        (
            "thing?name=(a&layer=2",
            "the parentheses of option 'name' in 'thing?name=(a&layer=2' do not match; write ?key=(value)&key=value",
        ),
        (
            "thing?name=(a)b",
            "the parentheses of option 'name' in 'thing?name=(a)b' do not match; write ?key=(value)&key=value",
        ),
        ("thing:a?name=b", "backend spec 'thing:a?name=b' does not fit: multiple values for argument 'name'"),
    ],
)
def test_bad_specs_are_one_clear_line(spec: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load("aligner", spec)
    assert str(raised.value) == message


def test_an_unknown_kind() -> None:
    message = "unknown kind of backend 'parser'; known: translator, recognizer, aligner, projector"
    for call in (
        lambda: names("parser"),
        lambda: register("parser", "x", "y:Z"),
        lambda: backend_class("parser", "x"),
        lambda: load("parser", "x"),
    ):
        with pytest.raises(UnknownNameError) as raised:
            call()
        assert str(raised.value) == message


@pytest.mark.parametrize("target", ["no.such.module:Thing", f"{__name__}:NoSuchThing"])
def test_a_backend_that_cannot_be_imported(target: str) -> None:
    register("aligner", "gone", target)
    with pytest.raises(BackendError, match=f"aligner 'gone' cannot be loaded from {target}: "):
        load("aligner", "gone")


def test_a_backend_whose_module_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "failing_backend.py").write_text("raise ValueError('no\\nlicense')\n", encoding="utf-8")
    (tmp_path / "incomplete_backend.py").write_text(
        "from xlner.errors import MissingExtraError\nraise MissingExtraError('Thing', extra='thing')\n",
        encoding="utf-8",
    )
    register("aligner", "gone", "failing_backend:Thing")
    match = "^aligner 'gone' cannot be loaded from failing_backend:Thing: ValueError: no license$"
    with pytest.raises(BackendError, match=match):
        load("aligner", "gone")
    register("aligner", "gone", "incomplete_backend:Thing")
    with pytest.raises(MissingExtraError):
        load("aligner", "gone")


def test_entry_points_add_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = EntryPoint("theirs", f"{__name__}:Thing", "xlner.aligners")
    shadowing = EntryPoint("thing", f"{__name__}:Depending", "xlner.aligners")
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [theirs, shadowing] if group == "xlner.aligners" else []
    )
    assert load("aligner", "theirs").values[0] == "x"
    assert names("aligner")["thing"] == f"{__name__}:Thing"
