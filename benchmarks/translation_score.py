"""The translation score of all n-grams of a sentence against a loop that scores one pair at a time.

The model has random weights and a given shape; both sides run in this process. The loop is the definition, one forward
pass for each of the four probabilities of a pair. It is timed on some of the pairs, since it takes the same time for
each. Values of the pairs that both score are compared.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import torch
from translators import SHAPES, save

from xlner import read_sentences
from xlner.translation import NllbTranslator, NmtScore


def one(translator: NllbTranslator, text: str, other: str, from_lang: str, to_lang: str) -> float:
    checkpoint = translator.route(from_lang, to_lang)
    prompt = checkpoint.prompt(from_lang, to_lang)
    model = checkpoint.generator.model
    ids = checkpoint.tokenizer(other, add_special_tokens=False)["input_ids"]
    wanted = [*ids, model.config.eos_token_id]
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor(checkpoint.encode([text], prompt)),
            decoder_input_ids=torch.tensor([[model.config.decoder_start_token_id, prompt.forced, *ids]]),
        ).logits[0, 1:]
    return float(logits.log_softmax(-1)[range(len(wanted)), wanted].mean())


def naive(translator: NllbTranslator, entity: str, candidate: str) -> float:
    there = one(translator, entity, candidate, "en", "es") - one(translator, candidate, candidate, "es", "es")
    back = one(translator, candidate, entity, "es", "en") - one(translator, entity, entity, "en", "en")
    return (math.exp(there) + math.exp(back)) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with europarl-ner")
    parser.add_argument("--shape", choices=SHAPES, default="nllb-600M")
    parser.add_argument("--longest", type=int, default=7, help="words of an n-gram")
    parser.add_argument("--pairs", type=int, default=40, help="pairs that the loop is timed on")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = options.data / "europarl-ner"
    spanish = list(read_sentences(folder / "es-europarl.test.conll02", format="conll", language="es"))
    english = list(read_sentences(folder / "en-europarl.test.conll02", format="conll", language="en"))
    # the first sentence of usual length with two entities or more
    k = next(k for k, s in enumerate(english) if len(s.entities) >= 2 and 18 <= len(spanish[k]) <= 30)
    words, entities = spanish[k].tokens, [english[k].surface(e) for e in english[k].entities]
    n = len(words)
    spans = [" ".join(words[a:b]) for a in range(n) for b in range(a + 1, min(a + options.longest, n) + 1)]
    pairs = list(dict.fromkeys((e, c) for e in entities for c in spans))
    with tempfile.TemporaryDirectory() as work:
        model = Path(work) / "model"
        save(model, [s.with_text().text or "" for s in spanish + english], SHAPES[options.shape])
        translator = NllbTranslator(str(model))
        naive(translator, *pairs[0])  # loads
        step = max(1, len(pairs) // options.pairs)
        some = pairs[::step]
        start = time.perf_counter()
        expected = [naive(translator, e, c) for e, c in some]
        loop = (time.perf_counter() - start) / len(some) * len(pairs)
        print(f"{options.shape}, {n} words, {len(entities)} entities, {len(pairs)} pairs, {options.threads} threads")
        print(f"loop over pairs      {loop:8.1f} s (from {len(some)} pairs)")
        for keep in (0, 16):
            scorer = NmtScore(translator, source_lang="en", target_lang="es", keep=keep, cached=False)
            start = time.perf_counter()
            made = scorer.score([e for e, _ in pairs], [c for _, c in pairs])
            seconds = time.perf_counter() - start
            far = max(abs(a - b) / b for a, b in zip(made[::step], expected, strict=True) if a)
            kept = f"keep {keep}" if keep else "all pairs"
            print(f"NmtScore, {kept:9}  {seconds:8.1f} s  ratio {loop / seconds:6.1f}  largest difference {far:.1e}")


if __name__ == "__main__":
    main()
