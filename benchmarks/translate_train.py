"""Transfer, translate-train, translate-test, projection with a model's score, and ensembles, on the same test sets.

python benchmarks/translate_train.py DATA MODEL OUT [--english RECOGNIZER]

DATA holds `families/wikiann` and `europarl-ner`. MODEL is an encoder of Hugging Face, for example from `xlner encoder
export`. Everything is written to OUT, and an interrupted run resumes from there. `--english` is a recognizer that xlner
trained on the English sentences; without it, one is trained.

- 4,000 sentences of English WikiANN are translated into Spanish with their labels (Apertium). Sentences that lose an
  entity are left out.
- *transfer*: trained on the English sentences; *translate-train*: trained on the Spanish ones, with the same options.
- *translate-test*: Apertium into English, the English recognizer, links of `e5`, projector `greedy` with confidence.
- *fused*, *ner-candidates*: projection with the probabilities, or with the entities, of a trained recognizer.
- ensembles: the mean of class probabilities with equal weights.

Nothing is tuned. There is one seed, so intervals and tests reflect the sample of test sentences, not the training. p is
from a paired test against transfer, adjusted for all methods on the test set (Holm).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

from xlner import (
    Ensemble,
    Entity,
    Pair,
    Pipeline,
    RecognitionPipeline,
    Sentence,
    TrainingDataBuilder,
    compare,
    evaluate,
    load,
    raise_errors,
    read_pairs,
    read_sentences,
    write_pairs,
    write_sentences,
)
from xlner.engines import RunFolder
from xlner.evaluation import confidence_intervals
from xlner.evaluation.entities import Scores
from xlner.evaluation.significance import holm
from xlner.pipeline import SentenceFilters
from xlner.projection import ConfidentProjector
from xlner.recognition.ensemble import EnsembleRecognizer
from xlner.transfer import TrainingOptions, TrainingSet, train

TUNING = TrainingOptions(epochs=2, learning_rate=2e-4, dropout=0.0, freeze_layers=6)  # takes minutes on two cores
CHECKPOINT_EVERY = 25
WIKIANN = Path("families", "wikiann")
SETS = {
    "WikiANN es": (WIKIANN / "es.dev.conll", ()),
    "Europarl es": (Path("europarl-ner", "es-europarl.test.conll02"), ("MISC",)),
}


class Remembered:
    """A recognizer that caches its results."""

    def __init__(self, folder: Path) -> None:
        self.inner = load("recognizer", f"hf:{folder}")
        self.classes = self.inner.classes
        self._known: dict[tuple[str, ...], tuple[list[Entity], Any]] = {}

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence."""
        return [entities for entities, _ in self._read(sentences)]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[Any]:
        """The class probabilities of each sentence."""
        return [p for _, p in self._read(sentences)]

    def _read(self, sentences: Sequence[Sentence]) -> list[tuple[list[Entity], Any]]:
        new = [s for s in {s.tokens: s for s in sentences}.values() if s.tokens not in self._known]
        found = zip(self.inner.recognize(new), self.inner.probabilities(new), strict=True)
        self._known.update(zip((s.tokens for s in new), found, strict=True))
        return [self._known[s.tokens] for s in sentences]


