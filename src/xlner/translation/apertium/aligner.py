"""Links that Apertium knows of: which word of the text became which word of its translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlner.core.alignment import Alignment
from xlner.core.entity import Span
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, StageError, ValidationError
from xlner.translation.linked import composed, word_links

if TYPE_CHECKING:
    from xlner.stages import Aligner


class ApertiumAligner:
    """Links the words of a target sentence and of its translation by Apertium, which knows where each came from.

    The target is translated again, with a mark on each lexical unit that Apertium finds in it. All words of a unit are
    linked with all words that it became; words that Apertium added (`it`, `to`) have no link. This is exact, costs as
    much as translating, and needs no model. Pairs must know the language of the target; that of the source is English
    where it is not known.

    A pair whose source is not what Apertium makes of the target goes to the aligner `fallback`, a spec; without one it
    is an error. `via` and `modes_dir` are those of `ApertiumTranslator`.

    Raises what making the `fallback` raises.
    """

    def __init__(self, *, fallback: str | None = None, via: str | None = None, modes_dir: str | None = None) -> None:
        from xlner.translation.apertium.links import LinkedTranslator
        from xlner.translation.apertium.translator import ApertiumTranslator

        self._translator = ApertiumTranslator(via=via, modes_dir=modes_dir)
        self._linked = LinkedTranslator(self._translator)
        self._fallback: Any = None if fallback is None else load("aligner", fallback)

    @property
    def fingerprint(self) -> str:
        """Changes with the modes and their data, and with the fallback."""
        fallback: Aligner | None = self._fallback
        other = "none" if fallback is None else getattr(fallback, "fingerprint", type(fallback).__qualname__)
        return f"links:{self._translator.fingerprint}?fallback={other}"

    @property
    def summary(self) -> str:
        """What is installed, for `xlner doctor`; raises `BackendError` where nothing is."""
        return self._translator.summary

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair, without weights.

        Raises `BackendError` where the language of a target is not known or Apertium cannot translate it,
        `StageError` for a pair whose source is not Apertium's translation where there is no fallback, and
        `ValidationError` for a pair without source.
        """
        alignments: dict[int, Alignment] = {}
        for (from_lang, to_lang), places in _by_languages(pairs).items():
            texts = [composed(pairs[k].target) for k in places]
            made = self._linked.translate([text for text, _ in texts], from_lang=from_lang, to_lang=to_lang)
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
        self._linked.close()
        self._translator.close()

    def _by_fallback(self, pairs: Sequence[Pair]) -> list[Alignment]:
        if self._fallback is None:
            raise StageError(
                "the source is not Apertium's translation of the target", hint="name a fallback: apertium?fallback=e5"
            )
        found: list[Alignment] = self._fallback.align(pairs)
        return found


def _by_languages(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[int]]:
    """The places of the pairs of each direction."""
    groups: dict[tuple[str, str], list[int]] = {}
    for k, pair in enumerate(pairs):
        if pair.source is None:
            raise ValidationError("a pair without a source sentence cannot be aligned")
        if pair.target.language is None:
            raise BackendError("Apertium has to know the language of the target", hint="name it: --lang CODE")
        groups.setdefault((pair.target.language, pair.source.language or "en"), []).append(k)
    return groups


def _offsets_in(text: str, source: Sentence | None, language: str) -> Sequence[Span] | None:
    """Where the tokens of the source are in this text; None where it is not the text of the source."""
    assert source is not None
    if source.text is not None:
        return source.offsets if source.text == text else None
    made = Sentence.from_text(text, language=language)
    return made.offsets if made.tokens == source.tokens else None
