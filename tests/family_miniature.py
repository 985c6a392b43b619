"""A small family study: invented sentences in the format of the real files, and a trainer that memorizes entities."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlner.fakes import DictionaryRecognizer
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet

# Entities by family, with some that all families share; words by language.
NAMES = {
    "Germanic": {"Vigga": "LOC", "Torv": "PER", "Halm": "ORG"},
    "Romance": {"Lugor": "LOC", "Pardo": "PER", "Renfa": "ORG"},
    "all": {"Rom": "LOC", "Anna": "PER", "UNO": "ORG"},
}
WORDS = {
    "en": ("the", "lives", "in", "works"),
    "de": ("das", "lebt", "im", "werkt"),
    "es": ("la", "vive", "en", "obra"),
    "fr": ("le", "vit", "en", "ouvre"),
    "sv": ("den", "lever", "i", "verkar"),
    "pt": ("o", "vive", "em", "obra"),
    "gl": ("o", "vive", "en", "obra"),
    "lug": ("ne", "mu", "bwe", "nga"),
}
FAMILY = {"en": "Germanic", "de": "Germanic", "sv": "Germanic", "lug": "all"}

RECIPE = """
title = "Two families in miniature"
baseline = "en"
seeds = [1, 2]
sentences = 24
limit = 30
ignore = ["DATE"]

[training]
epochs = 1
batch-size = 8

[[set]]
name = "mini"
title = "Invented sentences"
license = "CC0-1.0"
languages = ["en", "de", "es", "fr"]
train = "mini/{lang}.train.conll"
test = "mini/{lang}.dev.conll"
groups = ["European"]

[[set]]
name = "other"
title = "More of them"
languages = ["sv", "pt", "gl"]
test = "mini/{lang}.dev.conll"
groups = ["European"]
limit = 20

[[set]]
name = "far"
languages = ["lug"]
test = "far/{lang}.jsonl"
groups = ["African"]

[[condition]]
name = "en"
languages = ["en"]

[[condition]]
name = "germanic"
families = ["Germanic"]

[[condition]]
name = "both"
families = ["Germanic", "Romance"]

[[leave-out]]
of = "both"
"""


def sentence(language: str, rng: random.Random) -> tuple[list[str], list[str]]:
    """Return the words and tags of a sentence with two entities of the family of the language or of all families."""
    names = list({**NAMES[FAMILY.get(language, "Romance")], **NAMES["all"]}.items())
    words = [rng.choice(WORDS[language]) for _ in range(4)]
    tokens, tags = [*words], ["O"] * 4
    for name, label in rng.sample(names, 2):
        at = rng.randrange(len(tokens) + 1)
        tokens.insert(at, name)
        tags.insert(at, f"B-{label}")
    return tokens, tags


def write_miniature(folder: Path) -> Path:
    """Write recipe and data into a folder; return the path of the recipe."""
    for part in ("mini", "far"):
        (folder / part).mkdir(parents=True)
    for language in WORDS:
        rng = random.Random(language)
        rows = {split: [sentence(language, rng) for _ in range(40)] for split in ("train", "dev")}
        if language == "lug":
            _tokens, tags = rows["dev"][0]
            tags[tags.index("O")] = "B-DATE"
            lines = [json.dumps({"tokens": tokens, "tags": tags}) + "\n" for tokens, tags in rows["dev"]]
            (folder / "far/lug.jsonl").write_text("".join(lines), encoding="utf-8")
            continue
        for split, sentences in rows.items():
            blocks = ["".join(f"{t}\t{g}\n" for t, g in zip(*s, strict=True)) for s in sentences]
            (folder / f"mini/{language}.{split}.conll").write_text("\n".join(blocks), encoding="utf-8")
    recipe = folder / "mini.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe


class Memory:
    """Memorizes the entities in a share of the sentences that depends on the seed, and counts trainings.

    `before` is called with the number of each training before it starts.
    """

    def __init__(self, before: Callable[[int], None] = lambda number: None) -> None:
        self.trainings = 0
        self.before = before

    def __call__(
        self, sets: Sequence[TrainingSet], folder: Path, options: TrainingOptions
    ) -> tuple[DictionaryRecognizer, Mapping[str, Any]]:
        self.trainings += 1
        self.before(self.trainings)
        assert options.total is not None
        each = options.total // len(sets)
        names: dict[str, str] = {}
        for one in sets:
            for s in random.Random(f"{options.seed} {one.language}").sample(list(one.train), each)[: each // 2]:
                names |= {s.surface(e): e.label for e in s.entities}
        return DictionaryRecognizer(names), {"steps": each, "warnings": ["learned by heart"], "torch": "none"}
