"""Full fine-options, low-rank updates, bottleneck and orthogonal adapters, trained on the same English sentences.

python benchmarks/adapters.py FOLDER MODEL OUT [--sentences 1500] [--epochs 2] [--test 200] [--only NAME …]

FOLDER holds families/wikiann/. MODEL is what `xlner encoder export` wrote, or any other encoder. Each method trains on
the first SENTENCES sentences of the English training set, with a learning rate that was fixed beforehand. F1 is that on
the first TEST sentences of the dev sets: for English, and as the mean of the other languages, which were not trained
on. Results stay in OUT: finished methods are not trained again, and interrupted ones resume.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from xlner import Sentence, read_sentences
from xlner.transfer import TrainingOptions, TrainingSet, folder_orthogonality, train, zero_shot

SPECS = {
    "full": "full",
    "lora": "lora?rank=8",
    "lora-all": "lora?rank=8&targets=all",
    "bottleneck": "bottleneck?size=48",
    "orthogonal": "orthogonal?size=48&weight=1",
    "orthogonal-10": "orthogonal?size=48&weight=10",
}
FULL_RATE, ADAPTER_RATE = 1e-4, 1e-3
LANGUAGES = ("de", "es", "fr", "nl", "pl", "pt", "ru")


def main() -> None:
    """Train the missing methods, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(SPECS), default=list(SPECS))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        path = given.out / f"{name}.json"
        if not path.exists():
            found = run(name, given)
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(given.out)


def run(name: str, given: argparse.Namespace) -> dict[str, object]:
    """Train one method and score it."""
    english = _sentences(given.folder, "en", "train", given.sentences)
    rate = FULL_RATE if name == "full" else ADAPTER_RATE
    options = TrainingOptions(epochs=given.epochs, learning_rate=rate, parameters=SPECS[name])
    load, folder = os.getloadavg()[0], given.out / name
    if not folder.exists():
        train(given.model, [TrainingSet("en", english)], folder, options, checkpoint_every=20)
    report = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    tests = {code: _sentences(given.folder, code, "dev", given.test) for code in ("en", *LANGUAGES)}
    scores = zero_shot(f"hf:{folder}", tests)
    f1 = {code: target.f1 for code, target in scores.targets.items()}
    cosines = None
    if name.startswith(("bottleneck", "orthogonal")):
        found = folder_orthogonality(folder, tests["en"])
        cosines = [found.mean, *found.layers]
    return {
        "spec": SPECS[name],
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
    """Print the table of all finished methods, and the cosines of their layers."""
    rows = {name: json.loads(p.read_text(encoding="utf-8")) for name in SPECS if (p := out / f"{name}.json").exists()}
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
