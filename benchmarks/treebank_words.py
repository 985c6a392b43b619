"""What the words and the spaces of NLTK, which the paper uses, change in scores.

    pip install nltk
    python benchmarks/treebank_words.py DATA

DATA has europarl-ner and masakhaner2-parallel. NLTK's Treebank detokenizer makes the texts that Apertium translates
from Spanish, and NLTK's word tokenizer cuts translations, Apertium's or human ones, into words; otherwise xlner does
both. The rest is the recipe `politov2025` with offline backends: strict F1 of two of its methods, PER, ORG and LOC.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nltk.tokenize import NLTKWordTokenizer, TreebankWordDetokenizer

from xlner import Pair, Sentence, evaluate, load, raise_errors, read_sentences
from xlner.experiments.reproduce import read_reproduction_recipe
from xlner.text.detokenizer import detokenize
from xlner.text.tokenizer import tokenize

METHODS = ("heuristic-simalign", "ngram-simalign")
IGNORE = ("MISC", "DATE")
LANGUAGES = {"lug": "en", "pcm": "en", "twi": "en", "ewe": "fr"}


class Experiment:
    """The stages after translation. What was computed for a source and a target is not computed again."""

    def __init__(self, source_lang: str) -> None:
        recipe = read_reproduction_recipe("politov2025")
        self.source_lang = source_lang
        self.recognizer, self.aligner = load("recognizer", "multilingual"), load("aligner", "e5:itermax")
        self.projectors = {m.name: load("projector", m.projector) for m in recipe.methods if m.name in METHODS}
        self.done: dict[tuple[tuple[str, ...], tuple[str, ...]], Pair] = {}

    def scores(self, gold: Sequence[Sentence], sources: Sequence[Sequence[str]]) -> str:
        """F1 of each method, where the source sentences have these words."""
        keys = [(tuple(words), g.tokens) for words, g in zip(sources, gold, strict=True)]
        new = [key for key in dict.fromkeys(keys) if key not in self.done and key[0]]
        found = self.recognizer.recognize([Sentence(s, language=self.source_lang) for s, _ in new])
        pairs = [
            Pair(Sentence(target), Sentence(source, tuple(entities)))
            for (source, target), entities in zip(new, found, strict=True)
        ]
        links = self.aligner.align(pairs)
        self.done |= {key: replace(p, alignment=a) for key, p, a in zip(new, pairs, links, strict=True)}
        linked = [self.done.get(key) for key in keys]
        cells = []
        for name, projector in self.projectors.items():
            made = iter(projector.project([pair for pair in linked if pair is not None]))
            labeled = [
                g.with_entities(()) if p is None else next(made).sentence for g, p in zip(gold, linked, strict=True)
            ]
            cells.append(f"{name} {evaluate(gold, labeled, ignore=IGNORE).micro.f1:.4f}")
        return ", ".join(cells)


def own_words(text: str, lang: str) -> list[str]:
    """The words of xlner."""
    return [text[start:end] for start, end in tokenize(text, lang)]


def nltk_words(text: str, lang: str) -> list[str]:
    """The words of NLTK, which are those of English in all languages."""
    return NLTKWordTokenizer().tokenize(text)


def report_words(gold: Sequence[Sentence], texts: Sequence[str], experiment: Experiment, name: str) -> None:
    """A line for each way to cut source texts into words."""
    made = {cut.__name__: [cut(text, experiment.source_lang) for text in texts] for cut in (own_words, nltk_words)}
    different = sum(a != b for a, b in zip(*made.values(), strict=True))
    for cut, words in made.items():
        print(f"{name}, {cut}: {experiment.scores(gold, words)}; {different} sources differ", flush=True)


def main(data: Path) -> None:
    """Print a line for each text, way to cut it into words, and data set."""
    path = data / "europarl-ner" / "es-europarl.test.conll02"
    gold = [g for g in raise_errors(read_sentences(path, language="es")) if g.tokens]
    texts = {
        "xlner's text": [detokenize(g.tokens, "es")[0] for g in gold],
        "Treebank text": [TreebankWordDetokenizer().detokenize(list(g.tokens)) for g in gold],
    }
    different = sum(a != b for a, b in zip(*texts.values(), strict=True))
    print(f"es: {different} of {len(gold)} texts differ")
    experiment, translator = Experiment("en"), load("translator", "apertium")
    for name, made in texts.items():
        report_words(gold, translator.translate(made, from_lang="es", to_lang="en"), experiment, f"es, {name}")
    for lang, source_lang in LANGUAGES.items():
        path = data / "masakhaner2-parallel" / f"{lang}.dev.jsonl"
        gold = [g for g in raise_errors(read_sentences(path, language=lang)) if g.tokens]
        sources = [json.loads(line)["src"] for line in path.read_text(encoding="utf-8").splitlines()]
        report_words(gold, sources, Experiment(source_lang), f"{lang}, human translations")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
