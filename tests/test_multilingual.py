"""The recognizer `multilingual`: its file, its training, and what it finds."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.test_e5 import EPSILON, HEADS, HIDDEN, IMAGE, INNER, LAYERS
from xlner import Entity, InputError, Sentence, ValidationError
from xlner.cli import app
from xlner.core.files import lock_folder
from xlner.errors import BackendError, RunFolderError, UnknownNameError, UsageError
from xlner.models.e5.states import E5States
from xlner.models.e5.transformer import Linear
from xlner.models.e5.upper_layers import (
    MATRICES,
    NORMS,
    Meta,
    quantize,
    read_upper_layers,
    write_classifiers,
    write_upper_layers,
)
from xlner.models.e5.weights import opened
from xlner.recognition.multilingual.recognizer import MultilingualRecognizer
from xlner.transfer import (
    LabeledCorpus,
    MultilingualRecipe,
    fit_classifiers,
    read_multilingual_recipe,
    train_multilingual,
)
from xlner.transfer.multilingual.cipher import Key, ciphered, in_latin_script
from xlner.transfer.multilingual.examples import KeptStates

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("e5") / "tiny.bin"
    path.write_bytes(IMAGE)
    return str(path)


def tensors(seed: int = 0, lower: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"qkv": (3 * HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN), "fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
    made = {}
    for i in range(LAYERS - lower):
        for name in MATRICES:
            made[f"l{i}.{name}.w"] = rng.normal(size=shapes[name]).astype(np.float32) / 8
            made[f"l{i}.{name}.b"] = rng.normal(size=shapes[name][0]).astype(np.float32) / 8
        for name in NORMS:
            made[f"l{i}.{name}"] = np.stack([np.ones(HIDDEN), np.zeros(HIDDEN)]).astype(np.float32)
    made["head.w"] = rng.normal(size=(len(TAGS), HIDDEN)).astype(np.float32)
    made["head.b"] = np.zeros(len(TAGS), dtype=np.float32)
    return made


META = Meta("tiny", 1, HEADS, EPSILON, TAGS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.npz"
    write_upper_layers(path, META, tensors())
    return path


# --- The file ---


@given(st.lists(st.lists(st.floats(-10, 10, width=32), min_size=3, max_size=3), min_size=1, max_size=4))
def test_a_quantized_weight_is_within_half_a_step(rows: list[list[float]]) -> None:
    matrix = np.array(rows, dtype=np.float32)
    numbers, scale = quantize(matrix)
    assert np.all(np.abs(numbers * scale[:, None] - matrix) <= scale[:, None] * 0.501)


def test_what_is_written_is_read(model: Path) -> None:
    tuned = read_upper_layers(model)
    assert tuned.meta == META
    assert len(tuned.layers) == LAYERS - 1
    np.testing.assert_array_equal(tuned.head.weight, tensors()["head.w"].T)


@pytest.mark.parametrize("size", [0, 10, 3000])
def test_a_damaged_file_is_named(model: Path, tmp_path: Path, size: int) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(model.read_bytes()[:size])
    with pytest.raises(BackendError, match=r"broken\.npz"):
        read_upper_layers(broken)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    write_upper_layers(tmp_path / "a.npz", dataclasses.replace(META, format=99), tensors())
    with pytest.raises(BackendError, match="has format 99"):
        read_upper_layers(tmp_path / "a.npz")


def test_a_missing_file_is_named(encoder: str) -> None:
    with pytest.raises(BackendError, match=r"cannot read nothing\.npz"):
        MultilingualRecognizer("nothing.npz", path=encoder)


# --- The recognizer ---


def recognizer(model: Path, encoder: str, **options: object) -> MultilingualRecognizer:
    return MultilingualRecognizer(str(model), path=encoder, **options)  # type: ignore[arg-type]


def sentences(*texts: str) -> list[Sentence]:
    return [Sentence(tuple(text.split(" "))) for text in texts]


STYLED = dataclasses.replace(META, styles=("old", "titles"), languages={"zu": "titles"})


@pytest.mark.parametrize(("style", "place"), [("plain", 0), ("old", 1), ("titles", 2)])
def test_probabilities_are_those_of_the_network_in_pytorch(
    encoder: str, tmp_path: Path, style: str, place: int
) -> None:
    torch = pytest.importorskip("torch")
    from xlner.models.e5.weights import E5File
    from xlner.transfer.multilingual.examples import Sequences
    from xlner.transfer.multilingual.network import Dropout, Network, batch_tensors

    torch.manual_seed(0)
    network = Network(E5File(Path(encoder)), range(1, LAYERS), len(TAGS), 2, Dropout(0.1, seed=0))
    torch.nn.init.normal_(network.styles)
    write_upper_layers(tmp_path / "m.npz", STYLED, network.tensors())
    given = sentences("the cat ab", "dog", "red house the blue cats")
    states = E5States(1, path=encoder)
    made = Sequences.of(given, states)
    with torch.no_grad():
        logits = network(
            *batch_tensors([r.astype(np.float16) for r in states(made.ids)], made.firsts, [place] * len(made.firsts))
        )
    expected = torch.softmax(logits, -1).numpy()
    found = np.concatenate(recognizer(tmp_path / "m.npz", encoder, style=style).probabilities(given))
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("lower", [1, LAYERS])
def test_a_language_is_labeled_in_its_style(encoder: str, tmp_path: Path, lower: int) -> None:
    styles = np.random.default_rng(5).normal(size=(2, HIDDEN)).astype(np.float32)
    meta = dataclasses.replace(STYLED, lower=lower)
    write_upper_layers(tmp_path / "m.npz", meta, {**tensors(lower=lower), "styles": styles})
    tokens = ("the", "cat")
    mixed = [Sentence(tokens, language=code) for code in ("zu", "es", None, "zu")]
    auto, titles, plain = (
        recognizer(tmp_path / "m.npz", encoder, style=style).probabilities(mixed)
        for style in ("auto", "titles", "plain")
    )
    for k, expected in enumerate((titles, plain, plain, titles)):
        np.testing.assert_allclose(auto[k], expected[k], atol=1e-6)
    assert not np.allclose(titles[0], plain[0], atol=1e-3)
    with pytest.raises(UnknownNameError, match="unknown style 'new'; one of auto, plain, old, titles"):
        recognizer(tmp_path / "m.npz", encoder, style="new")


def test_a_language_with_a_classifier_is_labeled_with_it(model: Path, encoder: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    own = Linear(rng.normal(size=(HIDDEN, len(TAGS))).astype(np.float32), np.zeros(len(TAGS), np.float32))
    write_classifiers(model, tmp_path / "m.npz", {"zu": own})
    tuned = read_upper_layers(tmp_path / "m.npz")
    assert tuned.meta == dataclasses.replace(META, classifiers=("zu",))
    np.testing.assert_array_equal(tuned.classifiers["zu"].weight, own.weight.astype(np.float16))
    tokens = ("the", "cat")
    mixed = [Sentence(tokens, language=code) for code in ("zu", "es", None)]
    shared = recognizer(model, encoder).probabilities(mixed)
    auto, plain = (recognizer(tmp_path / "m.npz", encoder, style=s).probabilities(mixed) for s in ("auto", "plain"))
    for k in (0, 1, 2):
        np.testing.assert_allclose(plain[k], shared[k], atol=1e-6)
    for k in (1, 2):
        np.testing.assert_allclose(auto[k], shared[k], atol=1e-6)
    assert not np.allclose(auto[0], shared[0], atol=1e-2)
    write_classifiers(tmp_path / "m.npz", tmp_path / "m.npz", {})
    assert read_upper_layers(tmp_path / "m.npz").meta == META


def test_results_do_not_depend_on_the_batch(model: Path, encoder: str) -> None:
    one = recognizer(model, encoder)
    given = sentences("the cat", "a dog sings", "the cat", "red house")
    together = one.probabilities(given)
    for sentence, rows in zip(given, together, strict=True):
        np.testing.assert_allclose(one.probabilities([sentence])[0], rows, atol=1e-6)


def test_a_word_without_sub_words_is_outside(model: Path, encoder: str) -> None:
    rows = recognizer(model, encoder).probabilities([Sentence(("cat", "\u200b"))])[0]
    assert rows[1].tolist() == [1, 0, 0, 0, 0]
    assert recognizer(model, encoder).recognize([Sentence(("\u200b",)), Sentence(())]) == [[], []]


def test_long_sentences_are_read_to_their_end(model: Path, encoder: str) -> None:
    long = Sentence(tuple(itertools.islice(itertools.cycle(["cat", "dog", "the"]), 300)))
    rows = recognizer(model, encoder).probabilities([long])[0]
    assert rows.shape == (300, 5)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_only_valid_sequences_are_found(encoder: str, tmp_path: Path) -> None:
    weights = tensors()
    weights["head.w"] *= 0
    weights["head.b"] = np.array([0, -9, 3, -9, -9], dtype=np.float32)  # I-PER is most likely everywhere
    write_upper_layers(tmp_path / "m.npz", META, weights)
    assert recognizer(tmp_path / "m.npz", encoder).recognize(sentences("the cat the dog"))[0][0].start == 0


def test_labels_are_mapped(model: Path, encoder: str) -> None:
    one = recognizer(model, encoder, labels="PER=LOC")
    assert list(one.classes) == ["O", "B-LOC", "I-LOC"]
    assert all(e.label == "LOC" for found in one.recognize(sentences("the cat ab dog")) for e in found)


def test_the_fingerprint_is_that_of_the_weights(model: Path, encoder: str, tmp_path: Path) -> None:
    write_upper_layers(tmp_path / "other.npz", META, tensors(seed=1))
    assert recognizer(tmp_path / "other.npz", encoder).fingerprint != recognizer(model, encoder).fingerprint


def test_it_pickles_and_tells_what_it_is(model: Path, encoder: str) -> None:
    one = recognizer(model, encoder, threads=1)
    again = pickle.loads(pickle.dumps(one))
    assert again.fingerprint == one.fingerprint
    assert again.recognize(sentences("the cat")) == one.recognize(sentences("the cat"))
    assert "threads" not in one.fingerprint
    assert "weights=" in one.fingerprint
    assert one.summary == "tiny"


def test_numbers_out_of_range(model: Path, encoder: str) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        recognizer(model, encoder, threads=0)


# --- Sub-words of scripts without spaces ---


def test_the_mark_of_a_space_is_not_a_sub_word_of_its_own_in_scripts_without_spaces(encoder: str) -> None:
    states = E5States(1, path=encoder)
    thai, latin = states.subwords([Sentence(("กา",)), Sentence(("xyz",))])
    mark = 4
    assert mark not in thai.ids
    assert latin.ids[0] == mark


# --- Ciphered sentences ---


@given(st.integers(0, 1000))
def test_ciphering_keeps_entities_and_everything_that_is_not_a_word(seed: int) -> None:
    given = Sentence(("The", "king", "of", "Spain", "visits", "NATO", "in", "2020", "."), (Entity(3, 4, "LOC"),))
    made = ciphered(given, Key.draw(np.random.default_rng(seed)))
    assert made.entities == given.entities
    assert [made.tokens[i] for i in (3, 5, 7, 8)] == ["Spain", "NATO", "2020", "."]
    assert made.tokens[0][0].isupper()
    assert len(made) == len(given)


def test_a_key_exchanges_letters_one_for_one() -> None:
    for seed in range(20):
        key = Key.draw(np.random.default_rng(seed))
        assert sorted(key.letters) == sorted(key.letters.values())
        assert {key.letters[v] for v in "aeiou"} == set("aeiou")


def test_only_latin_sentences_with_names_are_ciphered() -> None:
    latin = Sentence(("a", "Vigo"), (Entity(1, 2, "LOC"),))
    greek = Sentence(("η", "Αθήνα"), (Entity(1, 2, "LOC"),))
    assert in_latin_script([latin, greek, Sentence(("a", "b"))]) == [latin]


# --- Recipes ---

SET = LabeledCorpus("a", "en", train="a.conll", labels=("PER", "LOC"))


def recipe(**changes: object) -> MultilingualRecipe:
    usual: dict[str, object] = {
        "sets": (dataclasses.replace(SET, dev="a.conll"),),
        "name": "tiny",
        "labels": ("PER", "LOC"),
        "lower": 1,
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 1e-2,
        "averaging": 0.5,
        "dtype": "float32",
    }
    return MultilingualRecipe(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = ", "is not TOML"),
        ("epochs = 0\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "epochs 0 is not at least 1"),
        ("speed = 3", "unknown field 'speed'"),
        ("sets = 3", "sets is not a list of tables; begin each set"),
        ("[sets]\nname='a'", "sets is not a list of tables"),
        ("labels = []\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "labels is empty"),
        (
            "[[sets]]\nname='a'\nlanguage='en'\ntrain='a'\nlabels=['LOK']",
            "'LOK', which is not in labels; did you mean LOC",
        ),
        ("epochs = '3'", "epochs = '3' is not a whole number"),
        ("learning_rate = -1\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "learning_rate -1 is not at least 0"),
        ("[[sets]]\nname='a'\nlanguage='xq'\ntrain='a'", "xq"),
        ("[[sets]]\nlanguage='en'\ntrain='a'", "has no name"),
        ("labels = 'PER'", "labels = 'PER' is not a list"),
        ("", "no set has training sentences"),
        ("[[sets]]\nname='a'\nlanguage='en'", "set a has neither train nor dev"),
        ("[[sets]]\nname='a'\nlanguage='en'\ntrain='a'\nsentences=0", "sentences 0"),
        ("[[sets]]\nname='a'\nlanguage='en'\ntrain='a'\n" * 2, "two sets are named 'a'"),
        ("[languages]\nen='x'\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "no set .* has the style 'x'"),
        ("languages = 3", "languages = 3 is not a table"),
        ("[languages]\nen=3\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "no set .* has the style 3"),
        ("[classifiers]\nen=0\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "0 for en is not a number above 0"),
        ("[classifiers]\nen='x'\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "'x' for en is not a number above 0"),
        ("[classifiers]\nde=1\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "no set with .* is in de"),
        (
            "[classifiers]\nen=1\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'\nstyle='old'",
            "no set with .* is in en and its style, plain",
        ),
        ("lower=2\ndepth=1\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "depth 1 is not at least 2"),
        ("dtype='int8'\n[[sets]]\nname='a'\nlanguage='en'\ntrain='a'", "unknown dtype 'int8'"),
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_multilingual_recipe(tmp_path / "r.toml")
    assert "r.toml" in str(error.value)


def test_a_recipe_is_read(tmp_path: Path) -> None:
    text = 'name = "n"\nepochs = 2\n[[sets]]\nname = "a"\nlanguage = "eng"\ntrain = "a.conll"\nlabels = ["PER"]\n'
    (tmp_path / "r.toml").write_text(text)
    expected = LabeledCorpus("a", "en", train="a.conll", labels=("PER",))
    read = read_multilingual_recipe(tmp_path / "r.toml")
    assert (read.name, read.epochs, read.sets) == ("n", 2, (expected,))


# --- Training ---

WORDS = ("the", "a", "cat", "dog", "red", "sings")


def corpus(n: int = 60, seed: int = 0) -> list[Sentence]:
    """Sentences in which `house` is a place and `blue` a person."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        tokens = [str(rng.choice(WORDS)) for _ in range(5)]
        where = int(rng.integers(5))
        name, label = ("house", "LOC") if rng.integers(2) else ("blue", "PER")
        tokens[where] = name
        made.append(Sentence(tuple(tokens), (Entity(where, where + 1, label),)))
    return made


