"""Full fine-tuning, low-rank updates, bottleneck and orthogonal adapters, trained on the same English sentences.

python benchmarks/adapters.py FOLDER MODEL OUT [--sentences 1500] [--epochs 2] [--test 200] [--only NAME …]

FOLDER holds families/wikiann/; MODEL is what `xlner encoder export` wrote, or any other encoder. Each way trains on the
first SENTENCES sentences of the English training set, with the learning rate that is written in RATES; nothing is
chosen by a score. F1 is that of the first TEST sentences of the dev sets: English, and the mean of the other languages,
which nothing was trained on. Results stay in OUT: a way that is there is not trained again, and one that was broken off
goes on.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from xlner import Sentence, read_sentences
from xlner.transfer.adapters import parse_parameters
from xlner.transfer.orthogonal import folder_orthogonality
from xlner.transfer.training import TrainingOptions, TrainingSet, train
from xlner.transfer.zero_shot import zero_shot

SOLVERS = {
    "full": "full",
    "lora": "lora?rank=8",
    "lora-all": "lora?rank=8&targets=all",
    "bottleneck": "bottleneck?size=48",
    "orthogonal": "orthogonal?size=48&weight=1",
    "orthogonal-10": "orthogonal?size=48&weight=10",
}
RATES = {"full": 1e-4}
FEW = 1e-3
LANGUAGES = ("de", "es", "fr", "nl", "pl", "pt", "ru")


def main() -> None:
    """Train what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(SOLVERS), default=list(SOLVERS))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        path = given.out / f"{name}.json"
        if not path.exists():
            found = run(name, given)
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(given.out)


def run(name: str, given: argparse.Namespace) -> dict[str, object]:
    """Train one way and score it."""
    english = _sentences(given.folder, "en", "train", given.sentences)
    rate = RATES.get(name, FEW)
    tuning = TrainingOptions(epochs=given.epochs, learning_rate=rate, parameters=SOLVERS[name])
    load, folder = os.getloadavg()[0], given.out / name
    if not folder.exists():
        train(given.model, [TrainingSet("en", english)], folder, tuning, checkpoint_every=20)
    report = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    tests = {code: _sentences(given.folder, code, "dev", given.test) for code in ("en", *LANGUAGES)}
    scores = zero_shot(f"hf:{folder}", tests)
    f1 = {code: target.f1 for code, target in scores.targets.items()}
    cosines = None
    if hasattr(parse_parameters(SOLVERS[name]), "style"):
        found = folder_orthogonality(folder, tests["en"])
        cosines = [found.mean, *found.layers]
    return {
        "spec": SOLVERS[name],
        "sentences": len(english),
        "epochs": given.epochs,
        "test": given.test,
        "learning_rate": rate,
        "trained": report["trained_parameters"],
        "total": report["total_parameters"],
        "seconds": report["seconds"],
        "load": load,
        "f1": f1,
        "zero_shot": sum(f1[code] for code in LANGUAGES) / len(LANGUAGES),
        "cosines": cosines,
        "losses": [report["losses"][0], report["losses"][-1]],
        "warnings": report["warnings"],
        "signature": str(scores.signature),
    }


def show(out: Path) -> None:
    """The table of what is there, and the cosines of all layers."""
    rows = {name: json.loads(p.read_text(encoding="utf-8")) for name in SOLVERS if (p := out / f"{name}.json").exists()}
    print("| parameters | rate | trained | en dev | zero-shot | mean abs. cosine | seconds | load before |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows.values():
        cosine = f"{row['cosines'][0]:.3f}" if row["cosines"] else ""
        share = f"{row['trained']:,} ({100 * row['trained'] / row['total']:.2f} %)"
        print(
            f"| `{row['spec']}` | {row['learning_rate']:g} | {share} | {row['f1']['en']:.3f} | {row['zero_shot']:.3f} "
            f"| {cosine} | {row['seconds']:.0f} | {row['load']:.1f} |"
        )
    for name, row in rows.items():
        if row["cosines"]:
            print(f"{name}, by layer:", " ".join(f"{value:.3f}" for value in row["cosines"][1:]))
    for name, row in rows.items():
        print(f"{name}:", " ".join(f"{code} {value:.3f}" for code, value in row["f1"].items()), *row["warnings"])


def _sentences(folder: Path, code: str, part: str, count: int) -> list[Sentence]:
    path = folder / "families" / "wikiann" / f"{code}.{part}.conll"
    return [sentence for sentence, _ in zip(read_sentences(path), range(count), strict=False)]


if __name__ == "__main__":
    main()
