"""What a recognizer is trained on: labeled sentences, one set per language."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.text.languages import canonical


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Labeled sentences of one language: `train` to learn from, `dev` to measure on while learning.

    `origin` and `license` say where they come from and what may be done with them; both go to the model card.

    Raises `UnknownNameError` for a language that there is not.

    >>> TrainingSet("eng", [Sentence(("Vigo",))]).language
    'en'
    """

    language: str
    train: Sequence[Sentence]
    dev: Sequence[Sentence] = ()
    origin: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", canonical(self.language))


def checked(sets: Sequence[TrainingSet], labels: Collection[str] = ()) -> list[TrainingSet]:
    """The sets with the entities of these labels alone, of any label where none is given; sorted by language.

    Raises `ValidationError` where a language comes twice, `InputError` where there is nothing to learn: no sentences,
    no entities, or none with one of the labels.
    """
    languages = [s.language for s in sets]
    twice = next((code for code in languages if languages.count(code) > 1), None)
    if twice is not None:
        raise ValidationError(f"two training sets of language {twice}", hint="put their sentences into one set")
    if not any(s.train for s in sets):
        raise InputError("there are no sentences to train on")
    found = label_set(sets)
    if not found:
        raise InputError("no training sentence has an entity", hint="give labeled sentences, CoNLL or JSONL")
    missing = sorted(set(labels) - set(found))
    if missing:
        raise InputError(
            f"no training sentence has an entity with label {', '.join(missing)}", hint=f"labels: {', '.join(found)}"
        )
    return sorted((_with_labels(s, labels) for s in sets), key=lambda s: s.language)


def label_set(sets: Sequence[TrainingSet]) -> list[str]:
    """The labels of the training sentences, sorted.

    >>> from xlner import Entity
    >>> label_set([TrainingSet("en", [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))])])
    ['LOC']
    """
    return sorted({e.label for s in sets for sentence in s.train for e in sentence.entities})


def _with_labels(given: TrainingSet, labels: Collection[str]) -> TrainingSet:
    if not labels:
        return given
    train, dev = (
        [s.with_entities(e for e in s.entities if e.label in labels) for s in part] for part in (given.train, given.dev)
    )
    return replace(given, train=train, dev=dev)
