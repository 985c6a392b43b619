from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from tests.test_view import page_pairs, spans
from xlner import (
    Entity,
    InputError,
    Pair,
    Projection,
    Sentence,
    ValidationError,
    read_pairs,
    read_sentences,
    write_pairs,
)
from xlner.core import Member
from xlner.errors import DataWarning
from xlner.pipeline import read_calibration
from xlner.report import (
    Action,
    Decision,
    Journal,
    Judgment,
    apply_corrections,
    corrected,
    judged_confidences,
    least_sure,
    read_corrections,
    wilson_interval,
)
from xlner.report.facets import facets_of
from xlner.report.least_sure import doubts_of
from xlner.report.records import detail_record, words_digest
from xlner.report.shown import ShownSentence, shown_sentences

WORDS = Sentence(("Ana", "Pardo", "en", "Vigo"), (Entity(0, 1, "PER", 0.9), Entity(3, 4, "ORG", 0.4)))
ANA, VIGO = Entity(0, 1, "PER"), Entity(3, 4, "ORG")


def decision(key: str, action: str, before: Entity | None = None, after: Entity | None = None, **more: Any) -> Decision:
    more = {"who": "ana", "time": "2026-01-02T03:04:05Z", **more}
    return Decision(key, 1, words_digest(WORDS), Action(action), before, after, **more)


def test_each_action() -> None:
    made = [
        decision("1", "accept", ANA),
        decision("2", "change", ANA, Entity(0, 2, "PER")),
        decision("3", "delete", VIGO),
        decision("4", "add", after=Entity(3, 4, "LOC")),
        decision("5", "reviewed"),
    ]
    found = corrected(WORDS, made)
    assert found.sentence.entities == (Entity(0, 2, "PER"), Entity(3, 4, "LOC"))
    assert found.states == ("changed", "added")
    assert found.wrong == WORDS.entities
    assert found.reviewed
    assert corrected(WORDS, made[:1]).right == WORDS.entities[:1]
    assert corrected(WORDS, made[:1]).sentence == WORDS


def test_what_is_reviewed_is_right() -> None:
    assert corrected(WORDS, [decision("1", "reviewed")]).right == WORDS.entities
    assert corrected(WORDS, []).right == corrected(WORDS, []).wrong == ()