def read(s: LabeledCorpus, part: str) -> Sequence[Sentence]:
    return corpus(seed=0 if part == "train" else 1)


@pytest.fixture(scope="module", autouse=True)
def _needs_torch() -> None:
    pytest.importorskip("torch")


def test_training_learns(encoder: str, tmp_path: Path) -> None:
    report = train_multilingual(recipe(epochs=10), read, tmp_path / "m.npz", encoder=encoder)
    assert report.losses[-1] < report.losses[0] / 2
    assert report.dev[-1]["a"] > 0.9
    found = recognizer(tmp_path / "m.npz", encoder).recognize(sentences("the cat blue a"))[0]
    assert [(e.start, e.end, e.label) for e in found] == [(2, 3, "PER")]
    assert not list(tmp_path.glob("*.training"))
    assert read_upper_layers(tmp_path / "m.npz").meta.temperature == report.temperature


def test_a_set_in_another_style_does_not_change_the_plain_one(encoder: str, tmp_path: Path) -> None:
    """One of two sets labels nothing."""
    other = dataclasses.replace(SET, name="b", language="zu", style="bare")

    def read_both(s: LabeledCorpus, part: str) -> Sequence[Sentence]:
        return [sentence.with_entities(()) for sentence in read(s, part)] if s.name == "b" else read(s, part)

    both = recipe(sets=(dataclasses.replace(SET, dev="a.conll"), other), languages={"zul": "bare"}, epochs=15)
    report = train_multilingual(both, read_both, tmp_path / "m.npz", encoder=encoder)
    assert report.dev[-1]["a"] > 0.9
    one = recognizer(tmp_path / "m.npz", encoder)
    for language, labels in (("en", ["PER"]), ("zu", [])):
        found = one.recognize([Sentence(("the", "cat", "blue", "a"), language=language)])[0]
        assert [e.label for e in found] == labels


