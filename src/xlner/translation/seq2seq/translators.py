"""Translators on transformers models: NLLB-200, M2M-100, Marian (OPUS-MT) and MADLAD-400."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import ClassVar

from xlner.core.memory import within_memory
from xlner.core.options import options_fingerprint, speed_option
from xlner.errors import BackendError, NotDownloadedError, UsageError, ValidationError
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
"""Length of the sequences of ids that a second attempt does not repeat: loops are longer, names are shorter."""
_STEP = 16
"""Tokens that limits are rounded up to, so that more texts share a batch."""


@dataclass(frozen=True, slots=True)
class Seq2SeqOptions:
    """Options of `Seq2SeqTranslator`. Raises `ValidationError` for numbers out of range."""

    model: str
    engine: str = "transformers"
    beams: int = 4
    length_penalty: float = 1.0
    max_ratio: float = 3.0
    max_length: int | None = None
    batch_tokens: int = speed_option(2048)
    device: str = speed_option("auto")
    dtype: str = "auto"
    legacy: bool | None = None
    revision: str | None = None
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        if self.beams < 1 or self.batch_tokens < 1 or not 0 < self.max_ratio < math.inf:
            raise ValidationError(
                f"beams {self.beams}, batch_tokens {self.batch_tokens} and max_ratio {self.max_ratio} must be over 0"
            )
        if self.max_length is not None and self.max_length < 3:
            raise ValidationError(f"max_length {self.max_length} leaves no word", hint="use 3 or more")


class Seq2SeqTranslator:
    """The common part of the translators on transformers models: `NllbTranslator` and the others below.

    - `model`: a folder or a name on the hub. What is in the hub's cache needs no network.
    - `engine`: `transformers`, or `ct2`, which converts the model once to CTranslate2.
    - `beams`: hypotheses that the search keeps; 1 is greedy.
    - `length_penalty`: hypotheses are compared by their log probability divided by this power of their length.
    - `max_ratio`: a translation has at most this many times the tokens of its text, rounded up to 16, plus 16.
    - `max_length`: a translation has at most this many tokens, together with the token that starts it, as `max_length`
      of transformers; the rest is cut off. By default there is only the limit of `max_ratio` and that of the model.
    - `batch_tokens`: tokens of the texts in a batch.
    - `device`: `auto`, `cpu`, `cuda` …
    - `dtype`: `float32`, `float16` or `bfloat16`; with `ct2` also `int8`. `auto` is half precision on a GPU, and on a
      CPU `float32`, or `int8` with `ct2`.
    - `legacy`: only for NLLB. If true, the language code follows the text, as in tokenizers until April 2023; if false,
      it precedes the text. By default the files of the model decide; if they say nothing, it precedes the text.
    - `revision`: a commit or branch on the hub.
    - `tokenizer`: a folder or a name on the hub, for a model that has no tokenizer of its own.

    A translation does not depend on the other texts of a batch. Lines stay lines. A text that is too long for the model
    is split between sentences, clauses or words, translated in pieces and joined.

    Raises `MissingExtraError` if a package is missing, `ValidationError` for numbers out of range, `UnknownNameError`
    for an unknown engine, and `UsageError` for `legacy` with another family.

    >>> sorted(cls.__name__ for cls in Seq2SeqTranslator.__subclasses__())
    ['M2M100Translator', 'MadladTranslator', 'MarianTranslator', 'NllbTranslator']
    """

    family: ClassVar[Family]
    default: ClassVar[str]
    legacy_default: ClassVar[bool | None] = None
    tokenizer_default: ClassVar[str | None] = None
    """The tokenizer of the default model, if that has none of its own."""

    def __init__(
        self,
        model: str | None = None,
        *,
        engine: str = "transformers",
        beams: int = 4,
        length_penalty: float = 1.0,
        max_ratio: float = 3.0,
        max_length: int | None = None,
        batch_tokens: int = 2048,
        device: str = "auto",
        dtype: str = "auto",
        legacy: bool | None = None,
        revision: str | None = None,
        tokenizer: str | None = None,
    ) -> None:
        if legacy is not None and self.family is not NLLB:
            raise UsageError(f"legacy is an option of nllb, not of {self.family.name}")
        legacy = self.legacy_default if legacy is None else legacy
        tokenizer = tokenizer or (self.tokenizer_default if model is None else None)
        self.options = Seq2SeqOptions(
            model or self.default,
            engine,
            beams,
            length_penalty,
            max_ratio,
            max_length,
            batch_tokens,
            device,
            dtype,
            legacy,
            revision,
            tokenizer,
        )
        self.loading = Loading(engine, device, dtype, legacy, revision, tokenizer)
        require_torch()
        if engine == "ct2":
            from xlner.translation.seq2seq.ctranslate2 import require_ctranslate2

            require_ctranslate2()
        self._checkpoints: dict[str, Seq2SeqCheckpoint] = {}
        self._used: set[str] = set()

    @property
    def is_external(self) -> bool:
        """Whether the model is on a GPU."""
        return self.loading.is_on_gpu()

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text. An empty text stays empty; with the same language on both sides all texts stay.

        Raises `BackendError` as `check_direction` does.
        """
        return self._translate(texts, from_lang, to_lang, no_repeat=0)

    def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text without loops: no sequence of `NO_REPEAT` tokens occurs twice."""
        return self._translate(texts, from_lang, to_lang, no_repeat=NO_REPEAT)

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Load the model of the direction as far as its tokenizer.

        Raises `BackendError` if it cannot be found, is of another family, or does not know one of the languages.
        """
        self.checkpoint(from_lang, to_lang).prompt(from_lang, to_lang)

    def phrase_scorer(self, source_lang: str, target_lang: str) -> NmtScore:
        """Return the translation score of phrases by this model. Raises what `NmtScore` raises."""
        return NmtScore(self, source_lang=source_lang, target_lang=target_lang)

    def checkpoint(self, from_lang: str, to_lang: str) -> Seq2SeqCheckpoint:
        """Return the model for a direction, even if it does not know the languages."""
        first: BackendError | None = None
        for name in model_names(self.options.model, from_lang, to_lang):
            try:
                checkpoint = self._loaded(name)
            except BackendError as error:
                first = first or error
                continue
            self._used.add(name)
            return checkpoint
        raise first or BackendError(f"no model for {from_lang} to {to_lang}")

    @property
    def fingerprint(self) -> str:
        """The options, and the versions of the models used so far and of the engine."""
        if not self._used and "{" not in self.options.model:
            self.checkpoint("en", "en")
        models = [f"{name}@{self._loaded(name).fingerprint}" for name in sorted(self._used)]
        return " ".join([options_fingerprint(self.family.name, self.options), *models])

    @property
    def summary(self) -> str:
        """The model, for `xlner doctor`. Raises `NotDownloadedError` if it is not on this machine."""
        model = self.options.model
        if Path(model).is_dir() or (hub_cache() / f"models--{model.replace('/', '--')}").is_dir():
            return f"{model}, on this machine"
        raise NotDownloadedError(f"{model} is not on this machine", hint="it will be downloaded on first use")

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_checkpoints": {}}

    def _loaded(self, name: str) -> Seq2SeqCheckpoint:
        if name not in self._checkpoints:
            self._checkpoints.setdefault(name, Seq2SeqCheckpoint(name, self.family, self.loading))
        return self._checkpoints[name]

    def _translate(self, texts: Sequence[str], from_lang: str, to_lang: str, *, no_repeat: int) -> list[str]:
        if languages.canonical(from_lang) == languages.canonical(to_lang):
            return list(texts)
        search = DecodingOptions(self.options.beams, self.options.length_penalty, no_repeat)
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
        """Translate texts that are not too long, in batches by length and token budget."""
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
        """Batches of texts with the same limit, so that no translation depends on the others."""
        by_limit: defaultdict[int, list[int]] = defaultdict(list)
        if self.options.max_length is not None:
            most = min(most, self.options.max_length)
        for k, row in enumerate(ids):
            by_limit[min(most - 1, math.ceil(-(-len(row) // _STEP) * _STEP * self.options.max_ratio) + _STEP)].append(k)
        for limit, members in sorted(by_limit.items()):
            for batch in padded_batches([len(ids[k]) for k in members], within_memory(self.options.batch_tokens)):
                yield limit, [members[k] for k in batch]


class NllbTranslator(Seq2SeqTranslator):
    """NLLB-200 (NLLB Team 2022), 202 languages, and fine-tunes of it. See `Seq2SeqTranslator` for the options.

    >>> NllbTranslator.default  # the model of the spec without an argument
    'facebook/nllb-200-distilled-600M'
    """

    family = NLLB
    default = "facebook/nllb-200-distilled-600M"


class EasyProjectTranslator(NllbTranslator):
    """NLLB-200-3.3B fine-tuned to keep markers (EasyProject, Chen et al. 2023).

    The weights on the hub replaced the first ones in May 2023. They are for tokenizers that put the language code
    before the text, which is the default here whatever the files of the tokenizer say. Use `easyproject?legacy=true`
    for the weights of 2022, which had the code after the text. The translation begins with the code of its language in
    both forms.

    >>> EasyProjectTranslator.default  # the model of the spec without an argument
    'ychenNLP/nllb-200-3.3B-easyproject'
    """

    default = "ychenNLP/nllb-200-3.3B-easyproject"
    legacy_default = False
    markers = "brackets"


class LabelPigeonTranslator(NllbTranslator):
    """NLLB-200-3.3B fine-tuned to keep XML tags (LabelPigeon, Thennal D K et al. 2026, arXiv 2603.12021).

    `build` and `back-translation` mark entities as it was trained: `<a>Vigo</a>`, `<b>` for the second one, and so on.
    Tags may be inside of others. It has the plain tokenizer of NLLB, which is loaded from `facebook/nllb-200-3.3B`
    unless you name a model with a tokenizer. See `Seq2SeqTranslator` for the options.

    >>> LabelPigeonTranslator.default  # the model of the spec without an argument
    'thennal/nllb-200-3.3B-labelpigeon'
    """

    default = "thennal/nllb-200-3.3B-labelpigeon"
    tokenizer_default = "facebook/nllb-200-3.3B"
    markers = "letters"


class M2M100Translator(Seq2SeqTranslator):
    """M2M-100 (Fan et al. 2021), 100 languages. See `Seq2SeqTranslator` for the options.

    >>> M2M100Translator.default  # the model of the spec without an argument
    'facebook/m2m100_418M'
    """

    family = M2M100
    default = "facebook/m2m100_418M"


class MarianTranslator(Seq2SeqTranslator):
    """Marian models such as OPUS-MT (Tiedemann and Thottingal 2020), most of them for one direction.

    `{from}` and `{to}` in the name are replaced by language codes of two letters, or of three if there is no shorter
    one. See `Seq2SeqTranslator` for the options.

    >>> MarianTranslator.default  # the model of the spec without an argument
    'Helsinki-NLP/opus-mt-{from}-{to}'
    """

    family = MARIAN
    default = "Helsinki-NLP/opus-mt-{from}-{to}"


class MadladTranslator(Seq2SeqTranslator):
    """MADLAD-400 (Kudugunta et al. 2023), 400 languages, and other T5 models with a language tag `<2xx>`.

    See `Seq2SeqTranslator` for the options.

    >>> MadladTranslator.default  # the model of the spec without an argument
    'google/madlad400-3b-mt'
    """

    family = MADLAD
    default = "google/madlad400-3b-mt"


def _cut(text: str, checkpoint: Seq2SeqCheckpoint, prompt: Prompt) -> list[str]:
    """The lines of a text, in pieces if they are too long for the model."""

    def fits(piece: str) -> bool:
        return len(checkpoint.encode([piece], prompt)[0]) <= checkpoint.max_input

    # No tokenizer makes more tokens than there are bytes, except for a few around the text.
    if len(prompt.text) + len(text.encode()) + 8 <= checkpoint.max_input:
        return split_lines(text)
    return [piece for line in split_lines(text) for piece in split_pieces(line, fits)]


def model_names(template: str, from_lang: str, to_lang: str) -> list[str]:
    """Return the possible names of the model of a direction, most common codes first.

    >>> model_names("opus-mt-{from}-{to}", "gl", "en")[:2]
    ['opus-mt-gl-en', 'opus-mt-gl-eng']
    """
    if not re.search(r"\{(from|to)\}", template):
        return [template]
    pairs = product(_short_codes(from_lang), _short_codes(to_lang))
    return [template.replace("{from}", start).replace("{to}", end) for start, end in pairs]


def _short_codes(code: str) -> list[str]:
    base = languages.base(code)
    others = ("nb", "nob") if base == "no" else ()
    return list(dict.fromkeys([{"fil": "tl"}.get(base, base), languages.iso639_3(base), *others]))