def test_an_entity_that_was_changed_back_is_right_and_keeps_its_score() -> None:
    there = decision("1", "change", VIGO, Entity(3, 4, "LOC"))
    found = corrected(WORDS, [there, decision("2", "change", Entity(3, 4, "LOC"), VIGO)])
    assert (found.sentence, found.right, found.wrong) == (WORDS, WORDS.entities[1:], ())


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (decision("1", "delete", Entity(0, 2, "PER")), "has no entity PER of the words 0 to 2"),
        (decision("1", "add", after=Entity(2, 4, "LOC")), "the entity LOC would overlap ORG"),
        (decision("1", "add", after=Entity(2, 5, "LOC")), "would overlap|ends beyond"),
        (Decision("1", 1, "0f", Action.REVIEWED), "the sentence has other words"),
    ],
)
def test_a_decision_that_does_not_fit(made: Decision, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        corrected(WORDS, [made])


@st.composite
def decisions(draw: st.DrawFn) -> list[Decision]:
    """Decisions that fit, one after the other, with some of them undone."""
    made: list[Decision] = []
    for key in range(draw(st.integers(0, 6))):
        now = corrected(WORDS, made).sentence
        free = [s for s in spans(len(WORDS)) if not any(e.start < s[1] and s[0] < e.end for e in now.entities)]
        plain = [Entity(e.start, e.end, e.label) for e in now.entities]
        action = draw(
            st.sampled_from(["accept", "delete", "change"] * bool(plain) + ["add"] * bool(free) + ["reviewed"])
        )
        before = draw(st.sampled_from(plain)) if action in ("accept", "delete", "change") else None
        label = draw(st.sampled_from(["PER", "LOC"]))
        after = None
        if action == "add":
            after = Entity(*draw(st.sampled_from(free)), label)
        elif action == "change" and before is not None:
            after = Entity(before.start, before.end, label)
        made.append(decision(str(key), action, before, after))
    return made


@given(decisions())
def test_undoing_all_from_the_last_gives_the_sentence_back(made: list[Decision]) -> None:
    steps = [corrected(WORDS, made[:k]).sentence for k in range(len(made) + 1)]
    undone = list(made)
    for k, last in reversed(list(enumerate(made))):
        undone.append(decision(f"undo {last.key}", "undo", undoes=last.key))
        assert corrected(WORDS, undone).sentence == steps[k]


@given(decisions())
def test_every_judged_entity_is_right_or_wrong_once(made: list[Decision]) -> None:
    found = corrected(WORDS, made)
    judged = [*found.right, *found.wrong]
    assert sorted(set(judged)) == sorted(judged)
    assert set(judged) <= set(WORDS.entities)
    if found.reviewed:
        assert len(judged) == len(WORDS.entities)


@given(decisions())
def test_decisions_are_read_back_the_same(made: list[Decision]) -> None:
    assert [Decision.of(json.loads(json.dumps(d.as_record()))) for d in made] == made


@pytest.mark.parametrize(
    "record",
    [
        [],
        {},
        {"key": "", "sentence": 1, "action": "reviewed"},
        {"key": "1", "sentence": 0, "action": "reviewed"},
        {"key": "1", "sentence": True, "action": "reviewed"},
        {"key": "1", "sentence": 1, "action": "explode"},
        {"key": "1", "sentence": 1, "action": "accept"},
        {"key": "1", "sentence": 1, "action": "undo"},
        {"key": "1", "sentence": 1, "action": "undo", "undoes": 3},
        {"key": "1", "sentence": 1, "action": "reviewed", "before": {"start": 0, "end": 1, "label": "A"}},
        {"key": "1", "sentence": 1, "action": "add", "after": {"start": 0.5, "end": 1, "label": "A"}},
        {"key": "1", "sentence": 1, "action": "add", "after": {"start": 0, "end": 1, "label": "A B"}},
        {"key": "1", "sentence": 1, "action": "add", "after": "A"},
    ],
)
def test_what_is_no_decision(record: object) -> None:
    with pytest.raises(ValidationError):
        Decision.of(record)


def test_a_journal_keeps_decisions_and_mends_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.corrections.jsonl"
    with Journal(path, "a.jsonl") as journal:
        journal.append(decision("1", "accept", ANA))
        journal.append(decision("1", "accept", ANA))
        with pytest.raises(InputError, match="in use by another xlner review"):
            Journal(path, "a.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole.removesuffix(b"\n"))
    with Journal(path, "a.jsonl") as journal:
        assert len(journal.decisions) == 1
    assert path.read_bytes() == whole
    path.write_bytes(whole + b'{"key": "2", "tim')
    with pytest.warns(DataWarning, match="not saved as a whole"):
        journal = Journal(path, "a.jsonl")
    with journal:
        assert journal.decisions == [decision("1", "accept", ANA)]
        journal.append(decision("2", "reviewed"))
    assert path.read_bytes().startswith(whole)
    assert [d.key for d in read_corrections(path)] == ["1", "2"]


@pytest.mark.parametrize(
    "content",
    [b"important notes", b"important\nnotes", b'{"a": 1}\n', b"\xff\n", b'{"xlner": "corrections", "version": 2}\n'],
)
def test_a_journal_leaves_other_files_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes"
    path.write_bytes(content)
    with pytest.raises(InputError):
        Journal(path, "a.jsonl")
    assert path.read_bytes() == content


def test_a_decision_that_cannot_be_saved_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.corrections.jsonl"
    with Journal(path, "a.jsonl") as journal:
        journal.append(decision("1", "reviewed"))
        whole = path.read_bytes()
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(InputError, match="No space left on device"):
            journal.append(decision("2", "accept", ANA))
        assert path.read_bytes() == whole
        assert [d.key for d in journal.decisions] == ["1"]


def test_a_journal_whose_first_line_was_cut_off_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "a.corrections.jsonl"
    path.write_bytes(b'{"xlner": "corr')
    with pytest.warns(DataWarning, match="not saved"), Journal(path, "a.jsonl") as journal:
        journal.append(decision("1", "reviewed"))
    assert [d.key for d in read_corrections(path)] == ["1"]


def test_corrections_apply_to_pairs_and_say_who_decided_what_and_when(tmp_path: Path) -> None:
    pair = Pair(WORDS.with_entities(()), projection=Projection(WORDS, ()))
    change = decision("1", "change", VIGO, Entity(3, 4, "LOC"))
    (made,) = apply_corrections([pair], [change])
    assert isinstance(made, Pair)
    assert made.labeled.entities == (WORDS.entities[0], Entity(3, 4, "LOC"))
    path = tmp_path / "a.jsonl"
    write_pairs([made], path)
    (back,) = read_pairs(path)
    assert isinstance(back, Pair)
    assert back.labeled.meta["corrections"] == [
        {
            **{"who": "ana", "time": "2026-01-02T03:04:05Z", "action": "change"},
            **{"before": {"start": 3, "end": 4, "label": "ORG"}, "after": {"start": 3, "end": 4, "label": "LOC"}},
        }
    ]
    later = Decision("2", 1, words_digest(WORDS), Action.REVIEWED, who="eva")
    (again,) = apply_corrections([back], [later])
    assert isinstance(again, Pair)
    assert [c["who"] for c in again.labeled.meta["corrections"]] == ["ana", "eva"]  # type: ignore[attr-defined]


def test_corrections_of_another_file_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(sentence 1\): the sentence has other words"):
        list(apply_corrections([Sentence(("Lugo",))], [decision("1", "reviewed")]))
    with pytest.raises(InputError, match=r"\(sentence 1\): the file has no such sentence"):
        list(apply_corrections([], [decision("1", "reviewed")]))


def test_confidences_of_judged_entities() -> None:
    made = [decision("1", "accept", ANA), decision("2", "delete", VIGO)]
    judged = judged_confidences([WORDS, WORDS], made)
    assert (judged.confidences, judged.correct, judged.sentences) == ((0.9, 0.4), (True, False), (0, 0))


@pytest.mark.parametrize(
    ("right", "total", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_wilson_intervals_of_the_literature(right: int, total: int, low: float, high: float) -> None:
    found = wilson_interval(right, total)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_judgments_add_up() -> None:
    assert Judgment(1, 2, 3, 4) + Judgment(1, 1, 1, 1) - Judgment(1, 1, 1, 1) == Judgment(1, 2, 3, 4)
    assert Judgment().precision is None


def labeled(word: str, score: float, **meta: object) -> Pair:
    words = Sentence((word,), (Entity(0, 1, "LOC", score),), meta=meta)
    return Pair(words.with_entities(()), projection=Projection(words, ()))


def picked(pairs: list[Pair], count: int) -> list[int]:
    return least_sure(shown_sentences(pairs), count)


def test_the_least_sure_sentences_differ() -> None:
    pairs = [labeled("Vigo", 0.1), labeled("Vigo", 0.1), labeled("Lugo", 0.4), labeled("Ferrol", 0.99)]
    assert picked(pairs, 2) == [1, 3]
    assert picked(pairs, 10) == [1, 3, 2, 4]


def test_what_each_doubt_counts() -> None:
    dropped, failed, _ = (list(doubts_of(shown)) for shown in shown_sentences(page_pairs()))
    assert dropped == [
        (("entity", "ana pardo", "PER"), pytest.approx(0.05)),
        (("entity", "vigo", "LOC"), pytest.approx(0.6)),
        (("dropped", "un", "ORG"), 0.5),
        (("warning", "too-long", ""), 0.3),
    ]
    assert failed == [(("failed", "translator: <b>no</b> answer", ""), 0.5)]


def test_warnings_errors_drops_and_sources_that_disagree_are_doubts() -> None:
    dropped, failed, _ = page_pairs()
    sure = labeled("Vigo", 1.0)
    agreeing, other = ([{"outcomes": [{"projected": p}]}] for p in ([{"start": 0, "end": 1, "label": "LOC"}], []))
    from xlner import Outcome

    outcome = Outcome(Entity(0, 1, "LOC"), (Entity(0, 1, "LOC"),))
    words = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))

    def with_sources(also: list[dict[str, object]]) -> Pair:
        target = Sentence(("Vigo",), meta={"also": also})
        return Pair(target, Sentence(("Vigo",), outcome.projected), projection=Projection(words, (outcome,)))

    assert picked([sure, failed], 1) == [2]
    assert picked([sure, dropped], 1) == [2]
    assert picked([with_sources(agreeing), with_sources(other)], 1) == [2]
    assert picked([Pair(Sentence(())), sure], 5) == [2]
    assert least_sure(iter([ShownSentence(7, sure)]), 1) == [7]


def test_members_that_disagree_are_doubts() -> None:
    words = Sentence(("Vigo",), (Entity(0, 1, "LOC", 0.9),))
    others = (Member("b", 1, (Entity(0, 1, "ORG"),)), Member("b", 1, (Entity(0, 1, "LOC"),)))
    same, differing = (Pair(words, projection=Projection(words, (), None, None, (others[1], m))) for m in others[::-1])
    assert picked([same, differing], 1) == [2]
    assert [next(facets_of(s)) for s in shown_sentences([same, differing])] == [
        ("label", "LOC"),
        ("state", "members differ"),
    ]
    assert detail_record(ShownSentence(1, differing))["members"][1] == {
        **{"name": "b", "weight": 1},
        "entities": [[0, 1, "ORG"]],
    }


@pytest.fixture
def results(tmp_path: Path) -> tuple[Path, Path]:
    """A file of two pairs, and corrections of the first."""
    path, made = tmp_path / "es.jsonl", tmp_path / "made.jsonl"
    pair = Pair(WORDS.with_entities(()), projection=Projection(WORDS, ()))
    write_pairs([pair, pair], path)
    with Journal(made, "es.jsonl") as journal:
        journal.append(decision("1", "change", VIGO, Entity(3, 4, "LOC")))
        journal.append(decision("2", "reviewed"))
    return path, made


def test_apply_corrections_writes_jsonl_and_conll(xlner: Command, tmp_path: Path, results: tuple[Path, Path]) -> None:
    ran = xlner("apply-corrections", *results, "-o", tmp_path / "out.jsonl", "--learn-calibration", tmp_path / "c.json")
    assert ran.code == 0
    assert "2 sentences written; 1 sentence reviewed; 1 of 2 judged entities are right: precision 50.0 %" in ran.err
    first, second = read_pairs(tmp_path / "out.jsonl")
    assert isinstance(first, Pair)
    assert isinstance(second, Pair)
    assert first.labeled.tags() == ["B-PER", "O", "O", "B-LOC"]
    assert second.labeled.tags() == ["B-PER", "O", "O", "B-ORG"]
    assert read_calibration(tmp_path / "c.json").entities == 2
    ran = xlner("apply-corrections", *results, "-o", tmp_path / "gold.conll", "--reviewed-only")
    assert ran.code == 0
    (gold,) = read_sentences(tmp_path / "gold.conll")
    assert isinstance(gold, Sentence)
    assert gold.tags() == ["B-PER", "O", "O", "B-LOC"]
    (comment,) = gold.meta["comments"]  # type: ignore[misc]
    assert [c["who"] for c in json.loads(str(comment).removeprefix("# corrections = "))] == ["ana", "ana"]


def test_apply_corrections_refuses_what_does_not_fit(
    xlner: Command, tmp_path: Path, results: tuple[Path, Path]
) -> None:
    path, made = results
    out = tmp_path / "out.jsonl"
    ran = xlner("apply-corrections", path, path, "-o", out)
    assert (ran.code, "es.jsonl:1: these are no corrections" in ran.err) == (2, True)
    write_pairs([Pair(Sentence(("Lugo",)))], path)
    ran = xlner("apply-corrections", path, made, "-o", out)
    assert (ran.code, "es.jsonl (sentence 1): the sentence has other words" in ran.err) == (2, True)
    assert not out.exists()
    assert xlner("apply-corrections", path, made, "-o", made).code == 2
    assert xlner("apply-corrections", "-", made).code == 2


def test_apply_corrections_to_a_labeled_file(xlner: Command, tmp_path: Path, results: tuple[Path, Path]) -> None:
    (tmp_path / "in.conll").write_text("Ana B-PER\nPardo O\nen O\nVigo B-ORG\n", encoding="utf-8")
    ran = xlner("apply-corrections", tmp_path / "in.conll", results[1], "-o", tmp_path / "out.conll")
    assert ran.code == 0
    (made,) = read_sentences(tmp_path / "out.conll")
    assert isinstance(made, Sentence)
    assert made.tags() == ["B-PER", "O", "O", "B-LOC"]
