"""Fine-tuning an encoder on English entities, and its scores on other languages.

python benchmarks/fine_tuning.py DATA MODEL OUT [--sentences 4000] [--epochs 3] [--learning-rate 2e-4]
                                 [--freeze-layers 0] [--dropout X] [--seed 0] [--json FILE]

DATA holds `families/` and `masakhaner2-parallel/`. MODEL is a model folder, for example from `xlner encoder export`.
The model is trained on English WikiANN and written to OUT; an interrupted run resumes. Then it labels the dev sets of
all languages. `DATE` is left out, because the training sentences do not have it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from xlner import Sentence, raise_errors, read_sentences
from xlner.transfer import Epoch, TrainingOptions, TrainingSet, train, zero_shot


def sentences(path: Path, language: str) -> list[Sentence]:
    return list(raise_errors(read_sentences(path, language=language, require_tags=True)))


def targets(data: Path) -> dict[str, list[Sentence]]:
    """The dev sets, English first."""
    files = sorted((data / "families").glob("*/*.dev.conll"), key=lambda p: (p.parent.name != "wikiann", str(p)))
    files += sorted((data / "masakhaner2-parallel").glob("*.dev.jsonl"))
    found = {f"{path.name.split('.')[0]} {path.parent.name.split('-')[0]}": path for path in files}
    found = {"en wikiann": found.pop("en wikiann"), **found}
    return {name: sentences(path, name.split()[0]) for name, path in found.items()}


def say_step(step: int, steps: int, loss: float) -> None:
    if step % 25 == 0:
        print(f"step {step} of {steps}, loss {loss:.4f}", file=sys.stderr, flush=True)


def say_epoch(epoch: Epoch) -> None:
    print(f"epoch {epoch.number}: loss {epoch.loss:.4f}, dev {dict(epoch.dev)}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--freeze-layers", type=int, default=0)
    parser.add_argument("--dropout", type=float, help="that of the model by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = options.data / "families" / "wikiann"
    english = [sentences(folder / f"en.{part}.conll", "en") for part in ("train", "dev")]
    tuning = TrainingOptions(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        freeze_layers=options.freeze_layers,
        dropout=options.dropout,
        total=options.sentences,
        seed=options.seed,
    )
    if not options.out.exists():
        given = TrainingSet("en", *english, origin="WikiANN, as in WikiNEuRal", license="cc-by-nc-sa-4.0")
        report = train(
            options.model, [given], options.out, tuning, checkpoint_every=10, on_step=say_step, on_epoch=say_epoch
        )
        print("\n".join(report.warnings) or "no signs of collapse", file=sys.stderr)
    facts = json.loads((options.out / "training.json").read_text(encoding="utf-8"))
    print(f"{facts['steps']} steps, {facts['trained_parameters']:,} of {facts['total_parameters']:,} parameters")
    print(f"{facts['seconds']:.0f} s of training, dev sets included")
    found = zero_shot(f"hf:{options.out}", targets(options.data), ignore=("DATE",))
    rows = {name: (t.scores.sentences, t.f1, str(t.interval)) for name, t in found.targets.items()}
    for name, (n, f1, interval) in rows.items():
        print(f"| {name} | {n} | {f1:.3f} | {interval} |")
    others = [f1 for name, (_, f1, _) in rows.items() if not name.startswith("en ")]
    print(f"mean of the {len(others)} other sets: {sum(others) / len(others):.3f}")
    if options.json:
        options.json.write_text(json.dumps({"training": facts, "scores": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
