from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.conftest import Command
from xlner import (
    BackendError,
    Ensemble,
    Entity,
    InputError,
    Pair,
    Pipeline,
    RecognitionPipeline,
    Sentence,
    ValidationError,
    load,
    read_pairs,
    write_pairs,
)
from xlner.core.pair import Member
from xlner.core.tags import Repair, decode
from xlner.errors import MissingArgumentError, StageError, UnknownNameError, UsageError
from xlner.evaluation import ErrorStage, find_errors
from xlner.fakes import DictionaryRecognizer, EchoTranslator
from xlner.recognition.ensemble import EnsembleRecognizer
from xlner.recognition.votes import Vote, check_weights, decode_entities, mean_probabilities, votes_of

CLASSES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


class Told:
    """Says the class probabilities that it was told; of other words that they are outside."""

    def __init__(self, rows: dict[str, Sequence[float]], classes: Sequence[str] = CLASSES) -> None:
        self.rows, self.classes = rows, tuple(classes)
        self.fingerprint = f"told {sorted(rows)}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        tags = [[self.classes[int(np.argmax(row))] for row in p] for p in self.probabilities(sentences)]
        return [list(decode(t).entities) for t in tags]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
        outside = [1.0] + [0.0] * (len(self.classes) - 1)
        if any("stop" in s.tokens for s in sentences):
            raise StageError("told to stop")
        return [np.array([self.rows.get(t, outside) for t in s.tokens]).reshape(-1, len(outside)) for s in sentences]


def pipeline(recognizer: object, **options: object) -> Pipeline:
    return Pipeline("echo", recognizer, "oracle", "heuristic", target_lang="gl", on_warning=None, **options)  # type: ignore[arg-type]


def entities(runner: Ensemble | Pipeline, *texts: str) -> list[list[tuple[int, int, str]]]:
    return [[(e.start, e.end, e.label) for e in p.labeled.entities] for p in runner.run_texts(texts)]


@st.composite
def distributions(draw: st.DrawFn, classes: Sequence[str] = CLASSES) -> Vote:
    n = draw(st.shared(st.integers(0, 5), key="words"))
    raw = draw(arrays(np.float64, (n, len(classes)), elements=st.floats(0.01, 1)))
    vote = Vote.of_probabilities(classes, raw / raw.sum(axis=1, keepdims=True))
    return Vote(vote.labels, draw(arrays(np.float64, n, elements=st.just(0.0) | st.floats(0.001, 1))))


votes = st.one_of(distributions(), distributions(("O", "LOC", "ORG")), distributions(("B-PER", "I-PER", "O")))
weighted = st.lists(st.tuples(votes, st.floats(0.1, 3)), min_size=1, max_size=4)


@given(weighted)
def test_a_mean_of_distributions_is_one_and_makes_valid_tags(members: list[tuple[Vote, float]]) -> None:
    given_votes, weights = zip(*members, strict=True)
    classes, p = mean_probabilities(given_votes, weights)
    assert p.shape == (len(given_votes[0].weights), len(classes))
    assert (p >= 0).all()
    assert np.allclose(p.sum(axis=1), 1)
    found = decode_entities(classes, p)
    sentence = Sentence(tuple("abcde"[: len(p)]), tuple(found))
    assert list(decode(sentence.tags(), repair=Repair.NONE).entities) == [Entity(*e.span, e.label) for e in found]
    assert all(e.score is not None and 0 <= e.score <= 1 for e in found)


@given(weighted, st.floats(0.5, 4), st.randoms())
def test_the_mean_knows_neither_order_nor_unit_of_weights(
    members: list[tuple[Vote, float]], factor: float, random: object
) -> None:
    mixed = list(members)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    classes, p = mean_probabilities([v for v, _ in members], [w for _, w in members])
    others, q = mean_probabilities([v for v, _ in mixed], [factor * w for _, w in mixed])
    assert classes == others
    assert np.allclose(p, q)


