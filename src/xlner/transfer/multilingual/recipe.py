"""Recipes: which sets a recognizer is trained on, with which weights, and how."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from xlner.errors import InputError, UnknownNameError, ValidationError
from xlner.text.languages import canonical
from xlner.text.suggestions import closest, names_hint


@dataclass(frozen=True, slots=True)
class LabeledCorpus:
    """One labeled corpus of a recipe.

    - `name`: a unique name, for reports.
    - `language`: any code of the language.
    - `train`: a file of labeled sentences, relative to the folder of the data; empty if the set is for scoring only.
    - `dev`: a file to score after each epoch; may be empty.
    - `sentences`: draw at most so many of the training sentences.
    - `labels`: the types that are annotated in this set. Where a word of the set is `O`, it may have any other type of
      the recipe.
    - `style`: a name for its style of annotation if that differs from the plain one, for instance if titles are
      inside of persons. The recognizer learns what is special about a style, and labels texts in the plain one.
    - `license`, `origin`: for the model card.

    Raises `UnknownNameError` for an unknown language, and `ValidationError` if there is neither `train` nor `dev`.

    >>> LabeledCorpus("sli", "glg", train="gl/train.conll", sentences=1000).language
    'gl'
    """

    name: str
    language: str
    train: str = ""
    dev: str = ""
    sentences: int | None = None
    labels: tuple[str, ...] = ("PER", "ORG", "LOC")
    style: str = ""
    license: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", canonical(self.language))
        object.__setattr__(self, "labels", tuple(self.labels))
        if not (self.train or self.dev):
            raise ValidationError(f"set {self.name} has neither train nor dev")
        if self.sentences is not None and self.sentences < 1:
            raise ValidationError(f"set {self.name}: sentences {self.sentences} is not at least 1")


@dataclass(frozen=True, slots=True)
class MultilingualRecipe:
    """How to train a recognizer.

    - `name`, `license`: of the model.
    - `labels`: the types to learn.
    - `languages`: the style in which the recognizer labels a language, where that is not the plain one.
    - `classifiers`: the languages that get a classifier of their own after the layers are trained, and how strongly it
      is held to that of all languages; see `fit_classifiers`.
    - `classifier_sentences`: the largest number of training sentences of a set that such a classifier learns from.
    - `lower`: the number of layers of the encoder that are not trained. Their states are computed once.
    - `depth`: the number of layers of the encoder that are used, by default all. If it is `lower`, only the classifier
      is trained.
    - `epochs`, `batch_size`, `learning_rate`, `weight_decay`, `warm_up`, `dropout`: see `TrainingOptions`.
    - `averaging`: the weights of the model are a running average of those of the steps, which keeps this share of the
      average at each step; 0 takes the last weights.
    - `ciphered`: the share of further training sentences in which the letters of words outside of names are exchanged,
      see `xlner.transfer.multilingual.cipher`. Only sentences in Latin script are taken.
    - `dev_sentences`: the number of sentences of each dev set to score after each epoch.
    - `dtype`: the precision of matrix products, `bfloat16` or `float32`.
    - `seed`: determines everything that is random.

    Raises `ValidationError` for numbers out of range, two sets of one name, a style that no set has, and no training
    sentences; and `UnknownNameError` for an unknown language.

    >>> MultilingualRecipe((LabeledCorpus("sli", "gl", train="gl/train.conll"),), epochs=3).learning_rate
    0.0004
    """

    sets: tuple[LabeledCorpus, ...]
    name: str = "unnamed"
    license: str = ""
    labels: tuple[str, ...] = ("PER", "ORG", "LOC")
    languages: Mapping[str, str] = field(default_factory=dict)
    classifiers: Mapping[str, float] = field(default_factory=dict)
    classifier_sentences: int = 3000
    lower: int = 7
    depth: int | None = None
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 4e-4
    weight_decay: float = 0.01
    warm_up: float = 0.08
    dropout: float = 0.1
    averaging: float = 0.998
    ciphered: float = 0.0
    dev_sentences: int = 60
    dtype: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        names = [s.name for s in self.sets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValidationError(f"two sets are named {twice!r}")
        if not self.labels:
            raise ValidationError("labels is empty", hint="name at least one type")
        if not any(s.train for s in self.sets):
            raise ValidationError("no set has training sentences", hint='add a table [[sets]] with train = "FILE"')
        for s in self.sets:
            _check_labels(s, self.labels)
        object.__setattr__(self, "languages", {canonical(code): style for code, style in self.languages.items()})
        unknown = next((style for style in self.languages.values() if style not in self.styles), None)
        if unknown is not None:
            raise ValidationError(f"no set with training sentences has the style {unknown!r}")
        object.__setattr__(self, "classifiers", {canonical(code): ridge for code, ridge in self.classifiers.items()})
        for code, ridge in self.classifiers.items():
            if not (isinstance(ridge, (int, float)) and ridge > 0):
                raise ValidationError(f"classifiers: {ridge!r} for {code} is not a number above 0")
            style = self.languages.get(code, "")
            if not any(s.train and (s.language, s.style) == (code, style) for s in self.sets):
                raise ValidationError(
                    f"classifiers: no set with training sentences is in {code} and its style, {style or 'plain'}"
                )
        if self.dtype not in ("bfloat16", "float32"):
            raise ValidationError(f"unknown dtype {self.dtype!r}: bfloat16 or float32")
        for name, value, least, most in (
            ("epochs", self.epochs, 1, None),
            ("batch_size", self.batch_size, 1, None),
            ("classifier_sentences", self.classifier_sentences, 1, None),
            ("dev_sentences", self.dev_sentences, 0, None),
            ("lower", self.lower, 0, None),
            ("depth", self.lower if self.depth is None else self.depth, self.lower, None),
            ("seed", self.seed, 0, None),
            ("learning_rate", self.learning_rate, 0, None),
            ("weight_decay", self.weight_decay, 0, None),
            ("warm_up", self.warm_up, 0, 1),
            ("dropout", self.dropout, 0, 0.9),
            ("averaging", self.averaging, 0, 0.99999),
            ("ciphered", self.ciphered, 0, 10),
        ):
            if value < least or (most is not None and value > most):
                raise ValidationError(f"{name} {value} is not at least {least}{f' and at most {most}' * bool(most)}")

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles of the training sets besides the plain one."""
        return tuple(sorted({s.style for s in self.sets if s.train and s.style}))


