"""Speed of the `hf` recognizer compared with the NER pipeline of transformers, on a model the size of XLM-R-base.

python benchmarks/recognizer.py FILE.conll [--sentences 500] [--rounds 3] [--batch-sizes 1,2,4,8,16,32]

The weights are random, which does not change the speed. The tokenizer is trained on the sentences. The pipeline reads
the sentences in the order of the file with several batch sizes. The tag of a word is that of its first sub-word. Then
the pipeline with its best batch size and the recognizer alternate in one process. The best time of each counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from xlner import Sentence, raise_errors, read_sentences
from xlner.recognition.hf import HfRecognizer

TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def make_model(sentences: Sequence[Sentence], folder: str) -> None:
    """Save a tokenizer trained on the sentences and a model the size of XLM-R-base."""
    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=8000, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    unigram.train_from_iterator((" ".join(s.tokens) for s in sentences), trainer)
    pieces = [tuple(piece) for piece in json.loads(unigram.to_str())["model"]["vocab"]]
    tokenizer = transformers.XLMRobertaTokenizer(vocab=[*pieces, ("<mask>", 0.0)])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.XLMRobertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        id2label=dict(enumerate(TAGS)),
        label2id={tag: k for k, tag in enumerate(TAGS)},
    )
    model = transformers.XLMRobertaForTokenClassification(config)
    torch.nn.init.normal_(model.classifier.weight, std=1.0)  # so that words get different tags
    model.save_pretrained(folder)


def pipeline_tags(pipe: Any, sentences: Sequence[Sentence], batch_size: int) -> list[list[str]]:
    """The tag of the first sub-word of each word, by the pipeline."""
    texts = [" ".join(s.tokens) for s in sentences]
    tags = []
    for sentence, found in zip(sentences, pipe(texts, batch_size=batch_size), strict=True):
        starts, position = {}, 0
        for k, token in enumerate(sentence.tokens):
            starts[position] = k
            position += len(token) + 1
        row = ["O"] * len(sentence)
        seen = set()
        for piece in found:
            word = starts.get(piece["start"])
            if word is not None and word not in seen and piece["end"] > piece["start"]:
                seen.add(word)
                row[word] = piece["entity"]
        tags.append(row)
    return tags


def our_tags(recognizer: HfRecognizer, sentences: Sequence[Sentence]) -> list[list[str]]:
    """The most likely class of each word."""
    return [[recognizer.classes[k] for k in p.argmax(axis=1)] for p in recognizer.probabilities(sentences)]


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, seconds of the CPUs, and result."""
    start, cpu = time.perf_counter(), time.process_time()
    result = run()
    return time.perf_counter() - start, time.process_time() - cpu, result


def show(name: str, run: tuple[float, float, Any], n: int) -> None:
    """One line about a run over `n` sentences."""
    print(f"{name:28} {run[0]:6.1f} s {run[1]:6.1f} s CPU {n / run[0]:6.1f} sentences/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-sizes", default="1,2,4,8,16,32")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    sentences = list(islice((s for s in raise_errors(read_sentences(options.file)) if s.tokens), options.sentences))
    with tempfile.TemporaryDirectory() as folder:
        make_model(sentences, folder)
        recognizer = HfRecognizer(folder, device=options.device)
        model = transformers.AutoModelForTokenClassification.from_pretrained(folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        pipe = transformers.pipeline(
            "token-classification", model=model, tokenizer=tokenizer, device=options.device, ignore_labels=[]
        )
        words = [list(s.tokens) for s in sentences]
        lengths = [
            len(ids) for ids in tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"]
        ]
        print(f"{len(sentences)} sentences, {sum(lengths)} sub-words, at most {max(lengths)} in one; {options.device}")
        transformers.logging.set_verbosity_error()
        timed(lambda: our_tags(recognizer, sentences[:8]))
        timed(lambda: pipeline_tags(pipe, sentences[:8], 1))
        theirs = {}
        for size in map(int, options.batch_sizes.split(",")):
            theirs[size] = timed(lambda size=size: pipeline_tags(pipe, sentences, size))
            show(f"pipeline, batch size {size}", theirs[size], len(sentences))
        best = min(theirs, key=lambda size: theirs[size][0])
        ours, again = [], [theirs[best]]
        for _ in range(options.rounds):
            ours.append(timed(lambda: our_tags(recognizer, sentences)))
            show("recognizer", ours[-1], len(sentences))
            again.append(timed(lambda: pipeline_tags(pipe, sentences, best)))
            show(f"pipeline, batch size {best}", again[-1], len(sentences))
        ratios = [min(run[k] for run in again) / min(run[k] for run in ours) for k in (0, 1)]
        print(f"pipeline / recognizer, best times: {ratios[0]:.2f}; CPU: {ratios[1]:.2f}")
        words = [pair for rows in zip(ours[0][2], again[0][2], strict=True) for pair in zip(*rows, strict=True)]
        same = sum(a == b for a, b in words)
        print(f"same tag: {same} of {len(words)} words; {len({a for a, _ in words})} different tags")


if __name__ == "__main__":
    main()