def test_a_classifier_follows_the_sets_of_its_language_and_changes_no_other(encoder: str, tmp_path: Path) -> None:
    """In one language of two, the names of persons are those of places."""
    other = dataclasses.replace(SET, name="b", language="zu", dev="b.conll")

    def read_both(s: LabeledCorpus, part: str) -> Sequence[Sentence]:
        if s.name == "a":
            return read(s, part)
        return [x.with_entities(dataclasses.replace(e, label="LOC") for e in x.entities) for x in read(s, part)]

    chosen = recipe(epochs=10)
    train_multilingual(chosen, read, tmp_path / "m.npz", encoder=encoder)
    given = [Sentence(("the", "cat", "blue", "a"), language=code) for code in ("en", "zu")]
    before = recognizer(tmp_path / "m.npz", encoder).probabilities(given)

    def fitted(ridge: float) -> list[np.ndarray]:
        both = dataclasses.replace(chosen, sets=(*chosen.sets, other), classifiers={"zul": ridge})
        counts = fit_classifiers(both, read_both, tmp_path / "m.npz", tmp_path / "own.npz", encoder=encoder)
        assert counts == {"zu": 60}
        return recognizer(tmp_path / "own.npz", encoder).probabilities(given)

    loose, tight = fitted(1e-5), fitted(1e6)
    for k, label in enumerate(["B-PER", "B-LOC"]):
        assert recognizer(tmp_path / "m.npz", encoder).classes[loose[k][2].argmax()] == label
    np.testing.assert_array_equal(loose[0], before[0])
    assert tight[1].argmax(axis=1).tolist() == before[1].argmax(axis=1).tolist()


