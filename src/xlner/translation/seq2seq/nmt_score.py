"""NMTScore-direct (Vamvas and Sennrich 2022): the probability of one phrase given another in a translation model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from xlner.core.options import options_fingerprint, speed_option
from xlner.errors import UsageError, ValidationError
from xlner.text.languages import canonical
from xlner.translation.seq2seq.checkpoint import Loading, Seq2SeqCheckpoint
from xlner.translation.seq2seq.forced_decoding import Side, forced_log_probabilities
from xlner.translation.seq2seq.model_families import Family
from xlner.translation.seq2seq.score_cache import ScoreCache

Pairs = dict[tuple[str, str], float]


class ScoringModel(Protocol):
    """What a score needs of a translator."""

    @property
    def family(self) -> Family:
        """The family of the model."""
        ...

    @property
    def loading(self) -> Loading:
        """How the model is loaded."""
        ...

    def checkpoint(self, from_lang: str, to_lang: str) -> Seq2SeqCheckpoint:
        """Return the model of a direction."""
        ...


@dataclass(frozen=True, slots=True)
class NmtScoreOptions:
    """Options of `NmtScore`. Raises `ValidationError` for numbers out of range."""

    source_lang: str
    target_lang: str
    keep: int = 16
    cached: bool = speed_option(True)
    batch_tokens: int = speed_option(512)

    def __post_init__(self) -> None:
        if self.keep < 0 or self.batch_tokens < 1:
            raise ValidationError(
                f"keep must be at least 0, not {self.keep}, and batch_tokens at least 1, not {self.batch_tokens}"
            )


class NmtScore:
    """Scores entity and candidate phrases with a multilingual translation model, in both directions, normalized.

    `sim(b | a) = p(b | a) / p(b | b)`, where `p(b | a) = exp(1/|b| · Σ_t log p(b_t | b_<t, a))` over the tokens of `b`
    and the end of the sentence, without the token that names the language. The score is the mean of `sim(c | e)` and
    `sim(e | c)` for an entity `e` and a candidate `c`. It is 0 or more, about 1 for translations, and may exceed 1.

    - `translator`: a `Seq2SeqTranslator` with a multilingual model and `engine="transformers"`.
    - `source_lang`, `target_lang`: languages of entities and candidates.
    - `keep`: candidates per entity that are scored. They are the most probable ones given the entity, by `p(c | e)`;
      the others get 0. With 0 all are scored.
    - `cached`: keep log probabilities on disk, in the folder of `xlner.models.cache.cache_dir`.
    - `batch_tokens`: tokens in a batch. Candidates that begin alike, as n-grams do, share that part of the work.

    Raises `UsageError` for a model of one direction and for another engine, `ValidationError` for numbers out of range,
    and `BackendError` for languages that the model does not know.

    >>> from xlner.stages import PhraseScorer
    >>> issubclass(NmtScore, PhraseScorer)
    True
    """

    def __init__(
        self,
        translator: ScoringModel,
        *,
        source_lang: str,
        target_lang: str,
        keep: int = 16,
        cached: bool = True,
        batch_tokens: int = 512,
    ) -> None:
        if not translator.family.names_languages:
            raise UsageError(
                f"the translation score needs a multilingual model, not {translator.family.name}",
                hint="use nllb, m2m100 or madlad",
            )
        if translator.loading.engine != "transformers":
            raise UsageError(
                f"the translation score does not work with engine={translator.loading.engine}",
                hint="use engine=transformers",
            )
        self.translator = translator
        self.options = NmtScoreOptions(canonical(source_lang), canonical(target_lang), keep, cached, batch_tokens)
        for direction in ((source_lang, target_lang), (target_lang, source_lang)):
            translator.checkpoint(*direction).prompt(*direction)  # raises for an unknown language
        self._cache = ScoreCache(self._model) if cached else None

    @property
    def fingerprint(self) -> str:
        """The options and the model."""
        return f"{options_fingerprint('nmt-score', self.options)} {self._model}"

    @property
    def _checkpoint(self) -> Seq2SeqCheckpoint:
        return self.translator.checkpoint(self.options.source_lang, self.options.target_lang)

    @property
    def _model(self) -> str:
        return f"{self._checkpoint.fingerprint} legacy={self.translator.loading.legacy}"

    def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
        """Return one score per entity text and the candidate text at the same place; 0 if one of them is blank."""
        wanted = dict.fromkeys(
            (e, c) for e, c in zip(entity_texts, candidate_texts, strict=True) if e.strip() and c.strip()
        )
        source, target = self.options.source_lang, self.options.target_lang
        there = self._direct(source, target, wanted)
        kept = self._kept(there)
        back = self._direct(target, source, [(c, e) for e, c in kept])
        entities = self._direct(source, source, [(e, e) for e, _ in kept])
        candidates = self._direct(target, target, [(c, c) for _, c in kept])
        found = {
            (e, c): (math.exp(there[e, c] - candidates[c, c]) + math.exp(back[c, e] - entities[e, e])) / 2
            for e, c in kept
        }
        return [found.get(pair, 0.0) for pair in zip(entity_texts, candidate_texts, strict=True)]

    def _kept(self, there: Pairs) -> list[tuple[str, str]]:
        if not self.options.keep:
            return list(there)
        by_entity: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for pair in there:
            by_entity[pair[0]].append(pair)
        return [
            pair for pairs in by_entity.values() for pair in sorted(pairs, key=lambda p: -there[p])[: self.options.keep]
        ]

    def _direct(self, from_lang: str, to_lang: str, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """`log p(b | a)` per token for each distinct pair of texts `(a, b)`."""
        distinct = list(dict.fromkeys(pairs))
        direction = f"{from_lang}>{to_lang}"
        known = {} if self._cache is None else self._cache.get(direction, distinct)
        todo = [pair for pair in distinct if pair not in known]
        if todo:
            sides = Side(self._checkpoint, from_lang, to_lang)
            made = dict(zip(todo, forced_log_probabilities(sides, todo, self.options.batch_tokens), strict=True))
            if self._cache is not None:
                self._cache.put(direction, made)
            known |= made
        return {pair: known[pair] for pair in distinct}
