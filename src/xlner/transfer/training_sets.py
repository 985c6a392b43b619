"""Training data of recognizers: one set of labeled sentences per language."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.text.languages import canonical


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Labeled sentences of one language.

    - `language`: any code of the language.
    - `train`: the sentences to train on.
    - `dev`: the sentences to score after each epoch.
    - `origin`, `license`: the source of the sentences and their license, for the model card.

    Raises `UnknownNameError` for an unknown language.

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
    """The sets, sorted by language, with only the entities of these labels (by default all).

    Raises `ValidationError` if two sets have the same language, and `InputError` if there is nothing to learn: no
    sentences, no entities, or none with one of the labels.
    """
    languages = [s.language for s in sets]
    twice = next((code for code in languages if languages.count(code) > 1), None)
    if twice is not None:
        raise ValidationError(f"there are two training sets of language {twice}", hint="merge them")
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