def test_a_classifier_without_sentences_is_an_error(model: Path, encoder: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="classifier of en"):
        fit_classifiers(recipe(classifiers={"en": 1}), lambda s, part: [], model, tmp_path / "m.npz", encoder=encoder)


def test_a_classifier_follows_the_style_in_which_the_layers_label_its_language(encoder: str, tmp_path: Path) -> None:
    styles = np.random.default_rng(5).normal(size=(2, HIDDEN)).astype(np.float32)
    write_upper_layers(tmp_path / "m.npz", STYLED, {**tensors(), "styles": styles})
    sets = (dataclasses.replace(SET, language="zu"), dataclasses.replace(SET, name="b", language="zu", style="titles"))
    chosen = recipe(sets=sets, classifiers={"zu": 1e-5})
    half = lambda s, part: corpus()[:30] if s.style else corpus()  # noqa: E731
    assert fit_classifiers(chosen, half, tmp_path / "m.npz", tmp_path / "own.npz", encoder=encoder) == {"zu": 30}
    found = recognizer(tmp_path / "own.npz", encoder).recognize([Sentence(("the", "cat", "blue"), language="zu")])[0]
    assert [(e.start, e.label) for e in found] == [(2, "PER")]
    with pytest.raises(InputError, match="for the classifier of zu in the style titles"):
        fit_classifiers(
            dataclasses.replace(chosen, sets=sets[:1]), half, tmp_path / "m.npz", tmp_path / "x.npz", encoder=encoder
        )
    with pytest.raises(ValidationError, match="names no language"):
        fit_classifiers(recipe(), read, tmp_path / "m.npz", tmp_path / "x.npz", encoder=encoder)