@given(weighted)
def test_the_mean_is_that_of_the_formula(members: list[tuple[Vote, float]]) -> None:
    classes, p = mean_probabilities([v for v, _ in members], [w for _, w in members])
    for word in range(len(p)):
        total = sum(w * v.weights[word] for v, w in members)
        for column, name in enumerate(classes[1:], start=1):
            of_label = [(v.labels.get(name[2:]), w * v.weights[word]) for v, w in members]
            said = sum(share * rows[word, "BI".index(name[0])] for rows, share in of_label if rows is not None)
            assert p[word, column] == pytest.approx(said / total if total else 0.0, abs=1e-9)


def test_a_member_of_no_weight_changes_nothing() -> None:
    one, other = Vote.of_entities([Entity(0, 2, "PER")], 2), Vote.of_entities([Entity(0, 1, "LOC")], 2)
    assert decode_entities(*mean_probabilities([one, other], [1, 0])) == decode_entities(
        *mean_probabilities([one], [1])
    )
    nothing = Vote({}, np.zeros(2))
    assert mean_probabilities([nothing], [1])[1].tolist() == [[1.0], [1.0]]


@given(arrays(np.float64, st.tuples(st.integers(0, 6), st.just(1)), elements=st.floats(0, 1)))
def test_labels_without_prefix_keep_their_probability(column: np.ndarray) -> None:
    vote = Vote.of_probabilities(["O", "PER"], np.hstack([1 - column, column]))
    assert np.allclose(vote.labels["PER"].sum(axis=1), column[:, 0])
    assert (vote.labels["PER"] >= 0).all()
    if len(column):
        assert vote.labels["PER"][0, 1] == 0


