"""What each way to build training data loses, and what it does to the translations.

Reads English with entities, such as `en-europarl.test.conll02` of Europarl-NER, and translates it with each way, and
without labels. `lost` are source entities without a projection, `changed` translations that differ in their tokens from
the one without labels, of sentences with entities; `other spans` are entities with another span than with the links of
the translator, where the two translations are the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from xlner import Pair, Sentence, TrainingDataBuilder, read_sentences

SOLVERS: dict[str, dict[str, str | bool]] = {
    "links": {"fallback": False},
    "brackets": {"markers": "brackets", "fallback": False},
    "brackets, fallback": {"markers": "brackets"},
    "tags": {"markers": "tags", "fallback": False},
    "tags, fallback": {"markers": "tags"},
    "alignment": {"route": "align"},
}


def spans(pair: Pair) -> list[tuple[int, int] | None]:
    outcomes = pair.projection.outcomes if pair.projection is not None else ()
    return [outcome.projected[0].span if outcome.projected else None for outcome in outcomes]


def row(pairs: Sequence[Pair], plain: Sequence[str], links: Sequence[Pair]) -> str:
    texts = [" ".join(pair.target.tokens) for pair in pairs]
    lost = sum(span is None for pair in pairs for span in spans(pair))
    failed = sum(pair.error is not None for pair in pairs)
    changed = sum(text != other for text, other in zip(texts, plain, strict=True))
    same = [k for k, other in enumerate(links) if other.target.tokens == pairs[k].target.tokens]
    both = [pair for k in same for pair in zip(spans(pairs[k]), spans(links[k]), strict=True)]
    return f"{failed:6}  {lost:4}  {changed / len(pairs):7.1%}  {sum(a != b for a, b in both):5} of {len(both)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("--to", default="es")
    parser.add_argument("--translator", default="apertium")
    parser.add_argument("--ways", nargs="*", default=list(SOLVERS), choices=list(SOLVERS))
    options = parser.parse_args()
    read = read_sentences(options.source, format="conll", language="en")
    sentences = [s for s in read if isinstance(s, Sentence) and s.entities]
    plain = [
        " ".join(Sentence.from_text(text, language=options.to).tokens)
        for text in TrainingDataBuilder(options.translator, to_lang=options.to, fallback=False).translator.translate(
            [s.with_text().text or "" for s in sentences], from_lang="en", to_lang=options.to
        )
    ]
    print(f"{len(sentences)} sentences with {sum(len(s.entities) for s in sentences)} entities\n")
    print("way                 failed  lost  changed  other spans")
    links: list[Pair] = []
    for way in options.ways:
        made = list(TrainingDataBuilder(options.translator, to_lang=options.to, **SOLVERS[way]).run(sentences))  # type: ignore[arg-type]
        links = links or made
        print(f"{way:18}  {row(made, plain, links)}", flush=True)


if __name__ == "__main__":
    main()
