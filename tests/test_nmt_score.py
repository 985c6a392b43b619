from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_translators import models, own_cache  # noqa: F401
from xlner import Alignment, Entity, Pair, Sentence, ValidationError, load
from xlner.errors import UnknownNameError, UsageError
from xlner.translation.seq2seq import translators as hf
from xlner.translation.seq2seq.nmt_score import NmtScore
from xlner.translation.seq2seq.score_cache import ScoreCache

SENTENCE = ["As", "choivas", "de", "Vigo", "non", "paran", "e", "o", "Concello", "pide", "axuda"]
ENTITIES = ["Vigo", "o Concello de Vigo"]


def ngrams(longest: int = 4) -> list[str]:
    n = len(SENTENCE)
    return [" ".join(SENTENCE[a:b]) for a in range(n) for b in range(a + 1, min(a + longest, n) + 1)]


def one_pair(translator: hf.Seq2SeqTranslator, text: str, other: str, from_lang: str, to_lang: str) -> float:
    """`p(other | text)` by the definition, one forward pass for one pair."""
    import torch

    checkpoint = translator.checkpoint("gl", "en")
    prompt = checkpoint.prompt(from_lang, to_lang)
    model = checkpoint.generator.model  # type: ignore[attr-defined]
    ids = checkpoint.tokenizer(other, add_special_tokens=False)["input_ids"]
    first = [model.config.decoder_start_token_id, *([] if prompt.forced is None else [prompt.forced])]
    wanted = [*ids, model.config.eos_token_id]
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor(checkpoint.encode([text], prompt)),
            decoder_input_ids=torch.tensor([[*first, *ids]]),
        ).logits[0, len(first) - 1 :]
    parts = logits.log_softmax(-1)[range(len(wanted)), wanted]
    return math.exp(float(parts.mean()))


def naive(translator: hf.Seq2SeqTranslator, entity: str, candidate: str) -> float:
    there = one_pair(translator, entity, candidate, "en", "gl") / one_pair(translator, candidate, candidate, "gl", "gl")
    back = one_pair(translator, candidate, entity, "gl", "en") / one_pair(translator, entity, entity, "en", "en")
    return (there + back) / 2


@pytest.mark.parametrize(
    "family", ["nllb", *(pytest.param(family, marks=pytest.mark.slow) for family in ("m2m100", "madlad"))]
)
def test_scores_are_those_of_the_definition(models: Callable[[str], Path], family: str) -> None:  # noqa: F811
    translator = load("translator", f"{family}:{models(family)}")
    pairs = [(e, c) for e in ENTITIES for c in [*ngrams(), " "]]
    scorer = NmtScore(translator, source_lang="en", target_lang="gl", keep=0, batch_tokens=40)
    made = scorer.score([e for e, _ in pairs], [c for _, c in pairs])
    expected = [naive(translator, e, c) if c.strip() else 0.0 for e, c in pairs]
    assert made == pytest.approx(expected, rel=1e-4)
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy.score([e for e, _ in pairs], [c for _, c in pairs]) == made
    assert copy.fingerprint == scorer.fingerprint
    assert max(made) > 0


def test_the_prefilter_keeps_the_most_probable(models: Callable[[str], Path]) -> None:  # noqa: F811
    translator = hf.NllbTranslator(str(models("nllb")))
    candidates = ngrams()
    everything = NmtScore(translator, source_lang="en", target_lang="gl", keep=0).score(
        ["Vigo"] * len(candidates), candidates
    )
    few = NmtScore(translator, source_lang="en", target_lang="gl", keep=3)
    kept = few.score(["Vigo"] * len(candidates), candidates)
    assert sum(score > 0 for score in kept) == 3
    assert all(score in (0.0, pytest.approx(full)) for score, full in zip(kept, everything, strict=True))
    best = max(candidates, key=lambda c: one_pair(translator, "Vigo", c, "en", "gl"))
    assert kept[candidates.index(best)] > 0
    assert "keep=3" in few.fingerprint


def test_nothing_is_scored_twice(
    models: Callable[[str], Path],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from xlner.translation.seq2seq import nmt_score

    first = NmtScore(hf.NllbTranslator(str(models("nllb"))), source_lang="en", target_lang="gl")
    made = first.score(["Vigo", "Vigo"], ["o Vigo", "o Vigo"])
    monkeypatch.setattr(nmt_score, "forced_log_probabilities", None)
    again = NmtScore(hf.NllbTranslator(str(models("nllb"))), source_lang="eng", target_lang="glg_Latn")
    assert again.score(["Vigo"], ["o Vigo"]) == made[:1]
    assert (tmp_path / "cache" / "translation-scores.sqlite").exists()
    uncached = NmtScore(hf.NllbTranslator(str(models("nllb"))), source_lang="en", target_lang="gl", cached=False)
    with pytest.raises(TypeError):
        uncached.score(["Vigo"], ["o Vigo"])
    assert ScoreCache("another model").get("en>gl", [("Vigo", "o Vigo")]) == {}


def test_a_model_in_a_fused_projector(models: Callable[[str], Path]) -> None:  # noqa: F811
    spec = f"fused?weights=alignment:1,translation:0.5&scorer=nllb:{models('nllb')}"
    projector = load("projector", spec)
    target = Sentence(("En", "Vigo"), language="gl")
    source = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),), language="en")
    (made,) = projector.project([Pair(target, source, Alignment(((1, 1),)))])
    outcome = made.outcomes[0]
    scorer = hf.NllbTranslator(str(models("nllb"))).phrase_scorer("en", "gl")
    assert outcome.projected[0].span == (1, 2)
    assert outcome.scores["translation"] == pytest.approx(scorer.score(["Vigo"], ["Vigo"])[0])
    assert "nmt-score" in projector.fingerprint
    with pytest.raises(ValidationError, match="needs to know the languages"):
        projector.project([Pair(Sentence(("En", "Vigo")), source, Alignment(()))])
    with pytest.raises(UsageError, match=r"needs a model; .* or name a translator"):
        load("projector", "fused?weights=translation:1")
    with pytest.raises(UnknownNameError, match="no weight for the given score 'translation'"):
        load("projector", "fused?weights=alignment:1&scorer=nllb")
    with pytest.raises(UsageError, match="translator 'echo' cannot score phrases"):
        load("projector", "fused?weights=translation:1&scorer=echo")


def test_what_cannot_score_is_refused(models: Callable[[str], Path]) -> None:  # noqa: F811
    marian = hf.MarianTranslator(str(models("marian")))
    with pytest.raises(UsageError, match="needs a multilingual model, not marian"):
        NmtScore(marian, source_lang="en", target_lang="gl")
    nllb = hf.NllbTranslator(str(models("nllb")))
    with pytest.raises(ValidationError, match="keep must be at least 0, not -1"):
        NmtScore(nllb, source_lang="en", target_lang="gl", keep=-1)
    pytest.importorskip("ctranslate2", reason="needs xlner[ct2]")
    with pytest.raises(UsageError, match="does not work with engine=ct2"):
        hf.NllbTranslator(str(models("nllb")), engine="ct2").phrase_scorer("en", "gl")