def test_probabilities_that_do_not_fit() -> None:
    with pytest.raises(ValidationError, match=r"shape \(1, 2\) do not fit 3 classes"):
        Vote.of_probabilities(["O", "B-PER", "I-PER"], np.ones((1, 2)))

    class Short(Told):
        def probabilities(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
            return [p[1:] for p in super().probabilities(sentences)]

    class Silent(DictionaryRecognizer):
        def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
            return []

    with pytest.raises(ValidationError, match="class probabilities of 0 words for 1"):
        votes_of(Short({}), [Sentence(("a",))])
    with pytest.raises(StageError, match="gave 0 results for 1 input"):
        votes_of(Silent({}), [Sentence(("a",))])


@pytest.mark.parametrize(
    ("weights", "match"),
    [([1], "1 weight for 2"), ([1, -1], "must not be negative"), ([0, 0], "nor all 0"), ([1, float("nan")], "nan")],
)
def test_weights_that_make_no_sense(weights: list[float], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        check_weights(weights, 2)


def test_projection_hands_the_probabilities_of_the_source_on() -> None:
    source = Told({"Ana": [0.2, 0, 0, 0.8, 0], "Pardo": [0.2, 0.2, 0, 0, 0.6]})
    target = Told({"Ana": [0.9, 0, 0, 0.1, 0], "Pardo": [0.9, 0, 0, 0, 0.1]})
    ensemble = Ensemble(pipeline(source), [target])
    (pair,) = ensemble.run_texts(["Ana Pardo"])
    # q(PER) = 0.7 of both words; with the other member's 0.1 that makes 0.4, and O has 0.55
    assert pair.labeled.entities == ()
    (sure,) = Ensemble(pipeline(source), [target], weights=[3, 1]).run_texts(["Ana Pardo"])
    assert sure.labeled.entities == (Entity(0, 2, "PER", 0.55),)
    assert sure.projection is not None
    assert [o.entity.label for o in sure.projection.outcomes] == ["PER"]


def test_what_is_said_of_words_without_projection() -> None:
    target = Told({"Vigo": [0.4, 0.6, 0, 0, 0]})
    quiet = pipeline(DictionaryRecognizer({"Ana": "PER"}))
    assert entities(Ensemble(quiet, [target]), "Ana Vigo") == [[(1, 2, "LOC")]]
    assert entities(Ensemble(quiet, [target], unprojected="O"), "Ana Vigo") == [[]]
    assert entities(Ensemble(quiet, [target], weights=[1, 8], unprojected="O"), "Ana Vigo") == [[(1, 2, "LOC")]]


def test_a_projection_counts_by_its_confidence() -> None:
    class Unsure:
        def __init__(self, score: float) -> None:
            self.score = score

        def project(self, pairs: Sequence[Pair]) -> list[object]:
            from dataclasses import replace

            found = load("projector", "heuristic").project(pairs)
            scored = []
            for projection in found:
                outcomes = tuple(
                    replace(o, projected=tuple(replace(e, score=self.score) for e in o.projected))
                    for o in projection.outcomes
                )
                scored.append(replace(projection, outcomes=outcomes))
            return scored

    target = Told({"Vigo": [0.6, 0, 0, 0.4, 0]})
    for unprojected in ("others", "O"):
        made = []
        for score in (1.0, 0.2):
            chain = pipeline(DictionaryRecognizer({"Vigo": "LOC"}))
            chain.projector = Unsure(score)  # type: ignore[assignment]
            made.append(entities(Ensemble(chain, [target], unprojected=unprojected), "en Vigo")[0])
        assert made == [[(1, 2, "LOC")], []], unprojected


def test_failures_stay_with_their_sentences() -> None:
    chain = Pipeline(
        EchoTranslator(fail_on="no"), DictionaryRecognizer({"Vigo": "LOC"}), "oracle", target_lang="gl", on_warning=None
    )
    ensemble = Ensemble(chain, [DictionaryRecognizer({"Vigo": "LOC"}), Told({})], weights=[1, 1, 0])
    items = ["Vigo", "no Vigo", "stop Vigo", "", "en Vigo"]
    sentences = [*(Sentence.from_text(t) for t in items), InputError("line is bad")]
    found = list(ensemble.run(sentences))
    assert [len(p.labeled.entities) for p in found] == [1, 0, 0, 0, 1, 0]
    errors = [p.error for p in found]
    assert errors[1] is not None
    assert errors[1].startswith("translator: ")
    assert errors[2] == "ensemble: told to stop"
    assert (errors[0], errors[3], errors[4], errors[5]) == (None, None, None, "line is bad")
    source = Ensemble(pipeline(Told({"Vigo": [0, 1, 0, 0, 0]})), [DictionaryRecognizer({})])
    assert [p.error for p in source.run_texts(["stop Vigo"])] == ["recognizer: told to stop"]


def test_the_source_may_fail_to_give_probabilities() -> None:
    class Odd(Told):
        def probabilities(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
            raise StageError("no numbers")

        def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
            return [[Entity(0, 1, "LOC")] for _ in sentences]

    ensemble = Ensemble(pipeline(Odd({})), [DictionaryRecognizer({})])
    assert [p.error for p in ensemble.run_texts(["Vigo"])] == ["ensemble: no numbers"]


def test_pairs_and_windows_give_the_same() -> None:
    chain = [pipeline(DictionaryRecognizer({"Ana": "PER"}), window=w) for w in (1, 2, 100)]
    target = DictionaryRecognizer({"Vigo": "LOC"})
    texts = ["Ana", "Vigo", "Ana e Vigo", "nada", "Ana"]
    found = [entities(Ensemble(c, [target]), *texts) for c in chain]
    assert found[0] == found[1] == found[2]
    pairs = [Pair(Sentence(tuple(t.split())), Sentence(tuple(t.split()))) for t in texts]
    assert [
        [(e.start, e.end, e.label) for e in p.labeled.entities] for p in Ensemble(chain[0], [target]).run_pairs(pairs)
    ] == found[0]


def test_ignored_labels_count_as_outside() -> None:
    target = Told({"Vigo": [0.1, 0.5, 0, 0.4, 0]})
    chain = pipeline(DictionaryRecognizer({"Vigo": "LOC", "ONU": "ORG"}), ignore=["LOC"])
    ensemble = Ensemble(chain, [target], weights=[2, 1])
    assert entities(ensemble, "en Vigo", "a ONU") == [[], [(1, 2, "ORG")]]
    assert set(ensemble.labels) == {"LOC", "ORG", "PER"}
    assert entities(Ensemble(chain, [target], weights=[0, 1]), "en Vigo") == [[]]


def test_an_ensemble_that_makes_no_sense() -> None:
    chain = pipeline(DictionaryRecognizer({}))
    with pytest.raises(ValidationError, match="needs a recognizer of the target language"):
        Ensemble(chain, [])
    with pytest.raises(ValidationError, match="needs a pipeline with a projector"):
        Ensemble(Pipeline("echo", None, "oracle", None, target_lang="gl"), [Told({})])
    with pytest.raises(UnknownNameError, match="unknown unprojected 'x'; one of others, O"):
        Ensemble(chain, [Told({})], unprojected="x")
    with pytest.raises(UnknownNameError, match="unknown recognizer 'nobody'"):
        Ensemble(chain, ["nobody"])


def test_fingerprints_tell_ensembles_apart() -> None:
    chain = pipeline(DictionaryRecognizer({}))
    made = [
        Ensemble(chain, [Told({})]),
        Ensemble(chain, [Told({"a": [1.0]})]),
        Ensemble(chain, [Told({})], weights=[1, 2]),
        Ensemble(chain, [Told({})], unprojected="O"),
    ]
    assert len({e.fingerprint for e in made}) == len(made)
    assert chain.fingerprint in made[0].fingerprint


def test_several_recognizers_as_one() -> None:
    one = Told({"Vigo": [0.4, 0.6, 0, 0, 0], "Ana": [0.6, 0, 0, 0.4, 0]})
    other = Told({"Vigo": [0.7, 0.3], "Ana": [0.2, 0.8]}, ["O", "PER"])
    recognizer = EnsembleRecognizer([one, other])
    assert recognizer.classes == CLASSES
    (p,) = recognizer.probabilities([Sentence(("Ana", "Vigo"))])
    assert p.dtype == np.float32
    assert np.allclose(p[0], [0.4, 0, 0, 0.6, 0])
    assert recognizer.recognize([Sentence(("Ana", "en", "Vigo")), Sentence(())])[0] == [Entity(0, 1, "PER", 0.6)]
    by_weight = EnsembleRecognizer([one, other], weights="5,1")
    assert [e.label for e in by_weight.recognize([Sentence(("Ana", "en", "Vigo"))])[0]] == ["LOC"]
    assert recognizer.fingerprint != by_weight.fingerprint
    assert [p.labeled.tags() for p in RecognitionPipeline(by_weight, lang="gl").run_texts(["en Vigo"])] == [
        ["O", "B-LOC"]
    ]


def test_recognizers_that_do_not_make_one(tmp_path: Path) -> None:
    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\n", encoding="utf-8")
    with pytest.raises(MissingArgumentError, match=r"ensemble needs recognizers; write ensemble:hf:FOLDER\+hf:FOLDER"):
        load("recognizer", "ensemble")
    with pytest.raises(UsageError, match="no member gives class probabilities"):
        load("recognizer", f"ensemble:gazetteer:{names}+gazetteer:{names}")
    with pytest.raises(UsageError, match="weights 'a,b' are not numbers"):
        load("recognizer", "ensemble:x+y?weights=a,b")
    with pytest.raises(UsageError, match="3 weights for 2"):
        load("recognizer", "ensemble:x+y?weights=1,2,3")


def test_a_member_without_probabilities_votes_only_where_it_finds_something() -> None:
    sure = Told({"Vigo": [0.0, 1.0, 0, 0, 0], "Ana": [0.9, 0, 0, 0.1, 0], "en": [1.0, 0, 0, 0, 0]})
    names = DictionaryRecognizer({"Ana": "PER"})
    ensemble = EnsembleRecognizer([sure, names])
    assert ensemble.classes[0] == "O"
    assert {"B-LOC", "B-PER", "B-ORG", "B-MISC", "B-DATE"} <= set(ensemble.classes)
    found = ensemble.recognize([Sentence(("Ana", "en", "Vigo"))])[0]
    assert [(e.start, e.label, round(e.score or 0, 2)) for e in found] == [(0, "PER", 0.55), (2, "LOC", 1.0)]
    less = EnsembleRecognizer([sure, names], weights=[3, 1]).recognize([Sentence(("Ana", "en", "Vigo"))])[0]
    assert [e.label for e in less] == ["LOC"]


def test_entities_and_probabilities_of_a_sentence_are_computed_together() -> None:
    class Counting(DictionaryRecognizer):
        calls = 0

        def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
            self.calls += len(sentences)
            return super().recognize(sentences)

    counting = Counting({"Ana": "PER"})
    ensemble = EnsembleRecognizer([Told({"Ana": [0.9, 0, 0, 0.1, 0]}), counting])
    given = [Sentence(("Ana",)), Sentence(("en",)), Sentence(("Ana",))]
    entities, probabilities = ensemble.recognize(given), ensemble.probabilities(given)
    assert counting.calls == 2
    assert [len(e) for e in entities] == [1, 0, 1]
    assert np.array_equal(probabilities[0], probabilities[2])


def test_kept_labels_are_added_where_the_vote_finds_nothing() -> None:
    names = DictionaryRecognizer({"onte": "DATE", "Ana": "PER", "Vigo": "DATE"})
    told = Told({"Vigo": [0.0, 1.0, 0, 0, 0], "Ana": [1.0, 0, 0, 0, 0], "onte": [1.0, 0, 0, 0, 0]})
    pipeline = Pipeline("echo", names, "oracle", "greedy", target_lang="gl").with_confidence()

    def labels(**options: object) -> list[tuple[int, str]]:
        ensemble = Ensemble(pipeline, [told], weights=[1, 2], unprojected="O", **options)  # type: ignore[arg-type]
        (pair,) = ensemble.run_texts(["Ana en Vigo onte"])
        return [(e.start, e.label) for e in pair.labeled.entities]

    assert labels() == [(2, "LOC")]
    assert labels(kept_labels=["DATE"]) == [(2, "LOC"), (3, "DATE")]
    assert labels(kept_labels=["DATE", "PER"]) == [(0, "PER"), (2, "LOC"), (3, "DATE")]
    ensembles = [Ensemble(pipeline, [told], kept_labels=k) for k in ((), ["DATE"])]
    assert ensembles[0].fingerprint != ensembles[1].fingerprint


def test_a_label_of_its_own_of_a_member_without_probabilities() -> None:
    told = Told({"Vigo": [0.0, 1.0, 0, 0, 0]})
    ensemble = EnsembleRecognizer([told, DictionaryRecognizer({"Ana": "HERO"})], weights=[1, 2])
    assert [e.label for e in ensemble.recognize([Sentence(("Ana", "Vigo"))])[0]] == ["HERO", "LOC"]
    with pytest.raises(BackendError, match="labels of its own"):
        ensemble.probabilities([Sentence(("Ana", "Vigo"))])


def test_label_with_an_ensemble(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text, names, out = tmp_path / "in.txt", tmp_path / "target.tsv", tmp_path / "out.conll"
    text.write_text("Ana Pardo vive en Vigo.\nLugo\n", encoding="utf-8")
    names.write_text("Lugo\tLOC\nAna Pardo\tPER\nVigo\tPER\n", encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes, "-o", out]

    def tags(*options: str | Path) -> list[str]:
        assert xlner(*command, *options).code == 0
        return [line.partition("\t")[2] for line in out.read_text(encoding="utf-8").split("\n") if "\t" in line]

    plain = ["B-PER", "I-PER", "O", "O", "B-LOC", "O", "O"]
    assert tags() == plain
    ensemble = ["--route", "both", "--ensemble", f"gazetteer:{names}"]
    assert tags(*ensemble)[-1] == "B-LOC"
    assert tags(*ensemble, "--unprojected", "O", "--ensemble-weights", "2,1") == plain
    assert tags(*ensemble, "--ensemble-weights", "1,3")[4] == "B-PER"
    assert tags(*ensemble, *ensemble, "--ensemble-weights", "1,0,0") == plain
    recipe = tmp_path / "config.toml"
    recipe.write_text(f'ensemble = ["gazetteer:{names}"]\nensemble-weights = [1, 3]\n', encoding="utf-8")
    assert tags("--route", "both", "--config", recipe)[4] == "B-PER"


def test_a_run_folder_keeps_an_ensemble(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    text.write_text("Ana Pardo vive en Vigo.\n", encoding="utf-8")
    names = fakes[fakes.index("--recognizer") + 1]
    command = ["label", text, "--lang", "gl", *fakes, "-o", out, "--run-dir", tmp_path / "run", "--ensemble", names]
    command += ["--ensemble-weights", "1,2", "--route", "both"]
    assert xlner(*command).code == 0
    first = out.read_bytes()
    record = json.loads(first)
    assert [e["score"] for e in record["entities"]] == [1.0, 1.0]
    assert len(record["outcomes"]) == 2
    again = xlner(*command)
    assert (again.code, "shard 1 reused" in again.err, out.read_bytes()) == (0, True, first)
    assert xlner("label", text, "--config", tmp_path / "run" / "config.toml").code == 0
    assert out.read_bytes() == first
    assert "holds a run with another pipeline" in xlner(*command, "--unprojected", "O").err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--ensemble-weights", "1,2,3"], "3 weights for 2 members of the ensemble"),
        (["--ensemble", "NAMES", "--ensemble-weights", "1"], "1 weight for 2 members of the ensemble"),
        (["--ensemble", "NAMES", "--ensemble-weights", "a"], "'a' is not a list of numbers"),
    ],
)
def test_options_of_an_ensemble_that_make_no_sense(
    xlner: Command, fakes: list[str], tmp_path: Path, options: list[str], match: str
) -> None:
    text = tmp_path / "in.txt"
    text.write_text("Vigo\n", encoding="utf-8")
    names = fakes[fakes.index("--recognizer") + 1]
    ran = xlner("label", text, "--lang", "gl", *fakes, "--route", "both", *(o.replace("NAMES", names) for o in options))
    assert ran.code == 2
    assert match in ran.err


def test_errors_of_an_ensemble_are_told_from_those_of_projection() -> None:
    chain = pipeline(DictionaryRecognizer({"Vigo": "LOC", "Ana": "PER", "Rosa Pan": "PER", "Lugo": "LOC"}))
    others = DictionaryRecognizer({"Vigo": "PER", "Rosa": "PER", "Pan": "PER", "nada": "LOC"})
    ensemble = Ensemble(chain, [others], weights=[1, 3], unprojected="O")
    gold = [
        Sentence(("Ana", "en", "Vigo"), (Entity(0, 1, "PER"), Entity(2, 3, "LOC"))),
        Sentence(("Rosa", "Pan"), (Entity(0, 2, "PER"),)),
        Sentence(("nada", "e", "eu"), (Entity(2, 3, "PER"),)),
    ]
    report = find_errors(gold, list(ensemble.run(s.with_entities(()) for s in gold)))
    assert sorted((e.sentence, str(e.kind), e.stage) for e in report.errors) == [
        (1, "missed", ErrorStage.ENSEMBLE),
        (1, "type", ErrorStage.ENSEMBLE),
        (2, "split", ErrorStage.ENSEMBLE),
        (3, "missed", ErrorStage.RECOGNITION),
        (3, "spurious", ErrorStage.ENSEMBLE),
    ]
    (alone,) = find_errors(gold[:1], list(RecognitionPipeline(others, lang="gl").run(gold[:1]))).by_stage().items()
    assert alone[0] is None  # of a recognizer alone no stages are known


def test_a_result_has_what_each_member_found_by_itself(tmp_path: Path) -> None:
    told = Told({"Vigo": [0.0, 1.0, 0, 0, 0], "Pan": [0.75, 0.25, 0, 0, 0]})
    chain = pipeline(DictionaryRecognizer({"Ana": "PER", "Vigo": "ORG"}), ignore=["ORG"])
    ensemble = Ensemble(chain, [told], weights=[1, 2])
    (pair,) = ensemble.run_texts(["Ana en Vigo"])
    members = pair.require_projection().ensemble_members
    assert [(m.name, m.weight) for m in members] == [("projection", 1), (f"told {sorted(told.rows)}", 2)]
    assert [m.entities for m in members] == [(Entity(0, 1, "PER", 1.0),), (Entity(2, 3, "LOC", 1.0),)]
    write_pairs([pair], tmp_path / "a.jsonl")
    assert list(read_pairs(tmp_path / "a.jsonl")) == [pair]
    (renamed,) = read_pairs(tmp_path / "a.jsonl", label_map="LOC=PLACE,PER=O")
    assert isinstance(renamed, Pair)
    found = [m.entities for m in renamed.require_projection().ensemble_members]
    assert found == [(), (Entity(2, 3, "PLACE", 1.0),)]
    (cells,) = ensemble.run_texts(["Ana\tAna en Vigo"])
    moved = [[e.span for e in m.entities] for m in cells.require_projection().ensemble_members]
    assert moved == [[(0, 1), (1, 2)], [(3, 4)]]


def test_members_are_made_only_if_something_reads_them(
    xlner: Command, fakes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def member(*of_member: Any) -> Member:
        made.append(of_member)
        return Member(*of_member)

    monkeypatch.setattr("xlner.transfer.ensemble.Member", member)
    text = tmp_path / "in.txt"
    text.write_text("Ana Pardo vive en Vigo.\n", encoding="utf-8")
    names = fakes[fakes.index("--recognizer") + 1]
    command = ["label", text, "--lang", "gl", *fakes, "--ensemble", names, "--route", "both", "--output-format"]
    for options, are_read in (
        (["conll"], False),
        (["pretty"], False),
        (["jsonl"], True),
        (["conll", "--run-dir", tmp_path / "run"], True),
    ):
        made.clear()
        assert xlner(*command, *options).code == 0
        assert bool(made) == are_read


def test_an_ensemble_without_members_labels_the_same() -> None:
    told = Told({"Vigo": [0.0, 1.0, 0, 0, 0]})
    chain = pipeline(DictionaryRecognizer({"Ana": "PER"}))
    kept, bare = (Ensemble(chain, [told], keep_members=keep) for keep in (True, False))
    (pair,), (without,) = kept.run_texts(["Ana en Vigo"]), bare.run_texts(["Ana en Vigo"])
    assert without.labeled == pair.labeled
    assert without.require_projection().ensemble_members == ()
    assert kept.fingerprint != bare.fingerprint


def test_what_a_member_found_ends_where_its_words_end() -> None:
    told = Told({"Vigo": [0.0, 1.0, 0, 0, 0], "!": [0.0, 0, 1.0, 0, 0]})
    (pair,) = Ensemble(pipeline(DictionaryRecognizer({"Vigo": "LOC"})), [told]).run_texts(["en Vigo !"])
    assert [[e.span for e in m.entities] for m in pair.require_projection().ensemble_members] == [[(1, 2)], [(1, 2)]]


@pytest.mark.parametrize(
    "members",
    [
        '"x"',
        '["x"]',
        '[{"name": "x", "weight": 1}]',
        '[{"name": "x", "weight": "1", "entities": []}]',
        '[{"name": "x", "weight": 1, "entities": [{"start": 1, "end": 2, "label": "LOC"}]}]',
    ],
)
def test_members_that_are_none_are_an_error_on_their_sentence(tmp_path: Path, members: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"tokens": ["Vigo"], "outcomes": [], "ensemble_members": {members}}}\n', encoding="utf-8")
    (found,) = read_pairs(path)
    assert isinstance(found, InputError)
    assert found.line == 1
