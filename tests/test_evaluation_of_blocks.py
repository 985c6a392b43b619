"""Scores of plain files, which are read as arrays, are those of their sentences one by one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Command
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.errors import InputError, ValidationError
from xlner.evaluation import Confusion, Scores, evaluate, find_errors, muc_counts
from xlner.evaluation.paired_sentences import PairedBlock, paired_blocks, paired_sentences
from xlner.formats import raise_errors, read_blocks, read_sentences, write_sentences

_WORDS = ("Ana", "en", "Vigo", "ñu", "中", '"', "a\\n", "\\", "'", "-")
_LABELS = ("PER", "LOC", "ORG", "WORK_OF_ART")


def random_files(rng: random.Random, folder: Path) -> tuple[Path, Path]:
    """Gold and predicted files with the same words, and sometimes a comment, an empty sentence or another word."""
    paths = folder / "gold.conll", folder / "pred.conll"
    texts: tuple[list[str], list[str]] = ([], [])
    odd = rng.choice((0.0, 0.0, 0.02))
    for number in range(rng.randint(2, 40)):
        words = rng.choices(_WORDS, k=rng.randint(1, 6))
        for text in texts:
            if rng.random() < odd:
                text.append(rng.choice((f"# id = {number}\n", "\n")))
            tags = (rng.choice(("O", "O", f"B-{rng.choice(_LABELS)}", f"I-{rng.choice(_LABELS)}")) for _ in words)
            text.append("".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n")
        if rng.random() < odd / 4:
            texts[1].append("otra\tO\n\n")
    for path, text in zip(paths, texts, strict=True):
        path.write_text("".join(text), encoding="utf-8")
    return paths


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.formats.conll.reader._LEAST_PLAIN", 0)
    monkeypatch.setattr("xlner.formats.conll.segments._FIRST", 30)
    monkeypatch.setattr("xlner.core.lines._BLOCK", 300)


def _scores_or_error(sides: list[Any], options: dict[str, Any]) -> Scores | str:
    try:
        return evaluate(*sides, **options)
    except InputError as error:
        return str(error)


@pytest.mark.usefixtures("small_blocks")
def test_scores_of_random_files(tmp_path: Path) -> None:
    rng = random.Random(5)
    blocks = 0
    for _ in range(80):
        gold, predicted = random_files(rng, tmp_path)
        options = {"mode": rng.choice(("strict", "span", "partial")), "ignore": rng.choice(((), ("PER",), ("X",)))}
        blocks += sum(isinstance(item, SentenceBlock) for item in read_blocks(gold))
        one_by_one = [list(raise_errors(read_sentences(path))) for path in (gold, predicted)]
        expected = _scores_or_error(one_by_one, options)
        found = _scores_or_error([raise_errors(read_blocks(path)) for path in (gold, predicted)], options)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected
            continue
        assert str(found.signature) == str(expected.signature)
        assert (found.labels, found.ignored, found.failed) == (expected.labels, expected.ignored, expected.failed)
        assert np.array_equal(found.by_sentence, expected.by_sentence)
        for kind in ("gold", "predicted"):
            for now, then in zip(getattr(found.spans, kind), getattr(expected.spans, kind), strict=True):
                assert np.array_equal(now, then)
        assert np.array_equal(found.spans.offsets, expected.spans.offsets)
        assert muc_counts(found.spans) == muc_counts(expected.spans)
        assert np.array_equal(Confusion.of(found.spans).counts, Confusion.of(expected.spans).counts)
        ignored = {"ignore": options["ignore"]}
        wrong = find_errors(*(raise_errors(read_blocks(path)) for path in (gold, predicted)), **ignored)
        assert wrong == find_errors(*one_by_one, **ignored)
    assert blocks > 50


@pytest.mark.usefixtures("small_blocks")
def test_labels_of_blocks_are_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ana\tB-PERSON\nvive\tO\n\n" * 20 + "Vigo\tB-GPE\nen\tO\n\n" * 20, encoding="utf-8")
    for spec in ("PERSON=PER", "PERSON=PER,GPE=O", "ontonotes"):
        items = list(raise_errors(read_blocks(path, label_map=spec)))
        assert any(isinstance(item, SentenceBlock) for item in items) == (spec != "ontonotes")
        found = [s for item in items for s in ([item] if isinstance(item, Sentence) else item.sentences())]
        assert found == list(read_sentences(path, label_map=spec))


def test_spans_that_were_not_kept() -> None:
    gold = [Sentence(("Ana",))]
    scores = evaluate(gold, gold, keep_spans=False)
    assert scores.micro.gold == 0
    with pytest.raises(ValidationError, match="were not kept"):
        _ = scores.spans


def test_more_entities_in_a_sentence_than_a_byte_counts() -> None:
    sentence = Sentence.from_tags(["a"] * 300, ["B-PER"] * 300)
    few = Sentence.from_tags(["a"], ["B-PER"])
    scores = evaluate([few, sentence, few], [few, sentence, replace(few, entities=())])
    assert scores.by_sentence[:, 0, 0].tolist() == [1, 300, 0]
    assert scores.micro.correct == 301


@pytest.mark.usefixtures("small_blocks")
def test_places_of_differences_in_blocks(xlner: Command, tmp_path: Path) -> None:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.conll"
    sentences = [Sentence.from_tags(["en", f"Vigo{k}"], ["O", "B-LOC"]) for k in range(60)]
    write_sentences(sentences, gold)
    write_sentences([*sentences[:50], Sentence.from_tags(["en", "Lugo"], ["O", "B-LOC"]), *sentences[51:]], predicted)
    ran = xlner("evaluate", gold, predicted)
    assert ran.code == 2
    assert f"{gold}:151 and {predicted}:151" in ran.err
    assert "word 2 is 'Vigo50' in the gold data and 'Lugo' in the predicted data" in ran.err


def _block(words: list[str]) -> SentenceBlock:
    none = np.zeros(0, dtype=np.int64)
    text = "".join(f"{word}\n" for word in words).encode()
    return SentenceBlock(text, np.ones(len(words), dtype=np.int64), none, none, none, (), none)


def test_sides_come_to_their_blocks_at_once() -> None:
    words = [f"w{k}" for k in range(100)]
    single = [Sentence((word,)) for word in words]
    gold = [*single[:7], _block(words[7:60]), *single[60:63], _block(words[63:])]
    predicted = [*single[:3], _block(words[3:50]), _block(words[50:61]), *single[61:70], _block(words[70:])]
    items = list(paired_blocks(gold, predicted))
    sizes = [len(item.gold) if isinstance(item, PairedBlock) else 1 for item in items]
    assert sum(sizes) == 100
    assert sum(size for size in sizes if size > 1) > 70
    assert [s.gold.tokens[0] for s in paired_sentences(gold, predicted)] == words
