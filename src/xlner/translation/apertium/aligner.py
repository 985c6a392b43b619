"""An aligner that gets its links from Apertium, which knows what each word of a text became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core.alignment import Alignment
from xlner.core.entity import Span
from xlner.core.options import content_option, options_fingerprint
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, StageError
from xlner.stages import Aligner, fingerprint_of
from xlner.translation.apertium.installation import MODES_DIR
from xlner.translation.apertium.translator import ApertiumTranslator
from xlner.translation.linked import composed, word_links


@dataclass(frozen=True, slots=True)
class ApertiumAlignerOptions:
    """Options of `ApertiumAligner`."""

    fallback: str | None = None
    via: tuple[str, ...] = ()
    modes_dir: str = content_option(MODES_DIR)


class ApertiumAligner:
    """Links the words of a target sentence with those of its Apertium translation.

    The target is translated again, with a mark on each lexical unit that Apertium finds in it. All words of a unit are
    linked with all words that it became. Words that Apertium added (`it`, `to`) have no link. The links are exact, cost
    as much as translating, and need no model. The language of the target must be known; the source is English if its
    language is not known.

    - `fallback`: spec of the aligner for pairs whose source is not Apertium's translation of the target. Without it
      they are errors.
    - `via`, `modes_dir`: as in `ApertiumTranslator`.

    Raises what loading the `fallback` raises.

    >>> aligner = ApertiumAligner(fallback="oracle", modes_dir="/nowhere")
    >>> aligner.align([])
    []
    """

    def __init__(self, *, fallback: str | None = None, via: str | None = None, modes_dir: str | None = None) -> None:
        self._translator = ApertiumTranslator(via=via, modes_dir=modes_dir)
        used = self._translator.options
        self.options = ApertiumAlignerOptions(fallback, used.via, used.modes_dir)
        self._fallback: Aligner | None = None if fallback is None else load("aligner", fallback)

    @property
    def fingerprint(self) -> str:
        """The options, and the fingerprints of the translator and of the fallback."""
        options = options_fingerprint("apertium-links", self.options)
        return f"{options} {self._translator.fingerprint} fallback={fingerprint_of(self._fallback)}"

    @property
    def summary(self) -> str:
        """The installed directions, for `xlner doctor`. Raises `BackendError` if there are none."""
        return self._translator.summary

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """Return the links of each pair, without weights.

        Raises `BackendError` if the language of a target is not known or Apertium cannot translate it, `StageError`
        for a pair whose source is not Apertium's translation if there is no fallback, and `ValidationError` for a pair
        without source.
        """
        alignments: dict[int, Alignment] = {}
        for (from_lang, to_lang), places in _by_languages(pairs).items():
            texts = [composed(pairs[k].target) for k in places]
            made = self._translator.translate_linked([text for text, _ in texts], from_lang=from_lang, to_lang=to_lang)
            for k, (_, offsets), linked in zip(places, texts, made, strict=True):
                translated = _offsets_in(linked.text, pairs[k].source, to_lang)
                if translated is not None:
                    alignments[k] = Alignment(tuple(word_links(linked.links, offsets, translated)))
        others = [k for k in range(len(pairs)) if k not in alignments]
        if others:
            alignments |= dict(zip(others, self._by_fallback([pairs[k] for k in others]), strict=True))
        return [alignments[k] for k in range(len(pairs))]

    def close(self) -> None:
        """End all programs."""
        self._translator.close()

    def _by_fallback(self, pairs: Sequence[Pair]) -> list[Alignment]:
        if self._fallback is None:
            raise StageError(
                "the source is not Apertium's translation of the target", hint="name a fallback: apertium?fallback=e5"
            )
        return self._fallback.align(pairs)


def _by_languages(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[int]]:
    """The places of the pairs of each direction."""
    groups: dict[tuple[str, str], list[int]] = {}
    for k, pair in enumerate(pairs):
        source = pair.require_source()
        if pair.target.language is None:
            raise BackendError("Apertium needs the language of the target", hint="give --lang CODE")
        groups.setdefault((pair.target.language, source.language or "en"), []).append(k)
    return groups


def _offsets_in(text: str, source: Sentence | None, language: str) -> Sequence[Span] | None:
    """The offsets of the tokens of the source in this text, or None if it is not the text of the source."""
    assert source is not None
    if source.text is not None:
        return source.offsets if source.text == text else None
    made = Sentence.from_text(text, language=language)
    return made.offsets if made.tokens == source.tokens else None
