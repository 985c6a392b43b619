"""What the guards flag: false alarms on the translations of Apertium, and faults put into a tenth of them.

Each fault is there at every attempt, also in the pieces of its sentence. Counted are sentences whose final translation
has neither a flag nor an error: with a fault, that is a miss.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from xlner import create, detokenize, read_sentences
from xlner.translation.guarded import GuardedTranslator

FAULTS = ("empty", "loop", "half", "script", "german", "copy", "raise", "few")
GERMAN = "Der Regen fällt auf die alte Stadt, und das Volk von {} singt in der langen Nacht am Meer.".format
RUSSIAN = "Дождь падает на старый город, и люди поют ночью."


def spanish(data: Path) -> list[str]:
    sentences = read_sentences(data / "europarl-ner" / "es-europarl.test.conll02", format="conll", language="es")
    texts = [sentence.with_text().text or "" for sentence in sentences]
    texts += (data / "ntrex" / "newstest2019-ref.spa.txt").read_text(encoding="utf-8").splitlines()
    tokens: list[str] = []
    for line in (data / "absa-projection" / "en2es" / "gold.train.tsv").read_text(encoding="utf-8").splitlines():
        if line.strip():
            tokens.append(line.split()[0])
        elif tokens:
            texts.append(detokenize(tokens, "es")[0])
            tokens = []
    encyclopedia = read_sentences(data / "families" / "wikiann" / "es.dev.conll", format="conll", language="es")
    texts += [sentence.with_text().text or "" for sentence in encyclopedia]
    return list(dict.fromkeys(texts))


class Faulty:
    """Translations that are known, with faults in some."""

    def __init__(self, translations: dict[str, str], faults: dict[str, str]) -> None:
        self.translations = translations
        self.faults = faults
        self.wholes = list(faults)
        self.last: dict[str, int] = {}

    def asked(self, whole: str) -> int:
        """When a whole sentence was asked for last: of several with the same piece, the piece is that of the latest."""
        return self.last.get(whole, -1)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        out = []
        self.last |= {text: len(self.last) for text in texts if text in self.faults}
        for text in texts:
            whole = (
                text if text in self.faults else max((w for w in self.wholes if text in w), key=self.asked, default="")
            )
            kind = "" if text in self.translations and text not in self.faults else self.faults.get(whole, "")
            if kind == "raise":
                raise RuntimeError("out of memory")
            if kind == "few":
                continue
            out.append(broken(text, self.translations.get(text, text), kind))
        return out


def broken(text: str, clean: str, kind: str) -> str:
    words = clean.split()
    made = {
        "empty": "",
        "loop": " ".join(words[:4] * 6),
        "half": " ".join(words[: len(words) // 2]),
        "script": RUSSIAN,
        "german": GERMAN(words[0] if words else ""),
        "copy": text,
    }
    return made.get(kind, clean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with europarl-ner, ntrex, absa-projection and families")
    options = parser.parse_args()
    texts = spanish(options.data)
    translations = dict(
        zip(texts, create("translator", "apertium").translate(texts, from_lang="es", to_lang="en"), strict=True)
    )
    direction = {"from_lang": "es", "to_lang": "en"}

    start = time.perf_counter()
    made = GuardedTranslator(Faulty(translations, {})).translate_checked(texts, **direction)
    seconds = time.perf_counter() - start
    flags = Counter(str(flag) for checked in made for flag in checked.flags)
    flagged = sum(bool(checked.flags or checked.error) for checked in made)
    print(f"{len(texts)} clean translations: {flagged} flagged ({flagged / len(texts):.2%}) {dict(flags)}")
    print(f"{seconds / len(texts) * 1e6:.0f} µs a sentence")

    faults = {text: FAULTS[(k // 10) % len(FAULTS)] for k, text in enumerate(texts) if k % 10 == 0}
    made = GuardedTranslator(Faulty(translations, faults)).translate_checked(texts, **direction)
    assert len(made) == len(texts)
    print("fault     sentences  missed  missed, of 8 words or more")
    for kind in FAULTS:
        of_kind = [(t, c) for t, c in zip(texts, made, strict=True) if faults.get(t) == kind]
        missed = [(t, c) for t, c in of_kind if not (c.flags or c.error) and c.text.strip() != translations[t].strip()]
        long = [t for t, _ in missed if len(t.split()) >= 8]
        print(f"{kind:9} {len(of_kind):9} {len(missed):7} {len(long):7}", *[t[:50] for t in long[:2]], sep="  ")
    clean = [c for t, c in zip(texts, made, strict=True) if t not in faults]
    print(f"{sum(bool(c.flags or c.error) for c in clean)} of {len(clean)} without a fault are flagged")


if __name__ == "__main__":
    main()
