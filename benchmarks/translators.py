"""CTranslate2 in 8 bits against `generate` of transformers, on a model of a given shape with random weights.

Random weights never end a sentence, so both sides make the same number of tokens, by greedy search: `--ratio` times
those of the text, rounded up to 16, and 16 more. Both run in this process on the same batches, one after the other,
`--rounds` times, transformers with one thread and with all, of which the faster counts. The ratio is that of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

from xlner import read_sentences
from xlner.translation import NllbTranslator
from xlner.translation.seq2seq.generation import DecodingOptions

SHAPES = {
    "nllb-600M": {"d_model": 1024, "layers": 12, "heads": 16, "ffn": 4096, "vocab": 256_206},
    "nllb-600M-small-vocabulary": {"d_model": 1024, "layers": 12, "heads": 16, "ffn": 4096, "vocab": 32_000},
    "opus": {"d_model": 512, "layers": 6, "heads": 8, "ffn": 2048, "vocab": 60_000},
}


def save(folder: Path, texts: list[str], shape: dict[str, int]) -> None:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    learned = Tokenizer(models.BPE(unk_token="<unk>"))
    learned.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    learned.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=8000, special_tokens=special))
    state = json.loads(learned.to_str())["model"]
    merges = [tuple(merge) for merge in state["merges"]]
    tokenizer = NllbTokenizer(state["vocab"], merges, extra_special_tokens=["spa_Latn", "eng_Latn"])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = M2M100Config(
        vocab_size=shape["vocab"],
        d_model=shape["d_model"],
        encoder_layers=shape["layers"],
        decoder_layers=shape["layers"],
        encoder_attention_heads=shape["heads"],
        decoder_attention_heads=shape["heads"],
        encoder_ffn_dim=shape["ffn"],
        decoder_ffn_dim=shape["ffn"],
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
    )
    M2M100ForConditionalGeneration(config).save_pretrained(folder)


def timed(run: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    tokens = run()
    return time.perf_counter() - start, tokens


def runner(translator: NllbTranslator, texts: list[str]) -> Callable[[], int]:
    """Translate all texts; every translation has as many tokens as its batch may have, on both engines."""
    checkpoint = translator.checkpoint("es", "en")
    prompt = checkpoint.prompt("es", "en")
    ids = checkpoint.encode(texts, prompt)
    generator = checkpoint.generator
    batches = list(translator._batches(ids, checkpoint.max_input))
    search = DecodingOptions(translator.options.beams, translator.options.length_penalty)

    def run() -> int:
        made = 0
        for limit, batch in batches:
            rows = generator.generate([ids[k] for k in batch], forced=prompt.forced, limit=limit, search=search)
            shortest = min(len([k for k in row if k > 3]) for row in rows)
            if shortest < limit:
                raise SystemExit(f"a translation ended after {shortest} of {limit} tokens: the ratio would say nothing")
            made += limit * len(batch)
        return made

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with europarl-ner/es-europarl.test.conll02")
    parser.add_argument("--shape", choices=SHAPES, default="nllb-600M")
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ratio", type=float, default=1.0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    found = read_sentences(options.data / "europarl-ner" / "es-europarl.test.conll02", format="conll", language="es")
    texts = [sentence.with_text().text or "" for sentence in found][: options.sentences]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        save(model, texts, SHAPES[options.shape])
        common = {"beams": 1, "max_ratio": options.ratio, "device": options.device}
        sides = {
            "transformers": NllbTranslator(str(model), **common),
            "ctranslate2": NllbTranslator(str(model), engine="ct2", **common),
        }
        os.environ["XLNER_CACHE"] = folder
        runs = {name: runner(translator, texts) for name, translator in sides.items()}
        most = torch.get_num_threads()
        plan = [("transformers", n) for n in sorted({1, most})] + [("ctranslate2", most)]
        times: dict[tuple[str, int], list[float]] = {part: [] for part in plan}
        tokens = 0
        for _ in range(options.rounds):
            for name, threads in plan:
                torch.set_num_threads(threads)
                seconds, tokens = timed(runs[name])
                times[name, threads].append(seconds)
                print(f"{name}, {threads} threads: {seconds:.1f} s", flush=True)
        print(f"{options.shape}, {len(texts)} sentences, {tokens} tokens made")
        middle = {part: statistics.median(found) for part, found in times.items()}
        for (name, threads), seconds in middle.items():
            precision = sides[name].fingerprint.split()[-1]
            rates = f"{len(texts) / seconds:8.2f} sentences/s {tokens / seconds:8.0f} tokens/s"
            print(f"{name:14} {threads} threads {precision:14} {seconds:8.1f} s {rates}")
        best = min(seconds for (name, _), seconds in middle.items() if name == "transformers")
        print(f"ratio to the better of transformers {best / middle['ctranslate2', most]:.2f}")


if __name__ == "__main__":
    main()
