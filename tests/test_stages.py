"""What every registered stage promises: it pickles, and its fingerprint has every option that changes results."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xlner import Alignment, BackendError, Entity, Pair, Sentence, load
from xlner.core.registry import KINDS, Spec, backend_class, names, options_of
from xlner.projection.calibration import Calibration
from xlner.stages import Aligner, Projector, Recognizer, Translator, fingerprint_of, needs_training

NEED_MODELS = frozenset(
    {
        "easyproject",
        "labelpigeon",
        "m2m100",
        "madlad",
        "marian",
        "nllb",
        "ensemble",
        "gliner",
        "gliner2",
        "hf",
        "span-marker",
        "accalign",
        "awesome",
        "labse",
        "mmbert",
        "simalign",
        "transalign",
    }
)
"""Stages that cannot be built without a model from the hub. They are tested with their models."""


@dataclass(frozen=True)
class Case:
    """How to build a stage, and how to change each of its options.

    Values are the texts of a spec, in which `{}` is a folder of files, or other objects for options that a spec cannot
    have.
    """

    kind: str
    name: str
    base: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)
    """Options that change results, with a value that is not the default."""
    speed: Mapping[str, Any] = field(default_factory=dict)
    """Options that change only the speed or where the stage runs, with a value that is not the default."""
    untested: Mapping[str, str] = field(default_factory=dict)
    """Options that cannot be changed here, and why."""
    plain: bool = True
    """Whether the stage has an `options` dataclass. Stages that only hold data need none."""

    def build(self, folder: Path, **more: Any) -> Any:
        given = {**self.base, **more}
        texts = {name: value.replace("{}", str(folder)) for name, value in given.items() if isinstance(value, str)}
        objects = {name: value for name, value in given.items() if not isinstance(value, str)}
        query = "&".join(f"{name}=({value})" for name, value in texts.items())
        try:
            return load(self.kind, f"{self.name}?{query}", **objects)
        except BackendError as error:
            pytest.skip(str(error))


_MATCHING = {"threshold": "0.5", "constraint": "=", "n": "2", "gaps": "yes"}
_SPANS = {"candidates": "ngrams", "max_length": "4", "gap": "3", "stop_tokens": "de"}
_NEEDS_TRAINING = {"model": "a trained model is needed; see test_statistical"}

_ENDPOINT = {"model": "one", "url": "http://localhost:1/v1"}
_OTHER_ENDPOINT = {"model": "two", "url": "http://localhost:2/v1", "max_tokens": "9"}
_ASKING = {
    **{"key_env": "KEY", "at_once": "2", "timeout": "5", "retries": "1", "wait": "2", "stop_after": "3"},
    **{"cache": "no", "input_price": "1", "output_price": "2"},
}

CASES = (
    Case(
        "translator",
        "apertium",
        changed={"via": "es", "modes_dir": "{}"},
        speed={"timeout": "5"},
    ),
    Case("translator", "chat", base=_ENDPOINT, changed={**_OTHER_ENDPOINT, "template": "tower"}, speed=_ASKING),
    Case("translator", "dictionary", base={"words": "{}/a.tsv"}, changed={"words": "{}/b.tsv"}, plain=False),
    Case("translator", "echo", changed={"fail_on": "Vigo", "die_on": "Lugo"}),
    Case(
        "translator",
        "given",
        base={"file": "{}/a.jsonl"},
        changed={"file": "{}/b.jsonl", "field": "other"},
        untested={"of": "needs files of text; see test_given"},
        plain=False,
    ),
    Case("translator", "lexicon", base={"file": "{}/a.tsv"}, changed={"file": "{}/b.tsv"}, plain=False),
    Case(
        "recognizer",
        "chat",
        base=_ENDPOINT,
        changed={**_OTHER_ENDPOINT, "labels": "person", "language": "gl", "samples": "3", "temperature": "1"}
        | {"agreement": "0.4", "structure": "json"},
        speed=_ASKING,
    ),
    Case("recognizer", "gazetteer", base={"names": "{}/a.tsv"}, changed={"names": "{}/b.tsv", "case": "ignore"}),
    Case(
        "recognizer",
        "multilingual",
        changed={"labels": "PER=HUMAN", "style": "plain", "engine": "torch"},
        speed={"batch_tokens": "512", "threads": "1"},
        untested={"model": "see tests/test_multilingual.py", "path": "see tests/test_multilingual.py"},
    ),
    Case(
        "recognizer",
        "spacy",
        changed={"labels": "none"},
        speed={"batch_size": "2"},
        untested={"model": "a second model is needed", "language": "a second model is needed"},
    ),
    Case("aligner", "apertium", changed={"fallback": "surface", "via": "es", "modes_dir": "{}"}),
    Case(
        "aligner",
        "e5",
        changed={"decoder": "inter", "layer": "8", "similarity": "yes", "alpha": "0.5", "distortion": "0.1"}
        | {"threshold": "0.1", "iterations": "3", "null_threshold": "0.5", "engine": "torch"},
        speed={"batch_tokens": "100", "threads": "1"},
        untested={"path": "a second file of weights is needed; see test_e5"},
    ),
    Case(
        "aligner",
        "eflomal",
        changed={"symmetrizer": "union", "length": "2", "samplers": "1", "null_prior": "0.1"},
        untested=_NEEDS_TRAINING,
    ),
    Case(
        "aligner",
        "oracle",
        changed={"links": {(("a",), ("b",)): ((0, 0),)}},
        plain=False,
    ),
    Case("aligner", "surface", changed={"threshold": "0.9", "distance": "0.1"}),
    Case(
        "aligner",
        "lexical",
        base={"aligner": "surface", "table": "{}/counts.tsv"},
        changed={"aligner": "oracle", "table": "{}/more.tsv", "threshold": "0.9", "distance": "0.1"},
    ),
    Case(
        "aligner",
        "surface-augmented",
        base={"aligner": "surface"},
        changed={"aligner": "oracle", "surface_threshold": "0.9", "surface_distance": "0.1"}
        | {"threshold": "0.9", "distance": "0.1"},
    ),
    Case(
        "aligner",
        "thot",
        changed={"kind": "hmm", "symmetrizer": "union", "iterations": "2", "seed": "7"},
        untested=_NEEDS_TRAINING,
    ),
    Case(
        "projector",
        "back-translation",
        base={"translator": "echo", "aligner": "oracle", "target_lang": "gl"},
        changed={"translator": "echo?fail_on=Vigo", "aligner": "surface", "forward": "hull", "source_lang": "es"}
        | {"target_lang": "pt", "marker": "tags", "spaced": "yes", "threshold": "0.3", "fallback": "no"},
    ),
    Case(
        "projector",
        "chat",
        base=_ENDPOINT,
        changed={**_OTHER_ENDPOINT, "source_lang": "es", "target_lang": "gl", "max_words": "3", "structure": "json"},
        speed=_ASKING,
    ),
    Case("projector", "exact", changed={**_SPANS, **_MATCHING, "matcher": "greedy"}),
    Case(
        "projector",
        "fused",
        changed={
            **_SPANS,
            **_MATCHING,
            "candidates": "aligned",
            "matcher": "greedy",
            "preset": "align",
            "weights": "alignment:2",
        }
        | {"recognizer": "gazetteer:{}/a.tsv", "keep_label": "yes"},
        untested={"scorer": "needs a model that scores phrases; see test_fused"},
    ),
    Case("projector", "greedy", changed={**_SPANS, **_MATCHING}),
    Case(
        "projector",
        "heuristic",
        changed={"gap": "3", "ratio": "0.5", "top_k": "2", "keep_first": "yes", "ranges": "all"},
    ),
    Case(
        "projector",
        "hull",
        changed={"comp_src": "yes", "comp_tgt": "yes", "comp_ins": "yes", "restr_tgt": "yes", "max_ratio": "2"},
    ),
    Case(
        "projector",
        "multi-source",
        changed={"preset": "surface", "weights": "alignment:2", "source_weights": "2,1", "combine": "mean"}
        | {"candidates": "ngrams", "max_length": "4", "matcher": "greedy", "min_agreement": "0.5"}
        | {"calibration": Calibration(((0.0, 0.5), (1.0, 1.0))), "min_confidence": "0.5"},
    ),
    Case(
        "projector",
        "ner-candidates",
        base={"recognizer": "gazetteer:{}/a.tsv"},
        changed={"recognizer": "gazetteer:{}/b.tsv", "preset": "surface", "weights": "alignment:2", "keep_label": "yes"}
        | {"threshold": "0.5"},
    ),
)


def cases(chosen: Callable[[Case], bool] = lambda _: True) -> list[Any]:
    return [pytest.param(case, id=f"{case.kind}-{case.name}") for case in CASES if chosen(case)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stages")
    (made / "a.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    (made / "b.tsv").write_text("Vigo\tORG\n", encoding="utf-8")
    (made / "a.jsonl").write_text('{"text": "Ola", "source": "Hello", "other": "Hi"}\n', encoding="utf-8")
    (made / "b.jsonl").write_text('{"text": "Ola", "source": "Good day"}\n', encoding="utf-8")
    (made / "counts.tsv").write_text("en\tin\t1\t2\t2\n", encoding="utf-8")
    (made / "more.tsv").write_text("en\tin\t1\t3\t3\n", encoding="utf-8")
    (made / "en-gl.mode").write_text("cat\n", encoding="utf-8")
    return made


def results(stage: Any) -> object:
    """What a stage makes of one short input; None where that needs programs or a trained model."""
    pair = Pair(Sentence(("En", "Vigo")), Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),)), Alignment(((0, 0), (1, 1))))
    if isinstance(stage, Projector):
        return stage.project([pair])
    if isinstance(stage, Recognizer):
        return stage.recognize([pair.target])
    if isinstance(stage, Aligner):
        return None if needs_training(stage) else stage.align([dataclasses.replace(pair, alignment=None)])
    assert isinstance(stage, Translator)
    return stage.translate(["Ola"], from_lang="gl", to_lang="en")


REGISTERED = {(kind, name) for kind in KINDS for name in names(kind) if name not in NEED_MODELS}
"""Before any test registers a stage of its own."""


def test_every_registered_stage_has_a_case() -> None:
    assert {(case.kind, case.name) for case in CASES} == REGISTERED - {("aligner", "hf"), ("recognizer", "hf")}


@pytest.mark.parametrize("case", cases())
def test_no_option_is_forgotten(case: Case) -> None:
    texts = {name: value for name, value in case.base.items() if isinstance(value, str)}
    known = set(options_of(backend_class(case.kind, case.name), Spec(case.name, None, texts)))
    assert known == {*case.base, *case.changed, *case.speed, *case.untested}


@pytest.mark.parametrize("case", cases())
def test_a_copy_from_a_pickle_is_the_same_stage(case: Case, folder: Path) -> None:
    stage = case.build(folder)
    before = fingerprint_of(stage)
    copy = pickle.loads(pickle.dumps(stage))
    assert (type(copy), fingerprint_of(copy)) == (type(stage), before)
    if case.name in ("apertium", "chat"):
        return
    made = results(stage)
    used = pickle.loads(pickle.dumps(stage))
    assert fingerprint_of(used) == fingerprint_of(stage) == before
    assert results(used) == results(copy) == made


@pytest.mark.parametrize("case", cases(lambda case: case.plain))
def test_options_are_a_frozen_dataclass(case: Case, folder: Path) -> None:
    options = case.build(folder).options
    assert dataclasses.is_dataclass(options)
    assert not hasattr(options, "__dict__")  # has slots
    assert type(options).__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hash(options) == hash(pickle.loads(pickle.dumps(options)))


@pytest.mark.parametrize("case", cases())
def test_an_option_that_changes_results_changes_the_fingerprint(case: Case, folder: Path) -> None:
    found = {name: fingerprint_of(case.build(folder, **{name: value})) for name, value in case.changed.items()}
    unchanged = fingerprint_of(case.build(folder))
    assert [name for name, fingerprint in found.items() if fingerprint == unchanged] == []
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("case", cases(chosen=lambda case: bool(case.speed)))
def test_an_option_that_changes_only_the_speed_does_not_change_the_fingerprint(case: Case, folder: Path) -> None:
    unchanged = fingerprint_of(case.build(folder))
    for name, value in case.speed.items():
        assert fingerprint_of(case.build(folder, **{name: value})) == unchanged, name