def main() -> None:
    """Train the missing models, then print a table for each test set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "model", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--english", type=Path)
    parser.add_argument("--sentences", type=int, default=4000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    english = options.english or trained(options, "en", wikiann(options))
    models = {"transfer": english, "translate-train": trained(options, "es", translated(options))}
    for name, (path, ignore) in SETS.items():
        gold = [s for s in raise_errors(read_sentences(options.data / path, format="conll", language="es")) if s.tokens]
        show(name, gold, ignore, Methods(options.out / name.replace(" ", "-"), gold, models))


def wikiann(options: argparse.Namespace) -> list[Sentence]:
    """English training sentences."""
    return list(raise_errors(read_sentences(options.data / WIKIANN / "en.train.conll", language="en")))[
        : options.sentences
    ]


def translated(options: argparse.Namespace) -> list[Sentence]:
    """The same sentences in Spanish, without those that lost an entity."""
    path: Path = options.out / f"es.train.{options.sentences}.conll"
    if not path.exists():
        source = wikiann(options)
        made = list(TrainingDataBuilder("apertium", to_lang="es").run(source))
        filters = SentenceFilters(["complete"])
        kept = [pair.labeled for pair in filters.kept(made)]
        entities = [sum(len(s.entities) for s in part) for part in (source, (p.labeled for p in made), kept)]
        print(f"{len(source)} sentences, {len(kept)} kept; {entities[0]} entities, {entities[1]} built")
        write_sentences(kept, path)
    return list(raise_errors(read_sentences(path, language="es")))


def trained(options: argparse.Namespace, language: str, sentences: list[Sentence]) -> Path:
    """The folder of a recognizer for these sentences, which is trained if it does not exist."""
    folder: Path = options.out / f"{language}.{options.sentences}"
    if not (folder / "training.json").exists():
        sets = [TrainingSet(language, sentences, origin="WikiANN en")]
        tuning = TUNING if options.english is None else tuning_of(options.english)
        report = train(str(options.model), sets, folder, tuning, checkpoint_every=CHECKPOINT_EVERY, on_step=say)
        print(f"\ntrained {language}: {asdict(report.best)}, {report.seconds:.0f} s, {report.warnings}")
    return folder


def tuning_of(folder: Path) -> TrainingOptions:
    """The options that a recognizer was trained with."""
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    options = {field.name: facts[field.name] for field in fields(TrainingOptions) if field.name != "total"}
    return TrainingOptions(**{**options, "epochs": len(facts["epochs"])})


def say(step: int, steps: int, loss: float) -> None:
    """Show the progress of the training."""
    if step % CHECKPOINT_EVERY == 0:
        print(f"step {step} of {steps}, loss {loss:.3f}", flush=True)


class Methods:
    """All methods to label one test set. Each is run once, and its labels are saved in a file."""

    def __init__(self, stem: Path, gold: Sequence[Sentence], models: dict[str, Path]) -> None:
        self.stem = stem
        self.targets = [s.with_entities(()) for s in gold]
        self._pairs: list[Pair] = []
        self.model = cache(lambda name: Remembered(models[name]))
        self.methods: dict[str, Callable[[], Iterator[Pair]]] = {
            "transfer": lambda: self.direct(self.model("transfer")),
            "translate-train": lambda: self.direct(self.model("translate-train")),
            "translate-test": lambda: self.projected().run_pairs(self.pairs),
            "ner-candidates, transfer": lambda: self.projected("ner-candidates", "transfer").run_pairs(self.pairs),
            "ner-candidates, translate-train": lambda: self.projected("ner-candidates", "translate-train").run_pairs(
                self.pairs
            ),
            "fused, transfer": lambda: self.projected("fused", "transfer").run_pairs(self.pairs),
            "fused, translate-train": lambda: self.projected("fused", "translate-train").run_pairs(self.pairs),
            "ensemble: transfer + translate-test": lambda: self.ensemble("transfer"),
            "ensemble: the same, unprojected=O": lambda: self.ensemble("transfer", unprojected="O"),
            "ensemble: transfer + translate-train": lambda: self.direct(
                EnsembleRecognizer([self.model("transfer"), self.model("translate-train")])
            ),
            "ensemble: translate-train + translate-test": lambda: self.ensemble("translate-train"),
            "ensemble: all three": lambda: self.ensemble("transfer", "translate-train"),
        }

    def labels(self, name: str) -> list[Sentence]:
        """The test sentences with the labels of a method."""
        path = self.stem.with_name(f"{self.stem.name}.{''.join(c if c.isalnum() else '-' for c in name)}.jsonl")
        if not path.exists():
            write_pairs(self.methods[name](), path)
        return [pair.labeled for pair in raise_errors(read_pairs(path))]

    @property
    def pairs(self) -> list[Pair]:
        """The test sentences with their translations and links."""
        if not self._pairs:
            pipeline = Pipeline("apertium", None, "e5:itermax", None, target_lang="es")
            identity = {"pipeline": pipeline.fingerprint}
            with RunFolder(self.stem.with_name(f"{self.stem.name}.pairs"), identity, shard_size=50) as folder:
                self._pairs = list(folder.run(self.targets, pipeline.run))
        return self._pairs

    def direct(self, recognizer: Any) -> Iterator[Pair]:
        """The labels of a model."""
        return RecognitionPipeline(recognizer, lang="es").run(self.targets)

    def projected(self, name: str = "greedy", model: str = "") -> Pipeline:
        """The pipeline for pairs that are already translated and aligned."""
        weights = {"weights": "alignment:1,ner:0.5"} if name == "fused" else {}
        projector = load("projector", name, recognizer=self.model(model) if model else None, **weights)
        return Pipeline(None, self.model("transfer"), None, ConfidentProjector(projector), target_lang="es")

    def ensemble(self, *models: str, unprojected: str = "others") -> Iterator[Pair]:
        """An ensemble of projection and models."""
        members = [self.model(name) for name in models]
        return Ensemble(self.projected(), members, unprojected=unprojected).run_pairs(self.pairs)


def show(name: str, gold: Sequence[Sentence], ignore: Sequence[str], methods: Methods) -> None:
    """Print the table of one test set, and save it."""
    scores: dict[str, Scores] = {
        method: evaluate(gold, methods.labels(method), ignore=ignore) for method in methods.methods
    }
    base = scores["transfer"]
    differences = {method: compare(base, found) for method, found in scores.items() if found is not base}
    p = dict(zip(differences, holm([d.p for d in differences.values()]), strict=True))
    errors = sum(pair.error is not None for pair in methods.pairs)
    print(f"\n{name}: {len(gold)} sentences, {base.micro.gold} entities, {errors} not translated\n")
    print("| method | precision | recall | F1 | 95 % interval | against transfer | p (Holm) |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for method, found in scores.items():
        c, i, d = found.micro, confidence_intervals(found).micro, differences.get(method)
        against = f"{d.f1:+.3f} [{d.interval.low:+.3f}, {d.interval.high:+.3f}] | {p[method]:.4f}" if d else " | "
        print(
            f"| {method} | {c.precision:.3f} | {c.recall:.3f} | {c.f1:.3f} | [{i.low:.3f}, {i.high:.3f}] | {against} |"
        )
        rows.append({"method": method, "precision": c.precision, "recall": c.recall, "f1": c.f1, "p": p.get(method)})
    print(f"\n{confidence_intervals(base).signature}")
    methods.stem.with_name(f"{methods.stem.name}.scores.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
