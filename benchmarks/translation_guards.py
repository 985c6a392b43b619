"""What the guards find: false alarms on the translations of Apertium, and faults put into a tenth of them.

In each of `--rounds` rounds another tenth of the translations has a fault: once at every attempt, also in the pieces of
its sentence, once at the first attempt only. What became of it: `flagged` has a flag or an error; `mended` came out as
the translation without the fault; `kept` was made again, but came out otherwise, and nothing warns of it; `missed` was
not even made again. Pieces of sentences are translated by Apertium, too. What is its own translation, or half of which
is all of it, has no fault. Sentences in other languages are those of NTREX. Thresholds were chosen on Spanish to
English; other directions tell what they are worth. With `ca-en` or `gl-en` the texts are English ones, translated by
Apertium.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from xlner import load, read_sentences
from xlner.stages import Translator
from xlner.text import detokenize
from xlner.translation import CheckedTranslation, GuardedTranslator

FOREIGN = {"german": "deu", "swedish": "swe", "portuguese": "por"}
FAULTS = ("empty", "loop", "half", "script", "copy", "raise", "few", *FOREIGN)
RUSSIAN = "Дождь падает на старый город, и люди поют ночью."


FILES = {
    "es": ("newstest2019-ref.spa.txt", "en2es/gold.train.tsv"),
    "en": ("newstest2019-src.eng.txt", "en.absa.train.tsv"),
}


def read(data: Path, language: str) -> list[str]:
    """Debates, news, reviews and titles of an encyclopedia."""
    news, reviews = FILES[language]
    debates = data / "europarl-ner" / f"{language}-europarl.test.conll02"
    texts = [s.with_text().text or "" for s in read_sentences(debates, format="conll", language=language)]
    texts += (data / "ntrex" / news).read_text(encoding="utf-8").splitlines()
    tokens: list[str] = []
    for line in (data / "absa-projection" / reviews).read_text(encoding="utf-8").splitlines():
        if line.strip():
            tokens.append(line.split()[0])
        elif tokens:
            texts.append(detokenize(tokens, language)[0])
            tokens = []
    titles = data / "families" / "wikiann" / f"{language}.dev.conll"
    texts += [s.with_text().text or "" for s in read_sentences(titles, format="conll", language=language)]
    return list(dict.fromkeys(text for text in texts if text.strip()))


class Faulty:
    """Translations that are known, with faults in some, at every attempt or at the first only."""

    def __init__(
        self,
        apertium: Translator,
        translations: dict[str, str],
        faults: dict[str, str],
        foreign: dict[str, list[str]],
        *,
        passing: bool = False,
    ) -> None:
        self.apertium = apertium
        self.translations = translations
        self.foreign = foreign
        self.passing = passing
        self.faults = faults
        self.sentences = frozenset(translations)
        self.broken = list(faults)
        self.last: dict[str, int] = {}

    def asked(self, whole: str) -> int:
        """When a whole sentence was asked for last: of several with the same piece, the piece is that of the latest."""
        return self.last.get(whole, -1)

    def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        if self.passing:
            return [self.clean(text, from_lang, to_lang) for text in texts]
        return self.translate(texts, from_lang=from_lang, to_lang=to_lang)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        out = []
        self.last |= {text: len(self.last) for text in texts if text in self.faults}
        for text in texts:
            whole = (
                text if text in self.faults else max((w for w in self.broken if text in w), key=self.asked, default="")
            )
            kind = "" if text in self.sentences and text not in self.faults else self.faults.get(whole, "")
            if kind == "raise":
                raise RuntimeError("out of memory")
            if kind == "few":
                continue
            if kind in self.foreign:
                lines = self.foreign[kind]
                out.append(lines[zlib.crc32(text.encode()) % len(lines)])
            else:
                out.append(broken(text, self.clean(text, from_lang, to_lang), kind))
        return out

    def clean(self, text: str, from_lang: str, to_lang: str) -> str:
        if text not in self.translations:
            (made,) = self.apertium.translate([text], from_lang=from_lang, to_lang=to_lang)
            self.translations[text] = made
        return self.translations[text]


def broken(text: str, clean: str, kind: str) -> str:
    words = clean.split()
    made = {
        "empty": "",
        "loop": " ".join(words[:4] * 6),
        "half": " ".join(words[: len(words) // 2]),
        "script": RUSSIAN,
        "copy": text,
    }
    return made.get(kind, clean)


def outcome(checked: CheckedTranslation, clean: str) -> str:
    """What became of a translation that had a fault at first; see above."""
    if checked.has_warnings:
        return "flagged"
    if checked.text.split() == clean.split():
        return "mended"
    return "kept" if checked.retried else "missed"


def foreign_lines(data: Path) -> dict[str, list[str]]:
    found = {}
    for kind, code in FOREIGN.items():
        lines = (data / "ntrex" / f"newstest2019-ref.{code}.txt").read_text("utf-8").splitlines()
        found[kind] = [line for line in lines if len(line.split()) > 2]
    return found


def report_clean(
    apertium: Translator,
    texts: Sequence[str],
    translations: dict[str, str],
    direction: dict[str, str],
    *,
    show: bool,
) -> None:
    start = time.process_time()
    made = GuardedTranslator(Faulty(apertium, dict(translations), {}, {})).translate_checked(texts, **direction)
    seconds = time.process_time() - start
    alarms = [(text, c) for text, c in zip(texts, made, strict=True) if c.has_warnings]
    quiet = [(text, c) for text, c in zip(texts, made, strict=True) if c.retried and not c.has_warnings]
    changed = sum(c.text.split() != translations[text].split() for text, c in quiet)
    warnings = Counter(str(warning) for _, c in alarms for warning in c.warnings)
    reasons = Counter(str(reason) for _, c in quiet for reason in c.retry_reasons)
    words = sum(len(text.split()) for text, _ in quiet) / sum(len(text.split()) for text in texts)
    print(f"{len(texts)} clean translations, {seconds / len(texts) * 1e6:.0f} µs a sentence")
    print(f"flagged               {len(alarms):4} ({len(alarms) / len(texts):.2%}) {dict(warnings)}")
    print(f"replaced, unflagged   {changed:4}")
    print(f"quietly made again    {len(quiet):4} ({len(quiet) / len(texts):.2%}, {words:.2%} of words) {dict(reasons)}")
    if show:
        print(*[f"alarm  {' '.join(c.warnings)}: {t[:70]} → {c.text[:70]}" for t, c in alarms], sep="\n")


def report_faults(
    apertium: Translator,
    texts: Sequence[str],
    translations: dict[str, str],
    direction: dict[str, str],
    foreign: dict[str, list[str]],
    *,
    rounds: int,
    passing: bool,
    show: bool,
) -> None:
    seen: dict[str, Counter[str]] = {kind: Counter() for kind in FAULTS}
    unseen: list[str] = []
    alarms = clean = 0
    for shift in range(rounds):
        faults = {t: FAULTS[(k // 10 + shift) % len(FAULTS)] for k, t in enumerate(texts) if k % 10 == shift}
        faulty = Faulty(apertium, dict(translations), faults, foreign, passing=passing)
        made = GuardedTranslator(faulty).translate_checked(texts, **direction)
        assert len(made) == len(texts)
        for text, checked in zip(texts, made, strict=True):
            kind = faults.get(text)
            if kind is None:
                clean += 1
                alarms += checked.has_warnings
            elif kind in foreign or broken(text, translations[text], kind).split() != translations[text].split():
                found = outcome(checked, translations[text])
                seen[kind][found] += 1
                if found in ("kept", "missed"):
                    unseen.append(f"  {found} {kind}: {text[:70]} → {checked.text[:60]} ({translations[text][:60]})")
            elif kind in ("raise", "few"):
                seen[kind][outcome(checked, translations[text])] += 1
    print(f"\n{'at the first attempt' if passing else 'at every attempt':22} faults  flagged  mended    kept  missed")
    for kind, found in [*seen.items(), ("all", sum(seen.values(), Counter[str]()))]:
        row = "".join(f"{found[name]:8}" for name in ("flagged", "mended", "kept", "missed"))
        print(f"{kind:22} {found.total():6} {row}")
    if show:
        print(*unseen, sep="\n")
    print(f"{alarms} of {clean} without a fault are flagged beside them")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with europarl-ner, ntrex, absa-projection and families")
    parser.add_argument("--direction", default="es-en", help="es-en, en-es, en-ca, en-gl, ca-en or gl-en")
    parser.add_argument("--rounds", type=int, default=10, help="tenths of the sentences that get a fault")
    parser.add_argument("--show", action="store_true", help="what is missed, and false alarms")
    options = parser.parse_args()
    from_lang, to_lang = options.direction.split("-")
    direction = {"from_lang": from_lang, "to_lang": to_lang}
    apertium = load("translator", "apertium")
    texts = read(options.data, from_lang if from_lang in FILES else "en")
    if from_lang not in FILES:
        made_up = apertium.translate(texts, from_lang="en", to_lang=from_lang)
        texts = list(dict.fromkeys(text for text in made_up if text.strip()))
    translations = dict(zip(texts, apertium.translate(texts, **direction), strict=True))

    print(options.direction, end=": ")
    report_clean(apertium, texts, translations, direction, show=options.show)
    foreign = foreign_lines(options.data)
    for passing in (False, True):
        report_faults(
            apertium, texts, translations, direction, foreign, rounds=options.rounds, passing=passing, show=options.show
        )


if __name__ == "__main__":
    main()
