"""The card of a data set for the Hugging Face hub: Markdown with a YAML header."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlner._version import __version__
from xlner.core.signature import Signature

CARD = "README.md"
_TAGS = ("named-entity-recognition", "cross-lingual", "xlner")
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
    (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"),
    (1_000_000_000_000, "100B<n<1T"),
)
_ID = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(slots=True)
class SplitCounts:
    """What is in a split; `failed` sentences have an error instead of a result, `unread` ones of them were not read."""

    sentences: int = 0
    failed: int = 0
    words: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    unread: int = 0


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """Facts about a data set that its sentences do not tell.

    - `name`: the name of the data set.
    - `sources`: where the sentences and translations are from.
    - `license`: the license of the data set, as the hub names it, such as `cc-by-4.0`.
    - `models`: what labeled it, by stage, such as `{"recognizer": "multilingual"}`.
    - `origins`: how many sentences were labeled how, such as `{"reviewed by a person": 20}`.
    - `licenses`: the licenses of sources and models, by name.
    - `losses`: what was lost while it was made, by reason, such as `{"unaligned": 3}`.
    - `facts`: what else belongs into the signature, such as the options of the run.

    >>> "license: other" in DatasetCard("gl").text({}, [], [])
    True
    """

    name: str
    sources: Sequence[str] = ()
    license: str = ""
    models: Mapping[str, str] = field(default_factory=dict, hash=False)
    licenses: Mapping[str, str] = field(default_factory=dict, hash=False)
    losses: Mapping[str, int] = field(default_factory=dict, hash=False)
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)
    origins: Mapping[str, int] = field(default_factory=dict, hash=False)

    def text(self, splits: Mapping[str, SplitCounts], labels: Sequence[str], languages: Sequence[str]) -> str:
        """The card of splits with these counts, labels and languages."""
        parts = [
            self._header(splits, languages),
            f"# {_plain(self.name)}\n\nSentences with named entities, written by xlner {__version__}.",
            "## Use\n\n```python\nfrom datasets import load_dataset\n\n"
            'data = load_dataset("FOLDER_OR_NAME")\n```\n\n'
            "`tokens` are the words, `ner_tags` their tags (numbers with names), and `entities` the same with scores.",
            "## Content\n\n" + _counts(splits, labels),
            "## Sources\n\n" + _listed(self.sources),
            "## How it was labeled\n\n"
            + _pairs(
                {**self.models, **{name: str(count) for name, count in self.origins.items()}},
                "Not stated: labels are as they were in the input.",
            ),
            "## What was lost\n\n" + _pairs({k: str(v) for k, v in self.losses.items()}, "Nothing was counted."),
            "## Licenses\n\n" + _pairs({"this data set": self.license or "not stated", **self.licenses}, ""),
            f"## Signature\n\n`{self.signature(splits, labels)}`",
        ]
        return "\n\n".join(parts) + "\n"

    def signature(self, splits: Mapping[str, SplitCounts], labels: Sequence[str]) -> Signature:
        """What the data set is: its splits with their sizes, labels, models and options."""
        sizes = [f"{name}={counts.sentences}" for name, counts in splits.items()]
        facts = {"splits": sizes, "labels": list(labels), **self.models, **self.facts}
        return Signature.of({name: str(v).replace("`", "'") if isinstance(v, str) else v for name, v in facts.items()})

    def _header(self, splits: Mapping[str, SplitCounts], languages: Sequence[str]) -> str:
        total = sum(counts.sentences for counts in splits.values())
        size = next((name for most, name in _SIZES if total < most), "n>1T")
        codes = sorted({code.partition("-")[0] for code in languages})
        lines = ["---", *(["language:", *(f"- {json.dumps(code)}" for code in codes)] if codes else ())]
        if self.license and _ID.fullmatch(self.license):
            lines.append(f"license: {self.license.lower()}")
        else:
            lines += ["license: other", "license_name: see-below"]
        lines += ["task_categories:", "- token-classification", "task_ids:", "- named-entity-recognition"]
        lines += ["size_categories:", f"- {size}", f"pretty_name: {json.dumps(self.name, ensure_ascii=False)}"]
        lines += ["tags:", *(f"- {tag}" for tag in _TAGS), "configs:", "- config_name: default", "  data_files:"]
        for name in splits:
            lines += [f"  - split: {name}", f"    path: data/{name}-*"]
        return "\n".join([*lines, "---"])


def _counts(splits: Mapping[str, SplitCounts], labels: Sequence[str]) -> str:
    rows = [("split", "sentences", "without result", "words", *labels), ("---", *["---:"] * (3 + len(labels)))]
    for name, c in splits.items():
        rows.append((name, str(c.sentences), str(c.failed), str(c.words), *(str(c.labels[label]) for label in labels)))
    return "\n".join(f"| {' | '.join(map(_plain, row))} |" for row in rows)


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines) or "Not stated."


def _pairs(values: Mapping[str, str], otherwise: str) -> str:
    return "\n".join(f"- {_plain(name)}: {_plain(value)}" for name, value in values.items()) or otherwise


def _plain(text: str) -> str:
    """Text that can be neither markup nor the end of a table cell."""
    shown = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return re.sub(r"([`*_\[\]])", r"\\\1", shown)
