"""NMTScore (Vamvas and Sennrich 2022), direct: how probable a translation model finds one phrase, given the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from xlner.errors import ValidationError
from xlner.text.languages import canonical
from xlner.translation.seq2seq.forced_decoding import Side, forced_log_probabilities
from xlner.translation.seq2seq.score_cache import ScoreCache

if TYPE_CHECKING:
    from xlner.translation.seq2seq.translators import Seq2SeqTranslator

Pairs = dict[tuple[str, str], float]


class NmtScore:
    """Scores of entity and candidate phrases by a model of many languages, in both directions, normalized.

    `sim(b | a) = p(b | a) / p(b | b)`, where `p(b | a) = exp(1/|b| · Σ_t log p(b_t | b_<t, a))` over the tokens of `b`
    and the end of the sentence, without the token that names the language. The score is the mean of `sim(c | e)` and
    `sim(e | c)`. It is 0 or more, about 1 for translations, and may be a little more.

    `keep` is the prefilter: of all candidates of an entity, only the so many that the model finds most probable given
    the entity, by `p(c | e)`, are scored in full, and the others get 0. With 0 all are scored. Candidates that begin
    alike, as n-grams do, share the work for what they have in common; every phrase goes through the encoder once.
    `cached` keeps log probabilities on disk, in the folder of `xlner.models.cache.cache_dir`.

    Raises `ValidationError` for a model of one direction or an engine that cannot score, `BackendError` for languages
    that the model does not know.
    """

    def __init__(
        self,
        translator: Seq2SeqTranslator,
        *,
        source_lang: str,
        target_lang: str,
        keep: int = 16,
        cached: bool = True,
        batch_tokens: int = 512,
    ) -> None:
        if not translator.family.names_languages:
            raise ValidationError(
                f"the translation score needs a model of many languages, not {translator.family.name}"
            )
        if translator.engine != "transformers":
            raise ValidationError(f"the translation score cannot be had with engine={translator.engine}")
        if keep < 0 or batch_tokens < 1:
            raise ValidationError(f"keep {keep} is negative or batch_tokens {batch_tokens} not over 0")
        self.translator = translator
        self.source_lang = canonical(source_lang)
        self.target_lang = canonical(target_lang)
        self.keep = keep
        self.batch_tokens = batch_tokens
        translator.check_direction(self.source_lang, self.target_lang)
        translator.check_direction(self.target_lang, self.source_lang)
        self._checkpoint = translator.checkpoint(self.source_lang, self.target_lang)
        self._cache = ScoreCache(self._model) if cached else None

    @property
    def fingerprint(self) -> str:
        """Model, languages and prefilter."""
        return f"nmt-score {self._model} {self.source_lang}<>{self.target_lang} keep={self.keep}"

    @property
    def _model(self) -> str:
        checkpoint = self._checkpoint
        return f"{checkpoint.version} {checkpoint.generator.fingerprint} legacy={self.translator.legacy}"

    def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> list[float]:
        """One score for each entity text with the candidate text at the same place; 0 for a text without words."""
        wanted = dict.fromkeys(
            (e, c) for e, c in zip(entity_texts, candidate_texts, strict=True) if e.strip() and c.strip()
        )
        there = self._direct(self.source_lang, self.target_lang, wanted)
        kept = self._kept(there)
        back = self._direct(self.target_lang, self.source_lang, [(c, e) for e, c in kept])
        entities = self._direct(self.source_lang, self.source_lang, [(e, e) for e, _ in kept])
        candidates = self._direct(self.target_lang, self.target_lang, [(c, c) for _, c in kept])
        found = {
            (e, c): (math.exp(there[e, c] - candidates[c, c]) + math.exp(back[c, e] - entities[e, e])) / 2
            for e, c in kept
        }
        return [found.get(pair, 0.0) for pair in zip(entity_texts, candidate_texts, strict=True)]

    def _kept(self, there: Pairs) -> list[tuple[str, str]]:
        if not self.keep:
            return list(there)
        by_entity: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for pair in there:
            by_entity[pair[0]].append(pair)
        return [pair for pairs in by_entity.values() for pair in sorted(pairs, key=lambda p: -there[p])[: self.keep]]

    def _direct(self, from_lang: str, to_lang: str, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """`log p(b | a)` per token for pairs of texts `(a, b)`, each computed once."""
        distinct = list(dict.fromkeys(pairs))
        direction = f"{from_lang}>{to_lang}"
        known = {} if self._cache is None else self._cache.get(direction, distinct)
        todo = [pair for pair in distinct if pair not in known]
        if todo:
            sides = Side(self._checkpoint, from_lang, to_lang)
            made = dict(zip(todo, forced_log_probabilities(sides, todo, self.batch_tokens), strict=True))
            if self._cache is not None:
                self._cache.put(direction, made)
            known |= made
        return {pair: known[pair] for pair in distinct}
