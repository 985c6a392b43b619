"""GLiNER and SpanMarker, with fakes of gliner 0.2.29 and span_marker 1.8.1."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from xlner import BackendError, Entity, Sentence, load
from xlner.errors import StageError, UsageError, ValidationError
from xlner.recognition.gliner import GlinerRecognizer

pytest.importorskip("torch", reason="needs xlner[hf]")


class GLiNER:
    """Finds two entities in texts."""

    last: GLiNER | None = None

    def __init__(self) -> None:
        GLiNER.last = self
        self.config = SimpleNamespace(max_len=8)
        self.asked: dict[str, Any] = {}
        self.device = ""

    @classmethod
    def from_pretrained(cls, model_id: str, model_dir: str | None = None, revision: str | None = None) -> GLiNER:
        if "broken" in model_id:
            raise RuntimeError("bad weights")
        return cls()

    def to(self, device: object) -> GLiNER:
        self.device = str(device)
        return self

    def inference(
        self, texts: list[str], labels: list[str], flat_ner: bool = True, threshold: float = 0.5, batch_size: int = 8
    ) -> list[list[dict[str, Any]]]:
        self.asked = {"texts": texts, "labels": labels, "threshold": threshold, "batch_size": batch_size}
        names = {"Santiago": "location", "Ana P": "person", "Ana": "person"}
        rows = []
        for text in texts:
            row = []
            for name, label in names.items():
                at = text.find(name)
                if at >= 0 and label in labels:
                    span = {"start": at, "end": at + len(name), "text": name, "label": label, "score": 0.8765432}
                    row.append(span)
            rows.append(row)
        return rows


class SpanMarkerModel:
    """Finds capitalized words."""

    def __init__(self) -> None:
        words = SimpleNamespace(model_max_length=6)
        words.tokenizer = lambda words, is_split_into_words, truncation: {"input_ids": [0, *range(len(words)), 1]}
        self.tokenizer = words

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str, *model_args: Any, **options: Any) -> SpanMarkerModel:
        if "broken" in pretrained_model_name_or_path:
            raise OSError("no config")
        return cls()

    def to(self, device: object) -> SpanMarkerModel:
        return self

    def predict(
        self, inputs: list[list[str]], batch_size: int = 4, show_progress_bar: bool = False
    ) -> list[list[dict[str, Any]]]:
        return [
            [
                {
                    "span": [w],
                    "label": "GPE" if w == "Vigo" else "PERSON",
                    "score": 0.912345678,
                    "word_start_index": k,
                    "word_end_index": k + 1,
                }
                for k, w in enumerate(words)
                if w[:1].isupper()
            ]
            for words in inputs
        ]


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, cls in (("gliner", GLiNER), ("span_marker", SpanMarkerModel)):
        module = ModuleType(name)
        setattr(module, cls.__name__, cls)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"{name}-version")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path


def test_gliner_types_become_labels_on_whole_words(folder: Path) -> None:
    with pytest.raises(ValidationError, match=r"threshold 1\.5 is not between 0 and 1"):
        load("recognizer", f"gliner:{folder}?threshold=1.5")
    recognizer = load("recognizer", f"gliner:{folder}?labels=person=PER,location=LOC&threshold=.3&device=cpu")
    text = "Ana Pardo vive en Santiago."
    found = recognizer.recognize([Sentence.from_text(text), Sentence(()), Sentence(("Ana", "Pardo"))])
    assert found == [
        [Entity(0, 2, "PER", 0.87654), Entity(4, 5, "LOC", 0.87654)],
        [],
        [Entity(0, 2, "PER", 0.87654)],
    ]
    asked = {"texts": [text, "Ana Pardo"], "labels": ["person", "location"], "threshold": 0.3, "batch_size": 8}
    assert GLiNER.last is not None
    assert GLiNER.last.asked == asked
    assert GLiNER.last.device == "cpu"
    assert recognizer.recognize([Sentence(())]) == [[]]
    assert recognizer.fingerprint.startswith("gliner?labels=person=PER,location=LOC&threshold=0.3&model=")
    assert recognizer.fingerprint.endswith("gliner-version")


def test_gliner_does_not_truncate_long_sentences(folder: Path) -> None:
    recognizer = GlinerRecognizer(str(folder))
    with pytest.raises(StageError, match="9 words exceeds GLiNER's limit of 8"):
        recognizer.recognize([Sentence(("Ana",) * 9)])


def test_a_type_without_a_label_is_its_label(folder: Path) -> None:
    recognizer = load("recognizer", f"gliner:{folder}?labels=person,location=LOC&device=cpu")
    found = recognizer.recognize([Sentence.from_text("Ana Pardo vive en Santiago.")])
    assert [e.label for e in found[0]] == ["person", "LOC"]
    with pytest.raises(UsageError, match="cannot parse the types"):
        GlinerRecognizer(str(folder), labels="person=PER,=LOC")


def test_span_marker_reads_the_words_as_they_are(folder: Path) -> None:
    recognizer = load("recognizer", f"span-marker:{folder}?labels=ontonotes")
    found = recognizer.recognize([Sentence(("Ana", "en", "Vigo")), Sentence(())])
    assert found == [[Entity(0, 1, "PER", 0.91235), Entity(2, 3, "LOC", 0.91235)], []]
    assert recognizer.recognize([]) == []
    assert recognizer.fingerprint.startswith("span-marker?labels=ontonotes&model=")
    assert recognizer.fingerprint.endswith("span_marker-version")
    with pytest.raises(StageError, match="7 sub-words exceeds SpanMarker's limit of 6"):
        recognizer.recognize([Sentence(("a",) * 5)])


def test_span_marker_does_not_see_words_without_a_character_that_shows(folder: Path) -> None:
    recognizer = load("recognizer", f"span-marker:{folder}?labels=ontonotes")
    found = recognizer.recognize([Sentence(("\u200b", "en", "\u200b", "Vigo")), Sentence(("\u200b",))])
    assert found == [[Entity(3, 4, "LOC", 0.91235)], []]


def test_gliner_names_the_encoder_whose_tokenizer_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "gliner_config.json").write_text('{"model_name": "microsoft/mdeberta-v3-base"}', encoding="utf-8")
    with pytest.raises(BackendError, match="hf download microsoft/mdeberta-v3-base"):
        load("recognizer", f"gliner:{folder}")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BackendError) as caught:
        load("recognizer", f"gliner:{folder}")
    assert caught.value.hint is None


@pytest.mark.parametrize("spec", ["gliner:{}?threshold=0.2", "span-marker:{}?labels=ontonotes"])
def test_they_pickle_without_their_model(spec: str, folder: Path) -> None:
    recognizer = load("recognizer", spec.format(folder))
    sentences = [Sentence(("Ana", "Pardo", "in", "Vigo"))]
    again = pickle.loads(pickle.dumps(recognizer))
    assert again.fingerprint == recognizer.fingerprint
    assert again.recognize(sentences) == recognizer.recognize(sentences)


@pytest.mark.parametrize(
    ("name", "package", "missing", "fix"),
    [
        ("gliner", "gliner", "not installed", r"pip install 'xlner\[gliner\]'"),
        ("span-marker", "span_marker", "imported", "pip install span_marker"),
    ],
)
def test_missing_models_and_packages(
    name: str, package: str, missing: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackendError, match="model folder './nowhere' does not exist"):
        load("recognizer", f"{name}:./nowhere")
    (tmp_path / "broken").mkdir()
    with pytest.raises(BackendError, match="cannot load .*broken"):
        load("recognizer", f"{name}:{tmp_path / 'broken'}")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BackendError, match=f"{missing}.*; {fix}"):
        load("recognizer", f"{name}:{tmp_path}")


@pytest.mark.slow
def test_gliner_finds_what_its_own_call_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    gliner = pytest.importorskip("gliner", reason="needs xlner[gliner]")
    pytest.importorskip("sentencepiece")
    import torch

    from tests import hub_layouts

    hub_layouts.deberta(tmp_path / "mdeberta")
    config = {"model_name": str(tmp_path / "mdeberta"), "max_len": 384, "max_width": 4, "hidden_size": 16}
    torch.manual_seed(1)
    model = gliner.GLiNER.from_config(dict(config))
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.6)
    folder = tmp_path / "gliner"  # as on the hub: weights and configuration, but no tokenizer
    folder.mkdir()
    torch.save(model.model.state_dict(), folder / "pytorch_model.bin")
    hub_layouts.write(folder, "gliner_config.json", config)
    text = "Ana Pardo vive en Vigo, preto do mar."
    types = ["person", "place"]
    own = gliner.GLiNER.from_pretrained(str(folder)).eval()
    (spans,) = own.inference([text], types, flat_ner=True, threshold=0.5)
    assert any(" " in s["text"] for s in spans)
    recognizer = load("recognizer", f"gliner:{folder}?labels=person=PER,place&threshold=0.5&device=cpu")
    sentence = Sentence.from_text(text)
    offsets = sentence.offsets or ()
    (found,) = recognizer.recognize([sentence])
    labels = {"person": "PER", "place": "place"}
    assert [(offsets[e.start][0], offsets[e.end - 1][1], e.label, e.score) for e in found] == [
        (s["start"], s["end"], labels[s["label"]], round(s["score"], 5)) for s in spans
    ]
    assert pickle.loads(pickle.dumps(recognizer)).recognize([sentence]) == [found]


def test_gliner2_finds_what_its_own_call_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pytest.importorskip("gliner2", reason="needs xlner[gliner2]")
    import torch
    from gliner2 import AutoExtractor, SpanExtractor
    from gliner2.configuration import ExtractorConfig
    from transformers import AutoTokenizer, BertConfig

    from tests import hf_models

    hf_models.bert(tmp_path / "encoder")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "encoder")
    sizes = {**hf_models.SIZES, "initializer_range": 0.6, "max_position_embeddings": 512}
    torch.manual_seed(1)
    model = SpanExtractor(
        ExtractorConfig(model_name=str(tmp_path / "encoder")),
        encoder_config=BertConfig(vocab_size=len(tokenizer), **sizes),
        tokenizer=tokenizer,
    )
    folder = tmp_path / "gliner2"
    model.save_pretrained(folder)
    model.processor.tokenizer.save_pretrained(folder)
    text = "the red cat, a blue house."
    types = ["person", "place"]
    own = AutoExtractor.from_pretrained(str(folder)).eval()
    said = own.extract_entities(text, types, threshold=0.3, include_confidence=True, include_spans=True)["entities"]
    spans = [(s["start"], s["end"], kind) for kind in types for s in said[kind]]
    assert spans
    recognizer = load("recognizer", f"gliner2:{folder}?labels=person=PER,place&threshold=0.3&device=cpu")
    sentence = Sentence.from_text(text)
    found = recognizer.recognize([sentence, Sentence(()), Sentence(("cat",) * 390)])
    labels = {"person": "PER", "place": "place"}
    offsets = sentence.offsets or ()
    for e in found[0]:
        assert (offsets[e.start][0], offsets[e.end - 1][1], e.label) in {(a, b, labels[k]) for a, b, k in spans}
    assert found[0]
    assert found[1] == []
    assert pickle.loads(pickle.dumps(recognizer)).recognize([sentence]) == found[:1]
    assert recognizer.fingerprint.startswith("gliner2?labels=person=PER,place=place&threshold=0.3&model=")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendError, match="GLiNER2 cannot load"):
        load("recognizer", f"gliner2:{tmp_path / 'empty'}")