class KilledError(Exception):
    pass


def test_a_training_that_was_killed_before_its_classifiers_resumes_to_the_same_file(
    encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = recipe(depth=1, epochs=1, classifiers={"en": 1e-3}, classifier_sentences=10)
    train_multilingual(chosen, read, tmp_path / "whole.npz", encoder=encoder)

    def kill(*given: object, **options: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("xlner.transfer.multilingual.training.fit_classifiers", kill)
        with pytest.raises(KilledError):
            train_multilingual(chosen, read, tmp_path / "m.npz", encoder=encoder)
    report = train_multilingual(chosen, read, tmp_path / "m.npz", encoder=encoder)
    assert report.steps == 15
    assert read_upper_layers(tmp_path / "m.npz").meta.classifiers == ("en",)
    assert (tmp_path / "m.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()
    assert not (tmp_path / "m.npz.training").exists()


def test_a_killed_training_resumes_to_the_same_file(encoder: str, tmp_path: Path) -> None:
    train_multilingual(recipe(), read, tmp_path / "whole.npz", encoder=encoder)

    def kill(step: int, steps: int, loss: float) -> None:
        if step == 19:
            raise KilledError

    with pytest.raises(KilledError):
        train_multilingual(recipe(), read, tmp_path / "m.npz", encoder=encoder, checkpoint_every=4, on_step=kill)
    with pytest.raises(RunFolderError, match="another epochs"):
        train_multilingual(recipe(epochs=3), read, tmp_path / "m.npz", encoder=encoder)
    train_multilingual(recipe(), read, tmp_path / "m.npz", encoder=encoder)
    assert (tmp_path / "m.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_a_word_outside_may_have_a_type_that_its_set_does_not_annotate(encoder: str, tmp_path: Path) -> None:
    """A set without PER does not teach that `blue` is O; a set with PER does."""

    def parts(s: LabeledCorpus, part: str) -> Sequence[Sentence]:
        return [x.with_entities(e for e in x.entities if e.label == "LOC") for x in corpus()]

    def probability_of_person(*labels: str) -> float:
        sets = (dataclasses.replace(SET, labels=labels),)
        train_multilingual(recipe(sets=sets, epochs=3), parts, tmp_path / "m.npz", encoder=encoder, overwrite=True)
        rows = np.concatenate(recognizer(tmp_path / "m.npz", encoder).probabilities(sentences("the blue cat")))
        return float(rows[1, 1:3].sum())

    assert probability_of_person("LOC") > 5 * probability_of_person("PER", "LOC")


def test_a_training_that_another_process_runs_is_refused_before_anything_is_computed(
    encoder: str, tmp_path: Path
) -> None:
    with (
        lock_folder(tmp_path / "m.npz.training", "training folder"),
        pytest.raises(RunFolderError, match="in use by another process"),
    ):
        train_multilingual(recipe(), read, tmp_path / "m.npz", encoder=encoder)
    assert not list((tmp_path / "m.npz.training").glob("*.f16"))


def test_states_are_kept_for_later_trainings(encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    usual = E5States.__call__

    def counted(self: E5States, sequences: Sequence[Sequence[int]], shift: object = None) -> object:
        computed.append(len(sequences))
        return usual(self, sequences)

    monkeypatch.setattr(E5States, "__call__", counted)
    folder = tmp_path / "states"
    sequences = [[5, 6, 7], [5, 6], [5, 6, 8, 9]]
    states = E5States(1, path=encoder, engine="numpy")
    first, second = KeptStates(sequences[:2], states, folder), KeptStates(sequences[::-1], states, folder)
    expected = usual(states, sequences)
    assert np.allclose(first[0], expected[0], atol=1e-2)
    for k, rows in enumerate(expected[::-1]):
        assert np.allclose(second[k], rows, atol=1e-2)
    assert computed == [2, 1]
    deeper = KeptStates(sequences[:2], E5States(LAYERS, path=encoder, engine="numpy"), folder)
    assert not np.allclose(deeper[0], expected[0], atol=1e-2)
    assert computed == [2, 1, 2]
    rows, keys = min(folder.glob("*.f16")), max(folder.glob("*.npz"))
    rows.unlink()
    keys.write_bytes(keys.read_bytes()[:-40])
    again = KeptStates(sequences, states, folder)
    for k, expected_rows in enumerate(expected):
        assert np.allclose(again[k], expected_rows, atol=1e-2)


def test_only_the_classifier_is_trained(encoder: str, tmp_path: Path) -> None:
    options = recipe(lower=1, depth=1, epochs=20, learning_rate=0.1)
    report = train_multilingual(options, read, tmp_path / "m.npz", encoder=encoder)
    assert report.losses[-1] < report.losses[0] / 2
    assert read_upper_layers(tmp_path / "m.npz").layers == ()
    found = recognizer(tmp_path / "m.npz", encoder).recognize(sentences("the cat blue a"))[0]
    assert [(e.start, e.end, e.label) for e in found] == [(2, 3, "PER")]


def test_nothing_to_learn_is_an_error(encoder: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sentences"):
        train_multilingual(recipe(), lambda s, part: [], tmp_path / "m.npz", encoder=encoder)
    with pytest.raises(ValidationError, match="no layer to train"):
        train_multilingual(recipe(lower=LAYERS), read, tmp_path / "m.npz", encoder=encoder)
    with pytest.raises(ValidationError, match=f"depth {LAYERS + 1} is more than the {LAYERS} layers"):
        train_multilingual(recipe(depth=LAYERS + 1), read, tmp_path / "m.npz", encoder=encoder)


def test_the_command(encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.models.e5.states.installed_path", lambda: Path(encoder))
    monkeypatch.setattr("xlner.transfer.multilingual.training.installed_path", lambda: Path(encoder))
    lines = ["\n".join(f"{w}\t{t}" for w, t in zip(s.tokens, s.tags(), strict=True)) for s in corpus()]
    (tmp_path / "a.conll").write_text("\n\n".join(lines) + "\n")
    text = 'name = "n"\nlabels = ["PER", "LOC"]\nlower = 1\nepochs = 1\ndtype = "float32"\nciphered = 0.5\n'
    table = '[[sets]]\nname = "a"\nlanguage = "en"\ntrain = "a.conll"\ndev = "a.conll"\nlabels = ["PER", "LOC"]\n'
    (tmp_path / "r.toml").write_text(text + table)
    arguments = [str(tmp_path / "r.toml"), "--data", str(tmp_path), "-o", str(tmp_path / "m.npz"), "--json"]
    result = CliRunner().invoke(app, ["train-multilingual", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sentences"] == {"a": 60, "a, ciphered": 30}
    assert read_upper_layers(tmp_path / "m.npz").meta.name == "n"
    (tmp_path / "r.toml").write_text(text + "[classifiers]\nen = 0.1\n" + table)
    own = [*arguments[:3], "--layers", str(tmp_path / "m.npz"), "-o", str(tmp_path / "own.npz")]
    result = CliRunner().invoke(app, ["train-multilingual", *own, "--json"], catch_exceptions=False)
    assert json.loads(result.stdout) == {"classifiers": {"en": 60}}
    assert "classifier of en: 60 sentences" in result.stderr
    assert read_upper_layers(tmp_path / "own.npz").meta.classifiers == ("en",)
    for option in (["--states", str(tmp_path)], ["--checkpoint-every", "5"], ["--overwrite"]):
        result = CliRunner().invoke(app, ["train-multilingual", *own, *option])
        assert isinstance(result.exception, UsageError), option
        assert f"--layers has no use for {option[0]}" in str(result.exception)
    missing = CliRunner().invoke(app, ["train-multilingual", arguments[0], *arguments[3:]])
    assert missing.exit_code != 0


# --- Shared states ---


def test_states_that_an_aligner_has_computed_are_not_computed_again(
    model: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlner import Pair
    from xlner.alignment import E5Aligner
    from xlner.models.e5.shared_states import shared_states
    from xlner.models.e5.transformer import E5Transformer

    shared_states.cache_clear()
    alone = recognizer(model, encoder).probabilities(sentences("the cat", "a dog"))
    shared_states.cache_clear()
    computed: list[int] = []
    compute = E5Transformer.__call__

    def counted(self: E5Transformer, given: Sequence[Sequence[int]]) -> list[np.ndarray]:
        computed.append(len(given))
        return compute(self, given)

    monkeypatch.setattr(E5Transformer, "__call__", counted)
    one, aligner = recognizer(model, encoder), E5Aligner(layer=1, path=encoder)
    source, target = sentences("the cat", "a dog")
    aligner.align([Pair(target, source)])
    together = one.probabilities([source, target])
    assert sum(computed) == 2
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_repeated_sentence_is_computed_once(encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlner.models.e5 import shared_states as module

    module.shared_states.cache_clear()
    monkeypatch.setattr(module, "REMEMBERED_ALONE", 8)
    states = E5States(1, path=encoder)
    shared = module.shared_states(opened(Path(encoder)), 1, "numpy")
    computed: list[list[int]] = []
    compute = shared.transformer

    class Counted:
        max_length = compute.max_length

        def __call__(self, sequences: Sequence[Sequence[int]]) -> list[np.ndarray]:
            computed.extend(map(list, sequences))
            return compute(sequences)

    shared.transformer = Counted()
    (first,) = states([[5, 6, 7]])
    for other in range(8, 12):
        states([[5, 6, other]])
        (again,) = states([[5, 6, 7]])  # read again, so that others are forgotten before it
        assert (again == first).all()
    assert computed.count([5, 6, 7]) == 1
    assert len(computed) == 5
    states([[5, 6, 8]])
    assert len(computed) == 6


def test_states_are_remembered_up_to_a_limit(model: Path, encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlner.models.e5.shared_states import shared_states

    shared_states.cache_clear()
    monkeypatch.setattr("xlner.models.e5.shared_states.REMEMBERED", 20)
    one, other = E5States(1, path=encoder), E5States(1, path=encoder)
    for k in range(10):
        one([[5, 6, 7, 8 + k]])
    shared = shared_states(opened(Path(encoder)), 1, "numpy")
    assert shared._size <= 20
    assert other([[5, 6, 7, 17]])[0].shape == (4, HIDDEN)
