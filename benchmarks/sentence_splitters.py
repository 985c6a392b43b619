"""Sentence splitters on running text: precision, recall and F1 of the boundaries between annotated sentences.

python benchmarks/sentence_splitters.py LANG=FILE …

Needs `pip install sentencex`. Sentences of each file that end with a mark are joined, six at a time; sentences without
text are detokenized.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import sentencex

from xlner import raise_errors, read_sentences
from xlner.text.languages import spaceless
from xlner.text.sentence_splitter import split_sentences

_ENDS = tuple('.!?…。！？؟۔।։"”»')
_TOGETHER = 6
_MOST = 1500


def main(files: Sequence[tuple[str, str]]) -> None:
    """Print one line for each file, and the means."""
    scores: dict[str, list[float]] = {}
    for language, path in files:
        sentences = [s.with_text().text or "" for s in raise_errors(read_sentences(path, language=language))]
        texts = [text.strip() for text in sentences if text.strip().endswith(_ENDS)][:_MOST]

        def by_sentencex(text: str, language: str = language) -> list[str]:
            return list(sentencex.segment(language, text))

        for name, split in (("built-in", split_sentences), ("sentencex", by_sentencex)):
            precision, recall = measured(split, texts, "" if spaceless(language) else " ")
            f1 = 2 * precision * recall / max(1e-9, precision + recall)
            scores.setdefault(name, []).append(f1)
            print(
                f"{language:5} {len(texts):5} {name:10} P {precision:.3f} R {recall:.3f} F1 {f1:.3f}  {path}",
                flush=True,
            )
    for name, found in scores.items():
        print(f"mean {name}: {sum(found) / len(found):.3f} of {len(found)}")


def measured(split: Callable[[str], list[str]], texts: Sequence[str], space: str) -> tuple[float, float]:
    """Precision and recall of the ends of sentences."""
    right = found_in_all = gold_in_all = 0
    for k in range(0, len(texts) - _TOGETHER + 1, _TOGETHER):
        group = texts[k : k + _TOGETHER]
        text = space.join(group)
        gold, found = set(ends(text, group)), set(ends(text, split(text)))
        right += len(gold & found)
        found_in_all += len(found)
        gold_in_all += len(gold)
    return right / max(1, found_in_all), right / max(1, gold_in_all)


def ends(text: str, parts: Sequence[str]) -> list[int]:
    """Where the parts of a text end, except the last."""
    position = 0
    out = []
    for part in parts:
        position = text.find(part.strip(), position) + len(part.strip())
        out.append(position)
    return out[:-1]


if __name__ == "__main__":
    main([(argument.split("=", 1)[0], argument.split("=", 1)[1]) for argument in sys.argv[1:]])
