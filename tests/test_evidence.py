"""The evidence for projected entities, against a transcription of its definitions, and the confidence from it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_projection_batch import pairs
from xlner import Alignment, Entity, Outcome, Pair, Projection, Sentence, ValidationError
from xlner.projection.confidence import WEIGHTS, confidences, rated
from xlner.projection.evidence import Evidence, evidence
from xlner.projection.matching_projector import greedy_projector
from xlner.projection.range_projectors import HullProjector

WORDS = st.sampled_from(("a", "de", "Rey", "casa", "The", "ÉL", "日本", "!", "VIII"))


def spelled(pair: Pair, source: list[str], target: list[str]) -> Pair:
    """The pair with other words."""
    old = pair.require_source()
    made = Sentence(tuple(source[: len(old)]), old.entities)
    return Pair(Sentence(tuple(target[: len(pair.target)])), made, pair.alignment)


def of_one(pair: Pair, entity: Entity, made: Entity) -> dict[str, float]:
    """The definitions of the fields, word by word."""
    assert pair.alignment is not None
    links, source, target = set(pair.alignment.links), pair.require_source().tokens, pair.target.tokens
    weights = dict(zip(pair.alignment.links, pair.alignment.weights or (), strict=False))
    words, span = range(entity.start, entity.end), range(made.start, made.end)
    between = {(s, t) for s, t in links if s in words and t in span}
    sources, targets = {s for s, _ in between}, {t for _, t in between}
    sides = ((entity.start, -1, made.start), (entity.end - 1, 1, made.end - 1))
    found = dict.fromkeys(Evidence._fields, 0.0)
    found["source_linked"] = len(sources) / len(words)
    found["target_linked"] = len(targets) / len(span)
    found["links"] = len(between) / (len(sources) + len(targets)) if between else math.nan
    found["outside"] = min(3, len({t for s, t in links if s in words and t not in span}))
    found["weakest"] = min((min(max(weights[link], 0), 1) for link in between if weights), default=math.nan)
    found["growth"] = math.log(len(span) / len(words))
    found["recognized"] = math.nan if entity.score is None else entity.score
    for one, step, other in sides:
        s, t = one + step, other + step
        has_s, has_t = 0 <= s < len(source), 0 <= t < len(target)
        found["neighbors"] += (s, t) in links if has_s and has_t else not has_s and not has_t
        found["bounded"] += not has_t or any(b == t and a not in words for a, b in links)
        if one > 0 and other > 0:
            found["lost_capitals"] += source[one][0].isupper() and not target[other][0].isupper()
        if has_t and t > 0 and target[t][0].isupper() and target[other][0].isupper():
            found["next_capitals"] += not (has_s and source[s][0].isupper())
        small_there, small_here = (w.islower() and len(w) <= 3 for w in (source[one], target[other]))
        found["small_words"] += small_here and not small_there
    return found


@settings(max_examples=80, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=4), st.data())
def test_evidence_is_what_its_definitions_say(made: list[Pair], data: st.DataObject) -> None:
    texts = st.lists(WORDS, min_size=60, max_size=60)
    batch = [spelled(pair, data.draw(texts), data.draw(texts)) for pair in made]
    if data.draw(st.booleans()):
        count = sum(len(p.alignment or ()) for p in batch)
        numbers = iter(data.draw(st.lists(st.floats(-0.5, 1.5), min_size=count, max_size=count)))
        batch = [
            replace(p, alignment=Alignment(p.alignment.links, tuple(next(numbers) for _ in p.alignment.links)))
            for p in batch
            if p.alignment is not None
        ]
    projector = data.draw(st.sampled_from((greedy_projector(), HullProjector())))
    projections = projector.project(batch)
    expected = [
        of_one(pair, outcome.entity, entity)
        for pair, projection in zip(batch, projections, strict=True)
        for outcome in projection.outcomes
        for entity in outcome.projected
    ]
    found = evidence(batch, projections)
    for name in Evidence._fields:
        assert getattr(found, name).tolist() == pytest.approx([row[name] for row in expected], nan_ok=True), name


def test_confidence_is_the_logistic_function_of_weighed_evidence_times_the_recognizer() -> None:
    source = Sentence(("O", "Ana", "Pons"), (Entity(1, 3, "PER", 0.5),))
    pair = Pair(Sentence(("a", "Ana", "Pons", "Vigo")), source, Alignment(((1, 1), (2, 2), (2, 3)), (0.9, 0.8, 0.7)))
    projections = HullProjector().project([pair])
    found = evidence([pair], projections)
    odds = -0.55 + sum(weight * float(getattr(found, name)[0]) for name, (weight, _) in WEIGHTS.items())
    (confidence,) = confidences(found).tolist()
    assert confidence == pytest.approx(0.5 / (1 + math.exp(-odds)))
    assert rated([pair], projections)[0].sentence.entities[0].score == confidence


def test_what_speaks_against_an_entity_lowers_its_confidence() -> None:
    """Of the same span, with one thing after the other against it."""
    source = Sentence(("in", "New", "York", "today"), (Entity(1, 3, "LOC"),))
    clean = Pair(Sentence(("en", "Nueva", "York", "hoy")), source, Alignment(((0, 0), (1, 1), (2, 2), (3, 3))))
    spans = {"clean": (1, 3), "short": (1, 2), "long": (0, 3)}
    worse = {
        "unlinked": replace(clean, alignment=Alignment(((0, 0), (1, 1), (3, 3)))),
        "many links": replace(clean, alignment=Alignment(((0, 0), (1, 1), (1, 2), (2, 1), (2, 2), (3, 3)))),
        "linked outside": replace(clean, alignment=Alignment(((0, 0), (1, 1), (2, 2), (2, 3), (3, 3)))),
        "open end": replace(clean, alignment=Alignment(((0, 0), (1, 1), (2, 2)))),
        "lower case": replace(clean, target=Sentence(("en", "Nueva", "york", "hoy"))),
        "capital next to it": replace(clean, target=Sentence(("en", "Nueva", "York", "Hoy"))),
        "small word": replace(clean, target=Sentence(("en", "Nueva", "el", "hoy"))),
    }

    def confidence(pair: Pair, span: tuple[int, int]) -> float:
        made = Entity(*span, "LOC")
        outcome = Outcome(source.entities[0], (made,))
        return float(confidences(evidence([pair], [Projection(pair.target.with_entities([made]), (outcome,))]))[0])

    best = confidence(clean, spans["clean"])
    assert best > 0.95
    for pair in worse.values():
        assert confidence(pair, spans["clean"]) < best
    assert confidence(clean, spans["short"]) < best > confidence(clean, spans["long"])


def test_without_links_what_they_would_say_counts_as_usual() -> None:
    entity, made = Entity(0, 2, "PER", 0.5), Entity(0, 1, "PER")
    source = Sentence(("Ana", "Pons"), (entity,))
    pair = Pair(Sentence(("Ana",)), source)
    projection = Projection(pair.target.with_entities([made]), (Outcome(entity, (made,)),))
    found = evidence([pair], [projection])
    assert [math.isnan(getattr(found, name)[0]) for name in Evidence._fields] == [True] * 7 + [False] * 5
    assert 0.4 < rated([pair], [projection])[0].sentence.entities[0].score < 0.5  # type: ignore[operator]
    with pytest.raises(ValidationError, match="projection 1 does not have one outcome for each"):
        rated([pair], [Projection(pair.target, ())])
    with pytest.raises(ValidationError, match="1 pair but 0 projections"):
        rated([pair], [])
    assert rated([Pair(Sentence(()), Sentence(()), Alignment(()))], [Projection(Sentence(()), ())])[0].outcomes == ()
