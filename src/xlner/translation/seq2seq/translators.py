"""Translators on transformers models: NLLB-200, M2M-100, Marian (OPUS-MT) and MADLAD-400."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from typing import ClassVar

from xlner.errors import BackendError, NotDownloadedError, ValidationError
from xlner.models.batching import padded_batches
from xlner.models.hub import hub_cache
from xlner.models.loading import require_torch
from xlner.text import languages
from xlner.text.sentence_splitter import join_pieces, split_lines, split_pieces
from xlner.translation.seq2seq.checkpoint import Loading, Seq2SeqCheckpoint
from xlner.translation.seq2seq.generation import DecodingOptions, Ids
from xlner.translation.seq2seq.model_families import M2M100, MADLAD, MARIAN, NLLB, Family, Prompt
from xlner.translation.seq2seq.nmt_score import NmtScore

NO_REPEAT = 4
"""Ids that a second attempt does not repeat in one order: loops are longer, names are shorter."""
_STEP = 16


class Seq2SeqTranslator:
    """What all these translators have in common; see `NllbTranslator` and the others.

    `model` is a folder or a name on the hub; it is loaded when the route is asked for, and what is in the hub's cache
    needs no network. `engine` is `transformers` or `ct2`, which converts the model once to CTranslate2. `beams` are
    kept in the search (1: greedy), and hypotheses are compared by their log probability divided by their length to
    the power of `length_penalty`. A translation has at most `max_ratio` times the tokens of its text (rounded up to
    16) and 16 more. `batch_tokens` is the size of a batch in tokens of the texts. `device` is `auto`, `cpu`, `cuda` …,
    `dtype` `auto`, `float32`, `float16`, `bfloat16`, and with `ct2` also `int8`; `auto` is half precision on a GPU,
    and on a CPU `float32`, or `int8` with `ct2`. `legacy` is about NLLB: the language code goes after the text
    if it is true, as tokenizers did until April 2023, and before it if it is false; by default as the files of the
    model say, else before it. `revision` is a commit or branch on the hub.

    A text is translated on its own, whatever stands beside it; lines stay lines. One that is longer than the model
    takes is cut between sentences, clauses or words, translated in pieces and joined.
    """

    family: ClassVar[Family]
    default: ClassVar[str]
    legacy_default: ClassVar[bool | None] = None

    def __init__(
        self,
        model: str | None = None,
        *,
        engine: str = "transformers",
        beams: int = 4,
        length_penalty: float = 1.0,
        max_ratio: float = 3.0,
        batch_tokens: int = 2048,
        device: str = "auto",
        dtype: str = "auto",
        legacy: bool | None = None,
        revision: str | None = None,
    ) -> None:
        if beams < 1 or batch_tokens < 1 or not 0 < max_ratio < math.inf:
            raise ValidationError(
                f"beams {beams}, batch_tokens {batch_tokens} and max_ratio {max_ratio} must be over 0"
            )
        if legacy is not None and self.family is not NLLB:
            raise ValidationError(f"legacy is an option of nllb, not of {self.family.name}")
        self.model = model or self.default
        self.legacy = self.legacy_default if legacy is None else legacy
        self.engine = engine
        self._loading = Loading(engine, device, dtype, self.legacy, revision)
        require_torch()
        if engine == "ct2":
            from xlner.translation.seq2seq.ctranslate2 import require_ctranslate2

            require_ctranslate2()
        self.search = DecodingOptions(beams, length_penalty)
        self.max_ratio = max_ratio
        self.batch_tokens = batch_tokens
        self._checkpoints: dict[str, Seq2SeqCheckpoint] = {}

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text; an empty text gives an empty text, and one in the language asked for is given back.

        Raises `BackendError` as `check_direction` does.
        """
        return self._translate(texts, from_lang, to_lang, self.search)

    def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """The same, without loops: no `NO_REPEAT` tokens come twice in one order."""
        search = DecodingOptions(self.search.beams, self.search.length_penalty, NO_REPEAT)
        return self._translate(texts, from_lang, to_lang, search)

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Load the model of the direction as far as its tokenizer.

        Raises `BackendError` where it cannot be found, is of another kind, or does not know one of the languages.
        """
        self.checkpoint(from_lang, to_lang).prompt(from_lang, to_lang)

    def phrase_scorer(self, source_lang: str, target_lang: str) -> NmtScore:
        """The translation score of phrases by this model; raises what `NmtScore` does."""
        return NmtScore(self, source_lang=source_lang, target_lang=target_lang)

    def checkpoint(self, from_lang: str, to_lang: str) -> Seq2SeqCheckpoint:
        """The model for a direction, whether or not it knows the languages."""
        first: BackendError | None = None
        for name in _names(self.model, from_lang, to_lang):
            if name in self._checkpoints:
                return self._checkpoints[name]
            try:
                made = Seq2SeqCheckpoint(name, self.family, self._loading)
            except BackendError as error:
                first = first or error
                continue
            return self._checkpoints.setdefault(name, made)
        raise first or BackendError(f"no model for {from_lang} to {to_lang}")

    @property
    def fingerprint(self) -> str:
        """Model with its version, options, and versions of what runs it; the models of routes that were asked for."""
        if not self._checkpoints and "{" not in self.model:
            self.checkpoint("en", "en")
        models = [f"{name}@{c.version} {c.generator.fingerprint}" for name, c in sorted(self._checkpoints.items())]
        search = f"beams={self.search.beams} length_penalty={self.search.length_penalty} max_ratio={self.max_ratio}"
        return f"{self.family.name} {search} legacy={self.legacy} {' '.join(models) or self.model}"

    @property
    def summary(self) -> str:
        """The model, for `xlner doctor`; raises `NotDownloadedError` where it is not on this machine."""
        if Path(self.model).is_dir() or (hub_cache() / f"models--{self.model.replace('/', '--')}").is_dir():
            return f"{self.model}, on this machine"
        raise NotDownloadedError(f"{self.model} is not on this machine", hint="it is downloaded when it is first used")

    def _translate(self, texts: Sequence[str], from_lang: str, to_lang: str, search: DecodingOptions) -> list[str]:
        if languages.canonical(from_lang) == languages.canonical(to_lang):
            return list(texts)
        checkpoint = self.checkpoint(from_lang, to_lang)
        prompt = checkpoint.prompt(from_lang, to_lang)
        cut = [_cut(text, checkpoint, prompt) for text in texts]
        flat = [piece.strip() for parts in cut for piece in parts]
        made = iter(self._run(flat, checkpoint, prompt, search))
        spaced = not languages.spaceless(to_lang)
        return [join_pieces(list(islice(made, len(parts))), parts, spaced=spaced) for parts in cut]

    def _run(
        self, texts: Sequence[str], checkpoint: Seq2SeqCheckpoint, prompt: Prompt, search: DecodingOptions
    ) -> list[str]:
        """Translations of texts that fit, in batches by length and token budget."""
        places = [k for k, text in enumerate(texts) if text]
        made = [""] * len(texts)
        if not places:
            return made
        ids = checkpoint.encode([texts[k] for k in places], prompt)
        for limit, batch in self._batches(ids, checkpoint.max_input):
            rows = checkpoint.generator.generate(
                [ids[k] for k in batch], forced=prompt.forced, limit=limit, search=search
            )
            for k, text in zip(batch, checkpoint.decode(rows), strict=True):
                made[places[k]] = text
        return made

    def _batches(self, ids: Sequence[Ids], most: int) -> Iterator[tuple[int, list[int]]]:
        """Batches with the limit that all of a batch share, so that no translation depends on its neighbors."""
        by_limit: defaultdict[int, list[int]] = defaultdict(list)
        for k, row in enumerate(ids):
            by_limit[min(most - 1, math.ceil(-(-len(row) // _STEP) * _STEP * self.max_ratio) + _STEP)].append(k)
        for limit, members in sorted(by_limit.items()):
            for batch in padded_batches([len(ids[k]) for k in members], self.batch_tokens):
                yield limit, [members[k] for k in batch]


class NllbTranslator(Seq2SeqTranslator):
    """NLLB-200 (NLLB Team 2022), 202 languages, and fine-tunes of it. See `Seq2SeqTranslator` for the options."""

    family = NLLB
    default = "facebook/nllb-200-distilled-600M"


class EasyProjectTranslator(NllbTranslator):
    """NLLB-200-3.3B fine-tuned to keep markers (EasyProject, Chen et al. 2023); `legacy` is on.

    So the text is followed by the end of a sentence and its language code, the form (`legacy_behaviour=True` in
    transformers) in which the first weights were trained in 2022. NLLB itself was trained with the code first, and the
    card of the weights that replaced them in May 2023 names transformers 4.29.2, which puts it first, too: for these,
    `easyproject?legacy=false`. The translation begins with the code of its language either way.
    """

    default = "ychenNLP/nllb-200-3.3B-easyproject"
    legacy_default = True


class M2M100Translator(Seq2SeqTranslator):
    """M2M-100 (Fan et al. 2021), 100 languages. See `Seq2SeqTranslator` for the options."""

    family = M2M100
    default = "facebook/m2m100_418M"


class MarianTranslator(Seq2SeqTranslator):
    """Marian models such as OPUS-MT (Tiedemann and Thottingal 2020), most of them of one direction.

    `{from}` and `{to}` in the name become the codes of the languages, of two letters where there are two, else of
    three. See `Seq2SeqTranslator` for the options.
    """

    family = MARIAN
    default = "Helsinki-NLP/opus-mt-{from}-{to}"


class MadladTranslator(Seq2SeqTranslator):
    """MADLAD-400 (Kudugunta et al. 2023), 400 languages, and other T5 models told the language by `<2xx>`.

    See `Seq2SeqTranslator` for the options.
    """

    family = MADLAD
    default = "google/madlad400-3b-mt"


def _cut(text: str, checkpoint: Seq2SeqCheckpoint, prompt: Prompt) -> list[str]:
    """The lines of a text, and their pieces where one is longer than the model takes."""

    def fits(piece: str) -> bool:
        return len(checkpoint.encode([piece], prompt)[0]) <= checkpoint.max_input

    # No tokenizer makes more tokens than bytes, except for the few round the text.
    if len(prompt.text) + len(text.encode()) + 8 <= checkpoint.max_input:
        return split_lines(text)
    return [piece for line in split_lines(text) for piece in split_pieces(line, fits)]


def _names(template: str, from_lang: str, to_lang: str) -> list[str]:
    """Names of the model of a direction, most usual codes first; a name without braces as it is."""
    if not re.search(r"\{(from|to)\}", template):
        return [template]
    pairs = product(_short_codes(from_lang), _short_codes(to_lang))
    return [template.replace("{from}", start).replace("{to}", end) for start, end in pairs]


def _short_codes(code: str) -> list[str]:
    base = languages.base(code)
    return list(dict.fromkeys([{"fil": "tl"}.get(base, base), languages.iso639_3(base)]))
