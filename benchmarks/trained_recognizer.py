"""A spaCy recognizer for a language that has labeled sentences but no model to install.

python benchmarks/trained_recognizer.py LANG TRAIN.conll DEV.conll [FOLDER]

Trains it and prints its F1 on DEV.conll. With FOLDER, it is saved there, and the F1 of `spacy:FOLDER`, which uses the
tokenizer of spaCy, is printed as well.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

from xlner import Entity, Sentence, evaluate, raise_errors, read_sentences
from xlner.recognition.spacy import SpacyRecognizer
from xlner.stages import Recognizer

EPOCHS = 8
BATCH = 32
DROPOUT = 0.3


class TrainedRecognizer:
    """The transition-based recognizer of spaCy without pretrained vectors, from the best epoch on `dev`."""

    def __init__(self, language: str, train: Path, dev: Path) -> None:
        import spacy
        from spacy.util import fix_random_seed

        fix_random_seed(0)
        self._nlp = spacy.blank(language)
        self._ner = self._nlp.add_pipe("ner")
        gold = read(dev, language)
        self.f1 = 0.0
        best = b""
        for _ in self._epochs(read(train, language)):
            f1 = f1_of(self, gold)
            if f1 > self.f1:
                self.f1, best = f1, self._ner.to_bytes()
        self._ner.from_bytes(best)

    def save(self, folder: Path) -> None:
        """Write a pipeline for the recognizer `spacy:FOLDER`."""
        self._nlp.to_disk(folder)

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence."""
        docs = self._nlp.pipe(self._doc(s) for s in sentences)
        return [[Entity(e.start, e.end, e.label_) for e in doc.ents] for doc in docs]

    def _doc(self, sentence: Sentence):  # type: ignore[no-untyped-def]
        from spacy.tokens import Doc

        return Doc(self._nlp.vocab, words=list(sentence.tokens))

    def _epochs(self, sentences: Sequence[Sentence]):  # type: ignore[no-untyped-def]
        from spacy.training import Example
        from spacy.util import minibatch

        examples = [Example.from_dict(self._doc(s), {"entities": s.tags("BILOU")}) for s in sentences]
        optimizer = self._nlp.initialize(lambda: examples)
        order = random.Random(0)
        for epoch in range(EPOCHS):
            order.shuffle(examples)
            for batch in minibatch(examples, BATCH):
                self._nlp.update(batch, drop=DROPOUT, sgd=optimizer)
            yield epoch


def f1_of(recognizer: Recognizer, gold: Sequence[Sentence]) -> float:
    """Strict F1 on labeled sentences."""
    found = recognizer.recognize(gold)
    return evaluate(gold, [s.with_entities(e) for s, e in zip(gold, found, strict=True)]).micro.f1


def read(path: Path, language: str) -> list[Sentence]:
    """The nonempty sentences of a file, with the words that `Sentence.from_text` splits their text into."""
    made = []
    for sentence in raise_errors(read_sentences(path)):
        text, offsets = " ".join(sentence.tokens), [0]
        for token in sentence.tokens:
            offsets.append(offsets[-1] + len(token) + 1)
        cut = Sentence.from_text(text, language=language)
        places = cut.offsets or ()
        entities = []
        for entity in sentence.entities:
            inside = [k for k, (a, b) in enumerate(places) if offsets[entity.start] <= a and b < offsets[entity.end]]
            entities += [Entity(inside[0], inside[-1] + 1, entity.label)] if inside else []
        made += [cut.with_entities(entities)] if cut.tokens else []
    return made


if __name__ == "__main__":
    language, train, dev, *folder = sys.argv[1:]
    made = TrainedRecognizer(language, Path(train), Path(dev))
    print(f"F1 {made.f1:.3f}")
    for place in folder:
        made.save(Path(place))
        print(f"F1 {f1_of(SpacyRecognizer(place), read(Path(dev), language)):.3f} as spacy:{place}")