def _check_labels(corpus: LabeledCorpus, learned: Sequence[str]) -> None:
    """Refuse types that look like typing errors: those that are not learned, but are similar to one that is."""
    for label in corpus.labels:
        near = None if label in learned else closest(label, learned)
        if near:
            raise ValidationError(
                f"set {corpus.name!r} has the type {label!r}, which is not in labels", hint=f"did you mean {near}?"
            )


_KINDS: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "int | None": int,
    "float": (int, float),
    "tuple[str, ...]": (list, tuple),
    "Mapping[str, str]": dict,
    "Mapping[str, float]": dict,
}
_NAMES = {
    "str": "text in quotes",
    "int": "a whole number",
    "int | None": "a whole number",
    "float": "a number",
    "tuple[str, ...]": "a list",
    "Mapping[str, str]": "a table",
    "Mapping[str, float]": "a table",
}


def read_multilingual_recipe(path: str | Path) -> MultilingualRecipe:
    """Read a recipe in TOML: the fields of `MultilingualRecipe`, and a table `[[sets]]` for each `LabeledCorpus`.

    Raises `InputError` if the file cannot be read, is not TOML, or has an unknown or unsuitable field.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile(suffix=".toml") as file:
    ...     _ = file.write(b'epochs = 2\\n[[sets]]\\nname = "sli"\\nlanguage = "gl"\\ntrain = "gl/train.conll"\\n')
    ...     file.flush()
    ...     read_multilingual_recipe(file.name).epochs
    2
    """
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is not TOML: {error}", path=path) from None
    tables = given.pop("sets", [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise InputError("sets is not a list of tables", path=path, hint="begin each set with a line [[sets]]")
    try:
        sets = tuple(_made(LabeledCorpus, table) for table in tables)
        recipe: MultilingualRecipe = _made(MultilingualRecipe, {**given, "sets": sets})
    except (ValidationError, UnknownNameError) as error:
        raise InputError(error.message, path=path, hint=error.hint) from None
    return recipe


def _made(kind: Any, table: Mapping[str, Any]) -> Any:
    known = {f.name: str(f.type) for f in fields(kind)}
    for name, value in table.items():
        if name not in known:
            raise ValidationError(f"unknown field {name!r}", hint=names_hint(name, sorted(known)))
        wanted = _KINDS.get(known[name], object)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ValidationError(f"{name} = {value!r} is not {_NAMES.get(known[name], 'of the right type')}")
    required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    missing = next((name for name in required if name not in table), None)
    if missing is not None:
        raise ValidationError(f"set {table.get('name', '')!r} has no {missing}", hint=f'add {missing} = "…"')
    return kind(**table)
