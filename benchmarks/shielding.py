"""What Apertium keeps of addresses, @names, #tags, paths and codes: as they are, as format blanks, as placeholders.

python benchmarks/shielding.py N LANG=FILE …

Each FILE has sentences, one per line. N of them get one to three verbatim parts at random places. Of each mode whose
language has a file, and each way: how many parts the translation keeps, and how much of the other words is as in the
translation of the sentence alone (F1 of words).
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from xlner.translation.apertium import stream
from xlner.translation.apertium.installation import MODES_DIR, Installation
from xlner.translation.apertium.mode_runner import ModeRunner
from xlner.translation.apertium.modes import Mode, installed, language

PARTS = (
    "http://x.y/z?a=1", "https://youtu.be/dQw4w9WgXcQ", "www.example.org/Some_Page.html#top", "@user", "@Real_Name99",
    "#Vigo", "#BlackLivesMatter", "#Македонија", "#日本", "ana.pardo+news@mail.example.com", "/usr/share/doc/README.md",
    "C:\\Users\\Ana\\My.doc", "ISBN 978-3-16-148410-0", "v2.3.1-beta", "AB-1234/X", "B07XJ8C8F5", "$HOME", "~/.bashrc",
)  # fmt: skip
_END = b".[][\n]"
WAYS: dict[str, tuple[Callable[[int, str], bytes], str]] = {
    "as it is": (lambda k, part: stream.encode(part).removesuffix(_END), ""),
    "blank": (lambda k, part: b"[%dx]" % k, r"\[(\d)x\]"),
    "placeholder": (lambda k, part: b"xq%dz" % k, r"(?i)xq(\d)z"),
}


def main(count: int, files: dict[str, str]) -> None:
    """Print one line for each mode and way."""
    installation = Installation(Path(MODES_DIR))
    for mode in installed(Path(MODES_DIR)):
        path = files.get(language(mode.source) or "")
        if path is not None:
            sentences = [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
            for way, kept, parts, same in measured(installation, mode, sentences, count):
                print(f"{mode.name:20} {way:12} {kept:4} of {parts}  other words {same:.3f}", flush=True)


def measured(
    installation: Installation, mode: Mode, sentences: list[list[str]], count: int
) -> list[tuple[str, int, int, float]]:
    """The counts of each way."""
    draw = random.Random(1)
    made = [with_parts(sentences[k % len(sentences)], draw) for k in range(count)]
    runner = ModeRunner(installation.commands(mode.name), timeout=60)
    alone = [" ".join(word for word, is_part in words if not is_part) for words in made]
    plain = [
        stream.decode(a, text) for a, text in zip(runner.exchange(list(map(stream.encode, alone))), alone, strict=True)
    ]
    found = []
    for way, (write, pattern) in WAYS.items():
        answers = runner.exchange([message(words, write) for words in made])
        kept, same = 0, 0.0
        for words, answer, expected in zip(made, answers, plain, strict=True):
            parts = [word for word, is_part in words if is_part]
            text = answer.decode()
            if pattern:
                seen = Counter(int(m[1]) for m in re.finditer(pattern, text))
                kept += sum(seen[k] == 1 for k in range(len(parts)))
                rest = re.sub(pattern, "", text)
            else:
                rest = stream.decode(answer, " ".join(word for word, _ in words))
                for part in parts:
                    kept += part in rest
                    rest = rest.replace(part, "", 1)
            same += overlap(rest, expected)
        found.append((way, kept, sum(is_part for words in made for _, is_part in words), same / count))
    runner.close()
    return found


def with_parts(words: list[str], draw: random.Random) -> list[tuple[str, bool]]:
    """The words with one to three verbatim parts among them; True for a part."""
    out = [(word, False) for word in words]
    for _ in range(draw.randint(1, 3)):
        out.insert(draw.randint(0, len(out)), (draw.choice(PARTS), True))
    return out


def message(words: list[tuple[str, bool]], write: Callable[[int, str], bytes]) -> bytes:
    """What the first program gets."""
    out = []
    number = 0
    for word, is_part in words:
        out.append(write(number, word) if is_part else stream.encode(word).removesuffix(_END))
        number += is_part
    return b" ".join(out) + _END


def overlap(text: str, expected: str) -> float:
    """The F1 of the words of two texts."""
    one, other = (Counter(re.findall(r"\w+", t.lower())) for t in (text, expected))
    return 2 * (one & other).total() / max(1, one.total() + other.total())


if __name__ == "__main__":
    main(int(sys.argv[1]), dict(argument.split("=", 1) for argument in sys.argv[2:]))
