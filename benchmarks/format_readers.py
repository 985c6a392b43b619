"""Read the golden files of other tools with the tools' own libraries, and compare the entities.

    pip install label-studio-sdk argilla conllu bratly-io-fs gliner dkpro-cassis spacy pandas datasets
    python benchmarks/format_readers.py

Libraries that are not installed are left out. Run it where xlner is, or with PYTHONPATH=src.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "tools"
Found = list[tuple[str, str]]
EXPECTED: Found = [
    ("Ana Pons", "PER"),
    ("A Coruña", "LOC"),
    ("محمد", "PER"),
    ("القاهرة", "LOC"),
    ("cafeteri\u0301a O\u0301rfao", "ORG"),
    ("Vigo", "LOC"),
]


def label_studio() -> Found:
    """Tasks that the interface of Label Studio accepts. It counts UTF-16."""
    from label_studio_sdk.label_interface import LabelInterface

    labels = "".join(f'<Label value="{label}"/>' for label in ("PER", "LOC", "ORG"))
    config = f'<View><Labels name="label" toName="text">{labels}</Labels><Text name="text" value="$text"/></View>'
    interface, found = LabelInterface(config), []
    for task in json.loads((GOLDEN / "label-studio.json").read_text(encoding="utf-8")):
        assert all(map(interface.validate_annotation, task.get("annotations", ())))
        assert all(map(interface.validate_prediction, task.get("predictions", ())))
        units = task["data"]["text"].encode("utf-16-le")
        for region in (task.get("annotations") or task["predictions"])[0]["result"]:
            value = region["value"]
            found.append((units[2 * value["start"] : 2 * value["end"]].decode("utf-16-le"), value["labels"][0]))
    return found


def argilla() -> Found:
    """Records as `dataset.records.from_json` makes them."""
    from argilla import Record

    made = [Record.from_dict(r).to_dict() for r in json.loads((GOLDEN / "argilla.json").read_text(encoding="utf-8"))]
    return [
        (record["fields"]["text"][span["start"] : span["end"]], span["label"])
        for record in made
        for span in record["suggestions"]["spans"]["value"]
    ]


def brat() -> Found:
    """A document and its annotations as bratly reads them."""
    from bratly import EntityAnnotation
    from bratly.io.file_read_src import read_and_load_txt_file

    document = read_and_load_txt_file(str(GOLDEN / "brat.txt"), str(GOLDEN / "brat.ann"))
    (annotations,) = document.annotation_collections
    whole = (GOLDEN / "brat.txt").read_text(encoding="utf-8")
    return [
        (whole[e.fragments[0].start : e.fragments[-1].end], e.label)
        for e in annotations.get_annotations(descendant_type=EntityAnnotation)
    ]


def inception() -> Found:
    """A CAS as dkpro-cassis reads it with the type system of DKPro Core."""
    import cassis

    cas = cassis.load_cas_from_xmi(GOLDEN / "inception.xmi", typesystem=cassis.load_dkpro_core_typesystem())
    entities = cas.select("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity")
    return [(entity.get_covered_text(), entity.value) for entity in entities]


def gliner() -> Found:
    """Spans as GLiNER labels them for its training."""
    from gliner.data_processing.processor import UniEncoderSpanProcessor

    processor = UniEncoderSpanProcessor.__new__(UniEncoderSpanProcessor)
    processor.config = SimpleNamespace(max_width=12, max_len=384, max_types=25, shuffle_types=False)
    processor.config.max_neg_type_ratio, processor.config.random_drop = 0, False
    records = json.loads((GOLDEN / "gliner.json").read_text(encoding="utf-8"))
    classes, _ = processor.batch_generate_class_mappings(records, [])
    found = []
    for record, numbers in zip(records, classes, strict=True):
        made = processor.preprocess_example(record["tokenized_text"], record["ner"], numbers)
        names = {number: name for name, number in numbers.items()}
        for (first, last), number in zip(made["span_idx"].tolist(), made["span_label"].tolist(), strict=True):
            if number > 0:
                words = record["tokenized_text"][first : last + 1]
                found.append((" ".join(words), names[int(number)]))
    return found


def spacy() -> Found:
    """Documents of a DocBin; `Doc.char_span` also checks the spans of Prodigy."""
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    from xlner import read_sentences, write_sentences

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.spacy"
        write_sentences(read_sentences(GOLDEN / "label-studio.json"), path)  # type: ignore[arg-type]
        docs = list(DocBin().from_disk(path).get_docs(Vocab()))
    found = [(entity.text, entity.label_) for doc in docs for entity in doc.ents]
    prodigy = []
    for line in (GOLDEN / "prodigy.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        tokens = record["tokens"]
        doc = Doc(Vocab(), words=[t["text"] for t in tokens], spaces=[t["ws"] for t in tokens])
        spans = [doc.char_span(s["start"], s["end"], label=s["label"]) for s in record["spans"]]
        assert [(s.start, s.end - 1) for s in spans] == [(s["token_start"], s["token_end"]) for s in record["spans"]]
        prodigy += [(span.text, span.label_) for span in spans]
    assert prodigy == found
    return found


def datasets() -> Found:
    """A folder that `load_dataset` reads, with the names of its tags."""
    from datasets import load_dataset

    from xlner import read_sentences, write_sentences

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gl"
        write_sentences(read_sentences(GOLDEN / "label-studio.json"), path, format="dataset")  # type: ignore[arg-type]
        rows = load_dataset(str(path), split="train", cache_dir=f"{folder}/cache")
    names, found = rows.features["ner_tags"].feature.names, []
    for row in rows:
        for entity in row["entities"]:
            assert names[row["ner_tags"][entity["start"]]] == f"B-{entity['label']}"
            found.append((" ".join(row["tokens"][entity["start"] : entity["end"]]), entity["label"]))
    return found


READERS: dict[str, tuple[str, Callable[[], Found]]] = {
    "label-studio": ("label-studio-sdk", label_studio),
    "argilla": ("argilla", argilla),
    "brat": ("bratly", brat),
    "xmi": ("dkpro-cassis", inception),
    "gliner": ("gliner", gliner),
    "spacy, prodigy": ("spacy", spacy),
    "parquet, dataset": ("datasets", datasets),
}


def main() -> None:
    """Print what each library reads."""
    for format, (package, read) in READERS.items():
        try:
            shown = f"{package} {version(package)}"
            found = read()
        except ImportError as error:
            print(f"{format:18} {package}: not installed ({error})")
            continue
        print(f"{format:18} {shown:26} {'all entities' if found == EXPECTED else f'other entities: {found}'}")


if __name__ == "__main__":
    main()
