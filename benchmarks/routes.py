"""F1 of the routes of `xlner label`: projection with several recognizers of English, direct labels, and both.

    python benchmarks/routes.py DATA [--recognizer SPEC …] [--aligner SPEC] [--limit N]

DATA is a folder with `europarl-ner`; the other texts are in `examples/`. PER, ORG and LOC count. Every sentence is
translated, aligned and recognized once. `2:1 O` means that projection has the weight 2, the direct labels have the
weight 1, and projection votes for O where it has no entity.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from xlner import Pair, Pipeline, Sentence, evaluate, load
from xlner.core.registry import DEFAULT_ALIGNER
from xlner.formats import raise_errors, read_sentences
from xlner.transfer import Ensemble

LABELS = ("PER", "ORG", "LOC")
EXAMPLES = Path(__file__).parent.parent / "examples"
WEIGHTS = ((2, 1), (1, 1), (1, 2), (1, 3))


class Remembering:
    """A stage that computes every result once."""

    def __init__(self, stage: Any) -> None:
        self._stage, self._known = stage, dict[Any, Any]()
        self.fingerprint = stage.fingerprint
        self.classes = getattr(stage, "classes", ())

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        return self._all(
            "translate", texts, str, lambda t: self._stage.translate(t, from_lang=from_lang, to_lang=to_lang)
        )

    def recognize(self, sentences: Sequence[Sentence]) -> list[Any]:
        return self._all("recognize", sentences, lambda s: s.tokens, self._stage.recognize)

    def align(self, pairs: Sequence[Pair]) -> list[Any]:
        return self._all("align", pairs, lambda p: (p.require_source().tokens, p.target.tokens), self._stage.align)

    def _all(
        self, what: str, items: Sequence[Any], key: Callable[[Any], Any], compute: Callable[..., Any]
    ) -> list[Any]:
        keys = [(what, key(item)) for item in items]
        missing = {k: item for k, item in zip(keys, items, strict=True) if k not in self._known}
        self._known.update(zip(missing, compute(list(missing.values())), strict=True))
        return [self._known[k] for k in keys]


class RememberingProbabilities(Remembering):
    """The same for a recognizer with probabilities."""

    def probabilities(self, sentences: Sequence[Sentence]) -> list[Any]:
        return self._all("probabilities", sentences, lambda s: s.tokens, self._stage.probabilities)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--recognizer", nargs="+", default=["spacy", "multilingual", "ensemble:spacy+multilingual"])
    parser.add_argument("--aligner", default=DEFAULT_ALIGNER)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    direct = RememberingProbabilities(load("recognizer", "multilingual"))
    translator, aligner = Remembering(load("translator", "apertium")), Remembering(load("aligner", options.aligner))
    texts = {"es Europarl": ("es", options.data / "europarl-ner" / "es-europarl.test.conll02")}
    texts |= {code: (code, EXAMPLES / f"{code}.conll") for code in ("es", "gl", "ca", "mk", "is")}
    rows: dict[str, list[float]] = {}
    for language, path in texts.values():
        read = raise_errors(read_sentences(str(path), format="conll", language=language))
        gold = [only(s) for s in list(read)[: options.limit]]
        plain = [s.with_entities(()) for s in gold]

        def score(name: str, found: Sequence[Sentence], gold: Sequence[Sentence] = gold) -> None:
            rows.setdefault(name, []).append(float(evaluate(gold, map(only, found)).micro.f1))

        score("direct", [s.with_entities(e) for s, e in zip(plain, direct.recognize(plain), strict=True)])
        for spec in options.recognizer:
            loaded = load("recognizer", spec)
            kind = RememberingProbabilities if hasattr(loaded, "probabilities") else Remembering
            pipeline = Pipeline(translator, kind(loaded), aligner, "greedy", target_lang=language)  # type: ignore[arg-type]
            score(spec, [pair.labeled for pair in pipeline.run(plain)])
            for weights, unprojected in product(WEIGHTS, ("others", "O")):
                ensemble = Ensemble(pipeline, [direct], weights=weights, unprojected=unprojected)
                name = f"{spec} + direct {weights[0]}:{weights[1]} {unprojected}"
                score(name, [pair.labeled for pair in ensemble.run(plain)])
    print(f"{'':52}", *(f"{name:>11}" for name in texts), "   mean")
    for name, values in rows.items():
        print(f"{name:52}", *(f"{value:11.3f}" for value in values), f"{sum(values) / len(values):7.3f}")


def only(sentence: Sentence) -> Sentence:
    """The sentence with the entities that count."""
    return sentence.with_entities(e for e in sentence.entities if e.label in LABELS)


if __name__ == "__main__":
    main()
